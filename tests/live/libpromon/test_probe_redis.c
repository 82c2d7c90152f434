/*
 * The probe "redis": real servers, open, guarded and by TLS, and peers that are none.
 */
#include <stdio.h>

#include "test.h"

#include "servers.h"
#include "support/places.h"

static const char *open_params(void)
{
    static char out[256];

    snprintf(out, sizeof(out), "{\"host\": \"127.0.0.1\", \"port\": %s}",
             setting("PROMON_TEST_REDIS_PORT"));
    return out;
}

static const char *guarded_params(void)
{
    static char out[512];

    snprintf(out, sizeof(out), "{\"host\": \"localhost\", \"port\": \"%s\", \"password\": %s}",
             setting("PROMON_TEST_REDIS_AUTH_PORT"),
             json_of(setting("PROMON_TEST_REDIS_PASSWORD")));
    return out;
}

static const char *tls_params(void)
{
    static char out[1024];

    snprintf(out, sizeof(out),
             "{\"host\": \"localhost\", \"port\": %s, \"tls\": true, \"ca_file\": \"%s/ca.pem\"}",
             setting("PROMON_TEST_REDIS_TLS_PORT"), setting("PROMON_TEST_REDIS_CERTS"));
    return out;
}

#define KIND(parameters, reason)                                                              \
    {                                                                                         \
        .module = "redis", .control = "PROMON_TEST_REDIS_CTL",                                \
        .password = "PROMON_TEST_REDIS_PASSWORD", .params = (parameters), .frozen = (reason), \
        .beginning = "+", .beginning_size = 1                                                 \
    }

static const struct kind open_kind = KIND(open_params, PROMON_REASON_TIMEOUT);
static const struct kind guarded_kind = KIND(guarded_params, PROMON_REASON_TIMEOUT);
static const struct kind tls_kind = KIND(tls_params, PROMON_REASON_CONNECT_TIMEOUT);

static void it_is_up_when_it_answers_ping(void **state)
{
    static const struct row row = {"{}", PROMON_UP, PROMON_REASON_NONE};
    const struct probed probed = run_row(&open_kind, &row);

    (void)state;
    assert_true(probed.result.phases_ns[PROMON_PHASE_CONNECT] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_LOGIN] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_TLS] < 0);
    assert_int_equal(probed.result.n_values, 0);
}

