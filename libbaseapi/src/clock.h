/*
 * Clocks in microseconds.
 */
#ifndef BASEAPI_SRC_CLOCK_H
#define BASEAPI_SRC_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000) + (uint64_t)now.tv_nsec / 1000;
}

static inline uint64_t monotonic_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

#endif
