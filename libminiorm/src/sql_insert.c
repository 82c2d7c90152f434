/*
 * Inserts: one row, rows that set the same columns, rows that set different ones.
 *
 * PostgreSQL has one statement for all rows: arrays, whose text does not depend on the number of
 * rows, or VALUES with DEFAULT where the rows differ. SQLite has one statement per row, of equal
 * text for rows alike, which costs it nothing: no round trip is between them.
 */
#include "error.h"
#include "sql.h"

/* Rows whose columns differ come in few shapes; texts of this many are looked at before another is
 * made. */
#define SHAPES_MAX 8

static void write_into(struct miniorm__sql *sql, uint64_t columns)
{
    miniorm__sql_string(sql, "INSERT INTO ");
    miniorm__sql_table(sql);
    if (columns == 0)
        return;
    miniorm__sql_string(sql, " (");
    miniorm__sql_columns(sql, columns, "");
    miniorm__sql_string(sql, ")");
}

static void write_row(struct miniorm__sql *sql, const struct miniorm_query *query,
                      const struct miniorm__query_row *row)
{
    const struct miniorm_value *value = row->values;
    const struct miniorm_value *end = value + __builtin_popcountll(row->set);

    write_into(sql, row->set);
    miniorm__sql_string(sql, row->set == 0 ? " DEFAULT VALUES" : " VALUES (");
    for (; value != end; value++) {
        if (value != row->values)
            miniorm__sql_bytes(sql, ",", 1);
        miniorm__sql_value(sql, value);
    }
    if (row->set != 0)
        miniorm__sql_bytes(sql, ")", 1);
    miniorm__sql_returning(sql, query);
}

/* The values of one column of every row, one after the other. */
static const struct miniorm_value *gather(struct miniorm__sql *sql,
                                          const struct miniorm_query *query, size_t place)
{
    struct miniorm_value *values = arena_zeroed(sql->arena, query->n_rows, sizeof(*values));
    size_t i;

    if (values == NULL) {
        miniorm__sql_fail(sql, MINIORM_ENOMEM, "out of memory");
        return NULL;
    }
    for (i = 0; i < query->n_rows; i++)
        values[i] = query->rows[i].values[place];
    return values;
}

/* The order of the arrays is the order in which rows are numbered, inserted and returned. */
static void write_arrays(struct miniorm__sql *sql, const struct miniorm_query *query)
{
    uint64_t left = query->rows[0].set;
    size_t place;

    write_into(sql, left);
    miniorm__sql_string(sql, " SELECT ");
    for (place = 0; place < (size_t)__builtin_popcountll(query->rows[0].set); place++) {
        miniorm__sql_string(sql, place == 0 ? "c" : ",c");
        miniorm__sql_number(sql, place);
    }
    miniorm__sql_string(sql, " FROM unnest(");
    for (place = 0; left != 0; place++, left &= left - 1) {
        if (place > 0)
            miniorm__sql_bytes(sql, ",", 1);
        miniorm__sql_array(sql, sql->model->columns[__builtin_ctzll(left)].type,
                           gather(sql, query, place), query->n_rows);
    }
    miniorm__sql_string(sql, ") WITH ORDINALITY AS r (");
    for (left = query->rows[0].set, place = 0; left != 0; place++, left &= left - 1) {
        miniorm__sql_bytes(sql, "c", 1);
        miniorm__sql_number(sql, place);
        miniorm__sql_bytes(sql, ",", 1);
    }
    miniorm__sql_string(sql, "o) ORDER BY o");
    miniorm__sql_returning(sql, query);
}

static void write_values_or_defaults(struct miniorm__sql *sql, const struct miniorm__query_row *row,
                                     uint64_t columns)
{
    const struct miniorm_value *value = row->values;
    const char *separator = "(";

    for (; columns != 0; columns &= columns - 1) {
        const uint64_t bit = columns & (0 - columns);

        miniorm__sql_string(sql, separator);
        if ((row->set & bit) != 0)
            miniorm__sql_value(sql, value++);
        else
            miniorm__sql_string(sql, "DEFAULT");
        separator = ",";
    }
    miniorm__sql_bytes(sql, ")", 1);
}

