/*
 * Random numbers for tests: the same sequence for the same seed, on every machine.
 */
#ifndef LIVE_RANDOM_H
#define LIVE_RANDOM_H

#include <stdint.h>

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

/* 0 to limit - 1 */
static inline unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

#endif
