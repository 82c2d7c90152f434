/*
 * Deliveries as handlers and programs' tests see them: what they tell, and that a verdict is given
 * once.
 */
#include "test.h"

#include <amqpext/delivery.h>
#include <amqpext/testing.h>

#include "delivery.h"

static struct amqpext_delivery *deliver(const struct amqpext_test_delivery_options *options)
{
    struct amqpext_delivery *delivery = NULL;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    assert_int_equal(amqpext_test_delivery_new(options, &delivery, &error), AMQPEXT_OK);
    return delivery;
}

static struct amqpext_delivery *deliver_text(const char *body)
{
    struct amqpext_test_delivery_options options = AMQPEXT_TEST_DELIVERY_OPTIONS_INIT;

    options.body = body;
    options.body_size = strlen(body);
    return deliver(&options);
}

static void delivery_tells_what_was_received(void **state)
{
    struct amqpext_test_delivery_options options = AMQPEXT_TEST_DELIVERY_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_delivery *delivery;
    struct amqpext_table *headers = NULL;
    char body[] = "{\"a\": 1}", key[] = "orders.new";
    size_t size = 0;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "tenant", "north", NULL), AMQPEXT_OK);
    properties.headers = headers;
    properties.message_id = "m-1";
    properties.priority = 3;
    options.body = body;
    options.body_size = sizeof(body) - 1;
    options.routing_key = key;
    options.exchange = "shop";
    options.properties = &properties;
    options.is_redelivered = true;
    options.attempt = 3;
    delivery = deliver(&options);
    /* Everything was copied. */
    amqpext_table_free(headers);
    body[0] = key[0] = '?';
    assert_memory_equal(amqpext_delivery_body(delivery, &size), "{\"a\": 1}", 8);
    assert_int_equal(size, 8);
    assert_int_equal(json_integer_value(json_object_get(amqpext_delivery_payload(delivery), "a")),
                     1);
    assert_string_equal(amqpext_delivery_exchange(delivery), "shop");
    assert_string_equal(amqpext_delivery_routing_key(delivery), "orders.new");
    assert_true(amqpext_delivery_is_redelivered(delivery));
    assert_int_equal(amqpext_delivery_attempt(delivery), 3);
    assert_string_equal(amqpext_delivery_last_reason(delivery), "");
    assert_string_equal(amqpext_delivery_properties(delivery)->message_id, "m-1");
    assert_int_equal(amqpext_delivery_properties(delivery)->priority, 3);
    assert_null(amqpext_delivery_properties(delivery)->type);
    assert_string_equal(
        amqpext_table_text(amqpext_delivery_properties(delivery)->headers, "tenant"), "north");
    assert_false(amqpext_delivery_is_stale(delivery));
    amqpext_test_delivery_free(delivery);
}

static void everything_has_a_default(void **state)
{
    struct amqpext_test_delivery_options options = AMQPEXT_TEST_DELIVERY_OPTIONS_INIT;
    struct amqpext_delivery *delivery;
    size_t size = 1;

    (void)state;
    options.serializer = "raw";
    delivery = deliver(&options);
    assert_non_null(amqpext_delivery_body(delivery, &size));
    assert_int_equal(size, 0);
    assert_null(amqpext_delivery_payload(delivery));
    assert_string_equal(amqpext_delivery_exchange(delivery), "");
    assert_string_equal(amqpext_delivery_routing_key(delivery), "");
    assert_int_equal(amqpext_delivery_attempt(delivery), 1);
    assert_false(amqpext_delivery_is_redelivered(delivery));
    assert_null(amqpext_delivery_data(delivery));
    assert_string_equal(amqpext_test_delivery_reason(delivery), "");
    assert_int_equal(amqpext_test_delivery_verdict(delivery), 0);
    amqpext_test_delivery_free(delivery);
    amqpext_test_delivery_free(NULL);
}

