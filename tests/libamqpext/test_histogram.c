/* Histograms: bounds, counting, quantiles. */
#include "test.h"

#include "histogram.h"

static void bounds_grow_and_the_last_has_none(void **state)
{
    unsigned bucket;

    (void)state;
    assert_int_equal(amqpext_histogram_bound_us(0), 100);
    for (bucket = 1; bucket < AMQPEXT_HISTOGRAM_BUCKETS; bucket++)
        assert_true(amqpext_histogram_bound_us(bucket) > amqpext_histogram_bound_us(bucket - 1));
    assert_int_equal(amqpext_histogram_bound_us(AMQPEXT_HISTOGRAM_BUCKETS - 2), 30000000);
    assert_true(amqpext_histogram_bound_us(AMQPEXT_HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
    assert_true(amqpext_histogram_bound_us(1000) == UINT64_MAX);
}

static void a_duration_is_counted_by_the_first_bound_not_below_it(void **state)
{
    struct amqpext_histogram histogram = {.count = 0};

    (void)state;
    amqpext__histogram_add(&histogram, 0);
    amqpext__histogram_add(&histogram, 100);
    amqpext__histogram_add(&histogram, 101);
    amqpext__histogram_add(&histogram, 30000001);
    assert_int_equal(histogram.buckets[0], 2);
    assert_int_equal(histogram.buckets[1], 1);
    assert_int_equal(histogram.buckets[AMQPEXT_HISTOGRAM_BUCKETS - 1], 1);
    assert_int_equal(histogram.count, 4);
    assert_int_equal(histogram.sum_us, 30000202);
}

static void quantiles_are_bounds_from_above(void **state)
{
    struct amqpext_histogram histogram = {.count = 0};
    int i;

    (void)state;
    assert_int_equal(amqpext_histogram_quantile_us(&histogram, 0.5), 0);
    for (i = 0; i < 90; i++)
        amqpext__histogram_add(&histogram, 200);
    for (i = 0; i < 10; i++)
        amqpext__histogram_add(&histogram, 7000);
    assert_int_equal(amqpext_histogram_quantile_us(&histogram, 0), 250);
    assert_int_equal(amqpext_histogram_quantile_us(&histogram, 0.5), 250);
    assert_int_equal(amqpext_histogram_quantile_us(&histogram, 0.9), 250);
    assert_int_equal(amqpext_histogram_quantile_us(&histogram, 0.91), 10000);
    assert_int_equal(amqpext_histogram_quantile_us(&histogram, 1), 10000);
    amqpext__histogram_add(&histogram, UINT64_C(60000000));
    assert_true(amqpext_histogram_quantile_us(&histogram, 1) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_grow_and_the_last_has_none),
        cmocka_unit_test(a_duration_is_counted_by_the_first_bound_not_below_it),
        cmocka_unit_test(quantiles_are_bounds_from_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
