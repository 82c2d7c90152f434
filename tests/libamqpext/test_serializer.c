/* Serializers by name and content type, and what a program's own may do wrong. */
#include "test.h"

#include <amqpext/serializer.h>

#include "serializer.h"

static enum amqpext_status encode_twice(const struct amqpext_serializer *serializer,
                                        const json_t *payload, struct amqpext_output *output,
                                        struct amqpext_error *error)
{
    const char *text = json_string_value(payload);
    enum amqpext_status status = amqpext_output_write(output, text, strlen(text), error);

    if (status == AMQPEXT_OK)
        status = amqpext_output_write(output, serializer->data, 1, error);
    if (status == AMQPEXT_OK)
        status = amqpext_output_write(output, text, strlen(text), error);
    return status;
}

static enum amqpext_status decode_to_string(const struct amqpext_serializer *serializer,
                                            const void *body, size_t size, json_t **out,
                                            struct amqpext_error *error)
{
    (void)serializer;
    if (size == 0)
        return amqpext_error_set(error, AMQPEXT_EDECODE, "nothing to read");
    *out = json_stringn(body, size);
    return AMQPEXT_OK;
}

static char slash[] = "/";

static const struct amqpext_serializer twice = {.size = sizeof(twice),
                                                .name = "twice",
                                                .content_type = "text/twice",
                                                .encode = encode_twice,
                                                .decode = decode_to_string,
                                                .data = slash};

static void built_in_serializers_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(amqpext_serializer_find("json")->content_type, "application/json");
    assert_string_equal(amqpext_serializer_find("msgpack")->content_type, "application/msgpack");
    assert_string_equal(amqpext_serializer_find("raw")->content_type, "application/octet-stream");
    assert_null(amqpext_serializer_find("JSON"));
    assert_null(amqpext_serializer_find(NULL));
}

static void options_mean_a_serializer(void **state)
{
    const struct amqpext_serializer *found = NULL;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    assert_int_equal(amqpext__serializer_resolve(NULL, NULL, &found, NULL), AMQPEXT_OK);
    assert_string_equal(found->name, "json");
    assert_int_equal(amqpext__serializer_resolve("raw", NULL, &found, NULL), AMQPEXT_OK);
    assert_string_equal(found->name, "raw");
    assert_int_equal(amqpext__serializer_resolve("raw", &twice, &found, NULL), AMQPEXT_OK);
    assert_ptr_equal(found, &twice);
    assert_int_equal(amqpext__serializer_resolve("yaml", NULL, &found, &error), AMQPEXT_EINVALID);
    assert_string_equal(error.message, "there is no serializer 'yaml'");
    assert_ptr_equal(found, &twice);
}

static void incomplete_serializers_are_refused(void **state)
{
    struct amqpext_serializer broken = twice;
    char long_type[300];

    (void)state;
    assert_int_equal(amqpext__serializer_check(&broken, NULL), AMQPEXT_OK);
    broken.size = 0;
    assert_int_equal(amqpext__serializer_check(&broken, NULL), AMQPEXT_EINVALID);
    broken = twice;
    broken.name = NULL;
    assert_int_equal(amqpext__serializer_check(&broken, NULL), AMQPEXT_EINVALID);
    broken = twice;
    memset(long_type, 'x', sizeof(long_type) - 1);
    long_type[sizeof(long_type) - 1] = '\0';
    broken.content_type = long_type;
    assert_int_equal(amqpext__serializer_check(&broken, NULL), AMQPEXT_EINVALID);
    assert_int_equal(amqpext__serializer_check(NULL, NULL), AMQPEXT_EINVALID);
}

static void the_content_type_chooses_the_decoder(void **state)
{
    static const struct {
        const char *content_type;
        const char *name;
    } cases[] = {{NULL, "raw"},
                 {"", "raw"},
                 {"application/json", "json"},
                 {"Application/JSON; charset=utf-8", "json"},
                 {"application/json\t ;x", "json"},
                 {"application/jsonx", "raw"},
                 {"application/msgpack", "msgpack"},
                 {"text/twice;q=1", "twice"},
                 {"text/plain", "raw"}};
    const struct amqpext_serializer *const decoders[] = {&twice};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct amqpext_serializer *found = amqpext__serializer_for(
            cases[i].content_type, amqpext_serializer_find("raw"), decoders, 1);

        assert_string_equal(found->name, cases[i].name);
    }
}

static void who_wants_bytes_gets_bytes_of_any_content_type(void **state)
{
    const struct amqpext_serializer *const raw = amqpext_serializer_find("raw");
    const struct amqpext_serializer *const json = amqpext_serializer_find("json");
    const struct amqpext_serializer *const decoders[] = {&twice};

    (void)state;
    assert_ptr_equal(amqpext__serializer_to_read("application/json", raw, decoders, 1), raw);
    assert_ptr_equal(amqpext__serializer_to_read(NULL, raw, decoders, 1), raw);
    assert_ptr_equal(amqpext__serializer_to_read("text/twice", raw, decoders, 1), &twice);
    assert_ptr_equal(amqpext__serializer_to_read("text/plain", raw, decoders, 1), raw);
    assert_ptr_equal(amqpext__serializer_to_read("application/msgpack", json, NULL, 0),
                     amqpext_serializer_find("msgpack"));
}

