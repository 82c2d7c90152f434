/*
 * Tests of conditions: the text of each operator, and what is refused before a database sees it.
 */
#include "shelf.h"

#include "condition.h"

#define SELECT_ID "SELECT \"id\" FROM \"books\" WHERE "

static struct miniorm_query *select_where(const struct miniorm_condition *where)
{
    struct miniorm_query *query = miniorm_query_select(&book_model);

    miniorm_query_columns(query, MINIORM_COLUMN(book_id));
    return miniorm_query_where(query, where);
}

#define expect_where(where, postgresql, sqlite) \
    expect_sql(select_where(where), SELECT_ID postgresql, SELECT_ID sqlite)

static void comparisons_use_parameters(void **state)
{
    (void)state;
    expect_where(MINIORM_WHERE(miniorm_eq(book_id, 1)), "\"id\" = $1", "\"id\" = ?1");
    expect_where(MINIORM_WHERE(miniorm_ne(book_id, 1)), "\"id\" <> $1", "\"id\" <> ?1");
    expect_where(MINIORM_WHERE(miniorm_lt(book_id, 1)), "\"id\" < $1", "\"id\" < ?1");
    expect_where(MINIORM_WHERE(miniorm_le(book_id, 1)), "\"id\" <= $1", "\"id\" <= ?1");
    expect_where(MINIORM_WHERE(miniorm_gt(book_price, "1.5")), "\"price\" > $1", "\"price\" > ?1");
    expect_where(MINIORM_WHERE(miniorm_ge(book_id, 1)), "\"id\" >= $1", "\"id\" >= ?1");
    expect_where(MINIORM_WHERE(miniorm_between(book_id, 1, 9)), "\"id\" BETWEEN $1 AND $2",
                 "\"id\" BETWEEN ?1 AND ?2");
}

static void comparison_with_null_asks_for_null(void **state)
{
    (void)state;
    expect_where(MINIORM_WHERE(miniorm_eq(book_price, miniorm_value_null())), "\"price\" IS NULL",
                 "\"price\" IS NULL");
    expect_where(MINIORM_WHERE(miniorm_ne(book_price, (const char *)NULL)), "\"price\" IS NOT NULL",
                 "\"price\" IS NOT NULL");
    expect_where(MINIORM_WHERE(miniorm_null(book_extra), miniorm_not_null(book_raw)),
                 "\"extra\" IS NULL AND \"raw\" IS NOT NULL",
                 "\"extra\" IS NULL AND \"raw\" IS NOT NULL");
}

static void patterns_are_case_sensitive_unless_asked(void **state)
{
    (void)state;
    expect_where(MINIORM_WHERE(miniorm_like(book_name, "a%")), "\"name\" LIKE $1",
                 "miniorm_like(?1, \"name\")");
    expect_where(MINIORM_WHERE(miniorm_ilike(book_name, "a%")), "\"name\" ILIKE $1",
                 "miniorm_ilike(?1, \"name\")");
}

static void text_of_a_list_does_not_depend_on_its_length(void **state)
{
    const struct miniorm_value values[3] = {miniorm_value_integer(1), miniorm_value_integer(2),
                                            miniorm_value_null()};
    size_t count;

    (void)state;
    for (count = 1; count <= 3; count++) {
        expect_where(MINIORM_WHERE(miniorm_in(book_id, values, count)), "\"id\" = ANY($1)",
                     "\"id\" IN (SELECT miniorm_value FROM miniorm_array(?1))");
        expect_where(MINIORM_WHERE(miniorm_not_in(book_id, values, count)), "\"id\" <> ALL($1)",
                     "\"id\" NOT IN (SELECT miniorm_value FROM miniorm_array(?1))");
    }
    expect_where(MINIORM_WHERE(miniorm_in(book_id, NULL, 0)), "FALSE", "FALSE");
    expect_where(MINIORM_WHERE(miniorm_not_in(book_id, NULL, 0)), "TRUE", "TRUE");
}

