/* The life of a monitor with all of its parts: starts, stops, forks, and the lack of memory. */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <promon/promon.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/places.h"

/* Nothing here takes so long, on whatever machine. */
enum { PATIENCE_MS = 60000 };

static char folder[] = "/tmp/test_monitor.XXXXXX";
static char json[2000];

/* A listener, a history, checks of which one waits to be first, pushes that are refused at once. */
static const char rich[] =
    "{\"listen\": {\"port\": 0, \"threads\": 2}, \"title\": \"T\", \"history_file\": \"%s/history\","
    " \"route_live\": null, \"health_details\": true, \"created_samples\": true,"
    " \"metrics\": [{\"name\": \"a\", \"module\": \"sample\", \"sleep_time\": 0.05,"
    "  \"groups\": [\"ready\", \"mine\"], \"wait_first\": true, \"fail_after\": 2,"
    "  \"params\": {\"verdict\": \"up\", \"tags\": [\"x\"], \"headers\": {\"k\": \"v\"},"
    "   \"password\": {\"env\": \"HOME\"}}},"
    " {\"name\": \"b\", \"module\": \"sample\", \"description\": \"B\", \"sleep_time\": 0.05,"
    "  \"params\": {\"verdict\": \"down\"}}],"
    " \"push\": [{\"url\": \"http://u:p@127.0.0.1:1/x\", \"job\": \"j\", \"interval\": 0.1,"
    "  \"grouping\": {\"b\": \"1\", \"a\": {\"env\": \"HOME\"}}},"
    " {\"url\": \"127.0.0.1:1\", \"job\": \"k\", \"bearer_token\": \"t\", \"mode\": \"add\"}]}";

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(json, sizeof(json), rich, folder);
    return 0;
}

static int remove_folder(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof(path), "%s/history", folder);
    return unlink(path) + rmdir(folder);
}

static enum promon_status make(const char *config, struct promon **out, struct promon_error *error)
{
    struct promon_options options = PROMON_OPTIONS_INIT;

    options.config_json = config;
    options.modules = own_modules_folder();
    return promon_new(&options, out, error);
}

static struct promon *open_config(const char *config)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    if (make(config, &promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return promon;
}

static struct promon *open_rich(void)
{
    return open_config(json);
}

static uint64_t runs_of(struct promon *promon, const char *name)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    return promon_probe_status(promon, name, &status, NULL) == PROMON_OK ? status.runs : 0;
}

static bool runs_come(struct promon *promon, const char *name, uint64_t runs)
{
    int i;

    for (i = 0; i < PATIENCE_MS / 5 && runs_of(promon, name) < runs; i++)
        usleep(5000);
    return runs_of(promon, name) >= runs;
}

/* Whether the port answers a request for /ping. */
static bool is_answered(unsigned port)
{
    static const char request[] =
        "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[1024] = "";
    size_t size = 0;
    ssize_t piece = 1;

    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1)
        while (size < sizeof(answer) - 1 &&
               (piece = recv(fd, answer + size, sizeof(answer) - 1 - size, 0)) > 0)
            size += (size_t)piece;
    close(fd);
    return strstr(answer, "\r\n\r\npong") != NULL;
}

static void monitor_starts_and_stops_again_and_again(void **state)
{
    struct promon *promon = open_rich();
    uint64_t runs = 0;
    int i;

    (void)state;
    assert_int_equal(promon_port(promon), 0);
    assert_int_equal(promon_stop(promon, NULL), PROMON_ESTATE);
    for (i = 0; i < 5; i++) {
        assert_false(promon_is_running(promon));
        assert_int_equal(promon_start(promon, NULL), PROMON_OK);
        assert_true(promon_is_running(promon));
        assert_int_equal(promon_start(promon, NULL), PROMON_ESTATE);
        /* It has waited for the first result. */
        assert_true(runs_of(promon, "a") > runs);
        assert_true(is_answered(promon_port(promon)));
        assert_int_equal(promon_stop(promon, NULL), PROMON_OK);
        assert_false(is_answered(promon_port(promon)));
        runs = runs_of(promon, "a");
    }
    promon_free(promon);
}

static void *start_and_stop(void *data)
{
    int i;

    for (i = 0; i < 10; i++) {
        (void)promon_start(data, NULL);
        (void)promon_load_json(data, json, strlen(json), NULL);
        (void)promon_stop(data, NULL);
    }
    return NULL;
}

static void starts_and_stops_of_several_threads_take_turns(void **state)
{
    struct promon *promon = open_rich();
    struct promon_page page = PROMON_PAGE_INIT;
    pthread_t threads[4];
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_and_stop, promon), 0);
    for (i = 0; i < 20; i++)
        assert_int_equal(promon_respond(promon, NULL, &page, NULL), PROMON_OK);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)promon_stop(promon, NULL);
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    assert_true(runs_come(promon, "b", 1));
    promon_page_clear(&page);
    promon_free(promon);
}

