/* Errors: filled once, one line, whole characters. */
#include "test.h"

#include <errno.h>

#include "error.h"

static void failure_fills_status_and_message(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(miniorm__fail(&error, MINIORM_EVALUE, "no %s at %d", "digit", 7),
                     MINIORM_EVALUE);
    assert_int_equal(error.status, MINIORM_EVALUE);
    assert_string_equal(error.message, "no digit at 7");
}

static void program_fails_as_the_library_does(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(miniorm_error_set(NULL, MINIORM_EVALUE, "x"), MINIORM_EVALUE);
    assert_int_equal(miniorm_error_set(&error, MINIORM_EVALUE, "no\n%s", "title"), MINIORM_EVALUE);
    assert_int_equal(miniorm_error_set(&error, MINIORM_ESTATE, "later"), MINIORM_ESTATE);
    assert_int_equal(error.status, MINIORM_EVALUE);
    assert_string_equal(error.message, "no title");
}

static void first_failure_stays(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    const struct miniorm_error other = {.status = MINIORM_EBUSY, .message = "third"};

    (void)state;
    miniorm__fail(&error, MINIORM_EVALUE, "first");
    assert_int_equal(miniorm__fail(&error, MINIORM_EINVALID, "second"), MINIORM_EINVALID);
    assert_int_equal(miniorm__fail_errno(&error, MINIORM_ERESOURCES, EMFILE, "x"),
                     MINIORM_ERESOURCES);
    assert_int_equal(miniorm__fail_column(&error, MINIORM_EVALUE, "t", "c", "x"), MINIORM_EVALUE);
    assert_int_equal(miniorm__fail_copy(&error, &other), MINIORM_EBUSY);
    assert_int_equal(error.status, MINIORM_EVALUE);
    assert_int_equal(error.system_errno, 0);
    assert_string_equal(error.column, "");
    assert_string_equal(error.message, "first");
}

static void nobody_need_want_the_error(void **state)
{
    const struct miniorm_error other = {.status = MINIORM_EBUSY};

    (void)state;
    assert_int_equal(miniorm__fail(NULL, MINIORM_EVALUE, "x"), MINIORM_EVALUE);
    assert_int_equal(miniorm__fail_memory(NULL), MINIORM_ENOMEM);
    assert_int_equal(miniorm__fail_errno(NULL, MINIORM_ERESOURCES, EMFILE, "x"),
                     MINIORM_ERESOURCES);
    assert_int_equal(miniorm__fail_column(NULL, MINIORM_EVALUE, "t", "c", "x"), MINIORM_EVALUE);
    assert_int_equal(miniorm__fail_copy(NULL, &other), MINIORM_EBUSY);
}

static void operating_system_s_reason_ends_the_message(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    miniorm__fail_errno(&error, MINIORM_ERESOURCES, ENOENT, "cannot open the file");
    assert_int_equal(error.system_errno, ENOENT);
    assert_string_equal(error.message, "cannot open the file: No such file or directory");
}

static void column_at_fault_is_named(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    miniorm__fail_column(&error, MINIORM_EVALUE, "authors", "name", "too long");
    assert_string_equal(error.table, "authors");
    assert_string_equal(error.column, "name");
    assert_string_equal(error.message, "authors.name: too long");
}

static void name_that_is_too_long_is_cut(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char name[2 * MINIORM_NAME_SIZE];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    miniorm__fail_column(&error, MINIORM_EVALUE, name, name, "x");
    assert_int_equal(strlen(error.table), MINIORM_NAME_SIZE - 1);
    assert_int_equal(strlen(error.column), MINIORM_NAME_SIZE - 1);
}

static void message_is_one_line(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    miniorm__fail(&error, MINIORM_EDATABASE, "ERROR:  bad\n\tDETAIL: worse\r\n");
    assert_string_equal(error.message, "ERROR:  bad  DETAIL: worse");
}

static void message_is_cut_between_characters(void **state)
{
    static const char *const characters[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\x89"};
    size_t i, padding;

    (void)state;
    for (i = 0; i < 3; i++) {
        for (padding = 240; padding < 260; padding++) {
            struct miniorm_error error = MINIORM_ERROR_INIT;
            const size_t size = strlen(characters[i]);
            char text[512];

            memset(text, 'x', padding);
            strcpy(text + padding, characters[i]);
            miniorm__fail(&error, MINIORM_EDATABASE, "%s", text);
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
        cmocka_unit_test(column_at_fault_is_named),
        cmocka_unit_test(name_that_is_too_long_is_cut),
        cmocka_unit_test(message_is_one_line),
        cmocka_unit_test(message_is_cut_between_characters),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
