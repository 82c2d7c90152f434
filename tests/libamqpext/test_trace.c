/* Trace headers from a message that is handled to those that are published meanwhile. */
#include "test.h"

#include <amqpext/testing.h>

#include "trace.h"

static struct amqpext_table *new_headers(void)
{
    struct amqpext_table *headers = NULL;

    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    return headers;
}

static void set(struct amqpext_table *headers, const char *name, const char *text)
{
    assert_int_equal(amqpext_table_set_text(headers, name, text, NULL), AMQPEXT_OK);
}

/* A delivery with those trace headers, each where it is not NULL, and one that is none of them. */
static struct amqpext_delivery *parent_with(const char *trace, const char *trace_state,
                                            const char *baggage)
{
    struct amqpext_table *headers = new_headers();
    const struct amqpext_properties properties = {.size = sizeof(properties), .headers = headers};
    const struct amqpext_test_delivery_options options = {
        .size = sizeof(options), .body = "1", .body_size = 1, .properties = &properties};
    struct amqpext_delivery *delivery = NULL;

    set(headers, "tenant", "acme");
    if (trace != NULL)
        set(headers, "traceparent", trace);
    if (trace_state != NULL)
        set(headers, "tracestate", trace_state);
    if (baggage != NULL)
        set(headers, "baggage", baggage);
    assert_int_equal(amqpext_test_delivery_new(&options, &delivery, NULL), AMQPEXT_OK);
    amqpext_table_free(headers);
    return delivery;
}

static void assert_header(const struct amqpext_table *headers, const char *name,
                          const char *expected)
{
    const char *text = amqpext_table_text(headers, name);

    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static void all_trace_headers_are_passed_and_no_other(void **state)
{
    struct amqpext_delivery *parent = parent_with("p", "s", "b");
    struct amqpext_table *headers = new_headers();

    (void)state;
    assert_true(amqpext__trace_has_more(parent, NULL));
    assert_true(amqpext__trace_has_more(parent, headers));
    assert_int_equal(amqpext__trace_pass(parent, headers, NULL), AMQPEXT_OK);
    assert_header(headers, "traceparent", "p");
    assert_header(headers, "tracestate", "s");
    assert_header(headers, "baggage", "b");
    assert_header(headers, "tenant", NULL);
    assert_false(amqpext__trace_has_more(parent, headers));
    amqpext_table_free(headers);
    amqpext_test_delivery_free(parent);
}

static void headers_of_the_message_stay(void **state)
{
    struct amqpext_delivery *parent = parent_with("p", "s", "b");
    struct amqpext_table *headers = new_headers();

    (void)state;
    set(headers, "traceparent", "own");
    assert_int_equal(amqpext__trace_pass(parent, headers, NULL), AMQPEXT_OK);
    assert_header(headers, "traceparent", "own");
    /* It belongs to the other trace. */
    assert_header(headers, "tracestate", NULL);
    assert_header(headers, "baggage", "b");
    amqpext_table_free(headers);
    amqpext_test_delivery_free(parent);
}

static void state_without_trace_is_not_passed(void **state)
{
    struct amqpext_delivery *parent = parent_with(NULL, "s", NULL);
    struct amqpext_table *headers = new_headers();

    (void)state;
    assert_false(amqpext__trace_has_more(parent, NULL));
    assert_int_equal(amqpext__trace_pass(parent, headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_count(headers), 0);
    amqpext_table_free(headers);
    amqpext_test_delivery_free(parent);
}

static void no_parent_passes_nothing(void **state)
{
    struct amqpext_table *headers = new_headers();

    (void)state;
    assert_false(amqpext__trace_has_more(NULL, NULL));
    assert_int_equal(amqpext__trace_pass(NULL, headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_count(headers), 0);
    amqpext_table_free(headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_trace_headers_are_passed_and_no_other),
        cmocka_unit_test(headers_of_the_message_stay),
        cmocka_unit_test(state_without_trace_is_not_passed),
        cmocka_unit_test(no_parent_passes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
