/* Methods that arrive: each is read, one that is cut is malformed, a hostile one does no harm. */
#include "test.h"

#include "protocol/codec.h"
#include "protocol/method.h"
#include "protocol/wire.h"

#define MOST_BYTES 4096
#define CHANNEL 3

struct encoded {
    char bytes[MOST_BYTES];
    size_t size;
};

static void encode(struct encoded *out, uint32_t number, void *method)
{
    const amqp_bytes_t room = {MOST_BYTES - 4, out->bytes + 4};
    const int size = amqp_encode_method(number, method, room);

    assert_true(size >= 0);
    wire_put_32(out->bytes, number);
    out->size = (size_t)size + 4;
}

static enum method_result read_bytes(struct bytes payload, struct method *out)
{
    const struct frame frame = {FRAME_METHOD, CHANNEL, payload};

    return amqpext__method_read(&frame, out);
}

/* Reads the method; cut anywhere, it must be malformed. */
static struct method read_method(const struct encoded *encoded)
{
    struct method method;
    size_t cut;

    for (cut = 0; cut < encoded->size; cut++) {
        char *copy = malloc(cut + 1);

        assert_non_null(copy);
        memcpy(copy, encoded->bytes, cut);
        assert_int_equal(read_bytes((struct bytes){copy, cut}, &method), METHOD_MALFORMED);
        free(copy);
    }
    assert_int_equal(read_bytes((struct bytes){encoded->bytes, encoded->size}, &method),
                     METHOD_READ);
    assert_int_equal(method.channel, CHANNEL);
    return method;
}

static void assert_bytes(struct bytes bytes, const char *text)
{
    assert_true(bytes_equal(bytes, bytes_of(text)));
}

static amqp_table_entry_t entry(const char *name, amqp_field_value_t value)
{
    return (amqp_table_entry_t){amqp_cstring_bytes(name), value};
}

static amqp_field_value_t boolean(amqp_boolean_t value)
{
    return (amqp_field_value_t){.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = value};
}

static amqp_field_value_t text(const char *value)
{
    return (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8,
                                .value.bytes = amqp_cstring_bytes(value)};
}

static amqp_field_value_t table(amqp_table_entry_t *entries, int count)
{
    return (amqp_field_value_t){.kind = AMQP_FIELD_KIND_TABLE, .value.table = {count, entries}};
}

static void start_tells_the_broker_and_what_it_can(void **state)
{
    amqp_table_entry_t able[] = {
        entry("publisher_confirms", boolean(1)), entry("basic.nack", boolean(1)),
        entry("consumer_cancel_notify", boolean(0)), entry("connection.blocked", boolean(1))};
    amqp_table_entry_t properties[] = {entry("capabilities", table(able, 4)),
                                       entry("product", text("RabbitMQ")),
                                       entry("version", text("3.10.8"))};
    amqp_connection_start_t start = {
        0, 9, {3, properties}, amqp_cstring_bytes("PLAIN AMQPLAIN"), amqp_cstring_bytes("en_US")};
    struct encoded encoded;
    struct method method;

    (void)state;
    encode(&encoded, AMQP_CONNECTION_START_METHOD, &start);
    encoded.bytes[encoded.size] = 'x'; /* beyond its end */
    read_bytes((struct bytes){encoded.bytes, encoded.size}, &method);
    assert_int_equal(method.kind, METHOD_CONNECTION_START);
    assert_int_equal(method.as.start.version_major, 0);
    assert_int_equal(method.as.start.version_minor, 9);
    assert_bytes(method.as.start.mechanisms, "PLAIN AMQPLAIN");
    assert_bytes(method.as.start.product, "RabbitMQ");
    assert_bytes(method.as.start.version, "3.10.8");
    assert_true(method.as.start.has_blocked);
    assert_true(method.as.start.has_nack);
    assert_true(method.as.start.has_confirms);
    assert_false(method.as.start.has_cancel_notify);
    read_method(&encoded);
}

