/* What the copy of a message has, and has not, that the message had. */
#include "test.h"

#include <amqpext/testing.h>

#include "retry.h"
#include "retry_message.h"

/* A delivery with headers that a test sets. */
static struct amqpext_delivery *new_delivery(struct amqpext_properties *properties)
{
    const struct amqpext_test_delivery_options options = {.size = sizeof(options),
                                                          .body = "1",
                                                          .body_size = 1,
                                                          .properties = properties,
                                                          .exchange = "shop",
                                                          .routing_key = "orders.new"};
    struct amqpext_delivery *delivery = NULL;

    assert_int_equal(amqpext_test_delivery_new(&options, &delivery, NULL), AMQPEXT_OK);
    return delivery;
}

static struct amqpext_table *new_headers(void)
{
    struct amqpext_table *headers = NULL;

    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    return headers;
}

static void set_integer(struct amqpext_table *headers, const char *name, int64_t integer)
{
    assert_int_equal(amqpext_table_set_integer(headers, name, integer, NULL), AMQPEXT_OK);
}

static const char *text_of(const struct retry_message *message, const char *name)
{
    const char *text = amqpext_table_text(message->headers, name);

    return text != NULL ? text : "(none)";
}

static void another_attempt_is_counted_and_explained(void **state)
{
    struct amqpext_properties properties = {.size = sizeof(properties), .message_id = "m"};
    struct amqpext_delivery *delivery = new_delivery(&properties);
    struct retry_message message;

    (void)state;
    amqpext_delivery_set_reason(delivery, "because");
    assert_int_equal(amqpext__retry_message_again(delivery, "jobs", 700, &message, NULL),
                     AMQPEXT_OK);
    assert_ptr_equal(message.properties.headers, message.headers);
    assert_int_equal(message.properties.expiration_ms, 700);
    assert_string_equal(message.properties.message_id, "m");
    assert_int_equal(amqpext_table_integer(message.headers, HEADER_ATTEMPT, 0), 2);
    assert_string_equal(text_of(&message, HEADER_REASON), "because");
    assert_string_equal(text_of(&message, HEADER_EXCHANGE), "shop");
    assert_string_equal(text_of(&message, HEADER_ROUTING_KEY), "orders.new");
    assert_int_equal(amqpext_table_get(message.headers, HEADER_FIRST_SEEN)->kind,
                     AMQPEXT_KIND_TIMESTAMP);
    assert_null(amqpext_table_get(message.headers, HEADER_QUEUE));
    assert_null(amqpext_table_get(message.headers, HEADER_DEAD_AT));
    amqpext__retry_message_free(&message);
    amqpext_test_delivery_free(delivery);
}

static void reason_of_an_earlier_attempt_is_forgotten(void **state)
{
    struct amqpext_table *headers = new_headers();
    struct amqpext_properties properties = {.size = sizeof(properties), .headers = headers};
    struct amqpext_delivery *delivery;
    struct retry_message message;

    (void)state;
    assert_int_equal(amqpext_table_set_text(headers, HEADER_REASON, "old", NULL), AMQPEXT_OK);
    set_integer(headers, HEADER_FIRST_SEEN, 12345);
    set_integer(headers, HEADER_ATTEMPT, 6);
    delivery = new_delivery(&properties);
    delivery->attempt = amqpext__retry_attempt(delivery->content);
    assert_int_equal(amqpext__retry_message_again(delivery, "jobs", 0, &message, NULL), AMQPEXT_OK);
    assert_string_equal(text_of(&message, HEADER_REASON), "(none)");
    assert_int_equal(amqpext_table_integer(message.headers, HEADER_ATTEMPT, 0), 7);
    assert_int_equal(amqpext_table_integer(message.headers, HEADER_FIRST_SEEN, 0), 12345);
    amqpext__retry_message_free(&message);
    amqpext_test_delivery_free(delivery);
    amqpext_table_free(headers);
}

