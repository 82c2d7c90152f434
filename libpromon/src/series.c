/*
 * Series: one allocation each, found through a table that is read without a lock.
 *
 * Invariant: at most three quarters of a table are taken, so that a search ends; a table that is
 * replaced, and a series that is unlinked, go to the garbage and are freed after a grace.
 */
#include "series.h"

#include <stdlib.h>

#include "clock.h"
#include "error.h"
#include "exemplar.h"
#include "native.h"
#include "registry_state.h"
#include "slots.h"

#define FIRST_ENTRIES ((size_t)8)
/* A family that is full looks for what has ended at most so often. */
#define SWEEPS_PER_TTL 4

/* The entry of a removed series: no key is like its. */
static const struct promon__series stone = {.n_words = UINT32_MAX};

static struct promon__series *stone_entry(void)
{
    return (struct promon__series *)(uintptr_t)&stone;
}

enum promon_status promon__table_new(size_t n, struct promon__table **out,
                                     struct promon_error *error)
{
    size_t capacity = FIRST_ENTRIES;
    struct promon__table *table;

    while (capacity < n * 2)
        capacity *= 2;
    table = calloc(1, sizeof(*table) + capacity * sizeof(table->entries[0]));
    if (table == NULL)
        return promon__fail_memory(error);
    table->mask = capacity - 1;
    *out = table;
    return PROMON_OK;
}

/* A stone may be replaced: who searches past it goes on as before. */
static void insert(struct promon__table *table, struct promon__series *series)
{
    size_t i = series->hash & table->mask;

    while (table->entries[i] != NULL && table->entries[i] != stone_entry())
        i = (i + 1) & table->mask;
    if (table->entries[i] == NULL)
        table->n_taken++;
    __atomic_store_n(&table->entries[i], series, __ATOMIC_SEQ_CST);
}

static enum promon_status make_room(struct promon_family *family, struct promon__garbage *garbage,
                                    struct promon_error *error)
{
    struct promon__table *old = family->table, *table = NULL;
    struct promon__series *series;
    enum promon_status status;

    if ((old->n_taken + 1) * 4 <= (old->mask + 1) * 3)
        return PROMON_OK;
    status = promon__table_new(family->n_series + 2, &table, error);
    if (status != PROMON_OK)
        return status;
    for (series = family->first; series != NULL; series = series->next)
        insert(table, series);
    __atomic_store_n(&family->table, table, __ATOMIC_SEQ_CST);
    garbage->table = old;
    return PROMON_OK;
}

static enum promon_status make_histogram(struct promon__series *series, struct promon_error *error)
{
    const struct promon_family *family = series->cell.family;
    enum promon_status status = PROMON_OK;

    if (family->is_classic)
        status = promon__slots_alloc(promon__classic_slots(family), &series->cell.slot, error);
    if (status != PROMON_OK || !family->has_native)
        return status;
    status = promon__native_new(family, &series->native, error);
    if (status != PROMON_OK && family->is_classic)
        promon__slots_free(series->cell.slot, promon__classic_slots(family));
    return status;
}

static enum promon_status make_slots(struct promon__series *series, struct promon_error *error)
{
    switch (series->cell.kind) {
    case PROMON_COUNTER:
        return promon__slots_alloc(PROMON__COUNTER_SLOTS, &series->cell.counter_slot, error);
    case PROMON_HISTOGRAM: return make_histogram(series, error);
    default: return PROMON_OK;
    }
}

void promon__series_free_slots(struct promon__series *series)
{
    const struct promon_family *family = series->cell.family;

    if (family->kind == PROMON_COUNTER)
        promon__slots_free(series->cell.counter_slot, PROMON__COUNTER_SLOTS);
    if (family->kind == PROMON_HISTOGRAM && family->is_classic)
        promon__slots_free(series->cell.slot, promon__classic_slots(family));
    if (series->native != NULL)
        promon__native_free(series->native);
    series->native = NULL;
}

void promon__series_free(struct promon__series *series)
{
    promon__exemplars_free(series->exemplars);
    free(series);
}

/* Values point into the key, whose words hold them as strings. */
static void write_labels(struct promon__series *series, const struct promon__key *key)
{
    const struct promon_family *family = series->cell.family;
    const char **values = (const char **)(series + 1);
    char *value = (char *)(values + family->n_labels);
    size_t i;

    if (key->n_words > 0)
        memcpy(value, key->words, key->n_words * sizeof(uint64_t));
    for (i = 0; i < family->n_labels; i++) {
        values[i] = value;
        value += (strlen(value) / 8 + 1) * 8;
    }
    promon__label_text_write(value, family->labels, values, family->n_labels);
}

static struct promon__series *allocate(struct promon_family *family, const struct promon__key *key,
                                       const char *const *values)
{
    const size_t text = promon__label_text_size(family->labels, values, family->n_labels);
    const size_t labels =
        family->n_labels * sizeof(char *) + key->n_words * sizeof(uint64_t) + text + 1;
    struct promon__series *series;

    if (text > UINT32_MAX || key->n_words >= UINT32_MAX)
        return NULL;
    series = malloc(sizeof(*series) + labels);
    if (series == NULL)
        return NULL;
    *series = (struct promon__series){
        .cell = {.kind = family->kind, .counter_slot = PROMON__NO_SLOT, .family = family},
        .hash = key->hash,
        .created_s = promon__wall_clock_s(),
        .touched_ns = family->is_mortal ? promon_now_ns() : 0,
        .n_words = (uint32_t)key->n_words,
        .label_text_size = (uint32_t)text,
    };
    write_labels(series, key);
    return series;
}

