/*
 * Waiting on a condition until a moment of the monotonic clock, in nanoseconds as promon_now_ns
 * counts them.
 */
#ifndef PROMON_SRC_WAIT_H
#define PROMON_SRC_WAIT_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define PROMON__NEVER INT64_MAX
#define PROMON__SECOND_NS INT64_C(1000000000)
#define PROMON__MILLISECOND_NS INT64_C(1000000)

/* One wait, which may also end for no reason; false when the deadline has passed. */
static inline bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  int64_t deadline_ns)
{
    struct timespec deadline;

    if (deadline_ns == PROMON__NEVER) {
        pthread_cond_wait(condition, lock);
        return true;
    }
    deadline.tv_sec = (time_t)(deadline_ns / PROMON__SECOND_NS);
    deadline.tv_nsec = (long)(deadline_ns % PROMON__SECOND_NS);
    return pthread_cond_timedwait(condition, lock, &deadline) != ETIMEDOUT;
}

#endif
