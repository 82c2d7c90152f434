/*
 * Clients: operations submitted from an event loop, their completions called on it. Nothing here
 * waits.
 *
 * A client belongs to one loop and its thread, and has connections of its own: nothing is shared
 * with other clients, no lock is taken. Statements submitted in one turn of the loop leave together
 * at its end (pipelining): plain reads share one round trip, each write has its own, and a read
 * that another's error aborted is sent again unnoticed. Connections are opened when needed and
 * again, with backoff, when they break.
 *
 * Lifetimes:
 *  1. A completion is called exactly once for each submit that returned MINIORM_OK, never from
 *     inside a call of this header other than miniorm_client_close.
 *  2. A request handle is valid until its completion is called.
 *  3. A client may be closed in a completion; it is not touched afterwards.
 *  4. A transaction's handle is valid until its commit or rollback was called, or its client's
 *     close has returned.
 *  5. A child made by fork must not touch a client of its parent, not even to close it: the loop's
 *     descriptors are shared with the parent.
 *
 * Thread:  the loop's thread.
 */
#ifndef MINIORM_CLIENT_H
#define MINIORM_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/database.h>
#include <miniorm/export.h>
#include <miniorm/loop.h>
#include <miniorm/query.h>
#include <miniorm/result.h>
#include <miniorm/session.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

struct miniorm_client;
struct miniorm_request;
struct miniorm_async_transaction;

/*
 * The outcome of an operation. On MINIORM_OK `result` is the callee's, who frees it with
 * miniorm_result_free, and `error` is NULL; otherwise `result` is NULL and `error` is borrowed for
 * the call.
 */
typedef void (*miniorm_done_fn)(void *data, enum miniorm_status status,
                                struct miniorm_result *result, const struct miniorm_error *error);

/*
 * Opens a client of `database`, which must outlive it, on a loop, whose table is copied. No
 * connection is made yet. Close with miniorm_client_close.
 *
 * Errors:  MINIORM_EINVALID    the table of the loop is not complete.
 *          MINIORM_ERESOURCES  no thread or descriptor for SQLite.
 *          MINIORM_ENOMEM      also when the loop refuses a timer.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_client_open(struct miniorm_database *database,
                                                    const struct miniorm_loop *loop,
                                                    struct miniorm_client **out,
                                                    struct miniorm_error *error);

/*
 * Completes everything under way with MINIORM_ECANCELLED (a COMMIT that was sent with
 * MINIORM_ECOMMIT_UNKNOWN), rolls back open transactions and closes the connections. A call that
 * was deferred on the loop before frees the last of it. NULL is allowed.
 *
 * Since:   0.1
 */
MINIORM_API void miniorm_client_close(struct miniorm_client *client);

/* Zero of every member means its default. */
struct miniorm_submit_options {
    size_t size; /* sizeof(struct miniorm_submit_options) */
    unsigned timeout_ms; /* deadline from now; default: statement_timeout_ms of the database */
};

#define MINIORM_SUBMIT_OPTIONS_INIT MINIORM_INIT_(miniorm_submit_options)

/*
 * Submits a query and takes it over, also on failure; a NULL query is MINIORM_ENOMEM. `done` is
 * told the outcome once. When the deadline passes, that is MINIORM_ETIMEDOUT, and a statement that
 * already runs is cancelled on the server if no neighbour would suffer. `options`, `done` and `out`
 * may be NULL.
 *
 * Errors:  MINIORM_ELIMIT    queue_limit operations are waiting.
 *          MINIORM_ESTATE    the client is being closed.
 *          MINIORM_EINVALID  the description is wrong.
 *          MINIORM_EVALUE    a value does not fit its column.
 *          MINIORM_EUNSUPPORTED, MINIORM_ENOMEM
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_client_submit_take(
    struct miniorm_client *client, struct miniorm_query *query,
    const struct miniorm_submit_options *options, miniorm_done_fn done, void *data,
    struct miniorm_request **out, struct miniorm_error *error);

/*
 * Gives up a request: its completion is called with MINIORM_ECANCELLED, in a later turn; with its
 * outcome, if that is there already. A statement that the server already runs is cancelled there if
 * no neighbour would suffer, else its answer is thrown away: a write may have happened.
 *
 * Since:   0.1
 */
MINIORM_API void miniorm_request_cancel(struct miniorm_request *request);

/*
 * Begins a transaction on a connection of its own, which it gets when one is free. Statements
 * submitted to it run in order; BEGIN travels with the first. It ends by exactly one of commit and
 * rollback, after which the handle is not valid. `options` may be NULL.
 *
 * Errors:  MINIORM_ELIMIT, MINIORM_ESTATE, MINIORM_ENOMEM  as miniorm_client_submit_take.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_async_transaction_begin(
    struct miniorm_client *client, const struct miniorm_transaction_options *options,
    struct miniorm_async_transaction **out, struct miniorm_error *error);

/*
 * Submits a query inside the transaction, as miniorm_client_submit_take. After one has failed,
 * those behind it fail with MINIORM_EABORTED until a rollback.
 *
 * Errors:  as miniorm_client_submit_take.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_async_transaction_submit_take(
    struct miniorm_async_transaction *transaction, struct miniorm_query *query,
    const struct miniorm_submit_options *options, miniorm_done_fn done, void *data,
    struct miniorm_request **out, struct miniorm_error *error);

/*
 * Sets a savepoint, rolls back to the newest one, or releases it; savepoints nest. Each takes its
 * place among the statements submitted. A failure is reported by the statements behind it.
 *
 * Errors:  MINIORM_ESTATE  no savepoint is open, or the client is being closed.
 *          MINIORM_ELIMIT  64 savepoints are open, or queue_limit operations are waiting.
 *          MINIORM_ENOMEM
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_async_transaction_savepoint(
    struct miniorm_async_transaction *transaction, struct miniorm_error *error);
MINIORM_API enum miniorm_status miniorm_async_transaction_rollback_to(
    struct miniorm_async_transaction *transaction, struct miniorm_error *error);
MINIORM_API enum miniorm_status miniorm_async_transaction_release(
    struct miniorm_async_transaction *transaction, struct miniorm_error *error);

/*
 * Ends the transaction: the handle is given up at once, what was submitted runs before, and `done`
 * (which may be NULL for a rollback) is told the outcome as miniorm_transaction_commit would report
 * it, without a result.
 *
 * Since:   0.1
 */
MINIORM_API void miniorm_async_transaction_commit(struct miniorm_async_transaction *transaction,
                                                  miniorm_done_fn done, void *data);
MINIORM_API void miniorm_async_transaction_rollback(struct miniorm_async_transaction *transaction,
                                                    miniorm_done_fn done, void *data);

/* Figures of a client. Set `size`; later versions append members. Since: 0.1 */
struct miniorm_client_stats {
    size_t size;
    unsigned connections; /* usable now */
    unsigned waiting; /* operations not yet sent */
    unsigned in_flight; /* operations sent, without an answer */
    unsigned reserved;
    uint64_t submitted;
    uint64_t completed;
    uint64_t syncs; /* round trips: operations sent / syncs is the gain of pipelining */
    uint64_t requeued; /* reads sent again because a neighbour failed or the connection broke */
    uint64_t reconnects;
};

/* Copies the figures, as many as fit into out->size. Since: 0.1 */
MINIORM_API void miniorm_client_stats(const struct miniorm_client *client,
                                      struct miniorm_client_stats *out);

MINIORM_END_DECLS

#endif
