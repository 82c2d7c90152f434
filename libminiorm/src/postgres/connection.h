/*
 * Connection: one libpq connection in non-blocking pipeline mode, which does no waiting of its own.
 *
 * Whoever owns it waits until its descriptor has the events it wants and calls
 * miniorm__pg_connection_ready; the client on a loop and the blocking half do so each in their way.
 * What is sent is noted as an expectation, and each expectation comes back through `answered`,
 * exactly once and in order, with its answer or, from miniorm__pg_connection_lose, without.
 *
 * A segment is what lies between two Syncs: an error in it makes the server skip the rest of it.
 */
#ifndef MINIORM_SRC_POSTGRES_CONNECTION_H
#define MINIORM_SRC_POSTGRES_CONNECTION_H

#include <libpq-fe.h>
#include <sys/types.h>

#include "../driver.h"
#include "codec.h"
#include "statements.h"

enum miniorm__pg_state {
    MINIORM__PG_CONNECTING = 1,
    MINIORM__PG_READY = 2,
    MINIORM__PG_BROKEN = 3
};

enum miniorm__pg_step {
    MINIORM__PG_PARSE = 1,
    MINIORM__PG_STATEMENT = 2,
    MINIORM__PG_VERB = 3,
    MINIORM__PG_CLOSE = 4,
    MINIORM__PG_SYNC = 5
};

struct miniorm__pg_expectation {
    enum miniorm__pg_step step;
    enum miniorm__transaction_verb verb; /* of a VERB */
    void *waiter; /* who it is for; NULL: nobody */
    struct miniorm__pg_statement *entry; /* of PARSE and CLOSE, which the owner does not see */
    uint64_t key; /* of a STATEMENT: in the cache of statements */
};

/*
 * Takes the answer to a STATEMENT, a VERB or a SYNC: `result` is the callee's to clear, NULL when
 * the connection broke before. The result of a SYNC is an error when the implicit transaction could
 * not be committed.
 */
typedef void (*miniorm__pg_answered_fn)(void *owner, const struct miniorm__pg_expectation *expected,
                                        PGresult *result);

/* BEGIN with every option. */
#define MINIORM__PG_BEGIN_SIZE 80

struct miniorm__pg_connection {
    struct miniorm__connection base;
    PGconn *pg;
    enum miniorm__pg_state state;
    unsigned wanted; /* events, while CONNECTING */
    struct miniorm_error reason; /* why it is BROKEN */
    miniorm__pg_answered_fn answered;
    void *owner;
    pid_t process; /* that made it: a child after fork() must not use it */

    /* Ring of expectations; counters run on and wrap. */
    struct miniorm__pg_expectation *ring;
    unsigned capacity; /* a power of two */
    unsigned first;
    unsigned end;
    PGresult *answer; /* of the first expectation, until its end is seen */
    PGresult *parse_error; /* to be told with the statement behind the Parse */
    unsigned empty_answers; /* in a row */

    unsigned segment;
    bool is_open; /* the segment holds something, so that it needs a Sync */
    bool has_ended; /* the server has gone: what was not read before is no answer any more */
    bool wants_write; /* output is left over */
    bool uses_names; /* prepared statements with names; not behind a pooler */
    struct miniorm__pg_statements statements;
    struct miniorm__pg_scratch scratch;

    /* The blocking half's. */
    bool in_transaction;
    char begin[MINIORM__PG_BEGIN_SIZE]; /* travels with the next statement; empty: none */
};

/*
 * Starts to connect, to the host of that number first, if several are given; numbers beyond the
 * last start over. On failure *out is untouched. The name lookup of libpq blocks, unless hostaddr
 * is given.
 */
enum miniorm_status miniorm__pg_connection_start(struct miniorm_database *database, unsigned host,
                                                 struct miniorm__pg_connection **out,
                                                 struct miniorm_error *error);

/* Closes and frees; what was expected must have been lost before. NULL is allowed. */
void miniorm__pg_connection_free(struct miniorm__pg_connection *connection);

int miniorm__pg_connection_fd(const struct miniorm__pg_connection *connection);

/* Which events to wait for: enum miniorm_events. */
unsigned miniorm__pg_connection_wanted(const struct miniorm__pg_connection *connection);

/*
 * Goes on with what can be done now; `state` tells the outcome. While CONNECTING the descriptor may
 * be another one afterwards: end the watch before the call and begin it again behind.
 */
void miniorm__pg_connection_ready(struct miniorm__pg_connection *connection, unsigned events);

/*
 * The same for a connection that is not CONNECTING, in steps, for who has something to do between
 * two answers: hand over the next answer until there is none (pipeline.c), take in what has come,
 * hand over again, go on. Answers that sending took in are lost if the connection is found to have
 * ended before they are handed over: therefore first.
 */
void miniorm__pg_connection_take_in(struct miniorm__pg_connection *connection, unsigned events);
bool miniorm__pg_connection_read(struct miniorm__pg_connection *connection);
void miniorm__pg_connection_go_on(struct miniorm__pg_connection *connection);

/* Number of expectations. */
static inline unsigned miniorm__pg_connection_depth(const struct miniorm__pg_connection *connection)
{
    return connection->end - connection->first;
}

/* An expectation, counted from the oldest; NULL behind the last. */
const struct miniorm__pg_expectation *miniorm__pg_connection_peek(
    const struct miniorm__pg_connection *connection, unsigned index);

/*
 * Queues a statement. `is_careful`: inside a transaction, where a name that is not certain to be
 * prepared would abort it.
 *
 * Errors: MINIORM_EVALUE and others of encoding, MINIORM_ENOMEM: nothing was queued.
 *         MINIORM_ECONNECTION: the connection is BROKEN now.
 */
enum miniorm_status miniorm__pg_connection_send(struct miniorm__pg_connection *connection,
                                                const struct miniorm__statement *statement,
                                                void *waiter, bool is_careful,
                                                struct miniorm_error *error);

/* Queues a command without parameters: BEGIN and its kin. Errors as above. */
enum miniorm_status miniorm__pg_connection_send_verb(struct miniorm__pg_connection *connection,
                                                     const char *sql,
                                                     enum miniorm__transaction_verb verb,
                                                     void *waiter, struct miniorm_error *error);

/* Ends the segment. Errors as above. */
enum miniorm_status miniorm__pg_connection_sync(struct miniorm__pg_connection *connection,
                                                void *waiter, struct miniorm_error *error);

/* Has the server forget statements that the cache let go, in a segment of their own; for use
 * between segments and outside transactions. */
void miniorm__pg_connection_tidy(struct miniorm__pg_connection *connection);

/* Sends what is queued, as far as the socket takes it. */
void miniorm__pg_connection_flush(struct miniorm__pg_connection *connection);

/* Declares the connection broken; the first reason counts. */
void miniorm__pg_connection_break(struct miniorm__pg_connection *connection,
                                  const struct miniorm_error *reason);

/* Answers every expectation with no result. */
void miniorm__pg_connection_lose(struct miniorm__pg_connection *connection);

#endif
