/*
 * Selects per key: a page of rows and the number of all rows for each of many keys, in one
 * statement.
 *
 * Where a key has one row at most, that is a join. Otherwise PostgreSQL counts and fetches the page
 * for each key by itself, which index scans answer; numbering the rows of all keys would read them
 * all. SQLite, where a second scan costs as much as the first, numbers them in one pass. The names
 * that the statement needs for itself begin with miniorm_, so that no column of a model is mistaken
 * for them.
 */
#include "row.h"
#include "sql.h"

/* Key columns that pin a row: the primary key, or a unique column, is among them. */
static bool is_one_row(const struct miniorm_model *model, const struct miniorm__query_keys *keys)
{
    const uint64_t primary = miniorm__model_key(model);
    uint64_t unique = 0;
    uint64_t given = 0;
    size_t i;

    for (i = 0; i < model->n_columns; i++)
        unique |= (model->columns[i].flags & MINIORM_UNIQUE) != 0 ? MINIORM_COLUMN(i) : 0;
    for (i = 0; i < keys->n_columns; i++)
        given |= MINIORM_COLUMN(keys->columns[i]);
    return (primary != 0 && (primary & ~given) == 0) || (unique & given) != 0;
}

static bool has_whole_pages(const struct miniorm_query *query)
{
    return query->offset == 0 && (!query->has_limit || query->limit > 0);
}

static void write_key_array(struct miniorm__sql *sql, const struct miniorm__query_keys *keys,
                            size_t i)
{
    const unsigned column = keys->columns[i];

    if (miniorm__sql_check_comparable(sql, column))
        miniorm__sql_array(sql, sql->model->columns[column].type, keys->values[i], keys->count);
}

/* unnest($1,$2) WITH ORDINALITY AS miniorm_k (c0,c1,o) */
static void write_unnest(struct miniorm__sql *sql, const struct miniorm__query_keys *keys)
{
    size_t i;

    miniorm__sql_string(sql, " FROM unnest(");
    for (i = 0; i < keys->n_columns; i++) {
        if (i > 0)
            miniorm__sql_bytes(sql, ",", 1);
        write_key_array(sql, keys, i);
    }
    miniorm__sql_string(sql, ") WITH ORDINALITY AS miniorm_k (");
    for (i = 0; i < keys->n_columns; i++) {
        miniorm__sql_bytes(sql, "c", 1);
        miniorm__sql_number(sql, i);
        miniorm__sql_bytes(sql, ",", 1);
    }
    miniorm__sql_string(sql, "o)");
}

/* FROM the model's table WHERE the row has the key and matches. */
static void write_matching(struct miniorm__sql *sql, const struct miniorm__query_keys *keys,
                           const struct miniorm__sql_where *where)
{
    size_t i;

    miniorm__sql_string(sql, " FROM ");
    miniorm__sql_table(sql);
    for (i = 0; i < keys->n_columns; i++) {
        miniorm__sql_string(sql, i == 0 ? " WHERE " : " AND ");
        miniorm__sql_column(sql, keys->columns[i]);
        miniorm__sql_string(sql, " = miniorm_k.c");
        miniorm__sql_number(sql, i);
    }
    miniorm__sql_and_where(sql, where);
}

