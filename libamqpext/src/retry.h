/*
 * Retry: what becomes of messages that were not handled: another attempt after a pause, or the
 * queue of dead letters. One engine per consumer.
 *
 * With the broker's own delayed retry a message is given back by basic.reject. Otherwise a copy is
 * published to a queue whose messages expire back into the consumer's queue, and the original is
 * acknowledged only after that copy was confirmed: a crash in between gives a duplicate, never a
 * loss. Copies go through a producer with a connection of its own, made when it is first needed,
 * since a broker that blocks publishers stops reading from their connections.
 */
#ifndef AMQPEXT_SRC_RETRY_H
#define AMQPEXT_SRC_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <amqpext/consumer.h>

#include "delivery.h"
#include "plan.h"

struct retry;

enum retry_decision {
    RETRY_GIVE_BACK = 1, /* basic.reject with requeue: the broker counts and delays */
    /* basic.reject without requeue: the queue's own dead-lettering, or nothing */
    RETRY_DISCARD,
    RETRY_COPYING /* a copy is under way; retry_done_fn tells when the original may be settled */
};

/*
 * The copy is safe and the original can be acknowledged (true), or it is given up because the
 * consumer stops, the delivery is stale or no copy is possible (false): leave it unsettled, or
 * reject it if no copy to the dead letters will ever be possible (delivery->copy). On any thread,
 * no lock held.
 */
typedef void (*retry_done_fn)(void *data, struct amqpext_delivery *delivery, bool is_safe);

/*
 * `options` are the consumer's, valid as long as the engine; `queue` is its main queue as
 * declared.
 */
enum amqpext_status amqpext__retry_new(const struct amqpext_consumer_options *options,
                                       const struct amqpext_queue *queue, retry_done_fn done,
                                       void *data, struct retry **out, struct amqpext_error *error);

/*
 * Adds the steps of the engine's own queues and, last, of the main queue (with the arguments that
 * native retry needs). `mark` is given back with the main queue's step, -mark with the others.
 */
enum amqpext_status amqpext__retry_plan(struct retry *retry, const struct broker *broker,
                                        struct plan *plan, int mark, struct amqpext_error *error);
/* [I/O] The name of the main queue, where the broker has chosen it. */
void amqpext__retry_named(struct retry *retry, const char *name);
/*
 * [I/O] The broker refused the main queue or one of the engine's. True: plan again; what was added
 * to the main queue is left out, or a queue of dead letters that exists is taken as it is.
 */
bool amqpext__retry_refused(struct retry *retry, const struct amqpext_queue *queue,
                            const struct amqpext_error *error);

/* Attempts so far, this one included, from headers and from the broker's own count. */
unsigned amqpext__retry_attempt(const struct content *content);

/* RETRY and failures: another attempt, or dead letters when there were enough. Any thread. */
enum retry_decision amqpext__retry_later(struct retry *retry, struct amqpext_delivery *delivery);
/* REJECT and undecodable bodies: dead letters. Any thread. */
enum retry_decision amqpext__retry_bury(struct retry *retry, struct amqpext_delivery *delivery);

/* Whether the broker keeps what is discarded, as far as is known. Any thread. */
bool amqpext__retry_has_place(const struct retry *retry);

/* A stop has begun: copies that only wait for their time are given up. Any thread, at once. */
void amqpext__retry_stopping(struct retry *retry);
/*
 * Ends the producer of copies: waits up to the deadline for those under way; then done(false), also
 * for what comes later. On any thread but that of copies, which done() is called on.
 */
void amqpext__retry_stop(struct retry *retry, uint64_t deadline_us);
void amqpext__retry_free(struct retry *retry);

#endif
