/*
 * Reaching a peer.
 */
#include "transport/reach.h"

#include <poll.h>
#include <sys/epoll.h>

#include "clock.h"
#include "test.h"

static bool wait_until(int fd, short events, uint64_t due_us)
{
    const uint64_t now_us = monotonic_us();
    struct pollfd watched = {.fd = fd, .events = events};
    int timeout_ms = REACH_TIMEOUT_MS;

    if (due_us <= now_us)
        timeout_ms = 0;
    else if (due_us - now_us < UINT64_C(1000) * REACH_TIMEOUT_MS)
        timeout_ms = (int)((due_us - now_us) / 1000) + 1;
    return poll(&watched, 1, timeout_ms) == 1;
}

static void dial(struct reach *reach, unsigned timeout_ms)
{
    enum dial_result result = DIAL_PENDING;
    struct dial *dial;

    if (amqpext__dial_new(&reach->endpoint, &reach->endpoint.hosts[0],
                          monotonic_us() + UINT64_C(1000) * timeout_ms, &dial,
                          &reach->error) != AMQPEXT_OK)
        return;
    while (result == DIAL_PENDING) {
        wait_until(amqpext__dial_fd(dial), POLLIN, amqpext__dial_due_us(dial));
        result = amqpext__dial_step(dial, &reach->stream, &reach->error);
        /* No busy loop: a handful of messages and addresses is all there is. */
        if (++reach->steps > 1000)
            fail_msg("the dial is stepped without end");
    }
    amqpext__dial_free(dial);
}

bool reach(struct reach *reach, const char *url, const struct amqpext_tls_options *tls,
           unsigned timeout_ms)
{
    struct amqpext_connection_options options = AMQPEXT_CONNECTION_OPTIONS_INIT;

    memset(reach, 0, sizeof(*reach));
    options.tls = tls;
    if (amqpext__endpoint_make(url, &options, &reach->endpoint, &reach->error) == AMQPEXT_OK)
        dial(reach, timeout_ms);
    assert_true((reach->stream == NULL) == (reach->error.status != AMQPEXT_OK));
    return reach->stream != NULL;
}

void reach_end(struct reach *reach)
{
    amqpext__stream_free(reach->stream);
    reach->stream = NULL;
    amqpext__endpoint_free(&reach->endpoint);
}

bool reach_wait_readable(const struct reach *reach, int timeout_ms)
{
    const short events =
        amqpext__stream_events(reach->stream, false) & EPOLLOUT ? POLLIN | POLLOUT : POLLIN;

    return amqpext__stream_has_buffered(reach->stream) ||
           wait_until(amqpext__stream_fd(reach->stream), events,
                      monotonic_us() + UINT64_C(1000) * (unsigned)timeout_ms);
}

bool reach_wait_writable(const struct reach *reach, int timeout_ms)
{
    return wait_until(amqpext__stream_fd(reach->stream), POLLOUT,
                      monotonic_us() + UINT64_C(1000) * (unsigned)timeout_ms);
}

static void require(bool has_progress)
{
    if (!has_progress)
        fail_msg("the peer does nothing");
}

enum stream_result reach_write(struct reach *reach, const void *data, size_t size)
{
    size_t done = 0;

    while (done < size || amqpext__stream_has_unsent(reach->stream)) {
        const struct iovec rest = {(char *)(uintptr_t)data + done, size - done};
        enum stream_result result;
        size_t n = 0;

        result =
            amqpext__stream_write(reach->stream, &rest, done < size ? 1 : 0, &n, &reach->error);
        done += n;
        if (result != STREAM_MOVED && result != STREAM_WAIT)
            return result;
        if (done < size && !(amqpext__stream_events(reach->stream, true) & EPOLLOUT))
            return STREAM_END;
        if (result == STREAM_WAIT && (done < size || amqpext__stream_has_unsent(reach->stream)))
            require(reach_wait_writable(reach, REACH_TIMEOUT_MS));
    }
    return STREAM_MOVED;
}

enum stream_result reach_read(struct reach *reach, void *buffer, size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t n = 0;
        const enum stream_result result = amqpext__stream_read(reach->stream, (char *)buffer + done,
                                                               size - done, &n, &reach->error);

        done += n;
        if (result == STREAM_WAIT)
            require(reach_wait_readable(reach, REACH_TIMEOUT_MS));
        else if (result != STREAM_MOVED)
            return result;
    }
    return STREAM_MOVED;
}

enum stream_result reach_drain(struct reach *reach, size_t *total)
{
    char buffer[4096];
    enum stream_result result;

    *total = 0;
    for (;;) {
        size_t n = 0;

        result = amqpext__stream_read(reach->stream, buffer, sizeof(buffer), &n, &reach->error);
        *total += n;
        if (result == STREAM_WAIT)
            require(reach_wait_readable(reach, REACH_TIMEOUT_MS));
        else if (result != STREAM_MOVED)
            return result;
    }
}