static void port_that_is_taken_starts_nothing(void **state)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *first = open_rich(), *second = NULL;

    (void)state;
    assert_int_equal(promon_start(first, NULL), PROMON_OK);
    listen.port = (int)promon_port(first);
    options.listen = &listen;
    assert_int_equal(promon_new(&options, &second, NULL), PROMON_OK);
    assert_int_equal(promon_start(second, &error), PROMON_ELISTEN);
    assert_false(promon_is_running(second));
    assert_int_equal(promon_port(second), 0);
    promon_free(first);
    assert_int_equal(promon_start(second, NULL), PROMON_OK);
    assert_true(is_answered(promon_port(second)));
    promon_free(second);
}

/* In the child: 0 when all is well. */
static int live_anew(struct promon *promon)
{
    promon_after_fork(promon);
    if (promon_is_running(promon) || promon_port(promon) != 0)
        return 2;
    if (promon_stop(promon, NULL) != PROMON_ESTATE || runs_of(promon, "a") != 0)
        return 3;
    if (promon_start(promon, NULL) != PROMON_OK || !runs_come(promon, "b", 2))
        return 4;
    if (!is_answered(promon_port(promon)))
        return 5;
    if (promon_stop(promon, NULL) != PROMON_OK)
        return 6;
    promon_free(promon);
    return 0;
}

static void children_of_forks_start_anew(void **state)
{
    struct promon *promon;
    int i, how;

    (void)state;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    skip(); /* a fork leaves the locks of their memory to threads that are not in the child */
#endif
    promon = open_rich();
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    for (i = 0; i < 10; i++) {
        const pid_t child = fork();

        if (child == 0) {
            alarm(PATIENCE_MS / 1000);
            child_end(live_anew(promon));
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how));
        assert_int_equal(WEXITSTATUS(how), 0);
    }
    assert_true(is_answered(promon_port(promon)));
    assert_true(runs_come(promon, "a", runs_of(promon, "a") + 1));
    promon_free(promon);
}

/* Connections that a check of the parent keeps, and what it is writing, are the parent's. */
static void modules_are_opened_anew_in_a_child(void **state)
{
    static const char config[] = "{\"metrics\": [{\"name\": \"a\", \"module\": \"sample\", "
                                 "\"params\": {\"verdict\": \"opener\"}}]}";
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon *promon = open_config(config);
    int how = -1;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        promon_after_fork(promon);
        if (promon_probe_run(promon, "a", &status, NULL) != PROMON_OK)
            child_end(2);
        promon_free(promon);
        child_end(status.verdict != PROMON_UP);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    promon_free(promon);
}

/* The child lives on, and must not hold what the parent gave back. */
static void child_does_not_hold_the_port_of_its_parent(void **state)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *parent = open_rich(), *heir = NULL;
    int ready[2], over[2], how = -1;
    char byte = 0;
    pid_t child;

    (void)state;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    assert_int_equal(pipe2(over, O_CLOEXEC), 0);
    assert_int_equal(promon_start(parent, NULL), PROMON_OK);
    listen.port = (int)promon_port(parent);
    child = fork();
    if (child == 0) {
        alarm(PATIENCE_MS / 1000);
        close(over[1]);
        promon_after_fork(parent);
        (void)!write(ready[1], &byte, 1);
        child_end((int)read(over[0], &byte, 1));
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    promon_free(parent);
    options.listen = &listen;
    assert_int_equal(promon_new(&options, &heir, NULL), PROMON_OK);
    assert_int_equal(promon_start(heir, NULL), PROMON_OK);
    assert_true(is_answered(promon_port(heir)));
    promon_free(heir);
    close(over[1]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    close(ready[0]);
    close(ready[1]);
    close(over[0]);
}

static void make_once(void *context)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;
    const enum promon_status status = make(json, &promon, &error);

    (void)context;
    oom_stop();
    assert_int_equal(error.status, status);
    assert_int_equal(status, promon == NULL ? PROMON_ENOMEM : PROMON_OK);
    promon_free(promon);
}

static void without_memory_there_is_no_monitor(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(make_once, NULL) > 100);
}

static void start_once(void *context)
{
    struct promon_error error = PROMON_ERROR_INIT;
    const enum promon_status status = promon_start(context, &error);

    oom_stop();
    assert_int_equal(error.status, status);
    assert_true(promon_is_running(context) == (status == PROMON_OK));
    if (status == PROMON_OK)
        assert_int_equal(promon_stop(context, NULL), PROMON_OK);
}

static void start_without_memory_leaves_nothing_that_runs(void **state)
{
    struct promon *promon = open_rich();
    size_t n;

    (void)state;
    /* Threads of the monitor allocate too, so that there is no last allocation. */
    for (n = 1; n < 100; n++) {
        oom_fail_at(n);
        start_once(promon);
    }
    start_once(promon);
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monitor_starts_and_stops_again_and_again),
        cmocka_unit_test(starts_and_stops_of_several_threads_take_turns),
        cmocka_unit_test(port_that_is_taken_starts_nothing),
        cmocka_unit_test(children_of_forks_start_anew),
        cmocka_unit_test(modules_are_opened_anew_in_a_child),
        cmocka_unit_test(child_does_not_hold_the_port_of_its_parent),
        cmocka_unit_test(without_memory_there_is_no_monitor),
        cmocka_unit_test(start_without_memory_leaves_nothing_that_runs),
    };

    return cmocka_run_group_tests_name("monitor", tests, make_folder, remove_folder);
}
