/*
 * Cells: the hot calls. Counters and histograms add to slots of the calling thread, gauges and
 * state sets change one shared number; none of them takes a lock but for what happens once.
 */
#include "cell_state.h"

#include <math.h>

#include "clock.h"
#include "exemplar.h"
#include "grace.h"
#include "histogram.h"
#include "native.h"
#include "registry_state.h"

/* From here on a double is whole, and does not fit an unsigned number. */
#define TWO_TO_64 18446744073709551616.0

_Static_assert(offsetof(struct promon_cell, counter_slot) == 0, "programs read it there");

static const struct promon_cell sink = {.kind = PROMON__SINK, .counter_slot = PROMON__NO_SLOT};

struct promon_cell *promon__sink_cell(void)
{
    return (struct promon_cell *)(uintptr_t)&sink;
}

void promon__cell_misuse(const struct promon_cell *cell)
{
    if (cell->kind != PROMON__SINK)
        promon__registry_misuse(cell->family->registry);
}

static void gauge_add(struct promon_cell *cell, double amount)
{
    uint64_t bits = __atomic_load_n(&cell->bits, __ATOMIC_RELAXED);

    while (!__atomic_compare_exchange_n(&cell->bits, &bits,
                                        promon__bits_of(promon__real_of(bits) + amount), true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

static void counter_add(struct promon_cell *cell, double amount)
{
    if (amount < TWO_TO_64 && amount == (double)(uint64_t)amount)
        promon__slot_add(cell->counter_slot + PROMON__COUNTER_WHOLE, (uint64_t)amount);
    else
        promon__slot_add_real(cell->counter_slot + PROMON__COUNTER_REAL, amount);
}

/* What has no place yet, or is no counter. */
static void inc_slowly(struct promon_cell *cell)
{
    if (cell->kind == PROMON_COUNTER)
        promon__slot_add_first(cell->counter_slot + PROMON__COUNTER_WHOLE, 1);
    else if (cell->kind == PROMON_GAUGE)
        gauge_add(cell, 1);
    else
        promon__cell_misuse(cell);
}

void(promon_cell_inc)(struct promon_cell *cell)
{
    uint64_t *place;

    if (cell == NULL)
        return;
    place = promon__slots_mine(cell->counter_slot);
    if (__builtin_expect(place != NULL, 1))
        promon_place_add_(place + PROMON__COUNTER_WHOLE, 1);
    else
        inc_slowly(cell);
}

void promon_cell_dec(struct promon_cell *cell)
{
    if (cell == NULL)
        return;
    if (cell->kind == PROMON_GAUGE)
        gauge_add(cell, -1);
    else
        promon__cell_misuse(cell);
}

void promon__cell_add(struct promon_cell *cell, double amount)
{
    if (cell->kind == PROMON_COUNTER && amount >= 0)
        counter_add(cell, amount);
    else if (cell->kind == PROMON_GAUGE && !isnan(amount))
        gauge_add(cell, amount);
    else
        promon__cell_misuse(cell);
}

void promon_cell_add(struct promon_cell *cell, double amount)
{
    if (cell != NULL)
        promon__cell_add(cell, amount);
}

void(promon_cell_add_unsigned)(struct promon_cell *cell, uint64_t amount)
{
    if (cell == NULL)
        return;
    if (cell->kind == PROMON_COUNTER)
        promon__slot_add(cell->counter_slot + PROMON__COUNTER_WHOLE, amount);
    else if (cell->kind == PROMON_GAUGE)
        gauge_add(cell, (double)amount);
    else
        promon__cell_misuse(cell);
}

void promon__cell_set(struct promon_cell *cell, double value)
{
    if (cell->kind == PROMON_GAUGE)
        __atomic_store_n(&cell->bits, promon__bits_of(value), __ATOMIC_RELAXED);
    else
        promon__cell_misuse(cell);
}

void promon_cell_set(struct promon_cell *cell, double value)
{
    if (cell != NULL)
        promon__cell_set(cell, value);
}

void promon_cell_set_to_current_time(struct promon_cell *cell)
{
    promon_cell_set(cell, promon__wall_clock_s());
}

void promon_cell_set_state(struct promon_cell *cell, unsigned state, int is_on)
{
    if (cell == NULL)
        return;
    if (cell->kind != PROMON_STATESET || state >= cell->family->n_states)
        promon__cell_misuse(cell);
    else if (is_on)
        __atomic_fetch_or(&cell->bits, UINT64_C(1) << state, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(&cell->bits, ~(UINT64_C(1) << state), __ATOMIC_RELAXED);
}

void promon_cell_set_only_state(struct promon_cell *cell, unsigned state)
{
    if (cell == NULL)
        return;
    if (cell->kind != PROMON_STATESET || state >= cell->family->n_states)
        promon__cell_misuse(cell);
    else
        __atomic_store_n(&cell->bits, UINT64_C(1) << state, __ATOMIC_RELAXED);
}

/* The calling thread has no place of the series yet. */
__attribute__((noinline)) static void observe_first(const struct promon_cell *cell, unsigned bucket,
                                                    double value)
{
    promon__slot_add_first(cell->slot + bucket, 1);
    promon__slot_add_real_first(cell->slot + cell->family->n_bounds + 1, value);
}

static inline void observe_classic(const struct promon_cell *cell, double value)
{
    const struct promon_family *family = cell->family;
    const unsigned bucket = promon__bucket_of(family, value);
    uint64_t *places = promon__slots_mine(cell->slot);

    if (__builtin_expect(places == NULL, 0)) {
        observe_first(cell, bucket, value);
        return;
    }
    promon_place_add_(places + bucket, 1);
    promon__own_add_real(places + family->n_bounds + 1, value);
}

/*
 * The classic bucket first: who reads the native ones first then never sees more there, which
 * gathering relies on.
 */
bool promon__cell_try_observe(struct promon_cell *cell, double value)
{
    const struct promon_family *family = cell->family;
    uint32_t bucket, sum;

    if (cell->kind != PROMON_HISTOGRAM || isnan(value)) {
        promon__cell_misuse(cell);
        return true;
    }
    if (!family->has_native) {
        observe_classic(cell, value);
        return true;
    }
    if (!promon__native_find(family, ((struct promon__series *)cell)->native, value, &bucket, &sum))
        return false;
    if (family->is_classic)
        observe_classic(cell, value);
    else
        promon__slot_add_real(sum, value);
    promon__slot_add(bucket, 1);
    return true;
}

/* Under the lock the buckets stay as they are, so that no section is needed. */
static void observe_locked(struct promon_cell *cell, double value)
{
    struct promon_family *family = cell->family;

    pthread_mutex_lock(&family->measure_lock);
    if (promon__native_make(family, ((struct promon__series *)cell)->native, value))
        promon__cell_try_observe(cell, value);
    else
        promon__cell_misuse(cell);
    pthread_mutex_unlock(&family->measure_lock);
}

/* Not inlined, so that observing without native buckets saves no registers. */
__attribute__((noinline)) static void observe_native(struct promon_cell *cell, double value)
{
    struct promon__thread *thread = promon__thread_mine();
    bool is_done = false;

    if (thread != NULL) {
        const bool is_outer = promon__section_enter(thread);

        is_done = promon__cell_try_observe(cell, value);
        promon__section_leave(thread, is_outer);
    }
    if (!is_done)
        observe_locked(cell, value);
}

static inline void observe(struct promon_cell *cell, double value)
{
    if (__builtin_expect(cell->kind != PROMON_HISTOGRAM || isnan(value), 0))
        promon__cell_misuse(cell);
    else if (__builtin_expect(!cell->family->has_native, 1))
        observe_classic(cell, value);
    else
        observe_native(cell, value);
}

void promon__cell_observe(struct promon_cell *cell, double value)
{
    observe(cell, value);
}

void promon_cell_observe(struct promon_cell *cell, double value)
{
    if (cell != NULL)
        observe(cell, value);
}

void promon_cell_observe_since(struct promon_cell *cell, int64_t start_ns)
{
    if (cell != NULL)
        promon__cell_observe(cell, (double)(promon_now_ns() - start_ns) / 1e9);
}

static void keep_exemplar(struct promon_cell *cell, unsigned bucket, double value,
                          const char *const *labels)
{
    struct promon_family *family = cell->family;
    bool is_kept = promon__is_exemplar(labels);

    if (is_kept) {
        pthread_mutex_lock(&family->measure_lock);
        is_kept = promon__exemplar_keep((struct promon__series *)cell, bucket, value, labels);
        pthread_mutex_unlock(&family->measure_lock);
    }
    if (!is_kept)
        promon__cell_misuse(cell);
}

void promon_cell_add_exemplar(struct promon_cell *cell, double amount, const char *const *labels)
{
    if (cell == NULL)
        return;
    if (cell->kind != PROMON_COUNTER || !(amount >= 0)) {
        promon__cell_misuse(cell);
        return;
    }
    counter_add(cell, amount);
    keep_exemplar(cell, 0, amount, labels);
}

void promon_cell_observe_exemplar(struct promon_cell *cell, double value, const char *const *labels)
{
    if (cell == NULL)
        return;
    promon__cell_observe(cell, value);
    if (cell->kind == PROMON_HISTOGRAM && !isnan(value))
        keep_exemplar(cell, promon__bucket_of(cell->family, value), value, labels);
}
