/*
 * The proxy: one thread, poll() over a fixed table of connections.
 */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 32
#define BUFFER_SIZE 65536

/* What one side has sent and the other has not taken yet. */
struct stream {
    char data[BUFFER_SIZE];
    size_t size;
};

struct pair {
    int fds[2]; /* client, server; -1: none */
    struct stream streams[2]; /* to the server, to the client */
};

struct proxy {
    pthread_t thread;
    int listener;
    uint16_t server_port;
    atomic_bool is_stopping;
    atomic_bool is_frozen;
    atomic_size_t split;
    atomic_size_t budget[2]; /* bytes until the cut, plus one; 0: none */
    _Atomic(const char *) spoiled; /* NULL: nothing */
    struct pair pairs[PAIRS_MAX];
};

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void close_pair(struct pair *pair)
{
    const struct linger hard = {.l_onoff = 1};
    int side;

    for (side = 0; side < 2; side++) {
        if (pair->fds[side] < 0)
            continue;
        setsockopt(pair->fds[side], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close(pair->fds[side]);
        pair->fds[side] = -1;
        pair->streams[side].size = 0;
    }
}

static void close_all(struct proxy *proxy)
{
    size_t i;

    for (i = 0; i < PAIRS_MAX; i++)
        close_pair(&proxy->pairs[i]);
}

static void accept_one(struct proxy *proxy)
{
    const struct sockaddr_in server = loopback(proxy->server_port);
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    size_t i;

    for (i = 0; client >= 0 && i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];

        if (pair->fds[0] >= 0)
            continue;
        pair->fds[0] = client;
        pair->fds[1] = make_socket();
        if (connect(pair->fds[1], (const struct sockaddr *)&server, sizeof(server)) != 0)
            close_pair(pair);
        return;
    }
    if (client >= 0)
        close(client);
}

/* How much of `size` may pass; sets *cut when that is the end. */
static size_t allowed(struct proxy *proxy, int direction, size_t size, bool *cut)
{
    const size_t split = atomic_load(&proxy->split);
    size_t budget = atomic_load(&proxy->budget[direction]);

    if (split != 0 && size > split)
        size = split;
    if (budget == 0)
        return size;
    *cut = size >= budget - 1;
    if (*cut)
        size = budget - 1;
    atomic_store(&proxy->budget[direction], *cut ? 0 : budget - size);
    return size;
}

static bool pass_on(struct proxy *proxy, struct pair *pair, int direction)
{
    struct stream *stream = &pair->streams[direction];
    bool cut = false;
    const size_t size = allowed(proxy, direction, stream->size, &cut);
    const ssize_t sent =
        size == 0 ? 0 : send(pair->fds[!direction], stream->data, size, MSG_NOSIGNAL);

    if (cut) {
        close_all(proxy);
        return false;
    }
    if (sent < 0) {
        close_pair(pair);
        return false;
    }
    stream->size -= (size_t)sent;
    memmove(stream->data, stream->data + sent, stream->size);
    return true;
}

static void spoil(struct proxy *proxy, struct stream *stream)
{
    const char *text = atomic_load(&proxy->spoiled);
    char *found = text == NULL ? NULL : memmem(stream->data, stream->size, text, strlen(text));

    if (found == NULL)
        return;
    *found = '?';
    atomic_store(&proxy->spoiled, NULL);
}

static bool receive(struct proxy *proxy, struct pair *pair, int direction)
{
    struct stream *stream = &pair->streams[direction];
    const ssize_t got =
        recv(pair->fds[direction], stream->data + stream->size, BUFFER_SIZE - stream->size, 0);

    if (got > 0) {
        stream->size += (size_t)got;
        if (direction == PROXY_TO_SERVER)
            spoil(proxy, stream);
        return true;
    }
    close_pair(pair);
    return false;
}

static short wanted(const struct pair *pair, int side)
{
    return (short)((pair->streams[side].size < BUFFER_SIZE ? POLLIN : 0) |
                   (pair->streams[!side].size != 0 ? POLLOUT : 0));
}

static void serve_pair(struct proxy *proxy, struct pair *pair, const struct pollfd *events)
{
    int side;

    for (side = 0; side < 2; side++) {
        if (pair->fds[side] != events[side].fd || pair->fds[side] < 0)
            return;
        if ((events[side].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            pair->streams[side].size < BUFFER_SIZE && !receive(proxy, pair, side))
            return;
        if ((events[side].revents & POLLOUT) != 0 && pair->streams[!side].size != 0 &&
            !pass_on(proxy, pair, !side))
            return;
    }
}

static void turn(struct proxy *proxy)
{
    struct pollfd events[1 + 2 * PAIRS_MAX];
    size_t i;

    events[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (i = 0; i < 2 * PAIRS_MAX; i++) {
        const struct pair *pair = &proxy->pairs[i / 2];

        events[1 + i] = (struct pollfd){.fd = pair->fds[i % 2], .events = wanted(pair, i % 2)};
    }
    if (atomic_load(&proxy->is_frozen)) {
        usleep(1000);
        return;
    }
    if (poll(events, 1 + 2 * PAIRS_MAX, 5) <= 0)
        return;
    for (i = 0; i < PAIRS_MAX; i++)
        serve_pair(proxy, &proxy->pairs[i], &events[1 + 2 * i]);
    if ((events[0].revents & POLLIN) != 0)
        accept_one(proxy);
}

static void *run(void *data)
{
    struct proxy *proxy = data;

    while (!atomic_load(&proxy->is_stopping))
        turn(proxy);
    close_all(proxy);
    return NULL;
}

static uint16_t listen_on_loopback(struct proxy *proxy)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);

    proxy->listener = make_socket();
    if (bind(proxy->listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(proxy->listener, 100) != 0 ||
        getsockname(proxy->listener, (struct sockaddr *)&address, &size) != 0)
        abort();
    return ntohs(address.sin_port);
}

struct proxy *proxy_start(const char *server, char *url, size_t url_size)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    const char *colon = strrchr(server, ':'), *slash = colon == NULL ? NULL : strchr(colon, '/');
    size_t i;

    if (proxy == NULL || slash == NULL)
        abort();
    for (i = 0; i < PAIRS_MAX; i++)
        proxy->pairs[i].fds[0] = proxy->pairs[i].fds[1] = -1;
    proxy->server_port = (uint16_t)strtoul(colon + 1, NULL, 10);
    snprintf(url, url_size, "%.*s:%u%s%csslmode=disable", (int)(colon - server), server,
             (unsigned)listen_on_loopback(proxy), slash, strchr(slash, '?') == NULL ? '?' : '&');
    if (pthread_create(&proxy->thread, NULL, run, proxy) != 0)
        abort();
    return proxy;
}

void proxy_stop(struct proxy *proxy)
{
    atomic_store(&proxy->is_stopping, true);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
    free(proxy);
}

void proxy_cut_after(struct proxy *proxy, enum proxy_direction direction, size_t bytes)
{
    atomic_store(&proxy->budget[direction], bytes + 1);
}

void proxy_split(struct proxy *proxy, size_t bytes)
{
    atomic_store(&proxy->split, bytes);
}

void proxy_freeze(struct proxy *proxy, int frozen)
{
    atomic_store(&proxy->is_frozen, frozen != 0);
}

void proxy_spoil(struct proxy *proxy, const char *text)
{
    atomic_store(&proxy->spoiled, text);
}
