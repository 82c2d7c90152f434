/*
 * Families by label values: cells to be kept, and the calls that look up each time.
 *
 * A look-up is a section (grace.h): a series that is removed meanwhile stays until it has ended.
 * Only what is not there, or cannot be done without a lock, takes the registry's.
 */
#include <promon/metric.h>

#include "error.h"
#include "family_state.h"
#include "grace.h"
#include "registry_state.h"
#include "series.h"

static enum promon_status check_values(const struct promon_family *family,
                                       const char *const *values, struct promon_error *error)
{
    if (!promon__has_values(values, family->n_labels))
        return promon__fail(error, PROMON_EINVALID, "%.100s: %zu label values are needed",
                            family->name, family->n_labels);
    if (!promon__are_values_utf8(values, family->n_labels))
        return promon__fail(error, PROMON_EINVALID, "%.100s: a label value is not UTF-8",
                            family->name);
    return PROMON_OK;
}

/* Finds or makes under the lock of the registry. */
static enum promon_status get_locked(struct promon_family *family, const char *const *values,
                                     struct promon__series **out, struct promon__garbage *garbage,
                                     struct promon_error *error)
{
    struct promon__key key;
    enum promon_status status = PROMON_OK;

    if (!promon__key_long(&key, values, family->n_labels, family->seed))
        return promon__fail_memory(error);
    *out = promon__series_find(family, &key);
    if (*out == NULL)
        status = promon__series_make(family, &key, values, out, garbage, error);
    promon__key_free(&key);
    return status;
}

