/*
 * Session: renders a query and runs it on a connection, the calling thread waiting.
 *
 * Outside a transaction each operation takes a connection of the pool and gives it back; inside,
 * the transaction's own is used (transaction.c), and the first failure aborts it: on every database
 * alike, although SQLite itself would go on.
 */
#include "session.h"

#include <stdlib.h>

#include "error.h"
#include "pool.h"

enum miniorm_status miniorm__session_new(struct miniorm_database *database,
                                         struct miniorm_session **out, struct miniorm_error *error)
{
    struct miniorm_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return miniorm__fail_memory(error);
    session->database = database;
    *out = session;
    return MINIORM_OK;
}

void miniorm__session_free(struct miniorm_session *session)
{
    free(session);
}

uint64_t miniorm__session_deadline(const struct miniorm_session *session)
{
    const unsigned timeout_ms = session->database->options.statement_timeout_ms;

    return timeout_ms == 0 ? 0 : miniorm__clock_ms() + timeout_ms;
}

enum miniorm_status miniorm__session_check(const struct miniorm_session *session,
                                           struct miniorm_error *error)
{
    if (session->level == 0)
        return MINIORM_OK;
    if (session->connection == NULL)
        return miniorm__fail(error, MINIORM_ESTATE, "transaction: it was ended by its parent");
    if (session->child != NULL)
        return miniorm__fail(error, MINIORM_ESTATE, "transaction: a savepoint inside it is open");
    if (session->is_aborted)
        return miniorm__fail(error, MINIORM_EABORTED,
                             "transaction: an earlier error aborted it: roll back");
    return MINIORM_OK;
}

void miniorm__session_abort(struct miniorm_session *session)
{
    const bool is_lost = !session->database->driver->is_usable(session->connection);

    session->is_aborted = true;
    while (is_lost && session->parent != NULL) {
        session = session->parent;
        session->is_aborted = true;
    }
}

static enum miniorm_status run_inside(struct miniorm_session *session,
                                      const struct miniorm__operation *operation,
                                      uint64_t deadline_ms, struct miniorm_result **out,
                                      struct miniorm_error *error)
{
    enum miniorm_status status = miniorm__session_check(session, error);

    if (status != MINIORM_OK)
        return status;
    status =
        session->database->driver->execute(session->connection, operation, deadline_ms, out, error);
    if (status != MINIORM_OK)
        miniorm__session_abort(session);
    return status;
}

/* Whether an operation that failed so may be sent again, without a chance that it happens twice. */
static bool is_repeatable(const struct miniorm__operation *operation, enum miniorm_status status)
{
    return status == MINIORM_EUNAVAILABLE ||
           (status == MINIORM_ECONNECTION && operation->traffic == MINIORM__READ);
}

/* *was_sent: a connection was had, so that the failure is the operation's. */
static enum miniorm_status run_once(struct miniorm_database *database,
                                    const struct miniorm__operation *operation,
                                    uint64_t deadline_ms, struct miniorm_result **out,
                                    bool *was_sent, struct miniorm_error *error)
{
    struct miniorm__connection *connection;
    enum miniorm_status status =
        miniorm__pool_acquire(database->pool, deadline_ms, &connection, error);

    *was_sent = status == MINIORM_OK;
    if (status != MINIORM_OK)
        return status;
    status = database->driver->execute(connection, operation, deadline_ms, out, error);
    miniorm__pool_release(database->pool, connection);
    return status;
}

static enum miniorm_status run_outside(struct miniorm_database *database,
                                       const struct miniorm__operation *operation,
                                       uint64_t deadline_ms, struct miniorm_result **out,
                                       struct miniorm_error *error)
{
    struct miniorm_error failure = MINIORM_ERROR_INIT;
    bool was_sent;
    enum miniorm_status status =
        run_once(database, operation, deadline_ms, out, &was_sent, &failure);

    if (status == MINIORM_OK)
        return status;
    if (!was_sent || !is_repeatable(operation, status))
        return miniorm__fail_copy(error, &failure);
    miniorm__log(database, MINIORM_LOG_WARNING, "repeating on a new connection: %s",
                 failure.message);
    miniorm__pool_forget_idle(database->pool);
    return run_once(database, operation, deadline_ms, out, &was_sent, error);
}

static enum miniorm_status run_operation(struct miniorm_session *session,
                                         const struct miniorm__operation *operation,
                                         struct miniorm_result **out, struct miniorm_error *error)
{
    const uint64_t deadline_ms = miniorm__session_deadline(session);

    if (session->database->options.log != NULL)
        miniorm__log(session->database, MINIORM_LOG_DEBUG, "%s", operation->statements[0].sql);
    if (session->level != 0)
        return run_inside(session, operation, deadline_ms, out, error);
    return run_outside(session->database, operation, deadline_ms, out, error);
}

enum miniorm_status miniorm_run(struct miniorm_session *session, const struct miniorm_query *query,
                                struct miniorm_result **out, struct miniorm_error *error)
{
    struct miniorm__operation operation;
    struct miniorm_result *result = NULL;
    struct arena arena = {0};
    enum miniorm_status status = miniorm__operation_render(
        query, session->database->driver->dialect, &arena, &operation, error);

    if (status == MINIORM_OK)
        status = run_operation(session, &operation, &result, error);
    arena_free(&arena);
    if (status != MINIORM_OK)
        return status;
    if (out != NULL)
        *out = result;
    else
        miniorm_result_free(result);
    return MINIORM_OK;
}

enum miniorm_status miniorm_run_take(struct miniorm_session *session, struct miniorm_query *query,
                                     struct miniorm_result **out, struct miniorm_error *error)
{
    const enum miniorm_status status =
        query == NULL ? miniorm__fail_memory(error) : miniorm_run(session, query, out, error);

    miniorm_query_free(query);
    return status;
}
