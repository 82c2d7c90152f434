/*
 * Range: a time that status pages and badges look back on, divided into bars that begin at round
 * times, so that a bar stays the same while the newest one grows.
 */
#ifndef PROMON_SRC_RANGE_H
#define PROMON_SRC_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "history.h"

/* The most bars of a range. */
enum { PROMON__MAX_BARS = 96 };

struct promon__range {
    const char *name; /* "day" */
    const char *words; /* "24 h" */
    enum promon__ring ring;
    size_t slots; /* of the ring */
    size_t slots_per_bar;
    size_t bars;
};

/* Day, month, year; a row without name ends it. */
extern const struct promon__range promon__ranges[];

/* That of a query ("range=month"), the day if it names none. */
const struct promon__range *promon__range_asked(const char *query);

int64_t promon__range_bar_s(const struct promon__range *range);

/* Fills `bars`, oldest first; those that saw no check are zero. Returns how many. */
size_t promon__range_bars(const struct promon__range *range, const struct promon__history *history,
                          int64_t now_s, struct promon__slot bars[PROMON__MAX_BARS]);

/* All bars in one. */
struct promon__slot promon__range_sum(const struct promon__range *range,
                                      const struct promon__history *history, int64_t now_s);

/* Share of checks that were up, 0 to 1; -1 when there was none. */
double promon__range_uptime(const struct promon__range *range,
                            const struct promon__history *history, int64_t now_s);

#endif
