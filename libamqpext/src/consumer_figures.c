/*
 * What a consumer tells about itself, to any thread.
 */
#include <string.h>

#include "consumer_state.h"
#include "options.h"

/* Of a structure that is only read: its lock is no part of what it says. */
static pthread_mutex_t *lock_of(const struct amqpext_consumer *consumer)
{
    return &((struct amqpext_consumer *)(uintptr_t)consumer)->lock;
}

bool amqpext_consumer_is_connected(const struct amqpext_consumer *consumer)
{
    return atomic_load(&consumer->is_on);
}

void amqpext_consumer_queue(const struct amqpext_consumer *consumer, char *out, size_t size)
{
    size_t length;

    if (size == 0)
        return;
    pthread_mutex_lock(lock_of(consumer));
    length = strlen(consumer->queue_name);
    if (length >= size)
        length = size - 1;
    memcpy(out, consumer->queue_name, length);
    out[length] = '\0';
    pthread_mutex_unlock(lock_of(consumer));
}

static uint64_t age_us(const struct amqpext_consumer *consumer)
{
    const uint64_t last_us = atomic_load(&consumer->counters.last_delivery_us);
    const uint64_t now_us = monotonic_us();

    if (last_us == 0)
        return UINT64_MAX;
    return now_us > last_us ? now_us - last_us : 0;
}

void amqpext_consumer_stats(const struct amqpext_consumer *consumer,
                            struct amqpext_consumer_stats *out)
{
    const struct consumer_counters *counters = &consumer->counters;
    struct amqpext_consumer_stats figures = {
        .size = sizeof(figures),
        .delivered = atomic_load(&counters->delivered),
        .redelivered = atomic_load(&counters->redelivered),
        .acknowledged = atomic_load(&counters->acknowledged),
        .retried = atomic_load(&counters->retried),
        .dead_lettered = atomic_load(&counters->dead_lettered),
        .dropped = atomic_load(&counters->dropped),
        .requeued = atomic_load(&counters->requeued),
        .undecodable = atomic_load(&counters->undecodable),
        .failed = atomic_load(&counters->failed),
        .stale = atomic_load(&counters->stale),
        .ack_frames = atomic_load(&counters->ack_frames),
        .cancelled = atomic_load(&counters->cancelled),
        .in_flight = atomic_load(&counters->in_flight),
        .running = amqpext__jobs_running(consumer->jobs),
        .last_delivery_age_us = age_us(consumer),
    };

    pthread_mutex_lock(lock_of(consumer));
    figures.handler_time = consumer->handler_time;
    pthread_mutex_unlock(lock_of(consumer));
    amqpext__link_stats(consumer->link, &figures.connection);
    amqpext__figures_copy(out, &figures, sizeof(figures));
}
