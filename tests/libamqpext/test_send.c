/* Methods that are sent, but those that declare. */
#include "test.h"

#include "sent/sent.h"

static void connection_begins_with_the_version(void **state)
{
    struct text out = {0};

    (void)state;
    amqpext__send_protocol_header(&out);
    assert_int_equal(out.size, 8);
    assert_memory_equal(out.data, "AMQP\0\0\x09\x01", 8);
    text_free(&out);
}

static void heartbeat_is_an_empty_frame_of_channel_0(void **state)
{
    struct sent sent;
    struct frame frame;

    (void)state;
    sent_begin(&sent);
    amqpext__send_heartbeat(&sent.out);
    frame = sent_frame(&sent);
    assert_int_equal(frame.type, FRAME_HEARTBEAT);
    assert_int_equal(frame.channel, 0);
    assert_int_equal(frame.payload.size, 0);
    sent_end(&sent);
}

static void login_tells_name_and_password_and_capabilities(void **state)
{
    static const char *const capabilities[] = {
        "connection.blocked", "consumer_cancel_notify",       "basic.nack",
        "publisher_confirms", "authentication_failure_close", "exchange_exchange_bindings"};
    const struct login login = {"PLAIN", "me", "secret", "orders 42", "0.1.0"};
    amqp_connection_start_ok_t *method;
    struct sent sent;
    size_t i;

    (void)state;
    sent_begin(&sent);
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_WRITTEN);
    method = sent_method(&sent, 0, AMQP_CONNECTION_START_OK_METHOD);
    assert_sent_bytes(method->mechanism, "PLAIN");
    assert_int_equal(method->response.len, 10);
    assert_memory_equal(method->response.bytes, "\0me\0secret", 10);
    assert_sent_bytes(method->locale, "en_US");
    assert_sent_bytes(sent_field(method->client_properties, "product").value.bytes, "libamqpext");
    assert_sent_bytes(sent_field(method->client_properties, "version").value.bytes, "0.1.0");
    assert_sent_bytes(sent_field(method->client_properties, "connection_name").value.bytes,
                      "orders 42");
    for (i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
        const amqp_table_t able = sent_field(method->client_properties, "capabilities").value.table;

        assert_int_equal(sent_field(able, capabilities[i]).value.boolean, 1);
    }
    sent_end(&sent);
}

static void login_by_certificate_tells_no_password(void **state)
{
    const struct login login = {"EXTERNAL", "me", "secret", "", "0.1.0"};
    amqp_connection_start_ok_t *method;
    struct sent sent;

    (void)state;
    sent_begin(&sent);
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_WRITTEN);
    method = sent_method(&sent, 0, AMQP_CONNECTION_START_OK_METHOD);
    assert_sent_bytes(method->mechanism, "EXTERNAL");
    assert_int_equal(method->response.len, 0);
    sent_end(&sent);
}

static void login_that_is_larger_than_the_first_frame_is_refused(void **state)
{
    char name[FRAME_MIN_MAX + 1];
    const struct login login = {"PLAIN", "me", name, "", "0.1.0"};
    struct sent sent;

    (void)state;
    memset(name, 'n', FRAME_MIN_MAX);
    name[FRAME_MIN_MAX] = '\0';
    sent_begin(&sent);
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_TOO_LARGE);
    assert_int_equal(sent.out.size, SENT_BEFORE);
    name[1000] = '\0';
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_WRITTEN);
    sent_end(&sent);
}

