/*
 * Pushes to a real Pushgateway: what arrives, what it refuses, and what happens when it is stopped,
 * frozen or gone.
 */
#include "test.h"

#include <arpa/inet.h>
#include <promon/promon.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE_BYTES = 1 << 20, QUICK_MS = 300 };

static const char *url;
static struct promon *promon;
static struct promon_family *things;

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL) {
        fprintf(stderr, "%s is not set: run by tests/services/with pushgateway\n", name);
        exit(2);
    }
    return value;
}

/* What a command writes, which the caller frees. */
static char *output_of(const char *command)
{
    FILE *pipe = popen(command, "re");
    char *out = calloc(1, PAGE_BYTES);
    size_t size;

    assert_non_null(pipe);
    assert_non_null(out);
    size = fread(out, 1, PAGE_BYTES - 1, pipe);
    out[size] = '\0';
    assert_int_equal(pclose(pipe), 0);
    return out;
}

static void service(const char *action)
{
    char command[512];

    snprintf(command, sizeof(command), "%s service %s", setting("PROMON_TEST_PUSHGATEWAY_CTL"),
             action);
    free(output_of(command));
}

static char *gateway_page(void)
{
    char command[256];

    snprintf(command, sizeof(command), "curl -s -S --max-time 60 %s/metrics", url);
    return output_of(command);
}

static bool gateway_has(const char *line)
{
    char *page = gateway_page();
    const bool has = strstr(page, line) != NULL;

    free(page);
    return has;
}

