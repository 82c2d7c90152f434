/* Connecting to a real broker: logins, TLS, and coming back after it was away. */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>

#include "broker.h"
#include "support/probe.h"

enum { WAIT_MS = 60000, SHORT_MS = 50, LONG_MS = 600000 };

static struct probe_options options_of(const char *url)
{
    const struct probe_options options = {
        .url = url,
        .connection = {.reconnect_min_delay_ms = SHORT_MS,
                       .reconnect_max_delay_ms = 4 * SHORT_MS,
                       .permanent_delay_ms = LONG_MS},
    };

    return options;
}

/* What a try with this URL ends with. */
static struct amqpext_error outcome_of(const struct probe_options *options)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe *probe = probe_start(options);

    amqpext__link_wait_ready(probe_link(probe), WAIT_MS, &error);
    probe_free(probe);
    return error;
}

static struct amqpext_error outcome(const char *login, const char *vhost)
{
    struct probe_options options;
    char url[256];

    snprintf(url, sizeof(url), "amqp://%s@127.0.0.1:%u/%s", login, broker_port(), vhost);
    options = options_of(url);
    return outcome_of(&options);
}

static void guest_is_let_in(void **state)
{
    struct probe_options options = options_of(getenv("AMQPEXT_TEST_URL"));
    struct probe *probe = probe_start(&options);
    char plan[64];

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    snprintf(plan, sizeof(plan), "%.9s", probe_wait(probe, PROBE_PLAN, 1).text);
    assert_string_equal(plan, "RabbitMQ ");
    probe_finish(probe, WAIT_MS);
    assert_int_equal(probe_count_state(probe, AMQPEXT_STATE_WAITING), 0);
    probe_free(probe);
}

static void connection_has_its_name_in_the_lists_of_the_broker(void **state)
{
    struct probe_options options = options_of(getenv("AMQPEXT_TEST_URL"));
    struct probe *probe;
    char answer[256];

    (void)state;
    options.connection.name = "the name of a connection";
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    assert_true(broker_eval(answer, sizeof(answer),
                            "lists:member(<<\"the name of a connection\">>, [N || P <- "
                            "rabbit_networking:connections(), [{client_properties, C}] <- "
                            "[rabbit_reader:info(P, [client_properties])], "
                            "{<<\"connection_name\">>, longstr, N} <- C])."));
    assert_non_null(strstr(answer, "true"));
    probe_free(probe);
}

static void password_may_have_any_characters(void **state)
{
    (void)state;
    assert_int_equal(outcome("suite:p%40ss%3Aw%C3%B6rd%2F%25", "test").status, AMQPEXT_OK);
}

static void wrong_password_is_told(void **state)
{
    const struct amqpext_error error = outcome("guest:wrong", "");

    (void)state;
    assert_int_equal(error.status, AMQPEXT_EAUTH);
    assert_int_equal(error.reply_code, 403);
}

static void virtual_hosts_that_cannot_be_opened_are_told(void **state)
{
    struct amqpext_error error = outcome("guest:guest", "nowhere");

    (void)state;
    assert_int_equal(error.status, AMQPEXT_EVHOST);
    assert_int_equal(error.reply_code, 530);
    error = outcome("limited:limited", "test");
    assert_int_equal(error.status, AMQPEXT_EVHOST);
}

static enum amqpext_status plan_queue(void *data, struct plan *plan, struct amqpext_error *error)
{
    static const struct amqpext_queue QUEUE = {.name = "connect", .exclusive = true};

    (void)data;
    (void)error;
    amqpext__plan_queue(plan, &QUEUE, 1);
    return AMQPEXT_OK;
}

static void missing_permission_is_told(void **state)
{
    struct probe_options options;
    struct amqpext_error error;
    char url[128];

    (void)state;
    snprintf(url, sizeof(url), "amqp://limited:limited@127.0.0.1:%u/", broker_port());
    options = options_of(url);
    options.plan = plan_queue;
    error = outcome_of(&options);
    assert_int_equal(error.status, AMQPEXT_EACCESS);
    assert_int_equal(error.reply_code, 403);
}

