/*
 * Consumer: its life.
 *
 * Order: new; start, run or connect; request_stop, stop; free.
 * Invariant: LIFE_NEW, RUNNING, DRAINED, ENDING, OVER follow each other, NEW may be followed by
 * DRAINED; whoever finds it DRAINED ends the threads, the others wait for LIFE_OVER.
 */
#include "consumer_state.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "wait.h"

enum { WAY_OUT_US = 100000 };

static enum amqpext_status make_locks(struct amqpext_consumer *consumer,
                                      struct amqpext_error *error)
{
    const int failure = condition_init(&consumer->changed);

    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no condition variable");
    pthread_mutex_init(&consumer->lock, NULL);
    return AMQPEXT_OK;
}

static void set_up(struct amqpext_consumer *consumer)
{
    const struct amqpext_consumer_options *options = &consumer->setup.options;

    consumer->window.max_joined = options->ack_count;
    consumer->window.delay_us = (uint64_t)options->ack_delay_ms * 1000;
    consumer->window.prefetch = options->prefetch_count;
    consumer->slow_due_us = NEVER;
    consumer->flow.answer_due_us = NEVER;
    /* It was checked for its length. */
    memcpy(consumer->queue_name, options->queue, strlen(options->queue) + 1);
}

static enum amqpext_status make_link(struct amqpext_consumer *consumer, struct amqpext_error *error)
{
    const struct amqpext_consumer_options *options = &consumer->setup.options;
    struct endpoint endpoint;
    enum amqpext_status status =
        amqpext__endpoint_make(options->url, options->connection, &endpoint, error);

    if (status != AMQPEXT_OK)
        return status;
    status =
        amqpext__link_new(&endpoint, &amqpext__consumer_owner, consumer, &consumer->link, error);
    if (status != AMQPEXT_OK)
        return status;
    status = amqpext__state_init(&consumer->states, amqpext__link_endpoint(consumer->link),
                                 options->callbacks == AMQPEXT_CALLBACKS_DISPATCH, error);
    if (status != AMQPEXT_OK) {
        amqpext__link_free(consumer->link);
        consumer->link = NULL;
    }
    return status;
}

static enum amqpext_status make_parts(struct amqpext_consumer *consumer,
                                      struct amqpext_error *error)
{
    const struct amqpext_consumer_options *options = &consumer->setup.options;
    enum amqpext_status status = make_link(consumer, error);

    if (status == AMQPEXT_OK)
        status = amqpext__jobs_new(options->callbacks, options->workers, &consumer->jobs, error);
    if (status == AMQPEXT_OK)
        status = amqpext__retry_new(options, &consumer->setup.queue, amqpext__consumer_copied,
                                    consumer, &consumer->retry, error);
    return status;
}

static void free_parts(struct amqpext_consumer *consumer)
{
    if (consumer->retry != NULL)
        amqpext__retry_free(consumer->retry);
    if (consumer->link != NULL) {
        amqpext__state_end(&consumer->states);
        amqpext__link_free(consumer->link);
    }
    amqpext__jobs_free(consumer->jobs);
    amqpext__ack_window_free(&consumer->window);
    amqpext__consumer_setup_free(&consumer->setup);
    pthread_cond_destroy(&consumer->changed);
    pthread_mutex_destroy(&consumer->lock);
    free(consumer);
}

enum amqpext_status amqpext_consumer_new(const struct amqpext_consumer_options *options,
                                         struct amqpext_consumer **out, struct amqpext_error *error)
{
    struct amqpext_consumer *consumer = calloc(1, sizeof(*consumer));
    enum amqpext_status status;

    if (consumer == NULL)
        return amqpext__fail_memory(error);
    status = make_locks(consumer, error);
    if (status != AMQPEXT_OK) {
        free(consumer);
        return status;
    }
    status = amqpext__consumer_setup(options, &consumer->setup, error);
    if (status == AMQPEXT_OK) {
        set_up(consumer);
        status = make_parts(consumer, error);
    }
    if (status != AMQPEXT_OK)
        free_parts(consumer);
    else
        *out = consumer;
    return status;
}

