/*
 * Schemas made from models, and bodies checked against them.
 */
#include "test.h"

#include <stdio.h>

#include "resource_models.h"
#include "schema.h"
#include "text.h"

static const struct baseapi_resource novels = {
    .path = "/novels", .model = &novel_model, .methods = BASEAPI_CRUD};

static json_t *schema_of(const struct baseapi_resource *resource, enum baseapi_methods method)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    json_t *schema = NULL;

    if (baseapi_resource_schema(resource, method, &schema, &error) != BASEAPI_OK)
        fail_msg("%s", error.message);
    return schema;
}

static void assert_json(const json_t *json, const char *expected)
{
    json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

    assert_non_null(wanted);
    if (!json_equal(json, wanted))
        assert_string_equal(text, expected);
    free(text);
    json_decref(wanted);
}

static const json_t *data_of(const json_t *schema)
{
    return json_object_get(json_object_get(schema, "properties"), "data");
}

static void schemas_wrap_the_columns_that_clients_write(void **state)
{
    json_t *schema = schema_of(&novels, BASEAPI_CREATE);

    (void)state;
    assert_json(json_object_get(schema, "required"), "[\"data\"]");
    assert_json(json_object_get(schema, "additionalProperties"), "false");
    assert_json(json_object_get(data_of(schema), "additionalProperties"), "false");
    assert_json(json_object_get(data_of(schema), "required"), "[\"name\"]");
    assert_json(json_object_get(data_of(schema), "properties"),
                "{\"category\":{\"type\":[\"string\",\"null\"],\"maxLength\":5},"
                "\"name\":{\"type\":\"string\",\"maxLength\":20},"
                "\"is_available\":{\"type\":\"boolean\"},"
                "\"writer_id\":{\"type\":[\"integer\",\"null\"],\"minimum\":-2147483648,"
                "\"maximum\":2147483647},"
                "\"pages\":{\"type\":[\"integer\",\"null\"],\"minimum\":-32768,\"maximum\":32767},"
                "\"price\":{\"type\":[\"number\",\"string\",\"null\"],\"format\":\"decimal\"},"
                "\"cover\":{\"type\":[\"string\",\"null\"],\"contentEncoding\":\"base64\"},"
                "\"token\":{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"},"
                "\"made\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}}");
    json_decref(schema);
}

static void updates_require_nothing_and_may_repeat_the_key(void **state)
{
    json_t *schema = schema_of(&novels, BASEAPI_UPDATE);
    const json_t *properties = json_object_get(data_of(schema), "properties");

    (void)state;
    assert_null(json_object_get(data_of(schema), "required"));
    assert_json(json_object_get(properties, "id"), "{\"type\":\"integer\"}");
    json_decref(schema);
}

static void listed_columns_alone_are_written(void **state)
{
    const struct baseapi_resource resource = {
        .path = "/novels", .model = &novel_model, .writes = "name id"};
    json_t *schema = schema_of(&resource, BASEAPI_CREATE);

    (void)state;
    assert_int_equal(json_object_size(json_object_get(data_of(schema), "properties")), 2);
    json_decref(schema);
}

static void other_methods_have_no_schema(void **state)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    json_t *schema = NULL;

    (void)state;
    assert_int_equal(baseapi_resource_schema(&novels, BASEAPI_DELETE, &schema, &error),
                     BASEAPI_EINVALID);
    assert_null(schema);
}

static void tell(void *context, const char *pointer, const char *detail)
{
    struct text *text = context;

    text_string(text, pointer);
    text_string(text, " ");
    text_string(text, detail);
    text_string(text, "\n");
}

static void assert_faults(const char *body, const char *expected)
{
    json_t *schema = schema_of(&novels, BASEAPI_CREATE);
    json_t *instance = json_loads(body, JSON_DECODE_ANY, NULL);
    struct text text = {0};
    struct schema_report report = {.tell = tell, .context = &text};

    assert_non_null(instance);
    baseapi__schema_check(schema, instance, &report);
    assert_false(report.failed);
    assert_string_equal(text.data == NULL ? "" : text.data, expected);
    text_free(&text);
    json_decref(instance);
    json_decref(schema);
}

static void good_bodies_pass(void **state)
{
    (void)state;
    assert_faults("{\"data\":{\"name\":\"x\"}}", "");
    assert_faults("{\"data\":{\"name\":\"x\",\"category\":null,\"is_available\":false,\"pages\":"
                  "32767,\"price\":\"1.10\",\"cover\":\"AQL/\",\"token\":"
                  "\"550e8400-e29b-41d4-a716-446655440000\",\"made\":\"2024-02-29T12:00:00Z\"}}",
                  "");
    assert_faults("{\"data\":{\"name\":\"x\",\"price\":1.5,\"writer_id\":-1}}", "");
    /* Characters count, not bytes. */
    assert_faults(
        "{\"data\":{\"name\":\"x\",\"category\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}}",
        "");
}

