/*
 * TLS: what a stream needs of it. Nothing here waits; all I/O on the socket is done here too, with
 * MSG_NOSIGNAL. Only the files tls*.c know OpenSSL.
 *
 * Order: context_new, new, handshake until it has MOVED, read and write, free. The context may go
 * once the TLS is made.
 */
#ifndef AMQPEXT_SRC_TLS_H
#define AMQPEXT_SRC_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "endpoint.h"
#include "stream.h"

struct tls_context;
struct tls;

/* Reads the files anew, so that renewed certificates are taken with the next connection. */
enum amqpext_status amqpext__tls_context_new(const struct endpoint *endpoint,
                                             struct tls_context **out, struct amqpext_error *error);
void amqpext__tls_context_free(struct tls_context *context);

/* `fd` stays the caller's; `host_name` is verified unless the endpoint says otherwise. */
enum amqpext_status amqpext__tls_new(struct tls_context *context, const struct endpoint *endpoint,
                                     const char *host_name, int fd, struct tls **out,
                                     struct amqpext_error *error);
/* STREAM_MOVED: it is done. */
enum stream_result amqpext__tls_handshake(struct tls *tls, struct amqpext_error *error);
enum stream_result amqpext__tls_read(struct tls *tls, void *buffer, size_t size, size_t *n,
                                     struct amqpext_error *error);
/* `n_pieces` may be 0: what is unsent is sent on. */
enum stream_result amqpext__tls_write(struct tls *tls, const struct iovec *pieces,
                                      unsigned n_pieces, size_t *n, struct amqpext_error *error);
bool amqpext__tls_has_unsent(const struct tls *tls);
bool amqpext__tls_has_buffered(const struct tls *tls);
/* Says goodbye if that is possible at once. */
void amqpext__tls_free(struct tls *tls);

#endif