static void groups_nest_with_parentheses_where_needed(void **state)
{
    (void)state;
    expect_where(
        MINIORM_WHERE(miniorm_or(miniorm_eq(book_id, 1),
                                 miniorm_and(miniorm_eq(book_id, 2), miniorm_null(book_price)))),
        "(\"id\" = $1 OR (\"id\" = $2 AND \"price\" IS NULL))",
        "(\"id\" = ?1 OR (\"id\" = ?2 AND \"price\" IS NULL))");
    expect_where(MINIORM_WHERE(miniorm_not(
                     miniorm_or(miniorm_eq(book_id, 1), miniorm_not(miniorm_eq(book_id, 2))))),
                 "NOT (\"id\" = $1 OR NOT (\"id\" = $2))",
                 "NOT (\"id\" = ?1 OR NOT (\"id\" = ?2))");
    expect_where(
        MINIORM_WHERE(miniorm_and(miniorm_eq(book_id, 1), miniorm_and(miniorm_eq(book_id, 2)))),
        "\"id\" = $1 AND \"id\" = $2", "\"id\" = ?1 AND \"id\" = ?2");
}

static void empty_groups_are_true_and_false(void **state)
{
    const struct miniorm_condition no_or = {.op = MINIORM_OP_OR};

    (void)state;
    expect_sql(select_where(MINIORM_ALL), "SELECT \"id\" FROM \"books\"",
               "SELECT \"id\" FROM \"books\"");
    expect_where(&no_or, "FALSE", "FALSE");
    expect_where(MINIORM_WHERE(miniorm_not(miniorm_all)), "NOT (TRUE)", "NOT (TRUE)");
}

