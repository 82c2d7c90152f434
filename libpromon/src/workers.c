/*
 * Workers: a stack of resting threads, each woken by itself, and a queue of jobs.
 *
 * The thread that rested last is woken first, so that those that are not needed rest long enough to
 * end. A thread is joined by promon__workers_join unless it is detached: when it ends for lack of
 * work, when it is left behind, when it runs one job alone.
 *
 * Invariant: a worker is in `all` from its start to its end; `threads` counts those that are
 * neither left nor alone.
 */
#include "workers.h"

#include <promon/cell.h>
#include <pthread.h>
#include <stdlib.h>

#include "error.h"
#include "thread.h"
#include "wait.h"

struct promon__worker {
    struct promon__workers *workers;
    struct promon__worker *before, *after; /* of `all` */
    struct promon__worker *below; /* of the resting ones */
    pthread_t thread;
    pthread_cond_t wake;
    struct promon__job *job; /* given to it while it rests */
    bool is_resting, is_left, is_alone;
    bool is_unwanted; /* to be left as soon as there may be one more of those */
};

struct promon__workers {
    pthread_mutex_t lock;
    pthread_cond_t gone; /* a thread has ended */
    struct promon__worker *all, *resting;
    struct promon__job *first, **last; /* that wait */
    unsigned most, most_left;
    int64_t rest_ns;
    unsigned threads, left;
    unsigned uses; /* threads, and one of the owner */
    bool is_open;
};

enum promon_status promon__workers_new(unsigned most, unsigned most_left, int64_t rest_ns,
                                       struct promon__workers **out, struct promon_error *error)
{
    struct promon__workers *workers = calloc(1, sizeof(*workers));

    if (workers == NULL)
        return promon__fail_memory(error);
    pthread_mutex_init(&workers->lock, NULL);
    promon__condition_init(&workers->gone);
    workers->last = &workers->first;
    workers->most = most;
    workers->most_left = most_left;
    workers->rest_ns = rest_ns;
    workers->uses = 1;
    *out = workers;
    return PROMON_OK;
}

