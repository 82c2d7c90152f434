/*
 * The probe "tls": certificates of every kind, and servers that do not even come so far. When a
 * certificate ends is told whether it is trusted or not.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#include "support/places.h"
#include "support/prober.h"
#include "support/tiny_server.h"

enum { LONG_MS = 60000, SHORT_MS = 500, DAY_S = 86400 };

static const char *certificate(const char *name, char out[512])
{
    const char *folder = getenv("PROMON_TEST_CERTS");

    assert_non_null(folder);
    snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

static struct probed probe(uint16_t port, const char *more, int64_t timeout_ms,
                           enum promon_verdict verdict, enum promon_reason reason)
{
    char params[1024], ca[512];

    snprintf(params, sizeof(params),
             "{\"host\": \"127.0.0.1\", \"port\": %u, \"ca_file\": \"%s.pem\"%s}", port,
             certificate("ca", ca), more);
    return probe_once("tls", params, timeout_ms, verdict, reason);
}

static void hold(struct tiny_peer *peer, void *data)
{
    (void)data;
    tiny_hold(peer);
}

static void say(struct tiny_peer *peer, void *data)
{
    tiny_say(peer, data);
    tiny_hold(peer);
}

/* One record of 16 KiB, byte by byte. */
static void drip(struct tiny_peer *peer, void *data)
{
    char greeting[4096];

    (void)data;
    (void)tiny_receive(peer, greeting, sizeof(greeting));
    tiny_send(peer, "\x16\x03\x03\x40\x00", 5);
    while (tiny_pause(peer, 5))
        tiny_send(peer, "\x02", 1);
}

static void leave(struct tiny_peer *peer, void *data)
{
    (void)peer;
    (void)data;
}

static bool is_about(int64_t end_s, int days)
{
    const int64_t expected_s = (int64_t)time(NULL) + (int64_t)days * DAY_S;

    return end_s > expected_s - 2 * DAY_S && end_s < expected_s + 2 * DAY_S;
}

struct row {
    const char *certificate, *more;
    enum promon_verdict verdict;
    enum promon_reason reason;
    bool is_verified;
    int days, chain_days; /* from today until it ends */
};

static void each_certificate_is_told_as_it_is(void **state)
{
    static const char anyway[] = ", \"verify_ssl\": false";
    static const struct row rows[] = {
        {"server", "", PROMON_UP, PROMON_REASON_NONE, true, 30, 30},
        {"server", ", \"server_name\": \"localhost\"", PROMON_UP, PROMON_REASON_NONE, true, 30, 30},
        {"chained", "", PROMON_UP, PROMON_REASON_NONE, true, 30, 10},
        {"expired", "", PROMON_DOWN, PROMON_REASON_TLS_EXPIRED, false, -1, -1},
        {"below", "", PROMON_DOWN, PROMON_REASON_TLS_EXPIRED, false, 30, -1},
        {"future", "", PROMON_DOWN, PROMON_REASON_TLS_VERIFY, false, 60, 60},
        {"unknown", "", PROMON_DOWN, PROMON_REASON_TLS_VERIFY, false, 30, 30},
        {"wrongname", "", PROMON_DOWN, PROMON_REASON_TLS_VERIFY, false, 30, 30},
        {"wrongname", ", \"server_name\": \"other.example\"", PROMON_UP, PROMON_REASON_NONE, true,
         30, 30},
        {"server", ", \"server_name\": \"other.example\"", PROMON_DOWN, PROMON_REASON_TLS_VERIFY,
         false, 30, 30},
        {"expired", anyway, PROMON_UP, PROMON_REASON_NONE, false, -1, -1},
        {"below", anyway, PROMON_UP, PROMON_REASON_NONE, false, 30, -1},
        {"unknown", anyway, PROMON_UP, PROMON_REASON_NONE, false, 30, 30},
        {"wrongname", anyway, PROMON_UP, PROMON_REASON_NONE, false, 30, 30},
    };
    char path[512];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tiny_server *server =
            tiny_server_new(certificate(rows[i].certificate, path), hold, NULL);
        const struct probed probed =
            probe(tiny_server_port(server), rows[i].more, LONG_MS, rows[i].verdict, rows[i].reason);

        if (!probed.result.has_certificate || probed.result.is_verified != rows[i].is_verified ||
            !is_about(probed.result.not_after_s, rows[i].days) ||
            !is_about(probed.result.chain_not_after_s, rows[i].chain_days))
            fail_msg("row %zu: %s is told as verified %d, until %ld and %ld", i,
                     rows[i].certificate, probed.result.is_verified,
                     (long)probed.result.not_after_s, (long)probed.result.chain_not_after_s);
        assert_true(probed.result.phases_ns[PROMON_PHASE_TLS] >= 0);
        tiny_server_free(server);
    }
}

