/*
 * Histogram: buckets of durations and what they tell about quantiles.
 *
 * Invariant: count is the sum of the buckets.
 */
#include "histogram.h"

static const uint64_t bounds_us[AMQPEXT_HISTOGRAM_BUCKETS] = {
    100,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, UINT64_MAX};

uint64_t amqpext_histogram_bound_us(unsigned bucket)
{
    return bucket < AMQPEXT_HISTOGRAM_BUCKETS ? bounds_us[bucket] : UINT64_MAX;
}

void amqpext__histogram_add(struct amqpext_histogram *histogram, uint64_t us)
{
    unsigned bucket = 0;

    while (us > bounds_us[bucket])
        bucket++;
    histogram->buckets[bucket]++;
    histogram->count++;
    histogram->sum_us += us;
}

uint64_t amqpext_histogram_quantile_us(const struct amqpext_histogram *histogram, double q)
{
    const uint64_t count = histogram->count;
    const double wanted = q * (double)count;
    uint64_t seen = 0;
    unsigned bucket;

    if (count == 0)
        return 0;
    for (bucket = 0; bucket < AMQPEXT_HISTOGRAM_BUCKETS - 1; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen != 0 && (double)seen >= wanted)
            break;
    }
    return bounds_us[bucket];
}
