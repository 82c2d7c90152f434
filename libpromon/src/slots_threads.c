/*
 * Threads: the memory that each counts in. It is made at a thread's first use of a slot, and folded
 * into the shared slots when the thread ends; a destructor of pthread_key_t tells that.
 *
 * Order of a thread: first use, more chunks as it meets more slots, fold. A thread may outlive
 * every monitor and meet another one.
 */
#include "slots_process.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "error.h"

/* What shares no cache line with another thread's. */
#define LINE_BYTES 64
#define NEAR_CHUNKS (PROMON__NEAR_SLOTS / PROMON__CHUNK_SLOTS)
#define NEAR_BYTES (PROMON__NEAR_SLOTS * sizeof(uint64_t))

/* Not written to: it has no chunks, and no sections are entered in it. */
static const struct promon__thread nobody;

_Thread_local struct promon__thread *promon__mine = (struct promon__thread *)(uintptr_t)&nobody;

__thread struct promon_own_slots_ promon_own_slots_;

uint64_t *promon__slots_far(uint32_t slot)
{
    return promon__slots_place(promon__mine, slot);
}

static void forget_mine(void)
{
    promon_own_slots_ = (struct promon_own_slots_){NULL, 0};
    promon__mine = (struct promon__thread *)(uintptr_t)&nobody;
}

/* Blocks whose bit is off are zero: adding them changes nothing. */
static void fold_chunk(struct slab *slab, const uint64_t *chunk)
{
    unsigned i;

    for (i = 0; i < slab->capacity * slab->size; i++) {
        if (chunk[i] == 0)
            continue;
        if (i % slab->size == slab->size - 1)
            slab->shared[i] =
                promon__bits_of(promon__real_of(slab->shared[i]) + promon__real_of(chunk[i]));
        else
            slab->shared[i] += chunk[i];
    }
}

static void unlink_thread(struct promon__process *process, const struct promon__thread *thread)
{
    struct promon__thread **link = &process->threads;

    while (*link != thread)
        link = &(*link)->next;
    *link = thread->next;
    if (*link == NULL)
        process->last_thread = link;
}

static void free_thread(struct promon__thread *thread)
{
    size_t i;

    for (i = thread->near != NULL ? NEAR_CHUNKS : 0; i < thread->n_chunks; i++)
        free(thread->chunks[i]);
    if (thread->near != NULL)
        (void)munmap(thread->near, NEAR_BYTES);
    free(thread->chunks);
    free(thread);
}

void promon__thread_fold(struct promon__thread *thread)
{
    struct promon__process *process = &promon__process;
    size_t i;

    unlink_thread(process, thread);
    for (i = 0; i < thread->n_chunks; i++) {
        if (thread->chunks[i] != NULL && i < process->n_slabs)
            fold_chunk(process->slabs[i], thread->chunks[i]);
    }
    free_thread(thread);
}

static void at_thread_end(void *data)
{
    forget_mine();
    promon__slots_lock();
    promon__thread_fold(data);
    promon__slots_unlock();
}

