/*
 * The seam of the asynchronous half: the client (client.c, request.c, async_transaction.c) knows
 * requests, deadlines and completions; a driver knows connections or threads.
 *
 * Rules:
 *  1. Everything here is called on the loop's thread.
 *  2. A request handed to submit is held by the driver until it calls miniorm__request_complete,
 *     exactly once for each. That call only queues the outcome, so it may be made anywhere, also
 *     inside submit, flush, abandon and close.
 *  3. User code runs in miniorm__client_dispatch only. Each callback that a driver registered on
 *     the loop ends with that call. It may be made in between too, where the driver's state is
 *     whole; when it returns false the client is gone, and nothing is touched any more.
 *  4. Deadlines and cancelling are the client's: it queues the outcome for the user and calls
 *     abandon; the driver still holds the request, and how it completes does not matter any more.
 */
#ifndef MINIORM_SRC_CLIENT_DRIVER_H
#define MINIORM_SRC_CLIENT_DRIVER_H

#include <miniorm/client.h>

#include "arena.h"
#include "driver.h"
#include "list.h"
#include "operation.h"

struct miniorm_request {
    /* For the driver while it holds the request: its queues and whatever it notes. */
    struct miniorm__link link;
    void *driver_data;
    unsigned attempts;
    unsigned driver_flags;

    /* What to do: a statement (verb 0: `operation`), or a verb of the transaction. */
    struct miniorm_client *client;
    struct miniorm_async_transaction *transaction; /* NULL: by itself */
    enum miniorm__transaction_verb verb; /* never MINIORM__BEGIN */
    unsigned level; /* of SAVEPOINT, RELEASE and ROLLBACK_TO, from 1 */
    unsigned serial; /* of their savepoint: each has its own in a transaction */
    struct miniorm__operation operation;
    uint64_t deadline_ms; /* of miniorm__clock_ms; 0: none */
    bool is_sent; /* the database may be working on it */
    bool is_abandoned; /* nobody waits for the outcome */

    /* The client's own. */
    bool is_held; /* by the driver */
    bool is_untold; /* the completion is still to be called */
    bool is_queued; /* for dispatch, through `outcome_link` */
    bool is_being_told; /* the completion runs right now */
    bool is_embedded; /* the last step of a transaction, part of it */
    size_t deadline_index; /* place in the heap of deadlines, from 1; 0: not there */
    struct miniorm__link outcome_link;
    struct miniorm_request *next_spare; /* while nobody uses it */
    struct miniorm_query *query;
    miniorm_done_fn done; /* NULL: nobody wants to know */
    void *data;
    enum miniorm_status status;
    struct miniorm_result *result;
    struct arena arena; /* of the operation; it and what follows is not zero at first */
    struct miniorm_error error;
};

/*
 * Savepoints open in one transaction: deeper nesting is a fault of the program, and each costs the
 * server memory.
 */
#define MINIORM__SAVEPOINTS_MAX 64

/*
 * A transaction. Its requests come to submit in order and are executed and completed in order; the
 * last one has the verb COMMIT or ROLLBACK, and when it is completed the transaction is freed.
 *
 * After a statement or a savepoint's verb has failed or was abandoned, what follows is completed
 * with MINIORM_EABORTED without effect until ROLLBACK_TO (of a savepoint set before the failure) or
 * ROLLBACK; COMMIT rolls back then and is completed with MINIORM_EABORTED.
 */
struct miniorm_async_transaction {
    struct miniorm_client *client;
    struct miniorm_transaction_options options;
    void *driver_data; /* transaction_size bytes, zero at first, freed with the transaction */

    /* The client's own. */
    struct miniorm__link link; /* in its list of transactions */
    unsigned savepoints; /* open, counting what was submitted */
    unsigned last_serial;
    unsigned serials[MINIORM__SAVEPOINTS_MAX]; /* of the open ones */
    struct miniorm_request end;
};

struct miniorm__client_driver {
    size_t transaction_size; /* room for the driver in each transaction */

    /* Makes client->driver_data. Connects nothing yet. */
    enum miniorm_status (*open)(struct miniorm_client *client, struct miniorm_error *error);
    /*
     * Ends all work without waiting for answers, completes every request it holds (status
     * MINIORM_ECANCELLED, or MINIORM_ECOMMIT_UNKNOWN where a COMMIT is under way) and frees
     * driver_data. Open transactions are rolled back.
     */
    void (*close)(struct miniorm_client *client);
    /* A transaction begins; no connection needs to be reserved before its first request. */
    void (*begin)(struct miniorm_client *client, struct miniorm_async_transaction *transaction);
    /* Takes a request. A flush follows at the end of the turn. */
    void (*submit)(struct miniorm_client *client, struct miniorm_request *request);
    /* The end of a turn in which something was submitted or miniorm__client_flush_later called. */
    void (*flush)(struct miniorm_client *client);
    /*
     * Nobody waits for this request any more. One that was not sent is not run any more; one that
     * runs is cancelled in the database if that hurts no other. It is completed when it ends.
     */
    void (*abandon)(struct miniorm_client *client, struct miniorm_request *request);
};

extern const struct miniorm__client_driver miniorm__postgres_client_driver;
extern const struct miniorm__client_driver miniorm__sqlite_client_driver;

/* Binary heap of the requests that have a deadline, the earliest first (deadlines.c). */
struct miniorm__deadlines {
    struct miniorm_request **requests;
    size_t count;
    size_t capacity;
};

struct miniorm_client {
    struct miniorm_database *database;
    struct miniorm_loop loop;
    void *driver_data;
    /* The driver counts connections, syncs, requeued and reconnects. */
    struct miniorm_client_stats stats;

    /* The client's own. */
    struct miniorm__link outcomes; /* requests whose completion is to be called */
    size_t n_outcomes;
    struct miniorm__link transactions;
    struct miniorm__deadlines deadlines;
    void *timer;
    uint64_t timer_at_ms; /* when the timer expires; 0: it is not running */
    bool is_deferred; /* a call at the end of this turn is under way */
    bool is_flush_due; /* at the timer, because no call could be deferred */
    bool is_closing;
    bool is_closed; /* only the deferred call is left, which frees the client */
    unsigned n_dispatching; /* calls of dispatch under way, one inside the other */
    struct miniorm_request *spare; /* freed requests, each with a block in its arena */
    unsigned n_spare;
};

/*
 * The database starts to work on a request, or it is in the queue again: for the figures, and so
 * that a deadline knows what it interrupts.
 */
void miniorm__request_sent(struct miniorm_request *request);
void miniorm__request_requeued(struct miniorm_request *request);

/*
 * The outcome of a request, with which the driver lets go of it. `result` goes over to it; `error`
 * is copied, and may be NULL where `status` is MINIORM_OK or the request is abandoned.
 */
void miniorm__request_complete(struct miniorm_request *request, enum miniorm_status status,
                               struct miniorm_result *result, const struct miniorm_error *error);

/* Completes a request with a message of its own. */
void miniorm__request_fail(struct miniorm_request *request, enum miniorm_status status,
                           const char *message);

/* Has flush called at the end of this turn; outcomes that are queued by then are told later. */
void miniorm__client_flush_later(struct miniorm_client *client);

/* Calls the completions that are due. False: one has closed the client, which is gone. */
bool miniorm__client_dispatch(struct miniorm_client *client);

#endif
