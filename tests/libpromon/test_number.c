/* Numbers of pages: the shortest digits that come back, laid out as Go does, in any locale. */
#include "test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "number.h"
#include "shortest.h"

static void expect_real(double number, const char *expected)
{
    char text[PROMON__NUMBER_SIZE + 1];

    *promon__format_real(text, number) = '\0';
    assert_string_equal(text, expected);
}

static const struct {
    double number;
    const char *text;
} reals[] = {
    {0, "0.0"},
    {-0.0, "-0.0"},
    {1, "1.0"},
    {-1, "-1.0"},
    {10, "10.0"},
    {0.5, "0.5"},
    {-2.5, "-2.5"},
    {0.1, "0.1"},
    {0.1 + 0.2, "0.30000000000000004"},
    {0.0001, "0.0001"},
    {0.00012345, "0.00012345"},
    {0.00001, "1e-05"},
    {0.0000123, "1.23e-05"},
    {123456, "123456.0"},
    {123456.5, "123456.5"},
    {999999, "999999.0"},
    {999999.9, "999999.9"},
    {1000000, "1e+06"},
    {1234567, "1.234567e+06"},
    {60297216, "6.0297216e+07"},
    {1234567.25, "1.23456725e+06"},
    {1e10, "1e+10"},
    {123456789012, "1.23456789012e+11"},
    {9007199254740993.0, "9.007199254740992e+15"},
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {1e100, "1e+100"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {2.2250738585072009e-308, "2.225073858507201e-308"},
    {5e-324, "5e-324"},
    {1.5e-323, "1.5e-323"},
    /* Powers of two, whose lower neighbour is nearer than the upper one. */
    {0x1p-44, "5.684341886080802e-14"},
    {0x1p-128, "2.938735877055719e-39"},
    {0x1p1023, "8.98846567431158e+307"},
    {9.5367431640625e-07, "9.5367431640625e-07"},
    {4.35, "4.35"},
    {4.349999999999999, "4.349999999999999"},
    {299792.458, "299792.458"},
};

static void reals_have_their_shortest_digits_as_go_lays_them_out(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(reals) / sizeof(reals[0]); i++)
        expect_real(reals[i].number, reals[i].text);
}

