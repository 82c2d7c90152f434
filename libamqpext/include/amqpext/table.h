/*
 * Field tables: names with values, as headers of messages and as arguments of queues, exchanges,
 * bindings and consumers.
 *
 * A table keeps the order in which names were first set; setting a name again replaces its value.
 * Tables and arrays nest up to AMQPEXT_TABLE_DEPTH_MAX levels. Of what a peer sends beyond the
 * limits nothing is built: a message with such headers is given to no handler but left to the
 * broker's own dead-lettering. A name that a peer sends twice is there twice; the first is found.
 *
 * Thread:  one thread at a time; reading alone is possible from several.
 */
#ifndef AMQPEXT_TABLE_H
#define AMQPEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>
#include <amqpext/status.h>

AMQPEXT_BEGIN_DECLS

struct amqpext_table;

/* Levels of nesting, of which the table itself is one: nothing real needs more than a few. */
#define AMQPEXT_TABLE_DEPTH_MAX 16
/* Longest name of a field: its length is one byte on the wire. */
#define AMQPEXT_TABLE_NAME_MAX 255
/*
 * Fields and items of arrays on all levels together: the smallest take one byte on the wire and
 * dozens in memory, so that a frame full of them would grow without this limit.
 */
#define AMQPEXT_TABLE_VALUES_MAX 8192

/* In brackets the letters of the kind on the wire, as brokers know them. */
enum amqpext_kind {
    AMQPEXT_KIND_NONE = 0, /* a value without content (V) */
    AMQPEXT_KIND_BOOLEAN = 1, /* (t) */
    /* Written as 64 bits (l), whatever its value; read from all sizes, with sign (b s I l) and
     * without (B u i L), of which one above INT64_MAX is beyond the limits. */
    AMQPEXT_KIND_INTEGER = 2,
    /* (d), read from (f) too; finite: of what is not, brokers close the connection. */
    AMQPEXT_KIND_REAL = 3,
    AMQPEXT_KIND_TEXT = 4, /* (S) bytes that are meant as UTF-8, which nobody checks */
    AMQPEXT_KIND_BYTES = 5, /* (x) */
    AMQPEXT_KIND_TIMESTAMP = 6, /* (T) whole seconds since 1970-01-01 UTC, not negative */
    AMQPEXT_KIND_DECIMAL = 7, /* (D) */
    AMQPEXT_KIND_TABLE = 8, /* (F) */
    AMQPEXT_KIND_ARRAY = 9 /* (A) */
};

/* A value; what it points to belongs to whoever made it, in a table to the table. */
struct amqpext_value {
    enum amqpext_kind kind;
    union {
        bool boolean;
        int64_t integer; /* also of a timestamp */
        double real;
        struct {
            const char *data; /* NUL-terminated where the library made it */
            size_t size;
        } text; /* also of bytes */
        struct {
            uint8_t decimals;
            uint32_t digits;
        } decimal;
        const struct amqpext_table *table;
        struct {
            const struct amqpext_value *items;
            size_t count;
        } array;
    } as;
};

/* An empty table; free with amqpext_table_free. Errors: AMQPEXT_ENOMEM. Since: 0.1 */
AMQPEXT_API enum amqpext_status amqpext_table_new(struct amqpext_table **out,
                                                  struct amqpext_error *error);

/* Frees the table and all that it holds; NULL is allowed. Since: 0.1 */
AMQPEXT_API void amqpext_table_free(struct amqpext_table *table);

/*
 * Sets a field; everything is copied, nested tables too.
 *
 * Errors, after which the table is unchanged:
 *          AMQPEXT_EINVALID   the name is empty or has more than AMQPEXT_TABLE_NAME_MAX bytes, the
 *                             value is not one of its kind, or the nesting is too deep.
 *          AMQPEXT_ETOOLARGE  more than AMQPEXT_TABLE_VALUES_MAX values, or 4 GiB of text.
 *          AMQPEXT_ENOMEM
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_table_set(struct amqpext_table *table, const char *name,
                                                  const struct amqpext_value *value,
                                                  struct amqpext_error *error);

/* The same for the three usual kinds; `text` is NUL-terminated. Since: 0.1 */
AMQPEXT_API enum amqpext_status amqpext_table_set_text(struct amqpext_table *table,
                                                       const char *name, const char *text,
                                                       struct amqpext_error *error);
AMQPEXT_API enum amqpext_status amqpext_table_set_integer(struct amqpext_table *table,
                                                          const char *name, int64_t integer,
                                                          struct amqpext_error *error);
AMQPEXT_API enum amqpext_status amqpext_table_set_boolean(struct amqpext_table *table,
                                                          const char *name, bool boolean,
                                                          struct amqpext_error *error);

/* Removes a field; a name that is not there is no error. Since: 0.1 */
AMQPEXT_API void amqpext_table_remove(struct amqpext_table *table, const char *name);

/* Number of fields; 0 for NULL. Since: 0.1 */
AMQPEXT_API size_t amqpext_table_count(const struct amqpext_table *table);

/*
 * The value of a field, or NULL where there is none (or no table). Borrowed until the table is
 * changed or freed.
 *
 * Since:   0.1
 */
AMQPEXT_API const struct amqpext_value *amqpext_table_get(const struct amqpext_table *table,
                                                          const char *name);

/* The text of a field of kind text or bytes, else NULL. Borrowed as above. Since: 0.1 */
AMQPEXT_API const char *amqpext_table_text(const struct amqpext_table *table, const char *name);

/* The integer of a field of kind integer or timestamp, else `otherwise`. Since: 0.1 */
AMQPEXT_API int64_t amqpext_table_integer(const struct amqpext_table *table, const char *name,
                                          int64_t otherwise);

/*
 * The field at `index` below amqpext_table_count: returns its value and sets *name; NULL beyond.
 * Borrowed as above.
 *
 * Since:   0.1
 */
AMQPEXT_API const struct amqpext_value *amqpext_table_at(const struct amqpext_table *table,
                                                         size_t index, const char **name);

AMQPEXT_END_DECLS

#endif
