/*
 * Jobs: where callbacks run: at once on the thread that posts them, on threads of their own, or on
 * the caller's inside of a dispatch. Posting never allocates and never fails.
 *
 * Jobs with the same lane other than 0 run one at a time, in the order in which they were posted;
 * others as workers come free.
 *
 * Order: new; post from any thread; stop; free.
 */
#ifndef AMQPEXT_SRC_JOBS_H
#define AMQPEXT_SRC_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/connection.h>

struct job {
    struct job *next; /* of the queue */
    void (*run)(struct job *job); /* may free the job */
    uint64_t lane;
    uint64_t sequence; /* set where it is posted */
};

struct jobs;

/* `mode` is not DEFAULT. Threads are started by the first job. */
enum amqpext_status amqpext__jobs_new(enum amqpext_callbacks mode, unsigned n_workers,
                                      struct jobs **out, struct amqpext_error *error);
/* Starts the threads of WORKERS now, so that a lack of them is told. Errors: AMQPEXT_ERESOURCES. */
enum amqpext_status amqpext__jobs_start(struct jobs *jobs, struct amqpext_error *error);
/* Not after the stop. Without a thread to be had, the job waits for the next post or the stop. */
void amqpext__jobs_post(struct jobs *jobs, struct job *job);
/*
 * The same for many: workers that rest are not woken for each of them, but by amqpext__jobs_wake,
 * which must follow.
 */
void amqpext__jobs_add(struct jobs *jobs, struct job *job);
void amqpext__jobs_wake(struct jobs *jobs);
/* Takes back what has not begun, in order, linked by `next`; NULL when there is nothing. */
struct job *amqpext__jobs_take_back(struct jobs *jobs);
/* Jobs that run now. */
size_t amqpext__jobs_running(const struct jobs *jobs);
/*
 * Waits until nothing waits or runs, or until the deadline; false then. With DISPATCH somebody else
 * has to dispatch meanwhile.
 */
bool amqpext__jobs_wait_idle(struct jobs *jobs, uint64_t deadline_us);
/* Whether the calling thread is inside of one of the jobs. */
bool amqpext__jobs_is_inside(const struct jobs *jobs);
/*
 * DISPATCH: the descriptor, -1 in other modes; runs what waits, inside of a job nothing; makes the
 * descriptor readable once.
 */
int amqpext__jobs_fd(const struct jobs *jobs);
void amqpext__jobs_dispatch(struct jobs *jobs);
void amqpext__jobs_notify(struct jobs *jobs);
/* Calls back on this thread, which counts as inside of a job meanwhile: for what is no job. */
void amqpext__jobs_call(struct jobs *jobs, void (*call)(void *data), void *data);
/*
 * Runs (DISPATCH: on this thread, when no other dispatches any more) what waits, and joins the
 * threads. Not from inside of a job. Again does nothing.
 */
void amqpext__jobs_stop(struct jobs *jobs);
void amqpext__jobs_free(struct jobs *jobs);

#endif