static void what_is_not_finite_has_its_words(void **state)
{
    (void)state;
    expect_real(NAN, "NaN");
    expect_real(-NAN, "NaN");
    expect_real(INFINITY, "+Inf");
    expect_real(-INFINITY, "-Inf");
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* All bit patterns, fractions, short decimals and neighbours of powers of two by turns. */
static double any_double(uint64_t *seed, unsigned turn)
{
    uint64_t bits = next_random(seed);
    double number;

    switch (turn % 4) {
    case 1: return (double)(bits >> 11) * 0x1p-53;
    case 2: return (double)(bits >> 44) / (turn % 8 == 2 ? 100.0 : 1e9);
    case 3: bits = (bits & (UINT64_C(0x7ff) << 52)) + (bits & 3) - 1; break;
    default: break;
    }
    memcpy(&number, &bits, sizeof(number));
    return fabs(number);
}

static size_t count_digits(uint64_t number)
{
    size_t count = 1;

    for (; number >= 10; number /= 10)
        count++;
    return count;
}

/* With that many digits, or one less, the C library does not come back to the number. */
static void expect_no_fewer_digits(double number, size_t n_digits)
{
    char text[64];

    if (n_digits == 1)
        return;
    snprintf(text, sizeof(text), "%.*e", (int)n_digits - 2, number);
    assert_false(strtod(text, NULL) == number);
}

static void every_number_comes_back_from_the_fewest_digits(void **state)
{
    uint64_t seed = 88172645463325252;
    unsigned i;

    (void)state;
    for (i = 0; i < 100000; i++) {
        const double number = any_double(&seed, i);
        struct promon__decimal decimal;
        char text[64];

        if (!isfinite(number) || number == 0)
            continue;
        decimal = promon__shortest(number);
        assert_int_not_equal(decimal.digits % 10, 0);
        snprintf(text, sizeof(text), "%llue%d", (unsigned long long)decimal.digits,
                 decimal.exponent);
        assert_true(strtod(text, NULL) == number);
        expect_no_fewer_digits(number, count_digits(decimal.digits));
        *promon__format_real(text, number) = '\0';
        assert_true(strlen(text) <= PROMON__NUMBER_SIZE && strtod(text, NULL) == number);
    }
}

/* Each power of two and each power of ten has its own way through the table of powers. */
static void numbers_of_every_size_come_back(void **state)
{
    int exponent;

    (void)state;
    for (exponent = -1074; exponent <= 1023; exponent++) {
        const double number = ldexp(1, exponent);
        char text[64];

        *promon__format_real(text, number) = '\0';
        assert_true(strtod(text, NULL) == number);
        *promon__format_real(text, nextafter(number, 0)) = '\0';
        assert_true(strtod(text, NULL) == nextafter(number, 0));
    }
    for (exponent = -323; exponent <= 308; exponent++) {
        char text[64], expected[64];

        snprintf(expected, sizeof(expected), "1e%d", exponent);
        assert_int_equal(promon__shortest(strtod(expected, NULL)).digits, 1);
        assert_int_equal(promon__shortest(strtod(expected, NULL)).exponent, exponent);
        *promon__format_real(text, strtod(expected, NULL)) = '\0';
        assert_true(strtod(text, NULL) == strtod(expected, NULL));
    }
}

static void whole_numbers_are_plain_and_exact(void **state)
{
    static const uint64_t numbers[] = {0,    1,    9,     10,     99,      100,        999,
                                       1000, 9999, 10000, 123456, 1000000, 4294967296, UINT64_MAX};
    char text[PROMON__NUMBER_SIZE + 1], expected[32];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const struct promon__number number = {.is_unsigned = true, .whole = numbers[i]};

        snprintf(expected, sizeof(expected), "%llu", (unsigned long long)numbers[i]);
        *promon__format_number(text, &number) = '\0';
        assert_string_equal(text, expected);
        assert_true(promon__number_as_real(&number) == (double)numbers[i]);
    }
    *promon__format_signed(text, INT64_MIN) = '\0';
    assert_string_equal(text, "-9223372036854775808");
}

static void fractional_number_is_a_real(void **state)
{
    const struct promon__number number = {.real = 2.5};
    char text[PROMON__NUMBER_SIZE + 1];

    (void)state;
    *promon__format_number(text, &number) = '\0';
    assert_string_equal(text, "2.5");
    assert_true(promon__number_as_real(&number) == 2.5);
}

static void times_have_thousandths_and_no_exponent(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } times[] = {{0, "0.000"},
                 {1605301325.25, "1605301325.250"},
                 {1605301325.0004, "1605301325.000"},
                 {1605301325.9996, "1605301326.000"},
                 {-1.5, "-1.500"},
                 {1e300, "9200000000000.000"},
                 {NAN, "0.000"}};
    char text[PROMON__NUMBER_SIZE + 1];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        *promon__format_seconds(text, times[i].seconds) = '\0';
        assert_string_equal(text, times[i].text);
    }
}

/* Locales with a decimal comma, as far as the machine has them. */
static void locale_does_not_matter(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)setlocale(LC_ALL, names[i]);
        expect_real(0.5, "0.5");
        expect_real(1234567.25, "1.23456725e+06");
    }
    (void)setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_have_their_shortest_digits_as_go_lays_them_out),
        cmocka_unit_test(what_is_not_finite_has_its_words),
        cmocka_unit_test(every_number_comes_back_from_the_fewest_digits),
        cmocka_unit_test(numbers_of_every_size_come_back),
        cmocka_unit_test(whole_numbers_are_plain_and_exact),
        cmocka_unit_test(fractional_number_is_a_real),
        cmocka_unit_test(times_have_thousandths_and_no_exponent),
        cmocka_unit_test(locale_does_not_matter),
    };

    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
