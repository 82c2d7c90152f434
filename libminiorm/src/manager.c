/*
 * Managers: the everyday calls on a model, each a query described and run.
 *
 * The hooks are called where their work is: default_where by the renderer, after_load by result.c,
 * the before_ hooks here and in row_write.c.
 * Invariant: no call leaves a query or a result behind; outputs are untouched on failure.
 */
#include <miniorm/manager.h>

#include "error.h"
#include "options.h"
#include "query.h"
#include "result.h"
#include "row.h"

static struct miniorm_query *order_by_key(struct miniorm_query *query,
                                          const struct miniorm_model *model)
{
    const uint64_t key = miniorm__model_key(model);
    unsigned i;

    for (i = 0; i < model->n_columns; i++) {
        if ((key & MINIORM_COLUMN(i)) != 0)
            query = miniorm_query_order_by(query, i, MINIORM_ASC);
    }
    return query;
}

enum miniorm_status miniorm_get_item(struct miniorm_session *session,
                                     const struct miniorm_model *model,
                                     const struct miniorm_condition *where,
                                     struct miniorm_result **out, struct miniorm_error *error)
{
    struct miniorm_query *query = miniorm_query_where(miniorm_query_select(model), where);

    query = miniorm_query_limit(order_by_key(query, model), 1);
    return miniorm_run_take(session, query, out, error);
}

static enum miniorm_status take_first(struct miniorm_result *result,
                                      const struct miniorm_model *model, void *instance,
                                      bool *found, struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;
    const bool any = miniorm_result_rows(result) != 0;

    if (any)
        status = miniorm_result_copy(result, 0, instance, error);
    else if (found == NULL)
        status = miniorm__fail(error, MINIORM_ENOTFOUND, "%s: no row matches", model->name);
    if (status == MINIORM_OK && found != NULL)
        *found = any;
    return status;
}

enum miniorm_status miniorm_get_instance(struct miniorm_session *session,
                                         const struct miniorm_model *model,
                                         const struct miniorm_condition *where, void *instance,
                                         bool *found, struct miniorm_error *error)
{
    struct miniorm_result *result;
    enum miniorm_status status = miniorm_get_item(session, model, where, &result, error);

    if (status != MINIORM_OK)
        return status;
    status = take_first(result, model, instance, found, error);
    miniorm_result_free(result);
    return status;
}

_Static_assert(offsetof(struct miniorm_select_options, columns) + sizeof(uint64_t) ==
                   sizeof(struct miniorm_select_options),
               "struct miniorm_select_options has a hole at its end");

static void add_options(struct miniorm_query *query, const struct miniorm_select_options *options)
{
    size_t i;

    miniorm_query_columns(query, options->columns);
    miniorm_query_where(query, options->where);
    for (i = 0; i < options->n_order_by; i++)
        miniorm_query_order_by(query, options->order_by[i].column, options->order_by[i].order);
    if (options->limit != 0)
        miniorm_query_limit(query, options->limit);
    if (options->offset != 0)
        miniorm_query_offset(query, options->offset);
}

struct miniorm_query *miniorm_select_query(const struct miniorm_model *model,
                                           const struct miniorm_select_options *options)
{
    struct miniorm_query *query = miniorm_query_select(model);
    struct miniorm_error why = MINIORM_ERROR_INIT;
    struct miniorm_select_options filled;

    /* Options that cannot be read must not become a select of every row. */
    if (miniorm__options_copy(&filled, sizeof(filled), options, "select options", &why) ==
        MINIORM_OK)
        add_options(query, &filled);
    else if (query != NULL && query->status == MINIORM_OK)
        query->status = miniorm__fail_copy(miniorm__query_failure(query), &why);
    return query;
}

enum miniorm_status miniorm_get_items(struct miniorm_session *session,
                                      const struct miniorm_model *model,
                                      const struct miniorm_select_options *options,
                                      struct miniorm_result **out, struct miniorm_error *error)
{
    return miniorm_run_take(session, miniorm_select_query(model, options), out, error);
}

static enum miniorm_status decode_all(struct miniorm_result *result, struct miniorm_error *error)
{
    const size_t n_rows = miniorm_result_rows(result);
    enum miniorm_status status = MINIORM_OK;
    void *instance;
    size_t i;

    for (i = 0; i < n_rows && status == MINIORM_OK; i++)
        status = miniorm_result_instance(result, i, &instance, error);
    return status;
}

