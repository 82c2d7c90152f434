/*
 * The probe "tcp": each way in which a server can answer or not, and what is told of it.
 */
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "support/places.h"
#include "support/prober.h"
#include "support/tiny_server.h"

enum { LONG_MS = 60000, SHORT_MS = 2000 };

static void greet(struct tiny_peer *peer, void *data)
{
    tiny_say(peer, data);
    tiny_hold(peer);
}

static void greet_and_close(struct tiny_peer *peer, void *data)
{
    tiny_say(peer, data);
}

static void answer_ping(struct tiny_peer *peer, void *data)
{
    char asked[64];
    const size_t size = tiny_receive(peer, asked, sizeof(asked));

    (void)data;
    if (size == 6 && memcmp(asked, "PING\r\n", 6) == 0)
        tiny_say(peer, "+PONG\r\n");
    tiny_hold(peer);
}

static void drip(struct tiny_peer *peer, void *data)
{
    while (tiny_pause(peer, 20))
        tiny_say(peer, data);
}

static void flood(struct tiny_peer *peer, void *data)
{
    char block[65536];
    int i;

    (void)data;
    memset(block, 'x', sizeof(block));
    for (i = 0; i < 64; i++)
        tiny_send(peer, block, sizeof(block));
    tiny_hold(peer);
}

static void reset(struct tiny_peer *peer, void *data)
{
    (void)data;
    tiny_reset(peer);
}

static struct probed probe(uint16_t port, const char *more, int64_t timeout_ms,
                           enum promon_verdict verdict, enum promon_reason reason)
{
    char params[512];

    snprintf(params, sizeof(params), "{\"host\": \"127.0.0.1\", \"port\": %u%s}", port, more);
    return probe_once("tcp", params, timeout_ms, verdict, reason);
}

struct row {
    tiny_serve_fn serve;
    const char *data, *more;
    int64_t timeout_ms;
    enum promon_verdict verdict;
    enum promon_reason reason;
};

static void each_server_is_told_as_it_is(void **state)
{
    static const char expects[] = ", \"expect\": \"SSH-2.0\"";
    static const struct row rows[] = {
        {greet, "", "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {greet_and_close, "", "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {reset, NULL, "", LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {greet, "SSH-2.0-OpenSSH\r\n", expects, LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {greet_and_close, "hello SSH-2.0", expects, LONG_MS, PROMON_UP, PROMON_REASON_NONE},
        {answer_ping, NULL, ", \"send\": \"PING\\r\\n\", \"expect\": \"+PONG\"", LONG_MS, PROMON_UP,
         PROMON_REASON_NONE},
        {greet, "220 mail\r\n", expects, SHORT_MS, PROMON_DOWN, PROMON_REASON_BODY},
        {greet_and_close, "220 mail\r\n", expects, LONG_MS, PROMON_DOWN, PROMON_REASON_BODY},
        {greet_and_close, "", expects, LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {reset, NULL, expects, LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL},
        {greet, "", expects, SHORT_MS, PROMON_DOWN, PROMON_REASON_TIMEOUT},
        {drip, "S", expects, SHORT_MS, PROMON_DOWN, PROMON_REASON_BODY},
        {flood, NULL, expects, LONG_MS, PROMON_DOWN, PROMON_REASON_BODY},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tiny_server *server =
            tiny_server_new(NULL, rows[i].serve, (void *)(uintptr_t)rows[i].data);
        const struct probed probed = probe(tiny_server_port(server), rows[i].more,
                                           rows[i].timeout_ms, rows[i].verdict, rows[i].reason);

        assert_true(probed.result.phases_ns[PROMON_PHASE_CONNECT] >= 0);
        assert_false(probed.result.has_certificate);
        tiny_server_free(server);
    }
}

static void nobody_there_is_refused(void **state)
{
    uint16_t port;
    const int fd = refused_port(&port);

    (void)state;
    probe(port, "", LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    close(fd);
}

static void a_black_hole_is_a_timeout_of_the_connection(void **state)
{
    struct black_hole *hole = black_hole_new();

    (void)state;
    probe(black_hole_port(hole), "", SHORT_MS, PROMON_DOWN, PROMON_REASON_CONNECT_TIMEOUT);
    black_hole_free(hole);
}

/* ".invalid" never exists (RFC 2606). */
static void a_name_that_does_not_exist_is_told(void **state)
{
    (void)state;
    probe_once("tcp", "{\"host\": \"nobody.invalid\", \"port\": 80}", SHORT_MS, PROMON_DOWN,
               PROMON_REASON_DNS);
}

static void wrong_parameters_are_refused(void **state)
{
    (void)state;
    assert_string_equal(prober_refused(modules_folder(), "tcp", "{\"host\": \"localhost\"}"),
                        "params.port: is missing");
    assert_string_equal(prober_refused(modules_folder(), "tcp", "{\"host\": \"\", \"port\": 1}"),
                        "params.host: is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_server_is_told_as_it_is),
        cmocka_unit_test(nobody_there_is_refused),
        cmocka_unit_test(a_black_hole_is_a_timeout_of_the_connection),
        cmocka_unit_test(a_name_that_does_not_exist_is_told),
        cmocka_unit_test(wrong_parameters_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