/* False when it is being removed. */
static bool pin(struct promon__series *series)
{
    uint8_t state = __atomic_load_n(&series->state, __ATOMIC_RELAXED);

    if (state == PROMON__LOOSE &&
        __atomic_compare_exchange_n(&series->state, &state, PROMON__PINNED, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
        return true;
    return state == PROMON__PINNED;
}

/* The pinned series of these values if it is there; without a lock. */
static struct promon__series *get_pinned(struct promon_family *family, const char *const *values)
{
    uint64_t words[PROMON__KEY_WORDS];
    struct promon__thread *thread = promon__thread_mine();
    struct promon__series *series;
    struct promon__key key;
    bool is_outer;

    if (thread == NULL ||
        !promon__key_build(&key, words, PROMON__KEY_WORDS, values, family->n_labels, family->seed))
        return NULL;
    is_outer = promon__section_enter(thread);
    series = promon__series_find(family, &key);
    if (series != NULL && !pin(series))
        series = NULL;
    promon__section_leave(thread, is_outer);
    return series;
}

static enum promon_status make_pinned(struct promon_family *family, const char *const *values,
                                      struct promon__series **out, struct promon_error *error)
{
    struct promon__garbage garbage = {NULL, NULL};
    enum promon_status status = check_values(family, values, error);

    if (status != PROMON_OK)
        return status;
    promon__registry_lock(family->registry);
    status = get_locked(family, values, out, &garbage, error);
    if (status == PROMON_OK || status == PROMON_ELIMIT)
        __atomic_store_n(&(*out)->state, PROMON__PINNED, __ATOMIC_RELAXED);
    promon__registry_unlock(family->registry);
    promon__registry_discard(family->registry, &garbage);
    return status;
}

enum promon_status promon_family_cell(struct promon_family *family, const char *const *values,
                                      struct promon_cell **out, struct promon_error *error)
{
    struct promon__series *series;
    enum promon_status status = PROMON_OK;

    *out = promon__sink_cell();
    if (family == NULL)
        return promon__fail(error, PROMON_EINVALID, "there is no family");
    series = get_pinned(family, values);
    if (series == NULL)
        status = make_pinned(family, values, &series, error);
    if (status == PROMON_OK || status == PROMON_ELIMIT)
        *out = &series->cell;
    return status;
}

struct promon_cell *promon_family_at(struct promon_family *family, const char *const *values)
{
    struct promon_cell *cell;
    const enum promon_status status = promon_family_cell(family, values, &cell, NULL);

    /* What has no room is counted as dropped already. */
    if (status != PROMON_OK && status != PROMON_ELIMIT && family != NULL)
        promon__registry_misuse(family->registry);
    return cell;
}

static void touch(const struct promon_family *family, struct promon__series *series)
{
    if (family->is_mortal && __atomic_load_n(&series->is_touched, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(&series->is_touched, 1, __ATOMIC_RELAXED);
}

/* What to do with the cell; false when it takes a lock. */
typedef bool (*apply_fn)(struct promon_cell *cell, double value);

/* The same with the lock of the registry, so that nothing is removed. */
static void apply_locked(struct promon_family *family, const char *const *values, double value,
                         void (*apply)(struct promon_cell *cell, double value))
{
    struct promon__garbage garbage = {NULL, NULL};
    struct promon__series *series;
    enum promon_status status = check_values(family, values, NULL);

    if (status != PROMON_OK) {
        promon__registry_misuse(family->registry);
        return;
    }
    promon__registry_lock(family->registry);
    status = get_locked(family, values, &series, &garbage, NULL);
    if (status == PROMON_OK || status == PROMON_ELIMIT) {
        touch(family, series);
        apply(&series->cell, value);
    }
    promon__registry_unlock(family->registry);
    promon__registry_discard(family->registry, &garbage);
    if (status != PROMON_OK && status != PROMON_ELIMIT)
        promon__registry_misuse(family->registry);
}

/* The series that takes what there is no room for, if that is so now; in a section. */
static struct promon__series *other_of(struct promon_family *family, const char *const *values)
{
    struct promon__series *other;

    if (family->is_mortal || !__atomic_load_n(&family->is_full, __ATOMIC_RELAXED) ||
        !promon__are_values_utf8(values, family->n_labels))
        return NULL;
    other = __atomic_load_n(&family->other, __ATOMIC_SEQ_CST);
    if (other != NULL)
        __atomic_fetch_add(&family->n_dropped, 1, __ATOMIC_RELAXED);
    return other;
}

/* Applies without a lock; false when that cannot be. */
static inline __attribute__((always_inline)) bool apply_free(struct promon_family *family,
                                                             const char *const *values,
                                                             double value, apply_fn apply)
{
    uint64_t words[PROMON__KEY_WORDS];
    struct promon__thread *thread = promon__thread_mine();
    struct promon__series *series;
    struct promon__key key;
    bool is_outer, is_done = false;

    if (__builtin_expect(thread == NULL, 0) ||
        !promon__key_build(&key, words, PROMON__KEY_WORDS, values, family->n_labels, family->seed))
        return false;
    is_outer = promon__section_enter(thread);
    series = promon__series_find(family, &key);
    if (__builtin_expect(series == NULL, 0))
        series = other_of(family, values);
    if (series != NULL) {
        touch(family, series);
        is_done = apply(&series->cell, value);
    }
    promon__section_leave(thread, is_outer);
    return is_done;
}

static bool try_add(struct promon_cell *cell, double amount)
{
    promon__cell_add(cell, amount);
    return true;
}

static bool try_set(struct promon_cell *cell, double value)
{
    promon__cell_set(cell, value);
    return true;
}

void promon_family_count(struct promon_family *family, const char *const *values, double amount)
{
    if (family != NULL && !apply_free(family, values, amount, try_add))
        apply_locked(family, values, amount, promon__cell_add);
}

void promon_family_set(struct promon_family *family, const char *const *values, double value)
{
    if (family != NULL && !apply_free(family, values, value, try_set))
        apply_locked(family, values, value, promon__cell_set);
}

void promon_family_observe(struct promon_family *family, const char *const *values, double value)
{
    if (family != NULL && !apply_free(family, values, value, promon__cell_try_observe))
        apply_locked(family, values, value, promon__cell_observe);
}

enum promon_status promon_family_remove_series(struct promon_family *family,
                                               const char *const *values,
                                               struct promon_error *error)
{
    struct promon__garbage garbage = {NULL, NULL};
    struct promon__series *series;
    struct promon__key key;

    if (family == NULL)
        return promon__fail(error, PROMON_EINVALID, "there is no family");
    if (!promon__has_values(values, family->n_labels))
        return check_values(family, values, error);
    if (!promon__key_long(&key, values, family->n_labels, family->seed))
        return promon__fail_memory(error);
    promon__registry_lock(family->registry);
    series = promon__series_find(family, &key);
    if (series != NULL)
        promon__series_unlink(family, series, &garbage);
    promon__registry_unlock(family->registry);
    promon__key_free(&key);
    promon__registry_discard(family->registry, &garbage);
    return series != NULL ? PROMON_OK
                          : promon__fail(error, PROMON_ENOTFOUND, "%.100s: there is no such series",
                                         family->name);
}

void promon_family_clear(struct promon_family *family)
{
    struct promon__garbage garbage = {NULL, NULL};

    if (family == NULL)
        return;
    promon__registry_lock(family->registry);
    while (family->first != NULL)
        promon__series_unlink(family, family->first, &garbage);
    promon__registry_unlock(family->registry);
    promon__registry_discard(family->registry, &garbage);
}
