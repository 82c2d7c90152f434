/* Properties that a program wants to send: what a broker would close the channel for is refused. */
#include "test.h"

#include "properties.h"

static enum amqpext_status check(const struct amqpext_properties *properties)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const enum amqpext_status status = amqpext__properties_check(properties, &error);

    assert_int_equal(error.status, status);
    assert_int_equal(error.message[0] != '\0', status != AMQPEXT_OK);
    return status;
}

static void properties_that_are_not_set_are_allowed(void **state)
{
    const struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;

    (void)state;
    assert_int_equal(check(&properties), AMQPEXT_OK);
}

static void texts_have_at_most_255_bytes(void **state)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const char **const texts[] = {&properties.content_type,   &properties.content_encoding,
                                  &properties.correlation_id, &properties.reply_to,
                                  &properties.message_id,     &properties.type,
                                  &properties.user_id,        &properties.app_id};
    char text[257];
    size_t i;

    (void)state;
    memset(text, 't', 256);
    text[256] = '\0';
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i] = text;
        assert_int_equal(check(&properties), AMQPEXT_EINVALID);
        *texts[i] = text + 1;
        assert_int_equal(check(&properties), AMQPEXT_OK);
    }
}

static void numbers_are_those_of_the_protocol(void **state)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;

    (void)state;
    properties.delivery_mode = AMQPEXT_PERSISTENT;
    properties.priority = 255;
    properties.timestamp = INT64_MAX;
    properties.expiration_ms = AMQPEXT_EXPIRATION_MAX_MS;
    assert_int_equal(check(&properties), AMQPEXT_OK);
    properties.delivery_mode = (enum amqpext_delivery_mode)3;
    assert_int_equal(check(&properties), AMQPEXT_EINVALID);
    properties.delivery_mode = AMQPEXT_TRANSIENT;
    properties.priority = 256;
    assert_int_equal(check(&properties), AMQPEXT_EINVALID);
    properties.priority = 0;
    properties.timestamp = -1;
    assert_int_equal(check(&properties), AMQPEXT_EINVALID);
    properties.timestamp = 0;
    properties.expiration_ms++;
    assert_int_equal(check(&properties), AMQPEXT_EINVALID);
    properties.expiration_ms = 1;
    assert_int_equal(check(&properties), AMQPEXT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_that_are_not_set_are_allowed),
        cmocka_unit_test(texts_have_at_most_255_bytes),
        cmocka_unit_test(numbers_are_those_of_the_protocol),
    };

    return cmocka_run_group_tests_name("properties", tests, NULL, NULL);
}
