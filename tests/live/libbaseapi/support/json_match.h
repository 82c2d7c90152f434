/*
 * Comparison of JSON texts, token by token: white space apart everything has to agree, also the
 * order of members and the spelling of numbers. "…" in the expected text stands for anything: alone
 * in a string for any value, within a string for any characters.
 */
#ifndef SUPPORT_JSON_MATCH_H
#define SUPPORT_JSON_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `actual` is what `expected` says; if not, *offset is where in `actual` they part. */
bool json_match(const char *expected, const char *actual, size_t actual_size, size_t *offset);

/* The same for plain text with "…" in it. */
bool text_match(const char *expected, const char *actual);

#endif
