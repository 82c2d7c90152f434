/*
 * Parameters: values to the arrays that libpq takes, in binary form.
 *
 * One pass measures, one writes, both over memory that the connection keeps, so that a statement of
 * ordinary size costs no allocation. libpq copies what it sends: the arrays live until the next
 * statement is encoded.
 */
#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

/* The protocol counts parameters in 16 bits. */
#define PARAMETERS_MAX 65535
/* What a connection keeps between statements; more is given back, so that one bulk insert does not
 * stay in memory for ever. */
#define SCRATCH_KEPT ((size_t)64 * 1024)
#define SCRATCH_FIRST ((size_t)1024)
/* Widest value of fixed size (uuid), and room to align. */
#define FIXED_BOUND 16
/* Dimensions, null flag, element type, length, lower bound. */
#define ARRAY_HEADER 20
#define BINARY 1
#define JSONB_VERSION 1

struct oids {
    Oid scalar;
    Oid array;
};

static const struct oids type_oids[] = {
    [MINIORM_T_boolean] = {MINIORM__OID_BOOL, 1000},
    [MINIORM_T_int2] = {MINIORM__OID_INT2, 1005},
    [MINIORM_T_int4] = {MINIORM__OID_INT4, 1007},
    [MINIORM_T_int8] = {MINIORM__OID_INT8, 1016},
    [MINIORM_T_float4] = {MINIORM__OID_FLOAT4, 1021},
    [MINIORM_T_float8] = {MINIORM__OID_FLOAT8, 1022},
    [MINIORM_T_numeric] = {MINIORM__OID_NUMERIC, 1231},
    [MINIORM_T_text] = {0, 1009},
    [MINIORM_T_varchar] = {MINIORM__OID_VARCHAR, 1015},
    [MINIORM_T_bytea] = {MINIORM__OID_BYTEA, 1001},
    [MINIORM_T_uuid] = {MINIORM__OID_UUID, 2951},
    [MINIORM_T_json] = {MINIORM__OID_JSON, 199},
    [MINIORM_T_jsonb] = {MINIORM__OID_JSONB, 3807},
    [MINIORM_T_date] = {MINIORM__OID_DATE, 1182},
    [MINIORM_T_time] = {MINIORM__OID_TIME, 1183},
    [MINIORM_T_timestamp] = {MINIORM__OID_TIMESTAMP, 1115},
    [MINIORM_T_timestamptz] = {MINIORM__OID_TIMESTAMPTZ, 1185},
};

#define TYPES (sizeof(type_oids) / sizeof(type_oids[0]))

/* Where the arrays and the bytes lie in the scratch. */
struct writer {
    Oid *types;
    const char **values;
    int *lengths;
    int *formats;
    unsigned char *at;
};

Oid miniorm__pg_parameter_oid(const struct miniorm__parameter *parameter)
{
    if ((size_t)parameter->type >= TYPES)
        return 0;
    return parameter->is_array ? type_oids[parameter->type].array
                               : type_oids[parameter->type].scalar;
}

static Oid element_oid(enum miniorm_type type)
{
    return type == MINIORM_T_text ? MINIORM__OID_TEXT : type_oids[type].scalar;
}

static bool is_text(enum miniorm_type type)
{
    return type == MINIORM_T_text || type == MINIORM_T_varchar || type == MINIORM_T_json ||
           type == MINIORM_T_jsonb || type == MINIORM_T_numeric;
}

/* Bytes of one value at most, borrowed ones included. */
static size_t value_bound(enum miniorm_type type, const struct miniorm_value *value)
{
    if (value->is_null)
        return 0;
    if (type == MINIORM_T_numeric)
        return miniorm__pg_numeric_bound(value->as.text.size);
    if (is_text(type))
        return value->as.text.size + 1;
    return type == MINIORM_T_bytea ? value->as.bytes.size : FIXED_BOUND;
}

static size_t parameter_bound(const struct miniorm__parameter *parameter)
{
    size_t bound = ARRAY_HEADER, i;

    if (!parameter->is_array)
        return value_bound(parameter->type, parameter->values);
    for (i = 0; i < parameter->n_values; i++)
        bound += 4 + value_bound(parameter->type, &parameter->values[i]);
    return bound;
}

static size_t statement_bound(const struct miniorm__statement *statement)
{
    size_t bound = statement->n_parameters * (sizeof(char *) + 2 * sizeof(int) + sizeof(Oid)), i;

    for (i = 0; i < statement->n_parameters; i++)
        bound += parameter_bound(&statement->parameters[i]);
    return bound;
}

