/* Names that a query asks for. */
#include "test.h"

#include "query_names.h"

static struct promon__query_names names;

static void expect_names(const char *query, const char *expected)
{
    const char *const *list = promon__query_names(&names, query);
    char text[256] = "";
    size_t i;

    for (i = 0; list != NULL && list[i] != NULL; i++) {
        strncat(text, i == 0 ? "" : "|", sizeof(text) - strlen(text) - 1);
        strncat(text, list[i], sizeof(text) - strlen(text) - 1);
    }
    assert_string_equal(text, expected);
    if (list != NULL)
        assert_int_equal(names.count, i);
}

static void every_name_is_taken(void **state)
{
    (void)state;
    expect_names("name[]=a_total", "a_total");
    expect_names("name[]=a&name[]=b&name[]=c", "a|b|c");
    expect_names("x=1&name[]=a&&name=c&y", "a");
}

static void names_are_decoded(void **state)
{
    (void)state;
    expect_names("name%5B%5D=a&name%5b%5d=%61%5fb", "a|a_b");
    expect_names("name[]=a+b%2Bc", "a b+c");
    expect_names("name[]=%C3%BC=1", "\xc3\xbc=1");
}

static void query_without_names_asks_for_everything(void **state)
{
    (void)state;
    assert_null(promon__query_names(&names, NULL));
    assert_null(promon__query_names(&names, ""));
    assert_null(promon__query_names(&names, "a=b&name[]&%zz=1&=&&"));
}

static void name_that_cannot_be_decoded_matches_nothing(void **state)
{
    static const char *const queries[] = {"name[]=a%", "name[]=a%4", "name[]=a%zz", "name[]=a%00b",
                                          "name[]="};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        const char *const *list = promon__query_names(&names, queries[i]);

        assert_non_null(list);
        assert_string_equal(list[0], "");
        assert_null(list[1]);
    }
}

static void query_that_is_too_long_is_not_looked_at(void **state)
{
    static char query[PROMON_MAX_HEADER_BYTES + 2];

    (void)state;
    memset(query, 'a', sizeof(query) - 1);
    memcpy(query, "name[]=", 7);
    assert_null(promon__query_names(&names, query));
    query[PROMON_MAX_HEADER_BYTES] = '\0';
    assert_non_null(promon__query_names(&names, query));
}

static void as_many_names_as_there_is_room_for_are_taken(void **state)
{
    static char query[PROMON_MAX_HEADER_BYTES + 1];
    size_t i;

    (void)state;
    for (i = 0; i + 8 <= PROMON_MAX_HEADER_BYTES; i += 8)
        memcpy(query + i, "name[]=&", 8);
    assert_non_null(promon__query_names(&names, query));
    assert_int_equal(names.count, PROMON_MAX_HEADER_BYTES / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_taken),
        cmocka_unit_test(names_are_decoded),
        cmocka_unit_test(query_without_names_asks_for_everything),
        cmocka_unit_test(name_that_cannot_be_decoded_matches_nothing),
        cmocka_unit_test(query_that_is_too_long_is_not_looked_at),
        cmocka_unit_test(as_many_names_as_there_is_room_for_are_taken),
    };

    return cmocka_run_group_tests_name("query_names", tests, NULL, NULL);
}
