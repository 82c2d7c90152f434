/*
 * The probe "mysql": a real MariaDB, and peers that are none or that want too much.
 */
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "test.h"

#include "servers.h"
#include "support/places.h"

static const char *params_as(const char *user, const char *more)
{
    static char out[1024];

    snprintf(out, sizeof(out),
             "{\"host\": \"localhost\", \"port\": %s, \"user\": \"%s\", \"database\": \"%s\"%s}",
             setting("PROMON_TEST_MYSQL_PORT"), setting(user),
             setting("PROMON_TEST_MYSQL_DATABASE"), more);
    return out;
}

static const char *guarded_params(void)
{
    char more[256];

    snprintf(more, sizeof(more), ", \"password\": %s",
             json_of(setting("PROMON_TEST_MYSQL_PASSWORD")));
    return params_as("PROMON_TEST_MYSQL_USER", more);
}

static const char *open_params(void)
{
    return params_as("PROMON_TEST_MYSQL_OPEN_USER", "");
}

static const char *tls_params(void)
{
    char more[512];

    snprintf(more, sizeof(more), ", \"tls\": true, \"ca_file\": \"%s/ca.pem\"",
             setting("PROMON_TEST_MYSQL_CERTS"));
    return params_as("PROMON_TEST_MYSQL_TLS_USER", more);
}

/* The head of a packet of 80 bytes, and the version of the protocol. */
#define KIND(parameters)                                                                    \
    {                                                                                       \
        .module = "mysql", .control = "PROMON_TEST_MYSQL_CTL",                              \
        .password = "PROMON_TEST_MYSQL_PASSWORD", .params = (parameters),                   \
        .frozen = PROMON_REASON_TIMEOUT, .beginning = "\x50\0\0\0\x0a", .beginning_size = 5 \
    }

static const struct kind open_kind = KIND(open_params);
static const struct kind guarded_kind = KIND(guarded_params);
static const struct kind tls_kind = KIND(tls_params);

static void it_is_up_when_it_answers_a_query(void **state)
{
    static const struct row row = {"{}", PROMON_UP, PROMON_REASON_NONE};
    const struct probed probed = run_row(&guarded_kind, &row);

    (void)state;
    assert_true(probed.result.phases_ns[PROMON_PHASE_CONNECT] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_LOGIN] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_TLS] < 0);
}

