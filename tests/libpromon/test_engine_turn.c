/*
 * The turns of the scheduler: what is run when.
 */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "support/engine_bench.h"

static void probes_run_at_a_fixed_rate(void **state)
{
    enum { INTERVAL_MS = 20, RUNS = 50 };
    struct bench *bench = bench_new(2, 2);
    struct script script;
    int64_t took_ns;

    (void)state;
    script_init(&script, "u");
    bench_add(bench, script_plan("p", &script, INTERVAL_MS, LONG_MS));
    bench_start(bench);
    bench_await_runs(bench, "p", RUNS);
    promon__engine_stop(bench->promon.engine);
    /* Slots are never closer: drift would show as less time, a busy machine only as more. */
    took_ns = atomic_load(&script.last_ns) - atomic_load(&script.first_ns);
    assert_true(took_ns > (atomic_load(&script.runs) - 3) * INTERVAL_MS * PROMON__MILLISECOND_NS);
    assert_int_equal(script.overlaps, 0);
    assert_true(bench_value(bench, "promon_scheduler_lag_seconds_count", NULL, NULL) ==
                atomic_load(&script.runs));
    bench_free(bench);
}

static void start_waits_for_the_first_results_that_are_asked_for(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script scripts[5];
    struct promon__plan *plan;
    char name[8];
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        script_init(&scripts[i], i % 2 ? "u" : "d");
        (void)snprintf(name, sizeof(name), "p%d", i);
        plan = script_plan(name, &scripts[i], 3600000, 30000);
        plan->wait_first = true;
        bench_add(bench, plan);
    }
    bench_start(bench);
    for (i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof(name), "p%d", i);
        assert_int_equal(bench_status(bench, name).runs, 1);
    }
    bench_free(bench);
}

static void failing_probe_is_tried_again_sooner(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script script;
    struct promon__plan *plan;

    (void)state;
    script_init(&script, "dddu");
    plan = script_plan("p", &script, 3600000, LONG_MS);
    plan->retry_interval_ns = 20 * PROMON__MILLISECOND_NS;
    plan->wait_first = true;
    bench_add(bench, plan);
    bench_start(bench);
    bench_await_runs(bench, "p", 4);
    assert_int_equal(bench_status(bench, "p").verdict, PROMON_UP);
    usleep(200000);
    /* It is up again: the next one is an hour away. */
    assert_int_equal(bench_status(bench, "p").runs, 4);
    bench_free(bench);
}

static void probes_starve_visibly_when_no_worker_can_be_replaced(void **state)
{
    struct bench *bench = bench_new(1, 0);
    static struct script stuck, other;
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;

    (void)state;
    script_init(&stuck, "su");
    script_init(&other, "u");
    bench_add(bench, script_plan("p", &stuck, 100, 10));
    bench_start(bench);
    await_count(&stuck.runs, 1);
    bench_add(bench, script_plan("other", &other, 100, 10));
    while (bench_status(bench, "other").verdict != PROMON_ERROR && promon_now_ns() < end_ns)
        usleep(10000);
    assert_int_equal(bench_status(bench, "other").reason, PROMON_REASON_INTERNAL);
    assert_non_null(strstr(bench_status(bench, "other").message, "no worker was free for"));
    assert_int_equal(bench_status(bench, "p").reason, PROMON_REASON_OVERRUN);
    assert_int_equal(other.runs, 0);
    sem_post(&stuck.go);
    await_count(&other.runs, 1);
    bench_free(bench);
}

static void probe_that_was_stuck_is_tried_again_sooner(void **state)
{
    struct bench *bench = bench_new(2, 2);
    static struct script script;
    struct promon__plan *plan;

    (void)state;
    script_init(&script, "su");
    plan = script_plan("p", &script, 3600000, 10);
    plan->retry_interval_ns = 20 * PROMON__MILLISECOND_NS;
    plan->wait_first = true;
    bench_add(bench, plan);
    bench_start(bench);
    assert_int_equal(bench_status(bench, "p").reason, PROMON_REASON_OVERRUN);
    sem_post(&script.go);
    bench_await_logged(bench, "3 probe p is up\n");
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_run_at_a_fixed_rate),
        cmocka_unit_test(start_waits_for_the_first_results_that_are_asked_for),
        cmocka_unit_test(failing_probe_is_tried_again_sooner),
        cmocka_unit_test(probe_that_was_stuck_is_tried_again_sooner),
        cmocka_unit_test(probes_starve_visibly_when_no_worker_can_be_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
