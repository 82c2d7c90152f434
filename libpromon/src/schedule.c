/*
 * Schedule: a binary heap of timers, and the arithmetic of slots.
 *
 * Slots are counted from the zero of the clock and not from one another, so that nothing can drift;
 * the phase of a probe comes from its name, so that a thousand of them spread evenly and a probe
 * keeps its place whatever is added beside it.
 */
#include "schedule.h"

#include <stdlib.h>

bool promon__schedule_reserve(struct promon__schedule *schedule, size_t capacity)
{
    struct promon__timer **heap;

    if (capacity <= schedule->capacity)
        return true;
    if (capacity < 2 * schedule->capacity)
        capacity = 2 * schedule->capacity;
    heap = realloc(schedule->heap, capacity * sizeof(struct promon__timer *));
    if (heap == NULL)
        return false;
    schedule->heap = heap;
    schedule->capacity = capacity;
    return true;
}

void promon__schedule_free(struct promon__schedule *schedule)
{
    free(schedule->heap);
    *schedule = (struct promon__schedule){.heap = NULL};
}

/* Places are counted from 1, which makes parents halves. */
static struct promon__timer *at(const struct promon__schedule *schedule, size_t place)
{
    return schedule->heap[place - 1];
}

static void put(struct promon__schedule *schedule, struct promon__timer *timer, size_t place)
{
    schedule->heap[place - 1] = timer;
    timer->place = place;
}

static void move_up(struct promon__schedule *schedule, struct promon__timer *timer)
{
    size_t place = timer->place;

    while (place > 1 && at(schedule, place / 2)->due_ns > timer->due_ns) {
        put(schedule, at(schedule, place / 2), place);
        place /= 2;
    }
    put(schedule, timer, place);
}

static void move_down(struct promon__schedule *schedule, struct promon__timer *timer)
{
    size_t place = timer->place;

    for (;;) {
        size_t child = 2 * place;

        if (child > schedule->size)
            break;
        if (child < schedule->size && at(schedule, child + 1)->due_ns < at(schedule, child)->due_ns)
            child++;
        if (at(schedule, child)->due_ns >= timer->due_ns)
            break;
        put(schedule, at(schedule, child), place);
        place = child;
    }
    put(schedule, timer, place);
}

void promon__schedule_set(struct promon__schedule *schedule, struct promon__timer *timer,
                          int64_t due_ns)
{
    timer->due_ns = due_ns;
    if (timer->place == 0)
        put(schedule, timer, ++schedule->size);
    move_up(schedule, timer);
    move_down(schedule, timer);
}

void promon__schedule_remove(struct promon__schedule *schedule, struct promon__timer *timer)
{
    struct promon__timer *last;

    if (timer->place == 0)
        return;
    last = at(schedule, schedule->size--);
    if (last != timer) {
        put(schedule, last, timer->place);
        move_up(schedule, last);
        move_down(schedule, last);
    }
    timer->place = 0;
}

struct promon__timer *promon__schedule_first(const struct promon__schedule *schedule)
{
    return schedule->size == 0 ? NULL : schedule->heap[0];
}

/* FNV-1a, and the last step of splitmix64, without which names that differ at their end only would
 * have neighbouring numbers. */
uint64_t promon__name_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

int64_t promon__next_slot(uint64_t hash, int64_t interval_ns, int64_t after_ns)
{
    const int64_t phase_ns = (int64_t)(hash % (uint64_t)interval_ns);
    int64_t slot_ns = after_ns - after_ns % interval_ns + phase_ns;

    if (slot_ns <= after_ns)
        slot_ns += interval_ns;
    /* The phase may be more than one interval ahead of `after_ns` only if that is negative. */
    return slot_ns - interval_ns > after_ns ? slot_ns - interval_ns : slot_ns;
}
