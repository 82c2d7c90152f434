/*
 * Backoff: pauses between tries that grow and differ from client to client, so that those who lost
 * the same broker do not come back all at once.
 *
 * Each pause is drawn between the shortest and three times the one before ("decorrelated jitter"),
 * and never above the longest.
 */
#ifndef AMQPEXT_SRC_BACKOFF_H
#define AMQPEXT_SRC_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint64_t random;
    unsigned min_ms, max_ms;
    unsigned last_ms;
};

/* A seed that differs between processes and calls. */
uint64_t amqpext__backoff_seed(void);
/* A maximum below the minimum counts as the minimum. */
void amqpext__backoff_init(struct backoff *backoff, unsigned min_ms, unsigned max_ms,
                           uint64_t seed);
unsigned amqpext__backoff_next_ms(struct backoff *backoff);
/* The next pause is one of the first again. */
void amqpext__backoff_reset(struct backoff *backoff);

#endif
