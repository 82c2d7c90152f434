/*
 * Probes as the program sees them.
 */
#include "test.h"

#include <promon/config.h>
#include <promon/probe.h>

#include "monitor.h"

static struct promon promon;

static int make(void **state)
{
    struct promon__engine_options options = {.workers = 2, .max_stuck = 2};

    (void)state;
    if (promon__registry_new(&promon.registry, NULL) != PROMON_OK)
        return -1;
    options.registry = promon.registry;
    return promon__engine_new(&options, &promon.engine, NULL) == PROMON_OK ? 0 : -1;
}

static int unmake(void **state)
{
    (void)state;
    promon__engine_free(promon.engine);
    promon__registry_free(promon.registry);
    return 0;
}

static enum promon_verdict say_no(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)deadline_ns;
    promon_result_note(result, "looked at %s", (const char *)data);
    return promon_result_fail(result, PROMON_REASON_BODY, "%s says no", (const char *)data);
}

static void probe_is_added_run_asked_and_removed(void **state)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    options.name = "app_backlog";
    options.check = say_no;
    options.data = "queue";
    assert_int_equal(promon_probe_add(&promon, &options, NULL), PROMON_OK);
    assert_int_equal(promon_probe_add(&promon, &options, &error), PROMON_EEXISTS);
    assert_string_equal(error.message, "there is a probe app_backlog already");
    assert_int_equal(promon_probe_run(&promon, "app_backlog", NULL, NULL), PROMON_OK);
    assert_int_equal(promon_probe_run(&promon, "app_backlog", &status, NULL), PROMON_OK);
    assert_int_equal(status.runs, 2);
    assert_int_equal(promon_probe_status(&promon, "app_backlog", &status, NULL), PROMON_OK);
    assert_int_equal(status.reason, PROMON_REASON_BODY);
    assert_string_equal(status.message, "queue says no");
    assert_int_equal(promon_probe_remove(&promon, "app_backlog", NULL), PROMON_OK);
    error = (struct promon_error)PROMON_ERROR_INIT;
    assert_int_equal(promon_probe_status(&promon, "app_backlog", &status, &error),
                     PROMON_ENOTFOUND);
    assert_string_equal(error.message, "there is no probe app_backlog");
    assert_int_equal(promon_probe_remove(&promon, "app_backlog", NULL), PROMON_ENOTFOUND);
    assert_int_equal(promon_probe_run(&promon, "app_backlog", &status, NULL), PROMON_ENOTFOUND);
}

static void keep_note(void *data, const char *line)
{
    *(bool *)data = strcmp(line, "looked at queue") == 0;
}

static void trace_tells_the_notes(void **state)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    bool is_told = false;

    (void)state;
    options.name = "traced";
    options.check = say_no;
    options.data = "queue";
    assert_int_equal(promon_probe_add(&promon, &options, NULL), PROMON_OK);
    assert_int_equal(promon_probe_trace(&promon, "traced", keep_note, &is_told, NULL, NULL),
                     PROMON_OK);
    assert_true(is_told);
    assert_int_equal(promon_probe_remove(&promon, "traced", NULL), PROMON_OK);
}

static void error_names_the_probe(void **state)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    options.name = "p";
    options.check = say_no;
    options.interval_ms = 5;
    assert_int_equal(promon_probe_add(&promon, &options, &error), PROMON_EINVALID);
    assert_string_equal(error.message, "probe p: interval_ms: 5 is less than 10");
}

static void table_is_added_as_a_whole(void **state)
{
    struct promon_probe_options table[3] = {
        {.size = sizeof(table[0]), .name = "one", .check = say_no, .data = "one"},
        {.size = sizeof(table[0]), .name = "two", .check = say_no, .data = "two"},
        {.size = sizeof(table[0])}};
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    table[1].timeout_ms = -1;
    assert_int_equal(promon_probes_add(&promon, table, &error), PROMON_EINVALID);
    assert_string_equal(error.message, "probe two: timeout_ms: -1 is less than 1");
    assert_int_equal(promon_probe_status(&promon, "one", &status, NULL), PROMON_ENOTFOUND);
    table[1].timeout_ms = 0;
    table[1].name = "one";
    assert_int_equal(promon_probes_add(&promon, table, NULL), PROMON_EEXISTS);
    assert_int_equal(promon_probe_status(&promon, "one", &status, NULL), PROMON_ENOTFOUND);
    table[1].name = "two";
    assert_int_equal(promon_probes_add(&promon, table, NULL), PROMON_OK);
    assert_int_equal(promon_probe_status(&promon, "two", &status, NULL), PROMON_OK);
    assert_int_equal(promon_probe_remove(&promon, "one", NULL), PROMON_OK);
    assert_int_equal(promon_probe_remove(&promon, "two", NULL), PROMON_OK);
}

static void rows_of_a_table_have_one_size(void **state)
{
    struct promon_probe_options table[2] = {
        {.size = sizeof(table[0]), .name = "one", .check = say_no}, {.size = sizeof(table[0])}};
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    table[0].size = 0;
    assert_int_equal(promon_probes_add(&promon, table, &error), PROMON_EINVALID);
    assert_string_equal(error.message, "promon_probes_add: size is not set");
    table[0].size = sizeof(table[0]);
    table[1].name = "two";
    table[1].size = 16;
    error = (struct promon_error)PROMON_ERROR_INIT;
    assert_int_equal(promon_probes_add(&promon, table, &error), PROMON_EINVALID);
    assert_string_equal(error.message, "promon_probes_add: row 2: size is not that of the first");
}

static void smaller_structures_of_older_programs_are_filled_as_far_as_they_go(void **state)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_probe_status status;

    (void)state;
    options.name = "old";
    options.check = say_no;
    options.data = "x";
    assert_int_equal(promon_probe_add(&promon, &options, NULL), PROMON_OK);
    memset(&status, 0x55, sizeof(status));
    status.size = offsetof(struct promon_probe_status, reason);
    assert_int_equal(promon_probe_run(&promon, "old", &status, NULL), PROMON_OK);
    assert_int_equal(status.verdict, PROMON_DOWN);
    assert_int_equal(status.reason, 0x55555555);
    assert_int_equal(promon_probe_remove(&promon, "old", NULL), PROMON_OK);
}

static void missing_arguments_are_told(void **state)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;

    (void)state;
    assert_int_equal(promon_probe_add(NULL, &options, NULL), PROMON_EINVALID);
    assert_int_equal(promon_probe_add(&promon, NULL, NULL), PROMON_EINVALID);
    assert_int_equal(promon_probes_add(&promon, NULL, NULL), PROMON_EINVALID);
    assert_int_equal(promon_probe_remove(&promon, NULL, NULL), PROMON_EINVALID);
    assert_int_equal(promon_probe_status(&promon, "p", NULL, NULL), PROMON_EINVALID);
    assert_int_equal(promon_probe_run(NULL, "p", &status, NULL), PROMON_EINVALID);
    status.size = 0;
    assert_int_equal(promon_probe_status(&promon, "p", &status, NULL), PROMON_EINVALID);
    assert_int_equal(promon_probe_run(&promon, "p", &status, NULL), PROMON_EINVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probe_is_added_run_asked_and_removed),
        cmocka_unit_test(trace_tells_the_notes),
        cmocka_unit_test(error_names_the_probe),
        cmocka_unit_test(table_is_added_as_a_whole),
        cmocka_unit_test(rows_of_a_table_have_one_size),
        cmocka_unit_test(smaller_structures_of_older_programs_are_filled_as_far_as_they_go),
        cmocka_unit_test(missing_arguments_are_told),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