static bool scratch_reserve(struct miniorm__pg_scratch *scratch, size_t size)
{
    unsigned char *data;

    if (size <= scratch->capacity)
        return true;
    if (size < SCRATCH_FIRST)
        size = SCRATCH_FIRST;
    data = malloc(size);
    if (data == NULL)
        return false;
    free(scratch->data);
    scratch->data = data;
    scratch->capacity = size;
    return true;
}

void miniorm__pg_scratch_free(struct miniorm__pg_scratch *scratch)
{
    free(scratch->data);
    scratch->data = NULL;
    scratch->capacity = 0;
}

void miniorm__pg_scratch_trim(struct miniorm__pg_scratch *scratch)
{
    if (scratch->capacity > SCRATCH_KEPT)
        miniorm__pg_scratch_free(scratch);
}

static enum miniorm_status put_integer(unsigned char *out, int64_t value, size_t size,
                                       size_t *written, struct miniorm_error *error)
{
    const int64_t limit = size == 8 ? INT64_MAX : (INT64_C(1) << (8 * size - 1)) - 1;

    if (value > limit || value < -limit - 1)
        return miniorm__fail(error, MINIORM_EVALUE, "the integer is out of range for its type");
    if (size == 2)
        miniorm__put16(out, (uint16_t)value);
    else if (size == 4)
        miniorm__put32(out, (uint32_t)value);
    else
        miniorm__put64(out, (uint64_t)value);
    *written = size;
    return MINIORM_OK;
}

static size_t put_real(unsigned char *out, double value, bool is_single)
{
    const float single = (float)value;
    uint32_t bits32;
    uint64_t bits64;

    if (is_single) {
        memcpy(&bits32, &single, sizeof(bits32));
        miniorm__put32(out, bits32);
        return sizeof(bits32);
    }
    memcpy(&bits64, &value, sizeof(bits64));
    miniorm__put64(out, bits64);
    return sizeof(bits64);
}

/* PostgreSQL keeps no zero byte in text, and a text form would end there unnoticed. */
static enum miniorm_status check_text(const struct miniorm_text *text, struct miniorm_error *error)
{
    if (text->size != 0 && memchr(text->data, '\0', text->size) != NULL)
        return miniorm__fail(error, MINIORM_EVALUE, "the text has a zero byte, which it may not");
    return MINIORM_OK;
}

static enum miniorm_status put_text(unsigned char *out, enum miniorm_type type,
                                    const struct miniorm_text *text, size_t *written,
                                    struct miniorm_error *error)
{
    enum miniorm_status status;

    if (type == MINIORM_T_numeric)
        return miniorm__pg_numeric_encode(text->data, text->size, out, written, error);
    status = check_text(text, error);
    if (status != MINIORM_OK)
        return status;
    *written = text->size;
    if (type == MINIORM_T_jsonb) {
        *out++ = JSONB_VERSION;
        *written += 1;
    }
    if (text->size != 0)
        memcpy(out, text->data, text->size);
    return MINIORM_OK;
}

/* Writes the binary form of a value that is not null. */
static enum miniorm_status put_value(unsigned char *out, enum miniorm_type type,
                                     const struct miniorm_value *value, size_t *written,
                                     struct miniorm_error *error)
{
    switch (type) {
    case MINIORM_T_boolean:
        *out = value->as.boolean;
        *written = 1;
        return MINIORM_OK;
    case MINIORM_T_int2: return put_integer(out, value->as.integer, 2, written, error);
    case MINIORM_T_int4:
    case MINIORM_T_date: return put_integer(out, value->as.integer, 4, written, error);
    case MINIORM_T_int8:
    case MINIORM_T_time:
    case MINIORM_T_timestamp:
    case MINIORM_T_timestamptz: return put_integer(out, value->as.integer, 8, written, error);
    case MINIORM_T_float4:
    case MINIORM_T_float8:
        *written = put_real(out, value->as.real, type == MINIORM_T_float4);
        return MINIORM_OK;
    case MINIORM_T_uuid:
        memcpy(out, value->as.uuid.bytes, sizeof(value->as.uuid.bytes));
        *written = sizeof(value->as.uuid.bytes);
        return MINIORM_OK;
    case MINIORM_T_bytea:
        if (value->as.bytes.size != 0)
            memcpy(out, value->as.bytes.data, value->as.bytes.size);
        *written = value->as.bytes.size;
        return MINIORM_OK;
    case MINIORM_T_numeric:
    case MINIORM_T_text:
    case MINIORM_T_varchar:
    case MINIORM_T_json:
    case MINIORM_T_jsonb: return put_text(out, type, &value->as.text, written, error);
    }
    return miniorm__fail(error, MINIORM_EINVALID, "a parameter has no type");
}

