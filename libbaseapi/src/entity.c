/*
 * One entity of a resource: GET, and the key in its path.
 */
#include "fault.h"
#include "view.h"

#include <string.h>

view_ask_fn baseapi__provider_get_one(const struct baseapi_provider *provider)
{
    return provider->get_one != NULL ? provider->get_one : provider->get_many;
}

static void finish(struct view *view)
{
    struct text body = {0};
    size_t n_rows = 0;

    if (baseapi__view_respond_failure(view))
        return;
    if (view->root->rows.n_rows == 0) {
        baseapi__view_respond_not_found(view);
    } else if (baseapi__write_entity(&body, view->root, 0, &n_rows)) {
        baseapi__view_respond(view, 200, &body);
    } else {
        text_free(&body);
        baseapi__view_respond_too_many(view);
    }
}

struct miniorm_value *baseapi__path_key(struct baseapi_request *request,
                                        const struct resource *resource)
{
    struct miniorm_value *key =
        arena_alloc(baseapi__request_arena(request), resource->n_keys * sizeof(*key));

    if (key == NULL) {
        baseapi_respond_error(request, NULL);
        return NULL;
    }
    for (size_t i = 0; i < resource->n_keys; i++) {
        const struct miniorm_column *column = &resource->model->columns[resource->key_columns[i]];
        const char *text = baseapi_request_path_parameter(request, column->name);

        if (text == NULL || miniorm_value_parse(column->type, miniorm_text_from(text, strlen(text)),
                                                &key[i], NULL) != MINIORM_OK) {
            baseapi__respond_not_found(request);
            return NULL;
        }
    }
    return key;
}

void baseapi__entity_get(struct baseapi_request *request, void *data)
{
    const struct resource *resource = data;
    const struct baseapi_params *params;
    const struct miniorm_value *key;
    struct level *root;
    struct view *view;

    if (baseapi_request_params(request, &params) != BASEAPI_OK) {
        baseapi__respond_level_fault(request);
        return;
    }
    key = baseapi__path_key(request, resource);
    if (key == NULL)
        return;
    root = baseapi__level_make(request, resource, params, key);
    if (root == NULL) {
        baseapi__respond_level_fault(request);
        return;
    }
    view = baseapi__view_start(request, resource, root, finish);
    if (view == NULL)
        return;
    baseapi__view_ask(view, root, baseapi__provider_get_one(resource->provider),
                      baseapi__level_arrived);
    baseapi__view_go(view);
}
