/*
 * Removal: it waits for the check, unless that would be for ever.
 */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "support/engine_bench.h"

static void close_script(void *data)
{
    atomic_fetch_add(&((struct script *)data)->closed, 1);
}

static void removal_waits_for_the_check(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script script;
    int i;

    (void)state;
    for (i = 0; i < 30; i++) {
        script_init(&script, "u");
        bench_start(bench);
        bench_add(bench, script_plan("p", &script, 10, LONG_MS));
        await_count(&script.runs, 1);
        assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_OK);
        assert_int_equal(script.inside, 0);
        /* Nothing touches the script any more. */
        memset(&script, 0xff, sizeof(script));
        promon__engine_stop(bench->promon.engine);
    }
    assert_true(bench_probe_value(bench, "promon_probe_runs_total") == -99);
    assert_true(bench_reason_value(bench, "overrun") == -99);
    assert_true(bench_value(bench, "p", NULL, NULL) == -99);
    assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_ENOTFOUND);
    bench_free(bench);
}

static void *release_later(void *data)
{
    struct script *script = data;

    usleep(700000);
    sem_post(&script->go);
    return NULL;
}

static void removal_of_a_stuck_function_waits_until_it_returns(void **state)
{
    struct bench *bench = bench_new(2, 2);
    static struct script stuck;
    pthread_t thread;

    (void)state;
    script_init(&stuck, "s");
    bench_add(bench, script_plan("p", &stuck, 10, 10));
    bench_start(bench);
    await_count(&stuck.runs, 1);
    assert_int_equal(pthread_create(&thread, NULL, release_later, &stuck), 0);
    assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_OK);
    assert_int_equal(stuck.inside, 0);
    pthread_join(thread, NULL);
    bench_free(bench);
}

static void removal_of_a_stuck_module_leaves_it_behind(void **state)
{
    struct bench *bench = bench_new(2, 2);
    static struct script stuck;
    struct promon__plan *plan;

    (void)state;
    script_init(&stuck, "s");
    plan = script_plan("p", &stuck, 10, 10);
    plan->module = strdup("mine");
    plan->check.close = close_script;
    bench_add(bench, plan);
    bench_start(bench);
    await_count(&stuck.runs, 1);
    assert_int_equal(promon__engine_remove(bench->promon.engine, "p", NULL), PROMON_OK);
    assert_int_equal(stuck.inside, 1);
    assert_int_equal(stuck.closed, 0);
    sem_post(&stuck.go);
    await_count(&stuck.closed, 1);
    bench_free(bench);
}

static enum promon_verdict change_probes(void *data, int64_t deadline_ns,
                                         struct promon_result *result)
{
    struct script *script = data;
    struct promon__engine *engine = script->bench->promon.engine;
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__plan *plan = plan_of("added", script_play, script->bench, 3600000, 10);
    bool is_good;

    (void)deadline_ns;
    is_good =
        promon__engine_add(engine, &plan, 1, NULL) == PROMON_OK &&
        promon__engine_status(engine, "p", &status, NULL) == PROMON_OK &&
        promon__engine_remove(engine, "p", &error) == PROMON_ESTATE &&
        strcmp(error.message, "probe p cannot be removed from inside of its own check") == 0 &&
        promon__engine_run(engine, "added", NULL, NULL, &status, NULL) == PROMON_ESTATE &&
        promon__engine_remove(engine, "added", NULL) == PROMON_OK;
    return is_good ? PROMON_UP : promon_result_fail(result, PROMON_REASON_BODY, "not allowed");
}

static void checks_may_change_other_probes_but_not_remove_themselves(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script script;

    (void)state;
    script_init(&script, "u");
    script.bench = bench;
    bench_add(bench, plan_of("p", change_probes, &script, 60000, 30000));
    assert_string_equal(bench_run_now(bench, "p").message, "");
    bench_free(bench);
}

/* Two checks that each remove the other one, when both run. */
struct pair {
    struct bench *bench;
    const char *other;
    sem_t *mine, *others;
    enum promon_status status;
};

static enum promon_verdict remove_other(void *data, int64_t deadline_ns,
                                        struct promon_result *result)
{
    struct pair *pair = data;

    (void)deadline_ns;
    (void)result;
    sem_post(pair->mine);
    sem_wait(pair->others);
    pair->status = promon__engine_remove(pair->bench->promon.engine, pair->other, NULL);
    return PROMON_UP;
}

static void *run_first(void *data)
{
    (void)promon__engine_run(((struct bench *)data)->promon.engine, "a", NULL, NULL,
                             &(struct promon_probe_status){.size = 0}, NULL);
    return NULL;
}

static void checks_that_remove_each_other_do_not_wait_for_ever(void **state)
{
    struct bench *bench = bench_new(2, 2);
    sem_t a, b;
    struct pair first = {bench, "b", &a, &b, PROMON_OK}, second = {bench, "a", &b, &a, PROMON_OK};
    struct promon_probe_status status;
    pthread_t thread;

    (void)state;
    sem_init(&a, 0, 0);
    sem_init(&b, 0, 0);
    bench_add(bench, plan_of("a", remove_other, &first, 60000, 30000));
    bench_add(bench, plan_of("b", remove_other, &second, 60000, 30000));
    assert_int_equal(pthread_create(&thread, NULL, run_first, bench), 0);
    (void)promon__engine_run(bench->promon.engine, "b", NULL, NULL, &status, NULL);
    pthread_join(thread, NULL);
    bench_free(bench);
    /* One of them was first, and the other must not wait for it. */
    assert_true((first.status == PROMON_OK) != (second.status == PROMON_OK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removal_waits_for_the_check),
        cmocka_unit_test(removal_of_a_stuck_function_waits_until_it_returns),
        cmocka_unit_test(removal_of_a_stuck_module_leaves_it_behind),
        cmocka_unit_test(checks_may_change_other_probes_but_not_remove_themselves),
        cmocka_unit_test(checks_that_remove_each_other_do_not_wait_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
