/*
 * Tests of describing queries: steps, their failures, and what a description keeps.
 */
#include "shelf.h"

#include "arena.h"
#include "operation.h"

static struct miniorm_value integer(int64_t number)
{
    return miniorm_value_integer(number);
}

static void null_query_passes_through_every_step(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    const unsigned column = 0;
    char *text = NULL;

    (void)state;
    assert_null(miniorm_query_columns(NULL, 1));
    assert_null(miniorm_query_where(NULL, MINIORM_ALL));
    assert_null(miniorm_query_order_by(NULL, 0, MINIORM_ASC));
    assert_null(miniorm_query_order_by_raw(NULL, "a"));
    assert_null(miniorm_query_limit(NULL, 1));
    assert_null(miniorm_query_offset(NULL, 1));
    assert_null(miniorm_query_set(NULL, 0, integer(1)));
    assert_null(miniorm_query_set_raw(NULL, 0, "a", NULL, 0));
    assert_null(miniorm_query_values(NULL, NULL));
    assert_null(miniorm_query_next_row(NULL));
    assert_null(miniorm_query_returning(NULL, 0));
    assert_null(miniorm_query_for_update(NULL));
    assert_null(miniorm_query_read_only(NULL));
    assert_null(miniorm_query_per_key(NULL, &column, 1, NULL, 0));
    miniorm_query_free(NULL);
    assert_int_equal(miniorm_query_sql(NULL, MINIORM_SQLITE, &text, &error), MINIORM_ENOMEM);
}

static void steps_of_another_kind_of_query_are_refused(void **state)
{
    const unsigned column = 0;

    (void)state;
    expect_failure(miniorm_query_limit(miniorm_query_count(&book_model), 1), MINIORM_SQLITE,
                   MINIORM_EINVALID, "limit is no step of a query of the kind count");
    expect_failure(miniorm_query_order_by(miniorm_query_delete(&book_model), 0, MINIORM_ASC),
                   MINIORM_SQLITE, MINIORM_EINVALID, "order_by");
    expect_failure(miniorm_query_where(miniorm_query_insert(&book_model), MINIORM_ALL),
                   MINIORM_SQLITE, MINIORM_EINVALID, "where");
    expect_failure(miniorm_query_set(miniorm_query_select(&book_model), 0, integer(1)),
                   MINIORM_SQLITE, MINIORM_EINVALID, "set");
    expect_failure(miniorm_query_set_raw(miniorm_query_insert(&book_model), 0, "1", NULL, 0),
                   MINIORM_SQLITE, MINIORM_EINVALID, "set_raw");
    expect_failure(miniorm_query_next_row(miniorm_query_update(&book_model)), MINIORM_SQLITE,
                   MINIORM_EINVALID, "next_row");
    expect_failure(miniorm_query_returning(miniorm_query_select(&book_model), 0), MINIORM_SQLITE,
                   MINIORM_EINVALID, "returning");
    expect_failure(miniorm_query_columns(miniorm_query_raw("SELECT 1", NULL, 0), 1), MINIORM_SQLITE,
                   MINIORM_EINVALID, "raw");
    expect_failure(miniorm_query_read_only(miniorm_query_delete(&book_model)), MINIORM_SQLITE,
                   MINIORM_EINVALID, "read_only");
    expect_failure(miniorm_query_for_update(miniorm_query_count(&book_model)), MINIORM_SQLITE,
                   MINIORM_EINVALID, "for_update");
    expect_failure(miniorm_query_per_key(miniorm_query_count(&book_model), &column, 1, NULL, 0),
                   MINIORM_SQLITE, MINIORM_EINVALID, "per_key");
}

