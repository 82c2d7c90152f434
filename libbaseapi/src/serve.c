/*
 * The turns of a worker: wait, take what other threads gave back, act on deadlines, let the server
 * run.
 *
 * What handlers submit to the database in a run leaves together at the start of the next turn,
 * before the loop waits.
 * Invariant: the loop never waits longer than the server and the deadlines allow.
 */
#include <limits.h>

#include <baseapi/middleware.h>

#include "app_state.h"
#include "expiry.h"
#include "server.h"
#include "worker.h"

/* Runs of the server that dropping its suspended connections takes. */
#define CUT_ROUNDS 3

static int least(int a, int b)
{
    if (a < 0)
        return b;
    return b < 0 || a < b ? a : b;
}

static int deadline_timeout(const struct baseapi_worker *worker)
{
    const uint64_t due_ms = baseapi__expiry_next(worker);
    uint64_t left_ms;

    if (due_ms == UINT64_MAX)
        return -1;
    left_ms = due_ms > worker->now_ms ? due_ms - worker->now_ms : 0;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static struct baseapi_request *take_mail(struct baseapi_worker *worker, enum mail *mail)
{
    struct baseapi_request *request;

    pthread_mutex_lock(&worker->inbox_lock);
    request = worker->inbox;
    if (request != NULL) {
        worker->inbox = request->next_mail;
        if (worker->inbox == NULL)
            worker->inbox_end = &worker->inbox;
        *mail = request->mail;
        request->mail = MAIL_NONE;
    }
    pthread_mutex_unlock(&worker->inbox_lock);
    return request;
}

static void read_mail(struct baseapi_worker *worker)
{
    struct baseapi_request *request;
    enum mail mail;

    while ((request = take_mail(worker, &mail)) != NULL) {
        if (mail == MAIL_ANSWERED)
            baseapi__exchange_answered(request);
        else
            (void)baseapi_request_resume(request);
    }
}

/* What is deferred runs before the wait and may resume a connection: no sleep on that. */
static int turn_timeout(const struct baseapi_worker *worker, int server_timeout)
{
    if (miniorm_epoll_timeout(worker->loop) == 0)
        return 0;
    return least(server_timeout, deadline_timeout(worker));
}

static void turn(struct baseapi_worker *worker)
{
    const int server_timeout = baseapi__server_timeout(worker->server);
    const int timeout = turn_timeout(worker, server_timeout);

    if (miniorm_epoll_turn(worker->loop, timeout, NULL) != MINIORM_OK)
        baseapi__app_log(worker->app, BASEAPI_LOG_ERROR, "worker %u cannot wait for events",
                         worker->index);
    worker->now_ms = miniorm_epoll_now_ms(worker->loop);
    read_mail(worker);
    baseapi__expiry_run(worker);
    if (!worker->server_is_ready && server_timeout < 0 &&
        baseapi__server_timeout(worker->server) < 0)
        return;
    worker->server_is_ready = false;
    baseapi__server_run(worker->server);
}

static void cut(struct baseapi_worker *worker)
{
    struct connection *connection;
    int rounds;

    for (connection = worker->connections; connection != NULL; connection = connection->next) {
        struct baseapi_request *request = connection->request;

        /* Also an idle one: its next request may be there already, and must not be waited for. */
        connection->is_dead = true;
        if (request == NULL)
            continue;
        worker->was_cut = true;
        if (request->stage == STAGE_WAITING)
            baseapi__exchange_drop(request);
    }
    for (rounds = 0; rounds < CUT_ROUNDS; rounds++)
        baseapi__server_run(worker->server);
}

static void obey(struct baseapi_worker *worker)
{
    const enum worker_order order = (enum worker_order)atomic_load(&worker->order);

    if (order == worker->obeyed)
        return;
    worker->obeyed = order;
    baseapi__server_quiesce(worker->server);
    baseapi__expiry_drain(worker);
}

void baseapi__worker_serve(struct baseapi_worker *worker)
{
    worker->now_ms = miniorm_epoll_now_ms(worker->loop);
    while (worker->obeyed == ORDER_RUN ||
           (worker->obeyed == ORDER_DRAIN && worker->connection_count != 0)) {
        turn(worker);
        obey(worker);
    }
    cut(worker);
}
