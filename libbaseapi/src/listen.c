/*
 * Listening: one socket for each worker, bound to one port with SO_REUSEPORT.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"

/*
 * Connections the kernel may take before they are accepted; it reduces this to net.core.somaxconn.
 */
#define BACKLOG 4096

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, unsigned port, union address *out, socklen_t *size)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        *size = sizeof(out->v4);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        *size = sizeof(out->v6);
        return true;
    }
    return false;
}

static int open_socket(const union address *address, socklen_t size, bool share)
{
    const int yes = 1;
    const int no = 0;
    const int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int failure;

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        (!share || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0) &&
        (address->any.sa_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) == 0) &&
        bind(fd, &address->any, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    failure = errno;
    (void)close(fd);
    errno = failure;
    return -1;
}

static unsigned port_of(int fd)
{
    union address address;
    socklen_t size = sizeof(address);

    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static void close_all(const int *fds, size_t count)
{
    while (count != 0)
        (void)close(fds[--count]);
}

/*
 * Whether nobody else listens there: a socket that does not share tells, as the workers' own would
 * be let in beside those of another process of this user.
 */
static bool is_free(const union address *address, socklen_t size)
{
    const int fd = open_socket(address, size, false);

    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

enum baseapi_status baseapi__listen(const char *address, bool share_port, unsigned *port, int *fds,
                                    size_t count, struct baseapi_error *error)
{
    unsigned bound = *port;
    union address parsed;
    socklen_t size = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        int failure;

        if (!parse_address(address, bound, &parsed, &size))
            return baseapi__fail(error, BASEAPI_EINVALID, "\"%s\" is no IPv4 or IPv6 address",
                                 address);
        fds[i] =
            i != 0 || share_port || is_free(&parsed, size) ? open_socket(&parsed, size, true) : -1;
        failure = errno;
        if (fds[i] < 0) {
            close_all(fds, i);
            return baseapi__fail_errno(error, BASEAPI_ELISTEN, failure,
                                       "cannot listen on %s port %u", address, bound);
        }
        bound = port_of(fds[i]);
    }
    *port = bound;
    return BASEAPI_OK;
}
