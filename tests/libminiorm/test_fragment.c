/*
 * Tests of program text inside statements: what is a placeholder and what only looks like one.
 */
#include <stdio.h>

#include "shelf.h"

struct fragment_case {
    const char *sql;
    size_t n_values;
    const char *expected; /* NULL: refused */
};

/* The text stands behind another condition, so that its numbers move by one. */
static void expect_fragment(enum miniorm_dialect dialect, const struct fragment_case *test)
{
    static const char *const before[] = {NULL,
                                         "SELECT \"id\" FROM \"authors\" WHERE \"id\" = $1 AND (",
                                         "SELECT \"id\" FROM \"authors\" WHERE \"id\" = ?1 AND ("};
    const struct miniorm_value values[3] = {miniorm_value_integer(7), miniorm_value_integer(8),
                                            miniorm_value_integer(9)};
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_query *query = miniorm_query_select(&author_model);
    enum miniorm_status status;
    char expected[512];
    char *text = NULL;

    miniorm_query_columns(query, MINIORM_COLUMN(author_id));
    miniorm_query_where(query, MINIORM_WHERE(miniorm_eq(author_id, 1),
                                             miniorm_raw(test->sql, values, test->n_values)));
    status = miniorm_query_sql(query, dialect, &text, &error);
    if (status != (test->expected == NULL ? MINIORM_EINVALID : MINIORM_OK))
        fail_msg("dialect %d, %s: %s %s", (int)dialect, test->sql, miniorm_status_name(status),
                 error.message);
    if (test->expected != NULL) {
        snprintf(expected, sizeof(expected), "%s%s)", before[dialect], test->expected);
        assert_string_equal(text, expected);
    }
    free(text);
    miniorm_query_free(query);
}

static const struct fragment_case on_both[] = {
    {"TRUE", 0, "TRUE"},
    {"'it''s $1'", 0, "'it''s $1'"},
    {"\"a$1\"\"$2\" > 0", 0, "\"a$1\"\"$2\" > 0"},
    {"name$1 = 2", 0, "name$1 = 2"},
    {"f(1, (2))", 0, "f(1, (2))"},
    {"a -- $1\n", 0, "a -- $1\n"},
    {"a -- $1", 0, "a -- $1\n"},
    {"a /* $1 */ b", 0, "a /* $1 */ b"},
    {"'a' /* ' */", 0, "'a' /* ' */"},
    {"x'00' -- '\n", 0, "x'00' -- '\n"},
    {"a < 1.5e3 AND b", 0, "a < 1.5e3 AND b"},
    {"\303\244$1 = 1", 0, "\303\244$1 = 1"},
    {"", 0, ""},
    {"a = $1", 0, NULL},
    {"a = $0", 1, NULL},
    {"a = $2", 1, NULL},
    {"a = $1", 2, NULL},
    {"a = $99999999999999999999", 1, NULL},
    {"a = $1b", 1, NULL},
    {"'$1", 1, NULL},
    {"\"a", 0, NULL},
    {"/* a", 0, NULL},
    {"a) OR (b", 0, NULL},
    {"(a", 0, NULL},
    {"a)", 0, NULL},
    {"a; DROP TABLE b", 0, NULL},
    {"a = $", 0, NULL},
};

static const struct fragment_case on_postgresql[] = {
    {"a = $1", 1, "a = $2"},
    {"a = $2 OR b = $1 OR c = $2", 2, "a = $2 OR b = $3 OR c = $2"},
    {"a=$1$2", 2, "a=$2$3"},
    {"a = $1::int", 1, "a = $2::int"},
    {"extra ? 'a' AND b = $1", 1, "extra ? 'a' AND b = $2"},
    {"a[1:2] = $1", 1, "a[1:2] = $2"},
    {"E'\\'$1' || $1", 1, "E'\\'$1' || $2"},
    {"e'\\\\' || $1", 1, "e'\\\\' || $2"},
    {"'\\' || $1", 1, "'\\' || $2"},
    {"namE'\\' || $1", 1, "namE'\\' || $2"},
    {"E'a'\n 'b\\' $1' || $1", 1, "E'a'\n 'b\\' $1' || $2"},
    {"E'a' -- x\n 'b\\' $1' || $1", 1, "E'a' -- x\n 'b\\' $1' || $2"},
    {"E'a' 'b\\' || $1", 1, "E'a' 'b\\' || $2"},
    {"$$ $1 $$ || $1", 1, "$$ $1 $$ || $2"},
    {"$a1_$ $1 $$ $a$ $a1_$ || $1", 1, "$a1_$ $1 $$ $a$ $a1_$ || $2"},
    {"/* /* */ $1 */ b = $1", 1, "/* /* */ $1 */ b = $2"},
    {"a -- '\r OR b = $1", 1, "a -- '\r OR b = $2"},
    {"$$ $1", 0, NULL},
    {"$a$ $1 $b$", 0, NULL},
    {"$a b", 0, NULL},
    {"/* /* */ a", 0, NULL},
    {"E'\\'", 0, NULL},
    {"E'\\", 0, NULL},
};