static void tls_is_verified(void **state)
{
    struct probe_options options = options_of(getenv("AMQPEXT_TEST_TLS_URL"));
    struct amqpext_error error;
    char url[256];

    (void)state;
    assert_int_equal(outcome_of(&options).status, AMQPEXT_OK);
    /* Without the authority that signed it, the certificate is not accepted. */
    snprintf(url, sizeof(url), "amqps://guest:guest@localhost:%u/", broker_port() + 1);
    options = options_of(url);
    error = outcome_of(&options);
    assert_int_equal(error.status, AMQPEXT_ETLS);
}

static void certificate_logs_in(void **state)
{
    const char *certificates = getenv("AMQPEXT_TEST_CERTS");
    struct probe_options options;
    char url[1024];

    (void)state;
    snprintf(url, sizeof(url),
             "amqps://localhost:%u/?cacertfile=%s/ca.pem&certfile=%s/client.pem&keyfile=%s/"
             "client.key&auth_mechanism=external",
             broker_port() + 1, certificates, certificates, certificates);
    options = options_of(url);
    assert_int_equal(outcome_of(&options).status, AMQPEXT_OK);
}

static enum amqpext_status plan_echo(void *data, struct plan *plan, struct amqpext_error *error)
{
    /* The probe publishes to this name. */
    static const struct amqpext_queue QUEUE = {.name = "key", .exclusive = true};
    const struct consume consume = {.queue = "key", .consumer_tag = "", .no_ack = true};

    (void)data;
    (void)error;
    amqpext__plan_queue(plan, &QUEUE, 1);
    amqpext__plan_confirm_select(plan);
    amqpext__plan_consume(plan, &consume, 2);
    return AMQPEXT_OK;
}

static void messages_of_all_sizes_go_there_and_back(void **state)
{
    static const char *const URLS[] = {"AMQPEXT_TEST_URL", "AMQPEXT_TEST_TLS_URL"};
    enum { COUNT = 100 };
    size_t i, url;

    (void)state;
    for (url = 0; url < 2; url++) {
        struct probe_options options = options_of(getenv(URLS[url]));
        struct probe *probe;

        options.plan = plan_echo;
        probe = probe_start(&options);
        probe_wait(probe, PROBE_READY, 1);
        for (i = 0; i < COUNT; i++)
            probe_publish(probe, i * i * 37);
        for (i = 0; i < COUNT; i++)
            assert_int_equal(probe_wait(probe, PROBE_CONTENT, i + 1).size, i * i * 37);
        assert_int_equal(probe_count(probe, PROBE_LOST), 0);
        probe_free(probe);
    }
}

static void closed_connection_is_made_again(void **state)
{
    struct probe_options options = options_of(getenv("AMQPEXT_TEST_URL"));
    struct probe *probe;
    size_t i;

    (void)state;
    options.plan = plan_queue;
    probe = probe_start(&options);
    for (i = 1; i <= 5; i++) {
        assert_int_equal(probe_wait(probe, PROBE_READY, i).epoch, i);
        assert_true(broker_close_connections());
        assert_int_equal(probe_wait(probe, PROBE_LOST, i).error.reply_code, 320);
    }
    probe_wait(probe, PROBE_READY, 6);
    probe_free(probe);
}

static void broker_that_was_killed_is_found_again(void **state)
{
    struct probe_options options = options_of(getenv("AMQPEXT_TEST_URL"));
    struct probe *probe = probe_start(&options);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    assert_true(broker_service("kill"));
    probe_wait(probe, PROBE_LOST, 1);
    probe_wait_state(probe, AMQPEXT_STATE_WAITING, 3);
    assert_true(broker_service("start"));
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), WAIT_MS, NULL), AMQPEXT_OK);
    probe_free(probe);
}

