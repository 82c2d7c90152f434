/* The proxy: one thread, one poll() over the listener and a table of pairs of sockets. */
#include "fault_proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/buffer.h"
#include "support/loopback.h"

enum { PAIRS_MAX = 64, STREAM_SIZE = 65536, LONGEST_WAIT_MS = 1000, SLICES_PER_S = 20 };

/* One direction of a pair. */
struct stream {
    char data[STREAM_SIZE];
    size_t size;
    bool has_end; /* the sender has ended; passed on once the data are */
    bool is_ended; /* the end was passed on */
    bool is_cut; /* what comes is thrown away */
};

struct pair {
    int fds[2]; /* of the client, of the broker; -1: a free place */
    struct stream streams[2]; /* to the broker, to the client */
};

struct fault {
    bool stalls;
    bool cuts;
    enum fault_end how;
    uint64_t bytes_left; /* with cuts */
    uint64_t bytes_per_s;
    uint64_t next_us; /* with bytes_per_s */
    uint64_t passed;
};

struct fault_proxy {
    pthread_mutex_t lock;
    pthread_t thread;
    bool is_stopping;
    int wake, listener;
    uint16_t port, broker_port;
    bool refuses;
    uint64_t refuses_until_us; /* 0: until told otherwise */
    unsigned n_connections;
    struct fault faults[2];
    struct pair *pairs;
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void wake(struct fault_proxy *proxy)
{
    const uint64_t one = 1;

    if (write(proxy->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
        abort();
}

static void close_pair(struct pair *pair, bool resets)
{
    size_t i;

    for (i = 0; i < 2; i++) {
        if (pair->fds[i] < 0)
            continue;
        if (resets)
            loopback_reset(pair->fds[i]);
        else
            close(pair->fds[i]);
        pair->fds[i] = -1;
        pair->streams[i].size = 0;
        pair->streams[i].has_end = pair->streams[i].is_ended = pair->streams[i].is_cut = false;
    }
}

static void end_stream(struct pair *pair, size_t direction)
{
    shutdown(pair->fds[!direction], SHUT_WR);
    pair->streams[direction].is_ended = true;
    if (pair->streams[!direction].is_ended)
        close_pair(pair, false);
}

static void cut_pair(struct pair *pair, size_t direction, enum fault_end how)
{
    if (pair->fds[0] < 0)
        return;
    if (how != FAULT_HALF) {
        close_pair(pair, how == FAULT_RESET);
        return;
    }
    pair->streams[direction].is_cut = true;
    pair->streams[direction].size = 0;
    if (!pair->streams[direction].is_ended)
        end_stream(pair, direction);
}

/* How many bytes of a stream may pass now; *due_us becomes earlier when more may later. */
static size_t allowed(const struct fault *fault, const struct stream *stream, uint64_t *due_us)
{
    size_t size = stream->size;

    if (size == 0 || fault->stalls)
        return 0;
    if (fault->bytes_per_s != 0) {
        const uint64_t slice = fault->bytes_per_s / SLICES_PER_S;

        if (now_us() < fault->next_us) {
            if (fault->next_us < *due_us)
                *due_us = fault->next_us;
            return 0;
        }
        if (size > slice)
            size = slice == 0 ? 1 : (size_t)slice;
    }
    if (fault->cuts && size > fault->bytes_left)
        size = (size_t)fault->bytes_left;
    return size;
}

static void count_passed(struct fault *fault, size_t size)
{
    fault->passed += size;
    if (fault->bytes_per_s != 0)
        fault->next_us = now_us() + (uint64_t)size * 1000000 / fault->bytes_per_s;
    if (fault->cuts)
        fault->bytes_left -= size;
}

/* Whether the pair is still there. */
static bool pass_on(struct fault_proxy *proxy, struct pair *pair, size_t direction)
{
    struct fault *fault = &proxy->faults[direction];
    struct stream *stream = &pair->streams[direction];
    uint64_t due_us = UINT64_MAX;
    const size_t size = allowed(fault, stream, &due_us);
    ssize_t sent = 0;

    if (size != 0)
        sent = send(pair->fds[!direction], stream->data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        close_pair(pair, true);
        return false;
    }
    if (sent > 0) {
        stream->size -= (size_t)sent;
        memmove(stream->data, stream->data + sent, stream->size);
        count_passed(fault, (size_t)sent);
        if (fault->cuts && fault->bytes_left == 0) {
            fault->cuts = false;
            cut_pair(pair, direction, fault->how);
            return pair->fds[0] >= 0;
        }
    }
    if (stream->size == 0 && stream->has_end && !stream->is_ended && !fault->stalls)
        end_stream(pair, direction);
    return pair->fds[0] >= 0;
}

static bool receive(struct pair *pair, size_t direction)
{
    struct stream *stream = &pair->streams[direction];
    const ssize_t got =
        recv(pair->fds[direction], stream->data + stream->size, STREAM_SIZE - stream->size, 0);

    if (got > 0) {
        stream->size += (size_t)got;
    } else if (got == 0) {
        stream->has_end = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        close_pair(pair, true);
        return false;
    }
    if (stream->is_cut)
        stream->size = 0;
    return true;
}

static bool may_read(const struct stream *stream)
{
    return stream->size < STREAM_SIZE && !stream->has_end;
}

static bool may_write(const struct fault_proxy *proxy, const struct pair *pair, size_t direction,
                      uint64_t *due_us)
{
    const struct stream *stream = &pair->streams[direction];
    const struct fault *fault = &proxy->faults[direction];

    return allowed(fault, stream, due_us) != 0 ||
           (stream->size == 0 && stream->has_end && !stream->is_ended && !fault->stalls);
}

/* Fills the two entries of a pair; a side from which nothing is wanted is left out. */
static void prepare_pair(const struct fault_proxy *proxy, const struct pair *pair,
                         struct pollfd *events, uint64_t *due_us)
{
    size_t i;

    for (i = 0; i < 2; i++) {
        events[i] = (struct pollfd){.fd = -1};
        if (pair->fds[0] < 0)
            continue;
        if (may_read(&pair->streams[i]))
            events[i].events |= POLLIN;
        if (may_write(proxy, pair, !i, due_us))
            events[i].events |= POLLOUT;
        if (events[i].events != 0)
            events[i].fd = pair->fds[i];
    }
}

static void serve_pair(struct fault_proxy *proxy, struct pair *pair, const struct pollfd *events)
{
    size_t i;

    for (i = 0; i < 2 && pair->fds[0] >= 0; i++) {
        if (events[i].fd != pair->fds[i])
            continue;
        if ((events[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            may_read(&pair->streams[i]) && !receive(pair, i))
            return;
    }
    for (i = 0; i < 2 && pair->fds[0] >= 0; i++)
        pass_on(proxy, pair, i);
}

static void take_client(struct fault_proxy *proxy)
{
    const int client = loopback_accept(proxy->listener);
    const int broker = client < 0 ? -1 : loopback_connect(proxy->broker_port);
    size_t i;

    if (client < 0)
        return;
    proxy->n_connections++;
    for (i = 0; broker >= 0 && i < PAIRS_MAX; i++) {
        if (proxy->pairs[i].fds[0] < 0) {
            proxy->pairs[i].fds[0] = client;
            proxy->pairs[i].fds[1] = broker;
            return;
        }
    }
    loopback_reset(client);
    if (broker >= 0)
        close(broker);
}

static void refuse(struct fault_proxy *proxy, bool refuses)
{
    if (refuses && !proxy->refuses)
        loopback_refuse(proxy->listener);
    else if (!refuses && proxy->refuses)
        loopback_resume(proxy->listener);
    proxy->refuses = refuses;
}

static int prepare(struct fault_proxy *proxy, struct pollfd *events)
{
    const uint64_t now = now_us();
    uint64_t due_us = UINT64_MAX;
    size_t i;

    if (proxy->refuses && proxy->refuses_until_us != 0 && now >= proxy->refuses_until_us)
        refuse(proxy, false);
    if (proxy->refuses && proxy->refuses_until_us != 0)
        due_us = proxy->refuses_until_us;
    events[0] = (struct pollfd){.fd = proxy->wake, .events = POLLIN};
    events[1] = (struct pollfd){.fd = proxy->refuses ? -1 : proxy->listener, .events = POLLIN};
    for (i = 0; i < PAIRS_MAX; i++)
        prepare_pair(proxy, &proxy->pairs[i], &events[2 + 2 * i], &due_us);
    if (due_us >= now + LONGEST_WAIT_MS * 1000)
        return LONGEST_WAIT_MS;
    return due_us <= now ? 0 : (int)((due_us - now) / 1000) + 1;
}

static void handle(struct fault_proxy *proxy, const struct pollfd *events)
{
    uint64_t woken;
    size_t i;

    if (events[0].revents != 0 && read(proxy->wake, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
        abort();
    for (i = 0; i < PAIRS_MAX; i++)
        serve_pair(proxy, &proxy->pairs[i], &events[2 + 2 * i]);
    if (events[1].revents != 0 && !proxy->refuses)
        take_client(proxy);
}

static void *run(void *data)
{
    struct fault_proxy *proxy = data;
    struct pollfd events[2 + 2 * PAIRS_MAX];
    bool is_stopping = false;
    int wait_ms;

    while (!is_stopping) {
        pthread_mutex_lock(&proxy->lock);
        wait_ms = prepare(proxy, events);
        pthread_mutex_unlock(&proxy->lock);
        if (poll(events, 2 + 2 * PAIRS_MAX, wait_ms) < 0 && errno != EINTR)
            abort();
        pthread_mutex_lock(&proxy->lock);
        handle(proxy, events);
        is_stopping = proxy->is_stopping;
        pthread_mutex_unlock(&proxy->lock);
    }
    return NULL;
}

struct fault_proxy *fault_proxy_new(uint16_t broker_port)
{
    struct fault_proxy *proxy = hidden_memory(sizeof(*proxy));
    size_t i;

    proxy->pairs = hidden_memory(PAIRS_MAX * sizeof(*proxy->pairs));
    for (i = 0; i < PAIRS_MAX; i++)
        proxy->pairs[i].fds[0] = proxy->pairs[i].fds[1] = -1;
    proxy->broker_port = broker_port;
    proxy->listener = loopback_listen(&proxy->port);
    proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&proxy->lock, NULL);
    if (proxy->wake < 0 || pthread_create(&proxy->thread, NULL, run, proxy) != 0)
        abort();
    return proxy;
}

static void lock(struct fault_proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
}

static void unlock_and_wake(struct fault_proxy *proxy)
{
    wake(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

void fault_proxy_free(struct fault_proxy *proxy)
{
    size_t i;

    if (proxy == NULL)
        return;
    lock(proxy);
    proxy->is_stopping = true;
    unlock_and_wake(proxy);
    pthread_join(proxy->thread, NULL);
    for (i = 0; i < PAIRS_MAX; i++)
        close_pair(&proxy->pairs[i], false);
    close(proxy->listener);
    close(proxy->wake);
    pthread_mutex_destroy(&proxy->lock);
    free(proxy->pairs);
    free(proxy);
}

uint16_t fault_proxy_port(const struct fault_proxy *proxy)
{
    return proxy->port;
}

static void cut_all(struct fault_proxy *proxy, size_t direction, enum fault_end how)
{
    size_t i;

    for (i = 0; i < PAIRS_MAX; i++)
        cut_pair(&proxy->pairs[i], direction, how);
}

void fault_proxy_cut_after(struct fault_proxy *proxy, enum fault_direction direction,
                           uint64_t bytes, enum fault_end how)
{
    struct fault *fault = &proxy->faults[direction];

    lock(proxy);
    fault->cuts = bytes != 0;
    fault->bytes_left = bytes;
    fault->how = how;
    if (bytes == 0)
        cut_all(proxy, direction, how);
    unlock_and_wake(proxy);
}

bool fault_proxy_forget_cut(struct fault_proxy *proxy)
{
    bool cuts;

    lock(proxy);
    cuts = proxy->faults[0].cuts || proxy->faults[1].cuts;
    proxy->faults[0].cuts = proxy->faults[1].cuts = false;
    unlock_and_wake(proxy);
    return cuts;
}

void fault_proxy_cut(struct fault_proxy *proxy, enum fault_end how)
{
    lock(proxy);
    cut_all(proxy, FAULT_TO_BROKER, how);
    if (how == FAULT_HALF)
        cut_all(proxy, FAULT_TO_CLIENT, how);
    unlock_and_wake(proxy);
}

void fault_proxy_stall(struct fault_proxy *proxy, enum fault_direction direction, bool stalls)
{
    lock(proxy);
    proxy->faults[direction].stalls = stalls;
    unlock_and_wake(proxy);
}

void fault_proxy_slow(struct fault_proxy *proxy, enum fault_direction direction,
                      uint64_t bytes_per_s)
{
    lock(proxy);
    proxy->faults[direction].bytes_per_s = bytes_per_s;
    proxy->faults[direction].next_us = 0;
    unlock_and_wake(proxy);
}

void fault_proxy_refuse(struct fault_proxy *proxy, bool refuses)
{
    lock(proxy);
    refuse(proxy, refuses);
    proxy->refuses_until_us = 0;
    unlock_and_wake(proxy);
}

void fault_proxy_refuse_for(struct fault_proxy *proxy, unsigned ms)
{
    lock(proxy);
    refuse(proxy, true);
    proxy->refuses_until_us = now_us() + (uint64_t)ms * 1000;
    unlock_and_wake(proxy);
}

void fault_proxy_heal(struct fault_proxy *proxy)
{
    size_t i;

    lock(proxy);
    refuse(proxy, false);
    for (i = 0; i < 2; i++) {
        proxy->faults[i].stalls = proxy->faults[i].cuts = false;
        proxy->faults[i].bytes_per_s = 0;
    }
    unlock_and_wake(proxy);
}

uint64_t fault_proxy_bytes(struct fault_proxy *proxy, enum fault_direction direction)
{
    uint64_t passed;

    lock(proxy);
    passed = proxy->faults[direction].passed;
    pthread_mutex_unlock(&proxy->lock);
    return passed;
}

unsigned fault_proxy_connections(struct fault_proxy *proxy)
{
    unsigned n;

    lock(proxy);
    n = proxy->n_connections;
    pthread_mutex_unlock(&proxy->lock);
    return n;
}
