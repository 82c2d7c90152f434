/* Members: every type goes into a struct and comes back. */
#include "test.h"

#include "every_type.h"
#include "value.h"

static void sizes_are_those_of_the_c_types(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < every_model.n_columns; i++)
        assert_int_equal(miniorm__type_size(every_model.columns[i].type),
                         every_model.columns[i].size);
    assert_int_equal(miniorm__type_size((enum miniorm_type)0), 0);
    assert_int_equal(miniorm__type_size((enum miniorm_type)18), 0);
}

static const struct {
    unsigned column;
    struct miniorm_value value;
} samples[] = {
    {every_a_boolean, {.type = MINIORM_T_boolean, .as.boolean = true}},
    {every_a_int2, {.type = MINIORM_T_int2, .as.integer = INT16_MIN}},
    {every_a_int4, {.type = MINIORM_T_int4, .as.integer = INT32_MIN}},
    {every_a_int8, {.type = MINIORM_T_int8, .as.integer = INT64_MIN}},
    {every_a_float4, {.type = MINIORM_T_float4, .as.real = 0.25}},
    {every_a_float8, {.type = MINIORM_T_float8, .as.real = 0.1}},
    {every_a_numeric, {.type = MINIORM_T_numeric, .as.text = {"1.5", 3}}},
    {every_a_text, {.type = MINIORM_T_text, .as.text = {"abc", 3}}},
    {every_a_varchar, {.type = MINIORM_T_varchar, .as.text = {"abcd", 4}}},
    {every_a_bytea, {.type = MINIORM_T_bytea, .as.bytes = {(const unsigned char *)"\0\1", 2}}},
    {every_a_uuid, {.type = MINIORM_T_uuid, .as.uuid = {{1, 2, 3, 4, 5, 6, 7, 8}}}},
    {every_a_json, {.type = MINIORM_T_json, .as.text = {"{}", 2}}},
    {every_a_jsonb, {.type = MINIORM_T_jsonb, .as.text = {"[]", 2}}},
    {every_a_date, {.type = MINIORM_T_date, .as.integer = MINIORM_DATE_NEGATIVE_INFINITY}},
    {every_a_time, {.type = MINIORM_T_time, .as.integer = 5}},
    {every_a_timestamp, {.type = MINIORM_T_timestamp, .as.integer = -1}},
    {every_a_timestamptz, {.type = MINIORM_T_timestamptz, .as.integer = MINIORM_INFINITY}},
};

static void expect_equal(const struct miniorm_value *left, const struct miniorm_value *right)
{
    assert_int_equal(left->type, right->type);
    assert_false(left->is_null);
    if (miniorm__type_is_text(left->type)) {
        assert_ptr_equal(left->as.text.data, right->as.text.data);
        assert_int_equal(left->as.text.size, right->as.text.size);
    } else if (left->type == MINIORM_T_bytea) {
        assert_ptr_equal(left->as.bytes.data, right->as.bytes.data);
        assert_int_equal(left->as.bytes.size, right->as.bytes.size);
    } else {
        assert_memory_equal(&left->as, &right->as,
                            left->type == MINIORM_T_uuid      ? 16
                            : left->type == MINIORM_T_boolean ? 1
                                                              : 8);
    }
}

static void every_type_goes_in_and_comes_back(void **state)
{
    struct every every = {0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        miniorm__member_store((unsigned char *)&every +
                                  every_model.columns[samples[i].column].offset,
                              &samples[i].value);
    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct miniorm_column *column = &every_model.columns[samples[i].column];
        struct miniorm_value value;

        miniorm__member_load(column->type, (unsigned char *)&every + column->offset, &value);
        expect_equal(&value, &samples[i].value);
    }
    assert_true(every.a_boolean);
    assert_int_equal(every.a_int2, INT16_MIN);
    assert_true(every.a_float4 == 0.25F);
    assert_int_equal(every.a_text.size, 3);
    assert_int_equal(every.a_time, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_of_the_c_types),
        cmocka_unit_test(every_type_goes_in_and_comes_back),
    };

    return cmocka_run_group_tests_name("member", tests, NULL, NULL);
}
