/*
 * List: doubly linked rings through links that lie inside the objects, so that joining and leaving
 * allocate nothing. A list is a link of its own; miniorm__list_init makes it empty. A link that is
 * in no list points to itself once miniorm__list_init or miniorm__list_remove was called on it.
 */
#ifndef MINIORM_SRC_LIST_H
#define MINIORM_SRC_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct miniorm__link {
    struct miniorm__link *previous;
    struct miniorm__link *next;
};

/* The object of `type` whose `member` is at `link`. */
#define MINIORM__OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void miniorm__list_init(struct miniorm__link *list)
{
    list->previous = list;
    list->next = list;
}

static inline bool miniorm__list_is_empty(const struct miniorm__link *list)
{
    return list->next == list;
}

static inline void miniorm__list_append(struct miniorm__link *list, struct miniorm__link *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

static inline void miniorm__list_prepend(struct miniorm__link *list, struct miniorm__link *link)
{
    miniorm__list_append(list->next, link);
}

static inline void miniorm__list_remove(struct miniorm__link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    miniorm__list_init(link);
}

/* Takes the first link out; NULL when the list is empty. */
static inline struct miniorm__link *miniorm__list_pop(struct miniorm__link *list)
{
    struct miniorm__link *first = list->next;

    if (first == list)
        return NULL;
    miniorm__list_remove(first);
    return first;
}

#endif