static void methods_of_the_connection_are_sent(void **state)
{
    struct sent tune, open, close, close_ok;
    amqp_connection_tune_ok_t *tuned;
    amqp_connection_close_t *closed;

    (void)state;
    sent_begin(&tune);
    amqpext__send_tune_ok(&tune.out, 1, 131072, 15);
    tuned = sent_method(&tune, 0, AMQP_CONNECTION_TUNE_OK_METHOD);
    assert_int_equal(tuned->channel_max, 1);
    assert_int_equal(tuned->frame_max, 131072);
    assert_int_equal(tuned->heartbeat, 15);
    sent_end(&tune);
    sent_begin(&open);
    amqpext__send_open(&open.out, "/shop");
    assert_sent_bytes(((amqp_connection_open_t *)sent_method(&open, 0, AMQP_CONNECTION_OPEN_METHOD))
                          ->virtual_host,
                      "/shop");
    sent_end(&open);
    sent_begin(&close);
    amqpext__send_connection_close(&close.out, 505, "unexpected frame");
    closed = sent_method(&close, 0, AMQP_CONNECTION_CLOSE_METHOD);
    assert_int_equal(closed->reply_code, 505);
    assert_sent_bytes(closed->reply_text, "unexpected frame");
    sent_end(&close);
    sent_begin(&close_ok);
    amqpext__send_connection_close_ok(&close_ok.out);
    sent_method(&close_ok, 0, AMQP_CONNECTION_CLOSE_OK_METHOD);
    sent_end(&close_ok);
}

static void methods_of_the_channel_are_sent(void **state)
{
    struct sent open, close, close_ok, flow_ok, select;
    amqp_channel_close_t *closed;

    (void)state;
    sent_begin(&open);
    amqpext__send_channel_open(&open.out, SENT_CHANNEL);
    sent_method(&open, SENT_CHANNEL, AMQP_CHANNEL_OPEN_METHOD);
    sent_end(&open);
    sent_begin(&close);
    amqpext__send_channel_close(&close.out, SENT_CHANNEL, 200, "again");
    closed = sent_method(&close, SENT_CHANNEL, AMQP_CHANNEL_CLOSE_METHOD);
    assert_int_equal(closed->reply_code, 200);
    assert_sent_bytes(closed->reply_text, "again");
    sent_end(&close);
    sent_begin(&close_ok);
    amqpext__send_channel_close_ok(&close_ok.out, SENT_CHANNEL);
    sent_method(&close_ok, SENT_CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD);
    sent_end(&close_ok);
    sent_begin(&flow_ok);
    amqpext__send_channel_flow_ok(&flow_ok.out, SENT_CHANNEL, true);
    assert_int_equal(
        ((amqp_channel_flow_ok_t *)sent_method(&flow_ok, SENT_CHANNEL, AMQP_CHANNEL_FLOW_OK_METHOD))
            ->active,
        1);
    sent_end(&flow_ok);
    sent_begin(&select);
    amqpext__send_confirm_select(&select.out, SENT_CHANNEL);
    assert_int_equal(
        ((amqp_confirm_select_t *)sent_method(&select, SENT_CHANNEL, AMQP_CONFIRM_SELECT_METHOD))
            ->nowait,
        0);
    sent_end(&select);
}

static void reason_of_a_close_is_cut_at_255_bytes(void **state)
{
    amqp_connection_close_t *closed;
    struct sent sent;
    char text[301];

    (void)state;
    memset(text, 't', 300);
    text[300] = '\0';
    sent_begin(&sent);
    amqpext__send_connection_close(&sent.out, 541, text);
    closed = sent_method(&sent, 0, AMQP_CONNECTION_CLOSE_METHOD);
    assert_int_equal(closed->reply_text.len, 255);
    sent_end(&sent);
}

static void consumer_is_started_and_cancelled(void **state)
{
    const struct consume consume = {"orders", "me", true, true, NULL};
    struct sent started, limited, cancelled;
    amqp_basic_consume_t *method;
    amqp_basic_qos_t *qos;

    (void)state;
    sent_begin(&started);
    assert_int_equal(amqpext__send_consume(&started.out, SENT_CHANNEL, &consume, SENT_FRAME_MAX),
                     SEND_WRITTEN);
    method = sent_method(&started, SENT_CHANNEL, AMQP_BASIC_CONSUME_METHOD);
    assert_sent_bytes(method->queue, "orders");
    assert_sent_bytes(method->consumer_tag, "me");
    assert_true(method->no_ack && method->exclusive && !method->no_local && !method->nowait);
    sent_end(&started);
    sent_begin(&limited);
    amqpext__send_qos(&limited.out, SENT_CHANNEL, 20, 3000);
    qos = sent_method(&limited, SENT_CHANNEL, AMQP_BASIC_QOS_METHOD);
    assert_true(qos->prefetch_count == 20 && qos->prefetch_size == 3000 && !qos->global);
    sent_end(&limited);
    sent_begin(&cancelled);
    amqpext__send_cancel(&cancelled.out, SENT_CHANNEL, "me");
    assert_sent_bytes(
        ((amqp_basic_cancel_t *)sent_method(&cancelled, SENT_CHANNEL, AMQP_BASIC_CANCEL_METHOD))
            ->consumer_tag,
        "me");
    sent_end(&cancelled);
}