static void broker_that_is_stopped_is_noticed_by_its_silence(void **state)
{
    struct probe_options options = options_of(getenv("AMQPEXT_TEST_URL"));
    struct amqpext_connection_stats stats;
    struct probe *probe;

    (void)state;
    options.connection.heartbeat_s = 1;
    options.connection.connect_timeout_ms = 500;
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    assert_true(broker_service("sigstop"));
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_ETIMEDOUT);
    assert_true(broker_service("sigcont"));
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), WAIT_MS, NULL), AMQPEXT_OK);
    amqpext__link_stats(probe_link(probe), &stats);
    assert_int_equal(stats.lost_by_silence, 1);
    probe_free(probe);
}

/* An owner that takes no memory of its own. */
static enum amqpext_status small_plan(void *owner, const struct broker *broker, struct plan *plan,
                                      struct amqpext_error *error)
{
    (void)owner;
    (void)broker;
    return plan_queue(NULL, plan, error);
}

static void small_ready(void *owner, uint64_t epoch)
{
    (void)owner;
    (void)epoch;
}

static void small_lost(void *owner, const struct amqpext_error *error, bool is_channel_only)
{
    (void)owner;
    (void)error;
    (void)is_channel_only;
}

static bool small_method(void *owner, const struct method *method)
{
    (void)owner;
    (void)method;
    return true;
}

static bool small_content(void *owner, struct content *content)
{
    (void)owner;
    amqpext__content_free(content);
    return true;
}

struct small {
    struct link *link;
    atomic_bool is_done;
};

static void small_turn(void *owner, uint64_t now_us)
{
    struct small *small = owner;

    (void)now_us;
    if (atomic_load(&small->is_done))
        amqpext__link_finish(small->link, 1000);
}

static uint64_t small_due(void *owner)
{
    (void)owner;
    return NEVER;
}

static const struct link_owner SMALL = {
    .plan = small_plan,
    .ready = small_ready,
    .lost = small_lost,
    .method = small_method,
    .content = small_content,
    .turn = small_turn,
    .due_us = small_due,
};

static void connect_without_memory(void *context)
{
    const struct amqpext_connection_options options = {
        .size = sizeof(options), .reconnect_min_delay_ms = 1, .reconnect_max_delay_ms = 1};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct endpoint endpoint;
    struct small small = {0};

    (void)context;
    if (amqpext__endpoint_make(getenv("AMQPEXT_TEST_URL"), &options, &endpoint, &error) !=
        AMQPEXT_OK) {
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
        return;
    }
    if (amqpext__link_new(&endpoint, &SMALL, &small, &small.link, &error) != AMQPEXT_OK) {
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
        return;
    }
    assert_int_equal(amqpext__link_start(small.link, NULL), AMQPEXT_OK);
    /* What fails for lack of memory is tried again. */
    assert_int_equal(amqpext__link_wait_ready(small.link, WAIT_MS, NULL), AMQPEXT_OK);
    atomic_store(&small.is_done, true);
    amqpext__link_wake(small.link);
    amqpext__link_join(small.link);
    amqpext__link_free(small.link);
}

static void connecting_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(connect_without_memory, NULL) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guest_is_let_in),
        cmocka_unit_test(connection_has_its_name_in_the_lists_of_the_broker),
        cmocka_unit_test(password_may_have_any_characters),
        cmocka_unit_test(wrong_password_is_told),
        cmocka_unit_test(virtual_hosts_that_cannot_be_opened_are_told),
        cmocka_unit_test(missing_permission_is_told),
        cmocka_unit_test(tls_is_verified),
        cmocka_unit_test(certificate_logs_in),
        cmocka_unit_test(messages_of_all_sizes_go_there_and_back),
        cmocka_unit_test(closed_connection_is_made_again),
        cmocka_unit_test(broker_that_was_killed_is_found_again),
        cmocka_unit_test(broker_that_is_stopped_is_noticed_by_its_silence),
        cmocka_unit_test(connecting_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
