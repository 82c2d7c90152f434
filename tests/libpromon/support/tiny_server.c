/*
 * A server on a loopback port, on one thread; a pipe to it ends it whatever it waits for.
 */
#include "support/tiny_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

struct tiny_server {
    int fd, ends[2];
    uint16_t port;
    pthread_t thread;
    char *path; /* of a Unix socket; else NULL */
    SSL_CTX *context;
    tiny_serve_fn serve;
    void *data;
    atomic_uint connections;
};

struct tiny_peer {
    struct tiny_server *server;
    int fd;
    SSL *ssl;
};

static struct sockaddr_in loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int bound(uint16_t *port)
{
    struct sockaddr_in address = loopback();
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Returns what came; 0: the time is over, or the server ends. */
static int wait_for(const struct tiny_server *server, int fd, int events, int ms)
{
    struct pollfd waited[] = {{.fd = server->ends[0], .events = POLLIN},
                              {.fd = fd, .events = (short)events}};
    int n;

    do
        n = poll(waited, 2, ms);
    while (n < 0 && errno == EINTR);
    return n <= 0 || waited[0].revents != 0 ? 0 : waited[1].revents;
}

/* Of an SSL call; whether it is to be made again. */
static bool can_go_on(struct tiny_peer *peer, int returned)
{
    const int why = SSL_get_error(peer->ssl, returned);

    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        return false;
    return wait_for(peer->server, peer->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, -1) != 0;
}

static ssize_t send_some(struct tiny_peer *peer, const void *data, size_t size)
{
    for (;;) {
        const ssize_t n = peer->ssl != NULL ? SSL_write(peer->ssl, data, (int)size)
                                            : send(peer->fd, data, size, MSG_NOSIGNAL);

        if (n > 0)
            return n;
        if (peer->ssl != NULL
                ? !can_go_on(peer, (int)n)
                : errno != EAGAIN || wait_for(peer->server, peer->fd, POLLOUT, -1) == 0)
            return -1;
    }
}

void tiny_send(struct tiny_peer *peer, const void *data, size_t size)
{
    const char *from = data;

    while (size > 0) {
        const ssize_t n = send_some(peer, from, size);

        if (n < 0)
            return;
        from += n;
        size -= (size_t)n;
    }
}

void tiny_say(struct tiny_peer *peer, const char *text)
{
    tiny_send(peer, text, strlen(text));
}

size_t tiny_receive(struct tiny_peer *peer, void *out, size_t size)
{
    for (;;) {
        const ssize_t n =
            peer->ssl != NULL ? SSL_read(peer->ssl, out, (int)size) : recv(peer->fd, out, size, 0);

        if (n > 0)
            return (size_t)n;
        if (peer->ssl != NULL
                ? !can_go_on(peer, (int)n)
                : n == 0 || errno != EAGAIN || wait_for(peer->server, peer->fd, POLLIN, -1) == 0)
            return 0;
    }
}

static size_t length_of(const char *request)
{
    const char *line = strcasestr(request, "\r\nContent-Length:");

    return line == NULL ? 0 : strtoul(line + strlen("\r\nContent-Length:"), NULL, 10);
}

bool tiny_request(struct tiny_peer *peer, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    while (used + 1 < size) {
        const size_t n = tiny_receive(peer, out + used, size - used - 1);
        const char *end;

        if (n == 0)
            return false;
        used += n;
        out[used] = '\0';
        end = strstr(out, "\r\n\r\n");
        if (end != NULL && used - (size_t)(end + 4 - out) >= length_of(out))
            return true;
    }
    return false;
}

bool tiny_pause(struct tiny_peer *peer, int ms)
{
    char seen;

    if (wait_for(peer->server, peer->fd, POLLIN, ms) != 0)
        return recv(peer->fd, &seen, 1, MSG_PEEK) > 0;
    return wait_for(peer->server, peer->server->ends[0], POLLIN, 0) == 0 &&
           poll(&(struct pollfd){.fd = peer->server->ends[0], .events = POLLIN}, 1, 0) == 0;
}

void tiny_hold(struct tiny_peer *peer)
{
    char dropped[4096];

    while (wait_for(peer->server, peer->fd, POLLIN, -1) != 0)
        if (recv(peer->fd, dropped, sizeof(dropped), 0) == 0 || errno == ECONNRESET)
            return;
}

void tiny_reset(struct tiny_peer *peer)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static bool secure(struct tiny_peer *peer)
{
    int done;

    if (peer->server->context == NULL)
        return true;
    peer->ssl = SSL_new(peer->server->context);
    SSL_set_fd(peer->ssl, peer->fd);
    do
        done = SSL_accept(peer->ssl);
    while (done != 1 && can_go_on(peer, done));
    return done == 1;
}

static void serve_one(struct tiny_server *server, int fd)
{
    struct tiny_peer peer = {.server = server, .fd = fd};

    atomic_fetch_add(&server->connections, 1);
    if (secure(&peer))
        server->serve(&peer, server->data);
    if (peer.ssl != NULL)
        (void)SSL_shutdown(peer.ssl);
    SSL_free(peer.ssl);
    ERR_clear_error();
    close(fd);
}

static void *run(void *data)
{
    struct tiny_server *server = data;

    while (wait_for(server, server->fd, POLLIN, -1) != 0) {
        const int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0)
            serve_one(server, fd);
    }
    return NULL;
}