static void counters_of_the_broker_do_not_travel(void **state)
{
    struct amqpext_table *headers = new_headers();
    struct amqpext_properties properties = {.size = sizeof(properties), .headers = headers};
    struct amqpext_delivery *delivery;
    struct retry_message message;

    (void)state;
    set_integer(headers, HEADER_ATTEMPT, 2);
    set_integer(headers, "x-delivery-count", 3);
    set_integer(headers, "x-acquired-count", 4);
    delivery = new_delivery(&properties);
    delivery->attempt = amqpext__retry_attempt(delivery->content);
    assert_int_equal(delivery->attempt, 5);
    assert_int_equal(amqpext__retry_message_again(delivery, "jobs", 0, &message, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_integer(message.headers, HEADER_ATTEMPT, 0), 6);
    assert_null(amqpext_table_get(message.headers, "x-delivery-count"));
    assert_null(amqpext_table_get(message.headers, "x-acquired-count"));
    amqpext__retry_message_free(&message);
    amqpext_test_delivery_free(delivery);
    amqpext_table_free(headers);
}

static unsigned attempt_of(int64_t attempt, int64_t failures, bool has_acquired)
{
    struct amqpext_table *headers = new_headers();
    struct amqpext_properties properties = {.size = sizeof(properties), .headers = headers};
    struct amqpext_delivery *delivery;
    unsigned result;

    set_integer(headers, HEADER_ATTEMPT, attempt);
    set_integer(headers, "x-delivery-count", failures);
    if (has_acquired)
        set_integer(headers, "x-acquired-count", 9);
    delivery = new_delivery(&properties);
    result = amqpext__retry_attempt(delivery->content);
    amqpext_test_delivery_free(delivery);
    amqpext_table_free(headers);
    return result;
}

static void attempts_are_counted_from_what_headers_say(void **state)
{
    (void)state;
    assert_int_equal(attempt_of(1, 0, false), 1);
    assert_int_equal(attempt_of(3, 0, false), 3);
    /* A broker that counts failures, and one that counts all returns. */
    assert_int_equal(attempt_of(3, 2, true), 5);
    assert_int_equal(attempt_of(3, 2, false), 3);
    /* Anybody may have written them. */
    assert_int_equal(attempt_of(0, 0, true), 1);
    assert_int_equal(attempt_of(-5, -5, true), 1);
    assert_int_equal(attempt_of(INT64_MAX, INT64_MAX, true), INT32_MAX);
    assert_int_equal(attempt_of(INT32_MAX, INT32_MAX, true), (unsigned)INT32_MAX * 2);
}

/* An entry of x-death for that queue. */
static struct amqpext_table *new_death(const char *queue)
{
    struct amqpext_table *death = new_headers();

    assert_int_equal(amqpext_table_set_text(death, "queue", queue, NULL), AMQPEXT_OK);
    return death;
}

static void deaths_in_the_queue_itself_are_forgotten_and_others_kept(void **state)
{
    struct amqpext_table *here = new_death("jobs");
    struct amqpext_table *there = new_death("other");
    const struct amqpext_value items[] = {
        {.kind = AMQPEXT_KIND_TABLE, .as.table = here},
        {.kind = AMQPEXT_KIND_TABLE, .as.table = there},
        {.kind = AMQPEXT_KIND_INTEGER, .as.integer = 7},
    };
    const struct amqpext_value deaths = {.kind = AMQPEXT_KIND_ARRAY, .as.array = {items, 3}};
    struct amqpext_table *headers = new_headers();
    struct amqpext_properties properties = {.size = sizeof(properties), .headers = headers};
    struct amqpext_delivery *delivery;
    const struct amqpext_value *kept;
    struct retry_message message;

    (void)state;
    assert_int_equal(amqpext_table_set(headers, "x-death", &deaths, NULL), AMQPEXT_OK);
    delivery = new_delivery(&properties);
    assert_int_equal(amqpext__retry_message_again(delivery, "jobs", 1, &message, NULL), AMQPEXT_OK);
    kept = amqpext_table_get(message.headers, "x-death");
    assert_int_equal(kept->as.array.count, 2);
    assert_string_equal(amqpext_table_text(kept->as.array.items[0].as.table, "queue"), "other");
    assert_int_equal(kept->as.array.items[1].kind, AMQPEXT_KIND_INTEGER);
    amqpext__retry_message_free(&message);
    /* Nothing expires out of the queue of dead letters: there the history is whole. */
    assert_int_equal(amqpext__retry_message_dead(delivery, "jobs", &message, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_get(message.headers, "x-death")->as.array.count, 3);
    amqpext__retry_message_free(&message);
    amqpext_test_delivery_free(delivery);
    amqpext_table_free(headers);
    amqpext_table_free(here);
    amqpext_table_free(there);
}

static void what_the_broker_would_act_upon_is_kept_under_other_names(void **state)
{
    struct amqpext_table *headers = new_headers();
    struct amqpext_properties properties = {.size = sizeof(properties),
                                            .headers = headers,
                                            .user_id = "somebody",
                                            .expiration_ms = 5000};
    struct amqpext_delivery *delivery;
    struct retry_message message;

    (void)state;
    assert_int_equal(amqpext_table_set_text(headers, "CC", "further", NULL), AMQPEXT_OK);
    delivery = new_delivery(&properties);
    assert_int_equal(amqpext__retry_message_dead(delivery, "jobs", &message, NULL), AMQPEXT_OK);
    assert_null(message.properties.user_id);
    assert_int_equal(message.properties.expiration_ms, 0);
    assert_string_equal(text_of(&message, HEADER_USER_ID), "somebody");
    assert_int_equal(amqpext_table_integer(message.headers, HEADER_EXPIRATION, 0), 5000);
    assert_null(amqpext_table_get(message.headers, "CC"));
    assert_string_equal(text_of(&message, HEADER_CC), "further");
    assert_string_equal(text_of(&message, HEADER_QUEUE), "jobs");
    assert_int_equal(amqpext_table_integer(message.headers, HEADER_ATTEMPT, 0), 1);
    amqpext__retry_message_free(&message);
    amqpext_test_delivery_free(delivery);
    amqpext_table_free(headers);
}

static void make_once(void *context)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct retry_message message;
    const enum amqpext_status status =
        amqpext__retry_message_again(context, "jobs", 1, &message, &error);

    assert_int_equal(status, oom_stop() ? AMQPEXT_ENOMEM : AMQPEXT_OK);
    if (status == AMQPEXT_OK)
        amqpext__retry_message_free(&message);
}

static void memory_may_run_out(void **state)
{
    struct amqpext_table *death = new_death("other");
    const struct amqpext_value item = {.kind = AMQPEXT_KIND_TABLE, .as.table = death};
    const struct amqpext_value deaths = {.kind = AMQPEXT_KIND_ARRAY, .as.array = {&item, 1}};
    struct amqpext_table *headers = new_headers();
    struct amqpext_properties properties = {
        .size = sizeof(properties), .headers = headers, .user_id = "u", .expiration_ms = 1};
    struct amqpext_delivery *delivery;

    (void)state;
    assert_int_equal(amqpext_table_set(headers, "x-death", &deaths, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "CC", "further", NULL), AMQPEXT_OK);
    delivery = new_delivery(&properties);
    assert_true(oom_for_every_allocation(make_once, delivery) > 5);
    amqpext_test_delivery_free(delivery);
    amqpext_table_free(headers);
    amqpext_table_free(death);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_attempt_is_counted_and_explained),
        cmocka_unit_test(reason_of_an_earlier_attempt_is_forgotten),
        cmocka_unit_test(counters_of_the_broker_do_not_travel),
        cmocka_unit_test(attempts_are_counted_from_what_headers_say),
        cmocka_unit_test(deaths_in_the_queue_itself_are_forgotten_and_others_kept),
        cmocka_unit_test(what_the_broker_would_act_upon_is_kept_under_other_names),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
