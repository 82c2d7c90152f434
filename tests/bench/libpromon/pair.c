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
    cpu_set_t all, caller_cpu, helper_cpu;
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

/*
 * One processor for each of the two: when others keep the machine busy, both would often be given the
 * same one, and take turns.
 */
static void choose_processors(struct pair *pair)
{
    int cpu, n = 0;

    CPU_ZERO(&pair->caller_cpu);
    CPU_ZERO(&pair->helper_cpu);
    bench_need(sched_getaffinity(0, sizeof(pair->all), &pair->all) == 0, "sched_getaffinity");
    for (cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++) {
        if (CPU_ISSET(cpu, &pair->all))
            CPU_SET(cpu, n++ == 0 ? &pair->caller_cpu : &pair->helper_cpu);
    }
    bench_need(n == 2, "two threads need two processors");
}

struct pair *pair_open(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    bench_need(pair != NULL && sem_init(&pair->wanted, 0, 0) == 0, "out of memory");
    choose_processors(pair);
    bench_need(
        pthread_create(&pair->helper, NULL, help, pair) == 0 &&
            pthread_setaffinity_np(pair->helper, sizeof(pair->helper_cpu), &pair->helper_cpu) == 0,
        "no thread");
    return pair;
}

static int64_t race(struct pair *pair)
{
    int64_t begun_ns, through_ns;

    atomic_store(&pair->is_begun, false);
    atomic_store(&pair->helper_ns, 0);
    atomic_store(&pair->is_ready, false);
    sem_post(&pair->wanted);
    while (!atomic_load(&pair->is_ready))
        sched_yield();
    begun_ns = promon_now_ns();
    atomic_store(&pair->is_begun, true);
    pair->run(pair->data, pair->n);
    through_ns = promon_now_ns();
    while (atomic_load(&pair->helper_ns) == 0)
        sched_yield();
    if (through_ns < atomic_load(&pair->helper_ns))
        through_ns = atomic_load(&pair->helper_ns);
    return through_ns - begun_ns;
}

int64_t pair_race(struct pair *pair, void (*run)(void *data, unsigned long n), void *data,
                  unsigned long n)
{
    int64_t taken_ns;

    pair->run = run;
    pair->data = data;
    pair->n = n;
    (void)sched_setaffinity(0, sizeof(pair->caller_cpu), &pair->caller_cpu);
    taken_ns = race(pair);
    (void)sched_setaffinity(0, sizeof(pair->all), &pair->all);
    return taken_ns;
}

void pair_close(struct pair *pair)
{
    pair->is_over = true;
    sem_post(&pair->wanted);
    pthread_join(pair->helper, NULL);
    sem_destroy(&pair->wanted);
    free(pair);
}
