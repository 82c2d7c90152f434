/* What the fake broker says: encoding, and the calls of the test that make it say something. */
#include "test.h"

#include <stdio.h>

#include "support/fake_internal.h"

enum { FRAME_METHOD = 1, FRAME_HEADER = 2, FRAME_BODY = 3, FRAME_END = 0xce, SCRATCH = 65536 };

static amqp_bytes_t bytes_of(const char *text)
{
    return text == NULL ? amqp_empty_bytes : amqp_cstring_bytes(text);
}

void fake_put(struct fake_broker *broker, struct fake_connection *to, const void *data, size_t size)
{
    if (to->output.size == 0)
        to->held_until_us = fake_now_us() + (uint64_t)broker->delay_ms * 1000;
    buffer_add(&to->output, data, size);
    fake_wake(broker);
}

void fake_put_frame(struct fake_broker *broker, struct fake_connection *to, uint8_t type,
                    uint16_t channel, const void *payload, size_t size)
{
    const uint8_t head[7] = {type,
                             (uint8_t)(channel >> 8),
                             (uint8_t)channel,
                             (uint8_t)(size >> 24),
                             (uint8_t)(size >> 16),
                             (uint8_t)(size >> 8),
                             (uint8_t)size};
    const uint8_t end = FRAME_END;

    fake_put(broker, to, head, sizeof(head));
    buffer_add(&to->output, payload, size);
    buffer_add(&to->output, &end, 1);
}

static void put_number(uint8_t *out, uint64_t number, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; i++)
        out[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
}

void fake_put_method(struct fake_broker *broker, struct fake_connection *to, uint16_t channel,
                     amqp_method_number_t method, void *decoded)
{
    uint8_t payload[SCRATCH];
    int size;

    put_number(payload, method, 4);
    size = amqp_encode_method(method, decoded, (amqp_bytes_t){SCRATCH - 4, payload + 4});
    if (size < 0)
        abort();
    fake_put_frame(broker, to, FRAME_METHOD, channel, payload, (size_t)size + 4);
}

static amqp_table_entry_t field(const char *name, uint8_t kind)
{
    return (amqp_table_entry_t){.key = amqp_cstring_bytes(name), .value.kind = kind};
}

static amqp_table_entry_t text_field(const char *name, const char *text)
{
    amqp_table_entry_t entry = field(name, AMQP_FIELD_KIND_UTF8);

    entry.value.value.bytes = amqp_cstring_bytes(text);
    return entry;
}

static amqp_table_entry_t yes_field(const char *name)
{
    amqp_table_entry_t entry = field(name, AMQP_FIELD_KIND_BOOLEAN);

    entry.value.value.boolean = 1;
    return entry;
}

void fake_put_start(struct fake_broker *broker, struct fake_connection *to)
{
    const struct fake_broker_options *options = &broker->options;
    amqp_table_entry_t able[] = {
        yes_field("publisher_confirms"),           yes_field("basic.nack"),
        yes_field("consumer_cancel_notify"),       yes_field("connection.blocked"),
        yes_field("authentication_failure_close"), yes_field("exchange_exchange_bindings")};
    amqp_table_entry_t fields[] = {
        text_field("product", options->product == NULL ? "RabbitMQ" : options->product),
        text_field("version", options->version == NULL ? "3.10.8" : options->version),
        field("capabilities", AMQP_FIELD_KIND_TABLE)};
    amqp_connection_start_t start = {
        .version_major = 0,
        .version_minor = 9,
        .server_properties = {options->has_no_capabilities ? 2 : 3, fields},
        .mechanisms =
            bytes_of(options->mechanisms == NULL ? "PLAIN AMQPLAIN EXTERNAL" : options->mechanisms),
        .locales = bytes_of("en_US")};

    fields[2].value.value.table = (amqp_table_t){6, able};
    fake_put_method(broker, to, 0, AMQP_CONNECTION_START_METHOD, &start);
}

