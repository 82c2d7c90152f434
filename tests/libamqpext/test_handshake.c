/* The login as a machine without a network. */
#include "test.h"

#include "handshake.h"
#include "reply.h"

static const struct endpoint ENDPOINT = {
    .user = "guest",
    .password = "guest",
    .vhost = "/",
    .name = "test",
    .heartbeat_s = 15,
    .frame_max = 131072,
};

static struct method start_method(const char *mechanisms)
{
    struct method method = {.kind = METHOD_CONNECTION_START};

    method.as.start.version_minor = 9;
    method.as.start.mechanisms = bytes_of(mechanisms);
    method.as.start.product = bytes_of("RabbitMQ");
    method.as.start.version = bytes_of("3.10.8");
    method.as.start.has_blocked = true;
    return method;
}

static struct method tune_method(uint32_t frame_max, uint16_t heartbeat_s)
{
    struct method method = {.kind = METHOD_CONNECTION_TUNE};

    method.as.tune.frame_max = frame_max;
    method.as.tune.heartbeat_s = heartbeat_s;
    method.as.tune.channel_max = 2047;
    return method;
}

static struct method close_method(uint16_t code, const char *text)
{
    struct method method = {.kind = METHOD_CONNECTION_CLOSE};

    method.as.close.reply_code = code;
    method.as.close.reply_text = bytes_of(text);
    return method;
}

struct login_test {
    struct handshake handshake;
    struct text out;
    struct amqpext_error error;
};

static void begin(struct login_test *test, const struct endpoint *endpoint)
{
    memset(test, 0, sizeof(*test));
    amqpext__handshake_begin(&test->handshake, endpoint, &test->out);
}

static enum handshake_result feed(struct login_test *test, struct method method)
{
    test->out.size = 0;
    return amqpext__handshake_method(&test->handshake, &method, &test->out, &test->error);
}

static void whole_login_ends_open(void **state)
{
    const struct method open_ok = {.kind = METHOD_CONNECTION_OPEN_OK};
    struct login_test test;

    (void)state;
    begin(&test, &ENDPOINT);
    assert_int_equal(test.out.size, 8);
    assert_memory_equal(test.out.data, "AMQP\0\0\x09\x01", 8);
    assert_int_equal(feed(&test, start_method("AMQPLAIN PLAIN")), HANDSHAKE_GOES_ON);
    assert_true(test.out.size > 100);
    assert_int_equal(feed(&test, tune_method(131072, 60)), HANDSHAKE_GOES_ON);
    assert_int_equal(feed(&test, open_ok), HANDSHAKE_DONE);
    assert_int_equal(test.handshake.heartbeat_s, 15);
    assert_int_equal(test.handshake.broker.frame_max, 131072);
    assert_string_equal(test.handshake.broker.name, "RabbitMQ 3.10.8");
    assert_int_equal(test.handshake.broker.major, 3);
    assert_int_equal(test.handshake.broker.minor, 10);
    text_free(&test.out);
}

static void tuned_with(unsigned ours, uint16_t theirs, unsigned expected)
{
    struct endpoint endpoint = ENDPOINT;
    struct login_test test;

    endpoint.heartbeat_s = ours;
    begin(&test, &endpoint);
    feed(&test, start_method("PLAIN"));
    assert_int_equal(feed(&test, tune_method(0, theirs)), HANDSHAKE_GOES_ON);
    assert_int_equal(test.handshake.heartbeat_s, expected);
    assert_int_equal(test.handshake.broker.frame_max, endpoint.frame_max);
    text_free(&test.out);
}

static void smaller_heartbeat_that_is_not_zero_wins(void **state)
{
    (void)state;
    tuned_with(15, 60, 15);
    tuned_with(60, 15, 15);
    tuned_with(15, 0, 15);
    tuned_with(0, 15, 15);
    tuned_with(0, 0, 0);
}

