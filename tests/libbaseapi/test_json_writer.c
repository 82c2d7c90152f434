/*
 * Values and rows as JSON. Whatever is written is parsed back by jansson.
 */
#include "test.h"

#include <jansson.h>

#include "base64.h"
#include "json_writer.h"

#define DAY_US (INT64_C(86400) * 1000000)

static void assert_value(struct miniorm_value value, enum miniorm_type type, unsigned format,
                         const char *expected)
{
    struct text text = {0};
    json_t *parsed;

    value.type = type;
    baseapi__json_value(&text, &value, format, true);
    assert_false(text.failed);
    assert_string_equal(text.data, expected);
    parsed = json_loadb(text.data, text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(parsed);
    json_decref(parsed);
    text_free(&text);
}

static void assert_text(enum miniorm_type type, unsigned format, const char *value,
                        const char *expected)
{
    assert_value(miniorm_value_string(value), type, format, expected);
}

static void nulls_of_every_type_are_null(void **state)
{
    (void)state;
    for (int type = MINIORM_T_boolean; type <= MINIORM_T_timestamptz; type++)
        assert_value(miniorm_value_null(), (enum miniorm_type)type, 0, "null");
}

static void numbers_are_written_without_loss(void **state)
{
    (void)state;
    assert_value(miniorm_value_boolean(true), MINIORM_T_boolean, 0, "true");
    assert_value(miniorm_value_boolean(false), MINIORM_T_boolean, 0, "false");
    assert_value(miniorm_value_integer(-32768), MINIORM_T_int2, 0, "-32768");
    assert_value(miniorm_value_integer(INT64_MIN), MINIORM_T_int8, 0, "-9223372036854775808");
    assert_value(miniorm_value_integer(INT64_MAX), MINIORM_T_int8, BASEAPI_INT8_STRING,
                 "\"9223372036854775807\"");
    assert_value(miniorm_value_integer(7), MINIORM_T_int4, BASEAPI_INT8_STRING, "7");
    assert_value(miniorm_value_real(0.1), MINIORM_T_float8, 0, "0.1");
    assert_value(miniorm_value_real(1e300), MINIORM_T_float8, 0, "1e+300");
    assert_value(miniorm_value_real((double)0.1f), MINIORM_T_float4, 0, "0.1");
    assert_text(MINIORM_T_numeric, 0, "123456789012345678901234567890.10",
                "123456789012345678901234567890.10");
    assert_text(MINIORM_T_numeric, BASEAPI_NUMERIC_STRING, "1.50", "\"1.50\"");
}

static void numbers_that_json_lacks_are_strings(void **state)
{
    (void)state;
    assert_value(miniorm_value_real(0.0 / 0.0), MINIORM_T_float8, 0, "\"NaN\"");
    assert_value(miniorm_value_real(1.0 / 0.0), MINIORM_T_float8, 0, "\"Infinity\"");
    assert_value(miniorm_value_real(-1.0 / 0.0), MINIORM_T_float4, 0, "\"-Infinity\"");
    assert_text(MINIORM_T_numeric, 0, "NaN", "\"NaN\"");
    assert_text(MINIORM_T_numeric, 0, "-Infinity", "\"-Infinity\"");
    assert_text(MINIORM_T_numeric, 0, "", "\"\"");
    assert_text(MINIORM_T_numeric, 0, ".5", "\".5\"");
    assert_text(MINIORM_T_numeric, 0, "5.", "\"5.\"");
    assert_text(MINIORM_T_numeric, 0, "05", "\"05\"");
    assert_text(MINIORM_T_numeric, 0, "1e", "\"1e\"");
    assert_text(MINIORM_T_numeric, 0, "1e5", "1e5");
}

static void text_is_escaped_and_mended(void **state)
{
    (void)state;
    assert_text(MINIORM_T_text, 0, "", "\"\"");
    assert_text(MINIORM_T_text, 0, "plain text of more than eight bytes",
                "\"plain text of more than eight bytes\"");
    assert_text(MINIORM_T_varchar, 0, "a\"b\\c\n\t\r\b\f\x01",
                "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\"");
    assert_text(MINIORM_T_text, 0, "\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80",
                "\"\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80\"");
    assert_text(MINIORM_T_text, 0, "a\xff z", "\"a\xef\xbf\xbd z\"");
}

static void json_is_embedded_unless_it_is_none(void **state)
{
    (void)state;
    assert_text(MINIORM_T_jsonb, 0, "{\"a\": [1, null]}", "{\"a\": [1, null]}");
    assert_text(MINIORM_T_json, 0, "3", "3");
    assert_text(MINIORM_T_json, 0, "{oops", "\"{oops\"");
    assert_text(MINIORM_T_json, 0, "", "\"\"");
}

static void bytes_are_base64_and_uuids_have_hyphens(void **state)
{
    const struct miniorm_bytes bytes = {(const unsigned char *)"\x01\x02\xff", 3};
    struct miniorm_uuid uuid;

    (void)state;
    memset(uuid.bytes, 0xab, sizeof(uuid.bytes));
    assert_value(miniorm_value_bytes(bytes), MINIORM_T_bytea, 0, "\"AQL/\"");
    assert_value(miniorm_value_uuid(uuid), MINIORM_T_uuid, 0,
                 "\"abababab-abab-abab-abab-abababababab\"");
}

static void times_are_rfc_3339(void **state)
{
    const int64_t noon = INT64_C(43200) * 1000000;

    (void)state;
    assert_value(miniorm_value_integer(0), MINIORM_T_date, 0, "\"2000-01-01\"");
    assert_value(miniorm_value_integer(59), MINIORM_T_date, 0, "\"2000-02-29\"");
    assert_value(miniorm_value_integer(-1), MINIORM_T_date, 0, "\"1999-12-31\"");
    assert_value(miniorm_value_integer(noon), MINIORM_T_time, 0, "\"12:00:00\"");
    assert_value(miniorm_value_integer(noon + 250000), MINIORM_T_time, 0, "\"12:00:00.250000\"");
    assert_value(miniorm_value_integer(noon), MINIORM_T_timestamptz, 0, "\"2000-01-01T12:00:00Z\"");
    assert_value(miniorm_value_integer(-1), MINIORM_T_timestamp, 0,
                 "\"1999-12-31T23:59:59.999999Z\"");
    assert_value(miniorm_value_integer(noon + 5), MINIORM_T_timestamptz, BASEAPI_TIMES_SECONDS,
                 "\"2000-01-01T12:00:00+0000\"");
}

static void times_beyond_rfc_3339_are_in_postgresqls_words(void **state)
{
    (void)state;
    assert_value(miniorm_value_integer(MINIORM_INFINITY), MINIORM_T_timestamptz, 0, "\"infinity\"");
    assert_value(miniorm_value_integer(MINIORM_NEGATIVE_INFINITY), MINIORM_T_timestamp, 0,
                 "\"-infinity\"");
    assert_value(miniorm_value_integer(MINIORM_DATE_INFINITY), MINIORM_T_date, 0, "\"infinity\"");
    assert_value(miniorm_value_integer(2921939), MINIORM_T_date, 0, "\"9999-12-31\"");
    assert_value(miniorm_value_integer(-730119), MINIORM_T_date, 0, "\"0001-01-01\"");
    assert_value(miniorm_value_integer(2921940), MINIORM_T_date, 0, "\"10000-01-01\"");
}

/* Every day of the years of four digits has the text that the ORM's own writer gives it. */
static void every_day_is_written_as_the_calendar_has_it(void **state)
{
    (void)state;
    for (int64_t day = -730119; day < 2921940; day++) {
        struct miniorm_value value = miniorm_value_integer(day);
        char expected[MINIORM_FORMAT_SIZE];
        struct text text = {0};

        value.type = MINIORM_T_date;
        miniorm_value_format(&value, expected);
        baseapi__json_value(&text, &value, 0, false);
        if (text.size != 12 || memcmp(text.data + 1, expected, 10) != 0)
            assert_string_equal(text.data, expected);
        text_free(&text);
    }
}

static void base64_is_written_and_read_back(void **state)
{
    unsigned char bytes[64];
    unsigned char back[66];
    char text[100];

    (void)state;
    for (size_t size = 0; size < sizeof(bytes); size++) {
        size_t back_size;
        const size_t text_size = baseapi__base64_encode(bytes, size, text);

        if (size != 0)
            bytes[size - 1] = (unsigned char)(size * 37);
        assert_int_equal(baseapi__base64_encode(bytes, size, text), text_size);
        assert_int_equal(text_size, baseapi__base64_size(size));
        assert_true(baseapi__base64_decode(text, text_size, back, &back_size));
        assert_int_equal(back_size, size);
        assert_memory_equal(back, bytes, size);
    }
}

static void what_is_not_base64_is_refused(void **state)
{
    static const char *const wrong[] = {
        "A", "AB", "ABC", "AB=C", "A===", "====", "AB C", "AB-_", "AQ=A", "AR==", "AQJ="};
    unsigned char back[16];
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(baseapi__base64_decode(wrong[i], strlen(wrong[i]), back, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nulls_of_every_type_are_null),
        cmocka_unit_test(numbers_are_written_without_loss),
        cmocka_unit_test(numbers_that_json_lacks_are_strings),
        cmocka_unit_test(text_is_escaped_and_mended),
        cmocka_unit_test(json_is_embedded_unless_it_is_none),
        cmocka_unit_test(bytes_are_base64_and_uuids_have_hyphens),
        cmocka_unit_test(times_are_rfc_3339),
        cmocka_unit_test(times_beyond_rfc_3339_are_in_postgresqls_words),
        cmocka_unit_test(every_day_is_written_as_the_calendar_has_it),
        cmocka_unit_test(base64_is_written_and_read_back),
        cmocka_unit_test(what_is_not_base64_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
