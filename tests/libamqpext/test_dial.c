/*
 * Dialling: every way to reach a peer, and every way in which it is not reached, in time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test.h"

#include "clock.h"
#include "transport/names.h"
#include "transport/peer.h"
#include "transport/reach.h"

static const char *url_of(const char *host, uint16_t port)
{
    static char url[300];

    snprintf(url, sizeof(url), "amqp://%s:%u", host, (unsigned)port);
    return url;
}

/* A port that nobody listens on, because somebody else has it for connections. */
struct closed_port {
    int fd;
    uint16_t port;
};

static struct closed_port closed_port_on(const char *address, uint16_t port)
{
    struct closed_port closed = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0};
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof(where);

    assert_int_equal(inet_pton(AF_INET, address, &where.sin_addr), 1);
    assert_int_equal(bind(closed.fd, (struct sockaddr *)&where, size), 0);
    getsockname(closed.fd, (struct sockaddr *)&where, &size);
    closed.port = ntohs(where.sin_port);
    return closed;
}

static void assert_echoes(struct reach *to)
{
    char answer[5];

    assert_int_equal(reach_write(to, "hello", 5), STREAM_MOVED);
    assert_int_equal(reach_read(to, answer, 5), STREAM_MOVED);
    assert_memory_equal(answer, "hello", 5);
}

static void assert_reaches(const char *host, uint16_t port)
{
    struct reach to;

    if (!reach(&to, url_of(host, port), NULL, REACH_TIMEOUT_MS))
        fail_msg("%s", to.error.message);
    assert_echoes(&to);
    assert_true(to.steps < 20);
    reach_end(&to);
}

static void assert_fails(const char *host, uint16_t port, unsigned timeout_ms,
                         enum amqpext_status status, const char *why)
{
    struct reach to;

    assert_false(reach(&to, url_of(host, port), NULL, timeout_ms));
    if (to.error.status != status || strstr(to.error.message, why) == NULL)
        fail_msg("%s: %s", amqpext_status_name(to.error.status), to.error.message);
    assert_true(to.steps < 20);
    reach_end(&to);
}

static void an_address_and_the_name_of_this_machine_are_reached(void **state)
{
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});

    (void)state;
    assert_reaches("127.0.0.1", peer_port(peer));
    assert_reaches("localhost", peer_port(peer));
    peer_stop(peer);
}

static void an_ipv6_address_is_reached(void **state)
{
    struct peer *peer = peer_start(&(struct peer_options){.address = "::1"});

    (void)state;
    assert_reaches("[::1]", peer_port(peer));
    peer_stop(peer);
}

static void a_connection_sends_at_once_and_probes_a_silent_peer(void **state)
{
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});
    struct reach to;
    int value = 0;
    socklen_t size = sizeof(value);

    (void)state;
    assert_true(reach(&to, url_of("127.0.0.1", peer_port(peer)), NULL, REACH_TIMEOUT_MS));
    getsockopt(amqpext__stream_fd(to.stream), IPPROTO_TCP, TCP_NODELAY, &value, &size);
    assert_true(value != 0);
    value = 0;
    getsockopt(amqpext__stream_fd(to.stream), SOL_SOCKET, SO_KEEPALIVE, &value, &size);
    assert_true(value != 0);
    reach_end(&to);
    peer_stop(peer);
}

static void a_refusal_is_told_with_host_and_reason(void **state)
{
    struct closed_port closed = closed_port_on("127.0.0.1", 0);
    static const char *const here[] = {"127.0.0.1", NULL};
    struct reach to;

    (void)state;
    assert_fails("127.0.0.1", closed.port, REACH_TIMEOUT_MS, AMQPEXT_ECONNECTION,
                 "Connection refused");
    names_answer(here);
    assert_fails("broker.example", closed.port, REACH_TIMEOUT_MS, AMQPEXT_ECONNECTION,
                 "(127.0.0.1): Connection refused");
    names_answer(NULL);
    assert_false(reach(&to, url_of("127.0.0.1", closed.port), NULL, REACH_TIMEOUT_MS));
    assert_int_equal(to.error.system_errno, ECONNREFUSED);
    reach_end(&to);
    close(closed.fd);
}

static void a_name_that_cannot_be_resolved_is_told_as_such(void **state)
{
    (void)state;
    names_fail(EAI_NONAME, 0);
    assert_fails("broker.example", 5672, REACH_TIMEOUT_MS, AMQPEXT_ERESOLVE,
                 "broker.example:5672: there is no such name");
    names_answer(NULL);
}

