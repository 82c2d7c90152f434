/*
 * Text: a string of bytes that grows, with a sticky failure flag, so that a writer checks once at
 * the end. A text of zeros is empty and valid.
 *
 * Identical copy in each library that uses it; see private.h.
 */
#ifndef SUITE_TEXT_H
#define SUITE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "private.h"

#define text_reserve PRIVATE(text_reserve)
#define text_bytes PRIVATE(text_bytes)
#define text_string PRIVATE(text_string)
#define text_char PRIVATE(text_char)
#define text_unsigned PRIVATE(text_unsigned)
#define text_integer PRIVATE(text_integer)
#define text_take PRIVATE(text_take)
#define text_free PRIVATE(text_free)

struct text {
    char *data; /* NUL-terminated once anything was written; NULL before */
    size_t size;
    size_t capacity; /* without the terminator */
    bool failed; /* memory ran out: contents are not complete, further writes do nothing */
};

/*
 * Makes room for `size` more bytes and returns where they go, or NULL with `failed` set. The caller
 * adds to `size`.
 */
char *text_reserve(struct text *text, size_t size);

void text_bytes(struct text *text, const void *data, size_t size);
void text_string(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_unsigned(struct text *text, uint64_t number);
void text_integer(struct text *text, int64_t number);

/*
 * Hands the NUL-terminated bytes over to the caller, who frees them, and empties the text; NULL if
 * it failed.
 */
char *text_take(struct text *text, size_t *size);

void text_free(struct text *text);

#endif
