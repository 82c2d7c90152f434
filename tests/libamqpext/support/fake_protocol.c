/* What the fake broker hears: frames, contents, and the rules that a client must keep. */
#include "test.h"

#include <stdio.h>

#include "support/fake_internal.h"

enum {
    FRAME_METHOD = 1,
    FRAME_HEADER = 2,
    FRAME_BODY = 3,
    FRAME_HEARTBEAT = 8,
    FRAME_END = 0xce,
    HEAD_SIZE = 7,
    HEADER_HEAD_SIZE = 12,
    UNEXPECTED_FRAME = 505
};

struct frame {
    uint8_t type;
    uint16_t channel;
    const uint8_t *payload;
    size_t size;
};

static uint64_t number_of(const uint8_t *data, unsigned size)
{
    uint64_t number = 0;
    unsigned i;

    for (i = 0; i < size; i++)
        number = number << 8 | data[i];
    return number;
}

void fake_channel_reset(struct fake_channel *channel)
{
    buffer_free(&channel->outstanding);
    *channel = (struct fake_channel){0};
}

static amqp_bytes_t keep(struct fake_broker *broker, const void *data, size_t size)
{
    amqp_bytes_t kept = {size, NULL};

    if (size != 0) {
        amqp_pool_alloc_bytes(&broker->pool, size, &kept);
        if (kept.bytes == NULL)
            abort();
        memcpy(kept.bytes, data, size);
    }
    return kept;
}

/* Ends a connection whose client breaks the protocol. */
static void give_up(struct fake_broker *broker, struct fake_connection *from, const char *why)
{
    fake_set_fault(broker, from, "%s", why);
    fake_put_connection_close(broker, from, UNEXPECTED_FRAME, why, 0);
}

static void take_whole(struct fake_broker *broker, struct fake_connection *from,
                       struct received *what)
{
    fake_received_add(broker, what);
    fake_answer(broker, from, what);
}

/* Of a channel or a connection that was closed, only the answer to that counts. */
static bool is_passed_over(const struct fake_connection *from, uint16_t channel,
                           amqp_method_number_t method)
{
    if (from->is_closing)
        return method != AMQP_CONNECTION_CLOSE_OK_METHOD;
    return from->channels[channel].is_closing && channel != 0 &&
           method != AMQP_CHANNEL_CLOSE_OK_METHOD && method != AMQP_CHANNEL_CLOSE_METHOD;
}

static void take_method(struct fake_broker *broker, struct fake_connection *from,
                        const struct frame *frame)
{
    const amqp_bytes_t payload = keep(broker, frame->payload, frame->size);
    struct fake_channel *channel = &from->channels[frame->channel];
    amqp_method_number_t method = 0;
    struct received *what;

    if (frame->size >= 4)
        method = (amqp_method_number_t)number_of(frame->payload, 4);
    if (is_passed_over(from, frame->channel, method))
        return;
    what = fake_received_new(broker, from, frame->channel, method);
    if (frame->size < 4 ||
        amqp_decode_method(method, &broker->pool,
                           (amqp_bytes_t){payload.len - 4, (char *)payload.bytes + 4},
                           &what->decoded) != 0) {
        give_up(broker, from, "a method that cannot be read");
    } else if (channel->content != NULL) {
        give_up(broker, from, "a method in the middle of a message");
    } else if (frame->channel != 0 && !channel->is_open && !channel->is_closing &&
               method != AMQP_CHANNEL_OPEN_METHOD) {
        give_up(broker, from, "a method on a channel that is not open");
    } else if (method == AMQP_BASIC_PUBLISH_METHOD) {
        channel->content = what;
        channel->body_expected = UINT64_MAX;
    } else {
        take_whole(broker, from, what);
    }
}

static void take_content_if_whole(struct fake_broker *broker, struct fake_connection *from,
                                  struct fake_channel *channel)
{
    struct received *what = channel->content;

    if (what->body_size < channel->body_expected)
        return;
    channel->content = NULL;
    what->tag = channel->has_confirms ? ++channel->published : 0;
    take_whole(broker, from, what);
}

static void take_header(struct fake_broker *broker, struct fake_connection *from,
                        struct fake_channel *channel, const struct frame *frame)
{
    const amqp_bytes_t payload = keep(broker, frame->payload, frame->size);
    void *properties = NULL;
    char *body;

