/*
 * Decimal numbers as JSON writes them.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_told_by_jsons_grammar),
        cmocka_unit_test(exponents_tell_the_size_of_a_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
