/*
 * A small event loop over epoll for programs that have none: descriptors, timers and deferred calls
 * on one thread.
 *
 *     struct miniorm_epoll *loop;
 *     miniorm_epoll_new(&loop, NULL);
 *     miniorm_client_open(database, miniorm_epoll_loop(loop), NULL, &client, NULL);
 *     while (!done)
 *         miniorm_epoll_turn(loop, -1, NULL);
 *
 * A program with another loop can also watch miniorm_epoll_fd() there and call
 * miniorm_epoll_turn(loop, 0, NULL) when it is readable or when miniorm_epoll_timeout()
 * milliseconds have passed.
 *
 * Thread:  one thread at a time; miniorm_epoll_wake from any thread.
 */
#ifndef MINIORM_EPOLL_H
#define MINIORM_EPOLL_H

#include <miniorm/loop.h>
#include <miniorm/status.h>

MINIORM_BEGIN_DECLS

struct miniorm_epoll;

/*
 * Makes a loop. *out is untouched on failure; free it with miniorm_epoll_free.
 *
 * Errors:  MINIORM_ERESOURCES  no descriptor to be had, see system_errno.
 *          MINIORM_ENOMEM
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_epoll_new(struct miniorm_epoll **out,
                                                  struct miniorm_error *error);

/*
 * Frees the loop, after the calls that are deferred. Clients on it must be closed before; watches
 * and timers that are left are dropped without a call. NULL is allowed.
 *
 * Since:   0.1
 */
MINIORM_API void miniorm_epoll_free(struct miniorm_epoll *loop);

/* The table of operations of this loop, borrowed, valid as long as the loop. Since: 0.1 */
MINIORM_API const struct miniorm_loop *miniorm_epoll_loop(struct miniorm_epoll *loop);

/*
 * One turn: runs deferred calls, waits up to `timeout_ms` milliseconds (0 does not wait, -1 without
 * end) for a descriptor, a timer or a wake, calls what is due, and runs the calls deferred
 * meanwhile.
 *
 * Errors:  MINIORM_ERESOURCES  epoll_wait failed, see system_errno; a signal is not an error.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_epoll_turn(struct miniorm_epoll *loop, int timeout_ms,
                                                   struct miniorm_error *error);

/*
 * Milliseconds until miniorm_epoll_turn has something to do by itself: 0 with calls deferred, -1
 * with no timer.
 *
 * Since:   0.1
 */
MINIORM_API int miniorm_epoll_timeout(const struct miniorm_epoll *loop);

/* The descriptor, the loop's, that is readable when a turn has any to serve. Since: 0.1 */
MINIORM_API int miniorm_epoll_fd(const struct miniorm_epoll *loop);

/*
 * Makes the current or the next miniorm_epoll_turn return without waiting. Async-signal-safe.
 *
 * Thread:  any thread, and signal handlers.
 * Since:   0.1
 */
MINIORM_API void miniorm_epoll_wake(struct miniorm_epoll *loop);

/*
 * Milliseconds of the monotonic clock as of the last time the loop looked; cheap, for deadlines.
 *
 * Since:   0.1
 */
MINIORM_API uint64_t miniorm_epoll_now_ms(const struct miniorm_epoll *loop);

MINIORM_END_DECLS

#endif
