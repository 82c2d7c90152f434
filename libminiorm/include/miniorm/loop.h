/*
 * The event loop as libminiorm sees it: a table of operations that the owner of a loop provides.
 *
 * Ready-made tables: <miniorm/epoll.h> (a loop of its own), <miniorm/loop_uv.h> (libuv) and
 * <miniorm/loop_event.h> (libevent); the last two are header-only, so that libminiorm links
 * neither.
 *
 * Rules for whoever writes a table:
 *  1. Everything is called on the loop's thread only, and every callback comes on that thread.
 *  2. Callbacks are never called from inside an operation of the table.
 *  3. After remove_watch and remove_timer the callback is not called any more, even if its event
 *     was already collected.
 *  4. Deferred calls run in the order in which they were made, before the loop sleeps; one that is
 *     made by a deferred call runs in the same turn.
 */
#ifndef MINIORM_LOOP_H
#define MINIORM_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/export.h>

MINIORM_BEGIN_DECLS

enum miniorm_events { MINIORM_READABLE = 1, MINIORM_WRITABLE = 2 };

/* Errors and hang-ups of the descriptor are told as readable. */
typedef void (*miniorm_ready_fn)(void *data, int fd, unsigned events);
typedef void (*miniorm_timer_fn)(void *data);
typedef void (*miniorm_defer_fn)(void *data);

/*
 * A loop: its operations and the context that each gets first. `size` is that of the structure,
 * which is copied by whoever takes it; what `context` points to must outlive every client on it.
 *
 * add_watch, add_timer and defer return 0, or an errno value with nothing registered.
 *
 * Thread:  the loop's thread.
 * Since:   0.1
 */
struct miniorm_loop {
    size_t size;
    void *context;
    /* Watches `fd` (level-triggered) for `events`; *watch is the handle. */
    int (*add_watch)(void *context, int fd, unsigned events, miniorm_ready_fn ready, void *data,
                     void **watch);
    /* Changes what is watched for; 0 keeps the watch silent. Returns 0 or an errno value. */
    int (*set_watch)(void *context, void *watch, unsigned events);
    /* Ends the watch and frees the handle; called before the descriptor is closed. */
    void (*remove_watch)(void *context, void *watch);
    /*
     * Calls `expired` once, not before `delay_ms` milliseconds have passed; *timer stays valid
     * until remove_timer.
     */
    int (*add_timer)(void *context, uint64_t delay_ms, miniorm_timer_fn expired, void *data,
                     void **timer);
    /*
     * Starts the timer again with a new delay, whether it has expired or not. Returns 0 or an errno
     * value.
     */
    int (*set_timer)(void *context, void *timer, uint64_t delay_ms);
    /* Ends the timer and frees the handle. */
    void (*remove_timer)(void *context, void *timer);
    /* Calls `call` once before the loop sleeps. There is no way to take it back. */
    int (*defer)(void *context, miniorm_defer_fn call, void *data);
};

MINIORM_END_DECLS

#endif
