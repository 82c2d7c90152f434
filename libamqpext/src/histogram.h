/*
 * Histogram: durations counted in the buckets of <amqpext/stats.h>. Whoever keeps one keeps other
 * threads away from it.
 */
#ifndef AMQPEXT_SRC_HISTOGRAM_H
#define AMQPEXT_SRC_HISTOGRAM_H

#include <amqpext/stats.h>

void amqpext__histogram_add(struct amqpext_histogram *histogram, uint64_t us);

#endif