static void wrong_conditions_are_refused(void **state)
{
    const struct miniorm_value value = miniorm_value_integer(1);
    const struct miniorm_condition wrong[] = {
        {.op = 0, .column = 0, .values = &value, .n_values = 1},
        {.op = 99, .column = 0, .values = &value, .n_values = 1},
        {.op = MINIORM_OP_EQ, .column = book__count, .values = &value, .n_values = 1},
        {.op = MINIORM_OP_IS_NULL, .column = 4000000000u},
        {.op = MINIORM_OP_EQ},
        {.op = MINIORM_OP_EQ, .n_values = 1},
        {.op = MINIORM_OP_BETWEEN, .values = &value, .n_values = 1},
        {.op = MINIORM_OP_IN, .n_values = 1},
        {.op = MINIORM_OP_NOT},
        {.op = MINIORM_OP_AND, .n_children = 1},
        {.op = MINIORM_OP_RAW},
        {.op = MINIORM_OP_RAW, .sql = "$1", .n_values = 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect_failure(select_where(&wrong[i]), MINIORM_POSTGRESQL, MINIORM_EINVALID,
                       "condition on books");
    expect_failure(select_where(MINIORM_WHERE(miniorm_like(book_id, "1%"))), MINIORM_SQLITE,
                   MINIORM_EINVALID, "LIKE is for text");
}

static void value_that_does_not_fit_names_its_column(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_query *query = select_where(MINIORM_WHERE(miniorm_eq(book_author_id, "x")));
    char *text = NULL;

    (void)state;
    assert_int_equal(miniorm_query_sql(query, MINIORM_SQLITE, &text, &error), MINIORM_EVALUE);
    assert_string_equal(error.table, "books");
    assert_string_equal(error.column, "author_id");
    assert_non_null(strstr(error.message, "books.author_id: "));
    miniorm_query_free(query);
    expect_failure(select_where(MINIORM_WHERE(miniorm_eq(book_author_id, INT64_C(3000000000)))),
                   MINIORM_POSTGRESQL, MINIORM_EVALUE, "author_id");
    expect_failure(select_where(MINIORM_WHERE(miniorm_eq(book_is_available, "perhaps"))),
                   MINIORM_POSTGRESQL, MINIORM_EVALUE, "is_available");
}

static void json_is_compared_only_where_that_means_something(void **state)
{
    struct miniorm_query *query;

    (void)state;
    expect_failure(select_where(MINIORM_WHERE(miniorm_eq(book_raw, "{}"))), MINIORM_POSTGRESQL,
                   MINIORM_EUNSUPPORTED, "books.raw");
    expect_failure(select_where(MINIORM_WHERE(miniorm_eq(book_extra, "{}"))), MINIORM_SQLITE,
                   MINIORM_EUNSUPPORTED, "books.extra");
    query = select_where(NULL);
    miniorm_query_order_by(query, book_raw, MINIORM_ASC);
    expect_failure(query, MINIORM_SQLITE, MINIORM_EUNSUPPORTED, "books.raw");
}

static void conditions_are_copied_with_their_text(void **state)
{
    char pattern[] = "abc%";
    char raw[] = "id > $1";
    struct miniorm_value values[2] = {miniorm_value_integer(1), miniorm_value_integer(2)};
    struct miniorm_query *query =
        select_where(MINIORM_WHERE(miniorm_like(book_name, pattern), miniorm_in(book_id, values, 2),
                                   miniorm_raw(raw, values, 1)));

    (void)state;
    memset(pattern, 'x', 4);
    memset(raw, 'x', 7);
    memset(values, 0xff, sizeof(values));
    expect_sql(query, SELECT_ID "\"name\" LIKE $1 AND \"id\" = ANY($2) AND (id > $3)",
               SELECT_ID "miniorm_like(?1, \"name\") AND \"id\" IN (SELECT miniorm_value FROM "
                         "miniorm_array(?2)) AND (id > ?3)");
}

static void too_deep_conditions_are_refused(void **state)
{
    static struct miniorm_condition levels[MINIORM__CONDITION_DEPTH_MAX + 2];
    const struct miniorm_condition leaf = miniorm_null(book_price);
    size_t i;

    (void)state;
    levels[0] = leaf;
    for (i = 1; i < sizeof(levels) / sizeof(levels[0]); i++)
        levels[i] = (struct miniorm_condition){
            .op = MINIORM_OP_NOT, .children = &levels[i - 1], .n_children = 1};
    expect_failure(select_where(&levels[MINIORM__CONDITION_DEPTH_MAX + 1]), MINIORM_POSTGRESQL,
                   MINIORM_ELIMIT, "deep");
    miniorm_query_free(select_where(&levels[MINIORM__CONDITION_DEPTH_MAX]));
}

static void attempt(void *context)
{
    const struct miniorm_value values[2] = {miniorm_value_string("1.5"), miniorm_value_integer(2)};
    struct miniorm_query *query = select_where(
        MINIORM_WHERE(miniorm_or(miniorm_in(book_price, values, 2), miniorm_like(book_name, "a_")),
                      miniorm_raw("price > $1 OR name = $2", values, 2)));
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char *text = NULL;
    const enum miniorm_status status = miniorm_query_sql(query, MINIORM_POSTGRESQL, &text, &error);

    (void)context;
    if (status == MINIORM_OK)
        assert_string_equal(text, SELECT_ID "(\"price\" = ANY($1) OR \"name\" LIKE $2) AND (price "
                                            "> $3 OR name = $4)");
    else
        assert_int_equal(status, MINIORM_ENOMEM);
    free(text);
    miniorm_query_free(query);
}

static void condition_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(attempt, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_use_parameters),
        cmocka_unit_test(comparison_with_null_asks_for_null),
        cmocka_unit_test(patterns_are_case_sensitive_unless_asked),
        cmocka_unit_test(text_of_a_list_does_not_depend_on_its_length),
        cmocka_unit_test(groups_nest_with_parentheses_where_needed),
        cmocka_unit_test(empty_groups_are_true_and_false),
        cmocka_unit_test(wrong_conditions_are_refused),
        cmocka_unit_test(value_that_does_not_fit_names_its_column),
        cmocka_unit_test(json_is_compared_only_where_that_means_something),
        cmocka_unit_test(conditions_are_copied_with_their_text),
        cmocka_unit_test(too_deep_conditions_are_refused),
        cmocka_unit_test(condition_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
