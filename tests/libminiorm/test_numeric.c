/* Exact decimal numbers: what is one, one spelling, what a column keeps, and order by value. */
#include "test.h"

#include <miniorm/numeric.h>

#include <stdio.h>

#include "texts.h"
#include "value.h"

static bool is_valid(const char *text)
{
    return miniorm__numeric_is_valid(text_of(text));
}

static void sign_digits_point_and_exponent_make_a_numeric(void **state)
{
    static const char *const valid[] = {
        "0",        "1",   "-1",  "+1",       "1.5",       ".5",  "5.",   "1e5", "1E-5",
        "-1.50e+3", "NaN", "nan", "Infinity", "-infinity", "inf", "+inf", "0e0", "000.000"};
    static const char *const invalid[] = {"",     ".",     "-",       "+",     "1e",  "1e+",
                                          "e5",   "1.2.3", "1,5",     "0x10",  "1 5", "--1",
                                          "-NaN", "+NaN",  "infinit", "1e5e5", "-.e1"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        assert_true(is_valid(valid[i]));
    for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        assert_false(is_valid(invalid[i]));
}

static void limits_are_those_of_postgresql(void **state)
{
    (void)state;
    assert_true(is_valid("1e131071"));
    assert_false(is_valid("1e131072"));
    assert_true(is_valid("1e-16383"));
    assert_false(is_valid("1e-16384"));
    assert_true(is_valid("0.1e131072"));
    assert_false(is_valid("1e99999999999999999999"));
    assert_false(is_valid("1e-99999999999999999999"));
}

static void every_numeric_has_one_spelling(void **state)
{
    static const struct text_case cases[] = {{"1", "1"},
                                             {"+1", "1"},
                                             {"007", "7"},
                                             {"-007.50", "-7.50"},
                                             {".5", "0.5"},
                                             {"-.5", "-0.5"},
                                             {"5.", "5"},
                                             {"1e3", "1000"},
                                             {"1.50e1", "15.0"},
                                             {"1.5e1", "15"},
                                             {"150e-2", "1.50"},
                                             {"1e-3", "0.001"},
                                             {"0", "0"},
                                             {"-0", "0"},
                                             {"-0.00", "0.00"},
                                             {"0e5", "0"},
                                             {"0e-2", "0.00"},
                                             {"000", "0"},
                                             {"nan", "NaN"},
                                             {"inf", "Infinity"},
                                             {"-INF", "-Infinity"},
                                             {"10", "10"},
                                             {"100.00", "100.00"},
                                             {"0.0012e2", "0.12"},
                                             {"1234.5678e-2", "12.345678"},
                                             {"00.10", "0.10"},
                                             {"12.34e1", "123.4"},
                                             {"0.001e3", "1"},
                                             {"0.001e5", "100"}};
    struct arena arena = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct miniorm_text normal = miniorm__numeric_normal(text_of(cases[i].text), &arena);

        assert_int_equal(normal.size, strlen(cases[i].expected));
        assert_memory_equal(normal.data, cases[i].expected, normal.size);
    }
    arena_free(&arena);
}

static void normal_spelling_is_borrowed(void **state)
{
    static const char *const normal[] = {"0", "-1", "12.50", "0.001",
                                         "123456789012345678901234567890"};
    struct arena arena = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(normal) / sizeof(normal[0]); i++)
        assert_ptr_equal(miniorm__numeric_normal(text_of(normal[i]), &arena).data, normal[i]);
    assert_null(arena.block);
}

static void normal_spelling_without_memory_is_none(void **state)
{
    struct arena arena = {0};
    struct miniorm_text text;

    (void)state;
    oom_fail_at(1);
    text = miniorm__numeric_normal(MINIORM_S("1e3"), &arena);
    oom_stop();
    assert_null(text.data);
}

static void assert_fit(const char *number, unsigned precision, unsigned scale, const char *expected)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_text out = {NULL, 0};
    char buffer[MINIORM_NUMERIC_SIZE];
    const enum miniorm_status status =
        miniorm_numeric_fit(text_of(number), precision, scale, buffer, &out, &error);

    if (status != (expected == NULL ? MINIORM_EVALUE : MINIORM_OK))
        fail_msg("%s in numeric(%u,%u): %s", number, precision, scale, miniorm_status_name(status));
    assert_int_equal(error.status, status);
    if (expected == NULL) {
        assert_null(out.data);
        return;
    }
    if (out.size != strlen(expected) || memcmp(out.data, expected, out.size) != 0)
        fail_msg("%s in numeric(%u,%u): %.*s, not %s", number, precision, scale, (int)out.size,
                 out.data, expected);
    assert_int_equal(out.data[out.size], '\0');
}

