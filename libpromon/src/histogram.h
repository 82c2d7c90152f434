/*
 * Classic buckets: which one a value belongs to.
 */
#ifndef PROMON_SRC_HISTOGRAM_H
#define PROMON_SRC_HISTOGRAM_H

#include "family_state.h"

/* Two at a time, as every machine with vectors can. */
typedef double promon__pair __attribute__((vector_size(16)));
typedef int64_t promon__pair_mask __attribute__((vector_size(16)));

/* Up to so many bounds, comparing all is faster than searching. */
#define PROMON__COMPARED_BOUNDS 32

/* How many of n bounds, a multiple of four, are below the value. */
static inline unsigned promon__count_below(const double *bounds, unsigned n, double value)
{
    const promon__pair wanted = {value, value};
    promon__pair_mask below = {0, 0};
    unsigned i;

    for (i = 0; i < n; i += PROMON__BOUNDS_GROUP) {
        promon__pair low, high;

        memcpy(&low, bounds + i, sizeof(low));
        memcpy(&high, bounds + i + 2, sizeof(high));
        below += (low < wanted);
        below += (high < wanted);
    }
    return (unsigned)-(below[0] + below[1]);
}

/* The first of the family's buckets whose bound is not below the value, which is not NaN. */
static inline unsigned promon__bucket_of(const struct promon_family *family, double value)
{
    const double *bounds = family->bounds;
    unsigned n = family->n_padded, first = 0;

    while (n > PROMON__COMPARED_BOUNDS) {
        const unsigned half = n / 2 / PROMON__BOUNDS_GROUP * PROMON__BOUNDS_GROUP;

        if (bounds[first + half - 1] < value)
            first += half;
        n -= half;
    }
    return first + promon__count_below(bounds + first, n, value);
}

#endif
