/*
 * Numbers that are rewritten before a body is read.
 */
#include "test.h"

#include "body_numbers.h"
#include "resource_models.h"

static void assert_rewritten_of(const struct miniorm_model *model, const char *body,
                                const char *expected)
{
    struct arena arena = {NULL, 0};
    struct miniorm_text out;

    assert_true(
        baseapi__body_numbers_rewrite(&arena, model, miniorm_text_from(body, strlen(body)), &out));
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(out.data, expected, out.size);
    arena_free(&arena);
}

static void assert_rewritten(const char *body, const char *expected)
{
    assert_rewritten_of(&novel_model, body, expected);
}

static void numbers_of_numeric_columns_become_strings(void **state)
{
    (void)state;
    assert_rewritten("{\"data\":{\"price\":12.50,\"pages\":3, \"price\" : -0 }}",
                     "{\"data\":{\"price\":\"12.50\",\"pages\":3, \"price\" : \"-0\" }}");
    assert_rewritten("{\"data\":{\"price\":1e400}}", "{\"data\":{\"price\":\"1e400\"}}");
}

static void integers_beyond_64_bits_become_reals(void **state)
{
    (void)state;
    assert_rewritten("{\"data\":{\"id\":9223372036854775807}}",
                     "{\"data\":{\"id\":9223372036854775807}}");
    assert_rewritten("{\"data\":{\"id\":9223372036854775808}}",
                     "{\"data\":{\"id\":9223372036854775808.0}}");
    assert_rewritten("{\"data\":{\"name\":-9223372036854775809,\"x\":1e308}}",
                     "{\"data\":{\"name\":-9223372036854775809.0,\"x\":1e308}}");
}

static void numbers_beyond_a_double_become_arrays(void **state)
{
    (void)state;
    assert_rewritten("{\"data\":{\"unknown\":1e309}}", "{\"data\":{\"unknown\":[\"1e309\"]}}");
    assert_rewritten("{\"data\":{\"name\":-1.8e308,\"id\":1.7e308}}",
                     "{\"data\":{\"name\":[\"-1.8e308\"],\"id\":1.7e308}}");
    assert_rewritten("{\"data\":{\"name\":1e-400}}", "{\"data\":{\"name\":1e-400}}");
}

static void numbers_elsewhere_and_other_text_stay_as_they_are(void **state)
{
    static const char *const bodies[] = {
        "",
        "{\"price\":1.0}",
        "{\"data\":{\"name\":\"price\\\":1.0\",\"cover\":{\"price\":1.0}}}",
        "{\"data\":{\"cover\":[1e999]}}",
        "{\"data\":{\"price\":01}}",
        "{\"data\":{\"price\":1.}}",
        "{\"data\":{\"price\":1-2}}",
        "{\"data\":{\"price\":\"1.5",
        "{\"data\":{\"price\":\"1.5\\",
        "]}]}\"",
        "{\"data\":{\"pr\\u0069ce\":1.50}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        assert_rewritten(bodies[i], bodies[i]);
    assert_rewritten_of(&writer_model, "{\"data\":{\"extra\":123456789012345678901}}",
                        "{\"data\":{\"extra\":123456789012345678901}}");
}

static void attempt(void *context)
{
    static const char body[] = "{\"data\":{\"price\":12.50}}";
    struct arena arena = {NULL, 0};
    struct miniorm_text out;
    const bool done = baseapi__body_numbers_rewrite(
        &arena, &novel_model, miniorm_text_from(body, sizeof(body) - 1), &out);

    (void)context;
    assert_int_equal(done, !oom_stop());
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
        cmocka_unit_test(numbers_of_numeric_columns_become_strings),
        cmocka_unit_test(integers_beyond_64_bits_become_reals),
        cmocka_unit_test(numbers_beyond_a_double_become_arrays),
        cmocka_unit_test(numbers_elsewhere_and_other_text_stay_as_they_are),
        cmocka_unit_test(running_out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