static bool is_inside(const struct amqpext_consumer *consumer)
{
    return amqpext__link_is_own_thread(consumer->link) || amqpext__jobs_is_inside(consumer->jobs);
}

static enum amqpext_status fail_inside(struct amqpext_error *error)
{
    return amqpext__fail(error, AMQPEXT_ESTATE,
                         "a callback of the consumer cannot wait for the consumer");
}

/* Under the lock. */
static enum amqpext_status start(struct amqpext_consumer *consumer, struct amqpext_error *error)
{
    enum amqpext_status status;

    if (consumer->life == LIFE_RUNNING)
        return AMQPEXT_OK;
    if (consumer->life != LIFE_NEW)
        return amqpext__fail(error, AMQPEXT_ECLOSED, "the consumer was stopped");
    status = amqpext__jobs_start(consumer->jobs, error);
    if (status == AMQPEXT_OK)
        status = amqpext__link_start(consumer->link, error);
    if (status == AMQPEXT_OK)
        consumer->life = LIFE_RUNNING;
    return status;
}

enum amqpext_status amqpext_consumer_start(struct amqpext_consumer *consumer,
                                           struct amqpext_error *error)
{
    enum amqpext_status status;

    pthread_mutex_lock(&consumer->lock);
    status = start(consumer, error);
    pthread_mutex_unlock(&consumer->lock);
    return status;
}

enum amqpext_status amqpext_consumer_connect(struct amqpext_consumer *consumer, unsigned timeout_ms,
                                             struct amqpext_error *error)
{
    enum amqpext_status status;

    if (is_inside(consumer))
        return fail_inside(error);
    status = amqpext_consumer_start(consumer, error);
    if (status != AMQPEXT_OK)
        return status;
    return amqpext__link_wait_ready(consumer->link, timeout_ms, error);
}

static enum consumer_life life_of(struct amqpext_consumer *consumer)
{
    enum consumer_life life;

    pthread_mutex_lock(&consumer->lock);
    life = consumer->life;
    pthread_mutex_unlock(&consumer->lock);
    return life;
}

/* Handlers run in here until the I/O thread has drained. */
static void dispatch_until_drained(struct amqpext_consumer *consumer)
{
    struct pollfd readable = {.fd = amqpext__jobs_fd(consumer->jobs), .events = POLLIN};

    while (life_of(consumer) == LIFE_RUNNING) {
        /* A signal ends the wait, and perhaps the loop. */
        (void)poll(&readable, 1, -1);
        amqpext_consumer_dispatch(consumer);
    }
}

static void wait_until_drained(struct amqpext_consumer *consumer)
{
    pthread_mutex_lock(&consumer->lock);
    while (consumer->life == LIFE_RUNNING)
        condition_wait(&consumer->changed, &consumer->lock, NEVER);
    pthread_mutex_unlock(&consumer->lock);
}

/* A handler that has given its verdict needs a moment to be out of its job. */
static uint64_t handlers_deadline_us(const struct amqpext_consumer *consumer)
{
    const uint64_t deadline_us = atomic_load(&consumer->drain_deadline_us);
    const uint64_t moment_us = monotonic_us() + WAY_OUT_US;

    return deadline_us > moment_us ? deadline_us : moment_us;
}

/* Ends the threads. Handlers that outlive the deadline are waited for nevertheless. */
static bool end_threads(struct amqpext_consumer *consumer)
{
    bool is_idle;

    amqpext__link_join(consumer->link);
    /* Without a link there was no drain either. */
    (void)amqpext__settle_queue_close(&consumer->verdicts);
    is_idle = amqpext__jobs_wait_idle(consumer->jobs, handlers_deadline_us(consumer));
    (void)amqpext__jobs_wait_idle(consumer->jobs, NEVER);
    amqpext__jobs_stop(consumer->jobs);
    /* Copies that somebody still waits for were given up with the link. */
    amqpext__retry_stop(consumer->retry, monotonic_us());
    return is_idle;
}

static enum amqpext_status end(struct amqpext_consumer *consumer, struct amqpext_error *error)
{
    bool has_timed_out;

