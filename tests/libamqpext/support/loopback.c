#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_PORT = 20000, N_PORTS = 12000, TRIES = 1000, BACKLOG = 128 };

static struct sockaddr_in address_of(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int make_socket(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int yes = 1;

    if (fd < 0)
        abort();
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return fd;
}

static bool bind_at_random(int fd, uint16_t *port)
{
    struct sockaddr_in address;
    uint16_t chance;

    if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
        abort();
    *port = (uint16_t)(FIRST_PORT + chance % N_PORTS);
    address = address_of(*port);
    return bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
           listen(fd, BACKLOG) == 0;
}

int loopback_listen(uint16_t *port)
{
    int tries, fd;

    for (tries = 0; tries < TRIES; tries++) {
        fd = make_socket();
        if (bind_at_random(fd, port))
            return fd;
        close(fd);
    }
    abort();
}

/* On Linux this ends listening, and the address stays bound. */
void loopback_refuse(int listener)
{
    shutdown(listener, SHUT_RD);
}

void loopback_resume(int listener)
{
    if (listen(listener, BACKLOG) != 0)
        abort();
}

int loopback_accept(int listener)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const int yes = 1;

    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return fd;
}

int loopback_connect(uint16_t port)
{
    const struct sockaddr_in address = address_of(port);
    const int fd = make_socket();

    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
        errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

void loopback_reset(int fd)
{
    const struct linger hard = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(fd);
}
