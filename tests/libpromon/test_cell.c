/* Cells: what each kind takes, exact totals over threads, their ends, forks and signals. */
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/counting.h"

enum { THREADS = 8, ROUNDS = 20000 };

static double misuses(struct promon *promon)
{
    return counting_value(promon, "promon_misuse_total", NULL);
}

static void whole_amounts_are_counted_exactly(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_COUNTER, "bytes_total");
    struct promon__gathered gathered = {NULL, 0, NULL};

    (void)state;
    promon_cell_add_unsigned(cell, UINT64_C(9007199254740993));
    promon_cell_inc(cell);
    promon_cell_add(cell, 2);
    assert_int_equal(
        promon__registry_gather(promon->registry, LABELS("bytes_total"), &gathered, NULL),
        PROMON_OK);
    assert_true(gathered.families[0].series[0].number.is_unsigned);
    assert_true(gathered.families[0].series[0].number.whole == UINT64_C(9007199254740996));
    promon__registry_release(promon->registry, &gathered);
    promon__gathered_free(&gathered);
    counting_free(promon);
}

static void a_counter_takes_fractions_beside_whole_amounts(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_COUNTER, "seconds_total");

    (void)state;
    promon_cell_add(cell, 0.25);
    promon_cell_add(cell, 3);
    promon_cell_add(cell, 1e30);
    assert_true(counting_value(promon, "seconds_total", NULL) == 3.25 + 1e30);
    promon_cell_add(cell, INFINITY);
    assert_true(isinf(counting_value(promon, "seconds_total", NULL)));
    counting_free(promon);
}

static void a_gauge_goes_up_and_down_and_is_set(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_GAUGE, "depth");

    (void)state;
    assert_true(counting_value(promon, "depth", NULL) == 0);
    promon_cell_inc(cell);
    promon_cell_add(cell, 2.5);
    promon_cell_add_unsigned(cell, 10);
    promon_cell_dec(cell);
    promon_cell_add(cell, -0.5);
    assert_true(counting_value(promon, "depth", NULL) == 12);
    promon_cell_set(cell, -7);
    assert_true(counting_value(promon, "depth", NULL) == -7);
    promon_cell_set(cell, NAN);
    assert_true(isnan(counting_value(promon, "depth", NULL)));
    promon_cell_set_to_current_time(cell);
    assert_true(counting_value(promon, "depth", NULL) > 1.5e9);
    assert_true(misuses(promon) == 0);
    counting_free(promon);
}

static void states_are_switched_one_by_one_or_alone(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_STATESET, "mode");

    (void)state;
    promon_cell_set_state(cell, 0, 1);
    promon_cell_set_state(cell, 2, 1);
    assert_true(counting_value(promon, "mode", LABELS("mode", "starting")) == 1);
    assert_true(counting_value(promon, "mode", LABELS("mode", "up")) == 0);
    assert_true(counting_value(promon, "mode", LABELS("mode", "down")) == 1);
    promon_cell_set_state(cell, 0, 0);
    assert_true(counting_value(promon, "mode", LABELS("mode", "starting")) == 0);
    promon_cell_set_only_state(cell, 1);
    assert_true(counting_value(promon, "mode", LABELS("mode", "up")) == 1);
    assert_true(counting_value(promon, "mode", LABELS("mode", "down")) == 0);
    promon_cell_set_state(cell, 3, 1);
    promon_cell_set_only_state(cell, 64);
    assert_true(counting_value(promon, "mode", LABELS("mode", "up")) == 1);
    assert_true(misuses(promon) == 2);
    counting_free(promon);
}

static void what_a_kind_does_not_have_is_counted_and_not_done(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *counter = counting_cell(promon, PROMON_COUNTER, "a_total");
    struct promon_cell *gauge = counting_cell(promon, PROMON_GAUGE, "b");
    struct promon_cell *histogram = counting_cell(promon, PROMON_HISTOGRAM, "c");
    struct promon_cell *info = counting_cell(promon, PROMON_INFO, "d_info");

    (void)state;
    promon_cell_add(counter, -1);
    promon_cell_add(counter, NAN);
    promon_cell_dec(counter);
    promon_cell_set(counter, 5);
    promon_cell_observe(counter, 5);
    assert_true(counting_value(promon, "a_total", NULL) == 0);
    promon_cell_add(gauge, NAN);
    promon_cell_set_state(gauge, 0, 1);
    promon_cell_observe(gauge, 1);
    assert_true(counting_value(promon, "b", NULL) == 0);
    promon_cell_inc(histogram);
    promon_cell_set(histogram, 1);
    promon_cell_observe(histogram, NAN);
    assert_true(counting_value(promon, "c_count", NULL) == 0);
    promon_cell_inc(info);
    promon_cell_set(info, 3);
    assert_true(counting_value(promon, "d_info", NULL) == 1);
    assert_true(misuses(promon) == 13);
    counting_free(promon);
}

