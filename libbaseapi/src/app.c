/*
 * The app: what is declared in it.
 *
 * Order: new, declarations, start and stop (lifecycle.c) any number of times, free.
 * Invariant: nothing is declared while workers run, so they read the app without a lock.
 */
#include "app.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <errno.h>

#include "app_state.h"
#include "error.h"
#include "peers.h"
#include "router.h"

static enum baseapi_status set_up(struct baseapi_app *app, struct baseapi_error *error)
{
    const enum baseapi_status status = baseapi__options_fill(&app->options, &app->arena, error);

    if (status != BASEAPI_OK)
        return status;
    app->timeout_ms[0] = app->options.handler_timeout_ms;
    app->timeout_count = 1;
    app->router = baseapi__router_new();
    app->peers =
        baseapi__peers_new(app->options.max_connections, app->options.max_connections_per_ip);
    if (app->router == NULL || app->peers == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot make an app: out of memory");
    app->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (app->stop_fd < 0)
        return baseapi__fail_errno(error, BASEAPI_ERESOURCES, errno, "cannot make an app");
    return BASEAPI_OK;
}

/* Time limits must not move with the clock on the wall. */
static void make_locks(struct baseapi_app *app)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&app->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&app->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum baseapi_status baseapi_app_new(const struct baseapi_app_options *options,
                                    struct baseapi_app **out, struct baseapi_error *error)
{
    struct baseapi_app *app = calloc(1, sizeof(*app));
    enum baseapi_status status;

    if (app == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot make an app: out of memory");
    make_locks(app);
    app->stop_fd = -1;
    if (options != NULL)
        memcpy(&app->options, options,
               options->size < sizeof(app->options) ? options->size : sizeof(app->options));
    status = set_up(app, error);
    if (status != BASEAPI_OK) {
        baseapi_app_free(app);
        return status;
    }
    *out = app;
    return BASEAPI_OK;
}

void baseapi_app_free(struct baseapi_app *app)
{
    struct part_node *node;

    if (app == NULL)
        return;
    if (app->is_running)
        (void)baseapi_app_stop(app, 0, NULL);
    for (node = app->last_part; node != NULL; node = node->previous) {
        if (node->part.release != NULL)
            node->part.release(node->part.data);
    }
    baseapi__router_free(app->router);
    baseapi__peers_free(app->peers);
    free(app->middlewares);
    arena_free(&app->arena);
    if (app->stop_fd >= 0)
        close(app->stop_fd);
    pthread_cond_destroy(&app->changed);
    pthread_mutex_destroy(&app->lock);
    free(app);
}

enum baseapi_status baseapi__app_is_open(const struct baseapi_app *app, struct baseapi_error *error)
{
    if (app->is_running)
        return baseapi__fail(error, BASEAPI_ESTATE,
                             "the app runs, nothing can be declared any more");
    return BASEAPI_OK;
}

enum baseapi_status baseapi_app_set_database(struct baseapi_app *app,
                                             struct miniorm_database *database,
                                             struct baseapi_error *error)
{
    const enum baseapi_status status = baseapi__app_is_open(app, error);

    if (status == BASEAPI_OK)
        app->database = database;
    return status;
}

enum baseapi_status baseapi_app_add_worker_hook(struct baseapi_app *app,
                                                const struct baseapi_worker_hook *hook,
                                                struct baseapi_error *error)
{
    const enum baseapi_status status = baseapi__app_is_open(app, error);
    struct hook_node *node;

    if (status != BASEAPI_OK)
        return status;
    node = arena_zeroed(&app->arena, 1, sizeof(*node));
    if (node == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add a hook: out of memory");
    node->hook = *hook;
    if (app->last_hook == NULL)
        app->hooks = node;
    else
        app->last_hook->next = node;
    app->last_hook = node;
    return BASEAPI_OK;
}

enum baseapi_status baseapi_app_use(struct baseapi_app *app,
                                    const struct baseapi_middleware *middleware,
                                    struct baseapi_error *error)
{
    const enum baseapi_status status = baseapi__app_is_open(app, error);

    if (status != BASEAPI_OK)
        return status;
    if (app->middleware_count == app->middleware_capacity) {
        const size_t capacity = app->middleware_capacity * 2 + 4;
        const struct baseapi_middleware **list =
            realloc(app->middlewares, capacity * sizeof(*list));

        if (list == NULL)
            return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add a middleware: out of memory");
        app->middlewares = list;
        app->middleware_capacity = capacity;
    }
    app->middlewares[app->middleware_count++] = middleware;
    return BASEAPI_OK;
}

enum baseapi_status baseapi__app_add_part(struct baseapi_app *app, const struct app_part *part,
                                          struct baseapi_error *error)
{
    struct part_node *node = arena_zeroed(&app->arena, 1, sizeof(*node));

    if (node == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add to the app: out of memory");
    node->part = *part;
    node->previous = app->last_part;
    if (app->last_part == NULL)
        app->parts = node;
    else
        app->last_part->next = node;
    app->last_part = node;
    return BASEAPI_OK;
}

struct arena *baseapi__app_arena(struct baseapi_app *app)
{
    return &app->arena;
}

struct miniorm_database *baseapi__app_database(const struct baseapi_app *app)
{
    return app->database;
}

bool baseapi__app_is_debug(const struct baseapi_app *app)
{
    return app->options.debug;
}

unsigned baseapi_app_port(const struct baseapi_app *app)
{
    return atomic_load(&app->port);
}
