/*
 * Backoff: decorrelated jitter.
 *
 * Order: init, then next and reset as tries fail and succeed.
 * Invariant: min_ms <= last_ms <= max_ms, and the random state is never 0.
 */
#include "backoff.h"

#include <sys/random.h>

#include "clock.h"

/* How much longer than the last a pause may be. */
#define GROWTH 3
/* Spreads the bits of a seed that may have few: the golden ratio as a fraction of 2^64. */
#define SPREAD UINT64_C(0x9E3779B97F4A7C15)

uint64_t amqpext__backoff_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
        return seed;
    /* Early after boot, or a kernel that refuses: clock and address differ between clients too. */
    return monotonic_us() ^ (uint64_t)(uintptr_t)&seed;
}

void amqpext__backoff_init(struct backoff *backoff, unsigned min_ms, unsigned max_ms, uint64_t seed)
{
    backoff->random = (seed ^ SPREAD) == 0 ? SPREAD : seed ^ SPREAD;
    backoff->min_ms = min_ms;
    backoff->max_ms = max_ms < min_ms ? min_ms : max_ms;
    backoff->last_ms = min_ms;
}

/* xorshift64*: spreads tries; nothing depends on its quality. */
static uint64_t next_random(struct backoff *backoff)
{
    backoff->random ^= backoff->random >> 12;
    backoff->random ^= backoff->random << 25;
    backoff->random ^= backoff->random >> 27;
    return backoff->random * UINT64_C(0x2545F4914F6CDD1D);
}

unsigned amqpext__backoff_next_ms(struct backoff *backoff)
{
    uint64_t most = (uint64_t)backoff->last_ms * GROWTH;

    if (most > backoff->max_ms)
        most = backoff->max_ms;
    if (most < backoff->min_ms)
        most = backoff->min_ms;
    /* The high bits are the better ones. */
    backoff->last_ms =
        backoff->min_ms + (unsigned)((next_random(backoff) >> 16) % (most - backoff->min_ms + 1));
    return backoff->last_ms;
}

void amqpext__backoff_reset(struct backoff *backoff)
{
    backoff->last_ms = backoff->min_ms;
}
