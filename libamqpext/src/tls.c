/*
 * TLS: one session. OpenSSL works on a pair of buffers and never sees the socket; what it writes
 * and reads there is moved by the two functions pull and push.
 *
 * Invariant: `record` holds what a caller's write has handed over and SSL_write has not yet taken;
 * it does not change until SSL_write has taken the whole of it. After a failure OpenSSL is not
 * called any more but to free.
 */
#include "tls_openssl.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "error.h"
#include "stream_socket.h"

enum {
    RECORD_SIZE = SSL3_RT_MAX_PLAIN_LENGTH, /* the most that one record carries */
    /* Of each buffer of the pair: several records, so that one system call moves them. */
    PAIR_SIZE = 4 * (SSL3_RT_MAX_PLAIN_LENGTH + SSL3_RT_MAX_ENCRYPTED_OVERHEAD)
};

struct tls {
    SSL *ssl;
    BIO *network; /* our end of the pair */
    int fd;
    bool has_ended; /* the peer has closed the socket */
    bool is_open; /* the handshake is done */
    struct amqpext_error failure; /* of OpenSSL; status 0: none */
    size_t record_size;
    char record[RECORD_SIZE];
};

/* From the socket to OpenSSL. */
static enum stream_result pull(struct tls *tls, struct amqpext_error *error)
{
    char *room;
    const int size = BIO_nwrite0(tls->network, &room);
    enum stream_result result;
    size_t n;

    if (tls->has_ended)
        return STREAM_END;
    if (size <= 0)
        return STREAM_WAIT;
    result = amqpext__socket_read(tls->fd, room, (size_t)size, &n, error);
    if (result == STREAM_MOVED)
        (void)BIO_nwrite(tls->network, &room, (int)n);
    tls->has_ended = result == STREAM_END;
    return result;
}

/* From OpenSSL to the socket, until nothing is left (STREAM_MOVED) or it takes no more. */
static enum stream_result push(struct tls *tls, struct amqpext_error *error)
{
    char *data;
    int size;

    while ((size = BIO_nread0(tls->network, &data)) > 0) {
        const struct iovec piece = {data, (size_t)size};
        size_t n;
        const enum stream_result result = amqpext__socket_write(tls->fd, &piece, 1, &n, error);

        if (result != STREAM_MOVED)
            return result;
        (void)BIO_nread(tls->network, &data, (int)n);
    }
    return STREAM_MOVED;
}

static bool has_failed(const struct tls *tls)
{
    return tls->failure.status != AMQPEXT_OK;
}

static enum stream_result fail(struct tls *tls)
{
    struct amqpext_error unheard = AMQPEXT_ERROR_INIT;

    amqpext__tls_fail_session(&tls->failure, tls->ssl);
    /* The peer is told why: OpenSSL has written an alert. */
    (void)push(tls, &unheard);
    return STREAM_FAILED;
}

static bool is_address(const char *name)
{
    unsigned char binary[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, name, binary) == 1 || inet_pton(AF_INET6, name, binary) == 1;
}

/* Of an address the zone, and of a name the final dot, mean nothing to the peer. */
static void plain_name(const char *name, char *out, size_t size)
{
    size_t length = strcspn(name, "%");

    if (length >= size)
        length = size - 1;
    memcpy(out, name, length);
    if (length > 0 && out[length - 1] == '.')
        length--;
    out[length] = '\0';
}

static bool set_name(SSL *ssl, const struct amqpext_tls_options *tls, const char *host_name)
{
    const bool is_verified = !tls->skip_verify && !tls->skip_verify_name;
    char name[256];

    plain_name(tls->server_name != NULL ? tls->server_name : host_name, name, sizeof(name));
    if (is_address(name))
        return !is_verified || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    if (SSL_set_tlsext_host_name(ssl, name) != 1)
        return false;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return !is_verified || SSL_set1_host(ssl, name) == 1;
}

static bool set_pair(struct tls *tls)
{
    BIO *own = NULL;

    if (BIO_new_bio_pair(&own, PAIR_SIZE, &tls->network, PAIR_SIZE) != 1)
        return false;
    SSL_set_bio(tls->ssl, own, own);
    return true;
}

