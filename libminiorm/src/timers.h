/*
 * Timers of a loop: a heap ordered by the time at which they are due, those due together in the
 * order in which they were set.
 */
#ifndef MINIORM_SRC_TIMERS_H
#define MINIORM_SRC_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/loop.h>

struct timer {
    uint64_t due_ns;
    uint64_t sequence;
    size_t place; /* in the heap, from 1; 0 while it does not run */
    miniorm_timer_fn expired;
    void *data;
    struct timer *previous, *next; /* every timer, running or not */
};

struct timers {
    struct timer **heap;
    size_t count;
    size_t capacity;
    size_t known; /* timers that exist: the heap always has room for all of them */
    uint64_t sequence;
    struct timer *all;
};

/* A timer that does not run yet, or NULL when memory ran out. */
struct timer *miniorm__timers_add(struct timers *timers, miniorm_timer_fn expired, void *data);

/* Starts or restarts; cannot fail. */
void miniorm__timers_set(struct timers *timers, struct timer *timer, uint64_t due_ns);

void miniorm__timers_remove(struct timers *timers, struct timer *timer);

/* When the first one is due, UINT64_MAX when none runs. */
uint64_t miniorm__timers_next(const struct timers *timers);

/* Calls what is due at `now_ns`; what a callback sets anew waits for the next time. */
void miniorm__timers_expire(struct timers *timers, uint64_t now_ns);

void miniorm__timers_free(struct timers *timers);

#endif
