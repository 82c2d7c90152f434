/*
 * Life of pushers at a gateway that takes connections and says nothing: stops and starts of several
 * threads, several pushers at once, and what the child of a fork does not do.
 */
#include "test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <promon/promon.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"

/* Nothing here takes so long, on whatever machine. */
enum { PATIENCE_MS = 60000 };

static struct promon *promon;
static int gateway = -1;
static char url[64];

static int set_up(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);

    (void)state;
    gateway = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(gateway, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(gateway, 64), 0);
    assert_int_equal(getsockname(gateway, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof(url), "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    assert_int_equal(promon_new(&options, &promon, NULL), PROMON_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    promon_free(promon);
    return close(gateway);
}

static struct promon_pusher *open_pusher(struct promon_push_options *options)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_pusher *pusher = NULL;

    options->url = url;
    options->job = "j";
    if (promon_pusher_new(promon, options, &pusher, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return pusher;
}

/* The connection of the next push, which has begun then; -1 when none comes in time. */
static int accept_push(int patience_ms)
{
    struct pollfd ready = {.fd = gateway, .events = POLLIN};

    return poll(&ready, 1, patience_ms) == 1 ? accept(gateway, NULL, NULL) : -1;
}

static void *stop(void *data)
{
    (void)promon_pusher_stop(data, NULL);
    return NULL;
}

static void *start_and_stop(void *data)
{
    int i;

    for (i = 0; i < 30; i++) {
        (void)promon_pusher_start(data, NULL);
        usleep(1000);
        (void)promon_pusher_stop(data, NULL);
    }
    return NULL;
}

static void stops_and_starts_of_several_threads_take_turns(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;
    pthread_t threads[4];
    size_t i;

    (void)state;
    close(gateway); /* refused at once */
    gateway = -1;
    options.interval_ms = 1;
    pusher = open_pusher(&options);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_and_stop, pusher), 0);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(promon_pusher_stop(pusher, NULL), PROMON_ESTATE);
    promon_pusher_free(pusher);
    gateway = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void pushes_that_end_are_not_begun_again_meanwhile(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;
    pthread_t thread;
    int first, last;

    (void)state;
    options.timeout_ms = PATIENCE_MS;
    pusher = open_pusher(&options);
    assert_int_equal(promon_pusher_start(pusher, NULL), PROMON_OK);
    first = accept_push(PATIENCE_MS);
    assert_true(first >= 0);
    assert_int_equal(pthread_create(&thread, NULL, stop, pusher), 0);
    /* The last push has begun, and is not answered yet. */
    last = accept_push(PATIENCE_MS);
    assert_true(last >= 0);
    assert_int_equal(promon_pusher_start(pusher, NULL), PROMON_ESTATE);
    assert_int_equal(promon_pusher_stop(pusher, NULL), PROMON_ESTATE);
    close(first);
    close(last);
    assert_int_equal(pthread_join(thread, NULL), 0);
    promon_pusher_free(pusher);
}

static void *stop_monitor(void *data)
{
    (void)data;
    (void)promon_stop(promon, NULL);
    return NULL;
}

#define PUSH(job) "{\"url\": \"%s\", \"job\": \"" job "\", \"timeout\": 60, \"interval\": 3600}"

/* Each of them waits for its answer while the next one begins. */
static void monitor_that_stops_makes_its_last_pushes_at_once(void **state)
{
    enum { PUSHERS = 3 };
    char json[1000];
    int answered[2 * PUSHERS], i;
    pthread_t thread;

    (void)state;
    snprintf(json, sizeof(json), "{\"push\": [" PUSH("a") "," PUSH("b") "," PUSH("c") "]}", url,
             url, url);
    assert_int_equal(promon_load_json(promon, json, strlen(json), NULL), PROMON_OK);
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    for (i = 0; i < PUSHERS; i++)
        assert_true((answered[i] = accept_push(PATIENCE_MS)) >= 0);
    assert_int_equal(pthread_create(&thread, NULL, stop_monitor, NULL), 0);
    for (; i < 2 * PUSHERS; i++)
        assert_true((answered[i] = accept_push(PATIENCE_MS / 2)) >= 0);
    for (i = 0; i < 2 * PUSHERS; i++)
        close(answered[i]);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void child_of_a_fork_frees_and_starts_pushers_without_a_word_to_the_group(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;
    int push, how = -1;
    pid_t child;

    (void)state;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    skip(); /* they keep locks of threads that the child does not have */
#endif
    options.timeout_ms = PATIENCE_MS;
    options.delete_on_free = true;
    pusher = open_pusher(&options);
    assert_int_equal(promon_pusher_start(pusher, NULL), PROMON_OK);
    push = accept_push(PATIENCE_MS);
    assert_true(push >= 0);
    child = fork();
    if (child == 0) {
        alarm(PATIENCE_MS / 1000);
        promon_after_fork(promon);
        if (promon_pusher_stop(pusher, NULL) != PROMON_ESTATE)
            child_end(2);
        promon_pusher_free(pusher);
        promon_free(promon);
        child_end(accept_push(0) >= 0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    close(push);
    close(gateway);
    gateway = -1;
    promon_pusher_free(pusher);
    gateway = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stops_and_starts_of_several_threads_take_turns, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pushes_that_end_are_not_begun_again_meanwhile, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(monitor_that_stops_makes_its_last_pushes_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            child_of_a_fork_frees_and_starts_pushers_without_a_word_to_the_group, set_up,
            tear_down),
    };

    return cmocka_run_group_tests_name("pusher_life", tests, NULL, NULL);
}
