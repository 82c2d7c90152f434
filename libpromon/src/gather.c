/*
 * Gathering: one reading of all values. Families of the registry are copied under its lock, which
 * hot calls do not take; then collectors are asked without one.
 *
 * Order: begin, copy, collect; the gathering is in the registry's list until it is released, so
 * that the texts it borrows stay.
 */
#include <stdlib.h>

#include "claims.h"
#include "error.h"
#include "exemplar.h"
#include "gathering.h"
#include "registry_state.h"
#include "series.h"
#include "slots.h"

/* A thread that counts for the first time waits for the sums of so many series at most. */
#define SUMS_AT_ONCE 256

bool promon__gathering_wants(const struct promon__gathering *gathering,
                             const struct promon__claims *claims)
{
    size_t i;

    if (gathering->wanted == NULL)
        return true;
    for (i = 0; gathering->wanted[i] != NULL; i++) {
        if (promon__claims_have(claims, gathering->wanted[i]))
            return true;
    }
    return false;
}

void promon__gathering_claim(struct promon__gathering *gathering,
                             const struct promon__claims *claims)
{
    size_t i;

    for (i = 0; i < claims->n; i++) {
        if (!promon__string_set_add(&gathering->claims, &gathering->pool, &claims->names[i]))
            gathering->failed = true;
    }
}

struct promon__gathered_family *promon__gathering_add(struct promon__gathering *gathering)
{
    struct promon__gathered_family *families =
        promon__pool_grow(&gathering->pool, gathering->families, gathering->n_families,
                          &gathering->capacity, sizeof(*families));

    if (families == NULL) {
        gathering->failed = true;
        return NULL;
    }
    gathering->families = families;
    return &families[gathering->n_families++];
}

static void sum_counters(const struct promon_family *family, struct promon__gathered_series *out)
{
    const struct promon__series *series;
    size_t n = 0;

    promon__slots_lock();
    for (series = family->first; series != NULL; series = series->next, out++) {
        uint64_t sums[PROMON__COUNTER_SLOTS];

        if (++n % SUMS_AT_ONCE == 0) {
            promon__slots_unlock();
            promon__slots_lock();
        }
        promon__slots_sum(series->cell.counter_slot, PROMON__COUNTER_SLOTS, sums);
        out->number.is_unsigned = sums[PROMON__COUNTER_REAL] == 0;
        out->number.whole = sums[PROMON__COUNTER_WHOLE];
        out->number.real =
            (double)sums[PROMON__COUNTER_WHOLE] + promon__real_of(sums[PROMON__COUNTER_REAL]);
    }
    promon__slots_unlock();
}

static void set_number(const struct promon__series *series, struct promon__gathered_series *out)
{
    const uint64_t bits = __atomic_load_n(&series->cell.bits, __ATOMIC_RELAXED);

    out->number = (struct promon__number){true, 1, 1};
    out->states = 0;
    if (series->cell.kind == PROMON_GAUGE)
        out->number = (struct promon__number){false, 0, promon__real_of(bits)};
    else if (series->cell.kind == PROMON_STATESET)
        out->states = bits;
}

static void fill_series(const struct promon_family *family, struct promon__gathered_series *out)
{
    const struct promon__series *series;

    for (series = family->first; series != NULL; series = series->next, out++) {
        out->label_text = promon__series_text(series);
        out->label_text_size = series->label_text_size;
        out->label_values = promon__series_values(series);
        out->created_s = series->created_s;
        out->histogram = NULL;
        out->exemplar = NULL;
        set_number(series, out);
    }
}

static bool fill_exemplars(struct promon__gathering *gathering, struct promon_family *family,
                           struct promon__gathered_series *out)
{
    const struct promon__series *series;
    bool failed = false;

    pthread_mutex_lock(&family->measure_lock);
    for (series = family->first; series != NULL; series = series->next, out++) {
        if (series->exemplars != NULL)
            out->exemplar = promon__exemplar_gather(series, &gathering->pool, &failed);
    }
    pthread_mutex_unlock(&family->measure_lock);
    return !failed;
}

