/*
 * Jobs: the three places where callbacks run, behind one call.
 *
 * Order: new; start if a lack of threads matters; post, take_back, wait_idle from any thread;
 * dispatch; stop; free.
 * Invariant: a job is in the lanes, or runs, or is over; `runners` names the threads other than
 * workers that are inside of one. No lock is held while a job runs.
 */
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"
#include "lanes.h"
#include "wait.h"
#include "workers.h"

/*
 * Slots of lanes per worker: with so many, a lane seldom waits for another one although a worker is
 * free.
 */
enum { SLOTS_PER_WORKER = 64, MAX_SLOTS = 4096 };

/* A thread inside of a job, on its own stack. */
struct runner {
    pthread_t thread;
    struct runner *next;
};

struct jobs {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t idle; /* nothing runs, or nothing is left */
    enum amqpext_callbacks mode;
    struct lanes lanes;
    struct workers workers;
    struct runner *runners;
    size_t running;
    unsigned resting; /* workers that wait for a job */
    bool is_waking; /* one of them was woken and is not up yet */
    bool is_stopping;
    int fd;
};

/* Of a structure that is only read: its lock is no part of what it says. */
static struct jobs *unlocked(const struct jobs *jobs)
{
    return (struct jobs *)(uintptr_t)jobs;
}

static void lock(const struct jobs *jobs)
{
    pthread_mutex_lock(&unlocked(jobs)->lock);
}

static void unlock(const struct jobs *jobs)
{
    pthread_mutex_unlock(&unlocked(jobs)->lock);
}

static bool is_idle(const struct jobs *jobs)
{
    return jobs->running == 0 && jobs->lanes.count == 0;
}

/*
 * Whether the caller has to wake a worker, once it has let go of the lock. One at a time: who is up
 * wakes the next if there is something left by then. With handlers that take less time than waking,
 * those that run do all by themselves.
 */
static bool must_wake(struct jobs *jobs)
{
    const bool result =
        amqpext__lanes_has_ready(&jobs->lanes) && jobs->resting != 0 && !jobs->is_waking;

    jobs->is_waking = jobs->is_waking || result;
    return result;
}

/* Runs a job that was taken. The lock is held before and after, not during. */
static void run(struct jobs *jobs, struct job *job)
{
    const uint64_t lane = job->lane;
    const bool wakes = must_wake(jobs);

    jobs->running++;
    unlock(jobs);
    if (wakes)
        pthread_cond_signal(&jobs->filled);
    job->run(job);
    lock(jobs);
    jobs->running--;
    /* If that makes another one ready, the caller comes for it. */
    amqpext__lanes_done(&jobs->lanes, lane);
    if (jobs->running == 0)
        pthread_cond_broadcast(&jobs->idle);
}

static void enter(struct jobs *jobs, struct runner *runner)
{
    runner->thread = pthread_self();
    runner->next = jobs->runners;
    jobs->runners = runner;
}

static void leave(struct jobs *jobs, struct runner *runner)
{
    struct runner **place = &jobs->runners;

    while (*place != runner)
        place = &(*place)->next;
    *place = runner->next;
}

static bool is_inside(const struct jobs *jobs)
{
    const pthread_t self = pthread_self();
    const struct runner *runner = jobs->runners;

    while (runner != NULL && !pthread_equal(runner->thread, self))
        runner = runner->next;
    return runner != NULL || amqpext__workers_is_one(&jobs->workers, self);
}

bool amqpext__jobs_is_inside(const struct jobs *jobs)
{
    bool result;

    lock(jobs);
    result = is_inside(jobs);
    unlock(jobs);
    return result;
}

size_t amqpext__jobs_running(const struct jobs *jobs)
{
    size_t running;

    lock(jobs);
    running = jobs->running;
    unlock(jobs);
    return running;
}

