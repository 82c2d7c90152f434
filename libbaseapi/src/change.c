/*
 * Changes: POST, PUT, PATCH and DELETE.
 *
 * Order of a change: the query string, the body, the resource's hook, one statement that answers
 * with the row it touched, the hook behind it, the answer. A PUT whose body is bad asks first
 * whether there is an entity at all, since 404 comes before what is wrong with the body.
 * Invariant: after a hook has returned BASEAPI_PENDING nothing is touched until it resumes, as it
 * may have answered the request.
 */
#include "body.h"
#include "json_writer.h"
#include "location.h"
#include "view.h"

struct change {
    struct view *view;
    enum baseapi_methods method;
    json_t *object; /* under "data" of the body */
    const struct miniorm_value *key;
    enum baseapi_status status; /* what baseapi__body_read said */
    bool is_waiting; /* for a hook */
};

/* Under its address the request keeps its change, for baseapi_hook_resume. */
static const char change_of_request;

static const struct baseapi_hooks *hooks_of(const struct view *view)
{
    return &view->resource->declared.hooks;
}

static struct baseapi_row row_of(const struct level *level)
{
    return (struct baseapi_row){level->wish.columns, level->rows.values};
}

static void write_row(struct text *body, const struct level *level)
{
    text_string(body, "{\"data\":");
    baseapi__json_row(body, level->resource, level->wish.columns, level->resource->fields,
                      level->rows.values, level->rows.json_unchecked);
    text_string(body, "}}");
}

static void finish_insert(struct view *view)
{
    const struct baseapi_row row = row_of(view->root);
    struct baseapi_response *response;
    struct text body = {0};

    if (baseapi__view_respond_failure(view))
        return;
    if (view->root->rows.n_rows == 0) {
        baseapi__view_fail(view, MINIORM_EPROTOCOL, "the provider inserted no row");
        baseapi__view_respond_failure(view);
        return;
    }
    if (hooks_of(view)->after_insert != NULL)
        hooks_of(view)->after_insert(view->request, &row, hooks_of(view)->data);
    response = baseapi_response_new(view->request, 201);
    baseapi__location_set(response, view->resource, &row);
    write_row(&body, view->root);
    baseapi__view_respond_response(view, response, &body);
}

static void finish_update(struct view *view)
{
    const struct baseapi_row row = row_of(view->root);
    struct text body = {0};

    if (baseapi__view_respond_failure(view))
        return;
    if (view->root->rows.n_rows == 0) {
        baseapi__view_respond_not_found(view);
        return;
    }
    if (hooks_of(view)->after_update != NULL)
        hooks_of(view)->after_update(view->request, &row, hooks_of(view)->data);
    write_row(&body, view->root);
    baseapi__view_respond(view, 200, &body);
}

static void finish_delete(struct view *view)
{
    const struct baseapi_row row = row_of(view->root);

    if (baseapi__view_respond_failure(view))
        return;
    if (view->root->rows.n_rows == 0) {
        baseapi__view_respond_not_found(view);
        return;
    }
    if (hooks_of(view)->after_delete != NULL)
        hooks_of(view)->after_delete(view->request, &row, hooks_of(view)->data);
    baseapi__view_respond_response(view, baseapi_response_new(view->request, 204), NULL);
}

static void respond_bad_body(struct view *view)
{
    const struct change *change = view->data;

    if (change->status == BASEAPI_EINVALID)
        baseapi__view_respond_problems(view, 422);
    else if (change->status == BASEAPI_EFORMAT)
        baseapi__view_respond_problem(view, 400, BASEAPI_CODE_FORMAT, "Invalid json");
    else
        baseapi__view_respond_problem(view, 500, BASEAPI_CODE_INTERNAL, "Internal server error");
}

/* The entity of a PUT with a bad body was looked for. */
static void finish_bad_update(struct view *view)
{
    if (baseapi__view_respond_failure(view))
        return;
    if (view->root->rows.n_rows == 0)
        baseapi__view_respond_not_found(view);
    else
        respond_bad_body(view);
}

static void ask(struct view *view, view_ask_fn function, void (*finish)(struct view *view))
{
    view->finish = finish;
    baseapi__view_ask(view, view->root, function, baseapi__level_arrived);
    baseapi__view_go(view);
}

static void execute(struct change *change)
{
    struct view *view = change->view;
    struct baseapi_wish *wish = &view->root->wish;
    const struct baseapi_provider *provider = view->resource->provider;
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct miniorm_value *values = NULL;
    enum baseapi_status status = BASEAPI_OK;

    if (change->method != BASEAPI_DELETE)
        status = baseapi__body_values(baseapi__request_arena(view->request), view->resource,
                                      change->object,
                                      change->method == BASEAPI_UPDATE ? view->resource->keys : 0,
                                      &wish->set, &values, &error);
    wish->values = values;
    if (status != BASEAPI_OK)
        baseapi__view_respond_error(view, &error);
    else if (change->method == BASEAPI_CREATE)
        ask(view, provider->insert, finish_insert);
    else if (change->method == BASEAPI_DELETE)
        ask(view, provider->remove, finish_delete);
    else if (wish->set == 0)
        /* Nothing to change: the entity as it is. */
        ask(view, baseapi__provider_get_one(provider), finish_update);
    else
        ask(view, provider->update, finish_update);
}

