/*
 * Methods that arrive: rabbitmq-c decodes those that are of use, and what they say is copied to our
 * structures.
 *
 * Order: none.
 * Invariant: only methods of the list below are decoded; the one with a table passes the guard
 * first.
 */
#include "protocol/method.h"

#include "protocol/codec.h"
#include "protocol/table_codec.h"
#include "protocol/wire.h"

static const amqp_field_value_t *find_value(const amqp_table_t *table, const char *name)
{
    int i;

    for (i = 0; i < table->num_entries; i++) {
        if (bytes_equal(bytes_of_codec(table->entries[i].key), bytes_of(name)))
            return &table->entries[i].value;
    }
    return NULL;
}

static bool find_boolean(const amqp_table_t *table, const char *name)
{
    const amqp_field_value_t *value = find_value(table, name);

    return value != NULL && value->kind == AMQP_FIELD_KIND_BOOLEAN && value->value.boolean != 0;
}

static struct bytes find_text(const amqp_table_t *table, const char *name)
{
    const amqp_field_value_t *value = find_value(table, name);

    if (value == NULL || value->kind != AMQP_FIELD_KIND_UTF8)
        return bytes_of(NULL);
    return bytes_of_codec(value->value.bytes);
}

static void copy_start(const void *decoded, struct method *out)
{
    const amqp_connection_start_t *start = decoded;
    const amqp_table_t *properties = &start->server_properties;
    const amqp_field_value_t *capabilities = find_value(properties, "capabilities");
    const amqp_table_t *able;

    out->as.start.version_major = start->version_major;
    out->as.start.version_minor = start->version_minor;
    out->as.start.mechanisms = bytes_of_codec(start->mechanisms);
    out->as.start.product = find_text(properties, "product");
    out->as.start.version = find_text(properties, "version");
    if (capabilities == NULL || capabilities->kind != AMQP_FIELD_KIND_TABLE)
        return;
    able = &capabilities->value.table;
    out->as.start.has_blocked = find_boolean(able, "connection.blocked");
    out->as.start.has_cancel_notify = find_boolean(able, "consumer_cancel_notify");
    out->as.start.has_nack = find_boolean(able, "basic.nack");
    out->as.start.has_confirms = find_boolean(able, "publisher_confirms");
}

static void copy_tune(const void *decoded, struct method *out)
{
    const amqp_connection_tune_t *tune = decoded;

    out->as.tune.channel_max = tune->channel_max;
    out->as.tune.frame_max = tune->frame_max;
    out->as.tune.heartbeat_s = tune->heartbeat;
}

static void copy_connection_close(const void *decoded, struct method *out)
{
    const amqp_connection_close_t *close = decoded;

    out->as.close.reply_code = close->reply_code;
    out->as.close.reply_text = bytes_of_codec(close->reply_text);
    out->as.close.class_id = close->class_id;
    out->as.close.method_id = close->method_id;
}

static void copy_channel_close(const void *decoded, struct method *out)
{
    const amqp_channel_close_t *close = decoded;

    out->as.close.reply_code = close->reply_code;
    out->as.close.reply_text = bytes_of_codec(close->reply_text);
    out->as.close.class_id = close->class_id;
    out->as.close.method_id = close->method_id;
}

static void copy_blocked(const void *decoded, struct method *out)
{
    const amqp_connection_blocked_t *blocked = decoded;

    out->as.blocked.reason = bytes_of_codec(blocked->reason);
}

static void copy_flow(const void *decoded, struct method *out)
{
    const amqp_channel_flow_t *flow = decoded;

    out->as.flow.is_active = flow->active != 0;
}

static void copy_queue_declare_ok(const void *decoded, struct method *out)
{
    const amqp_queue_declare_ok_t *ok = decoded;

    out->as.queue_declare_ok.queue = bytes_of_codec(ok->queue);
    out->as.queue_declare_ok.message_count = ok->message_count;
    out->as.queue_declare_ok.consumer_count = ok->consumer_count;
}

static void copy_consume_ok(const void *decoded, struct method *out)
{
    const amqp_basic_consume_ok_t *ok = decoded;

    out->as.consume_ok.consumer_tag = bytes_of_codec(ok->consumer_tag);
}

static void copy_cancel(const void *decoded, struct method *out)
{
    const amqp_basic_cancel_t *cancel = decoded;

    out->as.consume_ok.consumer_tag = bytes_of_codec(cancel->consumer_tag);
}

static void copy_cancel_ok(const void *decoded, struct method *out)
{
    const amqp_basic_cancel_ok_t *ok = decoded;

    out->as.consume_ok.consumer_tag = bytes_of_codec(ok->consumer_tag);
}

static void copy_return(const void *decoded, struct method *out)
{
    const amqp_basic_return_t *returned = decoded;

    out->as.returned.reply_code = returned->reply_code;
    out->as.returned.reply_text = bytes_of_codec(returned->reply_text);
    out->as.returned.exchange = bytes_of_codec(returned->exchange);
    out->as.returned.routing_key = bytes_of_codec(returned->routing_key);
}

static void copy_deliver(const void *decoded, struct method *out)
{
    const amqp_basic_deliver_t *deliver = decoded;

    out->as.deliver.consumer_tag = bytes_of_codec(deliver->consumer_tag);
    out->as.deliver.delivery_tag = deliver->delivery_tag;
    out->as.deliver.is_redelivered = deliver->redelivered != 0;
    out->as.deliver.exchange = bytes_of_codec(deliver->exchange);
    out->as.deliver.routing_key = bytes_of_codec(deliver->routing_key);
}

static void copy_ack(const void *decoded, struct method *out)
{
    const amqp_basic_ack_t *ack = decoded;

    out->as.ack.delivery_tag = ack->delivery_tag;
    out->as.ack.is_multiple = ack->multiple != 0;
}

