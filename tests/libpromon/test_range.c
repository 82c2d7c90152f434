/* Ranges: slots of a history to bars that begin at round times. */
#include "test.h"

#include "range.h"

/* A moment in the middle of a bar of each range. */
#define NOON INT64_C(1700000000)
#define DAY_S INT64_C(86400)

static struct promon__history history;

static int forget(void **state)
{
    (void)state;
    memset(&history, 0, sizeof(history));
    return 0;
}

static void the_range_is_that_of_the_query(void **state)
{
    (void)state;
    assert_string_equal(promon__range_asked(NULL)->name, "day");
    assert_string_equal(promon__range_asked("")->name, "day");
    assert_string_equal(promon__range_asked("range=month")->name, "month");
    assert_string_equal(promon__range_asked("a&range=year&b")->name, "year");
    assert_string_equal(promon__range_asked("range=century")->name, "day");
    assert_string_equal(promon__range_asked("range=months")->name, "day");
}

static void bars_have_the_length_of_their_range(void **state)
{
    (void)state;
    assert_int_equal(promon__range_bar_s(&promon__ranges[0]), 15 * 60);
    assert_int_equal(promon__range_bar_s(&promon__ranges[1]), 8 * 3600);
    assert_int_equal(promon__range_bar_s(&promon__ranges[2]), 5 * 86400);
    assert_null(promon__ranges[3].name);
}

/* One check in each minute of a quarter of an hour is one bar, wherever "now" is in the next. */
static void bar_is_a_round_quarter_of_an_hour(void **state)
{
    const struct promon__range *day = &promon__ranges[0];
    const int64_t begin = NOON / 900 * 900;
    struct promon__slot bars[PROMON__MAX_BARS];
    int minute;

    (void)state;
    for (minute = 0; minute < 15; minute++)
        promon__history_add(&history, begin + minute * 60, PROMON__WAS_UP, 2000000);
    assert_int_equal(promon__range_bars(day, &history, begin + 14 * 60, bars), 96);
    assert_int_equal(bars[95].up, 15);
    for (minute = 15; minute < 30; minute++) {
        (void)promon__range_bars(day, &history, begin + minute * 60, bars);
        assert_int_equal(bars[95].up, 0);
        assert_int_equal(bars[94].up, 15);
        assert_int_equal(bars[94].duration_us_sum, 15 * 2000);
        assert_int_equal(bars[94].duration_us_max, 2000);
        assert_int_equal(bars[93].up + bars[0].up, 0);
    }
}

static void every_remembered_check_is_in_a_bar(void **state)
{
    size_t r;

    (void)state;
    for (r = 0; r < 3; r++) {
        const struct promon__range *range = &promon__ranges[r];
        struct promon__slot bars[PROMON__MAX_BARS];
        uint64_t ups = 0, downs = 0;
        size_t i, n_bars;
        int64_t at;

        memset(&history, 0, sizeof(history));
        for (at = NOON - promon__range_bar_s(range) * 90; at <= NOON; at += 60 * 60)
            promon__history_add(&history, at, at % 7 == 0 ? PROMON__WAS_DOWN : PROMON__WAS_UP, 1);
        n_bars = promon__range_bars(range, &history, NOON, bars);
        assert_int_equal(n_bars, range->bars);
        for (i = 0; i < n_bars; i++) {
            ups += bars[i].up;
            downs += bars[i].down;
        }
        assert_true(ups != 0 && downs != 0);
        /* The oldest slots may belong to a bar that is gone. */
        assert_true(ups <= promon__range_sum(range, &history, NOON).up);
        assert_true(ups + downs + range->slots_per_bar * 5 * 24 >=
                    promon__range_sum(range, &history, NOON).up +
                        promon__range_sum(range, &history, NOON).down);
    }
}

static void sum_and_uptime_are_of_the_whole_range(void **state)
{
    (void)state;
    assert_true(promon__range_uptime(&promon__ranges[0], &history, NOON) < 0);
    promon__history_add(&history, NOON - 2 * DAY_S, PROMON__WAS_DOWN, 0);
    promon__history_add(&history, NOON - DAY_S / 2, PROMON__WAS_UP, 3000000);
    promon__history_add(&history, NOON, PROMON__WAS_UP, 1000000);
    promon__history_add(&history, NOON, PROMON__WAS_UNKNOWN, 1000000);
    assert_true(promon__range_uptime(&promon__ranges[0], &history, NOON) == 1);
    assert_true(promon__range_uptime(&promon__ranges[1], &history, NOON) < 0.67);
    assert_true(promon__range_uptime(&promon__ranges[1], &history, NOON) > 0.66);
    assert_int_equal(promon__range_sum(&promon__ranges[0], &history, NOON).up, 2);
    assert_int_equal(promon__range_sum(&promon__ranges[0], &history, NOON).unknown, 1);
    assert_int_equal(promon__range_sum(&promon__ranges[0], &history, NOON).duration_us_max, 3000);
    assert_int_equal(promon__range_sum(&promon__ranges[1], &history, NOON).down, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_range_is_that_of_the_query, forget),
        cmocka_unit_test_setup(bars_have_the_length_of_their_range, forget),
        cmocka_unit_test_setup(bar_is_a_round_quarter_of_an_hour, forget),
        cmocka_unit_test_setup(every_remembered_check_is_in_a_bar, forget),
        cmocka_unit_test_setup(sum_and_uptime_are_of_the_whole_range, forget),
    };

    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
