/* Keys: objects read into a structure by a table, and structures copied and compared by it. */
#include "test.h"

#include <promon/monitor.h>

#include "config_keys.h"

struct sample {
    char *text, *route, *path;
    bool is_on, has_group;
    unsigned count;
    int port, choice;
    int64_t milliseconds;
    json_t *object, *list, *items;
    char *inner;
};

static const char *const choices[] = {"red", "green", NULL};

#define KEY(key, as, to) \
    .name = (key), .kind = PROMON__KEY_##as, .offset = offsetof(struct sample, to)

static const struct promon__key inner_keys[] = {{KEY("inner", TEXT, inner)}, {.name = NULL}};

static const struct promon__key keys[] = {{KEY("text", TEXT, text), .is_required = true},
                                          {KEY("route", ROUTE, route)},
                                          {KEY("path", PATH, path)},
                                          {KEY("switch", SWITCH, is_on)},
                                          {KEY("count", COUNT, count), .minimum = 2, .maximum = 5},
                                          {KEY("port", PORT, port)},
                                          {KEY("seconds", SECONDS, milliseconds), .minimum = 0.01},
                                          {KEY("object", OBJECT, object)},
                                          {KEY("list", LIST, list)},
                                          {KEY("items", ITEMS, items)},
                                          {KEY("choice", CHOICE, choice), .choices = choices},
                                          {KEY("group", GROUP, has_group), .keys = inner_keys},
                                          {.name = NULL}};

/* What was read, with the JSON that it borrows from. */
static enum promon_status read_sample(const char *text, struct sample *out, json_t **json,
                                      struct promon_error *error)
{
    const struct promon__place whole = {NULL, "", 0};
    const struct promon__reading reading = {"folder", error};

    *out = (struct sample){.text = NULL};
    *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(*json);
    return promon__keys_read(keys, *json, &whole, out, &reading);
}

static void every_kind_is_read(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct sample sample;
    json_t *json;

    (void)state;
    if (read_sample("{\"text\": \"t\", \"route\": \"/r\", \"path\": \"p\", \"switch\": true, "
                    "\"count\": 3, \"port\": \"80\", \"seconds\": 1.25, \"object\": {}, \"list\": "
                    "[], \"items\": {}, \"choice\": \"green\", \"group\": {\"inner\": \"i\"}}",
                    &sample, &json, &error) != PROMON_OK)
        fail_msg("%s", error.message);
    assert_string_equal(sample.text, "t");
    assert_string_equal(sample.route, "/r");
    assert_string_equal(sample.path, "folder/p");
    assert_true(sample.is_on);
    assert_int_equal(sample.count, 3);
    assert_int_equal(sample.port, 80);
    assert_int_equal(sample.milliseconds, 1250);
    assert_true(json_is_object(sample.object) && json_is_array(sample.list));
    assert_true(json_is_object(sample.items));
    assert_int_equal(sample.choice, 1);
    assert_true(sample.has_group);
    assert_string_equal(sample.inner, "i");
    promon__keys_free(keys, &sample);
    assert_null(sample.text);
    json_decref(json);
}

static void null_switches_routes_and_groups_off(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct sample sample;
    json_t *json;

    (void)state;
    assert_int_equal(read_sample("{\"text\": \"t\", \"route\": null, \"group\": null, \"port\": 0, "
                                 "\"path\": \"/p\"}",
                                 &sample, &json, &error),
                     PROMON_OK);
    assert_string_equal(sample.route, "");
    assert_false(sample.has_group);
    assert_int_equal(sample.port, PROMON_PORT_ANY);
    assert_string_equal(sample.path, "/p");
    promon__keys_free(keys, &sample);
    json_decref(json);
}

static void secrets_take_the_place_of_what_names_them(void **state)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct sample sample;
    json_t *json;

    (void)state;
    setenv("PROMON_TEST_PORT", "8080", 1);
    assert_int_equal(read_sample("{\"text\": {\"env\": \"PROMON_TEST_PORT\"}, \"port\": {\"env\": "
                                 "\"PROMON_TEST_PORT\"}}",
                                 &sample, &json, &error),
                     PROMON_OK);
    unsetenv("PROMON_TEST_PORT");
    assert_string_equal(sample.text, "8080");
    assert_int_equal(sample.port, 8080);
    assert_string_equal(json_string_value(json_object_get(json, "text")), "8080");
    promon__keys_free(keys, &sample);
    json_decref(json);
}

