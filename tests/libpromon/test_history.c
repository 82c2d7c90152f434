/*
 * History: slots of minutes, hours and days, and clocks that jump.
 */
#include "test.h"

#include "history.h"

/* The begin of a day, an hour and a minute. */
#define DAY_S (INT64_C(20000) * 86400)

static struct promon__history *new_history(void)
{
    struct promon__history *history = calloc(1, sizeof(*history));

    assert_non_null(history);
    return history;
}

static void rings_have_their_sizes(void **state)
{
    (void)state;
    assert_int_equal(promon__history_slots(PROMON__MINUTES), 1440);
    assert_int_equal(promon__history_slots(PROMON__HOURS), 720);
    assert_int_equal(promon__history_slots(PROMON__DAYS), 365);
    assert_int_equal(promon__history_slot_s(PROMON__MINUTES), 60);
    assert_int_equal(promon__history_slot_s(PROMON__HOURS), 3600);
    assert_int_equal(promon__history_slot_s(PROMON__DAYS), 86400);
}

static void nothing_is_known_at_first(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S, 0));
    assert_true(promon__history_uptime(history, PROMON__DAYS, DAY_S, 365) == -1);
    free(history);
}

static void check_is_counted_in_all_rings(void **state)
{
    struct promon__history *history = new_history();
    enum promon__ring ring;

    (void)state;
    promon__history_add(history, DAY_S, PROMON__WAS_UP, 5000000);
    promon__history_add(history, DAY_S + 1, PROMON__WAS_UP, 2000000);
    promon__history_add(history, DAY_S + 2, PROMON__WAS_DOWN, 9000000);
    promon__history_add(history, DAY_S + 3, PROMON__WAS_UNKNOWN, 9000000);
    for (ring = PROMON__MINUTES; ring < PROMON__RINGS; ring++) {
        const struct promon__slot *slot = promon__history_slot(history, ring, DAY_S + 4, 0);

        assert_non_null(slot);
        assert_int_equal(slot->up, 2);
        assert_int_equal(slot->down, 1);
        assert_int_equal(slot->unknown, 1);
        assert_int_equal(slot->duration_us_max, 5000);
        assert_int_equal(slot->duration_us_sum, 7000);
    }
    free(history);
}

static void slots_without_a_check_are_empty(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    promon__history_add(history, DAY_S, PROMON__WAS_UP, 0);
    promon__history_add(history, DAY_S + 180, PROMON__WAS_DOWN, 0);
    assert_int_equal(promon__history_slot(history, PROMON__MINUTES, DAY_S + 180, 0)->down, 1);
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S + 180, 1));
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S + 180, 2));
    assert_int_equal(promon__history_slot(history, PROMON__MINUTES, DAY_S + 180, 3)->up, 1);
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S + 180, 4));
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S + 180, 5000));
    free(history);
}

static void time_passes_without_checks_too(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    promon__history_add(history, DAY_S, PROMON__WAS_UP, 0);
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S + 120, 0));
    assert_int_equal(promon__history_slot(history, PROMON__MINUTES, DAY_S + 120, 2)->up, 1);
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S + 1440 * 60, 1439));
    free(history);
}

static void old_slots_make_room(void **state)
{
    struct promon__history *history = new_history();
    int minute;

    (void)state;
    for (minute = 0; minute < 3 * PROMON__MINUTE_SLOTS; minute++)
        promon__history_add(history, DAY_S + minute * 60, PROMON__WAS_UP, 0);
    for (minute = 0; minute < PROMON__MINUTE_SLOTS; minute++)
        assert_int_equal(promon__history_slot(history, PROMON__MINUTES,
                                              DAY_S + (3 * PROMON__MINUTE_SLOTS - 1) * 60,
                                              (size_t)minute)
                             ->up,
                         1);
    assert_int_equal(promon__history_slot(history, PROMON__DAYS, DAY_S + 2 * 86400, 1)->up, 1440);
    free(history);
}

static void leap_of_the_clock_empties_what_it_jumped_over(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    promon__history_add(history, DAY_S, PROMON__WAS_UP, 0);
    promon__history_add(history, DAY_S + 1440 * 60, PROMON__WAS_DOWN, 0);
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S + 1440 * 60, 1439));
    assert_int_equal(promon__history_slot(history, PROMON__HOURS, DAY_S + 1440 * 60, 24)->up, 1);
    free(history);
}

static void clock_that_jumps_back_adds_to_the_newest_slot(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    promon__history_add(history, DAY_S + 600, PROMON__WAS_UP, 0);
    promon__history_add(history, DAY_S, PROMON__WAS_UP, 0);
    assert_int_equal(promon__history_slot(history, PROMON__MINUTES, DAY_S + 600, 0)->up, 2);
    assert_null(promon__history_slot(history, PROMON__MINUTES, DAY_S, 0));
    free(history);
}

static void clock_that_jumps_back_by_far_begins_anew(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    promon__history_add(history, 2 * DAY_S, PROMON__WAS_UP, 0);
    promon__history_add(history, DAY_S, PROMON__WAS_DOWN, 0);
    assert_int_equal(promon__history_slot(history, PROMON__DAYS, DAY_S, 0)->down, 1);
    assert_int_equal(promon__history_slot(history, PROMON__DAYS, DAY_S, 0)->up, 0);
    free(history);
}

static void clock_before_1970_is_survived(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    promon__history_add(history, -5, PROMON__WAS_UP, -1);
    promon__history_add(history, 0, PROMON__WAS_UP, INT64_MAX);
    assert_int_equal(promon__history_slot(history, PROMON__DAYS, 0, 0)->up, 2);
    assert_int_equal(promon__history_slot(history, PROMON__DAYS, 0, 0)->duration_us_max,
                     UINT32_MAX);
    assert_null(promon__history_slot(history, PROMON__DAYS, 0, 1));
    free(history);
}

static void uptime_is_of_known_checks_only(void **state)
{
    struct promon__history *history = new_history();

    (void)state;
    promon__history_add(history, DAY_S, PROMON__WAS_UNKNOWN, 0);
    assert_true(promon__history_uptime(history, PROMON__MINUTES, DAY_S, 60) == -1);
    promon__history_add(history, DAY_S, PROMON__WAS_UP, 0);
    promon__history_add(history, DAY_S + 60, PROMON__WAS_UP, 0);
    promon__history_add(history, DAY_S + 120, PROMON__WAS_UP, 0);
    promon__history_add(history, DAY_S + 180, PROMON__WAS_DOWN, 0);
    assert_true(promon__history_uptime(history, PROMON__MINUTES, DAY_S + 180, 60) == 0.75);
    assert_true(promon__history_uptime(history, PROMON__MINUTES, DAY_S + 180, 2) == 0.5);
    assert_true(promon__history_uptime(history, PROMON__MINUTES, DAY_S + 180, 99999) == 0.75);
    free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_have_their_sizes),
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(check_is_counted_in_all_rings),
        cmocka_unit_test(slots_without_a_check_are_empty),
        cmocka_unit_test(time_passes_without_checks_too),
        cmocka_unit_test(old_slots_make_room),
        cmocka_unit_test(leap_of_the_clock_empties_what_it_jumped_over),
        cmocka_unit_test(clock_that_jumps_back_adds_to_the_newest_slot),
        cmocka_unit_test(clock_that_jumps_back_by_far_begins_anew),
        cmocka_unit_test(clock_before_1970_is_survived),
        cmocka_unit_test(uptime_is_of_known_checks_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
