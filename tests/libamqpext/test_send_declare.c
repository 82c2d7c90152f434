/* Declarations and bindings that are sent, with their arguments. */
#include "test.h"

#include "protocol/table_codec.h"
#include "sent/sent.h"
#include "tables/random_table.h"

static void exchange_is_declared_durable_and_topic_by_default(void **state)
{
    struct amqpext_exchange exchange = {.name = "events"};
    amqp_exchange_declare_t *method;
    struct sent sent;

    (void)state;
    sent_begin(&sent);
    assert_int_equal(
        amqpext__send_exchange_declare(&sent.out, SENT_CHANNEL, &exchange, SENT_FRAME_MAX),
        SEND_WRITTEN);
    method = sent_method(&sent, SENT_CHANNEL, AMQP_EXCHANGE_DECLARE_METHOD);
    assert_sent_bytes(method->exchange, "events");
    assert_sent_bytes(method->type, "topic");
    assert_true(method->durable);
    assert_false(method->passive || method->auto_delete || method->internal || method->nowait);
    assert_int_equal(method->arguments.num_entries, 0);
    sent_end(&sent);
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
    sent_begin(&sent);
    assert_int_equal(
        amqpext__send_exchange_declare(&sent.out, SENT_CHANNEL, &exchange, SENT_FRAME_MAX),
        SEND_WRITTEN);
    method = sent_method(&sent, SENT_CHANNEL, AMQP_EXCHANGE_DECLARE_METHOD);
    assert_sent_bytes(method->type, "fanout");
    assert_true(method->passive && method->auto_delete && method->internal);
    assert_false(method->durable);
    assert_sent_bytes(sent_field(method->arguments, "alternate-exchange").value.bytes, "rest");
    sent_end(&sent);
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
    sent_begin(&sent);
    assert_int_equal(
        amqpext__send_queue_declare(&sent.out, SENT_CHANNEL, &queue, arguments, SENT_FRAME_MAX),
        SEND_WRITTEN);
    method = sent_method(&sent, SENT_CHANNEL, AMQP_QUEUE_DECLARE_METHOD);
    assert_sent_bytes(method->queue, "orders");
    assert_true(method->exclusive && method->auto_delete && !method->durable && !method->passive);
    assert_int_equal(sent_field(method->arguments, "x-max-length").value.i64, 5);
    sent_end(&sent);
    sent_begin(&other);
    assert_int_equal(
        amqpext__send_queue_declare(&other.out, SENT_CHANNEL, &unnamed, NULL, SENT_FRAME_MAX),
        SEND_WRITTEN);
    method = sent_method(&other, SENT_CHANNEL, AMQP_QUEUE_DECLARE_METHOD);
    assert_int_equal(method->queue.len, 0);
    assert_true(method->passive && method->durable && !method->exclusive && !method->auto_delete);
    sent_end(&other);
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
    sent_begin(&first);
    assert_int_equal(amqpext__send_bind(&first.out, SENT_CHANNEL, &to_own, "own", SENT_FRAME_MAX),
                     SEND_WRITTEN);
    bound = sent_method(&first, SENT_CHANNEL, AMQP_QUEUE_BIND_METHOD);
    assert_sent_bytes(bound->queue, "own");
    assert_sent_bytes(bound->exchange, "events");
    assert_sent_bytes(bound->routing_key, "a.#");
    sent_end(&first);
    sent_begin(&second);
    assert_int_equal(
        amqpext__send_bind(&second.out, SENT_CHANNEL, &to_queue, "own", SENT_FRAME_MAX),
        SEND_WRITTEN);
    bound = sent_method(&second, SENT_CHANNEL, AMQP_QUEUE_BIND_METHOD);
    assert_sent_bytes(bound->queue, "other");
    assert_int_equal(bound->routing_key.len, 0);
    sent_end(&second);
    sent_begin(&third);
    assert_int_equal(
        amqpext__send_bind(&third.out, SENT_CHANNEL, &to_exchange, NULL, SENT_FRAME_MAX),
        SEND_WRITTEN);
    joined = sent_method(&third, SENT_CHANNEL, AMQP_EXCHANGE_BIND_METHOD);
    assert_sent_bytes(joined->source, "events");
    assert_sent_bytes(joined->destination, "more");
    sent_end(&third);
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

        sent_begin(&sent);
        assert_int_equal(amqpext__send_consume(&sent.out, SENT_CHANNEL, &consume, SENT_FRAME_MAX),
                         SEND_WRITTEN);
        sent_method(&sent, SENT_CHANNEL, AMQP_BASIC_CONSUME_METHOD);
        size = amqpext__table_size(arguments);
        assert_int_equal(amqpext__table_read(
                             (struct bytes){sent.arguments.data + sent.arguments.size - size, size},
                             &arena, &again),
                         TABLE_READ);
        assert_true(tables_equal(arguments, again));
        arena_free(&arena);
        sent_end(&sent);
        amqpext_table_free(arguments);
    }
}

static void arguments_that_fill_the_frame_are_sent_and_one_more_byte_is_not(void **state)
{
    static char text[SENT_FRAME_MAX];
    struct amqpext_queue queue = {.name = "orders"};
    struct amqpext_table *arguments;
    struct sent sent;
    size_t size;

    (void)state;
    memset(text, 't', sizeof(text));
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    for (size = SENT_FRAME_MAX - 50; size < SENT_FRAME_MAX; size++) {
        const struct amqpext_value value = {AMQPEXT_KIND_TEXT, .as.text = {text, size}};
        const size_t frame_size = size + 33;
        const bool fits = frame_size <= SENT_FRAME_MAX;

        assert_int_equal(amqpext_table_set(arguments, "n", &value, NULL), AMQPEXT_OK);
        sent_begin(&sent);
        assert_int_equal(
            amqpext__send_queue_declare(&sent.out, SENT_CHANNEL, &queue, arguments, SENT_FRAME_MAX),
            fits ? SEND_WRITTEN : SEND_TOO_LARGE);
        assert_int_equal(sent.out.size, fits ? SENT_BEFORE + frame_size : SENT_BEFORE);
        assert_int_equal(sent.out.data[sent.out.size], '\0');
        sent_end(&sent);
    }
    amqpext_table_free(arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchange_is_declared_durable_and_topic_by_default),
        cmocka_unit_test(exchange_is_declared_with_all_that_it_says),
        cmocka_unit_test(queue_is_declared_with_the_arguments_given_apart),
        cmocka_unit_test(bindings_bind_queues_and_exchanges),
        cmocka_unit_test(arguments_of_all_kinds_are_sent),
        cmocka_unit_test(arguments_that_fill_the_frame_are_sent_and_one_more_byte_is_not),
    };

    return cmocka_run_group_tests_name("send_declare", tests, NULL, NULL);
}
