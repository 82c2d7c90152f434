/*
 * The probe "amqp": a real RabbitMQ, plain and by TLS, and peers that are none.
 */
#include <stdio.h>

#include "test.h"

#include "servers.h"
#include "support/places.h"

static const char *guest_params(void)
{
    static char out[256];

    snprintf(
        out, sizeof(out),
        "{\"host\": \"127.0.0.1\", \"port\": %s, \"user\": \"guest\", \"password\": \"guest\"}",
        setting("PROMON_TEST_RABBITMQ_PORT"));
    return out;
}

static const char *guarded_params(void)
{
    static char out[512];

    snprintf(out, sizeof(out),
             "{\"host\": \"localhost\", \"port\": \"%s\", \"user\": \"%s\", \"password\": %s, "
             "\"vhost\": \"%s\"}",
             setting("PROMON_TEST_RABBITMQ_PORT"), setting("PROMON_TEST_RABBITMQ_USER"),
             json_of(setting("PROMON_TEST_RABBITMQ_PASSWORD")),
             setting("PROMON_TEST_RABBITMQ_VHOST"));
    return out;
}

static const char *tls_params(void)
{
    static char out[1024];

    snprintf(out, sizeof(out),
             "{\"host\": \"localhost\", \"port\": %s, \"tls\": true, \"ca_file\": \"%s/ca.pem\"}",
             setting("PROMON_TEST_RABBITMQ_TLS_PORT"), setting("PROMON_TEST_RABBITMQ_CERTS"));
    return out;
}

/* The head of a frame with a method of 256 bytes. */
#define KIND(parameters, reason)                                                                 \
    {                                                                                            \
        .module = "amqp", .control = "PROMON_TEST_RABBITMQ_CTL",                                 \
        .password = "PROMON_TEST_RABBITMQ_PASSWORD", .params = (parameters), .frozen = (reason), \
        .beginning = "\1\0\0\0\0\1\0", .beginning_size = 7                                       \
    }

static const struct kind guest_kind = KIND(guest_params, PROMON_REASON_TIMEOUT);
static const struct kind guarded_kind = KIND(guarded_params, PROMON_REASON_TIMEOUT);
static const struct kind tls_kind = KIND(tls_params, PROMON_REASON_CONNECT_TIMEOUT);

static void it_is_up_when_it_opens_a_channel(void **state)
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
        {"{\"password\": \"wrong\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"password\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"user\": \"nobody\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"vhost\": \"none\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"vhost\": \"/\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"vhost\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"user\": \"limited\", \"password\": \"limited\", \"vhost\": \"/\"}", PROMON_UP,
         PROMON_REASON_NONE},
        {"{\"user\": null, \"password\": null, \"vhost\": null}", PROMON_UP, PROMON_REASON_NONE},
    };

    (void)state;
    run_rows(&guarded_kind, rows, sizeof(rows) / sizeof(rows[0]));
}

static void the_broker_is_quoted_without_the_password(void **state)
{
    static const struct row row = {"{\"vhost\": \"none\"}", PROMON_DOWN, PROMON_REASON_AUTH};
    const struct probed probed = run_row(&guarded_kind, &row);

    (void)state;
    assert_non_null(strstr(probed.result.message, "530 NOT_ALLOWED - vhost none not found"));
}

static void run_erlang(const char *expression)
{
    char command[1024];

    snprintf(command, sizeof(command), "'%s' eval '%s' >/dev/null",
             setting("PROMON_TEST_RABBITMQ_CTL"), expression);
    assert_int_equal(system(command), 0);
}