static void envelopes_must_be_right(void **state)
{
    (void)state;
    assert_faults("[]", " [] is not of type 'object'\n");
    assert_faults("null", " None is not of type 'object'\n");
    assert_faults("{}", " 'data' is a required property\n");
    assert_faults("{\"data\":[1]}", "/data [1] is not of type 'object'\n");
    assert_faults("{\"data\":{\"name\":\"x\"},\"meta\":1}",
                  "/meta Additional properties are not allowed ('meta' was unexpected)\n");
}

static void all_faults_are_told_with_their_pointers(void **state)
{
    (void)state;
    assert_faults("{\"data\":{\"category\":\"abcdef\",\"is_available\":\"yes\",\"pages\":40000,"
                  "\"writer_id\":1.5,\"token\":\"x\",\"cover\":\"?\",\"price\":\"1,5\",\"made\":"
                  "\"today\"}}",
                  "/data 'name' is a required property\n"
                  "/data/category 'abcdef' is too long\n"
                  "/data/is_available 'yes' is not of type 'boolean'\n"
                  "/data/pages 40000 is greater than the maximum of 32767\n"
                  "/data/writer_id 1.5 is not of type 'integer', 'null'\n"
                  "/data/token 'x' is not a 'uuid'\n"
                  "/data/cover '?' is not base64\n"
                  "/data/price '1,5' is not a 'decimal'\n"
                  "/data/made 'today' is not a 'date-time'\n");
    assert_faults("{\"data\":{\"name\":null,\"pages\":-40000}}",
                  "/data/name None is not of type 'string'\n"
                  "/data/pages -40000 is less than the minimum of -32768\n");
    assert_faults("{\"data\":{\"name\":true}}", "/data/name True is not of type 'string'\n");
}

static void unknown_members_are_told_with_escaped_pointers(void **state)
{
    (void)state;
    assert_faults("{\"data\":{\"name\":\"x\",\"a/b~c\":1,\"id\":5}}",
                  "/data/a~1b~0c Additional properties are not allowed ('a/b~c' was unexpected)\n"
                  "/data/id Additional properties are not allowed ('id' was unexpected)\n");
}

static void long_values_are_cut_between_characters(void **state)
{
    char body[400] = "{\"data\":{\"name\":[\"";
    char expected[400] = "/data/name [\"a";

    (void)state;
    strcat(body, "a");
    for (int i = 0; i < 60; i++) {
        strcat(body, "\xc3\xa9");
        if (i < 28)
            strcat(expected, "\xc3\xa9");
    }
    strcat(body, "\"]}}");
    strcat(expected, "... is not of type 'string'\n");
    assert_faults(body, expected);
}

static void errors_beyond_a_hundred_are_counted_only(void **state)
{
    json_t *schema = schema_of(&novels, BASEAPI_CREATE);
    json_t *body = json_pack("{s:{s:s}}", "data", "name", "x");
    struct text text = {0};
    struct schema_report report = {.tell = tell, .context = &text};
    unsigned lines = 0;

    (void)state;
    for (int i = 0; i < SCHEMA_MAX_ERRORS + 5; i++) {
        char name[16];

        snprintf(name, sizeof(name), "x%d", i);
        json_object_set_new(json_object_get(body, "data"), name, json_null());
    }
    baseapi__schema_check(schema, body, &report);
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    assert_int_equal(report.count, SCHEMA_MAX_ERRORS + 5);
    assert_int_equal(lines, SCHEMA_MAX_ERRORS);
    text_free(&text);
    json_decref(body);
    json_decref(schema);
}

struct tried {
    json_t *schema;
    json_t *body;
};

static void attempt(void *context)
{
    const struct tried *tried = context;
    struct text text = {0};
    struct schema_report report = {.tell = tell, .context = &text};

    baseapi__schema_check(tried->schema, tried->body, &report);
    if (oom_stop())
        assert_true(report.failed || text.failed || report.count >= 2);
    else
        assert_int_equal(report.count, 3);
    text_free(&text);
}

static void running_out_of_memory_is_reported(void **state)
{
    struct tried tried = {schema_of(&novels, BASEAPI_CREATE),
                          json_pack("{s:{s:i,s:s,s:i}}", "data", "name", 1, "cover", "?", "x", 2)};

    (void)state;
    assert_true(oom_for_every_allocation(attempt, &tried) > 0);
    json_decref(tried.body);
    json_decref(tried.schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_wrap_the_columns_that_clients_write),
        cmocka_unit_test(updates_require_nothing_and_may_repeat_the_key),
        cmocka_unit_test(listed_columns_alone_are_written),
        cmocka_unit_test(other_methods_have_no_schema),
        cmocka_unit_test(good_bodies_pass),
        cmocka_unit_test(envelopes_must_be_right),
        cmocka_unit_test(all_faults_are_told_with_their_pointers),
        cmocka_unit_test(unknown_members_are_told_with_escaped_pointers),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(errors_beyond_a_hundred_are_counted_only),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
