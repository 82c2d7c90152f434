/*
 * Stream: a connected socket with or without TLS.
 *
 * Invariant: once writing has failed because the connection is gone, nothing is written any more
 * and reading goes on to its end, so that a last word of the peer (a reply code, a TLS alert) is
 * heard.
 */
#include "stream.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "error.h"
#include "stream_socket.h"
#include "tls.h"

struct stream {
    int fd;
    struct tls *tls; /* NULL: plain */
    bool is_cut; /* for writing */
};

enum amqpext_status amqpext__stream_new(int fd, struct tls *tls, struct stream **out,
                                        struct amqpext_error *error)
{
    struct stream *stream = calloc(1, sizeof(*stream));

    if (stream == NULL) {
        amqpext__tls_free(tls);
        close(fd);
        return amqpext__fail_memory(error);
    }
    stream->fd = fd;
    stream->tls = tls;
    *out = stream;
    return AMQPEXT_OK;
}

static enum stream_result end(const struct stream *stream, struct amqpext_error *error)
{
    if (!stream->is_cut)
        return STREAM_END;
    amqpext__fail(error, AMQPEXT_ECONNECTION, "the broker has cut the connection");
    return STREAM_FAILED;
}

enum stream_result amqpext__stream_read(struct stream *stream, void *buffer, size_t size, size_t *n,
                                        struct amqpext_error *error)
{
    enum stream_result result = stream->tls != NULL
                                    ? amqpext__tls_read(stream->tls, buffer, size, n, error)
                                    : amqpext__socket_read(stream->fd, buffer, size, n, error);

    return result == STREAM_END ? end(stream, error) : result;
}

enum stream_result amqpext__stream_write(struct stream *stream, const struct iovec *pieces,
                                         unsigned n_pieces, size_t *n, struct amqpext_error *error)
{
    enum stream_result result;

    if (stream->is_cut)
        return STREAM_WAIT;
    result = stream->tls != NULL ? amqpext__tls_write(stream->tls, pieces, n_pieces, n, error)
                                 : amqpext__socket_write(stream->fd, pieces, n_pieces, n, error);
    if (result != STREAM_END)
        return result;
    stream->is_cut = true;
    return STREAM_WAIT;
}

bool amqpext__stream_has_unsent(const struct stream *stream)
{
    return stream->tls != NULL && !stream->is_cut && amqpext__tls_has_unsent(stream->tls);
}

int amqpext__stream_fd(const struct stream *stream)
{
    return stream->fd;
}

uint32_t amqpext__stream_events(const struct stream *stream, bool has_output)
{
    uint32_t events = EPOLLIN;

    if (!stream->is_cut && (has_output || amqpext__stream_has_unsent(stream)))
        events |= EPOLLOUT;
    return events;
}

bool amqpext__stream_has_buffered(const struct stream *stream)
{
    return stream->tls != NULL && amqpext__tls_has_buffered(stream->tls);
}

void amqpext__stream_free(struct stream *stream)
{
    if (stream == NULL)
        return;
    amqpext__tls_free(stream->tls);
    close(stream->fd);
    free(stream);
}
