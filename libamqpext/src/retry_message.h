/*
 * The message that a retry engine publishes in place of a delivery: its properties and headers,
 * with what retries add and without what would send it elsewhere.
 */
#ifndef AMQPEXT_SRC_RETRY_MESSAGE_H
#define AMQPEXT_SRC_RETRY_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"

/* What the broker understands, or takes for its own, kept under other names. */
#define HEADER_CC "x-amqpext-cc" /* CC would send each copy to further queues */
#define HEADER_USER_ID "x-amqpext-user-id" /* user_id must be the user who publishes */
#define HEADER_EXPIRATION "x-amqpext-expiration" /* as first published, in milliseconds */

struct retry_message {
    struct amqpext_properties properties;
    struct amqpext_table *headers;
};

/*
 * For another attempt in `queue`; `pause_ms` 0 for none. Errors: AMQPEXT_ENOMEM; nothing is to be
 * freed then.
 */
enum amqpext_status amqpext__retry_message_again(const struct amqpext_delivery *delivery,
                                                 const char *queue, uint64_t pause_ms,
                                                 struct retry_message *out,
                                                 struct amqpext_error *error);

/* For the queue of dead letters; `queue` is the one it comes from. Errors: AMQPEXT_ENOMEM. */
enum amqpext_status amqpext__retry_message_dead(const struct amqpext_delivery *delivery,
                                                const char *queue, struct retry_message *out,
                                                struct amqpext_error *error);

void amqpext__retry_message_free(struct retry_message *message);

#endif
