/*
 * Lane: one connection of a client, its watch on the loop, and the plain requests on it.
 *
 * Reads share a Sync; a write has its own, and is over when the Sync is answered, because only then
 * it was committed. A request that did not run for a reason that lies outside it goes back to be
 * sent again, once for each reason. Invariant: `in_flight` requests are expected by the connection,
 * and none of them is in a list.
 */
#include "client.h"
#include "failure.h"
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../error.h"

/* Reads under one Sync at most: an error costs the others behind it a second trip. */
#define GROUP_MAX 64
/* Connections that may break under a request while it is queued: one that libpq has no memory for
 * would break each in turn for ever. */
#define ATTEMPTS_MAX 4

bool miniorm__pg_lane_is_ready(const struct miniorm__pg_lane *lane)
{
    return lane->connection != NULL && lane->connection->state == MINIORM__PG_READY;
}

void miniorm__pg_lane_started(struct miniorm__pg_lane *lane, struct miniorm_request *request)
{
    miniorm__request_sent(request);
    request->driver_data = lane;
    if (lane->in_flight++ == 0)
        lane->progress_ms = lane->pool->now_ms;
    lane->has_output = true;
}

void miniorm__pg_lane_ended(struct miniorm__pg_lane *lane, struct miniorm_request *request)
{
    request->driver_data = NULL;
    lane->in_flight--;
}

static bool end_segment(struct miniorm__pg_lane *lane, void *waiter)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    lane->group = 0;
    lane->has_output = true;
    lane->pool->client->stats.syncs++;
    if (miniorm__pg_connection_sync(lane->connection, waiter, &error) == MINIORM_OK)
        return true;
    /* Without its Sync the segment would never be answered. */
    miniorm__pg_connection_break(lane->connection, &error);
    return false;
}

void miniorm__pg_lane_sync(struct miniorm__pg_lane *lane, struct miniorm_request *write)
{
    if (!end_segment(lane, write) && write != NULL)
        write->driver_flags |= MINIORM__PG_UNSYNCED;
}

void miniorm__pg_lane_doubt(struct miniorm__pg_lane *lane)
{
    /* The lane itself waits for this Sync. */
    if (!end_segment(lane, lane))
        return;
    lane->doubts++;
    if (lane->in_flight == 0)
        lane->progress_ms = miniorm__clock_ms();
    miniorm__pg_interrupt(lane);
}

static bool is_write(const struct miniorm_request *request)
{
    return request->operation.traffic != MINIORM__READ;
}

/* The connection broke before the request could leave: nothing of it has happened. */
static void send_elsewhere(struct miniorm__pg_lane *lane, struct miniorm_request *request)
{
    lane->has_output = true;
    if (++request->attempts < ATTEMPTS_MAX)
        miniorm__list_append(&lane->pool->again, &request->link);
    else
        miniorm__request_complete(request, MINIORM_ECONNECTION, NULL, &lane->connection->reason);
}

void miniorm__pg_lane_send(struct miniorm__pg_lane *lane, struct miniorm_request *request)
{
    const bool is_alone = is_write(request) || (request->driver_flags & MINIORM__PG_ALONE) != 0;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    enum miniorm_status status;

    if (is_alone && lane->connection->is_open)
        miniorm__pg_lane_sync(lane, NULL);
    status = miniorm__pg_connection_send(lane->connection, request->operation.statements, request,
                                         false, &error);
    if (status != MINIORM_OK && lane->connection->state == MINIORM__PG_BROKEN) {
        send_elsewhere(lane, request);
        return;
    }
    if (status != MINIORM_OK) {
        miniorm__request_complete(request, status, NULL, &error);
        return;
    }
    miniorm__pg_lane_started(lane, request);
    lane->writes += is_write(request);
    if (is_alone)
        miniorm__pg_lane_sync(lane, is_write(request) ? request : NULL);
    else if (++lane->group == GROUP_MAX)
        miniorm__pg_lane_sync(lane, NULL);
}

/* Puts a request back, unless that was done before for the same reason. */
static bool send_again(struct miniorm__pg_lane *lane, struct miniorm_request *request,
                       enum miniorm__pg_flag reason)
{
    struct miniorm__pg_client *pool = lane->pool;

    if ((request->driver_flags & reason) != 0 || request->is_abandoned || pool->is_closing)
        return false;
    request->driver_flags |= (unsigned)reason | MINIORM__PG_ALONE;
    request->driver_flags &= ~(unsigned)MINIORM__PG_UNSYNCED;
    miniorm__request_requeued(request);
    pool->client->stats.requeued++;
    miniorm__list_append(&pool->again, &request->link);
    miniorm__client_flush_later(pool->client);
    return true;
}

