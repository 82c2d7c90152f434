/* Places: errors that begin with where something stands. */
#include "test.h"

#include <errno.h>

#include "config_place.h"
#include "error.h"
#include "utf8.h"

static const struct promon__place whole = {NULL, "promon.json", 0};
static const struct promon__place nameless = {NULL, "", 0};
static const struct promon__place metrics = {&whole, "metrics", 0};
static const struct promon__place item = {&metrics, NULL, 2};
static const struct promon__place params = {&item, "params", 0};

static void assert_message(const struct promon__place *place, const char *expected)
{
    struct promon_error error = PROMON_ERROR_INIT;

    assert_int_equal(promon__wrong(place, &error, "is %s", "bad"), PROMON_ECONFIG);
    assert_int_equal(error.status, PROMON_ECONFIG);
    assert_string_equal(error.message, expected);
}

static void place_is_written_from_the_file_to_the_key(void **state)
{
    const struct promon__place port = {&params, "port", 0};

    (void)state;
    assert_message(&port, "promon.json: metrics[2].params.port: is bad");
    assert_message(&item, "promon.json: metrics[2]: is bad");
    assert_message(&metrics, "promon.json: metrics: is bad");
    assert_message(&whole, "promon.json: is bad");
}

static void text_without_a_file_has_places_only(void **state)
{
    const struct promon__place title = {&nameless, "title", 0};

    (void)state;
    assert_message(&title, "title: is bad");
    assert_message(&nameless, "is bad");
}

static void error_from_below_continues_the_place(void **state)
{
    struct promon_error inner = PROMON_ERROR_INIT, error = PROMON_ERROR_INIT;

    (void)state;
    promon__fail_errno(&inner, PROMON_ESECRET, ENOENT, "params.password: cannot read x");
    assert_int_equal(promon__wrong_below(&item, &inner, &error), PROMON_ESECRET);
    assert_int_equal(error.status, PROMON_ESECRET);
    assert_int_equal(error.system_errno, ENOENT);
    assert_string_equal(
        error.message,
        "promon.json: metrics[2].params.password: cannot read x: No such file or directory");
}

static void reason_from_below_follows_the_place(void **state)
{
    struct promon_error inner = PROMON_ERROR_INIT, error = PROMON_ERROR_INIT;

    (void)state;
    promon__fail(&inner, PROMON_EMODULE, "no such module");
    assert_int_equal(promon__wrong_below(&item, &inner, &error), PROMON_EMODULE);
    assert_string_equal(error.message, "promon.json: metrics[2]: no such module");
    assert_int_equal(promon__wrong_below(&item, &inner, NULL), PROMON_EMODULE);
}

static void first_error_stays(void **state)
{
    struct promon_error inner = PROMON_ERROR_INIT, error = PROMON_ERROR_INIT;

    (void)state;
    promon__fail(&inner, PROMON_EMODULE, "later");
    promon__wrong(&item, &error, "first");
    promon__wrong(&item, &error, "second");
    promon__wrong_below(&item, &inner, &error);
    assert_string_equal(error.message, "promon.json: metrics[2]: first");
}

static void name_of_somebody_moves_no_terminal(void **state)
{
    const struct promon__place strange = {&nameless, "\x1b[2J\n\x7f", 0};

    (void)state;
    assert_message(&strange, "?[2J??: is bad");
}

static void long_names_are_cut_between_characters(void **state)
{
    size_t padding;

    (void)state;
    for (padding = 70; padding < 90; padding++) {
        struct promon_error error = PROMON_ERROR_INIT;
        struct promon__place place = {&nameless, NULL, 0};
        char name[200];

        memset(name, 'x', padding);
        strcpy(name + padding, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
        place.name = name;
        promon__wrong(&place, &error, "is bad");
        assert_true(utf8_is_valid(error.message, strlen(error.message)));
        assert_non_null(strstr(error.message, ": is bad"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(place_is_written_from_the_file_to_the_key),
        cmocka_unit_test(text_without_a_file_has_places_only),
        cmocka_unit_test(error_from_below_continues_the_place),
        cmocka_unit_test(reason_from_below_follows_the_place),
        cmocka_unit_test(first_error_stays),
        cmocka_unit_test(name_of_somebody_moves_no_terminal),
        cmocka_unit_test(long_names_are_cut_between_characters),
    };

    return cmocka_run_group_tests_name("config_place", tests, NULL, NULL);
}