static void start_without_properties_or_with_strange_ones_is_read(void **state)
{
    amqp_table_entry_t properties[] = {entry("capabilities", boolean(1)),
                                       entry("product", boolean(1))};
    amqp_connection_start_t start = {0, 9, {0, NULL}, amqp_empty_bytes, amqp_empty_bytes};
    struct encoded encoded;
    struct method method;

    (void)state;
    encode(&encoded, AMQP_CONNECTION_START_METHOD, &start);
    method = read_method(&encoded);
    assert_int_equal(method.as.start.product.size, 0);
    assert_false(method.as.start.has_confirms);
    start.server_properties = (amqp_table_t){2, properties};
    encode(&encoded, AMQP_CONNECTION_START_METHOD, &start);
    method = read_method(&encoded);
    assert_int_equal(method.as.start.product.size, 0);
    assert_false(method.as.start.has_confirms);
}

static void methods_of_the_connection_are_read(void **state)
{
    amqp_connection_tune_t tune = {2047, 131072, 60};
    amqp_connection_close_t close = {320, amqp_cstring_bytes("CONNECTION_FORCED"), 60, 40};
    amqp_connection_blocked_t blocked = {amqp_cstring_bytes("low on memory")};
    struct encoded encoded;
    struct method method;

    (void)state;
    encode(&encoded, AMQP_CONNECTION_TUNE_METHOD, &tune);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_CONNECTION_TUNE);
    assert_int_equal(method.as.tune.channel_max, 2047);
    assert_int_equal(method.as.tune.frame_max, 131072);
    assert_int_equal(method.as.tune.heartbeat_s, 60);
    encode(&encoded, AMQP_CONNECTION_CLOSE_METHOD, &close);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_CONNECTION_CLOSE);
    assert_int_equal(method.as.close.reply_code, 320);
    assert_bytes(method.as.close.reply_text, "CONNECTION_FORCED");
    assert_int_equal(method.as.close.class_id, 60);
    assert_int_equal(method.as.close.method_id, 40);
    encode(&encoded, AMQP_CONNECTION_BLOCKED_METHOD, &blocked);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_CONNECTION_BLOCKED);
    assert_bytes(method.as.blocked.reason, "low on memory");
}

static void methods_of_the_channel_are_read(void **state)
{
    amqp_channel_flow_t flow = {1};
    amqp_channel_close_t close = {404, amqp_cstring_bytes("NOT_FOUND"), 50, 10};
    amqp_queue_declare_ok_t declared = {amqp_cstring_bytes("orders"), 5, 2};
    struct encoded encoded;
    struct method method;

    (void)state;
    encode(&encoded, AMQP_CHANNEL_FLOW_METHOD, &flow);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_CHANNEL_FLOW);
    assert_true(method.as.flow.is_active);
    encode(&encoded, AMQP_CHANNEL_CLOSE_METHOD, &close);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_CHANNEL_CLOSE);
    assert_int_equal(method.as.close.reply_code, 404);
    assert_bytes(method.as.close.reply_text, "NOT_FOUND");
    assert_int_equal(method.as.close.class_id, 50);
    assert_int_equal(method.as.close.method_id, 10);
    encode(&encoded, AMQP_QUEUE_DECLARE_OK_METHOD, &declared);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_QUEUE_DECLARE_OK);
    assert_bytes(method.as.queue_declare_ok.queue, "orders");
    assert_int_equal(method.as.queue_declare_ok.message_count, 5);
    assert_int_equal(method.as.queue_declare_ok.consumer_count, 2);
}

static void methods_of_a_consumer_are_read(void **state)
{
    amqp_basic_consume_ok_t consuming = {amqp_cstring_bytes("ctag-1")};
    amqp_basic_cancel_t cancel = {amqp_cstring_bytes("ctag-2"), 1};
    amqp_basic_cancel_ok_t cancelled = {amqp_cstring_bytes("ctag-3")};
    amqp_basic_deliver_t deliver = {amqp_cstring_bytes("ctag"), UINT64_C(1) << 40, 1,
                                    amqp_cstring_bytes("events"), amqp_cstring_bytes("a.b")};
    struct encoded encoded;
    struct method method;

    (void)state;
    encode(&encoded, AMQP_BASIC_CONSUME_OK_METHOD, &consuming);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_BASIC_CONSUME_OK);
    assert_bytes(method.as.consume_ok.consumer_tag, "ctag-1");
    encode(&encoded, AMQP_BASIC_CANCEL_METHOD, &cancel);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_BASIC_CANCEL);
    assert_bytes(method.as.consume_ok.consumer_tag, "ctag-2");
    encode(&encoded, AMQP_BASIC_CANCEL_OK_METHOD, &cancelled);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_BASIC_CANCEL_OK);
    assert_bytes(method.as.consume_ok.consumer_tag, "ctag-3");
    encode(&encoded, AMQP_BASIC_DELIVER_METHOD, &deliver);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_BASIC_DELIVER);
    assert_bytes(method.as.deliver.consumer_tag, "ctag");
    assert_true(method.as.deliver.delivery_tag == UINT64_C(1) << 40);
    assert_true(method.as.deliver.is_redelivered);
    assert_bytes(method.as.deliver.exchange, "events");
    assert_bytes(method.as.deliver.routing_key, "a.b");
}

