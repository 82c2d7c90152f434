/*
 * The asynchronous half: a client's lanes and what waits for them.
 *
 * A lane is a place for one connection, watched on the loop. Plain requests wait in two lists,
 * reads and writes; transactions wait for a lane of their own. Once per turn everything that waits
 * is spread over the lanes and leaves together (flush).
 *
 *   client.c       the driver's table: open, close, submit, flush, abandon
 *   lane.c         a lane and its watch; what it sends for plain requests, and their answers
 *   placement.c    which lane a request goes to
 *   transaction.c  the steps of transactions, and their answers
 *   recovery.c     connecting, backoff, and what happens while no server is there
 *   interrupt.c    cancelling what nobody waits for any more
 */
#ifndef MINIORM_SRC_POSTGRES_CLIENT_H
#define MINIORM_SRC_POSTGRES_CLIENT_H

#include "../client_driver.h"
#include "cancel.h"
#include "connection.h"

/* Notes in miniorm_request.driver_flags. The second to the fifth say for which reason it was sent
 * again, which happens once for each. */
enum miniorm__pg_flag {
    MINIORM__PG_ALONE = 1, /* a read with a Sync of its own */
    MINIORM__PG_AFTER_NEIGHBOUR = 2, /* another's error had aborted it */
    MINIORM__PG_AFTER_STALE = 4, /* its prepared statement was out of date */
    MINIORM__PG_AFTER_LOSS = 8, /* the connection had broken */
    MINIORM__PG_AFTER_CANCEL = 16, /* the cancelling of another hit it */
    MINIORM__PG_UNSYNCED = 32, /* a write whose Sync could not be sent */
    MINIORM__PG_CANCEL_SENT = 64
};

struct miniorm__pg_client;

struct miniorm__pg_lane {
    struct miniorm__pg_client *pool;
    struct miniorm__pg_connection *connection; /* NULL: none */
    void *watch;
    int watched_fd; /* while there is a watch */
    unsigned watched; /* events */
    bool was_ready; /* a connection was there before */
    bool has_output; /* something was queued in this turn */
    unsigned doubts; /* Syncs sent to see whether it is alive, after another connection broke */
    unsigned group; /* reads since the last Sync */
    unsigned in_flight; /* requests */
    unsigned writes; /* of them, plain writes */
    PGresult *answer; /* of a write, until its Sync tells that it was committed */
    uint64_t started_ms; /* when it began to connect */
    unsigned started_losses; /* connections lost until then */
    uint64_t progress_ms; /* the last answer, or the first request after a pause */
    struct miniorm_async_transaction *transaction; /* it is reserved for that one */
    struct miniorm__pg_cancel *cancel; /* under way: nothing is sent meanwhile */
    uint64_t cancelled_ms; /* when a cancel request was last through; 0: never */
};

struct miniorm__pg_client {
    struct miniorm_client *client;
    struct miniorm__link again; /* requests to be sent before the others */
    struct miniorm__link reads;
    struct miniorm__link writes;
    struct miniorm__link transactions; /* that have steps to send */
    uint64_t now_ms; /* of this turn */
    bool is_closing;

    /* Connecting. */
    void *timer;
    uint64_t timer_at_ms; /* 0: not running */
    uint64_t attempt_at_ms; /* no attempt before; 0: at once */
    unsigned delay_ms; /* of the backoff; 0: the last attempt succeeded */
    unsigned host; /* to begin with */
    uint64_t random;
    unsigned losses; /* connections lost */
    bool is_away; /* no server: what is submitted fails at once */
    struct miniorm_error reason; /* of the last failure to connect */

    /* Cancelling. */
    int notify; /* eventfd, or -1 */
    void *notify_watch;

    unsigned n_lanes;
    struct miniorm__pg_lane lanes[];
};

enum miniorm__pg_begin { MINIORM__PG_NOT_BEGUN = 0, MINIORM__PG_BEGIN_SENT, MINIORM__PG_BEGUN };

/* driver_data of a transaction. */
struct miniorm__pg_transaction {
    struct miniorm__link link; /* in `transactions` of the client */
    struct miniorm_async_transaction *transaction;
    struct miniorm__pg_lane *lane;
    struct miniorm__link steps; /* not sent yet */
    enum miniorm__pg_begin begin;
    bool is_lost; /* with its connection */
    bool is_skipping; /* a step failed before it was sent: as the server would, skip the next */
    unsigned missing; /* serial of the first savepoint that was skipped; 0: none */
    struct miniorm_error failure; /* of BEGIN */
};

