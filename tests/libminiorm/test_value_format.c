/* Values as text. Floats, dates and times are tested where they are read. */
#include "test.h"

#include "value.h"

static void expect(struct miniorm_value value, const char *expected)
{
    char text[MINIORM_FORMAT_SIZE];
    const size_t size = miniorm_value_format(&value, text);

    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(expected));
}

static void scalars_are_written(void **state)
{
    const struct miniorm_uuid uuid = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
                                       0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};

    (void)state;
    expect(miniorm_value_boolean(true), "true");
    expect(miniorm_value_boolean(false), "false");
    expect(miniorm_value_integer(0), "0");
    expect(miniorm_value_integer(-100), "-100");
    expect(miniorm_value_integer(INT64_MAX), "9223372036854775807");
    expect(miniorm_value_integer(INT64_MIN), "-9223372036854775808");
    expect(miniorm_value_real(-0.25), "-0.25");
    expect(miniorm_value_uuid(uuid), "00112233-4455-6677-8899-aabbccddeeff");
    expect((struct miniorm_value){.type = MINIORM_T_date, .as.integer = 59}, "2000-02-29");
    expect((struct miniorm_value){.type = MINIORM_T_time, .as.integer = 1}, "00:00:00.000001");
}

static void nulls_and_texts_are_not(void **state)
{
    (void)state;
    expect(miniorm_value_null(), "");
    expect(miniorm_value_string("abc"), "");
    expect(miniorm_value_bytes((struct miniorm_bytes){(const unsigned char *)"abc", 3}), "");
    expect((struct miniorm_value){.type = (enum miniorm_type)99}, "");
}

static void longest_texts_have_room(void **state)
{
    (void)state;
    expect(miniorm_value_real(-1.7976931348623157e+308), "-1.7976931348623157e+308");
    expect((struct miniorm_value){.type = MINIORM_T_timestamptz,
                                  .as.integer = INT64_C(-211813487999999999)},
           "4714-11-24 00:00:00.000001+00 BC");
    expect((struct miniorm_value){.type = MINIORM_T_timestamptz,
                                  .as.integer = INT64_C(9223371331199999999)},
           "294276-12-31 23:59:59.999999+00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_written),
        cmocka_unit_test(nulls_and_texts_are_not),
        cmocka_unit_test(longest_texts_have_room),
    };

    return cmocka_run_group_tests_name("value_format", tests, NULL, NULL);
}
