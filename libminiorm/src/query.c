/*
 * Queries: descriptions made step by step, all of it in one arena that the query itself lies in.
 *
 * Order: one of miniorm_query_select and its kin, any steps, then execution any number of times,
 * miniorm_query_free at the end. A step that cannot be done sets `status`; the steps behind it do
 * nothing. Setting values is in query_values.c.
 */
#include "query.h"

#include "condition.h"
#include "error.h"

static const char *kind_name(enum miniorm__query_kind kind)
{
    switch (kind) {
    case MINIORM__SELECT: return "select";
    case MINIORM__COUNT: return "count";
    case MINIORM__INSERT: return "insert";
    case MINIORM__UPDATE: return "update";
    case MINIORM__DELETE: return "delete";
    default: return "raw";
    }
}

struct miniorm_error *miniorm__query_failure(struct miniorm_query *query)
{
    struct miniorm_error *error = arena_zeroed(&query->arena, 1, sizeof(*error));

    query->error = error;
    return error;
}

bool miniorm__query_accepts(struct miniorm_query *query, unsigned kinds, const char *step)
{
    if (query == NULL || query->status != MINIORM_OK)
        return false;
    if ((kinds & query->kind) != 0)
        return true;
    query->status =
        miniorm__fail(miniorm__query_failure(query), MINIORM_EINVALID,
                      "%s is no step of a query of the kind %s", step, kind_name(query->kind));
    return false;
}

bool miniorm__query_has_column(struct miniorm_query *query, unsigned column)
{
    if (column < query->model->n_columns)
        return true;
    query->status = miniorm__fail(miniorm__query_failure(query), MINIORM_EINVALID,
                                  "query on %s: no column %u", query->model->table, column);
    return false;
}

bool miniorm__query_copy_raw(struct miniorm_query *query, const char *sql,
                             const struct miniorm_value *values, size_t count,
                             struct miniorm__raw *out)
{
    if (sql == NULL || (values == NULL && count != 0)) {
        query->status = miniorm__fail(miniorm__query_failure(query), MINIORM_EINVALID,
                                      "raw SQL without its text or its values");
        return false;
    }
    out->sql = arena_string(&query->arena, sql);
    out->n_values = count;
    query->has_raw = true;
    if (out->sql == NULL)
        query->status = MINIORM_ENOMEM;
    else if (miniorm__values_copy(&query->arena, values, count, &out->values, NULL) != MINIORM_OK)
        query->status = miniorm__values_copy(&query->arena, values, count, &out->values,
                                             miniorm__query_failure(query));
    return query->status == MINIORM_OK;
}

static struct miniorm_query *new_query(enum miniorm__query_kind kind,
                                       const struct miniorm_model *model)
{
    struct arena arena = {0};
    struct miniorm_query *query = arena_zeroed(&arena, 1, sizeof(*query));

    if (query == NULL)
        return NULL;
    query->arena = arena;
    query->kind = kind;
    query->model = model;
    query->where_end = &query->where;
    query->order_end = &query->order;
    if (model == NULL && kind != MINIORM__RAW)
        query->status = miniorm__fail(miniorm__query_failure(query), MINIORM_EINVALID,
                                      "%s without a model", kind_name(kind));
    return query;
}

struct miniorm_query *miniorm_query_select(const struct miniorm_model *model)
{
    return new_query(MINIORM__SELECT, model);
}

struct miniorm_query *miniorm_query_count(const struct miniorm_model *model)
{
    return new_query(MINIORM__COUNT, model);
}

struct miniorm_query *miniorm_query_insert(const struct miniorm_model *model)
{
    return miniorm_query_next_row(new_query(MINIORM__INSERT, model));
}

struct miniorm_query *miniorm_query_update(const struct miniorm_model *model)
{
    return new_query(MINIORM__UPDATE, model);
}

struct miniorm_query *miniorm_query_delete(const struct miniorm_model *model)
{
    return new_query(MINIORM__DELETE, model);
}

struct miniorm_query *miniorm_query_raw(const char *sql, const struct miniorm_value *values,
                                        size_t count)
{
    struct miniorm_query *query = new_query(MINIORM__RAW, NULL);

    if (query != NULL)
        miniorm__query_copy_raw(query, sql, values, count, &query->raw);
    return query;
}

void miniorm_query_free(struct miniorm_query *query)
{
    struct arena arena;

    if (query == NULL)
        return;
    arena = query->arena;
    arena_free(&arena);
}

