/*
 * The probe "postgres": a real server, plain and by TLS, and peers that are none.
 */
#include <stdio.h>
#include <unistd.h>

#include "test.h"

#include "servers.h"
#include "support/places.h"

static const char *params_as(const char *user, const char *more)
{
    static char out[1024];

    snprintf(out, sizeof(out),
             "{\"host\": \"localhost\", \"port\": %s, \"user\": \"%s\", \"database\": \"%s\"%s}",
             setting("PROMON_TEST_POSTGRES_PORT"), setting(user),
             setting("PROMON_TEST_POSTGRES_DATABASE"), more);
    return out;
}

static const char *guarded_params(void)
{
    char more[256];

    snprintf(more, sizeof(more), ", \"password\": %s",
             json_of(setting("PROMON_TEST_POSTGRES_PASSWORD")));
    return params_as("PROMON_TEST_POSTGRES_USER", more);
}

static const char *open_params(void)
{
    return params_as("PROMON_TEST_POSTGRES_OPEN_USER", ", \"sslmode\": \"disable\"");
}

static const char *tls_params(void)
{
    char more[512];

    snprintf(more, sizeof(more), ", \"sslmode\": \"verify-full\", \"sslrootcert\": \"%s/ca.pem\"",
             setting("PROMON_TEST_POSTGRES_CERTS"));
    return params_as("PROMON_TEST_POSTGRES_OPEN_USER", more);
}

/* It offers no TLS; the head of a request to log in, of 256 bytes. */
#define KIND(parameters)                                                                \
    {                                                                                   \
        .module = "postgres", .control = "PROMON_TEST_POSTGRES_CTL",                    \
        .password = "PROMON_TEST_POSTGRES_PASSWORD", .params = (parameters),            \
        .frozen = PROMON_REASON_TIMEOUT, .beginning = "NR\0\0\1\0", .beginning_size = 6 \
    }

static const struct kind open_kind = KIND(open_params);
static const struct kind guarded_kind = KIND(guarded_params);
static const struct kind tls_kind = KIND(tls_params);

static void it_is_up_when_it_answers_a_query(void **state)
{
    static const struct row row = {"{\"sslmode\": \"disable\"}", PROMON_UP, PROMON_REASON_NONE};
    const struct probed probed = run_row(&guarded_kind, &row);

    (void)state;
    assert_true(probed.result.phases_ns[PROMON_PHASE_CONNECT] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_LOGIN] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] >= 0);
    assert_true(probed.result.phases_ns[PROMON_PHASE_TLS] < 0);
    assert_false(probed.result.has_certificate);
    assert_int_equal(probed.result.n_values, 0);
}

static void each_login_ends_as_it_should(void **state)
{
    static const struct row rows[] = {
        {"{}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"password\": \"wrong\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"password\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"user\": \"nobody\", \"password\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"database\": \"none\"}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"database\": null}", PROMON_DOWN, PROMON_REASON_AUTH},
        {"{\"database\": \"a' b\\\\ host=c\"}", PROMON_DOWN, PROMON_REASON_AUTH},
    };

    (void)state;
    run_rows(&guarded_kind, rows, sizeof(rows) / sizeof(rows[0]));
}

static void why_it_refuses_is_told_with_its_code(void **state)
{
    static const struct row row = {"{\"password\": \"wrong\"}", PROMON_DOWN, PROMON_REASON_AUTH};
    const struct probed probed = run_row(&guarded_kind, &row);

    (void)state;
    assert_string_equal(probed.result.message,
                        "28P01: password authentication failed for user \"guarded\"");
}

