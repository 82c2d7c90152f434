/*
 * Numbers that look random and come again with the same seed (splitmix64).
 */
#ifndef LIVE_CHANCE_H
#define LIVE_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_mix(uint64_t number)
{
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

static inline uint64_t chance_next(struct chance *chance)
{
    chance->state += UINT64_C(0x9e3779b97f4a7c15);
    return chance_mix(chance->state);
}

/* From 0 to limit - 1. */
static inline unsigned chance_below(struct chance *chance, unsigned limit)
{
    return (unsigned)(chance_next(chance) % limit);
}

static inline unsigned chance_between(struct chance *chance, unsigned low, unsigned high)
{
    return low + chance_below(chance, high - low + 1);
}

static inline bool chance_percent(struct chance *chance, unsigned percent)
{
    return chance_below(chance, 100) < percent;
}

#endif