static void an_address_that_refuses_costs_no_time(void **state)
{
    static const char *const both[] = {"127.0.0.2", "127.0.0.1", NULL};
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});
    struct closed_port closed = closed_port_on("127.0.0.2", peer_port(peer));

    (void)state;
    names_answer(both);
    assert_reaches("broker.example", peer_port(peer));
    names_answer(NULL);
    close(closed.fd);
    peer_stop(peer);
}

/* Connecting to that address fails in the very call, before anything could be watched. */
static void an_address_that_fails_at_once_leaves_other_descriptors_alone(void **state)
{
    static const char *const both[] = {"255.255.255.255", "127.0.0.1", NULL};
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});

    (void)state;
    assert_int_not_equal(fcntl(0, F_GETFD), -1);
    names_answer(both);
    assert_reaches("broker.example", peer_port(peer));
    names_answer(NULL);
    assert_fails("255.255.255.255", peer_port(peer), REACH_TIMEOUT_MS, AMQPEXT_ECONNECTION, "");
    assert_int_not_equal(fcntl(0, F_GETFD), -1);
    peer_stop(peer);
}

static void an_address_that_leads_nowhere_costs_a_head_start_only(void **state)
{
    static const char *const both[] = {"127.0.0.2", "127.0.0.1", NULL};
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});
    struct peer *deaf = peer_start(
        &(struct peer_options){.address = "127.0.0.2", .port = peer_port(peer), .is_deaf = true});
    const uint64_t before_us = monotonic_us();

    (void)state;
    names_answer(both);
    assert_reaches("broker.example", peer_port(peer));
    assert_true(monotonic_us() - before_us >= 200000);
    names_answer(NULL);
    peer_stop(deaf);
    peer_stop(peer);
}

static void the_first_failure_is_told_when_all_addresses_fail(void **state)
{
    static const char *const both[] = {"127.0.0.3", "127.0.0.2", NULL};
    struct closed_port first = closed_port_on("127.0.0.3", 0);
    struct closed_port second = closed_port_on("127.0.0.2", first.port);

    (void)state;
    names_answer(both);
    assert_fails("broker.example", first.port, REACH_TIMEOUT_MS, AMQPEXT_ECONNECTION,
                 "(127.0.0.3): Connection refused");
    names_answer(NULL);
    close(first.fd);
    close(second.fd);
}

static void assert_takes_about(unsigned timeout_ms, uint64_t since_us)
{
    const uint64_t took_us = monotonic_us() - since_us;

    assert_true(took_us >= UINT64_C(1000) * timeout_ms);
    assert_true(took_us < UINT64_C(10000) * timeout_ms);
}

static void a_peer_that_does_not_accept_meets_the_deadline(void **state)
{
    struct peer *deaf = peer_start(&(struct peer_options){.is_deaf = true});
    const uint64_t before_us = monotonic_us();

    (void)state;
    assert_fails("127.0.0.1", peer_port(deaf), 500, AMQPEXT_ETIMEDOUT, "connecting took too long");
    assert_takes_about(500, before_us);
    peer_stop(deaf);
}

static void a_name_service_that_is_silent_meets_the_deadline(void **state)
{
    const unsigned before = names_done();
    const uint64_t before_us = monotonic_us();

    (void)state;
    names_hold();
    assert_fails("broker.example", 5672, 500, AMQPEXT_ETIMEDOUT,
                 "resolving the name took too long");
    assert_takes_about(500, before_us);
    names_fail(EAI_NONAME, 0);
    names_release();
    names_wait_done(before + 1);
    names_answer(NULL);
}

static struct dial *begun(struct endpoint *endpoint, const char *url, bool is_stepped)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct stream *stream;
    struct dial *dial;

    assert_int_equal(amqpext__endpoint_make(url, NULL, endpoint, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext__dial_new(endpoint, &endpoint->hosts[0],
                                       monotonic_us() + UINT64_C(1000) * REACH_TIMEOUT_MS, &dial,
                                       NULL),
                     AMQPEXT_OK);
    assert_int_equal(amqpext__dial_due_us(dial), 0);
    if (is_stepped)
        assert_int_equal(amqpext__dial_step(dial, &stream, &error), DIAL_PENDING);
    return dial;
}

