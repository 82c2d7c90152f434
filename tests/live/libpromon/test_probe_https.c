/*
 * The probe "http" over TLS: certificates of every kind, told whether they are trusted or not.
 */
#include <openssl/pem.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#include "http_servers.h"
#include "support/places.h"

enum { DAY_S = 86400 };

struct tls_row {
    const char *certificate, *more;
    enum promon_verdict verdict;
    enum promon_reason reason;
    bool is_verified;
    int days, chain_days;
};

static const char *certificate(const char *name, char out[512])
{
    const char *folder = getenv("PROMON_TEST_CERTS");

    assert_non_null(folder);
    snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

static bool is_about(int64_t end_s, int days)
{
    const int64_t expected_s = (int64_t)time(NULL) + (int64_t)days * DAY_S;

    return end_s > expected_s - 2 * DAY_S && end_s < expected_s + 2 * DAY_S;
}

static void run_tls_row(const struct tls_row *row)
{
    char path[512], ca[512], more[1024];
    struct tiny_server *server = tiny_server_new(certificate(row->certificate, path), http_answer,
                                                 (void *)(uintptr_t)HTTP_OK);
    struct probed probed;

    snprintf(more, sizeof(more), ", \"bearer_token\": \"secret\", \"ca_file\": \"%s.pem\"%s",
             certificate("ca", ca), row->more);
    http_forget_request();
    probed =
        http_probe("https", tiny_server_port(server), more, LONG_MS, row->verdict, row->reason);
    /* A token is not shown to a server that is not trusted. */
    assert_int_equal(http_was_asked("secret"), row->verdict == PROMON_UP);
    if (!probed.result.has_certificate || probed.result.is_verified != row->is_verified ||
        !is_about(probed.result.not_after_s, row->days) ||
        !is_about(probed.result.chain_not_after_s, row->chain_days))
        fail_msg("%s is told as verified %d, until %ld and %ld", row->certificate,
                 probed.result.is_verified, (long)probed.result.not_after_s,
                 (long)probed.result.chain_not_after_s);
    assert_int_equal(probed.result.phases_ns[PROMON_PHASE_TLS] >= 0, row->verdict == PROMON_UP);
    tiny_server_free(server);
}

static void certificates_are_told_even_when_they_are_not_trusted(void **state)
{
    static const char anyway[] = ", \"verify_ssl\": false";
    static const struct tls_row rows[] = {
        {"server", "", PROMON_UP, PROMON_REASON_NONE, true, 30, 30},
        {"chained", "", PROMON_UP, PROMON_REASON_NONE, true, 30, 10},
        {"expired", "", PROMON_DOWN, PROMON_REASON_TLS_EXPIRED, false, -1, -1},
        {"below", "", PROMON_DOWN, PROMON_REASON_TLS_EXPIRED, false, 30, -1},
        {"unknown", "", PROMON_DOWN, PROMON_REASON_TLS_VERIFY, false, 30, 30},
        {"wrongname", "", PROMON_DOWN, PROMON_REASON_TLS_VERIFY, false, 30, 30},
        {"expired", anyway, PROMON_UP, PROMON_REASON_NONE, false, -1, -1},
        {"unknown", anyway, PROMON_UP, PROMON_REASON_NONE, false, 30, 30},
        {"wrongname", anyway, PROMON_UP, PROMON_REASON_NONE, false, 30, 30},
        {"server", anyway, PROMON_UP, PROMON_REASON_NONE, true, 30, 30},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run_tls_row(&rows[i]);
}

static void half_a_handshake_is_a_timeout_of_the_connection(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, http_never_answer, NULL);

    (void)state;
    http_probe("https", tiny_server_port(server), "", SHORT_MS, PROMON_DOWN,
               PROMON_REASON_CONNECT_TIMEOUT);
    tiny_server_free(server);
    server = tiny_server_new(NULL, http_say, (void *)(uintptr_t)HTTP_OK);
    http_probe("https", tiny_server_port(server), ", \"timeout\": 5", LONG_MS, PROMON_DOWN,
               PROMON_REASON_PROTOCOL);
    tiny_server_free(server);
}

static void a_connection_is_kept_when_told_to(void **state)
{
    char path[512], ca[512], params[1200];
    struct tiny_server *server =
        tiny_server_new(certificate("server", path), http_answer, (void *)(uintptr_t)HTTP_OK);
    struct prober *prober;
    int i;

    (void)state;
    snprintf(params, sizeof(params),
             "{\"url\": \"https://localhost:%u/\", \"ca_file\": \"%s.pem\", \"connect\": \"keep\"}",
             tiny_server_port(server), certificate("ca", ca));
    prober = prober_new(modules_folder(), "http", params);
    for (i = 0; i < 5; i++) {
        const struct probed *probed = prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);

        assert_true(probed->result.has_certificate);
        assert_int_equal(probed->result.phases_ns[PROMON_PHASE_CONNECT] >= 0, i == 0);
    }
    assert_int_equal(tiny_server_connections(server), 1);
    tiny_server_free(server);
    prober_expect(prober, LONG_MS, PROMON_DOWN, PROMON_REASON_REFUSED);
    prober_free(prober);
}

