/* What the fake broker answers, unless its test has other wishes. */
#include "test.h"

#include <stdio.h>

#include "support/fake_internal.h"

enum { PRECONDITION_FAILED = 406 };

struct fake_rule *fake_rule(struct fake_broker *broker, amqp_method_number_t method)
{
    size_t i;

    for (i = 0; i < FAKE_RULES_MAX; i++) {
        if (broker->rules[i].method == method)
            return &broker->rules[i];
    }
    return NULL;
}

/* 311 to 313 and 403 to 406 close a channel only, where there is one. */
static void refuse(struct fake_broker *broker, struct fake_connection *from,
                   const struct received *what, struct fake_rule *rule)
{
    const bool of_channel =
        (rule->code >= 311 && rule->code <= 313) || (rule->code >= 403 && rule->code <= 406);

    rule->times--;
    if (of_channel && what->channel != 0)
        fake_put_channel_close(broker, from, what->channel, rule->code, rule->text, what->method);
    else
        fake_put_connection_close(broker, from, rule->code, rule->text, what->method);
}

static void answer_nothing(struct fake_broker *broker, struct fake_connection *to,
                           const struct received *what, amqp_method_number_t method)
{
    uint64_t none = 0;

    fake_put_method(broker, to, what->channel, method, &none);
}

static void tune(struct fake_broker *broker, struct fake_connection *to)
{
    const struct fake_broker_options *options = &broker->options;
    amqp_connection_tune_t tune = {
        .channel_max = options->channel_max == 0 ? 2047 : options->channel_max,
        .frame_max = options->frame_max == 0 ? 131072 : options->frame_max,
        .heartbeat = options->heartbeat_s == 0 ? 60 : options->heartbeat_s};

    if (tune.frame_max == FAKE_NO_LIMIT)
        tune.frame_max = 0;
    if (tune.heartbeat == FAKE_NO_HEARTBEAT)
        tune.heartbeat = 0;
    fake_put_method(broker, to, 0, AMQP_CONNECTION_TUNE_METHOD, &tune);
}

static void answer_tune_ok(struct fake_connection *from, const amqp_connection_tune_ok_t *tuned)
{
    from->heartbeat_s = tuned->heartbeat;
    if (tuned->frame_max != 0)
        from->frame_max = tuned->frame_max;
}

static void answer_connection(struct fake_broker *broker, struct fake_connection *from,
                              const struct received *what)
{
    amqp_connection_open_ok_t opened = {0};

    switch (what->method) {
    case AMQP_CONNECTION_START_OK_METHOD: tune(broker, from); break;
    case AMQP_CONNECTION_TUNE_OK_METHOD: answer_tune_ok(from, what->decoded); break;
    case AMQP_CONNECTION_OPEN_METHOD:
        fake_put_method(broker, from, 0, AMQP_CONNECTION_OPEN_OK_METHOD, &opened);
        break;
    case AMQP_CONNECTION_CLOSE_METHOD:
        answer_nothing(broker, from, what, AMQP_CONNECTION_CLOSE_OK_METHOD);
        from->is_closing = from->ends_when_sent = true;
        break;
    case AMQP_CONNECTION_CLOSE_OK_METHOD: from->ends_when_sent = true; break;
    default: break;
    }
}

static void answer_channel(struct fake_broker *broker, struct fake_connection *from,
                           const struct received *what)
{
    struct fake_channel *channel = &from->channels[what->channel];
    amqp_channel_open_ok_t opened = {0};
    amqp_channel_flow_ok_t flow = {0};

    switch (what->method) {
    case AMQP_CHANNEL_OPEN_METHOD:
        fake_channel_reset(channel);
        channel->is_open = true;
        fake_put_method(broker, from, what->channel, AMQP_CHANNEL_OPEN_OK_METHOD, &opened);
        break;
    case AMQP_CHANNEL_CLOSE_METHOD:
        fake_channel_reset(channel);
        answer_nothing(broker, from, what, AMQP_CHANNEL_CLOSE_OK_METHOD);
        break;
    case AMQP_CHANNEL_CLOSE_OK_METHOD: fake_channel_reset(channel); break;
    case AMQP_CHANNEL_FLOW_METHOD:
        flow.active = ((const amqp_channel_flow_t *)what->decoded)->active;
        fake_put_method(broker, from, what->channel, AMQP_CHANNEL_FLOW_OK_METHOD, &flow);
        break;
    case AMQP_CONFIRM_SELECT_METHOD:
        channel->has_confirms = true;
        if (!((const amqp_confirm_select_t *)what->decoded)->nowait)
            answer_nothing(broker, from, what, AMQP_CONFIRM_SELECT_OK_METHOD);
        break;
    default: break;
    }
}

