/* The serializer "json": what is written, what is refused, and where a fault is. */
#include "test.h"

#include <locale.h>

#include <amqpext/serializer.h>

#include "serializer.h"

static const struct amqpext_serializer *json(void)
{
    return amqpext_serializer_find("json");
}

static void assert_written(json_t *payload, const char *expected)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    void *body;
    size_t size;

    assert_non_null(payload);
    assert_int_equal(amqpext_encode(json(), payload, &body, &size, &error), AMQPEXT_OK);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(body, expected);
    free(body);
    json_decref(payload);
}

static json_t *read_bytes(const char *body, size_t size)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload = NULL;

    if (amqpext_decode(json(), body, size, &payload, &error) != AMQPEXT_OK)
        fail_msg("%s: %s", body, error.message);
    return payload;
}

static json_t *read_text(const char *body)
{
    return read_bytes(body, strlen(body));
}

static void assert_refused_bytes(const char *body, size_t size, const char *message)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload = (json_t *)&error;

    assert_int_equal(amqpext_decode(json(), body, size, &payload, &error), AMQPEXT_EDECODE);
    assert_ptr_equal(payload, &error);
    assert_int_equal(error.status, AMQPEXT_EDECODE);
    assert_string_equal(error.message, message);
}

static void assert_refused(const char *body, const char *message)
{
    assert_refused_bytes(body, strlen(body), message);
}

static void payloads_are_written_compact_and_in_ascii(void **state)
{
    (void)state;
    assert_written(json_pack("{s:i,s:[s,b,n]}", "a", 1, "b", "\xc3\xa9\xf0\x9f\x98\x80", 1),
                   "{\"a\":1,\"b\":[\"\\u00E9\\uD83D\\uDE00\",true,null]}");
    assert_written(json_string("\"\\/\n\x7f"), "\"\\\"\\\\/\\n\x7f\"");
    assert_written(json_integer(INT64_MIN), "-9223372036854775808");
    assert_written(json_null(), "null");
}

static void reals_come_back_as_they_were(void **state)
{
    static const double reals[] = {0.1, 1.0 / 3, 1e300, -2.5e-300, 5e-324, 1496655000.0, -0.0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        json_t *real = json_real(reals[i]);
        json_t *again;
        double value;
        void *body;
        size_t size;

        assert_int_equal(amqpext_encode(json(), real, &body, &size, NULL), AMQPEXT_OK);
        again = read_bytes(body, size);
        assert_true(json_is_real(again));
        value = json_real_value(again);
        assert_memory_equal(&value, &reals[i], sizeof(value));
        json_decref(again);
        json_decref(real);
        free(body);
    }
}

static void the_decimal_point_does_not_depend_on_the_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *read;

        if (setlocale(LC_ALL, names[i]) == NULL)
            continue;
        assert_written(json_real(1.5), "1.5");
        read = read_text("1.5");
        assert_true(json_real_value(read) == 1.5);
        json_decref(read);
    }
    setlocale(LC_ALL, "C");
}

static void bodies_of_any_value_are_read(void **state)
{
    json_t *read = read_text(" {\"a\" : [1, -2.5, \"\\u00e9\", true, null]} ");
    json_t *expected = json_pack("{s:[i,f,s,b,n]}", "a", 1, -2.5, "\xc3\xa9", 1);

    (void)state;
    assert_true(json_equal(read, expected));
    json_decref(read);
    json_decref(expected);
    read = read_text("\"text\"");
    assert_string_equal(json_string_value(read), "text");
    json_decref(read);
}

static void text_may_hold_nulls_and_names_may_not(void **state)
{
    json_t *read = read_text("\"a\\u0000b\"");

    (void)state;
    assert_int_equal(json_string_length(read), 3);
    assert_memory_equal(json_string_value(read), "a\0b", 3);
    assert_written(read, "\"a\\u0000b\"");
    assert_refused("{\"a\\u0000b\":1}", "the body is no JSON: a null in a name at byte 11");
}

static void faults_are_told_with_their_place(void **state)
{
    (void)state;
    assert_refused("", "the body is no JSON: a sudden end at byte 0");
    assert_refused("{\"a\":1", "the body is no JSON: a sudden end at byte 6");
    assert_refused("[1,]", "the body is no JSON: wrong syntax at byte 4");
    assert_refused("[1] 2", "the body is no JSON: more than one value at byte 5");
    assert_refused("{\"a\":1,\"a\":2}",
                   "the body is no JSON: a name for the second time at byte 10");
    assert_refused("[\"\xc3(\"]", "the body is no JSON: invalid UTF-8 at byte 2");
    assert_refused("[NaN]", "the body is no JSON: wrong syntax at byte 4");
    assert_refused("'a'", "the body is no JSON: wrong syntax at byte 1");
    assert_refused_bytes("1\0", 2, "the body is no JSON: a null byte at byte 1");
}

static void numbers_out_of_range_are_refused(void **state)
{
    json_t *read = read_text("-9223372036854775808");

    (void)state;
    assert_int_equal(json_integer_value(read), INT64_MIN);
    json_decref(read);
    assert_refused("9223372036854775808", "the body is no JSON: a number out of range at byte 19");
    assert_refused("1e400", "the body is no JSON: a number out of range at byte 5");
}