static void write_joined(struct miniorm__sql *sql, const struct miniorm_query *query,
                         const struct miniorm__sql_where *where)
{
    miniorm__sql_string(sql, "SELECT miniorm_k.o - 1 AS key, 1::int8 AS total, ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "miniorm_b.");
    write_unnest(sql, query->keys);
    miniorm__sql_string(sql, " JOIN LATERAL (SELECT ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "");
    write_matching(sql, query->keys, where);
    miniorm__sql_string(sql, ") AS miniorm_b ON TRUE ORDER BY miniorm_k.o");
}

/*
 * ORDER BY miniorm_k.o keeps the order within a page too: a page that is ordered or limited is
 * fetched for one key at a time, and keys come in their order.
 */
static void write_paged(struct miniorm__sql *sql, const struct miniorm_query *query,
                        const struct miniorm__sql_where *where)
{
    miniorm__sql_string(sql, "SELECT miniorm_k.o - 1 AS key, miniorm_n.n AS total, ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "miniorm_b.");
    write_unnest(sql, query->keys);
    miniorm__sql_string(sql, " CROSS JOIN LATERAL (SELECT count(*) AS n");
    write_matching(sql, query->keys, where);
    miniorm__sql_string(sql, ") AS miniorm_n LEFT JOIN LATERAL (SELECT ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "");
    write_matching(sql, query->keys, where);
    miniorm__sql_order(sql, query);
    if (query->has_limit) {
        miniorm__sql_string(sql, " LIMIT ");
        miniorm__sql_integer(sql, query->limit);
    }
    if (query->offset != 0) {
        miniorm__sql_string(sql, " OFFSET ");
        miniorm__sql_integer(sql, query->offset);
    }
    miniorm__sql_string(sql, ") AS miniorm_b ON TRUE WHERE miniorm_n.n > 0 ORDER BY miniorm_k.o");
}

/* miniorm_array(?1) AS miniorm_k0 CROSS JOIN … "table" WHERE the row has the key and matches. CROSS
 * JOIN keeps SQLite from reading the table first. */
static void write_arrays(struct miniorm__sql *sql, const struct miniorm__query_keys *keys,
                         const struct miniorm__sql_where *where)
{
    size_t i;

    miniorm__sql_string(sql, " FROM ");
    for (i = 0; i < keys->n_columns; i++) {
        miniorm__sql_string(sql, "miniorm_array(");
        write_key_array(sql, keys, i);
        miniorm__sql_string(sql, ") AS miniorm_k");
        miniorm__sql_number(sql, i);
        miniorm__sql_string(sql, " CROSS JOIN ");
    }
    miniorm__sql_table(sql);
    for (i = 0; i < keys->n_columns; i++) {
        miniorm__sql_string(sql, i == 0 ? " WHERE " : " AND ");
        if (i > 0) {
            miniorm__sql_string(sql, "miniorm_k");
            miniorm__sql_number(sql, i);
            miniorm__sql_string(sql, ".miniorm_number = miniorm_k0.miniorm_number AND ");
        }
        miniorm__sql_column(sql, keys->columns[i]);
        miniorm__sql_string(sql, " = miniorm_k");
        miniorm__sql_number(sql, i);
        miniorm__sql_string(sql, ".miniorm_value");
    }
    miniorm__sql_and_where(sql, where);
}

static void write_sqlite_joined(struct miniorm__sql *sql, const struct miniorm_query *query,
                                const struct miniorm__sql_where *where)
{
    miniorm__sql_string(sql, "SELECT miniorm_k0.miniorm_number AS key, 1 AS total, ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "");
    write_arrays(sql, query->keys, where);
    miniorm__sql_string(sql, " ORDER BY miniorm_k0.miniorm_number");
}

/* Rows behind the offset and within the limit. */
static void write_in_page(struct miniorm__sql *sql, size_t first, size_t last)
{
    if (first != 0) {
        miniorm__sql_string(sql, "miniorm_r > ");
        miniorm__sql_placeholder(sql, first);
    }
    if (last != 0) {
        miniorm__sql_string(sql, first != 0 ? " AND miniorm_r <= " : "miniorm_r <= ");
        miniorm__sql_placeholder(sql, last);
    }
}

/* The columns, NULL in the row that stands for an empty page. */
static void write_page_columns(struct miniorm__sql *sql, uint64_t columns, size_t first,
                               size_t last)
{
    for (; columns != 0; columns &= columns - 1) {
        const unsigned column = (unsigned)__builtin_ctzll(columns);

        miniorm__sql_string(sql, ", CASE WHEN ");
        write_in_page(sql, first, last);
        miniorm__sql_string(sql, " THEN ");
        miniorm__sql_column(sql, column);
        miniorm__sql_string(sql, " END AS ");
        miniorm__sql_column(sql, column);
    }
}

static uint64_t page_end(const struct miniorm_query *query)
{
    return query->limit > UINT64_MAX - query->offset ? UINT64_MAX : query->limit + query->offset;
}

static void write_numbered(struct miniorm__sql *sql, const struct miniorm_query *query,
                           const struct miniorm__sql_where *where)
{
    miniorm__sql_string(
        sql, " FROM (SELECT miniorm_k0.miniorm_number AS miniorm_key, count(*) OVER (PARTITION BY "
             "miniorm_k0.miniorm_number) AS miniorm_n, row_number() OVER (PARTITION BY "
             "miniorm_k0.miniorm_number");
    miniorm__sql_order(sql, query);
    miniorm__sql_string(sql, ") AS miniorm_r, ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "");
    write_arrays(sql, query->keys, where);
    miniorm__sql_bytes(sql, ")", 1);
}

/* Also the first row of a key whose page is empty, to tell its total. */
static void write_page_condition(struct miniorm__sql *sql, const struct miniorm_query *query,
                                 size_t first, size_t last)
{
    miniorm__sql_string(sql, " WHERE ");
    write_in_page(sql, first, last);
    if (has_whole_pages(query))
        return;
    miniorm__sql_string(sql, " OR (miniorm_r = 1");
    if (!query->has_limit || query->limit > 0) {
        miniorm__sql_string(sql, " AND miniorm_n <= ");
        miniorm__sql_placeholder(sql, first);
    }
    miniorm__sql_bytes(sql, ")", 1);
}

static void write_sqlite_paged(struct miniorm__sql *sql, const struct miniorm_query *query,
                               const struct miniorm__sql_where *where)
{
    size_t first = 0;
    size_t last = 0;

    if (query->offset != 0)
        first = miniorm__sql_add_integer(sql, query->offset);
    if (query->has_limit)
        last = miniorm__sql_add_integer(sql, page_end(query));
    miniorm__sql_string(sql, "SELECT miniorm_key AS key, miniorm_n AS total");
    if (has_whole_pages(query)) {
        miniorm__sql_bytes(sql, ",", 1);
        miniorm__sql_columns(sql, miniorm__sql_answered(query), "");
    } else {
        write_page_columns(sql, miniorm__sql_answered(query), first, last);
    }
    write_numbered(sql, query, where);
    if (first != 0 || last != 0)
        write_page_condition(sql, query, first, last);
    miniorm__sql_string(sql, " ORDER BY miniorm_key, miniorm_r");
}

void miniorm__sql_per_key(struct miniorm__sql *sql, const struct miniorm_query *query,
                          const struct miniorm__sql_where *where)
{
    const bool is_join = is_one_row(sql->model, query->keys) && has_whole_pages(query);

    if (query->for_update)
        miniorm__sql_fail(sql, MINIORM_EINVALID, "select of %s per key cannot lock its rows",
                          sql->model->table);
    else if (sql->dialect->id == MINIORM_SQLITE && is_join)
        write_sqlite_joined(sql, query, where);
    else if (sql->dialect->id == MINIORM_SQLITE)
        write_sqlite_paged(sql, query, where);
    else if (is_join)
        write_joined(sql, query, where);
    else
        write_paged(sql, query, where);
}
