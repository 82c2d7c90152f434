/*
 * Workers: threads that run jobs, one each at a time. There are as many as jobs ask for, up to a
 * limit; those that rest for long end. A worker whose job does not end can be left behind: another
 * takes its place, and when the job ends at last the thread ends too.
 *
 * Order: new; start; submit, leave from any thread; stop; start again; release.
 * Invariant: the memory is there until the last thread, left behind or not, is through.
 */
#ifndef PROMON_SRC_WORKERS_H
#define PROMON_SRC_WORKERS_H

#include <promon/status.h>
#include <stdbool.h>
#include <stdint.h>

struct promon__worker;
struct promon__workers;

/* Part of what is to be run. May be submitted again once `run` has been called. */
struct promon__job {
    struct promon__job *next;
    struct promon__worker *worker; /* that runs it */
    void (*run)(struct promon__job *job); /* with no lock held; may free the job */
};

/* At most so many threads at work and left behind; those that rest for `rest_ns` end, but one. */
enum promon_status promon__workers_new(unsigned most, unsigned most_left, int64_t rest_ns,
                                       struct promon__workers **out, struct promon_error *error);
/* When it is stopped; left threads may go on. */
void promon__workers_release(struct promon__workers *workers);

/* Starts with one thread. Errors: PROMON_ERESOURCES, PROMON_ENOMEM. */
enum promon_status promon__workers_start(struct promon__workers *workers,
                                         struct promon_error *error);

/*
 * Takes jobs that wait away, unrun, and returns them as a list, to be called first; then waits for
 * those that run, but for the left ones.
 */
struct promon__job *promon__workers_close(struct promon__workers *workers);
void promon__workers_join(struct promon__workers *workers);

/* Without a thread to be had, the job waits for the next one that ends. Only while started. */
void promon__workers_submit(struct promon__workers *workers, struct promon__job *job);

/*
 * Runs one job on a thread of its own, started or not. Errors: PROMON_ERESOURCES, PROMON_ENOMEM.
 */
enum promon_status promon__workers_run_alone(struct promon__workers *workers,
                                             struct promon__job *job, struct promon_error *error);

/*
 * Leaves the worker of a job that runs behind, so that it neither takes another nor is waited for;
 * `forced` also when there are as many of those as may be. False when it was not: it will be when
 * one of those has ended, unless its own job ends before.
 */
bool promon__workers_leave(struct promon__workers *workers, struct promon__job *job, bool forced);

struct promon__workers_figures {
    unsigned threads; /* but for those left behind */
    unsigned left;
};

struct promon__workers_figures promon__workers_figures(struct promon__workers *workers);

/* In the child of a fork: no thread is there. */
void promon__workers_after_fork(struct promon__workers *workers);

#endif
