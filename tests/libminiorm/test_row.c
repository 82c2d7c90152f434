/* Rows: state bits, columns by number, copies. */
#include "test.h"

#include "every_type.h"
#include "row.h"

static void setting_marks_the_column_changed(void **state)
{
    struct every every = {0};

    (void)state;
    assert_false(miniorm_is_changed(every, &every, a_text));
    miniorm_set(every, &every, a_text, MINIORM_S("new"));
    assert_true(miniorm_is_changed(every, &every, a_text));
    assert_false(miniorm_is_null(every, &every, a_text));
    assert_int_equal(every.a_text.size, 3);
    assert_false(miniorm_is_changed(every, &every, a_varchar));
}

static void null_is_not_the_same_as_not_set(void **state)
{
    struct every every = {0};

    (void)state;
    miniorm_set_null(every, &every, a_int4);
    assert_true(miniorm_is_changed(every, &every, a_int4));
    assert_true(miniorm_is_null(every, &every, a_int4));
    miniorm_set(every, &every, a_int4, 3);
    assert_false(miniorm_is_null(every, &every, a_int4));
    assert_false(miniorm_is_null(every, &every, a_int8));
}

static void columns_are_read_by_number(void **state)
{
    struct every every = {0};
    struct miniorm_value value;

    (void)state;
    miniorm_set(every, &every, a_int2, -3);
    value = miniorm_row_value(&every_model, &every, every_a_int2);
    assert_int_equal(value.type, MINIORM_T_int2);
    assert_int_equal(value.as.integer, -3);
    miniorm_set_null(every, &every, a_int2);
    value = miniorm_row_value(&every_model, &every, every_a_int2);
    assert_true(value.is_null);
    assert_int_equal(value.type, MINIORM_T_int2);
    assert_true(miniorm_row_value(&every_model, &every, every__count).is_null);
}

static enum miniorm_status set(struct every *every, unsigned column, struct miniorm_value value)
{
    return miniorm_row_set_value(&every_model, every, column, &value, NULL);
}

static void columns_are_set_by_number(void **state)
{
    struct every every = {0};

    (void)state;
    assert_int_equal(set(&every, every_a_int2, miniorm_value_string("12")), MINIORM_OK);
    assert_int_equal(every.a_int2, 12);
    assert_true(miniorm_is_changed(every, &every, a_int2));
    assert_int_equal(set(&every, every_a_date, miniorm_value_string("2000-01-02")), MINIORM_OK);
    assert_int_equal(every.a_date, 1);
    assert_int_equal(set(&every, every_a_text, miniorm_value_string("abc")), MINIORM_OK);
    assert_int_equal(every.a_text.size, 3);
    assert_int_equal(set(&every, every_a_text, miniorm_value_null()), MINIORM_OK);
    assert_true(miniorm_is_null(every, &every, a_text));
    assert_int_equal(set(&every, every_a_text, miniorm_value_string("")), MINIORM_OK);
    assert_false(miniorm_is_null(every, &every, a_text));
}

static void value_that_does_not_fit_changes_nothing(void **state)
{
    const struct miniorm_value large = miniorm_value_integer(40000);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct every every = {0};

    (void)state;
    assert_int_equal(miniorm_row_set_value(&every_model, &every, every_a_int2, &large, &error),
                     MINIORM_EVALUE);
    assert_string_equal(error.message, "everything.a_int2: value is out of the range of int2");
    assert_string_equal(error.table, "everything");
    assert_string_equal(error.column, "a_int2");
    assert_int_equal(every.row.changed, 0);
    assert_int_equal(every.a_int2, 0);
    assert_int_equal(set(&every, every__count, large), MINIORM_EINVALID);
}

static void fill(struct every *every)
{
    static const unsigned char bytes[] = {0, 1, 2};

    memset(every, 0, sizeof(*every));
    every->id = 9;
    every->a_text = MINIORM_S("some text");
    every->a_varchar = MINIORM_S("more");
    every->a_bytea = (struct miniorm_bytes){bytes, sizeof(bytes)};
    every->a_json = miniorm_text_from("not to be read", 1000000);
    every->row.null = MINIORM_COLUMN(every_a_json);
    every->row.loaded = ~UINT64_C(0);
}

static void copy_has_text_of_its_own(void **state)
{
    struct every every, copy;

    (void)state;
    fill(&every);
    assert_int_equal(miniorm__row_copy(&every_model, &every, &copy, NULL), MINIORM_OK);
    assert_int_equal(copy.id, 9);
    assert_int_equal(copy.row.loaded, every.row.loaded);
    assert_ptr_not_equal(copy.a_text.data, every.a_text.data);
    assert_memory_equal(copy.a_text.data, "some text", 9);
    assert_memory_equal(copy.a_varchar.data, "more", 4);
    assert_memory_equal(copy.a_bytea.data, "\0\1\2", 3);
    assert_true(miniorm_is_null(every, &copy, a_json));
    assert_non_null(copy.row.storage);
    every_clear(&copy);
    every_clear(&copy);
}

static void copy_without_text_needs_no_memory(void **state)
{
    struct every every = {.id = 3};
    struct every copy;

    (void)state;
    oom_fail_from(1);
    assert_int_equal(miniorm__row_copy(&every_model, &every, &copy, NULL), MINIORM_OK);
    assert_false(oom_stop());
    assert_null(copy.row.storage);
}

static void copy_without_memory_leaves_the_target_alone(void **state)
{
    struct every every, copy;
    enum miniorm_status status;

    (void)state;
    fill(&every);
    memset(&copy, 0x5a, sizeof(copy));
    oom_fail_at(1);
    status = miniorm__row_copy(&every_model, &every, &copy, NULL);
    oom_stop();
    assert_int_equal(status, MINIORM_ENOMEM);
    assert_int_equal(copy.id, 0x5a5a5a5a);
}

static void key_is_a_bitmap(void **state)
{
    (void)state;
    assert_int_equal(miniorm__model_key(&every_model), MINIORM_COLUMN(every_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_marks_the_column_changed),
        cmocka_unit_test(null_is_not_the_same_as_not_set),
        cmocka_unit_test(columns_are_read_by_number),
        cmocka_unit_test(columns_are_set_by_number),
        cmocka_unit_test(value_that_does_not_fit_changes_nothing),
        cmocka_unit_test(copy_has_text_of_its_own),
        cmocka_unit_test(copy_without_text_needs_no_memory),
        cmocka_unit_test(copy_without_memory_leaves_the_target_alone),
        cmocka_unit_test(key_is_a_bitmap),
    };

    return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
