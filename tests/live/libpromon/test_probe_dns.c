/*
 * The probe "dns": a name server that answers, refuses, lies, or says nothing at all.
 */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#include "probes/probe_dns_message.h"
#include "support/places.h"
#include "support/prober.h"
#include "support/tiny_server.h"

enum { LONG_MS = 60000, SHORT_MS = 400 };

/* What a server makes of a question of `size` bytes in `message`; the size of what it sends. */
typedef size_t (*reply_fn)(uint8_t *message, size_t size, unsigned nth);

struct name_server {
    int udp;
    struct tiny_server *tcp;
    uint16_t port;
    reply_fn over_udp, over_tcp;
    pthread_t thread;
    atomic_bool is_over;
    atomic_uint asked;
};

static size_t no_answer(uint8_t *message, size_t size, unsigned nth)
{
    (void)message;
    (void)size;
    (void)nth;
    return 0;
}

/* Two addresses, 10.0.0.1 and 10.0.0.2, for whatever is asked. */
static size_t addresses(uint8_t *message, size_t size, unsigned nth)
{
    static const uint8_t records[] = "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\x0a\0\0\1"
                                     "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\2";

    (void)nth;
    message[2] = 0x81;
    message[3] = 0x80;
    message[7] = 2;
    memcpy(message + size, records, sizeof(records) - 1);
    return size + sizeof(records) - 1;
}

static size_t addresses_at_the_second_time(uint8_t *message, size_t size, unsigned nth)
{
    return nth < 2 ? 0 : addresses(message, size, nth);
}

static size_t no_such_name(uint8_t *message, size_t size, unsigned nth)
{
    (void)nth;
    message[2] = 0x81;
    message[3] = 0x83;
    return size;
}

static size_t nothing_of_the_kind(uint8_t *message, size_t size, unsigned nth)
{
    (void)nth;
    message[2] = 0x81;
    return size;
}

static size_t cut_off(uint8_t *message, size_t size, unsigned nth)
{
    (void)nth;
    message[2] = 0x83;
    return size;
}

static size_t foreign(uint8_t *message, size_t size, unsigned nth)
{
    message[0] ^= 0xff;
    return addresses(message, size, nth);
}

static size_t broken(uint8_t *message, size_t size, unsigned nth)
{
    return addresses(message, size, nth) - 3;
}

static size_t garbage(uint8_t *message, size_t size, unsigned nth)
{
    (void)nth;
    memset(message + 2, 0xff, size);
    return size;
}

static void *serve_udp(void *data)
{
    struct name_server *server = data;
    uint8_t message[1024];

    while (!atomic_load(&server->is_over)) {
        struct sockaddr_in peer;
        socklen_t peer_size = sizeof(peer);
        struct pollfd waited = {.fd = server->udp, .events = POLLIN};
        ssize_t size;

        if (poll(&waited, 1, 20) <= 0)
            continue;
        size = recvfrom(server->udp, message, 512, 0, (struct sockaddr *)&peer, &peer_size);
        if (size < 12)
            continue;
        size = (ssize_t)server->over_udp(message, (size_t)size,
                                         atomic_fetch_add(&server->asked, 1) + 1);
        if (size > 0)
            (void)sendto(server->udp, message, (size_t)size, 0, (struct sockaddr *)&peer,
                         peer_size);
    }
    return NULL;
}

static void serve_tcp(struct tiny_peer *peer, void *data)
{
    const struct name_server *server = data;
    uint8_t message[1024];
    size_t size = 0;

    while (size < 2 || size < 2 + (size_t)message[1]) {
        const size_t more = tiny_receive(peer, message + size, 512 - size);

        if (more == 0)
            return;
        size += more;
    }
    size = server->over_tcp(message + 2, size - 2, 1);
    message[0] = (uint8_t)(size >> 8);
    message[1] = (uint8_t)size;
    if (size > 0)
        tiny_send(peer, message, size + 2);
}

