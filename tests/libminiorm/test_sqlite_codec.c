/*
 * How values are stored by SQLite, and what is made of what it holds.
 */
#include "test.h"

#include <math.h>

#include "sqlite/codec.h"

#define DAY_US INT64_C(86400000000)

static struct miniorm_value time_value(enum miniorm_type type, int64_t integer)
{
    return (struct miniorm_value){.type = type, .as.integer = integer};
}

/* Stores a value, checks the text, and reads it back as the same. */
static void expect_text(struct miniorm_value value, const char *expected)
{
    struct miniorm__sqlite_cell cell;
    struct miniorm_value back;
    char buffer[MINIORM_FORMAT_SIZE];
    struct arena arena = {0};
    bool is_out_of_memory;

    assert_int_equal(miniorm__sqlite_store(&value, buffer, &cell, NULL), MINIORM_OK);
    assert_int_equal(cell.kind, SQLITE_TEXT);
    assert_int_equal(cell.as.text.size, strlen(expected));
    assert_memory_equal(cell.as.text.data, expected, strlen(expected));
    assert_true(miniorm__sqlite_load(&cell, value.type, &arena, &back, &is_out_of_memory));
    assert_int_equal(back.type, value.type);
    if (value.type == MINIORM_T_uuid)
        assert_memory_equal(&back.as.uuid, &value.as.uuid, sizeof(value.as.uuid));
    else
        assert_int_equal(back.as.integer, value.as.integer);
    arena_free(&arena);
}

static void points_of_time_are_text_of_one_width(void **state)
{
    (void)state;
    expect_text(time_value(MINIORM_T_date, 0), "2000-01-01");
    expect_text(time_value(MINIORM_T_date, -730119), "0001-01-01");
    expect_text(time_value(MINIORM_T_date, 2921939), "9999-12-31");
    expect_text(time_value(MINIORM_T_time, 0), "00:00:00.000000");
    expect_text(time_value(MINIORM_T_time, 3723500000), "01:02:03.500000");
    expect_text(time_value(MINIORM_T_timestamp, 0), "2000-01-01 00:00:00.000000");
    expect_text(time_value(MINIORM_T_timestamp, -1), "1999-12-31 23:59:59.999999");
    expect_text(time_value(MINIORM_T_timestamptz, 100000), "2000-01-01 00:00:00.100000");
    expect_text(time_value(MINIORM_T_timestamptz, 2921940 * DAY_US - 1),
                "9999-12-31 23:59:59.999999");
}

static void infinite_points_of_time_sort_at_the_ends(void **state)
{
    (void)state;
    expect_text(time_value(MINIORM_T_date, MINIORM_DATE_INFINITY), "infinity");
    expect_text(time_value(MINIORM_T_date, MINIORM_DATE_NEGATIVE_INFINITY), "-infinity");
    expect_text(time_value(MINIORM_T_timestamp, MINIORM_INFINITY), "infinity");
    expect_text(time_value(MINIORM_T_timestamptz, MINIORM_NEGATIVE_INFINITY), "-infinity");
    assert_true(strcmp("-infinity", "0001-01-01") < 0);
    assert_true(strcmp("9999-12-31", "infinity") < 0);
}

static void uuid_is_text_in_lower_case(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_int_equal(miniorm_value_parse(MINIORM_T_uuid,
                                         MINIORM_S("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}"),
                                         &value, NULL),
                     MINIORM_OK);
    expect_text(value, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
}

static void expect_refused(struct miniorm_value value)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm__sqlite_cell cell;
    char buffer[MINIORM_FORMAT_SIZE];

    assert_int_equal(miniorm__sqlite_store(&value, buffer, &cell, &error), MINIORM_EVALUE);
    assert_int_equal(error.status, MINIORM_EVALUE);
}

static void what_sqlite_cannot_hold_is_refused(void **state)
{
    (void)state;
    expect_refused(time_value(MINIORM_T_date, -730120));
    expect_refused(time_value(MINIORM_T_date, 2921940));
    expect_refused(time_value(MINIORM_T_timestamp, 2921940 * DAY_US));
    expect_refused(time_value(MINIORM_T_timestamptz, -730119 * DAY_US - 1));
    expect_refused((struct miniorm_value){.type = MINIORM_T_float8, .as.real = NAN});
}

