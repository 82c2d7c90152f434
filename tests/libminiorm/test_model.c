/* Models: columns by name, and every fault that a model built by hand can have. */
#include "test.h"

#include "every_type.h"

static void columns_are_found_by_name(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < every_model.n_columns; i++) {
        const char *name = every_model.columns[i].name;

        assert_int_equal(miniorm_model_find_column(&every_model, name, strlen(name)), i);
    }
    assert_int_equal(every_a_uuid, miniorm_model_find_column(&every_model, "a_uuid", 6));
}

static void names_must_match_whole(void **state)
{
    (void)state;
    assert_int_equal(miniorm_model_find_column(&every_model, "a_int", 5), -1);
    assert_int_equal(miniorm_model_find_column(&every_model, "a_int22", 7), -1);
    assert_int_equal(miniorm_model_find_column(&every_model, "A_INT2", 6), -1);
    assert_int_equal(miniorm_model_find_column(&every_model, "", 0), -1);
    assert_int_equal(miniorm_model_find_column(&every_model, "id\0", 3), -1);
    assert_int_equal(miniorm_model_find_column(&every_model, "a_int2 and more", 6), every_a_int2);
}

static void declared_model_has_no_fault(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(miniorm_model_check(&every_model, &error), MINIORM_OK);
    assert_string_equal(every_model.name, "every");
    assert_string_equal(every_model.table, "everything");
    assert_int_equal(every_model.row_size, sizeof(struct every));
}

#define SHELF_COLUMNS(X, T)             \
    X(T, int4, id, MINIORM_PRIMARY_KEY) \
    X(T, int4, count, 0)                \
    X(T, timestamptz, at, 0)

MINIORM_DECLARE_STRUCT(shelf, SHELF_COLUMNS);
MINIORM_DEFINE(shelf, SHELF_COLUMNS, "shelves");

static void column_may_be_named_as_a_typed_call(void **state)
{
    struct shelf shelf;

    (void)state;
    memset(&shelf, 0, sizeof(shelf));
    miniorm_set(shelf, &shelf, count, 3);
    assert_int_equal(shelf.row.changed, MINIORM_COLUMN(shelf_count));
    assert_int_equal(miniorm_model_find_column(&shelf_model, "at", 2), shelf_at);
    assert_int_equal(miniorm_model_check(&shelf_model, NULL), MINIORM_OK);
}

/* A good model of two columns, for each test to spoil. */
struct hand_made {
    struct miniorm_row row;
    int32_t id;
    struct miniorm_text name;
};

static struct miniorm_column columns[2];
static struct miniorm_index indexes[2];
static struct miniorm_constraint constraints[2];
static struct miniorm_model model;

static int make_good_model(void **state)
{
    (void)state;
    memset(indexes, 0, sizeof(indexes));
    memset(constraints, 0, sizeof(constraints));
    columns[0] = (struct miniorm_column){.name = "id",
                                         .offset = offsetof(struct hand_made, id),
                                         .size = sizeof(int32_t),
                                         .type = MINIORM_T_int4,
                                         .flags = MINIORM_PRIMARY_KEY};
    columns[1] = (struct miniorm_column){.name = "name",
                                         .offset = offsetof(struct hand_made, name),
                                         .size = sizeof(struct miniorm_text),
                                         .type = MINIORM_T_varchar};
    indexes[0] = (struct miniorm_index){.name = "an_index", .columns = "name"};
    constraints[0] = (struct miniorm_constraint){
        .kind = MINIORM_CONSTRAINT_UNIQUE, .name = "a_constraint", .columns = "name"};
    model = (struct miniorm_model){.size = sizeof(model),
                                   .name = "hand",
                                   .table = "hands",
                                   .columns = columns,
                                   .n_columns = 2,
                                   .row_size = sizeof(struct hand_made),
                                   .indexes = indexes,
                                   .constraints = constraints};
    return 0;
}

static void expect_fault(const char *message)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_int_equal(miniorm_model_check(&model, &error), MINIORM_EINVALID);
    assert_string_equal(error.message, message);
    assert_int_equal(miniorm_model_check(&model, NULL), MINIORM_EINVALID);
    make_good_model(NULL);
}

static void good_model_made_by_hand_passes(void **state)
{
    (void)state;
    assert_int_equal(miniorm_model_check(&model, NULL), MINIORM_OK);
}

static void model_needs_name_table_and_columns(void **state)
{
    (void)state;
    model.name = NULL;
    expect_fault("a model has no name");
    model.size = 8;
    expect_fault("model hand has a size that is not that of struct miniorm_model");
    model.table = "";
    expect_fault("model hand has no table");
    model.n_columns = 0;
    expect_fault("model hand has no columns, or more than 64");
    model.n_columns = 65;
    expect_fault("model hand has no columns, or more than 64");
    model.columns = NULL;
    expect_fault("model hand has no columns, or more than 64");
    model.row_size = 8;
    expect_fault("model hand has a struct that is too small");
}

