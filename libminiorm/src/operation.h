/*
 * Operation: a query rendered for one database, ready to be executed: text, parameters, and how to
 * read the answer.
 *
 * miniorm__operation_render (sql.c) makes it from a query; the drivers execute it and never look at
 * the query. Everything in it lies in the arena given to the renderer or is borrowed from the
 * query, which therefore outlives it.
 */
#ifndef MINIORM_SRC_OPERATION_H
#define MINIORM_SRC_OPERATION_H

#include <miniorm/model.h>
#include <miniorm/query.h>

#include "arena.h"

/*
 * One parameter. The values are already of `type`, or null; type 0 is a null whose type nothing
 * tells. An array is sent to PostgreSQL as an array of its type and bound for SQLite as a pointer
 * that its table miniorm_array reads (sqlite/array.h).
 */
struct miniorm__parameter {
    enum miniorm_type type;
    bool is_array;
    const struct miniorm_value *values; /* one, or n_values of an array */
    size_t n_values;
};

struct miniorm__statement {
    const char *sql; /* NUL-terminated, with $1… for PostgreSQL and ?1… for SQLite */
    size_t sql_size;
    uint64_t hash; /* of the text: key of statement caches */
    const struct miniorm__parameter *parameters;
    size_t n_parameters;
};

/* How statements may share a round trip. */
enum miniorm__traffic {
    /* Plain read: grouped, and sent again if a neighbour's error or a lost connection stops it. */
    MINIORM__READ = 1,
    MINIORM__WRITE = 2 /* anything else: on its own */
};

/* What a column of the answer is. */
struct miniorm__answer_column {
    int16_t model_column; /* number in the model, or -1 */
    enum miniorm_type type; /* wanted type; 0: as the database says */
};

struct miniorm__operation {
    const struct miniorm_model *model; /* NULL: raw */
    enum miniorm__traffic traffic;
    /*
     * PostgreSQL: exactly one. SQLite: one, or for a bulk insert one per row, to be executed in
     * order as one atomic unit, the answers joined; consecutive ones with equal text share the same
     * `sql` pointer.
     */
    const struct miniorm__statement *statements;
    size_t n_statements;
    const struct miniorm__answer_column *columns; /* NULL: raw, the answer describes itself */
    size_t n_columns; /* 0: no rows are answered (or raw) */
};

/*
 * Renders a query; *out is valid while `arena` and `query` live. Applies the model's default_where.
 */
enum miniorm_status miniorm__operation_render(const struct miniorm_query *query,
                                              enum miniorm_dialect dialect, struct arena *arena,
                                              struct miniorm__operation *out,
                                              struct miniorm_error *error);

/* 64-bit hash of a statement's text, the same on every machine. */
uint64_t miniorm__hash(const char *data, size_t size);

#endif
