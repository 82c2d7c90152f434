/*
 * The inside of the engine, for its files:
 *     engine.c        its life: new, start, stop, free, fork
 *     engine_table.c  which probes there are: add, replace
 *     engine_remove.c removal, which waits for the check
 *     engine_turn.c   the scheduler's thread: what is due, what overruns
 *     engine_check.c  one check from its beginning to its result
 *     engine_run.c    a check that somebody asked for
 *     engine_read.c   what is known of probes
 *
 * Invariant: everything is under `lock` but what a check works with: its context and `result`. No
 * lock is held while a check, the log's function or the closing of a check runs.
 */
#ifndef PROMON_SRC_ENGINE_CORE_H
#define PROMON_SRC_ENGINE_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine.h"
#include "history_file.h"
#include "log.h"
#include "outcome.h"
#include "probe_metrics.h"
#include "result_state.h"
#include "schedule.h"
#include "wait.h"
#include "workers.h"

/* What a check may be late by before it overruns: a busy machine is not a stuck check. */
#define PROMON__GRACE_NS (500 * PROMON__MILLISECOND_NS)

enum promon__activity {
    PROMON__IDLE,
    PROMON__QUEUED, /* waits for a worker */
    PROMON__RUNNING
};

/* A line for the log, made under the lock and told without it; level 0: none. */
struct promon__news {
    enum promon_log_level level;
    char line[512];
};

struct promon__note {
    struct promon__note *next;
    char line[];
};

struct promon__probe {
    struct promon__timer timer; /* first, so that the one is the other */
    struct promon__job job; /* for a worker */
    struct promon__job own_job; /* for a thread of its own, promon_probe_run */
    struct promon__engine *engine;
    unsigned uses; /* of the table, of jobs, of those who wait for it */
    struct promon__plan *plan;
    uint64_t hash;

    enum promon__activity activity;
    bool is_submitted; /* `job` is with the workers */
    bool is_overrun; /* it runs, and its result is known already */
    bool is_answered; /* it has returned, and its thread is on its way out */
    bool is_removed;
    bool is_begun; /* since the start, a first time */
    bool is_awaited; /* by promon__engine_start */
    int64_t due_ns, submitted_ns;

    /* Of the check that runs. */
    struct promon__job *running;
    struct promon__probe *before, *after; /* of the engine's list */
    struct promon__probe *waits_for; /* its thread is inside of a removal */
    bool has_thread;
    pthread_t thread;
    int64_t started_ns, deadline_ns;
    uint64_t n_ended; /* checks that have returned */
    struct promon_result result; /* the check's own; nobody else reads it before the end */
    bool wants_notes;
    unsigned n_notes;
    struct promon__note *notes, **last_note;

    /* What is known. */
    struct promon__outcome outcome;
    struct promon_probe_status status;
    bool was_up;
    struct promon__history *history;
    struct promon__probe_metrics metrics;
};

struct promon__engine {
    pthread_mutex_t lock;
    pthread_cond_t turn; /* for the scheduler: something is due earlier than it thinks */
    pthread_cond_t changed; /* for all others: a check has ended, or a result is there */
    unsigned uses; /* of the owner and of each probe */
    struct promon__registry *registry;
    const struct promon__log *log;
    struct promon__engine_metrics metrics;
    struct promon__workers *workers;
    unsigned n_workers; /* at most */
    struct promon__schedule schedule;
    struct promon__probe **probes; /* in the order in which they are shown */
    size_t n_probes, probes_capacity;
    struct promon__probe *checks; /* that run */
    unsigned n_awaited;
    struct promon__history_image histories; /* read, for probes to come */
    bool is_running;
    pthread_t scheduler;
    int64_t wake_ns; /* when the scheduler wakes by itself */
    atomic_llong turned_ns;
};

/* engine.c: gives one use of the engine back and, in any case, its lock. */
void promon__engine_unlock_release(struct promon__engine *engine);
/* Gives one use back; the last one frees the probe and closes its check. No lock is held. */
void promon__probe_release(struct promon__probe *probe);
void promon__probe_free(struct promon__probe *probe); /* when there is no use of it */

/* engine_table.c; the lock is held. */
struct promon__probe *promon__engine_find(const struct promon__engine *engine, const char *name);
/* Takes a probe's metrics and its time away; it is in the table still, and has its use. */
void promon__engine_detach(struct promon__probe *probe);

/* engine_check.c; the lock is held but for the job and the log. */
void promon__check_job(struct promon__job *job);
void promon__check_own_job(struct promon__job *job);
/* From now on the check counts as running, though its thread has to begin yet. */
void promon__check_taken(struct promon__probe *probe, struct promon__job *job);
/* Takes a check as overrun if it is time, or again if it is one already. */
void promon__check_expire(struct promon__probe *probe, int64_t now_ns, struct promon__news *news);
void promon__check_starved(struct promon__probe *probe, int64_t now_ns, struct promon__news *news);
/* Whether one runs that is not overrun. */
bool promon__checks_pend(const struct promon__engine *engine);
/* When the next one of those that run overruns. */
int64_t promon__checks_expire_ns(const struct promon__engine *engine);
/* One that is to be taken as overrun now; NULL: none. */
struct promon__probe *promon__checks_overdue(const struct promon__engine *engine, int64_t now_ns);
/* The check whose thread calls; NULL: none. */
struct promon__probe *promon__check_inside(const struct promon__engine *engine);
void promon__news_tell(const struct promon__log *log, const struct promon__news *news);

/* engine_turn.c; the lock is held but in the thread. */
void *promon__engine_turn(void *engine);
void promon__engine_wake(struct promon__engine *engine, int64_t due_ns);
/* Sets the timer of a probe that has not begun since the start. */
void promon__engine_plan_first(struct promon__probe *probe, int64_t now_ns);
/* The timer after a result: sooner while it fails. */
void promon__engine_plan_retry(struct promon__probe *probe, int64_t now_ns);

#endif
