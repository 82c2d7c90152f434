/* Texts of others in JSON, HTML and SVG; numbers with a point; words of a query. */
#include "test.h"

#include "decimal.h"
#include "escape.h"
#include "query.h"

static void expect(struct text *text, const char *expected)
{
    assert_false(text->failed);
    assert_string_equal(text->data, expected);
    text_free(text);
}

static void json_is_escaped_so_that_it_may_stand_in_a_page(void **state)
{
    struct text text = {.data = NULL};

    (void)state;
    promon__escape_json(&text, "");
    expect(&text, "\"\"");
    promon__escape_json(&text, "a\"b\\c\n\t\x01\x7f");
    expect(&text, "\"a\\\"b\\\\c\\u000a\\u0009\\u0001\\u007f\"");
    promon__escape_json(&text, "</script><!-- & -->");
    expect(&text, "\"\\u003c/script\\u003e\\u003c!-- \\u0026 --\\u003e\"");
    promon__escape_json(&text, "ünï €");
    expect(&text, "\"ünï €\"");
}

static void what_is_not_utf8_becomes_a_replacement(void **state)
{
    struct text text = {.data = NULL};

    (void)state;
    promon__escape_json(&text, "a\xff\xc3");
    expect(&text, "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    promon__escape_html(&text, "\xed\xa0\x80z");
    expect(&text, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
}

static void html_is_escaped_for_text_and_attributes(void **state)
{
    struct text text = {.data = NULL};

    (void)state;
    promon__escape_html(&text, "<a href='x' title=\"y\">&amp;");
    expect(&text, "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;");
    promon__escape_html(&text, "a\tb\nc");
    expect(&text, "a\tb\nc");
}

/* A document with one of them is no XML at all, however it is escaped. */
static void characters_that_xml_lacks_are_replaced(void **state)
{
    struct text text = {.data = NULL};

    (void)state;
    promon__escape_html(&text, "\x01\x1b\x7f\xef\xbf\xbe\xef\xbf\xbf.");
    expect(&text, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.");
}

static void decimals_have_no_zeros_at_their_end(void **state)
{
    static const struct {
        int64_t scaled;
        unsigned decimals;
        const char *expected;
    } cases[] = {{0, 3, "0"},          {1500, 3, "1.5"},
                 {1, 6, "0.000001"},   {-1500, 3, "-1.5"},
                 {12, 0, "12"},        {1000000, 6, "1"},
                 {10001, 4, "1.0001"}, {INT64_MIN, 3, "-9223372036854775.808"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text text = {.data = NULL};

        promon__decimal(&text, cases[i].scaled, cases[i].decimals);
        expect(&text, cases[i].expected);
    }
}

static void ratio_is_never_rounded_up(void **state)
{
    struct text text = {.data = NULL};

    (void)state;
    promon__decimal_ratio(&text, 1);
    expect(&text, "1");
    promon__decimal_ratio(&text, 0.99999999);
    expect(&text, "0.999999");
    promon__decimal_ratio(&text, 0);
    expect(&text, "0");
    promon__decimal_ratio(&text, -1);
    expect(&text, "null");
}

static void query_has_whole_words_only(void **state)
{
    (void)state;
    assert_true(promon__query_has("verbose", "verbose"));
    assert_true(promon__query_has("a=1&verbose&b", "verbose"));
    assert_true(promon__query_has("&&verbose", "verbose"));
    assert_false(promon__query_has("verbose=1", "verbose"));
    assert_false(promon__query_has("averbose", "verbose"));
    assert_false(promon__query_has("", "verbose"));
    assert_false(promon__query_has(NULL, "verbose"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_escaped_so_that_it_may_stand_in_a_page),
        cmocka_unit_test(what_is_not_utf8_becomes_a_replacement),
        cmocka_unit_test(html_is_escaped_for_text_and_attributes),
        cmocka_unit_test(characters_that_xml_lacks_are_replaced),
        cmocka_unit_test(decimals_have_no_zeros_at_their_end),
        cmocka_unit_test(ratio_is_never_rounded_up),
        cmocka_unit_test(query_has_whole_words_only),
    };

    return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
