/*
 * Rendering: a query becomes the statement, or statements, of one database. Apart from schema.c no
 * other file of the library, with those beside it named sql_*, makes SQL text.
 *
 * One pass over the query writes text and parameters into the arena; the query is only read, so
 * that several threads may render it at once.
 */
#include "sql.h"

#include <stdlib.h>

#include "condition.h"
#include "error.h"
#include "fragment.h"
#include "text.h"

#include <miniorm/manager.h>

uint64_t miniorm__sql_answered(const struct miniorm_query *query)
{
    if (query->columns != 0)
        return query->columns;
    return UINT64_MAX >> (MINIORM_COLUMNS_MAX - query->model->n_columns);
}

void miniorm__sql_returning(struct miniorm__sql *sql, const struct miniorm_query *query)
{
    if (!query->has_returning)
        return;
    miniorm__sql_string(sql, " RETURNING ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "");
}

static void write_limit(struct miniorm__sql *sql, const struct miniorm_query *query)
{
    if (query->has_limit) {
        miniorm__sql_string(sql, " LIMIT ");
        miniorm__sql_integer(sql, query->limit);
    } else if (query->offset != 0 && sql->dialect->id == MINIORM_SQLITE) {
        /* SQLite's grammar knows OFFSET behind LIMIT only. */
        miniorm__sql_string(sql, " LIMIT -1");
    }
    if (query->offset != 0) {
        miniorm__sql_string(sql, " OFFSET ");
        miniorm__sql_integer(sql, query->offset);
    }
}

static void write_select(struct miniorm__sql *sql, const struct miniorm_query *query,
                         const struct miniorm__sql_where *where)
{
    if (query->keys != NULL) {
        miniorm__sql_per_key(sql, query, where);
        return;
    }
    miniorm__sql_string(sql, "SELECT ");
    miniorm__sql_columns(sql, miniorm__sql_answered(query), "");
    miniorm__sql_string(sql, " FROM ");
    miniorm__sql_table(sql);
    miniorm__sql_where(sql, where);
    miniorm__sql_order(sql, query);
    write_limit(sql, query);
    if (query->for_update)
        miniorm__sql_string(sql, sql->dialect->for_update);
}

static void write_count(struct miniorm__sql *sql, const struct miniorm__sql_where *where)
{
    miniorm__sql_string(sql, "SELECT count(*) FROM ");
    miniorm__sql_table(sql);
    miniorm__sql_where(sql, where);
}

static void write_expression(struct miniorm__sql *sql, const struct miniorm_query *query,
                             unsigned column)
{
    const struct miniorm__query_expression *expression = query->expressions;

    while (expression->column != column)
        expression = expression->next;
    miniorm__sql_bytes(sql, "(", 1);
    miniorm__fragment_write(sql, &expression->raw, MINIORM__FRAGMENT_PART);
    miniorm__sql_bytes(sql, ")", 1);
}

/* In the order of the columns whatever the order of the calls, so that equal updates have equal
 * text. */
static void write_assignments(struct miniorm__sql *sql, const struct miniorm_query *query)
{
    const struct miniorm_value *value = query->n_rows == 0 ? NULL : query->rows[0].values;
    uint64_t left = query->expression_columns | (query->n_rows == 0 ? 0 : query->rows[0].set);
    const char *separator = " SET ";

    if (left == 0)
        miniorm__sql_fail(sql, MINIORM_EINVALID, "update of %s sets nothing", sql->model->table);
    for (; left != 0; left &= left - 1) {
        const unsigned column = (unsigned)__builtin_ctzll(left);

        miniorm__sql_string(sql, separator);
        miniorm__sql_column(sql, column);
        miniorm__sql_bytes(sql, " = ", 3);
        if ((query->expression_columns & MINIORM_COLUMN(column)) != 0)
            write_expression(sql, query, column);
        else
            miniorm__sql_value(sql, value++);
        separator = ", ";
    }
}

static void check_has_where(struct miniorm__sql *sql, const struct miniorm_query *query)
{
    if (query->where == NULL)
        miniorm__sql_fail(sql, MINIORM_EINVALID,
                          "%s of %s without a where; MINIORM_ALL means the whole table",
                          query->kind == MINIORM__UPDATE ? "update" : "delete", sql->model->table);
}

static void write_update(struct miniorm__sql *sql, const struct miniorm_query *query,
                         const struct miniorm__sql_where *where)
{
    check_has_where(sql, query);
    miniorm__sql_string(sql, "UPDATE ");
    miniorm__sql_table(sql);
    write_assignments(sql, query);
    miniorm__sql_where(sql, where);
    miniorm__sql_returning(sql, query);
}

static void write_delete(struct miniorm__sql *sql, const struct miniorm_query *query,
                         const struct miniorm__sql_where *where)
{
    check_has_where(sql, query);
    miniorm__sql_string(sql, "DELETE FROM ");
    miniorm__sql_table(sql);
    miniorm__sql_where(sql, where);
    miniorm__sql_returning(sql, query);
}

static void write_query(struct miniorm__sql *sql, const struct miniorm_query *query,
                        const struct miniorm__sql_where *where)
{
    switch (query->kind) {
    case MINIORM__SELECT: write_select(sql, query, where); break;
    case MINIORM__COUNT: write_count(sql, where); break;
    case MINIORM__UPDATE: write_update(sql, query, where); break;
    case MINIORM__DELETE: write_delete(sql, query, where); break;
    default: miniorm__fragment_write(sql, &query->raw, MINIORM__FRAGMENT_STATEMENT); break;
    }
}

/*
 * What each column of the answer is: of the model, or one of the numbers before or instead of them.
 */
static bool describe_answer(struct miniorm__sql *sql, const struct miniorm_query *query,
                            struct miniorm__operation *out)
{
    const bool is_count = query->kind == MINIORM__COUNT;
    const bool has_columns = query->kind == MINIORM__SELECT || query->has_returning;
    const size_t n_numbers = is_count ? 1 : query->keys != NULL ? 2 : 0;
    uint64_t left = has_columns ? miniorm__sql_answered(query) : 0;
    struct miniorm__answer_column *columns;

    out->n_columns = n_numbers + (size_t)__builtin_popcountll(left);
    columns = arena_alloc(sql->arena, out->n_columns * sizeof(*columns));
    out->columns = columns;
    if (columns == NULL)
        return false;
    for (; columns < out->columns + n_numbers; columns++)
        *columns = (struct miniorm__answer_column){-1, MINIORM_T_int8};
    for (; left != 0; left &= left - 1, columns++) {
        const int column = __builtin_ctzll(left);

        *columns =
            (struct miniorm__answer_column){(int16_t)column, query->model->columns[column].type};
    }
    return true;
}

static enum miniorm_status render_one(struct miniorm__sql *sql, const struct miniorm_query *query,
                                      const struct miniorm__sql_where *where,
                                      struct miniorm__operation *out)
{
    struct miniorm__statement *statement = arena_alloc(sql->arena, sizeof(*statement));

    if (statement == NULL)
        return miniorm__fail_memory(sql->error);
    out->statements = statement;
    out->n_statements = 1;
    miniorm__sql_begin(sql);
    write_query(sql, query, where);
    return miniorm__sql_end(sql, statement);
}

/* The condition that the model's manager adds to every query apart from inserts. */
static enum miniorm_status take_default(struct miniorm__sql *sql, const struct miniorm_query *query,
                                        struct miniorm__sql_where *where, bool *has_raw)
{
    const struct miniorm_manager *manager = query->model->manager;
    const struct miniorm_condition *condition = NULL;
    struct miniorm_condition *copy;

    if (manager != NULL && manager->default_where != NULL && query->kind != MINIORM__INSERT)
        condition = manager->default_where(manager);
    if (condition == NULL)
        return MINIORM_OK;
    copy = arena_alloc(sql->arena, sizeof(*copy));
    if (copy == NULL)
        return miniorm__fail_memory(sql->error);
    where->by_default = copy;
    return miniorm__condition_copy(sql->arena, query->model, condition, copy, has_raw, sql->error);
}

/* Program text may write or lock, whatever the kind of the query. */
static enum miniorm__traffic traffic_of(const struct miniorm_query *query, bool has_raw)
{
    const bool reads = (query->kind & (MINIORM__SELECT | MINIORM__COUNT)) != 0;

    if (query->for_update)
        return MINIORM__WRITE;
    return query->read_only || (reads && !has_raw) ? MINIORM__READ : MINIORM__WRITE;
}

static enum miniorm_status render_model(struct miniorm__sql *sql, const struct miniorm_query *query,
                                        struct miniorm__operation *out)
{
    struct miniorm__sql_where where = {query->where, NULL};
    bool has_raw = query->has_raw;
    enum miniorm_status status = take_default(sql, query, &where, &has_raw);

    if (status != MINIORM_OK)
        return status;
    if (!describe_answer(sql, query, out))
        return miniorm__fail_memory(sql->error);
    out->traffic = traffic_of(query, has_raw);
    return query->kind == MINIORM__INSERT ? miniorm__sql_insert(sql, query, out)
                                          : render_one(sql, query, &where, out);
}

static enum miniorm_status refuse_failed(const struct miniorm_query *query,
                                         struct miniorm_error *error)
{
    if (query->error != NULL && query->error->status != MINIORM_OK) {
        miniorm__fail_copy(error, query->error);
        return query->status;
    }
    return query->status == MINIORM_ENOMEM
               ? miniorm__fail_memory(error)
               : miniorm__fail(error, query->status, "the query could not be described");
}

enum miniorm_status miniorm__operation_render(const struct miniorm_query *query,
                                              enum miniorm_dialect dialect, struct arena *arena,
                                              struct miniorm__operation *out,
                                              struct miniorm_error *error)
{
    struct miniorm__sql sql = {
        .dialect = miniorm__dialect_for(dialect), .arena = arena, .error = error};
    struct miniorm__operation operation = {.model = query->model, .traffic = MINIORM__WRITE};
    enum miniorm_status status;

    if (query->status != MINIORM_OK)
        return refuse_failed(query, error);
    if (sql.dialect == NULL)
        return miniorm__fail(error, MINIORM_EINVALID, "no dialect %d", (int)dialect);
    sql.model = query->model;
    if (query->kind == MINIORM__RAW) {
        operation.traffic = traffic_of(query, true);
        status = render_one(&sql, query, NULL, &operation);
    } else {
        status = render_model(&sql, query, &operation);
    }
    if (status == MINIORM_OK)
        *out = operation;
    return status;
}

/* Statements that share their text stand one behind the other, and are shown once. */
static char *statements_text(const struct miniorm__operation *operation)
{
    struct text text = {0};
    size_t i;

    for (i = 0; i < operation->n_statements; i++) {
        const struct miniorm__statement *statement = &operation->statements[i];

        if (i > 0 && statement->sql == statement[-1].sql)
            continue;
        if (i > 0)
            text_string(&text, ";\n");
        text_bytes(&text, statement->sql, statement->sql_size);
    }
    return text_take(&text, NULL);
}

enum miniorm_status miniorm_query_sql(const struct miniorm_query *query,
                                      enum miniorm_dialect dialect, char **out,
                                      struct miniorm_error *error)
{
    struct arena arena = {0};
    struct miniorm__operation operation;
    enum miniorm_status status;
    char *text;

    if (query == NULL)
        return miniorm__fail_memory(error);
    status = miniorm__operation_render(query, dialect, &arena, &operation, error);
    if (status == MINIORM_OK) {
        text = statements_text(&operation);
        if (text == NULL)
            status = miniorm__fail_memory(error);
        else
            *out = text;
    }
    arena_free(&arena);
    return status;
}