static void each_query_is_judged(void **state)
{
    static const struct row rows[] = {
        {"{\"query\": \"SELECT 'a b'\", \"expected\": \"a b\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"query\": \"SELECT 'a'\", \"expected\": \"b\"}", PROMON_DOWN, PROMON_REASON_BODY},
        {"{\"query\": \"SELECT NULL\", \"expected\": \"b\"}", PROMON_DOWN, PROMON_REASON_BODY},
        {"{\"query\": \"SELECT NULL\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"query\": \"nonsense\"}", PROMON_DOWN, PROMON_REASON_STATUS},
        {"{\"query\": \"COMMIT; CREATE TABLE a (b int)\"}", PROMON_DOWN, PROMON_REASON_STATUS},
        {"{\"query\": \"CREATE TABLE written (a int)\"}", PROMON_DOWN, PROMON_REASON_STATUS},
        {"{\"query\": \"SELECT a FROM generate_series(3, 5) a\", \"expected\": \"3\"}", PROMON_UP,
         PROMON_REASON_NONE},
        {"{\"query\": \"SELECT 6 / a FROM generate_series(3, 0, -1) a\", \"expected\": \"2\"}",
         PROMON_DOWN, PROMON_REASON_STATUS},
        {"{\"query\": \"SELECT 1 WHERE false\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"query\": \"SELECT 1 WHERE false\", \"expected\": \"1\"}", PROMON_DOWN,
         PROMON_REASON_BODY},
        {"{\"query\": \"SELECT repeat('a', 1000) FROM generate_series(1, 10000000)\"}", PROMON_DOWN,
         PROMON_REASON_PROTOCOL},
        {"{\"expected\": \"2\"}", PROMON_DOWN, PROMON_REASON_BODY},
        {"{\"query\": \"COPY (SELECT 1) TO STDOUT\"}", PROMON_DOWN, PROMON_REASON_PROTOCOL},
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

static void a_query_without_end_is_ended(void **state)
{
    const uint16_t port = (uint16_t)atoi(setting("PROMON_TEST_POSTGRES_PORT"));
    static const char counted[] =
        "{\"query\": \"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'\", "
        "\"expected\": \"0\"}";
    struct prober *prober;
    unsigned i;

    (void)state;
    (void)run_at(&open_kind, port, ", \"query\": \"SELECT pg_sleep(600)\"", SHORT_MS, PROMON_DOWN,
                 PROMON_REASON_TIMEOUT);
    /* By the server too. */
    prober = prober_new(modules_folder(), "postgres", params_with(&open_kind, counted));
    for (i = 0; i < 600 && prober_run(prober, LONG_MS)->result.verdict != PROMON_UP; i++)
        usleep(100000);
    (void)prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    prober_free(prober);
}

static void whoever_looks_at_the_server_sees_who_it_is(void **state)
{
    static const struct row row = {
        "{\"query\": \"SELECT current_setting('application_name')\", \"expected\": \"libpromon\"}",
        PROMON_UP, PROMON_REASON_NONE};

    (void)state;
    (void)run_row(&open_kind, &row);
}

static void a_kept_connection_asks_again_and_leaves_no_transaction(void **state)
{
    struct prober *prober =
        prober_new(modules_folder(), "postgres",
                   params_with(&open_kind, "{\"connect\": \"keep\", \"query\": \"SELECT 7\"}"));
    static const struct row idle = {"{\"query\": \"SELECT count(*) FROM pg_stat_activity WHERE "
                                    "state LIKE 'idle in%'\", \"expected\": \"0\"}",
                                    PROMON_UP, PROMON_REASON_NONE};
    unsigned i;

    (void)state;
    for (i = 0; i < 5; i++)
        (void)prober_expect(prober, LONG_MS, PROMON_UP, PROMON_REASON_NONE);
    (void)run_row(&open_kind, &idle);
    prober_free(prober);
}

static void a_unix_socket_does_as_well(void **state)
{
    char more[600];
    struct row row = {more, PROMON_UP, PROMON_REASON_NONE};

    (void)state;
    snprintf(more, sizeof(more), "{\"host\": \"%s\"}", setting("MINIORM_TEST_POSTGRES_SOCKET"));
    (void)run_row(&guarded_kind, &row);
    row.more = "{\"host\": \"/tmp/none\"}";
    row.verdict = PROMON_DOWN;
    row.reason = PROMON_REASON_REFUSED;
    (void)run_row(&guarded_kind, &row);
}

static void by_tls_the_certificate_is_told_and_judged(void **state)
{
    static const struct row rows[] = {
        {"{}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"host\": \"127.0.0.1\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"sslmode\": \"verify-ca\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"sslmode\": \"require\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"sslmode\": \"prefer\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"connect\": \"keep\"}", PROMON_UP, PROMON_REASON_NONE},
        {"{\"sslrootcert\": null}", PROMON_DOWN, PROMON_REASON_TLS_VERIFY},
        {"{\"sslrootcert\": null, \"sslmode\": \"require\"}", PROMON_UP, PROMON_REASON_NONE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct probed probed = run_row(&tls_kind, &rows[i]);

        assert_true(probed.result.has_certificate);
        assert_int_equal(probed.result.is_verified, i < 6);
        assert_true(probed.result.not_after_s > 0);
        assert_true(probed.result.phases_ns[PROMON_PHASE_TLS] >= 0);
    }
}

/* Shows another certificate of the test's from now on. */
static void show(const char *name)
{
    const char *certs = setting("PROMON_TEST_POSTGRES_CERTS");
    char command[2048];

    snprintf(command, sizeof(command),
             "ask='psql --quiet --no-psqlrc --tuples-only --no-align --host=127.0.0.1 --port=%s "
             "--username=suite --dbname=suite'; "
             "$ask --command=\"ALTER SYSTEM SET ssl_cert_file = '%s/%s.pem'\" "
             "--command=\"ALTER SYSTEM SET ssl_key_file = '%s/%s.key'\" "
             "--command='SELECT pg_reload_conf()' >/dev/null; "
             "for i in $(seq 600); do "
             "test \"$($ask --command='SHOW ssl_cert_file')\" = '%s/%s.pem' && exit; sleep 0.1; "
             "done; exit 1",
             setting("PROMON_TEST_POSTGRES_PORT"), certs, name, certs, name, certs, name);
    assert_int_equal(system(command), 0);
}

static void a_certificate_that_is_refused_is_told_nevertheless(void **state)
{
    static const struct {
        const char *name;
        enum promon_reason reason;
    } rows[] = {
        {"expired", PROMON_REASON_TLS_EXPIRED},
        {"below", PROMON_REASON_TLS_EXPIRED},
        {"unknown", PROMON_REASON_TLS_VERIFY},
        {"wrongname", PROMON_REASON_TLS_VERIFY},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row row = {"{}", PROMON_DOWN, rows[i].reason};
        struct probed probed;

        print_message("%s\n", rows[i].name);
        show(rows[i].name);
        probed = run_row(&tls_kind, &row);
        assert_true(probed.result.has_certificate);
        assert_false(probed.result.is_verified);
        assert_true(probed.result.chain_not_after_s > 0);
        assert_true(probed.result.phases_ns[PROMON_PHASE_QUERY] < 0);
    }
    show("server");
}

static void a_certificate_of_its_own_is_shown(void **state)
{
    const char *certs = setting("PROMON_TEST_POSTGRES_CERTS");
    char more[1024], command[1024], key[] = "/tmp/promon-key-XXXXXX";
    struct row row = {more, PROMON_UP, PROMON_REASON_NONE};

    (void)state;
    close(mkstemp(key));
    snprintf(command, sizeof(command), "cat %s/client.key >%s", certs, key);
    assert_int_equal(system(command), 0);
    snprintf(more, sizeof(more), "{\"sslcert\": \"%s/client.pem\", \"sslkey\": \"%s\"}", certs,
             key);
    (void)run_row(&tls_kind, &row);
    /* Nobody is asked for the password of an encrypted one. */
    snprintf(command, sizeof(command),
             "openssl ec -aes256 -passout pass:x -in %s/client.key -out %s 2>/dev/null", certs,
             key);
    assert_int_equal(system(command), 0);
    row.verdict = PROMON_ERROR;
    row.reason = PROMON_REASON_INTERNAL;
    (void)run_row(&tls_kind, &row);
    unlink(key);
}

static void peers_that_are_no_server_do_no_harm(void **state)
{
    (void)state;
    harm_in_every_way(&guarded_kind);
}

struct script {
    const char *text;
    size_t size;
    enum promon_verdict verdict;
    enum promon_reason reason;
};

static void play(struct tiny_peer *peer, void *data)
{
    const struct script *script = data;
    char some[4096];

    (void)tiny_receive(peer, some, sizeof(some));
    tiny_send(peer, script->text, script->size);
}

#define TEXT(text) (text), sizeof(text) - 1

static void servers_that_say_no_are_understood(void **state)
{
    static const struct script scripts[] = {
        {TEXT("E\0\0\0\x2dSFATAL\0VFATAL\0C57P03\0Mstarting up, wait\0\0"), PROMON_DOWN,
         PROMON_REASON_STATUS},
        {TEXT("E\0\0\0\x22SFATAL\0VFATAL\0C53300\0Mtoo ma\0\0"), PROMON_DOWN, PROMON_REASON_STATUS},
        {TEXT("E\0\0\0\x23SFATAL\0VFATAL\0C28000\0Mno entr\0"), PROMON_DOWN,
         PROMON_REASON_PROTOCOL},
        {TEXT("R\0\0\0\x08\0\0\0\x63"), PROMON_DOWN, PROMON_REASON_PROTOCOL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct script script = scripts[i];
        struct tiny_server *server = tiny_server_new(NULL, play, &script);

        print_message("script %zu\n", i);
        (void)run_at(&open_kind, tiny_server_port(server), "", LONG_MS, script.verdict,
                     script.reason);
        tiny_server_free(server);
    }
}

static void wrong_parameters_are_told(void **state)
{
    (void)state;
    assert_string_equal(
        prober_refused(modules_folder(), "postgres",
                       "{\"host\": \"a\", \"user\": \"b\", \"sslmode\": \"on\"}"),
        "params.sslmode: expected disable, allow, prefer, require, verify-ca or verify-full");
    assert_string_equal(
        prober_refused(modules_folder(), "postgres",
                       "{\"host\": \"a\", \"user\": \"b\", \"sslrootcert\": \"/none\"}"),
        "params.sslrootcert: cannot be read as PEM");
}

static void deadlines_hold_when_it_is_frozen_and_it_is_refused_when_stopped(void **state)
{
    (void)state;
    freeze_and_stop(&guarded_kind);
}

static void a_kept_connection_is_replaced_when_it_breaks(void **state)
{
    (void)state;
    keep_through_a_restart(&open_kind);
    keep_through_a_restart(&tls_kind);
}

static void nothing_is_left_behind_over_many_checks(void **state)
{
    (void)state;
    cycle(&open_kind, 1000, 1000);
    cycle(&tls_kind, 50, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_up_when_it_answers_a_query),
        cmocka_unit_test(each_login_ends_as_it_should),
        cmocka_unit_test(why_it_refuses_is_told_with_its_code),
        cmocka_unit_test(each_query_is_judged),
        cmocka_unit_test(a_number_is_told_as_a_figure),
        cmocka_unit_test(a_query_without_end_is_ended),
        cmocka_unit_test(whoever_looks_at_the_server_sees_who_it_is),
        cmocka_unit_test(a_kept_connection_asks_again_and_leaves_no_transaction),
        cmocka_unit_test(a_unix_socket_does_as_well),
        cmocka_unit_test(by_tls_the_certificate_is_told_and_judged),
        cmocka_unit_test(a_certificate_that_is_refused_is_told_nevertheless),
        cmocka_unit_test(a_certificate_of_its_own_is_shown),
        cmocka_unit_test(peers_that_are_no_server_do_no_harm),
        cmocka_unit_test(servers_that_say_no_are_understood),
        cmocka_unit_test(wrong_parameters_are_told),
        cmocka_unit_test(deadlines_hold_when_it_is_frozen_and_it_is_refused_when_stopped),
        cmocka_unit_test(a_kept_connection_is_replaced_when_it_breaks),
        cmocka_unit_test(nothing_is_left_behind_over_many_checks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