static void numbers_are_rounded_half_away_from_zero(void **state)
{
    (void)state;
    assert_fit("1.005", 12, 2, "1.01");
    assert_fit("-1.005", 12, 2, "-1.01");
    assert_fit("1.0049999", 12, 2, "1.00");
    assert_fit("12.5", 12, 2, "12.50");
    assert_fit("5", 12, 2, "5.00");
    assert_fit("99.5", 3, 0, "100");
    assert_fit("-99.5", 3, 0, "-100");
    assert_fit("1.995", 3, 2, "2.00");
    assert_fit("0.5", 1, 0, "1");
    assert_fit("0.4", 1, 0, "0");
    assert_fit("0.049", 1, 1, "0.0");
    assert_fit("0.05", 1, 1, "0.1");
    assert_fit("0.005", 12, 2, "0.01");
    assert_fit("0.00499", 12, 2, "0.00");
    assert_fit("0.0005", 12, 2, "0.00");
    assert_fit("1e-50", 12, 2, "0.00");
    assert_fit("1e-16383", 12, 2, "0.00");
}

static void zero_that_a_number_is_rounded_to_has_no_sign(void **state)
{
    (void)state;
    assert_fit("0", 12, 2, "0.00");
    assert_fit("-0", 12, 2, "0.00");
    assert_fit("-0.00", 12, 2, "0.00");
    assert_fit("0.000e5", 12, 2, "0.00");
    assert_fit("0e100", 12, 2, "0.00");
    assert_fit("-0.004", 12, 2, "0.00");
    assert_fit("-0.4", 5, 0, "0");
    assert_fit("-0.005", 12, 2, "-0.01");
    assert_fit("-0.5", 5, 0, "-1");
}

static void numbers_are_rounded_in_every_spelling(void **state)
{
    (void)state;
    assert_fit("1e3", 12, 2, "1000.00");
    assert_fit("1505e-3", 12, 2, "1.51");
    assert_fit("-1.5E+2", 12, 2, "-150.00");
    assert_fit("0.0000012345e6", 12, 2, "1.23");
    assert_fit("+7", 12, 2, "7.00");
    assert_fit(".5", 2, 1, "0.5");
    assert_fit("5.", 2, 1, "5.0");
    assert_fit("5.", 2, 0, "5");
    assert_fit("000123", 3, 0, "123");
    assert_fit("0009999999999.994", 12, 2, "9999999999.99");
}

static void number_with_more_digits_than_the_precision_is_refused(void **state)
{
    (void)state;
    assert_fit("9999999999.99", 12, 2, "9999999999.99");
    assert_fit("9999999999.994", 12, 2, "9999999999.99");
    assert_fit("9999999999.995", 12, 2, NULL);
    assert_fit("-9999999999.995", 12, 2, NULL);
    assert_fit("10000000000", 12, 2, NULL);
    assert_fit("1e20", 12, 2, NULL);
    assert_fit("1e131071", 12, 2, NULL);
    assert_fit("9.995", 3, 2, NULL);
    assert_fit("99.5", 2, 0, NULL);
    assert_fit("0.999", 3, 3, "0.999");
    assert_fit("0.999", 2, 2, NULL);
    assert_fit("0.994", 2, 2, "0.99");
    assert_fit("1", 2, 2, NULL);
}

static void precision_holds_not_a_number_but_no_infinity(void **state)
{
    (void)state;
    assert_fit("NaN", 12, 2, "NaN");
    assert_fit("nan", 1, 1, "nan");
    assert_fit("Infinity", 12, 2, NULL);
    assert_fit("-inf", 1000, 0, NULL);
}

static void precision_of_zero_takes_every_number_as_it_is(void **state)
{
    (void)state;
    assert_fit("1.005", 0, 0, "1.005");
    assert_fit("+1e20", 0, 0, "+1e20");
    assert_fit("-Infinity", 0, 0, "-Infinity");
    assert_fit("1e131072", 0, 0, NULL);
    assert_fit("much", 0, 0, NULL);
}

