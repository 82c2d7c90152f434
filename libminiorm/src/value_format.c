/*
 * Values as text.
 *
 * Invariant: MINIORM_FORMAT_SIZE is room for the longest text of every kind written here.
 */
#include <string.h>

#include "value.h"

static size_t format_string(const char *string, char out[MINIORM_FORMAT_SIZE])
{
    const size_t size = strlen(string);

    memcpy(out, string, size);
    return size;
}

static size_t format_integer(int64_t integer, char out[MINIORM_FORMAT_SIZE])
{
    uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    char digits[20];
    size_t n = 0;
    size_t size = 0;

    do {
        digits[n++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (integer < 0)
        out[size++] = '-';
    while (n > 0)
        out[size++] = digits[--n];
    return size;
}

static size_t format_uuid(const struct miniorm_uuid *uuid, char out[MINIORM_FORMAT_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    size_t size = 0;
    size_t i;

    for (i = 0; i < sizeof(uuid->bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[size++] = '-';
        out[size++] = hex[uuid->bytes[i] >> 4];
        out[size++] = hex[uuid->bytes[i] & 15];
    }
    return size;
}

static size_t format_scalar(const struct miniorm_value *value, char out[MINIORM_FORMAT_SIZE])
{
    switch ((int)value->type) {
    case MINIORM_T_boolean: return format_string(value->as.boolean ? "true" : "false", out);
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8: return format_integer(value->as.integer, out);
    case MINIORM_T_float4: return miniorm__float4_format(value->as.real, out);
    case MINIORM_T_float8: return miniorm__float8_format(value->as.real, out);
    case MINIORM_T_uuid: return format_uuid(&value->as.uuid, out);
    case MINIORM_T_date: return miniorm__date_format(value->as.integer, out);
    case MINIORM_T_time: return miniorm__time_format(value->as.integer, out);
    case MINIORM_T_timestamp: return miniorm__timestamp_format(value->as.integer, "", out);
    case MINIORM_T_timestamptz: return miniorm__timestamp_format(value->as.integer, "+00", out);
    default: return 0;
    }
}

size_t miniorm_value_format(const struct miniorm_value *value, char out[MINIORM_FORMAT_SIZE])
{
    const size_t size = value->is_null ? 0 : format_scalar(value, out);

    out[size] = '\0';
    return size;
}