static void *work(void *data)
{
    struct jobs *jobs = data;

    lock(jobs);
    for (;;) {
        struct job *job = amqpext__lanes_take(&jobs->lanes);

        if (job != NULL) {
            run(jobs, job);
        } else if (jobs->is_stopping && jobs->lanes.count == 0) {
            break;
        } else {
            jobs->resting++;
            pthread_cond_wait(&jobs->filled, &jobs->lock);
            jobs->resting--;
            jobs->is_waking = false;
        }
    }
    /* One that waits for the last job of a lane to end is not woken by its end. */
    pthread_cond_broadcast(&jobs->filled);
    unlock(jobs);
    return NULL;
}

static size_t slots_for(enum amqpext_callbacks mode, unsigned n_workers)
{
    size_t n_slots = 1;

    if (mode != AMQPEXT_CALLBACKS_WORKERS || n_workers < 2)
        return 0;
    while (n_slots < (size_t)n_workers * SLOTS_PER_WORKER && n_slots < MAX_SLOTS)
        n_slots *= 2;
    return n_slots;
}

static int init_conditions(struct jobs *jobs)
{
    int failure = pthread_cond_init(&jobs->filled, NULL);

    if (failure != 0)
        return failure;
    failure = condition_init(&jobs->idle);
    if (failure != 0)
        pthread_cond_destroy(&jobs->filled);
    return failure;
}

static enum amqpext_status make(struct jobs *jobs, unsigned n_workers, struct amqpext_error *error)
{
    const bool has_workers = jobs->mode == AMQPEXT_CALLBACKS_WORKERS;

    if (!amqpext__lanes_init(&jobs->lanes, slots_for(jobs->mode, n_workers)) ||
        !amqpext__workers_init(&jobs->workers, has_workers ? n_workers : 0))
        return amqpext__fail_memory(error);
    if (jobs->mode != AMQPEXT_CALLBACKS_DISPATCH)
        return AMQPEXT_OK;
    jobs->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (jobs->fd < 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, errno, "no descriptor for callbacks");
    return AMQPEXT_OK;
}

enum amqpext_status amqpext__jobs_new(enum amqpext_callbacks mode, unsigned n_workers,
                                      struct jobs **out, struct amqpext_error *error)
{
    struct jobs *jobs = calloc(1, sizeof(*jobs));
    enum amqpext_status status;
    int failure;

    if (jobs == NULL)
        return amqpext__fail_memory(error);
    failure = init_conditions(jobs);
    if (failure != 0) {
        free(jobs);
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no condition variable");
    }
    pthread_mutex_init(&jobs->lock, NULL);
    jobs->mode = mode;
    jobs->fd = -1;
    status = make(jobs, n_workers, error);
    if (status != AMQPEXT_OK)
        amqpext__jobs_free(jobs);
    else
        *out = jobs;
    return status;
}

enum amqpext_status amqpext__jobs_start(struct jobs *jobs, struct amqpext_error *error)
{
    int failure;

    lock(jobs);
    failure = amqpext__workers_start(&jobs->workers, work, jobs);
    unlock(jobs);
    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no thread for callbacks");
    return AMQPEXT_OK;
}

static void run_here(struct jobs *jobs, struct job *job)
{
    struct runner runner;

    lock(jobs);
    enter(jobs, &runner);
    run(jobs, job);
    leave(jobs, &runner);
    unlock(jobs);
}

static void add_for_workers(struct jobs *jobs, struct job *job, bool is_last)
{
    bool wakes;

    lock(jobs);
    if (jobs->workers.started == 0)
        (void)amqpext__workers_start(&jobs->workers, work, jobs);
    amqpext__lanes_add(&jobs->lanes, job);
    wakes = is_last && must_wake(jobs);
    unlock(jobs);
    if (wakes)
        pthread_cond_signal(&jobs->filled);
}

void amqpext__jobs_notify(struct jobs *jobs)
{
    static const uint64_t one = 1;

    /* An eventfd refuses a write only when its counter is full, and then it is readable. */
    if (write(jobs->fd, &one, sizeof(one)) < 0)
        return;
}

static void post_to_dispatcher(struct jobs *jobs, struct job *job)
{
    bool is_first;

    lock(jobs);
    is_first = jobs->lanes.count == 0;
    amqpext__lanes_add(&jobs->lanes, job);
    unlock(jobs);
    if (is_first)
        amqpext__jobs_notify(jobs);
}