static void a_missing_file_of_certificates_is_a_fault_of_the_probe(void **state)
{
    char path[512];
    struct tiny_server *server =
        tiny_server_new(certificate("server", path), http_answer, (void *)(uintptr_t)HTTP_OK);

    (void)state;
    http_probe("https", tiny_server_port(server), ", \"ca_file\": \"/nowhere\"", LONG_MS,
               PROMON_ERROR, PROMON_REASON_INTERNAL);
    tiny_server_free(server);
}

static void a_client_logs_in_with_its_certificate(void **state)
{
    char path[512], ca[512], client[512], more[2048], ca_file[520];
    struct tiny_server *server =
        tiny_server_new(certificate("server", path), http_answer, (void *)(uintptr_t)HTTP_OK);

    (void)state;
    snprintf(ca_file, sizeof(ca_file), "%s.pem", certificate("ca", ca));
    tiny_server_demand_login(server, ca_file);
    snprintf(more, sizeof(more),
             ", \"ca_file\": \"%s\", \"client_cert\": \"%s.pem\", \"client_key\": \"%s.key\"",
             ca_file, certificate("client", client), client);
    http_probe("https", tiny_server_port(server), more, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    snprintf(more, sizeof(more), ", \"ca_file\": \"%s\"", ca_file);
    http_probe("https", tiny_server_port(server), more, LONG_MS, PROMON_DOWN,
               PROMON_REASON_PROTOCOL);
    snprintf(more, sizeof(more), ", \"ca_file\": \"%s\", \"client_cert\": \"/nowhere\"", ca_file);
    http_probe("https", tiny_server_port(server), more, LONG_MS, PROMON_ERROR,
               PROMON_REASON_INTERNAL);
    tiny_server_free(server);
}

/* The key of the client, locked with a password. */
static void lock_key(const char *from, const char *to)
{
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    EVP_PKEY *key;

    assert_non_null(in);
    assert_non_null(out);
    key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    assert_non_null(key);
    assert_int_equal(
        PEM_write_PrivateKey(out, key, EVP_aes_128_cbc(), NULL, 0, NULL, (void *)"secret"), 1);
    EVP_PKEY_free(key);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* Somebody who knows the password sits at the terminal: it must not be asked for. */
static void nobody_is_asked_for_the_password_of_a_key(void **state)
{
    char path[512], client[512], key[520], locked[] = "/tmp/test_probe_https_XXXXXX", more[2048];
    struct tiny_server *server =
        tiny_server_new(certificate("server", path), http_answer, (void *)(uintptr_t)HTTP_OK);
    const int input = dup(STDIN_FILENO), fd = mkstemp(locked);
    int typed[2];

    (void)state;
    assert_true(input >= 0 && fd >= 0);
    snprintf(key, sizeof(key), "%s.key", certificate("client", client));
    lock_key(key, locked);
    assert_int_equal(pipe(typed), 0);
    assert_int_equal(write(typed[1], "secret\n", 7), 7);
    assert_int_equal(dup2(typed[0], STDIN_FILENO), STDIN_FILENO);
    snprintf(more, sizeof(more),
             ", \"verify_ssl\": false, \"client_cert\": \"%s.pem\", \"client_key\": \"%s\"", client,
             locked);
    http_probe("https", tiny_server_port(server), more, LONG_MS, PROMON_ERROR,
               PROMON_REASON_INTERNAL);
    assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
    close(input);
    close(typed[0]);
    close(typed[1]);
    close(fd);
    unlink(locked);
    tiny_server_free(server);
}

static atomic_bool is_leaving;

static void send_on_or_leave(struct tiny_peer *peer, void *data)
{
    if (http_take_request(peer) && !atomic_load(&is_leaving))
        tiny_say(peer, data);
}

/* The server of a kept probe sends it to one that is not trusted, and later nowhere. */
static void an_old_certificate_is_not_the_reason_of_a_new_failure(void **state)
{
    char path[512], text[256], params[256];
    struct tiny_server *other =
        tiny_server_new(certificate("unknown", path), http_answer, (void *)(uintptr_t)HTTP_OK);
    struct tiny_server *first = tiny_server_new(NULL, send_on_or_leave, text);
    struct prober *prober;

    (void)state;
    atomic_store(&is_leaving, false);
    snprintf(text, sizeof(text),
             "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:%u/\r\n"
             "Content-Length: 0\r\n\r\n",
             tiny_server_port(other));
    snprintf(params, sizeof(params), "{\"url\": \"http://127.0.0.1:%u/\", \"connect\": \"keep\"}",
             tiny_server_port(first));
    prober = prober_new(modules_folder(), "http", params);
    prober_expect(prober, LONG_MS, PROMON_DOWN, PROMON_REASON_TLS_VERIFY);
    atomic_store(&is_leaving, true);
    prober_expect(prober, LONG_MS, PROMON_DOWN, PROMON_REASON_PROTOCOL);
    prober_free(prober);
    tiny_server_free(first);
    tiny_server_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_told_even_when_they_are_not_trusted),
        cmocka_unit_test(half_a_handshake_is_a_timeout_of_the_connection),
        cmocka_unit_test(a_connection_is_kept_when_told_to),
        cmocka_unit_test(a_client_logs_in_with_its_certificate),
        cmocka_unit_test(nobody_is_asked_for_the_password_of_a_key),
        cmocka_unit_test(an_old_certificate_is_not_the_reason_of_a_new_failure),
        cmocka_unit_test(a_missing_file_of_certificates_is_a_fault_of_the_probe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
