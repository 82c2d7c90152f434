/*
 * Messages to publish: basic.publish, the header and the body as whole frames in one piece.
 *
 * By hand: the room has to be known before, to the byte, which rabbitmq-c cannot tell, and its
 * encoders want memory for a copy of each table; without tables they are as fast as this.
 *
 * Order: size, then write into so much room; split when a later connection takes smaller frames.
 * Invariant: both lay the message out alike.
 */
#include "protocol/properties_codec.h"
#include "protocol/send.h"
#include "protocol/wire.h"

#define CLASS_BASIC 60
#define METHOD_PUBLISH 40
/* Class, method, a reserved number, the lengths of two names, flags. */
#define METHOD_FIXED_SIZE (2 + 2 + 2 + 1 + 1 + 1)
#define FLAG_MANDATORY 1
/* Class, a reserved number, the size of the body. */
#define HEADER_FIXED_SIZE (2 + 2 + 8)

struct layout {
    struct properties_layout properties;
    struct bytes exchange, routing_key;
    size_t method_size, header_size; /* payloads of these frames */
    size_t piece_size; /* most of the body in one frame */
    size_t size; /* of all frames; 0 when the header does not fit into one */
};

static void measure(const struct publish *publish, uint32_t frame_max, struct layout *out)
{
    size_t n_pieces;

    amqpext__properties_measure(publish->properties, &out->properties);
    out->exchange = bytes_of(publish->exchange);
    out->routing_key = bytes_of(publish->routing_key);
    out->method_size = METHOD_FIXED_SIZE + out->exchange.size + out->routing_key.size;
    out->header_size = HEADER_FIXED_SIZE + out->properties.size;
    out->piece_size = frame_max - FRAME_OVERHEAD;
    n_pieces = publish->body_size / out->piece_size;
    n_pieces += publish->body_size % out->piece_size == 0 ? 0 : 1;
    out->size =
        FRAME_OVERHEAD * (2 + n_pieces) + out->method_size + out->header_size + publish->body_size;
    if (out->header_size > out->piece_size)
        out->size = 0;
}

size_t amqpext__publish_size(const struct publish *publish, uint32_t frame_max)
{
    struct layout layout;

    measure(publish, frame_max, &layout);
    return layout.size;
}

static char *write_method(char *out, uint16_t channel, const struct publish *publish,
                          const struct layout *layout)
{
    out = wire_put_frame_head(out, FRAME_METHOD, channel, (uint32_t)layout->method_size);
    out = wire_put_16(wire_put_16(out, CLASS_BASIC), METHOD_PUBLISH);
    out = wire_put_16(out, 0);
    out = wire_put_short(out, layout->exchange.data, layout->exchange.size);
    out = wire_put_short(out, layout->routing_key.data, layout->routing_key.size);
    out = wire_put_8(out, publish->mandatory ? FLAG_MANDATORY : 0);
    *out = FRAME_END;
    return out + 1;
}

static char *write_header(char *out, uint16_t channel, const struct publish *publish,
                          const struct layout *layout)
{
    out = wire_put_frame_head(out, FRAME_HEADER, channel, (uint32_t)layout->header_size);
    out = wire_put_16(wire_put_16(out, CLASS_BASIC), 0);
    out = wire_put_64(out, publish->body_size);
    out = amqpext__properties_write(out, publish->properties, &layout->properties);
    *out = FRAME_END;
    return out + 1;
}

static char *write_body(char *out, uint16_t channel, struct bytes body, size_t piece_size)
{
    while (body.size > 0) {
        const size_t size = body.size < piece_size ? body.size : piece_size;

        out = wire_put_frame_head(out, FRAME_BODY, channel, (uint32_t)size);
        out = wire_put_bytes(out, body.data, size);
        *out++ = FRAME_END;
        body.data += size;
        body.size -= size;
    }
    return out;
}

size_t amqpext__publish_write(char *out, size_t room, uint16_t channel,
                              const struct publish *publish, uint32_t frame_max)
{
    const struct bytes body = {publish->body, publish->body_size};
    struct layout layout;
    char *end;

    measure(publish, frame_max, &layout);
    if (layout.size == 0 || layout.size > room)
        return 0;
    end = write_method(out, channel, publish, &layout);
    end = write_header(end, channel, publish, &layout);
    end = write_body(end, channel, body, layout.piece_size);
    return (size_t)(end - out);
}

static bool split_body(const struct frame *frame, size_t piece_size, struct text *out)
{
    const size_t n_pieces = (frame->payload.size + piece_size - 1) / piece_size;
    char *start = text_reserve(out, frame->payload.size + n_pieces * FRAME_OVERHEAD);
    char *end;

    if (start == NULL)
        return false;
    end = write_body(start, frame->channel, frame->payload, piece_size);
    *end = '\0';
    out->size += (size_t)(end - start);
    return true;
}

bool amqpext__publish_split(struct bytes message, uint32_t frame_max, struct text *out)
{
    struct frame frame;
    size_t size;

    while (amqpext__frame_read(message, UINT32_MAX, &frame, &size) == FRAME_WHOLE) {
        if (frame.type == FRAME_BODY) {
            if (!split_body(&frame, frame_max - FRAME_OVERHEAD, out))
                return false;
        } else if (size > frame_max) {
            return false;
        } else {
            text_bytes(out, message.data, size);
        }
        message.data += size;
        message.size -= size;
    }
    return message.size == 0 && !out->failed;
}
