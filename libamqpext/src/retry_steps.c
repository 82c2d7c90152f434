/*
 * Steps: doubling pauses.
 *
 * Invariant: ms[] ascends strictly, and its last is RETRY_PAUSE_MAX, so that every pause has a
 * step.
 */
#include "retry_steps.h"

static void add(struct retry_steps *steps, uint64_t ms)
{
    steps->ms[steps->count++] = ms < RETRY_PAUSE_MAX ? ms : RETRY_PAUSE_MAX;
}

void amqpext__retry_steps(struct retry_steps *steps, const struct amqpext_retry_options *options)
{
    const unsigned retries = options->max_attempts - 1;
    uint64_t ms = options->min_delay_ms;

    steps->count = 0;
    for (; ms < options->max_delay_ms; ms *= 2)
        add(steps, ms);
    add(steps, options->max_delay_ms);
    steps->n_growing = steps->count;
    steps->n_usual = retries < steps->n_growing ? retries : steps->n_growing;
    while (steps->ms[steps->count - 1] < RETRY_PAUSE_MAX)
        add(steps, 2 * steps->ms[steps->count - 1]);
    steps->jitter_percent = options->jitter_percent;
}

unsigned amqpext__retry_step_after(const struct retry_steps *steps, unsigned attempts)
{
    return attempts < steps->n_growing ? attempts - 1 : steps->n_growing - 1;
}

unsigned amqpext__retry_step_for(const struct retry_steps *steps, uint64_t pause_ms)
{
    unsigned step = 0;

    while (steps->ms[step] < pause_ms)
        step++;
    return step;
}

uint64_t amqpext__retry_jitter(const struct retry_steps *steps, uint64_t pause_ms, uint32_t random)
{
    const uint64_t most = pause_ms * steps->jitter_percent / 100;
    const uint64_t taken = most * random / UINT32_MAX;

    return pause_ms - taken > 0 ? pause_ms - taken : 1;
}