static void null_is_null_of_any_type(void **state)
{
    const struct miniorm_value value = {.type = MINIORM_T_date, .is_null = true};
    struct miniorm__sqlite_cell cell;
    struct miniorm_value back;
    char buffer[MINIORM_FORMAT_SIZE];
    bool is_out_of_memory;

    (void)state;
    assert_int_equal(miniorm__sqlite_store(&value, buffer, &cell, NULL), MINIORM_OK);
    assert_int_equal(cell.kind, SQLITE_NULL);
    assert_true(miniorm__sqlite_load(&cell, MINIORM_T_date, NULL, &back, &is_out_of_memory));
    assert_true(back.is_null);
    assert_int_equal(back.type, MINIORM_T_date);
}

static bool load(struct miniorm__sqlite_cell cell, enum miniorm_type type,
                 struct miniorm_value *out)
{
    bool is_out_of_memory;
    const bool is_loaded = miniorm__sqlite_load(&cell, type, NULL, out, &is_out_of_memory);

    assert_false(is_out_of_memory);
    return is_loaded;
}

static struct miniorm__sqlite_cell integer_cell(int64_t integer)
{
    return (struct miniorm__sqlite_cell){.kind = SQLITE_INTEGER, .as.integer = integer};
}

static struct miniorm__sqlite_cell real_cell(double real)
{
    return (struct miniorm__sqlite_cell){.kind = SQLITE_FLOAT, .as.real = real};
}

static struct miniorm__sqlite_cell text_cell(const char *text)
{
    return (struct miniorm__sqlite_cell){.kind = SQLITE_TEXT,
                                         .as.text = miniorm_text_from(text, strlen(text))};
}

static void integers_must_fit_their_type(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_true(load(integer_cell(-32768), MINIORM_T_int2, &value));
    assert_int_equal(value.as.integer, -32768);
    assert_false(load(integer_cell(32768), MINIORM_T_int2, &value));
    assert_true(load(integer_cell(INT32_MIN), MINIORM_T_int4, &value));
    assert_false(load(integer_cell((int64_t)INT32_MAX + 1), MINIORM_T_int4, &value));
    assert_true(load(integer_cell(INT64_MIN), MINIORM_T_int8, &value));
    assert_true(value.as.integer == INT64_MIN);
    assert_false(load(text_cell("1"), MINIORM_T_int4, &value));
    assert_false(load(real_cell(1.0), MINIORM_T_int4, &value));
}

static void booleans_are_zero_and_one(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_true(load(integer_cell(1), MINIORM_T_boolean, &value));
    assert_true(value.as.boolean);
    assert_true(load(integer_cell(0), MINIORM_T_boolean, &value));
    assert_false(value.as.boolean);
    assert_false(load(integer_cell(2), MINIORM_T_boolean, &value));
    assert_false(load(text_cell("true"), MINIORM_T_boolean, &value));
}

static void floats_take_integers_and_must_fit(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_true(load(integer_cell(3), MINIORM_T_float8, &value));
    assert_true(value.as.real == 3.0);
    assert_true(load(real_cell(0.1), MINIORM_T_float4, &value));
    assert_true(value.as.real == (double)0.1F);
    assert_false(load(real_cell(1e300), MINIORM_T_float4, &value));
    assert_true(load(real_cell(INFINITY), MINIORM_T_float4, &value));
    assert_true(isinf(value.as.real));
    assert_false(load(text_cell("0.1"), MINIORM_T_float8, &value));
}

static void numerics_are_digits(void **state)
{
    struct miniorm_value value;
    struct arena arena = {0};
    struct miniorm__sqlite_cell computed = integer_cell(-42);
    bool is_out_of_memory;

    (void)state;
    assert_true(load(text_cell("12345678901234567890.500"), MINIORM_T_numeric, &value));
    assert_string_equal(value.as.text.data, "12345678901234567890.500");
    assert_false(load(text_cell("twelve"), MINIORM_T_numeric, &value));
    assert_true(
        miniorm__sqlite_load(&computed, MINIORM_T_numeric, &arena, &value, &is_out_of_memory));
    assert_string_equal(value.as.text.data, "-42");
    computed = real_cell(0.5);
    assert_true(
        miniorm__sqlite_load(&computed, MINIORM_T_numeric, &arena, &value, &is_out_of_memory));
    assert_string_equal(value.as.text.data, "0.5");
    arena_free(&arena);
}