    pthread_mutex_lock(&consumer->lock);
    if (consumer->life == LIFE_DRAINED) {
        bool is_idle;

        consumer->life = LIFE_ENDING;
        pthread_mutex_unlock(&consumer->lock);
        is_idle = end_threads(consumer);
        pthread_mutex_lock(&consumer->lock);
        consumer->has_timed_out = consumer->has_timed_out || !is_idle;
        consumer->life = LIFE_OVER;
        pthread_cond_broadcast(&consumer->changed);
    }
    while (consumer->life != LIFE_OVER)
        condition_wait(&consumer->changed, &consumer->lock, NEVER);
    has_timed_out = consumer->has_timed_out;
    pthread_mutex_unlock(&consumer->lock);
    amqpext__state_dispatch(&consumer->states, consumer->jobs);
    if (has_timed_out)
        return amqpext__fail(error, AMQPEXT_ETIMEDOUT,
                             "not all handlers ended in time: their messages come again");
    return AMQPEXT_OK;
}

enum amqpext_status amqpext_consumer_run(struct amqpext_consumer *consumer,
                                         struct amqpext_error *error)
{
    enum amqpext_status status;

    if (is_inside(consumer))
        return fail_inside(error);
    /* A stop that was requested may be over already: then there is only the end to wait for. */
    pthread_mutex_lock(&consumer->lock);
    status = consumer->life == LIFE_DRAINED ? AMQPEXT_OK : start(consumer, error);
    pthread_mutex_unlock(&consumer->lock);
    if (status != AMQPEXT_OK)
        return status;
    if (amqpext__jobs_fd(consumer->jobs) >= 0)
        dispatch_until_drained(consumer);
    else
        wait_until_drained(consumer);
    return end(consumer, error);
}

void amqpext_consumer_request_stop(struct amqpext_consumer *consumer)
{
    atomic_store(&consumer->is_stop_requested, true);
    amqpext__link_wake(consumer->link);
}

/* True: it was over already. */
static bool begin_stop(struct amqpext_consumer *consumer, unsigned drain_timeout_ms)
{
    bool is_over;

    pthread_mutex_lock(&consumer->lock);
    is_over = consumer->life == LIFE_OVER;
    /* What was not started has nothing to drain. */
    if (consumer->life == LIFE_NEW)
        consumer->life = LIFE_DRAINED;
    pthread_mutex_unlock(&consumer->lock);
    if (!is_over) {
        atomic_store(&consumer->drain_deadline_us,
                     monotonic_us() + (uint64_t)drain_timeout_ms * UINT64_C(1000));
        amqpext_consumer_request_stop(consumer);
    }
    return is_over;
}

enum amqpext_status amqpext_consumer_stop(struct amqpext_consumer *consumer,
                                          unsigned drain_timeout_ms, struct amqpext_error *error)
{
    if (is_inside(consumer))
        return fail_inside(error);
    if (begin_stop(consumer, drain_timeout_ms))
        return AMQPEXT_OK;
    wait_until_drained(consumer);
    return end(consumer, error);
}

void amqpext_consumer_free(struct amqpext_consumer *consumer)
{
    if (consumer == NULL)
        return;
    atomic_store(&consumer->skips_deferred, true);
    (void)amqpext_consumer_stop(consumer, consumer->setup.options.drain_timeout_ms, NULL);
    free_parts(consumer);
}

void amqpext_consumer_pause(struct amqpext_consumer *consumer)
{
    atomic_store(&consumer->is_paused, true);
    amqpext__link_wake(consumer->link);
}

void amqpext_consumer_resume(struct amqpext_consumer *consumer)
{
    atomic_store(&consumer->is_paused, false);
    amqpext__link_wake(consumer->link);
}

int amqpext_consumer_fd(const struct amqpext_consumer *consumer)
{
    return amqpext__jobs_fd(consumer->jobs);
}

void amqpext_consumer_dispatch(struct amqpext_consumer *consumer)
{
    amqpext__state_and_jobs_dispatch(&consumer->states, consumer->jobs);
}