static void frames_smaller_than_amqp_allows_are_refused(void **state)
{
    struct login_test test;

    (void)state;
    begin(&test, &ENDPOINT);
    feed(&test, start_method("PLAIN"));
    assert_int_equal(feed(&test, tune_method(4095, 60)), HANDSHAKE_FAILED);
    assert_int_equal(test.error.status, AMQPEXT_EPROTOCOL);
    text_free(&test.out);
}

static void mechanism_must_be_offered_as_a_whole_word(void **state)
{
    static const char *const OFFERS[] = {"", "AMQPLAIN", "PLAINER", "XPLAIN PLAI", " "};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(OFFERS) / sizeof(OFFERS[0]); i++) {
        struct login_test test;

        begin(&test, &ENDPOINT);
        assert_int_equal(feed(&test, start_method(OFFERS[i])), HANDSHAKE_FAILED);
        assert_int_equal(test.error.status, AMQPEXT_EAUTH);
        text_free(&test.out);
    }
}

static void certificate_logs_in_by_external(void **state)
{
    struct endpoint endpoint = ENDPOINT;
    struct login_test test;

    (void)state;
    endpoint.tls.external_auth = true;
    begin(&test, &endpoint);
    assert_int_equal(feed(&test, start_method("PLAIN")), HANDSHAKE_FAILED);
    assert_int_equal(test.error.status, AMQPEXT_EAUTH);
    assert_non_null(strstr(test.error.message, "EXTERNAL"));
    text_free(&test.out);
    begin(&test, &endpoint);
    assert_int_equal(feed(&test, start_method("PLAIN EXTERNAL")), HANDSHAKE_GOES_ON);
    assert_non_null(memmem(test.out.data, test.out.size, "EXTERNAL", 8));
    text_free(&test.out);
}

static void refusals_say_what_was_refused(void **state)
{
    struct login_test test;

    (void)state;
    begin(&test, &ENDPOINT);
    feed(&test, start_method("PLAIN"));
    assert_int_equal(feed(&test, close_method(403, "ACCESS_REFUSED")), HANDSHAKE_FAILED);
    assert_int_equal(test.error.status, AMQPEXT_EAUTH);
    assert_int_equal(test.error.reply_code, 403);
    assert_string_equal(test.error.message, "cannot log in: ACCESS_REFUSED");
    assert_true(test.out.size != 0);
    text_free(&test.out);
    begin(&test, &ENDPOINT);
    feed(&test, start_method("PLAIN"));
    feed(&test, tune_method(131072, 60));
    assert_int_equal(feed(&test, close_method(530, "vhost x not found")), HANDSHAKE_FAILED);
    assert_int_equal(test.error.status, AMQPEXT_EVHOST);
    assert_string_equal(test.error.message, "cannot open the virtual host: vhost x not found");
    text_free(&test.out);
}

static void broker_that_stops_is_no_refusal(void **state)
{
    struct login_test test;

    (void)state;
    begin(&test, &ENDPOINT);
    assert_int_equal(feed(&test, close_method(320, "CONNECTION_FORCED")), HANDSHAKE_FAILED);
    assert_int_equal(test.error.status, AMQPEXT_ECONNECTION);
    text_free(&test.out);
}

static void methods_out_of_order_are_a_protocol_error(void **state)
{
    static const enum method_kind KINDS[] = {METHOD_CONNECTION_TUNE, METHOD_CONNECTION_OPEN_OK,
                                             METHOD_CONNECTION_SECURE, METHOD_CONNECTION_BLOCKED,
                                             METHOD_OTHER};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        struct login_test test;

        begin(&test, &ENDPOINT);
        assert_int_equal(feed(&test, (struct method){.kind = KINDS[i]}), HANDSHAKE_FAILED);
        assert_int_equal(test.error.status, AMQPEXT_EPROTOCOL);
        text_free(&test.out);
    }
}

static void second_challenge_is_a_login_we_do_not_know(void **state)
{
    const struct method secure = {.kind = METHOD_CONNECTION_SECURE};
    struct login_test test;

    (void)state;
    begin(&test, &ENDPOINT);
    feed(&test, start_method("PLAIN"));
    assert_int_equal(feed(&test, secure), HANDSHAKE_FAILED);
    assert_int_equal(test.error.status, AMQPEXT_EAUTH);
    text_free(&test.out);
}

