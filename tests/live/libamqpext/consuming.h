/*
 * A consumer with its handler, and a producer for its queue, at the real broker.
 *
 * Order: begin with a queue's name; change `options`; start; … ; end, which deletes the queue and
 * those whose names begin with its own.
 */
#ifndef LIVE_CONSUMING_H
#define LIVE_CONSUMING_H

#include <amqpext/amqpext.h>

#include "support/handler.h"

struct consuming {
    char url[128];
    const char *queue;
    struct handler handler;
    struct amqpext_connection_options connection;
    struct amqpext_retry_options retry;
    struct amqpext_consumer_options options;
    struct amqpext_consumer *consumer;
    struct amqpext_producer *producer;
};

void consuming_begin(struct consuming *consuming, const char *queue, int verdict);
/* The URL of the options, and that of the producer, point to this port: a proxy. */
void consuming_through(struct consuming *consuming, uint16_t port);
void consuming_start(struct consuming *consuming);
void consuming_end(struct consuming *consuming);
/* Publishes to the queue and waits for the confirm. */
void consuming_publish(struct consuming *consuming, const char *body);
/* The same, again and again while it is refused: a queue that crashes refuses what it is given. */
void consuming_publish_until_taken(struct consuming *consuming, const char *body);
/* The same for any message, to an exchange and key. */
void consuming_publish_to(struct consuming *consuming, const char *exchange, const char *key,
                          const char *content_type, const void *body, size_t size);
/* Messages 0 to n - 1, as their numbers. */
void consuming_publish_numbers(struct consuming *consuming, unsigned n);
/* Waits until the queue, and those that begin with its name, hold nothing. */
void consuming_wait_empty(const char *queue);
void consuming_sleep_ms(unsigned ms);

#endif
