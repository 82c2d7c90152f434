/*
 * Query strings to decoded pairs.
 */
#include "test.h"

#include <stdio.h>

#include "params.h"

struct told {
    unsigned count;
    char parameter[300];
    char detail[600];
};

static void tell(void *context, const char *parameter, const char *detail)
{
    struct told *told = context;

    told->count++;
    snprintf(told->parameter, sizeof(told->parameter), "%s", parameter);
    snprintf(told->detail, sizeof(told->detail), "%s", detail);
}

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static enum baseapi_status decode(const char *query, struct params_pairs *pairs, struct told *told)
{
    struct params_report report = {.tell = tell, .context = told};

    memset(told, 0, sizeof(*told));
    memset(pairs, 0, sizeof(*pairs));
    return baseapi__params_decode(&arena, query, &report, pairs);
}

static void assert_pair(const struct params_pairs *pairs, size_t i, const char *name,
                        const char *value)
{
    assert_true(i < pairs->count);
    assert_true(baseapi__text_is(pairs->items[i].name, name));
    assert_true(baseapi__text_is(pairs->items[i].value, value));
}

static void pairs_are_split_at_ampersands_and_the_first_equals_sign(void **state)
{
    struct params_pairs pairs;
    struct told told;

    (void)state;
    assert_int_equal(decode("a=1&b=x=y&c&=d&&e=", &pairs, &told), BASEAPI_OK);
    assert_int_equal(pairs.count, 5);
    assert_pair(&pairs, 0, "a", "1");
    assert_pair(&pairs, 1, "b", "x=y");
    assert_pair(&pairs, 2, "c", "");
    assert_pair(&pairs, 3, "", "d");
    assert_pair(&pairs, 4, "e", "");
}

static void escapes_and_plus_signs_are_decoded_in_names_and_values(void **state)
{
    struct params_pairs pairs;
    struct told told;

    (void)state;
    assert_int_equal(decode("filter%5Bname%5D=a+b%20c%2B%25&x=%C3%a9%f0%9F%98%80", &pairs, &told),
                     BASEAPI_OK);
    assert_pair(&pairs, 0, "filter[name]", "a b c+%");
    assert_pair(&pairs, 1, "x", "\xc3\xa9\xf0\x9f\x98\x80");
}

static void the_first_of_a_repeated_parameter_counts(void **state)
{
    struct params_pairs pairs;
    struct told told;

    (void)state;
    assert_int_equal(decode("a=1&b=2&a=3&%61=4", &pairs, &told), BASEAPI_OK);
    assert_int_equal(pairs.count, 2);
    assert_pair(&pairs, 0, "a", "1");
    assert_pair(&pairs, 1, "b", "2");
}

static void bad_encodings_are_refused_by_the_name_of_their_parameter(void **state)
{
    static const struct {
        const char *query;
        const char *parameter;
        const char *detail;
    } cases[] = {
        {"a=%", "a", "Requested parameter has a bad escape."},
        {"a=1&b=%4", "b", "Requested parameter has a bad escape."},
        {"a=%zz", "a", "Requested parameter has a bad escape."},
        {"a=%4g", "a", "Requested parameter has a bad escape."},
        {"a%=1", "a%", "Requested parameter has a bad escape."},
        {"a=%ff", "a", "Requested parameter is not UTF-8."},
        {"a=%c3", "a", "Requested parameter is not UTF-8."},
        {"a=%c0%80", "a", "Requested parameter is not UTF-8."},
        {"a=%ed%a0%80", "a", "Requested parameter is not UTF-8."},
        {"a=%f4%90%80%80", "a", "Requested parameter is not UTF-8."},
        {"%ff=1", "%ff", "Requested parameter is not UTF-8."},
        {"a=x%00y", "a", "Requested parameter has a null byte."},
        {"a%00=1", "a%00", "Requested parameter has a null byte."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct params_pairs pairs;
        struct told told;

        assert_int_equal(decode(cases[i].query, &pairs, &told), BASEAPI_EINVALID);
        assert_int_equal(told.count, 1);
        assert_string_equal(told.parameter, cases[i].parameter);
        assert_string_equal(told.detail, cases[i].detail);
    }
}

static void all_bad_parameters_are_told(void **state)
{
    struct params_pairs pairs;
    struct told told;

    (void)state;
    assert_int_equal(decode("a=%&b=1&c=%ff&d=%00", &pairs, &told), BASEAPI_EINVALID);
    assert_int_equal(told.count, 3);
}

static void parameters_are_counted_and_one_too_many_is_refused(void **state)
{
    char query[BASEAPI_MAX_PARAMETERS * 5 + 10] = "";
    struct params_pairs pairs;
    struct told told;

    (void)state;
    for (int i = 0; i < BASEAPI_MAX_PARAMETERS; i++)
        sprintf(query + strlen(query), "%s%x=", i == 0 ? "" : "&", i);
    assert_int_equal(decode(query, &pairs, &told), BASEAPI_OK);
    assert_int_equal(pairs.count, BASEAPI_MAX_PARAMETERS);
    strcat(query, "&x");
    assert_int_equal(decode(query, &pairs, &told), BASEAPI_EINVALID);
    assert_string_equal(told.detail, "Requested parameters are too many. Maximum is 256");
}

static void attempt(void *context)
{
    struct params_pairs pairs;
    struct told told;
    const enum baseapi_status status = decode("a=1&b=%20&filter%5Bx%5D=+", &pairs, &told);

    (void)context;
    if (oom_stop())
        assert_true(status == BASEAPI_ENOMEM || status == BASEAPI_OK);
    else
        assert_int_equal(pairs.count, 3);
    arena_free(&arena);
}

static void running_out_of_memory_is_reported(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(attempt, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(pairs_are_split_at_ampersands_and_the_first_equals_sign,
                                  tear_down),
        cmocka_unit_test_teardown(escapes_and_plus_signs_are_decoded_in_names_and_values,
                                  tear_down),
        cmocka_unit_test_teardown(the_first_of_a_repeated_parameter_counts, tear_down),
        cmocka_unit_test_teardown(bad_encodings_are_refused_by_the_name_of_their_parameter,
                                  tear_down),
        cmocka_unit_test_teardown(all_bad_parameters_are_told, tear_down),
        cmocka_unit_test_teardown(parameters_are_counted_and_one_too_many_is_refused, tear_down),
        cmocka_unit_test_teardown(running_out_of_memory_is_reported, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
