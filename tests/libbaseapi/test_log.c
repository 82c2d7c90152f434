/*
 * The ready format of the access log.
 */
#include "test.h"

#include <jansson.h>

#include <baseapi/log.h>

static struct baseapi_access sample(void)
{
    return (struct baseapi_access){
        .size = sizeof(struct baseapi_access),
        .request_id = "0123456789abcdef",
        .method = "GET",
        .target = "/books/1?fields=name",
        .route = "/books/{id:\\d+}",
        .peer = "127.0.0.1",
        .status = 200,
        .body_bytes = 81,
        .duration_us = 412,
        .started_at_us = INT64_C(1769860800123456),
    };
}

static void line_is_json_with_every_member(void **state)
{
    const struct baseapi_access access = sample();
    char line[BASEAPI_ACCESS_LINE_SIZE];
    size_t length;

    (void)state;
    length = baseapi_access_log_format(&access, line, sizeof(line));
    assert_int_equal(length, strlen(line));
    assert_string_equal(
        line, "{\"time\":\"2026-01-31T12:00:00.123456Z\",\"id\":\"0123456789abcdef\","
              "\"peer\":\"127.0.0.1\",\"method\":\"GET\",\"target\":\"/books/1?fields=name\","
              "\"route\":\"/books/{id:\\\\d+}\",\"status\":200,\"bytes\":81,\"duration_us\":412}");
}

static json_t *format(const struct baseapi_access *access, size_t size)
{
    char *line = malloc(size);
    size_t length;
    json_t *parsed;

    assert_non_null(line);
    length = baseapi_access_log_format(access, line, size);
    assert_true(length > 0 && length < size);
    assert_int_equal(length, strlen(line));
    assert_null(strchr(line, '\n'));
    parsed = json_loads(line, 0, NULL);
    if (parsed == NULL)
        fail_msg("not JSON: %s", line);
    free(line);
    return parsed;
}

static void route_that_did_not_match_is_null(void **state)
{
    struct baseapi_access access = sample();
    json_t *parsed;

    (void)state;
    access.route = NULL;
    parsed = format(&access, 1024);
    assert_true(json_is_null(json_object_get(parsed, "route")));
    json_decref(parsed);
}

static void what_a_client_sent_cannot_break_the_line(void **state)
{
    struct baseapi_access access = sample();
    json_t *parsed;

    (void)state;
    access.target = "/\"\\\n\r\x01\xff\xc3\xa4\x7f";
    access.method = "\"}";
    parsed = format(&access, 1024);
    assert_string_equal(json_string_value(json_object_get(parsed, "target")),
                        "/\"\\\n\r\x01\xef\xbf\xbd\xc3\xa4\x7f");
    assert_string_equal(json_string_value(json_object_get(parsed, "method")), "\"}");
    json_decref(parsed);
}

static void long_target_is_cut_and_the_rest_is_whole(void **state)
{
    struct baseapi_access access = sample();
    static char target[9000];
    size_t size;

    (void)state;
    memset(target, '"', sizeof(target) - 1);
    access.target = target;
    access.body_bytes = INT64_MAX;
    access.duration_us = INT64_MAX;
    access.route = target;
    for (size = 512; size < 2500; size += 7) {
        json_t *parsed = format(&access, size);

        assert_int_equal(json_integer_value(json_object_get(parsed, "status")), 200);
        assert_true(json_string_length(json_object_get(parsed, "target")) < size);
        json_decref(parsed);
    }
}

static void room_that_is_of_no_use_is_left_alone(void **state)
{
    const struct baseapi_access access = sample();
    char line[16] = "untouched";

    (void)state;
    assert_int_equal(baseapi_access_log_format(&access, line, sizeof(line)), 0);
    assert_string_equal(line, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_is_json_with_every_member),
        cmocka_unit_test(route_that_did_not_match_is_null),
        cmocka_unit_test(what_a_client_sent_cannot_break_the_line),
        cmocka_unit_test(long_target_is_cut_and_the_rest_is_whole),
        cmocka_unit_test(room_that_is_of_no_use_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