static void methods_of_a_producer_are_read(void **state)
{
    amqp_basic_return_t returned = {312, amqp_cstring_bytes("NO_ROUTE"),
                                    amqp_cstring_bytes("events"), amqp_cstring_bytes("a.b")};
    amqp_basic_ack_t ack = {7, 1};
    amqp_basic_nack_t nack = {8, 0, 1};
    struct encoded encoded;
    struct method method;

    (void)state;
    encode(&encoded, AMQP_BASIC_RETURN_METHOD, &returned);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_BASIC_RETURN);
    assert_int_equal(method.as.returned.reply_code, 312);
    assert_bytes(method.as.returned.reply_text, "NO_ROUTE");
    assert_bytes(method.as.returned.exchange, "events");
    assert_bytes(method.as.returned.routing_key, "a.b");
    encode(&encoded, AMQP_BASIC_ACK_METHOD, &ack);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_BASIC_ACK);
    assert_true(method.as.ack.delivery_tag == 7 && method.as.ack.is_multiple);
    encode(&encoded, AMQP_BASIC_NACK_METHOD, &nack);
    method = read_method(&encoded);
    assert_int_equal(method.kind, METHOD_BASIC_NACK);
    assert_true(method.as.ack.delivery_tag == 8 && !method.as.ack.is_multiple);
}

static void answers_without_content_are_known_by_their_numbers(void **state)
{
    static const struct {
        uint32_t number;
        enum method_kind kind;
    } cases[] = {
        {AMQP_CONNECTION_SECURE_METHOD, METHOD_CONNECTION_SECURE},
        {AMQP_CONNECTION_OPEN_OK_METHOD, METHOD_CONNECTION_OPEN_OK},
        {AMQP_CONNECTION_CLOSE_OK_METHOD, METHOD_CONNECTION_CLOSE_OK},
        {AMQP_CONNECTION_UNBLOCKED_METHOD, METHOD_CONNECTION_UNBLOCKED},
        {AMQP_CHANNEL_OPEN_OK_METHOD, METHOD_CHANNEL_OPEN_OK},
        {AMQP_CHANNEL_CLOSE_OK_METHOD, METHOD_CHANNEL_CLOSE_OK},
        {AMQP_EXCHANGE_DECLARE_OK_METHOD, METHOD_EXCHANGE_DECLARE_OK},
        {AMQP_EXCHANGE_BIND_OK_METHOD, METHOD_EXCHANGE_BIND_OK},
        {AMQP_QUEUE_BIND_OK_METHOD, METHOD_QUEUE_BIND_OK},
        {AMQP_BASIC_QOS_OK_METHOD, METHOD_BASIC_QOS_OK},
        {AMQP_CONFIRM_SELECT_OK_METHOD, METHOD_CONFIRM_SELECT_OK},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct method method;
        char numbers[4];

        wire_put_32(numbers, cases[i].number);
        assert_int_equal(read_bytes((struct bytes){numbers, 4}, &method), METHOD_READ);
        assert_int_equal(method.kind, cases[i].kind);
        assert_int_equal(read_bytes((struct bytes){numbers, 3}, &method), METHOD_MALFORMED);
    }
}

