/*
 * Parameters of modules: types, limits, what is missing and what is not known.
 */
#include <stdio.h>

#include "test.h"

#include "check.h"
#include "params.h"

static const struct promon_param_rule rules[] = {
    {.name = "host", .type = PROMON_PARAM_STRING, .flags = PROMON_PARAM_REQUIRED},
    {.name = "port", .type = PROMON_PARAM_INTEGER, .minimum = 1, .maximum = 65535},
    {.name = "offset", .type = PROMON_PARAM_INTEGER},
    {.name = "timeout", .type = PROMON_PARAM_NUMBER, .minimum = 0.001, .maximum = 60},
    {.name = "verify_ssl", .type = PROMON_PARAM_BOOLEAN},
    {.name = "names", .type = PROMON_PARAM_STRINGS},
    {.name = "statuses", .type = PROMON_PARAM_INTEGERS, .minimum = 100, .maximum = 599},
    {.name = "headers", .type = PROMON_PARAM_MAP},
    {.name = "pin",
     .type = PROMON_PARAM_INTEGER,
     .flags = PROMON_PARAM_SECRET,
     .minimum = 1,
     .maximum = 9999},
    {.name = NULL},
};

static struct promon_params *made(const struct promon_param *table, const char *json)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_params *params = NULL;

    if (promon__params_new(rules, table, json, &params, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    return params;
}

static void refused(const struct promon_param *table, const char *json, const char *message)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_params *params = NULL;

    assert_int_not_equal(promon__params_new(rules, table, json, &params, &error), PROMON_OK);
    assert_null(params);
    assert_string_equal(error.message, message);
}

static void json_gives_each_type(void **state)
{
    struct promon_params *params =
        made(NULL, "{\"host\": \"h\", \"port\": 6379, \"offset\": -5, \"timeout\": 1.5, "
                   "\"verify_ssl\": false, \"names\": [\"a\", \"b c\"], \"statuses\": [200, 204], "
                   "\"headers\": {\"Accept\": \"text/plain\", \"X\": \"\"}}");
    const char *key = NULL;

    (void)state;
    assert_string_equal(promon__params_string(params, "host", NULL), "h");
    assert_int_equal(promon__params_integer(params, "port", 0), 6379);
    assert_int_equal(promon__params_integer(params, "offset", 0), -5);
    assert_true(promon__params_number(params, "timeout", 0) == 1.5);
    assert_false(promon__params_boolean(params, "verify_ssl", true));
    assert_string_equal(promon__params_item(params, "names", 0), "a");
    assert_string_equal(promon__params_item(params, "names", 1), "b c");
    assert_null(promon__params_item(params, "names", 2));
    assert_string_equal(promon__params_item(params, "statuses", 1), "204");
    assert_string_equal(promon__params_entry(params, "headers", 0, &key), "text/plain");
    assert_string_equal(key, "Accept");
    assert_string_equal(promon__params_entry(params, "headers", 1, &key), "");
    assert_null(promon__params_entry(params, "headers", 2, &key));
    promon__params_free(params);
}

static void a_table_gives_each_type(void **state)
{
    static const struct promon_param table[] = {{"host", "h"},
                                                {"port", "6379"},
                                                {"timeout", "0.25"},
                                                {"verify_ssl", "true"},
                                                {"names", "a, b c ,d"},
                                                {"statuses", "200, 204"},
                                                {"headers", "{\"Accept\": \"*/*\"}"},
                                                {NULL, NULL}};
    struct promon_params *params = made(table, NULL);
    const char *key = NULL;

    (void)state;
    assert_int_equal(promon__params_integer(params, "port", 0), 6379);
    assert_true(promon__params_number(params, "timeout", 0) == 0.25);
    assert_true(promon__params_boolean(params, "verify_ssl", false));
    assert_string_equal(promon__params_item(params, "names", 0), "a");
    assert_string_equal(promon__params_item(params, "names", 1), "b c");
    assert_string_equal(promon__params_item(params, "names", 2), "d");
    assert_null(promon__params_item(params, "names", 3));
    assert_string_equal(promon__params_item(params, "statuses", 0), "200");
    assert_string_equal(promon__params_item(params, "statuses", 1), "204");
    assert_string_equal(promon__params_entry(params, "headers", 0, &key), "*/*");
    promon__params_free(params);
}