static void columns_that_the_model_lacks_are_refused(void **state)
{
    const unsigned column = author__count;
    const struct miniorm_value key = miniorm_value_integer(1);

    (void)state;
    expect_failure(miniorm_query_columns(miniorm_query_select(&author_model), UINT64_C(1) << 3),
                   MINIORM_SQLITE, MINIORM_EINVALID, "past the last");
    expect_failure(miniorm_query_returning(miniorm_query_insert(&author_model), UINT64_C(1) << 63),
                   MINIORM_SQLITE, MINIORM_EINVALID, "past the last");
    expect_failure(miniorm_query_order_by(miniorm_query_select(&author_model), 3, MINIORM_ASC),
                   MINIORM_SQLITE, MINIORM_EINVALID, "no column 3");
    expect_failure(
        miniorm_query_order_by(miniorm_query_select(&author_model), 0, (enum miniorm_order)7),
        MINIORM_SQLITE, MINIORM_EINVALID, "no order 7");
    expect_failure(miniorm_query_set(miniorm_query_insert(&author_model), 3, integer(1)),
                   MINIORM_SQLITE, MINIORM_EINVALID, "no column 3");
    expect_failure(miniorm_query_per_key(miniorm_query_select(&author_model), &column, 1, &key, 1),
                   MINIORM_SQLITE, MINIORM_EINVALID, "no column 3");
    expect_failure(miniorm_query_per_key(miniorm_query_select(&author_model), NULL, 0, NULL, 0),
                   MINIORM_SQLITE, MINIORM_EINVALID, "keys without");
    expect_failure(miniorm_query_select(NULL), MINIORM_SQLITE, MINIORM_EINVALID, "without a model");
    expect_failure(miniorm_query_raw(NULL, NULL, 0), MINIORM_SQLITE, MINIORM_EINVALID,
                   "without its text");
    expect_failure(miniorm_query_select(&author_model), (enum miniorm_dialect)9, MINIORM_EINVALID,
                   "no dialect");
}

static void first_failure_stays(void **state)
{
    struct miniorm_query *query = miniorm_query_select(&author_model);

    (void)state;
    miniorm_query_order_by(query, 77, MINIORM_ASC);
    miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(author_id, "x")));
    expect_failure(query, MINIORM_POSTGRESQL, MINIORM_EINVALID, "no column 77");
}

static void description_can_be_rendered_again_and_for_another_database(void **state)
{
    struct miniorm_query *query = miniorm_query_select(&author_model);
    char *texts[3] = {NULL};
    size_t i;

    (void)state;
    miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(author_name, "Ann")));
    miniorm_query_limit(query, 2);
    for (i = 0; i < 3; i++)
        assert_int_equal(
            miniorm_query_sql(query, i == 1 ? MINIORM_SQLITE : MINIORM_POSTGRESQL, &texts[i], NULL),
            MINIORM_OK);
    assert_string_equal(texts[0], texts[2]);
    assert_string_not_equal(texts[0], texts[1]);
    for (i = 0; i < 3; i++)
        free(texts[i]);
    miniorm_query_free(query);
}

static void later_values_replace_earlier_ones(void **state)
{
    struct miniorm_query *query = miniorm_query_update(&book_model);
    const struct miniorm_value two = miniorm_value_integer(2);

    (void)state;
    miniorm_query_set(query, book_price, integer(1));
    miniorm_query_set_raw(query, book_price, "price * $1", &two, 1);
    miniorm_query_set_raw(query, book_name, "upper(name)", NULL, 0);
    miniorm_query_set_raw(query, book_name, "lower(name)", NULL, 0);
    miniorm_query_set_raw(query, book_author_id, "1", NULL, 0);
    miniorm_query_set(query, book_author_id, integer(3));
    miniorm_query_set(query, book_author_id, integer(4));
    miniorm_query_where(query, MINIORM_ALL);
    expect_sql(query,
               "UPDATE \"books\" SET \"name\" = (lower(name)), \"price\" = (price * $1), "
               "\"author_id\" = $2",
               "UPDATE \"books\" SET \"name\" = (lower(name)), \"price\" = (price * ?1), "
               "\"author_id\" = ?2");
}

