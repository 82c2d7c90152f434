/*
 * Worker: what one thread of a crew does with the requests of its lane.
 */
#ifndef MINIORM_SRC_SQLITE_WORKER_H
#define MINIORM_SRC_SQLITE_WORKER_H

#include "crew.h"

struct miniorm__sqlite_worker {
    struct miniorm__sqlite_crew *crew;
    enum miniorm__sqlite_lane_kind lane;
    pthread_t thread;
    struct miniorm_request *current; /* under the crew's lock */
    atomic_bool is_cancelled; /* set under the crew's lock while `current` is to be interrupted */

    /* The thread's own. */
    struct miniorm__sqlite_connection *connection; /* NULL: none yet, or lost */
    bool has_begun; /* the transaction's BEGIN was given to the connection */
    bool is_aborted; /* a step of the transaction failed */
    unsigned savepoints; /* set and not released */
    unsigned serials[MINIORM__SAVEPOINTS_MAX]; /* theirs */
};

/* Runs a request and returns its status; `is_skipped`: fails it without running it. */
enum miniorm_status miniorm__sqlite_worker_run(struct miniorm__sqlite_worker *worker,
                                               struct miniorm_request *request, bool is_skipped,
                                               struct miniorm_result **out,
                                               struct miniorm_error *error);

/* Rolls back and disconnects. */
void miniorm__sqlite_worker_end(struct miniorm__sqlite_worker *worker);

#endif
