/*
 * A page of metrics as it is written by hand: snprintf into one buffer that is kept, line by line.
 */
#ifndef BENCH_PLAIN_PAGE_H
#define BENCH_PLAIN_PAGE_H

#include <stddef.h>

struct plain_sample {
    const char *first, *second; /* values of the two labels */
    double value;
};

/* Text 0.0.4; `whole` without a fraction. Returns the size; the buffer has to be large enough. */
size_t plain_page(char *out, size_t size, const struct plain_sample *samples, size_t n, int whole);

#endif
