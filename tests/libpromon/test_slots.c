/* Slots: near ones, counted in without a call, the far ones behind them, and neither. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>

#include "support/counting.h"

#include "cell_state.h"
#include "oom.h"
#include "slots_process.h"

enum { ROUNDS = 1000, NEAR_COUNTERS = PROMON__NEAR_SLOTS / PROMON__COUNTER_SLOTS };

/* Some counters of a family that has more than there are near ones. */
struct many {
    struct promon *promon;
    struct promon_cell *first, *far;
};

static struct many many_counters(void)
{
    static const char *const names[] = {"number", NULL};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct many many = {.promon = counting_new()};
    struct promon_family *family = NULL;
    unsigned i;

    options.kind = PROMON_COUNTER;
    options.name = "many_total";
    options.labels = names;
    options.max_series = NEAR_COUNTERS + ROUNDS;
    assert_int_equal(promon_family_add(many.promon, &options, &family, NULL), PROMON_OK);
    for (i = 0; i <= NEAR_COUNTERS; i++) {
        char number[16];

        (void)snprintf(number, sizeof(number), "%u", i);
        many.far = promon_family_at(family, LABELS(number));
        if (i == 0)
            many.first = many.far;
    }
    assert_true(many.first->counter_slot < PROMON__NEAR_SLOTS);
    assert_true(many.far->counter_slot >= PROMON__NEAR_SLOTS);
    return many;
}

static void *count(void *data)
{
    const struct many *many = data;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        promon_cell_inc(many->first);
        promon_cell_add_unsigned(many->far, 3);
        (promon_cell_inc)(many->first);
        (promon_cell_add_unsigned)(many->far, 4);
    }
    return NULL;
}

static double value_of(const struct many *many, unsigned number)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", number);
    return counting_value(many->promon, "many_total", LABELS("number", text));
}

static void run_thread(struct many *many)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, count, many), 0);
    count(many);
    pthread_join(thread, NULL);
}

static void counters_are_exact_near_and_far(void **state)
{
    struct many many = many_counters();

    (void)state;
    run_thread(&many);
    run_thread(&many);
    assert_non_null(promon__mine->near);
    assert_true(value_of(&many, 0) == 8.0 * ROUNDS);
    assert_true(value_of(&many, NEAR_COUNTERS) == 28.0 * ROUNDS);
    assert_true(value_of(&many, 1) == 0);
    counting_free(many.promon);
}

struct lacking {
    struct promon_cell *counter, *fractions, *histogram;
    unsigned n; /* which allocation of the thread fails */
    bool has_failed, has_near;
};

static void *count_lacking(void *data)
{
    struct lacking *lacking = data;

    oom_fail_at(lacking->n);
    promon_cell_inc(lacking->counter);
    promon_cell_add(lacking->fractions, 0.5);
    promon_cell_observe(lacking->histogram, 1);
    promon_cell_add_unsigned(lacking->counter, 2);
    lacking->has_failed = oom_stop();
    lacking->has_near = promon_own_slots_.n > 0;
    promon_cell_inc(lacking->counter);
    return NULL;
}

/* A thread's first use lacks memory in each way; one of them is that for the near slots alone. */
static void nothing_is_lost_whichever_memory_a_thread_lacks(void **state)
{
    struct promon *promon = counting_new();
    struct lacking lacking = {.counter = counting_cell(promon, PROMON_COUNTER, "a_total"),
                              .fractions = counting_cell(promon, PROMON_COUNTER, "b_total"),
                              .histogram = counting_cell(promon, PROMON_HISTOGRAM, "c")};
    unsigned n_without_near = 0;

    (void)state;
    do {
        pthread_t thread;

        lacking.n++;
        assert_int_equal(pthread_create(&thread, NULL, count_lacking, &lacking), 0);
        pthread_join(thread, NULL);
        n_without_near += !lacking.has_near;
    } while (lacking.has_failed);
    assert_true(n_without_near == 1);
    assert_true(lacking.n > 3);
    assert_true(counting_value(promon, "a_total", NULL) == 4.0 * lacking.n);
    assert_true(counting_value(promon, "b_total", NULL) == 0.5 * lacking.n);
    assert_true(counting_value(promon, "c_bucket", LABELS("le", "1")) == lacking.n);
    assert_true(counting_value(promon, "c_sum", NULL) == lacking.n);
    counting_free(promon);
}

/* As a fork leaves it that meets the last thread of the list on its way out. */
static void the_child_of_a_fork_mends_the_list_of_threads(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_COUNTER, "a_total");
    struct promon__thread *gone = NULL;

    (void)state;
    promon__process.last_thread = &gone;
    promon__registry_after_fork(promon->registry);
    promon_cell_inc(cell);
    assert_null(gone);
    assert_true(counting_value(promon, "a_total", NULL) == 1);
    counting_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_exact_near_and_far),
        cmocka_unit_test(nothing_is_lost_whichever_memory_a_thread_lacks),
        cmocka_unit_test(the_child_of_a_fork_mends_the_list_of_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
