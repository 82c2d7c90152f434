/*
 * JSON of values: numbers without loss, times in RFC 3339, text escaped, json as it is.
 *
 * Invariant: whatever a value holds, what is appended is one valid JSON value. What JSON has no
 * number for (NaN, infinities) and years that RFC 3339 has no place for are strings, in
 * PostgreSQL's words.
 */
#include "json_writer.h"

#include <string.h>

#include <jansson.h>

#include "base64.h"
#include "decimal.h"
#include "json_text.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_SECOND)
/* Days from 0000-03-01, where years that end with their leap day begin, to 2000-01-01. */
#define DAYS_TO_EPOCH INT64_C(730425)
#define DAYS_PER_ERA 146097
/* 0001-01-01 and 10000-01-01 in days from 2000-01-01: the years of four digits. */
#define FIRST_DAY INT64_C(-730119)
#define LAST_DAY INT64_C(2921940)
/* "2026-01-31T12:00:00.123456+0000" with its quotes. */
#define TIME_SIZE 40
/* The widest value that is written without asking for room again: an int4 with its sign. */
#define SMALL_SIZE 16

static void put_digits(char **end, unsigned number, unsigned width)
{
    for (unsigned i = width; i-- > 0; number /= 10)
        (*end)[i] = (char)('0' + number % 10);
    *end += width;
}

/* YYYY-MM-DD by the civil calendar, counted in eras of 400 years. */
static void put_date(char **end, int64_t days)
{
    const unsigned shifted = (unsigned)(days + DAYS_TO_EPOCH);
    const unsigned era = shifted / DAYS_PER_ERA;
    const unsigned day_of_era = shifted % DAYS_PER_ERA;
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned month_from_march = (5 * day_of_year + 2) / 153;
    const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    put_digits(end, era * 400 + year_of_era + (month <= 2), 4);
    *(*end)++ = '-';
    put_digits(end, month, 2);
    *(*end)++ = '-';
    put_digits(end, day_of_year - (153 * month_from_march + 2) / 5 + 1, 2);
}

static void put_time(char **end, int64_t us, bool has_fraction)
{
    const unsigned seconds = (unsigned)(us / US_PER_SECOND);
    const unsigned fraction = (unsigned)(us % US_PER_SECOND);

    put_digits(end, seconds / 3600, 2);
    *(*end)++ = ':';
    put_digits(end, seconds / 60 % 60, 2);
    *(*end)++ = ':';
    put_digits(end, seconds % 60, 2);
    if (!has_fraction || fraction == 0)
        return;
    *(*end)++ = '.';
    put_digits(end, fraction, 6);
}

static void write_formatted(struct text *text, const struct miniorm_value *value)
{
    char formatted[MINIORM_FORMAT_SIZE];
    const size_t size = miniorm_value_format(value, formatted);

    baseapi__json_string(text, formatted, size);
}

static void write_date(struct text *text, const struct miniorm_value *value)
{
    char written[TIME_SIZE];
    char *end = written;

    if (value->as.integer < FIRST_DAY || value->as.integer >= LAST_DAY) {
        write_formatted(text, value);
        return;
    }
    *end++ = '"';
    put_date(&end, value->as.integer);
    *end++ = '"';
    text_bytes(text, written, (size_t)(end - written));
}

static void write_timestamp(struct text *text, const struct miniorm_value *value, unsigned format)
{
    const bool seconds = (format & BASEAPI_TIMES_SECONDS) != 0;
    const int64_t us = value->as.integer;
    char written[TIME_SIZE];
    char *end = written;
    int64_t days;

    if (us < FIRST_DAY * US_PER_DAY || us >= LAST_DAY * US_PER_DAY) {
        write_formatted(text, value);
        return;
    }
    days = us / US_PER_DAY - (us % US_PER_DAY < 0);
    *end++ = '"';
    put_date(&end, days);
    *end++ = 'T';
    put_time(&end, us - days * US_PER_DAY, !seconds);
    memcpy(end, seconds ? "+0000\"" : "Z\"", seconds ? 6 : 2);
    end += seconds ? 6 : 2;
    text_bytes(text, written, (size_t)(end - written));
}

static void write_time(struct text *text, const struct miniorm_value *value)
{
    char written[TIME_SIZE];
    char *end = written;

    if (value->as.integer < 0 || value->as.integer > US_PER_DAY) {
        write_formatted(text, value);
        return;
    }
    *end++ = '"';
    put_time(&end, value->as.integer, true);
    *end++ = '"';
    text_bytes(text, written, (size_t)(end - written));
}

static void write_number(struct text *text, const char *digits, size_t size, bool as_string)
{
    if (!as_string && baseapi__decimal_is_json(miniorm_text_from(digits, size)))
        text_bytes(text, digits, size);
    else
        baseapi__json_string(text, digits, size);
}