static void computed_numeric_survives_a_lack_of_memory(void **state)
{
    const struct miniorm__sqlite_cell computed = integer_cell(1);
    struct miniorm_value value;
    struct arena arena = {0};
    bool is_out_of_memory;

    (void)state;
    oom_fail_at(1);
    assert_false(
        miniorm__sqlite_load(&computed, MINIORM_T_numeric, &arena, &value, &is_out_of_memory));
    assert_true(oom_stop());
    assert_true(is_out_of_memory);
    arena_free(&arena);
}

static void text_must_be_utf8(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_true(load(text_cell("na\xc3\xafve"), MINIORM_T_text, &value));
    assert_false(load(text_cell("na\xefve"), MINIORM_T_text, &value));
    assert_false(load(integer_cell(1), MINIORM_T_varchar, &value));
    assert_false(load(text_cell("x"), MINIORM_T_bytea, &value));
}

static void malformed_text_of_other_types_is_refused(void **state)
{
    struct miniorm_value value;

    (void)state;
    assert_false(load(text_cell("yesterday"), MINIORM_T_timestamp, &value));
    assert_false(load(text_cell("2001-02-29"), MINIORM_T_date, &value));
    assert_false(load(text_cell("25:00:00"), MINIORM_T_time, &value));
    assert_false(load(text_cell("a0ee"), MINIORM_T_uuid, &value));
    assert_false(load(integer_cell(0), MINIORM_T_date, &value));
    /* As SQLite's own CURRENT_TIMESTAMP writes it. */
    assert_true(load(text_cell("2000-01-01 00:00:01"), MINIORM_T_timestamptz, &value));
    assert_int_equal(value.as.integer, 1000000);
}

static void natural_types_follow_the_storage(void **state)
{
    const struct miniorm__sqlite_cell integer = integer_cell(1);
    const struct miniorm__sqlite_cell real = real_cell(1);
    const struct miniorm__sqlite_cell text = text_cell("");
    const struct miniorm__sqlite_cell bytes = {.kind = SQLITE_BLOB};
    const struct miniorm__sqlite_cell null = {.kind = SQLITE_NULL};

    (void)state;
    assert_int_equal(miniorm__sqlite_natural_type(&integer), MINIORM_T_int8);
    assert_int_equal(miniorm__sqlite_natural_type(&real), MINIORM_T_float8);
    assert_int_equal(miniorm__sqlite_natural_type(&text), MINIORM_T_text);
    assert_int_equal(miniorm__sqlite_natural_type(&bytes), MINIORM_T_bytea);
    assert_int_equal(miniorm__sqlite_natural_type(&null), MINIORM_T_text);
    assert_string_equal(miniorm__sqlite_kind_name(&integer), "INTEGER");
    assert_string_equal(miniorm__sqlite_kind_name(&real), "REAL");
    assert_string_equal(miniorm__sqlite_kind_name(&text), "TEXT");
    assert_string_equal(miniorm__sqlite_kind_name(&bytes), "BLOB");
    assert_string_equal(miniorm__sqlite_kind_name(&null), "NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_time_are_text_of_one_width),
        cmocka_unit_test(infinite_points_of_time_sort_at_the_ends),
        cmocka_unit_test(uuid_is_text_in_lower_case),
        cmocka_unit_test(what_sqlite_cannot_hold_is_refused),
        cmocka_unit_test(null_is_null_of_any_type),
        cmocka_unit_test(integers_must_fit_their_type),
        cmocka_unit_test(booleans_are_zero_and_one),
        cmocka_unit_test(floats_take_integers_and_must_fit),
        cmocka_unit_test(numerics_are_digits),
        cmocka_unit_test(computed_numeric_survives_a_lack_of_memory),
        cmocka_unit_test(text_must_be_utf8),
        cmocka_unit_test(malformed_text_of_other_types_is_refused),
        cmocka_unit_test(natural_types_follow_the_storage),
    };

    return cmocka_run_group_tests_name("sqlite_codec", tests, NULL, NULL);
}