static void copy_nack(const void *decoded, struct method *out)
{
    const amqp_basic_nack_t *nack = decoded;

    out->as.ack.delivery_tag = nack->delivery_tag;
    out->as.ack.is_multiple = nack->multiple != 0;
}

static const struct received {
    amqp_method_number_t number;
    enum method_kind kind;
    void (*copy)(const void *decoded, struct method *out); /* NULL: it says nothing of use */
} received[] = {
    {AMQP_BASIC_DELIVER_METHOD, METHOD_BASIC_DELIVER, copy_deliver},
    {AMQP_BASIC_ACK_METHOD, METHOD_BASIC_ACK, copy_ack},
    {AMQP_BASIC_NACK_METHOD, METHOD_BASIC_NACK, copy_nack},
    {AMQP_BASIC_RETURN_METHOD, METHOD_BASIC_RETURN, copy_return},
    {AMQP_BASIC_QOS_OK_METHOD, METHOD_BASIC_QOS_OK, NULL},
    {AMQP_BASIC_CONSUME_OK_METHOD, METHOD_BASIC_CONSUME_OK, copy_consume_ok},
    {AMQP_BASIC_CANCEL_METHOD, METHOD_BASIC_CANCEL, copy_cancel},
    {AMQP_BASIC_CANCEL_OK_METHOD, METHOD_BASIC_CANCEL_OK, copy_cancel_ok},
    {AMQP_CONNECTION_START_METHOD, METHOD_CONNECTION_START, copy_start},
    {AMQP_CONNECTION_SECURE_METHOD, METHOD_CONNECTION_SECURE, NULL},
    {AMQP_CONNECTION_TUNE_METHOD, METHOD_CONNECTION_TUNE, copy_tune},
    {AMQP_CONNECTION_OPEN_OK_METHOD, METHOD_CONNECTION_OPEN_OK, NULL},
    {AMQP_CONNECTION_CLOSE_METHOD, METHOD_CONNECTION_CLOSE, copy_connection_close},
    {AMQP_CONNECTION_CLOSE_OK_METHOD, METHOD_CONNECTION_CLOSE_OK, NULL},
    {AMQP_CONNECTION_BLOCKED_METHOD, METHOD_CONNECTION_BLOCKED, copy_blocked},
    {AMQP_CONNECTION_UNBLOCKED_METHOD, METHOD_CONNECTION_UNBLOCKED, NULL},
    {AMQP_CHANNEL_OPEN_OK_METHOD, METHOD_CHANNEL_OPEN_OK, NULL},
    {AMQP_CHANNEL_FLOW_METHOD, METHOD_CHANNEL_FLOW, copy_flow},
    {AMQP_CHANNEL_CLOSE_METHOD, METHOD_CHANNEL_CLOSE, copy_channel_close},
    {AMQP_CHANNEL_CLOSE_OK_METHOD, METHOD_CHANNEL_CLOSE_OK, NULL},
    {AMQP_EXCHANGE_DECLARE_OK_METHOD, METHOD_EXCHANGE_DECLARE_OK, NULL},
    {AMQP_EXCHANGE_BIND_OK_METHOD, METHOD_EXCHANGE_BIND_OK, NULL},
    {AMQP_QUEUE_DECLARE_OK_METHOD, METHOD_QUEUE_DECLARE_OK, copy_queue_declare_ok},
    {AMQP_QUEUE_BIND_OK_METHOD, METHOD_QUEUE_BIND_OK, NULL},
    {AMQP_CONFIRM_SELECT_OK_METHOD, METHOD_CONFIRM_SELECT_OK, NULL},
};

static const struct received *find(amqp_method_number_t number)
{
    size_t i;

    for (i = 0; i < sizeof(received) / sizeof(received[0]); i++) {
        if (received[i].number == number)
            return &received[i];
    }
    return NULL;
}

/* The server's properties come behind the two bytes of the version. */
static bool is_start_readable(struct bytes arguments)
{
    struct wire_reader reader = wire_reader_of(arguments);

    (void)wire_get_16(&reader);
    return amqpext__table_is_readable(wire_get_long(&reader)) && !reader.failed;
}

static enum method_result decode(const struct received *entry, struct bytes arguments,
                                 struct method *out)
{
    enum method_result result = METHOD_READ;
    struct codec_pool pool;
    void *decoded;
    int status;

    status =
        amqp_decode_method(entry->number, codec_pool_open(&pool), codec_bytes(arguments), &decoded);
    if (status == AMQP_STATUS_OK)
        entry->copy(decoded, out);
    else
        result = status == AMQP_STATUS_NO_MEMORY ? METHOD_NO_MEMORY : METHOD_MALFORMED;
    codec_pool_close(&pool);
    return result;
}

enum method_result amqpext__method_read(const struct frame *frame, struct method *out)
{
    struct wire_reader reader = wire_reader_of(frame->payload);
    const uint16_t class_id = wire_get_16(&reader);
    const uint16_t method_id = wire_get_16(&reader);
    const struct bytes arguments = {reader.at, reader.left};
    const struct received *entry = find((uint32_t)class_id << 16 | method_id);

    if (reader.failed)
        return METHOD_MALFORMED;
    memset(out, 0, sizeof(*out));
    out->channel = frame->channel;
    if (entry == NULL) {
        out->kind = METHOD_OTHER;
        return amqpext__method_name(class_id, method_id)[0] == '\0' ? METHOD_MALFORMED
                                                                    : METHOD_READ;
    }
    out->kind = entry->kind;
    if (entry->kind == METHOD_CONNECTION_START && !is_start_readable(arguments))
        return METHOD_MALFORMED;
    return entry->copy == NULL ? METHOD_READ : decode(entry, arguments, out);
}