static enum baseapi_flow run_hook(struct change *change)
{
    const struct baseapi_hooks *hooks = hooks_of(change->view);
    struct baseapi_request *request = change->view->request;

    if (change->method == BASEAPI_CREATE && hooks->before_insert != NULL)
        return hooks->before_insert(request, change->object, hooks->data);
    if (change->method == BASEAPI_UPDATE && hooks->before_update != NULL)
        return hooks->before_update(request, change->object, hooks->data);
    if (change->method == BASEAPI_DELETE && hooks->before_delete != NULL)
        return hooks->before_delete(request, hooks->data);
    return BASEAPI_CONTINUE;
}

static bool has_hook(const struct change *change)
{
    const struct baseapi_hooks *hooks = hooks_of(change->view);

    return change->method == BASEAPI_CREATE   ? hooks->before_insert != NULL
           : change->method == BASEAPI_UPDATE ? hooks->before_update != NULL
                                              : hooks->before_delete != NULL;
}

static void go_on(struct change *change)
{
    if (has_hook(change)) {
        if (baseapi_request_set_data(change->view->request, &change_of_request, change) !=
            BASEAPI_OK) {
            baseapi__view_respond_error(change->view, NULL);
            return;
        }
        change->is_waiting = true;
        if (run_hook(change) == BASEAPI_PENDING)
            return;
        change->is_waiting = false;
    }
    execute(change);
}

enum baseapi_status baseapi_hook_resume(struct baseapi_request *request)
{
    struct change *change = baseapi_request_data(request, &change_of_request);

    if (change == NULL || !change->is_waiting)
        return BASEAPI_ESTATE;
    change->is_waiting = false;
    execute(change);
    return BASEAPI_OK;
}

/* Checks the query string and makes the view. NULL: the request was answered. */
static struct change *start(struct baseapi_request *request, const struct resource *resource,
                            enum baseapi_methods method, const struct miniorm_value *key,
                            const struct baseapi_params *params)
{
    struct change *change = arena_zeroed(baseapi__request_arena(request), 1, sizeof(*change));
    struct level *root =
        change == NULL ? NULL : baseapi__level_make(request, resource, params, key);

    if (root == NULL) {
        baseapi__respond_level_fault(request);
        return NULL;
    }
    /* The answer is the whole row, whatever the query string says of fields and includes. */
    root->shown = resource->fields;
    root->children = NULL;
    root->wish.columns = resource->fields | resource->keys;
    change->view = baseapi__view_start(request, resource, root, NULL);
    change->method = method;
    change->key = key;
    if (change->view == NULL)
        return NULL;
    change->view->kind = method == BASEAPI_CREATE   ? VIEW_INSERT
                         : method == BASEAPI_UPDATE ? VIEW_UPDATE
                                                    : VIEW_DELETE;
    change->view->data = change;
    return change;
}

static struct change *start_keyed(struct baseapi_request *request, const struct resource *resource,
                                  enum baseapi_methods method)
{
    const struct baseapi_params *params;
    const struct miniorm_value *key;

    if (baseapi_request_params(request, &params) != BASEAPI_OK) {
        baseapi__respond_level_fault(request);
        return NULL;
    }
    key = baseapi__path_key(request, resource);
    return key == NULL ? NULL : start(request, resource, method, key, params);
}

void baseapi__list_post(struct baseapi_request *request, void *data)
{
    const struct resource *resource = data;
    const struct baseapi_params *params;
    struct change *change;

    if (baseapi_request_params(request, &params) != BASEAPI_OK) {
        baseapi__respond_level_fault(request);
        return;
    }
    change = start(request, resource, BASEAPI_CREATE, NULL, params);
    if (change == NULL)
        return;
    change->status = baseapi__body_read(request, resource, BASEAPI_CREATE, NULL, &change->object);
    if (change->status == BASEAPI_OK)
        go_on(change);
    else
        respond_bad_body(change->view);
}

void baseapi__entity_put(struct baseapi_request *request, void *data)
{
    const struct resource *resource = data;
    struct change *change = start_keyed(request, resource, BASEAPI_UPDATE);

    if (change == NULL)
        return;
    change->status =
        baseapi__body_read(request, resource, BASEAPI_UPDATE, change->key, &change->object);
    if (change->status == BASEAPI_OK) {
        go_on(change);
        return;
    }
    change->view->kind = VIEW_READ;
    ask(change->view, baseapi__provider_get_one(resource->provider), finish_bad_update);
}

void baseapi__entity_delete(struct baseapi_request *request, void *data)
{
    struct change *change = start_keyed(request, data, BASEAPI_DELETE);

    if (change != NULL)
        go_on(change);
}
