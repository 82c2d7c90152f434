/*
 * Race: connecting to the addresses of one host.
 *
 * Invariant: fds[i] of a started attempt is -1 or an open socket that the descriptor of the owner
 * watches under the number i; n_open counts the latter.
 */
#include "dial_race.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"

/* RFC 8305 recommends 250 ms: longer than most handshakes take, too short to be felt. */
#define HEAD_START_US UINT64_C(250000)

/* For connections on which no heartbeats were agreed: a dead peer is noticed within two minutes. */
enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 15, KEEPALIVE_COUNT = 4 };

/*
 * Heartbeats notice a dead peer; TCP_USER_TIMEOUT is left alone, because it would also end a
 * connection whose broker does not read for a while (an alarm), and that one is alive.
 */
static void set_options(int fd)
{
    const int on = 1, idle = KEEPALIVE_IDLE_S, interval = KEEPALIVE_INTERVAL_S;
    const int count = KEEPALIVE_COUNT;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static enum amqpext_status status_of(int failure, int family)
{
    const bool is_local = failure == EMFILE || failure == ENFILE || failure == ENOBUFS ||
                          failure == ENOMEM ||
                          /* Without IPv6 it means that; else that all ports are taken. */
                          (failure == EADDRNOTAVAIL && family == AF_INET);

    return is_local ? AMQPEXT_ERESOURCES : AMQPEXT_ECONNECTION;
}

/* "host:port (address)", or without the address where the host is one. */
static void note_failure(struct race *race, const struct address *address, int failure)
{
    char digits[NI_MAXHOST], what[sizeof(race->error.message)];

    if (race->error.status != AMQPEXT_OK)
        return;
    if (getnameinfo((const struct sockaddr *)&address->socket, address->size, digits,
                    sizeof(digits), NULL, 0, NI_NUMERICHOST) != 0 ||
        strcmp(digits, race->host->name) == 0)
        snprintf(what, sizeof(what), "connecting to %s", race->host->text);
    else
        snprintf(what, sizeof(what), "connecting to %s (%.64s)", race->host->text, digits);
    amqpext__fail_errno(&race->error, status_of(failure, address->socket.ss_family), failure, what);
}

static void close_attempt(struct race *race, size_t i)
{
    close(race->fds[i]);
    race->fds[i] = -1;
    race->n_open--;
}

/* Returns an errno value. */
static int open_attempt(struct race *race, size_t i)
{
    const struct address *address = &race->addresses.items[i];
    struct epoll_event event = {.events = EPOLLOUT, .data = {.u64 = i}};
    const int fd =
        socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    int failure = 0;

    if (fd < 0)
        return errno;
    set_options(fd);
    if (epoll_ctl(race->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 ||
        (connect(fd, (const struct sockaddr *)&address->socket, address->size) != 0 &&
         errno != EINPROGRESS && errno != EINTR)) {
        failure = errno;
        close(fd);
        return failure;
    }
    race->fds[i] = fd;
    race->n_open++;
    return 0;
}

static void start_next(struct race *race, uint64_t now_us)
{
    const size_t i = race->n_started++;
    int failure;

    race->fds[i] = -1;
    failure = open_attempt(race, i);

    if (failure == 0) {
        race->next_us = now_us + HEAD_START_US;
    } else {
        note_failure(race, &race->addresses.items[i], failure);
        race->next_us = now_us;
    }
}

static bool has_next(const struct race *race)
{
    return race->n_started < race->addresses.count;
}

/* A port of this machine that nobody listens on may be given to the very socket that connects. */
static bool is_connected_to_itself(int fd)
{
    struct sockaddr_storage own, peer;
    socklen_t own_size = sizeof(own), peer_size = sizeof(peer);

    memset(&own, 0, sizeof(own));
    memset(&peer, 0, sizeof(peer));
    return getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 && own_size == peer_size &&
           memcmp(&own, &peer, own_size) == 0;
}

static int result_of(int fd)
{
    int failure = 0;
    socklen_t size = sizeof(failure);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
        return errno;
    return failure == 0 && is_connected_to_itself(fd) ? ECONNREFUSED : failure;
}

/* Looks at one attempt that has ended; returns its socket if it stands, else -1. */
static int settle(struct race *race, size_t i, uint64_t now_us)
{
    const int fd = race->fds[i];
    const int failure = result_of(fd);

    if (failure != 0) {
        note_failure(race, &race->addresses.items[i], failure);
        close_attempt(race, i);
        race->next_us = now_us;
        return -1;
    }
    (void)epoll_ctl(race->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    race->fds[i] = -1;
    race->n_open--;
    return fd;
}

static int look_for_winner(struct race *race, uint64_t now_us)
{
    struct epoll_event events[ADDRESSES_MAX];
    const int n_events = epoll_wait(race->epoll_fd, events, ADDRESSES_MAX, 0);
    int winner = -1;
    int i;

    for (i = 0; i < n_events && winner < 0; i++) {
        const size_t attempt = (size_t)events[i].data.u64;

        if (attempt < race->n_started && race->fds[attempt] >= 0)
            winner = settle(race, attempt, now_us);
    }
    return winner;
}

void amqpext__race_start(struct race *race, const struct host *host, int epoll_fd)
{
    race->host = host;
    race->epoll_fd = epoll_fd;
    race->n_started = 0;
    race->n_open = 0;
    race->next_us = 0;
    memset(&race->error, 0, sizeof(race->error));
}

enum dial_result amqpext__race_step(struct race *race, uint64_t now_us, int *fd,
                                    struct amqpext_error *error)
{
    const int winner = look_for_winner(race, now_us);

    if (winner >= 0) {
        amqpext__race_end(race);
        *fd = winner;
        return DIAL_DONE;
    }
    while (has_next(race) && now_us >= race->next_us)
        start_next(race, now_us);
    if (race->n_open > 0 || has_next(race))
        return DIAL_PENDING;
    amqpext__fail_copy(error, &race->error);
    return DIAL_FAILED;
}

uint64_t amqpext__race_due_us(const struct race *race)
{
    return has_next(race) ? race->next_us : NEVER;
}

void amqpext__race_end(struct race *race)
{
    size_t i;

    for (i = 0; i < race->n_started; i++) {
        if (race->fds[i] >= 0)
            close_attempt(race, i);
    }
}