static void changed_members_of_a_struct_are_taken(void **state)
{
    struct miniorm_query *query = miniorm_query_insert(&book_model);
    struct book book;
    struct arena arena = {0};
    struct miniorm__operation operation;
    const struct miniorm__parameter *parameters;

    (void)state;
    memset(&book, 0, sizeof(book));
    miniorm_set(book, &book, name, MINIORM_S("Sea"));
    miniorm_set(book, &book, price, MINIORM_S("1.50"));
    miniorm_set_null(book, &book, author_id);
    book.is_available = true;
    miniorm_query_values(query, &book);
    assert_int_equal(miniorm__operation_render(query, MINIORM_POSTGRESQL, &arena, &operation, NULL),
                     MINIORM_OK);
    assert_string_equal(operation.statements[0].sql,
                        "INSERT INTO \"books\" (\"name\",\"price\",\"author_id\") VALUES "
                        "($1,$2,$3)");
    parameters = operation.statements[0].parameters;
    assert_memory_equal(parameters[0].values[0].as.text.data, "Sea", 3);
    assert_int_equal(parameters[1].type, MINIORM_T_numeric);
    assert_memory_equal(parameters[1].values[0].as.text.data, "1.50", 4);
    assert_int_equal(parameters[2].type, MINIORM_T_int4);
    assert_true(parameters[2].values[0].is_null);
    arena_free(&arena);
    miniorm_query_free(query);
}

static void too_long_text_is_refused_by_characters(void **state)
{
    struct miniorm_query *query = miniorm_query_insert(&author_model);

    (void)state;
    miniorm_query_set(query, author_name, miniorm_value_string("\303\244bcdefghij"));
    miniorm_query_free(query);
    query = miniorm_query_insert(&author_model);
    miniorm_query_set(query, author_name, miniorm_value_string("abcdefghijk"));
    expect_failure(query, MINIORM_SQLITE, MINIORM_EVALUE,
                   "authors.name: the text is longer than 10 characters");
}

/* What an insert or update sends as the price. */
static void expect_price(struct miniorm_query *query, enum miniorm_dialect dialect,
                         const char *expected)
{
    struct arena arena = {0};
    struct miniorm__operation operation;
    const struct miniorm_value *price;

    assert_int_equal(miniorm__operation_render(query, dialect, &arena, &operation, NULL),
                     MINIORM_OK);
    price = &operation.statements[0].parameters[0].values[0];
    assert_int_equal(price->type, MINIORM_T_numeric);
    assert_int_equal(price->as.text.size, strlen(expected));
    assert_memory_equal(price->as.text.data, expected, strlen(expected));
    arena_free(&arena);
    miniorm_query_free(query);
}

static void numbers_are_rounded_to_the_scale_of_their_column(void **state)
{
    const struct {
        struct miniorm_value value;
        const char *expected;
    } cases[] = {
        {miniorm_value_string("1.005"), "1.01"},    {miniorm_value_string("-1.005"), "-1.01"},
        {miniorm_value_string("1.5e3"), "1500.00"}, {miniorm_value_string("2.50"), "2.50"},
        {miniorm_value_string(" nan "), "NaN"},     {integer(7), "7.00"},
        {miniorm_value_real(0.125), "0.13"},
    };
    enum miniorm_dialect dialect;
    size_t i;

    (void)state;
    for (dialect = MINIORM_POSTGRESQL; dialect <= MINIORM_SQLITE; dialect++) {
        for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct miniorm_query *update = miniorm_query_update(&book_model);

            expect_price(
                miniorm_query_set(miniorm_query_insert(&book_model), book_price, cases[i].value),
                dialect, cases[i].expected);
            miniorm_query_where(miniorm_query_set(update, book_price, cases[i].value), MINIORM_ALL);
            expect_price(update, dialect, cases[i].expected);
        }
    }
}

static void numbers_of_a_struct_are_rounded_too(void **state)
{
    struct book book = {0};

    (void)state;
    miniorm_set(book, &book, price, MINIORM_S("9.999"));
    expect_price(miniorm_query_values(miniorm_query_insert(&book_model), &book), MINIORM_SQLITE,
                 "10.00");
}

