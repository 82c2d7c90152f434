/*
 * History: rings of slots that are numbered since 1970.
 *
 * Invariant: slot `n` of a ring stands at n % slots; those behind the newest, as many as the ring
 * has, are of the time that their number says, and are zero when nothing was checked then. A clock
 * that jumps back adds to the newest slot; one that jumps back by more than the whole ring begins
 * it anew.
 */
#include "history.h"

#include <string.h>

static const struct {
    size_t slots;
    int64_t slot_s;
} rings[PROMON__RINGS] = {
    [PROMON__MINUTES] = {PROMON__MINUTE_SLOTS, 60},
    [PROMON__HOURS] = {PROMON__HOUR_SLOTS, 3600},
    [PROMON__DAYS] = {PROMON__DAY_SLOTS, 86400},
};

size_t promon__history_slots(enum promon__ring ring)
{
    return rings[ring].slots;
}

int64_t promon__history_slot_s(enum promon__ring ring)
{
    return rings[ring].slot_s;
}

static struct promon__slot *ring_of(struct promon__history *history, enum promon__ring ring)
{
    switch (ring) {
    case PROMON__MINUTES: return history->minutes;
    case PROMON__HOURS: return history->hours;
    default: return history->days;
    }
}

/* 0 is no slot. */
static int64_t number_of(enum promon__ring ring, int64_t now_s)
{
    return now_s < rings[ring].slot_s ? 1 : now_s / rings[ring].slot_s;
}

/* Makes `number` the newest slot; those between were seen by nobody. */
static void advance(struct promon__history *history, enum promon__ring ring, int64_t number)
{
    struct promon__slot *slots = ring_of(history, ring);
    const int64_t size = (int64_t)rings[ring].slots;
    int64_t *newest = &history->newest[ring];

    if (number <= *newest && *newest - number < size)
        return;
    if (*newest == 0 || number < *newest || number - *newest >= size) {
        memset(slots, 0, (size_t)size * sizeof(slots[0]));
        *newest = number;
    }
    while (*newest < number) {
        (*newest)++;
        memset(&slots[*newest % size], 0, sizeof(slots[0]));
    }
}

static void add_to(struct promon__slot *slot, enum promon__history_event event, int64_t duration_ns)
{
    const uint64_t duration_us = duration_ns < 0 ? 0 : (uint64_t)duration_ns / 1000;

    if (event == PROMON__WAS_DOWN)
        slot->down++;
    if (event == PROMON__WAS_UNKNOWN)
        slot->unknown++;
    if (event != PROMON__WAS_UP)
        return;
    slot->up++;
    slot->duration_us_sum += duration_us;
    if (duration_us > slot->duration_us_max)
        slot->duration_us_max = duration_us > UINT32_MAX ? UINT32_MAX : (uint32_t)duration_us;
}

void promon__history_add(struct promon__history *history, int64_t now_s,
                         enum promon__history_event event, int64_t duration_ns)
{
    enum promon__ring ring;

    for (ring = PROMON__MINUTES; ring < PROMON__RINGS; ring++) {
        advance(history, ring, number_of(ring, now_s));
        add_to(&ring_of(history, ring)[history->newest[ring] % (int64_t)rings[ring].slots], event,
               duration_ns);
    }
}

const struct promon__slot *promon__history_slot(const struct promon__history *history,
                                                enum promon__ring ring, int64_t now_s, size_t age)
{
    const int64_t size = (int64_t)rings[ring].slots;
    const int64_t number = number_of(ring, now_s) - (age < (size_t)size ? (int64_t)age : size);
    const struct promon__slot *slot;

    if (age >= (size_t)size || number < 1 || number > history->newest[ring] ||
        history->newest[ring] - number >= size)
        return NULL;
    /* The rings of a constant history are not changed through this. */
    slot = &ring_of((struct promon__history *)(uintptr_t)history, ring)[number % size];
    return slot->up + slot->down + slot->unknown == 0 ? NULL : slot;
}

double promon__history_uptime(const struct promon__history *history, enum promon__ring ring,
                              int64_t now_s, size_t slots)
{
    uint64_t ups = 0, known = 0;
    size_t age;

    for (age = 0; age < slots && age < rings[ring].slots; age++) {
        const struct promon__slot *slot = promon__history_slot(history, ring, now_s, age);

        if (slot == NULL)
            continue;
        ups += slot->up;
        known += (uint64_t)slot->up + slot->down;
    }
    return known == 0 ? -1 : (double)ups / (double)known;
}
