/*
 * Query: what the steps of <miniorm/query.h> leave behind, read by the renderer (sql.c).
 *
 * Everything lies in the query's own arena, apart from models. Values are of the type of their
 * column already; those of program text have the type they were given. A description that failed
 * keeps its first reason and is not looked at any further.
 */
#ifndef MINIORM_SRC_QUERY_H
#define MINIORM_SRC_QUERY_H

#include <miniorm/query.h>

#include "arena.h"

enum miniorm__query_kind {
    MINIORM__SELECT = 1,
    MINIORM__COUNT = 2,
    MINIORM__INSERT = 4,
    MINIORM__UPDATE = 8,
    MINIORM__DELETE = 16,
    MINIORM__RAW = 32
};

/* Program text and the values that its $1, $2… stand for. */
struct miniorm__raw {
    const char *sql;
    const struct miniorm_value *values;
    size_t n_values;
};

struct miniorm__query_where {
    struct miniorm_condition condition;
    struct miniorm__query_where *next;
};

struct miniorm__query_order {
    const char *sql; /* NULL: by column */
    unsigned column;
    enum miniorm_order order;
    struct miniorm__query_order *next;
};

/* The values of one row, in the order of the columns: as many as bits are in `set`. */
struct miniorm__query_row {
    uint64_t set;
    size_t capacity;
    struct miniorm_value *values;
};

struct miniorm__query_expression {
    unsigned column;
    struct miniorm__raw raw;
    struct miniorm__query_expression *next;
};

/* Keys column by column: values[i] holds `count` values of columns[i]. */
struct miniorm__query_keys {
    const unsigned *columns;
    size_t n_columns;
    const struct miniorm_value **values;
    size_t count;
};

struct miniorm_query {
    struct arena arena;
    const struct miniorm_model *model; /* NULL: raw */
    enum miniorm__query_kind kind;
    enum miniorm_status status; /* of the first step that failed */
    const struct miniorm_error *error; /* its reason; NULL if there was no memory for it */
    bool has_raw; /* program text is part of it */
    bool has_limit;
    bool has_returning;
    bool for_update;
    bool read_only;
    uint64_t columns; /* of the answer; 0: all */
    uint64_t limit;
    uint64_t offset;
    struct miniorm__query_where *where;
    struct miniorm__query_where **where_end;
    struct miniorm__query_order *order;
    struct miniorm__query_order **order_end;
    struct miniorm__query_row *rows;
    size_t n_rows;
    size_t rows_capacity;
    struct miniorm__query_expression *expressions; /* of an update, newest first, one per column */
    uint64_t expression_columns;
    struct miniorm__raw raw;
    const struct miniorm__query_keys *keys; /* NULL: not per key */
};

/*
 * Whether the step may go on: there is a query, it has not failed, and its kind is among `kinds`. A
 * wrong kind makes it fail.
 */
bool miniorm__query_accepts(struct miniorm_query *query, unsigned kinds, const char *step);

/*
 * Where a step that fails puts its reason: query->status = miniorm__fail(…(query), …). NULL: no
 * memory.
 */
struct miniorm_error *miniorm__query_failure(struct miniorm_query *query);

/* Whether the model has this column; fails the query if not. */
bool miniorm__query_has_column(struct miniorm_query *query, unsigned column);

/* Copies program text with its values. */
bool miniorm__query_copy_raw(struct miniorm_query *query, const char *sql,
                             const struct miniorm_value *values, size_t count,
                             struct miniorm__raw *out);

#endif
