/*
 * UTF-8 as RFC 3629 has it: no surrogates, nothing beyond U+10FFFF, no overlong forms.
 *
 * Identical copy in each library that uses it; see private.h.
 */
#ifndef SUITE_UTF8_H
#define SUITE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "private.h"

#define utf8_character PRIVATE(utf8_character)
#define utf8_is_valid PRIVATE(utf8_is_valid)

/*
 * Bytes of the character that starts at `data`, 0 when it is none; `size` bytes may be read, at
 * least one.
 */
size_t utf8_character(const char *data, size_t size);

bool utf8_is_valid(const char *data, size_t size);

#endif
