/*
 * Rows as JSON, written straight into a text that becomes the body of an answer.
 */
#ifndef BASEAPI_SRC_JSON_WRITER_H
#define BASEAPI_SRC_JSON_WRITER_H

#include <miniorm/value.h>

#include "resource.h"
#include "text.h"

/*
 * Appends one value. `format` is of enum baseapi_format; with `is_unchecked` a value of type json
 * is parsed first, and written as a string when it is no JSON.
 */
void baseapi__json_value(struct text *text, const struct miniorm_value *value, unsigned format,
                         bool is_unchecked);

/*
 * Appends the columns `shown` of a row, without the brace that ends the object. `values` are those
 * of `columns`, of which `shown` are some.
 */
void baseapi__json_row(struct text *text, const struct resource *resource, uint64_t columns,
                       uint64_t shown, const struct miniorm_value *values, bool is_unchecked);

#endif
