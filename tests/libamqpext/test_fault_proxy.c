/* The proxy of these tests, between two plain sockets. */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/fault_proxy.h"
#include "support/loopback.h"

enum { PATIENCE_MS = 30000, A_WHILE_MS = 50 };

struct place {
    int listener, client, server;
    struct fault_proxy *proxy;
};

static void await(int fd, short events)
{
    struct pollfd event = {.fd = fd, .events = events};

    assert_int_equal(poll(&event, 1, PATIENCE_MS), 1);
}

static void connect_through(struct place *place)
{
    place->client = loopback_connect(fault_proxy_port(place->proxy));
    assert_true(place->client >= 0);
    await(place->listener, POLLIN);
    place->server = loopback_accept(place->listener);
    assert_true(place->server >= 0);
}

static struct place start(void)
{
    struct place place;
    uint16_t port;

    place.listener = loopback_listen(&port);
    place.proxy = fault_proxy_new(port);
    connect_through(&place);
    return place;
}

static void hang_up(struct place *place)
{
    close(place->client);
    close(place->server);
}

static void end(struct place *place)
{
    hang_up(place);
    fault_proxy_free(place->proxy);
    close(place->listener);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Exactly that text, then nothing more for now. */
static void hear(int fd, const char *text)
{
    char heard[100];
    size_t n = 0;

    while (n < strlen(text)) {
        await(fd, POLLIN);
        assert_int_equal(recv(fd, heard + n, 1, 0), 1);
        n++;
    }
    assert_memory_equal(heard, text, n);
}

static bool is_silent(int fd)
{
    struct pollfd event = {.fd = fd, .events = POLLIN};

    return poll(&event, 1, A_WHILE_MS) == 0;
}

static void hear_end(int fd, bool is_reset)
{
    char byte;
    ssize_t n;

    await(fd, POLLIN);
    n = recv(fd, &byte, 1, 0);
    assert_int_equal(n, is_reset ? -1 : 0);
    if (is_reset)
        assert_int_equal(errno, ECONNRESET);
}

static void passes_on_both_ways_and_ends(void **state)
{
    struct place place = start();

    (void)state;
    say(place.client, "to the broker");
    hear(place.server, "to the broker");
    say(place.server, "back");
    hear(place.client, "back");
    assert_int_equal(fault_proxy_bytes(place.proxy, FAULT_TO_BROKER), 13);
    assert_int_equal(fault_proxy_bytes(place.proxy, FAULT_TO_CLIENT), 4);
    shutdown(place.client, SHUT_WR);
    hear_end(place.server, false);
    say(place.server, "still");
    hear(place.client, "still");
    end(&place);
}

static void cuts_after_exactly_so_many_bytes(void **state)
{
    struct place place = start();

    (void)state;
    fault_proxy_cut_after(place.proxy, FAULT_TO_BROKER, 5, FAULT_CLOSE);
    say(place.client, "abc");
    hear(place.server, "abc");
    say(place.client, "defg");
    hear(place.server, "de");
    hear_end(place.server, false);
    hang_up(&place);
    assert_false(fault_proxy_forget_cut(place.proxy));
    connect_through(&place);
    say(place.client, "whole again");
    hear(place.server, "whole again");
    end(&place);
}

static void resets_both_sides(void **state)
{
    struct place place = start();

    (void)state;
    say(place.client, "a");
    hear(place.server, "a");
    fault_proxy_cut(place.proxy, FAULT_RESET);
    hear_end(place.client, true);
    hear_end(place.server, true);
    end(&place);
}

static void half_an_end_leaves_the_other_direction(void **state)
{
    struct place place = start();

    (void)state;
    fault_proxy_cut_after(place.proxy, FAULT_TO_CLIENT, 2, FAULT_HALF);
    say(place.server, "abc");
    hear(place.client, "ab");
    hear_end(place.client, false);
    say(place.client, "heard");
    hear(place.server, "heard");
    end(&place);
}

static void stalls_one_direction_and_goes_on(void **state)
{
    struct place place = start();

    (void)state;
    fault_proxy_stall(place.proxy, FAULT_TO_BROKER, true);
    say(place.client, "late");
    say(place.server, "in time");
    hear(place.client, "in time");
    assert_true(is_silent(place.server));
    fault_proxy_stall(place.proxy, FAULT_TO_BROKER, false);
    hear(place.server, "late");
    end(&place);
}

static void stalled_side_notices_that_nobody_reads(void **state)
{
    struct place place = start();
    static char many[65536];
    size_t sent = 0;
    ssize_t n;

    (void)state;
    fault_proxy_stall(place.proxy, FAULT_TO_BROKER, true);
    while ((n = send(place.client, many, sizeof(many), MSG_NOSIGNAL)) > 0)
        sent += (size_t)n;
    assert_int_equal(errno, EAGAIN);
    assert_true(sent < (size_t)64 << 20);
    end(&place);
}

static void slows_down(void **state)
{
    struct place place = start();

    (void)state;
    fault_proxy_slow(place.proxy, FAULT_TO_CLIENT, 10);
    say(place.server, "ab");
    hear(place.client, "a");
    assert_true(is_silent(place.client));
    hear(place.client, "b");
    end(&place);
}

static bool is_refused(const struct place *place)
{
    const int fd = loopback_connect(fault_proxy_port(place->proxy));
    int error = 0;
    socklen_t size = sizeof(error);

    if (fd < 0)
        return true;
    await(fd, POLLOUT);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    close(fd);
    return error == ECONNREFUSED;
}

static void refuses_and_takes_connections_again(void **state)
{
    struct place place = start();

    (void)state;
    fault_proxy_refuse(place.proxy, true);
    assert_true(is_refused(&place));
    say(place.client, "stays open");
    hear(place.server, "stays open");
    hang_up(&place);
    fault_proxy_refuse_for(place.proxy, 1);
    usleep(A_WHILE_MS * 1000);
    connect_through(&place);
    assert_int_equal(fault_proxy_connections(place.proxy), 2);
    end(&place);
}

static void client_of_no_broker_is_told(void **state)
{
    struct place place = start();
    int fd;

    (void)state;
    close(place.listener);
    fd = loopback_connect(fault_proxy_port(place.proxy));
    hear_end(fd, true);
    close(fd);
    hang_up(&place);
    fault_proxy_free(place.proxy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_on_both_ways_and_ends),
        cmocka_unit_test(cuts_after_exactly_so_many_bytes),
        cmocka_unit_test(resets_both_sides),
        cmocka_unit_test(half_an_end_leaves_the_other_direction),
        cmocka_unit_test(stalls_one_direction_and_goes_on),
        cmocka_unit_test(stalled_side_notices_that_nobody_reads),
        cmocka_unit_test(slows_down),
        cmocka_unit_test(refuses_and_takes_connections_again),
        cmocka_unit_test(client_of_no_broker_is_told),
    };

    return cmocka_run_group_tests_name("fault proxy", tests, NULL, NULL);
}
