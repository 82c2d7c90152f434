/* Times in payloads. */
#include "test.h"

#include <time.h>

#include <amqpext/time.h>

static void times_are_reals_without_fraction(void **state)
{
    json_t *json = amqpext_time_json(1496655000);
    char *dumped = json_dumps(json, JSON_ENCODE_ANY);

    (void)state;
    assert_string_equal(dumped, "1496655000.0");
    free(dumped);
    json_decref(json);
}

static void assert_time(json_t *json, time_t expected)
{
    time_t seconds = 0;

    assert_true(amqpext_time_from_json(json, &seconds));
    assert_true(seconds == expected);
    json_decref(json);
}

static void assert_no_time(json_t *json)
{
    time_t seconds = 4711;

    assert_false(amqpext_time_from_json(json, &seconds));
    assert_true(seconds == 4711);
    json_decref(json);
}

static void integers_and_reals_are_read(void **state)
{
    (void)state;
    assert_time(amqpext_time_json(-1), -1);
    assert_time(json_integer(1496655000), 1496655000);
    assert_time(json_real(1496655000.999), 1496655000);
    assert_time(json_real(-0.5), -1);
    assert_time(json_integer(INT64_MIN), INT64_MIN);
    assert_time(json_real(-0x1p63), INT64_MIN);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    assert_no_time(json_string("1496655000"));
    assert_no_time(json_true());
    assert_no_time(json_null());
    assert_no_time(json_real(0x1p63));
    assert_no_time(json_real(1e300));
    assert_no_time(json_real(-1e300));
    assert_no_time(NULL);
}

static void dates_are_meant_as_utc(void **state)
{
    static const struct {
        int year, month, day, hour, minute, second;
        time_t expected;
    } cases[] = {{1970, 1, 1, 0, 0, 0, 0},
                 {2017, 6, 5, 9, 30, 0, 1496655000},
                 {2000, 2, 29, 23, 59, 59, 951868799},
                 {1969, 12, 31, 23, 59, 59, -1},
                 {2038, 1, 19, 3, 14, 8, 2147483648},
                 {1, 1, 1, 0, 0, 0, -62135596800},
                 {0, 3, 1, 0, 0, 0, -62162035200},
                 {-1, 12, 31, 0, 0, 0, -62167305600},
                 {9999, 12, 31, 23, 59, 59, 253402300799}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        time_t seconds = 4711;

        assert_true(amqpext_time_from_utc(cases[i].year, cases[i].month, cases[i].day,
                                          cases[i].hour, cases[i].minute, cases[i].second,
                                          &seconds));
        assert_true(seconds == cases[i].expected);
    }
}

static void the_time_zone_of_the_process_does_not_matter(void **state)
{
    time_t seconds = 0;

    (void)state;
    setenv("TZ", "America/New_York", 1);
    tzset();
    assert_true(amqpext_time_from_utc(2017, 6, 5, 9, 30, 0, &seconds));
    assert_true(seconds == 1496655000);
    unsetenv("TZ");
    tzset();
}

static void every_day_of_four_hundred_years_has_its_own_number(void **state)
{
    time_t seconds;
    time_t expected = 946684800 - 86400;
    int year, month, day;

    (void)state;
    for (year = 2000; year < 2400; year++) {
        for (month = 1; month <= 12; month++) {
            for (day = 1; day <= 31; day++) {
                if (!amqpext_time_from_utc(year, month, day, 0, 0, 0, &seconds))
                    continue;
                expected += 86400;
                assert_true(seconds == expected);
            }
        }
    }
    assert_true(expected == 13569379200);
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    static const int cases[][6] = {
        {2026, 0, 1, 0, 0, 0},  {2026, 13, 1, 0, 0, 0}, {2026, 2, 29, 0, 0, 0},
        {1900, 2, 29, 0, 0, 0}, {2026, 4, 31, 0, 0, 0}, {2026, 1, 0, 0, 0, 0},
        {2026, 1, 32, 0, 0, 0}, {2026, 1, 1, 24, 0, 0}, {2026, 1, 1, -1, 0, 0},
        {2026, 1, 1, 0, 60, 0}, {2026, 1, 1, 0, 0, 60}, {2026, 1, 1, 0, 0, -1},
        {2026, -1, 1, 0, 0, 0}};
    time_t seconds = 4711;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int *c = cases[i];

        assert_false(amqpext_time_from_utc(c[0], c[1], c[2], c[3], c[4], c[5], &seconds));
        assert_true(seconds == 4711);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_reals_without_fraction),
        cmocka_unit_test(integers_and_reals_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(dates_are_meant_as_utc),
        cmocka_unit_test(the_time_zone_of_the_process_does_not_matter),
        cmocka_unit_test(every_day_of_four_hundred_years_has_its_own_number),
        cmocka_unit_test(dates_that_do_not_exist_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