static void a_dial_may_be_freed_at_any_time(void **state)
{
    struct peer *deaf = peer_start(&(struct peer_options){.is_deaf = true});
    const unsigned before = names_done();
    struct endpoint endpoint;

    (void)state;
    amqpext__dial_free(NULL);
    amqpext__dial_free(begun(&endpoint, "amqp://127.0.0.1", false));
    amqpext__endpoint_free(&endpoint);
    amqpext__dial_free(begun(&endpoint, url_of("127.0.0.1", peer_port(deaf)), true));
    amqpext__endpoint_free(&endpoint);
    names_fail(EAI_NONAME, 0);
    names_hold();
    amqpext__dial_free(begun(&endpoint, "amqp://broker.example", true));
    /* The thread of the resolver knows nothing of the endpoint. */
    amqpext__endpoint_free(&endpoint);
    names_release();
    names_wait_done(before + 1);
    names_answer(NULL);
    peer_stop(deaf);
}

static void a_dial_can_be_watched_inside_of_another_epoll(void **state)
{
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});
    const int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    enum dial_result result = DIAL_PENDING;
    struct stream *stream = NULL;
    struct endpoint endpoint;
    struct dial *dial = begun(&endpoint, url_of("localhost", peer_port(peer)), false);

    (void)state;
    assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, amqpext__dial_fd(dial), &event), 0);
    result = amqpext__dial_step(dial, &stream, NULL);
    while (result == DIAL_PENDING) {
        /* Neither the head start nor the deadline is needed here. */
        assert_int_equal(epoll_wait(outer, &event, 1, REACH_TIMEOUT_MS), 1);
        result = amqpext__dial_step(dial, &stream, NULL);
    }
    assert_int_equal(result, DIAL_DONE);
    assert_true(amqpext__dial_due_us(dial) == NEVER);
    amqpext__dial_free(dial);
    amqpext__stream_free(stream);
    amqpext__endpoint_free(&endpoint);
    close(outer);
    peer_stop(peer);
}

static void running_out_of_descriptors_is_told_as_such(void **state)
{
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});
    const char *url = url_of("localhost", peer_port(peer));
    const int first_free = fcntl(0, F_DUPFD_CLOEXEC, 0);
    struct rlimit before, few;
    struct reach to;
    rlim_t n;

    (void)state;
    close(first_free);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    for (n = 0;; n++) {
        bool is_reached;

        few.rlim_cur = (rlim_t)first_free + n;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        is_reached = reach(&to, url, NULL, REACH_TIMEOUT_MS);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        reach_end(&to);
        if (is_reached)
            break;
        assert_true(amqpext_status_is_temporary(to.error.status));
        if (n == 0)
            assert_int_equal(to.error.status, AMQPEXT_ERESOURCES);
        assert_true(n < 100);
    }
    assert_true(n >= 2);
    peer_stop(peer);
}

static void dial_with_little_memory(void *context)
{
    struct reach to;

    if (!reach(&to, context, NULL, REACH_TIMEOUT_MS))
        assert_int_equal(to.error.status, AMQPEXT_ENOMEM);
    reach_end(&to);
}

static void running_out_of_memory_is_survived(void **state)
{
    struct peer *peer = peer_start(&(struct peer_options){.port = 0});
    char url[64];

    (void)state;
    snprintf(url, sizeof(url), "amqp://localhost:%u", (unsigned)peer_port(peer));
    /* An endpoint, a dial, a resolver and a stream. */
    assert_true(oom_for_every_allocation(dial_with_little_memory, url) >= 4);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_and_the_name_of_this_machine_are_reached),
        cmocka_unit_test(an_ipv6_address_is_reached),
        cmocka_unit_test(a_connection_sends_at_once_and_probes_a_silent_peer),
        cmocka_unit_test(a_refusal_is_told_with_host_and_reason),
        cmocka_unit_test(a_name_that_cannot_be_resolved_is_told_as_such),
        cmocka_unit_test(an_address_that_refuses_costs_no_time),
        cmocka_unit_test(an_address_that_fails_at_once_leaves_other_descriptors_alone),
        cmocka_unit_test(an_address_that_leads_nowhere_costs_a_head_start_only),
        cmocka_unit_test(the_first_failure_is_told_when_all_addresses_fail),
        cmocka_unit_test(a_peer_that_does_not_accept_meets_the_deadline),
        cmocka_unit_test(a_name_service_that_is_silent_meets_the_deadline),
        cmocka_unit_test(a_dial_may_be_freed_at_any_time),
        cmocka_unit_test(a_dial_can_be_watched_inside_of_another_epoll),
        cmocka_unit_test(running_out_of_descriptors_is_told_as_such),
        cmocka_unit_test(running_out_of_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
