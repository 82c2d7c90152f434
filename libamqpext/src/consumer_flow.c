/*
 * Flow: whether the broker has us as a consumer, and seeing to it that it has when it should.
 *
 * Order: begin with an epoch; turns and methods; end with the epoch.
 * Invariant: at most one basic.consume or basic.cancel and one question are unanswered; each has a
 * deadline. `is_on` says what the state says.
 */
#include <stdio.h>
#include <string.h>

#include "consumer_state.h"
#include "error.h"
#include "protocol/send.h"

enum {
    /* Brokers count consumers now and then a little late: one zero may be wrong. */
    ZEROS_THAT_COUNT = 2,
    /* After the first zero the question is repeated so soon. */
    SECOND_LOOK_US = 1000000
};

bool amqpext__flow_is_wanted(const struct amqpext_consumer *consumer)
{
    return !consumer_is_draining(consumer) && !atomic_load(&consumer->is_stop_requested) &&
           !atomic_load(&consumer->is_paused);
}

static uint64_t watch_interval_us(const struct amqpext_consumer *consumer)
{
    return (uint64_t)consumer->setup.options.watch_interval_ms * 1000;
}

static void enter(struct amqpext_consumer *consumer, enum flow_state state)
{
    struct flow *flow = &consumer->flow;

    flow->state = state;
    /* Until the broker has answered our basic.cancel it may still send. */
    atomic_store(&consumer->is_on, state == FLOW_ON || state == FLOW_STOPPING);
    if (state == FLOW_ON) {
        flow->zeros = 0;
        flow->ask_us = monotonic_us() + watch_interval_us(consumer);
    }
    if (state != FLOW_STARTING && state != FLOW_STOPPING && !flow->is_asking)
        flow->answer_due_us = NEVER;
}

void amqpext__flow_begin(struct amqpext_consumer *consumer)
{
    consumer->flow.is_asking = false;
    enter(consumer, consumer->flow.is_planned ? FLOW_ON : FLOW_OFF);
}

void amqpext__flow_end(struct amqpext_consumer *consumer)
{
    consumer->flow.is_asking = false;
    enter(consumer, FLOW_NONE);
}

void amqpext__flow_set_tag(struct amqpext_consumer *consumer, struct bytes tag)
{
    struct flow *flow = &consumer->flow;
    const size_t size = tag.size < sizeof(flow->tag) ? tag.size : sizeof(flow->tag) - 1;

    if (size != 0)
        memcpy(flow->tag, tag.data, size);
    flow->tag[size] = '\0';
}

/* Something was sent that has to be answered. */
static void await(struct amqpext_consumer *consumer, uint64_t now_us)
{
    const struct endpoint *endpoint = amqpext__link_endpoint(consumer->link);
    const uint64_t due_us = now_us + (uint64_t)endpoint->reply_timeout_ms * 1000;

    if (due_us < consumer->flow.answer_due_us)
        consumer->flow.answer_due_us = due_us;
}

static void start(struct amqpext_consumer *consumer, uint64_t now_us)
{
    const struct consume consume = amqpext__consumer_consume(consumer);

    /* It was sent before with the same arguments, so it fits. */
    (void)amqpext__send_consume(amqpext__link_output(consumer->link), LINK_CHANNEL, &consume,
                                amqpext__link_broker(consumer->link)->frame_max);
    enter(consumer, FLOW_STARTING);
    await(consumer, now_us);
}

static void stop(struct amqpext_consumer *consumer, uint64_t now_us)
{
    amqpext__send_cancel(amqpext__link_output(consumer->link), LINK_CHANNEL, consumer->flow.tag);
    enter(consumer, FLOW_STOPPING);
    await(consumer, now_us);
}

/* A queue that is gone closes the channel, and the next one declares it again. */
static void ask(struct amqpext_consumer *consumer, uint64_t now_us)
{
    const struct amqpext_queue queue = {.name = consumer->queue_name, .declare = AMQPEXT_PASSIVE};

    (void)amqpext__send_queue_declare(amqpext__link_output(consumer->link), LINK_CHANNEL, &queue,
                                      NULL, amqpext__link_broker(consumer->link)->frame_max);
    consumer->flow.is_asking = true;
    await(consumer, now_us);
}

