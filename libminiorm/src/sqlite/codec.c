/*
 * Codec: the one place that knows how each type is stored.
 *
 * Points of time are text of one width, so that their order as text is their order in time: years
 * have four digits, seconds six decimals, and the infinite ones sort at the ends by themselves
 * ("-infinity" before digits, "infinity" after them).
 */
#include "codec.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "../error.h"
#include "../value.h"
#include "array.h"

/* 0001-01-01 and 9999-12-31, in days from 2000-01-01. */
#define FIRST_DAY (-730119)
#define LAST_DAY 2921939
#define US_OF_DAY INT64_C(86400000000)
#define FRACTION_DIGITS 6

static bool is_infinite_time(const struct miniorm_value *value)
{
    if (value->type == MINIORM_T_date)
        return value->as.integer == MINIORM_DATE_INFINITY ||
               value->as.integer == MINIORM_DATE_NEGATIVE_INFINITY;
    return value->as.integer == MINIORM_INFINITY || value->as.integer == MINIORM_NEGATIVE_INFINITY;
}

static bool is_storable_time(const struct miniorm_value *value)
{
    const int64_t number = value->as.integer;

    if (value->type == MINIORM_T_time || is_infinite_time(value))
        return true;
    if (value->type == MINIORM_T_date)
        return number >= FIRST_DAY && number <= LAST_DAY;
    return number >= FIRST_DAY * US_OF_DAY && number < (LAST_DAY + 1) * US_OF_DAY;
}

/* Fills the fraction of a second up to its full width. */
static size_t pad_fraction(char *text, size_t size)
{
    char *point = memchr(text, '.', size);
    size_t digits;

    if (point == NULL) {
        point = text + size;
        text[size++] = '.';
    }
    digits = (size_t)(text + size - point) - 1;
    for (; digits < FRACTION_DIGITS; digits++)
        text[size++] = '0';
    return size;
}

static enum miniorm_status store_time(const struct miniorm_value *value, char *buffer,
                                      struct miniorm__sqlite_cell *out, struct miniorm_error *error)
{
    size_t size;

    if (!is_storable_time(value))
        return miniorm__fail(error, MINIORM_EVALUE,
                             "value: SQLite stores dates of the years 1 to 9999 only");
    if (value->type == MINIORM_T_date)
        size = miniorm__date_format(value->as.integer, buffer);
    else if (value->type == MINIORM_T_time)
        size = miniorm__time_format(value->as.integer, buffer);
    else
        size = miniorm__timestamp_format(value->as.integer, "", buffer);
    if (value->type != MINIORM_T_date && !is_infinite_time(value))
        size = pad_fraction(buffer, size);
    out->kind = SQLITE_TEXT;
    out->as.text = miniorm_text_from(buffer, size);
    return MINIORM_OK;
}

static enum miniorm_status store_real(const struct miniorm_value *value,
                                      struct miniorm__sqlite_cell *out, struct miniorm_error *error)
{
    if (isnan(value->as.real))
        return miniorm__fail(error, MINIORM_EVALUE, "value: SQLite cannot store NaN");
    out->kind = SQLITE_FLOAT;
    out->as.real = value->as.real;
    return MINIORM_OK;
}

static void store_integer(int64_t integer, struct miniorm__sqlite_cell *out)
{
    out->kind = SQLITE_INTEGER;
    out->as.integer = integer;
}

enum miniorm_status miniorm__sqlite_store(const struct miniorm_value *value,
                                          char buffer[MINIORM_FORMAT_SIZE],
                                          struct miniorm__sqlite_cell *out,
                                          struct miniorm_error *error)
{
    out->kind = SQLITE_NULL;
    if (value->is_null)
        return MINIORM_OK;
    switch (value->type) {
    case MINIORM_T_boolean: store_integer(value->as.boolean, out); return MINIORM_OK;
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8: store_integer(value->as.integer, out); return MINIORM_OK;
    case MINIORM_T_float4:
    case MINIORM_T_float8: return store_real(value, out, error);
    case MINIORM_T_date:
    case MINIORM_T_time:
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: return store_time(value, buffer, out, error);
    case MINIORM_T_uuid:
        out->kind = SQLITE_TEXT;
        out->as.text = miniorm_text_from(buffer, miniorm_value_format(value, buffer));
        return MINIORM_OK;
    case MINIORM_T_bytea:
        out->kind = SQLITE_BLOB;
        out->as.bytes = value->as.bytes;
        return MINIORM_OK;
    case MINIORM_T_numeric:
    case MINIORM_T_text:
    case MINIORM_T_varchar:
    case MINIORM_T_json:
    case MINIORM_T_jsonb:
        out->kind = SQLITE_TEXT;
        out->as.text = value->as.text;
        return MINIORM_OK;
    }
    return miniorm__fail(error, MINIORM_EINVALID, "value: %d is no type", (int)value->type);
}