static void a_queue_is_looked_at(void **state)
{
    static const struct row rows[] = {
        {"{\"queue\": \"looked at\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"queue\": \"none\"}", PROMON_DOWN, PROMON_REASON_STATUS},
    };
    struct probed probed;

    (void)state;
    run_erlang("rabbit_amqqueue:declare(rabbit_misc:r(<<\"/\">>, queue, <<\"looked at\">>), true, "
               "false, [], none, <<\"guest\">>).");
    probed = run_row(&guest_kind, &rows[0]);
    assert_int_equal(probed.result.n_values, 2);
    assert_string_equal(probed.result.values[0].key, "messages");
    assert_true(probed.result.values[0].value == 0);
    assert_string_equal(probed.result.values[1].key, "consumers");
    probed = run_row(&guest_kind, &rows[1]);
    assert_non_null(strstr(probed.result.message, "404 NOT_FOUND"));
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

static void a_certificate_can_be_the_login(void **state)
{
    char more[1024];
    const char *certs = setting("PROMON_TEST_RABBITMQ_CERTS");
    const struct row row = {more, PROMON_UP, PROMON_REASON_NONE};

    (void)state;
    snprintf(more, sizeof(more),
             "{\"client_cert\": \"%s/client.pem\", \"client_key\": \"%s/client.key\"}", certs,
             certs);
    (void)run_row(&tls_kind, &row);
}

static void a_broker_with_an_expired_certificate_is_told_with_its_end(void **state)
{
    char path[512];
    struct tiny_server *server;
    struct probed probed;

    (void)state;
    snprintf(path, sizeof(path), "%s/expired", setting("PROMON_TEST_RABBITMQ_CERTS"));
    server = tiny_server_new(path, stay_silent, NULL);
    probed = run_at(&tls_kind, tiny_server_port(server), "", LONG_MS, PROMON_DOWN,
                    PROMON_REASON_TLS_EXPIRED);
    assert_true(probed.result.has_certificate);
    assert_true(probed.result.not_after_s > 0);
    tiny_server_free(server);
}

static void peers_that_are_no_server_do_no_harm(void **state)
{
    (void)state;
    harm_in_every_way(&guarded_kind);
}

struct script {
    const char *text;
    size_t size;
    bool hangs_up;
    enum promon_reason reason;
};

static void play(struct tiny_peer *peer, void *data)
{
    const struct script *script = data;
    char some[4096];

    (void)tiny_receive(peer, some, sizeof(some));
    tiny_send(peer, script->text, script->size);
    if (script->hangs_up)
        (void)tiny_receive(peer, some, sizeof(some));
    else
        tiny_hold(peer);
}

#define TEXT(text) (text), sizeof(text) - 1
/* connection.start with these mechanisms, of 15 bytes. */
#define START(mechanisms) \
    "\1\0\0\0\0\0\x26\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x0f" mechanisms "\0\0\0\5en_US\xce"

static void brokers_that_are_odd_are_understood(void **state)
{
    static const struct script scripts[] = {
        {TEXT("AMQP\3\1\0\0"), true, PROMON_REASON_PROTOCOL},
        {TEXT(START("AMQPLAIN XPLAIN")), false, PROMON_REASON_AUTH},
        {TEXT(START("AMQPLAIN  PLAIN")), true, PROMON_REASON_AUTH},
        {TEXT("\1\0\0\0\0\0\4\0\x0a\0\x0a\xce"), false, PROMON_REASON_PROTOCOL},
        {TEXT("\1\0\0\0\0\0\x0a\0\x0a\0\x0a\0\x09\xff\xff\xff\xff\xce"), false,
         PROMON_REASON_PROTOCOL},
        {TEXT("\1\0\0\xff\xff\xff\xff"), false, PROMON_REASON_PROTOCOL},
        {TEXT("\1\0\0\0\0\0\4\0\x0a\0\x0a\xcd"), false, PROMON_REASON_PROTOCOL},
        {TEXT("\1\0\0\0\0\0\2\0\x0a\xce"), false, PROMON_REASON_PROTOCOL},
        {TEXT("\1\0\0\0\0\0\4\0\x0a\0\x29\xce"), false, PROMON_REASON_PROTOCOL},
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
}

static void wrong_parameters_are_told(void **state)
{
    char params[400], name[300];

    (void)state;
    memset(name, 'v', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    snprintf(params, sizeof(params), "{\"host\": \"a\", \"vhost\": \"%s\"}", name);
    assert_string_equal(prober_refused(modules_folder(), "amqp", params),
                        "params.vhost: expected at most 255 bytes");
    assert_string_equal(
        prober_refused(modules_folder(), "amqp",
                       "{\"host\": \"a\", \"tls\": true, \"client_key\": \"/none\"}"),
        "params.client_key: is nothing without client_cert");
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
}

static void nothing_is_left_behind_over_many_checks(void **state)
{
    (void)state;
    cycle(&guarded_kind, 300, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_up_when_it_opens_a_channel),
        cmocka_unit_test(each_login_ends_as_it_should),
        cmocka_unit_test(the_broker_is_quoted_without_the_password),
        cmocka_unit_test(a_queue_is_looked_at),
        cmocka_unit_test(by_tls_the_certificate_is_told_and_judged),
        cmocka_unit_test(a_certificate_can_be_the_login),
        cmocka_unit_test(a_broker_with_an_expired_certificate_is_told_with_its_end),
        cmocka_unit_test(peers_that_are_no_server_do_no_harm),
        cmocka_unit_test(brokers_that_are_odd_are_understood),
        cmocka_unit_test(wrong_parameters_are_told),
        cmocka_unit_test(deadlines_hold_when_it_is_frozen_and_it_is_refused_when_stopped),
        cmocka_unit_test(a_kept_connection_is_replaced_when_it_breaks),
        cmocka_unit_test(nothing_is_left_behind_over_many_checks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