/* Rows of defaults only still need a column to say so. */
static void write_mixed(struct miniorm__sql *sql, const struct miniorm_query *query)
{
    uint64_t columns = 0;
    size_t i;

    for (i = 0; i < query->n_rows; i++)
        columns |= query->rows[i].set;
    if (columns == 0)
        columns = 1;
    write_into(sql, columns);
    miniorm__sql_string(sql, " VALUES ");
    for (i = 0; i < query->n_rows && sql->status == MINIORM_OK; i++) {
        if (i > 0)
            miniorm__sql_bytes(sql, ",", 1);
        write_values_or_defaults(sql, &query->rows[i], columns);
    }
    miniorm__sql_returning(sql, query);
}

static bool are_alike(const struct miniorm_query *query)
{
    size_t i;

    for (i = 1; i < query->n_rows; i++) {
        if (query->rows[i].set != query->rows[0].set)
            return false;
    }
    return query->rows[0].set != 0;
}

static enum miniorm_status insert_as_one(struct miniorm__sql *sql,
                                         const struct miniorm_query *query,
                                         struct miniorm__statement *out)
{
    miniorm__sql_begin(sql);
    if (query->n_rows == 1)
        write_row(sql, query, &query->rows[0]);
    else if (are_alike(query))
        write_arrays(sql, query);
    else
        write_mixed(sql, query);
    return miniorm__sql_end(sql, out);
}

/* A statement that an earlier row of the same columns has the text of. */
static bool reuse_text(struct miniorm__sql *sql, const struct miniorm__query_row *row,
                       const struct miniorm__statement *made, struct miniorm__statement *out)
{
    const size_t count = (size_t)__builtin_popcountll(row->set);
    struct miniorm__parameter *parameters = arena_alloc(sql->arena, count * sizeof(*parameters));
    size_t i;

    if (parameters == NULL) {
        sql->status = miniorm__fail_memory(sql->error);
        return false;
    }
    for (i = 0; i < count; i++)
        parameters[i] = (struct miniorm__parameter){row->values[i].type, false, &row->values[i], 1};
    *out = *made;
    out->parameters = parameters;
    return true;
}

static enum miniorm_status insert_by_row(struct miniorm__sql *sql,
                                         const struct miniorm_query *query,
                                         struct miniorm__statement *out)
{
    size_t shapes[SHAPES_MAX];
    size_t n_shapes = 0;
    size_t i, shape;

    for (i = 0; i < query->n_rows; i++) {
        const struct miniorm__query_row *row = &query->rows[i];

        for (shape = 0; shape < n_shapes && query->rows[shapes[shape]].set != row->set; shape++)
            continue;
        if (shape < n_shapes) {
            if (!reuse_text(sql, row, &out[shapes[shape]], &out[i]))
                return sql->status;
            continue;
        }
        miniorm__sql_begin(sql);
        write_row(sql, query, row);
        if (miniorm__sql_end(sql, &out[i]) != MINIORM_OK)
            return sql->status;
        shapes[n_shapes < SHAPES_MAX ? n_shapes++ : i % SHAPES_MAX] = i;
    }
    return MINIORM_OK;
}

enum miniorm_status miniorm__sql_insert(struct miniorm__sql *sql, const struct miniorm_query *query,
                                        struct miniorm__operation *out)
{
    const bool by_row = sql->dialect->id == MINIORM_SQLITE;
    struct miniorm__statement *statements;
    enum miniorm_status status;

    out->n_statements = by_row ? query->n_rows : 1;
    statements = arena_zeroed(sql->arena, out->n_statements, sizeof(*statements));
    if (statements == NULL)
        return miniorm__fail_memory(sql->error);
    status = by_row ? insert_by_row(sql, query, statements) : insert_as_one(sql, query, statements);
    out->statements = statements;
    return status;
}
