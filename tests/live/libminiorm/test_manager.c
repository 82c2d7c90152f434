/* Managers on both databases: the everyday calls. */
#include "both.h"
#include "shop.h"

#include <stdio.h>

static const struct miniorm_model *const models[] = {&author_model, &stock_model};

/* Five authors: ids 1 to 5 in the order of the names. */
static const struct {
    const char *name;
    int32_t born;
} people[] = {{"Ann", 1900}, {"Bob", 1950}, {"Cid", 0}, {"Dan", 1950}, {"Eve", 1990}};

#define N_PEOPLE (sizeof(people) / sizeof(people[0]))

static int empty_tables(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_ok(stock_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    assert_ok(author_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    return 0;
}

static int insert_people(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    size_t i;

    empty_tables(state);
    for (i = 0; i < N_PEOPLE; i++) {
        struct author author = {0};

        miniorm_set(author, &author, id, (int32_t)i + 1);
        miniorm_set(author, &author, name,
                    miniorm_text_from(people[i].name, strlen(people[i].name)));
        if (people[i].born != 0)
            miniorm_set(author, &author, born, people[i].born);
        assert_ok(author_insert(both->session, &author, &error), &error);
        author_clear(&author);
    }
    return 0;
}

static void expect_text(struct miniorm_text text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void get_instance_finds_one_row(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author;
    bool found;

    assert_ok(author_get_instance(both->session, MINIORM_WHERE(miniorm_eq(author_name, "Bob")),
                                  &author, &found, &error),
              &error);
    assert_true(found);
    assert_int_equal(author.id, 2);
    expect_text(author.name, "Bob");
    assert_int_equal(author.born, 1950);
    assert_int_equal(author.row.changed, 0);
    author_clear(&author);
}

static void get_instance_takes_the_first_by_key(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author;

    assert_ok(author_get_instance(both->session, MINIORM_WHERE(miniorm_eq(author_born, 1950)),
                                  &author, NULL, &error),
              &error);
    assert_int_equal(author.id, 2);
    author_clear(&author);
    assert_ok(author_get_instance(both->session, NULL, &author, NULL, &error), &error);
    assert_int_equal(author.id, 1);
    author_clear(&author);
}

static void get_instance_without_a_row_touches_nothing(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author = {.id = 77};
    bool found = true;

    assert_ok(author_get_instance(both->session, MINIORM_WHERE(miniorm_eq(author_id, 99)), &author,
                                  &found, &error),
              &error);
    assert_false(found);
    assert_int_equal(author.id, 77);
    assert_int_equal(author_get_instance(both->session, MINIORM_WHERE(miniorm_eq(author_id, 99)),
                                         &author, NULL, &error),
                     MINIORM_ENOTFOUND);
    assert_int_equal(error.status, MINIORM_ENOTFOUND);
    assert_int_equal(author.id, 77);
}

static void get_item_answers_one_row_or_none(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result;
    struct miniorm_value value;

    assert_ok(
        author_get_item(both->session, MINIORM_WHERE(miniorm_gt(author_id, 2)), &result, &error),
        &error);
    assert_int_equal(miniorm_result_rows(result), 1);
    assert_int_equal(miniorm_result_columns(result), author__count);
    assert_ok(miniorm_result_value(result, 0, author_name, &value, &error), &error);
    expect_text(value.as.text, "Cid");
    miniorm_result_free(result);
    assert_ok(
        author_get_item(both->session, MINIORM_WHERE(miniorm_gt(author_id, 9)), &result, &error),
        &error);
    assert_int_equal(miniorm_result_rows(result), 0);
    miniorm_result_free(result);
}

static void get_items_orders_and_pages(void **state)
{
    static const struct miniorm_order_by order[] = {{author_born, MINIORM_DESC_NULLS_LAST},
                                                    {author_name, MINIORM_ASC}};
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_select_options options = MINIORM_SELECT_OPTIONS_INIT;
    struct miniorm_result *result;
    struct miniorm_value value;

    options.order_by = order;
    options.n_order_by = 2;
    options.limit = 2;
    options.offset = 2;
    options.columns = MINIORM_COLUMN(author_name);
    assert_ok(author_get_items(both->session, &options, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), 2);
    assert_int_equal(miniorm_result_columns(result), 1);
    assert_string_equal(miniorm_result_column_name(result, 0), "name");
    assert_ok(miniorm_result_value(result, 0, 0, &value, &error), &error);
    expect_text(value.as.text, "Dan");
    assert_ok(miniorm_result_value(result, 1, 0, &value, &error), &error);
    expect_text(value.as.text, "Ann");
    miniorm_result_free(result);
}

static void get_instances_gives_structs(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_select_options options = MINIORM_SELECT_OPTIONS_INIT;
    struct miniorm_result *result;
    const struct author *author;

    options.where = MINIORM_WHERE(miniorm_null(author_born));
    options.columns = MINIORM_COLUMN(author_id) | MINIORM_COLUMN(author_born);
    assert_ok(author_get_instances(both->session, &options, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), 1);
    author = author_at(result, 0);
    assert_int_equal(author->id, 3);
    assert_true(miniorm_is_null(author, author, born));
    assert_true(miniorm_is_loaded(author, author, born));
    assert_false(miniorm_is_loaded(author, author, name));
    assert_null(author_at(result, 1));
    miniorm_result_free(result);
    assert_ok(author_get_instances(both->session, NULL, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), N_PEOPLE);
    miniorm_result_free(result);
}

static void count_counts(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    uint64_t count;

    assert_ok(author_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, N_PEOPLE);
    assert_ok(
        author_count(both->session, MINIORM_WHERE(miniorm_eq(author_born, 1950)), &count, &error),
        &error);
    assert_int_equal(count, 2);
}

static void insert_fetches_what_the_database_made(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author = {0};

    miniorm_set(author, &author, name, MINIORM_S("Fay"));
    assert_ok(author_insert(both->session, &author, &error), &error);
    assert_int_not_equal(author.id, 0);
    expect_text(author.name, "Fay");
    expect_text(author.biography, "none");
    assert_true(miniorm_is_null(author, &author, born));
    assert_true(miniorm_is_loaded(author, &author, id));
    assert_int_equal(author.row.changed, 0);
    author_clear(&author);
}

static void insert_without_fetching_leaves_the_struct(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author = {0};
    uint64_t count;

    miniorm_set(author, &author, name, MINIORM_S("Fay"));
    assert_ok(miniorm_insert(both->session, &author_model, &author, false, &error), &error);
    assert_int_equal(author.id, 0);
    assert_true(miniorm_is_changed(author, &author, name));
    assert_int_equal(author.row.loaded, 0);
    assert_ok(
        author_count(both->session, MINIORM_WHERE(miniorm_eq(author_name, "Fay")), &count, &error),
        &error);
    assert_int_equal(count, 1);
}

static void absent_null_and_value_are_different_inserts(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author absent = {0}, null = {0}, empty = {0};

    miniorm_set(author, &absent, name, MINIORM_S("absent"));
    miniorm_set(author, &null, name, MINIORM_S("null"));
    miniorm_set_null(author, &null, biography);
    miniorm_set(author, &empty, name, MINIORM_S("empty"));
    miniorm_set(author, &empty, biography, MINIORM_S(""));
    assert_ok(author_insert(both->session, &absent, &error), &error);
    assert_ok(author_insert(both->session, &null, &error), &error);
    assert_ok(author_insert(both->session, &empty, &error), &error);
    expect_text(absent.biography, "none");
    assert_true(miniorm_is_null(author, &null, biography));
    assert_false(miniorm_is_null(author, &empty, biography));
    expect_text(empty.biography, "");
    author_clear(&absent);
    author_clear(&null);
    author_clear(&empty);
}

static void insert_that_violates_changes_nothing(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author = {0};

    miniorm_set(author, &author, name, MINIORM_S("Ann"));
    assert_int_equal(author_insert(both->session, &author, &error), MINIORM_EUNIQUE);
    assert_string_equal(error.table, "authors");
    assert_string_equal(error.column, "name");
    assert_true(miniorm_is_changed(author, &author, name));
    assert_int_equal(author.id, 0);
    assert_int_equal(author.row.loaded, 0);
}

static void bulk_insert_keeps_the_order(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author authors[4] = {0};
    struct miniorm_result *result;
    int32_t before;

    miniorm_set(author, &authors[0], name, MINIORM_S("zoe"));
    miniorm_set(author, &authors[1], name, MINIORM_S("yan"));
    miniorm_set_null(author, &authors[1], biography);
    miniorm_set(author, &authors[2], name, MINIORM_S("xin"));
    miniorm_set(author, &authors[2], biography, MINIORM_S("short"));
    miniorm_set(author, &authors[3], name, MINIORM_S("wim"));
    miniorm_set(author, &authors[3], born, 1);
    assert_ok(author_bulk_insert(both->session, authors, 4, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), 4);
    expect_text(author_at(result, 0)->name, "zoe");
    expect_text(author_at(result, 0)->biography, "none");
    assert_true(miniorm_is_null(author, author_at(result, 1), biography));
    expect_text(author_at(result, 2)->biography, "short");
    expect_text(author_at(result, 3)->name, "wim");
    assert_int_equal(author_at(result, 3)->born, 1);
    before = author_at(result, 0)->id;
    assert_int_equal(author_at(result, 3)->id, before + 3);
    miniorm_result_free(result);
}

static void bulk_insert_is_all_or_none(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author authors[3] = {0};
    uint64_t count;

    miniorm_set(author, &authors[0], name, MINIORM_S("Gil"));
    miniorm_set(author, &authors[1], name, MINIORM_S("Hal"));
    miniorm_set(author, &authors[2], name, MINIORM_S("Gil"));
    assert_int_equal(author_bulk_insert(both->session, authors, 3, NULL, &error), MINIORM_EUNIQUE);
    error = (struct miniorm_error)MINIORM_ERROR_INIT;
    assert_ok(author_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, 0);
}

static void bulk_insert_of_nothing_is_nothing(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result;
    uint64_t count;

    assert_ok(author_bulk_insert(both->session, NULL, 0, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), 0);
    miniorm_result_free(result);
    assert_ok(author_bulk_insert(both->session, NULL, 0, NULL, &error), &error);
    assert_ok(author_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, N_PEOPLE);
}

static void bulk_insert_takes_many_rows(void **state)
{
    enum { COUNT = 3000 };
    static char names[COUNT][8];
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author *authors = calloc(COUNT, sizeof(*authors));
    uint64_t count;
    int i;

    for (i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "n%d", i);
        miniorm_set(author, &authors[i], name, miniorm_text_from(names[i], strlen(names[i])));
    }
    assert_ok(author_bulk_insert(both->session, authors, COUNT, NULL, &error), &error);
    free(authors);
    assert_ok(author_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, COUNT);
}

static void update_sets_the_changed_columns(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author values = {0};
    struct miniorm_result *result;
    uint64_t affected;

    miniorm_set(author, &values, biography, MINIORM_S("new"));
    miniorm_set_null(author, &values, born);
    assert_ok(author_update(both->session, MINIORM_WHERE(miniorm_eq(author_born, 1950)), &values,
                            &affected, &error),
              &error);
    assert_int_equal(affected, 2);
    miniorm_set(author, &values, born, 7);
    assert_ok(miniorm_update(both->session, &author_model, MINIORM_WHERE(miniorm_eq(author_id, 2)),
                             &values, NULL, &result, &error),
              &error);
    assert_int_equal(miniorm_result_rows(result), 1);
    assert_int_equal(author_at(result, 0)->born, 7);
    expect_text(author_at(result, 0)->name, "Bob");
    expect_text(author_at(result, 0)->biography, "new");
    miniorm_result_free(result);
}

static void update_and_delete_want_to_hear_of_every_row(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author values = {0};
    uint64_t affected = 99;

    assert_int_equal(author_update(both->session, MINIORM_ALL, &values, &affected, NULL),
                     MINIORM_EINVALID);
    miniorm_set(author, &values, born, 7);
    assert_int_equal(author_update(both->session, NULL, &values, &affected, NULL),
                     MINIORM_EINVALID);
    assert_int_equal(author_delete(both->session, NULL, &affected, NULL), MINIORM_EINVALID);
    assert_int_equal(affected, 99);
    assert_ok(author_update(both->session, MINIORM_ALL, &values, &affected, &error), &error);
    assert_int_equal(affected, N_PEOPLE);
    assert_ok(author_delete(both->session, MINIORM_ALL, &affected, &error), &error);
    assert_int_equal(affected, N_PEOPLE);
}

static void delete_deletes_what_matches(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    uint64_t affected, count;

    assert_ok(author_delete(both->session,
                            MINIORM_WHERE(miniorm_or(miniorm_like(author_name, "A%"),
                                                     miniorm_ge(author_born, 1990))),
                            &affected, &error),
              &error);
    assert_int_equal(affected, 2);
    assert_ok(
        author_delete(both->session, MINIORM_WHERE(miniorm_eq(author_id, 99)), &affected, &error),
        &error);
    assert_int_equal(affected, 0);
    assert_ok(author_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, N_PEOPLE - 2);
}

static void query_of_the_options_can_be_refined(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_select_options options = MINIORM_SELECT_OPTIONS_INIT;
    struct miniorm_result *result;
    struct miniorm_query *query;

    options.where = MINIORM_WHERE(miniorm_eq(author_born, 1950));
    query = miniorm_select_query(&author_model, &options);
    query = miniorm_query_where(query, MINIORM_WHERE(miniorm_ne(author_name, "Bob")));
    assert_ok(miniorm_run_take(both->session, query, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), 1);
    expect_text(author_at(result, 0)->name, "Dan");
    miniorm_result_free(result);
}

static void column_that_the_model_lacks_is_refused(void **state)
{
    struct both *both = *state;
    struct miniorm_result *result = NULL;
    uint64_t count;

    assert_int_equal(
        author_get_item(both->session, MINIORM_WHERE(miniorm_eq(60, 1)), &result, NULL),
        MINIORM_EINVALID);
    assert_null(result);
    assert_int_equal(
        author_count(both->session, MINIORM_WHERE(miniorm_eq(author_id, "x")), &count, NULL),
        MINIORM_EVALUE);
}

static void calls_of_several_models_share_a_transaction(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *transaction;
    struct author author = {0};
    struct stock stock = {0};
    uint64_t count;

    assert_ok(miniorm_transaction_begin(both->session, NULL, &transaction, &error), &error);
    miniorm_set(author, &author, id, 50);
    miniorm_set(author, &author, name, MINIORM_S("Joe"));
    assert_ok(author_insert(transaction, &author, &error), &error);
    miniorm_set(stock, &stock, shop, 1);
    miniorm_set(stock, &stock, article, MINIORM_S("pen"));
    miniorm_set(stock, &stock, author_id, author.id);
    assert_ok(stock_insert(transaction, &stock, &error), &error);
    assert_ok(stock_count(transaction, NULL, &count, &error), &error);
    assert_int_equal(count, 1);
    miniorm_transaction_rollback(transaction);
    author_clear(&author);
    stock_clear(&stock);
    assert_ok(stock_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, 0);
    assert_ok(author_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, N_PEOPLE);
}

#define on_people(test) cmocka_unit_test_setup(test, insert_people)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_people(get_instance_finds_one_row),
        on_people(get_instance_takes_the_first_by_key),
        on_people(get_instance_without_a_row_touches_nothing),
        on_people(get_item_answers_one_row_or_none),
        on_people(get_items_orders_and_pages),
        on_people(get_instances_gives_structs),
        on_people(count_counts),
        cmocka_unit_test_setup(insert_fetches_what_the_database_made, empty_tables),
        cmocka_unit_test_setup(insert_without_fetching_leaves_the_struct, empty_tables),
        cmocka_unit_test_setup(absent_null_and_value_are_different_inserts, empty_tables),
        on_people(insert_that_violates_changes_nothing),
        cmocka_unit_test_setup(bulk_insert_keeps_the_order, empty_tables),
        cmocka_unit_test_setup(bulk_insert_is_all_or_none, empty_tables),
        on_people(bulk_insert_of_nothing_is_nothing),
        cmocka_unit_test_setup(bulk_insert_takes_many_rows, empty_tables),
        on_people(update_sets_the_changed_columns),
        on_people(update_and_delete_want_to_hear_of_every_row),
        on_people(delete_deletes_what_matches),
        on_people(query_of_the_options_can_be_refined),
        on_people(column_that_the_model_lacks_is_refused),
        on_people(calls_of_several_models_share_a_transaction),
    };

    return both_run_tests("manager", tests, models);
}
