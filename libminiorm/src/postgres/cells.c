/*
 * Cells: binary cells of an answer to values.
 *
 * The server's type decides the form, and every length is checked against it: a malformed cell is
 * MINIORM_EPROTOCOL and nothing beyond it is read.
 */
#include "codec.h"

#include <string.h>

#include "../error.h"

#define JSONB_VERSION 1

static enum miniorm_status malformed(Oid oid, size_t size, struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_EPROTOCOL,
                         "the server sent a malformed cell: %zu bytes for type %u", size, oid);
}

static void take_integer(struct miniorm_value *out, enum miniorm_type type, int64_t value)
{
    out->type = type;
    out->as.integer = value;
}

static void take_text(struct miniorm_value *out, enum miniorm_type type, const char *data,
                      size_t size)
{
    out->type = type;
    out->as.text = miniorm_text_from(data, size);
}

static bool decode_fixed4(Oid oid, const unsigned char *data, struct miniorm_value *out)
{
    const uint32_t bits = miniorm__get32(data);
    float real;

    switch (oid) {
    case MINIORM__OID_INT4: take_integer(out, MINIORM_T_int4, (int32_t)bits); return true;
    case MINIORM__OID_DATE: take_integer(out, MINIORM_T_date, (int32_t)bits); return true;
    case MINIORM__OID_OID:
    case MINIORM__OID_XID: take_integer(out, MINIORM_T_int8, bits); return true;
    case MINIORM__OID_FLOAT4:
        memcpy(&real, &bits, sizeof(real));
        out->type = MINIORM_T_float4;
        out->as.real = (double)real;
        return true;
    default: return false;
    }
}

static bool decode_fixed8(Oid oid, const unsigned char *data, struct miniorm_value *out)
{
    const uint64_t bits = miniorm__get64(data);

    switch (oid) {
    case MINIORM__OID_INT8: take_integer(out, MINIORM_T_int8, (int64_t)bits); return true;
    case MINIORM__OID_TIME: take_integer(out, MINIORM_T_time, (int64_t)bits); return true;
    case MINIORM__OID_TIMESTAMP: take_integer(out, MINIORM_T_timestamp, (int64_t)bits); return true;
    case MINIORM__OID_TIMESTAMPTZ:
        take_integer(out, MINIORM_T_timestamptz, (int64_t)bits);
        return true;
    case MINIORM__OID_FLOAT8:
        out->type = MINIORM_T_float8;
        memcpy(&out->as.real, &bits, sizeof(out->as.real));
        return true;
    default: return false;
    }
}

static bool decode_fixed(Oid oid, const unsigned char *data, size_t size, struct miniorm_value *out)
{
    switch (size) {
    case 1:
        if (oid != MINIORM__OID_BOOL)
            return false;
        out->type = MINIORM_T_boolean;
        out->as.boolean = *data != 0;
        return true;
    case 2:
        if (oid != MINIORM__OID_INT2)
            return false;
        take_integer(out, MINIORM_T_int2, (int16_t)miniorm__get16(data));
        return true;
    case 4: return decode_fixed4(oid, data, out);
    case 8: return decode_fixed8(oid, data, out);
    case 16:
        if (oid != MINIORM__OID_UUID)
            return false;
        out->type = MINIORM_T_uuid;
        memcpy(out->as.uuid.bytes, data, size);
        return true;
    default: return false;
    }
}

static enum miniorm_status decode_jsonb(const char *data, size_t size, struct miniorm_value *out,
                                        struct miniorm_error *error)
{
    if (size == 0 || *data != JSONB_VERSION)
        return malformed(MINIORM__OID_JSONB, size, error);
    take_text(out, MINIORM_T_jsonb, data + 1, size - 1);
    return MINIORM_OK;
}

static enum miniorm_status decode_other(Oid oid, size_t size, struct miniorm_error *error)
{
    switch (oid) {
    case MINIORM__OID_BOOL:
    case MINIORM__OID_INT2:
    case MINIORM__OID_INT4:
    case MINIORM__OID_INT8:
    case MINIORM__OID_OID:
    case MINIORM__OID_XID:
    case MINIORM__OID_FLOAT4:
    case MINIORM__OID_FLOAT8:
    case MINIORM__OID_UUID:
    case MINIORM__OID_DATE:
    case MINIORM__OID_TIME:
    case MINIORM__OID_TIMESTAMP:
    case MINIORM__OID_TIMESTAMPTZ: return malformed(oid, size, error);
    default:
        return miniorm__fail(error, MINIORM_EUNSUPPORTED,
                             "the column has the database's type %u, which has no C form here: "
                             "cast it to text in the statement",
                             oid);
    }
}

enum miniorm_status miniorm__pg_decode(Oid oid, const char *data, size_t size, struct arena *arena,
                                       struct miniorm_value *out, struct miniorm_error *error)
{
    out->is_null = false;
    switch (oid) {
    case MINIORM__OID_VARCHAR: take_text(out, MINIORM_T_varchar, data, size); return MINIORM_OK;
    case MINIORM__OID_TEXT:
    case MINIORM__OID_BPCHAR:
    case MINIORM__OID_NAME:
    case MINIORM__OID_CHAR:
    case MINIORM__OID_UNKNOWN:
    case MINIORM__OID_VOID: take_text(out, MINIORM_T_text, data, size); return MINIORM_OK;
    case MINIORM__OID_JSON: take_text(out, MINIORM_T_json, data, size); return MINIORM_OK;
    case MINIORM__OID_JSONB: return decode_jsonb(data, size, out, error);
    case MINIORM__OID_BYTEA:
        out->type = MINIORM_T_bytea;
        out->as.bytes.data = (const unsigned char *)data;
        out->as.bytes.size = size;
        return MINIORM_OK;
    case MINIORM__OID_NUMERIC:
        out->type = MINIORM_T_numeric;
        return miniorm__pg_numeric_decode((const unsigned char *)data, size, arena, &out->as.text,
                                          error);
    default:
        if (decode_fixed(oid, (const unsigned char *)data, size, out))
            return MINIORM_OK;
        return decode_other(oid, size, error);
    }
}
