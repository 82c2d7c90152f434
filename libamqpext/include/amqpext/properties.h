/*
 * Properties of a message, besides its body and its routing key.
 */
#ifndef AMQPEXT_PROPERTIES_H
#define AMQPEXT_PROPERTIES_H

#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>
#include <amqpext/table.h>

AMQPEXT_BEGIN_DECLS

enum amqpext_delivery_mode {
    AMQPEXT_DELIVERY_DEFAULT = 0, /* persistent where we publish; not told where we received */
    AMQPEXT_TRANSIENT = 1, /* lost when the broker restarts */
    AMQPEXT_PERSISTENT = 2
};

/*
 * Zero of every member means: not set. Where a message is published, everything is borrowed for the
 * call, and what is not set gets its default: persistent, the content type of the serializer, a
 * message id of its own. Where one was received, everything belongs to the delivery. Texts have at
 * most 255 bytes.
 */
struct amqpext_properties {
    size_t size; /* sizeof(struct amqpext_properties) */
    const char *content_type;
    const char *content_encoding;
    const struct amqpext_table *headers;
    enum amqpext_delivery_mode delivery_mode;
    unsigned priority; /* 1 to 255; 0 is what a message without priority has */
    const char *correlation_id;
    const char *reply_to;
    /* The queue drops or dead-letters the message after so many milliseconds, at most
     * AMQPEXT_EXPIRATION_MAX_MS; 0: never. */
    uint64_t expiration_ms;
    const char *message_id;
    int64_t timestamp; /* whole seconds since 1970-01-01 UTC, not negative; 0: none */
    const char *type;
    const char *user_id; /* the broker refuses another than that of the connection */
    const char *app_id;
};

/* Ten years: for more, RabbitMQ closes the channel. */
#define AMQPEXT_EXPIRATION_MAX_MS UINT64_C(315360000000)

#define AMQPEXT_PROPERTIES_INIT AMQPEXT_INIT_(amqpext_properties)

/* Room for a message id and its terminator. */
#define AMQPEXT_MESSAGE_ID_SIZE 37

/*
 * Writes a new message id: a UUID of version 7, so that ids sort by the time they were made, to the
 * nanosecond of the system's clock.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API void amqpext_message_id(char out[AMQPEXT_MESSAGE_ID_SIZE]);

AMQPEXT_END_DECLS

#endif