static void complete_failed(struct miniorm__pg_lane *lane, struct miniorm_request *request,
                            const PGresult *result)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    const enum miniorm_status status = miniorm__pg_fail_result(&error, result);

    if (miniorm__pg_is_stale(result) && send_again(lane, request, MINIORM__PG_AFTER_STALE))
        return;
    if (miniorm__pg_interrupt_may_hit(lane) && miniorm__pg_is_cancelled(result) &&
        send_again(lane, request, MINIORM__PG_AFTER_CANCEL))
        return;
    miniorm__request_complete(request, status, NULL, &error);
}

static void complete_lost(struct miniorm__pg_lane *lane, struct miniorm_request *request)
{
    if (lane->pool->is_closing)
        miniorm__request_fail(request, MINIORM_ECANCELLED, "the client is being closed");
    else if (is_write(request) || !send_again(lane, request, MINIORM__PG_AFTER_LOSS))
        miniorm__request_fail(request, MINIORM_ECONNECTION, lane->connection->reason.message);
}

/* Takes the answer to a statement. */
static void complete(struct miniorm__pg_lane *lane, struct miniorm_request *request,
                     PGresult *answer)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;
    enum miniorm_status status;

    switch (PQresultStatus(answer)) {
    case PGRES_FATAL_ERROR: complete_failed(lane, request, answer); break;
    case PGRES_PIPELINE_ABORTED:
        if (!send_again(lane, request, MINIORM__PG_AFTER_NEIGHBOUR))
            miniorm__request_fail(request, MINIORM_EABORTED,
                                  "the statement was skipped after another's error");
        break;
    default:
        status = miniorm__pg_result_take(&request->operation, answer, &result, &error);
        miniorm__request_complete(request, status, result, &error);
        return;
    }
    PQclear(answer);
}

static void read_answered(struct miniorm__pg_lane *lane, struct miniorm_request *request,
                          PGresult *result)
{
    miniorm__pg_lane_ended(lane, request);
    if (result == NULL)
        complete_lost(lane, request);
    else
        complete(lane, request, result);
}

/* The Sync of a write: what it did is committed, or lost. */
static void write_ended(struct miniorm__pg_lane *lane, struct miniorm_request *request,
                        PGresult *sync)
{
    PGresult *answer = lane->answer;
    const ExecStatusType status = PQresultStatus(answer);

    lane->answer = NULL;
    lane->writes--;
    miniorm__pg_lane_ended(lane, request);
    if (answer != NULL && status == PGRES_FATAL_ERROR) {
        complete(lane, request, answer);
    } else if (sync == NULL || answer == NULL) {
        complete_lost(lane, request);
        PQclear(answer);
    } else if (PQresultStatus(sync) == PGRES_FATAL_ERROR) {
        complete_failed(lane, request, sync);
        PQclear(answer);
    } else {
        complete(lane, request, answer);
    }
    PQclear(sync);
}

static void answered(void *owner, const struct miniorm__pg_expectation *expected, PGresult *result)
{
    struct miniorm__pg_lane *lane = owner;
    struct miniorm_request *request = expected->waiter;

    if (request == NULL) {
        PQclear(result);
    } else if (expected->waiter == lane) {
        lane->doubts--;
        PQclear(result);
        miniorm__client_flush_later(lane->pool->client);
    } else if (expected->step == MINIORM__PG_VERB || request->transaction != NULL) {
        miniorm__pg_transaction_answered(lane, expected, result);
    } else if (expected->step == MINIORM__PG_SYNC) {
        write_ended(lane, request, result);
    } else if (!is_write(request)) {
        read_answered(lane, request, result);
    } else {
        lane->answer = result;
        if ((request->driver_flags & MINIORM__PG_UNSYNCED) != 0)
            write_ended(lane, request, NULL);
    }
}

static void remove_watch(struct miniorm__pg_lane *lane)
{
    const struct miniorm_loop *loop = &lane->pool->client->loop;

    if (lane->watch == NULL)
        return;
    loop->remove_watch(loop->context, lane->watch);
    (void)close(lane->watched_fd);
    lane->watch = NULL;
}

void miniorm__pg_lane_close(struct miniorm__pg_lane *lane)
{
    struct miniorm__pg_connection *connection = lane->connection;

    if (connection == NULL)
        return;
    remove_watch(lane);
    miniorm__pg_connection_lose(connection);
    if (lane->transaction != NULL)
        miniorm__pg_transaction_lost(lane->transaction);
    miniorm__pg_cancel_free(lane->cancel);
    miniorm__pg_connection_free(connection);
    lane->connection = NULL;
    lane->cancel = NULL;
    lane->group = 0;
    lane->cancelled_ms = 0;
    lane->has_output = false;
}

/* The connection is BROKEN. */
static void lose(struct miniorm__pg_lane *lane, bool was_ready)
{
    const struct miniorm_error reason = lane->connection->reason;

    miniorm__pg_lane_close(lane);
    if (was_ready)
        miniorm__pg_disconnected(lane, &reason);
    else
        miniorm__pg_connect_failed(lane, &reason);
}

static void ready(void *data, int fd, unsigned events);

