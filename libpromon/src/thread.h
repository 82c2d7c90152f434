/*
 * Threads of the library: signals are the host's, so that its threads take none.
 */
#ifndef PROMON_SRC_THREAD_H
#define PROMON_SRC_THREAD_H

#include <promon/status.h>
#include <pthread.h>

/* Starts a thread with all signals blocked. */
enum promon_status promon__thread_start(pthread_t *thread, void *(*run)(void *data), void *data,
                                        struct promon_error *error);

/* A condition variable whose timed waits are of the monotonic clock. */
void promon__condition_init(pthread_cond_t *condition);

#endif
