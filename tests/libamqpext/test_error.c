/* Errors: filled once, one line, whole characters. */
#include "test.h"

#include <errno.h>

#include "error.h"

static void failure_fills_status_and_message(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    assert_int_equal(amqpext__fail(&error, AMQPEXT_EDECODE, "no %s at %d", "brace", 7),
                     AMQPEXT_EDECODE);
    assert_int_equal(error.status, AMQPEXT_EDECODE);
    assert_string_equal(error.message, "no brace at 7");
}

static void program_fails_as_the_library_does(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    assert_int_equal(amqpext_error_set(NULL, AMQPEXT_EDECODE, "x"), AMQPEXT_EDECODE);
    assert_int_equal(amqpext_error_set(&error, AMQPEXT_EDECODE, "no\n%s", "title"),
                     AMQPEXT_EDECODE);
    assert_int_equal(amqpext_error_set(&error, AMQPEXT_ESTATE, "later"), AMQPEXT_ESTATE);
    assert_int_equal(error.status, AMQPEXT_EDECODE);
    assert_string_equal(error.message, "no title");
}

static void first_failure_stays(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const struct amqpext_error other = {.status = AMQPEXT_EBLOCKED, .message = "third"};

    (void)state;
    amqpext__fail(&error, AMQPEXT_EDECODE, "first");
    assert_int_equal(amqpext__fail(&error, AMQPEXT_EINVALID, "second"), AMQPEXT_EINVALID);
    assert_int_equal(amqpext__fail_errno(&error, AMQPEXT_ERESOURCES, EMFILE, "x"),
                     AMQPEXT_ERESOURCES);
    assert_int_equal(amqpext__fail_reply(&error, AMQPEXT_EACCESS, 403, "x"), AMQPEXT_EACCESS);
    assert_int_equal(amqpext__fail_copy(&error, &other), AMQPEXT_EBLOCKED);
    assert_int_equal(error.status, AMQPEXT_EDECODE);
    assert_int_equal(error.system_errno, 0);
    assert_int_equal(error.reply_code, 0);
    assert_string_equal(error.message, "first");
}

static void nobody_need_want_the_error(void **state)
{
    const struct amqpext_error other = {.status = AMQPEXT_EBLOCKED};

    (void)state;
    assert_int_equal(amqpext__fail(NULL, AMQPEXT_EDECODE, "x"), AMQPEXT_EDECODE);
    assert_int_equal(amqpext__fail_memory(NULL), AMQPEXT_ENOMEM);
    assert_int_equal(amqpext__fail_errno(NULL, AMQPEXT_ERESOURCES, EMFILE, "x"),
                     AMQPEXT_ERESOURCES);
    assert_int_equal(amqpext__fail_reply(NULL, AMQPEXT_EACCESS, 403, "x"), AMQPEXT_EACCESS);
    assert_int_equal(amqpext__fail_copy(NULL, &other), AMQPEXT_EBLOCKED);
}

static void operating_system_s_reason_ends_the_message(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    amqpext__fail_errno(&error, AMQPEXT_ERESOURCES, ENOENT, "cannot open the file");
    assert_int_equal(error.system_errno, ENOENT);
    assert_string_equal(error.message, "cannot open the file: No such file or directory");
}

static void code_of_the_broker_s_reply_is_kept(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    assert_int_equal(amqpext__fail_reply(&error, AMQPEXT_ENOTFOUND, 404, "no queue '%s'", "orders"),
                     AMQPEXT_ENOTFOUND);
    assert_int_equal(error.status, AMQPEXT_ENOTFOUND);
    assert_int_equal(error.reply_code, 404);
    assert_string_equal(error.message, "no queue 'orders'");
}

static void message_is_one_line(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    amqpext__fail(&error, AMQPEXT_EBROKER, "PRECONDITION_FAILED - x\n\tfor queue y\r\n");
    assert_string_equal(error.message, "PRECONDITION_FAILED - x  for queue y");
}

static void message_is_cut_between_characters(void **state)
{
    static const char *const characters[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\x89"};
    size_t i, padding;

    (void)state;
    for (i = 0; i < 3; i++) {
        for (padding = 240; padding < 260; padding++) {
            struct amqpext_error error = AMQPEXT_ERROR_INIT;
            const size_t size = strlen(characters[i]);
            char text[512];

            memset(text, 'x', padding);
            strcpy(text + padding, characters[i]);
            amqpext__fail(&error, AMQPEXT_EBROKER, "%s", text);
            if (padding + size < sizeof(error.message))
                assert_int_equal(strlen(error.message), padding + size);
            else
                assert_int_equal(strlen(error.message), padding > 255 ? 255 : padding);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_fills_status_and_message),
        cmocka_unit_test(program_fails_as_the_library_does),
        cmocka_unit_test(first_failure_stays),
        cmocka_unit_test(nobody_need_want_the_error),
        cmocka_unit_test(operating_system_s_reason_ends_the_message),
        cmocka_unit_test(code_of_the_broker_s_reply_is_kept),
        cmocka_unit_test(message_is_one_line),
        cmocka_unit_test(message_is_cut_between_characters),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