static void no_cell_does_nothing(void **state)
{
    (void)state;
    promon_cell_inc(NULL);
    promon_cell_dec(NULL);
    promon_cell_add(NULL, 1);
    promon_cell_add_unsigned(NULL, 1);
    promon_cell_set(NULL, 1);
    promon_cell_set_to_current_time(NULL);
    promon_cell_observe(NULL, 1);
    promon_cell_observe_since(NULL, 0);
    promon_cell_set_state(NULL, 0, 1);
    promon_cell_set_only_state(NULL, 0);
    promon_cell_add_exemplar(NULL, 1, LABELS("a", "b"));
    promon_cell_observe_exemplar(NULL, 1, LABELS("a", "b"));
}

struct shared {
    struct promon_cell *counter, *fractions, *histogram, *gauge;
};

static void *count(void *data)
{
    const struct shared *shared = data;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        promon_cell_inc(shared->counter);
        promon_cell_add(shared->fractions, 0.5);
        promon_cell_observe(shared->histogram, i % 2 == 0 ? 0.001 : 100);
        promon_cell_inc(shared->gauge);
    }
    return NULL;
}

static void run_threads(void *(*run)(void *data), void *data, int n)
{
    pthread_t threads[THREADS];
    int i;

    for (i = 0; i < n; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, data), 0);
    for (i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

static void what_threads_counted_stays_exactly_when_they_end(void **state)
{
    struct promon *promon = counting_new();
    struct shared shared = {counting_cell(promon, PROMON_COUNTER, "a_total"),
                            counting_cell(promon, PROMON_COUNTER, "b_total"),
                            counting_cell(promon, PROMON_HISTOGRAM, "c"),
                            counting_cell(promon, PROMON_GAUGE, "d")};
    const double all = (double)THREADS * ROUNDS * 2;

    (void)state;
    run_threads(count, &shared, THREADS);
    run_threads(count, &shared, THREADS);
    assert_true(counting_value(promon, "a_total", NULL) == all);
    assert_true(counting_value(promon, "b_total", NULL) == all / 2);
    assert_true(counting_value(promon, "c_count", NULL) == all);
    assert_true(counting_value(promon, "c_bucket", LABELS("le", "0.005")) == all / 2);
    assert_true(counting_value(promon, "c_bucket", LABELS("le", "10")) == all / 2);
    assert_true(fabs(counting_value(promon, "c_sum", NULL) - all / 2 * 100.001) < 1);
    assert_true(counting_value(promon, "d", NULL) == all);
    counting_free(promon);
}

struct readings {
    struct promon *promon;
    bool stop;
};

static void *read_on(void *data)
{
    struct readings *readings = data;
    double last = 0;

    while (!__atomic_load_n(&readings->stop, __ATOMIC_RELAXED)) {
        const double value = counting_value(readings->promon, "a_total", NULL);

        assert_true(value >= last);
        last = value;
    }
    return NULL;
}

static void readings_while_threads_count_and_end_never_go_back(void **state)
{
    struct promon *promon = counting_new();
    struct shared shared = {.counter = counting_cell(promon, PROMON_COUNTER, "a_total")};
    struct readings readings = {promon, false};
    pthread_t reader;
    int i;

    (void)state;
    assert_int_equal(pthread_create(&reader, NULL, read_on, &readings), 0);
    for (i = 0; i < 10; i++)
        run_threads(count, &shared, 2);
    __atomic_store_n(&readings.stop, true, __ATOMIC_RELAXED);
    pthread_join(reader, NULL);
    assert_true(counting_value(promon, "a_total", NULL) == 20.0 * ROUNDS);
    counting_free(promon);
}

struct survivor {
    pthread_barrier_t barrier;
    struct promon_cell *cell;
};

static void *outlive(void *data)
{
    struct survivor *survivor = data;

    promon_cell_inc(survivor->cell);
    pthread_barrier_wait(&survivor->barrier);
    /* Here the monitor is freed, and another one is made. */
    pthread_barrier_wait(&survivor->barrier);
    promon_cell_inc(survivor->cell);
    return NULL;
}

static void a_thread_may_outlive_a_monitor_and_count_in_another(void **state)
{
    struct promon *promon = counting_new();
    struct survivor survivor = {.cell = counting_cell(promon, PROMON_COUNTER, "a_total")};
    pthread_t thread;

    (void)state;
    pthread_barrier_init(&survivor.barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, outlive, &survivor), 0);
    pthread_barrier_wait(&survivor.barrier);
    assert_true(counting_value(promon, "a_total", NULL) == 1);
    counting_free(promon);
    promon = counting_new();
    survivor.cell = counting_cell(promon, PROMON_COUNTER, "b_total");
    assert_true(counting_value(promon, "b_total", NULL) == 0);
    pthread_barrier_wait(&survivor.barrier);
    pthread_join(thread, NULL);
    assert_true(counting_value(promon, "b_total", NULL) == 1);
    pthread_barrier_destroy(&survivor.barrier);
    counting_free(promon);
}

