/*
 * Connector: one address after the other, each with its share of the time that is left.
 *
 * Invariant: no call waits but poll, and that until the deadline. What is told when all addresses
 * fail is the failure that says most about the server: that it did not answer, before that it
 * refused, before that nothing could be asked.
 */
#include "connector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <promon/cell.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"
#include "resolver.h"
#include "wait.h"

/* How often a Unix socket whose backlog is full is tried again; it cannot be waited for. */
#define BACKLOG_PAUSE_NS (10 * PROMON__MILLISECOND_NS)

/* One attempt; of several the one with the highest reason of this order is told. */
enum grade { GRADE_NONE, GRADE_INTERNAL, GRADE_REFUSED, GRADE_TIMEOUT };

struct failure {
    enum grade grade;
    int system_errno;
    char address[128];
};

int promon__wait_fd(int fd, int events, int64_t deadline_ns)
{
    struct pollfd waited = {.fd = fd, .events = (short)events};

    for (;;) {
        const int64_t now_ns = promon_now_ns();
        const int64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
        const struct timespec left = {.tv_sec = (time_t)(left_ns / PROMON__SECOND_NS),
                                      .tv_nsec = (long)(left_ns % PROMON__SECOND_NS)};
        const int n = ppoll(&waited, 1, &left, NULL);

        if (n > 0)
            return waited.revents;
        if (n < 0 && errno != EINTR)
            return POLLERR;
        if (left_ns == 0)
            return 0;
    }
}

static enum grade grade_of(int system_errno)
{
    switch (system_errno) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL: /* no local port, or no address of the family */
    case EAFNOSUPPORT:
    case EINVAL: return GRADE_INTERNAL;
    case ETIMEDOUT: return GRADE_TIMEOUT;
    default: return GRADE_REFUSED;
    }
}

