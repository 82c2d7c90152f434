/* Results: cells as values and structs, over a class that makes them up. */
#include "test.h"

#include <miniorm/manager.h>

#include "every_type.h"
#include "result.h"

/* The answer that the class gives: rows of id (int8, to be narrowed), text, numeric and a count. */
static struct miniorm_value cells[3][4];
static unsigned n_asked;
static unsigned n_released;
static unsigned n_loaded;
static enum miniorm_status cell_status;

static enum miniorm_status cell(struct miniorm_result *result, size_t row, size_t column,
                                enum miniorm_type wanted, struct miniorm_value *out,
                                struct miniorm_error *error)
{
    (void)result;
    (void)wanted;
    (void)error;
    n_asked++;
    if (cell_status == MINIORM_OK)
        *out = cells[row][column];
    return cell_status;
}

static const char *column_name(const struct miniorm_result *result, size_t column)
{
    static const char *const names[] = {"id", "a_text", "a_numeric", "total"};

    (void)result;
    return names[column];
}

static void release(struct miniorm_result *result)
{
    (void)result;
    n_released++;
}

static const struct miniorm__result_class class = {
    .cell = cell, .column_name = column_name, .release = release};

static const struct miniorm__answer_column answer[] = {{every_id, MINIORM_T_int4},
                                                       {every_a_text, MINIORM_T_text},
                                                       {every_a_numeric, MINIORM_T_numeric},
                                                       {-1, MINIORM_T_int8}};

static void after_load(const struct miniorm_manager *manager, void *instance)
{
    struct every *every = instance;

    (void)manager;
    assert_true(miniorm_is_loaded(every, every, id));
    n_loaded++;
}

static const struct miniorm_manager manager = {.size = sizeof(manager), .after_load = after_load};
static struct miniorm_model managed;

static struct miniorm_result *new_result(const struct miniorm__answer_column *columns)
{
    struct miniorm__operation operation = {
        .model = columns == NULL ? NULL : &managed, .columns = columns, .n_columns = 4};
    struct miniorm_result *result;

    managed = every_model;
    managed.manager = &manager;
    result = miniorm__result_new(&class, &operation);
    if (result == NULL)
        return NULL;
    result->n_rows = 3;
    result->n_columns = 4;
    result->affected = 3;
    return result;
}

static int make_cells(void **state)
{
    size_t i;

    (void)state;
    n_asked = n_released = n_loaded = 0;
    cell_status = MINIORM_OK;
    for (i = 0; i < 3; i++) {
        cells[i][0] = miniorm_value_integer((int64_t)i + 1);
        cells[i][1] = miniorm_value_string("text");
        cells[i][2] = miniorm_value_string("1.50");
        cells[i][3] = miniorm_value_integer(42);
    }
    cells[1][1] = miniorm_value_null();
    return 0;
}

static void shape_is_known(void **state)
{
    struct miniorm_result *result = new_result(answer);

    (void)state;
    assert_int_equal(miniorm_result_rows(result), 3);
    assert_int_equal(miniorm_result_columns(result), 4);
    assert_int_equal(miniorm_result_affected(result), 3);
    assert_string_equal(miniorm_result_column_name(result, 3), "total");
    assert_null(miniorm_result_column_name(result, 4));
    miniorm_result_free(result);
    miniorm_result_free(NULL);
    assert_int_equal(n_released, 1);
}

static void values_have_the_model_s_type(void **state)
{
    struct miniorm_result *result = new_result(answer);
    struct miniorm_value value;

    (void)state;
    assert_int_equal(miniorm_result_value(result, 0, every_id, &value, NULL), MINIORM_OK);
    assert_int_equal(value.type, MINIORM_T_int4);
    assert_int_equal(value.as.integer, 1);
    assert_int_equal(miniorm_result_value(result, 0, 2, &value, NULL), MINIORM_OK);
    assert_int_equal(value.type, MINIORM_T_numeric);
    assert_int_equal(miniorm_result_value(result, 1, 1, &value, NULL), MINIORM_OK);
    assert_true(value.is_null);
    assert_int_equal(value.type, MINIORM_T_text);
    miniorm_result_free(result);
}

static void raw_values_have_the_database_s_type(void **state)
{
    struct miniorm_result *result = new_result(NULL);
    struct miniorm_value value;
    void *instance;

    (void)state;
    assert_int_equal(miniorm_result_value(result, 2, 0, &value, NULL), MINIORM_OK);
    assert_int_equal(value.type, MINIORM_T_int8);
    assert_int_equal(miniorm_result_instance(result, 0, &instance, NULL), MINIORM_EINVALID);
    miniorm_result_free(result);
}

static void cells_that_are_not_there_are_refused(void **state)
{
    struct miniorm_result *result = new_result(answer);
    struct miniorm_value value;
    void *instance;

    (void)state;
    assert_int_equal(miniorm_result_value(result, 3, 0, &value, NULL), MINIORM_EINVALID);
    assert_int_equal(miniorm_result_value(result, 0, 4, &value, NULL), MINIORM_EINVALID);
    assert_int_equal(miniorm_result_instance(result, 3, &instance, NULL), MINIORM_EINVALID);
    assert_int_equal(n_asked, 0);
    miniorm_result_free(result);
}

