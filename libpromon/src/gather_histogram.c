/*
 * Gathering histograms: counts of buckets, and how those of one histogram in both forms agree.
 *
 * The sum of the buckets is the count, so that they cannot disagree. Threads observe meanwhile, in
 * the classic bucket first; native buckets are read first and so never hold more than the classic
 * ones. Their number is the count; the classic buckets are told as they were told last, plus as
 * many of what came since as the count has. No bucket is ever told smaller than before.
 */
#include "exemplar.h"
#include "gathering.h"
#include "native.h"
#include "slots.h"

/* Sums of the classic slots: counts of n_bounds + 1 buckets, and the sum behind them. */
static void sum_classic(const struct promon__series *series, uint64_t *counts,
                        struct promon__gathered_histogram *out)
{
    const struct promon_family *family = series->cell.family;
    const unsigned size = promon__classic_slots(family);
    unsigned i;

    promon__slots_lock();
    promon__slots_sum(series->cell.slot, size, counts);
    promon__slots_unlock();
    out->counts = counts;
    out->sum = promon__real_of(counts[size - 1]);
    out->count = 0;
    for (i = 0; i < size - 1; i++)
        out->count += counts[i];
}

static void agree(const struct promon__series *series, uint64_t *counts, uint64_t count)
{
    uint64_t *reported = promon__native_reported(series->native);
    const unsigned n = series->cell.family->n_bounds + 1;
    uint64_t missing = count;
    unsigned i;

    for (i = 0; i < n; i++)
        missing -= reported[i];
    for (i = 0; i < n; i++) {
        const uint64_t more = counts[i] - reported[i];

        reported[i] += more < missing ? more : missing;
        missing -= more < missing ? more : missing;
        counts[i] = reported[i];
    }
}

static bool gather_one(struct promon__pool *pool, struct promon__series *series, uint64_t *counts,
                       struct promon__gathered_histogram *out)
{
    const struct promon_family *family = series->cell.family;
    struct promon__native *native;
    uint64_t count;

    *out = (struct promon__gathered_histogram){.counts = counts};
    if (!family->has_native) {
        sum_classic(series, counts, out);
        return promon__exemplars_gather(series, pool, out);
    }
    native = promon__pool_alloc(pool, sizeof(*native));
    if (native == NULL ||
        !promon__native_gather(family, series->native, pool, native, &count, &out->sum))
        return false;
    out->native = native;
    if (family->is_classic) {
        sum_classic(series, counts, out);
        agree(series, counts, count);
    } else {
        counts[0] = count;
    }
    out->count = count;
    return promon__exemplars_gather(series, pool, out);
}

bool promon__gather_histograms(struct promon__pool *pool, struct promon_family *family,
                               struct promon__gathered_series *out, size_t n)
{
    const size_t size = promon__classic_slots(family);
    struct promon__gathered_histogram *histograms =
        promon__pool_array(pool, n, sizeof(*histograms));
    uint64_t *counts = promon__pool_array(pool, n, size * sizeof(*counts));
    struct promon__series *series;
    bool is_gathered = histograms != NULL && counts != NULL;

    pthread_mutex_lock(&family->measure_lock);
    for (series = family->first; series != NULL && is_gathered; series = series->next, out++) {
        is_gathered = gather_one(pool, series, counts, histograms);
        out->histogram = histograms++;
        counts += size;
    }
    pthread_mutex_unlock(&family->measure_lock);
    return is_gathered;
}
