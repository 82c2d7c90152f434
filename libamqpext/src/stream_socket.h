/*
 * Reading and writing a non-blocking socket, with results as streams have them.
 */
#ifndef AMQPEXT_SRC_STREAM_SOCKET_H
#define AMQPEXT_SRC_STREAM_SOCKET_H

#include <stddef.h>
#include <sys/uio.h>

#include "stream.h"

enum stream_result amqpext__socket_read(int fd, void *buffer, size_t size, size_t *n,
                                        struct amqpext_error *error);

/*
 * STREAM_END: the connection is broken, and why may still be read: what the peer has sent last
 * often says it. Reading ends soon then.
 */
enum stream_result amqpext__socket_write(int fd, const struct iovec *pieces, unsigned n_pieces,
                                         size_t *n, struct amqpext_error *error);

#endif
