/*
 * Deferred calls, for adapters of loops that have none of their own: a queue whose owner sees to it
 * that it is run before the loop sleeps. Used by <miniorm/loop_uv.h> and <miniorm/loop_event.h>.
 *
 * Thread:  one thread at a time.
 */
#ifndef MINIORM_LOOP_DEFERRED_H
#define MINIORM_LOOP_DEFERRED_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <miniorm/loop.h>

MINIORM_BEGIN_DECLS

struct miniorm_deferred_call {
    miniorm_defer_fn call;
    void *data;
};

/* Begins a table of operations: all but its size and context is zero. Since: 0.1 */
MINIORM_INLINE void miniorm_deferred_loop(struct miniorm_loop *out, void *context)
{
    memset(out, 0, sizeof(*out));
    out->size = sizeof(*out);
    out->context = context;
}

/* A queue of zeros is empty and valid. */
struct miniorm_deferred {
    struct miniorm_deferred_call *calls;
    size_t count;
    size_t capacity;
};

/* Adds a call. Returns 0, or ENOMEM. Since: 0.1 */
MINIORM_INLINE int miniorm_deferred_add(struct miniorm_deferred *deferred, miniorm_defer_fn call,
                                        void *data)
{
    if (deferred->count == deferred->capacity) {
        const size_t capacity = deferred->capacity == 0 ? 16 : deferred->capacity * 2;
        void *grown = realloc(deferred->calls, capacity * sizeof(*deferred->calls));

        if (grown == NULL)
            return ENOMEM;
        deferred->calls = (struct miniorm_deferred_call *)grown;
        deferred->capacity = capacity;
    }
    deferred->calls[deferred->count].call = call;
    deferred->calls[deferred->count++].data = data;
    return 0;
}

/* Makes the calls in order, also those that are added meanwhile. Since: 0.1 */
MINIORM_INLINE void miniorm_deferred_run(struct miniorm_deferred *deferred)
{
    size_t i;

    for (i = 0; i < deferred->count; i++) {
        const struct miniorm_deferred_call next = deferred->calls[i];

        next.call(next.data);
    }
    deferred->count = 0;
}

/* Makes the calls that are left, one of which may free its data, and frees the queue. Since: 0.1 */
MINIORM_INLINE void miniorm_deferred_free(struct miniorm_deferred *deferred)
{
    miniorm_deferred_run(deferred);
    free(deferred->calls);
    deferred->calls = NULL;
    deferred->capacity = 0;
}

MINIORM_END_DECLS

#endif