/* Gives the lock back. */
static void release(struct promon__workers *workers)
{
    const bool is_last = --workers->uses == 0;

    pthread_mutex_unlock(&workers->lock);
    if (!is_last)
        return;
    pthread_cond_destroy(&workers->gone);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

void promon__workers_release(struct promon__workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    release(workers);
}

static void link_worker(struct promon__worker *worker)
{
    worker->after = worker->workers->all;
    if (worker->after != NULL)
        worker->after->before = worker;
    worker->workers->all = worker;
}

static void unlink_worker(struct promon__worker *worker)
{
    if (worker->after != NULL)
        worker->after->before = worker->before;
    if (worker->before != NULL)
        worker->before->after = worker->after;
    else
        worker->workers->all = worker->after;
}

static void stop_resting(struct promon__worker *worker)
{
    struct promon__worker **at = &worker->workers->resting;

    while (*at != worker)
        at = &(*at)->below;
    *at = worker->below;
    worker->is_resting = false;
}

static struct promon__job *take_first(struct promon__workers *workers)
{
    struct promon__job *job = workers->first;

    if (job == NULL)
        return NULL;
    workers->first = job->next;
    if (job->next == NULL)
        workers->last = &workers->first;
    return job;
}

/* Rests until there is a job, the end, or, for all but one thread, for long; the lock is held. */
static void rest(struct promon__worker *worker)
{
    struct promon__workers *workers = worker->workers;
    bool is_long = false;

    worker->is_resting = true;
    worker->below = workers->resting;
    workers->resting = worker;
    while (worker->job == NULL && workers->is_open && (!is_long || workers->threads == 1))
        is_long =
            !condition_wait(&worker->wake, &workers->lock, promon_now_ns() + workers->rest_ns);
    if (worker->is_resting)
        stop_resting(worker);
}

/* The next job, NULL when the thread is to end; the lock is held. */
static struct promon__job *next_job(struct promon__worker *worker)
{
    struct promon__job *job;

    if (worker->job == NULL && worker->workers->is_open)
        worker->job = take_first(worker->workers);
    if (worker->job == NULL && worker->workers->is_open)
        rest(worker);
    job = worker->job;
    worker->job = NULL;
    return job;
}

static enum promon_status add_thread(struct promon__workers *workers, struct promon__job *job,
                                     bool is_alone, struct promon_error *error);

/* The lock is held. */
static void leave(struct promon__worker *worker)
{
    struct promon__workers *workers = worker->workers;

    if (!worker->is_alone) {
        pthread_detach(worker->thread);
        workers->threads--;
    }
    worker->is_left = true;
    workers->left++;
    pthread_cond_broadcast(&workers->gone);
    if (workers->is_open && workers->first != NULL && workers->threads < workers->most &&
        add_thread(workers, workers->first, false, NULL) == PROMON_OK)
        (void)take_first(workers);
}

/* There is room for one more of those left behind; the lock is held. */
static void leave_unwanted(struct promon__workers *workers)
{
    struct promon__worker *worker = workers->all;

    while (worker != NULL && (worker->is_left || !worker->is_unwanted))
        worker = worker->after;
    if (worker != NULL)
        leave(worker);
}

/* The last thing a thread does; the lock is held, and given back. */
static void end_thread(struct promon__worker *worker)
{
    struct promon__workers *workers = worker->workers;

    /* While it is open nobody joins: the thread ends by itself. */
    if (!worker->is_left && !worker->is_alone && workers->is_open)
        pthread_detach(worker->thread);
    if (worker->is_left) {
        workers->left--;
        leave_unwanted(workers);
    } else if (!worker->is_alone) {
        workers->threads--;
    }
    if (worker->is_left || worker->is_alone || workers->is_open) {
        unlink_worker(worker);
        pthread_cond_destroy(&worker->wake);
        free(worker);
    }
    pthread_cond_broadcast(&workers->gone);
    release(workers);
}

static void *work(void *data)
{
    struct promon__worker *worker = data;
    struct promon__workers *workers = worker->workers;
    struct promon__job *job;

    pthread_setname_np(pthread_self(), "promon-check");
    pthread_mutex_lock(&workers->lock);
    while (!worker->is_left && (job = next_job(worker)) != NULL) {
        job->worker = worker;
        pthread_mutex_unlock(&workers->lock);
        job->run(job);
        pthread_mutex_lock(&workers->lock);
        worker->is_unwanted = false;
        if (worker->is_alone)
            break;
    }
    end_thread(worker);
    return NULL;
}

/* The lock is held; `job` may be NULL. */
static enum promon_status add_thread(struct promon__workers *workers, struct promon__job *job,
                                     bool is_alone, struct promon_error *error)
{
    struct promon__worker *worker = calloc(1, sizeof(*worker));
    enum promon_status status;

    if (worker == NULL)
        return promon__fail_memory(error);
    worker->workers = workers;
    worker->job = job;
    worker->is_alone = is_alone;
    if (job != NULL)
        job->worker = worker;
    promon__condition_init(&worker->wake);
    status = promon__thread_start(&worker->thread, work, worker, error);
    if (status != PROMON_OK) {
        pthread_cond_destroy(&worker->wake);
        free(worker);
        return status;
    }
    if (is_alone)
        pthread_detach(worker->thread);
    else
        workers->threads++;
    workers->uses++;
    link_worker(worker);
    return PROMON_OK;
}

enum promon_status promon__workers_start(struct promon__workers *workers,
                                         struct promon_error *error)
{
    enum promon_status status = PROMON_OK;

    pthread_mutex_lock(&workers->lock);
    workers->is_open = true;
    if (workers->threads == 0)
        status = add_thread(workers, NULL, false, error);
    if (status != PROMON_OK)
        workers->is_open = false;
    pthread_mutex_unlock(&workers->lock);
    return status;
}

struct promon__job *promon__workers_close(struct promon__workers *workers)
{
    struct promon__worker *worker;
    struct promon__job *waiting;

    pthread_mutex_lock(&workers->lock);
    workers->is_open = false;
    waiting = workers->first;
    workers->first = NULL;
    workers->last = &workers->first;
    for (worker = workers->resting; worker != NULL; worker = worker->below)
        pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&workers->lock);
    return waiting;
}

