/*
 * Sources of message ids, for objects that need one per message: no system call each, and the ids
 * of one source come in order even when the clock is set back.
 */
#ifndef AMQPEXT_SRC_MESSAGE_ID_H
#define AMQPEXT_SRC_MESSAGE_ID_H

#include <stdint.h>

#include <amqpext/properties.h>

struct message_ids {
    _Atomic uint64_t last_ns; /* of the last id; each has a nanosecond of its own */
    uint64_t salt; /* random: what keeps the ids of two sources apart */
};

void amqpext__message_ids_init(struct message_ids *ids);
/* Any thread. */
void amqpext__message_ids_next(struct message_ids *ids, char out[AMQPEXT_MESSAGE_ID_SIZE]);

#endif
