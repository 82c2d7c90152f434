/*
 * How OpenSSL reaches a socket of a probe: it never waits, and never raises SIGPIPE.
 */
#ifndef PROMON_SRC_PROBES_QUIET_BIO_H
#define PROMON_SRC_PROBES_QUIET_BIO_H

#include <openssl/ssl.h>
#include <stdbool.h>

/* NULL: no memory. Freed with BIO_meth_free, after everything that uses it. */
BIO_METHOD *promon__quiet_bio_method(void);

/* Lets `ssl` use `fd`, which stays the caller's; whether there was memory. */
bool promon__quiet_bio_set(SSL *ssl, const BIO_METHOD *method, int fd);

#endif
