/* Reloads: wholly or not at all, and what does not change goes on as it was. */
#include "test.h"

#include <promon/promon.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"
#include "support/child.h"
#include "support/places.h"

static char folder[] = "/tmp/test_config_reload.XXXXXX";
static char path[64];

#define PROBE(name, verdict, more)                                                 \
    "{\"name\": \"" name                                                           \
    "\", \"module\": \"sample\", \"sleep_time\": 3600, \"params\": {\"verdict\": " \
    "\"" verdict "\"" more "}}"
#define PROBES(probes) "{\"metrics\": [" probes "]}"
#define PUSH(job, more) "{\"url\": \"127.0.0.1:1\", \"job\": \"" job "\", \"timeout\": 1" more "}"

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    return snprintf(path, sizeof(path), "%s/promon.json", folder) < 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink(path) + rmdir(folder);
}

static void write_config(const char *json)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(json, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct promon *open_config(const char *json)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    write_config(json);
    options.config_file = path;
    options.modules = own_modules_folder();
    if (promon_new(&options, &promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return promon;
}

static void reload(struct promon *promon, const char *json)
{
    struct promon_error error = PROMON_ERROR_INIT;

    write_config(json);
    if (promon_reload(promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
}

static void assert_refused(struct promon *promon, const char *json, enum promon_status status,
                           const char *message)
{
    struct promon_error error = PROMON_ERROR_INIT;

    write_config(json);
    assert_int_equal(promon_reload(promon, &error), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.message, message);
}

static void run(struct promon *promon, const char *name, enum promon_verdict expected)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon_probe_run(promon, name, &status, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    assert_int_equal(status.verdict, expected);
}

/* -1: there is no such probe. */
static int64_t runs_of(struct promon *promon, const char *name)
{
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    return promon_probe_status(promon, name, &status, NULL) == PROMON_OK ? (int64_t)status.runs
                                                                         : -1;
}

/* -2: there is no such sample. */
static double value_of(struct promon *promon, const char *name)
{
    double value = -2;

    (void)promon_value(promon, name, NULL, &value, NULL);
    return value;
}

static enum promon_verdict be_up(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    (void)result;
    return PROMON_UP;
}

static void unchanged_probe_keeps_what_is_known_of_it(void **state)
{
    struct promon *promon = open_config(PROBES(PROBE("a", "up", "") "," PROBE("b", "up", "")));

    (void)state;
    run(promon, "a", PROMON_UP);
    run(promon, "a", PROMON_UP);
    run(promon, "b", PROMON_UP);
    reload(promon,
           PROBES(PROBE("c", "up", "") "," PROBE("a", "up", "") "," PROBE("b", "down", "")));
    assert_int_equal(runs_of(promon, "a"), 2);
    assert_int_equal(runs_of(promon, "c"), 0);
    run(promon, "b", PROMON_DOWN);
    reload(promon, PROBES(PROBE("a", "up", "")));
    assert_int_equal(runs_of(promon, "a"), 2);
    assert_int_equal(runs_of(promon, "b"), -1);
    assert_int_equal(runs_of(promon, "c"), -1);
    assert_true(value_of(promon, "c") == -2);
    promon_free(promon);
}

static void probe_of_the_program_stays(void **state)
{
    const struct promon_probe_options own = {
        .size = sizeof(own), .name = "own", .check = be_up, .interval_ms = 3600000};
    struct promon *promon = open_config(PROBES(PROBE("a", "up", "")));
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    if (promon_probe_add(promon, &own, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    run(promon, "own", PROMON_UP);
    reload(promon, "{}");
    assert_int_equal(runs_of(promon, "a"), -1);
    assert_int_equal(runs_of(promon, "own"), 1);
    error = (struct promon_error)PROMON_ERROR_INIT;
    write_config(PROBES(PROBE("b", "up", "") "," PROBE("own", "up", "")));
    assert_int_equal(promon_reload(promon, &error), PROMON_EEXISTS);
    assert_non_null(strstr(error.message, "own"));
    assert_int_equal(runs_of(promon, "b"), -1);
    assert_int_equal(runs_of(promon, "own"), 1);
    promon_free(promon);
}

static void wrong_configuration_changes_nothing(void **state)
{
    struct promon *promon = open_config(PROBES(PROBE("a", "up", "")));

    (void)state;
    assert_true(value_of(promon, "promon_config_last_reload_successful") == 1);
    run(promon, "a", PROMON_UP);
    assert_refused(promon, PROBES(PROBE("b", "up", "") "," PROBE("a", "up", ", \"prt\": 1")),
                   PROMON_ECONFIG,
                   "promon.json: metrics[1].params.prt: unknown key, did you mean \"port\"?");
    assert_int_equal(runs_of(promon, "a"), 1);
    assert_int_equal(runs_of(promon, "b"), -1);
    assert_true(value_of(promon, "promon_config_last_reload_successful") == 0);
    assert_true(value_of(promon, "promon_config_last_reload_timestamp_seconds") > 1e9);
    reload(promon, PROBES(PROBE("b", "up", "")));
    assert_true(value_of(promon, "promon_config_last_reload_successful") == 1);
    assert_int_equal(runs_of(promon, "b"), 0);
    promon_free(promon);
}

static void changed_secret_is_a_change(void **state)
{
    static const char json[] =
        PROBES(PROBE("a", "login",
                     ", \"expected\": \"two\", \"password\": {\"env\": \"PROMON_TEST_PASSWORD\"}"));
    struct promon *promon;

    (void)state;
    setenv("PROMON_TEST_PASSWORD", "one", 1);
    promon = open_config(json);
    run(promon, "a", PROMON_DOWN);
    reload(promon, json);
    assert_int_equal(runs_of(promon, "a"), 1);
    setenv("PROMON_TEST_PASSWORD", "two", 1);
    reload(promon, json);
    run(promon, "a", PROMON_UP);
    unsetenv("PROMON_TEST_PASSWORD");
    assert_refused(promon, json, PROMON_ESECRET,
                   "promon.json: metrics[0].params.password: the environment variable "
                   "PROMON_TEST_PASSWORD is not set");
    run(promon, "a", PROMON_UP);
    promon_free(promon);
}

static void settings_stay_while_it_runs(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = open_config("{\"title\": \"One\"}");

    (void)state;
    if (promon_start(promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    assert_refused(promon, "{\"title\": \"Two\"}", PROMON_ESTATE,
                   "title cannot be changed while the monitor runs");
    assert_refused(promon, "{\"title\": \"One\", \"listen\": {}}", PROMON_ESTATE,
                   "listen cannot be changed while the monitor runs");
    assert_refused(promon, "{\"title\": \"One\", \"route_ping\": null}", PROMON_ESTATE,
                   "route_ping cannot be changed while the monitor runs");
    reload(promon, "{\"title\": \"One\", \"route_ping\": \"/ping\", \"metrics\": []}");
    assert_int_equal(promon_stop(promon, NULL), PROMON_OK);
    reload(promon, "{\"title\": \"Two\", \"route_ping\": null}");
    assert_string_equal(promon->settings.title, "Two");
    assert_string_equal(promon_route(promon, "ping"), "");
    reload(promon, "{}");
    assert_string_equal(promon->settings.title, "Status");
    assert_string_equal(promon_route(promon, "ping"), "/ping");
    promon_free(promon);
}

static void what_a_monitor_is_made_of_stays(void **state)
{
    struct promon *promon = open_config("{\"workers\": 3}");

    (void)state;
    assert_refused(promon, "{\"workers\": 4}", PROMON_ESTATE,
                   "workers can be chosen when the monitor is made, and not changed later");
    assert_refused(promon, "{\"workers\": 3, \"process_metrics\": false}", PROMON_ESTATE,
                   "process_metrics can be chosen when the monitor is made, and not changed later");
    promon_free(promon);
}

static void refused_settings_at_rest_leave_the_old_ones(void **state)
{
    struct promon *promon = open_config("{\"title\": \"One\"}");

    (void)state;
    assert_refused(promon,
                   "{\"title\": \"Two\", \"metrics\": [{\"name\": \"a\", \"module\": \"sample\"}]}",
                   PROMON_ECONFIG, "promon.json: metrics[0].params.verdict: is missing");
    assert_string_equal(promon->settings.title, "One");
    promon_free(promon);
}

/* Who answers for the program has what they point to. */
static void settings_that_stay_are_left_in_their_place(void **state)
{
    struct promon *promon = open_config("{\"title\": \"One\"}");
    const char *const route = promon_route(promon, "metrics");
    const char *const title = promon->settings.title;

    (void)state;
    reload(promon, "{\"title\": \"One\", \"metrics\": [" PROBE("a", "up", "") "]}");
    assert_int_equal(runs_of(promon, "a"), 0);
    assert_ptr_equal(promon_route(promon, "metrics"), route);
    assert_ptr_equal(promon->settings.title, title);
    reload(promon, "{\"title\": \"Two\"}");
    assert_string_equal(promon->settings.title, "Two");
    promon_free(promon);
}

static double attempts_of(struct promon *promon, const char *job)
{
    const char *const labels[] = {"push_job", job, NULL};
    double value = -1;

    (void)promon_value(promon, "promon_push_attempts_total", labels, &value, NULL);
    return value;
}

static void wait_for_attempt(struct promon *promon, const char *job, double more_than)
{
    int i;

    for (i = 0; i < 6000 && attempts_of(promon, job) <= more_than; i++)
        usleep(10000);
    assert_true(attempts_of(promon, job) > more_than);
}

/* Nobody listens where it pushes to: attempts are what is seen. */
static void pushes_begin_and_end_with_the_configuration(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = open_config("{\"push\": " PUSH("one", ", \"interval\": 3600") "}");
    double attempts;

    (void)state;
    assert_true(attempts_of(promon, "one") == 0);
    if (promon_start(promon, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    wait_for_attempt(promon, "one", 0);
    reload(promon, "{\"push\": [" PUSH("two", ", \"interval\": 0.1") ", " PUSH(
                       "one", ", \"interval\": 3600") "]}");
    wait_for_attempt(promon, "two", 1);
    assert_true(attempts_of(promon, "one") == 1);
    reload(promon, "{}");
    attempts = attempts_of(promon, "two");
    usleep(400000);
    assert_true(attempts_of(promon, "two") == attempts);
    assert_int_equal(promon_stop(promon, NULL), PROMON_OK);
    promon_free(promon);
}

static void monitor_that_never_pushed_deletes_nothing(void **state)
{
    struct promon *promon =
        open_config("{\"push\": " PUSH("one", ", \"delete_on_close\": true") "}");

    (void)state;
    assert_refused(promon,
                   "{\"push\": [" PUSH("two", ", \"delete_on_close\": true") ", {\"job\": \"x\"}]}",
                   PROMON_ECONFIG, "promon.json: push[1].url: is missing");
    assert_true(attempts_of(promon, "one") == 0);
    assert_true(attempts_of(promon, "two") <= 0);
    promon_free(promon);
}

static void texts_are_loaded_too(void **state)
{
    static const char json[] = PROBES(PROBE("t", "up", ""));
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    (void)state;
    options.modules = own_modules_folder();
    assert_int_equal(promon_new(&options, &promon, NULL), PROMON_OK);
    assert_true(value_of(promon, "promon_config_last_reload_successful") == -2);
    assert_int_equal(promon_reload(promon, &error), PROMON_ESTATE);
    assert_int_equal(promon_load_json(promon, json, strlen(json), NULL), PROMON_OK);
    run(promon, "t", PROMON_UP);
    assert_int_equal(promon_load_json(promon, NULL, 0, NULL), PROMON_EINVALID);
    assert_int_equal(promon_load_file(promon, NULL, NULL), PROMON_EINVALID);
    assert_int_equal(promon_load_json(promon, "", 0, NULL), PROMON_ECONFIG);
    write_config("{}");
    assert_int_equal(promon_load_file(promon, path, NULL), PROMON_OK);
    assert_int_equal(runs_of(promon, "t"), -1);
    write_config(json);
    assert_int_equal(promon_reload(promon, NULL), PROMON_OK);
    assert_int_equal(runs_of(promon, "t"), 0);
    promon_free(promon);
}

static void file_that_fails_is_not_the_one_to_reload(void **state)
{
    struct promon *promon = open_config(PROBES(PROBE("a", "up", "")));

    (void)state;
    assert_int_equal(promon_load_file(promon, "/nowhere/promon.json", NULL), PROMON_ENOTFOUND);
    assert_int_equal(promon_reload(promon, NULL), PROMON_OK);
    promon_free(promon);
}

static void forked_child_may_free_a_monitor_that_pushes(void **state)
{
    struct promon *promon =
        open_config("{\"push\": " PUSH("child", ", \"delete_on_close\": true") "}");
    pid_t child;
    int status = -1;

    (void)state;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    promon_free(promon);
    skip(); /* they keep locks of threads that the child does not have */
#endif
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    wait_for_attempt(promon, "child", 0);
    child = fork();
    if (child == 0) {
        promon_after_fork(promon);
        promon_free(promon);
        child_end(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    promon_free(promon);
}

enum { LOADS = 20 };

struct loader {
    struct promon *promon;
    const char *json;
};

static void *load_often(void *data)
{
    const struct loader *loader = data;
    int i;

    for (i = 0; i < LOADS; i++) {
        if (promon_load_json(loader->promon, loader->json, strlen(loader->json), NULL) != PROMON_OK)
            abort();
    }
    return NULL;
}

static void loads_of_several_threads_take_turns(void **state)
{
    struct promon *promon = open_config("{}");
    struct loader loaders[] = {{promon, PROBES(PROBE("x", "up", ""))},
                               {promon, PROBES(PROBE("y", "up", "") "," PROBE("z", "up", ""))}};
    struct promon_page page = PROMON_PAGE_INIT;
    pthread_t threads[2];
    size_t i;

    (void)state;
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    for (i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_often, &loaders[i]), 0);
    for (i = 0; i < LOADS; i++)
        assert_int_equal(promon_respond(promon, NULL, &page, NULL), PROMON_OK);
    for (i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    /* Whoever came last, it is one of the two. */
    assert_true((runs_of(promon, "x") >= 0) != (runs_of(promon, "y") >= 0));
    assert_true((runs_of(promon, "y") >= 0) == (runs_of(promon, "z") >= 0));
    promon_page_clear(&page);
    promon_free(promon);
}

struct attempt {
    struct promon *promon;
    const char *json;
};

static void load_once(void *context)
{
    struct attempt *attempt = context;
    struct promon_error error = PROMON_ERROR_INIT;
    const enum promon_status status =
        promon_load_json(attempt->promon, attempt->json, strlen(attempt->json), &error);

    oom_stop();
    assert_int_equal(error.status, status);
    assert_true(status == PROMON_OK || status == PROMON_ENOMEM);
    /* Either the one or the other. */
    assert_int_equal(runs_of(attempt->promon, "old"), status == PROMON_OK ? -1 : 0);
    assert_int_equal(runs_of(attempt->promon, "new"), status == PROMON_OK ? 0 : -1);
}

static void load_survives_the_lack_of_memory(void **state)
{
    struct attempt attempt = {
        open_config(PROBES(PROBE("old", "up", ""))),
        "{\"title\": \"x\", \"history_file\": \"/nowhere/history\", \"push\": " PUSH(
            "oom",
            ", \"grouping\": {\"a\": \"b\"}") ", \"metrics\": [" PROBE("new", "up",
                                                                       ", \"tags\": [\"x\"]") "]}"};

    (void)state;
    assert_true(oom_for_every_allocation(load_once, &attempt) > 10);
    promon_free(attempt.promon);
}

static atomic_uint logged;

static void count_line(void *data, enum promon_log_level level, const char *message)
{
    (void)data;
    (void)level;
    if (strstr(message, "s3cret") != NULL)
        abort();
    if (strstr(message, "configuration") != NULL)
        atomic_fetch_add(&logged, 1);
}

static void loads_are_logged_without_secrets(void **state)
{
    static const char bad[] = PROBES(PROBE("a", "up", ", \"password\": [\"s3cret\"]"));
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *promon = NULL;

    (void)state;
    options.modules = own_modules_folder();
    options.log = count_line;
    assert_int_equal(promon_new(&options, &promon, NULL), PROMON_OK);
    assert_int_equal(promon_load_json(promon, bad, strlen(bad), NULL), PROMON_ECONFIG);
    assert_int_equal(promon_load_json(promon, "{\"a\": \"s3cret\" x", 15, NULL), PROMON_ECONFIG);
    assert_int_equal(promon_load_json(promon, "{}", 2, NULL), PROMON_OK);
    assert_int_equal(atomic_load(&logged), 3);
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unchanged_probe_keeps_what_is_known_of_it),
        cmocka_unit_test(probe_of_the_program_stays),
        cmocka_unit_test(wrong_configuration_changes_nothing),
        cmocka_unit_test(changed_secret_is_a_change),
        cmocka_unit_test(settings_stay_while_it_runs),
        cmocka_unit_test(what_a_monitor_is_made_of_stays),
        cmocka_unit_test(refused_settings_at_rest_leave_the_old_ones),
        cmocka_unit_test(settings_that_stay_are_left_in_their_place),
        cmocka_unit_test(pushes_begin_and_end_with_the_configuration),
        cmocka_unit_test(monitor_that_never_pushed_deletes_nothing),
        cmocka_unit_test(texts_are_loaded_too),
        cmocka_unit_test(file_that_fails_is_not_the_one_to_reload),
        cmocka_unit_test(forked_child_may_free_a_monitor_that_pushes),
        cmocka_unit_test(loads_of_several_threads_take_turns),
        cmocka_unit_test(load_survives_the_lack_of_memory),
        cmocka_unit_test(loads_are_logged_without_secrets),
    };

    return cmocka_run_group_tests_name("config_reload", tests, make_folder, remove_folder);
}
