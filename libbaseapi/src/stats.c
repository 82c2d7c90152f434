/*
 * Adding up the counters of the workers.
 */
#include <stddef.h>
#include <string.h>

#include <baseapi/stats.h>

#include "app_state.h"

/* Both structures have the same counters in the same order, the public one behind its size. */
#define COUNTERS \
    ((sizeof(struct baseapi_stats) - offsetof(struct baseapi_stats, requests)) / sizeof(uint64_t))

_Static_assert(sizeof(struct worker_stats) == COUNTERS * sizeof(uint64_t), "counters differ");
_Static_assert(offsetof(struct worker_stats, timeouts_send) +
                       offsetof(struct baseapi_stats, requests) ==
                   offsetof(struct baseapi_stats, timeouts_send),
               "counters are in different order");

void baseapi__stats_collect(const struct baseapi_worker *worker, struct baseapi_stats *stats)
{
    const _Atomic uint64_t *from = (const _Atomic uint64_t *)(const void *)&worker->stats;
    uint64_t *to = &stats->requests;
    size_t i;

    for (i = 0; i < COUNTERS; i++)
        to[i] += atomic_load_explicit(&from[i], memory_order_relaxed);
}

void baseapi_app_stats(const struct baseapi_app *app, struct baseapi_stats *stats)
{
    struct baseapi_app *unlocked = (struct baseapi_app *)(uintptr_t)app;
    struct baseapi_stats sum;
    const size_t size = stats->size < sizeof(sum) ? stats->size : sizeof(sum);
    unsigned i;

    pthread_mutex_lock(&unlocked->lock);
    sum = app->past;
    for (i = 0; i < app->worker_count; i++)
        baseapi__stats_collect(app->workers[i], &sum);
    pthread_mutex_unlock(&unlocked->lock);
    sum.size = stats->size;
    memcpy(stats, &sum, size);
}
