/*
 * History: how a probe was, in three rings of slots: 24 hours of minutes, 30 days of hours, 365
 * days of days. A slot that saw no check is empty.
 *
 * Order: init; add in the order of time; read.
 * Invariant: memory is fixed; a clock that jumps back adds to the newest slot, and one that jumps
 * back by more than a ring begins that ring anew.
 */
#ifndef PROMON_SRC_HISTORY_H
#define PROMON_SRC_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum promon__ring { PROMON__MINUTES, PROMON__HOURS, PROMON__DAYS, PROMON__RINGS };

enum { PROMON__MINUTE_SLOTS = 1440, PROMON__HOUR_SLOTS = 720, PROMON__DAY_SLOTS = 365 };

struct promon__slot {
    uint32_t up, down, unknown; /* checks */
    uint32_t duration_us_max; /* of those that were up */
    uint64_t duration_us_sum;
};

struct promon__history {
    int64_t newest[PROMON__RINGS]; /* number of the newest slot since 1970; 0: none */
    struct promon__slot minutes[PROMON__MINUTE_SLOTS];
    struct promon__slot hours[PROMON__HOUR_SLOTS];
    struct promon__slot days[PROMON__DAY_SLOTS];
};

enum promon__history_event { PROMON__WAS_UP, PROMON__WAS_DOWN, PROMON__WAS_UNKNOWN };

void promon__history_add(struct promon__history *history, int64_t now_s,
                         enum promon__history_event event, int64_t duration_ns);

/* How many slots a ring has, and of how many seconds. */
size_t promon__history_slots(enum promon__ring ring);
int64_t promon__history_slot_s(enum promon__ring ring);

/* The slot `age` slots before the one of now; NULL when nothing was kept of it. */
const struct promon__slot *promon__history_slot(const struct promon__history *history,
                                                enum promon__ring ring, int64_t now_s, size_t age);

/* up / (up + down) of the last `slots` slots, 0 to 1; -1 when there was neither. */
double promon__history_uptime(const struct promon__history *history, enum promon__ring ring,
                              int64_t now_s, size_t slots);

#endif