static const struct fragment_case on_sqlite[] = {
    {"a = $1", 1, "a = ?2"},
    {"a = $2 OR b = $1 OR c = $2", 2, "a = ?2 OR b = ?3 OR c = ?2"},
    {"'\\' || $1", 1, "'\\' || ?2"},
    {"E'\\' || $1", 1, "E'\\' || ?2"},
    {"`a$1``` = $1", 1, "`a$1``` = ?2"},
    {"[a$1] = $1", 1, "[a$1] = ?2"},
    {"/* /* */ b = $1", 1, "/* /* */ b = ?2"},
    {"a -- '\r $1\n OR b = $1", 1, "a -- '\r $1\n OR b = ?2"},
    {"a = ?", 0, NULL},
    {"a = ?1", 0, NULL},
    {"a = :name", 0, NULL},
    {"a = @name", 0, NULL},
    {"a = #name", 0, NULL},
    {"a = $name", 0, NULL},
    {"[a", 0, NULL},
    {"`a", 0, NULL},
};

static void placeholders_are_renumbered_and_nothing_else_is_touched(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(on_both) / sizeof(on_both[0]); i++) {
        expect_fragment(MINIORM_POSTGRESQL, &on_both[i]);
        expect_fragment(MINIORM_SQLITE, &on_both[i]);
    }
    for (i = 0; i < sizeof(on_postgresql) / sizeof(on_postgresql[0]); i++)
        expect_fragment(MINIORM_POSTGRESQL, &on_postgresql[i]);
    for (i = 0; i < sizeof(on_sqlite) / sizeof(on_sqlite[0]); i++)
        expect_fragment(MINIORM_SQLITE, &on_sqlite[i]);
}

static void whole_statement_may_hold_semicolons_and_parentheses(void **state)
{
    const struct miniorm_value value = miniorm_value_integer(1);

    (void)state;
    expect_sql(miniorm_query_raw("SELECT ')', $1;", &value, 1), "SELECT ')', $1;",
               "SELECT ')', ?1;");
    expect_failure(miniorm_query_raw("SELECT $1", NULL, 0), MINIORM_POSTGRESQL, MINIORM_EINVALID,
                   "no value");
    expect_failure(miniorm_query_raw("SELECT 1", &value, 1), MINIORM_POSTGRESQL, MINIORM_EINVALID,
                   "no placeholder");
}

static void fragments_of_set_and_order_are_checked_too(void **state)
{
    struct miniorm_query *query = miniorm_query_select(&author_model);

    (void)state;
    miniorm_query_order_by_raw(query, "name; DELETE FROM authors");
    expect_failure(query, MINIORM_POSTGRESQL, MINIORM_EINVALID, "semicolon");
    query = miniorm_query_update(&author_model);
    miniorm_query_set_raw(query, author_name, "$1 || ')'", NULL, 0);
    miniorm_query_where(query, MINIORM_ALL);
    expect_failure(query, MINIORM_SQLITE, MINIORM_EINVALID, "no value");
}

static void statements_that_begin_or_end_a_transaction_are_refused(void **state)
{
    static const char *const refused[] = {"BEGIN",
                                          "begin immediate",
                                          " /* a */ -- b\n Begin;",
                                          "START TRANSACTION",
                                          "COMMIT",
                                          "COMMIT AND CHAIN",
                                          "END",
                                          "ABORT",
                                          "ROLLBACK",
                                          "rollback work;",
                                          "ROLLBACK AND CHAIN",
                                          "PREPARE TRANSACTION 'a'",
                                          "; COMMIT"};
    static const char *const taken[] = {"SELECT 1",
                                        "ROLLBACK TO a",
                                        "ROLLBACK TRANSACTION TO SAVEPOINT a",
                                        "ROLLBACK WORK /* a */ TO a",
                                        "SAVEPOINT a",
                                        "COMMIT PREPARED 'a'",
                                        "PREPARE a AS SELECT 1",
                                        "(SELECT 1)",
                                        "\"begin\"",
                                        "beginning"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        expect_failure(miniorm_query_raw(refused[i], NULL, 0), MINIORM_POSTGRESQL, MINIORM_EINVALID,
                       "begins or ends a transaction");
        expect_failure(miniorm_query_raw(refused[i], NULL, 0), MINIORM_SQLITE, MINIORM_EINVALID,
                       "begins or ends a transaction");
    }
    for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        expect_sql(miniorm_query_raw(taken[i], NULL, 0), taken[i], taken[i]);
}

static void attempt(void *context)
{
    const struct miniorm_value value = miniorm_value_string("x");
    struct miniorm_query *query = miniorm_query_raw("SELECT $1 || $1", &value, 1);
    char *text = NULL;

    (void)context;
    if (miniorm_query_sql(query, MINIORM_POSTGRESQL, &text, NULL) == MINIORM_OK)
        assert_string_equal(text, "SELECT $1 || $1");
    free(text);
    miniorm_query_free(query);
}

static void fragment_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(attempt, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_renumbered_and_nothing_else_is_touched),
        cmocka_unit_test(whole_statement_may_hold_semicolons_and_parentheses),
        cmocka_unit_test(fragments_of_set_and_order_are_checked_too),
        cmocka_unit_test(statements_that_begin_or_end_a_transaction_are_refused),
        cmocka_unit_test(fragment_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
