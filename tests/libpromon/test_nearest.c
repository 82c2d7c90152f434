/*
 * What somebody meant who wrote a name that nobody knows.
 */
#include "test.h"

#include "nearest.h"

static const char *const keys[] = {"host", "port",    "verify_ssl", "password",
                                   "url",  "headers", NULL};

static void is_nearest(const char *word, const char *expected)
{
    const char *found = promon__nearest(word, keys);

    if (expected == NULL)
        assert_null(found);
    else
        assert_string_equal(found == NULL ? "(none)" : found, expected);
}

static void a_letter_more_less_or_other_is_near(void **state)
{
    (void)state;
    is_nearest("verify_sssl", "verify_ssl");
    is_nearest("verify_sl", "verify_ssl");
    is_nearest("verifi_ssl", "verify_ssl");
    is_nearest("hosts", "host");
    is_nearest("ur", "url");
    is_nearest("por", "port");
}

static void neighbours_that_changed_places_are_one_fault(void **state)
{
    (void)state;
    is_nearest("ulr", "url");
    is_nearest("prot", "port");
    is_nearest("hsot", "host");
}

static void capitals_cost_nothing(void **state)
{
    (void)state;
    is_nearest("HOST", "host");
    is_nearest("Verify_SSL", "verify_ssl");
}

static void a_known_name_cut_short_is_near(void **state)
{
    (void)state;
    is_nearest("ssl", "verify_ssl");
    is_nearest("pass", "password");
    is_nearest("verify", "verify_ssl");
}

static void what_is_far_is_not_offered(void **state)
{
    static const char *const none[] = {NULL};
    char endless[5000];

    (void)state;
    is_nearest("", NULL);
    is_nearest("x", NULL);
    is_nearest("database", NULL);
    is_nearest("colour", NULL);
    memset(endless, 'u', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    is_nearest(endless, NULL);
    assert_null(promon__nearest("host", none));
}

static void the_first_of_equals_is_offered(void **state)
{
    static const char *const alike[] = {"best", "rest", NULL};

    (void)state;
    assert_string_equal(promon__nearest("test", alike), "best");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_more_less_or_other_is_near),
        cmocka_unit_test(neighbours_that_changed_places_are_one_fault),
        cmocka_unit_test(capitals_cost_nothing),
        cmocka_unit_test(a_known_name_cut_short_is_near),
        cmocka_unit_test(what_is_far_is_not_offered),
        cmocka_unit_test(the_first_of_equals_is_offered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
