/*
 * Waiting on a condition until a moment of the monotonic clock, as clock.h counts it.
 */
#ifndef AMQPEXT_SRC_WAIT_H
#define AMQPEXT_SRC_WAIT_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "clock.h"

/* Returns an errno value, 0 when the condition can be used. */
static inline int condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int failure = pthread_condattr_init(&attributes);

    if (failure != 0)
        return failure;
    failure = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failure == 0)
        failure = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return failure;
}

/* One wait, which may also end for no reason; false when the deadline has passed. */
static inline bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  uint64_t deadline_us)
{
    struct timespec deadline;

    if (deadline_us == NEVER) {
        pthread_cond_wait(condition, lock);
        return true;
    }
    deadline.tv_sec = (time_t)(deadline_us / 1000000);
    deadline.tv_nsec = (long)(deadline_us % 1000000) * 1000;
    return pthread_cond_timedwait(condition, lock, &deadline) != ETIMEDOUT;
}

#endif
