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

/* The n-th method of that name, which is waited for; how many have come. */
#define RECEIVED(rig, name, n) fake_broker_wait((rig)->broker, AMQP_##name##_METHOD, (n))
#define COUNT(rig, name) fake_broker_count((rig)->broker, AMQP_##name##_METHOD)

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
/* A queue with options in place of "jobs"; it stays the caller's. */
void rig_queue(struct consumer_rig *rig, const struct amqpext_queue *queue);
/* Makes the consumer; and waits until it consumes. */
void rig_new(struct consumer_rig *rig);
void rig_start(struct consumer_rig *rig);
/* Begins and starts with the options as they are. */
void rig_start_with(struct consumer_rig *rig, int verdict);
/*
 * The same with the verdict AMQPEXT_RETRY: delivers "[1]" and returns its copy, which the test
 * confirms, or does not.
 */
const struct received *rig_start_with_copy(struct consumer_rig *rig);
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
