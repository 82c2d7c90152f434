/*
 * Sessions: where operations run and the thread waits. A session is either the database's own (each
 * operation by itself, any thread) or a transaction (one thread at a time). Everything that takes a
 * session works on both, so a transaction spans any models. Beginning a transaction on a
 * transaction makes a savepoint.
 *
 * The first statement that fails in a transaction or savepoint aborts it, on every database alike:
 * what follows reports MINIORM_EABORTED until it is ended.
 *
 * Thread:  as the session.
 */
#ifndef MINIORM_SESSION_H
#define MINIORM_SESSION_H

#include <stddef.h>

#include <miniorm/database.h>
#include <miniorm/export.h>
#include <miniorm/query.h>
#include <miniorm/result.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

/*
 * Runs a query and waits for its answer. `out` may be NULL if the answer does not matter; otherwise
 * free *out with miniorm_result_free. The database's statement_timeout_ms is its deadline.
 *
 * Outside a transaction a plain read whose connection breaks, and anything that was not sent as its
 * connection turned out to be broken, is sent once more on another; anything else that is cut off
 * reports MINIORM_ECONNECTION, as its outcome is not known.
 *
 * Errors:  any of enum miniorm_status; in a transaction
 *          MINIORM_EABORTED  an earlier statement failed.
 *          MINIORM_ESTATE    a savepoint inside it is open, or its parent has ended.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_run(struct miniorm_session *session,
                                            const struct miniorm_query *query,
                                            struct miniorm_result **out,
                                            struct miniorm_error *error);

/*
 * The same, and frees the query, also on failure. A NULL query is MINIORM_ENOMEM, so a description
 * needs no check.
 *
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_run_take(struct miniorm_session *session,
                                                 struct miniorm_query *query,
                                                 struct miniorm_result **out,
                                                 struct miniorm_error *error);

enum miniorm_isolation {
    MINIORM_ISOLATION_DEFAULT = 0, /* the server's; SQLite is always serializable */
    MINIORM_READ_COMMITTED = 1,
    MINIORM_REPEATABLE_READ = 2,
    MINIORM_SERIALIZABLE = 3
};

/*
 * Zero of every member means its default. Isolation and modes are for the outermost transaction
 * only.
 */
struct miniorm_transaction_options {
    size_t size; /* sizeof(struct miniorm_transaction_options) */
    enum miniorm_isolation isolation;
    int read_only;
    int deferrable; /* PostgreSQL, with serializable and read_only */
    unsigned attempts; /* miniorm_transaction_run: most tries on MINIORM_ECONFLICT; default 5 */
};

#define MINIORM_TRANSACTION_OPTIONS_INIT MINIORM_INIT_(miniorm_transaction_options)

/*
 * Begins a transaction (on the database's session) or a savepoint (on a transaction). *out ends by
 * exactly one of miniorm_transaction_commit and miniorm_transaction_rollback. While a savepoint is
 * open its parent refuses to run; if the parent ends first, the savepoint's handle is still to be
 * ended. `options` may be NULL. BEGIN travels with the first statement.
 *
 * Errors:  MINIORM_ETIMEDOUT  no connection was free in time.
 *          MINIORM_ESTATE     the parent has an open savepoint, or was ended by its own parent.
 *          MINIORM_EABORTED   the parent is aborted.
 *          MINIORM_EINVALID   isolation or a mode for a savepoint.
 *          MINIORM_ENOMEM, and what connecting reports.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_transaction_begin(
    struct miniorm_session *parent, const struct miniorm_transaction_options *options,
    struct miniorm_session **out, struct miniorm_error *error);

/*
 * Commits (or releases the savepoint) and ends the session: it is freed whatever is returned.
 *
 * Errors:  MINIORM_EABORTED         an earlier error had aborted the transaction: it was rolled
 *                                   back.
 *          MINIORM_ESTATE           a savepoint inside it is open, or its parent has ended: it was
 *                                   rolled back.
 *          MINIORM_ECOMMIT_UNKNOWN  the connection broke or the deadline passed: the commit may or
 *                                   may not have happened.
 *          MINIORM_ECONFLICT and constraint errors of deferred checks: it was rolled back.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_transaction_commit(struct miniorm_session *session,
                                                           struct miniorm_error *error);

/*
 * Rolls back (to the savepoint) and ends the session: it is freed whatever is returned. A
 * connection that cannot roll back is closed, which rolls back too.
 *
 * Since:   0.1
 */
MINIORM_API void miniorm_transaction_rollback(struct miniorm_session *session);

/* Works inside a transaction; any other than MINIORM_OK rolls back. Must bear being repeated. */
typedef enum miniorm_status (*miniorm_transaction_fn)(struct miniorm_session *session, void *data,
                                                      struct miniorm_error *error);

/*
 * Calls `work` inside a transaction, commits if it returns MINIORM_OK, rolls back otherwise, and
 * starts again after a random pause when either ends in MINIORM_ECONFLICT. MINIORM_ECOMMIT_UNKNOWN
 * is never tried again. Inside a transaction it makes a savepoint and does not try again: that is
 * for the outermost. `options` may be NULL.
 *
 * Errors:  what the beginning, `work` or the commit reports.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_transaction_run(
    struct miniorm_session *session, const struct miniorm_transaction_options *options,
    miniorm_transaction_fn work, void *data, struct miniorm_error *error);

MINIORM_END_DECLS

#endif
