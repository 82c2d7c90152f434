/*
 * Operators of filters: their names, which types they go with, and the words that allow them.
 */
#ifndef BASEAPI_SRC_OPERATORS_H
#define BASEAPI_SRC_OPERATORS_H

#include "resource.h"
#include "words.h"

/*
 * Reads the operators after a colon, "eq,in,like" or "*"; NULL stands for what a filter without a
 * list allows: eq, in, ne, gte, lte.
 */
enum baseapi_status baseapi__operators_read(const struct words_place *place,
                                            const struct miniorm_column *column,
                                            struct miniorm_text list, unsigned *operators,
                                            struct baseapi_error *error);

#endif
