/*
 * Live deliveries: all that were made and not yet freed, the oldest first, whatever their epoch;
 * and the warning about those that take too long.
 *
 * Invariant: only the I/O thread adds, ends and looks; whoever has a delivery never frees it but
 * after amqpext__live_forget.
 */
#include "consumer_state.h"

void amqpext__live_add(struct amqpext_consumer *consumer, struct amqpext_delivery *delivery)
{
    const uint64_t slow_us =
        delivery->received_us + (uint64_t)consumer->setup.options.slow_handler_ms * 1000;

    delivery->live_previous = consumer->live_last;
    delivery->live_next = NULL;
    if (consumer->live_last == NULL)
        consumer->live_first = delivery;
    else
        consumer->live_last->live_next = delivery;
    consumer->live_last = delivery;
    if (slow_us < consumer->slow_due_us)
        consumer->slow_due_us = slow_us;
    count(&consumer->counters.in_flight);
}

static void take_out(struct amqpext_consumer *consumer, const struct amqpext_delivery *delivery)
{
    if (delivery->live_previous == NULL)
        consumer->live_first = delivery->live_next;
    else
        delivery->live_previous->live_next = delivery->live_next;
    if (delivery->live_next == NULL)
        consumer->live_last = delivery->live_previous;
    else
        delivery->live_next->live_previous = delivery->live_previous;
}

void amqpext__live_end(struct amqpext_consumer *consumer, struct amqpext_delivery *delivery)
{
    /* Once all are forgotten, those beside it may be gone. */
    if (consumer->live_first != NULL)
        take_out(consumer, delivery);
    atomic_fetch_sub(&consumer->counters.in_flight, 1);
    amqpext__delivery_free(delivery);
}

bool amqpext__live_is_awaited(const struct amqpext_consumer *consumer)
{
    const bool skips_deferred = atomic_load(&consumer->skips_deferred);
    const struct amqpext_delivery *delivery;

    for (delivery = consumer->live_first; delivery != NULL; delivery = delivery->live_next) {
        if (consumer->epoch != 0 && delivery->epoch == consumer->epoch &&
            !(skips_deferred && atomic_load(&delivery->stage) == STAGE_DEFERRED))
            return true;
    }
    return false;
}

void amqpext__live_forget(struct amqpext_consumer *consumer)
{
    consumer->live_first = consumer->live_last = NULL;
    consumer->slow_due_us = NEVER;
}

static void warn(const struct amqpext_consumer *consumer, const struct amqpext_delivery *delivery,
                 uint64_t now_us)
{
    amqpext__log(amqpext__link_endpoint(consumer->link), AMQPEXT_LOG_WARNING,
                 "queue '%s': a message with routing key '%.80s' is unsettled for %llu ms; the "
                 "broker closes channels over that",
                 consumer->queue_name, delivery->routing_key,
                 (unsigned long long)((now_us - delivery->received_us) / 1000));
}

void amqpext__live_turn(struct amqpext_consumer *consumer, uint64_t now_us)
{
    const uint64_t slow_us = (uint64_t)consumer->setup.options.slow_handler_ms * 1000;
    struct amqpext_delivery *delivery;

    if (now_us < consumer->slow_due_us)
        return;
    consumer->slow_due_us = NEVER;
    for (delivery = consumer->live_first; delivery != NULL; delivery = delivery->live_next) {
        if (delivery->is_slow || delivery->epoch != consumer->epoch)
            continue;
        if (now_us < delivery->received_us + slow_us) {
            consumer->slow_due_us = delivery->received_us + slow_us;
            break;
        }
        delivery->is_slow = true;
        warn(consumer, delivery, now_us);
    }
}