static void wrong_values_are_told_and_not_shown(void **state)
{
    static const struct row {
        const char *json, *message;
    } rows[] = {
        {"[]", "expected an object, not a list"},
        {"{}", "text: is missing"},
        {"{\"text\": \"\"}", "text: must not be empty"},
        {"{\"text\": 5}", "text: expected a string, not an integer"},
        {"{\"text\": null}", "text: expected a string, not null"},
        {"{\"text\": [\"s3cret\"]}", "text: expected a string, not a list"},
        {"{\"text\": {\"s3cret\": \"s3cret\"}}",
         "text: an object stands for a text only as {\"env\": \"NAME\"} or {\"file\": \"PATH\"}"},
        {"{\"switch\": \"true\"}", "switch: expected true or false, not a string"},
        {"{\"switch\": 1}", "switch: expected true or false, not an integer"},
        {"{\"count\": 1}", "count: expected a number from 2 to 5"},
        {"{\"count\": 6}", "count: expected a number from 2 to 5"},
        {"{\"count\": 2.5}", "count: expected an integer, not a number with a fraction"},
        {"{\"count\": true}", "count: expected an integer, not true or false"},
        {"{\"port\": 65536}", "port: expected a port from 0 to 65535"},
        {"{\"port\": -1}", "port: expected a port from 0 to 65535"},
        {"{\"port\": \"s3cret\"}", "port: expected a port from 0 to 65535"},
        {"{\"port\": \"\"}", "port: expected a port from 0 to 65535"},
        {"{\"port\": \"655360\"}", "port: expected a port from 0 to 65535"},
        {"{\"seconds\": \"5\"}", "seconds: expected a number of seconds, not a string"},
        {"{\"seconds\": 0.001}", "seconds: expected at least 0.01"},
        {"{\"seconds\": 1e300}", "seconds: expected at most 31536000 seconds"},
        {"{\"object\": []}", "object: expected an object, not a list"},
        {"{\"list\": {}}", "list: expected a list, not an object"},
        {"{\"items\": 5}", "items: expected a list or an object, not an integer"},
        {"{\"choice\": \"s3cret\"}", "choice: expected \"red\" or \"green\""},
        {"{\"choice\": 1}", "choice: expected a string, not an integer"},
        {"{\"group\": 1}", "group: expected an object, not an integer"},
        {"{\"group\": {\"iner\": \"x\"}}", "group.iner: unknown key, did you mean \"inner\"?"},
        {"{\"txt\": \"s3cret\"}", "txt: unknown key, did you mean \"text\"?"},
        {"{\"quux\": 1}", "quux: unknown key"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct promon_error error = PROMON_ERROR_INIT;
        struct sample sample;
        json_t *json;

        assert_int_equal(read_sample(rows[i].json, &sample, &json, &error), PROMON_ECONFIG);
        assert_string_equal(error.message, rows[i].message);
        promon__keys_free(keys, &sample);
        json_decref(json);
    }
}

static struct sample make(void)
{
    struct sample sample = {.text = strdup("t"), .count = 3, .inner = strdup("i")};

    assert_true(sample.text != NULL && sample.inner != NULL);
    return sample;
}

static void copies_have_texts_of_their_own(void **state)
{
    struct sample one = make();
    struct sample other = one;

    (void)state;
    assert_true(promon__keys_own(keys, &other));
    assert_ptr_not_equal(one.text, other.text);
    assert_ptr_not_equal(one.inner, other.inner);
    assert_null(other.route);
    assert_null(promon__keys_difference(keys, &one, &other));
    promon__keys_free(keys, &one);
    assert_string_equal(other.inner, "i");
    promon__keys_free(keys, &other);
}

static void difference_is_told_by_its_key(void **state)
{
    struct sample one = make(), other = make();

    (void)state;
    other.count = 4;
    assert_string_equal(promon__keys_difference(keys, &one, &other), "count");
    other.count = 3;
    other.inner[0] = 'x';
    assert_string_equal(promon__keys_difference(keys, &one, &other), "group");
    other.inner[0] = 'i';
    other.route = strdup("");
    assert_string_equal(promon__keys_difference(keys, &one, &other), "route");
    one.route = strdup("");
    assert_null(promon__keys_difference(keys, &one, &other));
    one.milliseconds = 1;
    assert_string_equal(promon__keys_difference(keys, &one, &other), "seconds");
    promon__keys_free(keys, &one);
    promon__keys_free(keys, &other);
}

static void copy_once(void *context)
{
    const struct sample *one = context;
    struct sample other = *one;
    const bool is_well = promon__keys_own(keys, &other);

    oom_stop();
    if (!is_well)
        assert_true(other.text == NULL && other.inner == NULL);
    promon__keys_free(keys, &other);
}

static void copy_survives_the_lack_of_memory(void **state)
{
    struct sample one = make();

    (void)state;
    assert_int_equal(oom_for_every_allocation(copy_once, &one), 2);
    assert_string_equal(one.text, "t");
    promon__keys_free(keys, &one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(null_switches_routes_and_groups_off),
        cmocka_unit_test(secrets_take_the_place_of_what_names_them),
        cmocka_unit_test(wrong_values_are_told_and_not_shown),
        cmocka_unit_test(copies_have_texts_of_their_own),
        cmocka_unit_test(difference_is_told_by_its_key),
        cmocka_unit_test(copy_survives_the_lack_of_memory),
    };

    return cmocka_run_group_tests_name("config_keys", tests, NULL, NULL);
}
