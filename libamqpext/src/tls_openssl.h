/*
 * What the files tls*.c share of OpenSSL.
 */
#ifndef AMQPEXT_SRC_TLS_OPENSSL_H
#define AMQPEXT_SRC_TLS_OPENSSL_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls.h"

struct tls_context {
    SSL_CTX *ssl;
};

/*
 * The error that OpenSSL has left in the queue of this thread, in words, "what: why"; empties the
 * queue.
 */
enum amqpext_status amqpext__tls_fail(struct amqpext_error *error, enum amqpext_status status,
                                      const char *what);

/* The same for a failed handshake or read, where alerts of the peer decide the status. */
enum amqpext_status amqpext__tls_fail_session(struct amqpext_error *error, SSL *ssl);

#endif
