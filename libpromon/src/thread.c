/*
 * Threads: how the library starts its own.
 */
#include "thread.h"

#include <signal.h>
#include <time.h>

#include "error.h"

enum promon_status promon__thread_start(pthread_t *thread, void *(*run)(void *data), void *data,
                                        struct promon_error *error)
{
    sigset_t all, before;
    int result;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = pthread_create(thread, NULL, run, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0)
        return promon__fail_errno(error, PROMON_ERESOURCES, result, "a thread cannot be started");
    return PROMON_OK;
}

void promon__condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}