static enum promon_status add(struct promon_family *family, const struct promon__key *key,
                              const char *const *values, struct promon__series **out,
                              struct promon__garbage *garbage, struct promon_error *error)
{
    struct promon__series *series;
    enum promon_status status = make_room(family, garbage, error);

    if (status != PROMON_OK)
        return status;
    series = allocate(family, key, values);
    if (series == NULL)
        return promon__fail_memory(error);
    status = make_slots(series, error);
    if (status != PROMON_OK) {
        free(series);
        return status;
    }
    series->previous = family->last;
    *(family->last != NULL ? &family->last->next : &family->first) = series;
    family->last = series;
    insert(family->table, series);
    *out = series;
    return PROMON_OK;
}

static enum promon_status make_other(struct promon_family *family, struct promon__garbage *garbage,
                                     struct promon_error *error)
{
    const char *values[PROMON_MAX_LABELS + 1] = {NULL};
    struct promon__series *series;
    struct promon__key key;
    enum promon_status status = PROMON_OK;
    size_t i;

    if (family->other != NULL)
        return PROMON_OK;
    for (i = 0; i < family->n_labels; i++)
        values[i] = PROMON__OTHER;
    if (!promon__key_long(&key, values, family->n_labels, family->seed))
        return promon__fail_memory(error);
    series = promon__series_find(family, &key);
    /* One that was asked for by these values counted as any other until now. */
    if (series != NULL)
        family->n_series--;
    else
        status = add(family, &key, values, &series, garbage, error);
    promon__key_free(&key);
    if (status == PROMON_OK)
        __atomic_store_n(&family->other, series, __ATOMIC_SEQ_CST);
    return status;
}

static void set_full(struct promon_family *family)
{
    const bool is_full = family->n_series >= family->max_series && family->other != NULL;

    __atomic_store_n(&family->is_full, is_full, __ATOMIC_RELAXED);
}

static enum promon_status refuse(struct promon_family *family, struct promon__series **out,
                                 struct promon__garbage *garbage, struct promon_error *error)
{
    const enum promon_status status = make_other(family, garbage, error);

    if (status != PROMON_OK)
        return status;
    set_full(family);
    __atomic_fetch_add(&family->n_dropped, 1, __ATOMIC_RELAXED);
    *out = family->other;
    return promon__fail(error, PROMON_ELIMIT, "%s: there are %zu series, which is the limit",
                        family->name, family->n_series);
}

enum promon_status promon__series_make(struct promon_family *family, const struct promon__key *key,
                                       const char *const *values, struct promon__series **out,
                                       struct promon__garbage *garbage, struct promon_error *error)
{
    enum promon_status status;

    if (family->n_series >= family->max_series && family->is_mortal &&
        promon_now_ns() - family->swept_ns > family->ttl_ns / SWEEPS_PER_TTL)
        promon__series_sweep(family, garbage);
    if (family->n_series >= family->max_series)
        return refuse(family, out, garbage, error);
    status = add(family, key, values, out, garbage, error);
    if (status == PROMON_OK)
        family->n_series++;
    set_full(family);
    return status;
}

static void bury(struct promon__table *table, const struct promon__series *series)
{
    size_t i = series->hash & table->mask;

    while (table->entries[i] != series)
        i = (i + 1) & table->mask;
    __atomic_store_n(&table->entries[i], stone_entry(), __ATOMIC_SEQ_CST);
}

void promon__series_unlink(struct promon_family *family, struct promon__series *series,
                           struct promon__garbage *garbage)
{
    bury(family->table, series);
    *(series->previous != NULL ? &series->previous->next : &family->first) = series->next;
    *(series->next != NULL ? &series->next->previous : &family->last) = series->previous;
    if (family->other == series)
        __atomic_store_n(&family->other, NULL, __ATOMIC_SEQ_CST);
    else
        family->n_series--;
    set_full(family);
    __atomic_store_n(&series->state, PROMON__REMOVED, __ATOMIC_RELAXED);
    series->next = garbage->series;
    garbage->series = series;
}

/* Whether it is over; then nobody can pin it any more. */
static bool has_ended(struct promon__series *series, int64_t now_ns, int64_t ttl_ns)
{
    uint8_t expected = PROMON__LOOSE;

    if (__atomic_exchange_n(&series->is_touched, 0, __ATOMIC_RELAXED) != 0)
        series->touched_ns = now_ns;
    return now_ns - series->touched_ns > ttl_ns &&
           __atomic_compare_exchange_n(&series->state, &expected, PROMON__REMOVED, false,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void promon__series_sweep(struct promon_family *family, struct promon__garbage *garbage)
{
    const int64_t now_ns = promon_now_ns();
    struct promon__series *series, *next;

    family->swept_ns = now_ns;
    for (series = family->first; series != NULL; series = next) {
        next = series->next;
        if (has_ended(series, now_ns, family->ttl_ns))
            promon__series_unlink(family, series, garbage);
    }
}
