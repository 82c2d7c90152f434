/*
 * The inside of families and their series.
 *
 * Locks: `lock` of the registry for lists, tables and what is in them; `measure_lock` of the family
 * for native buckets and exemplars. The order is registry, family, slots. Who reads the table
 * without a lock is in a section (grace.h).
 */
#ifndef PROMON_SRC_FAMILY_STATE_H
#define PROMON_SRC_FAMILY_STATE_H

#include <pthread.h>

#include "arena.h"
#include "cell_state.h"
#include "labels.h"
#include "string_set.h"

struct promon__registry;
struct promon__native_state;
struct promon__exemplars;

/* Bounds are filled up with infinity to a multiple of it, so that they are compared in groups. */
#define PROMON__BOUNDS_GROUP 4

/* Of a series; a time to live ends only what is loose. */
enum { PROMON__LOOSE = 0, PROMON__PINNED = 1, PROMON__REMOVED = 2 };

/* One allocation: behind it are pointers to the values, the key, and the text of the labels. */
struct promon__series {
    struct promon_cell cell;
    uint64_t hash;
    struct promon__series *next, *previous; /* in the order in which they were made */
    double created_s;
    int64_t touched_ns; /* when it was last seen to be touched */
    uint32_t n_words;
    uint32_t label_text_size;
    uint8_t state;
    uint8_t is_touched; /* since touched_ns */
    /* Of a histogram, or with exemplars; NULL where it is not needed. */
    struct promon__native_state *native;
    struct promon__exemplars *exemplars;
};

/* Open addressing; an entry is NULL, a series, or the stone on a removed one. */
struct promon__table {
    size_t mask;
    size_t n_taken; /* with stones */
    struct promon__series *entries[];
};

/* Names that a family uses or may use; others may not have them. */
#define PROMON__MAX_CLAIMS 5

struct promon__claims {
    struct promon__string names[PROMON__MAX_CLAIMS]; /* the first one is that without a suffix */
    size_t n;
};

struct promon_family {
    struct promon__registry *registry;
    /* What observing reads. */
    const double *bounds;
    unsigned n_bounds, n_padded;
    bool is_classic, has_native;
    /* What looking up reads. */
    struct promon__table *table;
    uint64_t seed;
    size_t n_labels;
    bool is_mortal; /* has a time to live */
    bool is_full;
    struct promon__series *other;
    uint64_t n_dropped;

    enum promon_kind kind;
    const char *name, *help, *unit;
    const char *const *labels;
    const char *const *states;
    size_t n_states;
    struct promon__claims claims;
    struct promon__series *first, *last;
    size_t n_series; /* without the other one */
    size_t max_series;
    int64_t ttl_ns, swept_ns;
    /* Native buckets. */
    int32_t native_schema;
    unsigned native_max_buckets;
    double native_zero_threshold;
    const double *native_bounds; /* of the fractions, 2^native_schema; NULL below schema 1 */
    pthread_mutex_t measure_lock;
    struct promon_family *next;
    uint64_t removed_at; /* number of the gathering before which it was removed */
    struct arena arena;
};

static inline const char *const *promon__series_values(const struct promon__series *series)
{
    return (const char *const *)(series + 1);
}

static inline const uint64_t *promon__series_key(const struct promon__series *series)
{
    return (const uint64_t *)(promon__series_values(series) + series->cell.family->n_labels);
}

static inline const char *promon__series_text(const struct promon__series *series)
{
    return (const char *)(promon__series_key(series) + series->n_words);
}

/* Slots of the classic buckets and the sum. */
static inline unsigned promon__classic_slots(const struct promon_family *family)
{
    return family->n_bounds + 2;
}

#endif
