/*
 * Stream: a socket is waited for when it is not ready, and that until the deadline.
 */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum promon_verdict promon__stream_send(const struct promon_host *host, int fd, const void *data,
                                        size_t size, int64_t deadline_ns,
                                        struct promon_result *result)
{
    const char *from = data;

    while (size > 0) {
        const ssize_t sent = send(fd, from, size, MSG_NOSIGNAL);

        if (sent >= 0) {
            from += sent;
            size -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (host->wait(fd, POLLOUT, deadline_ns) == 0)
                return host->fail(result, PROMON_REASON_TIMEOUT, "it takes nothing any more");
        } else if (errno != EINTR) {
            return host->fail(result, PROMON_REASON_PROTOCOL,
                              "it closed the connection before it had the whole question");
        }
    }
    return PROMON_UP;
}

enum promon__received promon__stream_receive(const struct promon_host *host, int fd, void *out,
                                             size_t size, int64_t deadline_ns, size_t *received)
{
    for (;;) {
        ssize_t n;

        if (host->now_ns() >= deadline_ns)
            return PROMON__RECEIVED_TIMEOUT; /* of a peer that never stops too */
        n = recv(fd, out, size, 0);
        if (n > 0) {
            *received = (size_t)n;
            return PROMON__RECEIVED_SOME;
        }
        if (n == 0)
            return PROMON__RECEIVED_END;
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return PROMON__RECEIVED_BROKEN;
        if (host->wait(fd, POLLIN, deadline_ns) == 0)
            return PROMON__RECEIVED_TIMEOUT;
    }
}
