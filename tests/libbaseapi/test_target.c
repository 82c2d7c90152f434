/*
 * Request targets taken apart and decoded.
 */
#include "test.h"

#include "target.h"

static void check(const char *raw, const char *path, const char *query)
{
    struct target target;

    assert_int_equal(baseapi__target_parse(raw, &target), TARGET_OK);
    assert_int_equal(target.path_size, strlen(path));
    assert_memory_equal(target.path, path, target.path_size);
    assert_string_equal(target.query, query);
}

static void path_and_query_part_at_the_first_question_mark(void **state)
{
    (void)state;
    check("/a/b", "/a/b", "");
    check("/a?b=c", "/a", "b=c");
    check("/a?", "/a", "");
    check("/a?b?c", "/a", "b?c");
    check("/", "/", "");
    check("//a//", "//a//", "");
    check("/a/../b/.", "/a/../b/.", "");
    check("*", "*", "");
}

static void absolute_form_is_reduced_to_its_path(void **state)
{
    (void)state;
    check("http://example.org/a?b", "/a", "b");
    check("HTTPS://example.org:443/a", "/a", "");
    check("http://example.org", "/", "");
    check("http://example.org?b", "/", "b");
}

static void faults_are_told_apart(void **state)
{
    struct target target;

    (void)state;
    assert_int_equal(baseapi__target_parse("/a b", &target), TARGET_CHARACTER);
    assert_int_equal(baseapi__target_parse("/\xff", &target), TARGET_CHARACTER);
    assert_int_equal(baseapi__target_parse("/%00", &target), TARGET_NUL);
    assert_int_equal(baseapi__target_parse("/%", &target), TARGET_ESCAPE);
    assert_int_equal(baseapi__target_parse("/%a", &target), TARGET_ESCAPE);
    assert_int_equal(baseapi__target_parse("/%ag", &target), TARGET_ESCAPE);
    assert_int_equal(baseapi__target_parse("", &target), TARGET_FORM);
    assert_int_equal(baseapi__target_parse("a", &target), TARGET_FORM);
    assert_int_equal(baseapi__target_parse("**", &target), TARGET_FORM);
}

static void bad_escape_in_the_query_is_left_to_its_reader(void **state)
{
    (void)state;
    check("/a?b=%zz", "/a", "b=%zz");
    check("/a?100%", "/a", "100%");
}

static void check_decoded(const char *encoded, const char *expected)
{
    char out[64];
    const size_t size = baseapi__target_decode(encoded, strlen(encoded), out);

    assert_int_equal(size, strlen(expected));
    assert_memory_equal(out, expected, size);
}

static void escapes_are_decoded(void **state)
{
    (void)state;
    check_decoded("plain", "plain");
    check_decoded("%41%62", "Ab");
    check_decoded("a%2fb", "a/b");
    check_decoded("a+b", "a+b");
    check_decoded("%25", "%");
    check_decoded("%C3%a4", "\xc3\xa4");
    check_decoded("%zz%4", "%zz%4");
    check_decoded("", "");
}

static void decoding_works_in_place(void **state)
{
    char text[] = "a%20b%20c";

    (void)state;
    assert_true(baseapi__target_is_encoded(text, strlen(text)));
    assert_int_equal(baseapi__target_decode(text, strlen(text), text), 5);
    assert_memory_equal(text, "a b c", 5);
    assert_false(baseapi__target_is_encoded("abc", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_and_query_part_at_the_first_question_mark),
        cmocka_unit_test(absolute_form_is_reduced_to_its_path),
        cmocka_unit_test(faults_are_told_apart),
        cmocka_unit_test(bad_escape_in_the_query_is_left_to_its_reader),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(decoding_works_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
