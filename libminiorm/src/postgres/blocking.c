/*
 * The blocking half: the same connection as the client's, driven by poll() on its one descriptor.
 *
 * A trip is what is sent under one Sync and waited for: a statement or a verb, and in front of the
 * first one of a transaction its BEGIN. Invariant: between trips nothing is expected; a trip that
 * was not answered to its end leaves the connection broken.
 */
#include "blocking.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "cancel.h"
#include "connection.h"
#include "database.h"
#include "failure.h"
#include "result.h"
#include "verbs.h"

struct trip {
    PGresult *answer; /* of the statement or verb */
    struct miniorm_error error; /* the first one */
    bool is_stale;
    bool is_over;
};

static void answered(void *owner, const struct miniorm__pg_expectation *expected, PGresult *result)
{
    struct trip *trip = expected->waiter;
    const ExecStatusType status = PQresultStatus(result);

    (void)owner;
    if (trip == NULL || result == NULL) {
        PQclear(result);
        return;
    }
    trip->is_over = expected->step == MINIORM__PG_SYNC;
    if (status == PGRES_FATAL_ERROR) {
        trip->is_stale = miniorm__pg_is_stale(result);
        miniorm__pg_fail_result(&trip->error, result);
    } else if (status != PGRES_PIPELINE_ABORTED && !trip->is_over) {
        PQclear(trip->answer);
        trip->answer = result;
        return;
    }
    PQclear(result);
}

/* Waits for the connection's events up to the deadline. */
static enum miniorm_status wait_ready(struct miniorm__pg_connection *connection,
                                      uint64_t deadline_ms, struct miniorm_error *error)
{
    const unsigned wanted = miniorm__pg_connection_wanted(connection);
    struct pollfd descriptor = {.fd = miniorm__pg_connection_fd(connection)};
    const uint64_t now = miniorm__clock_ms();
    unsigned events = 0;
    int timeout = -1;

    descriptor.events = (short)(((wanted & MINIORM_READABLE) != 0 ? POLLIN : 0) |
                                ((wanted & MINIORM_WRITABLE) != 0 ? POLLOUT : 0));
    if (deadline_ms != 0)
        timeout = deadline_ms <= now              ? 0
                  : deadline_ms - now > INT32_MAX ? INT32_MAX
                                                  : (int)(deadline_ms - now);
    switch (poll(&descriptor, 1, timeout)) {
    case -1:
        if (errno == EINTR)
            return MINIORM_OK;
        return miniorm__fail_errno(error, MINIORM_ERESOURCES, errno, "cannot wait for PostgreSQL");
    case 0: return miniorm__fail(error, MINIORM_ETIMEDOUT, "PostgreSQL did not answer in time");
    default: break;
    }
    if ((descriptor.revents & ~POLLOUT) != 0)
        events |= MINIORM_READABLE;
    if ((descriptor.revents & POLLOUT) != 0)
        events |= MINIORM_WRITABLE;
    miniorm__pg_connection_ready(connection, events);
    return MINIORM_OK;
}

/* What still runs on the server is of no use to anybody. */
static void give_up(struct miniorm__pg_connection *connection, const struct miniorm_error *reason)
{
    struct miniorm__pg_cancel *cancel = miniorm__pg_cancel_start(connection->pg, -1);

    if (cancel != NULL)
        miniorm__pg_cancel_wait(cancel, miniorm__clock_ms() + MINIORM__PG_CANCEL_WAIT_MS);
    miniorm__pg_cancel_free(cancel);
    miniorm__pg_connection_break(connection, reason);
}

static enum miniorm_status finish(struct miniorm__pg_connection *connection, struct trip *trip,
                                  uint64_t deadline_ms, struct miniorm_error *error)
{
    struct miniorm_error failure = MINIORM_ERROR_INIT;

    miniorm__pg_connection_sync(connection, trip, &failure);
    miniorm__pg_connection_flush(connection);
    while (!trip->is_over && connection->state == MINIORM__PG_READY) {
        if (wait_ready(connection, deadline_ms, &failure) != MINIORM_OK)
            give_up(connection, &failure);
    }
    if (connection->state == MINIORM__PG_BROKEN) {
        miniorm__pg_connection_lose(connection);
        /* The statement may have had its answer before: an error of its own says more. */
        if (!trip->is_over)
            miniorm__fail_copy(&trip->error, &connection->reason);
    }
    if (trip->error.status == MINIORM_OK && trip->answer == NULL)
        miniorm__fail(&trip->error, MINIORM_EPROTOCOL, "the server skipped the statement");
    return miniorm__fail_copy(error, &trip->error);
}

