/*
 * Settling with the broker: verdicts become methods, in the order in which they were given, and
 * acknowledgements are joined.
 *
 * Invariant: a delivery of another epoch sends nothing; each of this one is settled by exactly one
 * method, or left to the end of the epoch.
 */
#include "consumer_state.h"
#include "histogram.h"
#include "protocol/send.h"

static void count_fate(struct amqpext_consumer *consumer, const struct amqpext_delivery *delivery)
{
    struct consumer_counters *counters = &consumer->counters;

    switch (delivery->fate) {
    case FATE_RETRIED: count(&counters->retried); return;
    case FATE_DEAD_LETTERED: count(&counters->dead_lettered); return;
    case FATE_DROPPED: count(&counters->dropped); return;
    case FATE_NONE: break;
    }
    count(delivery->settlement == SETTLE_REQUEUE ? &counters->requeued : &counters->acknowledged);
}

static void settle(struct amqpext_consumer *consumer, const struct amqpext_delivery *delivery,
                   uint64_t now_us)
{
    struct text *output = amqpext__link_output(consumer->link);

    switch (delivery->settlement) {
    case SETTLE_NONE: return;
    case SETTLE_ACK: amqpext__ack_window_ack(&consumer->window, delivery->slot, now_us); break;
    case SETTLE_REQUEUE:
        amqpext__send_nack(output, LINK_CHANNEL, delivery->tag, false, true);
        break;
    case SETTLE_GIVE_BACK: amqpext__send_reject(output, LINK_CHANNEL, delivery->tag, true); break;
    case SETTLE_DISCARD: amqpext__send_reject(output, LINK_CHANNEL, delivery->tag, false); break;
    }
    if (delivery->settlement != SETTLE_ACK)
        amqpext__ack_window_remove(&consumer->window, delivery->slot);
    count_fate(consumer, delivery);
}

static void settle_or_drop(struct amqpext_consumer *consumer, struct amqpext_delivery *delivery,
                           uint64_t now_us)
{
    if (delivery->epoch == consumer->epoch)
        settle(consumer, delivery, now_us);
    else
        count(&consumer->counters.stale);
    amqpext__live_end(consumer, delivery);
}

static void note_times(struct amqpext_consumer *consumer, const struct amqpext_delivery *list)
{
    pthread_mutex_lock(&consumer->lock);
    for (; list != NULL; list = list->next) {
        if (list->was_handled)
            amqpext__histogram_add(&consumer->handler_time, list->handled_us);
    }
    pthread_mutex_unlock(&consumer->lock);
}

static void settle_all(struct amqpext_consumer *consumer, struct amqpext_delivery *list,
                       uint64_t now_us)
{
    if (list != NULL)
        note_times(consumer, list);
    while (list != NULL) {
        struct amqpext_delivery *delivery = list;

        list = delivery->next;
        settle_or_drop(consumer, delivery, now_us);
    }
}

void amqpext__settle_turn(struct amqpext_consumer *consumer, uint64_t now_us)
{
    settle_all(consumer, amqpext__settle_queue_take(&consumer->verdicts), now_us);
}

void amqpext__settle_unbegun(struct amqpext_consumer *consumer)
{
    struct job *job = amqpext__jobs_take_back(consumer->jobs);

    while (job != NULL) {
        struct amqpext_delivery *delivery = (struct amqpext_delivery *)(void *)job;

        job = job->next;
        delivery->settlement = SETTLE_REQUEUE;
        settle_or_drop(consumer, delivery, 0);
    }
}

static void send_ack(void *data, uint64_t tag, size_t n)
{
    struct amqpext_consumer *consumer = data;

    amqpext__send_ack(amqpext__link_output(consumer->link), LINK_CHANNEL, tag, n > 1);
    count(&consumer->counters.ack_frames);
}

void amqpext__settle_flush(struct amqpext_consumer *consumer, uint64_t now_us, bool all)
{
    if (consumer->epoch != 0)
        amqpext__ack_window_flush(&consumer->window, now_us, all, send_ack, consumer);
}

void amqpext__settle_close(struct amqpext_consumer *consumer, uint64_t now_us)
{
    amqpext__settle_turn(consumer, now_us);
    /* As soon as the queue is closed, others free what they have. */
    amqpext__live_forget(consumer);
    settle_all(consumer, amqpext__settle_queue_close(&consumer->verdicts), now_us);
    amqpext__settle_flush(consumer, now_us, true);
}