static enum miniorm_status put_array(unsigned char *out, const struct miniorm__parameter *parameter,
                                     size_t *written, struct miniorm_error *error)
{
    unsigned char *at = out + (parameter->n_values == 0 ? 12 : ARRAY_HEADER);
    enum miniorm_status status;
    bool has_null = false;
    size_t size, i;

    for (i = 0; i < parameter->n_values; i++) {
        const struct miniorm_value *value = &parameter->values[i];

        if (value->is_null) {
            has_null = true;
            miniorm__put32(at, UINT32_MAX);
            at += 4;
            continue;
        }
        status = put_value(at + 4, parameter->type, value, &size, error);
        if (status != MINIORM_OK)
            return status;
        miniorm__put32(at, (uint32_t)size);
        at += 4 + size;
    }
    miniorm__put32(out, parameter->n_values != 0);
    miniorm__put32(out + 4, has_null);
    miniorm__put32(out + 8, element_oid(parameter->type));
    if (parameter->n_values != 0) {
        miniorm__put32(out + 12, (uint32_t)parameter->n_values);
        miniorm__put32(out + 16, 1);
    }
    *written = (size_t)(at - out);
    return MINIORM_OK;
}

/* Bytes and texts whose binary form is what the caller has are not copied. */
static bool borrow(const struct miniorm__parameter *parameter, const char **data, size_t *size)
{
    const struct miniorm_value *value = parameter->values;

    if (parameter->is_array || value->is_null)
        return false;
    if (parameter->type == MINIORM_T_bytea) {
        *data = (const char *)value->as.bytes.data;
        *size = value->as.bytes.size;
    } else if (parameter->type == MINIORM_T_varchar || parameter->type == MINIORM_T_json) {
        *data = value->as.text.data;
        *size = value->as.text.size;
    } else {
        return false;
    }
    if (*size == 0)
        *data = "";
    return true;
}

static enum miniorm_status put_copy(struct writer *writer,
                                    const struct miniorm__parameter *parameter, const char **data,
                                    size_t *size, struct miniorm_error *error)
{
    enum miniorm_status status;

    *data = (const char *)writer->at;
    if (parameter->is_array)
        status = put_array(writer->at, parameter, size, error);
    else
        status = put_value(writer->at, parameter->type, parameter->values, size, error);
    if (status != MINIORM_OK)
        return status;
    writer->at += *size;
    if (parameter->type == MINIORM_T_text && !parameter->is_array)
        *writer->at++ = '\0';
    return MINIORM_OK;
}

static enum miniorm_status put_parameter(struct writer *writer, size_t i,
                                         const struct miniorm__parameter *parameter,
                                         struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;
    const char *data = NULL;
    size_t size = 0;

    if (parameter->is_array || !parameter->values->is_null) {
        if (borrow(parameter, &data, &size)) {
            if (parameter->type != MINIORM_T_bytea)
                status = check_text(&parameter->values->as.text, error);
        } else {
            status = put_copy(writer, parameter, &data, &size, error);
        }
        if (status == MINIORM_OK && size > INT32_MAX)
            status = miniorm__fail(error, MINIORM_ELIMIT, "a value is larger than 2 GiB");
    }
    writer->types[i] = miniorm__pg_parameter_oid(parameter);
    writer->values[i] = data;
    writer->lengths[i] = (int)size;
    writer->formats[i] = writer->types[i] == 0 ? 0 : BINARY;
    return status;
}

static void writer_init(struct writer *writer, unsigned char *memory, size_t count)
{
    writer->values = (const char **)(void *)memory;
    memory += count * sizeof(char *);
    writer->lengths = (int *)(void *)memory;
    memory += count * sizeof(int);
    writer->formats = (int *)(void *)memory;
    memory += count * sizeof(int);
    writer->types = (Oid *)(void *)memory;
    writer->at = memory + count * sizeof(Oid);
}

enum miniorm_status miniorm__pg_encode(const struct miniorm__statement *statement,
                                       struct miniorm__pg_scratch *scratch,
                                       struct miniorm__pg_parameters *out,
                                       struct miniorm_error *error)
{
    const size_t count = statement->n_parameters;
    enum miniorm_status status;
    struct writer writer;
    size_t i;

    if (count > PARAMETERS_MAX)
        return miniorm__fail(error, MINIORM_ELIMIT,
                             "the statement has %zu parameters, PostgreSQL takes %d", count,
                             PARAMETERS_MAX);
    if (!scratch_reserve(scratch, statement_bound(statement) + 1))
        return miniorm__fail_memory(error);
    writer_init(&writer, scratch->data, count);
    for (i = 0; i < count; i++) {
        status = put_parameter(&writer, i, &statement->parameters[i], error);
        if (status != MINIORM_OK)
            return status;
    }
    out->count = (int)count;
    out->types = writer.types;
    out->values = writer.values;
    out->lengths = writer.lengths;
    out->formats = writer.formats;
    return MINIORM_OK;
}
