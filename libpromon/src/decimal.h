/*
 * Decimal: numbers with a point for status pages, whatever the locale is.
 */
#ifndef PROMON_SRC_DECIMAL_H
#define PROMON_SRC_DECIMAL_H

#include <stdint.h>

#include "text.h"

/* `scaled` divided by ten to the power of `decimals`, without zeros at the end: 1500, 3 is 1.5. */
void promon__decimal(struct text *out, int64_t scaled, unsigned decimals);

/*
 * So many whole parts, of `n` that make one, are in a ratio of 0 to 1 of whole numbers below 2^32:
 * never rounded up, but for what a double cannot hold of 57 in 100.
 */
int64_t promon__decimal_parts(double ratio, unsigned n);

/*
 * 0 to 1 with six decimals, null for what is below. Never rounded up: what was down once is not 1.
 */
void promon__decimal_ratio(struct text *out, double ratio);

#endif
