/*
 * The module "tls": a TLS handshake, and what the server's certificate says. When it ends is told
 * whether it is trusted or not.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <promon/module.h>
#include <stdlib.h>
#include <unistd.h>

#include "certificate.h"
#include "probe_tls_bio.h"

struct tls {
    const struct promon_host *host;
    struct promon_target target;
    const char *server_name;
    struct promon__certificate certificate;
    BIO_METHOD *method;
    SSL_CTX *context;
};

static const struct promon_param_rule rules[] = {
    {.name = "host",
     .type = PROMON_PARAM_STRING,
     .flags = PROMON_PARAM_REQUIRED,
     .help = "name or address; a path with '/' at its start is a Unix socket"},
    {.name = "port",
     .type = PROMON_PARAM_INTEGER,
     .minimum = 1,
     .maximum = 65535,
     .help = "port",
     .otherwise = "443"},
    {.name = "server_name",
     .type = PROMON_PARAM_STRING,
     .help = "name that the certificate must be of, and that is asked for",
     .otherwise = "host"},
    {.name = "verify_ssl",
     .type = PROMON_PARAM_BOOLEAN,
     .help = "whether a certificate that is not trusted is a failure",
     .otherwise = "true"},
    {.name = "ca_file",
     .type = PROMON_PARAM_STRING,
     .help = "file of the authorities to trust, in PEM",
     .otherwise = "the system's"},
    {.name = NULL},
};

static void tls_close(void *context)
{
    struct tls *tls = context;

    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    free(tls);
}

static bool load_authorities(SSL_CTX *context, const char *ca_file)
{
    const int loaded = ca_file == NULL ? SSL_CTX_set_default_verify_paths(context)
                                       : SSL_CTX_load_verify_locations(context, ca_file, NULL);

    ERR_clear_error();
    return loaded == 1;
}

static enum promon_status prepare(struct tls *tls, const char *ca_file, struct promon_error *error)
{
    tls->method = promon__tls_bio_method();
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->method == NULL || tls->context == NULL)
        return tls->host->error_set(error, PROMON_ENOMEM, "out of memory");
    if (!load_authorities(tls->context, ca_file))
        return tls->host->error_set(error, PROMON_ECONFIG, "params.ca_file: cannot be read as PEM");
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    promon__certificate_watch(&tls->certificate, tls->context);
    return PROMON_OK;
}

static enum promon_status tls_open(const struct promon_host *host,
                                   const struct promon_params *params, void **context,
                                   struct promon_error *error)
{
    const char *name = host->param_string(params, "host", "");
    enum promon_status status;
    struct tls *tls;

    if (name[0] == '\0')
        return host->error_set(error, PROMON_ECONFIG, "params.host: is empty");
    tls = calloc(1, sizeof(*tls));
    if (tls == NULL)
        return host->error_set(error, PROMON_ENOMEM, "out of memory");
    tls->host = host;
    tls->target =
        (struct promon_target){.size = sizeof(tls->target),
                               .host = name,
                               .port = (unsigned)host->param_integer(params, "port", 443)};
    tls->server_name = host->param_string(params, "server_name", name[0] == '/' ? NULL : name);
    tls->certificate.host = tls->server_name;
    tls->certificate.is_required = host->param_boolean(params, "verify_ssl", true);
    status = prepare(tls, host->param_string(params, "ca_file", NULL), error);
    if (status != PROMON_OK) {
        tls_close(tls);
        return status;
    }
    *context = tls;
    return PROMON_OK;
}

static enum promon_verdict fail(const struct tls *tls, int why, struct promon_result *result)
{
    const unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

    if (promon__certificate_is_refused(&tls->certificate))
        return promon__certificate_fail(&tls->certificate, tls->host, result);
    if (why == SSL_ERROR_SSL && reason != NULL)
        return tls->host->fail(result, PROMON_REASON_PROTOCOL, "the TLS handshake failed: %s",
                               reason);
    return tls->host->fail(result, PROMON_REASON_PROTOCOL,
                           "it closed the connection during the TLS handshake");
}

static enum promon_verdict shake_hands(const struct tls *tls, SSL *ssl, int fd, int64_t deadline_ns,
                                       struct promon_result *result)
{
    for (;;) {
        int done, why;

        ERR_clear_error();
        done = SSL_connect(ssl);
        if (done == 1)
            return PROMON_UP;
        why = SSL_get_error(ssl, done);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            return fail(tls, why, result);
        if (tls->host->wait(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline_ns) == 0)
            return tls->host->fail(result, PROMON_REASON_CONNECT_TIMEOUT,
                                   "the TLS handshake was not over in time");
    }
}

/* The TLS extension is for names alone. */
static bool is_address(const char *name)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static enum promon_verdict check_ssl(struct tls *tls, SSL *ssl, int fd, int64_t deadline_ns,
                                     struct promon_result *result)
{
    const int64_t begin_ns = tls->host->now_ns();
    enum promon_verdict verdict;

    if (!promon__tls_bio_set(ssl, tls->method, fd))
        return tls->host->fail(result, PROMON_REASON_INTERNAL, "out of memory");
    if (tls->server_name != NULL && !is_address(tls->server_name))
        (void)SSL_set_tlsext_host_name(ssl, tls->server_name);
    verdict = shake_hands(tls, ssl, fd, deadline_ns, result);
    tls->host->phase(result, PROMON_PHASE_TLS, tls->host->now_ns() - begin_ns);
    promon__certificate_tell(&tls->certificate, tls->host, result);
    if (verdict != PROMON_UP)
        return verdict;
    tls->host->note(result, "%s, %s", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
    (void)SSL_shutdown(ssl);
    return PROMON_UP;
}

static enum promon_verdict tls_check(void *context, int64_t deadline_ns,
                                     struct promon_result *result)
{
    struct tls *tls = context;
    enum promon_verdict verdict;
    SSL *ssl;
    int fd;

    tls->certificate.is_seen = false;
    verdict = tls->host->connect(&tls->target, deadline_ns, result, &fd);
    if (verdict != PROMON_UP)
        return verdict;
    ssl = SSL_new(tls->context);
    if (ssl == NULL)
        verdict = tls->host->fail(result, PROMON_REASON_INTERNAL, "out of memory");
    else
        verdict = check_ssl(tls, ssl, fd, deadline_ns, result);
    SSL_free(ssl);
    ERR_clear_error();
    close(fd);
    return verdict;
}

const struct promon_module promon_module_v1 = {
    .abi = PROMON_MODULE_ABI,
    .size = sizeof(promon_module_v1),
    .name = "tls",
    .description = "a TLS server completes a handshake with a certificate that is trusted",
    .params = rules,
    .open = tls_open,
    .check = tls_check,
    .close = tls_close,
};