/* lane.c */
bool miniorm__pg_lane_is_ready(const struct miniorm__pg_lane *lane);
/* Opens a connection; false: it failed at once, and recovery.c knows. */
bool miniorm__pg_lane_open(struct miniorm__pg_lane *lane);
/* Ends the connection, if there is one, and answers what was expected of it. */
void miniorm__pg_lane_close(struct miniorm__pg_lane *lane);
void miniorm__pg_lane_send(struct miniorm__pg_lane *lane, struct miniorm_request *request);
/* Ends the segment; for a write, which waits for it, or NULL. */
void miniorm__pg_lane_sync(struct miniorm__pg_lane *lane, struct miniorm_request *write);
/* Sends nothing more to the lane before it has shown that it is alive. */
void miniorm__pg_lane_doubt(struct miniorm__pg_lane *lane);
/* The end of a turn: Sync and output. A lane that broke is closed. */
void miniorm__pg_lane_flush(struct miniorm__pg_lane *lane);
/* Notes that the lane has one more, or one less, request under way. */
void miniorm__pg_lane_started(struct miniorm__pg_lane *lane, struct miniorm_request *request);
void miniorm__pg_lane_ended(struct miniorm__pg_lane *lane, struct miniorm_request *request);

/* placement.c */
void miniorm__pg_place(struct miniorm__pg_client *pool);
/* A lane for a transaction, reserved; NULL: not now. */
struct miniorm__pg_lane *miniorm__pg_reserve(struct miniorm__pg_client *pool);
/* Whether one more request may be sent now. */
bool miniorm__pg_lane_has_credit(const struct miniorm__pg_lane *lane);

/* transaction.c */
void miniorm__pg_transaction_begin(struct miniorm_client *client,
                                   struct miniorm_async_transaction *transaction);
void miniorm__pg_transaction_submit(struct miniorm__pg_client *pool,
                                    struct miniorm_request *request);
void miniorm__pg_transactions_send(struct miniorm__pg_client *pool);
void miniorm__pg_transaction_answered(struct miniorm__pg_lane *lane,
                                      const struct miniorm__pg_expectation *expected,
                                      PGresult *result);
/* Its connection is gone. */
void miniorm__pg_transaction_lost(struct miniorm_async_transaction *transaction);
/* Completes every step that waits. */
void miniorm__pg_transaction_fail(struct miniorm__pg_transaction *own, enum miniorm_status status,
                                  const struct miniorm_error *error);

/* recovery.c */
void miniorm__pg_connected(struct miniorm__pg_lane *lane);
void miniorm__pg_connect_failed(struct miniorm__pg_lane *lane, const struct miniorm_error *reason);
void miniorm__pg_disconnected(struct miniorm__pg_lane *lane, const struct miniorm_error *reason);
/* Whether an attempt to connect may begin now. */
bool miniorm__pg_may_connect(const struct miniorm__pg_client *pool);
/* Completes everything that waits. */
void miniorm__pg_fail_waiting(struct miniorm__pg_client *pool, enum miniorm_status status,
                              const struct miniorm_error *error);
/*
 * Makes the timer, while memory can still be refused: without it a client that lost its last
 * connection would not try again. Returns 0 or an errno value.
 */
int miniorm__pg_look_begin(struct miniorm__pg_client *pool);
/* Has the timer look at the lanes at `at_ms` or before. */
void miniorm__pg_look_at(struct miniorm__pg_client *pool, uint64_t at_ms);

/* interrupt.c */
void miniorm__pg_interrupt(struct miniorm__pg_lane *lane);
/* What the timer does for a lane; the time to look again, or 0. */
uint64_t miniorm__pg_interrupt_look(struct miniorm__pg_lane *lane);
/* Whether a cancel request may have hit another statement than the one it was for. */
bool miniorm__pg_interrupt_may_hit(const struct miniorm__pg_lane *lane);
void miniorm__pg_interrupt_close(struct miniorm__pg_client *pool);

#endif
