/*
 * Peer: a blocking server for one connection at a time.
 */
#include "transport/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "test.h"

enum { MOST_PENDING = 8 };

struct peer {
    struct peer_options options;
    pthread_t thread;
    int listener, stop_fd, release_fd;
    int fd; /* the connection */
    int pending[MOST_PENDING]; /* of a deaf peer: what fills its backlog */
    SSL_CTX *context;
    SSL *ssl;
    atomic_uint connections, handshakes;
    atomic_bool saw_farewell, is_stopped;
    char server_name[256];
    uint16_t port;
};

static socklen_t make_address(const struct peer_options *options, struct sockaddr_storage *out)
{
    const char *text = options->address == NULL ? "127.0.0.1" : options->address;
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(options->port);
        return sizeof(*four);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(options->port);
    return sizeof(*six);
}

static void open_listener(struct peer *peer)
{
    const int on = 1;
    struct sockaddr_storage address;
    socklen_t size = make_address(&peer->options, &address);

    peer->listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peer->listener >= 0);
    setsockopt(peer->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->listener, peer->options.is_deaf ? 0 : 16), 0);
    getsockname(peer->listener, (struct sockaddr *)&address, &size);
    /* In the same place for both families. */
    peer->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* A backlog that is full: the next connection is neither made nor refused. */
static void fill_backlog(struct peer *peer)
{
    struct sockaddr_storage address;
    socklen_t size;
    int i;

    peer->options.port = peer->port;
    size = make_address(&peer->options, &address);
    for (i = 0; i < MOST_PENDING; i++) {
        peer->pending[i] = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(peer->pending[i], (struct sockaddr *)&address, size);
    }
    usleep(20000);
}