static void why_a_certificate_is_refused_is_said(void **state)
{
    char path[512];
    struct tiny_server *server = tiny_server_new(certificate("expired", path), hold, NULL);
    const struct probed probed =
        probe(tiny_server_port(server), "", LONG_MS, PROMON_DOWN, PROMON_REASON_TLS_EXPIRED);

    (void)state;
    assert_string_equal(probed.result.message,
                        "certificate \"localhost\": certificate has expired");
    tiny_server_free(server);
}

static void servers_that_are_none_of_tls_are_told_apart(void **state)
{
    static const struct {
        tiny_serve_fn serve;
        const char *data;
        int64_t timeout_ms;
        enum promon_reason reason;
    } rows[] = {
        {hold, NULL, SHORT_MS, PROMON_REASON_CONNECT_TIMEOUT},
        {drip, NULL, SHORT_MS, PROMON_REASON_CONNECT_TIMEOUT},
        {leave, NULL, LONG_MS, PROMON_REASON_PROTOCOL},
        {say, "HTTP/1.1 400 Bad Request\r\n\r\n", LONG_MS, PROMON_REASON_PROTOCOL},
        {say, "\x16\x03\x03", SHORT_MS, PROMON_REASON_CONNECT_TIMEOUT},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tiny_server *server =
            tiny_server_new(NULL, rows[i].serve, (void *)(uintptr_t)rows[i].data);
        const struct probed probed =
            probe(tiny_server_port(server), "", rows[i].timeout_ms, PROMON_DOWN, rows[i].reason);

        assert_false(probed.result.has_certificate);
        tiny_server_free(server);
    }
}

static void a_black_hole_is_a_timeout(void **state)
{
    struct black_hole *hole = black_hole_new();

    (void)state;
    probe(black_hole_port(hole), "", SHORT_MS, PROMON_DOWN, PROMON_REASON_CONNECT_TIMEOUT);
    black_hole_free(hole);
}

static void nobody_there_is_refused(void **state)
{
    uint16_t port;
    const int fd = refused_port(&port);

    (void)state;
    probe(port, "", LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    close(fd);
}

static void the_same_probe_sees_a_certificate_each_time(void **state)
{
    char params[1024], ca[512], path[512];
    struct tiny_server *server = tiny_server_new(certificate("server", path), hold, NULL);
    struct prober *prober;
    int i;

    (void)state;
    snprintf(params, sizeof(params),
             "{\"host\": \"localhost\", \"port\": %u, \"ca_file\": \"%s.pem\"}",
             tiny_server_port(server), certificate("ca", ca));
    prober = prober_new(modules_folder(), "tls", params);
    for (i = 0; i < 20; i++)
        assert_true(
            prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE)->result.has_certificate);
    tiny_server_free(server);
    prober_expect(prober, LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    prober_free(prober);
}

static void a_file_that_is_not_there_is_refused_at_once(void **state)
{
    (void)state;
    assert_string_equal(
        prober_refused(modules_folder(), "tls", "{\"host\": \"h\", \"ca_file\": \"/nowhere\"}"),
        "params.ca_file: cannot be read as PEM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_certificate_is_told_as_it_is),
        cmocka_unit_test(why_a_certificate_is_refused_is_said),
        cmocka_unit_test(servers_that_are_none_of_tls_are_told_apart),
        cmocka_unit_test(a_black_hole_is_a_timeout),
        cmocka_unit_test(nobody_there_is_refused),
        cmocka_unit_test(the_same_probe_sees_a_certificate_each_time),
        cmocka_unit_test(a_file_that_is_not_there_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
