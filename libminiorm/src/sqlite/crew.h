/*
 * Crew: the threads of one client and what passes between them and the loop.
 *
 * A lane is a queue with threads that serve it, each with a connection of its own. The loop's
 * thread hands requests in and collects them finished; the descriptor becomes readable when there
 * is something to collect.
 */
#ifndef MINIORM_SRC_SQLITE_CREW_H
#define MINIORM_SRC_SQLITE_CREW_H

#include "../client_driver.h"
#include "connection.h"

enum miniorm__sqlite_lane_kind {
    MINIORM__SQLITE_WRITER, /* writes, and transactions that may write: one thread */
    MINIORM__SQLITE_SNAPSHOT, /* read-only transactions: one thread */
    MINIORM__SQLITE_READERS, /* plain reads: client_connections threads */
    MINIORM__SQLITE_LANES
};

/* Notes in a request's driver_flags; the status of a finished one stands above them. */
enum miniorm__sqlite_note {
    MINIORM__SQLITE_HANDED = 1, /* in a lane or with a thread */
    MINIORM__SQLITE_RUNNING = 2,
    MINIORM__SQLITE_SKIP = 4 /* nobody waits: fail it when its turn comes */
};
#define MINIORM__SQLITE_STATUS_SHIFT 8

struct miniorm__sqlite_lane {
    struct miniorm__link queue;
    pthread_cond_t filled;
};

struct miniorm__sqlite_worker;

struct miniorm__sqlite_crew {
    struct miniorm_database *database;
    pthread_mutex_t lock; /* of what follows, and of the notes in handed requests */
    struct miniorm__sqlite_lane lanes[MINIORM__SQLITE_LANES];
    struct miniorm__link finished;
    bool is_notified; /* the descriptor is readable */
    bool is_stopping;
    unsigned n_connections;
    unsigned n_reconnects;
    int descriptor;
    struct miniorm__sqlite_worker *workers;
    unsigned n_workers;
};

/* Starts the threads. Errors: MINIORM_ENOMEM, MINIORM_ERESOURCES. */
enum miniorm_status miniorm__sqlite_crew_start(struct miniorm_database *database,
                                               struct miniorm__sqlite_crew **out,
                                               struct miniorm_error *error);

/*
 * Interrupts what runs, ends the threads, which roll back and disconnect, and appends all requests
 * to `finished`, then to `unstarted` those that no thread has begun.
 */
void miniorm__sqlite_crew_stop(struct miniorm__sqlite_crew *crew, struct miniorm__link *finished,
                               struct miniorm__link *unstarted);
void miniorm__sqlite_crew_free(struct miniorm__sqlite_crew *crew);

/* Moves everything from one list to the end of another. */
void miniorm__sqlite_move_all(struct miniorm__link *from, struct miniorm__link *to);

/* Moves the requests of a list into a lane. */
void miniorm__sqlite_crew_hand(struct miniorm__sqlite_crew *crew,
                               enum miniorm__sqlite_lane_kind kind, struct miniorm__link *requests);

/* Moves finished requests to a list and tells how many connections and reconnects there are. */
void miniorm__sqlite_crew_collect(struct miniorm__sqlite_crew *crew, struct miniorm__link *out,
                                  unsigned *connections, unsigned *reconnects);

/*
 * Nobody waits for this request any more. True if it was taken out of its lane, so that it will not
 * be collected. Otherwise it is interrupted if it runs; one of a transaction keeps its place.
 */
bool miniorm__sqlite_crew_abandon(struct miniorm__sqlite_crew *crew,
                                  struct miniorm_request *request);

#endif
