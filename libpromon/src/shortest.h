/*
 * Shortest: the fewest decimal digits that read back as the same double, and of those the nearest.
 */
#ifndef PROMON_SRC_SHORTEST_H
#define PROMON_SRC_SHORTEST_H

#include <stdint.h>

/* digits * 10^exponent */
struct promon__decimal {
    uint64_t digits; /* at most 17, the last one not 0 */
    int exponent;
};

/* `value` is finite and above zero. */
struct promon__decimal promon__shortest(double value);

#endif
