/* Text as booleans, integers, uuids and text. */
#include "test.h"

#include "texts.h"
#include "value.h"

static void booleans_are_read_as_postgresql_reads_them(void **state)
{
    static const struct text_case cases[] = {
        {"true", "true"},    {"t", "true"},      {"TRUE", "true"},  {"tru", "true"},
        {"yes", "true"},     {"y", "true"},      {"on", "true"},    {"1", "true"},
        {" true\n", "true"}, {"false", "false"}, {"F", "false"},    {"no", "false"},
        {"n", "false"},      {"off", "false"},   {"of", "false"},   {"0", "false"},
        {"", NULL},          {"o", NULL},        {"truee", NULL},   {"2", NULL},
        {"01", NULL},        {"t r", NULL},      {"\x14\x12", NULL}};

    (void)state;
    expect_texts(MINIORM_T_boolean, cases);
}

static void integers_have_the_range_of_their_type(void **state)
{
    static const struct text_case int2[] = {
        {"32767", "32767"}, {"-32768", "-32768"}, {"32768", NULL}, {"-32769", NULL}, {"+5", "5"}};
    static const struct text_case int4[] = {{"2147483647", "2147483647"},
                                            {"-2147483648", "-2147483648"},
                                            {"2147483648", NULL},
                                            {"-2147483649", NULL}};
    static const struct text_case int8[] = {{"9223372036854775807", "9223372036854775807"},
                                            {"-9223372036854775808", "-9223372036854775808"},
                                            {"9223372036854775808", NULL},
                                            {"-9223372036854775809", NULL},
                                            {"99999999999999999999999999", NULL},
                                            {"0000000000000000000000000000000000001", "1"},
                                            {"-0", "0"}};

    (void)state;
    expect_texts(MINIORM_T_int2, int2);
    expect_texts(MINIORM_T_int4, int4);
    expect_texts(MINIORM_T_int8, int8);
}

static void only_digits_make_an_integer(void **state)
{
    static const struct text_case cases[] = {{"", NULL},     {"-", NULL},       {"+", NULL},
                                             {"1.0", NULL},  {"1e3", NULL},     {"0x10", NULL},
                                             {"1 2", NULL},  {"--1", NULL},     {"1a", NULL},
                                             {" 12 ", "12"}, {"\t-3\r\n", "-3"}};

    (void)state;
    expect_texts(MINIORM_T_int8, cases);
}

static void reason_tells_malformed_from_out_of_range(void **state)
{
    struct miniorm_error malformed = MINIORM_ERROR_INIT;
    struct miniorm_error range = MINIORM_ERROR_INIT;
    struct miniorm_value value;

    (void)state;
    miniorm_value_parse(MINIORM_T_int2, MINIORM_S("x"), &value, &malformed);
    miniorm_value_parse(MINIORM_T_int2, MINIORM_S("40000"), &value, &range);
    assert_string_equal(malformed.message, "the text is no integer");
    assert_string_equal(range.message, "value is out of the range of int2");
}

