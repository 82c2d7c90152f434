/*
 * Methods that are sent, but those that declare: rabbitmq-c's encoder between our frame's head and
 * end.
 *
 * Order: none; a method is written whole or, when memory ran out, not at all.
 */
#include "protocol/send.h"

#include "protocol/send_method.h"
#include "protocol/wire.h"
#include "properties.h"

#define PROTOCOL_HEADER "AMQP\0\0\x09\x01"
#define PROTOCOL_HEADER_SIZE 8
/* Numbers and flags of any method together; each text is counted apart. */
#define NUMBERS_ROOM 32

bool amqpext__send_method(struct text *out, uint16_t channel, uint32_t number, void *method,
                          size_t room)
{
    const size_t head_size = FRAME_HEAD_SIZE + 4;
    char *frame = text_reserve(out, head_size + room + 1);
    char *end;
    int size;

    if (frame == NULL)
        return false;
    size = amqp_encode_method(number, method, codec_bytes((struct bytes){frame + head_size, room}));
    if (size < 0) {
        out->failed = true;
        return false;
    }
    end = wire_put_frame_head(frame, FRAME_METHOD, channel, (uint32_t)size + 4);
    end = wire_put_32(end, number) + size;
    *end++ = FRAME_END;
    *end = '\0';
    out->size += (size_t)(end - frame);
    return true;
}

void amqpext__send_protocol_header(struct text *out)
{
    text_bytes(out, PROTOCOL_HEADER, PROTOCOL_HEADER_SIZE);
}

void amqpext__send_heartbeat(struct text *out)
{
    char frame[FRAME_OVERHEAD];

    *wire_put_frame_head(frame, FRAME_HEARTBEAT, 0, 0) = FRAME_END;
    text_bytes(out, frame, sizeof(frame));
}

void amqpext__send_tune_ok(struct text *out, uint16_t channel_max, uint32_t frame_max,
                           uint16_t heartbeat_s)
{
    amqp_connection_tune_ok_t method = {channel_max, frame_max, heartbeat_s};

    amqpext__send_method(out, 0, AMQP_CONNECTION_TUNE_OK_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_open(struct text *out, const char *vhost)
{
    amqp_connection_open_t method = {.virtual_host = codec_text(vhost)};

    amqpext__send_method(out, 0, AMQP_CONNECTION_OPEN_METHOD, &method,
                         NUMBERS_ROOM + method.virtual_host.len);
}

void amqpext__send_connection_close(struct text *out, uint16_t reply_code, const char *reply_text)
{
    amqp_connection_close_t method = {.reply_code = reply_code,
                                      .reply_text = codec_text(reply_text)};

    if (method.reply_text.len > SHORT_TEXT_MAX)
        method.reply_text.len = SHORT_TEXT_MAX;
    amqpext__send_method(out, 0, AMQP_CONNECTION_CLOSE_METHOD, &method,
                         NUMBERS_ROOM + method.reply_text.len);
}

void amqpext__send_connection_close_ok(struct text *out)
{
    amqp_connection_close_ok_t method = {0};

    amqpext__send_method(out, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_channel_open(struct text *out, uint16_t channel)
{
    amqp_channel_open_t method = {0};

    amqpext__send_method(out, channel, AMQP_CHANNEL_OPEN_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_channel_close(struct text *out, uint16_t channel, uint16_t reply_code,
                                 const char *reply_text)
{
    amqp_channel_close_t method = {.reply_code = reply_code, .reply_text = codec_text(reply_text)};

    if (method.reply_text.len > SHORT_TEXT_MAX)
        method.reply_text.len = SHORT_TEXT_MAX;
    amqpext__send_method(out, channel, AMQP_CHANNEL_CLOSE_METHOD, &method,
                         NUMBERS_ROOM + method.reply_text.len);
}

void amqpext__send_channel_close_ok(struct text *out, uint16_t channel)
{
    amqp_channel_close_ok_t method = {0};

    amqpext__send_method(out, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_channel_flow_ok(struct text *out, uint16_t channel, bool is_active)
{
    amqp_channel_flow_ok_t method = {is_active};

    amqpext__send_method(out, channel, AMQP_CHANNEL_FLOW_OK_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_confirm_select(struct text *out, uint16_t channel)
{
    amqp_confirm_select_t method = {0};

    amqpext__send_method(out, channel, AMQP_CONFIRM_SELECT_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_qos(struct text *out, uint16_t channel, uint16_t prefetch_count,
                       uint32_t prefetch_size)
{
    amqp_basic_qos_t method = {.prefetch_size = prefetch_size, .prefetch_count = prefetch_count};

    amqpext__send_method(out, channel, AMQP_BASIC_QOS_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_cancel(struct text *out, uint16_t channel, const char *consumer_tag)
{
    amqp_basic_cancel_t method = {.consumer_tag = codec_text(consumer_tag)};

    amqpext__send_method(out, channel, AMQP_BASIC_CANCEL_METHOD, &method,
                         NUMBERS_ROOM + method.consumer_tag.len);
}

void amqpext__send_ack(struct text *out, uint16_t channel, uint64_t delivery_tag, bool multiple)
{
    amqp_basic_ack_t method = {delivery_tag, multiple};

    amqpext__send_method(out, channel, AMQP_BASIC_ACK_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_nack(struct text *out, uint16_t channel, uint64_t delivery_tag, bool multiple,
                        bool requeue)
{
    amqp_basic_nack_t method = {delivery_tag, multiple, requeue};

    amqpext__send_method(out, channel, AMQP_BASIC_NACK_METHOD, &method, NUMBERS_ROOM);
}

void amqpext__send_reject(struct text *out, uint16_t channel, uint64_t delivery_tag, bool requeue)
{
    amqp_basic_reject_t method = {delivery_tag, requeue};

    amqpext__send_method(out, channel, AMQP_BASIC_REJECT_METHOD, &method, NUMBERS_ROOM);
}