static void each_login_ends_as_it_should(void **state)
{
    static const struct row rows[] = {
        {"{\"database\": null}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"password\": \"wrong\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"password\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"user\": \"nobody\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"database\": \"none\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"database\": \"mysql\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"user\": \"encrypted\", \"password\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
    };

    (void)state;
    run_rows(&guarded_kind, rows, sizeof(rows) / sizeof(rows[0]));
}

static void each_query_is_judged(void **state)
{
    static const struct row rows[] = {
        {"{\"query\": \"SELECT 'a b'\", \"expected\": \"a b\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"query\": \"SELECT 'a'\", \"expected\": \"b\"}", PROMON_DOWN, PROMON_REASON_BODY},
        {"{\"query\": \"SELECT NULL\", \"expected\": \"b\"}", PROMON_DOWN, PROMON_REASON_BODY},
        {"{\"query\": \"SELECT NULL\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"query\": \"SELECT REPEAT('x', 70000)\"}", PROMON_DOWN, PROMON_REASON_BODY},
        {"{\"query\": \"SELECT REPEAT('x', 300)\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"query\": \"DO 1\", \"expected\": \"1\"}", PROMON_DOWN, PROMON_REASON_BODY},
        {"{\"query\": \"DO 1\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"query\": \"nonsense\"}", PROMON_DOWN, PROMON_REASON_STATUS},
        {"{\"query\": \"SELECT 1; SELECT 2\"}", PROMON_DOWN, PROMON_REASON_STATUS},
        {"{\"query\": \"CREATE TABLE written (a INT)\"}", PROMON_DOWN, PROMON_REASON_STATUS},
        {"{\"query\": \"SELECT * FROM none.none\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"query\": \"SELECT seq FROM seq_1_to_200000\"}", PROMON_DOWN, PROMON_REASON_PROTOCOL},
    };

    (void)state;
    run_rows(&open_kind, rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_number_is_told_as_a_figure(void **state)
{
    static const struct row row = {"{\"query\": \"SELECT 2.5\", \"expected\": \"2.5\"}", PROMON_UP,
                                   PROMON_REASON_NONE};
    const struct probed probed = run_row(&open_kind, &row);

    (void)state;
    assert_int_equal(probed.result.n_values, 1);
    assert_string_equal(probed.result.values[0].key, "result");
    assert_true(probed.result.values[0].value == 2.5);
}

static void a_kept_connection_asks_again_and_again(void **state)
{
    struct prober *prober =
        prober_new(modules_folder(), "mysql",
                   params_with(&open_kind, "{\"connect\": \"keep\", \"query\": \"SELECT 7\"}"));
    unsigned i;

    (void)state;
    for (i = 0; i < 5; i++)
        (void)prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    prober_free(prober);
}

static void a_query_without_end_is_ended(void **state)
{
    char number[16];
    uint16_t port;

    (void)state;
    snprintf(number, sizeof(number), "%s", setting("PROMON_TEST_MYSQL_PORT"));
    port = (uint16_t)atoi(number);
    (void)run_at(&open_kind, port, ", \"query\": \"SELECT SLEEP(60)\"", SHORT_MS, PROMON_DOWN,
                 PROMON_REASON_TIMEOUT);
}

static void a_unix_socket_does_as_well(void **state)
{
    char more[600];
    struct row row = {more, PROMON_UP, PROMON_REASON_NONE};

    (void)state;
    snprintf(more, sizeof(more), "{\"host\": \"%s\", \"port\": null}",
             setting("PROMON_TEST_MYSQL_SOCKET"));
    (void)run_row(&guarded_kind, &row);
}

static void by_tls_the_certificate_is_told_and_judged(void **state)
{
    static const struct row rows[] = {
        {"{}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"host\": \"127.0.0.1\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"connect\": \"keep\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"server_name\": \"other.example\"}", PROMON_DOWN, PROMON_REASON_TLS_VERIFY},
        {"{\"ca_file\": null}", PROMON_DOWN, PROMON_REASON_TLS_VERIFY},
        {"{\"ca_file\": null, \"verify_ssl\": false}", PROMON_UP, PROMON_REASON_NONE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct probed probed = run_row(&tls_kind, &rows[i]);

        assert_true(probed.result.has_certificate);
        assert_int_equal(probed.result.is_verified, i < 3);
        assert_true(probed.result.phases_ns[PROMON_PHASE_TLS] >= 0);
    }
}

static void peers_that_are_no_server_do_no_harm(void **state)
{
    (void)state;
    harm_in_every_way(&guarded_kind);
}

/* A greeting of MySQL 8, with a nonce of 20 times 'n'. */
#define GREETING(plugin, rest_size)                                                               \
    rest_size                                                                                     \
        "\0\0\0\x0a"                                                                              \
        "8.0.1\0"                                                                                 \
        "\1\0\0\0nnnnnnnn\0\xff\xf7\x2d\2\0\xff\xff\x15\0\0\0\0\0\0\0\0\0\0nnnnnnnnnnnn\0" plugin \
        "\0"

struct script {
    const char *greeting;
    size_t greeting_size;
    const char *answer; /* to the login */
    size_t answer_size;
    enum promon_reason reason;
};

/* How often a peer was told the password. */
static atomic_uint leaks;

static bool holds(const char *data, size_t size, const char *text)
{
    return memmem(data, size, text, strlen(text)) != NULL;
}

static void play(struct tiny_peer *peer, void *data)
{
    const struct script *script = data;
    const char *password = setting("PROMON_TEST_MYSQL_PASSWORD");
    char some[4096];
    size_t size;

    tiny_send(peer, script->greeting, script->greeting_size);
    size = tiny_receive(peer, some, sizeof(some));
    atomic_fetch_add(&leaks, holds(some, size, password));
    tiny_send(peer, script->answer, script->answer_size);
    size = tiny_receive(peer, some, sizeof(some));
    atomic_fetch_add(&leaks, holds(some, size, password));
    tiny_hold(peer);
}

#define TEXT(text) (text), sizeof(text) - 1

static void the_password_is_not_given_to_whoever_asks(void **state)
{
    static const char native[] = GREETING("mysql_native_password", "\x49");
    static const char caching[] = GREETING("caching_sha2_password", "\x49");
    static const struct script scripts[] = {
        {TEXT(native), TEXT("\x16\0\0\2\xfemysql_clear_password\0"), PROMON_REASON_AUTH},
        {TEXT(caching), TEXT("\2\0\0\2\1\4"), PROMON_REASON_AUTH},
        {TEXT(native), TEXT("\1\0\0\2\xfe"), PROMON_REASON_AUTH},
        {TEXT(native), TEXT("\2\0\0\2\1\4"), PROMON_REASON_PROTOCOL},
        {TEXT(native), TEXT("\1\0\0\3\0"), PROMON_REASON_PROTOCOL},
        {TEXT("\x17\0\0\0\xff\x10\4Too many connections"), TEXT(""), PROMON_REASON_STATUS},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct script script = scripts[i];
        struct tiny_server *server = tiny_server_new(NULL, play, &script);

        print_message("script %zu\n", i);
        (void)run_at(&guarded_kind, tiny_server_port(server), "", LONG_MS, PROMON_DOWN,
                     script.reason);
        tiny_server_free(server);
    }
    assert_int_equal(atomic_load(&leaks), 0);
}

static void sha256(const void *one, size_t one_size, const void *other, size_t other_size,
                   unsigned char out[32])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    EVP_DigestUpdate(context, one, one_size);
    EVP_DigestUpdate(context, other, other_size);
    EVP_DigestFinal_ex(context, out, NULL);
    EVP_MD_CTX_free(context);
}

/* As MySQL 8 does it, which has the password hashed twice only. */
static bool proves(const unsigned char proof[32], const char *password)
{
    unsigned char once[32], stored[32], mask[32];
    unsigned i;

    sha256(password, strlen(password), "", 0, once);
    sha256(once, sizeof(once), "", 0, stored);
    sha256(stored, sizeof(stored), "nnnnnnnnnnnnnnnnnnnn", 20, mask);
    for (i = 0; i < sizeof(mask); i++)
        once[i] = proof[i] ^ mask[i];
    sha256(once, sizeof(once), "", 0, mask);
    return memcmp(mask, stored, sizeof(mask)) == 0;
}

/* One packet with its head, which may come in parts; its bytes. */
static size_t receive_packet(struct tiny_peer *peer, unsigned char *out, size_t size)
{
    size_t used = 0, n = 1;

    while (n > 0 && used < size && (used < 4 || used < 4 + (size_t)out[0] + 256 * (size_t)out[1])) {
        n = tiny_receive(peer, out + used, size - used);
        used += n;
    }
    return used;
}

/* Lets in whoever proves the password, to say that there are too many. */
static void play_mysql_8(struct tiny_peer *peer, void *data)
{
    static const char greeting[] = GREETING("caching_sha2_password", "\x49");
    static const char full[] = "\x17\0\0\3\xff\x10\4Too many connections";
    static const char refused[] = "\x06\0\0\2\xff\x15\4Not";
    const size_t at = 4 + 32 + strlen(setting("PROMON_TEST_MYSQL_USER")) + 1;
    unsigned char some[4096];

    (void)data;
    tiny_send(peer, greeting, sizeof(greeting) - 1);
    if (receive_packet(peer, some, sizeof(some)) > at + 33 && some[at] == 32 &&
        proves(some + at + 1, setting("PROMON_TEST_MYSQL_PASSWORD"))) {
        tiny_send(peer, "\2\0\0\2\1\3", 6);
        tiny_send(peer, full, sizeof(full) - 1);
    } else {
        tiny_send(peer, refused, sizeof(refused) - 1);
    }
    tiny_hold(peer);
}

static void the_password_is_proved_to_mysql_8(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, play_mysql_8, NULL);

    (void)state;
    (void)run_at(&guarded_kind, tiny_server_port(server), "", LONG_MS, PROMON_DOWN,
                 PROMON_REASON_STATUS);
    (void)run_at(&guarded_kind, tiny_server_port(server), ", \"password\": \"wrong\"", LONG_MS,
                 PROMON_DOWN, PROMON_REASON_AUTH);
    tiny_server_free(server);
}

static void a_login_that_is_not_known_says_nothing_of_the_server(void **state)
{
    static const char greeting[] = GREETING("mysql_native_password", "\x49");
    struct script script = {TEXT(greeting),
                            TEXT("\x10\0\0\2\xfe"
                                 "client_ed25519\0"),
                            PROMON_REASON_INTERNAL};
    struct tiny_server *server = tiny_server_new(NULL, play, &script);

    (void)state;
    (void)run_at(&guarded_kind, tiny_server_port(server), "", LONG_MS, PROMON_ERROR, script.reason);
    tiny_server_free(server);
}

static void deadlines_hold_when_it_is_frozen_and_it_is_refused_when_stopped(void **state)
{
    (void)state;
    freeze_and_stop(&guarded_kind);
}

static void a_kept_connection_is_replaced_when_it_breaks(void **state)
{
    (void)state;
    keep_through_a_restart(&guarded_kind);
    keep_through_a_restart(&tls_kind);
}

static void nothing_is_left_behind_over_many_checks(void **state)
{
    (void)state;
    cycle(&guarded_kind, 1000, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_up_when_it_answers_a_query),
        cmocka_unit_test(each_login_ends_as_it_should),
        cmocka_unit_test(each_query_is_judged),
        cmocka_unit_test(a_number_is_told_as_a_figure),
        cmocka_unit_test(a_kept_connection_asks_again_and_again),
        cmocka_unit_test(a_query_without_end_is_ended),
        cmocka_unit_test(a_unix_socket_does_as_well),
        cmocka_unit_test(by_tls_the_certificate_is_told_and_judged),
        cmocka_unit_test(peers_that_are_no_server_do_no_harm),
        cmocka_unit_test(the_password_is_not_given_to_whoever_asks),
        cmocka_unit_test(the_password_is_proved_to_mysql_8),
        cmocka_unit_test(a_login_that_is_not_known_says_nothing_of_the_server),
        cmocka_unit_test(deadlines_hold_when_it_is_frozen_and_it_is_refused_when_stopped),
        cmocka_unit_test(a_kept_connection_is_replaced_when_it_breaks),
        cmocka_unit_test(nothing_is_left_behind_over_many_checks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
