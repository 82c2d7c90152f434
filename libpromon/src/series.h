/*
 * Series of a family: finding, making, removing. All but finding is done under the lock of the
 * registry.
 */
#ifndef PROMON_SRC_SERIES_H
#define PROMON_SRC_SERIES_H

#include "family_state.h"

struct promon__garbage;

enum promon_status promon__table_new(size_t n, struct promon__table **out,
                                     struct promon_error *error);

/*
 * Makes the series of a key that is not there. `values` are as many as labels, and UTF-8. Errors:
 * PROMON_ELIMIT: *out is the one series of what there is no room for.
 */
enum promon_status promon__series_make(struct promon_family *family, const struct promon__key *key,
                                       const char *const *values, struct promon__series **out,
                                       struct promon__garbage *garbage, struct promon_error *error);

void promon__series_unlink(struct promon_family *family, struct promon__series *series,
                           struct promon__garbage *garbage);

/* Unlinks what was not touched for the time to live. */
void promon__series_sweep(struct promon_family *family, struct promon__garbage *garbage);

/* Gives slots back; nobody counts in the series any more. Once. */
void promon__series_free_slots(struct promon__series *series);

/* Frees a series without slots, whose family is still there. */
void promon__series_free(struct promon__series *series);

/*
 * Finds without a lock, in a section; or under the lock. Orders with the removal by sequential
 * consistency, for machines whose sections have barriers of their own.
 */
static inline struct promon__series *promon__series_find(const struct promon_family *family,
                                                         const struct promon__key *key)
{
    const struct promon__table *table = __atomic_load_n(&family->table, __ATOMIC_SEQ_CST);
    size_t i = key->hash & table->mask;

    for (;; i = (i + 1) & table->mask) {
        struct promon__series *series = __atomic_load_n(&table->entries[i], __ATOMIC_SEQ_CST);

        if (series == NULL)
            return NULL;
        if (series->hash == key->hash && key->n_words == series->n_words &&
            promon__is_same_key(key, promon__series_key(series), series->n_words))
            return series;
    }
}

#endif