bool promon__gather_family(struct promon__gathering *gathering, struct promon_family *family,
                           struct promon__gathered_family *out)
{
    const size_t n = family->n_series + (family->other != NULL);
    struct promon__gathered_series *series =
        promon__pool_array(&gathering->pool, n, sizeof(*series));

    if (series == NULL)
        return false;
    *out = (struct promon__gathered_family){
        .kind = family->kind,
        .name = family->name,
        .help = family->help,
        .unit = family->unit,
        .label_names = family->labels,
        .n_labels = family->n_labels,
        .bounds = family->bounds,
        .n_bounds = family->n_bounds,
        .is_classic = family->is_classic,
        .states = family->states,
        .n_states = family->n_states,
        .series = series,
        .n_series = n,
    };
    fill_series(family, series);
    if (family->kind == PROMON_HISTOGRAM)
        return promon__gather_histograms(&gathering->pool, family, series, n);
    if (family->kind != PROMON_COUNTER)
        return true;
    sum_counters(family, series);
    return fill_exemplars(gathering, family, series);
}

static void begin(struct promon__registry *registry, struct promon__gathering *gathering)
{
    gathering->number = ++registry->n_gatherings_ever;
    gathering->next = registry->gatherings;
    registry->gatherings = gathering;
}

static void copy_families(struct promon__registry *registry, struct promon__gathering *gathering)
{
    struct promon_family *family;

    for (family = registry->families; family != NULL && !gathering->failed; family = family->next) {
        struct promon__gathered_family *out;

        promon__gathering_claim(gathering, &family->claims);
        if (!promon__gathering_wants(gathering, &family->claims))
            continue;
        out = promon__gathering_add(gathering);
        if (out == NULL || !promon__gather_family(gathering, family, out))
            gathering->failed = true;
    }
}

static void sweep(struct promon__registry *registry, struct promon__garbage *garbage)
{
    struct promon_family *family;

    for (family = registry->families; family != NULL; family = family->next) {
        if (family->is_mortal)
            promon__series_sweep(family, garbage);
    }
}

/* The memory of an earlier gathering, or new one. */
static struct promon__gathering *prepare(struct promon__gathered *gathered)
{
    struct promon__gathering *gathering = gathered->memory;

    if (gathering == NULL)
        gathering = calloc(1, sizeof(*gathering));
    if (gathering == NULL)
        return NULL;
    gathered->memory = gathering;
    promon__pool_reset(&gathering->pool);
    gathering->families = NULL;
    gathering->n_families = gathering->capacity = 0;
    gathering->claims = (struct promon__string_set){NULL, 0, 0};
    gathering->failed = false;
    return gathering;
}

enum promon_status promon__registry_gather(struct promon__registry *registry,
                                           const char *const *names,
                                           struct promon__gathered *gathered,
                                           struct promon_error *error)
{
    struct promon__gathering *gathering = prepare(gathered);
    struct promon__garbage garbage = {NULL, NULL};

    if (gathering == NULL)
        return promon__fail_memory(error);
    gathering->wanted = names;
    promon__registry_lock(registry);
    sweep(registry, &garbage);
    begin(registry, gathering);
    copy_families(registry, gathering);
    promon__registry_unlock(registry);
    promon__registry_discard(registry, &garbage);
    if (!gathering->failed)
        promon__collect(registry, gathering);
    if (gathering->failed) {
        promon__registry_release(registry, gathered);
        return promon__fail_memory(error);
    }
    gathered->families = gathering->families;
    gathered->n_families = gathering->n_families;
    return PROMON_OK;
}

void promon__registry_release(struct promon__registry *registry, struct promon__gathered *gathered)
{
    struct promon__gathering *gathering = gathered->memory, **link = &registry->gatherings;

    promon__registry_lock(registry);
    while (*link != NULL && *link != gathering)
        link = &(*link)->next;
    if (*link != NULL)
        *link = gathering->next;
    promon__registry_reclaim(registry);
    promon__registry_unlock(registry);
    gathered->families = NULL;
    gathered->n_families = 0;
}

void promon__gathered_free(struct promon__gathered *gathered)
{
    struct promon__gathering *gathering = gathered->memory;

    if (gathering != NULL)
        promon__pool_free(&gathering->pool);
    free(gathering);
    *gathered = (struct promon__gathered){NULL, 0, NULL};
}