static void a_decoder_of_the_program_wins_over_a_built_in_one(void **state)
{
    struct amqpext_serializer mine = twice;
    const struct amqpext_serializer *const decoders[] = {&mine};

    (void)state;
    mine.content_type = "application/json";
    assert_ptr_equal(
        amqpext__serializer_for("application/json", amqpext_serializer_find("json"), decoders, 1),
        &mine);
    assert_ptr_equal(amqpext__serializer_for("application/json", &mine, NULL, 0), &mine);
}

static void a_program_adds_its_own(void **state)
{
    json_t *payload = json_string("ab");
    json_t *read;
    void *body;
    size_t size;

    (void)state;
    assert_int_equal(amqpext_encode(&twice, payload, &body, &size, NULL), AMQPEXT_OK);
    assert_int_equal(size, 5);
    assert_string_equal(body, "ab/ab");
    assert_int_equal(amqpext_decode(&twice, body, size, &read, NULL), AMQPEXT_OK);
    assert_string_equal(json_string_value(read), "ab/ab");
    json_decref(read);
    json_decref(payload);
    free(body);
}

static enum amqpext_status fail_silently(const struct amqpext_serializer *serializer,
                                         const json_t *payload, struct amqpext_output *output,
                                         struct amqpext_error *error)
{
    (void)serializer, (void)payload, (void)output, (void)error;
    return AMQPEXT_EENCODE;
}

static enum amqpext_status ignore_failures(const struct amqpext_serializer *serializer,
                                           const json_t *payload, struct amqpext_output *output,
                                           struct amqpext_error *error)
{
    (void)serializer, (void)payload, (void)error;
    (void)amqpext_output_write(output, "x", 1, NULL);
    return AMQPEXT_OK;
}

static enum amqpext_status give_nothing(const struct amqpext_serializer *serializer,
                                        const void *body, size_t size, json_t **out,
                                        struct amqpext_error *error)
{
    (void)serializer, (void)body, (void)size, (void)out, (void)error;
    return AMQPEXT_OK;
}

static void careless_serializers_give_whole_errors(void **state)
{
    struct amqpext_serializer careless = twice;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    json_t *payload = json_null();
    void *body;
    size_t size;

    (void)state;
    careless.encode = fail_silently;
    assert_int_equal(amqpext_encode(&careless, payload, &body, &size, &error), AMQPEXT_EENCODE);
    assert_string_equal(error.message, "serializer 'twice' could not encode");
    careless.encode = ignore_failures;
    oom_fail_at(1);
    assert_int_equal(amqpext_encode(&careless, payload, &body, &size, NULL), AMQPEXT_ENOMEM);
    oom_stop();
    careless.decode = give_nothing;
    memset(&error, 0, sizeof(error));
    assert_int_equal(amqpext_decode(&careless, "x", 1, &payload, &error), AMQPEXT_EDECODE);
    assert_string_equal(error.message, "serializer 'twice' gave no payload");
}

static void raw_carries_bytes_only(void **state)
{
    const struct amqpext_serializer *raw = amqpext_serializer_find("raw");
    json_t *payload = json_null();
    json_t *read = payload;
    void *body;
    size_t size;

    (void)state;
    assert_int_equal(amqpext_encode(raw, payload, &body, &size, NULL), AMQPEXT_EENCODE);
    assert_int_equal(amqpext_decode(raw, "x", 1, &read, NULL), AMQPEXT_EDECODE);
    assert_int_equal(amqpext__serializer_decode(raw, "x", 1, &read, NULL), AMQPEXT_OK);
    assert_null(read);
}

static void no_payload_is_no_json_null(void **state)
{
    void *body;
    size_t size;

    (void)state;
    assert_int_equal(amqpext_encode(amqpext_serializer_find("json"), NULL, &body, &size, NULL),
                     AMQPEXT_EENCODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_serializers_are_found_by_name),
        cmocka_unit_test(options_mean_a_serializer),
        cmocka_unit_test(incomplete_serializers_are_refused),
        cmocka_unit_test(the_content_type_chooses_the_decoder),
        cmocka_unit_test(who_wants_bytes_gets_bytes_of_any_content_type),
        cmocka_unit_test(a_decoder_of_the_program_wins_over_a_built_in_one),
        cmocka_unit_test(a_program_adds_its_own),
        cmocka_unit_test(careless_serializers_give_whole_errors),
        cmocka_unit_test(raw_carries_bytes_only),
        cmocka_unit_test(no_payload_is_no_json_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
