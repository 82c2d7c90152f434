/*
 * Statuses, whose numbers are part of the ABI, and the filling of errors.
 */
#include "test.h"

#include <errno.h>

#include "error.h"

struct pin {
    enum baseapi_status status;
    int number;
    const char *name;
};

static const struct pin pins[] = {
    {BASEAPI_OK, 0, "BASEAPI_OK"},
    {BASEAPI_ENOMEM, 3001, "BASEAPI_ENOMEM"},
    {BASEAPI_EINVALID, 3002, "BASEAPI_EINVALID"},
    {BASEAPI_ESTATE, 3003, "BASEAPI_ESTATE"},
    {BASEAPI_EANSWERED, 3004, "BASEAPI_EANSWERED"},
    {BASEAPI_ECANCELLED, 3005, "BASEAPI_ECANCELLED"},
    {BASEAPI_ELIMIT, 3006, "BASEAPI_ELIMIT"},
    {BASEAPI_ELISTEN, 3007, "BASEAPI_ELISTEN"},
    {BASEAPI_ESERVER, 3008, "BASEAPI_ESERVER"},
    {BASEAPI_ERESOURCES, 3009, "BASEAPI_ERESOURCES"},
    {BASEAPI_EDATABASE, 3010, "BASEAPI_EDATABASE"},
    {BASEAPI_ETIMEDOUT, 3011, "BASEAPI_ETIMEDOUT"},
    {BASEAPI_EFORMAT, 3012, "BASEAPI_EFORMAT"},
    {BASEAPI_ENOTFOUND, 3013, "BASEAPI_ENOTFOUND"},
};

static void numbers_and_names_stay_as_they_are(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
        assert_int_equal(pins[i].status, pins[i].number);
        assert_string_equal(baseapi_status_name(pins[i].status), pins[i].name);
    }
    assert_string_equal(baseapi_status_name((enum baseapi_status)1), "BASEAPI_E?");
}

static void first_error_stays(void **state)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    (void)state;
    assert_int_equal(baseapi__fail(&error, BASEAPI_ELIMIT, "first %d", 1), BASEAPI_ELIMIT);
    assert_int_equal(baseapi__fail(&error, BASEAPI_ENOMEM, "second"), BASEAPI_ENOMEM);
    assert_int_equal(baseapi__fail_errno(&error, BASEAPI_ELISTEN, EACCES, "third"),
                     BASEAPI_ELISTEN);
    assert_int_equal(error.status, BASEAPI_ELIMIT);
    assert_int_equal(error.system_errno, 0);
    assert_string_equal(error.message, "first 1");
}

static void message_is_one_line(void **state)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    (void)state;
    (void)baseapi__fail_http(&error, BASEAPI_EFORMAT, 400, "a\nb\tc\x7f%s", "");
    assert_string_equal(error.message, "a b c ");
    assert_int_equal(error.http_status, 400);
}

static void refusal_of_the_system_is_explained(void **state)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    (void)state;
    errno = ERANGE;
    (void)baseapi__fail_errno(&error, BASEAPI_ELISTEN, EADDRINUSE, "cannot listen");
    assert_string_equal(error.message, "cannot listen: Address already in use");
    assert_int_equal(error.system_errno, EADDRINUSE);
    assert_int_equal(errno, ERANGE);
}

static void nobody_needs_to_listen(void **state)
{
    (void)state;
    assert_int_equal(baseapi__fail(NULL, BASEAPI_EINVALID, "x"), BASEAPI_EINVALID);
    assert_int_equal(baseapi__fail_errno(NULL, BASEAPI_ELISTEN, 1, "x"), BASEAPI_ELISTEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_names_stay_as_they_are),
        cmocka_unit_test(first_error_stays),
        cmocka_unit_test(message_is_one_line),
        cmocka_unit_test(refusal_of_the_system_is_explained),
        cmocka_unit_test(nobody_needs_to_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
