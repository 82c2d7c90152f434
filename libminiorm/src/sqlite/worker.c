/*
 * Worker: executes requests on the connection of one thread, one after the other, and keeps account
 * of the transaction that they belong to.
 *
 * Invariant: between transactions has_begun and is_aborted are false and savepoints is 0. After a
 * failure nothing of a transaction is executed but a way back: ROLLBACK_TO a savepoint that was set
 * before the failure, or the end.
 */
#include "worker.h"

#include "../error.h"
#include "execute.h"

static void disconnect(struct miniorm__sqlite_worker *worker)
{
    if (worker->connection == NULL)
        return;
    miniorm__sqlite_disconnect(worker->connection);
    worker->connection = NULL;
    (void)pthread_mutex_lock(&worker->crew->lock);
    worker->crew->n_connections--;
    worker->crew->n_reconnects++;
    (void)pthread_mutex_unlock(&worker->crew->lock);
}

/* Sees to a connection that can be used. */
static enum miniorm_status connect_to(struct miniorm__sqlite_worker *worker, uint64_t deadline_ms,
                                      struct miniorm_error *error)
{
    enum miniorm_status status;

    if (worker->connection != NULL && !miniorm__sqlite_is_usable(worker->connection))
        disconnect(worker);
    if (worker->connection != NULL)
        return MINIORM_OK;
    status = miniorm__sqlite_connect(worker->crew->database, MINIORM__SQLITE_JOIN, deadline_ms,
                                     &worker->is_cancelled, &worker->connection, error);
    if (status != MINIORM_OK)
        return status;
    (void)pthread_mutex_lock(&worker->crew->lock);
    worker->crew->n_connections++;
    (void)pthread_mutex_unlock(&worker->crew->lock);
    return MINIORM_OK;
}

static enum miniorm_status run_once(struct miniorm__sqlite_worker *worker,
                                    const struct miniorm_request *request,
                                    struct miniorm_result **out, struct miniorm_error *error)
{
    enum miniorm_status status = connect_to(worker, request->deadline_ms, error);

    if (status == MINIORM_OK)
        status = miniorm__sqlite_execute(worker->connection, &request->operation,
                                         request->deadline_ms, out, error);
    return status;
}

/* A statement by itself. When the file turns out to have been replaced, it was not executed, and
 * has another chance on a new connection. */
static enum miniorm_status run_alone(struct miniorm__sqlite_worker *worker,
                                     const struct miniorm_request *request,
                                     struct miniorm_result **out, struct miniorm_error *error)
{
    struct miniorm_error failure = MINIORM_ERROR_INIT;
    const enum miniorm_status status = run_once(worker, request, out, &failure);

    if (status == MINIORM_OK)
        return status;
    if (status != MINIORM_EUNAVAILABLE || worker->connection == NULL ||
        miniorm__sqlite_is_usable(worker->connection))
        return miniorm__fail_copy(error, &failure);
    return run_once(worker, request, out, error);
}

static enum miniorm_status transact(struct miniorm__sqlite_worker *worker,
                                    const struct miniorm_request *request,
                                    enum miniorm__transaction_verb verb,
                                    struct miniorm_error *error)
{
    return miniorm__sqlite_transact(worker->connection, verb, &request->transaction->options,
                                    request->level, request->deadline_ms, error);
}

static enum miniorm_status begin(struct miniorm__sqlite_worker *worker,
                                 const struct miniorm_request *request, struct miniorm_error *error)
{
    enum miniorm_status status;

    if (worker->has_begun)
        return MINIORM_OK;
    status = connect_to(worker, request->deadline_ms, error);
    if (status == MINIORM_OK)
        status = transact(worker, request, MINIORM__BEGIN, error);
    worker->has_begun = status == MINIORM_OK;
    return status;
}

static enum miniorm_status fail_aborted(struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_EABORTED,
                         "transaction: an earlier error aborted it: roll back");
}

static enum miniorm_status fail_skipped(struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_ECANCELLED, "statement: cancelled before it ran");
}

/* A statement or savepoint of a transaction: a failure aborts it. */
static enum miniorm_status run_step(struct miniorm__sqlite_worker *worker,
                                    const struct miniorm_request *request,
                                    struct miniorm_result **out, struct miniorm_error *error)
{
    enum miniorm_status status = begin(worker, request, error);

    if (status != MINIORM_OK)
        return status;
    if (request->verb == 0)
        return miniorm__sqlite_execute(worker->connection, &request->operation,
                                       request->deadline_ms, out, error);
    status = transact(worker, request, request->verb, error);
    if (status != MINIORM_OK)
        return status;
    worker->savepoints = request->verb == MINIORM__RELEASE ? request->level - 1 : request->level;
    if (request->verb == MINIORM__SAVEPOINT)
        worker->serials[request->level - 1] = request->serial;
    return MINIORM_OK;
}

/* A savepoint that was set before the failure: what was submitted behind it has its level, but
 * another serial. */
static bool is_way_back(const struct miniorm__sqlite_worker *worker,
                        const struct miniorm_request *request)
{
    return request->verb == MINIORM__ROLLBACK_TO && request->level <= worker->savepoints &&
           worker->serials[request->level - 1] == request->serial;
}

static enum miniorm_status end_transaction(struct miniorm__sqlite_worker *worker,
                                           const struct miniorm_request *request,
                                           struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;

    if (request->verb == MINIORM__COMMIT && worker->is_aborted)
        status = fail_aborted(error);
    else if (request->verb == MINIORM__COMMIT && worker->has_begun)
        status = transact(worker, request, MINIORM__COMMIT, error);
    if (worker->has_begun)
        miniorm__sqlite_roll_back(worker->connection);
    worker->has_begun = false;
    worker->is_aborted = false;
    worker->savepoints = 0;
    return status;
}

static enum miniorm_status run_inside(struct miniorm__sqlite_worker *worker,
                                      const struct miniorm_request *request, bool is_skipped,
                                      struct miniorm_result **out, struct miniorm_error *error)
{
    enum miniorm_status status;

    if (is_skipped)
        status = fail_skipped(error);
    else if (worker->is_aborted && !is_way_back(worker, request))
        status = fail_aborted(error);
    else
        status = run_step(worker, request, out, error);
    worker->is_aborted = status != MINIORM_OK;
    return status;
}

enum miniorm_status miniorm__sqlite_worker_run(struct miniorm__sqlite_worker *worker,
                                               struct miniorm_request *request, bool is_skipped,
                                               struct miniorm_result **out,
                                               struct miniorm_error *error)
{
    if (request->transaction == NULL)
        return is_skipped ? fail_skipped(error) : run_alone(worker, request, out, error);
    if (request->verb == MINIORM__COMMIT || request->verb == MINIORM__ROLLBACK) {
        worker->is_aborted = worker->is_aborted || is_skipped;
        return end_transaction(worker, request, error);
    }
    return run_inside(worker, request, is_skipped, out, error);
}

void miniorm__sqlite_worker_end(struct miniorm__sqlite_worker *worker)
{
    if (worker->has_begun)
        miniorm__sqlite_roll_back(worker->connection);
    disconnect(worker);
}
