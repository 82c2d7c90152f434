/*
 * The functions and the collation that libminiorm adds to SQLite.
 */
#include "test.h"

#include <stdio.h>

#include "sqlite/functions.h"

static sqlite3 *connection;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &connection), SQLITE_OK);
    assert_int_equal(miniorm__sqlite_functions_register(connection), SQLITE_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    return 0;
}

/* The text of a one-cell answer; "NULL" for a null, the message for an error. */
static void ask(const char *sql, const char *first, const char *second, char *out, size_t size)
{
    sqlite3_stmt *statement;
    const unsigned char *text;

    assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
    sqlite3_bind_text(statement, 1, first, -1, SQLITE_STATIC);
    if (second != NULL)
        sqlite3_bind_text(statement, 2, second, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_ROW) {
        snprintf(out, size, "%s", sqlite3_errmsg(connection));
    } else {
        text = sqlite3_column_text(statement, 0);
        snprintf(out, size, "%s", text == NULL ? "NULL" : (const char *)text);
    }
    sqlite3_finalize(statement);
}

static const struct {
    const char *pattern;
    const char *value;
    const char *like;
    const char *ilike;
} matches[] = {
    {"", "", "1", "1"},
    {"", "a", "0", "0"},
    {"abc", "abc", "1", "1"},
    {"abc", "ABC", "0", "1"},
    {"a%", "abc", "1", "1"},
    {"A%", "abc", "0", "1"},
    {"%c", "abc", "1", "1"},
    {"%b%", "abc", "1", "1"},
    {"%", "", "1", "1"},
    {"%%", "", "1", "1"},
    {"_", "", "0", "0"},
    {"_", "a", "1", "1"},
    {"_", "ab", "0", "0"},
    {"a_c", "abc", "1", "1"},
    {"_%_", "a", "0", "0"},
    {"_%_", "ab", "1", "1"},
    {"%a%b", "xaxbxb", "1", "1"},
    {"%a%b", "xaxbxc", "0", "0"},
    {"%aab", "aaaab", "1", "1"},
    {"a%", "", "0", "0"},
    {"100\\%", "100%", "1", "1"},
    {"100\\%", "1000", "0", "0"},
    {"a\\_c", "abc", "0", "0"},
    {"a\\\\c", "a\\c", "1", "1"},
    {"\\a", "a", "1", "1"},
    /* One character, whatever its number of bytes. */
    {"na_ve", "na\xc3\xafve", "1", "1"},
    {"_", "\xf0\x9f\x90\x8b", "1", "1"},
    {"%\xc3\xaf%", "na\xc3\xafve", "1", "1"},
    /* Only ASCII has cases here. */
    {"\xc3\x89t\xc3\xa9", "\xc3\xa9T\xc3\xa9", "0", "0"},
    {"\xc3\xa9T\xc3\xa9", "\xc3\xa9t\xc3\xa9", "0", "1"},
};

static void patterns_match_as_in_postgresql(void **state)
{
    char out[64];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        ask("SELECT miniorm_like(?1, ?2)", matches[i].pattern, matches[i].value, out, sizeof(out));
        if (strcmp(out, matches[i].like) != 0)
            fail_msg("'%s' LIKE '%s': %s", matches[i].value, matches[i].pattern, out);
        ask("SELECT miniorm_ilike(?1, ?2)", matches[i].pattern, matches[i].value, out, sizeof(out));
        if (strcmp(out, matches[i].ilike) != 0)
            fail_msg("'%s' ILIKE '%s': %s", matches[i].value, matches[i].pattern, out);
    }
}

static void null_matches_nothing(void **state)
{
    char out[64];

    (void)state;
    ask("SELECT miniorm_like(?1, NULL)", "a", NULL, out, sizeof(out));
    assert_string_equal(out, "NULL");
    ask("SELECT miniorm_ilike(NULL, ?1)", "a", NULL, out, sizeof(out));
    assert_string_equal(out, "NULL");
}

static void pattern_that_ends_with_its_escape_is_an_error(void **state)
{
    char out[64];

    (void)state;
    ask("SELECT miniorm_like(?1, 'a')", "a\\", NULL, out, sizeof(out));
    assert_string_equal(out, "LIKE pattern must not end with escape character");
    assert_int_equal(sqlite3_errcode(connection), SQLITE_MISMATCH);
}

static void long_hopeless_pattern_ends_soon(void **state)
{
    char value[2001];
    char out[64];

    (void)state;
    memset(value, 'a', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    ask("SELECT miniorm_like(?1, ?2)", "%a%a%a%a%a%a%a%a%a%a%b", value, out, sizeof(out));
    assert_string_equal(out, "0");
}

static void numerics_are_ordered_by_their_value(void **state)
{
    char out[128];

    (void)state;
    ask("SELECT group_concat(n) FROM (SELECT value AS n FROM json_each(?1) ORDER BY value COLLATE "
        "miniorm_numeric)",
        "[\"10\",\"9\",\"-1.5\",\"1e1\",\"0.10\",\"NaN\",\"-2\",\"Infinity\",\"9.99\"]", NULL, out,
        sizeof(out));
    assert_string_equal(out, "-2,-1.5,0.10,9,9.99,10,1e1,Infinity,NaN");
    ask("SELECT ?1 = ?2 COLLATE miniorm_numeric", "1.50", "1.5", out, sizeof(out));
    assert_string_equal(out, "1");
}

static void functions_may_stand_in_checks_and_indexes(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(connection,
                     "CREATE TABLE t(a TEXT CHECK (miniorm_like('a%', a)), n TEXT COLLATE "
                     "miniorm_numeric UNIQUE);"
                     "CREATE INDEX i ON t(miniorm_ilike('A%', a));"
                     "INSERT INTO t VALUES ('ab', '1.0')",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "INSERT INTO t VALUES ('b', '2')", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(
        sqlite3_exec(connection, "INSERT INTO t VALUES ('abc', '1.00')", NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_in_postgresql),
        cmocka_unit_test(null_matches_nothing),
        cmocka_unit_test(pattern_that_ends_with_its_escape_is_an_error),
        cmocka_unit_test(long_hopeless_pattern_ends_soon),
        cmocka_unit_test(numerics_are_ordered_by_their_value),
        cmocka_unit_test(functions_may_stand_in_checks_and_indexes),
    };

    return cmocka_run_group_tests_name("sqlite_functions", tests, set_up, tear_down);
}