static void what_is_no_numeric_fits_nowhere(void **state)
{
    static const char *const texts[] = {"", ".", "1,5", " 1", "1 ", "0x10", "1e-16384", "1e131072"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_fit(texts[i], 12, 2, NULL);
}

static void number_that_reads_as_its_column_would_write_it_is_borrowed(void **state)
{
    static const char *const numbers[] = {"0.00", "-1.50", "9999999999.99"};
    struct miniorm_text out;
    char buffer[MINIORM_NUMERIC_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(miniorm_numeric_fit(text_of(numbers[i]), 12, 2, buffer, &out, NULL),
                         MINIORM_OK);
        assert_ptr_equal(out.data, numbers[i]);
    }
}

static void largest_numbers_fill_the_buffer(void **state)
{
    enum { MOST = MINIORM_PRECISION_MAX };
    char number[MOST + 10];
    char expected[MOST + 10];

    (void)state;
    /* A thousand digits behind the point, the last of them rounded up. */
    memset(number, '3', sizeof(number));
    memcpy(number, "-.", 2);
    memcpy(number + 2 + MOST, "5", 2);
    snprintf(expected, sizeof(expected), "-0%.*s4", MOST, number + 1);
    assert_int_equal(strlen(expected), MINIORM_NUMERIC_SIZE - 1);
    assert_fit(number, MOST, MOST, expected);
    /* A carry through all digits makes one more than fits. */
    memset(number + 1, '9', MOST);
    memcpy(number + MOST, ".95", 4);
    assert_fit(number, MOST, 1, NULL);
    memcpy(number + MOST, "9.5", 4);
    assert_fit(number, MOST, 0, NULL);
}

static void precision_and_scale_must_be_those_of_a_column(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_text out = {NULL, 0};
    char buffer[MINIORM_NUMERIC_SIZE];

    (void)state;
    assert_int_equal(miniorm_numeric_fit(MINIORM_S("1"), 1001, 0, buffer, &out, &error),
                     MINIORM_EINVALID);
    assert_int_equal(error.status, MINIORM_EINVALID);
    assert_int_equal(miniorm_numeric_fit(MINIORM_S("1"), 2, 3, buffer, &out, NULL),
                     MINIORM_EINVALID);
    assert_int_equal(miniorm_numeric_fit(MINIORM_S("1"), 0, 1, buffer, &out, NULL),
                     MINIORM_EINVALID);
    assert_null(out.data);
}

static int compare(const char *left, const char *right)
{
    return miniorm__numeric_compare(left, strlen(left), right, strlen(right));
}

static void numbers_are_ordered_by_value(void **state)
{
    static const char *const ascending[] = {"-Infinity",
                                            "-1e1000",
                                            "-100",
                                            "-99.99",
                                            "-1.0001",
                                            "-1",
                                            "-0.5",
                                            "-1e-1000",
                                            "0",
                                            "1e-1000",
                                            "0.001",
                                            "0.5",
                                            "1",
                                            "1.0001",
                                            "2",
                                            "9.99",
                                            "10",
                                            "99",
                                            "100.5",
                                            "9007199254740992",
                                            "9007199254740993",
                                            "123456789012345678901234567890",
                                            "123456789012345678901234567891",
                                            "1e1000",
                                            "Infinity",
                                            "NaN",
                                            "",
                                            "abc",
                                            "abd"};
    const size_t n = sizeof(ascending) / sizeof(ascending[0]);
    size_t i, j;

    (void)state;
    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            const int order = compare(ascending[i], ascending[j]);

            assert_int_equal(order < 0, i < j);
            assert_int_equal(order > 0, i > j);
        }
    }
}

static void spellings_of_one_number_are_equal(void **state)
{
    (void)state;
    assert_int_equal(compare("1", "1.000"), 0);
    assert_int_equal(compare("1", "+01e0"), 0);
    assert_int_equal(compare("0.10", "1e-1"), 0);
    assert_int_equal(compare("-0", "0.00"), 0);
    assert_int_equal(compare("0e5", "0"), 0);
    assert_int_equal(compare("1000", "1e3"), 0);
    assert_int_equal(compare("nan", "NaN"), 0);
    assert_int_equal(compare("inf", "Infinity"), 0);
    assert_int_equal(miniorm__numeric_compare("15", 1, "1", 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sign_digits_point_and_exponent_make_a_numeric),
        cmocka_unit_test(limits_are_those_of_postgresql),
        cmocka_unit_test(every_numeric_has_one_spelling),
        cmocka_unit_test(normal_spelling_is_borrowed),
        cmocka_unit_test(normal_spelling_without_memory_is_none),
        cmocka_unit_test(numbers_are_rounded_half_away_from_zero),
        cmocka_unit_test(zero_that_a_number_is_rounded_to_has_no_sign),
        cmocka_unit_test(numbers_are_rounded_in_every_spelling),
        cmocka_unit_test(number_with_more_digits_than_the_precision_is_refused),
        cmocka_unit_test(precision_holds_not_a_number_but_no_infinity),
        cmocka_unit_test(precision_of_zero_takes_every_number_as_it_is),
        cmocka_unit_test(what_is_no_numeric_fits_nowhere),
        cmocka_unit_test(number_that_reads_as_its_column_would_write_it_is_borrowed),
        cmocka_unit_test(largest_numbers_fill_the_buffer),
        cmocka_unit_test(precision_and_scale_must_be_those_of_a_column),
        cmocka_unit_test(numbers_are_ordered_by_value),
        cmocka_unit_test(spellings_of_one_number_are_equal),
    };

    return cmocka_run_group_tests_name("numeric", tests, NULL, NULL);
}
