/*
 * Tests of the table miniorm_array: what statements read of an array parameter.
 */
#include "shelf.h"

#include <sqlite3.h>

#include "operation.h"
#include "sqlite/array.h"

static int open_connection(void **state)
{
    sqlite3 *connection = NULL;

    assert_int_equal(sqlite3_open(":memory:", &connection), SQLITE_OK);
    assert_int_equal(miniorm__sqlite_array_register(connection), SQLITE_OK);
    *state = connection;
    return 0;
}

static int close_connection(void **state)
{
    assert_int_equal(sqlite3_close(*state), SQLITE_OK);
    return 0;
}

static sqlite3_stmt *prepare(sqlite3 *connection, const char *sql,
                             const struct miniorm__parameter *parameter)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(connection));
    if (parameter != NULL)
        assert_int_equal(sqlite3_bind_pointer(statement, 1, (void *)(uintptr_t)parameter,
                                              MINIORM__SQLITE_ARRAY_TYPE, NULL),
                         SQLITE_OK);
    return statement;
}

/* The single text that a statement answers. */
static void expect_answer(sqlite3 *connection, const char *sql,
                          const struct miniorm__parameter *parameter, const char *expected)
{
    sqlite3_stmt *statement = prepare(connection, sql, parameter);

    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), expected);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
}

static const struct miniorm_value numbers[3] = {{.type = MINIORM_T_int8, .as.integer = 7},
                                                {.type = MINIORM_T_int8, .is_null = true},
                                                {.type = MINIORM_T_int8, .as.integer = -1}};
static const struct miniorm__parameter array = {
    .type = MINIORM_T_int8, .is_array = true, .values = numbers, .n_values = 3};

static void values_come_with_their_numbers(void **state)
{
    expect_answer(*state,
                  "SELECT group_concat(miniorm_number || '=' || coalesce(miniorm_value, 'null'))"
                  " FROM miniorm_array(?1)",
                  &array, "0=7,1=null,2=-1");
    expect_answer(*state, "SELECT group_concat(rowid) FROM miniorm_array(?1)", &array, "0,1,2");
    expect_answer(*state,
                  "SELECT group_concat(n) FROM (SELECT miniorm_number AS n FROM miniorm_array(?1)"
                  " ORDER BY miniorm_number DESC)",
                  &array, "2,1,0");
}

static void number_picks_one_row(void **state)
{
    const char *sql = "SELECT count(*) || ':' || coalesce(max(a.miniorm_value), '-') FROM (SELECT "
                      "column1 AS n FROM (VALUES (2), (3), (-1), ('0'), (NULL), (1e300))) AS k "
                      "CROSS JOIN miniorm_array(?1) AS a ON a.miniorm_number = k.n";

    expect_answer(*state, sql, &array, "1:-1");
    expect_answer(*state,
                  "SELECT group_concat(b.miniorm_value) FROM miniorm_array(?1) AS a CROSS JOIN "
                  "miniorm_array(?1) AS b ON b.miniorm_number = a.miniorm_number",
                  &array, "7,-1");
}

static void values_have_the_form_in_which_they_are_stored(void **state)
{
    static const unsigned char bytes[2] = {0, 0xab};
    const struct miniorm_value values[] = {
        {.type = MINIORM_T_text, .as.text = {"it's", 4}},
        {.type = MINIORM_T_text, .as.text = {NULL, 0}},
        {.type = MINIORM_T_bytea, .as.bytes = {bytes, 2}},
        {.type = MINIORM_T_bytea, .as.bytes = {NULL, 0}},
        {.type = MINIORM_T_float8, .as.real = 0.5},
        {.type = MINIORM_T_boolean, .as.boolean = true},
        {.type = MINIORM_T_date, .as.integer = 1},
    };
    const struct miniorm__parameter mixed = {
        .type = MINIORM_T_text, .is_array = true, .values = values, .n_values = 7};

    expect_answer(*state, "SELECT group_concat(quote(miniorm_value)) FROM miniorm_array(?1)",
                  &mixed, "'it''s','',X'00AB',X'',0.5,1,'2000-01-02'");
}

static void what_cannot_be_stored_fails_the_statement(void **state)
{
    const struct miniorm_value value = {.type = MINIORM_T_date, .as.integer = -2000000};
    const struct miniorm__parameter old = {
        .type = MINIORM_T_date, .is_array = true, .values = &value, .n_values = 1};
    sqlite3_stmt *statement = prepare(*state, "SELECT miniorm_value FROM miniorm_array(?1)", &old);

    assert_int_equal(sqlite3_step(statement), SQLITE_MISMATCH);
    assert_non_null(strstr(sqlite3_errmsg(*state), "years"));
    sqlite3_finalize(statement);
}

static void without_a_pointer_of_its_own_it_is_empty(void **state)
{
    sqlite3_stmt *statement = NULL;
    int other = 0;

    expect_answer(*state, "SELECT count(*) FROM miniorm_array(NULL)", NULL, "0");
    expect_answer(*state, "SELECT count(*) FROM miniorm_array('x')", NULL, "0");
    statement = prepare(*state, "SELECT count(*) FROM miniorm_array(?1)", NULL);
    assert_int_equal(sqlite3_bind_pointer(statement, 1, &other, "other", NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 0);
    sqlite3_finalize(statement);
    assert_int_equal(
        sqlite3_prepare_v2(*state, "SELECT * FROM miniorm_array", -1, &statement, NULL),
        SQLITE_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_with_their_numbers),
        cmocka_unit_test(number_picks_one_row),
        cmocka_unit_test(values_have_the_form_in_which_they_are_stored),
        cmocka_unit_test(what_cannot_be_stored_fails_the_statement),
        cmocka_unit_test(without_a_pointer_of_its_own_it_is_empty),
    };

    return cmocka_run_group_tests_name("sqlite_array", tests, open_connection, close_connection);
}