static void verdicts_are_sent(void **state)
{
    const uint64_t tag = UINT64_C(1) << 33;
    struct sent acked, nacked, rejected;
    amqp_basic_ack_t *ack;
    amqp_basic_nack_t *nack;
    amqp_basic_reject_t *reject;

    (void)state;
    sent_begin(&acked);
    amqpext__send_ack(&acked.out, SENT_CHANNEL, tag, true);
    ack = sent_method(&acked, SENT_CHANNEL, AMQP_BASIC_ACK_METHOD);
    assert_true(ack->delivery_tag == tag && ack->multiple);
    sent_end(&acked);
    sent_begin(&nacked);
    amqpext__send_nack(&nacked.out, SENT_CHANNEL, tag, false, true);
    nack = sent_method(&nacked, SENT_CHANNEL, AMQP_BASIC_NACK_METHOD);
    assert_true(nack->delivery_tag == tag && !nack->multiple && nack->requeue);
    sent_end(&nacked);
    sent_begin(&rejected);
    amqpext__send_reject(&rejected.out, SENT_CHANNEL, tag, false);
    reject = sent_method(&rejected, SENT_CHANNEL, AMQP_BASIC_REJECT_METHOD);
    assert_true(reject->delivery_tag == tag && !reject->requeue);
    sent_end(&rejected);
}

static void send_all(void *context)
{
    const struct login login = {"PLAIN", "me", "secret", "orders 42", "0.1.0"};
    const struct amqpext_queue queue = {.name = "orders"};
    struct text out = {0};
    enum send_result declared;

    amqpext__send_channel_open(&out, SENT_CHANNEL);
    amqpext__send_ack(&out, SENT_CHANNEL, 1, true);
    declared = amqpext__send_queue_declare(&out, SENT_CHANNEL, &queue, context, SENT_FRAME_MAX);
    assert_int_equal(declared, out.failed ? SEND_NO_MEMORY : SEND_WRITTEN);
    if (amqpext__send_start_ok(&out, &login) == SEND_WRITTEN)
        assert_false(out.failed);
    text_free(&out);
}

static void sending_survives_without_memory(void **state)
{
    static char text[1000];
    struct amqpext_table *arguments;

    (void)state;
    memset(text, 't', sizeof(text) - 1);
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(arguments, "n", text, NULL), AMQPEXT_OK);
    assert_in_range(oom_for_every_allocation(send_all, arguments), 2, 20);
    amqpext_table_free(arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_begins_with_the_version),
        cmocka_unit_test(heartbeat_is_an_empty_frame_of_channel_0),
        cmocka_unit_test(login_tells_name_and_password_and_capabilities),
        cmocka_unit_test(login_by_certificate_tells_no_password),
        cmocka_unit_test(login_that_is_larger_than_the_first_frame_is_refused),
        cmocka_unit_test(methods_of_the_connection_are_sent),
        cmocka_unit_test(methods_of_the_channel_are_sent),
        cmocka_unit_test(reason_of_a_close_is_cut_at_255_bytes),
        cmocka_unit_test(consumer_is_started_and_cancelled),
        cmocka_unit_test(verdicts_are_sent),
        cmocka_unit_test(sending_survives_without_memory),
    };

    return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}