static void retried_message_tells_where_it_came_from(void **state)
{
    struct amqpext_test_delivery_options options = AMQPEXT_TEST_DELIVERY_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_delivery *delivery;
    struct amqpext_table *headers = NULL;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    amqpext_table_set_integer(headers, HEADER_ATTEMPT, 2, NULL);
    amqpext_table_set_text(headers, HEADER_EXCHANGE, "shop", NULL);
    amqpext_table_set_text(headers, HEADER_ROUTING_KEY, "orders.new", NULL);
    amqpext_table_set_text(headers, HEADER_REASON, "no stock", NULL);
    properties.headers = headers;
    options.properties = &properties;
    options.body = "[]";
    options.body_size = 2;
    options.routing_key = "orders";
    delivery = deliver(&options);
    amqpext_table_free(headers);
    assert_string_equal(amqpext_delivery_exchange(delivery), "shop");
    assert_string_equal(amqpext_delivery_routing_key(delivery), "orders.new");
    assert_string_equal(amqpext_delivery_last_reason(delivery), "no stock");
    assert_int_equal(amqpext_delivery_attempt(delivery), 2);
    amqpext_test_delivery_free(delivery);
}

static void body_that_is_wrong_is_refused(void **state)
{
    struct amqpext_test_delivery_options options = AMQPEXT_TEST_DELIVERY_OPTIONS_INIT;
    struct amqpext_delivery *delivery = NULL;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    options.body = "{";
    options.body_size = 1;
    assert_int_equal(amqpext_test_delivery_new(&options, &delivery, &error), AMQPEXT_EDECODE);
    assert_int_equal(error.status, AMQPEXT_EDECODE);
    assert_null(delivery);
    options.serializer = "xml";
    assert_int_equal(amqpext_test_delivery_new(&options, &delivery, NULL), AMQPEXT_EINVALID);
    options.size = 0;
    assert_int_equal(amqpext_test_delivery_new(&options, &delivery, NULL), AMQPEXT_EINVALID);
    assert_null(delivery);
}

static void settled_once_it_keeps_its_verdict(void **state)
{
    struct amqpext_delivery *delivery = deliver_text("1");
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    assert_int_equal(amqpext_delivery_settle(delivery, AMQPEXT_REJECT, &error), AMQPEXT_OK);
    assert_int_equal(amqpext_test_delivery_verdict(delivery), AMQPEXT_REJECT);
    assert_int_equal(amqpext_delivery_settle(delivery, AMQPEXT_ACK, &error), AMQPEXT_ESTATE);
    assert_int_equal(error.status, AMQPEXT_ESTATE);
    assert_int_equal(amqpext_test_delivery_verdict(delivery), AMQPEXT_REJECT);
    amqpext_test_delivery_free(delivery);
}

static void only_verdicts_settle(void **state)
{
    static const int wrong[] = {0, AMQPEXT_DEFER, 6, -1, 1001};
    struct amqpext_delivery *delivery = deliver_text("1");
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(amqpext_delivery_settle(delivery, (enum amqpext_verdict)wrong[i], NULL),
                         AMQPEXT_EINVALID);
    assert_int_equal(amqpext_test_delivery_verdict(delivery), 0);
    amqpext_test_delivery_free(delivery);
}

static void handler_that_defers_leaves_it_to_the_program(void **state)
{
    struct amqpext_delivery *delivery = deliver_text("1");

    (void)state;
    assert_false(amqpext__delivery_returned(delivery, AMQPEXT_DEFER));
    assert_int_equal(delivery->stage, STAGE_DEFERRED);
    amqpext_test_delivery_free(delivery);
}

static void handler_that_returns_a_verdict_gives_it_back(void **state)
{
    struct amqpext_delivery *delivery = deliver_text("1");

    (void)state;
    assert_true(amqpext__delivery_returned(delivery, AMQPEXT_ACK));
    assert_int_equal(delivery->verdict, AMQPEXT_ACK);
    /* Too late, and without harm. */
    assert_int_equal(amqpext_delivery_settle(delivery, AMQPEXT_RETRY, NULL), AMQPEXT_ESTATE);
    assert_int_equal(delivery->verdict, AMQPEXT_ACK);
    amqpext_test_delivery_free(delivery);
}

