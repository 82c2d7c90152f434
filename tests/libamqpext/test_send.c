/* Methods that are sent, read back by rabbitmq-c's decoder. */
#include "test.h"

#include "protocol/codec.h"
#include "protocol/send.h"
#include "protocol/table_codec.h"
#include "protocol/wire.h"
#include "tables/random_table.h"

#define CHANNEL 5
#define FRAME_MAX 4096

/* What is sent, and the method that was found in it. */
struct sent {
    struct text out;
    struct codec_pool pool;
    void *decoded;
    struct bytes arguments;
};

static void begin(struct sent *sent)
{
    memset(&sent->out, 0, sizeof(sent->out));
    codec_pool_open(&sent->pool);
    /* What is there already stays. */
    text_string(&sent->out, "before");
}

static void end(struct sent *sent)
{
    codec_pool_close(&sent->pool);
    text_free(&sent->out);
}

/* The one frame behind what was there. */
static struct frame frame_of(const struct sent *sent)
{
    const struct bytes input = {sent->out.data + 6, sent->out.size - 6};
    struct frame frame;
    size_t consumed;

    assert_false(sent->out.failed);
    assert_memory_equal(sent->out.data, "before", 6);
    assert_int_equal(sent->out.data[sent->out.size], '\0');
    assert_int_equal(amqpext__frame_read(input, FRAME_MAX, &frame, &consumed), FRAME_WHOLE);
    assert_int_equal(consumed, input.size);
    return frame;
}

static void *decode(struct sent *sent, uint16_t channel, uint32_t number)
{
    const struct frame frame = frame_of(sent);
    struct wire_reader reader = wire_reader_of(frame.payload);

    assert_int_equal(frame.type, FRAME_METHOD);
    assert_int_equal(frame.channel, channel);
    assert_int_equal(wire_get_32(&reader), number);
    sent->arguments = (struct bytes){reader.at, reader.left};
    assert_int_equal(
        amqp_decode_method(number, &sent->pool.pool, codec_bytes(sent->arguments), &sent->decoded),
        AMQP_STATUS_OK);
    return sent->decoded;
}

static void assert_bytes(amqp_bytes_t bytes, const char *text)
{
    assert_true(bytes_equal(bytes_of_codec(bytes), bytes_of(text)));
}

static amqp_field_value_t find(amqp_table_t table, const char *name)
{
    int i;

    for (i = 0; i < table.num_entries; i++) {
        if (bytes_equal(bytes_of_codec(table.entries[i].key), bytes_of(name)))
            return table.entries[i].value;
    }
    fail_msg("no %s", name);
    return (amqp_field_value_t){0};
}

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
    begin(&sent);
    amqpext__send_heartbeat(&sent.out);
    frame = frame_of(&sent);
    assert_int_equal(frame.type, FRAME_HEARTBEAT);
    assert_int_equal(frame.channel, 0);
    assert_int_equal(frame.payload.size, 0);
    end(&sent);
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
    begin(&sent);
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_WRITTEN);
    method = decode(&sent, 0, AMQP_CONNECTION_START_OK_METHOD);
    assert_bytes(method->mechanism, "PLAIN");
    assert_int_equal(method->response.len, 10);
    assert_memory_equal(method->response.bytes, "\0me\0secret", 10);
    assert_bytes(method->locale, "en_US");
    assert_bytes(find(method->client_properties, "product").value.bytes, "libamqpext");
    assert_bytes(find(method->client_properties, "version").value.bytes, "0.1.0");
    assert_bytes(find(method->client_properties, "connection_name").value.bytes, "orders 42");
    for (i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
        const amqp_table_t able = find(method->client_properties, "capabilities").value.table;

        assert_int_equal(find(able, capabilities[i]).value.boolean, 1);
    }
    end(&sent);
}