void fake_put_channel_close(struct fake_broker *broker, struct fake_connection *to,
                            uint16_t channel, uint16_t code, const char *text,
                            amqp_method_number_t method)
{
    amqp_channel_close_t close = {.reply_code = code,
                                  .reply_text = bytes_of(text),
                                  .class_id = (uint16_t)(method >> 16),
                                  .method_id = (uint16_t)method};

    fake_channel_reset(&to->channels[channel]);
    to->channels[channel].is_closing = true;
    fake_put_method(broker, to, channel, AMQP_CHANNEL_CLOSE_METHOD, &close);
}

void fake_put_connection_close(struct fake_broker *broker, struct fake_connection *to,
                               uint16_t code, const char *text, amqp_method_number_t method)
{
    amqp_connection_close_t close = {.reply_code = code,
                                     .reply_text = bytes_of(text),
                                     .class_id = (uint16_t)(method >> 16),
                                     .method_id = (uint16_t)method};

    to->is_closing = true;
    fake_put_method(broker, to, 0, AMQP_CONNECTION_CLOSE_METHOD, &close);
}

bool fake_broker_send(struct fake_broker *broker, unsigned connection, uint16_t channel,
                      amqp_method_number_t method, void *decoded)
{
    struct fake_connection *to;

    fake_lock(broker);
    to = fake_connection(broker, connection);
    if (to != NULL)
        fake_put_method(broker, to, channel, method, decoded);
    fake_unlock(broker);
    return to != NULL;
}

bool fake_broker_raw(struct fake_broker *broker, unsigned connection, const void *data, size_t size)
{
    struct fake_connection *to;

    fake_lock(broker);
    to = fake_connection(broker, connection);
    if (to != NULL)
        fake_put(broker, to, data, size);
    fake_unlock(broker);
    return to != NULL;
}

bool fake_broker_frame(struct fake_broker *broker, unsigned connection, uint8_t type,
                       uint16_t channel, const void *payload, size_t size)
{
    struct fake_connection *to;

    fake_lock(broker);
    to = fake_connection(broker, connection);
    if (to != NULL)
        fake_put_frame(broker, to, type, channel, payload, size);
    fake_unlock(broker);
    return to != NULL;
}

bool fake_broker_ack(struct fake_broker *broker, unsigned connection, uint64_t tag, bool multiple)
{
    amqp_basic_ack_t ack = {.delivery_tag = tag, .multiple = multiple};

    return fake_broker_send(broker, connection, 1, AMQP_BASIC_ACK_METHOD, &ack);
}

bool fake_broker_nack(struct fake_broker *broker, unsigned connection, uint64_t tag, bool multiple)
{
    amqp_basic_nack_t nack = {.delivery_tag = tag, .multiple = multiple};

    return fake_broker_send(broker, connection, 1, AMQP_BASIC_NACK_METHOD, &nack);
}

/* The header and the body of a message, in frames of at most `frame_size` bytes of it. */
static void put_content(struct fake_broker *broker, struct fake_connection *to, uint16_t channel,
                        const amqp_basic_properties_t *properties, const char *body, size_t size,
                        size_t frame_size)
{
    amqp_basic_properties_t own = properties == NULL ? (amqp_basic_properties_t){0} : *properties;
    uint8_t payload[SCRATCH];
    int encoded;
    size_t at, n;

    put_number(payload, AMQP_BASIC_CLASS, 2);
    put_number(payload + 2, 0, 2);
    put_number(payload + 4, size, 8);
    encoded =
        amqp_encode_properties(AMQP_BASIC_CLASS, &own, (amqp_bytes_t){SCRATCH - 12, payload + 12});
    if (encoded < 0)
        abort();
    fake_put_frame(broker, to, FRAME_HEADER, channel, payload, (size_t)encoded + 12);
    for (at = 0; at < size; at += n) {
        n = size - at < frame_size ? size - at : frame_size;
        fake_put_frame(broker, to, FRAME_BODY, channel, body + at, n);
    }
}

static size_t largest_body(const struct fake_connection *to)
{
    return to->frame_max - 8;
}