static void column_needs_name_type_and_member(void **state)
{
    (void)state;
    columns[1].name = NULL;
    expect_fault("model hand: column 1 has no name");
    columns[1].name = "id";
    expect_fault("model hand: column id has the name of another column");
    columns[1].type = (enum miniorm_type)77;
    expect_fault("model hand: column name has no known type");
    columns[1].size = 8;
    expect_fault("model hand: column name has a member whose size is not that of its type");
    columns[1].offset = 0;
    expect_fault(
        "model hand: column name has a member outside the struct, or over its struct miniorm_row");
    columns[1].offset = sizeof(struct hand_made);
    expect_fault(
        "model hand: column name has a member outside the struct, or over its struct miniorm_row");
    columns[1].offset = columns[0].offset;
    expect_fault("model hand: column name shares its member with another column");
}

static void flags_must_agree_with_the_type(void **state)
{
    (void)state;
    columns[0].flags |= MINIORM_NULLABLE;
    expect_fault("model hand: column id is part of the primary key and nullable");
    columns[1].flags = MINIORM_IDENTITY;
    expect_fault("model hand: column name is an identity but no integer");
    columns[0].flags |= MINIORM_IDENTITY;
    columns[0].sql_default = "1";
    expect_fault("model hand: column id is an identity and has a default");
    columns[0].flags |= 1024;
    expect_fault("model hand: column id has unknown flags");
    columns[0].max_len = 5;
    expect_fault("model hand: column id has max_len but is neither varchar nor text");
    columns[0].precision = 5;
    expect_fault("model hand: column id has a precision but is no numeric");
}

static void numeric_has_a_possible_precision(void **state)
{
    (void)state;
    columns[1].type = MINIORM_T_numeric;
    columns[1].precision = 1001;
    expect_fault(
        "model hand: column name has a precision over 1000, or a scale over its precision");
    columns[1].type = MINIORM_T_numeric;
    columns[1].precision = 2;
    columns[1].scale = 3;
    expect_fault(
        "model hand: column name has a precision over 1000, or a scale over its precision");
}

static void foreign_key_names_table_and_columns(void **state)
{
    static const char *const bad[] = {"authors",   "authors(",   "(id)",
                                      "authors()", "authors(id", "authors(id)x"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        columns[1].references = bad[i];
        expect_fault("model hand: column name has references that are not table(columns)");
    }
    columns[1].on_delete = "CASCADE";
    expect_fault("model hand: column name has on_update or on_delete without references");
    columns[1].references = "authors(id)";
    columns[1].on_update = "EXPLODE";
    expect_fault("model hand: column name has an unknown on_update or on_delete");
    columns[1].references = "authors(id)";
    columns[1].on_delete = "SET NULL";
    assert_int_equal(miniorm_model_check(&model, NULL), MINIORM_OK);
}

static void indexes_and_constraints_are_complete(void **state)
{
    (void)state;
    indexes[0].columns = NULL;
    expect_fault("model hand: index an_index has no columns");
    constraints[0].columns = NULL;
    expect_fault("model hand: constraint a_constraint has no columns");
    constraints[0].kind = (enum miniorm_constraint_kind)9;
    expect_fault("model hand: constraint a_constraint has no known kind");
    constraints[0].kind = MINIORM_CONSTRAINT_CHECK;
    expect_fault("model hand: constraint a_constraint has no expression");
    constraints[0].kind = MINIORM_CONSTRAINT_FOREIGN_KEY;
    expect_fault("model hand: constraint a_constraint has references that are not table(columns)");
    constraints[0].kind = MINIORM_CONSTRAINT_FOREIGN_KEY;
    constraints[0].references = "others(name)";
    constraints[0].on_delete = "cascade";
    expect_fault("model hand: constraint a_constraint has an unknown on_update or on_delete");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(names_must_match_whole),
        cmocka_unit_test(declared_model_has_no_fault),
        cmocka_unit_test(column_may_be_named_as_a_typed_call),
        cmocka_unit_test_setup(good_model_made_by_hand_passes, make_good_model),
        cmocka_unit_test_setup(model_needs_name_table_and_columns, make_good_model),
        cmocka_unit_test_setup(column_needs_name_type_and_member, make_good_model),
        cmocka_unit_test_setup(flags_must_agree_with_the_type, make_good_model),
        cmocka_unit_test_setup(numeric_has_a_possible_precision, make_good_model),
        cmocka_unit_test_setup(foreign_key_names_table_and_columns, make_good_model),
        cmocka_unit_test_setup(indexes_and_constraints_are_complete, make_good_model),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
