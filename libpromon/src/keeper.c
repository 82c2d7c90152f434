/*
 * Keeper: one thread that sleeps on a condition variable of the monotonic clock.
 *
 * Order: start, stop.
 * Invariant: `keep` is never called by two threads at a time, and a last time by stop.
 */
#include "keeper.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "error.h"
#include "thread.h"

enum { PERIOD_S = 60 };

struct promon__keeper {
    void (*keep)(void *data);
    void *data;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_over;
};

/* Whether a period has passed, not a stop come. */
static bool sleep_a_period(struct promon__keeper *keeper)
{
    struct timespec end;
    bool is_over;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += PERIOD_S;
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->is_over && pthread_cond_timedwait(&keeper->wake, &keeper->lock, &end) == 0)
        ;
    is_over = keeper->is_over;
    pthread_mutex_unlock(&keeper->lock);
    return !is_over;
}

static void *run(void *data)
{
    struct promon__keeper *keeper = data;

    pthread_setname_np(pthread_self(), "promon-keeper");
    while (sleep_a_period(keeper))
        keeper->keep(keeper->data);
    return NULL;
}

static void keeper_free(struct promon__keeper *keeper)
{
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

enum promon_status promon__keeper_start(void (*keep)(void *data), void *data,
                                        struct promon__keeper **out, struct promon_error *error)
{
    struct promon__keeper *keeper = calloc(1, sizeof(*keeper));
    enum promon_status status;

    if (keeper == NULL)
        return promon__fail_memory(error);
    keeper->keep = keep;
    keeper->data = data;
    pthread_mutex_init(&keeper->lock, NULL);
    promon__condition_init(&keeper->wake);
    status = promon__thread_start(&keeper->thread, run, keeper, error);
    if (status != PROMON_OK) {
        keeper_free(keeper);
        return status;
    }
    *out = keeper;
    return PROMON_OK;
}

void promon__keeper_stop(struct promon__keeper *keeper)
{
    if (keeper == NULL)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->is_over = true;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    keeper->keep(keeper->data);
    keeper_free(keeper);
}
