/*
 * A BIO over a socket. OpenSSL's own writes with write(), which raises SIGPIPE in a host that has
 * not asked for it.
 */
#include "quiet_bio.h"

#include <errno.h>
#include <openssl/bio.h>
#include <stdint.h>
#include <sys/socket.h>

static int fd_of(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static bool is_to_come(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int bio_write(BIO *bio, const char *data, int size)
{
    const ssize_t n = send(fd_of(bio), data, (size_t)size, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (n < 0 && is_to_come())
        BIO_set_retry_write(bio);
    return (int)n;
}

static int bio_read(BIO *bio, char *out, int size)
{
    const ssize_t n = recv(fd_of(bio), out, (size_t)size, 0);

    BIO_clear_retry_flags(bio);
    if (n < 0 && is_to_come())
        BIO_set_retry_read(bio);
    return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *promon__quiet_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket of a probe");

    if (method == NULL)
        return NULL;
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
}

bool promon__quiet_bio_set(SSL *ssl, const BIO_METHOD *method, int fd)
{
    BIO *bio = BIO_new(method);

    if (bio == NULL)
        return false;
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return true;
}
