/*
 * Deadlines: one list for each length of time, so that each list is ordered by itself and setting,
 * clearing and looking for what is due cost the same whatever their number.
 */
#ifndef BASEAPI_SRC_DEADLINES_H
#define BASEAPI_SRC_DEADLINES_H

#include <stdint.h>

struct deadline_list;

/* Part of what it belongs to; zeros mean not set. */
struct deadline {
    struct deadline *previous, *next;
    struct deadline_list *list;
    uint64_t start_ms;
};

struct deadline_list {
    struct deadline *first, *last;
    unsigned timeout_ms;
    void (*expired)(struct deadline *deadline);
};

/* Starts a deadline at `now_ms`, clearing it first; times must not run backwards. */
void baseapi__deadline_set(struct deadline *deadline, struct deadline_list *list, uint64_t now_ms);

void baseapi__deadline_clear(struct deadline *deadline);

/* When the first of the list is due, UINT64_MAX for an empty one. */
uint64_t baseapi__deadlines_next(const struct deadline_list *list);

/* Clears what is due and calls `expired` for it, which may set it again. */
void baseapi__deadlines_expire(struct deadline_list *list, uint64_t now_ms);

#endif
