/*
 * A consumer of the queue "jobs", its handler and the fake broker that it is connected to.
 *
 * Order: begin; change `options`; start; … ; end.
 */
#ifndef TEST_SUPPORT_CONSUMER_RIG_H
#define TEST_SUPPORT_CONSUMER_RIG_H

#include "support/fake_broker.h"
#include "support/handler.h"

enum { LOG_SIZE = 16384 };

struct consumer_rig {
    struct fake_broker *broker;
    struct handler handler;
    struct amqpext_consumer_options options;
    struct amqpext_connection_options connection;
    struct amqpext_retry_options retry;
    struct amqpext_consumer *consumer;
    pthread_mutex_t log_lock;
    char log[LOG_SIZE]; /* its lines, as far as there is room */
};

/* `verdict` is the handler's; `broker` may be NULL. */
void rig_begin(struct consumer_rig *rig, int verdict, const struct fake_broker_options *broker);
/* Makes the consumer; and waits until it consumes. */
void rig_new(struct consumer_rig *rig);
void rig_start(struct consumer_rig *rig);
/* Frees all, and checks that the client broke no rule. */
void rig_end(struct consumer_rig *rig);
/* Delivers on the newest connection. */
uint64_t rig_deliver(struct consumer_rig *rig, const char *routing_key, const char *body);
/* Whether the log has that text; how often. */
unsigned rig_logged(struct consumer_rig *rig, const char *text);
/* Waits until the broker has no unsettled delivery on the newest connection. */
void rig_wait_settled(struct consumer_rig *rig);
void rig_sleep_ms(unsigned ms);

#endif
