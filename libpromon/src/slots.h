/*
 * Slots: the numbers behind counters and histograms. A block of slots belongs to one series and has
 * a place of its own in the memory of every thread that counts there, so that a thread adds to its
 * place with a plain load and store, and a reading adds the places up.
 *
 * Order: promon__slots_open before the first block, promon__slots_close after the last. A block is
 * allocated, added to and summed by any thread; it is freed after a grace (grace.h) in which the
 * last by-label call that saw it has ended.
 * Invariants: a place is written by its thread alone. The last slot of a block holds a double, the
 * others are whole. A free block is zero in every thread. What is here is the only state of the
 * process that the library has: threads do not belong to a monitor.
 */
#ifndef PROMON_SRC_SLOTS_H
#define PROMON_SRC_SLOTS_H

#include <promon/cell.h>
#include <promon/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PROMON__CHUNK_SHIFT 9
/* Slots of one piece of a thread's memory, and of the largest block. */
#define PROMON__CHUNK_SLOTS (1U << PROMON__CHUNK_SHIFT)
/*
 * Slots that a thread has places for at once, found without the list of pieces: 256 KiB, of which
 * the kernel gives the pages that are written to. That is a thirtieth of a thread's usual stack.
 */
#define PROMON__NEAR_SLOTS (64U << PROMON__CHUNK_SHIFT)
/* No thread ever has a place for it. */
#define PROMON__NO_SLOT UINT32_MAX

/* What a thread counts in; promon_own_slots_ says where its near slots are. */
struct promon__thread {
    uint64_t sequence; /* odd inside of a section, grace.h */
    bool is_fenced; /* sections need a barrier of their own */
    size_t n_chunks;
    uint64_t **chunks; /* NULL where the thread has not counted yet */
    uint64_t *near; /* the first of them, in one piece; NULL when there is no memory for it */
    uint64_t id; /* grows in the list; 0: nobody's */
    struct promon__thread *next;
};

/* Never NULL: one of zeros until the first use. */
extern _Thread_local struct promon__thread *promon__mine
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

enum promon_status promon__slots_open(struct promon_error *error);
void promon__slots_close(void);

/* `size` from 2 to PROMON__CHUNK_SLOTS. */
enum promon_status promon__slots_alloc(unsigned size, uint32_t *out, struct promon_error *error);
void promon__slots_free(uint32_t slot, unsigned size);

/* Sets a block to zero in every thread; who adds to it meanwhile may undo that. */
void promon__slots_zero(uint32_t slot, unsigned size);

/* Held around promon__slots_sum; nothing else is called meanwhile. */
void promon__slots_lock(void);
void promon__slots_unlock(void);
void promon__slots_sum(uint32_t slot, unsigned size, uint64_t *out);

/* Adds to a block on behalf of nobody: what is moved, for example. */
void promon__slots_add_shared(uint32_t slot, uint64_t amount);
void promon__slots_add_shared_real(uint32_t slot, double amount);

/*
 * The same for the calling thread, which has not used the slot yet: gives it a place first. Without
 * memory for one it counts on behalf of nobody; nothing is lost.
 */
void promon__slot_add_first(uint32_t slot, uint64_t amount);
void promon__slot_add_real_first(uint32_t slot, double amount);

/* The calling thread, registered if it is not; NULL when there is no memory. */
struct promon__thread *promon__thread_first_use(void);

/* In the child of a fork: what the threads that are gone counted stays. */
void promon__slots_after_fork(void);

static inline double promon__real_of(uint64_t bits)
{
    double real;

    memcpy(&real, &bits, sizeof(real));
    return real;
}

static inline uint64_t promon__bits_of(double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    return bits;
}

static inline struct promon__thread *promon__thread_mine(void)
{
    struct promon__thread *thread = promon__mine;

    return __builtin_expect(thread->id != 0, 1) ? thread : promon__thread_first_use();
}

/* The calling thread's place of a slot that is not near; NULL before its first use. */
uint64_t *promon__slots_far(uint32_t slot);

/* The calling thread's place of a slot; NULL before its first use. */
static inline uint64_t *promon__slots_mine(uint32_t slot)
{
    if (__builtin_expect(slot < promon_own_slots_.n, 1))
        return promon_own_slots_.places + slot;
    return promon__slots_far(slot);
}

/* There is no such instruction for doubles; these two stay in the registers of doubles. */
static inline void promon__own_add_real(uint64_t *place, double amount)
{
#ifdef PROMON_ONE_INSTRUCTION_
    __asm__ __volatile__("addsd %1, %0\n\tmovsd %0, %1" : "+&x"(amount), "+m"(*place));
#else
    const double sum = promon__real_of(__atomic_load_n(place, __ATOMIC_RELAXED)) + amount;

    __atomic_store_n(place, promon__bits_of(sum), __ATOMIC_RELEASE);
#endif
}

/* Adds to a slot of the calling thread. */
static inline void promon__slot_add(uint32_t slot, uint64_t amount)
{
    uint64_t *place = promon__slots_mine(slot);

    if (__builtin_expect(place != NULL, 1))
        promon_place_add_(place, amount);
    else
        promon__slot_add_first(slot, amount);
}

static inline void promon__slot_add_real(uint32_t slot, double amount)
{
    uint64_t *place = promon__slots_mine(slot);

    if (__builtin_expect(place != NULL, 1))
        promon__own_add_real(place, amount);
    else
        promon__slot_add_real_first(slot, amount);
}

#endif
