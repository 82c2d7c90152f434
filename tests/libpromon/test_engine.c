/*
 * Engine: starting and stopping, what a fork leaves, and that nothing is lost over time.
 */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/engine_bench.h"

static void close_script(void *data)
{
    atomic_fetch_add(&((struct script *)data)->closed, 1);
}

static void stop_and_free_leave_a_stuck_check_what_it_needs(void **state)
{
    struct bench *bench = bench_new(1, 0);
    static struct script stuck;
    struct promon__plan *plan;
    int64_t begin_ns;

    (void)state;
    script_init(&stuck, "s");
    plan = script_plan("p", &stuck, 50, 50);
    plan->check.close = close_script;
    bench_add(bench, plan);
    bench_start(bench);
    await_count(&stuck.runs, 1);
    begin_ns = promon_now_ns();
    promon__engine_stop(bench->promon.engine);
    assert_true(promon_now_ns() - begin_ns < PATIENCE_NS);
    assert_int_equal(bench_status(bench, "p").reason, PROMON_REASON_OVERRUN);
    bench_free(bench);
    assert_int_equal(stuck.closed, 0);
    sem_post(&stuck.go);
    await_count(&stuck.closed, 1);
}

static void stop_waits_for_checks_that_return_in_time(void **state)
{
    struct bench *bench = bench_new(2, 2);
    struct script script;
    int i;

    (void)state;
    script_init(&script, "u");
    bench_add(bench, script_plan("p", &script, 10, LONG_MS));
    for (i = 0; i < 20; i++) {
        bench_start(bench);
        bench_await_runs(bench, "p", bench_status(bench, "p").runs + 1);
        promon__engine_stop(bench->promon.engine);
        assert_int_equal(script.inside, 0);
        assert_int_equal(promon__engine_silence_ns(bench->promon.engine), 0);
    }
    assert_int_equal(script.overlaps, 0);
    bench_free(bench);
}

static void child_of_a_fork_starts_anew(void **state)
{
    struct bench *bench;
    static struct script script, stuck;
    pid_t child;
    int how = -1;

    (void)state;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    skip(); /* they keep locks of threads that the child does not have */
#endif
    bench = bench_new(2, 2);
    script_init(&script, "u");
    script_init(&stuck, "su");
    bench_add(bench, script_plan("p", &script, 20, LONG_MS));
    bench_add(bench, script_plan("stuck", &stuck, 20, 10));
    bench_start(bench);
    bench_await_runs(bench, "p", 2);
    bench_await_runs(bench, "stuck", 1);
    child = fork();
    if (child == 0) {
        promon__registry_after_fork(bench->promon.registry);
        promon__engine_after_fork(bench->promon.engine);
        pthread_mutex_init(&bench->lock, NULL);
        if (promon__engine_silence_ns(bench->promon.engine) != 0 ||
            bench_status(bench, "p").runs != 0)
            _exit(2);
        bench_start(bench);
        bench_await_runs(bench, "p", 2);
        await_count(&stuck.runs, 2);
        promon__engine_stop(bench->promon.engine);
        bench_free(bench);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    sem_post(&stuck.go);
    await_count(&stuck.runs, 2);
    bench_await_runs(bench, "p", bench_status(bench, "p").runs + 2);
    bench_free(bench);
}

static unsigned count_threads(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[128];
    unsigned threads = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        (void)(strncmp(line, "Threads:", 8) == 0 &&
               (threads = (unsigned)strtoul(line + 8, NULL, 10)) != 0);
    (void)fclose(file);
    return threads;
}

static void threads_are_as_many_after_thousands_of_checks(void **state)
{
    enum { PROBES = 100, CYCLES = 3000 };
    struct bench *bench = bench_new(10, 2);
    static struct script scripts[PROBES];
    const unsigned before = count_threads();
    const int64_t end_ns = promon_now_ns() + PATIENCE_NS;
    char name[16];
    uint64_t runs = 0;
    int i;

    (void)state;
    for (i = 0; i < PROBES; i++) {
        script_init(&scripts[i], "ud");
        (void)snprintf(name, sizeof(name), "p%d", i);
        bench_add(bench, script_plan(name, &scripts[i], 50, LONG_MS));
    }
    bench_start(bench);
    while (runs < CYCLES && promon_now_ns() < end_ns) {
        usleep(10000);
        assert_true(count_threads() <= before + 11);
        for (runs = 0, i = 0; i < PROBES; i++)
            runs += (uint64_t)atomic_load(&scripts[i].runs);
    }
    assert_true(runs >= CYCLES);
    assert_true(promon__engine_silence_ns(bench->promon.engine) < PATIENCE_NS);
    for (i = 0; i < PROBES; i++)
        assert_int_equal(scripts[i].overlaps, 0);
    promon__engine_stop(bench->promon.engine);
    /* One that is detached may be on its way out. */
    while (count_threads() > before && promon_now_ns() < end_ns)
        usleep(1000);
    assert_true(count_threads() <= before);
    bench_free(bench);
}

static void make_without_memory(void *context)
{
    struct promon__engine_options options = {
        .registry = context, .workers = 2, .max_stuck = 2, .log = NULL};
    struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
    struct promon__engine *engine = NULL;
    struct promon__plan *plan;
    struct script script;
    enum promon_status result = promon__engine_new(&options, &engine, NULL);

    assert_true(result == PROMON_OK || result == PROMON_ENOMEM);
    if (result != PROMON_OK)
        return;
    script_init(&script, "u");
    plan = plan_of("p", script_play, &script, 60000, 30000);
    result = plan == NULL ? PROMON_ENOMEM : promon__engine_add(engine, &plan, 1, NULL);
    if (result == PROMON_OK)
        result = promon__engine_start(engine, NULL);
    if (result == PROMON_OK)
        result = promon__engine_run(engine, "p", NULL, NULL, &status, NULL);
    assert_true(result == PROMON_OK || result == PROMON_ENOMEM);
    promon__engine_free(engine);
}

static void every_failed_allocation_is_survived(void **state)
{
    struct promon__registry *registry = NULL;

    (void)state;
    assert_int_equal(promon__registry_new(&registry, NULL), PROMON_OK);
    assert_true(oom_for_every_allocation(make_without_memory, registry) >= 30);
    promon__registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_and_free_leave_a_stuck_check_what_it_needs),
        cmocka_unit_test(stop_waits_for_checks_that_return_in_time),
        cmocka_unit_test(child_of_a_fork_starts_anew),
        cmocka_unit_test(threads_are_as_many_after_thousands_of_checks),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
