/* Classic buckets: which one a value falls into, and rules that make bounds. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "support/counting.h"

#include "histogram.h"

/* The plain meaning: the first bound that is not below the value. */
static unsigned bucket_of(const double *bounds, unsigned n, double value)
{
    unsigned i = 0;

    while (i < n && bounds[i] < value)
        i++;
    return i;
}

static void a_value_falls_into_the_first_bucket_whose_bound_is_not_below_it(void **state)
{
    double bounds[PROMON_MAX_BUCKETS + PROMON__BOUNDS_GROUP];
    unsigned n, i;

    (void)state;
    for (n = 0; n <= PROMON_MAX_BUCKETS; n++) {
        struct promon_family family = {.bounds = bounds, .n_bounds = n};

        family.n_padded =
            (n + PROMON__BOUNDS_GROUP - 1) / PROMON__BOUNDS_GROUP * PROMON__BOUNDS_GROUP;
        for (i = 0; i < family.n_padded; i++)
            bounds[i] = i < n ? (double)i * 3 - 50 : INFINITY;
        for (i = 0; i < n; i++) {
            assert_int_equal(promon__bucket_of(&family, bounds[i]), i);
            assert_int_equal(promon__bucket_of(&family, nextafter(bounds[i], INFINITY)), i + 1);
            assert_int_equal(promon__bucket_of(&family, bounds[i] - 1),
                             bucket_of(bounds, n, bounds[i] - 1));
        }
        assert_int_equal(promon__bucket_of(&family, -INFINITY), 0);
        assert_int_equal(promon__bucket_of(&family, INFINITY), n);
        assert_int_equal(promon__bucket_of(&family, 1e300), n);
    }
}

static void observations_are_in_buckets_count_and_sum(void **state)
{
    struct promon *promon = counting_new();
    struct promon_cell *cell = counting_cell(promon, PROMON_HISTOGRAM, "a_seconds");

    (void)state;
    promon_cell_observe(cell, 0.005);
    promon_cell_observe(cell, 0.006);
    promon_cell_observe(cell, -1);
    promon_cell_observe(cell, 10.5);
    assert_true(counting_value(promon, "a_seconds_bucket", LABELS("le", "0.005")) == 2);
    assert_true(counting_value(promon, "a_seconds_bucket", LABELS("le", "0.01")) == 3);
    assert_true(counting_value(promon, "a_seconds_bucket", LABELS("le", "1e1")) == 3);
    assert_true(counting_value(promon, "a_seconds_bucket", LABELS("le", "+Inf")) == 4);
    assert_true(counting_value(promon, "a_seconds_bucket", LABELS("le", "3")) == COUNTING_ABSENT);
    assert_true(counting_value(promon, "a_seconds_count", NULL) == 4);
    assert_true(fabs(counting_value(promon, "a_seconds_sum", NULL) - 9.511) < 1e-9);
    promon_cell_observe_since(cell, promon_now_ns() - INT64_C(3000000000));
    assert_true(counting_value(promon, "a_seconds_bucket", LABELS("le", "2.5")) == 3);
    assert_true(counting_value(promon, "a_seconds_sum", NULL) > 12.5);
    counting_free(promon);
}

static void a_histogram_may_have_no_bound_or_as_many_as_allowed(void **state)
{
    struct promon *promon = counting_new();
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    double bounds[PROMON_MAX_BUCKETS + 1];
    struct promon_family *family = NULL;
    size_t i;

    (void)state;
    for (i = 0; i <= PROMON_MAX_BUCKETS; i++)
        bounds[i] = (double)i;
    options.kind = PROMON_HISTOGRAM;
    options.name = "none";
    options.buckets = bounds;
    assert_int_equal(promon_family_add(promon, &options, &family, NULL), PROMON_OK);
    promon_family_observe(family, NULL, 5);
    assert_true(counting_value(promon, "none_bucket", LABELS("le", "+Inf")) == 1);
    options.name = "most";
    options.n_buckets = PROMON_MAX_BUCKETS;
    assert_int_equal(promon_family_add(promon, &options, &family, NULL), PROMON_OK);
    promon_family_observe(family, NULL, PROMON_MAX_BUCKETS - 1);
    assert_true(counting_value(promon, "most_bucket", LABELS("le", "255")) == 1);
    assert_true(counting_value(promon, "most_bucket", LABELS("le", "254")) == 0);
    options.name = "more";
    options.n_buckets = PROMON_MAX_BUCKETS + 1;
    assert_int_equal(promon_family_add(promon, &options, &family, NULL), PROMON_EINVALID);
    counting_free(promon);
}

static void bounds_are_made_by_rules_that_make_them_grow(void **state)
{
    double bounds[4];

    (void)state;
    assert_int_equal(promon_buckets_linear(bounds, 4, -1, 0.5), 4);
    assert_true(bounds[0] == -1 && bounds[1] == -0.5 && bounds[3] == 0.5);
    assert_int_equal(promon_buckets_exponential(bounds, 4, 0.001, 10), 4);
    assert_true(bounds[0] == 0.001 && fabs(bounds[3] - 1) < 1e-12);
    assert_int_equal(promon_buckets_linear(bounds, 4, 1, 0), 0);
    assert_int_equal(promon_buckets_linear(bounds, 4, 1, NAN), 0);
    assert_int_equal(promon_buckets_linear(bounds, 4, 1e300, 1), 0);
    assert_int_equal(promon_buckets_exponential(bounds, 4, 0, 2), 0);
    assert_int_equal(promon_buckets_exponential(bounds, 4, 1, 1), 0);
    assert_int_equal(promon_buckets_exponential(bounds, 4, 1, 1e200), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_falls_into_the_first_bucket_whose_bound_is_not_below_it),
        cmocka_unit_test(observations_are_in_buckets_count_and_sum),
        cmocka_unit_test(a_histogram_may_have_no_bound_or_as_many_as_allowed),
        cmocka_unit_test(bounds_are_made_by_rules_that_make_them_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
