/*
 * Registry: its families, and the end of what is removed.
 *
 * What is removed goes three ways: it is unlinked under the lock; after a grace nobody counts in it
 * and its slots are free; and when no gathering that began before is under way, whose texts it
 * lends, its memory is freed.
 */
#include "registry_state.h"

#include <stdlib.h>

#include "claims.h"
#include "clock.h"
#include "error.h"
#include "exemplar.h"
#include "family_make.h"
#include "family_options.h"
#include "gathering.h"
#include "grace.h"
#include "native.h"
#include "options.h"
#include "series.h"

static struct promon__registry *new_registry(void)
{
    struct promon__registry *registry = calloc(1, sizeof(*registry));

    if (registry == NULL)
        return NULL;
    pthread_mutex_init(&registry->lock, NULL);
    pthread_cond_init(&registry->turn, NULL);
    registry->last_family = &registry->families;
    registry->last_collector = &registry->collectors;
    return registry;
}

enum promon_status promon__registry_new(struct promon__registry **out, struct promon_error *error)
{
    struct promon__registry *registry;
    enum promon_status status = promon__slots_open(error);

    if (status != PROMON_OK)
        return status;
    registry = new_registry();
    if (registry == NULL) {
        promon__slots_close();
        return promon__fail_memory(error);
    }
    status = promon__own_metrics_add(registry, error);
    if (status != PROMON_OK)
        promon__registry_free(registry);
    else
        *out = registry;
    return status;
}

void promon__registry_free(struct promon__registry *registry)
{
    struct promon_family *family, *next;
    struct promon_collector *collector;

    if (registry == NULL)
        return;
    for (family = registry->families; family != NULL; family = next) {
        next = family->next;
        promon__family_free_slots(family);
        promon__family_free(family);
    }
    while (registry->collectors != NULL) {
        collector = registry->collectors;
        registry->collectors = collector->next;
        free(collector);
    }
    promon__registry_reclaim(registry);
    pthread_cond_destroy(&registry->turn);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
    promon__slots_close();
}

bool promon__registry_is_taken(const struct promon__registry *registry,
                               const struct promon__claims *claims)
{
    const struct promon_family *family;

    for (family = registry->families; family != NULL; family = family->next) {
        if (promon__claims_meet(&family->claims, claims))
            return true;
    }
    return false;
}

static enum promon_status hang_up(struct promon__registry *registry, struct promon_family *family,
                                  struct promon_error *error)
{
    bool is_taken;

    promon__registry_lock(registry);
    is_taken = promon__registry_is_taken(registry, &family->claims);
    if (!is_taken) {
        *registry->last_family = family;
        registry->last_family = &family->next;
    }
    promon__registry_unlock(registry);
    return is_taken ? promon__fail(error, PROMON_EEXISTS, "%.100s: the name is taken", family->name)
                    : PROMON_OK;
}

enum promon_status promon__registry_family_add(struct promon__registry *registry,
                                               const struct promon_family_options *options,
                                               struct promon_family **out,
                                               struct promon_error *error)
{
    struct promon_family_options checked;
    struct promon_family *family;
    enum promon_status status;

    status = promon__options_copy(&checked, sizeof(checked), options, "family", error);
    if (status == PROMON_OK)
        status = promon__family_options_check(&checked, error);
    if (status == PROMON_OK)
        status = promon__family_new(registry, &checked, &family, error);
    if (status != PROMON_OK)
        return status;
    status = hang_up(registry, family, error);
    if (status != PROMON_OK) {
        promon__family_free_slots(family);
        promon__family_free(family);
        return status;
    }
    *out = family;
    return PROMON_OK;
}

static void take_down(struct promon__registry *registry, struct promon_family *family)
{
    struct promon_family **link = &registry->families;

    while (*link != family)
        link = &(*link)->next;
    *link = family->next;
    if (*link == NULL)
        registry->last_family = link;
}

void promon__registry_family_remove(struct promon__registry *registry, struct promon_family *family)
{
    if (family == NULL)
        return;
    promon__registry_lock(registry);
    take_down(registry, family);
    promon__registry_unlock(registry);
    promon__family_free_slots(family);
    promon__registry_lock(registry);
    family->removed_at = registry->n_gatherings_ever;
    family->next = registry->removed_families;
    registry->removed_families = family;
    promon__registry_reclaim(registry);
    promon__registry_unlock(registry);
}

static bool is_needed(const struct promon__registry *registry, uint64_t removed_at)
{
    const struct promon__gathering *gathering;

    for (gathering = registry->gatherings; gathering != NULL; gathering = gathering->next) {
        if (gathering->number <= removed_at)
            return true;
    }
    return false;
}

/* Series first: they read their families. */
void promon__registry_reclaim(struct promon__registry *registry)
{
    struct promon__series **series = &registry->removed_series;
    struct promon_family **family = &registry->removed_families;

    while (*series != NULL) {
        struct promon__series *removed = *series;

        if (is_needed(registry, removed->hash)) {
            series = &removed->next;
            continue;
        }
        *series = removed->next;
        promon__series_free(removed);
    }
    while (*family != NULL) {
        struct promon_family *removed = *family;

        if (is_needed(registry, removed->removed_at)) {
            family = &removed->next;
            continue;
        }
        *family = removed->next;
        promon__family_free(removed);
    }
}

void promon__registry_discard(struct promon__registry *registry, struct promon__garbage *garbage)
{
    struct promon__series *series, *next;

    if (garbage->series == NULL && garbage->table == NULL)
        return;
    promon__grace();
    free(garbage->table);
    for (series = garbage->series; series != NULL; series = series->next)
        promon__series_free_slots(series);
    promon__registry_lock(registry);
    for (series = garbage->series; series != NULL; series = next) {
        next = series->next;
        series->hash = registry->n_gatherings_ever;
        series->next = registry->removed_series;
        registry->removed_series = series;
    }
    promon__registry_reclaim(registry);
    promon__registry_unlock(registry);
}

void promon__registry_misuse(struct promon__registry *registry)
{
    __atomic_fetch_add(&registry->n_misuses, 1, __ATOMIC_RELAXED);
}

static void start_over(struct promon_family *family, double now_s)
{
    struct promon__series *series;

    pthread_mutex_init(&family->measure_lock, NULL);
    family->n_dropped = 0;
    for (series = family->first; series != NULL; series = series->next) {
        if (family->kind == PROMON_COUNTER)
            promon__slots_zero(series->cell.counter_slot, PROMON__COUNTER_SLOTS);
        if (family->kind == PROMON_HISTOGRAM && family->is_classic)
            promon__slots_zero(series->cell.slot, promon__classic_slots(family));
        if (series->native != NULL)
            promon__native_zero(family, series->native);
        promon__exemplars_free(series->exemplars);
        series->exemplars = NULL;
        series->created_s = now_s;
    }
}

void promon__registry_after_fork(struct promon__registry *registry)
{
    const double now_s = promon__wall_clock_s();
    struct promon_family *family;

    pthread_mutex_init(&registry->lock, NULL);
    pthread_cond_init(&registry->turn, NULL);
    promon__slots_after_fork();
    registry->is_collecting = false;
    registry->running = NULL;
    registry->gatherings = NULL;
    registry->n_misuses = 0;
    registry->process_start_s = 0;
    for (family = registry->families; family != NULL; family = family->next)
        start_over(family, now_s);
    promon__registry_reclaim(registry);
}
