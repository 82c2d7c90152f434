/*
 * Publisher: the producer behind a copier, with a connection of its own, made when it is first
 * needed, and made anew when queues that it declares are to be declared again.
 *
 * Thread:  one at a time.
 */
#ifndef AMQPEXT_SRC_RETRY_PUBLISHER_H
#define AMQPEXT_SRC_RETRY_PUBLISHER_H

#include <amqpext/producer.h>

#include "retry_copy.h"
#include "retry_queues.h"

struct retry_publisher {
    const struct retry_queues *queues;
    const char *url;
    struct amqpext_connection_options connection; /* the consumer's, without its state callback */
    struct amqpext_producer *producer; /* NULL before it is needed */
    struct retry_declared declared; /* as the producer connects */
    uint64_t made_us; /* when the producer was made */
};

void amqpext__retry_publisher_init(struct retry_publisher *publisher,
                                   const struct amqpext_consumer_options *options,
                                   const struct retry_queues *queues);

/* Has a producer that declares at least that; copies of one that is replaced are cancelled. */
enum amqpext_status amqpext__retry_publisher_need(struct retry_publisher *publisher,
                                                  const struct retry_declared *needed, bool is_anew,
                                                  struct amqpext_error *error);

/* Publishes; `done` is told the outcome with the copy as data. `main`: the main queue's name. */
enum amqpext_status amqpext__retry_publish(struct retry_publisher *publisher, struct copy *copy,
                                           const char *main, amqpext_outcome_fn done,
                                           struct amqpext_error *error);

/* Cancels what has no outcome. */
void amqpext__retry_publisher_end(struct retry_publisher *publisher);

#endif
