/* What a link reads: messages for its owner, and what breaks the protocol. */
#include "test.h"

#include "error.h"
#include "support/faked.h"

static void fail_link(struct probe *probe, void *data)
{
    amqpext__link_fail(probe_link(probe), data);
}

static void owner_may_give_the_connection_up(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    const amqp_connection_close_t *close;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    amqpext__fail(&error, AMQPEXT_EPROTOCOL, "a confirm of nothing");
    probe_run(probe, fail_link, &error);
    assert_string_equal(probe_wait(probe, PROBE_LOST, 1).error.message, "a confirm of nothing");
    close = fake_broker_wait(broker, AMQP_CONNECTION_CLOSE_METHOD, 1)->decoded;
    assert_int_equal(close->reply_code, 503);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_stats(probe).lost_by_protocol, 1);
    faked_end(probe, broker);
}

static void method_that_the_owner_does_not_expect_is_a_protocol_error(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    struct probe *probe;

    (void)state;
    options.refuses_methods = true;
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_ack(broker, 0, 17, false);
    assert_int_equal(probe_wait(probe, PROBE_METHOD, 1).tag, 17);
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_EPROTOCOL);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_stats(probe).lost_by_protocol, 1);
    faked_end(probe, broker);
}

/* What a peer may say that ends the connection, and the reply that it gets. */
static void raw_bytes_are_answered(const char *bytes, size_t size, int reply_code)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    const amqp_connection_close_t *close;

    probe_wait(probe, PROBE_READY, 1);
    fake_broker_raw(broker, 0, bytes, size);
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_EPROTOCOL);
    close = fake_broker_wait(broker, AMQP_CONNECTION_CLOSE_METHOD, 1)->decoded;
    assert_int_equal(close->reply_code, reply_code);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_stats(probe).lost_by_protocol, 1);
    faked_end(probe, broker);
}

#define RAW(bytes, code) raw_bytes_are_answered(bytes, sizeof(bytes) - 1, code)

static void what_breaks_the_protocol_ends_the_connection_with_its_code(void **state)
{
    (void)state;
    RAW("\x07\x00\x00\x00\x00\x00\x00\xce", 501); /* unknown type of frame */
    RAW("\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x1f\xcd", 501); /* no end mark */
    RAW("\x01\x00\x01\x7f\xff\xff\xff", 501); /* too large */
    RAW("\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x50\xce", 502); /* basic.ack without a tag */
    RAW("\x01\x00\x02\x00\x00\x00\x04\x00\x3c\x00\x1f\xce", 504); /* another channel */
    RAW("\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x33\xce", 503); /* close-ok that nobody needs */
    RAW("\x03\x00\x01\x00\x00\x00\x01x\xce", 505); /* body without a header */
    RAW("\x03\x00\x00\x00\x00\x00\x01x\xce", 505); /* body on channel 0 */
    RAW("AMQP\x00\x01\x00\x00", 501); /* another version, too late */
}

static void message_inside_of_a_message_ends_the_connection(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    amqp_basic_deliver_t deliver = {.delivery_tag = 1};

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_send(broker, 0, LINK_CHANNEL, AMQP_BASIC_DELIVER_METHOD, &deliver);
    fake_broker_send(broker, 0, LINK_CHANNEL, AMQP_BASIC_DELIVER_METHOD, &deliver);
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_EPROTOCOL);
    probe_wait(probe, PROBE_READY, 2);
    faked_end(probe, broker);
}

static void messages_are_put_together_and_given_to_the_owner(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    const struct fake_message message = {.body = "in pieces", .size = 9, .frame_size = 2};
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(fake_broker_deliver(broker, 0, &message), 1);
    event = probe_wait(probe, PROBE_CONTENT, 1);
    assert_string_equal(event.text, "in pieces");
    assert_int_equal(event.tag, 1);
    faked_end(probe, broker);
}

static void large_messages_are_read_through_a_growing_buffer(void **state)
{
    enum { SIZE = 300000 };
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    char *body = calloc(1, SIZE);
    const struct fake_message message = {.body = body, .size = SIZE};

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_deliver(broker, 0, &message);
    assert_int_equal(probe_wait(probe, PROBE_CONTENT, 1).size, SIZE);
    faked_end(probe, broker);
    free(body);
}

static void message_beyond_the_limit_is_skipped_and_told(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    const struct fake_message large = {.body = "more than 8", .size = 11, .frame_size = 4};
    const struct fake_message small = {.body = "8 at best", .size = 8};
    struct probe_event event;
    struct probe *probe;

    (void)state;
    options.plan = faked_plan;
    options.connection.max_message_bytes = 8;
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_deliver(broker, 0, &large);
    fake_broker_deliver(broker, 0, &small);
    event = probe_wait(probe, PROBE_METHOD, 1);
    assert_int_equal(event.method, METHOD_BASIC_DELIVER);
    assert_int_equal(event.tag, 1);
    assert_string_equal(probe_wait(probe, PROBE_CONTENT, 1).text, "8 at bes");
    assert_int_equal(probe_stats(probe).lost, 0);
    faked_end(probe, broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owner_may_give_the_connection_up),
        cmocka_unit_test(method_that_the_owner_does_not_expect_is_a_protocol_error),
        cmocka_unit_test(what_breaks_the_protocol_ends_the_connection_with_its_code),
        cmocka_unit_test(message_inside_of_a_message_ends_the_connection),
        cmocka_unit_test(messages_are_put_together_and_given_to_the_owner),
        cmocka_unit_test(large_messages_are_read_through_a_growing_buffer),
        cmocka_unit_test(message_beyond_the_limit_is_skipped_and_told),
    };

    return cmocka_run_group_tests_name("link_input", tests, NULL, NULL);
}
