/*
 * UTF-8 as RFC 3629 has it: no surrogates, nothing beyond U+10FFFF, no overlong forms.
 */
#ifndef BASEAPI_SRC_UTF8_H
#define BASEAPI_SRC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes of the character that starts at `data`, 0 when it is none; `size` bytes may be read, at
 * least one.
 */
size_t baseapi__utf8_character(const char *data, size_t size);

bool baseapi__utf8_is_valid(const char *data, size_t size);

#endif
