/*
 * Drain: the way out of a consumer, on the I/O thread.
 *
 * Order: a stop is requested; the consumer is cancelled and what has not begun goes back; what is
 * under way ends, or the deadline comes; acknowledgements are sent, and the link finishes.
 * Invariant: once DRAIN_OVER nothing is settled any more, and life is LIFE_DRAINED.
 */
#include "consumer_state.h"

/*
 * Time for the last methods and the close to reach the broker: in all likelihood a round trip, and
 * never much longer than the caller wants to wait.
 */
enum { LINGER_MIN_MS = 500, LINGER_MAX_MS = 5000 };

static void begin(struct amqpext_consumer *consumer, uint64_t now_us)
{
    uint64_t none = 0;

    consumer->drain = DRAIN_WAITING;
    /* A call that waits has set its own, or will. */
    atomic_compare_exchange_strong(&consumer->drain_deadline_us, &none,
                                   now_us + (uint64_t)consumer->setup.options.drain_timeout_ms *
                                                UINT64_C(1000));
    amqpext__log(amqpext__link_endpoint(consumer->link), AMQPEXT_LOG_INFO,
                 "queue '%s': stopping, %llu messages in flight", consumer->queue_name,
                 (unsigned long long)atomic_load(&consumer->counters.in_flight));
    /* First the cancel: what goes back before it would come again. */
    amqpext__flow_turn(consumer, now_us);
    amqpext__settle_unbegun(consumer);
    amqpext__retry_stopping(consumer->retry);
}

static bool is_done(const struct amqpext_consumer *consumer)
{
    const enum flow_state state = consumer->flow.state;

    return (state == FLOW_NONE || state == FLOW_OFF) && !amqpext__live_is_awaited(consumer);
}

static void tell_drained(struct amqpext_consumer *consumer, bool has_timed_out)
{
    pthread_mutex_lock(&consumer->lock);
    consumer->life = LIFE_DRAINED;
    consumer->has_timed_out = has_timed_out;
    pthread_cond_broadcast(&consumer->changed);
    pthread_mutex_unlock(&consumer->lock);
    /* Somebody may wait for the descriptor instead. */
    if (amqpext__jobs_fd(consumer->jobs) >= 0)
        amqpext__jobs_notify(consumer->jobs);
}

static void finish(struct amqpext_consumer *consumer, uint64_t now_us, bool has_timed_out)
{
    const uint64_t end_us = atomic_load(&consumer->drain_deadline_us);
    const uint64_t left_ms = end_us > now_us ? (end_us - now_us) / 1000 : 0;
    unsigned linger_ms = LINGER_MAX_MS;

    if (left_ms < LINGER_MAX_MS)
        linger_ms = left_ms > LINGER_MIN_MS ? (unsigned)left_ms : LINGER_MIN_MS;
    amqpext__settle_close(consumer, now_us);
    consumer->drain = DRAIN_OVER;
    amqpext__link_finish(consumer->link, linger_ms);
    tell_drained(consumer, has_timed_out);
}

void amqpext__drain_turn(struct amqpext_consumer *consumer, uint64_t now_us)
{
    if (!atomic_load(&consumer->is_stop_requested) || consumer->drain == DRAIN_OVER)
        return;
    if (consumer->drain == DRAIN_NONE)
        begin(consumer, now_us);
    if (is_done(consumer))
        finish(consumer, now_us, false);
    else if (now_us >= atomic_load(&consumer->drain_deadline_us))
        finish(consumer, now_us, true);
}

uint64_t amqpext__drain_due_us(const struct amqpext_consumer *consumer)
{
    return consumer->drain == DRAIN_WAITING ? atomic_load(&consumer->drain_deadline_us) : NEVER;
}
