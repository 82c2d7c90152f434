/*
 * Plan: which options are right, what they mean when they are not given, and what is told of wrong
 * ones.
 */
#include "test.h"

#include <stdio.h>

#include <promon/probe.h>

#include "check.h"
#include "monitor.h"
#include "result_state.h"
#include "support/places.h"

static struct promon promon;

static enum promon_verdict check(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    (void)result;
    return PROMON_UP;
}

static struct promon_probe_options good(void)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;

    options.name = "p";
    options.check = check;
    return options;
}

static struct promon__plan *plan_of(const struct promon_probe_options *options)
{
    struct promon__plan *plan = NULL;
    struct promon_error error = PROMON_ERROR_INIT;

    if (promon__plan_new(&promon, options, &plan, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return plan;
}

static void expect_refused(const struct promon_probe_options *options, enum promon_status status,
                           const char *message)
{
    struct promon__plan *plan = NULL;
    struct promon_error error = PROMON_ERROR_INIT;

    assert_int_equal(promon__plan_new(&promon, options, &plan, &error), status);
    assert_null(plan);
    assert_string_equal(error.message, message);
}

static void what_is_not_given_has_a_default(void **state)
{
    const struct promon_probe_options options = good();
    struct promon__plan *plan = plan_of(&options);

    (void)state;
    assert_string_equal(plan->name, "p");
    assert_string_equal(plan->description, "");
    assert_null(plan->module);
    assert_null(plan->groups[0]);
    assert_true(plan->interval_ns == INT64_C(60000000000));
    assert_true(plan->timeout_ns == INT64_C(10000000000));
    assert_true(plan->retry_interval_ns == plan->interval_ns);
    assert_int_equal(plan->fail_after, 1);
    assert_int_equal(plan->ok_after, 1);
    assert_false(plan->wait_first);
    assert_false(plan->is_configured);
    assert_null(plan->fingerprint);
    promon__plan_free(plan);
}

static void timeout_is_not_longer_than_the_interval_by_default(void **state)
{
    struct promon_probe_options options = good();
    struct promon__plan *plan;

    (void)state;
    options.interval_ms = 500;
    plan = plan_of(&options);
    assert_true(plan->timeout_ns == 500000000);
    assert_true(plan->retry_interval_ns == 500000000);
    promon__plan_free(plan);
}

static void everything_is_copied(void **state)
{
    char name[] = "app:queue_9", description[] = "Depth.", group[] = "ready";
    const char *const groups[] = {group, "batch-2", NULL};
    struct promon_probe_options options = good();
    struct promon__plan *plan;

    (void)state;
    options.name = name;
    options.description = description;
    options.groups = groups;
    options.interval_ms = 10;
    options.timeout_ms = 1;
    options.retry_interval_ms = 10;
    options.fail_after = 3;
    options.ok_after = 2;
    options.wait_first = true;
    plan = plan_of(&options);
    name[0] = description[0] = group[0] = 'X';
    assert_string_equal(plan->name, "app:queue_9");
    assert_string_equal(plan->description, "Depth.");
    assert_string_equal(plan->groups[0], "ready");
    assert_string_equal(plan->groups[1], "batch-2");
    assert_null(plan->groups[2]);
    assert_true(plan->interval_ns == 10000000 && plan->timeout_ns == 1000000);
    assert_int_equal(plan->fail_after, 3);
    assert_int_equal(plan->ok_after, 2);
    assert_true(plan->wait_first);
    promon__plan_free(plan);
}

static void names_are_those_of_metrics(void **state)
{
    static const char *const wrong[] = {"9p", "a-b", "a b", "\xc3\xa4", "p\n"};
    struct promon_probe_options options = good();
    char far[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        options.name = wrong[i];
        expect_refused(&options, PROMON_EINVALID,
                       "name: is no name of a metric, which has letters, digits, '_' and ':', and "
                       "no digit at its start");
    }
    options.name = NULL;
    expect_refused(&options, PROMON_EINVALID, "name: is missing");
    options.name = "";
    expect_refused(&options, PROMON_EINVALID, "name: is missing");
    options.name = "promon_probe_success";
    expect_refused(&options, PROMON_EINVALID,
                   "name: those that begin with promon_ and process_ are the library's");
    options.name = "process_open_fds";
    expect_refused(&options, PROMON_EINVALID,
                   "name: those that begin with promon_ and process_ are the library's");
    memset(far, 'a', sizeof(far));
    far[sizeof(far) - 1] = '\0';
    options.name = far;
    expect_refused(&options, PROMON_EINVALID, "name: is longer than 200 characters");
}

static void times_have_bounds(void **state)
{
    struct promon_probe_options options = good();

    (void)state;
    options.interval_ms = 9;
    expect_refused(&options, PROMON_EINVALID, "interval_ms: 9 is less than 10");
    options.interval_ms = -1;
    expect_refused(&options, PROMON_EINVALID, "interval_ms: -1 is less than 10");
    options.interval_ms = INT64_MAX;
    expect_refused(&options, PROMON_EINVALID,
                   "interval_ms: 9223372036854775807 is more than a year, 31536000000");
    options.interval_ms = 1000;
    options.timeout_ms = 1001;
    expect_refused(&options, PROMON_EINVALID, "timeout_ms: 1001 is more than interval_ms, 1000");
    options.timeout_ms = -5;
    expect_refused(&options, PROMON_EINVALID, "timeout_ms: -5 is less than 1");
    options.timeout_ms = 1000;
    options.retry_interval_ms = 2000;
    expect_refused(&options, PROMON_EINVALID,
                   "retry_interval_ms: 2000 is more than interval_ms, 1000");
    options.retry_interval_ms = 5;
    expect_refused(&options, PROMON_EINVALID, "retry_interval_ms: 5 is less than 10");
}

static void groups_are_names_and_none_is_live(void **state)
{
    const char *const live[] = {"ready", "live", NULL}, *const twice[] = {"a", "b", "a", NULL};
    const char *const odd[] = {"a b", NULL}, *const empty[] = {"", NULL};
    const char *many[18] = {NULL};
    char names[17][2] = {{0}};
    struct promon_probe_options options = good();
    int i;

    (void)state;
    options.groups = live;
    expect_refused(&options, PROMON_EINVALID,
                   "groups: \"live\" has no probes: a process does not get better by a restart "
                   "when what it depends on is down");
    options.groups = twice;
    expect_refused(&options, PROMON_EINVALID, "groups: \"a\" is there twice");
    options.groups = odd;
    expect_refused(&options, PROMON_EINVALID,
                   "groups: \"a b\" is no name, which has letters, digits, '_' and '-'");
    options.groups = empty;
    expect_refused(&options, PROMON_EINVALID,
                   "groups: \"\" is no name, which has letters, digits, '_' and '-'");
    for (i = 0; i < 17; i++) {
        names[i][0] = (char)('a' + i);
        many[i] = names[i];
    }
    options.groups = many;
    expect_refused(&options, PROMON_EINVALID, "groups: more than 16");
}

static void either_a_module_or_a_function_is_given(void **state)
{
    static const struct promon_param params[] = {{"verdict", "up"}, {NULL, NULL}};
    struct promon_probe_options options = good();

    (void)state;
    options.module = "sample";
    expect_refused(&options, PROMON_EINVALID, "either a module or a check function is to be given");
    options.module = NULL;
    options.params = params;
    expect_refused(&options, PROMON_EINVALID, "params: only a module takes parameters");
    options.check = NULL;
    expect_refused(&options, PROMON_EINVALID, "either a module or a check function is to be given");
    options.module = "sample";
    options.params_json = "{}";
    expect_refused(&options, PROMON_EINVALID, "params_json: there is a table of params too");
}

static void other_options_are_refused(void **state)
{
    struct {
        struct promon_probe_options options;
        long later;
    } newer = {good(), 1};
    struct promon_probe_options options = good();

    (void)state;
    options.size = 0;
    expect_refused(&options, PROMON_EINVALID, "probe options: size is not set");
    newer.options.size = sizeof(newer);
    expect_refused(&newer.options, PROMON_EINVALID,
                   "probe options: an option is set that this version of the library lacks");
    options = good();
    options.description = "\xff";
    expect_refused(&options, PROMON_EINVALID, "description: is not UTF-8");
}

static void module_is_opened_with_its_parameters(void **state)
{
    static const struct promon_param params[] = {{"verdict", "down"}, {"port", "80"}, {NULL, NULL}};
    struct promon_probe_options options = good();
    struct promon_result result;
    struct promon__plan *plan;

    (void)state;
    options.check = NULL;
    options.module = "sample";
    options.params = params;
    plan = plan_of(&options);
    assert_string_equal(plan->module, "sample");
    assert_non_null(plan->check.close);
    promon__result_reset(&result);
    promon__result_finish(&result, plan->check.run(plan->check.data, INT64_MAX, &result));
    assert_int_equal(result.reason, PROMON_REASON_STATUS);
    promon__plan_free(plan);
    options.params = NULL;
    options.params_json = "{\"verdict\": \"up\"}";
    promon__plan_free(plan_of(&options));
}

static void wrong_modules_and_parameters_are_told(void **state)
{
    struct promon__plan *plan = NULL;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_probe_options options = good();

    (void)state;
    options.check = NULL;
    options.module = "sample";
    options.params_json = "{\"verdict\": \"up\", \"prot\": 1}";
    expect_refused(&options, PROMON_ECONFIG, "params.prot: unknown key, did you mean \"port\"?");
    options.module = "nosuch";
    assert_int_equal(promon__plan_new(&promon, &options, &plan, &error), PROMON_EMODULE);
    assert_null(plan);
}

static void plan_without_memory(void *context)
{
    struct promon__plan *plan = NULL;
    struct promon_error error = PROMON_ERROR_INIT;
    const enum promon_status status = promon__plan_new(&promon, context, &plan, &error);

    assert_true(status == PROMON_OK || (status == PROMON_ENOMEM && plan == NULL));
    promon__plan_free(plan);
}

static void every_failed_allocation_is_survived(void **state)
{
    const char *const groups[] = {"ready", "startup", NULL};
    struct promon_probe_options options = good();

    (void)state;
    options.groups = groups;
    assert_true(oom_for_every_allocation(plan_without_memory, &options) >= 6);
    options.check = NULL;
    options.module = "sample";
    options.params_json = "{\"verdict\": \"up\"}";
    assert_true(oom_for_every_allocation(plan_without_memory, &options) >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_a_default),
        cmocka_unit_test(timeout_is_not_longer_than_the_interval_by_default),
        cmocka_unit_test(everything_is_copied),
        cmocka_unit_test(names_are_those_of_metrics),
        cmocka_unit_test(times_have_bounds),
        cmocka_unit_test(groups_are_names_and_none_is_live),
        cmocka_unit_test(either_a_module_or_a_function_is_given),
        cmocka_unit_test(other_options_are_refused),
        cmocka_unit_test(module_is_opened_with_its_parameters),
        cmocka_unit_test(wrong_modules_and_parameters_are_told),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    char folder[512];

    (void)snprintf(folder, sizeof(folder), "%s", own_modules_folder());
    promon.settings.modules = folder;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
