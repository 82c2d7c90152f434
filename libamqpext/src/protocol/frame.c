/*
 * Frames: reading the one at the front of what has arrived.
 *
 * Order: none.
 * Invariant: nothing is taken before the frame is whole; a frame that is too large is known by its
 * head, before the rest of it arrives.
 */
#include "protocol/frame.h"

#include "protocol/wire.h"

/* What a server sends in place of a frame when it does not speak our version of the protocol. */
#define VERSION_MARK "AMQP"
#define VERSION_SIZE 8

static bool is_known_type(uint8_t type)
{
    return type == FRAME_METHOD || type == FRAME_HEADER || type == FRAME_BODY ||
           type == FRAME_HEARTBEAT;
}

static enum frame_result read_version(struct bytes input)
{
    const size_t mark_size = strlen(VERSION_MARK);

    if (memcmp(input.data, VERSION_MARK, input.size < mark_size ? input.size : mark_size) != 0)
        return FRAME_MALFORMED;
    return input.size < VERSION_SIZE ? FRAME_PARTIAL : FRAME_OTHER_VERSION;
}

enum frame_result amqpext__frame_read(struct bytes input, uint32_t frame_max, struct frame *out,
                                      size_t *consumed)
{
    struct wire_reader reader = wire_reader_of(input);
    const uint8_t type = wire_get_8(&reader);
    const uint16_t channel = wire_get_16(&reader);
    const size_t size = wire_get_32(&reader);

    if (input.size == 0)
        return FRAME_PARTIAL;
    if (!is_known_type(type))
        return read_version(input);
    if (reader.failed)
        return FRAME_PARTIAL;
    if (frame_max < FRAME_OVERHEAD || size > frame_max - FRAME_OVERHEAD)
        return FRAME_MALFORMED;
    if (reader.left <= size)
        return FRAME_PARTIAL;
    if (reader.at[size] != FRAME_END)
        return FRAME_MALFORMED;
    out->type = (enum frame_type)type;
    out->channel = channel;
    out->payload = wire_get_bytes(&reader, size);
    *consumed = size + FRAME_OVERHEAD;
    return FRAME_WHOLE;
}
