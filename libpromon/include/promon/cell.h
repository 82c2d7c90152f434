/*
 * Cells: the hot calls. None takes a lock, allocates after a thread's first use, fails or returns
 * anything; NULL is allowed and does nothing. A call that a cell's kind does not have, a negative
 * amount for a counter or a NaN is not carried out and counted in promon_misuse_total.
 *
 * Counters and histograms are kept per thread, so that threads never wait for each other; a
 * reading adds them up. When a thread ends, what it counted stays. A native bucket that is new to
 * its series takes a lock once. A signal handler may use cells that its thread has used before,
 * but not histograms with native buckets; of what it interrupts, a fraction and the sum of a
 * histogram may be lost, on other machines than x86 an increment too.
 *
 * A cell is valid until its series, family or monitor is removed.
 *
 * Thread:  any thread.
 */
#ifndef PROMON_CELL_H
#define PROMON_CELL_H

#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>

PROMON_BEGIN_DECLS

struct promon_cell;

/* Adds 1 to a counter or a gauge. Since: 0.1 */
PROMON_API void promon_cell_inc(struct promon_cell *cell);

/* Subtracts 1 from a gauge. Since: 0.1 */
PROMON_API void promon_cell_dec(struct promon_cell *cell);

/* Adds to a counter (not negative) or a gauge. Whole amounts are counted exactly. Since: 0.1 */
PROMON_API void promon_cell_add(struct promon_cell *cell, double amount);

/* Adds a whole amount to a counter or a gauge: bytes, for example. Since: 0.1 */
PROMON_API void promon_cell_add_unsigned(struct promon_cell *cell, uint64_t amount);

/* Sets a gauge; NaN is a value. Since: 0.1 */
PROMON_API void promon_cell_set(struct promon_cell *cell, double value);

/* Sets a gauge to the seconds since 1970. Since: 0.1 */
PROMON_API void promon_cell_set_to_current_time(struct promon_cell *cell);

/* Puts one value into a histogram. Since: 0.1 */
PROMON_API void promon_cell_observe(struct promon_cell *cell, double value);

/* Puts the seconds since `start_ns`, which promon_now_ns gave, into a histogram. Since: 0.1 */
PROMON_API void promon_cell_observe_since(struct promon_cell *cell, int64_t start_ns);

/* Switches one state of a state set on or off, by its number in `states`. Since: 0.1 */
PROMON_API void promon_cell_set_state(struct promon_cell *cell, unsigned state, int is_on);

/* Makes one state of a state set the only one that is on. Since: 0.1 */
PROMON_API void promon_cell_set_only_state(struct promon_cell *cell, unsigned state);

/*
 * Like add (a counter) and observe (a histogram), leaving an example of it, such as a trace id:
 * pairs of label names and values, NULL-terminated, at most 128 characters in all, else no example
 * is left and it is counted in promon_misuse_total. The last one of the counter, or of the bucket,
 * is exposed where the format has exemplars. These two take a lock of the series.
 *
 * Since: 0.1
 */
PROMON_API void promon_cell_add_exemplar(struct promon_cell *cell, double amount,
                                         const char *const *labels);
PROMON_API void promon_cell_observe_exemplar(struct promon_cell *cell, double value,
                                             const char *const *labels);

/* Nanoseconds of the monotonic clock. Since: 0.1 */
PROMON_API int64_t promon_now_ns(void);

/*
 * Writes growing bounds of buckets into `out`: start, start + width, … or start, start * factor, …
 * start and factor have to be such that bounds grow; else 0 is returned, and `count` otherwise.
 *
 * Since: 0.1
 */
PROMON_API size_t promon_buckets_linear(double *out, size_t count, double start, double width);
PROMON_API size_t promon_buckets_exponential(double *out, size_t count, double start,
                                             double factor);

#if defined(__GNUC__) && defined(__ELF__)
/*
 * Counting without a call. What is below is compiled into programs and changes with the SONAME
 * only. Programs use the functions above; (promon_cell_inc)(cell), a pointer to one of them and
 * other compilers get the function itself.
 */

/* Where the calling thread counts, by the numbers of slots; the others take a call. */
struct promon_own_slots_ {
    uint64_t *places;
    size_t n;
};

PROMON_API extern __thread
    __attribute__((tls_model("initial-exec"))) struct promon_own_slots_ promon_own_slots_;

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define PROMON_ONE_INSTRUCTION_
#endif
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef PROMON_ONE_INSTRUCTION_
#endif
#endif

/*
 * Adds to a place of the calling thread's own. On x86 it is one instruction, between which and the
 * next a signal handler may add to the same place; elsewhere, and where the thread sanitizer has to
 * see it, a load and a store. They release, so that who reads one place before another sees them in
 * the order of writing.
 */
PROMON_INLINE void promon_place_add_(uint64_t *place, uint64_t amount)
{
#ifdef PROMON_ONE_INSTRUCTION_
    __asm__ __volatile__("addq %1, %0" : "+m"(*place) : "er"(amount) : "cc");
#else
    __atomic_store_n(place, __atomic_load_n(place, __ATOMIC_RELAXED) + amount, __ATOMIC_RELEASE);
#endif
}

/* A cell begins with the number of its slot; what is no counter has one beyond all places. */
PROMON_INLINE void promon_cell_add_unsigned_(struct promon_cell *cell, uint64_t amount)
{
    uint32_t slot;

    if (cell == NULL)
        return;
    slot = *(const uint32_t *)(const void *)cell;
    if (__builtin_expect(slot < promon_own_slots_.n, 1))
        promon_place_add_(promon_own_slots_.places + slot, amount);
    else
        promon_cell_add_unsigned(cell, amount);
}

#define promon_cell_inc(cell) promon_cell_add_unsigned_(cell, 1)
#define promon_cell_add_unsigned(cell, amount) promon_cell_add_unsigned_(cell, amount)
#endif

PROMON_END_DECLS

#endif
