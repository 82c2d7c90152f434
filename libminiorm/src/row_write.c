/*
 * Rows that insert, update and delete themselves.
 *
 * Invariant: on failure nothing of the row has changed but what a before_ hook set; after success
 * no bit `changed` is left and every loaded text is the row's own.
 */
#include <stdlib.h>

#include <miniorm/manager.h>

#include "error.h"
#include "row.h"

/* Takes over the one row that a statement answered in place of what the struct held. */
static enum miniorm_status take_over(struct miniorm_result *result,
                                     const struct miniorm_model *model, void *instance,
                                     struct miniorm_error *error)
{
    void *old_storage = miniorm__row_state(instance)->storage;
    enum miniorm_status status = MINIORM_EPROTOCOL;

    if (miniorm_result_rows(result) == 1)
        status = miniorm_result_copy(result, 0, instance, error);
    else
        miniorm__fail(error, status, "%s: %zu rows were answered where one was written",
                      model->name, miniorm_result_rows(result));
    if (status == MINIORM_OK)
        free(old_storage);
    return status;
}

static enum miniorm_status run_insert(struct miniorm_session *session,
                                      const struct miniorm_model *model, void *instance, bool fetch,
                                      struct miniorm_error *error)
{
    struct miniorm_query *query = miniorm_query_values(miniorm_query_insert(model), instance);
    struct miniorm_result *result;
    enum miniorm_status status;

    if (!fetch)
        return miniorm_run_take(session, query, NULL, error);
    query = miniorm_query_returning(query, 0);
    status = miniorm_run_take(session, query, &result, error);
    if (status != MINIORM_OK)
        return status;
    status = take_over(result, model, instance, error);
    miniorm_result_free(result);
    return status;
}

enum miniorm_status miniorm__row_before_insert(const struct miniorm_model *model, void *instance,
                                               struct miniorm_error *error)
{
    const struct miniorm_manager *manager = model->manager;

    if (manager == NULL || manager->before_insert == NULL)
        return MINIORM_OK;
    return manager->before_insert(manager, instance, error);
}

enum miniorm_status miniorm_insert(struct miniorm_session *session,
                                   const struct miniorm_model *model, void *instance, bool fetch,
                                   struct miniorm_error *error)
{
    const enum miniorm_status status = miniorm__row_before_insert(model, instance, error);

    return status == MINIORM_OK ? run_insert(session, model, instance, fetch, error) : status;
}

enum miniorm_status miniorm_row_insert(struct miniorm_session *session,
                                       const struct miniorm_model *model, void *instance,
                                       struct miniorm_error *error)
{
    return miniorm_insert(session, model, instance, true, error);
}

/* Whether the row can be told by its key: not deleted, every key column known, none changed after
 * loading. */
static enum miniorm_status check_key(const struct miniorm_model *model, const void *instance,
                                     struct miniorm_error *error)
{
    const struct miniorm_row *state = (const struct miniorm_row *)instance;
    const uint64_t key = miniorm__model_key(model);

    if (state->deleted)
        return miniorm__fail(error, MINIORM_ESTATE, "%s: the row was deleted", model->name);
    if (key == 0)
        return miniorm__fail(error, MINIORM_EINVALID, "%s: the model has no primary key",
                             model->name);
    if ((key & ~(state->loaded | state->changed)) != 0 || (key & state->null) != 0)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "%s: the primary key is neither loaded nor set", model->name);
    if ((key & state->loaded & state->changed) != 0)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "%s: the primary key was changed after loading", model->name);
    return MINIORM_OK;
}

static struct miniorm_query *where_key(struct miniorm_query *query,
                                       const struct miniorm_model *model, const void *instance)
{
    const uint64_t key = miniorm__model_key(model);
    unsigned i;

    for (i = 0; i < model->n_columns; i++) {
        struct miniorm_value value;
        const struct miniorm_condition equal = {
            .op = MINIORM_OP_EQ, .column = i, .values = &value, .n_values = 1};

        if ((key & MINIORM_COLUMN(i)) == 0)
            continue;
        value = miniorm_row_value(model, instance, i);
        query = miniorm_query_where(query, &equal);
    }
    return query;
}

static struct miniorm_query *set_columns(struct miniorm_query *query,
                                         const struct miniorm_model *model, const void *instance,
                                         uint64_t columns)
{
    unsigned i;

    for (i = 0; i < model->n_columns; i++) {
        if ((columns & MINIORM_COLUMN(i)) != 0)
            query = miniorm_query_set(query, i, miniorm_row_value(model, instance, i));
    }
    return query;
}

static enum miniorm_status run_update(struct miniorm_session *session,
                                      const struct miniorm_model *model, void *instance,
                                      struct miniorm_error *error)
{
    const struct miniorm_row *state = miniorm__row_state(instance);
    const uint64_t known = state->loaded | state->changed;
    const uint64_t written = state->changed & ~miniorm__model_key(model);
    struct miniorm_query *query;
    struct miniorm_result *result;
    enum miniorm_status status;

    if (written == 0)
        return MINIORM_OK;
    query = set_columns(miniorm_query_update(model), model, instance, written);
    query = miniorm_query_returning(where_key(query, model, instance), known);
    status = miniorm_run_take(session, query, &result, error);
    if (status != MINIORM_OK)
        return status;
    if (miniorm_result_rows(result) == 0)
        status = miniorm__fail(error, MINIORM_ENOTFOUND, "%s: no row has this key", model->name);
    else
        status = take_over(result, model, instance, error);
    miniorm_result_free(result);
    return status;
}

enum miniorm_status miniorm_row_update(struct miniorm_session *session,
                                       const struct miniorm_model *model, void *instance,
                                       struct miniorm_error *error)
{
    const struct miniorm_manager *manager = model->manager;
    enum miniorm_status status = check_key(model, instance, error);

    if (status != MINIORM_OK)
        return status;
    if (manager != NULL && manager->before_update != NULL) {
        status = manager->before_update(manager, instance, error);
        if (status == MINIORM_OK)
            status = check_key(model, instance, error);
    }
    return status == MINIORM_OK ? run_update(session, model, instance, error) : status;
}

enum miniorm_status miniorm_row_delete(struct miniorm_session *session,
                                       const struct miniorm_model *model, void *instance,
                                       struct miniorm_error *error)
{
    struct miniorm_result *result;
    enum miniorm_status status = check_key(model, instance, error);

    if (status != MINIORM_OK)
        return status;
    status = miniorm_run_take(session, where_key(miniorm_query_delete(model), model, instance),
                              &result, error);
    if (status != MINIORM_OK)
        return status;
    if (miniorm_result_affected(result) == 0)
        status = miniorm__fail(error, MINIORM_ENOTFOUND, "%s: no row has this key", model->name);
    else
        miniorm__row_state(instance)->deleted = 1;
    miniorm_result_free(result);
    return status;
}
