/* Values: constructors and conversion, which never loses anything. */
#include "test.h"

#include <math.h>

#include "texts.h"
#include "value.h"

static void constructors_take_the_widest_type_of_their_kind(void **state)
{
    const struct miniorm_uuid uuid = {{1, 2, 3}};
    const struct miniorm_bytes bytes = {(const unsigned char *)"ab", 2};

    (void)state;
    assert_true(miniorm_value_null().is_null);
    assert_int_equal(miniorm_value_boolean(true).type, MINIORM_T_boolean);
    assert_true(miniorm_value_boolean(true).as.boolean);
    assert_int_equal(miniorm_value_integer(-5).type, MINIORM_T_int8);
    assert_int_equal(miniorm_value_integer(-5).as.integer, -5);
    assert_int_equal(miniorm_value_real(0.5).type, MINIORM_T_float8);
    assert_int_equal(miniorm_value_text(MINIORM_S("abc")).type, MINIORM_T_text);
    assert_int_equal(miniorm_value_text(MINIORM_S("abc")).as.text.size, 3);
    assert_int_equal(miniorm_value_bytes(bytes).type, MINIORM_T_bytea);
    assert_ptr_equal(miniorm_value_bytes(bytes).as.bytes.data, bytes.data);
    assert_int_equal(miniorm_value_uuid(uuid).type, MINIORM_T_uuid);
    assert_int_equal(miniorm_value_uuid(uuid).as.uuid.bytes[2], 3);
}

static void string_without_address_is_a_null(void **state)
{
    (void)state;
    assert_true(miniorm_value_string(NULL).is_null);
    assert_false(miniorm_value_string("").is_null);
    assert_int_equal(miniorm_value_string("four").as.text.size, 4);
}

static void macro_chooses_by_the_c_type(void **state)
{
    const struct miniorm_value value = miniorm_value_integer(3);
    const int16_t small = -7;
    const bool yes = true;
    char text[] = "x";

    (void)state;
    assert_int_equal(MINIORM_VALUE(yes).type, MINIORM_T_boolean);
    assert_int_equal(MINIORM_VALUE(small).as.integer, -7);
    assert_int_equal(MINIORM_VALUE(INT64_MAX).as.integer, INT64_MAX);
    assert_int_equal(MINIORM_VALUE(0.5F).type, MINIORM_T_float8);
    assert_int_equal(MINIORM_VALUE(text).type, MINIORM_T_text);
    assert_int_equal(MINIORM_VALUE("literal").as.text.size, 7);
    assert_int_equal(MINIORM_VALUE(MINIORM_S("a\0b")).as.text.size, 3);
    assert_int_equal(MINIORM_VALUE(value).as.integer, 3);
}

static void unsigned_value_beyond_int8_is_refused(void **state)
{
    const size_t fits = 7;
    const uint64_t largest = INT64_MAX;
    const struct miniorm_value beyond = MINIORM_VALUE(largest + 1);
    struct miniorm_value out;

    (void)state;
    assert_int_equal(MINIORM_VALUE(fits).as.integer, 7);
    assert_int_equal(MINIORM_VALUE(largest).type, MINIORM_T_int8);
    assert_true(MINIORM_VALUE(largest).as.integer == INT64_MAX);
    assert_int_equal(miniorm_value_convert(&beyond, MINIORM_T_int8, &out, NULL), MINIORM_EINVALID);
    assert_int_equal(miniorm_value_convert(&beyond, MINIORM_T_float8, &out, NULL),
                     MINIORM_EINVALID);
}

static void types_have_their_sql_names(void **state)
{
    (void)state;
    assert_string_equal(miniorm_type_name(MINIORM_T_boolean), "boolean");
    assert_string_equal(miniorm_type_name(MINIORM_T_timestamptz), "timestamptz");
    assert_string_equal(miniorm_type_name((enum miniorm_type)0), "?");
    assert_string_equal(miniorm_type_name((enum miniorm_type)18), "?");
    assert_string_equal(miniorm_type_name((enum miniorm_type) - 1), "?");
}

/* What each kind may become: a row per kind, a letter per type in the order of the enum. 'y' always
 * (of the sample), 'n' never. */
