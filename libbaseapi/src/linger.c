/*
 * Lingering: a second descriptor of the socket outlives the server's, ends the sending, and reads
 * what still comes into nowhere.
 *
 * Invariant: each one has a deadline, and there are never more than MAX_LINGERING of a worker.
 */
#include "linger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exchange.h"
#include "worker.h"

/* Sockets that a worker keeps for others' sake; refusing an attack must not cost descriptors. */
#define MAX_LINGERING 64
/* Bytes read into nowhere before the reset has to do. */
#define MAX_DROPPED ((size_t)4 * 1024 * 1024)
#define PIECE_SIZE 16384

struct lingering {
    struct deadline deadline; /* first, so that one is the other */
    struct baseapi_worker *worker;
    int fd;
    void *watch;
    size_t dropped;
};

static void finish(struct lingering *lingering)
{
    struct baseapi_worker *worker = lingering->worker;
    const struct miniorm_loop *loop = miniorm_epoll_loop(worker->loop);

    baseapi__deadline_clear(&lingering->deadline);
    loop->remove_watch(loop->context, lingering->watch);
    (void)close(lingering->fd);
    free(lingering);
    worker->lingering_count--;
}

static void on_readable(void *data, int fd, unsigned events)
{
    struct lingering *lingering = data;
    char nowhere[PIECE_SIZE];
    const ssize_t got = recv(fd, nowhere, sizeof(nowhere), MSG_DONTWAIT);

    (void)events;
    if (got > 0)
        lingering->dropped += (size_t)got;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) ||
        lingering->dropped > MAX_DROPPED)
        finish(lingering);
}

void baseapi__linger(const struct connection *connection)
{
    struct baseapi_worker *worker = connection->worker;
    const struct miniorm_loop *loop = miniorm_epoll_loop(worker->loop);
    struct lingering *lingering;

    if (worker->lingering_count == MAX_LINGERING)
        return;
    lingering = calloc(1, sizeof(*lingering));
    if (lingering == NULL)
        return;
    lingering->worker = worker;
    lingering->fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);
    if (lingering->fd < 0 || loop->add_watch(loop->context, lingering->fd, MINIORM_READABLE,
                                             on_readable, lingering, &lingering->watch) != 0) {
        if (lingering->fd >= 0)
            (void)close(lingering->fd);
        free(lingering);
        return;
    }
    (void)shutdown(lingering->fd, SHUT_WR);
    worker->lingering_count++;
    baseapi__deadline_set(&lingering->deadline, &worker->linger, worker->now_ms);
}

void baseapi__linger_expired(struct deadline *deadline)
{
    finish((struct lingering *)(void *)deadline);
}

void baseapi__linger_end(struct baseapi_worker *worker)
{
    baseapi__deadlines_expire(&worker->linger, UINT64_MAX);
}
