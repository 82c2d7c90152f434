/*
 * The way of a complete request: the app's middlewares, the route's, the handler; and the answer's
 * way back.
 *
 * Invariant: `step` counts the middlewares that were entered; exactly those see the answer, the
 * last one first.
 */
#include <string.h>

#include <baseapi/middleware.h>

#include "app_state.h"
#include "blocking.h"
#include "exchange.h"
#include "problem.h"
#include "response.h"
#include "worker.h"

static size_t chain_size(const struct baseapi_request *request)
{
    const size_t own = request->route != NULL ? request->route->middleware_count : 0;

    return request->worker->app->middleware_count + own;
}

static const struct baseapi_middleware *link_at(const struct baseapi_request *request, size_t index)
{
    const struct baseapi_app *app = request->worker->app;

    if (index < app->middleware_count)
        return app->middlewares[index];
    return request->route->declared.middleware[index - app->middleware_count];
}

static void respond_allow(struct baseapi_request *request, unsigned status)
{
    const struct baseapi_problem problem = {
        .code = baseapi_status_code_name(status),
        .detail = baseapi__status_detail(status),
    };
    struct baseapi_response *response = baseapi_response_new(request, status);
    struct text allow = {.data = NULL};
    struct text document = {.data = NULL};

    baseapi__router_allow(request->worker->app->router, request->path, request->target.path_size,
                          request->worker->scratch, &allow);
    if (response != NULL &&
        (allow.failed || baseapi_response_set_header(response, "Allow", allow.data) != BASEAPI_OK))
        response = NULL;
    if (response != NULL && status >= 400) {
        baseapi__problem_document(&document, &problem, 1);
        if (baseapi__response_text_take(response, &document) != BASEAPI_OK)
            response = NULL;
    }
    text_free(&allow);
    baseapi_request_respond(request, response);
}

static void respond_without_route(struct baseapi_request *request)
{
    const bool is_options = strcmp(request->method, "OPTIONS") == 0;

    if (is_options && strcmp(request->path, "*") == 0)
        baseapi_respond_status(request, 204);
    else if (!request->path_exists)
        baseapi_respond_problem(request, 404, NULL, NULL);
    else
        respond_allow(request, is_options ? 204 : 405);
}

static void run_handler(struct baseapi_request *request)
{
    const struct route *route = request->route;

    if (route == NULL) {
        respond_without_route(request);
    } else if (!(route->declared.flags & BASEAPI_BLOCKING)) {
        route->declared.handler(request, route->declared.data);
    } else if (!baseapi__blocking_submit(request->worker->app->blocking, request)) {
        stats_add(&request->worker->stats.refused_busy, 1);
        baseapi_respond_problem(request, 503, NULL, "Too many requests are waiting.");
    }
}

/* Whether the way goes on behind this middleware. */
static bool enter(struct baseapi_request *request, const struct baseapi_middleware *middleware)
{
    enum baseapi_flow flow;

    request->step++;
    if (middleware->before == NULL)
        return true;
    request->is_in_before = true;
    request->is_resumed = false;
    flow = middleware->before(request, middleware->data);
    request->is_in_before = false;
    if (atomic_load(&request->is_answered))
        return false;
    request->is_paused = flow != BASEAPI_CONTINUE && !request->is_resumed;
    return !request->is_paused;
}

void baseapi__dispatch(struct baseapi_request *request)
{
    while (request->step < chain_size(request)) {
        if (!enter(request, link_at(request, request->step)))
            return;
    }
    run_handler(request);
}

void baseapi__dispatch_after(struct baseapi_request *request, struct baseapi_response *response)
{
    while (request->step != 0) {
        const struct baseapi_middleware *middleware = link_at(request, --request->step);

        if (middleware->after != NULL)
            middleware->after(request, response, middleware->data);
    }
}

enum baseapi_status baseapi_request_resume(struct baseapi_request *request)
{
    if (!baseapi__worker_is_current(request->worker)) {
        baseapi__worker_post(request->worker, request, MAIL_RESUMED);
        return BASEAPI_OK;
    }
    if (request->is_in_before) {
        request->is_resumed = true;
        return BASEAPI_OK;
    }
    if (request->owner_is_done)
        return BASEAPI_EANSWERED;
    if (atomic_load(&request->is_answered)) {
        request->owner_is_done = true;
        baseapi__request_release(request);
        return BASEAPI_ECANCELLED;
    }
    if (!request->is_paused)
        return BASEAPI_ESTATE;
    request->is_paused = false;
    baseapi__dispatch(request);
    return BASEAPI_OK;
}