static void kinds_become_only_what_they_can(void **state)
{
    const struct {
        struct miniorm_value sample;
        const char *becomes;
    } kinds[] = {
        /*                                  bool int real num text bytea uuid json date… */
        {miniorm_value_boolean(true), "y"
                                      "nnn"
                                      "nn"
                                      "n"
                                      "nn"
                                      "n"
                                      "n"
                                      "nn"
                                      "nnnn"},
        {miniorm_value_integer(5), "n"
                                   "yyy"
                                   "yy"
                                   "n"
                                   "nn"
                                   "n"
                                   "n"
                                   "nn"
                                   "yyyy"},
        {miniorm_value_real(5), "n"
                                "yyy"
                                "yy"
                                "n"
                                "nn"
                                "n"
                                "n"
                                "nn"
                                "nnnn"},
        {miniorm_value_string("5"), "n"
                                    "yyy"
                                    "yy"
                                    "y"
                                    "yy"
                                    "n"
                                    "n"
                                    "yy"
                                    "nnnn"},
        {miniorm_value_bytes((struct miniorm_bytes){NULL, 0}), "n"
                                                               "nnn"
                                                               "nn"
                                                               "n"
                                                               "nn"
                                                               "y"
                                                               "n"
                                                               "nn"
                                                               "nnnn"},
        {miniorm_value_uuid((struct miniorm_uuid){{0}}), "n"
                                                         "nnn"
                                                         "nn"
                                                         "n"
                                                         "nn"
                                                         "n"
                                                         "y"
                                                         "nn"
                                                         "nnnn"},
        {{.type = MINIORM_T_date},
         "n"
         "nnn"
         "nn"
         "n"
         "nn"
         "n"
         "n"
         "nn"
         "ynnn"},
        {{.type = MINIORM_T_time},
         "n"
         "nnn"
         "nn"
         "n"
         "nn"
         "n"
         "n"
         "nn"
         "nynn"},
        {{.type = MINIORM_T_timestamp},
         "n"
         "nnn"
         "nn"
         "n"
         "nn"
         "n"
         "n"
         "nn"
         "nnyy"},
        {{.type = MINIORM_T_timestamptz},
         "n"
         "nnn"
         "nn"
         "n"
         "nn"
         "n"
         "n"
         "nn"
         "nnyy"},
    };
    size_t i;
    unsigned type;

    (void)state;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (type = MINIORM_T_boolean; type <= MINIORM_T_timestamptz; type++) {
            struct miniorm_value out;
            const enum miniorm_status status =
                miniorm_value_convert(&kinds[i].sample, (enum miniorm_type)type, &out, NULL);

            if ((status == MINIORM_OK) != (kinds[i].becomes[type - 1] == 'y'))
                fail_msg("kind %zu to %s: %s", i, miniorm_type_name((enum miniorm_type)type),
                         miniorm_status_name(status));
            if (status == MINIORM_OK)
                assert_int_equal(out.type, type);
        }
    }
}

static enum miniorm_status convert_integer(int64_t integer, enum miniorm_type type)
{
    const struct miniorm_value value = miniorm_value_integer(integer);
    struct miniorm_value out;

    return miniorm_value_convert(&value, type, &out, NULL);
}

static void integers_must_fit(void **state)
{
    static const struct {
        enum miniorm_type type;
        int64_t least;
        int64_t most;
    } ranges[] = {
        {MINIORM_T_int2, INT16_MIN, INT16_MAX},
        {MINIORM_T_int4, INT32_MIN, INT32_MAX},
        {MINIORM_T_date, -2451545, 2145031948},
        {MINIORM_T_time, 0, INT64_C(86400000000)},
        {MINIORM_T_timestamp, INT64_C(-211813488000000000), INT64_C(9223371331199999999)},
        {MINIORM_T_timestamptz, INT64_C(-211813488000000000), INT64_C(9223371331199999999)},
        {MINIORM_T_float8, -(INT64_C(1) << 53), INT64_C(1) << 53},
        {MINIORM_T_float4, -(INT64_C(1) << 24), INT64_C(1) << 24},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        assert_int_equal(convert_integer(ranges[i].least, ranges[i].type), MINIORM_OK);
        assert_int_equal(convert_integer(ranges[i].most, ranges[i].type), MINIORM_OK);
        assert_int_equal(convert_integer(ranges[i].least - 1, ranges[i].type), MINIORM_EVALUE);
        assert_int_equal(convert_integer(ranges[i].most + 1, ranges[i].type), MINIORM_EVALUE);
    }
    assert_int_equal(convert_integer(INT64_MAX, MINIORM_T_float8), MINIORM_EVALUE);
    assert_int_equal(convert_integer(INT64_MIN, MINIORM_T_float8), MINIORM_OK);
}