static void login_by_certificate_tells_no_password(void **state)
{
    const struct login login = {"EXTERNAL", "me", "secret", "", "0.1.0"};
    amqp_connection_start_ok_t *method;
    struct sent sent;

    (void)state;
    begin(&sent);
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_WRITTEN);
    method = decode(&sent, 0, AMQP_CONNECTION_START_OK_METHOD);
    assert_bytes(method->mechanism, "EXTERNAL");
    assert_int_equal(method->response.len, 0);
    end(&sent);
}

static void login_that_is_larger_than_the_first_frame_is_refused(void **state)
{
    char name[FRAME_MIN_MAX + 1];
    const struct login login = {"PLAIN", "me", name, "", "0.1.0"};
    struct sent sent;

    (void)state;
    memset(name, 'n', FRAME_MIN_MAX);
    name[FRAME_MIN_MAX] = '\0';
    begin(&sent);
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_TOO_LARGE);
    assert_int_equal(sent.out.size, 6);
    name[1000] = '\0';
    assert_int_equal(amqpext__send_start_ok(&sent.out, &login), SEND_WRITTEN);
    end(&sent);
}

static void methods_of_the_connection_are_sent(void **state)
{
    struct sent tune, open, close, close_ok;
    amqp_connection_tune_ok_t *tuned;
    amqp_connection_close_t *closed;

    (void)state;
    begin(&tune);
    amqpext__send_tune_ok(&tune.out, 1, 131072, 15);
    tuned = decode(&tune, 0, AMQP_CONNECTION_TUNE_OK_METHOD);
    assert_int_equal(tuned->channel_max, 1);
    assert_int_equal(tuned->frame_max, 131072);
    assert_int_equal(tuned->heartbeat, 15);
    end(&tune);
    begin(&open);
    amqpext__send_open(&open.out, "/shop");
    assert_bytes(
        ((amqp_connection_open_t *)decode(&open, 0, AMQP_CONNECTION_OPEN_METHOD))->virtual_host,
        "/shop");
    end(&open);
    begin(&close);
    amqpext__send_connection_close(&close.out, 505, "unexpected frame");
    closed = decode(&close, 0, AMQP_CONNECTION_CLOSE_METHOD);
    assert_int_equal(closed->reply_code, 505);
    assert_bytes(closed->reply_text, "unexpected frame");
    end(&close);
    begin(&close_ok);
    amqpext__send_connection_close_ok(&close_ok.out);
    decode(&close_ok, 0, AMQP_CONNECTION_CLOSE_OK_METHOD);
    end(&close_ok);
}

static void methods_of_the_channel_are_sent(void **state)
{
    struct sent open, close, close_ok, flow_ok, select;
    amqp_channel_close_t *closed;

    (void)state;
    begin(&open);
    amqpext__send_channel_open(&open.out, CHANNEL);
    decode(&open, CHANNEL, AMQP_CHANNEL_OPEN_METHOD);
    end(&open);
    begin(&close);
    amqpext__send_channel_close(&close.out, CHANNEL, 200, "again");
    closed = decode(&close, CHANNEL, AMQP_CHANNEL_CLOSE_METHOD);
    assert_int_equal(closed->reply_code, 200);
    assert_bytes(closed->reply_text, "again");
    end(&close);
    begin(&close_ok);
    amqpext__send_channel_close_ok(&close_ok.out, CHANNEL);
    decode(&close_ok, CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD);
    end(&close_ok);
    begin(&flow_ok);
    amqpext__send_channel_flow_ok(&flow_ok.out, CHANNEL, true);
    assert_int_equal(
        ((amqp_channel_flow_ok_t *)decode(&flow_ok, CHANNEL, AMQP_CHANNEL_FLOW_OK_METHOD))->active,
        1);
    end(&flow_ok);
    begin(&select);
    amqpext__send_confirm_select(&select.out, CHANNEL);
    assert_int_equal(
        ((amqp_confirm_select_t *)decode(&select, CHANNEL, AMQP_CONFIRM_SELECT_METHOD))->nowait, 0);
    end(&select);
}

