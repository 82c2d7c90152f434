/*
 * Steps: the pauses that have a queue of their own, each twice the one before.
 */
#ifndef AMQPEXT_SRC_RETRY_STEPS_H
#define AMQPEXT_SRC_RETRY_STEPS_H

#include <stdint.h>

#include <amqpext/retry.h>

/* Doubling from 1 ms reaches the longest pause in 33 steps; one more ends the growing ones. */
enum { RETRY_STEPS_MAX = 34 };
/* The longest time that a broker takes, 49 days. */
#define RETRY_PAUSE_MAX UINT32_MAX

struct retry_steps {
    uint64_t ms[RETRY_STEPS_MAX]; /* ascending */
    unsigned count;
    unsigned n_growing; /* up to max_delay_ms: those of pauses that grow by themselves */
    unsigned n_usual; /* of them, as many as there can be retries */
    unsigned jitter_percent;
};

/* From options with all defaults filled in. */
void amqpext__retry_steps(struct retry_steps *steps, const struct amqpext_retry_options *options);

/* The step after so many attempts, 1 or more. */
unsigned amqpext__retry_step_after(const struct retry_steps *steps, unsigned attempts);

/* The smallest step that is not shorter than a pause, which has RETRY_PAUSE_MAX at most. */
unsigned amqpext__retry_step_for(const struct retry_steps *steps, uint64_t pause_ms);

/* A pause of a step, made shorter by up to jitter_percent; at least 1. */
uint64_t amqpext__retry_jitter(const struct retry_steps *steps, uint64_t pause_ms, uint32_t random);

#endif