static void zero_and_one_are_booleans(void **state)
{
    const struct miniorm_value yes = MINIORM_VALUE(true);
    struct miniorm_value out;

    (void)state;
    assert_int_equal(miniorm_value_convert(&yes, MINIORM_T_boolean, &out, NULL), MINIORM_OK);
    assert_int_equal(out.type, MINIORM_T_boolean);
    assert_true(out.as.boolean);
    assert_int_equal(convert_integer(0, MINIORM_T_boolean), MINIORM_OK);
    assert_int_equal(convert_integer(2, MINIORM_T_boolean), MINIORM_EVALUE);
    assert_int_equal(convert_integer(-1, MINIORM_T_boolean), MINIORM_EVALUE);
}

static void infinite_points_of_time_fit(void **state)
{
    (void)state;
    assert_int_equal(convert_integer(MINIORM_INFINITY, MINIORM_T_timestamptz), MINIORM_OK);
    assert_int_equal(convert_integer(MINIORM_NEGATIVE_INFINITY, MINIORM_T_timestamp), MINIORM_OK);
    assert_int_equal(convert_integer(MINIORM_DATE_INFINITY, MINIORM_T_date), MINIORM_OK);
    assert_int_equal(convert_integer(MINIORM_DATE_NEGATIVE_INFINITY, MINIORM_T_date), MINIORM_OK);
    assert_int_equal(convert_integer(MINIORM_INFINITY, MINIORM_T_date), MINIORM_EVALUE);
}

static enum miniorm_status convert_real(double real, enum miniorm_type type)
{
    const struct miniorm_value value = miniorm_value_real(real);
    struct miniorm_value out;

    return miniorm_value_convert(&value, type, &out, NULL);
}

static void reals_become_integers_without_a_fraction_only(void **state)
{
    (void)state;
    assert_int_equal(convert_real(-3.0, MINIORM_T_int2), MINIORM_OK);
    assert_int_equal(convert_real(3.5, MINIORM_T_int2), MINIORM_EVALUE);
    assert_int_equal(convert_real(1e10, MINIORM_T_int4), MINIORM_EVALUE);
    assert_int_equal(convert_real(-9223372036854775808.0, MINIORM_T_int8), MINIORM_OK);
    assert_int_equal(convert_real(9223372036854775808.0, MINIORM_T_int8), MINIORM_EVALUE);
    assert_int_equal(convert_real((double)NAN, MINIORM_T_int8), MINIORM_EVALUE);
    assert_int_equal(convert_real((double)INFINITY, MINIORM_T_int8), MINIORM_EVALUE);
}

static void double_becomes_the_nearest_float(void **state)
{
    const struct miniorm_value tenth = miniorm_value_real(0.1);
    struct miniorm_value out;

    (void)state;
    assert_int_equal(miniorm_value_convert(&tenth, MINIORM_T_float4, &out, NULL), MINIORM_OK);
    assert_true(out.as.real == (double)0.1F);
    assert_int_equal(convert_real(1e39, MINIORM_T_float4), MINIORM_EVALUE);
    assert_int_equal(convert_real(1e-50, MINIORM_T_float4), MINIORM_EVALUE);
    assert_int_equal(convert_real(0.0, MINIORM_T_float4), MINIORM_OK);
    assert_int_equal(convert_real((double)INFINITY, MINIORM_T_float4), MINIORM_OK);
    assert_int_equal(convert_real((double)NAN, MINIORM_T_float4), MINIORM_OK);
}

static void null_stays_null_and_takes_the_type(void **state)
{
    const struct miniorm_value null = miniorm_value_null();
    unsigned type;

    (void)state;
    for (type = MINIORM_T_boolean; type <= MINIORM_T_timestamptz; type++) {
        struct miniorm_value out;

        assert_int_equal(miniorm_value_convert(&null, (enum miniorm_type)type, &out, NULL),
                         MINIORM_OK);
        assert_true(out.is_null);
        assert_int_equal(out.type, type);
    }
}

