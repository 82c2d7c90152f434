/*
 * Connecting: what is told of those that listen, refuse, or say nothing at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <promon/cell.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

#include "connector.h"
#include "result_state.h"

#define SECOND_NS INT64_C(1000000000)

static struct promon_result result;

static enum promon_verdict reach(const char *host, unsigned port, int64_t timeout_ns, int *fd)
{
    const struct promon_target target = {.size = sizeof(target), .host = host, .port = port};
    enum promon_verdict verdict;

    promon__result_reset(&result);
    verdict = promon__connect(&target, promon_now_ns() + timeout_ns, &result, fd);
    promon__result_finish(&result, verdict);
    assert_true((verdict == PROMON_UP) == (*fd >= 0));
    return verdict;
}

/* A socket that listens, or is only bound; its port. */
static int listener(int backlog, unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void a_listener_is_reached(void **state)
{
    unsigned port;
    const int server = listener(5, &port);
    int fd;

    (void)state;
    assert_int_equal(reach("127.0.0.1", port, 60 * SECOND_NS, &fd), PROMON_UP);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true(result.phases_ns[PROMON_PHASE_CONNECT] >= 0);
    close(fd);
    close(server);
}

static void nobody_there_is_refused(void **state)
{
    unsigned port;
    const int bound = listener(-1, &port);
    char expected[64];
    int fd;

    (void)state;
    assert_int_equal(reach("127.0.0.1", port, 60 * SECOND_NS, &fd), PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_REFUSED);
    snprintf(expected, sizeof(expected), "connecting to 127.0.0.1:%u: Connection refused", port);
    assert_string_equal(result.message, expected);
    close(bound);
}

static void the_second_address_of_a_name_counts_too(void **state)
{
    unsigned port;
    const int server = listener(5, &port);
    int fd;

    (void)state;
    /* Nobody listens on ::1, which is tried first where localhost has it. */
    assert_int_equal(reach("localhost", port, 60 * SECOND_NS, &fd), PROMON_UP);
    assert_int_equal(result.message[0], '\0');
    close(fd);
    close(server);
}

/* A listener whose queue is full drops what else comes: a black hole without any firewall. */
static void a_black_hole_takes_the_time_that_there_is(void **state)
{
    int fill[64], fd;
    unsigned port, n = 0, i;
    const int server = listener(0, &port);
    const int64_t begin_ns = promon_now_ns();

    (void)state;
    while (n < 64 && reach("127.0.0.1", port, SECOND_NS / 5, &fd) == PROMON_UP)
        fill[n++] = fd;
    assert_true(n < 64);
    assert_int_equal(result.verdict, PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_CONNECT_TIMEOUT);
    assert_non_null(strstr(result.message, "Connection timed out"));
    assert_true(result.phases_ns[PROMON_PHASE_CONNECT] >= SECOND_NS / 5);
    assert_true(promon_now_ns() - begin_ns < 60 * SECOND_NS);
    for (i = 0; i < n; i++)
        close(fill[i]);
    close(server);
}

static void a_deadline_that_has_passed_is_a_timeout(void **state)
{
    int fill[64], fd;
    unsigned port, n = 0, i;
    const int server = listener(0, &port);

    (void)state;
    while (n < 64 && reach("127.0.0.1", port, SECOND_NS / 5, &fd) == PROMON_UP)
        fill[n++] = fd;
    assert_int_equal(reach("127.0.0.1", port, -SECOND_NS, &fd), PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_CONNECT_TIMEOUT);
    for (i = 0; i < n; i++)
        close(fill[i]);
    close(server);
}

static int unix_listener(const char *path, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void unix_sockets_are_reached_or_not(void **state)
{
    char folder[] = "/tmp/test_connector_XXXXXX", path[64], expected[160];
    int server, fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    assert_int_equal(reach(path, 0, 60 * SECOND_NS, &fd), PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_REFUSED);
    snprintf(expected, sizeof(expected), "connecting to %s: No such file or directory", path);
    assert_string_equal(result.message, expected);
    server = unix_listener(path, 5);
    assert_int_equal(reach(path, 0, 60 * SECOND_NS, &fd), PROMON_UP);
    assert_int_equal(result.phases_ns[PROMON_PHASE_RESOLVE], -1);
    close(fd);
    close(server);
    assert_int_equal(reach(path, 0, 60 * SECOND_NS, &fd), PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_REFUSED);
    unlink(path);
    rmdir(folder);
}

static void a_unix_socket_with_a_full_queue_is_a_timeout(void **state)
{
    char folder[] = "/tmp/test_connector_XXXXXX", path[64];
    int fill[64], server, fd;
    unsigned n = 0, i;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    server = unix_listener(path, 0);
    while (n < 64 && reach(path, 0, SECOND_NS / 10, &fd) == PROMON_UP)
        fill[n++] = fd;
    assert_int_equal(result.verdict, PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_CONNECT_TIMEOUT);
    for (i = 0; i < n; i++)
        close(fill[i]);
    close(server);
    unlink(path);
    rmdir(folder);
}

static void a_path_that_is_too_long_is_a_fault_of_the_probe(void **state)
{
    char path[300];
    int fd;

    (void)state;
    memset(path, '/', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(reach(path, 0, SECOND_NS, &fd), PROMON_ERROR);
    assert_int_equal(result.reason, PROMON_REASON_INTERNAL);
}

static void without_descriptors_the_probe_has_failed_and_not_the_server(void **state)
{
    struct rlimit before, none;
    unsigned port;
    const int server = listener(5, &port);
    int fd;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(reach("127.0.0.1", port, 60 * SECOND_NS, &fd), PROMON_ERROR);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result.reason, PROMON_REASON_INTERNAL);
    assert_non_null(strstr(result.message, "Too many open files"));
    close(server);
}

static void waiting_tells_what_came_and_ends_at_the_deadline(void **state)
{
    int pair[2];
    const int64_t begin_ns = promon_now_ns();

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(promon__wait_fd(pair[0], POLLIN, begin_ns + SECOND_NS / 20), 0);
    assert_true(promon_now_ns() - begin_ns >= SECOND_NS / 20);
    assert_int_equal(promon__wait_fd(pair[0], POLLOUT, begin_ns), POLLOUT);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(promon__wait_fd(pair[0], POLLIN, INT64_MAX), POLLIN);
    close(pair[1]);
    assert_true((promon__wait_fd(pair[0], POLLIN, INT64_MAX) & POLLHUP) != 0);
    close(pair[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_is_reached),
        cmocka_unit_test(nobody_there_is_refused),
        cmocka_unit_test(the_second_address_of_a_name_counts_too),
        cmocka_unit_test(a_black_hole_takes_the_time_that_there_is),
        cmocka_unit_test(a_deadline_that_has_passed_is_a_timeout),
        cmocka_unit_test(unix_sockets_are_reached_or_not),
        cmocka_unit_test(a_unix_socket_with_a_full_queue_is_a_timeout),
        cmocka_unit_test(a_path_that_is_too_long_is_a_fault_of_the_probe),
        cmocka_unit_test(without_descriptors_the_probe_has_failed_and_not_the_server),
        cmocka_unit_test(waiting_tells_what_came_and_ends_at_the_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
