/*
 * Secure: how a probe does TLS, from its parameters: whom it trusts, what it shows, which name it
 * expects.
 */
#ifndef PROMON_SRC_PROBES_SECURE_H
#define PROMON_SRC_PROBES_SECURE_H

#include <openssl/ssl.h>
#include <promon/module.h>

#include "certificate.h"

/* The parameters that `secure` reads, for the table of a module. */
/* clang-format off */
#define PROMON__SECURE_RULES \
    {.name = "verify_ssl", .type = PROMON_PARAM_BOOLEAN, .otherwise = "true", \
     .help = "whether a certificate that is not trusted is a failure"}, \
    {.name = "server_name", .type = PROMON_PARAM_STRING, .otherwise = "host", \
     .help = "name that the certificate must be of, and that is asked for"}, \
    {.name = "ca_file", .type = PROMON_PARAM_STRING, .otherwise = "the system's", \
     .help = "file of the authorities to trust, in PEM"}, \
    {.name = "client_cert", .type = PROMON_PARAM_STRING, \
     .help = "file of a certificate to show, in PEM"}, \
    {.name = "client_key", .type = PROMON_PARAM_STRING, .otherwise = "client_cert", \
     .help = "file of its key, in PEM"}
/* clang-format on */

/* Of zeros: not made, and TLS is not wanted. */
struct promon__secure {
    SSL_CTX *context;
    BIO_METHOD *method;
    const char *server_name; /* NULL: none is expected */
    struct promon__certificate certificate;
};

/* `name` is the host of the parameters. To be freed also on failure. Stays where it is. */
enum promon_status promon__secure_make(struct promon__secure *secure,
                                       const struct promon_host *host,
                                       const struct promon_params *params, const char *name,
                                       struct promon_error *error);
void promon__secure_free(struct promon__secure *secure);

/* A handshake that is to begin on `fd`; NULL: no memory. Freed with SSL_free. */
SSL *promon__secure_begin(struct promon__secure *secure, int fd);

#endif
