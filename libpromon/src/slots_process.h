/*
 * What slots.c, slots_threads.c and grace.c share: the slots and the threads of the process, under
 * one lock.
 */
#ifndef PROMON_SRC_SLOTS_PROCESS_H
#define PROMON_SRC_SLOTS_PROCESS_H

#include <pthread.h>

#include "slots.h"

#define SLAB_WORDS (PROMON__CHUNK_SLOTS / 64)

/* One chunk of slots, cut into blocks of one size. */
struct slab {
    unsigned size; /* of a block */
    unsigned capacity, n_used; /* blocks */
    uint32_t next_with_room; /* of the same size; number + 1, 0 for none */
    uint64_t used[SLAB_WORDS]; /* a bit for each block */
    /* What ended threads counted, and what is counted on behalf of nobody. */
    uint64_t shared[PROMON__CHUNK_SLOTS];
};

struct promon__process {
    pthread_mutex_t lock;
    struct promon__thread *threads; /* by growing id */
    struct promon__thread **last_thread; /* where the next one is hung */
    uint64_t n_threads_ever;
    struct slab **slabs;
    size_t n_slabs, slabs_capacity;
    uint32_t with_room[PROMON__CHUNK_SLOTS + 1]; /* by size; number + 1 */
    size_t n_users;
    pthread_key_t key; /* whose destructor folds what a thread counted */
    bool has_key;
    bool is_fenced; /* the kernel has no barrier for all threads */
};

extern struct promon__process promon__process __attribute__((visibility("hidden")));

/* A thread's place of a slot; NULL where it has not counted. */
uint64_t *promon__slots_place(const struct promon__thread *thread, uint32_t slot);

/* Adds what a thread counted to the shared slots and frees it; the lock is held. */
void promon__thread_fold(struct promon__thread *thread);

/* Asks the kernel for a barrier over all threads; false when it has none. */
bool promon__barrier_prepare(void);

#endif
