/*
 * Schedule: the heap of timers, and slots that do not drift.
 */
#include "test.h"

#include <stdio.h>

#include "schedule.h"

enum { TIMERS = 500 };

static void nothing_is_due_in_an_empty_schedule(void **state)
{
    struct promon__schedule schedule = {.heap = NULL};
    struct promon__timer timer = {.due_ns = 0};

    (void)state;
    assert_null(promon__schedule_first(&schedule));
    promon__schedule_remove(&schedule, &timer);
    promon__schedule_free(&schedule);
}

static void check_heap(const struct promon__schedule *schedule)
{
    size_t i;

    for (i = 0; i < schedule->size; i++) {
        assert_int_equal(schedule->heap[i]->place, i + 1);
        if (i > 0)
            assert_true(schedule->heap[(i - 1) / 2]->due_ns <= schedule->heap[i]->due_ns);
    }
}

static void first_is_always_the_earliest(void **state)
{
    static struct promon__timer timers[TIMERS];
    struct promon__schedule schedule = {.heap = NULL};
    uint64_t seed = 1;
    int64_t last = 0;
    size_t i;

    (void)state;
    assert_true(promon__schedule_reserve(&schedule, TIMERS));
    for (i = 0; i < 20 * TIMERS; i++) {
        struct promon__timer *timer;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
        timer = &timers[(seed >> 40) % TIMERS];
        if ((seed >> 33) % 4 == 0)
            promon__schedule_remove(&schedule, timer);
        else
            promon__schedule_set(&schedule, timer, (int64_t)((seed >> 20) % 10000));
        check_heap(&schedule);
    }
    assert_true(schedule.size > 1);
    while (promon__schedule_first(&schedule) != NULL) {
        struct promon__timer *first = promon__schedule_first(&schedule);

        assert_true(first->due_ns >= last);
        last = first->due_ns;
        promon__schedule_remove(&schedule, first);
        assert_int_equal(first->place, 0);
    }
    promon__schedule_free(&schedule);
}

static void slots_are_a_whole_interval_apart_for_ever(void **state)
{
    const int64_t interval = 7000;
    const uint64_t hash = promon__name_hash("monitoring_redis");
    int64_t slot = promon__next_slot(hash, interval, 123456789);
    int i;

    (void)state;
    for (i = 0; i < 100000; i++) {
        /* Asked late, by up to the whole interval. */
        const int64_t next = promon__next_slot(hash, interval, slot + i % interval);

        assert_true(next == slot + interval);
        slot = next;
    }
}

static void slot_is_after_the_time_and_at_most_an_interval_away(void **state)
{
    const uint64_t hash = promon__name_hash("x");
    int64_t time;

    (void)state;
    for (time = 0; time < 3000; time++) {
        const int64_t slot = promon__next_slot(hash, 100, time);

        assert_true(slot > time && slot <= time + 100);
        assert_true(slot % 100 == (int64_t)(hash % 100));
    }
}

static void slots_that_were_slept_over_are_skipped(void **state)
{
    const uint64_t hash = promon__name_hash("x");
    const int64_t slot = promon__next_slot(hash, 100, 0);

    (void)state;
    assert_true(promon__next_slot(hash, 100, slot + 1050) == slot + 1100);
}

static void names_spread_over_the_interval(void **state)
{
    enum { NAMES = 1000, PARTS = 10 };
    int parts[PARTS] = {0};
    char name[32];
    int i;

    (void)state;
    for (i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof(name), "monitoring_%d", i);
        parts[promon__next_slot(promon__name_hash(name), 1000000, 0) * PARTS / 1000001]++;
    }
    /* Evenly would be 100 in each; a thousand names of one interval must not meet. */
    for (i = 0; i < PARTS; i++)
        assert_true(parts[i] > 50 && parts[i] < 150);
}

static void phase_of_a_name_never_changes(void **state)
{
    (void)state;
    assert_true(promon__name_hash("") == promon__name_hash(""));
    assert_true(promon__name_hash("monitoring_http") == UINT64_C(0x42bde2dc705db7b2));
}

static void reserve_without_memory(void *context)
{
    struct promon__schedule *schedule = context;
    struct promon__timer timer = {.due_ns = 0};

    if (promon__schedule_reserve(schedule, schedule->capacity + 8)) {
        promon__schedule_set(schedule, &timer, 5);
        promon__schedule_remove(schedule, &timer);
    }
}

static void every_failed_allocation_is_survived(void **state)
{
    struct promon__schedule schedule = {.heap = NULL};

    (void)state;
    assert_int_equal(oom_for_every_allocation(reserve_without_memory, &schedule), 1);
    promon__schedule_free(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_due_in_an_empty_schedule),
        cmocka_unit_test(first_is_always_the_earliest),
        cmocka_unit_test(slots_are_a_whole_interval_apart_for_ever),
        cmocka_unit_test(slot_is_after_the_time_and_at_most_an_interval_away),
        cmocka_unit_test(slots_that_were_slept_over_are_skipped),
        cmocka_unit_test(names_spread_over_the_interval),
        cmocka_unit_test(phase_of_a_name_never_changes),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
