/*
 * The cache of prepared statements.
 */
#include "test.h"

#include "sqlite/statements.h"

static sqlite3 *connection;
static struct miniorm__sqlite_statements statements;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &connection), SQLITE_OK);
    assert_int_equal(miniorm__sqlite_statements_init(&statements, connection, 3, NULL), MINIORM_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    miniorm__sqlite_statements_free(&statements);
    assert_int_equal(sqlite3_close(connection), SQLITE_OK);
    return 0;
}

static enum miniorm_status get_hashed(const char *sql, uint64_t hash, sqlite3_stmt **out,
                                      struct miniorm_error *error)
{
    const struct miniorm__statement statement = {.sql = sql, .sql_size = strlen(sql), .hash = hash};

    return miniorm__sqlite_statements_get(&statements, &statement, out, error);
}

static sqlite3_stmt *get(const char *sql)
{
    sqlite3_stmt *prepared = NULL;

    assert_int_equal(get_hashed(sql, miniorm__hash(sql, strlen(sql)), &prepared, NULL), MINIORM_OK);
    assert_string_equal(sqlite3_sql(prepared), sql);
    return prepared;
}

static void same_text_gives_the_same_statement(void **state)
{
    sqlite3_stmt *first = get("SELECT 1");

    (void)state;
    assert_ptr_not_equal(get("SELECT 2"), first);
    assert_ptr_equal(get("SELECT 1"), first);
    assert_int_equal(statements.count, 2);
}

static void statement_used_longest_ago_makes_room(void **state)
{
    sqlite3_stmt *first = get("SELECT 1");

    (void)state;
    get("SELECT 2");
    get("SELECT 3");
    assert_ptr_equal(get("SELECT 1"), first);
    get("SELECT 4");
    assert_int_equal(statements.count, 3);
    assert_ptr_equal(get("SELECT 1"), first);
    get("SELECT 2");
    assert_int_equal(statements.count, 3);
}

static void equal_hashes_are_told_apart(void **state)
{
    sqlite3_stmt *first = NULL;
    sqlite3_stmt *second = NULL;

    (void)state;
    assert_int_equal(get_hashed("SELECT 1", 7, &first, NULL), MINIORM_OK);
    assert_int_equal(get_hashed("SELECT 2", 7, &second, NULL), MINIORM_OK);
    assert_ptr_not_equal(first, second);
    assert_string_equal(sqlite3_sql(second), "SELECT 2");
}

static void wrong_text_is_reported_and_not_kept(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    sqlite3_stmt *prepared = NULL;

    (void)state;
    assert_int_equal(get_hashed("SELEC", 1, &prepared, &error), MINIORM_ESTATEMENT);
    assert_string_equal(error.message, "SQLite: near \"SELEC\": syntax error");
    assert_int_equal(error.native_code, SQLITE_ERROR);
    assert_null(prepared);
    assert_int_equal(statements.count, 0);
}

static void only_one_statement_is_taken(void **state)
{
    sqlite3_stmt *prepared = NULL;

    (void)state;
    assert_int_equal(get_hashed("SELECT 1; SELECT 2", 1, &prepared, NULL), MINIORM_EINVALID);
    assert_int_equal(get_hashed("SELECT 1;;; SELECT 2", 6, &prepared, NULL), MINIORM_EINVALID);
    assert_int_equal(get_hashed("SELECT 1; x", 2, &prepared, NULL), MINIORM_EINVALID);
    assert_int_equal(get_hashed("SELECT 1; /* the end */ ; -- really", 3, &prepared, NULL),
                     MINIORM_OK);
    assert_int_equal(get_hashed("", 4, &prepared, NULL), MINIORM_EINVALID);
    assert_int_equal(get_hashed("-- nothing", 5, &prepared, NULL), MINIORM_EINVALID);
}

static void get_once(void *context)
{
    sqlite3_stmt *prepared = NULL;
    const enum miniorm_status status = get_hashed("SELECT 1", 1, &prepared, NULL);

    (void)context;
    if (status != MINIORM_OK)
        assert_int_equal(status, MINIORM_ENOMEM);
}

static void lack_of_memory_is_reported(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(get_once, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_text_gives_the_same_statement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(statement_used_longest_ago_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_hashes_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_text_is_reported_and_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_one_statement_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lack_of_memory_is_reported, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("sqlite_statements", tests, NULL, NULL);
}
