/* Exact decimal numbers: what is one, one spelling, and order by value. */
#include "test.h"

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
        cmocka_unit_test(numbers_are_ordered_by_value),
        cmocka_unit_test(spellings_of_one_number_are_equal),
    };

    return cmocka_run_group_tests_name("numeric", tests, NULL, NULL);
}
