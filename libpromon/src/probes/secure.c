/*
 * Secure: an SSL_CTX by the parameters, watched by a certificate.
 */
#include "secure.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>

#include "quiet_bio.h"

static enum promon_status wrong(const struct promon_host *host, const char *name, const char *why,
                                struct promon_error *error)
{
    ERR_clear_error();
    return host->error_set(error, PROMON_ECONFIG, "params.%s: %s", name, why);
}

/* Nobody is there to be asked for the password of a key. */
static int no_password(char *out, int size, int writes, void *data)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)data;
    return 0;
}

static enum promon_status load_own(SSL_CTX *context, const struct promon_host *host,
                                   const struct promon_params *params, struct promon_error *error)
{
    const char *certificate = host->param_string(params, "client_cert", NULL);
    const char *key = host->param_string(params, "client_key", certificate);

    if (certificate == NULL)
        return key == NULL ? PROMON_OK
                           : wrong(host, "client_key", "is nothing without client_cert", error);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return wrong(host, "client_cert", "cannot be read as PEM", error);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return wrong(host, "client_key", "cannot be read as PEM, or is not of client_cert", error);
    return PROMON_OK;
}

static enum promon_status load_authorities(SSL_CTX *context, const struct promon_host *host,
                                           const struct promon_params *params,
                                           struct promon_error *error)
{
    const char *ca_file = host->param_string(params, "ca_file", NULL);
    const int loaded = ca_file == NULL ? SSL_CTX_set_default_verify_paths(context)
                                       : SSL_CTX_load_verify_locations(context, ca_file, NULL);

    return loaded == 1 ? PROMON_OK : wrong(host, "ca_file", "cannot be read as PEM", error);
}

enum promon_status promon__secure_make(struct promon__secure *secure,
                                       const struct promon_host *host,
                                       const struct promon_params *params, const char *name,
                                       struct promon_error *error)
{
    enum promon_status status;

    secure->method = promon__quiet_bio_method();
    secure->context = SSL_CTX_new(TLS_client_method());
    if (secure->method == NULL || secure->context == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    secure->server_name = host->param_string(params, "server_name", name[0] == '/' ? NULL : name);
    secure->certificate.host = secure->server_name;
    secure->certificate.is_required = host->param_boolean(params, "verify_ssl", true);
    status = load_authorities(secure->context, host, params, error);
    if (status == PROMON_OK)
        status = load_own(secure->context, host, params, error);
    SSL_CTX_set_verify(secure->context, SSL_VERIFY_PEER, NULL);
    promon__certificate_watch(&secure->certificate, secure->context);
    ERR_clear_error();
    return status;
}

void promon__secure_free(struct promon__secure *secure)
{
    SSL_CTX_free(secure->context);
    BIO_meth_free(secure->method);
    memset(secure, 0, sizeof(*secure));
}

/* The TLS extension is for names alone. */
static bool is_address(const char *name)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

SSL *promon__secure_begin(struct promon__secure *secure, int fd)
{
    SSL *ssl = SSL_new(secure->context);

    secure->certificate.is_seen = false;
    if (ssl == NULL || !promon__quiet_bio_set(ssl, secure->method, fd)) {
        SSL_free(ssl);
        return NULL;
    }
    if (secure->server_name != NULL && !is_address(secure->server_name))
        (void)SSL_set_tlsext_host_name(ssl, secure->server_name);
    return ssl;
}