static SSL_CTX *context_of(const char *certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char path[512];

    snprintf(path, sizeof(path), "%s.pem", certificate);
    assert_int_equal(SSL_CTX_use_certificate_chain_file(context, path), 1);
    snprintf(path, sizeof(path), "%s.key", certificate);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM), 1);
    return context;
}

static struct tiny_server *make(int fd, tiny_serve_fn serve, void *data)
{
    struct tiny_server *server = calloc(1, sizeof(*server));

    assert_non_null(server);
    server->fd = fd;
    server->serve = serve;
    server->data = data;
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(pipe2(server->ends, O_CLOEXEC), 0);
    return server;
}

static struct tiny_server *start(struct tiny_server *server)
{
    sigset_t all, before;

    /* OpenSSL's own BIO raises SIGPIPE, which is nobody's here. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return server;
}

struct tiny_server *tiny_server_new(const char *certificate, tiny_serve_fn serve, void *data)
{
    uint16_t port;
    struct tiny_server *server = make(bound(&port), serve, data);

    server->port = port;
    if (certificate != NULL)
        server->context = context_of(certificate);
    return start(server);
}

struct tiny_server *tiny_server_new_at(const char *path, tiny_serve_fn serve, void *data)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct tiny_server *server;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    server = make(fd, serve, data);
    server->path = strdup(path);
    return start(server);
}

void tiny_server_demand_login(struct tiny_server *server, const char *ca_file)
{
    assert_int_equal(SSL_CTX_load_verify_locations(server->context, ca_file, NULL), 1);
    SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

void tiny_server_free(struct tiny_server *server)
{
    if (server == NULL)
        return;
    assert_int_equal(write(server->ends[1], "x", 1), 1);
    pthread_join(server->thread, NULL);
    close(server->ends[0]);
    close(server->ends[1]);
    close(server->fd);
    SSL_CTX_free(server->context);
    if (server->path != NULL)
        unlink(server->path);
    free(server->path);
    free(server);
}

uint16_t tiny_server_port(const struct tiny_server *server)
{
    return server->port;
}

unsigned tiny_server_connections(struct tiny_server *server)
{
    return atomic_load(&server->connections);
}

enum { FILL = 16 };

struct black_hole {
    int fd, fill[FILL];
    uint16_t port;
};

struct black_hole *black_hole_new(void)
{
    struct black_hole *hole = calloc(1, sizeof(*hole));
    struct sockaddr_in address = loopback();
    size_t i;

    assert_non_null(hole);
    hole->fd = bound(&hole->port);
    address.sin_port = htons(hole->port);
    assert_int_equal(listen(hole->fd, 0), 0);
    /* The first fill the queue; those behind them are begun and never answered. */
    for (i = 0; i < FILL; i++) {
        struct pollfd done;

        hole->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(hole->fill[i], (struct sockaddr *)&address, sizeof(address));
        done = (struct pollfd){.fd = hole->fill[i], .events = POLLOUT};
        (void)poll(&done, 1, 20);
    }
    return hole;
}

void black_hole_free(struct black_hole *hole)
{
    size_t i;

    for (i = 0; i < FILL; i++)
        close(hole->fill[i]);
    close(hole->fd);
    free(hole);
}

uint16_t black_hole_port(const struct black_hole *hole)
{
    return hole->port;
}

int refused_port(uint16_t *port)
{
    return bound(port);
}