enum amqpext_status amqpext__tls_new(struct tls_context *context, const struct endpoint *endpoint,
                                     const char *host_name, int fd, struct tls **out,
                                     struct amqpext_error *error)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return amqpext__fail_memory(error);
    ERR_clear_error();
    tls->fd = fd;
    tls->ssl = SSL_new(context->ssl);
    if (tls->ssl == NULL || !set_pair(tls) || !set_name(tls->ssl, &endpoint->tls, host_name)) {
        enum amqpext_status status = amqpext__tls_fail(error, AMQPEXT_ETLS, "TLS");

        amqpext__tls_free(tls);
        return status;
    }
    SSL_set_connect_state(tls->ssl);
    *out = tls;
    return AMQPEXT_OK;
}

/* One SSL_do_handshake: STREAM_WAIT with *wants_room where it could not write all. */
static enum stream_result shake(struct tls *tls, bool *wants_room)
{
    int result, why;

    ERR_clear_error();
    result = SSL_do_handshake(tls->ssl);
    why = SSL_get_error(tls->ssl, result);
    *wants_room = why == SSL_ERROR_WANT_WRITE;
    tls->is_open = result == 1;
    if (result == 1)
        return STREAM_MOVED;
    return why == SSL_ERROR_WANT_READ || *wants_room ? STREAM_WAIT : fail(tls);
}

enum stream_result amqpext__tls_handshake(struct tls *tls, struct amqpext_error *error)
{
    enum stream_result moved = STREAM_MOVED;

    while (moved == STREAM_MOVED) {
        bool wants_room;
        const enum stream_result result = shake(tls, &wants_room);

        if (result == STREAM_FAILED) {
            amqpext__fail_copy(error, &tls->failure);
            return STREAM_FAILED;
        }
        /* A peer that is gone may have said why before: that is read next. */
        moved = push(tls, error);
        if (result == STREAM_MOVED && moved != STREAM_FAILED)
            return STREAM_MOVED;
        if (!wants_room && moved != STREAM_FAILED)
            moved = pull(tls, error);
    }
    if (moved != STREAM_END)
        return moved;
    amqpext__fail(error, AMQPEXT_ECONNECTION, "the broker has closed the connection");
    return STREAM_FAILED;
}

/* One SSL_read: STREAM_WAIT means that OpenSSL has used up what it was given. */
static enum stream_result take(struct tls *tls, void *buffer, size_t size, size_t *n)
{
    int result;

    ERR_clear_error();
    result = SSL_read_ex(tls->ssl, buffer, size, n);
    if (result == 1)
        return STREAM_MOVED;
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return STREAM_WAIT;
    case SSL_ERROR_ZERO_RETURN: return STREAM_END;
    default: return fail(tls);
    }
}

/* Fills the buffer with what is at hand. Of an end behind some bytes the next call tells. */
static enum stream_result take_all(struct tls *tls, char *buffer, size_t size, size_t *n)
{
    enum stream_result result = STREAM_MOVED;
    size_t total = 0;

    while (total < size && result == STREAM_MOVED) {
        size_t taken = 0;

        result = take(tls, buffer + total, size - total, &taken);
        total += taken;
    }
    if (total == 0)
        return result;
    *n = total;
    return STREAM_MOVED;
}

static enum stream_result read_some(struct tls *tls, void *buffer, size_t size, size_t *n,
                                    struct amqpext_error *error)
{
    enum stream_result result;

    while ((result = take_all(tls, buffer, size, n)) == STREAM_WAIT) {
        result = pull(tls, error);
        if (result != STREAM_MOVED)
            break;
    }
    return result;
}

enum stream_result amqpext__tls_read(struct tls *tls, void *buffer, size_t size, size_t *n,
                                     struct amqpext_error *error)
{
    struct amqpext_error unheard = AMQPEXT_ERROR_INIT;
    enum stream_result result = STREAM_FAILED;

