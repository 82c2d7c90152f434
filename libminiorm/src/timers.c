/*
 * Timers: a binary heap over pointers, in which each timer knows its place.
 *
 * Order: add, then set and expire any number of times, remove; free at the end drops what is left.
 * Invariant: heap[place - 1] is the timer itself, and the heap has room for every timer that
 * exists, so that starting one never allocates.
 */
#include "timers.h"

#include <stdbool.h>
#include <stdlib.h>

#define FIRST_CAPACITY ((size_t)16)

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->sequence < b->sequence;
}

static void put(struct timers *timers, struct timer *timer, size_t place)
{
    timers->heap[place - 1] = timer;
    timer->place = place;
}

static void sift_up(struct timers *timers, struct timer *timer, size_t place)
{
    while (place > 1 && is_before(timer, timers->heap[place / 2 - 1])) {
        put(timers, timers->heap[place / 2 - 1], place);
        place /= 2;
    }
    put(timers, timer, place);
}

static void sift_down(struct timers *timers, struct timer *timer, size_t place)
{
    while (place * 2 <= timers->count) {
        size_t child = place * 2;

        if (child < timers->count && is_before(timers->heap[child], timers->heap[child - 1]))
            child++;
        if (!is_before(timers->heap[child - 1], timer))
            break;
        put(timers, timers->heap[child - 1], place);
        place = child;
    }
    put(timers, timer, place);
}

static void stop(struct timers *timers, struct timer *timer)
{
    const size_t place = timer->place;
    struct timer *last;

    if (place == 0)
        return;
    timer->place = 0;
    last = timers->heap[--timers->count];
    if (last == timer)
        return;
    sift_up(timers, last, place);
    sift_down(timers, last, last->place);
}

static bool make_room(struct timers *timers)
{
    const size_t capacity = timers->capacity == 0 ? FIRST_CAPACITY : timers->capacity * 2;
    struct timer **heap;

    if (timers->known < timers->capacity)
        return true;
    heap = realloc(timers->heap, capacity * sizeof(*heap));
    if (heap == NULL)
        return false;
    timers->heap = heap;
    timers->capacity = capacity;
    return true;
}

struct timer *miniorm__timers_add(struct timers *timers, miniorm_timer_fn expired, void *data)
{
    struct timer *timer;

    if (!make_room(timers))
        return NULL;
    timer = calloc(1, sizeof(*timer));
    if (timer == NULL)
        return NULL;
    timer->expired = expired;
    timer->data = data;
    timer->next = timers->all;
    if (timers->all != NULL)
        timers->all->previous = timer;
    timers->all = timer;
    timers->known++;
    return timer;
}

void miniorm__timers_set(struct timers *timers, struct timer *timer, uint64_t due_ns)
{
    stop(timers, timer);
    timer->due_ns = due_ns;
    timer->sequence = ++timers->sequence;
    timers->count++;
    sift_up(timers, timer, timers->count);
}

void miniorm__timers_remove(struct timers *timers, struct timer *timer)
{
    stop(timers, timer);
    if (timer->next != NULL)
        timer->next->previous = timer->previous;
    if (timer->previous != NULL)
        timer->previous->next = timer->next;
    else
        timers->all = timer->next;
    timers->known--;
    free(timer);
}

uint64_t miniorm__timers_next(const struct timers *timers)
{
    return timers->count == 0 ? UINT64_MAX : timers->heap[0]->due_ns;
}

void miniorm__timers_expire(struct timers *timers, uint64_t now_ns)
{
    const uint64_t last = timers->sequence;

    while (timers->count != 0 && timers->heap[0]->due_ns <= now_ns &&
           timers->heap[0]->sequence <= last) {
        struct timer *timer = timers->heap[0];

        stop(timers, timer);
        timer->expired(timer->data);
    }
}

void miniorm__timers_free(struct timers *timers)
{
    while (timers->all != NULL)
        miniorm__timers_remove(timers, timers->all);
    free(timers->heap);
    timers->heap = NULL;
    timers->capacity = 0;
}
