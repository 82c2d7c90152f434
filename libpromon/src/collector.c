/*
 * Collectors: who is asked, one after the other, with no lock held.
 *
 * A scrape takes the turn, which others wait for, and goes through the collectors by their numbers,
 * so that some may come and go meanwhile. Invariant: what is `running` is not freed.
 */
#include <promon/collect.h>
#include <stdlib.h>

#include "collection.h"
#include "error.h"
#include "registry_state.h"

enum promon_status promon__collector_add(struct promon__registry *registry,
                                         const struct promon_collector *collector,
                                         struct promon_collector **out, struct promon_error *error)
{
    struct promon_collector *copy;

    if (collector->collect == NULL)
        return promon__fail(error, PROMON_EINVALID, "collector: there is no function");
    copy = malloc(sizeof(*copy));
    if (copy == NULL)
        return promon__fail_memory(error);
    *copy = *collector;
    copy->next = NULL;
    promon__registry_lock(registry);
    copy->number = ++registry->n_collectors_ever;
    *registry->last_collector = copy;
    registry->last_collector = &copy->next;
    promon__registry_unlock(registry);
    if (out != NULL)
        *out = copy;
    return PROMON_OK;
}

enum promon_status promon__registry_collector_add(struct promon__registry *registry,
                                                  promon_collect_fn collect, void *data,
                                                  struct promon_collector **out,
                                                  struct promon_error *error)
{
    const struct promon_collector collector = {.collect = collect, .data = data, .is_own = true};

    return promon__collector_add(registry, &collector, out, error);
}

static void unhang(struct promon__registry *registry, const struct promon_collector *collector)
{
    struct promon_collector **link = &registry->collectors;

    while (*link != collector)
        link = &(*link)->next;
    *link = collector->next;
    if (*link == NULL)
        registry->last_collector = link;
}

void promon__registry_collector_remove(struct promon__registry *registry,
                                       struct promon_collector *collector)
{
    if (collector == NULL)
        return;
    promon__registry_lock(registry);
    unhang(registry, collector);
    while (registry->running == collector)
        pthread_cond_wait(&registry->turn, &registry->lock);
    promon__registry_unlock(registry);
    free(collector);
}

/* The first one behind `number`, which is running from now on; NULL when there is none. */
static const struct promon_collector *next_to_run(struct promon__registry *registry,
                                                  uint64_t number)
{
    const struct promon_collector *collector = registry->collectors;

    while (collector != NULL && collector->number <= number)
        collector = collector->next;
    registry->running = collector;
    pthread_cond_broadcast(&registry->turn);
    return collector;
}

void promon__collect(struct promon__registry *registry, struct promon__gathering *gathering)
{
    const struct promon_collector *collector;
    uint64_t number = 0;

    promon__registry_lock(registry);
    while (registry->is_collecting)
        pthread_cond_wait(&registry->turn, &registry->lock);
    registry->is_collecting = true;
    while ((collector = next_to_run(registry, number)) != NULL) {
        struct promon_collection collection = {
            .registry = registry, .gathering = gathering, .is_own = collector->is_own};

        number = collector->number;
        promon__registry_unlock(registry);
        collector->collect(collector->data, &collection);
        promon__collection_end(&collection);
        promon__registry_lock(registry);
    }
    registry->is_collecting = false;
    pthread_cond_broadcast(&registry->turn);
    promon__registry_unlock(registry);
}
