/* Options and figures between structures of different versions. */
#include "test.h"

#include "options.h"

struct known {
    size_t size;
    int one;
    int two;
};

struct newer {
    struct known known;
    int three[2];
};

static void missing_members_are_zero(void **state)
{
    const struct {
        size_t size;
        int one;
        int beyond;
    } older = {offsetof(struct known, two), 7, 8};
    struct known out = {1, 1, 1};

    (void)state;
    assert_int_equal(promon__options_copy(&out, sizeof(out), &older, "options", NULL), PROMON_OK);
    assert_int_equal(out.size, sizeof(out));
    assert_int_equal(out.one, 7);
    assert_int_equal(out.two, 0);
}

static void no_options_are_all_zero(void **state)
{
    struct known out = {1, 1, 1};

    (void)state;
    assert_int_equal(promon__options_copy(&out, sizeof(out), NULL, "options", NULL), PROMON_OK);
    assert_int_equal(out.size, sizeof(out));
    assert_int_equal(out.one, 0);
}

static void members_that_the_library_lacks_must_be_zero(void **state)
{
    struct newer options = {{sizeof(options), 1, 2}, {0, 0}};
    struct promon_error error = PROMON_ERROR_INIT;
    struct known out = {0, 0, 0};

    (void)state;
    assert_int_equal(promon__options_copy(&out, sizeof(out), &options, "options", &error),
                     PROMON_OK);
    assert_int_equal(out.two, 2);
    options.three[1] = 1;
    out.two = 99;
    assert_int_equal(promon__options_copy(&out, sizeof(out), &options, "options", &error),
                     PROMON_EINVALID);
    assert_string_equal(error.message,
                        "options: an option is set that this version of the library lacks");
    assert_int_equal(out.two, 99);
}

static void a_structure_without_size_is_refused(void **state)
{
    const struct known options = {0, 1, 2};
    struct promon_error error = PROMON_ERROR_INIT;
    struct known out;

    (void)state;
    assert_int_equal(promon__options_copy(&out, sizeof(out), &options, "options", &error),
                     PROMON_EINVALID);
    assert_string_equal(error.message, "options: size is not set");
}

static void figures_fill_what_the_caller_has(void **state)
{
    const struct known figures = {sizeof(figures), 1, 2};
    struct newer out = {{sizeof(out), 0, 0}, {3, 4}};

    (void)state;
    promon__figures_copy(&out, &figures, sizeof(figures));
    assert_int_equal(out.known.size, sizeof(out));
    assert_int_equal(out.known.two, 2);
    assert_int_equal(out.three[0], 3);
    out.known.size = offsetof(struct known, two);
    out.known.one = out.known.two = 9;
    promon__figures_copy(&out, &figures, sizeof(figures));
    assert_int_equal(out.known.one, 1);
    assert_int_equal(out.known.two, 9);
    out.known.size = 0;
    out.known.one = 9;
    promon__figures_copy(&out, &figures, sizeof(figures));
    assert_int_equal(out.known.one, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_members_are_zero),
        cmocka_unit_test(no_options_are_all_zero),
        cmocka_unit_test(members_that_the_library_lacks_must_be_zero),
        cmocka_unit_test(a_structure_without_size_is_refused),
        cmocka_unit_test(figures_fill_what_the_caller_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
