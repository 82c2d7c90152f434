/*
 * Transaction: begin, commit and rollback of transactions and of savepoints inside them, and the
 * loop that repeats a transaction after a conflict.
 *
 * Order: begin, any operations and savepoints, then exactly one of commit and rollback.
 * Invariant: a connection goes back to the pool only when no transaction is open on it; where that
 * cannot be had, it is closed.
 */
#include <stdlib.h>
#include <time.h>

#include "error.h"
#include "options.h"
#include "pool.h"
#include "session.h"

#define DEFAULT_ATTEMPTS 5
/* Pauses between attempts are random, below a bound that doubles from the first to the last. */
#define FIRST_PAUSE_MS 10
#define LONGEST_PAUSE_MS 500

_Static_assert(offsetof(struct miniorm_transaction_options, attempts) + sizeof(unsigned) ==
                   sizeof(struct miniorm_transaction_options),
               "struct miniorm_transaction_options has a hole at its end");

static enum miniorm_status transact(struct miniorm_session *session,
                                    enum miniorm__transaction_verb verb,
                                    const struct miniorm_transaction_options *options,
                                    struct miniorm_error *error)
{
    return session->database->driver->transact(session->connection, verb, options,
                                               session->level - 1,
                                               miniorm__session_deadline(session), error);
}

static enum miniorm_status begin_outermost(struct miniorm_session *session,
                                           const struct miniorm_transaction_options *options,
                                           struct miniorm_error *error)
{
    struct miniorm__pool *pool = session->database->pool;
    enum miniorm_status status = miniorm__pool_acquire(pool, miniorm__session_deadline(session),
                                                       &session->connection, error);

    if (status != MINIORM_OK)
        return status;
    status = transact(session, MINIORM__BEGIN, options, error);
    if (status != MINIORM_OK)
        miniorm__pool_discard(pool, session->connection);
    return status;
}

static enum miniorm_status begin_savepoint(struct miniorm_session *session,
                                           struct miniorm_session *parent,
                                           const struct miniorm_transaction_options *options,
                                           struct miniorm_error *error)
{
    enum miniorm_status status = miniorm__session_check(parent, error);

    if (status != MINIORM_OK)
        return status;
    if (options->isolation != MINIORM_ISOLATION_DEFAULT || options->read_only ||
        options->deferrable)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "transaction: isolation and modes are for the outermost one");
    session->parent = parent;
    session->connection = parent->connection;
    status = transact(session, MINIORM__SAVEPOINT, options, error);
    if (status != MINIORM_OK)
        miniorm__session_abort(parent);
    else
        parent->child = session;
    return status;
}

enum miniorm_status miniorm_transaction_begin(struct miniorm_session *parent,
                                              const struct miniorm_transaction_options *options,
                                              struct miniorm_session **out,
                                              struct miniorm_error *error)
{
    struct miniorm_transaction_options filled;
    struct miniorm_session *session;
    enum miniorm_status status =
        miniorm__options_copy(&filled, sizeof(filled), options, "transaction options", error);

    if (status != MINIORM_OK)
        return status;
    status = miniorm__session_new(parent->database, &session, error);
    if (status != MINIORM_OK)
        return status;
    session->level = parent->level + 1;
    if (parent->level == 0)
        status = begin_outermost(session, &filled, error);
    else
        status = begin_savepoint(session, parent, &filled, error);
    if (status != MINIORM_OK)
        miniorm__session_free(session);
    else
        *out = session;
    return status;
}

/* Savepoints that are still open lose their transaction; their owners free them. */
static void orphan_children(struct miniorm_session *session)
{
    struct miniorm_session *child;

    for (child = session->child; child != NULL; child = child->child) {
        child->connection = NULL;
        child->parent = NULL;
    }
    session->child = NULL;
}

/* Rolls the work of a session back, which stays. */
static void undo(struct miniorm_session *session)
{
    struct miniorm_error ignored = MINIORM_ERROR_INIT;

    if (session->level == 1) {
        if (transact(session, MINIORM__ROLLBACK, NULL, &ignored) != MINIORM_OK)
            miniorm__pool_discard(session->database->pool, session->connection);
        else
            miniorm__pool_release(session->database->pool, session->connection);
    } else if (transact(session, MINIORM__ROLLBACK_TO, NULL, &ignored) != MINIORM_OK ||
               transact(session, MINIORM__RELEASE, NULL, &ignored) != MINIORM_OK) {
        /* What the savepoint did is still there, or everything is lost: only the outermost
         * rollback is safe now. */
        miniorm__session_abort(session->parent);
    }
}

