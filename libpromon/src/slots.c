/*
 * Slots: which blocks are taken, and sums over the threads.
 *
 * Invariant: a slab with room is in the list of its size, a full one is not; a block whose bit is
 * off is zero in the slab and in every thread.
 */
#include "slots_process.h"

#include <stdlib.h>

#include "error.h"

#define FIRST_SLABS 16

struct promon__process promon__process = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                          .last_thread = &promon__process.threads};

void promon__slots_lock(void)
{
    pthread_mutex_lock(&promon__process.lock);
}

void promon__slots_unlock(void)
{
    pthread_mutex_unlock(&promon__process.lock);
}

static bool make_room(struct promon__process *process)
{
    const size_t capacity = process->n_slabs == 0 ? FIRST_SLABS : process->slabs_capacity * 2;
    struct slab **slabs;

    if (process->n_slabs < process->slabs_capacity)
        return true;
    if (capacity > UINT32_MAX >> PROMON__CHUNK_SHIFT)
        return false;
    slabs = realloc(process->slabs, capacity * sizeof(struct slab *));
    if (slabs == NULL)
        return false;
    process->slabs = slabs;
    process->slabs_capacity = capacity;
    return true;
}

static bool add_slab(struct promon__process *process, unsigned size)
{
    struct slab *slab;

    if (!make_room(process))
        return false;
    slab = calloc(1, sizeof(*slab));
    if (slab == NULL)
        return false;
    slab->size = size;
    slab->capacity = PROMON__CHUNK_SLOTS / size;
    process->slabs[process->n_slabs++] = slab;
    process->with_room[size] = (uint32_t)process->n_slabs;
    return true;
}

static unsigned free_block(const struct slab *slab)
{
    unsigned word = 0;

    while (slab->used[word] == UINT64_MAX)
        word++;
    return word * 64 + (unsigned)__builtin_ctzll(~slab->used[word]);
}

/* A block of the first slab with room, of which there is one. */
static uint32_t take_block(struct promon__process *process, unsigned size)
{
    const uint32_t number = process->with_room[size] - 1;
    struct slab *slab = process->slabs[number];
    const unsigned block = free_block(slab);

    slab->used[block / 64] |= UINT64_C(1) << block % 64;
    slab->n_used++;
    if (slab->n_used == slab->capacity)
        process->with_room[size] = slab->next_with_room;
    return number << PROMON__CHUNK_SHIFT | block * size;
}

enum promon_status promon__slots_alloc(unsigned size, uint32_t *out, struct promon_error *error)
{
    struct promon__process *process = &promon__process;
    enum promon_status status = PROMON_OK;

    promon__slots_lock();
    if (process->with_room[size] == 0 && !add_slab(process, size))
        status = promon__fail_memory(error);
    else
        *out = take_block(process, size);
    promon__slots_unlock();
    return status;
}

/* What is zero is not written to: its page may not be there. */
static void zero_range(uint64_t *slots, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; i++) {
        if (__atomic_load_n(&slots[i], __ATOMIC_RELAXED) != 0)
            __atomic_store_n(&slots[i], 0, __ATOMIC_RELAXED);
    }
}

uint64_t *promon__slots_place(const struct promon__thread *thread, uint32_t slot)
{
    const size_t chunk = slot >> PROMON__CHUNK_SHIFT;

    if (chunk >= thread->n_chunks || thread->chunks[chunk] == NULL)
        return NULL;
    return thread->chunks[chunk] + slot % PROMON__CHUNK_SLOTS;
}

static uint64_t *shared_place(uint32_t slot)
{
    return promon__process.slabs[slot >> PROMON__CHUNK_SHIFT]->shared + slot % PROMON__CHUNK_SLOTS;
}

static void zero_everywhere(uint32_t slot, unsigned size)
{
    const struct promon__thread *thread;

    zero_range(shared_place(slot), size);
    for (thread = promon__process.threads; thread != NULL; thread = thread->next) {
        uint64_t *place = promon__slots_place(thread, slot);

        if (place != NULL)
            zero_range(place, size);
    }
}

void promon__slots_zero(uint32_t slot, unsigned size)
{
    promon__slots_lock();
    zero_everywhere(slot, size);
    promon__slots_unlock();
}

void promon__slots_free(uint32_t slot, unsigned size)
{
    struct promon__process *process = &promon__process;
    const uint32_t number = slot >> PROMON__CHUNK_SHIFT;
    const unsigned block = slot % PROMON__CHUNK_SLOTS / size;
    struct slab *slab;

    promon__slots_lock();
    zero_everywhere(slot, size);
    slab = process->slabs[number];
    if (slab->n_used == slab->capacity) {
        slab->next_with_room = process->with_room[size];
        process->with_room[size] = number + 1;
    }
    slab->n_used--;
    slab->used[block / 64] &= ~(UINT64_C(1) << block % 64);
    promon__slots_unlock();
}

static void add_place(uint64_t *out, const uint64_t *place, unsigned size)
{
    const unsigned last = size - 1;
    const uint64_t real = __atomic_load_n(&place[last], __ATOMIC_RELAXED);
    unsigned i;

    for (i = 0; i < last; i++)
        out[i] += __atomic_load_n(&place[i], __ATOMIC_ACQUIRE);
    if (real != 0)
        out[last] = promon__bits_of(promon__real_of(out[last]) + promon__real_of(real));
}

void promon__slots_sum(uint32_t slot, unsigned size, uint64_t *out)
{
    const struct promon__thread *thread;

    memcpy(out, shared_place(slot), size * sizeof(*out));
    for (thread = promon__process.threads; thread != NULL; thread = thread->next) {
        const uint64_t *place = promon__slots_place(thread, slot);

        if (place != NULL)
            add_place(out, place, size);
    }
}

void promon__slots_add_shared(uint32_t slot, uint64_t amount)
{
    promon__slots_lock();
    *shared_place(slot) += amount;
    promon__slots_unlock();
}

void promon__slots_add_shared_real(uint32_t slot, double amount)
{
    uint64_t *place;

    promon__slots_lock();
    place = shared_place(slot);
    *place = promon__bits_of(promon__real_of(*place) + amount);
    promon__slots_unlock();
}
