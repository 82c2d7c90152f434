/*
 * Members of a model's struct as values, and values as members: which C type each SQL type has.
 *
 * Invariant: the table of <miniorm/value.h> and the MINIORM_C_ types of <miniorm/model.h> are what
 * the two switches say. Bytes are copied, so that a struct made at run time may be packed.
 */
#include <string.h>

#include "value.h"

#define LOAD(c_type, target)                       \
    do {                                           \
        c_type loaded_;                            \
        memcpy(&loaded_, member, sizeof(loaded_)); \
        (target) = loaded_;                        \
    } while (0)

#define STORE(c_type, source)                      \
    do {                                           \
        const c_type stored_ = (c_type)(source);   \
        memcpy(member, &stored_, sizeof(stored_)); \
    } while (0)

#define COPY(source) memcpy(member, &(source), sizeof(source))

void miniorm__member_load(enum miniorm_type type, const void *member, struct miniorm_value *out)
{
    out->type = type;
    out->is_null = false;
    switch (type) {
    case MINIORM_T_boolean: LOAD(bool, out->as.boolean); break;
    case MINIORM_T_int2: LOAD(int16_t, out->as.integer); break;
    case MINIORM_T_int4:
    case MINIORM_T_date: LOAD(int32_t, out->as.integer); break;
    case MINIORM_T_int8:
    case MINIORM_T_time:
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: LOAD(int64_t, out->as.integer); break;
    case MINIORM_T_float4: LOAD(float, out->as.real); break;
    case MINIORM_T_float8: LOAD(double, out->as.real); break;
    case MINIORM_T_numeric:
    case MINIORM_T_text:
    case MINIORM_T_varchar:
    case MINIORM_T_json:
    case MINIORM_T_jsonb: LOAD(struct miniorm_text, out->as.text); break;
    case MINIORM_T_bytea: LOAD(struct miniorm_bytes, out->as.bytes); break;
    case MINIORM_T_uuid: LOAD(struct miniorm_uuid, out->as.uuid); break;
    }
}

void miniorm__member_store(void *member, const struct miniorm_value *value)
{
    switch (value->type) {
    case MINIORM_T_boolean: COPY(value->as.boolean); break;
    case MINIORM_T_int2: STORE(int16_t, value->as.integer); break;
    case MINIORM_T_int4:
    case MINIORM_T_date: STORE(int32_t, value->as.integer); break;
    case MINIORM_T_int8:
    case MINIORM_T_time:
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: COPY(value->as.integer); break;
    case MINIORM_T_float4: STORE(float, value->as.real); break;
    case MINIORM_T_float8: COPY(value->as.real); break;
    case MINIORM_T_numeric:
    case MINIORM_T_text:
    case MINIORM_T_varchar:
    case MINIORM_T_json:
    case MINIORM_T_jsonb: COPY(value->as.text); break;
    case MINIORM_T_bytea: COPY(value->as.bytes); break;
    case MINIORM_T_uuid: COPY(value->as.uuid); break;
    }
}