static void fail_silent(struct amqpext_consumer *consumer)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail(&error, AMQPEXT_ETIMEDOUT, "the broker does not answer on the channel");
    consumer->flow.answer_due_us = NEVER;
    amqpext__link_fail(consumer->link, &error);
}

/*
 * What a paused consumer still has unsettled does not count towards the prefetch of the next one:
 * when all of it is left, what is in memory would double with each pause.
 */
static bool has_room(const struct amqpext_consumer *consumer)
{
    return consumer->window.count < consumer->setup.options.prefetch_count;
}

void amqpext__flow_turn(struct amqpext_consumer *consumer, uint64_t now_us)
{
    const struct flow *flow = &consumer->flow;
    const bool is_wanted = amqpext__flow_is_wanted(consumer);

    if (flow->state == FLOW_ON && !is_wanted)
        stop(consumer, now_us);
    else if (flow->state == FLOW_ON && !flow->is_asking && now_us >= flow->ask_us)
        ask(consumer, now_us);
    else if (flow->state == FLOW_OFF && is_wanted && has_room(consumer))
        start(consumer, now_us);
    if (flow->state != FLOW_NONE && now_us >= flow->answer_due_us)
        fail_silent(consumer);
}

uint64_t amqpext__flow_due_us(const struct amqpext_consumer *consumer)
{
    const struct flow *flow = &consumer->flow;
    uint64_t due_us = flow->state == FLOW_NONE ? NEVER : flow->answer_due_us;

    if (flow->state == FLOW_ON && !flow->is_asking && flow->ask_us < due_us)
        due_us = flow->ask_us;
    return due_us;
}

static void reopen(struct amqpext_consumer *consumer, const char *why)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail(&error, AMQPEXT_ECONNECTION, "queue '%s': %s", consumer->queue_name, why);
    amqpext__link_reopen(consumer->link, &error);
}

/* The link waits longer each time a channel does not last. */
static void take_cancel(struct amqpext_consumer *consumer, struct bytes tag)
{
    if (!bytes_equal(tag, bytes_of(consumer->flow.tag)))
        return;
    count(&consumer->counters.cancelled);
    /* Our own basic.cancel, which has met the broker's, is still answered. */
    if (consumer->flow.state != FLOW_ON)
        return;
    if (amqpext__flow_is_wanted(consumer)) {
        atomic_store(&consumer->is_on, false);
        reopen(consumer, "the broker has cancelled the consumer");
    } else {
        enter(consumer, FLOW_OFF);
    }
}

static void take_answer(struct amqpext_consumer *consumer, uint32_t consumer_count)
{
    struct flow *flow = &consumer->flow;
    const uint64_t now_us = monotonic_us();

    flow->is_asking = false;
    flow->answer_due_us = NEVER;
    if (flow->state == FLOW_STOPPING)
        await(consumer, now_us);
    if (flow->state != FLOW_ON)
        return;
    flow->zeros = consumer_count == 0 ? flow->zeros + 1 : 0;
    flow->ask_us = now_us + watch_interval_us(consumer);
    if (flow->zeros >= ZEROS_THAT_COUNT)
        reopen(consumer, "the broker has lost the consumer");
    else if (flow->zeros != 0 && watch_interval_us(consumer) > SECOND_LOOK_US)
        flow->ask_us = now_us + SECOND_LOOK_US;
}

bool amqpext__flow_method(struct amqpext_consumer *consumer, const struct method *method)
{
    const enum flow_state state = consumer->flow.state;

    if (method->kind == METHOD_BASIC_CANCEL) {
        take_cancel(consumer, method->as.consume_ok.consumer_tag);
    } else if (method->kind == METHOD_BASIC_CONSUME_OK && state == FLOW_STARTING) {
        amqpext__flow_set_tag(consumer, method->as.consume_ok.consumer_tag);
        enter(consumer, FLOW_ON);
    } else if (method->kind == METHOD_BASIC_CANCEL_OK && state == FLOW_STOPPING) {
        enter(consumer, FLOW_OFF);
    } else if (method->kind == METHOD_QUEUE_DECLARE_OK && consumer->flow.is_asking) {
        take_answer(consumer, method->as.queue_declare_ok.consumer_count);
    } else {
        return false;
    }
    return true;
}
