/*
 * Grace: how what others may be reading without a lock is taken away. Readers mark sections with
 * two plain stores; who removes unlinks first, waits for the grace, and then frees: no section that
 * could have seen it is left.
 *
 * Order: promon__section_enter, reading, promon__section_leave, on one thread; no lock is taken
 * inside of a section but that of slots. promon__grace is not called inside of one, nor with the
 * lock of slots.
 * Sections nest, which signal handlers need.
 */
#ifndef PROMON_SRC_GRACE_H
#define PROMON_SRC_GRACE_H

#include "slots.h"

/* Whether this is the outermost section, to be handed to promon__section_leave. */
static inline bool promon__section_enter(struct promon__thread *thread)
{
    const uint64_t sequence = __atomic_load_n(&thread->sequence, __ATOMIC_RELAXED);

    if ((sequence & 1) != 0)
        return false;
    if (__builtin_expect(thread->is_fenced, 0)) {
        __atomic_exchange_n(&thread->sequence, sequence + 1, __ATOMIC_SEQ_CST);
    } else {
        __atomic_store_n(&thread->sequence, sequence + 1, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    }
    return true;
}

static inline void promon__section_leave(struct promon__thread *thread, bool is_outer)
{
    if (is_outer)
        __atomic_store_n(&thread->sequence, thread->sequence + 1, __ATOMIC_RELEASE);
}

/* Returns when every section that was entered before the call has been left. */
void promon__grace(void);

#endif