static bool load_integer(const struct miniorm__sqlite_cell *cell, enum miniorm_type type,
                         struct miniorm_value *out)
{
    const int64_t limit = type == MINIORM_T_int2   ? INT16_MAX
                          : type == MINIORM_T_int4 ? INT32_MAX
                                                   : INT64_MAX;

    if (cell->kind != SQLITE_INTEGER || cell->as.integer > limit || cell->as.integer < -limit - 1)
        return false;
    out->as.integer = cell->as.integer;
    return true;
}

static bool load_boolean(const struct miniorm__sqlite_cell *cell, struct miniorm_value *out)
{
    if (cell->kind != SQLITE_INTEGER || (cell->as.integer != 0 && cell->as.integer != 1))
        return false;
    out->as.boolean = cell->as.integer == 1;
    return true;
}

/* A column of REAL affinity gives back whole numbers as REAL, but an expression may be INTEGER. */
static bool load_real(const struct miniorm__sqlite_cell *cell, enum miniorm_type type,
                      struct miniorm_value *out)
{
    double real;

    if (cell->kind == SQLITE_FLOAT)
        real = cell->as.real;
    else if (cell->kind == SQLITE_INTEGER)
        real = (double)cell->as.integer;
    else
        return false;
    if (type == MINIORM_T_float4) {
        if (isfinite(real) && fabs(real) > (double)FLT_MAX)
            return false;
        real = (double)(float)real;
    }
    out->as.real = real;
    return true;
}

static bool copy_digits(const char *digits, size_t size, struct arena *arena,
                        struct miniorm_value *out, bool *is_out_of_memory)
{
    const char *copy = arena_copy(arena, digits, size);

    *is_out_of_memory = copy == NULL;
    out->as.text = miniorm_text_from(copy, size);
    return copy != NULL;
}

/* Digits are stored as text; what an expression computed is a number, written out here. */
static bool load_numeric(const struct miniorm__sqlite_cell *cell, struct arena *arena,
                         struct miniorm_value *out, bool *is_out_of_memory)
{
    struct miniorm_value number = {.type = MINIORM_T_int8};
    char buffer[MINIORM_FORMAT_SIZE];

    if (cell->kind == SQLITE_TEXT) {
        out->as.text = cell->as.text;
        return miniorm__numeric_is_valid(cell->as.text);
    }
    if (cell->kind == SQLITE_INTEGER) {
        number.as.integer = cell->as.integer;
    } else if (cell->kind == SQLITE_FLOAT) {
        number.type = MINIORM_T_float8;
        number.as.real = cell->as.real;
    } else {
        return false;
    }
    return copy_digits(buffer, miniorm_value_format(&number, buffer), arena, out, is_out_of_memory);
}

static bool load_text(const struct miniorm__sqlite_cell *cell, struct miniorm_value *out)
{
    if (cell->kind != SQLITE_TEXT ||
        !miniorm__text_is_valid(cell->as.text.data, cell->as.text.size))
        return false;
    out->as.text = cell->as.text;
    return true;
}

static bool load_parsed(const struct miniorm__sqlite_cell *cell, enum miniorm_type type,
                        struct miniorm_value *out)
{
    return cell->kind == SQLITE_TEXT &&
           miniorm_value_parse(type, cell->as.text, out, NULL) == MINIORM_OK;
}

static bool load_bytes(const struct miniorm__sqlite_cell *cell, struct miniorm_value *out)
{
    if (cell->kind != SQLITE_BLOB)
        return false;
    out->as.bytes = cell->as.bytes;
    return true;
}