static void make_context(struct peer *peer)
{
    const struct peer_options *options = &peer->options;

    peer->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_chain_file(peer->context, options->certificate), 1);
    assert_int_equal(
        SSL_CTX_use_PrivateKey_file(peer->context, options->certificate, SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_max_proto_version(peer->context, options->max_version);
    if (options->min_version != 0) {
        SSL_CTX_set_min_proto_version(peer->context, options->min_version);
        SSL_CTX_set_cipher_list(peer->context, "ALL:@SECLEVEL=0");
    }
    if (options->client_authority != NULL) {
        assert_int_equal(SSL_CTX_load_verify_file(peer->context, options->client_authority), 1);
        SSL_CTX_set_verify(peer->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
}

/* Waits for the descriptor or the end; true: the descriptor. */
static bool wait_for(struct peer *peer, int fd, short events)
{
    struct pollfd watched[] = {{.fd = fd, .events = events},
                               {.fd = peer->stop_fd, .events = POLLIN}};

    if (atomic_load(&peer->is_stopped))
        return false;
    while (poll(watched, 2, -1) < 0)
        continue;
    return watched[1].revents == 0;
}

/* Whether what OpenSSL could not do may be tried again. */
static bool wait_for_tls(struct peer *peer, int result)
{
    const int why = SSL_get_error(peer->ssl, result);

    if (why == SSL_ERROR_ZERO_RETURN)
        atomic_store(&peer->saw_farewell, true);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        return false;
    return wait_for(peer, peer->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
}

size_t peer_read_some(struct peer *peer, void *buffer, size_t size)
{
    for (;;) {
        if (peer->ssl != NULL) {
            const int got = SSL_read(peer->ssl, buffer, (int)size);

            if (got > 0)
                return (size_t)got;
            if (!wait_for_tls(peer, got))
                return 0;
        } else {
            const ssize_t got = recv(peer->fd, buffer, size, MSG_DONTWAIT);

            if (got >= 0)
                return (size_t)got;
            if (errno != EAGAIN || !wait_for(peer, peer->fd, POLLIN))
                return 0;
        }
    }
}

bool peer_read(struct peer *peer, void *buffer, size_t size)
{
    size_t done = 0;

    while (done < size) {
        const size_t got = peer_read_some(peer, (char *)buffer + done, size - done);

        if (got == 0)
            return false;
        done += got;
    }
    return true;
}

static size_t write_some(struct peer *peer, const void *data, size_t size)
{
    for (;;) {
        if (peer->ssl != NULL) {
            const int sent = SSL_write(peer->ssl, data, (int)size);

            if (sent > 0)
                return (size_t)sent;
            if (!wait_for_tls(peer, sent))
                return 0;
        } else {
            const ssize_t sent = send(peer->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

            if (sent > 0)
                return (size_t)sent;
            if (errno != EAGAIN || !wait_for(peer, peer->fd, POLLOUT))
                return 0;
        }
    }
}

bool peer_write(struct peer *peer, const void *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        const size_t sent = write_some(peer, (const char *)data + done, size - done);

        if (sent == 0)
            return false;
        done += sent;
    }
    return true;
}

static void echo(struct peer *peer, void *data)
{
    char buffer[16384];
    size_t size;

    (void)data;
    while ((size = peer_read_some(peer, buffer, sizeof(buffer))) > 0) {
        if (!peer_write(peer, buffer, size))
            return;
    }
}

static bool shake_hands(struct peer *peer)
{
    const char *name;
    int result;

    peer->ssl = SSL_new(peer->context);
    SSL_set_fd(peer->ssl, peer->fd);
    SSL_set_mode(peer->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    while ((result = SSL_accept(peer->ssl)) != 1) {
        if (!wait_for_tls(peer, result))
            break;
    }
    name = SSL_get_servername(peer->ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(peer->server_name, sizeof(peer->server_name), "%s", name == NULL ? "" : name);
    if (result == 1)
        atomic_fetch_add(&peer->handshakes, 1);
    return result == 1;
}

static void serve(struct peer *peer)
{
    fcntl(peer->fd, F_SETFL, O_NONBLOCK);
    atomic_store(&peer->saw_farewell, false);
    if (peer->context == NULL || shake_hands(peer))
        (peer->options.serve != NULL ? peer->options.serve : echo)(peer, peer->options.data);
    ERR_clear_error();
    SSL_free(peer->ssl);
    peer->ssl = NULL;
    close(peer->fd);
}

static void *run(void *argument)
{
    struct peer *peer = argument;

    while (!peer->options.is_deaf && wait_for(peer, peer->listener, POLLIN)) {
        peer->fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer->fd < 0)
            continue;
        atomic_fetch_add(&peer->connections, 1);
        serve(peer);
    }
    OPENSSL_thread_stop();
    return NULL;
}

struct peer *peer_start(const struct peer_options *options)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    sigset_t all, before;

    assert_non_null(peer);
    peer->options = *options;
    peer->stop_fd = eventfd(0, EFD_CLOEXEC);
    peer->release_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    open_listener(peer);
    if (options->is_deaf)
        fill_backlog(peer);
    if (options->certificate != NULL)
        make_context(peer);
    /* OpenSSL writes without MSG_NOSIGNAL here; the signal would end the test. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_int_equal(pthread_create(&peer->thread, NULL, run, peer), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return peer;
}

void peer_stop(struct peer *peer)
{
    int i;

    atomic_store(&peer->is_stopped, true);
    assert_int_equal(eventfd_write(peer->stop_fd, 1), 0);
    pthread_join(peer->thread, NULL);
    for (i = 0; peer->options.is_deaf && i < MOST_PENDING; i++)
        close(peer->pending[i]);
    SSL_CTX_free(peer->context);
    close(peer->listener);
    close(peer->stop_fd);
    close(peer->release_fd);
    free(peer);
}

uint16_t peer_port(const struct peer *peer)
{
    return peer->port;
}

int peer_fd(const struct peer *peer)
{
    return peer->fd;
}

void peer_reset(struct peer *peer)
{
    const struct linger at_once = {1, 0};

    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void peer_wait(struct peer *peer)
{
    eventfd_t count;

    if (wait_for(peer, peer->release_fd, POLLIN))
        (void)eventfd_read(peer->release_fd, &count);
}

void peer_release(struct peer *peer)
{
    assert_int_equal(eventfd_write(peer->release_fd, 1), 0);
}

unsigned peer_connections(const struct peer *peer)
{
    return atomic_load(&peer->connections);
}

unsigned peer_handshakes(const struct peer *peer)
{
    return atomic_load(&peer->handshakes);
}

bool peer_saw_farewell(const struct peer *peer)
{
    return atomic_load(&peer->saw_farewell);
}

const char *peer_server_name(const struct peer *peer)
{
    return peer->server_name;
}
