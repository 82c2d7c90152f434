/* Secrets: texts from the environment and from files, and what of them is never told. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "secrets.h"

static char folder[] = "/tmp/test_secrets.XXXXXX";

static void write_file(const char *name, const char *data, size_t size)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static enum promon_status read_json(const char *json, char *out, size_t size,
                                    struct promon_error *error)
{
    json_t *value = json_loads(json, 0, NULL);
    json_t *text = NULL;
    enum promon_status status;

    assert_non_null(value);
    status = promon__secret_read(value, folder, &text, error);
    if (status == PROMON_OK)
        assert_true((size_t)snprintf(out, size, "%s", json_string_value(text)) < size);
    else
        assert_null(text);
    json_decref(text);
    json_decref(value);
    return status;
}

static void assert_text(const char *json, const char *expected)
{
    struct promon_error error = PROMON_ERROR_INIT;
    char text[100];

    if (read_json(json, text, sizeof(text), &error) != PROMON_OK)
        fail_msg("%s", error.message);
    assert_string_equal(text, expected);
}

static void assert_refused(const char *json, enum promon_status status, const char *message)
{
    struct promon_error error = PROMON_ERROR_INIT;
    char text[100];

    assert_int_equal(read_json(json, text, sizeof(text), &error), status);
    assert_string_equal(error.message, message);
    assert_null(strstr(error.message, "s3cret"));
}

static void text_comes_from_the_environment(void **state)
{
    (void)state;
    setenv("PROMON_TEST_SECRET", "p\xc3\xa4ss \"word\"\n", 1);
    assert_text("{\"env\": \"PROMON_TEST_SECRET\"}", "p\xc3\xa4ss \"word\"\n");
    setenv("PROMON_TEST_SECRET", "", 1);
    assert_text("{\"env\": \"PROMON_TEST_SECRET\"}", "");
    unsetenv("PROMON_TEST_SECRET");
    assert_refused("{\"env\": \"PROMON_TEST_SECRET\"}", PROMON_ESECRET,
                   "the environment variable PROMON_TEST_SECRET is not set");
}

static void text_of_a_file_loses_its_last_line_break_only(void **state)
{
    static const struct row {
        const char *content, *text;
    } rows[] = {{"abc\n", "abc"},   {"abc", "abc"}, {"abc\r\n", "abc"}, {"abc\n\n", "abc\n"},
                {"\n", ""},         {"", ""},       {" a b ", " a b "}, {"a\nb\n", "a\nb"},
                {"abc\r", "abc\r"}, {"\r\n", ""}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file("secret", rows[i].content, strlen(rows[i].content));
        assert_text("{\"file\": \"secret\"}", rows[i].text);
    }
    remove_file("secret");
}

static void file_may_be_named_from_the_root(void **state)
{
    char json[100];

    (void)state;
    write_file("secret", "x", 1);
    snprintf(json, sizeof(json), "{\"file\": \"%s/secret\"}", folder);
    assert_text(json, "x");
    remove_file("secret");
}

static void content_that_is_no_text_is_refused_and_not_shown(void **state)
{
    (void)state;
    write_file("secret", "s3cret\0x", 8);
    assert_refused("{\"file\": \"secret\"}", PROMON_ESECRET, "the file secret holds a NUL byte");
    write_file("secret", "s3cret\xff", 7);
    assert_refused("{\"file\": \"secret\"}", PROMON_ESECRET, "the file secret is not UTF-8");
    remove_file("secret");
    setenv("PROMON_TEST_SECRET", "s3cret\xff", 1);
    assert_refused("{\"env\": \"PROMON_TEST_SECRET\"}", PROMON_ESECRET,
                   "the environment variable PROMON_TEST_SECRET is not UTF-8");
    unsetenv("PROMON_TEST_SECRET");
}

static void secrets_have_a_largest_size(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    const size_t most = PROMON__MAX_SECRET_BYTES;
    char *content = malloc(most + 2), *text = malloc(most + 1);

    (void)state;
    assert_true(content != NULL && text != NULL);
    memset(content, 'x', most + 1);
    write_file("secret", content, most);
    assert_int_equal(read_json("{\"file\": \"secret\"}", text, most + 1, &error), PROMON_OK);
    assert_int_equal(strlen(text), most);
    write_file("secret", content, most + 1);
    assert_int_equal(read_json("{\"file\": \"secret\"}", text, most + 1, &error), PROMON_ESECRET);
    assert_non_null(strstr(error.message, "larger than 65536 bytes"));
    content[most + 1] = '\0';
    setenv("PROMON_TEST_SECRET", content, 1);
    assert_refused("{\"env\": \"PROMON_TEST_SECRET\"}", PROMON_ESECRET,
                   "the environment variable PROMON_TEST_SECRET is larger than 65536 bytes");
    unsetenv("PROMON_TEST_SECRET");
    remove_file("secret");
    free(content);
    free(text);
}

static void other_objects_are_no_secrets(void **state)
{
    static const char *const jsons[] = {"{}",
                                        "{\"env\": 5}",
                                        "{\"env\": \"\"}",
                                        "{\"file\": \"\"}",
                                        "{\"value\": \"s3cret\"}",
                                        "{\"env\": \"A\", \"file\": \"b\"}",
                                        "{\"env\": \"A\", \"default\": \"s3cret\"}"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(jsons) / sizeof(jsons[0]); i++)
        assert_refused(jsons[i], PROMON_ECONFIG,
                       "an object stands for a text only as {\"env\": \"NAME\"} or "
                       "{\"file\": \"PATH\"}");
}

static const struct promon_param_rule rules[] = {
    {"password", PROMON_PARAM_STRING, PROMON_PARAM_SECRET, 0, 0, "", NULL},
    {"port", PROMON_PARAM_INTEGER, 0, 0, 0, "", NULL},
    {"tags", PROMON_PARAM_STRINGS, 0, 0, 0, "", NULL},
    {"headers", PROMON_PARAM_MAP, 0, 0, 0, "", NULL},
    {.name = NULL}};

static void secrets_of_parameters_are_replaced_by_their_rules(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    json_t *given =
        json_loads("{\"password\": {\"env\": \"PROMON_TEST_SECRET\"}, \"port\": {\"env\": "
                   "\"PROMON_TEST_SECRET\"}, \"tags\": [\"a\", {\"env\": \"PROMON_TEST_SECRET\"}], "
                   "\"headers\": {\"env\": \"prod\", \"file\": {\"env\": \"PROMON_TEST_SECRET\"}}, "
                   "\"unknown\": {\"env\": \"NOT_LOOKED_AT\"}}",
                   0, NULL);
    json_t *expected = json_loads("{\"password\": \"7\", \"port\": \"7\", \"tags\": [\"a\", "
                                  "\"7\"], \"headers\": {\"env\": \"prod\", \"file\": \"7\"}, "
                                  "\"unknown\": {\"env\": \"NOT_LOOKED_AT\"}}",
                                  0, NULL);

    (void)state;
    setenv("PROMON_TEST_SECRET", "7", 1);
    assert_int_equal(promon__secrets_resolve(given, rules, NULL, &error), PROMON_OK);
    assert_true(json_equal(given, expected));
    unsetenv("PROMON_TEST_SECRET");
    json_decref(given);
    json_decref(expected);
}

static void missing_secret_is_told_with_its_place(void **state)
{
    static const struct row {
        const char *json, *message;
    } rows[] = {{"{\"password\": {\"env\": \"NOT_SET_HERE\"}}",
                 "params.password: the environment variable NOT_SET_HERE is not set"},
                {"{\"tags\": [\"a\", {\"env\": \"NOT_SET_HERE\"}]}",
                 "params.tags[1]: the environment variable NOT_SET_HERE is not set"},
                {"{\"headers\": {\"a\": {\"env\": \"NOT_SET_HERE\"}}}",
                 "params.headers.a: the environment variable NOT_SET_HERE is not set"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct promon_error error = PROMON_ERROR_INIT;
        json_t *params = json_loads(rows[i].json, 0, NULL);

        assert_int_equal(promon__secrets_resolve(params, rules, NULL, &error), PROMON_ESECRET);
        assert_string_equal(error.message, rows[i].message);
        json_decref(params);
    }
}

static void read_once(void *context)
{
    struct promon_error error = PROMON_ERROR_INIT;
    json_t *value = context, *text = NULL;
    const enum promon_status status = promon__secret_read(value, folder, &text, &error);

    oom_stop();
    assert_true(status == PROMON_OK || status == PROMON_ENOMEM);
    assert_int_equal(error.status, status);
    json_decref(text);
}

static void secret_survives_the_lack_of_memory(void **state)
{
    json_t *value = json_loads("{\"file\": \"secret\"}", 0, NULL);

    (void)state;
    write_file("secret", "x\n", 2);
    assert_true(oom_for_every_allocation(read_once, value) > 0);
    remove_file("secret");
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_from_the_environment),
        cmocka_unit_test(text_of_a_file_loses_its_last_line_break_only),
        cmocka_unit_test(file_may_be_named_from_the_root),
        cmocka_unit_test(content_that_is_no_text_is_refused_and_not_shown),
        cmocka_unit_test(secrets_have_a_largest_size),
        cmocka_unit_test(other_objects_are_no_secrets),
        cmocka_unit_test(secrets_of_parameters_are_replaced_by_their_rules),
        cmocka_unit_test(missing_secret_is_told_with_its_place),
        cmocka_unit_test(secret_survives_the_lack_of_memory),
    };

    return cmocka_run_group_tests_name("secrets", tests, make_folder, remove_folder);
}
