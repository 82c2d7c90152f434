/*
 * Range: slots of a history added up to bars.
 *
 * Invariant: a bar begins at a multiple of its length since 1970, and a range has as many as the
 * ring surely remembers.
 */
#include "range.h"

#include <string.h>

#include "query.h"

const struct promon__range promon__ranges[] = {
    {"day", "24 h", PROMON__MINUTES, PROMON__MINUTE_SLOTS, 15, 96},
    {"month", "30 d", PROMON__HOURS, PROMON__HOUR_SLOTS, 8, 90},
    {"year", "365 d", PROMON__DAYS, PROMON__DAY_SLOTS, 5, 73},
    {NULL, NULL, PROMON__MINUTES, 0, 0, 0},
};

const struct promon__range *promon__range_asked(const char *query)
{
    if (promon__query_has(query, "range=month"))
        return &promon__ranges[1];
    if (promon__query_has(query, "range=year"))
        return &promon__ranges[2];
    return &promon__ranges[0];
}

int64_t promon__range_bar_s(const struct promon__range *range)
{
    return (int64_t)range->slots_per_bar * promon__history_slot_s(range->ring);
}

static void add(struct promon__slot *sum, const struct promon__slot *slot)
{
    sum->up += slot->up;
    sum->down += slot->down;
    sum->unknown += slot->unknown;
    sum->duration_us_sum += slot->duration_us_sum;
    if (slot->duration_us_max > sum->duration_us_max)
        sum->duration_us_max = slot->duration_us_max;
}

size_t promon__range_bars(const struct promon__range *range, const struct promon__history *history,
                          int64_t now_s, struct promon__slot bars[PROMON__MAX_BARS])
{
    const int64_t slot = now_s / promon__history_slot_s(range->ring);
    /* Slots that the newest bar has so far. */
    const size_t begun = (size_t)(slot % (int64_t)range->slots_per_bar) + 1;
    size_t age;

    memset(bars, 0, range->bars * sizeof(bars[0]));
    for (age = 0; age < range->slots; age++) {
        const struct promon__slot *found = promon__history_slot(history, range->ring, now_s, age);
        const size_t bar_age = age < begun ? 0 : (age - begun) / range->slots_per_bar + 1;

        if (found != NULL && bar_age < range->bars)
            add(&bars[range->bars - 1 - bar_age], found);
    }
    return range->bars;
}

struct promon__slot promon__range_sum(const struct promon__range *range,
                                      const struct promon__history *history, int64_t now_s)
{
    struct promon__slot sum = {.up = 0};
    size_t age;

    for (age = 0; age < range->slots; age++) {
        const struct promon__slot *found = promon__history_slot(history, range->ring, now_s, age);

        if (found != NULL)
            add(&sum, found);
    }
    return sum;
}

double promon__range_uptime(const struct promon__range *range,
                            const struct promon__history *history, int64_t now_s)
{
    return promon__history_uptime(history, range->ring, now_s, range->slots);
}