static void reason_of_a_close_is_cut_at_255_bytes(void **state)
{
    amqp_connection_close_t *closed;
    struct sent sent;
    char text[301];

    (void)state;
    memset(text, 't', 300);
    text[300] = '\0';
    begin(&sent);
    amqpext__send_connection_close(&sent.out, 541, text);
    closed = decode(&sent, 0, AMQP_CONNECTION_CLOSE_METHOD);
    assert_int_equal(closed->reply_text.len, 255);
    end(&sent);
}

static void exchange_is_declared_durable_and_topic_by_default(void **state)
{
    struct amqpext_exchange exchange = {.name = "events"};
    amqp_exchange_declare_t *method;
    struct sent sent;

    (void)state;
    begin(&sent);
    assert_int_equal(amqpext__send_exchange_declare(&sent.out, CHANNEL, &exchange, FRAME_MAX),
                     SEND_WRITTEN);
    method = decode(&sent, CHANNEL, AMQP_EXCHANGE_DECLARE_METHOD);
    assert_bytes(method->exchange, "events");
    assert_bytes(method->type, "topic");
    assert_true(method->durable);
    assert_false(method->passive || method->auto_delete || method->internal || method->nowait);
    assert_int_equal(method->arguments.num_entries, 0);
    end(&sent);
}

static void exchange_is_declared_with_all_that_it_says(void **state)
{
    struct amqpext_exchange exchange = {"events", "fanout", AMQPEXT_PASSIVE, true, true, true,
                                        NULL,     {0}};
    struct amqpext_table *arguments;
    amqp_exchange_declare_t *method;
    struct sent sent;

    (void)state;
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(arguments, "alternate-exchange", "rest", NULL),
                     AMQPEXT_OK);
    exchange.arguments = arguments;
    begin(&sent);
    assert_int_equal(amqpext__send_exchange_declare(&sent.out, CHANNEL, &exchange, FRAME_MAX),
                     SEND_WRITTEN);
    method = decode(&sent, CHANNEL, AMQP_EXCHANGE_DECLARE_METHOD);
    assert_bytes(method->type, "fanout");
    assert_true(method->passive && method->auto_delete && method->internal);
    assert_false(method->durable);
    assert_bytes(find(method->arguments, "alternate-exchange").value.bytes, "rest");
    end(&sent);
    amqpext_table_free(arguments);
}

static void queue_is_declared_with_the_arguments_given_apart(void **state)
{
    const struct amqpext_queue queue = {
        .name = "orders", .exclusive = true, .auto_delete = true, .transient = true};
    const struct amqpext_queue unnamed = {.declare = AMQPEXT_PASSIVE};
    struct amqpext_table *arguments;
    amqp_queue_declare_t *method;
    struct sent sent, other;

    (void)state;
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(arguments, "x-max-length", 5, NULL), AMQPEXT_OK);
    begin(&sent);
    assert_int_equal(amqpext__send_queue_declare(&sent.out, CHANNEL, &queue, arguments, FRAME_MAX),
                     SEND_WRITTEN);
    method = decode(&sent, CHANNEL, AMQP_QUEUE_DECLARE_METHOD);
    assert_bytes(method->queue, "orders");
    assert_true(method->exclusive && method->auto_delete && !method->durable && !method->passive);
    assert_int_equal(find(method->arguments, "x-max-length").value.i64, 5);
    end(&sent);
    begin(&other);
    assert_int_equal(amqpext__send_queue_declare(&other.out, CHANNEL, &unnamed, NULL, FRAME_MAX),
                     SEND_WRITTEN);
    method = decode(&other, CHANNEL, AMQP_QUEUE_DECLARE_METHOD);
    assert_int_equal(method->queue.len, 0);
    assert_true(method->passive && method->durable && !method->exclusive && !method->auto_delete);
    end(&other);
    amqpext_table_free(arguments);
}

