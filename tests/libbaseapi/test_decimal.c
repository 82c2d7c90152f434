/*
 * Decimal numbers as text.
 */
#include "test.h"

#include "decimal.h"

static struct miniorm_text text_of(const char *string)
{
    return miniorm_text_from(string, strlen(string));
}

static void numbers_are_told_by_jsons_grammar(void **state)
{
    static const char *const good[] = {"0",   "-0",    "10",      "1.5", "-0.25",
                                       "1e5", "1E+05", "1.0e-10", "0e0", "123456789012345678901"};
    static const char *const bad[] = {"",     "-",   "01", "1.", ".5",  "+1",   "1e",  "1e+",
                                      "1.e5", "0x1", "1 ", " 1", "--1", "1e5.", "NaN", "1.5.5"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(baseapi__decimal_is_json(text_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(baseapi__decimal_is_json(text_of(bad[i])));
}

static void exponents_tell_the_size_of_a_number(void **state)
{
    static const struct {
        const char *number;
        long exponent;
    } cases[] = {
        {"0", 0},
        {"0.000", 0},
        {"0e500", 0},
        {"7", 0},
        {"-75", 1},
        {"1.5", 0},
        {"0.05", -2},
        {"0.5", -1},
        {"123.4", 2},
        {"1e308", 308},
        {"10e308", 309},
        {"0.1e310", 309},
        {"-1.5E-400", -400},
        {"1e99999999999", 1000000000L},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const long exponent = baseapi__decimal_exponent(text_of(cases[i].number));

        if (cases[i].exponent == 1000000000L)
            assert_true(exponent >= 1000000);
        else
            assert_int_equal(exponent, cases[i].exponent);
    }
}

static void assert_fit(const char *number, unsigned precision, unsigned scale, const char *expected)
{
    struct arena arena = {NULL, 0};
    struct miniorm_text out = {NULL, 0};
    const bool fits = baseapi__decimal_fit(&arena, text_of(number), precision, scale, &out);

    if (expected == NULL) {
        assert_false(fits);
    } else {
        assert_true(fits);
        assert_int_equal(out.size, strlen(expected));
        assert_memory_equal(out.data, expected, out.size);
    }
    arena_free(&arena);
}

static void numbers_are_rounded_to_the_scale_half_away_from_zero(void **state)
{
    (void)state;
    assert_fit("1.005", 12, 2, "1.01");
    assert_fit("-1.005", 12, 2, "-1.01");
    assert_fit("1.0049", 12, 2, "1.00");
    assert_fit("12.5", 12, 2, "12.50");
    assert_fit("5", 12, 2, "5.00");
    assert_fit("0", 12, 2, "0.00");
    assert_fit("9.999", 3, 2, NULL);
    assert_fit("9.994", 3, 2, "9.99");
    assert_fit("99.5", 3, 0, "100");
    assert_fit("99.5", 2, 0, NULL);
    assert_fit("0.5", 1, 0, "1");
    assert_fit("0.4", 1, 0, "0");
    assert_fit("000123", 3, 0, "123");
    assert_fit("0.999", 2, 2, NULL);
    assert_fit("0.994", 2, 2, "0.99");
    assert_fit(".5", 2, 1, "0.5");
    assert_fit("10000000000", 12, 2, NULL);
    assert_fit("9999999999.99", 12, 2, "9999999999.99");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_told_by_jsons_grammar),
        cmocka_unit_test(exponents_tell_the_size_of_a_number),
        cmocka_unit_test(numbers_are_rounded_to_the_scale_half_away_from_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
