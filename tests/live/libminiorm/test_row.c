/* Rows on both databases: they insert, update and delete themselves, and only what changed is sent. */
#include "both.h"
#include "shop.h"

static const struct miniorm_model *const models[] = {&author_model, &stock_model};

static int empty_tables(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_ok(stock_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    assert_ok(author_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    return 0;
}

static void expect_text(struct miniorm_text text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

/* A stock of ten pens in shop 1. */
static struct stock insert_pens(const struct both *both)
{
    static const unsigned char label[] = {0, 255, 1};
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock = {0};

    miniorm_set(stock, &stock, shop, 1);
    miniorm_set(stock, &stock, article, MINIORM_S("pen"));
    miniorm_set(stock, &stock, amount, 10);
    miniorm_set(stock, &stock, label, ((struct miniorm_bytes){label, sizeof(label)}));
    assert_ok(stock_insert(both->session, &stock, &error), &error);
    return stock;
}

static struct stock load_pens(const struct both *both)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock;

    assert_ok(stock_get_instance(
                  both->session,
                  MINIORM_WHERE(miniorm_eq(stock_shop, 1), miniorm_eq(stock_article, "pen")),
                  &stock, NULL, &error),
              &error);
    return stock;
}

static void insert_takes_over_the_row(void **state)
{
    struct stock stock = insert_pens(*state);

    assert_int_equal(stock.row.changed, 0);
    assert_int_equal(stock.row.loaded, (UINT64_C(1) << stock__count) - 1);
    expect_text(stock.article, "pen");
    assert_memory_equal(stock.label.data, "\0\xff\1", 3);
    assert_true(miniorm_is_null(stock, &stock, author_id));
    stock_clear(&stock);
}

static void insert_needs_only_what_was_set(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock = {0};

    miniorm_set(stock, &stock, shop, 2);
    assert_int_equal(stock_insert(both->session, &stock, &error), MINIORM_ENOTNULL);
    assert_string_equal(error.table, "stock");
    assert_string_equal(error.column, "article");
    assert_true(miniorm_is_changed(stock, &stock, shop));
    stock_clear(&stock);
}

static void row_inserted_again_after_loading_has_nothing_to_insert(void **state)
{
    struct both *both = *state;
    struct stock stock = insert_pens(both);

    assert_int_not_equal(stock_insert(both->session, &stock, NULL), MINIORM_OK);
    expect_text(stock.article, "pen");
    stock_clear(&stock);
}

static void update_writes_the_changed_columns_only(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock first = insert_pens(both);
    struct stock second = load_pens(both);

    miniorm_set(stock, &first, amount, 7);
    assert_ok(stock_row_update(both->session, &first, &error), &error);
    miniorm_set_null(stock, &second, label);
    assert_ok(stock_row_update(both->session, &second, &error), &error);
    assert_int_equal(second.amount, 7);
    assert_int_equal(second.row.changed, 0);
    stock_clear(&first);
    first = load_pens(both);
    assert_int_equal(first.amount, 7);
    assert_true(miniorm_is_null(stock, &first, label));
    stock_clear(&first);
    stock_clear(&second);
}

static void updated_text_belongs_to_the_row(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author = {0};
    char text[] = "short life";

    miniorm_set(author, &author, name, MINIORM_S("Ann"));
    assert_ok(author_insert(both->session, &author, &error), &error);
    miniorm_set(author, &author, biography, miniorm_text_from(text, strlen(text)));
    assert_ok(author_row_update(both->session, &author, &error), &error);
    memset(text, 'x', sizeof(text));
    expect_text(author.biography, "short life");
    expect_text(author.name, "Ann");
    author_clear(&author);
}

static void update_of_nothing_sends_nothing(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock = insert_pens(both);

    assert_ok(stock_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    assert_ok(stock_row_update(both->session, &stock, &error), &error);
    stock_clear(&stock);
}

static void update_by_a_key_that_was_only_set(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock pens = insert_pens(both);
    struct stock stock = {0};

    stock_clear(&pens);
    miniorm_set(stock, &stock, shop, 1);
    miniorm_set(stock, &stock, article, MINIORM_S("pen"));
    miniorm_set(stock, &stock, amount, 3);
    assert_ok(stock_row_update(both->session, &stock, &error), &error);
    assert_int_equal(stock.amount, 3);
    assert_false(miniorm_is_loaded(stock, &stock, label));
    assert_true(miniorm_is_loaded(stock, &stock, shop));
    stock_clear(&stock);
    pens = load_pens(both);
    assert_int_equal(pens.amount, 3);
    assert_int_equal(pens.label.size, 3);
    stock_clear(&pens);
}

static void update_needs_the_key_as_it_was(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock = {0};

    miniorm_set(stock, &stock, shop, 1);
    miniorm_set(stock, &stock, amount, 3);
    assert_int_equal(stock_row_update(both->session, &stock, &error), MINIORM_EINVALID);
    assert_string_equal(error.message, "stock: the primary key is neither loaded nor set");
    miniorm_set_null(stock, &stock, article);
    assert_int_equal(stock_row_update(both->session, &stock, NULL), MINIORM_EINVALID);
    stock_clear(&stock);
    stock = insert_pens(both);
    miniorm_set(stock, &stock, shop, 2);
    error = (struct miniorm_error)MINIORM_ERROR_INIT;
    assert_int_equal(stock_row_update(both->session, &stock, &error), MINIORM_EINVALID);
    assert_string_equal(error.message, "stock: the primary key was changed after loading");
    assert_int_equal(stock_row_delete(both->session, &stock, NULL), MINIORM_EINVALID);
    stock_clear(&stock);
}

static void update_of_a_row_that_is_gone_is_not_found(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock = insert_pens(both);

    assert_ok(stock_delete(both->session, MINIORM_ALL, NULL, &error), &error);
    miniorm_set(stock, &stock, amount, 1);
    assert_int_equal(stock_row_update(both->session, &stock, &error), MINIORM_ENOTFOUND);
    assert_true(miniorm_is_changed(stock, &stock, amount));
    expect_text(stock.article, "pen");
    stock_clear(&stock);
}

static void update_that_violates_changes_nothing(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock = insert_pens(both);

    miniorm_set(stock, &stock, amount, -1);
    assert_int_equal(stock_row_update(both->session, &stock, &error), MINIORM_ECHECK);
    assert_true(miniorm_is_changed(stock, &stock, amount));
    miniorm_set(stock, &stock, amount, 1);
    miniorm_set(stock, &stock, author_id, 12345);
    error = (struct miniorm_error)MINIORM_ERROR_INIT;
    assert_int_equal(stock_row_update(both->session, &stock, &error), MINIORM_EFOREIGNKEY);
    if (both->dialect == MINIORM_POSTGRESQL) {
        assert_string_equal(error.table, "stock");
        assert_string_equal(error.column, "author_id");
    }
    stock_clear(&stock);
}

static void delete_marks_the_struct(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct stock stock = insert_pens(both);
    uint64_t count;

    assert_ok(stock_row_delete(both->session, &stock, &error), &error);
    assert_int_equal(stock.row.deleted, 1);
    assert_ok(stock_count(both->session, NULL, &count, &error), &error);
    assert_int_equal(count, 0);
    assert_int_equal(stock_row_delete(both->session, &stock, NULL), MINIORM_ESTATE);
    miniorm_set(stock, &stock, amount, 1);
    assert_int_equal(stock_row_update(both->session, &stock, NULL), MINIORM_ESTATE);
    stock.row.deleted = 0;
    assert_int_equal(stock_row_delete(both->session, &stock, &error), MINIORM_ENOTFOUND);
    stock_clear(&stock);
}

static void row_that_others_refer_to_cannot_be_deleted(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct author author = {0};
    struct stock stock = insert_pens(both);

    miniorm_set(author, &author, name, MINIORM_S("Ann"));
    assert_ok(author_insert(both->session, &author, &error), &error);
    miniorm_set(stock, &stock, author_id, author.id);
    assert_ok(stock_row_update(both->session, &stock, &error), &error);
    assert_int_equal(author_row_delete(both->session, &author, &error), MINIORM_EFOREIGNKEY);
    assert_int_equal(author.row.deleted, 0);
    assert_string_equal(error.column, "");
    stock_clear(&stock);
    author_clear(&author);
}

static void rows_work_inside_a_transaction(void **state)
{
    struct both *both = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *transaction;
    struct stock stock = insert_pens(both);
    struct stock after;

    assert_ok(miniorm_transaction_begin(both->session, NULL, &transaction, &error), &error);
    miniorm_set(stock, &stock, amount, 1);
    assert_ok(stock_row_update(transaction, &stock, &error), &error);
    miniorm_transaction_rollback(transaction);
    after = load_pens(both);
    assert_int_equal(after.amount, 10);
    stock_clear(&stock);
    stock_clear(&after);
}

/* Before each allocation that may fail the row is as it was, or it is as the database has it. */
static void update_with_little_memory(void *context)
{
    struct both *both = context;
    struct stock stock = {0};
    enum miniorm_status status;

    miniorm_set(stock, &stock, shop, 1);
    miniorm_set(stock, &stock, article, MINIORM_S("pen"));
    miniorm_set(stock, &stock, amount, 4);
    status = stock_row_update(both->session, &stock, NULL);
    assert_int_equal(stock.amount, 4);
    assert_int_equal(miniorm_is_changed(stock, &stock, amount), status != MINIORM_OK);
    stock_clear(&stock);
}

static void lack_of_memory_leaves_the_row_as_it_was(void **state)
{
    struct both *both = *state;
    struct stock stock = insert_pens(both);

    assert_in_range(oom_for_every_allocation(update_with_little_memory, both), 2, 60);
    stock_clear(&stock);
}

#define on_empty(test) cmocka_unit_test_setup(test, empty_tables)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_empty(insert_takes_over_the_row),
        on_empty(insert_needs_only_what_was_set),
        on_empty(row_inserted_again_after_loading_has_nothing_to_insert),
        on_empty(update_writes_the_changed_columns_only),
        on_empty(updated_text_belongs_to_the_row),
        on_empty(update_of_nothing_sends_nothing),
        on_empty(update_by_a_key_that_was_only_set),
        on_empty(update_needs_the_key_as_it_was),
        on_empty(update_of_a_row_that_is_gone_is_not_found),
        on_empty(update_that_violates_changes_nothing),
        on_empty(delete_marks_the_struct),
        on_empty(row_that_others_refer_to_cannot_be_deleted),
        on_empty(rows_work_inside_a_transaction),
        on_empty(lack_of_memory_leaves_the_row_as_it_was),
    };

    return both_run_tests("row", tests, models);
}
