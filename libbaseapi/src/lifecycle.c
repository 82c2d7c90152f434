/*
 * Starting and stopping an app.
 *
 * Start: parts prepare, routes are indexed, sockets listen, the pool starts, then the workers; any
 * failure undoes what went before. Stop: workers drain or cut, are joined, then the pool, and what
 * nobody answered is freed.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "app_state.h"
#include "blocking.h"
#include "error.h"
#include "listen.h"
#include "peers.h"
#include "router.h"

#define NS_PER_S 1000000000L
/* Of the descriptors, what connections leave to the program: one part of so many, */
#define KEPT_PART 8
/* and these for each worker: its loop, its sockets and its connections to a database. */
#define KEPT_FOR_WORKER 8

static enum baseapi_status prepare_parts(struct baseapi_app *app, struct baseapi_error *error)
{
    const struct part_node *node;
    enum baseapi_status status = BASEAPI_OK;

    for (node = app->parts; node != NULL && status == BASEAPI_OK; node = node->next) {
        if (node->part.prepare != NULL)
            status = node->part.prepare(app, node->part.data, error);
    }
    return status;
}

static enum baseapi_status classify(struct baseapi_app *app, struct route *route,
                                    struct baseapi_error *error)
{
    const unsigned timeout_ms = route->declared.handler_timeout_ms;
    unsigned class = 0;

    if (timeout_ms == 0)
        return BASEAPI_OK;
    while (class < app->timeout_count && app->timeout_ms[class] != timeout_ms)
        class ++;
    if (class == MAX_TIMEOUT_CLASSES)
        return baseapi__fail(error, BASEAPI_EINVALID, "more than %d different handler timeouts",
                             MAX_TIMEOUT_CLASSES);
    app->timeout_ms[class] = timeout_ms;
    if (class == app->timeout_count)
        app->timeout_count++;
    route->timeout_class = class;
    return BASEAPI_OK;
}

static bool needs_pool(const struct baseapi_app *app)
{
    const struct route *route = baseapi__router_first(app->router);

    while (route != NULL && !(route->declared.flags & BASEAPI_BLOCKING))
        route = route->next;
    return route != NULL;
}

static enum baseapi_status prepare(struct baseapi_app *app, struct baseapi_error *error)
{
    enum baseapi_status status = prepare_parts(app, error);
    struct route *route;

    if (status == BASEAPI_OK)
        status = baseapi__router_prepare(app->router, error);
    for (route = baseapi__router_first(app->router); route != NULL && status == BASEAPI_OK;
         route = route->next)
        status = classify(app, route, error);
    return status;
}

static void order_all(struct baseapi_app *app, enum worker_order order)
{
    unsigned i;

    for (i = 0; i < app->worker_count; i++)
        baseapi__worker_order(app->workers[i], order);
}

/* Joins and frees all workers; returns whether any gave requests up. */
static bool end_workers(struct baseapi_app *app)
{
    bool was_cut = false;
    unsigned i;

    for (i = 0; i < app->worker_count; i++) {
        pthread_join(app->workers[i]->thread, NULL);
        was_cut = was_cut || app->workers[i]->was_cut;
    }
    baseapi__blocking_stop(app->blocking);
    app->blocking = NULL;
    pthread_mutex_lock(&app->lock);
    for (i = 0; i < app->worker_count; i++) {
        baseapi__stats_collect(app->workers[i], &app->past);
        baseapi__worker_free(app->workers[i]);
    }
    app->worker_count = 0;
    /* What is counted as present has gone with them. */
    app->past.active_connections = 0;
    app->past.active_requests = 0;
    pthread_mutex_unlock(&app->lock);
    return was_cut;
}

static enum baseapi_status start_worker(struct baseapi_app *app, int listen_fd,
                                        struct baseapi_error *error)
{
    struct baseapi_worker *worker = baseapi__worker_new(app, app->worker_count, error);
    enum baseapi_status status;
    bool is_serving;

    if (worker == NULL) {
        close(listen_fd);
        return error != NULL ? error->status : BASEAPI_ENOMEM;
    }
    status = baseapi__worker_start(worker, listen_fd, error);
    if (status != BASEAPI_OK) {
        baseapi__worker_free(worker);
        return status;
    }
    pthread_mutex_lock(&app->lock);
    app->workers[app->worker_count++] = worker;
    while (worker->state == WORKER_STARTING)
        pthread_cond_wait(&app->changed, &app->lock);
    is_serving = worker->state == WORKER_SERVING;
    pthread_mutex_unlock(&app->lock);
    if (is_serving)
        return BASEAPI_OK;
    if (error != NULL && error->status == BASEAPI_OK)
        *error = worker->start_error;
    return worker->start_status;
}

static enum baseapi_status start_workers(struct baseapi_app *app, struct baseapi_error *error)
{
    unsigned port = app->options.port == BASEAPI_PORT_ANY ? 0 : (unsigned)app->options.port;
    const unsigned count = app->options.workers;
    int fds[MAX_WORKERS];
    unsigned i;
    enum baseapi_status status =
        baseapi__listen(app->options.address, app->options.share_port, &port, fds, count, error);

