/*
 * Handling: a delivery gets its lane, is decoded, goes to the handler, and its verdict is turned
 * into what the broker is told, by way of the retry engine where that is needed.
 *
 * Runs on workers, on the thread that dispatches, on the I/O thread, and, for deferred deliveries,
 * on any thread of the program. No lock is held.
 * Invariant: whoever concludes a delivery does not touch it afterwards.
 */
#include <string.h>

#include "consumer_state.h"
#include "error.h"
#include "serializer.h"

/* FNV-1a; never 0, which is no lane. */
static uint64_t hash(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    size_t i;

    for (i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return sum != 0 ? sum : 1;
}

/* Values of other kinds are no keys: their messages are in no order. */
static uint64_t lane_of_value(const struct amqpext_value *value)
{
    if (value == NULL)
        return 0;
    switch (value->kind) {
    case AMQPEXT_KIND_TEXT:
    case AMQPEXT_KIND_BYTES: return hash(value->as.text.data, value->as.text.size);
    case AMQPEXT_KIND_INTEGER:
    case AMQPEXT_KIND_TIMESTAMP: return hash(&value->as.integer, sizeof(value->as.integer));
    case AMQPEXT_KIND_BOOLEAN: return value->as.boolean ? 1 : 2;
    default: return 0;
    }
}

static uint64_t lane_of(const struct amqpext_consumer_options *options,
                        const struct amqpext_delivery *delivery)
{
    switch (options->order) {
    case AMQPEXT_ORDER_NONE: break;
    case AMQPEXT_ORDER_ROUTING_KEY:
        return hash(delivery->routing_key, strlen(delivery->routing_key));
    case AMQPEXT_ORDER_HEADER:
        return lane_of_value(
            amqpext_table_get(delivery->content->properties.headers, options->order_header));
    case AMQPEXT_ORDER_ALL: return 1;
    }
    return 0;
}

static enum amqpext_status decode(struct amqpext_delivery *delivery, struct amqpext_error *error)
{
    const struct consumer_setup *setup = &delivery->consumer->setup;
    const struct content *content = delivery->content;
    const struct amqpext_serializer *serializer =
        amqpext__serializer_to_read(content->properties.content_type, setup->serializer,
                                    setup->options.decoders, setup->options.n_decoders);

    if (content->body == NULL)
        return amqpext__fail(error, AMQPEXT_EDECODE, "larger than max_message_bytes");
    if (content->has_unreadable_headers)
        return amqpext__fail(error, AMQPEXT_EDECODE, "headers beyond all limits");
    return amqpext__serializer_decode(serializer, content->body, content->body_size,
                                      &delivery->payload, error);
}

/* The verdict on what no handler can be given. */
static enum amqpext_verdict refuse(struct amqpext_delivery *delivery,
                                   const struct amqpext_error *error)
{
    amqpext_delivery_set_reason(delivery, "cannot be read: %s", error->message);
    /* Without memory another time may be better. */
    if (error->status != AMQPEXT_EDECODE)
        return AMQPEXT_RETRY;
    delivery->is_undecodable = true;
    count(&delivery->consumer->counters.undecodable);
    return AMQPEXT_REJECT;
}

static void handle(struct job *job)
{
    struct amqpext_delivery *delivery = (struct amqpext_delivery *)(void *)job;
    struct amqpext_consumer *consumer = delivery->consumer;
    const struct amqpext_consumer_options *options = &consumer->setup.options;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    int verdict;

    /* What is stale comes again, perhaps to somebody else at this moment. */
    if (!amqpext__consumer_is_current(consumer, delivery->epoch)) {
        amqpext__consumer_conclude(delivery);
        return;
    }
    if (decode(delivery, &error) == AMQPEXT_OK) {
        delivery->started_us = monotonic_us();
        delivery->was_handled = true;
        verdict = (int)options->process_request(options->data, delivery);
    } else {
        verdict = (int)refuse(delivery, &error);
    }
    if (amqpext__delivery_returned(delivery, verdict))
        amqpext__consumer_conclude(delivery);
    else if (atomic_load(&consumer->skips_deferred))
        amqpext__link_wake(consumer->link);
}

void amqpext__consumer_add(struct amqpext_consumer *consumer, struct amqpext_delivery *delivery)
{
    delivery->job.run = handle;
    delivery->job.lane = lane_of(&consumer->setup.options, delivery);
    amqpext__jobs_add(consumer->jobs, &delivery->job);
}

bool amqpext__consumer_is_current(const struct amqpext_consumer *consumer, uint64_t epoch)
{
    return amqpext__link_epoch(consumer->link) == epoch;
}

/* To the I/O thread. False when there is none any more. */
static bool pass_on(struct amqpext_delivery *delivery)
{
    struct amqpext_consumer *consumer = delivery->consumer;

    switch (amqpext__settle_queue_put(&consumer->verdicts, delivery)) {
    case SETTLE_PUT_FIRST: amqpext__link_wake(consumer->link); return true;
    case SETTLE_PUT: return true;
    case SETTLE_PUT_CLOSED: break;
    }
    count(&consumer->counters.stale);
    atomic_fetch_sub(&consumer->counters.in_flight, 1);
    amqpext__delivery_free(delivery);
    return false;
}

static void tell_discarded(const struct amqpext_delivery *delivery)
{
    const struct consumer_setup *setup = &delivery->consumer->setup;

    amqpext__log(amqpext__link_endpoint(delivery->consumer->link), AMQPEXT_LOG_WARNING,
                 "queue '%s': a message with routing key '%.80s' is rejected in attempt %u: %s",
                 setup->queue.name, delivery->routing_key, delivery->attempt, delivery->reason);
}

/* With its own dead-lettering the broker keeps what is rejected; else it is gone. */
bool amqpext__consumer_keeps_discarded(const struct amqpext_consumer *consumer)
{
    return amqpext__retry_has_place(consumer->retry);
}

/* The broker does with it what the queue says. */
static void discard(struct amqpext_delivery *delivery)
{
    tell_discarded(delivery);
    delivery->settlement = SETTLE_DISCARD;
    delivery->fate =
        amqpext__consumer_keeps_discarded(delivery->consumer) ? FATE_DEAD_LETTERED : FATE_DROPPED;
}

void amqpext__consumer_copied(void *data, struct amqpext_delivery *delivery, bool is_safe)
{
    (void)data;
    delivery->settlement = is_safe ? SETTLE_ACK : SETTLE_NONE;
    /* What is over anyway would only keep a part of the prefetch. */
    if (!is_safe && delivery->copy.is_impossible && delivery->copy.goal == COPY_DEAD)
        discard(delivery);
    (void)pass_on(delivery);
}

/* Asks the retry engine. True: it has the delivery now. */
static bool try_again(struct amqpext_delivery *delivery, bool is_over)
{
    struct amqpext_consumer *consumer = delivery->consumer;
    enum retry_decision decision;

    delivery->fate = is_over ? FATE_DEAD_LETTERED : FATE_RETRIED;
    decision = delivery->verdict == AMQPEXT_REJECT
                   ? amqpext__retry_bury(consumer->retry, delivery)
                   : amqpext__retry_later(consumer->retry, delivery);
    switch (decision) {
    case RETRY_COPYING: return true;
    case RETRY_GIVE_BACK:
        delivery->settlement = SETTLE_GIVE_BACK;
        delivery->fate = FATE_RETRIED;
        break;
    case RETRY_DISCARD: discard(delivery); break;
    }
    return false;
}

static void note_failure(struct amqpext_delivery *delivery)
{
    count(&delivery->consumer->counters.failed);
    if (delivery->reason[0] == '\0')
        amqpext_delivery_set_reason(delivery, "the handler gave no verdict");
}

/* Finds out what the broker is told. True: somebody else does, and has the delivery. */
static bool decide(struct amqpext_delivery *delivery)
{
    const struct consumer_setup *setup = &delivery->consumer->setup;
    const enum amqpext_verdict verdict = delivery->verdict;

    if (verdict < AMQPEXT_ACK || verdict > AMQPEXT_REQUEUE)
        note_failure(delivery);
    if (setup->options.ack_always || verdict == AMQPEXT_ACK)
        delivery->settlement = SETTLE_ACK;
    else if (verdict == AMQPEXT_REQUEUE)
        delivery->settlement = SETTLE_REQUEUE;
    else
        return try_again(delivery,
                         verdict == AMQPEXT_REJECT || delivery->attempt >= setup->max_attempts);
    return false;
}

bool amqpext__consumer_conclude(struct amqpext_delivery *delivery)
{
    const bool is_current = amqpext__consumer_is_current(delivery->consumer, delivery->epoch);

    if (delivery->was_handled)
        delivery->handled_us = monotonic_us() - delivery->started_us;
    json_decref(delivery->payload);
    delivery->payload = NULL;
    delivery->settlement = SETTLE_NONE;
    if (is_current && decide(delivery))
        return true;
    return pass_on(delivery) && is_current;
}
