/*
 * Checks that somebody asks for, between those that are due.
 */
#include "test.h"

#include <unistd.h>

#include "support/engine_bench.h"

static enum promon_verdict tell_notes(void *data, int64_t deadline_ns, struct promon_result *result)
{
    (void)data;
    (void)deadline_ns;
    promon_result_note(result, "run %d", 0);
    promon_result_note(result, "second line");
    return PROMON_UP;
}

static void keep_notes(void *data, const char *line)
{
    strcat(strcat(data, line), "|");
}

static void notes_are_told_on_the_thread_that_asks(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct promon_probe_status status;
    char lines[200] = "";

    (void)state;
    bench_add(bench, plan_of("p", tell_notes, NULL, 60000, 30000));
    assert_int_equal(
        promon__engine_run(bench->promon.engine, "p", keep_notes, lines, &status, NULL), PROMON_OK);
    assert_string_equal(lines, "run 0|second line|");
    bench_free(bench);
}

static void run_of_a_stuck_check_is_told_in_time(void **state)
{
    struct bench *bench = bench_new(1, 1);
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    static struct script stuck, other;

    (void)state;
    script_init(&stuck, "su");
    script_init(&other, "u");
    bench_add(bench, script_plan("p", &stuck, 1000, 10));
    bench_add(bench, script_plan("other", &other, 1000, 10));
    assert_int_equal(promon__engine_run(bench->promon.engine, "p", NULL, NULL, &status, &error),
                     PROMON_ETIMEDOUT);
    assert_non_null(strstr(error.message, "probe p: the check has not returned for "));
    assert_int_equal(status.runs, 0);
    assert_int_equal(bench_status(bench, "p").overruns, 1);
    assert_int_equal(promon__engine_run(bench->promon.engine, "p", NULL, NULL, &status, NULL),
                     PROMON_ETIMEDOUT);
    assert_int_equal(stuck.runs, 1);
    assert_int_equal(promon__engine_run(bench->promon.engine, "other", NULL, NULL, &status, NULL),
                     PROMON_ERESOURCES);
    sem_post(&stuck.go);
    while (promon__engine_run(bench->promon.engine, "p", NULL, NULL, &status, NULL) != PROMON_OK)
        usleep(1000);
    assert_true(stuck.runs >= 2);
    assert_int_equal(promon__engine_run(bench->promon.engine, "gone", NULL, NULL, &status, NULL),
                     PROMON_ENOTFOUND);
    bench_free(bench);
}

static void runs_that_are_asked_for_fit_between_the_others(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script script;
    int i;

    (void)state;
    script_init(&script, "u");
    bench_add(bench, script_plan("p", &script, 10, LONG_MS));
    bench_start(bench);
    for (i = 0; i < 200; i++)
        (void)bench_run_now(bench, "p");
    assert_int_equal(script.overlaps, 0);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_told_on_the_thread_that_asks),
        cmocka_unit_test(run_of_a_stuck_check_is_told_in_time),
        cmocka_unit_test(runs_that_are_asked_for_fit_between_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
