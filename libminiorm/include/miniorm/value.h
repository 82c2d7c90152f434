/*
 * Values: what a column, a parameter or a cell of an answer holds.
 *
 *   type                 C type in a model's struct   in a value  stored by SQLite as
 *   boolean              bool                         boolean     INTEGER 0 or 1
 *   int2 int4 int8       int16_t int32_t int64_t      integer     INTEGER
 *   float4 float8        float double                 real        REAL
 *   numeric              struct miniorm_text, digits  text        TEXT, ordered as numbers
 *   text varchar         struct miniorm_text, UTF-8   text        TEXT
 *   json jsonb           struct miniorm_text, JSON    text        TEXT
 *   bytea                struct miniorm_bytes         bytes       BLOB
 *   uuid                 struct miniorm_uuid          uuid        TEXT, lower case, hyphens
 *   date                 int32_t, days                integer     TEXT YYYY-MM-DD
 *   time                 int64_t, us of the day       integer     TEXT HH:MM:SS.ffffff
 *   timestamp            int64_t, us                  integer     TEXT YYYY-MM-DD HH:MM:SS.ffffff
 *   timestamptz          int64_t, us in UTC           integer     the same, in UTC
 *
 * SQLite orders numeric by the collation miniorm_numeric, which libminiorm's connections have.
 * Days and microseconds count from 2000-01-01, as PostgreSQL does; MINIORM_INFINITY and
 * MINIORM_NEGATIVE_INFINITY (for dates the _DATE_ forms) are its infinite points of time.
 */
#ifndef MINIORM_VALUE_H
#define MINIORM_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <miniorm/export.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

enum miniorm_type {
    MINIORM_T_boolean = 1,
    MINIORM_T_int2 = 2,
    MINIORM_T_int4 = 3,
    MINIORM_T_int8 = 4,
    MINIORM_T_float4 = 5,
    MINIORM_T_float8 = 6,
    MINIORM_T_numeric = 7,
    MINIORM_T_text = 8,
    MINIORM_T_varchar = 9,
    MINIORM_T_bytea = 10,
    MINIORM_T_uuid = 11,
    MINIORM_T_json = 12,
    MINIORM_T_jsonb = 13,
    MINIORM_T_date = 14,
    MINIORM_T_time = 15,
    MINIORM_T_timestamp = 16,
    MINIORM_T_timestamptz = 17
};

#define MINIORM_INFINITY INT64_MAX
#define MINIORM_NEGATIVE_INFINITY INT64_MIN
#define MINIORM_DATE_INFINITY INT32_MAX
#define MINIORM_DATE_NEGATIVE_INFINITY INT32_MIN

/* Seconds between 1970-01-01 and 2000-01-01. */
#define MINIORM_EPOCH_OFFSET_S INT64_C(946684800)

/*
 * Bytes that are not NUL-terminated; data may be NULL when size is 0. Who owns them is said where
 * they are handed over.
 */
struct miniorm_text {
    const char *data;
    size_t size;
};

struct miniorm_bytes {
    const unsigned char *data;
    size_t size;
};

struct miniorm_uuid {
    unsigned char bytes[16];
};

/* Text or bytes in a value are borrowed: they must live as long as the value is used. */
struct miniorm_value {
    enum miniorm_type type;
    bool is_null;
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct miniorm_text text;
        struct miniorm_bytes bytes;
        struct miniorm_uuid uuid;
    } as;
};

/* A string literal as text. */
#define MINIORM_S(literal) (miniorm_text_from("" literal, sizeof(literal) - 1))

MINIORM_INLINE struct miniorm_text miniorm_text_from(const char *data, size_t size)
{
    struct miniorm_text text;

    text.data = data;
    text.size = size;
    return text;
}

