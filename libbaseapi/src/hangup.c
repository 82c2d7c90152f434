/*
 * Hang-ups: an epoll set of its own inside the loop's, as it asks for EPOLLRDHUP alone, once for
 * each connection. A loop's watch would also report the next request of a client that pipelines,
 * over and over.
 *
 * A client that only ends its sending, and still wants its answer, looks the same; so a seen
 * hang-up is acted upon a moment later, when most requests have been answered.
 */
#include "hangup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "exchange.h"
#include "worker.h"

/* Hang-ups taken at once; the rest follows in the next turn. */
#define EVENTS_PER_TURN 64

struct hangups {
    struct baseapi_worker *worker;
    int fd;
    void *watch;
};

static void on_ready(void *data, int fd, unsigned events)
{
    struct hangups *hangups = data;
    struct baseapi_worker *worker = hangups->worker;
    struct epoll_event found[EVENTS_PER_TURN];
    const int count = epoll_wait(fd, found, EVENTS_PER_TURN, 0);
    int i;

    (void)events;
    for (i = 0; i < count; i++) {
        struct connection *connection = found[i].data.ptr;

        /* The worker's own time is that of before the wait. */
        baseapi__deadline_set(&connection->watch, &worker->watch,
                              miniorm_epoll_now_ms(worker->loop));
    }
}

enum baseapi_status baseapi__hangups_new(struct baseapi_worker *worker, struct hangups **out,
                                         struct baseapi_error *error)
{
    const struct miniorm_loop *loop = miniorm_epoll_loop(worker->loop);
    struct hangups *hangups = calloc(1, sizeof(*hangups));
    int failure = 0;

    if (hangups == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot start a worker: out of memory");
    hangups->worker = worker;
    hangups->fd = epoll_create1(EPOLL_CLOEXEC);
    if (hangups->fd < 0)
        failure = errno;
    else
        failure = loop->add_watch(loop->context, hangups->fd, MINIORM_READABLE, on_ready, hangups,
                                  &hangups->watch);
    if (failure != 0) {
        baseapi__hangups_free(hangups);
        return baseapi__fail_errno(error, BASEAPI_ERESOURCES, failure, "cannot start a worker");
    }
    *out = hangups;
    return BASEAPI_OK;
}

void baseapi__hangups_free(struct hangups *hangups)
{
    const struct miniorm_loop *loop;

    if (hangups == NULL)
        return;
    loop = miniorm_epoll_loop(hangups->worker->loop);
    if (hangups->watch != NULL)
        loop->remove_watch(loop->context, hangups->watch);
    if (hangups->fd >= 0)
        close(hangups->fd);
    free(hangups);
}

void baseapi__hangup_watch(struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data = {.ptr = connection}};

    (void)epoll_ctl(connection->worker->hangups->fd, EPOLL_CTL_ADD, connection->fd, &event);
}

void baseapi__hangup_unwatch(struct connection *connection)
{
    (void)epoll_ctl(connection->worker->hangups->fd, EPOLL_CTL_DEL, connection->fd, NULL);
}

void baseapi__hangup_act(struct connection *connection)
{
    if (connection->request != NULL && connection->request->stage == STAGE_WAITING)
        baseapi__exchange_give_up(connection->request, NULL);
    else
        (void)shutdown(connection->fd, SHUT_RD); /* makes the server look again */
}
