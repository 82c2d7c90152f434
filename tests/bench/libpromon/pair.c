#include "pair.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common.h"

struct pair {
    pthread_t helper;
    sem_t wanted;
    void (*run)(void *data, unsigned long n);
    void *data;
    unsigned long n;
    bool is_over;
    /* The helper is at the line; the race has begun; when the helper was through, 0 before. */
    atomic_bool is_ready, is_begun;
    _Atomic int64_t helper_ns;
};

static void *help(void *data)
{
    struct pair *pair = data;

    for (;;) {
        while (sem_wait(&pair->wanted) != 0)
            ;
        if (pair->is_over)
            return NULL;
        atomic_store(&pair->is_ready, true);
        while (!atomic_load(&pair->is_begun))
            ;
        pair->run(pair->data, pair->n);
        atomic_store(&pair->helper_ns, promon_now_ns());
    }
}

struct pair *pair_open(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    bench_need(pair != NULL && sem_init(&pair->wanted, 0, 0) == 0, "out of memory");
    bench_need(pthread_create(&pair->helper, NULL, help, pair) == 0, "no thread");
    return pair;
}

int64_t pair_race(struct pair *pair, void (*run)(void *data, unsigned long n), void *data,
                  unsigned long n)
{
    int64_t begun_ns, through_ns;

    pair->run = run;
    pair->data = data;
    pair->n = n;
    atomic_store(&pair->is_begun, false);
    atomic_store(&pair->helper_ns, 0);
    atomic_store(&pair->is_ready, false);
    sem_post(&pair->wanted);
    while (!atomic_load(&pair->is_ready))
        sched_yield();
    begun_ns = promon_now_ns();
    atomic_store(&pair->is_begun, true);
    run(data, n);
    through_ns = promon_now_ns();
    while (atomic_load(&pair->helper_ns) == 0)
        sched_yield();
    if (through_ns < atomic_load(&pair->helper_ns))
        through_ns = atomic_load(&pair->helper_ns);
    return through_ns - begun_ns;
}

void pair_close(struct pair *pair)
{
    pair->is_over = true;
    sem_post(&pair->wanted);
    pthread_join(pair->helper, NULL);
    sem_destroy(&pair->wanted);
    free(pair);
}
