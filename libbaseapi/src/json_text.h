/*
 * Strings as JSON, appended to a text.
 */
#ifndef BASEAPI_SRC_JSON_TEXT_H
#define BASEAPI_SRC_JSON_TEXT_H

#include <stddef.h>

#include "text.h"

/*
 * Appends `size` bytes as a JSON string with its quotes. Control characters, quotes and backslashes
 * are escaped; what is not UTF-8 becomes U+FFFD, one for each wrong byte, so that the result is
 * always valid JSON.
 */
void baseapi__json_string(struct text *text, const char *data, size_t size);

/* The same for a NUL-terminated string. */
void baseapi__json_cstring(struct text *text, const char *string);

#endif
