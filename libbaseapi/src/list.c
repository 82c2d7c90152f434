/*
 * The list of a resource: GET.
 *
 * Rows and total are asked for at once; the includes follow when the rows are there.
 */
#include "view.h"

static void finish(struct view *view)
{
    struct text body = {0};

    if (baseapi__view_respond_failure(view))
        return;
    if (baseapi__write_list(&body, view->root)) {
        baseapi__view_respond(view, 200, &body);
        return;
    }
    text_free(&body);
    baseapi__view_respond_too_many(view);
}

static void count_arrived(struct baseapi_answer *answer)
{
    answer->level->total = answer->count;
}

void baseapi__list_get(struct baseapi_request *request, void *data)
{
    const struct resource *resource = data;
    const struct baseapi_params *params;
    struct level *root = NULL;
    struct view *view;

    if (baseapi_request_params(request, &params) == BASEAPI_OK)
        root = baseapi__level_make(request, resource, params, NULL);
    if (root == NULL) {
        baseapi__respond_level_fault(request);
        return;
    }
    view = baseapi__view_start(request, resource, root, finish);
    if (view == NULL)
        return;
    baseapi__view_ask(view, root, resource->provider->get_many, baseapi__level_arrived);
    baseapi__view_ask(view, root, resource->provider->total_count, count_arrived);
    baseapi__view_go(view);
}