/*
 * Values by kind. The type given is the widest of the kind (int8, float8, text); when a value meets
 * a column, it is converted to the column's type or refused with MINIORM_EVALUE, never truncated.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
MINIORM_API struct miniorm_value miniorm_value_null(void);
MINIORM_API struct miniorm_value miniorm_value_boolean(bool value);
MINIORM_API struct miniorm_value miniorm_value_integer(int64_t value);
/* What no int64_t can hold gets no type, and is refused with MINIORM_EINVALID where it is used. */
MINIORM_API struct miniorm_value miniorm_value_unsigned(uint64_t value);
MINIORM_API struct miniorm_value miniorm_value_real(double value);
MINIORM_API struct miniorm_value miniorm_value_text(struct miniorm_text value);
/* NUL-terminated; NULL makes a null. */
MINIORM_API struct miniorm_value miniorm_value_string(const char *value);
MINIORM_API struct miniorm_value miniorm_value_bytes(struct miniorm_bytes value);
MINIORM_API struct miniorm_value miniorm_value_uuid(struct miniorm_uuid value);

/*
 * Reads text as a value of `type`, as PostgreSQL would: optional sign and digits, true/false (t, f,
 * yes, no, on, off, 1, 0), uuid with or without hyphens, dates and times in ISO 8601 or RFC 3339 (a
 * timestamptz without offset is UTC, a timestamp has no offset but zero), infinity. White space
 * around is skipped. Text types borrow `text`, which must be UTF-8 without NUL. bytea is not read
 * here.
 *
 * Thread:  any thread.
 * Errors:  MINIORM_EVALUE        the text is no such value, or out of range.
 *          MINIORM_EUNSUPPORTED  type is bytea.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_value_parse(enum miniorm_type type,
                                                    struct miniorm_text text,
                                                    struct miniorm_value *out,
                                                    struct miniorm_error *error);

/*
 * Converts a value to `type` without loss: among integers, floats (a float8 to the nearest float4),
 * text kinds; an integer is a date or time too, and 0 and 1 are booleans; text is parsed where
 * `type` is no text. A null stays null and takes the type. Borrowed text stays borrowed. An integer
 * or float has no text to become numeric here; queries do that.
 *
 * Thread:  any thread.
 * Errors:  MINIORM_EVALUE  it does not fit.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_value_convert(const struct miniorm_value *value,
                                                      enum miniorm_type type,
                                                      struct miniorm_value *out,
                                                      struct miniorm_error *error);

/* Room for every value that is not text, bytes, json or numeric, with its terminator. */
#define MINIORM_FORMAT_SIZE 64

/*
 * Writes a value that is not of a text kind in PostgreSQL's text form (ISO dates, shortest float
 * that reads back, lower-case uuid), whatever the locale. Returns the number of characters written,
 * without the terminator; 0 for a null and for text kinds and bytea, whose bytes are at hand.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
MINIORM_API size_t miniorm_value_format(const struct miniorm_value *value,
                                        char out[MINIORM_FORMAT_SIZE]);

/* The SQL name of a type, such as "timestamptz"; "?" for a number that is none. Since: 0.1 */
MINIORM_API const char *miniorm_type_name(enum miniorm_type type);

/*
 * Any C value as a struct miniorm_value, chosen by its type. C11 only. Points of time are int64_t
 * and become integers, and so do `true` and `false`, which are int in C.
 */
#define MINIORM_VALUE(v) \
    _Generic((v),                                                                                  \
        bool: miniorm_value_boolean,                                                               \
        float: miniorm_value_real,                                                                 \
        double: miniorm_value_real,                                                                \
        char *: miniorm_value_string,                                                              \
        const char *: miniorm_value_string,                                                        \
        struct miniorm_text: miniorm_value_text,                                                   \
        struct miniorm_bytes: miniorm_value_bytes,                                                 \
        struct miniorm_uuid: miniorm_value_uuid,                                                   \
        struct miniorm_value: miniorm_value_self,                                                  \
        unsigned long: miniorm_value_unsigned,                                                     \
        unsigned long long: miniorm_value_unsigned,                                                \
        default: miniorm_value_integer)(v)

MINIORM_INLINE struct miniorm_value miniorm_value_self(struct miniorm_value value)
{
    return value;
}

MINIORM_END_DECLS

#endif
