/*
 * Making a family: all that it was given is copied into one arena, which ends with it.
 */
#include "family_make.h"

#include <math.h>
#include <stdlib.h>

#include "claims.h"
#include "clock.h"
#include "error.h"
#include "native.h"
#include "registry_state.h"
#include "series.h"

/* NULL-terminated; NULL when there is no memory. */
static const char *const *copy_strings(struct arena *arena, const char *const *strings, size_t *n)
{
    const char **copies;
    size_t i;

    for (*n = 0; strings != NULL && strings[*n] != NULL;)
        ++*n;
    copies = arena_zeroed(arena, *n + 1, sizeof(char *));
    for (i = 0; copies != NULL && i < *n; i++) {
        copies[i] = arena_string(arena, strings[i]);
        if (copies[i] == NULL)
            return NULL;
    }
    return copies;
}

static bool copy_texts(struct promon_family *family, const struct promon_family_options *options)
{
    char *claims = arena_alloc(&family->arena, promon__claims_size(options->name));

    family->name = arena_string(&family->arena, options->name);
    family->help = arena_string(&family->arena, options->help);
    family->unit = arena_string(&family->arena, options->unit);
    family->labels = copy_strings(&family->arena, options->labels, &family->n_labels);
    family->states = copy_strings(&family->arena, options->states, &family->n_states);
    if (claims == NULL || family->name == NULL || family->help == NULL || family->unit == NULL ||
        family->labels == NULL || family->states == NULL)
        return false;
    promon__claims_make(&family->claims, claims, family->kind, family->name);
    return true;
}

static bool copy_bounds(struct promon_family *family, const struct promon_family_options *options)
{
    const size_t group = PROMON__BOUNDS_GROUP;
    const size_t padded = (options->n_buckets + group - 1) / group * group;
    double *bounds = arena_alloc(&family->arena, padded * sizeof(double));
    size_t i;

    if (bounds == NULL)
        return false;
    for (i = 0; i < padded; i++)
        bounds[i] = i < options->n_buckets ? options->buckets[i] : INFINITY;
    family->bounds = bounds;
    family->n_bounds = (unsigned)options->n_buckets;
    family->n_padded = (unsigned)padded;
    family->is_classic = options->buckets != NULL;
    return true;
}

static bool set_native(struct promon_family *family, const struct promon_family_options *options)
{
    double *bounds;

    if (options->native_factor == 0)
        return true;
    family->has_native = true;
    family->native_schema = promon__native_schema_of(options->native_factor);
    family->native_max_buckets = options->native_max_buckets;
    family->native_zero_threshold = options->native_zero_threshold;
    if (family->native_schema <= 0)
        return true;
    bounds = arena_alloc(&family->arena, sizeof(double) << family->native_schema);
    if (bounds == NULL)
        return false;
    promon__native_fill_bounds(bounds, family->native_schema);
    family->native_bounds = bounds;
    return true;
}

static enum promon_status make_only_series(struct promon_family *family, struct promon_error *error)
{
    const struct promon__key key = {family->seed, 0, NULL};
    struct promon__garbage garbage = {NULL, NULL};
    struct promon__series *series;

    if (family->n_labels > 0)
        return PROMON_OK;
    return promon__series_make(family, &key, NULL, &series, &garbage, error);
}

static enum promon_status fill(struct promon_family *family,
                               const struct promon_family_options *options,
                               struct promon_error *error)
{
    enum promon_status status = promon__table_new(0, &family->table, error);

    if (status != PROMON_OK)
        return status;
    if (!copy_texts(family, options) || !copy_bounds(family, options) ||
        !set_native(family, options))
        return promon__fail_memory(error);
    family->max_series = options->max_series;
    family->is_mortal = options->series_ttl_ms > 0 && family->n_labels > 0;
    family->ttl_ns = options->series_ttl_ms * 1000000;
    /* Not to be guessed by who chooses label values. */
    family->seed = promon__key_mix((uint64_t)(uintptr_t)family, (uint64_t)promon_now_ns());
    return make_only_series(family, error);
}

enum promon_status promon__family_new(struct promon__registry *registry,
                                      const struct promon_family_options *options,
                                      struct promon_family **out, struct promon_error *error)
{
    struct promon_family *family = calloc(1, sizeof(*family));
    enum promon_status status;

    if (family == NULL)
        return promon__fail_memory(error);
    family->registry = registry;
    family->kind = options->kind;
    pthread_mutex_init(&family->measure_lock, NULL);
    status = fill(family, options, error);
    if (status != PROMON_OK) {
        promon__family_free(family);
        return status;
    }
    *out = family;
    return PROMON_OK;
}

void promon__family_free_slots(struct promon_family *family)
{
    struct promon__series *series;

    for (series = family->first; series != NULL; series = series->next)
        promon__series_free_slots(series);
}

void promon__family_free(struct promon_family *family)
{
    struct promon__series *series, *next;

    for (series = family->first; series != NULL; series = next) {
        next = series->next;
        promon__series_free(series);
    }
    free(family->table);
    pthread_mutex_destroy(&family->measure_lock);
    arena_free(&family->arena);
    free(family);
}
