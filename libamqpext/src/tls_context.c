/*
 * TLS context: what is trusted, who we are, what is allowed.
 *
 * Order: new, then one or more TLS of it, free. Nothing is asked on a terminal: a key without its
 * password is an error.
 */
#include "tls_openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

/* For the callback that OpenSSL asks for passwords. */
struct password {
    const char *text; /* NULL: none is known */
    bool was_wanted;
};

static int give_password(char *buffer, int size, int for_writing, void *data)
{
    struct password *password = data;
    const size_t length = password->text == NULL ? 0 : strlen(password->text);

    (void)for_writing;
    password->was_wanted = true;
    if (length == 0 || length > (size_t)size)
        return -1;
    memcpy(buffer, password->text, length);
    return (int)length;
}

static enum amqpext_status fail_file(struct amqpext_error *error, const char *what,
                                     const char *file)
{
    char text[160];

    snprintf(text, sizeof(text), "%s %.100s", what, file);
    return amqpext__tls_fail(error, AMQPEXT_ETLS, text);
}

/* OpenSSL looks into the folder only when it needs a certificate, and says nothing then. */
static enum amqpext_status check_folder(const char *path, struct amqpext_error *error)
{
    char what[160];
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
        return AMQPEXT_OK;
    }
    snprintf(what, sizeof(what), "the folder of authorities %.100s", path);
    return amqpext__fail_errno(error, AMQPEXT_ETLS, errno, what);
}

static enum amqpext_status set_authorities(SSL_CTX *ssl, const struct amqpext_tls_options *tls,
                                           struct amqpext_error *error)
{
    if (tls->skip_verify)
        return AMQPEXT_OK;
    if (tls->ca_file == NULL && tls->ca_path == NULL) {
        if (SSL_CTX_set_default_verify_paths(ssl) == 1)
            return AMQPEXT_OK;
        return amqpext__tls_fail(error, AMQPEXT_ETLS, "the system's authorities");
    }
    if (tls->ca_file != NULL && SSL_CTX_load_verify_file(ssl, tls->ca_file) != 1)
        return fail_file(error, "the authorities of", tls->ca_file);
    if (tls->ca_path == NULL)
        return AMQPEXT_OK;
    if (check_folder(tls->ca_path, error) != AMQPEXT_OK)
        return AMQPEXT_ETLS;
    if (SSL_CTX_load_verify_dir(ssl, tls->ca_path) != 1)
        return fail_file(error, "the folder of authorities", tls->ca_path);
    return AMQPEXT_OK;
}

static enum amqpext_status fail_key(const struct amqpext_tls_options *tls, const char *file,
                                    const struct password *password, struct amqpext_error *error)
{
    if (!password->was_wanted)
        return fail_file(error, "the key of", file);
    ERR_clear_error();
    return amqpext__fail(error, AMQPEXT_ETLS, "the key of %.100s: %s", file,
                         tls->key_password == NULL ? "it is encrypted and there is no key_password"
                                                   : "it is encrypted with another key_password");
}

static enum amqpext_status set_key(SSL_CTX *ssl, const struct amqpext_tls_options *tls,
                                   struct amqpext_error *error)
{
    struct password password = {tls->key_password, false};
    const char *file = tls->key_file != NULL ? tls->key_file : tls->cert_file;
    enum amqpext_status status = AMQPEXT_OK;

    SSL_CTX_set_default_passwd_cb(ssl, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(ssl, &password);
    if (SSL_CTX_use_certificate_chain_file(ssl, tls->cert_file) != 1)
        status = fail_file(error, "the certificate of", tls->cert_file);
    else if (SSL_CTX_use_PrivateKey_file(ssl, file, SSL_FILETYPE_PEM) != 1)
        status = fail_key(tls, file, &password, error);
    else if (SSL_CTX_check_private_key(ssl) != 1)
        status = fail_file(error, "the key does not belong to the certificate of", tls->cert_file);
    SSL_CTX_set_default_passwd_cb_userdata(ssl, NULL);
    return status;
}

static enum amqpext_status set_up(SSL_CTX *ssl, const struct amqpext_tls_options *tls,
                                  struct amqpext_error *error)
{
    enum amqpext_status status;

    if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1)
        return amqpext__tls_fail(error, AMQPEXT_ETLS, "TLS 1.2");
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ssl, tls->skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    status = set_authorities(ssl, tls, error);
    if (status == AMQPEXT_OK && tls->cert_file != NULL)
        status = set_key(ssl, tls, error);
    return status;
}

enum amqpext_status amqpext__tls_context_new(const struct endpoint *endpoint,
                                             struct tls_context **out, struct amqpext_error *error)
{
    struct tls_context *context = calloc(1, sizeof(*context));
    enum amqpext_status status;

    if (context == NULL)
        return amqpext__fail_memory(error);
    ERR_clear_error();
    context->ssl = SSL_CTX_new(TLS_client_method());
    if (context->ssl == NULL)
        status = amqpext__tls_fail(error, AMQPEXT_ERESOURCES, "TLS");
    else
        status = set_up(context->ssl, &endpoint->tls, error);
    ERR_clear_error();
    if (status != AMQPEXT_OK) {
        amqpext__tls_context_free(context);
        return status;
    }
    *out = context;
    return AMQPEXT_OK;
}

void amqpext__tls_context_free(struct tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    free(context);
}
