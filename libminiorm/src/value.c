/*
 * Values: constructors, types, conversion between them, and their text form.
 *
 * What text means is known by datetime.c, numeric.c and real.c; integers, booleans and uuids are
 * read by value_parse.c.
 * Invariant: whatever these functions put into *out fits its type and is valid for a column of that
 * type on every database; *out is written last.
 */
#include "value.h"

#include <string.h>

#include "error.h"

struct miniorm_value miniorm_value_null(void)
{
    return (struct miniorm_value){.type = MINIORM_T_text, .is_null = true};
}

struct miniorm_value miniorm_value_boolean(bool value)
{
    return (struct miniorm_value){.type = MINIORM_T_boolean, .as.boolean = value};
}

struct miniorm_value miniorm_value_integer(int64_t value)
{
    return (struct miniorm_value){.type = MINIORM_T_int8, .as.integer = value};
}

struct miniorm_value miniorm_value_unsigned(uint64_t value)
{
    struct miniorm_value out = miniorm_value_integer((int64_t)value);

    if (value > (uint64_t)INT64_MAX)
        out.type = (enum miniorm_type)0;
    return out;
}

struct miniorm_value miniorm_value_real(double value)
{
    return (struct miniorm_value){.type = MINIORM_T_float8, .as.real = value};
}

struct miniorm_value miniorm_value_text(struct miniorm_text value)
{
    return (struct miniorm_value){.type = MINIORM_T_text, .as.text = value};
}

struct miniorm_value miniorm_value_string(const char *value)
{
    if (value == NULL)
        return miniorm_value_null();
    return miniorm_value_text(miniorm_text_from(value, strlen(value)));
}

struct miniorm_value miniorm_value_bytes(struct miniorm_bytes value)
{
    return (struct miniorm_value){.type = MINIORM_T_bytea, .as.bytes = value};
}

struct miniorm_value miniorm_value_uuid(struct miniorm_uuid value)
{
    return (struct miniorm_value){.type = MINIORM_T_uuid, .as.uuid = value};
}

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [MINIORM_T_boolean] = {"boolean", sizeof(MINIORM_C_boolean)},
    [MINIORM_T_int2] = {"int2", sizeof(MINIORM_C_int2)},
    [MINIORM_T_int4] = {"int4", sizeof(MINIORM_C_int4)},
    [MINIORM_T_int8] = {"int8", sizeof(MINIORM_C_int8)},
    [MINIORM_T_float4] = {"float4", sizeof(MINIORM_C_float4)},
    [MINIORM_T_float8] = {"float8", sizeof(MINIORM_C_float8)},
    [MINIORM_T_numeric] = {"numeric", sizeof(MINIORM_C_numeric)},
    [MINIORM_T_text] = {"text", sizeof(MINIORM_C_text)},
    [MINIORM_T_varchar] = {"varchar", sizeof(MINIORM_C_varchar)},
    [MINIORM_T_bytea] = {"bytea", sizeof(MINIORM_C_bytea)},
    [MINIORM_T_uuid] = {"uuid", sizeof(MINIORM_C_uuid)},
    [MINIORM_T_json] = {"json", sizeof(MINIORM_C_json)},
    [MINIORM_T_jsonb] = {"jsonb", sizeof(MINIORM_C_jsonb)},
    [MINIORM_T_date] = {"date", sizeof(MINIORM_C_date)},
    [MINIORM_T_time] = {"time", sizeof(MINIORM_C_time)},
    [MINIORM_T_timestamp] = {"timestamp", sizeof(MINIORM_C_timestamp)},
    [MINIORM_T_timestamptz] = {"timestamptz", sizeof(MINIORM_C_timestamptz)},
};

static bool is_type(enum miniorm_type type)
{
    return (unsigned)type < sizeof(types) / sizeof(types[0]) && types[type].name != NULL;
}

const char *miniorm_type_name(enum miniorm_type type)
{
    return is_type(type) ? types[type].name : "?";
}

size_t miniorm__type_size(enum miniorm_type type)
{
    return is_type(type) ? types[type].size : 0;
}

