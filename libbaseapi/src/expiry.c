/*
 * Deadlines of a connection's phases: idle, head, body, handler, sending.
 *
 * A connection has one at a time, beside the one after which a hang-up is acted upon. Body and
 * sending are looked at in steps: what has come or gone since the last step must reach the least
 * rate.
 */
#include "expiry.h"

#include <stddef.h>

#include "app_state.h"
#include "exchange.h"
#include "hangup.h"
#include "linger.h"
#include "problem.h"
#include "server.h"
#include "worker.h"

/* Time between two looks at the rate of a body: long enough for a slow line's hiccup. */
#define BODY_STEP_MS 5000
/* What a client that has ended its sending may still wait for its answer. */
#define HANG_UP_GRACE_MS 100
/*
 * In a drain: clients that send request after request get time to send one more, and be told to
 * close.
 */
#define DRAIN_IDLE_MS 500
/* Time for a refused client to stop sending and read why. */
#define LINGER_MS 2000

static struct connection *connection_of(struct deadline *deadline)
{
    return (struct connection *)((char *)deadline - offsetof(struct connection, deadline));
}

static void expire_header(struct deadline *deadline)
{
    struct connection *connection = connection_of(deadline);

    stats_add(&connection->worker->stats.timeouts_header, 1);
    if (connection->request != NULL)
        connection->request->sent_status = baseapi__canned_timeout.status;
    /* A client that has sent nothing asked nothing. */
    baseapi__server_cut(connection, connection->request != NULL ? &baseapi__canned_timeout : NULL);
}

static void expire_idle(struct deadline *deadline)
{
    baseapi__server_cut(connection_of(deadline), NULL);
}

/* Whether `bytes` in all is so little more than at the last look that the connection has to go. */
static bool is_too_slow(struct connection *connection, uint64_t bytes, unsigned step_ms)
{
    const uint64_t least =
        (uint64_t)connection->worker->app->options.min_bytes_per_s * step_ms / 1000;
    const bool is_slow = bytes - connection->progress < least;

    connection->progress = bytes;
    return is_slow;
}

static void expire_body(struct deadline *deadline)
{
    struct connection *connection = connection_of(deadline);
    struct baseapi_worker *worker = connection->worker;
    struct baseapi_request *request = connection->request;
    const uint64_t elapsed_ms = worker->now_ms - connection->phase_start_ms;

    if (!is_too_slow(connection, request->body.size + request->body_dropped,
                     worker->body.timeout_ms) &&
        elapsed_ms < worker->app->options.body_timeout_ms) {
        baseapi__deadline_set(deadline, &worker->body, worker->now_ms);
        return;
    }
    stats_add(&worker->stats.timeouts_body, 1);
    request->sent_status = baseapi__canned_timeout.status;
    baseapi__server_cut(connection, &baseapi__canned_timeout);
}

static void expire_send(struct deadline *deadline)
{
    struct connection *connection = connection_of(deadline);
    struct baseapi_worker *worker = connection->worker;
    bool is_slow = false;
    const uint64_t taken = baseapi__server_taken(connection);

    if (connection->progress == PROGRESS_UNKNOWN)
        connection->progress = taken;
    else if (is_too_slow(connection, taken, worker->send.timeout_ms))
        is_slow = true;
    if (!is_slow) {
        baseapi__deadline_set(deadline, &worker->send, worker->now_ms);
        return;
    }
    stats_add(&worker->stats.timeouts_send, 1);
    baseapi__server_cut(connection, NULL);
}

static void expire_handler(struct deadline *deadline)
{
    struct connection *connection = connection_of(deadline);
    struct baseapi_request *request = connection->request;

    /* On its way from another thread, which may take its time to return. */
    if (atomic_load(&request->is_answered))
        return;
    stats_add(&connection->worker->stats.timeouts_handler, 1);
    baseapi__request_log(request, BASEAPI_LOG_WARNING, "%s %s was not answered in time",
                         request->method, request->path);
    baseapi__exchange_give_up(request, &baseapi__canned_late);
}

static void expire_watch(struct deadline *deadline)
{
    baseapi__hangup_act(
        (struct connection *)((char *)deadline - offsetof(struct connection, watch)));
}

static void prepare(struct deadline_list *list, unsigned timeout_ms,
                    void (*expired)(struct deadline *deadline))
{
    *list = (struct deadline_list){.timeout_ms = timeout_ms, .expired = expired};
}

/* The length of the steps that divide the time for a body evenly. */
static unsigned body_step_ms(unsigned timeout_ms)
{
    const unsigned steps = (timeout_ms + BODY_STEP_MS - 1) / BODY_STEP_MS;

    return timeout_ms / steps;
}

void baseapi__expiry_prepare(struct baseapi_worker *worker)
{
    const struct baseapi_app *app = worker->app;
    const struct baseapi_app_options *options = &app->options;
    unsigned i;

    prepare(&worker->header, options->header_timeout_ms, expire_header);
    prepare(&worker->body, body_step_ms(options->body_timeout_ms), expire_body);
    /* The first look only takes the count: a stalled answer is cut at the second. */
    prepare(&worker->send, (options->send_timeout_ms + 1) / 2, expire_send);
    prepare(&worker->idle, options->idle_timeout_ms, expire_idle);
    prepare(&worker->watch, HANG_UP_GRACE_MS, expire_watch);
    prepare(&worker->linger, LINGER_MS, baseapi__linger_expired);
    for (i = 0; i < MAX_TIMEOUT_CLASSES; i++)
        prepare(&worker->handler[i], app->timeout_ms[i], expire_handler);
}

static uint64_t earlier(uint64_t due, const struct deadline_list *list)
{
    const uint64_t next = baseapi__deadlines_next(list);

    return next < due ? next : due;
}

uint64_t baseapi__expiry_next(const struct baseapi_worker *worker)
{
    uint64_t due = UINT64_MAX;
    unsigned i;

    due = earlier(due, &worker->header);
    due = earlier(due, &worker->body);
    due = earlier(due, &worker->send);
    due = earlier(due, &worker->idle);
    due = earlier(due, &worker->watch);
    due = earlier(due, &worker->linger);
    for (i = 0; i < worker->app->timeout_count; i++)
        due = earlier(due, &worker->handler[i]);
    return due;
}

void baseapi__expiry_run(struct baseapi_worker *worker)
{
    unsigned i;

    baseapi__deadlines_expire(&worker->header, worker->now_ms);
    baseapi__deadlines_expire(&worker->body, worker->now_ms);
    baseapi__deadlines_expire(&worker->send, worker->now_ms);
    baseapi__deadlines_expire(&worker->idle, worker->now_ms);
    baseapi__deadlines_expire(&worker->watch, worker->now_ms);
    baseapi__deadlines_expire(&worker->linger, worker->now_ms);
    for (i = 0; i < worker->app->timeout_count; i++)
        baseapi__deadlines_expire(&worker->handler[i], worker->now_ms);
}

void baseapi__expiry_drain(struct baseapi_worker *worker)
{
    struct connection *connection;

    for (connection = worker->connections; connection != NULL; connection = connection->next) {
        if (connection->deadline.list == &worker->header && connection->request == NULL)
            baseapi__deadline_set(&connection->deadline, &worker->idle, worker->now_ms);
    }
    if (worker->idle.timeout_ms > DRAIN_IDLE_MS)
        worker->idle.timeout_ms = DRAIN_IDLE_MS;
}
