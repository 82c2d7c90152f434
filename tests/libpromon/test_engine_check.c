/*
 * One check: what is told of its result, and what becomes of one that does not return.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "support/engine_bench.h"

static void nothing_is_known_before_the_first_result(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script script;
    struct promon_probe_status status;

    (void)state;
    script_init(&script, "u");
    bench_add(bench, script_plan("p", &script, 60000, 1000));
    status = bench_status(bench, "p");
    assert_int_equal(status.state, PROMON_STATE_UNKNOWN);
    assert_int_equal(status.verdict, 0);
    assert_true(isnan(bench_value(bench, "p", NULL, NULL)));
    assert_true(isnan(bench_probe_value(bench, "promon_probe_success")));
    assert_true(isnan(bench_probe_value(bench, "promon_probe_last_run_timestamp_seconds")));
    assert_true(isnan(bench_probe_value(bench, "promon_probe_last_success_timestamp_seconds")));
    assert_true(bench_probe_value(bench, "promon_probe_runs_total") == 0);
    assert_true(bench_reason_value(bench, "refused") == 0);
    assert_true(bench_reason_value(bench, "overrun") == 0);
    assert_true(bench_probe_value(bench, "promon_probe_interval_seconds") == 60);
    assert_true(bench_probe_value(bench, "promon_probe_timeout_seconds") == 1);
    /* No certificate was seen: none is told. */
    assert_true(bench_probe_value(bench, "promon_probe_tls_verified") == -99);
    bench_free(bench);
}

static void each_result_is_told_in_all_places(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script script;
    struct promon_probe_status status;

    (void)state;
    script_init(&script, "ude");
    bench_add(bench, script_plan("p", &script, 60000, 30000));
    status = bench_run_now(bench, "p");
    assert_int_equal(status.verdict, PROMON_UP);
    assert_int_equal(status.state, PROMON_STATE_UP);
    assert_true(status.last_success_ms > 0 && status.last_success_ms == status.last_run_ms);
    assert_true(bench_value(bench, "p", NULL, NULL) == 1);
    assert_true(bench_probe_value(bench, "promon_probe_success") == 1);
    status = bench_run_now(bench, "p");
    assert_int_equal(status.verdict, PROMON_DOWN);
    assert_int_equal(status.reason, PROMON_REASON_REFUSED);
    assert_string_equal(status.message, "nobody listens");
    assert_true(bench_value(bench, "p", NULL, NULL) == 0);
    assert_true(bench_reason_value(bench, "refused") == 1);
    status = bench_run_now(bench, "p");
    assert_int_equal(status.verdict, PROMON_ERROR);
    assert_int_equal(status.state, PROMON_STATE_UNKNOWN);
    assert_true(bench_value(bench, "p", NULL, NULL) == -1);
    assert_true(bench_probe_value(bench, "promon_probe_success") == 0);
    assert_true(bench_probe_value(bench, "promon_probe_runs_total") == 3);
    assert_int_equal(status.runs, 3);
    assert_int_equal(status.failures, 2);
    bench_await_logged(bench, "3 probe p is up\n");
    bench_await_logged(bench, "2 probe p is down: refused: nobody listens\n");
    bench_await_logged(bench, "2 probe p is unknown: internal: no descriptor\n");
    bench_free(bench);
}

static enum promon_verdict tell_much(void *data, int64_t deadline_ns, struct promon_result *result)
{
    const int run = atomic_fetch_add((atomic_int *)data, 1);
    char key[16];
    int i;

    (void)deadline_ns;
    promon_result_phase(result, PROMON_PHASE_CONNECT, 2000000000);
    for (i = 0; i < (run == 0 ? 2 : PROMON_RESULT_MAX_VALUES); i++) {
        (void)snprintf(key, sizeof(key), "k%d", i + run);
        promon_result_value(result, key, run + i);
    }
    if (run == 0)
        promon_result_certificate(result, 4000, 3000, true);
    return PROMON_UP;
}

static double key_value(struct bench *bench, const char *key)
{
    const char *const labels[] = {"probe", "p", "key", key, NULL};
    double result = -99;

    (void)promon_value(&bench->promon, "promon_probe_value", labels, &result, NULL);
    return result;
}

static void figures_phases_and_certificate_become_metrics(void **state)
{
    static const char *const connect[] = {"probe", "p", "phase", "connect", NULL};
    struct bench *bench = bench_new(2, 2);
    atomic_int runs = 0;
    double sum = 0;

    (void)state;
    bench_add(bench, plan_of("p", tell_much, &runs, 60000, 30000));
    (void)bench_run_now(bench, "p");
    assert_true(key_value(bench, "k0") == 0 && key_value(bench, "k1") == 1);
    assert_true(bench_probe_value(bench, "promon_probe_tls_not_after_timestamp_seconds") == 4000);
    assert_true(bench_probe_value(bench, "promon_probe_tls_chain_not_after_timestamp_seconds") ==
                3000);
    assert_true(bench_probe_value(bench, "promon_probe_tls_verified") == 1);
    /* k0 is not told any more and gives its place to the last of k1 to k16. */
    (void)bench_run_now(bench, "p");
    assert_true(key_value(bench, "k1") == 1 && key_value(bench, "k16") == 16);
    assert_true(key_value(bench, "k0") == -99);
    assert_true(bench_probe_value(bench, "promon_probe_tls_verified") == 1);
    assert_int_equal(
        promon_value(&bench->promon, "promon_probe_duration_seconds_sum", connect, &sum, NULL),
        PROMON_OK);
    assert_true(sum == 4);
    bench_free(bench);
}

static void stuck_check_is_overrun_and_holds_up_no_other(void **state)
{
    struct bench *bench = bench_new(1, 4);
    static struct script stuck, good;
    struct promon_probe_status status;

    (void)state;
    script_init(&stuck, "su");
    script_init(&good, "u");
    bench_add(bench, script_plan("p", &stuck, 200, 20));
    bench_add(bench, script_plan("good", &good, 20, LONG_MS));
    bench_start(bench);
    bench_await_runs(bench, "p", 3);
    status = bench_status(bench, "p");
    assert_int_equal(status.verdict, PROMON_DOWN);
    assert_int_equal(status.reason, PROMON_REASON_OVERRUN);
    assert_int_equal(status.overruns, 1);
    assert_true(status.duration_ns >= 520 * PROMON__MILLISECOND_NS);
    assert_int_equal(stuck.runs, 1);
    assert_true(bench_value(bench, "p", NULL, NULL) == 0);
    assert_true(bench_probe_value(bench, "promon_probe_overrun_total") == 1);
    assert_true(bench_reason_value(bench, "overrun") >= 3);
    bench_await_logged(bench, "1 probe p overruns: its check has not returned by its deadline "
                              "of 20 ms\n");
    bench_await_runs(bench, "good", bench_status(bench, "good").runs + 5);
    assert_true(bench_value(bench, "promon_scheduler_workers_stuck", NULL, NULL) == 1);
    sem_post(&stuck.go);
    /* What it returned at last was dropped; then it runs again. */
    await_count(&stuck.runs, 3);
    bench_await_logged(bench, "3 probe p is up\n");
    assert_int_equal(stuck.overlaps, 0);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_the_first_result),
        cmocka_unit_test(each_result_is_told_in_all_places),
        cmocka_unit_test(figures_phases_and_certificate_become_metrics),
        cmocka_unit_test(stuck_check_is_overrun_and_holds_up_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