    if (frame->size < HEADER_HEAD_SIZE ||
        amqp_decode_properties(AMQP_BASIC_CLASS, &broker->pool,
                               (amqp_bytes_t){payload.len - HEADER_HEAD_SIZE,
                                              (char *)payload.bytes + HEADER_HEAD_SIZE},
                               &properties) != 0) {
        give_up(broker, from, "properties that cannot be read");
        return;
    }
    channel->content->properties = properties;
    channel->body_expected = number_of(frame->payload + 4, 8);
    body = amqp_pool_alloc(&broker->pool, channel->body_expected + 1);
    if (body == NULL)
        abort();
    body[channel->body_expected] = '\0';
    channel->content->body = body;
    take_content_if_whole(broker, from, channel);
}

static void take_body(struct fake_broker *broker, struct fake_connection *from,
                      struct fake_channel *channel, const struct frame *frame)
{
    struct received *what = channel->content;

    if (frame->size > channel->body_expected - what->body_size) {
        give_up(broker, from, "more body than announced");
        return;
    }
    memcpy((char *)(uintptr_t)what->body + what->body_size, frame->payload, frame->size);
    what->body_size += frame->size;
    take_content_if_whole(broker, from, channel);
}

static void take_content(struct fake_broker *broker, struct fake_connection *from,
                         const struct frame *frame)
{
    struct fake_channel *channel = &from->channels[frame->channel];

    if (from->is_closing || channel->is_closing)
        return;
    if (channel->content == NULL)
        give_up(broker, from, "a content frame without a message");
    else if ((frame->type == FRAME_HEADER) != (channel->body_expected == UINT64_MAX))
        give_up(broker, from, "a content frame in the wrong place");
    else if (frame->type == FRAME_HEADER)
        take_header(broker, from, channel, frame);
    else
        take_body(broker, from, channel, frame);
}

static void take_frame(struct fake_broker *broker, struct fake_connection *from,
                       const struct frame *frame)
{
    if (frame->channel >= FAKE_CHANNELS_MAX)
        give_up(broker, from, "a channel number beyond those of the fake broker");
    else if (frame->type == FRAME_METHOD)
        take_method(broker, from, frame);
    else if (frame->type == FRAME_HEADER || frame->type == FRAME_BODY)
        take_content(broker, from, frame);
    else if (frame->type == FRAME_HEARTBEAT && frame->channel == 0)
        fake_note(broker, from, FAKE_HEARTBEAT);
    else
        give_up(broker, from, "a frame of unknown type");
}

/* Whether one more piece was taken. */
static bool take_protocol_header(struct fake_broker *broker, struct fake_connection *from)
{
    static const char expected[] = "AMQP\0\0\x09\x01";
    struct fake_rule *rule = fake_rule(broker, FAKE_PROTOCOL_HEADER);

    if (from->input.size < 8)
        return false;
    if (memcmp(from->input.data, expected, 8) != 0)
        fake_set_fault(broker, from, "another protocol header");
    buffer_take(&from->input, 8);
    from->stage = FAKE_AWAITS_METHODS;
    fake_note(broker, from, FAKE_PROTOCOL_HEADER);
    if (rule == NULL || !rule->ignored)
        fake_put_start(broker, from);
    return true;
}

static bool take_one(struct fake_broker *broker, struct fake_connection *from)
{
    const uint8_t *data = (const uint8_t *)from->input.data;
    struct frame frame;

    if (from->stage == FAKE_AWAITS_HEADER)
        return take_protocol_header(broker, from);
    if (from->input.size < HEAD_SIZE)
        return false;
    frame = (struct frame){.type = data[0],
                           .channel = (uint16_t)number_of(data + 1, 2),
                           .size = (size_t)number_of(data + 3, 4),
                           .payload = data + HEAD_SIZE};
    if (frame.size + HEAD_SIZE + 1 > from->frame_max) {
        give_up(broker, from, "a frame larger than negotiated");
        from->input.size = 0;
        return false;
    }
    if (from->input.size < frame.size + HEAD_SIZE + 1)
        return false;
    if (frame.payload[frame.size] != FRAME_END)
        give_up(broker, from, "a frame without its end mark");
    else
        take_frame(broker, from, &frame);
    buffer_take(&from->input, frame.size + HEAD_SIZE + 1);
    return true;
}

void fake_take_input(struct fake_broker *broker, struct fake_connection *from)
{
    while (take_one(broker, from))
        ;
}
