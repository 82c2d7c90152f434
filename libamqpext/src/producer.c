/*
 * Producer: its life as the program sees it, and waiting for all that was published.
 *
 * Order: new; start, connect, publish, flush in any order; close; free.
 * Invariant: after is_closing nothing is added to the ledger; after is_closed no thread is left and
 * no callback is called.
 */
#include "producer.h"

#include "clock.h"
#include "error.h"
#include "options.h"
#include "wait.h"

/*
 * Time for the goodbye to the broker: an answer takes a round trip, and nothing depends on it,
 * since all outcomes are known.
 */
enum { LINGER_MS = 500 };

bool amqpext__producer_is_inside(const struct amqpext_producer *producer)
{
    return producer->drive->is_own_thread(producer->engine) ||
           (producer->jobs != NULL && amqpext__jobs_is_inside(producer->jobs));
}

static enum amqpext_status fail_inside(struct amqpext_error *error)
{
    return amqpext__fail(error, AMQPEXT_ESTATE, "not from a callback of the producer");
}

enum amqpext_status amqpext_producer_start(struct amqpext_producer *producer,
                                           struct amqpext_error *error)
{
    enum amqpext_status status = AMQPEXT_OK;

    pthread_mutex_lock(&producer->lock);
    if (producer->is_closing)
        status = amqpext__fail(error, AMQPEXT_ECLOSED, "the producer is closing");
    if (status == AMQPEXT_OK && producer->jobs != NULL)
        status = amqpext__jobs_start(producer->jobs, error);
    if (status == AMQPEXT_OK)
        status = producer->drive->start(producer->engine, error);
    pthread_mutex_unlock(&producer->lock);
    return status;
}

enum amqpext_status amqpext_producer_connect(struct amqpext_producer *producer, unsigned timeout_ms,
                                             struct amqpext_error *error)
{
    enum amqpext_status status;

    if (amqpext__producer_is_inside(producer))
        return fail_inside(error);
    status = amqpext_producer_start(producer, error);
    if (status == AMQPEXT_OK)
        status = producer->drive->wait_ready(producer->engine, timeout_ms, error);
    return status;
}

bool amqpext_producer_is_connected(const struct amqpext_producer *producer)
{
    return producer->drive->is_ready(producer->engine);
}

bool amqpext_producer_is_blocked(const struct amqpext_producer *producer)
{
    return producer->drive->is_blocked(producer->engine);
}

/* Waits for progress, until `least`, one of the flush_ members, may be `value`; false: too late. */
static bool wait_for(struct amqpext_producer *producer, uint64_t *least, uint64_t value,
                     uint64_t deadline_us)
{
    if (value < *least)
        *least = value;
    return condition_wait(&producer->progress, &producer->lock, deadline_us);
}

/* Waits, with the lock held, until messages up to `serial` have outcomes that were told. */
static bool flush_until(struct amqpext_producer *producer, uint64_t serial, uint64_t deadline_us)
{
    const struct ledger *ledger = &producer->ledger;
    bool is_in_time = true;
    uint64_t to_tell;

    while (is_in_time && amqpext__ledger_oldest(ledger) <= serial)
        is_in_time = wait_for(producer, &producer->flush_serial, serial, deadline_us);
    to_tell = ledger->to_tell;
    while (is_in_time && producer->n_told < to_tell)
        is_in_time = wait_for(producer, &producer->flush_told, to_tell, deadline_us);
    return amqpext__ledger_oldest(ledger) > serial && producer->n_told >= to_tell;
}

enum amqpext_status amqpext_producer_flush(struct amqpext_producer *producer, unsigned timeout_ms,
                                           struct amqpext_error *error)
{
    const uint64_t deadline_us = monotonic_us() + (uint64_t)timeout_ms * 1000;
    bool is_done;
    size_t n;

    if (amqpext__producer_is_inside(producer))
        return fail_inside(error);
    pthread_mutex_lock(&producer->lock);
    is_done = flush_until(producer, producer->ledger.serial, deadline_us);
    n = producer->ledger.n_undecided;
    pthread_mutex_unlock(&producer->lock);
    if (is_done)
        return AMQPEXT_OK;
    return amqpext__fail(error, AMQPEXT_ETIMEDOUT, "%zu messages have no outcome after %u ms", n,
                         timeout_ms);
}

/* Ends the threads. Returns how many messages were cancelled for it. */
static uint64_t shut(struct amqpext_producer *producer, uint64_t deadline_us)
{
    uint64_t cancelled;

    pthread_mutex_lock(&producer->lock);
    producer->is_closing = true;
    amqpext__room_clear(producer, AMQPEXT_ECLOSED);
    (void)flush_until(producer, producer->ledger.serial, deadline_us);
    cancelled = producer->ledger.figures.cancelled;
    producer->is_ending = true;
    producer->linger_ms = LINGER_MS;
    pthread_mutex_unlock(&producer->lock);
    producer->drive->wake(producer->engine);
    producer->drive->join(producer->engine);
    if (producer->jobs != NULL)
        amqpext__jobs_stop(producer->jobs);
    if (producer->callbacks == AMQPEXT_CALLBACKS_DISPATCH)
        amqpext__state_dispatch(&producer->teller, producer->jobs);
    /* No other thread is left. */
    return producer->ledger.figures.cancelled - cancelled;
}

enum amqpext_status amqpext_producer_close(struct amqpext_producer *producer, unsigned timeout_ms,
                                           struct amqpext_error *error)
{
    const uint64_t deadline_us = monotonic_us() + (uint64_t)timeout_ms * 1000;
    uint64_t cancelled = 0;

    if (amqpext__producer_is_inside(producer))
        return fail_inside(error);
    pthread_mutex_lock(&producer->close_lock);
    if (!producer->is_closed)
        cancelled = shut(producer, deadline_us);
    producer->is_closed = true;
    pthread_mutex_unlock(&producer->close_lock);
    if (cancelled == 0)
        return AMQPEXT_OK;
    return amqpext__fail(error, AMQPEXT_ETIMEDOUT, "%llu messages were cancelled after %u ms",
                         (unsigned long long)cancelled, timeout_ms);
}

void amqpext_producer_free(struct amqpext_producer *producer)
{
    if (producer == NULL)
        return;
    (void)amqpext_producer_close(producer, 0, NULL);
    amqpext__producer_unmake(producer);
}

int amqpext_producer_fd(const struct amqpext_producer *producer)
{
    return producer->jobs == NULL ? -1 : amqpext__jobs_fd(producer->jobs);
}

void amqpext_producer_dispatch(struct amqpext_producer *producer)
{
    if (producer->callbacks != AMQPEXT_CALLBACKS_DISPATCH)
        return;
    amqpext__state_and_jobs_dispatch(&producer->teller, producer->jobs);
}

void amqpext_producer_stats(const struct amqpext_producer *producer,
                            struct amqpext_producer_stats *out)
{
    struct amqpext_producer_stats figures;
    /* Of what is only read: its lock is no part of what it says. */
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&producer->lock;

    pthread_mutex_lock(lock);
    amqpext__ledger_figures(&producer->ledger, &figures);
    pthread_mutex_unlock(lock);
    producer->drive->stats(producer->engine, &figures.connection);
    amqpext__figures_copy(out, &figures, sizeof(figures));
}
