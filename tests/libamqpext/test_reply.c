/* What the codes of a broker mean. */
#include "test.h"

#include "reply.h"

static void code_means_what_was_going_on(void **state)
{
    (void)state;
    assert_int_equal(amqpext__reply_status(403, REPLY_TO_LOGIN), AMQPEXT_EAUTH);
    assert_int_equal(amqpext__reply_status(403, REPLY_TO_OPEN), AMQPEXT_EVHOST);
    assert_int_equal(amqpext__reply_status(403, REPLY_LATER), AMQPEXT_EACCESS);
    assert_int_equal(amqpext__reply_status(530, REPLY_TO_OPEN), AMQPEXT_EVHOST);
    assert_int_equal(amqpext__reply_status(402, REPLY_TO_OPEN), AMQPEXT_EVHOST);
    assert_int_equal(amqpext__reply_status(404, REPLY_TO_OPEN), AMQPEXT_EVHOST);
    assert_int_equal(amqpext__reply_status(530, REPLY_LATER), AMQPEXT_EBROKER);
    assert_int_equal(amqpext__reply_status(320, REPLY_TO_OPEN), AMQPEXT_ECONNECTION);
    assert_int_equal(amqpext__reply_status(503, REPLY_TO_STEP), AMQPEXT_EINVALID);
    assert_int_equal(amqpext__reply_status(406, REPLY_TO_STEP), AMQPEXT_EPRECONDITION);
}

static void every_code_has_a_status(void **state)
{
    static const struct {
        int code;
        enum amqpext_status status;
    } CODES[] = {
        {311, AMQPEXT_ETOOLARGE},     {312, AMQPEXT_ERETURNED}, {313, AMQPEXT_ERETURNED},
        {320, AMQPEXT_ECONNECTION},   {404, AMQPEXT_ENOTFOUND}, {405, AMQPEXT_ELOCKED},
        {406, AMQPEXT_EPRECONDITION}, {501, AMQPEXT_EPROTOCOL}, {502, AMQPEXT_EPROTOCOL},
        {503, AMQPEXT_EPROTOCOL},     {504, AMQPEXT_EPROTOCOL}, {505, AMQPEXT_EPROTOCOL},
        {506, AMQPEXT_ECONNECTION},   {540, AMQPEXT_EBROKER},   {541, AMQPEXT_ECONNECTION},
        {0, AMQPEXT_EBROKER},         {65535, AMQPEXT_EBROKER},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++)
        assert_int_equal(amqpext__reply_status(CODES[i].code, REPLY_LATER), CODES[i].status);
}

static void permanent_is_what_somebody_has_to_mend(void **state)
{
    int number;

    (void)state;
    for (number = AMQPEXT_ENOMEM; number <= AMQPEXT_EREMOTE; number++) {
        const enum amqpext_status status = (enum amqpext_status)number;

        if (amqpext_status_is_temporary(status))
            assert_false(amqpext__reply_is_permanent(status));
        if (number >= AMQPEXT_EAUTH && number <= AMQPEXT_EBROKER)
            assert_true(amqpext__reply_is_permanent(status));
    }
    assert_true(amqpext__reply_is_permanent(AMQPEXT_EINVALID));
    assert_false(amqpext__reply_is_permanent(AMQPEXT_EPROTOCOL));
}

static void text_is_cut_and_printable(void **state)
{
    char out[8];

    (void)state;
    amqpext__reply_text((struct bytes){"a\x1b\n\0b\x7f", 6}, out, sizeof(out));
    assert_string_equal(out, "a   b ");
    amqpext__reply_text((struct bytes){"0123456789", 10}, out, sizeof(out));
    assert_string_equal(out, "0123456");
    amqpext__reply_text((struct bytes){"01234567", 8}, out, sizeof(out));
    assert_string_equal(out, "0123456");
    amqpext__reply_text((struct bytes){NULL, 0}, out, sizeof(out));
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_means_what_was_going_on),
        cmocka_unit_test(every_code_has_a_status),
        cmocka_unit_test(permanent_is_what_somebody_has_to_mend),
        cmocka_unit_test(text_is_cut_and_printable),
    };

    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
