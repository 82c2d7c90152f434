/* Floating point: shortest text that reads back, laid out as PostgreSQL does, in any locale. */
#include "test.h"

#include <float.h>
#include <locale.h>
#include <math.h>

#include "texts.h"
#include "value.h"

static void doubles_are_written_as_postgresql_writes_them(void **state)
{
    static const struct text_case cases[] = {{"0", "0"},
                                             {"-0", "-0"},
                                             {"1", "1"},
                                             {"-1.50", "-1.5"},
                                             {"0.1", "0.1"},
                                             {"0.30000000000000004", "0.30000000000000004"},
                                             {"100000", "100000"},
                                             {"100000000000000", "100000000000000"},
                                             {"1000000000000000", "1e+15"},
                                             {"123456789012345", "123456789012345"},
                                             {"1234567890123456", "1.234567890123456e+15"},
                                             {"123456789012345678", "1.2345678901234568e+17"},
                                             {"0.0001", "0.0001"},
                                             {"0.00012345", "0.00012345"},
                                             {"0.00001", "1e-05"},
                                             {"1e100", "1e+100"},
                                             {"1.7976931348623157e308", "1.7976931348623157e+308"},
                                             {"2.2250738585072014e-308", "2.2250738585072014e-308"},
                                             {"5e-324", "5e-324"},
                                             {"1.5e-323", "1.5e-323"},
                                             {"9007199254740993", "9.007199254740992e+15"},
                                             {".5", "0.5"},
                                             {"5.", "5"},
                                             {"1E3", "1000"},
                                             {"+1e+3", "1000"},
                                             {" 1 ", "1"}};

    (void)state;
    expect_texts(MINIORM_T_float8, cases);
}

static void floats_are_written_as_postgresql_writes_them(void **state)
{
    static const struct text_case cases[] = {{"0.1", "0.1"},
                                             {"16777217", "1.6777216e+07"},
                                             {"123456", "123456"},
                                             {"1000000", "1e+06"},
                                             {"3.4028235e38", "3.4028235e+38"},
                                             {"1e-45", "1e-45"},
                                             {"1.1754944e-38", "1.1754944e-38"},
                                             {"1e39", NULL},
                                             {"1e-50", NULL}};

    (void)state;
    expect_texts(MINIORM_T_float4, cases);
}

static void what_is_not_finite_has_its_words(void **state)
{
    static const struct text_case cases[] = {{"NaN", "NaN"},
                                             {"nan", "NaN"},
                                             {"Infinity", "Infinity"},
                                             {"inf", "Infinity"},
                                             {"-Infinity", "-Infinity"},
                                             {"-inf", "-Infinity"},
                                             {"+infinity", "Infinity"},
                                             {"infin", NULL},
                                             {"infinityy", NULL}};

    (void)state;
    expect_texts(MINIORM_T_float8, cases);
    expect_texts(MINIORM_T_float4, cases);
}

static void what_is_no_number_is_refused(void **state)
{
    static const struct text_case cases[] = {
        {"", NULL},      {".", NULL},      {"-", NULL},      {"1e", NULL},
        {"1e+", NULL},   {"e5", NULL},     {"1.2.3", NULL},  {"0x1p3", NULL},
        {"1,5", NULL},   {"1 5", NULL},    {"--1", NULL},    {"1e5x", NULL},
        {"1e400", NULL}, {"-1e400", NULL}, {"1e-400", NULL}, {"1e99999999999999999999", NULL}};

    (void)state;
    expect_texts(MINIORM_T_float8, cases);
    expect_texts(MINIORM_T_float4, cases);
}

static void zero_has_any_exponent(void **state)
{
    static const struct text_case cases[] = {
        {"0e999999999999", "0"}, {"0.000e-999999999999", "0"}, {"-0e5", "-0"}};

    (void)state;
    expect_texts(MINIORM_T_float8, cases);
}

/* Half way between two doubles, told apart only by a digit far behind. */
static void digits_far_behind_decide_a_tie(void **state)
{
    char text[2000] = "9007199254740993.";
    double even, above;

    (void)state;
    memset(text + strlen(text), '0', 1500);
    assert_true(miniorm__float8_parse(text_of(text), &even));
    text[strlen(text) - 1] = '1';
    assert_true(miniorm__float8_parse(text_of(text), &above));
    assert_true(even == 9007199254740992.0);
    assert_true(above == 9007199254740994.0);
}

static void long_texts_do_not_need_long_buffers(void **state)
{
    char text[5000];
    double real;

    (void)state;
    memset(text, '0', sizeof(text));
    text[0] = '0';
    text[1] = '.';
    text[4000] = '7';
    memcpy(text + 4990, "e4000", 6);
    assert_true(miniorm__float8_parse(miniorm_text_from(text, 4995), &real));
    assert_true(real == 70.0);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void every_double_comes_back(void **state)
{
    uint64_t seed = 88172645463325252;
    unsigned i;

    (void)state;
    for (i = 0; i < 200000; i++) {
        char text[MINIORM_FORMAT_SIZE];
        uint64_t bits = next_random(&seed);
        double real, again;

        memcpy(&real, &bits, sizeof(real));
        if (i % 2 == 0)
            real = (double)(int64_t)(bits >> 40) / (i % 4 == 0 ? 100.0 : 1e6);
        if (!isfinite(real))
            continue;
        assert_true(miniorm__float8_parse(
            miniorm_text_from(text, miniorm__float8_format(real, text)), &again));
        assert_memory_equal(&real, &again, sizeof(real));
    }
}

static void every_float_comes_back(void **state)
{
    uint64_t seed = 88172645463325252;
    unsigned i;

    (void)state;
    for (i = 0; i < 200000; i++) {
        char text[MINIORM_FORMAT_SIZE];
        const uint32_t bits = (uint32_t)next_random(&seed);
        float real;
        double again;

        memcpy(&real, &bits, sizeof(real));
        if (!isfinite(real))
            continue;
        assert_true(miniorm__float4_parse(
            miniorm_text_from(text, miniorm__float4_format((double)real, text)), &again));
        assert_true((float)again == real);
    }
}

/* The locale with a decimal comma, if the machine has one: the result must not depend on it. */
static void locale_does_not_matter(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    char text[MINIORM_FORMAT_SIZE];
    double real;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (setlocale(LC_ALL, names[i]) == NULL)
            continue;
        assert_int_equal(miniorm__float8_format(1.2345678901234567e+30, text), 22);
        assert_memory_equal(text, "1.2345678901234567e+30", 22);
        assert_true(miniorm__float8_parse(MINIORM_S("1.2345678901234567e+30"), &real));
        assert_true(real == 1.2345678901234567e+30);
    }
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_written_as_postgresql_writes_them),
        cmocka_unit_test(floats_are_written_as_postgresql_writes_them),
        cmocka_unit_test(what_is_not_finite_has_its_words),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(zero_has_any_exponent),
        cmocka_unit_test(digits_far_behind_decide_a_tie),
        cmocka_unit_test(long_texts_do_not_need_long_buffers),
        cmocka_unit_test(every_double_comes_back),
        cmocka_unit_test(every_float_comes_back),
        cmocka_unit_test(locale_does_not_matter),
    };

    return cmocka_run_group_tests_name("real", tests, NULL, NULL);
}