enum miniorm_status miniorm_get_instances(struct miniorm_session *session,
                                          const struct miniorm_model *model,
                                          const struct miniorm_select_options *options,
                                          struct miniorm_result **out, struct miniorm_error *error)
{
    struct miniorm_result *result;
    enum miniorm_status status = miniorm_get_items(session, model, options, &result, error);

    if (status != MINIORM_OK)
        return status;
    status = decode_all(result, error);
    if (status == MINIORM_OK)
        *out = result;
    else
        miniorm_result_free(result);
    return status;
}

enum miniorm_status miniorm_count(struct miniorm_session *session,
                                  const struct miniorm_model *model,
                                  const struct miniorm_condition *where, uint64_t *out,
                                  struct miniorm_error *error)
{
    struct miniorm_query *query = miniorm_query_where(miniorm_query_count(model), where);
    struct miniorm_result *result;
    struct miniorm_value value;
    enum miniorm_status status = miniorm_run_take(session, query, &result, error);

    if (status != MINIORM_OK)
        return status;
    status = miniorm_result_value(result, 0, 0, &value, error);
    if (status == MINIORM_OK)
        *out = (uint64_t)value.as.integer;
    miniorm_result_free(result);
    return status;
}

/* A bulk insert of no rows touches nothing; as a statement it would insert one of defaults. */
static enum miniorm_status insert_nothing(const struct miniorm_model *model,
                                          struct miniorm_result **out, struct miniorm_error *error)
{
    struct miniorm_result *result;

    if (out == NULL)
        return MINIORM_OK;
    result = miniorm__result_empty(model);
    if (result == NULL)
        return miniorm__fail_memory(error);
    *out = result;
    return MINIORM_OK;
}

enum miniorm_status miniorm_bulk_insert(struct miniorm_session *session,
                                        const struct miniorm_model *model, void *instances,
                                        size_t count, struct miniorm_result **out,
                                        struct miniorm_error *error)
{
    unsigned char *instance = instances;
    struct miniorm_query *query;
    size_t i;

    if (count == 0)
        return insert_nothing(model, out, error);
    query = miniorm_query_insert(model);
    for (i = 0; i < count; i++, instance += model->row_size) {
        const enum miniorm_status status = miniorm__row_before_insert(model, instance, error);

        if (status != MINIORM_OK) {
            miniorm_query_free(query);
            return status;
        }
        if (i != 0)
            query = miniorm_query_next_row(query);
        query = miniorm_query_values(query, instance);
    }
    if (out != NULL)
        query = miniorm_query_returning(query, 0);
    return miniorm_run_take(session, query, out, error);
}

/* Runs a statement that changes rows, and says how many. */
static enum miniorm_status run_change(struct miniorm_session *session, struct miniorm_query *query,
                                      uint64_t *affected, struct miniorm_result **out,
                                      struct miniorm_error *error)
{
    struct miniorm_result *result;
    const enum miniorm_status status = miniorm_run_take(session, query, &result, error);

    if (status != MINIORM_OK)
        return status;
    if (affected != NULL)
        *affected = miniorm_result_affected(result);
    if (out != NULL)
        *out = result;
    else
        miniorm_result_free(result);
    return MINIORM_OK;
}

enum miniorm_status miniorm_update(struct miniorm_session *session,
                                   const struct miniorm_model *model,
                                   const struct miniorm_condition *where, const void *values,
                                   uint64_t *affected, struct miniorm_result **out,
                                   struct miniorm_error *error)
{
    const struct miniorm_row *state = (const struct miniorm_row *)values;
    struct miniorm_query *query;

    if (where == NULL)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "%s: an update without a where; MINIORM_ALL is for every row",
                             model->name);
    if (state->changed == 0)
        return miniorm__fail(error, MINIORM_EINVALID, "%s: an update that changes nothing",
                             model->name);
    query = miniorm_query_where(miniorm_query_values(miniorm_query_update(model), values), where);
    if (out != NULL)
        query = miniorm_query_returning(query, 0);
    return run_change(session, query, affected, out, error);
}

enum miniorm_status miniorm_delete(struct miniorm_session *session,
                                   const struct miniorm_model *model,
                                   const struct miniorm_condition *where, uint64_t *affected,
                                   struct miniorm_error *error)
{
    if (where == NULL)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "%s: a delete without a where; MINIORM_ALL is for every row",
                             model->name);
    return run_change(session, miniorm_query_where(miniorm_query_delete(model), where), affected,
                      NULL, error);
}
