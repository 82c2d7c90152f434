/*
 * Retry: how often and after which pauses a message is tried again that its handler did not handle,
 * and where it ends when its attempts are used up.
 *
 * Through queues, a copy with the same body, properties and message id waits in
 * "<queue>.retry.<ms>" and expires back into the queue; the original is acknowledged once the
 * broker has confirmed the copy, so that a fault in between gives a message twice, never none.
 * Each pause that grows by itself has its queue; a handler's own pause shares that of the next
 * longer one and ends between the two, depending on the messages ahead of it. A pause of 0 goes
 * straight back. Pauses are cut at 49 days.
 *
 * Messages out of attempts, rejected or undecodable go to "<queue>.dead" with headers that say
 * whence and why: x-amqpext-reason, -attempt, -exchange, -routing-key, -queue, -first-seen and
 * -dead-at. Headers and properties that would make the broker act on a copy are kept as
 * x-amqpext-cc, -user-id and -expiration. What cannot be copied, because it is larger than
 * max_message_bytes or its headers are beyond the limits, is rejected instead, to where the queue
 * itself dead-letters; without such a place it is gone, which is logged as an error.
 *
 * All these queues are durable and declared on every connect, for which the user needs permission;
 * max_attempts 1 and no_dead_letter_queue do without any. That of dead letters is of the kind of
 * the main queue; those of pauses are quorum queues where broker and main queue allow it. What the
 * main queue cannot take when its pause ends, since it is deleted or crashes, comes when the broker
 * tries again: minutes later, unless it is told otherwise. A queue whose name the broker chooses
 * has none: its messages wait unsettled with their consumer.
 *
 * A quorum queue that is declared gets the queue of dead letters as its own dead-letter target,
 * unless the program names another, for what the broker itself gives up; and where the broker has
 * delayed retry, its arguments. A queue that exists without them is taken as it is, as is one of
 * dead letters.
 */
#ifndef AMQPEXT_RETRY_H
#define AMQPEXT_RETRY_H

#include <stdbool.h>
#include <stddef.h>

#include <amqpext/export.h>

AMQPEXT_BEGIN_DECLS

enum amqpext_retry_mode {
    /*
     * On quorum queues of RabbitMQ 4.3 and later as NATIVE where the queue allows it, else
     * QUEUES.
     */
    AMQPEXT_RETRY_AUTO = 0,
    /* A copy waits in a queue per pause, "<queue>.retry.<ms>", and comes back from there. */
    AMQPEXT_RETRY_QUEUES = 1,
    AMQPEXT_RETRY_NATIVE = 2 /* the broker's own delayed retry of quorum queues */
};

/* Zero of every member means its default. */
struct amqpext_retry_options {
    size_t size; /* sizeof(struct amqpext_retry_options) */
    enum amqpext_retry_mode mode;
    unsigned max_attempts; /* in all; then dead-lettered; default 5; 1: no retry */
    unsigned min_delay_ms; /* before the second attempt; doubles with each; default 1000 */
    unsigned max_delay_ms; /* default 60000 */
    unsigned jitter_percent; /* a pause is up to so much shorter; default 25; above 100: none */
    const char *queue_prefix; /* of the retry queues; default "<queue>.retry." */
    const char *dead_letter_queue; /* default "<queue>.dead" */
    /*
     * No queue of dead letters is made; the broker does with rejected messages what the queue
     * says.
     */
    bool no_dead_letter_queue;
};

#define AMQPEXT_RETRY_OPTIONS_INIT AMQPEXT_INIT_(amqpext_retry_options)

AMQPEXT_END_DECLS

#endif
