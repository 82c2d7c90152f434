/*
 * What the link tells a consumer, all on the I/O thread.
 *
 * Invariant: `epoch` is that of the link while there is one; the ack window knows the deliveries of
 * this epoch only.
 */
#include <string.h>

#include "consumer_state.h"
#include "error.h"
#include "protocol/send.h"

static enum amqpext_status plan(void *owner, const struct broker *broker, struct plan *plan,
                                struct amqpext_error *error)
{
    return amqpext__consumer_plan(owner, broker, plan, error);
}

static void set_queue_name(struct amqpext_consumer *consumer, struct bytes name)
{
    const size_t size = name.size < NAME_SIZE ? name.size : NAME_SIZE - 1;

    pthread_mutex_lock(&consumer->lock);
    if (size != 0)
        memcpy(consumer->queue_name, name.data, size);
    consumer->queue_name[size] = '\0';
    pthread_mutex_unlock(&consumer->lock);
    amqpext__retry_named(consumer->retry, consumer->queue_name);
}

static void step_done(void *owner, const struct step *step, const struct method *method)
{
    struct amqpext_consumer *consumer = owner;

    if (step->kind == STEP_CONSUME)
        amqpext__flow_set_tag(consumer, method->as.consume_ok.consumer_tag);
    if (step->kind != STEP_QUEUE || step->mark != MARK_MAIN_QUEUE)
        return;
    set_queue_name(consumer, method->as.queue_declare_ok.queue);
}

static bool step_failed(void *owner, const struct step *step, const struct amqpext_error *error)
{
    struct amqpext_consumer *consumer = owner;

    if (step->kind == STEP_CONSUME && consumer->asks_for_cancel &&
        error->status == AMQPEXT_EPRECONDITION) {
        consumer->is_cancel_refused = true;
        return true;
    }
    return step->kind == STEP_QUEUE &&
           (step->mark == MARK_MAIN_QUEUE || step->mark == -MARK_MAIN_QUEUE) &&
           amqpext__retry_refused(consumer->retry, step->as.queue, error);
}

static void ready(void *owner, uint64_t epoch)
{
    struct amqpext_consumer *consumer = owner;

    consumer->epoch = epoch;
    consumer->last_tag = 0;
    amqpext__flow_begin(consumer);
}

static void lost(void *owner, const struct amqpext_error *error, bool is_channel_only)
{
    struct amqpext_consumer *consumer = owner;

    (void)error;
    (void)is_channel_only;
    consumer->epoch = 0;
    amqpext__ack_window_reset(&consumer->window);
    amqpext__flow_end(consumer);
    /* What has not begun comes again: nothing is done twice, and its memory is free. */
    if (consumer->drain != DRAIN_OVER)
        amqpext__settle_unbegun(consumer);
}

static void fail_memory(struct amqpext_consumer *consumer)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    /* The message comes again, on another connection, after a pause. */
    amqpext__fail_memory(&error);
    amqpext__link_fail(consumer->link, &error);
}

static void take(struct amqpext_consumer *consumer, struct content *content)
{
    struct amqpext_delivery *delivery = NULL;

    if (amqpext__delivery_new(content, consumer->epoch, &delivery, NULL) != AMQPEXT_OK) {
        fail_memory(consumer);
        return;
    }
    if (!amqpext__ack_window_add(&consumer->window, delivery->tag, &delivery->slot)) {
        amqpext__delivery_free(delivery);
        fail_memory(consumer);
        return;
    }
    delivery->consumer = consumer;
    delivery->received_us = monotonic_us();
    atomic_store(&consumer->counters.last_delivery_us, delivery->received_us);
    amqpext__live_add(consumer, delivery);
    amqpext__consumer_add(consumer, delivery);
    consumer->has_added = true;
}

/*
 * The broker keeps to the prefetch count per consumer, and after a pause there may be deliveries of
 * two. More would fill the memory.
 */
static bool is_within_prefetch(const struct amqpext_consumer *consumer)
{
    return consumer->window.count < 2 * consumer->window.prefetch;
}

/* Tags are given out in order; an epoch begins before its first delivery. */
static bool is_expected(struct amqpext_consumer *consumer, const struct method *method)
{
    const uint64_t tag = method->as.deliver.delivery_tag;

    if (method->kind != METHOD_BASIC_DELIVER || consumer->epoch == 0 || tag <= consumer->last_tag ||
        !is_within_prefetch(consumer))
        return false;
    consumer->last_tag = tag;
    count(&consumer->counters.delivered);
    if (method->as.deliver.is_redelivered)
        count(&consumer->counters.redelivered);
    return true;
}

static bool content(void *owner, struct content *content)
{
    struct amqpext_consumer *consumer = owner;

    if (!is_expected(consumer, &content->method)) {
        amqpext__content_free(content);
        return false;
    }
    if (!consumer_is_draining(consumer)) {
        take(consumer, content);
        return true;
    }
    amqpext__send_nack(amqpext__link_output(consumer->link), LINK_CHANNEL, consumer->last_tag,
                       false, true);
    count(&consumer->counters.requeued);
    amqpext__content_free(content);
    return true;
}

/* Its body was left out. It goes the way of others nevertheless, to where it is refused. */
static bool take_without_body(struct amqpext_consumer *consumer, const struct method *method)
{
    struct content_reader reader = {.content = NULL};

    switch (amqpext__content_begin(&reader, method)) {
    case CONTENT_PARTIAL: return content(consumer, amqpext__content_take(&reader));
    case CONTENT_NO_MEMORY: fail_memory(consumer); return true;
    default: return false;
    }
}

static bool method(void *owner, const struct method *method)
{
    if (method->kind == METHOD_BASIC_DELIVER)
        return take_without_body(owner, method);
    return amqpext__flow_method(owner, method);
}

static void turn(void *owner, uint64_t now_us)
{
    struct amqpext_consumer *consumer = owner;

    /* Once for all that were read together: waking a thread costs more than most handlers. */
    if (consumer->has_added)
        amqpext__jobs_wake(consumer->jobs);
    consumer->has_added = false;
    amqpext__settle_turn(consumer, now_us);
    amqpext__drain_turn(consumer, now_us);
    amqpext__flow_turn(consumer, now_us);
    amqpext__settle_flush(consumer, now_us, consumer_is_draining(consumer));
    amqpext__live_turn(consumer, now_us);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t due_us(void *owner)
{
    const struct amqpext_consumer *consumer = owner;
    const uint64_t acks_us = amqpext__ack_window_due_us(&consumer->window);
    const uint64_t flow_us = amqpext__flow_due_us(consumer);
    const uint64_t drain_us = amqpext__drain_due_us(consumer);

    return earlier(earlier(acks_us, flow_us), earlier(drain_us, consumer->slow_due_us));
}

static void state(void *owner, const struct amqpext_state_event *event)
{
    struct amqpext_consumer *consumer = owner;

    if (amqpext__state_tell(&consumer->states, event))
        amqpext__jobs_notify(consumer->jobs);
}

const struct link_owner amqpext__consumer_owner = {
    .plan = plan,
    .step_done = step_done,
    .step_failed = step_failed,
    .ready = ready,
    .lost = lost,
    .method = method,
    .content = content,
    .turn = turn,
    .due_us = due_us,
    .state = state,
};