static void bindings_bind_queues_and_exchanges(void **state)
{
    const struct amqpext_binding to_own = {.exchange = "events", .routing_key = "a.#"};
    const struct amqpext_binding to_queue = {.exchange = "events", .to_queue = "other"};
    const struct amqpext_binding to_exchange = {.exchange = "events", .to_exchange = "more"};
    amqp_queue_bind_t *bound;
    amqp_exchange_bind_t *joined;
    struct sent first, second, third;

    (void)state;
    begin(&first);
    assert_int_equal(amqpext__send_bind(&first.out, CHANNEL, &to_own, "own", FRAME_MAX),
                     SEND_WRITTEN);
    bound = decode(&first, CHANNEL, AMQP_QUEUE_BIND_METHOD);
    assert_bytes(bound->queue, "own");
    assert_bytes(bound->exchange, "events");
    assert_bytes(bound->routing_key, "a.#");
    end(&first);
    begin(&second);
    assert_int_equal(amqpext__send_bind(&second.out, CHANNEL, &to_queue, "own", FRAME_MAX),
                     SEND_WRITTEN);
    bound = decode(&second, CHANNEL, AMQP_QUEUE_BIND_METHOD);
    assert_bytes(bound->queue, "other");
    assert_int_equal(bound->routing_key.len, 0);
    end(&second);
    begin(&third);
    assert_int_equal(amqpext__send_bind(&third.out, CHANNEL, &to_exchange, NULL, FRAME_MAX),
                     SEND_WRITTEN);
    joined = decode(&third, CHANNEL, AMQP_EXCHANGE_BIND_METHOD);
    assert_bytes(joined->source, "events");
    assert_bytes(joined->destination, "more");
    end(&third);
}

static void consumer_is_started_and_cancelled(void **state)
{
    const struct consume consume = {"orders", "me", true, true, NULL};
    struct sent started, limited, cancelled;
    amqp_basic_consume_t *method;
    amqp_basic_qos_t *qos;

    (void)state;
    begin(&started);
    assert_int_equal(amqpext__send_consume(&started.out, CHANNEL, &consume, FRAME_MAX),
                     SEND_WRITTEN);
    method = decode(&started, CHANNEL, AMQP_BASIC_CONSUME_METHOD);
    assert_bytes(method->queue, "orders");
    assert_bytes(method->consumer_tag, "me");
    assert_true(method->no_ack && method->exclusive && !method->no_local && !method->nowait);
    end(&started);
    begin(&limited);
    amqpext__send_qos(&limited.out, CHANNEL, 20, 3000);
    qos = decode(&limited, CHANNEL, AMQP_BASIC_QOS_METHOD);
    assert_true(qos->prefetch_count == 20 && qos->prefetch_size == 3000 && !qos->global);
    end(&limited);
    begin(&cancelled);
    amqpext__send_cancel(&cancelled.out, CHANNEL, "me");
    assert_bytes(((amqp_basic_cancel_t *)decode(&cancelled, CHANNEL, AMQP_BASIC_CANCEL_METHOD))
                     ->consumer_tag,
                 "me");
    end(&cancelled);
}

static void verdicts_are_sent(void **state)
{
    const uint64_t tag = UINT64_C(1) << 33;
    struct sent acked, nacked, rejected;
    amqp_basic_ack_t *ack;
    amqp_basic_nack_t *nack;
    amqp_basic_reject_t *reject;

    (void)state;
    begin(&acked);
    amqpext__send_ack(&acked.out, CHANNEL, tag, true);
    ack = decode(&acked, CHANNEL, AMQP_BASIC_ACK_METHOD);
    assert_true(ack->delivery_tag == tag && ack->multiple);
    end(&acked);
    begin(&nacked);
    amqpext__send_nack(&nacked.out, CHANNEL, tag, false, true);
    nack = decode(&nacked, CHANNEL, AMQP_BASIC_NACK_METHOD);
    assert_true(nack->delivery_tag == tag && !nack->multiple && nack->requeue);
    end(&nacked);
    begin(&rejected);
    amqpext__send_reject(&rejected.out, CHANNEL, tag, false);
    reject = decode(&rejected, CHANNEL, AMQP_BASIC_REJECT_METHOD);
    assert_true(reject->delivery_tag == tag && !reject->requeue);
    end(&rejected);
}