    if (status != BASEAPI_OK)
        return status;
    atomic_store(&app->port, port);
    for (i = 0; i < count && status == BASEAPI_OK; i++)
        status = start_worker(app, fds[i], error);
    for (; i < count; i++)
        close(fds[i]);
    return status;
}

/*
 * How many connections there may be: out of descriptors, the whole program would stand still, with
 * its files and databases.
 */
static unsigned connection_limit(const struct baseapi_app_options *options)
{
    struct rlimit limit;
    rlim_t kept;
    rlim_t room;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return options->max_connections;
    kept = limit.rlim_cur / KEPT_PART + (rlim_t)options->workers * KEPT_FOR_WORKER;
    room = limit.rlim_cur / KEPT_PART;
    if (limit.rlim_cur > kept + room)
        room = limit.rlim_cur - kept;
    return room < options->max_connections ? (unsigned)room : options->max_connections;
}

enum baseapi_status baseapi_app_start(struct baseapi_app *app, struct baseapi_error *error)
{
    const unsigned connections = connection_limit(&app->options);
    struct baseapi_error own = BASEAPI_ERROR_INIT;
    enum baseapi_status status = baseapi__app_is_open(app, error);

    if (status != BASEAPI_OK)
        return status;
    if (error == NULL)
        error = &own;
    baseapi__peers_set_total(app->peers, connections);
    status = prepare(app, error);
    if (status == BASEAPI_OK && needs_pool(app))
        status = baseapi__blocking_start(app->options.blocking_threads, app->options.blocking_queue,
                                         &app->blocking, error);
    if (status == BASEAPI_OK)
        status = start_workers(app, error);
    if (status != BASEAPI_OK) {
        order_all(app, ORDER_CUT);
        (void)end_workers(app);
        return status;
    }
    app->is_running = true;
    baseapi__app_log(app, BASEAPI_LOG_INFO,
                     "listening on %s port %u with %u workers for up to %u connections",
                     app->options.address, baseapi_app_port(app), app->worker_count, connections);
    return BASEAPI_OK;
}

static bool have_all_ended(const struct baseapi_app *app)
{
    unsigned i;

    for (i = 0; i < app->worker_count; i++) {
        if (app->workers[i]->state != WORKER_ENDED)
            return false;
    }
    return true;
}

static struct timespec deadline_after(unsigned timeout_ms)
{
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (deadline.tv_nsec >= NS_PER_S) {
        deadline.tv_sec++;
        deadline.tv_nsec -= NS_PER_S;
    }
    return deadline;
}

/* Waits until every worker's thread is about to end, no longer than `timeout_ms`. */
static void await_workers(struct baseapi_app *app, unsigned timeout_ms)
{
    const struct timespec deadline = deadline_after(timeout_ms);
    int failure = 0;

    pthread_mutex_lock(&app->lock);
    while (failure == 0 && !have_all_ended(app))
        failure = pthread_cond_timedwait(&app->changed, &app->lock, &deadline);
    pthread_mutex_unlock(&app->lock);
}

enum baseapi_status baseapi_app_stop(struct baseapi_app *app, unsigned drain_timeout_ms,
                                     struct baseapi_error *error)
{
    bool was_cut;

    if (!app->is_running)
        return baseapi__fail(error, BASEAPI_ESTATE, "the app does not run");
    if (drain_timeout_ms != 0) {
        order_all(app, ORDER_DRAIN);
        await_workers(app, drain_timeout_ms);
    }
    order_all(app, ORDER_CUT);
    was_cut = end_workers(app);
    app->is_running = false;
    baseapi__app_log(app, BASEAPI_LOG_INFO, "stopped");
    if (was_cut)
        return baseapi__fail(error, BASEAPI_ETIMEDOUT, "requests were cut off after %u ms",
                             drain_timeout_ms);
    return BASEAPI_OK;
}

void baseapi_app_request_stop(struct baseapi_app *app)
{
    const uint64_t one = 1;
    const int kept = errno;

    /* It can fail only when 2^64 stops were requested already. */
    (void)!write(app->stop_fd, &one, sizeof(one));
    errno = kept;
}

static void await_stop(struct baseapi_app *app)
{
    struct pollfd waiting = {.fd = app->stop_fd, .events = POLLIN};
    uint64_t count;

    while (poll(&waiting, 1, -1) != 1) {
        if (errno != EINTR)
            break;
    }
    (void)!read(app->stop_fd, &count, sizeof(count));
}

enum baseapi_status baseapi_app_run(struct baseapi_app *app, struct baseapi_error *error)
{
    const enum baseapi_status status = baseapi_app_start(app, error);

    if (status != BASEAPI_OK)
        return status;
    await_stop(app);
    return baseapi_app_stop(app, app->options.drain_timeout_ms, error);
}
