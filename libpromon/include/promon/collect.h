/*
 * Collectors: metrics whose values are asked for at each scrape, from figures that are kept
 * elsewhere already.
 *
 *     static void collect(void *data, struct promon_collection *collection)
 *     {
 *         struct promon_collected pool = PROMON_COLLECTED_INIT;
 *         pool.kind = PROMON_GAUGE;
 *         pool.name = "app_pool_connections";
 *         pool.help = "Connections of the pool.";
 *         promon_collect_family(collection, &pool);
 *         promon_collect_value(collection, NULL, count_connections(data));
 *     }
 *
 * A family begins with promon_collect_family; the samples that follow are its. A family whose name
 * is wrong or already there, a sample twice, and values that are not UTF-8 are left out and counted
 * in promon_misuse_total: a scrape never fails for them.
 */
#ifndef PROMON_COLLECT_H
#define PROMON_COLLECT_H

#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>
#include <promon/metric.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct promon;
struct promon_collection;
struct promon_collector;

/*
 * Tells its metrics. Runs during a scrape on the thread that renders, one scrape at a time, with no
 * lock of the library held; it must not block and not call promon_value or the render functions.
 */
typedef void (*promon_collect_fn)(void *data, struct promon_collection *collection);

/*
 * Adds a collector; `data` is borrowed until it is removed.
 *
 * Thread:  any thread.
 * Errors:  PROMON_EINVALID  no function.
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_collector_add(struct promon *promon, promon_collect_fn collect,
                                                   void *data, struct promon_collector **out,
                                                   struct promon_error *error);

/*
 * Removes a collector and returns when it does not run any more; not from inside of one. NULL is
 * allowed.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API void promon_collector_remove(struct promon *promon, struct promon_collector *collector);

/* A family as a collector tells it. Strings are copied. */
struct promon_collected {
    size_t size; /* sizeof(struct promon_collected) */
    enum promon_kind kind; /* COUNTER, GAUGE, HISTOGRAM or INFO */
    const char *name;
    const char *help;
    const char *unit; /* default none */
    const char *const *labels; /* names, NULL-terminated; default none */
    const double *buckets; /* histogram: upper bounds without +Inf */
    size_t n_buckets;
};

#define PROMON_COLLECTED_INIT PROMON_INIT_(promon_collected)

/* Begins a family. Thread: the collector's. Since: 0.1 */
PROMON_API void promon_collect_family(struct promon_collection *collection,
                                      const struct promon_collected *family);

/*
 * One sample of the family begun last; `values` are those of its labels, NULL without labels. An
 * info's value is always 1.
 *
 * Thread:  the collector's.
 * Since:   0.1
 */
PROMON_API void promon_collect_value(struct promon_collection *collection,
                                     const char *const *values, double value);
PROMON_API void promon_collect_unsigned(struct promon_collection *collection,
                                        const char *const *values, uint64_t value);

/*
 * One histogram of the family begun last: `counts` has n_buckets + 1 numbers, not cumulative, the
 * last one of what is above all bounds.
 *
 * Thread:  the collector's.
 * Since:   0.1
 */
PROMON_API void promon_collect_histogram(struct promon_collection *collection,
                                         const char *const *values, const uint64_t *counts,
                                         double sum);

PROMON_END_DECLS

#endif
