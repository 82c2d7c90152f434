/*
 * The monotonic clock that deadlines are counted in.
 */
#ifndef AMQPEXT_SRC_CLOCK_H
#define AMQPEXT_SRC_CLOCK_H

#include <stdint.h>
#include <time.h>

/* A deadline that never comes. */
#define NEVER UINT64_MAX

static inline uint64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000) + (uint64_t)now.tv_nsec / 1000;
}

#endif