static void value_may_be_converted_in_place(void **state)
{
    struct miniorm_value value = miniorm_value_string(" 12 ");

    (void)state;
    assert_int_equal(miniorm_value_convert(&value, MINIORM_T_int4, &value, NULL), MINIORM_OK);
    assert_int_equal(value.as.integer, 12);
    assert_int_equal(miniorm_value_convert(&value, MINIORM_T_float8, &value, NULL), MINIORM_OK);
    assert_true(value.as.real == 12.0);
}

static void type_that_is_none_is_refused(void **state)
{
    const struct miniorm_value value = miniorm_value_integer(1);
    const struct miniorm_value untyped = {.is_null = false};
    struct miniorm_value out;

    (void)state;
    assert_int_equal(miniorm_value_convert(&value, (enum miniorm_type)0, &out, NULL),
                     MINIORM_EINVALID);
    assert_int_equal(miniorm_value_convert(&untyped, MINIORM_T_int4, &out, NULL), MINIORM_EINVALID);
}

static void reason_names_both_types(void **state)
{
    const struct miniorm_value value = miniorm_value_boolean(true);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value out;

    (void)state;
    miniorm_value_convert(&value, MINIORM_T_date, &out, &error);
    assert_string_equal(error.message, "a value of type boolean cannot be date");
}

static void expect_numeric(struct miniorm_value value, const char *expected)
{
    struct arena arena = {0};
    struct miniorm_value out;

    assert_int_equal(miniorm__value_convert(&value, MINIORM_T_numeric, &arena, &out, NULL),
                     MINIORM_OK);
    assert_int_equal(out.as.text.size, strlen(expected));
    assert_memory_equal(out.as.text.data, expected, strlen(expected));
    arena_free(&arena);
}

static void numbers_become_numeric_where_there_is_memory(void **state)
{
    (void)state;
    expect_numeric(miniorm_value_integer(-12), "-12");
    expect_numeric(miniorm_value_real(0.1), "0.1");
    expect_numeric(miniorm_value_real(1e20), "100000000000000000000");
    expect_numeric(miniorm_value_real((double)NAN), "NaN");
    expect_numeric(miniorm_value_real(-(double)INFINITY), "-Infinity");
    expect_numeric(miniorm_value_string(" +1.50e1 "), "15.0");
}

static void convert_into_memory(void *context)
{
    struct arena arena = {0};
    struct miniorm_value out;
    const enum miniorm_status status =
        miniorm__value_convert(context, MINIORM_T_numeric, &arena, &out, NULL);

    assert_int_equal(status, oom_stop() ? MINIORM_ENOMEM : MINIORM_OK);
    arena_free(&arena);
}

static void conversion_without_memory_says_so(void **state)
{
    struct miniorm_value integer = miniorm_value_integer(5);
    struct miniorm_value text = miniorm_value_string("1e3");

    (void)state;
    oom_fail_at(1);
    convert_into_memory(&integer);
    oom_fail_at(1);
    convert_into_memory(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constructors_take_the_widest_type_of_their_kind),
        cmocka_unit_test(string_without_address_is_a_null),
        cmocka_unit_test(macro_chooses_by_the_c_type),
        cmocka_unit_test(unsigned_value_beyond_int8_is_refused),
        cmocka_unit_test(types_have_their_sql_names),
        cmocka_unit_test(kinds_become_only_what_they_can),
        cmocka_unit_test(integers_must_fit),
        cmocka_unit_test(zero_and_one_are_booleans),
        cmocka_unit_test(infinite_points_of_time_fit),
        cmocka_unit_test(reals_become_integers_without_a_fraction_only),
        cmocka_unit_test(double_becomes_the_nearest_float),
        cmocka_unit_test(null_stays_null_and_takes_the_type),
        cmocka_unit_test(value_may_be_converted_in_place),
        cmocka_unit_test(type_that_is_none_is_refused),
        cmocka_unit_test(reason_names_both_types),
        cmocka_unit_test(numbers_become_numeric_where_there_is_memory),
        cmocka_unit_test(conversion_without_memory_says_so),
    };

    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