bool fake_broker_return(struct fake_broker *broker, const struct received *message, uint16_t code,
                        const char *text)
{
    const amqp_basic_publish_t *publish = message->decoded;
    amqp_basic_return_t returned = {.reply_code = code,
                                    .reply_text = bytes_of(text),
                                    .exchange = publish->exchange,
                                    .routing_key = publish->routing_key};
    struct fake_connection *to;

    fake_lock(broker);
    to = fake_connection(broker, message->connection);
    if (to != NULL) {
        fake_put_method(broker, to, message->channel, AMQP_BASIC_RETURN_METHOD, &returned);
        put_content(broker, to, message->channel, message->properties, message->body,
                    message->body_size, largest_body(to));
    }
    fake_unlock(broker);
    return to != NULL;
}

static uint64_t deliver(struct fake_broker *broker, struct fake_connection *to,
                        const struct fake_message *message)
{
    struct fake_channel *channel = &to->channels[to->consumer_channel];
    const char *tag = message->consumer_tag == NULL ? to->consumer_tag : message->consumer_tag;
    amqp_basic_deliver_t deliver = {.consumer_tag = bytes_of(tag),
                                    .delivery_tag = ++channel->delivered,
                                    .redelivered = message->is_redelivered,
                                    .exchange = bytes_of(message->exchange),
                                    .routing_key = bytes_of(message->routing_key)};

    if (!to->consumes_without_ack)
        buffer_add(&channel->outstanding, &channel->delivered, sizeof(channel->delivered));
    fake_put_method(broker, to, to->consumer_channel, AMQP_BASIC_DELIVER_METHOD, &deliver);
    put_content(broker, to, to->consumer_channel, message->properties, message->body, message->size,
                message->frame_size == 0 ? largest_body(to) : message->frame_size);
    return channel->delivered;
}

uint64_t fake_broker_deliver(struct fake_broker *broker, unsigned connection,
                             const struct fake_message *message)
{
    struct fake_connection *to;
    uint64_t tag = 0;

    fake_lock(broker);
    to = fake_connection(broker, connection);
    if (to != NULL && to->consumer_channel != 0)
        tag = deliver(broker, to, message);
    fake_unlock(broker);
    return tag;
}

bool fake_broker_cancel(struct fake_broker *broker, unsigned connection, const char *consumer_tag)
{
    amqp_basic_cancel_t cancel = {.nowait = 1};
    struct fake_connection *to;

    fake_lock(broker);
    to = fake_connection(broker, connection);
    if (to != NULL) {
        cancel.consumer_tag = bytes_of(consumer_tag == NULL ? to->consumer_tag : consumer_tag);
        fake_put_method(broker, to, to->consumer_channel, AMQP_BASIC_CANCEL_METHOD, &cancel);
        to->consumer_channel = 0;
    }
    fake_unlock(broker);
    return to != NULL;
}

bool fake_broker_block(struct fake_broker *broker, unsigned connection, const char *reason)
{
    amqp_connection_blocked_t blocked = {.reason = bytes_of(reason)};

    return fake_broker_send(broker, connection, 0, AMQP_CONNECTION_BLOCKED_METHOD, &blocked);
}

bool fake_broker_unblock(struct fake_broker *broker, unsigned connection)
{
    amqp_connection_unblocked_t unblocked = {0};

    return fake_broker_send(broker, connection, 0, AMQP_CONNECTION_UNBLOCKED_METHOD, &unblocked);
}

bool fake_broker_close_channel(struct fake_broker *broker, unsigned connection, uint16_t code,
                               const char *text, amqp_method_number_t method)
{
    struct fake_connection *to;

    fake_lock(broker);
    to = fake_connection(broker, connection);
    if (to != NULL)
        fake_put_channel_close(broker, to, 1, code, text, method);
    fake_unlock(broker);
    return to != NULL;
}

bool fake_broker_close_connection(struct fake_broker *broker, unsigned connection, uint16_t code,
                                  const char *text)
{
    struct fake_connection *to;

    fake_lock(broker);
    to = fake_connection(broker, connection);
    if (to != NULL)
        fake_put_connection_close(broker, to, code, text, 0);
    fake_unlock(broker);
    return to != NULL;
}