static void each_login_ends_as_it_should(void **state)
{
    static const struct row rows[] = {
        {"{}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"user\": \"default\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"password\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"password\": \"wrong\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"user\": \"nobody\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"user\": \"reader\", \"password\": \"reader\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"user\": \"nothing\", \"password\": \"nothing\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"database\": 15}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"database\": 4000}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"info\": true}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"info\": true, \"user\": \"reader\", \"password\": \"reader\"}", PROMON_DOWN,
         PROMON_REASON_AUTH},
    };

    (void)state;
    run_rows(&guarded_kind, rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_password_where_none_is_wanted_is_refused(void **state)
{
    static const struct row row = {"{\"password\": \"needless\"}", PROMON_DOWN, PROMON_REASON_AUTH};
    const struct probed probed = run_row(&open_kind, &row);

    (void)state;
    assert_string_equal(probed.result.message, "the login was refused: ERR");
}

static void figures_are_told_when_asked_for(void **state)
{
    static const struct row row = {"{\"info\": true}", PROMON_UP, PROMON_REASON_NONE};
    const struct probed probed = run_row(&open_kind, &row);
    unsigned i, found = 0;

    (void)state;
    for (i = 0; i < probed.result.n_values; i++) {
        const struct promon__figure *figure = &probed.result.values[i];

        found += strcmp(figure->key, "connected_clients") == 0 && figure->value >= 1;
        found += strcmp(figure->key, "used_memory_bytes") == 0 && figure->value > 100000;
        found += strcmp(figure->key, "is_master") == 0 && figure->value == 1;
    }
    assert_int_equal(found, 3);
}

static void a_unix_socket_does_as_well(void **state)
{
    char folder[512], more[600];
    struct row row = {more, PROMON_UP, PROMON_REASON_NONE};

    (void)state;
    snprintf(folder, sizeof(folder), "%s", setting("PROMON_TEST_REDIS_CTL"));
    *strrchr(folder, '/') = '\0';
    snprintf(more, sizeof(more), "{\"host\": \"%s/open/socket\", \"port\": null}", folder);
    (void)run_row(&open_kind, &row);
    snprintf(more, sizeof(more), "{\"host\": \"%s/open/none\", \"port\": null}", folder);
    row.verdict = PROMON_DOWN;
    row.reason = PROMON_REASON_REFUSED;
    (void)run_row(&open_kind, &row);
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

/* To Redis the beginning of a handshake is a command without an end. */
static void a_server_without_tls_is_not_waited_for_longer(void **state)
{
    (void)state;
    (void)run_at(&tls_kind, (uint16_t)atoi(setting("PROMON_TEST_REDIS_PORT")), "", SHORT_MS,
                 PROMON_DOWN, PROMON_REASON_CONNECT_TIMEOUT);
    (void)run_at(&open_kind, (uint16_t)atoi(setting("PROMON_TEST_REDIS_TLS_PORT")), "", LONG_MS,
                 PROMON_DOWN, PROMON_REASON_PROTOCOL);
}

static void an_expired_certificate_is_told_with_its_end(void **state)
{
    char path[512];
    struct tiny_server *server;
    struct probed probed;

    (void)state;
    snprintf(path, sizeof(path), "%s/expired", setting("PROMON_TEST_REDIS_CERTS"));
    server = tiny_server_new(path, stay_silent, NULL);
    probed = run_at(&tls_kind, tiny_server_port(server), "", LONG_MS, PROMON_DOWN,
                    PROMON_REASON_TLS_EXPIRED);
    assert_true(probed.result.has_certificate);
    assert_false(probed.result.is_verified);
    assert_true(probed.result.not_after_s > 0);
    tiny_server_free(server);
}

static void peers_that_are_no_server_do_no_harm(void **state)
{
    (void)state;
    harm_in_every_way(&guarded_kind);
}

/* Answers each command with the text. */
static void answer(struct tiny_peer *peer, void *data)
{
    char some[4096];

    while (tiny_receive(peer, some, sizeof(some)) > 0)
        tiny_say(peer, data);
}

static void answers_of_every_kind_are_understood(void **state)
{
    static const struct {
        const char *text;
        enum promon_reason reason;
    } rows[] = {
        {"+PONG\r\n", PROMON_REASON_NONE},
        {"+OK\r\n", PROMON_REASON_PROTOCOL},
        {":1\r\n", PROMON_REASON_PROTOCOL},
        {"$-1\r\n", PROMON_REASON_PROTOCOL},
        {"*1000000000\r\n", PROMON_REASON_PROTOCOL},
        {"$x\r\n", PROMON_REASON_PROTOCOL},
        {"+PONG\r\n+PONG\r\n", PROMON_REASON_PROTOCOL},
        {"-LOADING Redis is loading the dataset in memory\r\n", PROMON_REASON_STATUS},
        {"-MASTERDOWN Link with MASTER is down\r\n", PROMON_REASON_STATUS},
        {"-ERR max number of clients reached\r\n", PROMON_REASON_STATUS},
        {"-DENIED Redis is running in protected mode\r\n", PROMON_REASON_AUTH},
        {"-NOAUTH Authentication required.\r\n", PROMON_REASON_AUTH},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tiny_server *server = tiny_server_new(NULL, answer, (void *)(uintptr_t)rows[i].text);

        (void)run_at(&open_kind, tiny_server_port(server), "", LONG_MS,
                     rows[i].reason == PROMON_REASON_NONE ? PROMON_UP : PROMON_DOWN,
                     rows[i].reason);
        tiny_server_free(server);
    }
}

/* As Redis does with a command that it does not know. */
static void say_the_command_again(struct tiny_peer *peer, void *data)
{
    char some[4096];
    const size_t size = tiny_receive(peer, some, sizeof(some));
    size_t i;

    (void)data;
    for (i = 0; i < size; i++)
        some[i] = some[i] == '\r' || some[i] == '\n' ? ' ' : some[i];
    tiny_say(peer, "-ERR unknown command, with args beginning with: ");
    tiny_send(peer, some, size);
    tiny_say(peer, "\r\n");
    tiny_hold(peer);
}

static void a_server_that_repeats_the_password_is_not_quoted(void **state)
{
    struct tiny_server *server = tiny_server_new(NULL, say_the_command_again, NULL);

    (void)state;
    (void)run_at(&guarded_kind, tiny_server_port(server), "", LONG_MS, PROMON_DOWN,
                 PROMON_REASON_AUTH);
    tiny_server_free(server);
}

static void it_writes_nothing(void **state)
{
    char command[256];
    FILE *keys;
    char answer[64] = "";

    (void)state;
    it_is_up_when_it_answers_ping(state);
    snprintf(command, sizeof(command), "redis-cli -h 127.0.0.1 -p %s dbsize",
             setting("PROMON_TEST_REDIS_PORT"));
    keys = popen(command, "r");
    assert_non_null(keys);
    assert_non_null(fgets(answer, sizeof(answer), keys));
    assert_int_equal(pclose(keys), 0);
    assert_string_equal(answer, "0\n");
}

static void wrong_parameters_are_told(void **state)
{
    const char *folder = modules_folder();

    (void)state;
    assert_string_equal(prober_refused(folder, "redis", "{\"host\": \"\"}"),
                        "params.host: is empty");
    assert_string_equal(prober_refused(folder, "redis", "{\"host\": \"a\", \"user\": \"b\"}"),
                        "params.user: is nothing without a password");
    assert_string_equal(prober_refused(folder, "redis", "{\"host\": \"a\", \"connect\": \"b\"}"),
                        "params.connect: expected \"fresh\" or \"keep\"");
    assert_string_equal(
        prober_refused(folder, "redis", "{\"host\": \"a\", \"tls\": true, \"ca_file\": \"/none\"}"),
        "params.ca_file: cannot be read as PEM");
}

static void deadlines_hold_when_it_is_frozen_and_it_is_refused_when_stopped(void **state)
{
    (void)state;
    freeze_and_stop(&open_kind);
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
    cycle(&tls_kind, 50, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_up_when_it_answers_ping),
        cmocka_unit_test(each_login_ends_as_it_should),
        cmocka_unit_test(a_password_where_none_is_wanted_is_refused),
        cmocka_unit_test(figures_are_told_when_asked_for),
        cmocka_unit_test(a_unix_socket_does_as_well),
        cmocka_unit_test(by_tls_the_certificate_is_told_and_judged),
        cmocka_unit_test(a_server_without_tls_is_not_waited_for_longer),
        cmocka_unit_test(an_expired_certificate_is_told_with_its_end),
        cmocka_unit_test(peers_that_are_no_server_do_no_harm),
        cmocka_unit_test(answers_of_every_kind_are_understood),
        cmocka_unit_test(a_server_that_repeats_the_password_is_not_quoted),
        cmocka_unit_test(it_writes_nothing),
        cmocka_unit_test(wrong_parameters_are_told),
        cmocka_unit_test(deadlines_hold_when_it_is_frozen_and_it_is_refused_when_stopped),
        cmocka_unit_test(a_kept_connection_is_replaced_when_it_breaks),
        cmocka_unit_test(nothing_is_left_behind_over_many_checks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
