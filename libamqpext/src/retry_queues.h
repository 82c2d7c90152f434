/*
 * The queues of a retry engine: one per step, whose messages expire back into the main queue, one
 * of dead letters, and the main queue with what retries add to its arguments.
 */
#ifndef AMQPEXT_SRC_RETRY_QUEUES_H
#define AMQPEXT_SRC_RETRY_QUEUES_H

#include <stdbool.h>

#include <amqpext/consumer.h>

#include "arena.h"
#include "retry_mode.h"
#include "retry_steps.h"

/* Most queues that amqpext__retry_own_queues writes. */
enum { RETRY_QUEUES_MAX = RETRY_STEPS_MAX + 1 };

/* Immutable once made; `main` belongs to the consumer. */
struct retry_queues {
    struct arena arena;
    struct amqpext_retry_options options; /* with defaults */
    struct retry_steps steps;
    struct retry_wishes wishes;
    const struct amqpext_queue *main;
    bool has_name; /* the main queue; else the broker chooses one on every connect */
    const char *step_names[RETRY_STEPS_MAX]; /* with has_name */
    struct amqpext_table *step_arguments; /* of the queues of steps, when they are quorum queues */
    const char *dead; /* NULL: there are no dead letters */
    struct amqpext_table *main_arguments[EXTRA_BOTH + 1]; /* per extras; NULL where not needed */
};

/* Errors: AMQPEXT_EINVALID, AMQPEXT_ENOMEM. */
enum amqpext_status amqpext__retry_queues_make(const struct amqpext_retry_options *options,
                                               const struct amqpext_queue *main,
                                               struct retry_queues *out,
                                               struct amqpext_error *error);
void amqpext__retry_queues_free(struct retry_queues *queues);

/* The main queue with those extras. */
struct amqpext_queue amqpext__retry_main_queue(const struct retry_queues *queues,
                                               enum retry_extras extras);

/* What is declared besides the main queue. */
struct retry_declared {
    unsigned n_steps; /* the first ones */
    bool has_quorum_delays; /* of the broker */
    bool has_given_dead; /* the queue of dead letters exists with arguments of somebody else */
};

/* The queues of steps and that of dead letters; returns how many. */
unsigned amqpext__retry_own_queues(const struct retry_queues *queues,
                                   const struct retry_declared *declared,
                                   struct amqpext_queue out[RETRY_QUEUES_MAX]);

#endif
