/*
 * SQL: writing one statement, its text and its parameters, into an arena.
 *
 * miniorm__sql_begin, any writes, miniorm__sql_end. The first failure stays in `status` (and the
 * caller's error); writes behind it are harmless, so that a writer checks once at the end.
 */
#ifndef MINIORM_SRC_SQL_H
#define MINIORM_SRC_SQL_H

#include <string.h>

#include "dialect.h"
#include "operation.h"
#include "query.h"

struct miniorm__sql {
    const struct miniorm__dialect *dialect;
    const struct miniorm_model *model; /* NULL: raw */
    struct arena *arena;
    struct miniorm_error *error;
    enum miniorm_status status;
    char *data;
    size_t size;
    size_t capacity;
    struct miniorm__parameter *parameters;
    size_t n_parameters;
    size_t parameters_capacity;
};

void miniorm__sql_begin(struct miniorm__sql *sql);
enum miniorm_status miniorm__sql_end(struct miniorm__sql *sql, struct miniorm__statement *out);

/* Makes room for `size` more bytes and the terminator; false when memory ran out. */
bool miniorm__sql_grow(struct miniorm__sql *sql, size_t size);

enum miniorm_status miniorm__sql_fail(struct miniorm__sql *sql, enum miniorm_status status,
                                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline void miniorm__sql_bytes(struct miniorm__sql *sql, const char *data, size_t size)
{
    if (size >= sql->capacity - sql->size && !miniorm__sql_grow(sql, size))
        return;
    memcpy(sql->data + sql->size, data, size);
    sql->size += size;
}

static inline void miniorm__sql_string(struct miniorm__sql *sql, const char *string)
{
    miniorm__sql_bytes(sql, string, strlen(string));
}

/* A name in double quotes. */
void miniorm__sql_name(struct miniorm__sql *sql, const char *name);
/* A column by its number. */
void miniorm__sql_column(struct miniorm__sql *sql, unsigned column);
/* The table of the model, with its schema. */
void miniorm__sql_table(struct miniorm__sql *sql);
void miniorm__sql_number(struct miniorm__sql *sql, size_t number);

/*
 * Parameters: the placeholder is written and the values are borrowed. The number of the parameter
 * is returned.
 */
size_t miniorm__sql_value(struct miniorm__sql *sql, const struct miniorm_value *value);
size_t miniorm__sql_array(struct miniorm__sql *sql, enum miniorm_type type,
                          const struct miniorm_value *values, size_t count);
/* An int8 made here, at most INT64_MAX. */
size_t miniorm__sql_integer(struct miniorm__sql *sql, uint64_t value);
/* The same without its placeholder. */
size_t miniorm__sql_add_integer(struct miniorm__sql *sql, uint64_t value);
/* The placeholder of a parameter that was written before. */
void miniorm__sql_placeholder(struct miniorm__sql *sql, size_t number);
/* A parameter without its placeholder, for program text (fragment.c). */
size_t miniorm__sql_add_parameter(struct miniorm__sql *sql, enum miniorm_type type, bool is_array,
                                  const struct miniorm_value *values, size_t count);

/* A condition; groups of several need parentheses where they are operands. */
void miniorm__sql_condition(struct miniorm__sql *sql, const struct miniorm_condition *condition);

/* " WHERE …" of the query's conditions and the model's own; nothing if every row matches. */
struct miniorm__sql_where {
    const struct miniorm__query_where *list;
    const struct miniorm_condition *by_default; /* NULL: none */
};
void miniorm__sql_where(struct miniorm__sql *sql, const struct miniorm__sql_where *where);
/* The same behind a condition that stands there already: " AND …". */
void miniorm__sql_and_where(struct miniorm__sql *sql, const struct miniorm__sql_where *where);

/* " ORDER BY …"; nothing if the query has no order. */
void miniorm__sql_order(struct miniorm__sql *sql, const struct miniorm_query *query);

/* "a", "b", … for a bitmap of columns, each behind `prefix`. */
void miniorm__sql_columns(struct miniorm__sql *sql, uint64_t columns, const char *prefix);

/* Refuses a column whose type has no order or equality on this database. */
bool miniorm__sql_check_comparable(struct miniorm__sql *sql, unsigned column);

/* The statements of an insert, and of a select per key. */
enum miniorm_status miniorm__sql_insert(struct miniorm__sql *sql, const struct miniorm_query *query,
                                        struct miniorm__operation *out);
void miniorm__sql_per_key(struct miniorm__sql *sql, const struct miniorm_query *query,
                          const struct miniorm__sql_where *where);

/* " RETURNING …", if the query wants it. */
void miniorm__sql_returning(struct miniorm__sql *sql, const struct miniorm_query *query);

/* The columns of the model that the query answers with. */
uint64_t miniorm__sql_answered(const struct miniorm_query *query);

#endif
