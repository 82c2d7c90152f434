/*
 * Violated constraints to columns of a model.
 */
#include "test.h"

#include <stdio.h>

#include "constraint.h"
#include "resource_models.h"

static struct miniorm_error error_of(enum miniorm_status status, const char *constraint,
                                     const char *column)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    error.status = status;
    snprintf(error.constraint, sizeof(error.constraint), "%s", constraint);
    snprintf(error.column, sizeof(error.column), "%s", column);
    return error;
}

static void assert_columns(enum miniorm_status status, const char *constraint, const char *column,
                           uint64_t set, uint64_t expected)
{
    const struct miniorm_error error = error_of(status, constraint, column);

    assert_int_equal(baseapi__constraint_columns(&novel_model, &error, set), expected);
}

static void names_of_the_model_are_known(void **state)
{
    (void)state;
    assert_columns(MINIORM_EUNIQUE, "once_per_category", "", 0,
                   MINIORM_COLUMN(novel_category) | MINIORM_COLUMN(novel_price));
    assert_columns(MINIORM_EUNIQUE, "novel_token", "", 0, MINIORM_COLUMN(novel_token));
}

static void names_that_postgresql_makes_are_known(void **state)
{
    (void)state;
    assert_columns(MINIORM_EUNIQUE, "novels_name_key", "", 0, MINIORM_COLUMN(novel_name));
    assert_columns(MINIORM_EUNIQUE, "novels_pkey", "", 0, MINIORM_COLUMN(novel_id));
    assert_columns(MINIORM_EFOREIGNKEY, "novels_writer_id_fkey", "", 0,
                   MINIORM_COLUMN(novel_writer_id));
    assert_columns(MINIORM_ECHECK, "novels_pages_check", "", 0, MINIORM_COLUMN(novel_pages));
    assert_columns(MINIORM_ECHECK, "somebody_elses", "", 0, 0);
}

static void a_column_that_the_database_names_is_taken(void **state)
{
    (void)state;
    assert_columns(MINIORM_ENOTNULL, "", "name", 0, MINIORM_COLUMN(novel_name));
    assert_columns(MINIORM_EUNIQUE, "", "category, price", 0,
                   MINIORM_COLUMN(novel_category) | MINIORM_COLUMN(novel_price));
    assert_columns(MINIORM_ENOTNULL, "", "unheard_of", 0, 0);
}

static void nothing_named_is_the_only_foreign_key_written(void **state)
{
    (void)state;
    assert_columns(MINIORM_EFOREIGNKEY, "", "",
                   MINIORM_COLUMN(novel_writer_id) | MINIORM_COLUMN(novel_name),
                   MINIORM_COLUMN(novel_writer_id));
    assert_columns(MINIORM_EFOREIGNKEY, "", "", MINIORM_COLUMN(novel_name), 0);
}

static void nothing_named_is_no_unique_constraint_where_several_can_be_meant(void **state)
{
    const struct miniorm_error error = error_of(MINIORM_EUNIQUE, "", "");

    (void)state;
    assert_columns(MINIORM_EUNIQUE, "", "", 0, 0);
    assert_int_equal(baseapi__constraint_columns(&page_model, &error, 0),
                     MINIORM_COLUMN(page_novel) | MINIORM_COLUMN(page_number));
}

static void foreign_keys_of_other_tables_are_told_apart(void **state)
{
    struct miniorm_error error = error_of(MINIORM_EFOREIGNKEY, "", "");

    (void)state;
    assert_true(baseapi__constraint_is_own(&novel_model, &error));
    strcpy(error.table, "novels");
    assert_true(baseapi__constraint_is_own(&novel_model, &error));
    strcpy(error.table, "chapters");
    assert_false(baseapi__constraint_is_own(&novel_model, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_model_are_known),
        cmocka_unit_test(names_that_postgresql_makes_are_known),
        cmocka_unit_test(a_column_that_the_database_names_is_taken),
        cmocka_unit_test(nothing_named_is_the_only_foreign_key_written),
        cmocka_unit_test(nothing_named_is_no_unique_constraint_where_several_can_be_meant),
        cmocka_unit_test(foreign_keys_of_other_tables_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