static void arguments_of_all_kinds_are_sent(void **state)
{
    uint64_t seed = 11;
    unsigned i;

    (void)state;
    for (i = 0; i < 100; i++) {
        struct amqpext_table *arguments = random_table(&seed, 4);
        const struct consume consume = {"orders", NULL, false, false, arguments};
        const struct amqpext_table *again = NULL;
        struct arena arena = {0};
        struct sent sent;
        size_t size;

        begin(&sent);
        assert_int_equal(amqpext__send_consume(&sent.out, CHANNEL, &consume, FRAME_MAX),
                         SEND_WRITTEN);
        decode(&sent, CHANNEL, AMQP_BASIC_CONSUME_METHOD);
        size = amqpext__table_size(arguments);
        assert_int_equal(amqpext__table_read(
                             (struct bytes){sent.arguments.data + sent.arguments.size - size, size},
                             &arena, &again),
                         TABLE_READ);
        assert_true(tables_equal(arguments, again));
        arena_free(&arena);
        end(&sent);
        amqpext_table_free(arguments);
    }
}

static void arguments_that_fill_the_frame_are_sent_and_one_more_byte_is_not(void **state)
{
    static char text[FRAME_MAX];
    struct amqpext_queue queue = {.name = "orders"};
    struct amqpext_table *arguments;
    struct sent sent;
    size_t size;

    (void)state;
    memset(text, 't', sizeof(text));
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    for (size = FRAME_MAX - 50; size < FRAME_MAX; size++) {
        const struct amqpext_value value = {AMQPEXT_KIND_TEXT, .as.text = {text, size}};
        const size_t frame_size = size + 33;
        const bool fits = frame_size <= FRAME_MAX;

        assert_int_equal(amqpext_table_set(arguments, "n", &value, NULL), AMQPEXT_OK);
        begin(&sent);
        assert_int_equal(
            amqpext__send_queue_declare(&sent.out, CHANNEL, &queue, arguments, FRAME_MAX),
            fits ? SEND_WRITTEN : SEND_TOO_LARGE);
        assert_int_equal(sent.out.size, fits ? 6 + frame_size : 6);
        assert_int_equal(sent.out.data[sent.out.size], '\0');
        end(&sent);
    }
    amqpext_table_free(arguments);
}

static void send_all(void *context)
{
    const struct login login = {"PLAIN", "me", "secret", "orders 42", "0.1.0"};
    const struct amqpext_queue queue = {.name = "orders"};
    struct text out = {0};
    enum send_result declared;

    amqpext__send_channel_open(&out, CHANNEL);
    amqpext__send_ack(&out, CHANNEL, 1, true);
    declared = amqpext__send_queue_declare(&out, CHANNEL, &queue, context, FRAME_MAX);
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
        cmocka_unit_test(exchange_is_declared_durable_and_topic_by_default),
        cmocka_unit_test(exchange_is_declared_with_all_that_it_says),
        cmocka_unit_test(queue_is_declared_with_the_arguments_given_apart),
        cmocka_unit_test(bindings_bind_queues_and_exchanges),
        cmocka_unit_test(consumer_is_started_and_cancelled),
        cmocka_unit_test(verdicts_are_sent),
        cmocka_unit_test(arguments_of_all_kinds_are_sent),
        cmocka_unit_test(arguments_that_fill_the_frame_are_sent_and_one_more_byte_is_not),
        cmocka_unit_test(sending_survives_without_memory),
    };

    return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}
