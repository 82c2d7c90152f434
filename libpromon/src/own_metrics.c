/*
 * The registry's own metrics: what was used wrongly, and what there was no room for.
 */
#include "registry_state.h"

static void collect_misuse(struct promon__registry *registry, struct promon_collection *collection)
{
    struct promon_collected family = PROMON_COLLECTED_INIT;

    family.kind = PROMON_COUNTER;
    family.name = "promon_misuse_total";
    family.help = "Calls that were not carried out because they were wrong.";
    promon_collect_family(collection, &family);
    promon_collect_unsigned(collection, NULL,
                            __atomic_load_n(&registry->n_misuses, __ATOMIC_RELAXED));
}

static void collect_dropped(struct promon__registry *registry, struct promon_collection *collection)
{
    static const char *const labels[] = {"family", NULL};
    struct promon_collected collected = PROMON_COLLECTED_INIT;
    const struct promon_family *family;
    bool is_begun = false;

    collected.kind = PROMON_COUNTER;
    collected.name = "promon_series_dropped_total";
    collected.help = "Uses of label values that max_series left no room for.";
    collected.labels = labels;
    for (family = registry->families; family != NULL; family = family->next) {
        const char *const values[] = {family->name, NULL};

        if (family->n_labels == 0)
            continue;
        if (!is_begun)
            promon_collect_family(collection, &collected);
        is_begun = true;
        promon_collect_unsigned(collection, values,
                                __atomic_load_n(&family->n_dropped, __ATOMIC_RELAXED));
    }
}

static void collect(void *data, struct promon_collection *collection)
{
    struct promon__registry *registry = data;

    collect_misuse(registry, collection);
    promon__registry_lock(registry);
    collect_dropped(registry, collection);
    promon__registry_unlock(registry);
}

enum promon_status promon__own_metrics_add(struct promon__registry *registry,
                                           struct promon_error *error)
{
    return promon__registry_collector_add(registry, collect, registry, NULL, error);
}