static void what_is_not_given_is_otherwise(void **state)
{
    struct promon_params *params = made(NULL, "{\"host\": \"h\"}");
    const char *key = NULL;

    (void)state;
    assert_int_equal(promon__params_integer(params, "port", 5432), 5432);
    assert_string_equal(promon__params_string(params, "no such name", "otherwise"), "otherwise");
    assert_int_equal(promon__params_integer(params, "host", 7), 7);
    assert_true(promon__params_number(params, "timeout", 2.5) == 2.5);
    assert_true(promon__params_boolean(params, "verify_ssl", true));
    assert_null(promon__params_item(params, "names", 0));
    assert_null(promon__params_entry(params, "headers", 0, &key));
    promon__params_free(params);
}

static void numbers_and_booleans_may_be_texts(void **state)
{
    struct promon_params *params = made(NULL, "{\"host\": \"h\", \"port\": \"6379\", "
                                              "\"timeout\": \"3\", \"verify_ssl\": \"false\"}");

    (void)state;
    assert_int_equal(promon__params_integer(params, "port", 0), 6379);
    assert_true(promon__params_number(params, "timeout", 0) == 3);
    assert_false(promon__params_boolean(params, "verify_ssl", true));
    promon__params_free(params);
}

static void one_item_is_a_list(void **state)
{
    struct promon_params *params =
        made(NULL, "{\"host\": \"h\", \"statuses\": 204, \"names\": \"a, b\"}");

    (void)state;
    assert_string_equal(promon__params_item(params, "statuses", 0), "204");
    assert_null(promon__params_item(params, "statuses", 1));
    assert_string_equal(promon__params_item(params, "names", 0), "a, b");
    promon__params_free(params);
}

static void secrets_are_read(void **state)
{
    struct promon_params *params;

    (void)state;
    setenv("TEST_PARAMS_PORT", "8080", 1);
    params =
        made(NULL, "{\"host\": {\"env\": \"TEST_PARAMS_PORT\"}, "
                   "\"port\": {\"env\": \"TEST_PARAMS_PORT\"}, "
                   "\"headers\": {\"X\": {\"env\": \"TEST_PARAMS_PORT\"}, \"env\": \"plain\"}}");
    assert_string_equal(promon__params_string(params, "host", NULL), "8080");
    assert_int_equal(promon__params_integer(params, "port", 0), 8080);
    promon__params_free(params);
    unsetenv("TEST_PARAMS_PORT");
}

static void an_unknown_name_is_refused_with_the_nearest(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_params *params = NULL;

    (void)state;
    assert_int_equal(promon__params_new(rules, NULL, "{\"host\": \"h\", \"verify_sssl\": true}",
                                        &params, &error),
                     PROMON_ECONFIG);
    assert_memory_equal(error.message, "params.verify_sssl: ", 20);
    assert_non_null(strstr(error.message, "did you mean \"verify_ssl\"?"));
}

static void what_is_required_must_be_there(void **state)
{
    (void)state;
    refused(NULL, "{\"port\": 1}", "params.host: is missing");
    refused(NULL, NULL, "params.host: is missing");
}

static void wrong_types_are_told(void **state)
{
    (void)state;
    refused(NULL, "{\"host\": 1}", "params.host: expected a string, not an integer");
    refused(NULL, "{\"host\": null}", "params.host: expected a string, not null");
    refused(NULL, "{\"host\": \"h\", \"port\": \"x\"}",
            "params.port: expected an integer, not a string");
    refused(NULL, "{\"host\": \"h\", \"port\": 1.5}",
            "params.port: expected an integer, not a number with a fraction");
    refused(NULL, "{\"host\": \"h\", \"port\": \"99999999999999999999\"}",
            "params.port: expected an integer, not a string");
    refused(NULL, "{\"host\": \"h\", \"timeout\": []}",
            "params.timeout: expected a number, not a list");
    refused(NULL, "{\"host\": \"h\", \"verify_ssl\": 1}",
            "params.verify_ssl: expected true or false, not an integer");
    refused(NULL, "{\"host\": \"h\", \"names\": [\"a\", 1]}",
            "params.names[1]: expected a string, not an integer");
    refused(NULL, "{\"host\": \"h\", \"statuses\": {\"a\": 1}}",
            "params.statuses: an object stands for a text only as {\"env\": \"NAME\"} or "
            "{\"file\": \"PATH\"}");
    refused(NULL, "{\"host\": \"h\", \"headers\": {\"a\": true}}",
            "params.headers.a: expected a string, not a boolean");
    refused(NULL, "{\"host\": \"h\", \"headers\": []}",
            "params.headers: expected an object of strings, not a list");
}

