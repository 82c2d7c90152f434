/* The fake broker of these tests, seen by rabbitmq-c's own client. */
#include "test.h"

#include <poll.h>
#include <sys/socket.h>

#include "support/fake_broker.h"

#if __has_include(<rabbitmq-c/tcp_socket.h>)
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp_tcp_socket.h>
#endif

struct pair {
    struct fake_broker *broker;
    amqp_connection_state_t client;
};

static int open_socket(struct pair *pair)
{
    pair->client = amqp_new_connection();
    return amqp_socket_open(amqp_tcp_socket_new(pair->client), "127.0.0.1",
                            fake_broker_port(pair->broker));
}

static amqp_rpc_reply_t log_in(struct pair *pair)
{
    assert_int_equal(open_socket(pair), AMQP_STATUS_OK);
    return amqp_login(pair->client, "/", 0, 8192, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
}

static struct pair start(const struct fake_broker_options *options)
{
    struct pair pair = {.broker = fake_broker_new(options)};

    assert_int_equal(log_in(&pair).reply_type, AMQP_RESPONSE_NORMAL);
    assert_non_null(amqp_channel_open(pair.client, 1));
    return pair;
}

static void end(struct pair *pair)
{
    amqp_destroy_connection(pair->client);
    assert_null(fake_broker_fault(pair->broker));
    fake_broker_free(pair->broker);
}

static void publish(struct pair *pair, const char *key, const char *body, size_t size)
{
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_MESSAGE_ID_FLAG,
                                          .message_id = amqp_cstring_bytes("id")};

    assert_int_equal(amqp_basic_publish(pair->client, 1, amqp_cstring_bytes("exchange"),
                                        amqp_cstring_bytes(key), 1, 0, &properties,
                                        (amqp_bytes_t){size, (char *)(uintptr_t)body}),
                     AMQP_STATUS_OK);
}

/* The next method that the broker says by itself. */
static void expect(struct pair *pair, amqp_method_number_t method, amqp_frame_t *frame)
{
    struct timeval patience = {.tv_sec = FAKE_BROKER_PATIENCE_S};

    assert_int_equal(amqp_simple_wait_frame_noblock(pair->client, frame, &patience),
                     AMQP_STATUS_OK);
    assert_int_equal(frame->frame_type, AMQP_FRAME_METHOD);
    assert_int_equal(frame->payload.method.id, method);
}

