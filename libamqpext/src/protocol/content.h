/*
 * Contents: a message that arrives as a method, a header frame and body frames, put together. One
 * per channel. Sizes are checked before memory is taken.
 *
 * Order: begin with basic.deliver or basic.return; add header and body frames; when whole, take.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_CONTENT_H
#define AMQPEXT_SRC_PROTOCOL_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/properties.h>

#include "arena.h"
#include "protocol/frame.h"
#include "protocol/method.h"

/* A whole message in one arena, which it is freed with: struct content itself lies in it. */
struct content {
    struct arena arena;
    /* METHOD_BASIC_DELIVER or METHOD_BASIC_RETURN, its texts copied and NUL-terminated. */
    struct method method;
    struct amqpext_properties properties;
    /* Whoever published it wrote headers beyond the limits of <amqpext/table.h>: `headers` is NULL.
     * It must not pass for a message without headers, and is no reason to give the connection up:
     * the broker would deliver it again. */
    bool has_unreadable_headers;
    char *body; /* NUL after the last byte, which is not counted; NULL: too large */
    size_t body_size;
};

void amqpext__content_free(struct content *content);

struct content_reader {
    struct content *content; /* under way, or NULL */
    size_t received; /* bytes of its body */
    bool has_header;
    size_t max_size; /* set by the owner */
};

enum content_result {
    CONTENT_PARTIAL,
    CONTENT_WHOLE,
    CONTENT_UNEXPECTED, /* a frame that does not belong here: a protocol error */
    CONTENT_MALFORMED,
    /* Whole, but its header announced more than max_size: taken, it has no body. */
    CONTENT_TOO_LARGE,
    CONTENT_NO_MEMORY
};

enum content_result amqpext__content_begin(struct content_reader *reader,
                                           const struct method *method);
/* Adds a FRAME_HEADER or FRAME_BODY. */
enum content_result amqpext__content_add(struct content_reader *reader, const struct frame *frame);
/* The whole content, which the caller frees; the reader is ready for the next. */
struct content *amqpext__content_take(struct content_reader *reader);
/* Whether a content is under way, so that methods on its channel are a protocol error. */
bool amqpext__content_is_open(const struct content_reader *reader);
void amqpext__content_reset(struct content_reader *reader);

#endif
