/*
 * Schedule: which timer is due first, and where the slots of a fixed rate are.
 *
 * Order: reserve as many as there will be; set, remove, first in any order; free.
 * Invariant: a timer is in it at most once. Setting one that there is room for cannot fail.
 */
#ifndef PROMON_SRC_SCHEDULE_H
#define PROMON_SRC_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Part of what is due; of zeros: not set. */
struct promon__timer {
    int64_t due_ns;
    size_t place; /* in the heap, from 1; 0: in none */
};

/* Of zeros: empty. */
struct promon__schedule {
    struct promon__timer **heap;
    size_t size, capacity;
};

/* Room for `capacity` timers in all; false: no memory. */
bool promon__schedule_reserve(struct promon__schedule *schedule, size_t capacity);
void promon__schedule_free(struct promon__schedule *schedule);

void promon__schedule_set(struct promon__schedule *schedule, struct promon__timer *timer,
                          int64_t due_ns);
void promon__schedule_remove(struct promon__schedule *schedule, struct promon__timer *timer);

/* The one that is due first; NULL when none is set. */
struct promon__timer *promon__schedule_first(const struct promon__schedule *schedule);

/* A number made of a name, the same everywhere and always. */
uint64_t promon__name_hash(const char *name);

/* The first slot after `after_ns`: slots are at `hash` modulo the interval, for ever. */
int64_t promon__next_slot(uint64_t hash, int64_t interval_ns, int64_t after_ns);

#endif