void amqpext__jobs_post(struct jobs *jobs, struct job *job)
{
    if (jobs->mode == AMQPEXT_CALLBACKS_DISPATCH)
        post_to_dispatcher(jobs, job);
    else if (jobs->mode != AMQPEXT_CALLBACKS_WORKERS)
        run_here(jobs, job);
    else
        add_for_workers(jobs, job, true);
}

void amqpext__jobs_add(struct jobs *jobs, struct job *job)
{
    if (jobs->mode == AMQPEXT_CALLBACKS_WORKERS)
        add_for_workers(jobs, job, false);
    else
        amqpext__jobs_post(jobs, job);
}

void amqpext__jobs_wake(struct jobs *jobs)
{
    bool wakes;

    lock(jobs);
    wakes = must_wake(jobs);
    unlock(jobs);
    if (wakes)
        pthread_cond_signal(&jobs->filled);
}

struct job *amqpext__jobs_take_back(struct jobs *jobs)
{
    struct job *list;

    lock(jobs);
    list = amqpext__lanes_take_all(&jobs->lanes);
    if (is_idle(jobs))
        pthread_cond_broadcast(&jobs->idle);
    unlock(jobs);
    return list;
}

bool amqpext__jobs_wait_idle(struct jobs *jobs, uint64_t deadline_us)
{
    bool result;

    lock(jobs);
    while (!is_idle(jobs) && condition_wait(&jobs->idle, &jobs->lock, deadline_us))
        continue;
    result = is_idle(jobs);
    unlock(jobs);
    return result;
}

int amqpext__jobs_fd(const struct jobs *jobs)
{
    return jobs->fd;
}

/* Runs at most `limit` jobs on this thread; the lock is held. */
static void run_waiting(struct jobs *jobs, size_t limit)
{
    struct runner runner;
    struct job *job;

    enter(jobs, &runner);
    while (limit-- != 0 && (job = amqpext__lanes_take(&jobs->lanes)) != NULL)
        run(jobs, job);
    leave(jobs, &runner);
}

void amqpext__jobs_dispatch(struct jobs *jobs)
{
    uint64_t count;
    bool has_more = false;

    if (jobs->fd < 0)
        return;
    lock(jobs);
    if (!is_inside(jobs)) {
        /* First the descriptor: what is posted from here on makes it readable again. */
        if (read(jobs->fd, &count, sizeof(count)) < 0)
            count = 0;
        /* What jobs post themselves has to wait: the caller's loop has other things to do. */
        run_waiting(jobs, jobs->lanes.count);
        has_more = jobs->lanes.count != 0;
    }
    unlock(jobs);
    if (has_more)
        amqpext__jobs_notify(jobs);
}

void amqpext__jobs_call(struct jobs *jobs, void (*call)(void *data), void *data)
{
    struct runner runner;

    lock(jobs);
    enter(jobs, &runner);
    unlock(jobs);
    call(data);
    lock(jobs);
    leave(jobs, &runner);
    unlock(jobs);
}

/* Runs what waits when no worker does, after another thread's dispatch; the lock is held. */
static void run_rest(struct jobs *jobs)
{
    while (jobs->running != 0)
        condition_wait(&jobs->idle, &jobs->lock, NEVER);
    run_waiting(jobs, SIZE_MAX);
}

void amqpext__jobs_stop(struct jobs *jobs)
{
    lock(jobs);
    jobs->is_stopping = true;
    if (jobs->workers.started == 0)
        run_rest(jobs);
    pthread_cond_broadcast(&jobs->filled);
    unlock(jobs);
    /* Without the lock, for which they wait; but until they have ended they are known as ours. */
    amqpext__workers_join(&jobs->workers);
    lock(jobs);
    jobs->workers.started = 0;
    jobs->workers.wanted = 0;
    unlock(jobs);
}

void amqpext__jobs_free(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    if (jobs->fd >= 0)
        close(jobs->fd);
    amqpext__workers_free(&jobs->workers);
    amqpext__lanes_free(&jobs->lanes);
    pthread_cond_destroy(&jobs->filled);
    pthread_cond_destroy(&jobs->idle);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}