static void verdict_given_while_the_handler_runs_counts(void **state)
{
    static const int returned[] = {AMQPEXT_DEFER, AMQPEXT_ACK, 0, 77};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(returned) / sizeof(returned[0]); i++) {
        struct amqpext_delivery *delivery = deliver_text("1");

        assert_int_equal(amqpext_delivery_settle(delivery, AMQPEXT_RETRY, NULL), AMQPEXT_OK);
        assert_true(amqpext__delivery_returned(delivery, returned[i]));
        assert_int_equal(delivery->verdict, AMQPEXT_RETRY);
        amqpext_test_delivery_free(delivery);
    }
}

static void reason_is_one_line_of_whole_characters(void **state)
{
    struct amqpext_delivery *delivery = deliver_text("1");
    char text[400];
    size_t i;

    (void)state;
    amqpext_delivery_set_reason(delivery, "%s\n%d", "no stock", 7);
    assert_string_equal(amqpext_test_delivery_reason(delivery), "no stock 7");
    for (i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(&text[i], "\xc3\xa4", 2);
    text[sizeof(text) - 2] = '\0';
    amqpext_delivery_set_reason(delivery, "%s", text);
    assert_int_equal(strlen(amqpext_test_delivery_reason(delivery)), 254);
    amqpext_delivery_set_reason(delivery, "%s", "");
    assert_string_equal(amqpext_test_delivery_reason(delivery), "");
    amqpext_test_delivery_free(delivery);
}

static void data_and_delay_are_kept(void **state)
{
    struct amqpext_delivery *delivery = deliver_text("1");
    int data;

    (void)state;
    amqpext_delivery_set_data(delivery, &data);
    assert_ptr_equal(amqpext_delivery_data(delivery), &data);
    assert_false(delivery->has_retry_delay);
    amqpext_delivery_set_retry_delay(delivery, 0);
    assert_true(delivery->has_retry_delay);
    assert_int_equal(delivery->retry_delay_ms, 0);
    amqpext_test_delivery_free(delivery);
}

static void make_without_memory(void *context)
{
    struct amqpext_test_delivery_options options = AMQPEXT_TEST_DELIVERY_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_delivery *delivery = NULL;
    enum amqpext_status status;

    properties.headers = context;
    properties.message_id = "m-1";
    options.properties = &properties;
    options.body = "[1, 2]";
    options.body_size = 6;
    options.exchange = "shop";
    status = amqpext_test_delivery_new(&options, &delivery, NULL);
    if (status != AMQPEXT_OK) {
        assert_int_equal(status, AMQPEXT_ENOMEM);
        assert_null(delivery);
    }
    amqpext_test_delivery_free(delivery);
}

static void every_failed_allocation_is_survived(void **state)
{
    struct amqpext_table *headers = NULL;

    (void)state;
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    amqpext_table_set_text(headers, "tenant", "north", NULL);
    assert_true(oom_for_every_allocation(make_without_memory, headers) >= 2);
    amqpext_table_free(headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivery_tells_what_was_received),
        cmocka_unit_test(everything_has_a_default),
        cmocka_unit_test(retried_message_tells_where_it_came_from),
        cmocka_unit_test(body_that_is_wrong_is_refused),
        cmocka_unit_test(settled_once_it_keeps_its_verdict),
        cmocka_unit_test(only_verdicts_settle),
        cmocka_unit_test(handler_that_defers_leaves_it_to_the_program),
        cmocka_unit_test(handler_that_returns_a_verdict_gives_it_back),
        cmocka_unit_test(verdict_given_while_the_handler_runs_counts),
        cmocka_unit_test(reason_is_one_line_of_whole_characters),
        cmocka_unit_test(data_and_delay_are_kept),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
