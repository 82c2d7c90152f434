/*
 * Methods with a table: the login, declarations, bindings and consumers.
 *
 * Each of them but the login ends with its table. rabbitmq-c writes an empty one there, in whose
 * place ours is put.
 */
#include "protocol/send.h"

#include "protocol/send_method.h"
#include "protocol/table_codec.h"
#include "protocol/wire.h"

#define EMPTY_TABLE_SIZE 4
/* Numbers, flags and lengths of texts of any of these methods together. */
#define NUMBERS_ROOM 32

static const char *text_or(const char *text, const char *otherwise)
{
    return text == NULL ? otherwise : text;
}

/* Puts the table in place of the empty one at the end of the frame that begins at `start`. */
static void replace_table(struct text *out, size_t start, const struct amqpext_table *table)
{
    char *frame = out->data + start;
    char *end = out->data + out->size - 1 - EMPTY_TABLE_SIZE;

    end = amqpext__table_write(end, table);
    *end++ = FRAME_END;
    *end = '\0';
    out->size = (size_t)(end - out->data);
    wire_put_32(frame + 3, (uint32_t)(end - frame) - FRAME_OVERHEAD);
}

static enum send_result send_with_table(struct text *out, uint16_t channel, uint32_t number,
                                        void *method, size_t texts_size,
                                        const struct amqpext_table *table, uint32_t frame_max)
{
    const size_t room = NUMBERS_ROOM + texts_size + amqpext__table_size(table);
    const size_t start = out->size;

    if (text_reserve(out, FRAME_OVERHEAD + EMPTY_TABLE_SIZE + room) == NULL ||
        !amqpext__send_method(out, channel, number, method, NUMBERS_ROOM + texts_size))
        return SEND_NO_MEMORY;
    if (out->size - start - EMPTY_TABLE_SIZE + amqpext__table_size(table) > frame_max) {
        out->size = start;
        out->data[start] = '\0';
        return SEND_TOO_LARGE;
    }
    replace_table(out, start, table);
    return SEND_WRITTEN;
}

enum send_result amqpext__send_exchange_declare(struct text *out, uint16_t channel,
                                                const struct amqpext_exchange *exchange,
                                                uint32_t frame_max)
{
    amqp_exchange_declare_t method = {
        .exchange = codec_text(exchange->name),
        .type = codec_text(text_or(exchange->type, "topic")),
        .passive = exchange->declare == AMQPEXT_PASSIVE,
        .durable = !exchange->transient,
        .auto_delete = exchange->auto_delete,
        .internal = exchange->internal,
    };

    return send_with_table(out, channel, AMQP_EXCHANGE_DECLARE_METHOD, &method,
                           method.exchange.len + method.type.len, exchange->arguments, frame_max);
}

enum send_result amqpext__send_queue_declare(struct text *out, uint16_t channel,
                                             const struct amqpext_queue *queue,
                                             const struct amqpext_table *arguments,
                                             uint32_t frame_max)
{
    amqp_queue_declare_t method = {
        .queue = codec_text(text_or(queue->name, "")),
        .passive = queue->declare == AMQPEXT_PASSIVE,
        .durable = !queue->transient,
        .exclusive = queue->exclusive,
        .auto_delete = queue->auto_delete,
    };

    return send_with_table(out, channel, AMQP_QUEUE_DECLARE_METHOD, &method, method.queue.len,
                           arguments, frame_max);
}

static enum send_result send_exchange_bind(struct text *out, uint16_t channel,
                                           const struct amqpext_binding *binding,
                                           uint32_t frame_max)
{
    amqp_exchange_bind_t method = {
        .destination = codec_text(binding->to_exchange),
        .source = codec_text(binding->exchange),
        .routing_key = codec_text(text_or(binding->routing_key, "")),
    };

    return send_with_table(out, channel, AMQP_EXCHANGE_BIND_METHOD, &method,
                           method.destination.len + method.source.len + method.routing_key.len,
                           binding->arguments, frame_max);
}

enum send_result amqpext__send_bind(struct text *out, uint16_t channel,
                                    const struct amqpext_binding *binding, const char *queue,
                                    uint32_t frame_max)
{
    amqp_queue_bind_t method = {
        .queue = codec_text(text_or(binding->to_queue, text_or(queue, ""))),
        .exchange = codec_text(binding->exchange),
        .routing_key = codec_text(text_or(binding->routing_key, "")),
    };

    if (binding->to_exchange != NULL)
        return send_exchange_bind(out, channel, binding, frame_max);
    return send_with_table(out, channel, AMQP_QUEUE_BIND_METHOD, &method,
                           method.queue.len + method.exchange.len + method.routing_key.len,
                           binding->arguments, frame_max);
}

enum send_result amqpext__send_consume(struct text *out, uint16_t channel,
                                       const struct consume *consume, uint32_t frame_max)
{
    amqp_basic_consume_t method = {
        .queue = codec_text(consume->queue),
        .consumer_tag = codec_text(text_or(consume->consumer_tag, "")),
        .no_ack = consume->no_ack,
        .exclusive = consume->exclusive,
    };

    return send_with_table(out, channel, AMQP_BASIC_CONSUME_METHOD, &method,
                           method.queue.len + method.consumer_tag.len, consume->arguments,
                           frame_max);
}