static void limits_are_told(void **state)
{
    (void)state;
    refused(NULL, "{\"host\": \"h\", \"port\": 0}", "params.port: expected 1 to 65535, not 0");
    refused(NULL, "{\"host\": \"h\", \"port\": \"65536\"}",
            "params.port: expected 1 to 65535, not 65536");
    refused(NULL, "{\"host\": \"h\", \"timeout\": 60.5}",
            "params.timeout: expected 0.001 to 60, not 60.5");
    refused(NULL, "{\"host\": \"h\", \"statuses\": [200, 99]}",
            "params.statuses: expected 100 to 599, not 99");
}

static void a_secret_is_not_told(void **state)
{
    (void)state;
    refused(NULL, "{\"host\": \"h\", \"pin\": 31337}", "params.pin: expected 1 to 9999");
    refused(NULL, "{\"host\": \"h\", \"pin\": \"hunter2\"}",
            "params.pin: expected an integer, not a string");
    refused(NULL, "{\"host\": hunter2}", "params: line 1, column 15: invalid token");
}

static void broken_tables_are_refused(void **state)
{
    static const struct promon_param twice[] = {{"host", "a"}, {"host", "b"}, {NULL, NULL}};
    static const struct promon_param empty[] = {{"host", NULL}, {NULL, NULL}};
    static const struct promon_param bytes[] = {{"host", "\xff"}, {NULL, NULL}};
    static const struct promon_param map[] = {{"host", "h"}, {"headers", "[1]"}, {NULL, NULL}};
    static const struct promon_param plain[] = {{"host", "h"}, {NULL, NULL}};

    (void)state;
    refused(twice, NULL, "params.host: is given twice");
    refused(empty, NULL, "params.host: has no value");
    refused(bytes, NULL, "params.host: not text of UTF-8");
    refused(map, NULL, "params.headers: expected the text of a JSON object");
    refused(plain, "{}", "params: given as a table and as JSON too");
}

static void broken_json_is_refused(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_params *params = NULL;

    (void)state;
    refused(NULL, "[]", "params: expected the text of a JSON object");
    assert_int_equal(
        promon__params_new(rules, NULL, "{\"host\": \"a\", \"host\": \"b\"}", &params, &error),
        PROMON_ECONFIG);
    assert_non_null(strstr(error.message, "duplicate object key"));
}

static void a_module_without_parameters_takes_none(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_params *params = NULL;

    (void)state;
    assert_int_equal(promon__params_new(NULL, NULL, "{}", &params, &error), PROMON_OK);
    assert_string_equal(promon__params_string(params, "host", "none"), "none");
    promon__params_free(params);
    params = NULL;
    assert_int_equal(promon__params_new(NULL, NULL, "{\"host\": 1}", &params, &error),
                     PROMON_ECONFIG);
    promon__params_free(NULL);
}

static void make_once(void *context)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_params *params = NULL;

    if (promon__params_new(rules, NULL, context, &params, &error) != PROMON_OK)
        assert_int_equal(error.status, PROMON_ENOMEM);
    promon__params_free(params);
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(
                    make_once, (void *)"{\"host\": \"h\", \"names\": [\"a\", \"b\"], "
                                       "\"headers\": {\"a\": \"b\"}, \"statuses\": [200]}") >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_gives_each_type),
        cmocka_unit_test(a_table_gives_each_type),
        cmocka_unit_test(what_is_not_given_is_otherwise),
        cmocka_unit_test(numbers_and_booleans_may_be_texts),
        cmocka_unit_test(one_item_is_a_list),
        cmocka_unit_test(secrets_are_read),
        cmocka_unit_test(an_unknown_name_is_refused_with_the_nearest),
        cmocka_unit_test(what_is_required_must_be_there),
        cmocka_unit_test(wrong_types_are_told),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(a_secret_is_not_told),
        cmocka_unit_test(broken_tables_are_refused),
        cmocka_unit_test(broken_json_is_refused),
        cmocka_unit_test(a_module_without_parameters_takes_none),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