static void answer_exchange(struct fake_broker *broker, struct fake_connection *from,
                            const struct received *what)
{
    switch (what->method) {
    case AMQP_EXCHANGE_DECLARE_METHOD:
        answer_nothing(broker, from, what, AMQP_EXCHANGE_DECLARE_OK_METHOD);
        break;
    case AMQP_EXCHANGE_DELETE_METHOD:
        answer_nothing(broker, from, what, AMQP_EXCHANGE_DELETE_OK_METHOD);
        break;
    case AMQP_EXCHANGE_BIND_METHOD:
        answer_nothing(broker, from, what, AMQP_EXCHANGE_BIND_OK_METHOD);
        break;
    default: break;
    }
}

static void answer_declare(struct fake_broker *broker, struct fake_connection *from,
                           const struct received *what)
{
    const amqp_queue_declare_t *declare = what->decoded;
    amqp_queue_declare_ok_t declared = {0};

    if (declare->queue.len == 0)
        snprintf(broker->queue, sizeof(broker->queue), "amq.gen-%u", ++broker->named);
    else
        snprintf(broker->queue, sizeof(broker->queue), "%.*s", (int)declare->queue.len,
                 (const char *)declare->queue.bytes);
    declared.queue = amqp_cstring_bytes(broker->queue);
    fake_put_method(broker, from, what->channel, AMQP_QUEUE_DECLARE_OK_METHOD, &declared);
}

static void answer_queue(struct fake_broker *broker, struct fake_connection *from,
                         const struct received *what)
{
    amqp_queue_purge_ok_t purged = {0};
    amqp_queue_delete_ok_t deleted = {0};

    switch (what->method) {
    case AMQP_QUEUE_DECLARE_METHOD: answer_declare(broker, from, what); break;
    case AMQP_QUEUE_BIND_METHOD:
        answer_nothing(broker, from, what, AMQP_QUEUE_BIND_OK_METHOD);
        break;
    case AMQP_QUEUE_UNBIND_METHOD:
        answer_nothing(broker, from, what, AMQP_QUEUE_UNBIND_OK_METHOD);
        break;
    case AMQP_QUEUE_PURGE_METHOD:
        fake_put_method(broker, from, what->channel, AMQP_QUEUE_PURGE_OK_METHOD, &purged);
        break;
    case AMQP_QUEUE_DELETE_METHOD:
        fake_put_method(broker, from, what->channel, AMQP_QUEUE_DELETE_OK_METHOD, &deleted);
        break;
    default: break;
    }
}

static void answer_consume(struct fake_broker *broker, struct fake_connection *from,
                           const struct received *what)
{
    const amqp_basic_consume_t *consume = what->decoded;
    amqp_basic_consume_ok_t consuming = {0};

    if (consume->consumer_tag.len == 0)
        snprintf(from->consumer_tag, sizeof(from->consumer_tag), "amq.ctag-%u", ++broker->named);
    else
        snprintf(from->consumer_tag, sizeof(from->consumer_tag), "%.*s",
                 (int)consume->consumer_tag.len, (const char *)consume->consumer_tag.bytes);
    from->consumer_channel = what->channel;
    from->consumes_without_ack = consume->no_ack != 0;
    consuming.consumer_tag = amqp_cstring_bytes(from->consumer_tag);
    fake_put_method(broker, from, what->channel, AMQP_BASIC_CONSUME_OK_METHOD, &consuming);
}