static void writes_down_what_is_published(void **state)
{
    struct pair pair = start(NULL);
    static char large[20000];
    const struct received *what;
    amqp_frame_t frame;

    (void)state;
    memset(large, 'x', sizeof(large));
    assert_non_null(amqp_confirm_select(pair.client, 1));
    publish(&pair, "key", large, sizeof(large));
    publish(&pair, "other", "", 0);
    what = fake_broker_wait(pair.broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    assert_true(fake_bytes_are(((amqp_basic_publish_t *)what->decoded)->routing_key, "key"));
    assert_true(fake_bytes_are(what->properties->message_id, "id"));
    assert_int_equal(what->body_size, sizeof(large));
    assert_memory_equal(what->body, large, sizeof(large));
    expect(&pair, AMQP_BASIC_ACK_METHOD, &frame);
    assert_int_equal(((amqp_basic_ack_t *)frame.payload.method.decoded)->delivery_tag, 1);
    assert_int_equal(fake_broker_wait(pair.broker, AMQP_BASIC_PUBLISH_METHOD, 2)->tag, 2);
    end(&pair);
}

static void confirms_and_returns_as_told(void **state)
{
    struct pair pair = start(NULL);
    const struct received *what;
    amqp_frame_t frame;

    (void)state;
    fake_broker_confirm_by_itself(pair.broker, false);
    assert_non_null(amqp_confirm_select(pair.client, 1));
    publish(&pair, "key", "body", 4);
    what = fake_broker_wait(pair.broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    assert_true(fake_broker_return(pair.broker, what, 312, "NO_ROUTE"));
    assert_true(fake_broker_nack(pair.broker, 0, 1, true));
    expect(&pair, AMQP_BASIC_RETURN_METHOD, &frame);
    assert_int_equal(((amqp_basic_return_t *)frame.payload.method.decoded)->reply_code, 312);
    assert_int_equal(amqp_simple_wait_frame(pair.client, &frame), AMQP_STATUS_OK);
    assert_int_equal(frame.frame_type, AMQP_FRAME_HEADER);
    assert_int_equal(amqp_simple_wait_frame(pair.client, &frame), AMQP_STATUS_OK);
    assert_int_equal(frame.payload.body_fragment.len, 4);
    expect(&pair, AMQP_BASIC_NACK_METHOD, &frame);
    end(&pair);
}

static void delivers_and_knows_what_is_outstanding(void **state)
{
    struct pair pair = start(NULL);
    const struct fake_message message = {
        .routing_key = "key", .body = "12345", .size = 5, .frame_size = 2};
    amqp_envelope_t envelope;

    (void)state;
    assert_int_equal(fake_broker_deliver(pair.broker, 0, &message), 0);
    assert_non_null(
        amqp_queue_declare(pair.client, 1, amqp_empty_bytes, 0, 0, 0, 1, amqp_empty_table));
    assert_non_null(amqp_basic_consume(pair.client, 1, amqp_cstring_bytes("q"), amqp_empty_bytes, 0,
                                       0, 0, amqp_empty_table));
    assert_int_equal(fake_broker_deliver(pair.broker, 0, &message), 1);
    assert_int_equal(amqp_consume_message(pair.client, &envelope, NULL, 0).reply_type,
                     AMQP_RESPONSE_NORMAL);
    assert_true(fake_bytes_are(envelope.message.body, "12345"));
    amqp_destroy_envelope(&envelope);
    assert_int_equal(fake_broker_outstanding(pair.broker, 0), 1);
    assert_int_equal(amqp_basic_ack(pair.client, 1, 1, 0), AMQP_STATUS_OK);
    fake_broker_wait(pair.broker, AMQP_BASIC_ACK_METHOD, 1);
    assert_int_equal(fake_broker_outstanding(pair.broker, 0), 0);
    end(&pair);
}

static void unknown_tag_is_a_fault(void **state)
{
    struct pair pair = start(NULL);
    amqp_frame_t frame;

    (void)state;
    assert_int_equal(amqp_basic_ack(pair.client, 1, 7, 0), AMQP_STATUS_OK);
    expect(&pair, AMQP_CHANNEL_CLOSE_METHOD, &frame);
    assert_int_equal(((amqp_channel_close_t *)frame.payload.method.decoded)->reply_code, 406);
    assert_string_equal(fake_broker_fault(pair.broker),
                        "connection 1: PRECONDITION_FAILED - unknown delivery tag 7");
    amqp_destroy_connection(pair.client);
    fake_broker_free(pair.broker);
}

static void refuses_logins_and_declarations(void **state)
{
    struct pair pair = {.broker = fake_broker_new(NULL)};
    amqp_rpc_reply_t reply;

    (void)state;
    fake_broker_refuse(pair.broker, AMQP_CONNECTION_START_OK_METHOD, 403, "ACCESS_REFUSED", 1);
    reply = log_in(&pair);
    assert_int_equal(reply.reply_type, AMQP_RESPONSE_SERVER_EXCEPTION);
    assert_int_equal(reply.reply.id, AMQP_CONNECTION_CLOSE_METHOD);
    amqp_destroy_connection(pair.client);
    assert_int_equal(log_in(&pair).reply_type, AMQP_RESPONSE_NORMAL);
    assert_non_null(amqp_channel_open(pair.client, 1));
    fake_broker_refuse(pair.broker, AMQP_QUEUE_DECLARE_METHOD, 406, "inequivalent", 1);
    assert_null(
        amqp_queue_declare(pair.client, 1, amqp_cstring_bytes("q"), 0, 1, 0, 0, amqp_empty_table));
    assert_int_equal(amqp_get_rpc_reply(pair.client).reply.id, AMQP_CHANNEL_CLOSE_METHOD);
    end(&pair);
}

static void drops_connections_and_refuses_new_ones(void **state)
{
    struct pair pair = start(NULL);
    struct pollfd event = {.fd = amqp_get_sockfd(pair.client), .events = POLLIN};

    (void)state;
    fake_broker_refuse_connections(pair.broker, true);
    assert_true(fake_broker_drop(pair.broker, 0, FAKE_DROP_RESET));
    assert_int_equal(poll(&event, 1, FAKE_BROKER_PATIENCE_S * 1000), 1);
    assert_true(event.revents & POLLERR);
    assert_false(fake_broker_drop(pair.broker, 0, FAKE_DROP_RESET));
    amqp_destroy_connection(pair.client);
    assert_int_not_equal(open_socket(&pair), AMQP_STATUS_OK);
    amqp_destroy_connection(pair.client);
    fake_broker_refuse_connections(pair.broker, false);
    assert_int_equal(log_in(&pair).reply_type, AMQP_RESPONSE_NORMAL);
    assert_int_equal(fake_broker_count(pair.broker, FAKE_ACCEPTED), 2);
    end(&pair);
}

static void stays_silent_and_slow_as_told(void **state)
{
    struct pair pair = start(NULL);
    struct pollfd event = {.fd = amqp_get_sockfd(pair.client), .events = POLLIN};
    amqp_frame_t frame;
    char byte;

    (void)state;
    fake_broker_stop_writing(pair.broker, true);
    assert_true(fake_broker_block(pair.broker, 0, "memory"));
    assert_int_equal(poll(&event, 1, 50), 0);
    fake_broker_stop_writing(pair.broker, false);
    expect(&pair, AMQP_CONNECTION_BLOCKED_METHOD, &frame);
    fake_broker_delay(pair.broker, 200);
    assert_true(fake_broker_unblock(pair.broker, 0));
    assert_int_equal(poll(&event, 1, 50), 0);
    expect(&pair, AMQP_CONNECTION_UNBLOCKED_METHOD, &frame);
    fake_broker_delay(pair.broker, 0);
    fake_broker_trickle(pair.broker, 1, 50);
    assert_true(fake_broker_raw(pair.broker, 1, "ab", 2));
    assert_int_equal(poll(&event, 1, FAKE_BROKER_PATIENCE_S * 1000), 1);
    assert_int_equal(recv(event.fd, &byte, 1, 0), 1);
    assert_int_equal(poll(&event, 1, 0), 0);
    assert_true(fake_broker_stays_at(pair.broker, AMQP_CHANNEL_OPEN_METHOD, 1, 1));
    end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_down_what_is_published),
        cmocka_unit_test(confirms_and_returns_as_told),
        cmocka_unit_test(delivers_and_knows_what_is_outstanding),
        cmocka_unit_test(unknown_tag_is_a_fault),
        cmocka_unit_test(refuses_logins_and_declarations),
        cmocka_unit_test(drops_connections_and_refuses_new_ones),
        cmocka_unit_test(stays_silent_and_slow_as_told),
    };

    return cmocka_run_group_tests_name("fake broker", tests, NULL, NULL);
}