static void *count_without_memory(void *data)
{
    struct shared *shared = data;

    oom_fail_from(1);
    promon_cell_inc(shared->counter);
    promon_cell_add(shared->fractions, 0.5);
    promon_cell_observe(shared->histogram, 1);
    assert_true(oom_stop());
    promon_cell_inc(shared->counter);
    return NULL;
}

static void nothing_is_lost_when_a_thread_gets_no_memory(void **state)
{
    struct promon *promon = counting_new();
    struct shared shared = {counting_cell(promon, PROMON_COUNTER, "a_total"),
                            counting_cell(promon, PROMON_COUNTER, "b_total"),
                            counting_cell(promon, PROMON_HISTOGRAM, "c"), NULL};

    (void)state;
    run_threads(count_without_memory, &shared, 1);
    assert_true(counting_value(promon, "a_total", NULL) == 2);
    assert_true(counting_value(promon, "b_total", NULL) == 0.5);
    assert_true(counting_value(promon, "c_bucket", LABELS("le", "1")) == 1);
    assert_true(counting_value(promon, "c_sum", NULL) == 1);
    counting_free(promon);
}

static struct promon_cell *signalled;

static void on_signal(int number)
{
    (void)number;
    promon_cell_inc(signalled);
}

static void a_signal_handler_may_count(void **state)
{
    struct promon *promon = counting_new();
    struct sigaction action = {.sa_handler = on_signal}, old;
    int i;

    (void)state;
    signalled = counting_cell(promon, PROMON_COUNTER, "a_total");
    promon_cell_inc(signalled);
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    for (i = 0; i < 1000; i++) {
        promon_cell_inc(signalled);
        raise(SIGUSR1);
    }
    sigaction(SIGUSR1, &old, NULL);
    assert_true(counting_value(promon, "a_total", NULL) == 2001);
    counting_free(promon);
}

/* What is right in the child; its exit status tells the parent. */
static int child_counts_from_zero(struct promon *promon, const struct shared *shared)
{
    promon__registry_after_fork(promon->registry);
    if (counting_value(promon, "a_total", NULL) != 0 ||
        counting_value(promon, "c_count", NULL) != 0)
        return 1;
    promon_cell_inc(shared->counter);
    promon_cell_add(shared->fractions, 0.5);
    promon_cell_observe(shared->histogram, 1);
    if (counting_value(promon, "a_total", NULL) != 1 ||
        counting_value(promon, "b_total", NULL) != 0.5)
        return 2;
    if (counting_value(promon, "c_sum", NULL) != 1 || counting_value(promon, "d", NULL) != 3)
        return 3;
#ifndef __SANITIZE_THREAD__
    /* The thread sanitizer has no threads in such a child. */
    run_threads(count, (void *)(uintptr_t)shared, 2);
    if (counting_value(promon, "a_total", NULL) != 1 + 2.0 * ROUNDS)
        return 4;
#endif
    return 0;
}

static void the_child_of_a_fork_counts_from_zero_and_the_parent_goes_on(void **state)
{
    struct promon *promon = counting_new();
    struct shared shared = {counting_cell(promon, PROMON_COUNTER, "a_total"),
                            counting_cell(promon, PROMON_COUNTER, "b_total"),
                            counting_cell(promon, PROMON_HISTOGRAM, "c"),
                            counting_cell(promon, PROMON_GAUGE, "d")};
    struct survivor survivor = {.cell = shared.counter};
    pthread_t thread;
    pid_t child;
    int status;

    (void)state;
    pthread_barrier_init(&survivor.barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, outlive, &survivor), 0);
    pthread_barrier_wait(&survivor.barrier);
    promon_cell_add_unsigned(shared.counter, 5);
    promon_cell_observe(shared.histogram, 1);
    promon_cell_set(shared.gauge, 3);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_counts_from_zero(promon, &shared));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    pthread_barrier_wait(&survivor.barrier);
    pthread_join(thread, NULL);
    assert_true(counting_value(promon, "a_total", NULL) == 7);
    pthread_barrier_destroy(&survivor.barrier);
    counting_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_amounts_are_counted_exactly),
        cmocka_unit_test(a_counter_takes_fractions_beside_whole_amounts),
        cmocka_unit_test(a_gauge_goes_up_and_down_and_is_set),
        cmocka_unit_test(states_are_switched_one_by_one_or_alone),
        cmocka_unit_test(what_a_kind_does_not_have_is_counted_and_not_done),
        cmocka_unit_test(no_cell_does_nothing),
        cmocka_unit_test(what_threads_counted_stays_exactly_when_they_end),
        cmocka_unit_test(readings_while_threads_count_and_end_never_go_back),
        cmocka_unit_test(a_thread_may_outlive_a_monitor_and_count_in_another),
        cmocka_unit_test(nothing_is_lost_when_a_thread_gets_no_memory),
        cmocka_unit_test(a_signal_handler_may_count),
        cmocka_unit_test(the_child_of_a_fork_counts_from_zero_and_the_parent_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
