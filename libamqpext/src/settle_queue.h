/*
 * Queue of deliveries with their verdicts: filled by any thread without a lock, emptied by the I/O
 * thread. Once closed it takes nothing any more.
 */
#ifndef AMQPEXT_SRC_SETTLE_QUEUE_H
#define AMQPEXT_SRC_SETTLE_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "delivery.h"

struct settle_queue {
    _Atomic(struct amqpext_delivery *) newest;
};

enum settle_put {
    SETTLE_PUT_FIRST, /* somebody has to be woken */
    SETTLE_PUT,
    SETTLE_PUT_CLOSED /* the delivery is still the caller's */
};

enum settle_put amqpext__settle_queue_put(struct settle_queue *queue,
                                          struct amqpext_delivery *delivery);
/* All, linked by `next`, the oldest first. */
struct amqpext_delivery *amqpext__settle_queue_take(struct settle_queue *queue);
/* The same, for the last time. */
struct amqpext_delivery *amqpext__settle_queue_close(struct settle_queue *queue);

#endif
