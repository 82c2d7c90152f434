/*
 * Frames: the envelope of everything that AMQP 0-9-1 sends: type, channel, size, payload, end.
 *
 * A reader looks at the front of what has arrived and takes nothing before the frame is whole, so
 * nothing is copied and nothing kept. Whatever the peer sends, no memory is taken here.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_FRAME_H
#define AMQPEXT_SRC_PROTOCOL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

enum { FRAME_HEAD_SIZE = 7, FRAME_OVERHEAD = 8, FRAME_MIN_MAX = 4096 };

enum frame_type { FRAME_METHOD = 1, FRAME_HEADER = 2, FRAME_BODY = 3, FRAME_HEARTBEAT = 8 };

struct frame {
    enum frame_type type;
    uint16_t channel;
    struct bytes payload; /* in the bytes that were read */
};

enum frame_result {
    FRAME_WHOLE,
    FRAME_PARTIAL, /* more has to arrive */
    FRAME_MALFORMED, /* unknown type, no end mark, larger than frame_max */
    /* "AMQP" and four bytes in place of a frame: the peer speaks another version. */
    FRAME_OTHER_VERSION
};

/* Reads the frame at the front of `input`; *consumed is its size when whole. */
enum frame_result amqpext__frame_read(struct bytes input, uint32_t frame_max, struct frame *out,
                                      size_t *consumed);

#endif
