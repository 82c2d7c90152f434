/*
 * Cancel: a detached thread per request, which shares a counted structure with whoever asked.
 *
 * A server that is frozen keeps the thread until it answers or the connection's keepalive ends it;
 * nobody waits for the thread. Its stack is small, and no signal is handled on it.
 */
#include "cancel.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../driver.h"
#include "later.h"

/* libpq keeps messages of a few hundred bytes on it; TLS of newer versions needs more. */
#define STACK_SIZE ((size_t)256 * 1024)
/* PQcancel writes its reason here. */
#define MESSAGE_SIZE 256

struct miniorm__pg_cancel {
    PGcancel *old; /* libpq before 17 */
    PGcancelConn *new;
    int notify;
    atomic_bool is_done;
    atomic_int holders;
};

static void close_all(struct miniorm__pg_cancel *cancel)
{
    if (cancel->new != NULL)
        PQcancelFinish(cancel->new);
    PQfreeCancel(cancel->old);
    if (cancel->notify >= 0)
        close(cancel->notify);
}

static void let_go(struct miniorm__pg_cancel *cancel)
{
    if (atomic_fetch_sub(&cancel->holders, 1) == 1)
        free(cancel);
}

static void *run(void *data)
{
    struct miniorm__pg_cancel *cancel = data;
    const uint64_t one = 1;
    char message[MESSAGE_SIZE];

    if (cancel->new != NULL)
        PQcancelBlocking(cancel->new);
    else
        PQcancel(cancel->old, message, sizeof(message));
    atomic_store(&cancel->is_done, true);
    if (cancel->notify >= 0 && write(cancel->notify, &one, sizeof(one)) < 0) {
        /* The counter is full: the reader is awake anyway. */
    }
    close_all(cancel);
    let_go(cancel);
    return NULL;
}

static bool start_thread(struct miniorm__pg_cancel *cancel)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    bool is_started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    is_started = pthread_create(&thread, &attributes, run, cancel) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return is_started;
}

static bool prepare(struct miniorm__pg_cancel *cancel, PGconn *connection, int notify)
{
    cancel->notify = notify < 0 ? -1 : fcntl(notify, F_DUPFD_CLOEXEC, 0);
    if (notify >= 0 && cancel->notify < 0)
        return false;
    if (PQcancelCreate != NULL)
        cancel->new = PQcancelCreate(connection);
    else
        cancel->old = PQgetCancel(connection);
    return cancel->new != NULL || cancel->old != NULL;
}

struct miniorm__pg_cancel *miniorm__pg_cancel_start(PGconn *connection, int notify)
{
    struct miniorm__pg_cancel *cancel = calloc(1, sizeof(*cancel));

    if (cancel == NULL)
        return NULL;
    atomic_init(&cancel->is_done, false);
    atomic_init(&cancel->holders, 2);
    if (prepare(cancel, connection, notify) && start_thread(cancel))
        return cancel;
    close_all(cancel);
    free(cancel);
    return NULL;
}

bool miniorm__pg_cancel_is_done(const struct miniorm__pg_cancel *cancel)
{
    return atomic_load(&cancel->is_done);
}

void miniorm__pg_cancel_wait(const struct miniorm__pg_cancel *cancel, uint64_t until_ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    while (atomic_load(&cancel->holders) != 1 && miniorm__clock_ms() < until_ms)
        nanosleep(&pause, NULL);
}

void miniorm__pg_cancel_free(struct miniorm__pg_cancel *cancel)
{
    if (cancel != NULL)
        let_go(cancel);
}
