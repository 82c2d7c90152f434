/*
 * Values inside the library: conversion with memory for text, members of a model's struct as
 * values and back, and the text forms of each kind.
 *
 * The parsers take text with the white space around it already cut off and return false where it is
 * no such value; `*out` is untouched then. The formatters write no terminator and return the number
 * of characters, 0 for what is out of range.
 */
#ifndef MINIORM_SRC_VALUE_H
#define MINIORM_SRC_VALUE_H

#include <miniorm/model.h>
#include <miniorm/value.h>

#include "arena.h"

/*
 * As miniorm_value_convert; with an arena also integers and floats become numeric, and a numeric
 * gets its normal form.
 */
enum miniorm_status miniorm__value_convert(const struct miniorm_value *value,
                                           enum miniorm_type type, struct arena *arena,
                                           struct miniorm_value *out, struct miniorm_error *error);

/* Whether values of the type are text in `as.text`. */
bool miniorm__type_is_text(enum miniorm_type type);

/* Size of the C type of a model's member; 0 for a number that is no type. */
size_t miniorm__type_size(enum miniorm_type type);

/* The member of a model's struct as a value that is not null; text is borrowed. */
void miniorm__member_load(enum miniorm_type type, const void *member, struct miniorm_value *out);

/* The opposite, of a value that is not null and whose type is the member's. */
void miniorm__member_store(void *member, const struct miniorm_value *value);

/* Whether the bytes are UTF-8 without NUL, which is what a text column can hold. */
bool miniorm__text_is_valid(const char *data, size_t size);

/* Dates and times (datetime.c): days and microseconds from 2000-01-01, infinities included. */
bool miniorm__date_parse(struct miniorm_text text, int64_t *out);
bool miniorm__time_parse(struct miniorm_text text, int64_t *out);
/*
 * With `zoned`, an offset is applied and its absence is UTC; without, only an offset of zero may
 * stand there.
 */
bool miniorm__timestamp_parse(struct miniorm_text text, bool zoned, int64_t *out);
bool miniorm__date_is_valid(int64_t days);
bool miniorm__time_is_valid(int64_t us);
bool miniorm__timestamp_is_valid(int64_t us);
size_t miniorm__date_format(int64_t days, char out[MINIORM_FORMAT_SIZE]);
size_t miniorm__time_format(int64_t us, char out[MINIORM_FORMAT_SIZE]);
/* `zone` follows the time of day: "+00", or "" for none. */
size_t miniorm__timestamp_format(int64_t us, const char *zone, char out[MINIORM_FORMAT_SIZE]);

/* Floating point (real.c), independent of the locale: shortest text that reads back the same. */
bool miniorm__float8_parse(struct miniorm_text text, double *out);
bool miniorm__float4_parse(struct miniorm_text text, double *out);
size_t miniorm__float8_format(double value, char out[MINIORM_FORMAT_SIZE]);
size_t miniorm__float4_format(double value, char out[MINIORM_FORMAT_SIZE]);

/* Exact decimal numbers as text (numeric.c). */
bool miniorm__numeric_is_valid(struct miniorm_text text);
/*
 * The text of a valid numeric as PostgreSQL would print it: no exponent, no needless zeros in
 * front, the scale kept; `text` itself where it is that already. Data NULL: out of memory.
 */
struct miniorm_text miniorm__numeric_normal(struct miniorm_text text, struct arena *arena);
/*
 * Order of two numerics, by value whatever their spelling, as PostgreSQL orders them: -Infinity,
 * numbers, Infinity, NaN. Negative, zero or positive. What is no number comes after all numbers, by
 * its bytes.
 */
int miniorm__numeric_compare(const char *left, size_t left_size, const char *right,
                             size_t right_size);

#endif