/* UDP and TCP on the same port; false: somebody else has one of both. */
static bool take_port(struct name_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    server->tcp = tiny_server_new(NULL, serve_tcp, server);
    server->port = tiny_server_port(server->tcp);
    server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(server->port);
    if (bind(server->udp, (struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    tiny_server_free(server->tcp);
    close(server->udp);
    return false;
}

static void open_server(struct name_server *server, reply_fn over_udp, reply_fn over_tcp)
{
    int attempts = 100;

    memset(server, 0, sizeof(*server));
    server->over_udp = over_udp;
    server->over_tcp = over_tcp;
    while (!take_port(server))
        assert_true(--attempts > 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve_udp, server), 0);
}

static void close_server(struct name_server *server)
{
    atomic_store(&server->is_over, true);
    pthread_join(server->thread, NULL);
    tiny_server_free(server->tcp);
    close(server->udp);
}

static struct probed probe(uint16_t port, const char *more, int64_t timeout_ms,
                           enum promon_verdict verdict, enum promon_reason reason)
{
    char params[512];

    snprintf(params, sizeof(params),
             "{\"server\": \"127.0.0.1\", \"port\": %u, \"name\": \"www.example\"%s}", port, more);
    return probe_once("dns", params, timeout_ms, verdict, reason);
}

static void each_answer_is_told_as_it_is(void **state)
{
    static const struct {
        reply_fn over_udp, over_tcp;
        const char *more;
        int64_t timeout_ms;
        enum promon_verdict verdict;
        enum promon_reason reason;
    } rows[] = {
        {addresses, no_answer, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {addresses, no_answer, ", \"expected\": [\"10.0.0.2\", \"10.0.0.1\"]", LONG_MS, PROMON_UP,
         PROMON_REASON_NONE},
        {addresses, no_answer, ", \"expected\": \"10.0.0.3\"", LONG_MS, PROMON_DOWN,
         PROMON_REASON_BODY},
        {addresses, no_answer, ", \"type\": \"AAAA\"", LONG_MS, PROMON_DOWN, PROMON_REASON_BODY},
        {no_such_name, no_answer, "", LONG_MS, PROMON_DOWN, PROMON_REASON_STATUS},
        {nothing_of_the_kind, no_answer, "", LONG_MS, PROMON_DOWN, PROMON_REASON_BODY},
        {no_answer, addresses, "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {foreign, no_answer, "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {garbage, no_answer, "", SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {broken, no_answer, "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {addresses_at_the_second_time, no_answer, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {cut_off, addresses, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {cut_off, no_answer, "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {cut_off, cut_off, "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {cut_off, broken, "", LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {no_answer, addresses, ", \"transport\": \"tcp\"", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {no_answer, foreign, ", \"transport\": \"tcp\"", LONG_MS, PROMON_DOWN,
         PROMON_REASON_PROTOCOL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct name_server server;

        open_server(&server, rows[i].over_udp, rows[i].over_tcp);
        probe(server.port, rows[i].more, rows[i].timeout_ms, rows[i].verdict, rows[i].reason);
        close_server(&server);
    }
}

static void figures_and_records_are_told(void **state)
{
    struct name_server server;
    struct probed probed;

    (void)state;
    open_server(&server, addresses, no_answer);
    probed = probe(server.port, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    close_server(&server);
    assert_string_equal(probed.result.values[0].key, "answers");
    assert_true(probed.result.values[0].value == 2);
    assert_string_equal(probed.result.values[1].key, "ttl_seconds");
    assert_true(probed.result.values[1].value == 60);
    assert_string_equal(probed.notes, "10.0.0.1\n10.0.0.2\n");
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] >= 0);
}

static void a_server_that_is_not_there_is_refused(void **state)
{
    uint16_t port;
    const int fd = refused_port(&port);

    (void)state;
    probe(port, "", LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    probe(port, ", \"transport\": \"tcp\"", LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    close(fd);
}

static void a_silent_server_over_tcp_is_a_timeout(void **state)
{
    struct black_hole *hole = black_hole_new();

    (void)state;
    probe(black_hole_port(hole), ", \"transport\": \"tcp\"", SHORT_MS, PROMON_DOWN,
          PROMON_REASON_CONNECT_TIMEOUT);
    black_hole_free(hole);
}

static void wrong_parameters_are_refused(void **state)
{
    static const struct {
        const char *params, *message;
    } rows[] = {
        {"{}", "params.name: is missing"},
        {"{\"name\": \"a..b\"}", "params.name: no name of DNS"},
        {"{\"name\": \"\"}", "params.name: no name of DNS"},
        {"{\"name\": \"a\", \"type\": \"ANY\"}",
         "params.type: expected A, AAAA, CNAME, MX, NS, PTR, SOA, SRV or TXT"},
        {"{\"name\": \"a\", \"transport\": \"quic\"}",
         "params.transport: expected \"udp\" or \"tcp\""},
        {"{\"name\": \"a\", \"server\": \"\"}", "params.server: expected an address or a name"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(prober_refused(modules_folder(), "dns", rows[i].params),
                            rows[i].message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_is_told_as_it_is),
        cmocka_unit_test(figures_and_records_are_told),
        cmocka_unit_test(a_server_that_is_not_there_is_refused),
        cmocka_unit_test(a_silent_server_over_tcp_is_a_timeout),
        cmocka_unit_test(wrong_parameters_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
