/* Errors: filled once, one line, whole characters. */
#include "test.h"

#include <errno.h>

#include "error.h"

static void failure_fills_status_and_message(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    assert_int_equal(promon__fail(&error, PROMON_ECONFIG, "no %s at %d", "brace", 7),
                     PROMON_ECONFIG);
    assert_int_equal(error.status, PROMON_ECONFIG);
    assert_string_equal(error.message, "no brace at 7");
}

static void program_fails_as_the_library_does(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    assert_int_equal(promon_error_set(NULL, PROMON_ECONFIG, "x"), PROMON_ECONFIG);
    assert_int_equal(promon_error_set(&error, PROMON_ECONFIG, "no\n%s", "title"), PROMON_ECONFIG);
    assert_int_equal(promon_error_set(&error, PROMON_ESTATE, "later"), PROMON_ESTATE);
    assert_int_equal(error.status, PROMON_ECONFIG);
    assert_string_equal(error.message, "no title");
}

static void first_failure_stays(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    const struct promon_error other = {.status = PROMON_ESTATE, .message = "third"};

    (void)state;
    promon__fail(&error, PROMON_ECONFIG, "first");
    assert_int_equal(promon__fail(&error, PROMON_EINVALID, "second"), PROMON_EINVALID);
    assert_int_equal(promon__fail_errno(&error, PROMON_ERESOURCES, EMFILE, "x"), PROMON_ERESOURCES);
    assert_int_equal(promon__fail_http(&error, PROMON_EREJECTED, 400, "x"), PROMON_EREJECTED);
    assert_int_equal(promon__fail_copy(&error, &other), PROMON_ESTATE);
    assert_int_equal(error.status, PROMON_ECONFIG);
    assert_int_equal(error.system_errno, 0);
    assert_int_equal(error.http_status, 0);
    assert_string_equal(error.message, "first");
}

static void nobody_need_want_the_error(void **state)
{
    const struct promon_error other = {.status = PROMON_ESTATE};

    (void)state;
    assert_int_equal(promon__fail(NULL, PROMON_ECONFIG, "x"), PROMON_ECONFIG);
    assert_int_equal(promon__fail_memory(NULL), PROMON_ENOMEM);
    assert_int_equal(promon__fail_errno(NULL, PROMON_ERESOURCES, EMFILE, "x"), PROMON_ERESOURCES);
    assert_int_equal(promon__fail_http(NULL, PROMON_EREJECTED, 400, "x"), PROMON_EREJECTED);
    assert_int_equal(promon__fail_copy(NULL, &other), PROMON_ESTATE);
}

static void operating_system_s_reason_ends_the_message(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    promon__fail_errno(&error, PROMON_ERESOURCES, ENOENT, "cannot open the file");
    assert_int_equal(error.system_errno, ENOENT);
    assert_string_equal(error.message, "cannot open the file: No such file or directory");
}

static void status_of_an_http_answer_is_kept(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    assert_int_equal(promon__fail_http(&error, PROMON_EREJECTED, 400, "refused: %s", "no newline"),
                     PROMON_EREJECTED);
    assert_int_equal(error.status, PROMON_EREJECTED);
    assert_int_equal(error.http_status, 400);
    assert_string_equal(error.message, "refused: no newline");
}

static void message_is_one_line(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    promon__fail(&error, PROMON_EREJECTED, "text format parsing error\n\tin line 1\r\n");
    assert_string_equal(error.message, "text format parsing error  in line 1");
}

static void message_is_cut_between_characters(void **state)
{
    static const char *const characters[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\x89"};
    size_t i, padding;

    (void)state;
    for (i = 0; i < 3; i++) {
        for (padding = 240; padding < 260; padding++) {
            struct promon_error error = PROMON_ERROR_INIT;
            const size_t size = strlen(characters[i]);
            char text[512];

            memset(text, 'x', padding);
            strcpy(text + padding, characters[i]);
            promon__fail(&error, PROMON_EREJECTED, "%s", text);
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
        cmocka_unit_test(status_of_an_http_answer_is_kept),
        cmocka_unit_test(message_is_one_line),
        cmocka_unit_test(message_is_cut_between_characters),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