static void end(struct miniorm_session *session)
{
    if (session->parent != NULL)
        session->parent->child = NULL;
    miniorm__session_free(session);
}

static enum miniorm_status commit_work(struct miniorm_session *session, struct miniorm_error *error)
{
    enum miniorm_status status;

    if (session->level > 1) {
        status = transact(session, MINIORM__RELEASE, NULL, error);
        if (status != MINIORM_OK)
            miniorm__session_abort(session->parent);
        return status;
    }
    status = transact(session, MINIORM__COMMIT, NULL, error);
    miniorm__pool_release(session->database->pool, session->connection);
    return status;
}

enum miniorm_status miniorm_transaction_commit(struct miniorm_session *session,
                                               struct miniorm_error *error)
{
    enum miniorm_status status = miniorm__session_check(session, error);

    if (status == MINIORM_OK) {
        status = commit_work(session, error);
    } else if (session->connection != NULL) {
        orphan_children(session);
        undo(session);
    }
    end(session);
    return status;
}

void miniorm_transaction_rollback(struct miniorm_session *session)
{
    if (session->connection != NULL) {
        orphan_children(session);
        undo(session);
    }
    end(session);
}

/* A number that differs between threads and moments: enough to keep two losers of a conflict from
 * meeting again. */
static uint64_t random_number(const void *seed)
{
    struct timespec now;
    uint64_t mixed;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    mixed = (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)seed * UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 31) * UINT64_C(0xBF58476D1CE4E5B9);
    return mixed ^ mixed >> 29;
}

static void pause_before(unsigned attempt)
{
    const unsigned doubled = attempt < 8 ? FIRST_PAUSE_MS << attempt : LONGEST_PAUSE_MS;
    const uint64_t bound_us =
        1000 * (uint64_t)(doubled < LONGEST_PAUSE_MS ? doubled : LONGEST_PAUSE_MS);
    const uint64_t pause_us = random_number(&doubled) % bound_us;
    struct timespec pause = {.tv_sec = (time_t)(pause_us / 1000000),
                             .tv_nsec = (long)(pause_us % 1000000) * 1000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static enum miniorm_status run_attempt(struct miniorm_session *parent,
                                       const struct miniorm_transaction_options *options,
                                       miniorm_transaction_fn work, void *data,
                                       struct miniorm_error *error)
{
    struct miniorm_session *session;
    enum miniorm_status status = miniorm_transaction_begin(parent, options, &session, error);

    if (status != MINIORM_OK)
        return status;
    status = work(session, data, error);
    if (status == MINIORM_OK)
        return miniorm_transaction_commit(session, error);
    miniorm_transaction_rollback(session);
    return status;
}

enum miniorm_status miniorm_transaction_run(struct miniorm_session *session,
                                            const struct miniorm_transaction_options *options,
                                            miniorm_transaction_fn work, void *data,
                                            struct miniorm_error *error)
{
    struct miniorm_transaction_options filled;
    struct miniorm_error failure;
    unsigned attempt = 0;
    unsigned attempts;
    enum miniorm_status status =
        miniorm__options_copy(&filled, sizeof(filled), options, "transaction options", error);

    if (status != MINIORM_OK)
        return status;
    attempts = filled.attempts == 0 ? DEFAULT_ATTEMPTS : filled.attempts;
    if (session->level > 0)
        attempts = 1;
    for (;;) {
        failure = (struct miniorm_error)MINIORM_ERROR_INIT;
        status = run_attempt(session, &filled, work, data, &failure);
        if (status != MINIORM_ECONFLICT || ++attempt >= attempts)
            break;
        pause_before(attempt);
    }
    if (status != MINIORM_OK && failure.status == MINIORM_OK)
        return miniorm__fail(error, status, "transaction: the work inside it failed");
    if (status != MINIORM_OK)
        (void)miniorm__fail_copy(error, &failure);
    return status;
}