static void write_real(struct text *text, const struct miniorm_value *value)
{
    char digits[MINIORM_FORMAT_SIZE];

    write_number(text, digits, miniorm_value_format(value, digits), false);
}

static void write_integer(struct text *text, int64_t number, bool as_string)
{
    if (as_string)
        text_char(text, '"');
    text_integer(text, number);
    if (as_string)
        text_char(text, '"');
}

static void write_json(struct text *text, struct miniorm_text json, bool is_unchecked)
{
    json_t *parsed;

    if (is_unchecked) {
        parsed = json_loadb(json.data, json.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (parsed == NULL) {
            baseapi__json_string(text, json.data, json.size);
            return;
        }
        json_decref(parsed);
    }
    text_bytes(text, json.data, json.size);
}

static void write_bytes(struct text *text, struct miniorm_bytes bytes)
{
    char *end;

    text_char(text, '"');
    end = text_reserve(text, baseapi__base64_size(bytes.size));
    if (end != NULL)
        text->size += baseapi__base64_encode(bytes.data, bytes.size, end);
    text_char(text, '"');
}

void baseapi__json_value(struct text *text, const struct miniorm_value *value, unsigned format,
                         bool is_unchecked)
{
    if (value->is_null) {
        text_bytes(text, "null", 4);
        return;
    }
    switch (value->type) {
    case MINIORM_T_boolean: text_string(text, value->as.boolean ? "true" : "false"); break;
    case MINIORM_T_int2:
    case MINIORM_T_int4: text_integer(text, value->as.integer); break;
    case MINIORM_T_int8:
        write_integer(text, value->as.integer, (format & BASEAPI_INT8_STRING) != 0);
        break;
    case MINIORM_T_float4:
    case MINIORM_T_float8: write_real(text, value); break;
    case MINIORM_T_numeric:
        write_number(text, value->as.text.data, value->as.text.size,
                     (format & BASEAPI_NUMERIC_STRING) != 0);
        break;
    case MINIORM_T_text:
    case MINIORM_T_varchar:
        baseapi__json_string(text, value->as.text.data, value->as.text.size);
        break;
    case MINIORM_T_bytea: write_bytes(text, value->as.bytes); break;
    case MINIORM_T_uuid: write_formatted(text, value); break;
    case MINIORM_T_json:
    case MINIORM_T_jsonb: write_json(text, value->as.text, is_unchecked); break;
    case MINIORM_T_date: write_date(text, value); break;
    case MINIORM_T_time: write_time(text, value); break;
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: write_timestamp(text, value, format); break;
    }
}

/* Writes what is short into room for SMALL_SIZE characters; 0: it is something else. */
static size_t write_small(char *end, const struct miniorm_value *value)
{
    char digits[SMALL_SIZE];
    char *start = digits + SMALL_SIZE;
    uint64_t rest;

    if (value->is_null) {
        memcpy(end, "null", 4);
        return 4;
    }
    if (value->type == MINIORM_T_boolean) {
        memcpy(end, value->as.boolean ? "true" : "false", 5);
        return value->as.boolean ? 4 : 5;
    }
    if (value->type != MINIORM_T_int4 && value->type != MINIORM_T_int2)
        return 0;
    rest = (uint64_t)(value->as.integer < 0 ? -value->as.integer : value->as.integer);
    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value->as.integer < 0)
        *--start = '-';
    memcpy(end, start, (size_t)(digits + SMALL_SIZE - start));
    return (size_t)(digits + SMALL_SIZE - start);
}

static void write_column(struct text *text, const struct resource *resource,
                         const struct resource_column *column, const struct miniorm_value *value,
                         bool is_unchecked)
{
    char *end = text_reserve(text, column->prefix_size + SMALL_SIZE);
    size_t size;

    if (end == NULL)
        return;
    memcpy(end, column->prefix, column->prefix_size);
    size = write_small(end + column->prefix_size, value);
    text->size += column->prefix_size + size;
    if (size == 0)
        baseapi__json_value(text, value, resource->format, is_unchecked);
}

void baseapi__json_row(struct text *text, const struct resource *resource, uint64_t columns,
                       uint64_t shown, const struct miniorm_value *values, bool is_unchecked)
{
    const size_t start = text->size;

    for (uint64_t rest = columns; rest != 0; rest &= rest - 1, values++) {
        if ((shown & rest & -rest) != 0)
            write_column(text, resource, &resource->columns[__builtin_ctzll(rest)], values,
                         is_unchecked);
    }
    /* The comma before the first column becomes the brace. */
    if (text->size == start)
        text_char(text, '{');
    else if (!text->failed)
        text->data[start] = '{';
}
