/* Dates and times: calendar, ISO text, ranges, offsets, rounding. */
#include "test.h"

#include <stdio.h>
#include <time.h>

#include "texts.h"
#include "value.h"

static void dates_are_read_and_written(void **state)
{
    static const struct text_case cases[] = {
        {"2000-01-01", "2000-01-01"},       {"1970-01-01", "1970-01-01"},
        {"2024-02-29", "2024-02-29"},       {"1900-02-28", "1900-02-28"},
        {"2000-02-29", "2000-02-29"},       {"0001-01-01", "0001-01-01"},
        {"0001-12-31 BC", "0001-12-31 BC"}, {"0044-03-15 bc", "0044-03-15 BC"},
        {"0005-02-29 BC", "0005-02-29 BC"}, {"10000-01-01", "10000-01-01"},
        {"4714-11-24 BC", "4714-11-24 BC"}, {"5874897-12-31", "5874897-12-31"},
        {"infinity", "infinity"},           {"-Infinity", "-infinity"},
        {"+infinity", "infinity"},          {" 2000-01-01 ", "2000-01-01"}};

    (void)state;
    expect_texts(MINIORM_T_date, cases);
}

static void what_is_no_date_is_refused(void **state)
{
    static const struct text_case cases[] = {{"", NULL},
                                             {"2000", NULL},
                                             {"2000-01", NULL},
                                             {"2000-1-1", NULL},
                                             {"2000-13-01", NULL},
                                             {"2000-00-01", NULL},
                                             {"2000-01-00", NULL},
                                             {"2000-01-32", NULL},
                                             {"2023-02-29", NULL},
                                             {"1900-02-29", NULL},
                                             {"2000-04-31", NULL},
                                             {"0000-01-01", NULL},
                                             {"-2000-01-01", NULL},
                                             {"99-01-01", NULL},
                                             {"2000-01-01x", NULL},
                                             {"2000-01-01 AD", NULL},
                                             {"2000-01-01BC", NULL},
                                             {"4714-11-23 BC", NULL},
                                             {"5874898-01-01", NULL},
                                             {"99999999-01-01", NULL},
                                             {"2000/01/01", NULL},
                                             {"2000-01-01 10:00", NULL},
                                             {"infinit", NULL},
                                             {"0004-02-29 BC", NULL},
                                             {"tomorrow", NULL}};

    (void)state;
    expect_texts(MINIORM_T_date, cases);
}

static void times_are_read_and_written(void **state)
{
    static const struct text_case cases[] = {{"00:00", "00:00:00"},
                                             {"04:05", "04:05:00"},
                                             {"04:05:06", "04:05:06"},
                                             {"04:05:06.7", "04:05:06.7"},
                                             {"04:05:06.789012", "04:05:06.789012"},
                                             {"04:05:06,5", "04:05:06.5"},
                                             {"04:05:06.000001", "04:05:06.000001"},
                                             {"04:05:06.0000004", "04:05:06"},
                                             {"04:05:06.0000006", "04:05:06.000001"},
                                             {"04:05:06.120000000000000000000", "04:05:06.12"},
                                             {"23:59:59.9999999", "24:00:00"},
                                             {"24:00:00", "24:00:00"},
                                             {"23:59:60", "24:00:00"},
                                             {"24:00:00.000001", NULL},
                                             {"24:01", NULL},
                                             {"25:00", NULL},
                                             {"12:60", NULL},
                                             {"12:00:61", NULL},
                                             {"1:00", NULL},
                                             {"12", NULL},
                                             {"12:", NULL},
                                             {"12:0", NULL},
                                             {"12:00:", NULL},
                                             {"12:00:00.", NULL},
                                             {"12:00:00Z", NULL},
                                             {"", NULL},
                                             {"infinity", NULL}};

    (void)state;
    expect_texts(MINIORM_T_time, cases);
}

static void points_of_time_without_zone_take_no_offset(void **state)
{
    static const struct text_case cases[] = {
        {"2024-02-29 12:34:56", "2024-02-29 12:34:56"},
        {"2024-02-29T12:34:56.5", "2024-02-29 12:34:56.5"},
        {"2024-02-29", "2024-02-29 00:00:00"},
        {"2024-02-29 24:00", "2024-03-01 00:00:00"},
        {"2016-12-31 23:59:60", "2017-01-01 00:00:00"},
        {"2024-02-29T12:34:56Z", "2024-02-29 12:34:56"},
        {"2024-02-29T12:34:56+00:00", "2024-02-29 12:34:56"},
        {"2024-02-29T12:34:56+02:00", NULL},
        {"0044-03-15 12:00 BC", "0044-03-15 12:00:00 BC"},
        {"0044-03-15 BC", "0044-03-15 00:00:00 BC"},
        {"4714-11-24 00:00:00 BC", "4714-11-24 00:00:00 BC"},
        {"4714-11-23 23:59:59.999999 BC", NULL},
        {"294276-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999"},
        {"294277-01-01 00:00:00", NULL},
        {"294276-12-31 23:59:59.9999999", NULL},
        {"infinity", "infinity"},
        {"-infinity", "-infinity"},
        {"2024-02-29T", NULL},
        {"2024-02-29 ", "2024-02-29 00:00:00"},
        {"2024-02-29x12:34", NULL},
        {"2024-02-29 12:34:56 foo", NULL},
        {"2024-02-30 12:34:56", NULL},
        {"12:34:56", NULL}};

    (void)state;
    expect_texts(MINIORM_T_timestamp, cases);
}