/* One that is neither left nor alone, NULL when there is none. */
static struct promon__worker *find_joinable(const struct promon__workers *workers)
{
    struct promon__worker *worker = workers->all;

    while (worker != NULL && (worker->is_left || worker->is_alone))
        worker = worker->after;
    return worker;
}

void promon__workers_join(struct promon__workers *workers)
{
    struct promon__worker *worker;

    pthread_mutex_lock(&workers->lock);
    /* Those that run may be left behind meanwhile, and are not to be joined then. */
    while (workers->threads != 0)
        condition_wait(&workers->gone, &workers->lock, PROMON__NEVER);
    while ((worker = find_joinable(workers)) != NULL) {
        unlink_worker(worker);
        pthread_join(worker->thread, NULL);
        pthread_cond_destroy(&worker->wake);
        free(worker);
    }
    pthread_mutex_unlock(&workers->lock);
}

void promon__workers_submit(struct promon__workers *workers, struct promon__job *job)
{
    struct promon__worker *worker;

    job->next = NULL;
    job->worker = NULL;
    pthread_mutex_lock(&workers->lock);
    worker = workers->resting;
    if (worker != NULL) {
        stop_resting(worker);
        worker->job = job;
        pthread_cond_signal(&worker->wake);
    } else if (workers->threads == workers->most ||
               add_thread(workers, job, false, NULL) != PROMON_OK) {
        *workers->last = job;
        workers->last = &job->next;
    }
    pthread_mutex_unlock(&workers->lock);
}

enum promon_status promon__workers_run_alone(struct promon__workers *workers,
                                             struct promon__job *job, struct promon_error *error)
{
    enum promon_status status;

    job->next = NULL;
    job->worker = NULL;
    pthread_mutex_lock(&workers->lock);
    if (workers->left >= workers->most_left)
        status = promon__fail(error, PROMON_ERESOURCES,
                              "%u checks are stuck already, which is the limit", workers->left);
    else
        status = add_thread(workers, job, true, error);
    pthread_mutex_unlock(&workers->lock);
    return status;
}

bool promon__workers_leave(struct promon__workers *workers, struct promon__job *job, bool forced)
{
    struct promon__worker *worker;
    bool is_left;

    pthread_mutex_lock(&workers->lock);
    worker = job->worker;
    worker->is_unwanted = true;
    if (!worker->is_left && (forced || workers->left < workers->most_left))
        leave(worker);
    is_left = worker->is_left;
    pthread_mutex_unlock(&workers->lock);
    return is_left;
}

struct promon__workers_figures promon__workers_figures(struct promon__workers *workers)
{
    struct promon__workers_figures figures;

    pthread_mutex_lock(&workers->lock);
    figures = (struct promon__workers_figures){workers->threads, workers->left};
    pthread_mutex_unlock(&workers->lock);
    return figures;
}

void promon__workers_after_fork(struct promon__workers *workers)
{
    struct promon__worker *worker = workers->all;

    pthread_mutex_init(&workers->lock, NULL);
    promon__condition_init(&workers->gone);
    /* Only forwards: a thread of the parent may have been in the middle of a change. */
    while (worker != NULL) {
        struct promon__worker *after = worker->after;

        free(worker);
        worker = after;
    }
    workers->all = workers->resting = NULL;
    workers->first = NULL;
    workers->last = &workers->first;
    workers->threads = workers->left = 0;
    workers->uses = 1;
    workers->is_open = false;
}
