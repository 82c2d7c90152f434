/* Decimals: the point, the zeros, and shares that are not rounded up. */
#include "test.h"

#include "decimal.h"

static void expect(struct text *out, const char *expected)
{
    assert_string_equal(out->data, expected);
    text_free(out);
    *out = (struct text){.data = NULL};
}

static void point_stands_where_it_is_put(void **state)
{
    static const struct {
        int64_t scaled;
        unsigned decimals;
        const char *expected;
    } cases[] = {{1500, 3, "1.5"},
                 {0, 6, "0"},
                 {1, 6, "0.000001"},
                 {-1, 3, "-0.001"},
                 {42, 0, "42"},
                 {1000, 3, "1"},
                 {INT64_MAX, 6, "9223372036854.775807"},
                 {INT64_MIN, 0, "-9223372036854775808"}};
    struct text out = {.data = NULL};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        promon__decimal(&out, cases[i].scaled, cases[i].decimals);
        expect(&out, cases[i].expected);
    }
}

static void share_of_whole_numbers_is_what_they_say(void **state)
{
    int64_t of, part;

    (void)state;
    for (of = 10; of <= 10000; of *= 10) {
        for (part = 0; part <= of; part++)
            assert_int_equal(promon__decimal_parts((double)part / (double)of, 10000),
                             part * (10000 / of));
    }
}

static void share_is_whole_only_without_a_failure(void **state)
{
    const double checks = 4294967295.0;
    struct text out = {.data = NULL};

    (void)state;
    assert_int_equal(promon__decimal_parts((checks - 1) / checks, 10000), 9999);
    promon__decimal_ratio(&out, (checks - 1) / checks);
    expect(&out, "0.999999");
    promon__decimal_ratio(&out, 1);
    expect(&out, "1");
    promon__decimal_ratio(&out, -1);
    expect(&out, "null");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(point_stands_where_it_is_put),
        cmocka_unit_test(share_of_whole_numbers_is_what_they_say),
        cmocka_unit_test(share_is_whole_only_without_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