bool miniorm__type_is_text(enum miniorm_type type)
{
    return type == MINIORM_T_text || type == MINIORM_T_varchar || type == MINIORM_T_numeric ||
           type == MINIORM_T_json || type == MINIORM_T_jsonb;
}

static bool is_integer(enum miniorm_type type)
{
    return type == MINIORM_T_int2 || type == MINIORM_T_int4 || type == MINIORM_T_int8;
}

static bool is_real(enum miniorm_type type)
{
    return type == MINIORM_T_float4 || type == MINIORM_T_float8;
}

static bool is_timestamp(enum miniorm_type type)
{
    return type == MINIORM_T_timestamp || type == MINIORM_T_timestamptz;
}

static enum miniorm_status fail_range(enum miniorm_type type, struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_EVALUE, "value is out of the range of %s",
                         miniorm_type_name(type));
}

static enum miniorm_status fail_kind(const struct miniorm_value *value, enum miniorm_type type,
                                     struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_EVALUE, "a value of type %s cannot be %s",
                         miniorm_type_name(value->type), miniorm_type_name(type));
}

/* Integers, dates and times all lie in as.integer. */
static bool integer_fits(enum miniorm_type type, int64_t integer)
{
    switch ((int)type) {
    case MINIORM_T_int2: return integer >= INT16_MIN && integer <= INT16_MAX;
    case MINIORM_T_int4: return integer >= INT32_MIN && integer <= INT32_MAX;
    case MINIORM_T_date: return miniorm__date_is_valid(integer);
    case MINIORM_T_time: return miniorm__time_is_valid(integer);
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: return miniorm__timestamp_is_valid(integer);
    default: return type == MINIORM_T_int8;
    }
}

/* 2^63: the first double that no int64_t can hold. */
#define INT64_END 9223372036854775808.0

static bool real_is_integer(double real)
{
    return real >= -INT64_END && real < INT64_END && (double)(int64_t)real == real;
}

static bool number_to_integer(const struct miniorm_value *value, int64_t *out)
{
    if (!is_real(value->type)) {
        *out = value->as.integer;
        return true;
    }
    if (!real_is_integer(value->as.real))
        return false;
    *out = (int64_t)value->as.real;
    return true;
}

static enum miniorm_status to_integer(const struct miniorm_value *value, enum miniorm_type type,
                                      struct miniorm_value *out, struct miniorm_error *error)
{
    /* A point of time that a program wrote is an int64_t and arrives as int8. */
    const bool fits_kind = is_integer(value->type) || value->type == type ||
                           (is_integer(type) && is_real(value->type)) ||
                           (is_timestamp(type) && is_timestamp(value->type));
    int64_t integer;

    if (!fits_kind)
        return fail_kind(value, type, error);
    if (!number_to_integer(value, &integer) || !integer_fits(type, integer))
        return fail_range(type, error);
    *out = (struct miniorm_value){.type = type, .as.integer = integer};
    return MINIORM_OK;
}

static bool integer_is_exact(enum miniorm_type type, int64_t integer)
{
    const double real = type == MINIORM_T_float4 ? (double)(float)integer : (double)integer;

    return real_is_integer(real) && (int64_t)real == integer;
}

static bool is_infinite(double real)
{
    return real - real != 0 && real == real;
}

static enum miniorm_status to_real(const struct miniorm_value *value, enum miniorm_type type,
                                   struct miniorm_value *out, struct miniorm_error *error)
{
    double real;

    if (is_integer(value->type)) {
        if (!integer_is_exact(type, value->as.integer))
            return fail_range(type, error);
        real = (double)value->as.integer;
    } else if (is_real(value->type)) {
        real = value->as.real;
    } else {
        return fail_kind(value, type, error);
    }
    /* The nearest float4 stands for a double, as in PostgreSQL; what would become infinite or zero
     * does not fit. */
    if (type == MINIORM_T_float4) {
        const double nearest = (double)(float)real;

        if (is_infinite(nearest) != is_infinite(real) || (nearest == 0) != (real == 0))
            return fail_range(type, error);
        real = nearest;
    }
    *out = (struct miniorm_value){.type = type, .as.real = real};
    return MINIORM_OK;
}

