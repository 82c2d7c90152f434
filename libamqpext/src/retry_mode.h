/*
 * What a broker can do for retries, by its version, and which arguments the main queue gets for it.
 * The only place where versions of brokers are compared.
 */
#ifndef AMQPEXT_SRC_RETRY_MODE_H
#define AMQPEXT_SRC_RETRY_MODE_H

#include <stdbool.h>

#include <amqpext/retry.h>

#include "plan.h"

/* Arguments that the main queue gets besides those of the program. */
enum retry_extras {
    EXTRA_NOTHING = 0,
    EXTRA_DEAD_LETTERS = 1, /* what the broker gives up goes to the queue of dead letters */
    EXTRA_DELAYED_RETRY = 2, /* the broker's own delayed retry */
    EXTRA_BOTH = EXTRA_DEAD_LETTERS | EXTRA_DELAYED_RETRY
};

struct retry_wishes {
    enum amqpext_retry_mode mode;
    bool is_quorum; /* the main queue */
    bool is_declared; /* by us, neither passively nor not at all */
    bool has_dead_letters; /* a queue for them, and the program has said nothing else */
    bool is_tried_again; /* at all: more than one attempt */
};

/*
 * Delayed retry of quorum queues came with RabbitMQ 4.3; a broker without version is no RabbitMQ.
 */
bool amqpext__retry_has_delayed(const struct broker *broker);

/* Quorum queues whose messages expire, and dead-letter at least once, came with RabbitMQ 3.10. */
bool amqpext__retry_has_quorum_delays(const struct broker *broker);

/*
 * Before RabbitMQ 4.0 a consumer of a classic queue that crashes is taken over by the queue's new
 * process and not told, unless it has asked to be cancelled.
 */
bool amqpext__retry_has_silent_recovery(const struct broker *broker);

/*
 * The most useful extras that the broker has not refused: `refused` has the bit 1 << extras of each
 * that it has. False: all that the wishes allow were refused.
 */
bool amqpext__retry_extras(const struct retry_wishes *wishes, const struct broker *broker,
                           unsigned refused, enum retry_extras *out);

#endif
