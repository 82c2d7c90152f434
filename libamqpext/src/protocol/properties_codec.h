/*
 * Properties of messages on the wire: flags that say which are there, then those, in fixed order.
 *
 * By hand, in and out: rabbitmq-c cannot tell how much room properties take, wants a copy of each
 * table in structures of its own, and refuses a whole message for headers that it cannot read.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_PROPERTIES_CODEC_H
#define AMQPEXT_SRC_PROTOCOL_PROPERTIES_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/properties.h>

#include "arena.h"
#include "bytes.h"

enum { EXPIRATION_SIZE = 20 };

/* Properties made ready to be written: `size` bytes, flags included. */
struct properties_layout {
    size_t size;
    uint16_t flags;
    struct bytes content_type, content_encoding;
    struct bytes correlation_id, reply_to, expiration, message_id;
    struct bytes type, user_id, app_id;
    char digits[EXPIRATION_SIZE]; /* of the expiration */
};

/* The layout points into the properties and into itself: it is not copied. */
void amqpext__properties_measure(const struct amqpext_properties *properties,
                                 struct properties_layout *out);
char *amqpext__properties_write(char *out, const struct amqpext_properties *properties,
                                const struct properties_layout *layout);

enum properties_result { PROPERTIES_READ, PROPERTIES_MALFORMED, PROPERTIES_NO_MEMORY };

/* Reads properties into an arena. Headers beyond the limits are left out and told. */
enum properties_result amqpext__properties_read(struct bytes encoded, struct arena *arena,
                                                struct amqpext_properties *out,
                                                bool *has_unreadable_headers);

#endif
