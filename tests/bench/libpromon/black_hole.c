#include "black_hole.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

/* A backlog of zero holds one connection, or two; more than enough to try. */
enum { SILENT_BACKLOG = 64, TRIES_MAX = 16, CONNECT_MS = 20 };

static int connect_to(const struct sockaddr_in *address)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    bench_need(descriptor >= 0, "socket");
    bench_need(connect(descriptor, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                   errno == EINPROGRESS,
               "connect");
    return descriptor;
}

/* Connections that stay, until one does not come about. */
static void fill(const struct sockaddr_in *address)
{
    int i;

    for (i = 0; i < TRIES_MAX; i++) {
        struct pollfd wait = {.fd = connect_to(address), .events = POLLOUT};

        if (poll(&wait, 1, CONNECT_MS) == 0) {
            close(wait.fd);
            return;
        }
    }
    bench_need(0, "a queue that does not fill");
}

unsigned black_hole_open(int is_full)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bench_need(descriptor >= 0 &&
                   bind(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                   listen(descriptor, is_full ? 0 : SILENT_BACKLOG) == 0 &&
                   getsockname(descriptor, (struct sockaddr *)&address, &size) == 0,
               "listen");
    if (is_full)
        fill(&address);
    return ntohs(address.sin_port);
}