static void describe(const struct sockaddr *address, socklen_t size, char *out, size_t out_size)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (address->sa_family == AF_UNIX)
        snprintf(out, out_size, "%s",
                 ((const struct sockaddr_un *)(const void *)address)->sun_path);
    else if (getnameinfo(address, size, host, sizeof(host), port, sizeof(port),
                         NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(out, out_size, "an address");
    else
        snprintf(out, out_size, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

static void keep_worst(struct failure *failure, const struct sockaddr *address, socklen_t size,
                       int system_errno)
{
    const enum grade grade = grade_of(system_errno);

    if (grade <= failure->grade)
        return;
    failure->grade = grade;
    failure->system_errno = system_errno;
    describe(address, size, failure->address, sizeof(failure->address));
}

/*
 * The result of a connection that was begun: an errno value. One that was reset since had been
 * taken: who refuses it answers with ECONNREFUSED.
 */
static int outcome(int fd)
{
    int system_errno = 0;
    socklen_t size = sizeof(system_errno);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &system_errno, &size) != 0)
        return errno;
    return system_errno == ECONNRESET ? 0 : system_errno;
}

/* Begins and waits; returns an errno value, ETIMEDOUT at the deadline. */
static int connect_until(int fd, const struct sockaddr *address, socklen_t size,
                         int64_t deadline_ns)
{
    for (;;) {
        int64_t again_ns = promon_now_ns() + BACKLOG_PAUSE_NS;

        if (connect(fd, address, size) == 0 || errno == EISCONN)
            return 0;
        if (errno == EINPROGRESS || errno == EALREADY || errno == EINTR)
            return promon__wait_fd(fd, POLLOUT, deadline_ns) == 0 ? ETIMEDOUT : outcome(fd);
        if (errno != EAGAIN)
            return errno;
        if (again_ns >= deadline_ns)
            return ETIMEDOUT;
        /* A descriptor that is not waited for: a pause. */
        (void)promon__wait_fd(-1, 0, again_ns);
    }
}

/*
 * A port of this machine that nobody listens on may be the very one that the system took for the
 * connection: it is connected with itself then.
 */
static bool is_with_itself(int fd)
{
    struct sockaddr_storage here, there;
    socklen_t here_size = sizeof(here), there_size = sizeof(there);

    memset(&here, 0, sizeof(here));
    memset(&there, 0, sizeof(there));
    return getsockname(fd, (struct sockaddr *)&here, &here_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_size) == 0 &&
           here.ss_family != AF_UNIX && here_size == there_size &&
           memcmp(&here, &there, here_size) == 0;
}

/* Returns an errno value; *fd is open after 0. */
static int try_address(const struct sockaddr *address, socklen_t size, int64_t deadline_ns, int *fd)
{
    const int one = 1;
    int failure;
    const int tried = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (tried < 0)
        return errno;
    failure = connect_until(tried, address, size, deadline_ns);
    if (failure == 0 && is_with_itself(tried))
        failure = ECONNREFUSED;
    if (failure != 0) {
        close(tried);
        return failure;
    }
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(tried, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    *fd = tried;
    return 0;
}

static enum promon_verdict fail(const struct failure *failure, struct promon_result *result)
{
    static const enum promon_reason reasons[] = {
        [GRADE_NONE] = PROMON_REASON_DNS,
        [GRADE_INTERNAL] = PROMON_REASON_INTERNAL,
        [GRADE_REFUSED] = PROMON_REASON_REFUSED,
        [GRADE_TIMEOUT] = PROMON_REASON_CONNECT_TIMEOUT,
    };
    struct promon_error error = PROMON_ERROR_INIT;

    promon__fail_errno(&error, PROMON_ECONNECTION, failure->system_errno, failure->address);
    return promon_result_fail(result, reasons[failure->grade], "connecting to %s", error.message);
}

static unsigned count_of(const struct addrinfo *list)
{
    unsigned count = 0;

    for (; list != NULL && count < PROMON__MAX_ADDRESSES; list = list->ai_next)
        count++;
    return count;
}

/* The time left is shared among the addresses left: a dead one does not take it all. */
static enum promon_verdict connect_any(const struct addrinfo *list, int64_t deadline_ns,
                                       struct promon_result *result, int *fd)
{
    struct failure failure = {.grade = GRADE_NONE};
    unsigned left = count_of(list);

    for (; left > 0; left--, list = list->ai_next) {
        const int64_t now_ns = promon_now_ns();
        const int64_t share_ns = deadline_ns > now_ns ? (deadline_ns - now_ns) / left : 0;
        const int system_errno =
            try_address(list->ai_addr, list->ai_addrlen, now_ns + share_ns, fd);

        if (system_errno == 0)
            return PROMON_UP;
        keep_worst(&failure, list->ai_addr, list->ai_addrlen, system_errno);
    }
    return fail(&failure, result);
}

static enum promon_verdict connect_unix(const char *path, int64_t deadline_ns,
                                        struct promon_result *result, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct failure failure = {.grade = GRADE_NONE};
    int system_errno;

    if (strlen(path) >= sizeof(address.sun_path))
        return promon_result_fail(result, PROMON_REASON_INTERNAL,
                                  "the path of a Unix socket has more than %zu bytes",
                                  sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path));
    system_errno = try_address((const struct sockaddr *)&address, sizeof(address), deadline_ns, fd);
    if (system_errno == 0)
        return PROMON_UP;
    keep_worst(&failure, (const struct sockaddr *)&address, sizeof(address), system_errno);
    return fail(&failure, result);
}

enum promon_verdict promon__connect(const struct promon_target *target, int64_t deadline_ns,
                                    struct promon_result *result, int *fd)
{
    struct addrinfo *list = NULL;
    enum promon_verdict verdict = PROMON_UP;
    const bool is_unix = target->host != NULL && target->host[0] == '/';
    int64_t begin_ns;
    int connected = -1;

    *fd = -1;
    if (!is_unix)
        verdict = promon__resolve(target, deadline_ns, result, &list);
    if (verdict != PROMON_UP)
        return verdict;
    begin_ns = promon_now_ns();
    if (is_unix)
        verdict = connect_unix(target->host, deadline_ns, result, &connected);
    else
        verdict = connect_any(list, deadline_ns, result, &connected);
    promon_result_phase(result, PROMON_PHASE_CONNECT, promon_now_ns() - begin_ns);
    promon__addresses_free(list);
    *fd = connected;
    return verdict;
}