static void points_of_time_with_zone_are_turned_to_utc(void **state)
{
    static const struct text_case cases[] = {
        {"2024-02-29 12:34:56", "2024-02-29 12:34:56+00"},
        {"2024-02-29T12:34:56Z", "2024-02-29 12:34:56+00"},
        {"2024-02-29t12:34:56z", "2024-02-29 12:34:56+00"},
        {"2024-02-29 00:30:00+01", "2024-02-28 23:30:00+00"},
        {"2024-02-29 23:30:00-0130", "2024-03-01 01:00:00+00"},
        {"2024-02-29 12:00:00+05:45", "2024-02-29 06:15:00+00"},
        {"1890-01-01 00:00:00+01:22:45", "1889-12-31 22:37:15+00"},
        {"2024-02-29 12:00:00.25 +02", "2024-02-29 10:00:00.25+00"},
        {"0044-03-15 00:00:00+00 BC", "0044-03-15 00:00:00+00 BC"},
        {"4714-11-24 00:00:00-01 BC", "4714-11-24 01:00:00+00 BC"},
        {"4714-11-24 00:00:00+01 BC", NULL},
        {"294276-12-31 23:59:59-01", NULL},
        {"2024-02-29 12:00+16", NULL},
        {"2024-02-29 12:00+15:59", "2024-02-28 20:01:00+00"},
        {"2024-02-29 12:00+1", NULL},
        {"2024-02-29 12:00+01:", NULL},
        {"2024-02-29 12:00+01:60", NULL},
        {"2024-02-29 12:00+", NULL},
        {"2024-02-29 12:00 UTC", NULL},
        {"2024-02-29 12:00ZZ", NULL}};

    (void)state;
    expect_texts(MINIORM_T_timestamptz, cases);
}

static void days_and_microseconds_count_from_the_year_2000(void **state)
{
    int64_t number;

    (void)state;
    assert_true(miniorm__date_parse(MINIORM_S("2000-01-01"), &number));
    assert_int_equal(number, 0);
    assert_true(miniorm__date_parse(MINIORM_S("1999-12-31"), &number));
    assert_int_equal(number, -1);
    assert_true(miniorm__timestamp_parse(MINIORM_S("1970-01-01"), true, &number));
    assert_int_equal(number, -MINIORM_EPOCH_OFFSET_S * 1000000);
    assert_true(miniorm__timestamp_parse(MINIORM_S("1999-12-31 23:59:59.999999"), true, &number));
    assert_int_equal(number, -1);
    assert_true(miniorm__date_parse(MINIORM_S("infinity"), &number));
    assert_int_equal(number, MINIORM_DATE_INFINITY);
    assert_true(miniorm__timestamp_parse(MINIORM_S("-infinity"), true, &number));
    assert_int_equal(number, MINIORM_NEGATIVE_INFINITY);
}

/* The C library knows the same calendar. */
static void calendar_is_that_of_the_c_library(void **state)
{
    int64_t days;

    (void)state;
    for (days = -740000; days < 740000; days += 7) {
        const time_t seconds = (time_t)(days * 86400 + MINIORM_EPOCH_OFFSET_S);
        char expected[32];
        char text[MINIORM_FORMAT_SIZE];
        struct tm parts;
        int64_t again;

        assert_non_null(gmtime_r(&seconds, &parts));
        if (parts.tm_year + 1900 < 1)
            continue;
        snprintf(expected, sizeof(expected), "%04d-%02d-%02d", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday);
        text[miniorm__date_format(days, text)] = '\0';
        assert_string_equal(text, expected);
        assert_true(miniorm__date_parse(text_of(text), &again));
        assert_int_equal(again, days);
    }
}

static void every_day_comes_back(void **state)
{
    int64_t days;

    (void)state;
    for (days = -2451545; days < INT64_C(2145031949); days += 9973) {
        char text[MINIORM_FORMAT_SIZE];
        int64_t again;

        assert_true(
            miniorm__date_parse(miniorm_text_from(text, miniorm__date_format(days, text)), &again));
        assert_int_equal(again, days);
    }
}

static void what_is_out_of_range_is_not_written(void **state)
{
    char text[MINIORM_FORMAT_SIZE];

    (void)state;
    assert_int_equal(miniorm__date_format(INT64_MAX, text), 0);
    assert_int_equal(miniorm__date_format(-2451546, text), 0);
    assert_int_equal(miniorm__time_format(-1, text), 0);
    assert_int_equal(miniorm__time_format(INT64_C(86400000001), text), 0);
    assert_int_equal(miniorm__timestamp_format(INT64_MAX - 1, "", text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read_and_written),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(points_of_time_without_zone_take_no_offset),
        cmocka_unit_test(points_of_time_with_zone_are_turned_to_utc),
        cmocka_unit_test(days_and_microseconds_count_from_the_year_2000),
        cmocka_unit_test(calendar_is_that_of_the_c_library),
        cmocka_unit_test(every_day_comes_back),
        cmocka_unit_test(what_is_out_of_range_is_not_written),
    };

    return cmocka_run_group_tests_name("datetime", tests, NULL, NULL);
}
