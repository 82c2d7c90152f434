/*
 * Numbers of a body that a JSON reader would round or refuse, rewritten before it reads them.
 */
#ifndef BASEAPI_SRC_BODY_NUMBERS_H
#define BASEAPI_SRC_BODY_NUMBERS_H

#include <stdbool.h>

#include <miniorm/model.h>

#include "arena.h"

/*
 * Sets *out to `body` in which these numbers, members of the object under "data", are written
 * otherwise: those of numeric columns, whose digits count, are strings; integers beyond 64 bits are
 * reals; what is beyond a double is in an array, so that what is wrong can be told of the member,
 * not of the whole body. Members of json columns stay as they are. The body need not be JSON. False
 * when memory ran out.
 */
bool baseapi__body_numbers_rewrite(struct arena *arena, const struct miniorm_model *model,
                                   struct miniorm_text body, struct miniorm_text *out);

#endif
