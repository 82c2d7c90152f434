/*
 * Schemas of native histograms: bucket `key` of schema s ends with 2^(key * 2^-s). The arithmetic
 * is that of the exponents and, above schema 0, of a search among the bounds of the fractions.
 */
#include <float.h>
#include <math.h>

#include "native.h"

int32_t promon__native_schema_of(double factor)
{
    const double schema = -floor(log2(log2(factor)));

    if (schema > PROMON__MAX_SCHEMA)
        return PROMON__MAX_SCHEMA;
    return schema < PROMON__MIN_SCHEMA ? PROMON__MIN_SCHEMA : (int32_t)schema;
}

void promon__native_fill_bounds(double *bounds, int32_t schema)
{
    const int n = 1 << schema;
    int i;

    for (i = 0; i < n; i++)
        bounds[i] = exp2((double)i / n) / 2;
}

/* How many of the bounds, every `step`-th of which counts, are below the fraction. */
static int32_t below(const double *bounds, int32_t n, int32_t step, double fraction)
{
    int32_t first = 0;

    while (n > 0) {
        const int32_t half = n / 2;

        if (bounds[(first + half) * step] < fraction) {
            first += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return first;
}

int32_t promon__native_key(double value, int32_t schema, const double *bounds, int32_t fine)
{
    const bool is_infinite = isinf(value);
    int exponent;
    const double fraction = frexp(is_infinite ? DBL_MAX : value, &exponent);
    int32_t key;

    if (schema > 0) {
        const int32_t n = 1 << schema;

        key = below(bounds, n, 1 << (fine - schema), fraction) + (exponent - 1) * n;
    } else {
        if (fraction == 0.5)
            exponent--;
        key = (exponent + (1 << -schema) - 1) >> -schema;
    }
    return is_infinite ? key + 1 : key;
}