static enum miniorm_status send_begin(struct miniorm__pg_connection *connection, struct trip *trip,
                                      struct miniorm_error *error)
{
    enum miniorm_status status;

    if (*connection->begin == '\0')
        return MINIORM_OK;
    status = miniorm__pg_connection_send_verb(connection, connection->begin, MINIORM__BEGIN, trip,
                                              error);
    if (status == MINIORM_OK)
        *connection->begin = '\0';
    return status;
}

/* Memory ran out, or a value cannot be sent, with BEGIN already queued: end the segment so that the
 * connection stays in step. */
static enum miniorm_status abandon_trip(struct miniorm__pg_connection *connection,
                                        struct trip *trip, uint64_t deadline_ms)
{
    struct miniorm_error ignored = MINIORM_ERROR_INIT;

    if (connection->is_open)
        finish(connection, trip, deadline_ms, &ignored);
    PQclear(trip->answer);
    return ignored.status;
}

static enum miniorm_status execute_once(struct miniorm__pg_connection *connection,
                                        const struct miniorm__operation *operation,
                                        uint64_t deadline_ms, struct trip *trip,
                                        struct miniorm_result **out, struct miniorm_error *error)
{
    enum miniorm_status status;

    if (!connection->in_transaction)
        miniorm__pg_connection_tidy(connection);
    status = send_begin(connection, trip, error);
    if (status == MINIORM_OK)
        status = miniorm__pg_connection_send(connection, operation->statements, trip,
                                             connection->in_transaction, error);
    if (status != MINIORM_OK) {
        abandon_trip(connection, trip, deadline_ms);
        return status;
    }
    status = finish(connection, trip, deadline_ms, error);
    if (status == MINIORM_OK)
        return miniorm__pg_result_take(operation, trip->answer, out, error);
    PQclear(trip->answer);
    return status;
}

enum miniorm_status miniorm__pg_execute(struct miniorm__connection *base,
                                        const struct miniorm__operation *operation,
                                        uint64_t deadline_ms, struct miniorm_result **out,
                                        struct miniorm_error *error)
{
    struct miniorm__pg_connection *connection = (struct miniorm__pg_connection *)base;
    struct miniorm_error failure = MINIORM_ERROR_INIT;
    struct trip trip = {0};
    enum miniorm_status status =
        execute_once(connection, operation, deadline_ms, &trip, out, &failure);

    if (status == MINIORM_OK)
        return MINIORM_OK;
    if (!trip.is_stale || connection->in_transaction || connection->state != MINIORM__PG_READY)
        return miniorm__fail_copy(error, &failure);
    trip = (struct trip){0};
    return execute_once(connection, operation, deadline_ms, &trip, out, error);
}

static enum miniorm_status end_status(enum miniorm__transaction_verb verb, struct trip *trip,
                                      enum miniorm_status status, struct miniorm_error *error)
{
    struct miniorm_error unknown = MINIORM_ERROR_INIT;

    if (verb != MINIORM__COMMIT)
        return miniorm__fail_copy(error, &trip->error);
    if (status == MINIORM_OK && miniorm__pg_rolled_back(trip->answer))
        return miniorm__fail(error, MINIORM_EABORTED,
                             "the transaction was rolled back: a statement had failed before");
    if (trip->is_over || status == MINIORM_OK)
        return miniorm__fail_copy(error, &trip->error);
    miniorm__fail(&unknown, MINIORM_ECOMMIT_UNKNOWN, "no answer to COMMIT: %s",
                  trip->error.message);
    return miniorm__fail_copy(error, &unknown);
}

static enum miniorm_status run_verb(struct miniorm__pg_connection *connection,
                                    enum miniorm__transaction_verb verb, unsigned level,
                                    uint64_t deadline_ms, struct miniorm_error *error)
{
    struct trip trip = {0};
    char sql[MINIORM__PG_VERB_SIZE];
    enum miniorm_status status;

    miniorm__pg_verb_text(verb, level, sql);
    status = send_begin(connection, &trip, error);
    if (status == MINIORM_OK)
        status = miniorm__pg_connection_send_verb(connection, sql, verb, &trip, error);
    if (status != MINIORM_OK) {
        abandon_trip(connection, &trip, deadline_ms);
        return status;
    }
    status = finish(connection, &trip, deadline_ms, NULL);
    status = end_status(verb, &trip, status, error);
    PQclear(trip.answer);
    return status;
}

