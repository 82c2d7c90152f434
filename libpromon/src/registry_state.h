/*
 * The inside of a registry, for the files that make it up.
 */
#ifndef PROMON_SRC_REGISTRY_STATE_H
#define PROMON_SRC_REGISTRY_STATE_H

#include <pthread.h>
#include <stdbool.h>

#include "family_state.h"
#include "registry.h"

struct promon_collector {
    promon_collect_fn collect;
    void *data;
    bool is_own; /* the library's: reserved names are its */
    uint64_t number; /* grows in the list */
    struct promon_collector *next;
};

/* A reading that began; what is removed after that is kept for it. */
struct promon__gathering;

struct promon__registry {
    pthread_mutex_t lock;
    pthread_cond_t turn; /* is_collecting or running has changed */
    struct promon_family *families, **last_family;
    struct promon_collector *collectors, **last_collector;
    uint64_t n_collectors_ever;
    const struct promon_collector *running; /* whose function runs */
    bool is_collecting;
    uint64_t n_misuses;
    double process_start_s; /* 0: not known yet */
    /* Gatherings under way, and what was removed while there were some. */
    struct promon__gathering *gatherings;
    uint64_t n_gatherings_ever;
    struct promon__series *removed_series; /* `hash` is n_gatherings_ever of then */
    struct promon_family *removed_families;
};

/*
 * What was unlinked under the lock, to be freed without it. Zeros are nothing.
 */
struct promon__garbage {
    struct promon__series *series; /* by `next` */
    struct promon__table *table; /* one that was replaced */
};

static inline void promon__registry_lock(struct promon__registry *registry)
{
    pthread_mutex_lock(&registry->lock);
}

static inline void promon__registry_unlock(struct promon__registry *registry)
{
    pthread_mutex_unlock(&registry->lock);
}

/* Waits until nobody can see it, and frees it when no gathering needs it. No lock is held. */
void promon__registry_discard(struct promon__registry *registry, struct promon__garbage *garbage);

/* Frees what no gathering needs any more; the lock is held. */
void promon__registry_reclaim(struct promon__registry *registry);

/* Whether one of the names is taken by a family; the lock is held. */
bool promon__registry_is_taken(const struct promon__registry *registry,
                               const struct promon__claims *claims);

/* Adds the collector that tells of the registry itself. */
enum promon_status promon__own_metrics_add(struct promon__registry *registry,
                                           struct promon_error *error);

/* As promon__registry_collector_add; without is_own, reserved names are left out. */
enum promon_status promon__collector_add(struct promon__registry *registry,
                                         const struct promon_collector *collector,
                                         struct promon_collector **out, struct promon_error *error);

#endif