/*
 * libpq closes its socket as soon as it finds the connection broken, and another thread may have
 * its number then; so the loop watches a descriptor of its own, open as long as it is watched.
 */
static int begin_watch(struct miniorm__pg_lane *lane, unsigned wanted)
{
    const struct miniorm_loop *loop = &lane->pool->client->loop;
    const int fd = fcntl(miniorm__pg_connection_fd(lane->connection), F_DUPFD_CLOEXEC, 0);
    int failure;

    if (fd < 0)
        return errno;
    failure = loop->add_watch(loop->context, fd, wanted, ready, lane, &lane->watch);
    if (failure == 0)
        lane->watched_fd = fd;
    else
        (void)close(fd);
    return failure;
}

/* Watches for what the connection wants. A loop that cannot is as good as a broken connection. */
static void watch(struct miniorm__pg_lane *lane)
{
    const struct miniorm_loop *loop = &lane->pool->client->loop;
    const unsigned wanted = miniorm__pg_connection_wanted(lane->connection);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    int failure = 0;

    if (lane->watch == NULL)
        failure = begin_watch(lane, wanted);
    else if (wanted != lane->watched)
        failure = loop->set_watch(loop->context, lane->watch, wanted);
    lane->watched = wanted;
    if (failure == 0)
        return;
    miniorm__fail_errno(&error, MINIORM_ERESOURCES, failure, "cannot watch the connection");
    miniorm__pg_connection_break(lane->connection, &error);
}

/* While connecting libpq may close its socket and open another one. */
static void go_on_connecting(struct miniorm__pg_lane *lane, unsigned events)
{
    remove_watch(lane);
    miniorm__pg_connection_ready(lane->connection, events);
    if (lane->connection->state != MINIORM__PG_BROKEN)
        watch(lane);
    if (lane->connection->state == MINIORM__PG_BROKEN)
        lose(lane, false);
    else if (lane->connection->state == MINIORM__PG_READY)
        miniorm__pg_connected(lane);
}

/* Each answer is told before the next is read: the memory it gives back is still in the processor's
 * cache when the next one takes it. False: a completion has closed the client. */
static bool tell_answers(struct miniorm__pg_lane *lane)
{
    struct miniorm_client *client = lane->pool->client;

    while (miniorm__pg_connection_read(lane->connection)) {
        if (!miniorm__client_dispatch(client))
            return false;
    }
    return true;
}

/* False: a completion has closed the client. */
static bool go_on(struct miniorm__pg_lane *lane, unsigned events)
{
    struct miniorm__pg_client *pool = lane->pool;

    lane->progress_ms = miniorm__clock_ms();
    if (!tell_answers(lane))
        return false;
    miniorm__pg_connection_take_in(lane->connection, events);
    if (!tell_answers(lane))
        return false;
    miniorm__pg_connection_go_on(lane->connection);
    if (lane->connection->state == MINIORM__PG_READY)
        watch(lane);
    if (lane->connection->state == MINIORM__PG_BROKEN) {
        lose(lane, true);
        return true;
    }
    miniorm__pg_interrupt(lane);
    if (!miniorm__list_is_empty(&pool->reads) || !miniorm__list_is_empty(&pool->writes) ||
        !miniorm__list_is_empty(&pool->transactions))
        miniorm__client_flush_later(pool->client);
    return true;
}

static void ready(void *data, int fd, unsigned events)
{
    struct miniorm__pg_lane *lane = data;
    struct miniorm_client *client = lane->pool->client;

    (void)fd;
    if (lane->connection->state == MINIORM__PG_CONNECTING)
        go_on_connecting(lane, events);
    else if (!go_on(lane, events))
        return;
    miniorm__client_dispatch(client);
}

bool miniorm__pg_lane_open(struct miniorm__pg_lane *lane)
{
    struct miniorm__pg_client *pool = lane->pool;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    lane->started_ms = miniorm__clock_ms();
    lane->started_losses = pool->losses;
    if (miniorm__pg_connection_start(pool->client->database, pool->host, &lane->connection,
                                     &error) != MINIORM_OK) {
        miniorm__pg_connect_failed(lane, &error);
        return false;
    }
    lane->connection->answered = answered;
    lane->connection->owner = lane;
    watch(lane);
    if (lane->connection->state == MINIORM__PG_BROKEN) {
        lose(lane, false);
        return false;
    }
    miniorm__pg_look_at(pool,
                        lane->started_ms + pool->client->database->options.connect_timeout_ms);
    return true;
}

void miniorm__pg_lane_flush(struct miniorm__pg_lane *lane)
{
    if (!lane->has_output)
        return;
    lane->has_output = false;
    if (lane->connection->state == MINIORM__PG_READY && lane->connection->is_open)
        miniorm__pg_lane_sync(lane, NULL);
    miniorm__pg_connection_flush(lane->connection);
    if (lane->connection->state == MINIORM__PG_READY)
        watch(lane);
    if (lane->connection->state == MINIORM__PG_BROKEN)
        lose(lane, true);
}