enum miniorm_status miniorm__pg_transact(struct miniorm__connection *base,
                                         enum miniorm__transaction_verb verb,
                                         const struct miniorm_transaction_options *options,
                                         unsigned level, uint64_t deadline_ms,
                                         struct miniorm_error *error)
{
    struct miniorm__pg_connection *connection = (struct miniorm__pg_connection *)base;
    const bool ends = verb == MINIORM__COMMIT || verb == MINIORM__ROLLBACK;

    if (verb == MINIORM__BEGIN) {
        miniorm__pg_begin_text(options, connection->begin);
        connection->in_transaction = true;
        return MINIORM_OK;
    }
    if (ends)
        connection->in_transaction = false;
    if (ends && *connection->begin != '\0') {
        /* Nothing was run: there is nothing to end. */
        *connection->begin = '\0';
        return MINIORM_OK;
    }
    return run_verb(connection, verb, level, deadline_ms, error);
}

static enum miniorm_status connect_to(struct miniorm_database *database, unsigned host,
                                      uint64_t deadline_ms, struct miniorm__pg_connection **out,
                                      struct miniorm_error *error)
{
    struct miniorm__pg_connection *connection;
    enum miniorm_status status = miniorm__pg_connection_start(database, host, &connection, error);

    if (status != MINIORM_OK)
        return status;
    connection->answered = answered;
    while (status == MINIORM_OK && connection->state == MINIORM__PG_CONNECTING)
        status = wait_ready(connection, deadline_ms, error);
    if (connection->state == MINIORM__PG_BROKEN)
        status = miniorm__fail_copy(error, &connection->reason);
    if (status != MINIORM_OK) {
        miniorm__pg_connection_free(connection);
        return status;
    }
    *out = connection;
    return MINIORM_OK;
}

enum miniorm_status miniorm__pg_connect(struct miniorm_database *database, uint64_t deadline_ms,
                                        struct miniorm__connection **out,
                                        struct miniorm_error *error)
{
    const struct miniorm__pg_database *data = database->driver_data;
    struct miniorm__pg_connection *connection;
    enum miniorm_status status = MINIORM_OK;
    unsigned host;

    for (host = 0; host < data->n_hosts; host++) {
        struct miniorm_error failure = MINIORM_ERROR_INIT;
        const uint64_t limit_ms = miniorm__clock_ms() + database->options.connect_timeout_ms;
        const bool is_last = deadline_ms != 0 && deadline_ms <= limit_ms;

        status =
            connect_to(database, host, is_last ? deadline_ms : limit_ms, &connection, &failure);
        if (status == MINIORM_OK) {
            *out = &connection->base;
            return MINIORM_OK;
        }
        /* Only a host that is silent keeps libpq from trying the others. */
        if (status != MINIORM_ETIMEDOUT || is_last)
            return miniorm__fail_copy(error, &failure);
    }
    return miniorm__fail(error, MINIORM_EUNAVAILABLE,
                         "cannot connect to PostgreSQL: no answer within %u ms",
                         database->options.connect_timeout_ms);
}

void miniorm__pg_disconnect(struct miniorm__connection *base)
{
    struct miniorm__pg_connection *connection = (struct miniorm__pg_connection *)base;

    miniorm__pg_connection_lose(connection);
    miniorm__pg_connection_free(connection);
}

bool miniorm__pg_is_usable(struct miniorm__connection *base)
{
    struct miniorm__pg_connection *connection = (struct miniorm__pg_connection *)base;
    struct pollfd descriptor = {.fd = miniorm__pg_connection_fd(connection), .events = POLLIN};

    if (connection->state != MINIORM__PG_READY || connection->process != getpid())
        return false;
    /* An idle server says nothing but notices and farewells; the end is seen behind these only. */
    while (connection->state == MINIORM__PG_READY && poll(&descriptor, 1, 0) == 1)
        miniorm__pg_connection_ready(connection, MINIORM_READABLE);
    return connection->state == MINIORM__PG_READY;
}