static json_t *nested(unsigned depth)
{
    json_t *payload = json_array();

    while (--depth > 0) {
        json_t *outer = json_array();

        json_array_append_new(outer, payload);
        payload = outer;
    }
    return payload;
}

static void nesting_has_a_limit_in_both_directions(void **state)
{
    char body[2 * SERIALIZER_DEPTH_MAX + 3];
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload;
    void *out;
    size_t size;

    (void)state;
    memset(body, '[', SERIALIZER_DEPTH_MAX + 1);
    memset(body + SERIALIZER_DEPTH_MAX + 1, ']', SERIALIZER_DEPTH_MAX + 1);
    json_decref(read_bytes(body + 1, 2 * SERIALIZER_DEPTH_MAX));
    assert_refused_bytes(body, sizeof(body) - 1,
                         "the body is no JSON: nested too deeply at byte 128");
    payload = nested(SERIALIZER_DEPTH_MAX);
    assert_int_equal(amqpext_encode(json(), payload, &out, &size, NULL), AMQPEXT_OK);
    assert_memory_equal(out, body + 1, size);
    free(out);
    json_decref(payload);
    payload = nested(SERIALIZER_DEPTH_MAX + 1);
    assert_int_equal(amqpext_encode(json(), payload, &out, &size, &error), AMQPEXT_EENCODE);
    assert_string_equal(error.message, "the payload cannot be encoded: it is nested too deeply");
    json_decref(payload);
}

static void brackets_in_text_are_no_nesting(void **state)
{
    char body[400];

    (void)state;
    memset(body, '[', sizeof(body));
    memcpy(body, "\"\\\"\\\\", 5);
    body[sizeof(body) - 1] = '"';
    json_decref(read_bytes(body, sizeof(body)));
}

static void objects_and_arrays_have_a_limit(void **state)
{
    const size_t count = SERIALIZER_CONTAINERS_MAX + 1;
    const size_t size = 3 * count + 1;
    char *body = malloc(size);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload;
    size_t i;

    (void)state;
    assert_non_null(body);
    body[0] = '[';
    for (i = 0; i < count; i++)
        memcpy(body + 1 + 3 * i, "[],", 3);
    body[size - 1] = ']';
    assert_int_equal(amqpext_decode(json(), body, size, &payload, &error), AMQPEXT_EDECODE);
    assert_non_null(strstr(error.message, "too many objects and arrays"));
    free(body);
}

static void assert_not_written(json_t *payload, const char *message)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    void *body = NULL;
    size_t size = 77;

    assert_non_null(payload);
    assert_int_equal(amqpext_encode(json(), payload, &body, &size, &error), AMQPEXT_EENCODE);
    assert_string_equal(error.message, message);
    assert_null(body);
    assert_int_equal(size, 77);
    json_decref(payload);
}

static void what_is_no_utf_8_is_not_written(void **state)
{
    json_t *object = json_object();

    (void)state;
    assert_not_written(json_string_nocheck("\xff"),
                       "the payload cannot be encoded: a text is not UTF-8");
    assert_int_equal(json_object_set_new_nocheck(object, "\xed\xa0\x80", json_null()), 0);
    assert_not_written(object, "the payload cannot be encoded: a name is not UTF-8");
}

static void an_array_within_itself_is_refused(void **state)
{
    json_t *outer = json_array();
    json_t *inner = json_array();

    (void)state;
    assert_int_equal(json_array_append(outer, inner), 0);
    assert_int_equal(json_array_append(inner, outer), 0);
    json_incref(outer);
    assert_not_written(outer, "the payload cannot be encoded: it is nested too deeply");
    json_array_clear(inner);
    json_decref(outer);
    json_decref(inner);
}

static void encode_once(void *payload)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    void *body = NULL;
    size_t size;
    const enum amqpext_status status = amqpext_encode(json(), payload, &body, &size, &error);

    assert_int_equal(status, oom_stop() ? AMQPEXT_ENOMEM : AMQPEXT_OK);
    assert_int_equal(error.status, status);
    free(body);
}

static void memory_may_run_out_while_writing(void **state)
{
    json_t *payload = json_array();
    size_t n;

    (void)state;
    for (n = 0; n < 1000; n++)
        json_array_append_new(payload, json_integer((json_int_t)n));
    assert_true(oom_for_every_allocation(encode_once, payload) > 1);
    json_decref(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_are_written_compact_and_in_ascii),
        cmocka_unit_test(reals_come_back_as_they_were),
        cmocka_unit_test(the_decimal_point_does_not_depend_on_the_locale),
        cmocka_unit_test(bodies_of_any_value_are_read),
        cmocka_unit_test(text_may_hold_nulls_and_names_may_not),
        cmocka_unit_test(faults_are_told_with_their_place),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(nesting_has_a_limit_in_both_directions),
        cmocka_unit_test(brackets_in_text_are_no_nesting),
        cmocka_unit_test(objects_and_arrays_have_a_limit),
        cmocka_unit_test(what_is_no_utf_8_is_not_written),
        cmocka_unit_test(an_array_within_itself_is_refused),
        cmocka_unit_test(memory_may_run_out_while_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