static void uuids_are_read_with_or_without_hyphens_and_braces(void **state)
{
    static const char canonical[] = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    static const struct text_case cases[] = {{canonical, canonical},
                                             {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", canonical},
                                             {"{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}", canonical},
                                             {"a0eebc999c0b4ef8bb6d6bb9bd380a11", canonical},
                                             {"a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", canonical},
                                             {"", NULL},
                                             {"{}", NULL},
                                             {"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", NULL},
                                             {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", NULL},
                                             {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111", NULL},
                                             {"a-0eebc999c0b4ef8bb6d6bb9bd380a11", NULL},
                                             {"a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11", NULL},
                                             {"-a0eebc999c0b4ef8bb6d6bb9bd380a11", NULL},
                                             {"a0eebc999c0b4ef8bb6d6bb9bd380a11-", NULL},
                                             {"g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", NULL}};

    (void)state;
    expect_texts(MINIORM_T_uuid, cases);
}

static void text_is_borrowed_as_it_is(void **state)
{
    static const char text[] = "  gr\xc3\xbc\xc3\x9f  ";
    static const enum miniorm_type types[] = {MINIORM_T_text, MINIORM_T_varchar, MINIORM_T_json,
                                              MINIORM_T_jsonb};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct miniorm_value value;

        assert_int_equal(miniorm_value_parse(types[i], text_of(text), &value, NULL), MINIORM_OK);
        assert_int_equal(value.type, types[i]);
        assert_ptr_equal(value.as.text.data, text);
        assert_int_equal(value.as.text.size, sizeof(text) - 1);
    }
}

static void text_without_bytes_is_text(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_int_equal(miniorm_value_parse(MINIORM_T_text, miniorm_text_from(NULL, 0), &value, NULL),
                     MINIORM_OK);
    assert_false(value.is_null);
    assert_int_equal(value.as.text.size, 0);
    assert_int_equal(miniorm_value_parse(MINIORM_T_int4, miniorm_text_from(NULL, 0), &value, NULL),
                     MINIORM_EVALUE);
    assert_int_equal(miniorm_value_parse(MINIORM_T_date, miniorm_text_from(NULL, 0), &value, NULL),
                     MINIORM_EVALUE);
}

static const struct {
    const char *bytes;
    size_t size;
    bool valid;
} encodings[] = {
    {"plain ASCII that is longer than a word", 38, true},
    {"\x7f", 1, true},
    {"\xc2\x80", 2, true},
    {"\xdf\xbf", 2, true},
    {"\xe0\xa0\x80", 3, true},
    {"\xed\x9f\xbf", 3, true},
    {"\xee\x80\x80", 3, true},
    {"\xef\xbf\xbf", 3, true},
    {"\xf0\x90\x80\x80", 4, true},
    {"\xf4\x8f\xbf\xbf", 4, true},
    {"a\0b", 3, false},
    {"12345678\0", 9, false},
    {"1234567\0", 8, false},
    {"\x80", 1, false},
    {"\xc0\x80", 2, false},
    {"\xc1\xbf", 2, false},
    {"\xc3", 1, false},
    {"\xe2\x82", 2, false},
    {"\xe0\x9f\xbf", 3, false},
    {"\xed\xa0\x80", 3, false},
    {"\xf0\x8f\xbf\xbf", 4, false},
    {"\xf4\x90\x80\x80", 4, false},
    {"\xf5\x80\x80\x80", 4, false},
    {"\xf0\x90\x80", 3, false},
    {"\xf0\x90\x80\x41", 4, false},
    {"\xe2\x41\xac", 3, false},
    {"\xff", 1, false},
};

static void text_must_be_utf8_without_nul(void **state)
{
    char padded[64];
    size_t i, padding;

    (void)state;
    for (i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        for (padding = 0; padding < 12; padding++) {
            memset(padded, 'x', sizeof(padded));
            memcpy(padded + padding, encodings[i].bytes, encodings[i].size);
            assert_int_equal(miniorm__text_is_valid(padded, padding + encodings[i].size),
                             encodings[i].valid);
        }
    }
}

static void bytea_is_not_read_from_text(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_int_equal(miniorm_value_parse(MINIORM_T_bytea, MINIORM_S("\\x00"), &value, NULL),
                     MINIORM_EUNSUPPORTED);
    assert_int_equal(miniorm_value_parse((enum miniorm_type)99, MINIORM_S("1"), &value, NULL),
                     MINIORM_EINVALID);
    assert_int_equal(miniorm_value_parse((enum miniorm_type)0, MINIORM_S("1"), &value, NULL),
                     MINIORM_EINVALID);
}

static void refused_text_leaves_the_value_untouched(void **state)
{
    unsigned type;

    (void)state;
    for (type = MINIORM_T_boolean; type <= MINIORM_T_timestamptz; type++) {
        struct miniorm_value value, before;

        memset(&value, 0x5a, sizeof(value));
        before = value;
        assert_int_not_equal(
            miniorm_value_parse((enum miniorm_type)type, MINIORM_S("\xff"), &value, NULL),
            MINIORM_OK);
        assert_memory_equal(&value, &before, sizeof(value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans_are_read_as_postgresql_reads_them),
        cmocka_unit_test(integers_have_the_range_of_their_type),
        cmocka_unit_test(only_digits_make_an_integer),
        cmocka_unit_test(reason_tells_malformed_from_out_of_range),
        cmocka_unit_test(uuids_are_read_with_or_without_hyphens_and_braces),
        cmocka_unit_test(text_is_borrowed_as_it_is),
        cmocka_unit_test(text_without_bytes_is_text),
        cmocka_unit_test(text_must_be_utf8_without_nul),
        cmocka_unit_test(bytea_is_not_read_from_text),
        cmocka_unit_test(refused_text_leaves_the_value_untouched),
    };

    return cmocka_run_group_tests_name("value_parse", tests, NULL, NULL);
}