/* Bits beyond the last column are a mistake of the caller. */
static bool are_columns(struct miniorm_query *query, uint64_t columns)
{
    const size_t count = query->model->n_columns;

    if (count >= MINIORM_COLUMNS_MAX || columns >> count == 0)
        return true;
    query->status =
        miniorm__fail(miniorm__query_failure(query), MINIORM_EINVALID,
                      "query on %s: a bitmap names columns past the last", query->model->table);
    return false;
}

struct miniorm_query *miniorm_query_columns(struct miniorm_query *query, uint64_t columns)
{
    if (miniorm__query_accepts(query, MINIORM__SELECT, "columns") && are_columns(query, columns))
        query->columns = columns;
    return query;
}

struct miniorm_query *miniorm_query_returning(struct miniorm_query *query, uint64_t columns)
{
    if (miniorm__query_accepts(query, MINIORM__INSERT | MINIORM__UPDATE | MINIORM__DELETE,
                               "returning") &&
        are_columns(query, columns)) {
        query->columns = columns;
        query->has_returning = true;
    }
    return query;
}

static void add_where(struct miniorm_query *query, const struct miniorm_condition *condition)
{
    struct miniorm__query_where *where = arena_alloc(&query->arena, sizeof(*where));

    if (where == NULL) {
        query->status = MINIORM_ENOMEM;
        return;
    }
    where->next = NULL;
    /* Only a failure pays for a place to put its reason: it is repeated. */
    if (miniorm__condition_copy(&query->arena, query->model, condition, &where->condition,
                                &query->has_raw, NULL) != MINIORM_OK)
        query->status =
            miniorm__condition_copy(&query->arena, query->model, condition, &where->condition,
                                    &query->has_raw, miniorm__query_failure(query));
    if (query->status != MINIORM_OK)
        return;
    *query->where_end = where;
    query->where_end = &where->next;
}

struct miniorm_query *miniorm_query_where(struct miniorm_query *query,
                                          const struct miniorm_condition *condition)
{
    const unsigned kinds = MINIORM__SELECT | MINIORM__COUNT | MINIORM__UPDATE | MINIORM__DELETE;

    if (miniorm__query_accepts(query, kinds, "where") && condition != NULL)
        add_where(query, condition);
    return query;
}

static struct miniorm__query_order *add_order(struct miniorm_query *query)
{
    struct miniorm__query_order *item = arena_zeroed(&query->arena, 1, sizeof(*item));

    if (item == NULL) {
        query->status = MINIORM_ENOMEM;
        return NULL;
    }
    *query->order_end = item;
    query->order_end = &item->next;
    return item;
}

struct miniorm_query *miniorm_query_order_by(struct miniorm_query *query, unsigned column,
                                             enum miniorm_order order)
{
    struct miniorm__query_order *item;

    if (!miniorm__query_accepts(query, MINIORM__SELECT, "order_by") ||
        !miniorm__query_has_column(query, column))
        return query;
    if (order > MINIORM_DESC_NULLS_LAST) {
        query->status = miniorm__fail(miniorm__query_failure(query), MINIORM_EINVALID,
                                      "query on %s: no order %d", query->model->table, (int)order);
        return query;
    }
    item = add_order(query);
    if (item != NULL) {
        item->column = column;
        item->order = order;
    }
    return query;
}

struct miniorm_query *miniorm_query_order_by_raw(struct miniorm_query *query, const char *sql)
{
    struct miniorm__raw raw;
    struct miniorm__query_order *item;

    if (!miniorm__query_accepts(query, MINIORM__SELECT, "order_by_raw") ||
        !miniorm__query_copy_raw(query, sql, NULL, 0, &raw))
        return query;
    item = add_order(query);
    if (item != NULL)
        item->sql = raw.sql;
    return query;
}

struct miniorm_query *miniorm_query_limit(struct miniorm_query *query, uint64_t limit)
{
    if (miniorm__query_accepts(query, MINIORM__SELECT, "limit")) {
        query->limit = limit;
        query->has_limit = true;
    }
    return query;
}

struct miniorm_query *miniorm_query_offset(struct miniorm_query *query, uint64_t offset)
{
    if (miniorm__query_accepts(query, MINIORM__SELECT, "offset"))
        query->offset = offset;
    return query;
}

struct miniorm_query *miniorm_query_for_update(struct miniorm_query *query)
{
    if (miniorm__query_accepts(query, MINIORM__SELECT, "for_update"))
        query->for_update = true;
    return query;
}

struct miniorm_query *miniorm_query_read_only(struct miniorm_query *query)
{
    if (miniorm__query_accepts(query, MINIORM__SELECT | MINIORM__COUNT | MINIORM__RAW, "read_only"))
        query->read_only = true;
    return query;
}