static void value_that_does_not_fit_names_the_column(void **state)
{
    struct miniorm_result *result = new_result(answer);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_value value;
    void *instance;

    (void)state;
    cells[0][0] = miniorm_value_integer(INT64_MAX);
    assert_int_equal(miniorm_result_value(result, 0, 0, &value, &error), MINIORM_EVALUE);
    assert_string_equal(error.message, "cannot read column id: value is out of the range of int4");
    assert_int_equal(miniorm_result_instance(result, 0, &instance, NULL), MINIORM_EVALUE);
    cells[0][0] = miniorm_value_integer(7);
    assert_int_equal(miniorm_result_instance(result, 0, &instance, NULL), MINIORM_OK);
    assert_int_equal(((struct every *)instance)->id, 7);
    miniorm_result_free(result);
}

static void failure_of_the_driver_is_handed_on(void **state)
{
    struct miniorm_result *result = new_result(answer);
    struct miniorm_value value;
    void *instance;

    (void)state;
    cell_status = MINIORM_EPROTOCOL;
    assert_int_equal(miniorm_result_value(result, 0, 0, &value, NULL), MINIORM_EPROTOCOL);
    assert_int_equal(miniorm_result_instance(result, 0, &instance, NULL), MINIORM_EPROTOCOL);
    assert_int_equal(n_loaded, 0);
    miniorm_result_free(result);
}

static void rows_are_decoded_once(void **state)
{
    struct miniorm_result *result = new_result(answer);
    void *first, *second, *again;

    (void)state;
    assert_int_equal(miniorm_result_instance(result, 0, &first, NULL), MINIORM_OK);
    assert_int_equal(n_asked, 3);
    assert_int_equal(miniorm_result_instance(result, 1, &second, NULL), MINIORM_OK);
    assert_int_equal(miniorm_result_instance(result, 0, &again, NULL), MINIORM_OK);
    assert_ptr_equal(again, first);
    assert_ptr_equal((unsigned char *)second, (unsigned char *)first + sizeof(struct every));
    assert_int_equal(n_asked, 6);
    assert_int_equal(n_loaded, 2);
    miniorm_result_free(result);
}

static void state_bits_tell_loaded_and_null(void **state)
{
    struct miniorm_result *result = new_result(answer);
    struct every *every;
    void *instance;

    (void)state;
    assert_int_equal(miniorm_result_instance(result, 1, &instance, NULL), MINIORM_OK);
    every = instance;
    assert_int_equal(every->id, 2);
    assert_true(miniorm_is_loaded(every, every, a_text));
    assert_true(miniorm_is_null(every, every, a_text));
    assert_true(miniorm_is_loaded(every, every, a_numeric));
    assert_false(miniorm_is_null(every, every, a_numeric));
    assert_false(miniorm_is_loaded(every, every, a_uuid));
    assert_int_equal(every->row.changed, 0);
    miniorm_result_free(result);
}

static void copy_outlives_the_result(void **state)
{
    struct miniorm_result *result = new_result(answer);
    struct every every;

    (void)state;
    assert_int_equal(miniorm_result_copy(result, 0, &every, NULL), MINIORM_OK);
    assert_ptr_not_equal(every.a_text.data, cells[0][1].as.text.data);
    miniorm_result_free(result);
    assert_int_equal(every.id, 1);
    assert_memory_equal(every.a_text.data, "text", 4);
    assert_memory_equal(every.a_numeric.data, "1.50", 4);
    every_clear(&every);
    assert_int_equal(every.row.loaded, 0);
    assert_null(every.a_text.data);
}

static void empty_result_has_nothing(void **state)
{
    struct miniorm_result *result = miniorm__result_empty(&every_model);
    void *instance;

    (void)state;
    assert_int_equal(miniorm_result_rows(result), 0);
    assert_int_equal(miniorm_result_columns(result), 0);
    assert_null(miniorm_result_column_name(result, 0));
    assert_int_equal(miniorm_result_instance(result, 0, &instance, NULL), MINIORM_EINVALID);
    miniorm_result_free(result);
}

static void read_with_little_memory(void *context)
{
    struct miniorm_result *result = new_result(answer);
    struct every every;

    (void)context;
    if (result == NULL)
        return;
    memset(&every, 0x5a, sizeof(every));
    if (miniorm_result_copy(result, 0, &every, NULL) == MINIORM_OK)
        every_clear(&every);
    else
        assert_int_equal(every.id, 0x5a5a5a5a);
    miniorm_result_free(result);
}

static void lack_of_memory_is_reported_at_every_step(void **state)
{
    (void)state;
    assert_in_range(oom_for_every_allocation(read_with_little_memory, NULL), 3, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(shape_is_known, make_cells),
        cmocka_unit_test_setup(values_have_the_model_s_type, make_cells),
        cmocka_unit_test_setup(raw_values_have_the_database_s_type, make_cells),
        cmocka_unit_test_setup(cells_that_are_not_there_are_refused, make_cells),
        cmocka_unit_test_setup(value_that_does_not_fit_names_the_column, make_cells),
        cmocka_unit_test_setup(failure_of_the_driver_is_handed_on, make_cells),
        cmocka_unit_test_setup(rows_are_decoded_once, make_cells),
        cmocka_unit_test_setup(state_bits_tell_loaded_and_null, make_cells),
        cmocka_unit_test_setup(copy_outlives_the_result, make_cells),
        cmocka_unit_test_setup(empty_result_has_nothing, make_cells),
        cmocka_unit_test_setup(lack_of_memory_is_reported_at_every_step, make_cells),
    };

    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
