/*
 * Stream: a connected socket, plain or with TLS, that never blocks; and the dial that makes one:
 * name, TCP to all addresses with a head start for the first, TLS handshake and verification.
 *
 * A dial is stepped by the owner's loop whenever dial_fd is readable or dial_due has come, until it
 * is done or has failed. Nothing here waits; a name is resolved on a thread of its own, which a
 * dial that is freed leaves behind to end by itself.
 *
 * Thread:  one, the owner's.
 */
#ifndef AMQPEXT_SRC_STREAM_H
#define AMQPEXT_SRC_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "endpoint.h"

struct dial;
struct stream;

enum dial_result { DIAL_PENDING, DIAL_DONE, DIAL_FAILED };

/* Begins to reach a host; the endpoint outlives the dial. `deadline_us` on the monotonic clock. */
enum amqpext_status amqpext__dial_new(const struct endpoint *endpoint, const struct host *host,
                                      uint64_t deadline_us, struct dial **out,
                                      struct amqpext_error *error);
int amqpext__dial_fd(const struct dial *dial);
uint64_t amqpext__dial_due_us(const struct dial *dial);
/* Errors: AMQPEXT_ERESOLVE, ECONNECTION, ETLS, ETIMEDOUT, ERESOURCES, ENOMEM. */
enum dial_result amqpext__dial_step(struct dial *dial, struct stream **out,
                                    struct amqpext_error *error);
void amqpext__dial_free(struct dial *dial);

enum stream_result {
    STREAM_MOVED, /* *n bytes, at least one */
    STREAM_WAIT, /* nothing possible now: wait for what stream_events says */
    STREAM_END, /* the peer has closed */
    STREAM_FAILED
};

enum stream_result amqpext__stream_read(struct stream *stream, void *buffer, size_t size, size_t *n,
                                        struct amqpext_error *error);
/*
 * Writes a front part of the pieces; SIGPIPE is never raised. What TLS has taken but not sent yet
 * counts as written, and goes out with later calls of read and write, also with one of no pieces.
 */
enum stream_result amqpext__stream_write(struct stream *stream, const struct iovec *pieces,
                                         unsigned n_pieces, size_t *n, struct amqpext_error *error);
/* Whether there is something that was taken and not sent yet; stream_events asks for it too. */
bool amqpext__stream_has_unsent(const struct stream *stream);
int amqpext__stream_fd(const struct stream *stream);
/* EPOLLIN, EPOLLOUT: what to wait for; `has_output`: whether something waits to be written. */
uint32_t amqpext__stream_events(const struct stream *stream, bool has_output);
/* Whether a read may give something although the descriptor is not readable (TLS). */
bool amqpext__stream_has_buffered(const struct stream *stream);
/* Closes at once; whatever was not sent is lost. */
void amqpext__stream_free(struct stream *stream);

struct tls;

/* For the dial: takes the connected socket and its TLS (NULL: plain) over, also on failure. */
enum amqpext_status amqpext__stream_new(int fd, struct tls *tls, struct stream **out,
                                        struct amqpext_error *error);

#endif
