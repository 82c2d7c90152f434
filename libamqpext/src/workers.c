/*
 * Workers: starting and joining threads.
 *
 * Order: init; start, again while some are missing; join; free. The caller keeps the calls apart.
 * Invariant: the first `started` threads run or wait to be joined.
 */
#include "workers.h"

#include <signal.h>
#include <stdlib.h>

bool amqpext__workers_init(struct workers *workers, unsigned wanted)
{
    *workers = (struct workers){.wanted = wanted};
    if (wanted != 0)
        workers->threads = calloc(wanted, sizeof(workers->threads[0]));
    return wanted == 0 || workers->threads != NULL;
}

int amqpext__workers_start(struct workers *workers, void *(*run)(void *data), void *data)
{
    sigset_t all;
    sigset_t before;
    int failure = 0;

    if (workers->started == workers->wanted)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (failure == 0 && workers->started < workers->wanted) {
        failure = pthread_create(&workers->threads[workers->started], NULL, run, data);
        if (failure == 0)
            workers->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

bool amqpext__workers_is_one(const struct workers *workers, pthread_t thread)
{
    unsigned i;

    for (i = 0; i < workers->started; i++) {
        if (pthread_equal(workers->threads[i], thread))
            return true;
    }
    return false;
}

void amqpext__workers_join(struct workers *workers)
{
    unsigned i;

    for (i = 0; i < workers->started; i++)
        pthread_join(workers->threads[i], NULL);
}

void amqpext__workers_free(struct workers *workers)
{
    free(workers->threads);
    workers->threads = NULL;
}
