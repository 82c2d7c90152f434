/*
 * Decimal numbers as text: what JSON writes, and what a numeric(precision, scale) keeps of them.
 */
#ifndef BASEAPI_SRC_DECIMAL_H
#define BASEAPI_SRC_DECIMAL_H

#include <stdbool.h>

#include <miniorm/value.h>

#include "arena.h"

/* Whether the text is a number by JSON's grammar. */
bool baseapi__decimal_is_json(struct miniorm_text text);

/* The power of ten of the first digit that is not zero; 0 for zero. `number` is a JSON number. */
long baseapi__decimal_exponent(struct miniorm_text number);

/*
 * Rounds `number`, digits with an optional sign, point and exponent, half away from zero to `scale`
 * digits behind the point, all of which are written. False when more than precision - scale digits
 * are before it, when it has no digits, as an infinity, or when memory ran out.
 */
bool baseapi__decimal_fit(struct arena *arena, struct miniorm_text number, unsigned precision,
                          unsigned scale, struct miniorm_text *out);

#endif