static void other_methods_are_told_from_unknown_ones(void **state)
{
    struct method method;

    (void)state;
    assert_int_equal(read_bytes((struct bytes){"\0\x3c\0\x48", 4}, &method), METHOD_READ);
    assert_int_equal(method.kind, METHOD_OTHER);
    assert_int_equal(read_bytes((struct bytes){"\0\x3c\0\x49", 4}, &method), METHOD_MALFORMED);
    assert_int_equal(read_bytes((struct bytes){"\0\0\0\0", 4}, &method), METHOD_MALFORMED);
    assert_int_equal(read_bytes((struct bytes){"", 0}, &method), METHOD_MALFORMED);
}

/* 100 kB of tables in tables, in a method of the client and in the one that we read. */
static void tables_that_nest_without_end_do_no_harm(void **state)
{
    enum { N_LEVELS = 15000, LEVEL_SIZE = 7 };
    static char bytes[16 + N_LEVELS * LEVEL_SIZE];
    struct method method;
    char *at = bytes + 16;
    unsigned i;

    (void)state;
    for (i = 1; i <= N_LEVELS; i++) {
        at = wire_put_short(at, "n", 1);
        at = wire_put_8(at, 'F');
        at = wire_put_32(at, (N_LEVELS - i) * LEVEL_SIZE);
    }
    wire_put_32(bytes + 12, N_LEVELS * LEVEL_SIZE);
    wire_put_16(wire_put_32(bytes + 6, AMQP_CONNECTION_START_METHOD), 9);
    assert_int_equal(read_bytes((struct bytes){bytes + 6, sizeof(bytes) - 6}, &method),
                     METHOD_MALFORMED);
    /* queue.declare: a reserved number, a name of no bytes, flags, arguments. */
    memset(bytes, 0, 12);
    wire_put_32(bytes + 4, AMQP_QUEUE_DECLARE_METHOD);
    assert_int_equal(read_bytes((struct bytes){bytes + 4, sizeof(bytes) - 4}, &method),
                     METHOD_READ);
    assert_int_equal(method.kind, METHOD_OTHER);
}

static void methods_have_names(void **state)
{
    (void)state;
    assert_string_equal(amqpext__method_name(50, 10), "queue.declare");
    assert_string_equal(amqpext__method_name(60, 40), "basic.publish");
    assert_string_equal(amqpext__method_name(10, 60), "connection.blocked");
    assert_string_equal(amqpext__method_name(0, 0), "");
    assert_string_equal(amqpext__method_name(60, 41), "");
}

/* rabbitmq-c spells AMQP_QUEUE_DECLARE_OK_METHOD what we call queue.declare-ok. */
static void names_are_those_of_rabbitmq_c(void **state)
{
    uint32_t class_id, method_id;

    (void)state;
    for (class_id = 0; class_id < 100; class_id++) {
        for (method_id = 0; method_id < 130; method_id++) {
            const char *theirs = amqp_method_name(class_id << 16 | method_id);
            const char *ours = amqpext__method_name((uint16_t)class_id, (uint16_t)method_id);
            size_t i;

            /* Class 30, access, is of an older version of the protocol. */
            if (theirs == NULL || class_id == 30)
                continue;
            theirs += strlen("AMQP_");
            assert_int_equal(strlen(theirs), strlen(ours) + strlen("_METHOD"));
            for (i = 0; ours[i] != '\0'; i++) {
                if (ours[i] == '.' || ours[i] == '-')
                    assert_int_equal(theirs[i], '_');
                else
                    assert_int_equal(theirs[i], ours[i] - 'a' + 'A');
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_tells_the_broker_and_what_it_can),
        cmocka_unit_test(start_without_properties_or_with_strange_ones_is_read),
        cmocka_unit_test(methods_of_the_connection_are_read),
        cmocka_unit_test(methods_of_the_channel_are_read),
        cmocka_unit_test(methods_of_a_consumer_are_read),
        cmocka_unit_test(methods_of_a_producer_are_read),
        cmocka_unit_test(answers_without_content_are_known_by_their_numbers),
        cmocka_unit_test(other_methods_are_told_from_unknown_ones),
        cmocka_unit_test(tables_that_nest_without_end_do_no_harm),
        cmocka_unit_test(methods_have_names),
        cmocka_unit_test(names_are_those_of_rabbitmq_c),
    };

    return cmocka_run_group_tests_name("method", tests, NULL, NULL);
}