static void numbers_to_compare_with_are_not_rounded(void **state)
{
    struct miniorm_query *query = miniorm_query_delete(&book_model);

    (void)state;
    miniorm_query_where(query, MINIORM_WHERE(miniorm_lt(book_price, "1e-3")));
    expect_price(query, MINIORM_SQLITE, "0.001");
    query = miniorm_query_delete(&book_model);
    miniorm_query_where(query, MINIORM_WHERE(miniorm_lt(book_price, "Infinity")));
    expect_price(query, MINIORM_POSTGRESQL, "Infinity");
}

static void number_that_does_not_fit_its_column_is_refused_with_its_name(void **state)
{
    static const char *const numbers[] = {"1e20", "100000000", "-99999999.995", "Infinity",
                                          "-Infinity"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct miniorm_query *query = miniorm_query_insert(&book_model);
        struct miniorm_error error = MINIORM_ERROR_INIT;
        char *text = NULL;

        miniorm_query_set(query, book_price, miniorm_value_string(numbers[i]));
        assert_int_equal(miniorm_query_sql(query, MINIORM_SQLITE, &text, &error), MINIORM_EVALUE);
        assert_string_equal(error.column, "price");
        expect_failure(query, MINIORM_POSTGRESQL, MINIORM_EVALUE,
                       "books.price: the number does not fit numeric(10,2)");
    }
}

static void raw_values_must_be_of_their_own_types(void **state)
{
    const struct {
        struct miniorm_value value;
        enum miniorm_status status;
        const char *reason;
    } cases[] = {
        {miniorm_value_string("\xff"), MINIORM_EVALUE, "UTF-8"},
        {miniorm_value_text(miniorm_text_from("a\0b", 3)), MINIORM_EVALUE, "NUL"},
        {{.type = MINIORM_T_int2, .as.integer = 40000}, MINIORM_EVALUE, "range of int2"},
        {{.type = MINIORM_T_numeric, .as.text = {"abc", 3}}, MINIORM_EVALUE, "no numeric"},
        {{.type = MINIORM_T_timestamp, .as.integer = INT64_MAX - 1}, MINIORM_EVALUE, "timestamp"},
        {{.as.integer = 1}, MINIORM_EINVALID, "no type"},
    };
    const struct miniorm_value plain = {.type = MINIORM_T_numeric, .as.text = {"+1e3", 4}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct miniorm_value values[] = {miniorm_value_null(), cases[i].value};
        struct miniorm_query *query = miniorm_query_select(&author_model);

        expect_failure(miniorm_query_raw("SELECT $1, $2", values, 2), MINIORM_SQLITE,
                       cases[i].status, "value $2 of raw SQL");
        miniorm_query_where(query, MINIORM_WHERE(miniorm_raw("$1 = $2", values, 2)));
        expect_failure(query, MINIORM_SQLITE, cases[i].status, cases[i].reason);
    }
    expect_sql(miniorm_query_raw("SELECT $1", &plain, 1), "SELECT $1", "SELECT ?1");
}

static void values_that_do_not_fit_are_refused(void **state)
{
    const unsigned column = book_author_id;
    const struct miniorm_value key = miniorm_value_string("x");

    (void)state;
    expect_failure(miniorm_query_set(miniorm_query_insert(&book_model), book_price,
                                     miniorm_value_string("much")),
                   MINIORM_SQLITE, MINIORM_EVALUE, "books.price: ");
    expect_failure(miniorm_query_per_key(miniorm_query_select(&book_model), &column, 1, &key, 1),
                   MINIORM_SQLITE, MINIORM_EVALUE, "books.author_id: ");
}