static void answer_cancel(struct fake_broker *broker, struct fake_connection *from,
                          const struct received *what)
{
    const amqp_basic_cancel_t *cancel = what->decoded;
    amqp_basic_cancel_ok_t cancelled = {.consumer_tag = cancel->consumer_tag};

    if (fake_bytes_are(cancel->consumer_tag, from->consumer_tag))
        from->consumer_channel = 0;
    if (!cancel->nowait)
        fake_put_method(broker, from, what->channel, AMQP_BASIC_CANCEL_OK_METHOD, &cancelled);
}

/* Takes settled tags off the list; a tag that is not there closes the channel, as RabbitMQ does. */
static void settle(struct fake_broker *broker, struct fake_connection *from,
                   const struct received *what, uint64_t tag, bool multiple)
{
    struct fake_channel *channel = &from->channels[what->channel];
    struct buffer rest = {0};
    uint64_t one;
    size_t i, n = 0;
    char text[80];

    for (i = 0; i < channel->outstanding.size; i += sizeof(one)) {
        memcpy(&one, channel->outstanding.data + i, sizeof(one));
        if (one == tag || (multiple && (one <= tag || tag == 0)))
            n++;
        else
            buffer_add(&rest, &one, sizeof(one));
    }
    buffer_free(&channel->outstanding);
    channel->outstanding = rest;
    if (n != 0 || (multiple && tag == 0))
        return;
    snprintf(text, sizeof(text), "PRECONDITION_FAILED - unknown delivery tag %llu",
             (unsigned long long)tag);
    fake_set_fault(broker, from, "%s", text);
    fake_put_channel_close(broker, from, what->channel, PRECONDITION_FAILED, text, what->method);
}

static void answer_publish(struct fake_broker *broker, struct fake_connection *from,
                           const struct received *what)
{
    amqp_basic_ack_t ack = {.delivery_tag = what->tag};

    if (what->tag != 0 && !broker->leaves_confirms)
        fake_put_method(broker, from, what->channel, AMQP_BASIC_ACK_METHOD, &ack);
}

static void answer_basic(struct fake_broker *broker, struct fake_connection *from,
                         const struct received *what)
{
    const amqp_basic_ack_t *ack = what->decoded;
    const amqp_basic_nack_t *nack = what->decoded;
    const amqp_basic_reject_t *reject = what->decoded;

    switch (what->method) {
    case AMQP_BASIC_QOS_METHOD: answer_nothing(broker, from, what, AMQP_BASIC_QOS_OK_METHOD); break;
    case AMQP_BASIC_CONSUME_METHOD: answer_consume(broker, from, what); break;
    case AMQP_BASIC_CANCEL_METHOD: answer_cancel(broker, from, what); break;
    case AMQP_BASIC_PUBLISH_METHOD: answer_publish(broker, from, what); break;
    case AMQP_BASIC_ACK_METHOD:
        settle(broker, from, what, ack->delivery_tag, ack->multiple != 0);
        break;
    case AMQP_BASIC_NACK_METHOD:
        settle(broker, from, what, nack->delivery_tag, nack->multiple != 0);
        break;
    case AMQP_BASIC_REJECT_METHOD: settle(broker, from, what, reject->delivery_tag, false); break;
    case AMQP_BASIC_RECOVER_METHOD:
        answer_nothing(broker, from, what, AMQP_BASIC_RECOVER_OK_METHOD);
        break;
    default: break;
    }
}

void fake_answer(struct fake_broker *broker, struct fake_connection *from,
                 const struct received *what)
{
    const struct fake_broker_options *options = &broker->options;
    struct fake_rule *rule = fake_rule(broker, what->method);

    if (options->on_received != NULL && options->on_received(options->data, broker, what))
        return;
    if (rule != NULL && rule->times != 0) {
        refuse(broker, from, what, rule);
        return;
    }
    if (rule != NULL && rule->ignored)
        return;
    switch (what->method >> 16) {
    case AMQP_CONNECTION_CLASS: answer_connection(broker, from, what); break;
    case AMQP_CHANNEL_CLASS:
    case AMQP_CONFIRM_CLASS: answer_channel(broker, from, what); break;
    case AMQP_EXCHANGE_CLASS: answer_exchange(broker, from, what); break;
    case AMQP_QUEUE_CLASS: answer_queue(broker, from, what); break;
    case AMQP_BASIC_CLASS: answer_basic(broker, from, what); break;
    default: break;
    }
}
