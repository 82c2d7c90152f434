/*
 * The two system calls below every stream.
 */
#include "stream_socket.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "error.h"

static bool is_for_later(int failure)
{
    return failure == EAGAIN || failure == EWOULDBLOCK;
}

enum stream_result amqpext__socket_read(int fd, void *buffer, size_t size, size_t *n,
                                        struct amqpext_error *error)
{
    ssize_t got;

    do {
        got = recv(fd, buffer, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        *n = (size_t)got;
        return STREAM_MOVED;
    }
    if (got == 0)
        return STREAM_END;
    if (is_for_later(errno))
        return STREAM_WAIT;
    amqpext__fail_errno(error, AMQPEXT_ECONNECTION, errno, "reading from the broker");
    return STREAM_FAILED;
}

enum stream_result amqpext__socket_write(int fd, const struct iovec *pieces, unsigned n_pieces,
                                         size_t *n, struct amqpext_error *error)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces,
                             .msg_iovlen = n_pieces < IOV_MAX ? n_pieces : IOV_MAX};
    ssize_t sent;

    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent > 0) {
        *n = (size_t)sent;
        return STREAM_MOVED;
    }
    if (sent == 0 || is_for_later(errno))
        return STREAM_WAIT;
    if (errno == EPIPE || errno == ECONNRESET || errno == ETIMEDOUT)
        return STREAM_END;
    amqpext__fail_errno(error, AMQPEXT_ECONNECTION, errno, "writing to the broker");
    return STREAM_FAILED;
}
