/*
 * Decimal numbers as JSON writes them.
 */
#ifndef BASEAPI_SRC_DECIMAL_H
#define BASEAPI_SRC_DECIMAL_H

#include <stdbool.h>

#include <miniorm/value.h>

/* Whether the text is a number by JSON's grammar. */
bool baseapi__decimal_is_json(struct miniorm_text text);

/* The power of ten of the first digit that is not zero; 0 for zero. `number` is a JSON number. */
long baseapi__decimal_exponent(struct miniorm_text number);

#endif