static void another_version_is_refused(void **state)
{
    struct method method = start_method("PLAIN");
    struct login_test test;

    (void)state;
    method.as.start.version_minor = 8;
    begin(&test, &ENDPOINT);
    assert_int_equal(feed(&test, method), HANDSHAKE_FAILED);
    assert_int_equal(test.error.status, AMQPEXT_EPROTOCOL);
    text_free(&test.out);
}

static void named(const char *product, const char *version, const char *name, unsigned major,
                  unsigned minor)
{
    struct method method = start_method("PLAIN");
    struct login_test test;

    method.as.start.product = bytes_of(product);
    method.as.start.version = bytes_of(version);
    begin(&test, &ENDPOINT);
    assert_int_equal(feed(&test, method), HANDSHAKE_GOES_ON);
    assert_string_equal(test.handshake.broker.name, name);
    assert_int_equal(test.handshake.broker.major, major);
    assert_int_equal(test.handshake.broker.minor, minor);
    text_free(&test.out);
}

static void versions_are_read_of_rabbitmq_only(void **state)
{
    (void)state;
    named("RabbitMQ", "4.3.0-rc.1", "RabbitMQ 4.3.0-rc.1", 4, 3);
    named("RabbitMQ", "4", "RabbitMQ 4", 4, 0);
    named("RabbitMQ", "", "RabbitMQ", 0, 0);
    named("RabbitMQ", "x.y", "RabbitMQ x.y", 0, 0);
    named("RabbitMQ", "12345678901.5", "RabbitMQ 12345678901.5", 1234, 0);
    named("Qpid", "4.3.0", "Qpid 4.3.0", 0, 0);
    named("", "", "", 0, 0);
    named("a product with a name that is longer than any", "and a version that is as long as it is",
          "a product with a name that is longer t and a version that is as", 0, 0);
}

static void end_of_the_stream_says_where_it_came(void **state)
{
    struct login_test test;
    struct method old = start_method("PLAIN");

    (void)state;
    begin(&test, &ENDPOINT);
    assert_int_equal(amqpext__handshake_ended(&test.handshake, &test.error), AMQPEXT_ECONNECTION);
    feed(&test, start_method("PLAIN"));
    assert_int_equal(amqpext__handshake_ended(&test.handshake, NULL), AMQPEXT_ECONNECTION);
    feed(&test, tune_method(131072, 60));
    assert_int_equal(amqpext__handshake_ended(&test.handshake, NULL), AMQPEXT_ECONNECTION);
    text_free(&test.out);
    old.as.start.has_blocked = false;
    begin(&test, &ENDPOINT);
    feed(&test, old);
    assert_int_equal(amqpext__handshake_ended(&test.handshake, &test.error), AMQPEXT_EAUTH);
    text_free(&test.out);
}

static void log_in_without_memory(void *context)
{
    struct login_test test;

    (void)context;
    begin(&test, &ENDPOINT);
    feed(&test, start_method("PLAIN"));
    /* An answer that was not written is known to be missing: nobody waits for what follows it. */
    assert_true(test.out.failed || test.out.size > 100);
    feed(&test, tune_method(131072, 60));
    text_free(&test.out);
}

static void login_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(log_in_without_memory, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_login_ends_open),
        cmocka_unit_test(smaller_heartbeat_that_is_not_zero_wins),
        cmocka_unit_test(frames_smaller_than_amqp_allows_are_refused),
        cmocka_unit_test(mechanism_must_be_offered_as_a_whole_word),
        cmocka_unit_test(certificate_logs_in_by_external),
        cmocka_unit_test(refusals_say_what_was_refused),
        cmocka_unit_test(broker_that_stops_is_no_refusal),
        cmocka_unit_test(methods_out_of_order_are_a_protocol_error),
        cmocka_unit_test(second_challenge_is_a_login_we_do_not_know),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(versions_are_read_of_rabbitmq_only),
        cmocka_unit_test(end_of_the_stream_says_where_it_came),
        cmocka_unit_test(login_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