/* Pages that nobody writes to take no memory. Without near slots, all are found by the list. */
static void map_near(struct promon__thread *thread)
{
    void *memory = mmap(NULL, NEAR_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    size_t i;

    if (memory == MAP_FAILED)
        return;
    thread->near = memory;
    for (i = 0; i < NEAR_CHUNKS; i++)
        thread->chunks[i] = thread->near + i * PROMON__CHUNK_SLOTS;
}

static struct promon__thread *new_thread(void)
{
    struct promon__thread *thread = calloc(1, sizeof(*thread));

    if (thread == NULL)
        return NULL;
    thread->chunks = calloc(NEAR_CHUNKS, sizeof(uint64_t *));
    if (thread->chunks == NULL) {
        free(thread);
        return NULL;
    }
    thread->n_chunks = NEAR_CHUNKS;
    map_near(thread);
    return thread;
}

struct promon__thread *promon__thread_first_use(void)
{
    struct promon__process *process = &promon__process;
    struct promon__thread *thread;

    if (promon__mine != &nobody)
        return promon__mine;
    thread = new_thread();
    if (thread == NULL)
        return NULL;
    if (pthread_setspecific(process->key, thread) != 0) {
        free_thread(thread);
        return NULL;
    }
    promon__slots_lock();
    thread->id = ++process->n_threads_ever;
    thread->is_fenced = process->is_fenced;
    *process->last_thread = thread;
    process->last_thread = &thread->next;
    promon__slots_unlock();
    promon__mine = thread;
    if (thread->near != NULL)
        promon_own_slots_ = (struct promon_own_slots_){thread->near, PROMON__NEAR_SLOTS};
    return thread;
}

/*
 * Other threads look at the list of chunks under the lock only; a signal handler on this one may
 * look at any moment, so that the old list is there until the new one is.
 */
static bool make_room(struct promon__thread *thread, size_t n)
{
    size_t capacity = thread->n_chunks * 2;
    uint64_t **const old = thread->chunks;
    uint64_t **chunks;

    if (n <= thread->n_chunks)
        return true;
    if (capacity < n)
        capacity = n;
    chunks = calloc(capacity, sizeof(uint64_t *));
    if (chunks == NULL)
        return false;
    memcpy(chunks, thread->chunks, thread->n_chunks * sizeof(uint64_t *));
    __atomic_store_n(&thread->chunks, chunks, __ATOMIC_RELEASE);
    __atomic_store_n(&thread->n_chunks, capacity, __ATOMIC_RELEASE);
    free(old);
    return true;
}

static bool add_chunk(struct promon__thread *thread, size_t number)
{
    void *chunk = NULL;

    if (!make_room(thread, number + 1))
        return false;
    if (thread->chunks[number] != NULL)
        return true;
    if (posix_memalign(&chunk, LINE_BYTES, PROMON__CHUNK_SLOTS * sizeof(uint64_t)) != 0)
        return false;
    memset(chunk, 0, PROMON__CHUNK_SLOTS * sizeof(uint64_t));
    thread->chunks[number] = chunk;
    return true;
}

/* The calling thread's place, made if it is not there; NULL when there is no memory. */
static uint64_t *first_place(uint32_t slot)
{
    const size_t number = slot >> PROMON__CHUNK_SHIFT;
    struct promon__thread *thread = promon__thread_first_use();
    bool has_chunk;

    if (thread == NULL)
        return NULL;
    promon__slots_lock();
    has_chunk = add_chunk(thread, number);
    promon__slots_unlock();
    return has_chunk ? thread->chunks[number] + slot % PROMON__CHUNK_SLOTS : NULL;
}

void promon__slot_add_first(uint32_t slot, uint64_t amount)
{
    uint64_t *place = first_place(slot);

    if (place != NULL)
        promon_place_add_(place, amount);
    else
        promon__slots_add_shared(slot, amount);
}

void promon__slot_add_real_first(uint32_t slot, double amount)
{
    uint64_t *place = first_place(slot);

    if (place != NULL)
        promon__own_add_real(place, amount);
    else
        promon__slots_add_shared_real(slot, amount);
}

enum promon_status promon__slots_open(struct promon_error *error)
{
    struct promon__process *process = &promon__process;
    int failure = 0;

    promon__slots_lock();
    if (!process->has_key) {
        failure = pthread_key_create(&process->key, at_thread_end);
        process->has_key = failure == 0;
        process->is_fenced = !promon__barrier_prepare();
    }
    if (failure == 0)
        process->n_users++;
    promon__slots_unlock();
    if (failure != 0)
        return promon__fail_errno(error, PROMON_ERESOURCES, failure, "thread-specific data");
    return PROMON_OK;
}

/* Every block is free, and so zero in all threads: numbering may begin again. */
static void free_slabs(struct promon__process *process)
{
    size_t i;

    for (i = 0; i < process->n_slabs; i++)
        free(process->slabs[i]);
    free(process->slabs);
    process->slabs = NULL;
    process->n_slabs = process->slabs_capacity = 0;
    memset(process->with_room, 0, sizeof(process->with_room));
}

void promon__slots_close(void)
{
    struct promon__process *process = &promon__process;
    struct promon__thread *mine = promon__mine;

    promon__slots_lock();
    if (--process->n_users == 0) {
        if (mine != &nobody) {
            pthread_setspecific(process->key, NULL);
            forget_mine();
            promon__thread_fold(mine);
        }
        free_slabs(process);
    }
    promon__slots_unlock();
}

void promon__slots_after_fork(void)
{
    struct promon__process *process = &promon__process;
    struct promon__thread *thread, *next;

    pthread_mutex_init(&process->lock, NULL);
    /* The fork may have met a thread that was about to leave the list. */
    process->last_thread = &process->threads;
    while (*process->last_thread != NULL)
        process->last_thread = &(*process->last_thread)->next;
    for (thread = process->threads; thread != NULL; thread = next) {
        next = thread->next;
        if (thread != promon__mine)
            promon__thread_fold(thread);
    }
}

/* A library that is unloaded is not called when threads end later. */
__attribute__((destructor)) static void at_unload(void)
{
    if (promon__process.has_key)
        pthread_key_delete(promon__process.key);
}
