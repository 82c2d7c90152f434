/*
 * Strings as JSON, and UTF-8.
 */
#include "test.h"

#include <jansson.h>

#include "json_text.h"
#include "utf8.h"

static void check(const char *data, size_t size, const char *expected)
{
    struct text text = {.data = NULL};

    baseapi__json_string(&text, data, size);
    assert_false(text.failed);
    assert_string_equal(text.data, expected);
    text_free(&text);
}

static void text_needs_escapes_only_where_json_does(void **state)
{
    (void)state;
    check("", 0, "\"\"");
    check("plain /text", 11, "\"plain /text\"");
    check("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
    check("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    check("\x01\x1f\x7f", 3, "\"\\u0001\\u001f\\u007f\"");
    check("a\0b", 3, "\"a\\u0000b\"");
    check("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void wrong_bytes_become_replacement_characters(void **state)
{
    (void)state;
    check("a\xff"
          "b",
          3,
          "\"a\xef\xbf\xbd"
          "b\"");
    check("\xc3", 1, "\"\xef\xbf\xbd\"");
    check("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    check("\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    check("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void whatever_comes_in_valid_json_comes_out(void **state)
{
    unsigned seed = 1;
    int round;

    (void)state;
    for (round = 0; round < 2000; round++) {
        struct text text = {.data = NULL};
        char bytes[24];
        json_t *parsed;
        size_t i;

        for (i = 0; i < sizeof(bytes); i++) {
            seed = seed * 1103515245U + 12345U;
            bytes[i] = (char)(seed >> 16);
        }
        baseapi__json_string(&text, bytes, sizeof(bytes));
        parsed = json_loads(text.data, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(parsed);
        json_decref(parsed);
        text_free(&text);
    }
}

/* One byte that needs something, at every place of texts of every short size. */
static void every_byte_is_seen_wherever_it_stands(void **state)
{
    char data[24];
    unsigned byte;
    size_t size, place;

    (void)state;
    for (size = 1; size <= sizeof(data); size++) {
        for (place = 0; place < size; place++) {
            for (byte = 0; byte < 0x80; byte++) {
                const bool is_short = strchr("\"\\\b\f\n\r\t", (int)byte) != NULL && byte != 0;
                const size_t more = is_short ? 1 : byte < 0x20 || byte == 0x7f ? 5 : 0;
                struct text text = {.data = NULL};

                memset(data, 'x', size);
                data[place] = (char)byte;
                baseapi__json_string(&text, data, size);
                assert_int_equal(text.size, size + 2 + more);
                assert_int_equal(text.data[place + 1] == '\\', more != 0);
                text_free(&text);
            }
        }
    }
}

static void utf8_is_told_from_what_looks_like_it(void **state)
{
    static const char *const valid[] = {"",
                                        "a",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf",
                                        "12345678\xc3\xa4 1234567\xc3\xa4 12345678"};
    static const char *const invalid[] = {"\x80",
                                          "\xbf",
                                          "\xc0\x80",
                                          "\xc1\xbf",
                                          "\xe0\x9f\xbf",
                                          "\xed\xa0\x80",
                                          "\xf0\x8f\xbf\xbf",
                                          "\xf4\x90\x80\x80",
                                          "\xf5\x80\x80\x80",
                                          "\xff",
                                          "\xc3",
                                          "\xc3(",
                                          "\xe2\x82(",
                                          "\xf0\x9f\x98",
                                          "a\xc3",
                                          "12345678\x80",
                                          "12345678 1234567\xc3"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        assert_true(utf8_is_valid(valid[i], strlen(valid[i])));
    for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        assert_false(utf8_is_valid(invalid[i], strlen(invalid[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_needs_escapes_only_where_json_does),
        cmocka_unit_test(wrong_bytes_become_replacement_characters),
        cmocka_unit_test(whatever_comes_in_valid_json_comes_out),
        cmocka_unit_test(every_byte_is_seen_wherever_it_stands),
        cmocka_unit_test(utf8_is_told_from_what_looks_like_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
