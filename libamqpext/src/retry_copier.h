/*
 * Copier: brings copies of deliveries into other queues and tells when they are safe there.
 *
 * One thread, started by the first copy, publishes through a producer of its own; what is not taken
 * is tried again, after the queues were declared again where one was missing, until it is, its
 * delivery is stale or the copier is stopped. Of each copy that was added the owner is told exactly
 * once. Adding never waits and never fails: a copy lies in its delivery.
 *
 * Order: new, add from any thread, stop, free.
 */
#ifndef AMQPEXT_SRC_RETRY_COPIER_H
#define AMQPEXT_SRC_RETRY_COPIER_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery.h"
#include "endpoint.h"
#include "retry.h"
#include "retry_publisher.h"
#include "retry_queues.h"

struct copier;

struct copier_setup {
    const struct amqpext_consumer_options *options; /* of the consumer; stay */
    const struct retry_queues *queues; /* stay */
    const struct endpoint *log; /* where to log; stays */
    retry_done_fn done;
    void *data;
};

enum amqpext_status amqpext__copier_new(const struct copier_setup *setup, struct copier **out,
                                        struct amqpext_error *error);

/* What the consumer's connection has found out: what to declare, and the main queue's name. */
void amqpext__copier_set_declared(struct copier *copier, const struct retry_declared *declared);
void amqpext__copier_set_main(struct copier *copier, const char *name);

/* Adds the delivery's copy, whose goal, step and pause are set. Any thread. */
void amqpext__copier_add(struct copier *copier, struct amqpext_delivery *delivery);

/* Gives up copies whose pause is kept here, also those that come later. Any thread. */
void amqpext__copier_stopping(struct copier *copier);

/*
 * Waits for copies under way until the deadline, then gives up what is left. Not on the thread of
 * the producer of copies. What is added later is given up at once.
 */
void amqpext__copier_stop(struct copier *copier, uint64_t deadline_us);
void amqpext__copier_free(struct copier *copier);

#endif
