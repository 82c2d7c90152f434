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
 * 0 to 1 with six decimals, null for what is below. Never rounded up: what was down once is not 1.
 */
void promon__decimal_ratio(struct text *out, double ratio);

#endif