    if (!has_failed(tls))
        result = read_some(tls, buffer, size, n, error);
    if (result == STREAM_FAILED && has_failed(tls))
        amqpext__fail_copy(error, &tls->failure);
    /* Reading may have made OpenSSL write, and a write that fails shows in what is read. */
    (void)push(tls, &unheard);
    return result;
}

/* Where a write is in the pieces of its caller. */
struct cursor {
    const struct iovec *piece, *end;
    size_t offset; /* in the piece */
};

/* Copies into the record what fits; returns how much. */
static size_t gather(struct tls *tls, struct cursor *cursor)
{
    while (cursor->piece < cursor->end && tls->record_size < RECORD_SIZE) {
        const size_t left = cursor->piece->iov_len - cursor->offset;
        const size_t room = RECORD_SIZE - tls->record_size;
        const size_t size = left < room ? left : room;

        if (size != 0)
            memcpy(tls->record + tls->record_size,
                   (const char *)cursor->piece->iov_base + cursor->offset, size);
        tls->record_size += size;
        cursor->offset += size;
        if (cursor->offset == cursor->piece->iov_len) {
            cursor->piece++;
            cursor->offset = 0;
        }
    }
    return tls->record_size;
}

/* Gives the record to OpenSSL; STREAM_WAIT while there is no room for it. */
static enum stream_result seal(struct tls *tls)
{
    size_t n;
    int result;

    if (BIO_ctrl_get_write_guarantee(SSL_get_wbio(tls->ssl)) <
        RECORD_SIZE + SSL3_RT_MAX_ENCRYPTED_OVERHEAD)
        return STREAM_WAIT;
    ERR_clear_error();
    result = SSL_write_ex(tls->ssl, tls->record, tls->record_size, &n);
    if (result == 1) {
        tls->record_size = 0;
        return STREAM_MOVED;
    }
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return STREAM_WAIT;
    default: return fail(tls);
    }
}

/* Seals the record, making room first where there is none. */
static enum stream_result send_record(struct tls *tls, struct amqpext_error *error)
{
    enum stream_result result = seal(tls);

    if (result != STREAM_WAIT)
        return result;
    result = push(tls, error);
    return result == STREAM_MOVED ? seal(tls) : result;
}

enum stream_result amqpext__tls_write(struct tls *tls, const struct iovec *pieces,
                                      unsigned n_pieces, size_t *n, struct amqpext_error *error)
{
    struct cursor cursor = {pieces, pieces + n_pieces, 0};
    enum stream_result result = STREAM_MOVED;
    size_t total = 0;

    if (has_failed(tls))
        return STREAM_END;
    while (result == STREAM_MOVED) {
        if (tls->record_size == 0)
            total += gather(tls, &cursor);
        if (tls->record_size == 0)
            break;
        result = send_record(tls, error);
    }
    if (result == STREAM_MOVED)
        result = push(tls, error);
    if (total == 0)
        /* What has failed here is told by the next read. */
        return result == STREAM_MOVED ? STREAM_WAIT : has_failed(tls) ? STREAM_END : result;
    *n = total;
    return STREAM_MOVED;
}

bool amqpext__tls_has_unsent(const struct tls *tls)
{
    return !has_failed(tls) && (tls->record_size != 0 || BIO_ctrl_pending(tls->network) != 0);
}

bool amqpext__tls_has_buffered(const struct tls *tls)
{
    return has_failed(tls) || SSL_pending(tls->ssl) > 0 ||
           BIO_ctrl_pending(SSL_get_rbio(tls->ssl)) != 0 ||
           (SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void amqpext__tls_free(struct tls *tls)
{
    struct amqpext_error unheard = AMQPEXT_ERROR_INIT;

    if (tls == NULL)
        return;
    ERR_clear_error();
    if (tls->is_open && !has_failed(tls) && !amqpext__tls_has_unsent(tls)) {
        (void)SSL_shutdown(tls->ssl);
        (void)push(tls, &unheard);
        ERR_clear_error();
    }
    SSL_free(tls->ssl);
    BIO_free(tls->network);
    /* It may hold a password on its way. */
    explicit_bzero(tls->record, sizeof(tls->record));
    free(tls);
}