bool miniorm__sqlite_load(const struct miniorm__sqlite_cell *cell, enum miniorm_type type,
                          struct arena *arena, struct miniorm_value *out, bool *is_out_of_memory)
{
    *is_out_of_memory = false;
    out->type = type;
    out->is_null = cell->kind == SQLITE_NULL;
    if (out->is_null)
        return true;
    switch (type) {
    case MINIORM_T_boolean: return load_boolean(cell, out);
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8: return load_integer(cell, type, out);
    case MINIORM_T_float4:
    case MINIORM_T_float8: return load_real(cell, type, out);
    case MINIORM_T_numeric: return load_numeric(cell, arena, out, is_out_of_memory);
    case MINIORM_T_text:
    case MINIORM_T_varchar:
    case MINIORM_T_json:
    case MINIORM_T_jsonb: return load_text(cell, out);
    case MINIORM_T_bytea: return load_bytes(cell, out);
    case MINIORM_T_uuid:
    case MINIORM_T_date:
    case MINIORM_T_time:
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: return load_parsed(cell, type, out);
    }
    return false;
}

enum miniorm_type miniorm__sqlite_natural_type(const struct miniorm__sqlite_cell *cell)
{
    switch (cell->kind) {
    case SQLITE_INTEGER: return MINIORM_T_int8;
    case SQLITE_FLOAT: return MINIORM_T_float8;
    case SQLITE_BLOB: return MINIORM_T_bytea;
    default: return MINIORM_T_text;
    }
}

const char *miniorm__sqlite_kind_name(const struct miniorm__sqlite_cell *cell)
{
    switch (cell->kind) {
    case SQLITE_INTEGER: return "INTEGER";
    case SQLITE_FLOAT: return "REAL";
    case SQLITE_BLOB: return "BLOB";
    case SQLITE_TEXT: return "TEXT";
    default: return "NULL";
    }
}

static int bind_cell(sqlite3_stmt *prepared, int number, const struct miniorm__sqlite_cell *cell,
                     bool is_borrowed)
{
    switch (cell->kind) {
    case SQLITE_INTEGER: return sqlite3_bind_int64(prepared, number, cell->as.integer);
    case SQLITE_FLOAT: return sqlite3_bind_double(prepared, number, cell->as.real);
    case SQLITE_TEXT:
        /* A NULL pointer would bind NULL, which an empty text is not. */
        return sqlite3_bind_text64(
            prepared, number, cell->as.text.size == 0 ? "" : cell->as.text.data, cell->as.text.size,
            is_borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8);
    case SQLITE_BLOB:
        return sqlite3_bind_blob64(
            prepared, number, cell->as.bytes.size == 0 ? (const void *)"" : cell->as.bytes.data,
            cell->as.bytes.size, SQLITE_STATIC);
    default: return sqlite3_bind_null(prepared, number);
    }
}

static enum miniorm_status fail_bind(int code, struct miniorm_error *error)
{
    if (code == SQLITE_NOMEM)
        return miniorm__fail_memory(error);
    if (code == SQLITE_TOOBIG)
        return miniorm__fail(error, MINIORM_EVALUE, "value: larger than SQLite can store");
    return miniorm__fail(error, MINIORM_EINVALID, "statement: it has fewer parameters than values");
}

enum miniorm_status miniorm__sqlite_bind(sqlite3_stmt *prepared, int number,
                                         const struct miniorm__parameter *parameter,
                                         struct miniorm_error *error)
{
    struct miniorm__sqlite_cell cell;
    char buffer[MINIORM_FORMAT_SIZE];
    enum miniorm_status status;
    int code;

    if (parameter->is_array) {
        /* SQLite passes the pointer on to the table miniorm_array, which only reads it. */
        code = sqlite3_bind_pointer(prepared, number, (void *)(uintptr_t)parameter,
                                    MINIORM__SQLITE_ARRAY_TYPE, NULL);
        return code == SQLITE_OK ? MINIORM_OK : fail_bind(code, error);
    }
    status = miniorm__sqlite_store(parameter->values, buffer, &cell, error);
    if (status != MINIORM_OK)
        return status;
    code =
        bind_cell(prepared, number, &cell, cell.kind != SQLITE_TEXT || cell.as.text.data != buffer);
    return code == SQLITE_OK ? MINIORM_OK : fail_bind(code, error);
}
