/*
 * Queries: one statement described step by step, free of any database and connection.
 *
 *     query = miniorm_query_select(&book_model);
 *     miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(book_author_id, 5)));
 *     miniorm_query_order_by(query, book_name, MINIORM_ASC);
 *     miniorm_query_limit(query, 20);
 *     status = miniorm_run_take(session, query, &result, &error);
 *
 * A description is executed in one of two ways: run (blocking, <miniorm/session.h>) or submitted
 * (completion callback on a loop, <miniorm/client.h>). Executing does not change it: it may be
 * executed again, on any database.
 *
 * Each step copies what it is given, apart from models, and returns the query; values are converted
 * to the type of their column. A step that fails (no memory, a column that the model lacks, a value
 * that does not fit, a step that such a query has not) is remembered; the first such failure is
 * reported when the query is executed. NULL as query is a failed allocation and passes through
 * every step.
 *
 * Thread:  one thread at a time while it is described; any threads at once while it is executed.
 */
#ifndef MINIORM_QUERY_H
#define MINIORM_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/condition.h>
#include <miniorm/export.h>
#include <miniorm/model.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

struct miniorm_query;

enum miniorm_dialect { MINIORM_POSTGRESQL = 1, MINIORM_SQLITE = 2 };

/* NULLs come where each says, on every database. */
enum miniorm_order {
    MINIORM_ASC = 0, /* NULLs last */
    MINIORM_DESC = 1, /* NULLs first */
    MINIORM_ASC_NULLS_FIRST = 2,
    MINIORM_DESC_NULLS_LAST = 3
};

/*
 * New descriptions. NULL when memory ran out; free with miniorm_query_free or hand over to a _take
 * function.
 *
 *   select   SELECT of all columns, as narrowed by miniorm_query_columns
 *   count    SELECT count(*): one int8
 *   insert   INSERT of the values set; of no values: DEFAULT VALUES
 *   update   UPDATE of the values set; needs a where, MINIORM_ALL for the whole table
 *   delete   DELETE; needs a where too
 *   raw      program text with $1, $2… and their values; one statement, which does not begin or end
 *            a transaction
 *
 * Since:   0.1
 */
MINIORM_API struct miniorm_query *miniorm_query_select(const struct miniorm_model *model);
MINIORM_API struct miniorm_query *miniorm_query_count(const struct miniorm_model *model);
MINIORM_API struct miniorm_query *miniorm_query_insert(const struct miniorm_model *model);
MINIORM_API struct miniorm_query *miniorm_query_update(const struct miniorm_model *model);
MINIORM_API struct miniorm_query *miniorm_query_delete(const struct miniorm_model *model);
MINIORM_API struct miniorm_query *miniorm_query_raw(const char *sql,
                                                    const struct miniorm_value *values,
                                                    size_t count);

/* Frees a description; NULL is allowed. Since: 0.1 */
MINIORM_API void miniorm_query_free(struct miniorm_query *query);

/* Columns of the answer, a bitmap (0: all); they come in the order of the model. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_columns(struct miniorm_query *query,
                                                        uint64_t columns);

/* ANDs a condition to those given before; NULL adds nothing. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_where(struct miniorm_query *query,
                                                      const struct miniorm_condition *condition);

/* Adds a column to the order. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_order_by(struct miniorm_query *query,
                                                         unsigned column, enum miniorm_order order);

/* Adds program text to the order, such as "lower(name) DESC". Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_order_by_raw(struct miniorm_query *query,
                                                             const char *sql);

/* At most this many rows; 0 means no row, and a later call replaces an earlier one. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_limit(struct miniorm_query *query, uint64_t limit);

/* Skips this many rows. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_offset(struct miniorm_query *query,
                                                       uint64_t offset);

/* Sets a column of an insert or update, or of the newest row of a bulk insert. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_set(struct miniorm_query *query, unsigned column,
                                                    struct miniorm_value value);

/* Sets a column of an update to program text, such as "stock - $1". Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_set_raw(struct miniorm_query *query,
                                                        unsigned column, const char *sql,
                                                        const struct miniorm_value *values,
                                                        size_t count);

/*
 * Sets the changed columns of a model's struct in an insert or update, or in the newest row of a
 * bulk insert.
 *
 * Since:   0.1
 */
MINIORM_API struct miniorm_query *miniorm_query_values(struct miniorm_query *query,
                                                       const void *instance);

/*
 * Begins the next row of an insert: a bulk insert inserts all rows or none, and returns them in
 * their order. A column that is set in some rows only is the column's default in the others; of
 * such rows PostgreSQL takes 65,535 values (MINIORM_ELIMIT), while the number of rows that set the
 * same columns has no limit.
 *
 * Since:   0.1
 */
MINIORM_API struct miniorm_query *miniorm_query_next_row(struct miniorm_query *query);

/* Makes insert, update, delete answer with these columns (0: all) of their rows. Since: 0.1 */
MINIORM_API struct miniorm_query *miniorm_query_returning(struct miniorm_query *query,
                                                          uint64_t columns);

/*
 * Locks the rows of a select until the transaction ends (FOR UPDATE); SQLite, whose writers are
 * alone anyway, ignores it.
 *
 * Since:   0.1
 */
MINIORM_API struct miniorm_query *miniorm_query_for_update(struct miniorm_query *query);

/*
 * Marks a raw query as a plain read: it may share its round trip with other reads and be sent again
 * if the connection breaks. Selects and counts without raw parts are that anyway, unless for
 * update.
 *
 * Since:   0.1
 */
MINIORM_API struct miniorm_query *miniorm_query_read_only(struct miniorm_query *query);

/*
 * Makes a select answer for each of `count` keys apart: rows whose `columns` equal the key, with
 * the order, limit and offset applied within each key. It is one statement whatever the number of
 * keys. `keys` holds count * n_columns values, key by key.
 *
 * The answer has two int8 columns before the others: "key", the number of the key from 0, and
 * "total", the number of rows of the key under the where, before limit and offset. A key whose page
 * is empty but whose total is not has one row in which every other column is NULL, the primary key
 * among them; a key without rows has none, nor has one with a NULL. Rows come grouped by key, in
 * order. Such a select cannot be for update.
 *
 * Since:   0.1
 */
MINIORM_API struct miniorm_query *miniorm_query_per_key(struct miniorm_query *query,
                                                        const unsigned *columns, size_t n_columns,
                                                        const struct miniorm_value *keys,
                                                        size_t count);

/*
 * The statement's text for a database, with placeholders: for logs and tests. A bulk insert is a
 * statement per row on SQLite; those that differ are shown, separated by ";\n". *out is the
 * caller's to free().
 *
 * Errors:  MINIORM_ENOMEM, MINIORM_EINVALID, MINIORM_EUNSUPPORTED  as executing would report them.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_query_sql(const struct miniorm_query *query,
                                                  enum miniorm_dialect dialect, char **out,
                                                  struct miniorm_error *error);

MINIORM_END_DECLS

#endif
