/* The serializer "msgpack": bytes as the specification has them, and what JSON has no word for. */
#include "test.h"

#include <math.h>

#include <amqpext/serializer.h>

#include "serializer.h"

static const struct amqpext_serializer *msgpack(void)
{
    return amqpext_serializer_find("msgpack");
}

/* A body given by its hexadecimal digits; spaces are for the reader. */
struct body {
    unsigned char bytes[256];
    size_t size;
};

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static struct body body_of(const char *digits)
{
    struct body body = {.size = 0};

    for (; *digits != '\0'; digits++) {
        if (*digits == ' ')
            continue;
        body.bytes[body.size++] = (unsigned char)(digit(digits[0]) << 4 | digit(digits[1]));
        digits++;
    }
    return body;
}

/* A value and its only encoding. */
static void assert_written(json_t *payload, const char *digits)
{
    const struct body expected = body_of(digits);
    void *body;
    size_t size;

    assert_non_null(payload);
    assert_int_equal(amqpext_encode(msgpack(), payload, &body, &size, NULL), AMQPEXT_OK);
    assert_int_equal(size, expected.size);
    assert_memory_equal(body, expected.bytes, size);
    free(body);
    json_decref(payload);
}

/* A body, of which a copy of exactly its size is read, and its value as JSON. */
static void assert_read(const char *digits, const char *expected)
{
    const struct body body = body_of(digits);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    unsigned char *copy = malloc(body.size);
    json_t *payload;
    char *dumped;

    assert_non_null(copy);
    memcpy(copy, body.bytes, body.size);
    if (amqpext_decode(msgpack(), copy, body.size, &payload, &error) != AMQPEXT_OK)
        fail_msg("%s: %s", digits, error.message);
    dumped = json_dumps(payload, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(dumped, expected);
    free(dumped);
    json_decref(payload);
    free(copy);
}

static void assert_refused(const char *digits, const char *message)
{
    const struct body body = body_of(digits);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char expected[256];
    json_t *payload = (json_t *)&error;

    snprintf(expected, sizeof(expected), "the body is no MessagePack: %s", message);
    assert_int_equal(amqpext_decode(msgpack(), body.bytes, body.size, &payload, &error),
                     AMQPEXT_EDECODE);
    assert_string_equal(error.message, expected);
    assert_ptr_equal(payload, &error);
}

static void payloads_are_written_in_their_shortest_form(void **state)
{
    (void)state;
    assert_written(json_null(), "c0");
    assert_written(json_true(), "c3");
    assert_written(json_false(), "c2");
    assert_written(json_integer(127), "7f");
    assert_written(json_integer(-32), "e0");
    assert_written(json_integer(200), "cc c8");
    assert_written(json_integer(-200), "d1 ff38");
    assert_written(json_integer(INT64_MAX), "cf 7fffffffffffffff");
    assert_written(json_integer(INT64_MIN), "d3 8000000000000000");
    assert_written(json_real(1.5), "cb 3ff8000000000000");
    assert_written(json_string("a\xc3\xa9"), "a3 61c3a9");
    assert_written(json_stringn("a\0b", 3), "a3 610062");
    assert_written(json_pack("[i,[]]", 1), "92 01 90");
    assert_written(json_pack("{s:i,s:{}}", "a", 1, "b"), "82 a161 01 a162 80");
}

static void every_form_of_an_integer_is_read(void **state)
{
    (void)state;
    assert_read("00", "0");
    assert_read("7f", "127");
    assert_read("e0", "-32");
    assert_read("ff", "-1");
    assert_read("cc ff", "255");
    assert_read("cd ffff", "65535");
    assert_read("ce ffffffff", "4294967295");
    assert_read("cf 7fffffffffffffff", "9223372036854775807");
    assert_read("d0 80", "-128");
    assert_read("d0 7f", "127");
    assert_read("d1 8000", "-32768");
    assert_read("d2 80000000", "-2147483648");
    assert_read("d2 7fffffff", "2147483647");
    assert_read("d3 8000000000000000", "-9223372036854775808");
    assert_read("d3 ffffffffffffffff", "-1");
    assert_refused("cf 8000000000000000", "a number out of range at byte 0");
}

static void every_form_of_a_real_is_read(void **state)
{
    (void)state;
    assert_read("ca 3fc00000", "1.5");
    assert_read("ca 80000000", "-0.0");
    assert_read("cb bff8000000000000", "-1.5");
    assert_refused("ca 7f800000", "a number that is not finite at byte 0");
    assert_refused("cb 7ff8000000000000", "a number that is not finite at byte 0");
    assert_refused("91 cb fff0000000000000", "a number that is not finite at byte 1");
}

static void every_form_of_text_and_containers_is_read(void **state)
{
    (void)state;
    assert_read("a0", "\"\"");
    assert_read("d9 01 61", "\"a\"");
    assert_read("da 0001 61", "\"a\"");
    assert_read("db 00000001 61", "\"a\"");
    assert_read("a3 610062", "\"a\\u0000b\"");
    assert_read("93 c0 c2 c3", "[null,false,true]");
    assert_read("dc 0001 01", "[1]");
    assert_read("dd 00000001 01", "[1]");
    assert_read("81 a161 91 01", "{\"a\":[1]}");
    assert_read("de 0001 a161 01", "{\"a\":1}");
    assert_read("df 00000001 d90161 80", "{\"a\":{}}");
}

static void what_json_does_not_have_is_refused(void **state)
{
    (void)state;
    assert_refused("c1", "a byte without meaning at byte 0");
    assert_refused("c4 01 61", "a binary value at byte 0");
    assert_refused("c5 0001 61", "a binary value at byte 0");
    assert_refused("c6 00000001 61", "a binary value at byte 0");
    assert_refused("92 01 c7 01 05 61", "an extension value at byte 2");
    assert_refused("c8 0001 05 61", "an extension value at byte 0");
    assert_refused("c9 00000001 05 61", "an extension value at byte 0");
    assert_refused("d4 05 61", "an extension value at byte 0");
    assert_refused("d8 05", "an extension value at byte 0");
    assert_refused("81 01 02", "a name that is no text at byte 1");
    assert_refused("81 90 02", "a name that is no text at byte 1");
    assert_refused("81 a3 610062 01", "a null in a name at byte 1");
    assert_refused("82 a161 01 a161 02", "a name for the second time at byte 6");
    assert_refused("a2 c328", "invalid UTF-8 at byte 3");
    assert_refused("81 a1ff 01", "invalid UTF-8 at byte 3");
    assert_refused("01 02", "more than one value at byte 1");
}

static void bodies_that_end_too_early_are_refused(void **state)
{
    (void)state;
    assert_refused("", "a sudden end at byte 0");
    assert_refused("cd ff", "a sudden end at byte 0");
    assert_refused("cb 3ff80000000000", "a sudden end at byte 0");
    assert_refused("da 00", "a sudden end at byte 0");
    assert_refused("92 01", "more members than the body can hold at byte 0");
    assert_refused("92 91 01", "a sudden end at byte 3");
    assert_refused("a3 6161", "a text longer than the body at byte 0");
    assert_refused("81 a161", "a sudden end at byte 3");
}

static void announced_sizes_take_no_memory(void **state)
{
    (void)state;
    assert_refused("dd ffffffff 01", "more members than the body can hold at byte 0");
    assert_refused("df 7fffffff a161 01", "more members than the body can hold at byte 0");
    assert_refused("db ffffffff 61", "a text longer than the body at byte 0");
    assert_refused("91 91 dd 80000000", "more members than the body can hold at byte 2");
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
    unsigned char bytes[SERIALIZER_DEPTH_MAX + 1];
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload;
    void *body;
    size_t size;

    (void)state;
    memset(bytes, 0x91, sizeof(bytes));
    bytes[SERIALIZER_DEPTH_MAX] = 0x90;
    assert_int_equal(amqpext_decode(msgpack(), bytes + 1, sizeof(bytes) - 1, &payload, NULL),
                     AMQPEXT_OK);
    assert_int_equal(amqpext_encode(msgpack(), payload, &body, &size, NULL), AMQPEXT_OK);
    assert_int_equal(size, SERIALIZER_DEPTH_MAX);
    assert_memory_equal(body, bytes + 1, size);
    free(body);
    json_decref(payload);
    assert_int_equal(amqpext_decode(msgpack(), bytes, sizeof(bytes), &payload, &error),
                     AMQPEXT_EDECODE);
    assert_non_null(strstr(error.message, "nested too deeply"));
    payload = nested(SERIALIZER_DEPTH_MAX + 1);
    assert_int_equal(amqpext_encode(msgpack(), payload, &body, &size, NULL), AMQPEXT_EENCODE);
    json_decref(payload);
}

static void objects_and_arrays_have_a_limit(void **state)
{
    const size_t size = SERIALIZER_CONTAINERS_MAX + 5;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    unsigned char *body = malloc(size);
    json_t *payload;

    (void)state;
    assert_non_null(body);
    memset(body, 0x90, size);
    body[0] = 0xdd;
    body[1] = (unsigned char)(SERIALIZER_CONTAINERS_MAX >> 24);
    body[2] = (unsigned char)(SERIALIZER_CONTAINERS_MAX >> 16);
    body[3] = (unsigned char)(SERIALIZER_CONTAINERS_MAX >> 8 & 0xff);
    body[4] = (unsigned char)(SERIALIZER_CONTAINERS_MAX & 0xff);
    assert_int_equal(amqpext_decode(msgpack(), body, size, &payload, &error), AMQPEXT_EDECODE);
    assert_non_null(strstr(error.message, "too many objects and arrays"));
    free(body);
}

static void memory_may_run_out_while_writing(void **state)
{
    json_t *payload = json_array();
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    void *body = NULL;
    size_t size;

    (void)state;
    for (size_t n = 0; n < 1000; n++)
        json_array_append_new(payload, json_integer((json_int_t)n));
    oom_fail_at(2);
    assert_int_equal(amqpext_encode(msgpack(), payload, &body, &size, &error), AMQPEXT_ENOMEM);
    assert_true(oom_stop());
    assert_null(body);
    assert_int_equal(error.status, AMQPEXT_ENOMEM);
    json_decref(payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_are_written_in_their_shortest_form),
        cmocka_unit_test(every_form_of_an_integer_is_read),
        cmocka_unit_test(every_form_of_a_real_is_read),
        cmocka_unit_test(every_form_of_text_and_containers_is_read),
        cmocka_unit_test(what_json_does_not_have_is_refused),
        cmocka_unit_test(bodies_that_end_too_early_are_refused),
        cmocka_unit_test(announced_sizes_take_no_memory),
        cmocka_unit_test(nesting_has_a_limit_in_both_directions),
        cmocka_unit_test(objects_and_arrays_have_a_limit),
        cmocka_unit_test(memory_may_run_out_while_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
