/*
 * Codec: parameters to PostgreSQL's binary form, and binary cells back. Nothing here does I/O.
 */
#ifndef MINIORM_SRC_POSTGRES_CODEC_H
#define MINIORM_SRC_POSTGRES_CODEC_H

#include <libpq-fe.h>

#include "../operation.h"

/* Type numbers of pg_type.dat, which never change. */
enum miniorm__pg_oid {
    MINIORM__OID_BOOL = 16,
    MINIORM__OID_BYTEA = 17,
    MINIORM__OID_CHAR = 18,
    MINIORM__OID_NAME = 19,
    MINIORM__OID_INT8 = 20,
    MINIORM__OID_INT2 = 21,
    MINIORM__OID_INT4 = 23,
    MINIORM__OID_TEXT = 25,
    MINIORM__OID_OID = 26,
    MINIORM__OID_XID = 28,
    MINIORM__OID_JSON = 114,
    MINIORM__OID_FLOAT4 = 700,
    MINIORM__OID_FLOAT8 = 701,
    MINIORM__OID_UNKNOWN = 705,
    MINIORM__OID_BPCHAR = 1042,
    MINIORM__OID_VARCHAR = 1043,
    MINIORM__OID_DATE = 1082,
    MINIORM__OID_TIME = 1083,
    MINIORM__OID_TIMESTAMP = 1114,
    MINIORM__OID_TIMESTAMPTZ = 1184,
    MINIORM__OID_NUMERIC = 1700,
    MINIORM__OID_VOID = 2278,
    MINIORM__OID_UUID = 2950,
    MINIORM__OID_JSONB = 3802
};

/* Big-endian integers of the wire. */
static inline uint16_t miniorm__get16(const unsigned char *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t miniorm__get32(const unsigned char *data)
{
    return (uint32_t)miniorm__get16(data) << 16 | miniorm__get16(data + 2);
}

static inline uint64_t miniorm__get64(const unsigned char *data)
{
    return (uint64_t)miniorm__get32(data) << 32 | miniorm__get32(data + 4);
}

static inline void miniorm__put16(unsigned char *out, uint16_t value)
{
    out[0] = (unsigned char)(value >> 8);
    out[1] = (unsigned char)value;
}

static inline void miniorm__put32(unsigned char *out, uint32_t value)
{
    miniorm__put16(out, (uint16_t)(value >> 16));
    miniorm__put16(out + 2, (uint16_t)value);
}

static inline void miniorm__put64(unsigned char *out, uint64_t value)
{
    miniorm__put32(out, (uint32_t)(value >> 32));
    miniorm__put32(out + 4, (uint32_t)value);
}

/* Memory that is used again for each statement, so that encoding allocates nothing. */
struct miniorm__pg_scratch {
    unsigned char *data;
    size_t capacity;
};

/* The arguments of PQsendPrepare and PQsendQueryPrepared; valid until the scratch is used again. */
struct miniorm__pg_parameters {
    int count;
    const Oid *types;
    const char *const *values;
    const int *lengths;
    const int *formats;
};

/*
 * Encodes the parameters of a statement. Text without a more exact type goes in text form with its
 * type left open, so that the server infers it as it does for a literal.
 *
 * Errors: MINIORM_EVALUE, MINIORM_ELIMIT (more than 65535), MINIORM_ENOMEM.
 */
enum miniorm_status miniorm__pg_encode(const struct miniorm__statement *statement,
                                       struct miniorm__pg_scratch *scratch,
                                       struct miniorm__pg_parameters *out,
                                       struct miniorm_error *error);

/* Gives back what a large statement took; small memory is kept for the next one. */
void miniorm__pg_scratch_trim(struct miniorm__pg_scratch *scratch);
void miniorm__pg_scratch_free(struct miniorm__pg_scratch *scratch);

/* The type to declare for a parameter; 0: the server infers it. */
Oid miniorm__pg_parameter_oid(const struct miniorm__parameter *parameter);

/*
 * Decodes a binary cell that is not NULL. Text and bytes are borrowed from `data`, which is
 * followed by a NUL as libpq does; numeric is written to the arena.
 *
 * Errors: MINIORM_EUNSUPPORTED, MINIORM_EPROTOCOL (malformed), MINIORM_ENOMEM.
 */
enum miniorm_status miniorm__pg_decode(Oid oid, const char *data, size_t size, struct arena *arena,
                                       struct miniorm_value *out, struct miniorm_error *error);

/* Bytes that the binary form of a numeric text of `size` characters needs at most. */
size_t miniorm__pg_numeric_bound(size_t size);

/* Writes the binary form; MINIORM_EVALUE when the text is no number, or too large or long. */
enum miniorm_status miniorm__pg_numeric_encode(const char *text, size_t size, unsigned char *out,
                                               size_t *written, struct miniorm_error *error);

/* The decimal text, with the scale that the server gives it. */
enum miniorm_status miniorm__pg_numeric_decode(const unsigned char *data, size_t size,
                                               struct arena *arena, struct miniorm_text *out,
                                               struct miniorm_error *error);

#endif
