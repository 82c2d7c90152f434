/*
 * Bounds of buckets by rule.
 */
#include <math.h>
#include <promon/cell.h>

static size_t checked(const double *out, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (!isfinite(out[i]) || (i > 0 && !(out[i] > out[i - 1])))
            return 0;
    }
    return count;
}

size_t promon_buckets_linear(double *out, size_t count, double start, double width)
{
    size_t i;

    for (i = 0; i < count; i++)
        out[i] = start + (double)i * width;
    return checked(out, count);
}

size_t promon_buckets_exponential(double *out, size_t count, double start, double factor)
{
    size_t i;

    if (!(start > 0))
        return 0;
    for (i = 0; i < count; i++)
        out[i] = i == 0 ? start : out[i - 1] * factor;
    return checked(out, count);
}