/* What a program or a peer wrote in its own way ("1.50e3", "+.5") gets one spelling, so that every
 * database answers the same. */
static enum miniorm_status normalize(struct arena *arena, struct miniorm_value *value,
                                     struct miniorm_error *error)
{
    const struct miniorm_text normal = miniorm__numeric_normal(value->as.text, arena);

    if (normal.data == NULL)
        return miniorm__fail_memory(error);
    value->as.text = normal;
    return MINIORM_OK;
}

static enum miniorm_status from_text(struct miniorm_text text, enum miniorm_type type,
                                     struct arena *arena, struct miniorm_value *out,
                                     struct miniorm_error *error)
{
    struct miniorm_value value;
    enum miniorm_status status = miniorm_value_parse(type, text, &value, error);

    if (status == MINIORM_OK && type == MINIORM_T_numeric && arena != NULL)
        status = normalize(arena, &value, error);
    if (status == MINIORM_OK)
        *out = value;
    return status;
}

/* Numbers become numeric through their text, which needs memory. */
static enum miniorm_status to_numeric(const struct miniorm_value *value, struct arena *arena,
                                      struct miniorm_value *out, struct miniorm_error *error)
{
    char digits[MINIORM_FORMAT_SIZE];
    struct miniorm_text text;

    if (arena == NULL || (!is_integer(value->type) && !is_real(value->type)))
        return fail_kind(value, MINIORM_T_numeric, error);
    text.size = miniorm_value_format(value, digits);
    text.data = arena_copy(arena, digits, text.size);
    if (text.data == NULL)
        return miniorm__fail_memory(error);
    return from_text(text, MINIORM_T_numeric, arena, out, error);
}

/* C's `true` is an integer to MINIORM_VALUE. */
static enum miniorm_status to_boolean(const struct miniorm_value *value, struct miniorm_value *out,
                                      struct miniorm_error *error)
{
    if (value->type == MINIORM_T_boolean) {
        *out = *value;
        return MINIORM_OK;
    }
    if (!is_integer(value->type))
        return fail_kind(value, MINIORM_T_boolean, error);
    if (value->as.integer != 0 && value->as.integer != 1)
        return fail_range(MINIORM_T_boolean, error);
    *out = miniorm_value_boolean(value->as.integer == 1);
    return MINIORM_OK;
}

static enum miniorm_status to_same(const struct miniorm_value *value, enum miniorm_type type,
                                   struct miniorm_value *out, struct miniorm_error *error)
{
    if (value->type != type)
        return fail_kind(value, type, error);
    *out = *value;
    return MINIORM_OK;
}

enum miniorm_status miniorm__value_convert(const struct miniorm_value *value,
                                           enum miniorm_type type, struct arena *arena,
                                           struct miniorm_value *out, struct miniorm_error *error)
{
    if (!is_type(type) || !is_type(value->type))
        return miniorm__fail(error, MINIORM_EINVALID, "a value has no type");
    if (value->is_null) {
        *out = (struct miniorm_value){.type = type, .is_null = true};
        return MINIORM_OK;
    }
    if (miniorm__type_is_text(value->type))
        return from_text(value->as.text, type, arena, out, error);
    if (type == MINIORM_T_numeric)
        return to_numeric(value, arena, out, error);
    if (is_real(type))
        return to_real(value, type, out, error);
    if (type == MINIORM_T_boolean)
        return to_boolean(value, out, error);
    if (is_integer(type) || is_timestamp(type) || type == MINIORM_T_date || type == MINIORM_T_time)
        return to_integer(value, type, out, error);
    return to_same(value, type, out, error);
}

enum miniorm_status miniorm_value_convert(const struct miniorm_value *value, enum miniorm_type type,
                                          struct miniorm_value *out, struct miniorm_error *error)
{
    return miniorm__value_convert(value, type, NULL, out, error);
}