static void attempt_select(void *context)
{
    const unsigned columns[2] = {book_author_id, book_name};
    const struct miniorm_value keys[4] = {integer(1), miniorm_value_string("a"), integer(2),
                                          miniorm_value_string("b")};
    const enum miniorm_dialect *dialect = context;
    struct miniorm_query *query = miniorm_query_select(&book_model);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    enum miniorm_status status;
    char *text = NULL;

    miniorm_query_per_key(query, columns, 2, keys, 2);
    miniorm_query_where(query, MINIORM_WHERE(miniorm_gt(book_id, 1)));
    miniorm_query_order_by(query, book_name, MINIORM_DESC);
    miniorm_query_order_by_raw(query, "lower(name)");
    miniorm_query_limit(query, 5);
    miniorm_query_offset(query, 5);
    status = miniorm_query_sql(query, *dialect, &text, &error);
    assert_true(status == MINIORM_OK || status == MINIORM_ENOMEM);
    assert_int_equal(error.status, status);
    free(text);
    miniorm_query_free(query);
}

static void attempt_write(void *context)
{
    const enum miniorm_dialect *dialect = context;
    const struct miniorm_value one = miniorm_value_integer(1);
    struct miniorm_query *queries[2] = {miniorm_query_insert(&book_model),
                                        miniorm_query_update(&book_model)};
    size_t i;

    for (i = 0; i < 12; i++) {
        if (i > 0)
            miniorm_query_next_row(queries[0]);
        miniorm_query_set(queries[0], book_name, miniorm_value_string("a"));
        miniorm_query_set(queries[0], i % 3 == 0 ? book_id : book_price, integer(2));
    }
    miniorm_query_set_raw(queries[1], book_price, "price + $1", &one, 1);
    miniorm_query_set(queries[1], book_name, miniorm_value_string("a"));
    miniorm_query_where(queries[1], MINIORM_ALL);
    for (i = 0; i < 2; i++) {
        char *text = NULL;
        const enum miniorm_status status = miniorm_query_sql(queries[i], *dialect, &text, NULL);

        assert_true(status == MINIORM_OK || status == MINIORM_ENOMEM);
        free(text);
        miniorm_query_free(queries[i]);
    }
}

static void attempt_numbers(void *context)
{
    static const char *const numbers[] = {"1.005", "1e20"};
    size_t i;

    (void)context;
    for (i = 0; i < 2; i++) {
        struct miniorm_query *query = miniorm_query_insert(&book_model);
        struct miniorm_error error = MINIORM_ERROR_INIT;
        enum miniorm_status status;
        char *text = NULL;

        miniorm_query_set(query, book_price, miniorm_value_string(numbers[i]));
        status = miniorm_query_sql(query, MINIORM_SQLITE, &text, &error);
        assert_true(status == MINIORM_ENOMEM || status == (i == 0 ? MINIORM_OK : MINIORM_EVALUE));
        assert_int_equal(error.status, status);
        free(text);
        miniorm_query_free(query);
    }
}

static void query_survives_lack_of_memory(void **state)
{
    enum miniorm_dialect dialect;

    (void)state;
    assert_true(oom_for_every_allocation(attempt_numbers, NULL) >= 3);
    for (dialect = MINIORM_POSTGRESQL; dialect <= MINIORM_SQLITE; dialect++) {
        assert_true(oom_for_every_allocation(attempt_select, &dialect) >= 3);
        assert_true(oom_for_every_allocation(attempt_write, &dialect) >= 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_query_passes_through_every_step),
        cmocka_unit_test(steps_of_another_kind_of_query_are_refused),
        cmocka_unit_test(columns_that_the_model_lacks_are_refused),
        cmocka_unit_test(first_failure_stays),
        cmocka_unit_test(description_can_be_rendered_again_and_for_another_database),
        cmocka_unit_test(later_values_replace_earlier_ones),
        cmocka_unit_test(changed_members_of_a_struct_are_taken),
        cmocka_unit_test(too_long_text_is_refused_by_characters),
        cmocka_unit_test(numbers_are_rounded_to_the_scale_of_their_column),
        cmocka_unit_test(numbers_of_a_struct_are_rounded_too),
        cmocka_unit_test(numbers_to_compare_with_are_not_rounded),
        cmocka_unit_test(number_that_does_not_fit_its_column_is_refused_with_its_name),
        cmocka_unit_test(raw_values_must_be_of_their_own_types),
        cmocka_unit_test(values_that_do_not_fit_are_refused),
        cmocka_unit_test(query_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