static int set_up(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_family_options family = PROMON_FAMILY_OPTIONS_INIT;
    char command[256];

    (void)state;
    url = setting("PROMON_TEST_PUSHGATEWAY_URL");
    snprintf(command, sizeof(command), "curl -s -S -X PUT %s/api/v1/admin/wipe", url);
    free(output_of(command));
    options.no_process_metrics = true;
    family.kind = PROMON_COUNTER;
    family.name = "pushed_things_total";
    family.help = "Things.";
    assert_int_equal(promon_new(&options, &promon, NULL), PROMON_OK);
    assert_int_equal(promon_family_add(promon, &family, &things, NULL), PROMON_OK);
    promon_family_count(things, NULL, 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    promon_free(promon);
    return 0;
}

static struct promon_pusher *pusher_with(struct promon_push_options *options)
{
    struct promon_pusher *pusher = NULL;
    struct promon_error error = PROMON_ERROR_INIT;

    if (options->url == NULL)
        options->url = url;
    if (options->job == NULL)
        options->job = "j";
    if (promon_pusher_new(promon, options, &pusher, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return pusher;
}

static void push_ok(struct promon_pusher *pusher)
{
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon_pusher_push(pusher, &error) != PROMON_OK)
        fail_msg("%s", error.message);
}

static void metrics_arrive_in_their_group(void **state)
{
    static const char *const grouping[] = {"instance", "one", NULL};

    (void)state;
    assert_int_equal(promon_push(promon, url, "nightly", grouping, NULL), PROMON_OK);
    assert_true(gateway_has("\npushed_things_total{instance=\"one\",job=\"nightly\"} 3\n"));
}

static void any_label_value_arrives_as_it_was(void **state)
{
    static const struct {
        const char *value, *shown;
    } cases[] = {{"", ""},
                 {"a/b", "a/b"},
                 {"a b", "a b"},
                 {"a+b%20", "a+b%20"},
                 {"\xc3\xbcn\xc3\xaf", "\xc3\xbcn\xc3\xaf"},
                 {"..", ".."},
                 {"=", "="},
                 {"q\"\\", "q\\\"\\\\"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const grouping[] = {"place", cases[i].value, NULL};
        char line[200];

        assert_int_equal(promon_push(promon, url, "labels / all", grouping, NULL), PROMON_OK);
        snprintf(line, sizeof(line), "{instance=\"\",job=\"labels / all\",place=\"%s\"} 3\n",
                 cases[i].shown);
        if (!gateway_has(line))
            fail_msg("%s is not there", line);
    }
}

static void uncompressed_pushes_arrive_too(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;

    (void)state;
    options.no_gzip = true;
    pusher = pusher_with(&options);
    push_ok(pusher);
    promon_pusher_free(pusher);
    assert_true(gateway_has("\npushed_things_total{instance=\"\",job=\"j\"} 3\n"));
}

static void push_other(enum promon_push_mode mode)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_options monitor_options = PROMON_OPTIONS_INIT;
    struct promon_family_options family = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_pusher *pusher = NULL;
    struct promon *other = NULL;

    monitor_options.no_process_metrics = true;
    assert_int_equal(promon_new(&monitor_options, &other, NULL), PROMON_OK);
    family.kind = PROMON_GAUGE;
    family.name = "other_things";
    assert_int_equal(promon_family_add(other, &family, &(struct promon_family *){NULL}, NULL),
                     PROMON_OK);
    options.url = url;
    options.job = "j";
    options.mode = mode;
    assert_int_equal(promon_pusher_new(other, &options, &pusher, NULL), PROMON_OK);
    push_ok(pusher);
    promon_pusher_free(pusher);
    promon_free(other);
}

static void add_keeps_other_metrics_of_the_group_and_replace_does_not(void **state)
{
    (void)state;
    assert_int_equal(promon_push(promon, url, "j", NULL, NULL), PROMON_OK);
    push_other(PROMON_PUSH_ADD);
    assert_true(gateway_has("\nother_things{"));
    assert_true(gateway_has("\npushed_things_total{"));
    push_other(PROMON_PUSH_REPLACE);
    assert_true(gateway_has("\nother_things{"));
    assert_false(gateway_has("\npushed_things_total{"));
}

static void group_is_gone_after_delete_and_after_free(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;

    (void)state;
    options.delete_on_free = true;
    pusher = pusher_with(&options);
    push_ok(pusher);
    assert_true(gateway_has("\npushed_things_total{"));
    assert_int_equal(promon_pusher_delete(pusher, NULL), PROMON_OK);
    assert_false(gateway_has("\npushed_things_total{"));
    push_ok(pusher);
    promon_pusher_free(pusher);
    assert_false(gateway_has("\npushed_things_total{"));
}

static void series_with_a_label_of_the_group_are_refused(void **state)
{
    static const char *const labels[] = {"instance", NULL};
    static const char *const two[] = {"two", NULL};
    static const char *const grouping[] = {"instance", "one", NULL};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_family *family = NULL;

    (void)state;
    options.kind = PROMON_GAUGE;
    options.name = "clashing";
    options.labels = labels;
    assert_int_equal(promon_family_add(promon, &options, &family, NULL), PROMON_OK);
    promon_family_set(family, two, 1);
    assert_int_equal(promon_push(promon, url, "j", grouping, &error), PROMON_EINVALID);
    assert_string_equal(error.message,
                        "push: clashing has the label \"instance\" of the group with "
                        "another value");
    assert_false(gateway_has("clashing"));
}

/* A help text that another group gives otherwise makes the gateway refuse. */
static void words_of_the_gateway_are_told(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    char address[200];

    (void)state;
    snprintf(address, sizeof(address), "%s/nowhere", url);
    assert_int_equal(promon_push(promon, address, "j", NULL, &error), PROMON_EREJECTED);
    assert_int_equal(error.http_status, 404);
    assert_non_null(strstr(error.message, "/nowhere/metrics/job/j: HTTP 404: "));
    assert_null(strchr(error.message, '\n'));
}

static void expect_figures(double attempts, double failures)
{
    static const char *const labels[] = {"push_job", "j", NULL};
    double value = -1;

    assert_int_equal(promon_value(promon, "promon_push_attempts_total", labels, &value, NULL),
                     PROMON_OK);
    assert_true(value == attempts);
    assert_int_equal(promon_value(promon, "promon_push_failures_total", labels, &value, NULL),
                     PROMON_OK);
    assert_true(value == failures);
}

static void gateway_that_is_down_is_retried_and_told(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_pusher *pusher;

    (void)state;
    options.retries = 2;
    options.retry_delay_ms = 1;
    pusher = pusher_with(&options);
    service("stop");
    assert_int_equal(promon_pusher_push(pusher, &error), PROMON_ECONNECTION);
    expect_figures(3, 1);
    service("start");
    push_ok(pusher);
    expect_figures(4, 1);
    promon_pusher_free(pusher);
}

static void gateway_that_is_frozen_is_given_up_at_the_timeout(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_pusher *pusher;

    (void)state;
    options.timeout_ms = QUICK_MS;
    pusher = pusher_with(&options);
    service("sigstop");
    assert_int_equal(promon_pusher_push(pusher, &error), PROMON_ETIMEDOUT);
    service("sigcont");
    promon_pusher_free(pusher);
}

static void periodic_pushes_go_on_and_end_with_a_last_one(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;
    unsigned tries;

    (void)state;
    options.interval_ms = 20;
    pusher = pusher_with(&options);
    assert_int_equal(promon_pusher_start(pusher, NULL), PROMON_OK);
    assert_int_equal(promon_pusher_start(pusher, NULL), PROMON_ESTATE);
    for (tries = 0; tries < 600 && !gateway_has("pushed_things_total{instance=\"\",job=\"j\"} 3");
         tries++)
        usleep(100000);
    promon_family_count(things, NULL, 4);
    for (tries = 0; tries < 600 && !gateway_has("pushed_things_total{instance=\"\",job=\"j\"} 7");
         tries++)
        usleep(100000);
    assert_true(tries < 600);
    promon_family_count(things, NULL, 1);
    assert_int_equal(promon_pusher_stop(pusher, NULL), PROMON_OK);
    assert_true(gateway_has("pushed_things_total{instance=\"\",job=\"j\"} 8"));
    assert_int_equal(promon_pusher_stop(pusher, NULL), PROMON_ESTATE);
    promon_pusher_free(pusher);
}

static void a_stop_does_not_wait_for_a_frozen_gateway_twice(void **state)
{
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *pusher;

    (void)state;
    options.timeout_ms = QUICK_MS;
    options.retries = 100;
    options.retry_delay_ms = 30000;
    pusher = pusher_with(&options);
    service("sigstop");
    assert_int_equal(promon_pusher_start(pusher, NULL), PROMON_OK);
    assert_int_equal(promon_pusher_stop(pusher, NULL), PROMON_ETIMEDOUT);
    service("sigcont");
    promon_pusher_free(pusher);
}

static void two_pushers_of_one_monitor_do_not_disturb_each_other(void **state)
{
    struct promon_push_options first = PROMON_PUSH_OPTIONS_INIT, second = PROMON_PUSH_OPTIONS_INIT;
    struct promon_pusher *one, *two;

    (void)state;
    first.job = "one";
    second.job = "two";
    one = pusher_with(&first);
    two = pusher_with(&second);
    push_ok(one);
    push_ok(two);
    promon_pusher_free(one);
    promon_pusher_free(two);
    assert_true(gateway_has("\npushed_things_total{instance=\"\",job=\"one\"} 3\n"));
    assert_true(gateway_has("\npushed_things_total{instance=\"\",job=\"two\"} 3\n"));
    assert_true(
        gateway_has("promon_push_attempts_total{instance=\"\",job=\"two\",push_job=\"one\"} 1\n"));
}

/* A listener whose queue is full answers nothing at all. */
static void gateway_that_is_silent_is_given_up_at_the_timeout(void **state)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct promon_push_options options = PROMON_PUSH_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_pusher *pusher;
    struct sockaddr_in bound;
    socklen_t size = sizeof(bound);
    char address[64];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &size), 0);
    snprintf(address, sizeof(address), "127.0.0.1:%u", (unsigned)ntohs(bound.sin_port));
    options.url = address;
    options.timeout_ms = QUICK_MS;
    pusher = pusher_with(&options);
    assert_int_equal(promon_pusher_push(pusher, &error), PROMON_ETIMEDOUT);
    promon_pusher_free(pusher);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(metrics_arrive_in_their_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_label_value_arrives_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(uncompressed_pushes_arrive_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(add_keeps_other_metrics_of_the_group_and_replace_does_not,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(group_is_gone_after_delete_and_after_free, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(series_with_a_label_of_the_group_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(words_of_the_gateway_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gateway_that_is_down_is_retried_and_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(gateway_that_is_frozen_is_given_up_at_the_timeout, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(periodic_pushes_go_on_and_end_with_a_last_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stop_does_not_wait_for_a_frozen_gateway_twice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_pushers_of_one_monitor_do_not_disturb_each_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(gateway_that_is_silent_is_given_up_at_the_timeout, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests_name("push", tests, NULL, NULL);
}
