/*
 * Deadlines: doubly linked lists, the oldest start first.
 *
 * Order: set, clear and expire at will; a deadline must be cleared before its memory goes.
 * Invariant: starts in a list never decrease, as each is appended at the present time and all of
 * them wait equally long.
 */
#include "deadlines.h"

#include <stddef.h>

void baseapi__deadline_clear(struct deadline *deadline)
{
    struct deadline_list *list = deadline->list;

    if (list == NULL)
        return;
    if (deadline->previous != NULL)
        deadline->previous->next = deadline->next;
    else
        list->first = deadline->next;
    if (deadline->next != NULL)
        deadline->next->previous = deadline->previous;
    else
        list->last = deadline->previous;
    deadline->previous = NULL;
    deadline->next = NULL;
    deadline->list = NULL;
}

void baseapi__deadline_set(struct deadline *deadline, struct deadline_list *list, uint64_t now_ms)
{
    baseapi__deadline_clear(deadline);
    deadline->list = list;
    deadline->start_ms = now_ms;
    deadline->previous = list->last;
    if (list->last != NULL)
        list->last->next = deadline;
    else
        list->first = deadline;
    list->last = deadline;
}

uint64_t baseapi__deadlines_next(const struct deadline_list *list)
{
    return list->first == NULL ? UINT64_MAX : list->first->start_ms + list->timeout_ms;
}

void baseapi__deadlines_expire(struct deadline_list *list, uint64_t now_ms)
{
    while (list->first != NULL && list->first->start_ms + list->timeout_ms <= now_ms) {
        struct deadline *deadline = list->first;

        baseapi__deadline_clear(deadline);
        list->expired(deadline);
    }
}
