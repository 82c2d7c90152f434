/*
 * Statements on SQLite: answers, counts, errors, deadlines.
 */
#include "sqlite_place.h"

#include <sqlite3.h>
#include <stdio.h>

#include "driver.h"

static struct miniorm_session *session_of(void **state)
{
    return ((struct sqlite_place *)*state)->session;
}

static void raw_answer_describes_itself(void **state)
{
    struct miniorm_result *result = NULL;
    struct miniorm_value value;

    assert_int_equal(
        miniorm_run_take(
            session_of(state),
            miniorm_query_raw("SELECT 1 AS a, 0.5 AS b, 'x' AS c, x'00' AS d, NULL", NULL, 0),
            &result, NULL),
        MINIORM_OK);
    assert_int_equal(miniorm_result_rows(result), 1);
    assert_int_equal(miniorm_result_columns(result), 5);
    assert_string_equal(miniorm_result_column_name(result, 0), "a");
    assert_string_equal(miniorm_result_column_name(result, 4), "NULL");
    assert_null(miniorm_result_column_name(result, 5));
    assert_int_equal(miniorm_result_value(result, 0, 0, &value, NULL), MINIORM_OK);
    assert_int_equal(value.type, MINIORM_T_int8);
    assert_int_equal(miniorm_result_value(result, 0, 1, &value, NULL), MINIORM_OK);
    assert_int_equal(value.type, MINIORM_T_float8);
    assert_int_equal(miniorm_result_value(result, 0, 2, &value, NULL), MINIORM_OK);
    assert_int_equal(value.type, MINIORM_T_text);
    assert_int_equal(miniorm_result_value(result, 0, 3, &value, NULL), MINIORM_OK);
    assert_int_equal(value.as.bytes.size, 1);
    assert_int_equal(miniorm_result_value(result, 0, 4, &value, NULL), MINIORM_OK);
    assert_true(value.is_null);
    miniorm_result_free(result);
}

static void empty_text_and_bytes_are_not_null(void **state)
{
    const struct miniorm_value values[] = {
        miniorm_value_text(miniorm_text_from(NULL, 0)),
        miniorm_value_bytes((struct miniorm_bytes){NULL, 0}),
    };
    struct miniorm_result *result = NULL;
    struct miniorm_value value;

    assert_int_equal(miniorm_run_take(session_of(state),
                                      miniorm_query_raw("SELECT $1, $2", values, 2), &result, NULL),
                     MINIORM_OK);
    assert_int_equal(miniorm_result_value(result, 0, 0, &value, NULL), MINIORM_OK);
    assert_false(value.is_null);
    assert_int_equal(value.as.text.size, 0);
    assert_int_equal(miniorm_result_value(result, 0, 1, &value, NULL), MINIORM_OK);
    assert_false(value.is_null);
    assert_int_equal(value.type, MINIORM_T_bytea);
    miniorm_result_free(result);
}

static uint64_t affected_by(struct miniorm_session *session, const char *sql)
{
    struct miniorm_result *result = NULL;
    uint64_t affected;

    assert_int_equal(miniorm_run_take(session, miniorm_query_raw(sql, NULL, 0), &result, NULL),
                     MINIORM_OK);
    affected = miniorm_result_affected(result);
    miniorm_result_free(result);
    return affected;
}

static void affected_rows_are_counted(void **state)
{
    struct miniorm_session *session = session_of(state);

    assert_int_equal(affected_by(session, "INSERT INTO items(name) VALUES ('a'), ('b'), ('c')"), 3);
    assert_int_equal(affected_by(session, "CREATE TABLE other(id INTEGER)"), 0);
    assert_int_equal(affected_by(session, "UPDATE items SET size = 2 WHERE name <> 'a'"), 2);
    assert_int_equal(affected_by(session, "UPDATE items SET size = 2 WHERE name = 'z'"), 0);
    assert_int_equal(affected_by(session, "DELETE FROM items WHERE name = 'a' RETURNING id"), 1);
    assert_int_equal(affected_by(session, "SELECT * FROM items"), 2);
    assert_int_equal(affected_by(session, "DELETE FROM items"), 2);
}

static void cells_that_do_not_fit_the_model_are_refused(void **state)
{
    struct miniorm_session *session = session_of(state);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;
    void *instance = NULL;

    place_must_run(session, "INSERT INTO items(name, size) VALUES ('a', 'large')");
    assert_int_equal(item_get_items(session, NULL, &result, NULL), MINIORM_OK);
    assert_int_equal(miniorm_result_instance(result, 0, &instance, &error), MINIORM_EVALUE);
    assert_string_equal(error.message, "column size: the database holds TEXT that is no int4");
    miniorm_result_free(result);
}

static void bulk_insert_answers_in_order(void **state)
{
    struct item items[100] = {{{0}, 0, {0}, 0, 0}};
    char names[100][8];
    struct miniorm_result *result = NULL;
    unsigned i;

    for (i = 0; i < 100; i++) {
        snprintf(names[i], sizeof(names[i]), "n%u", 99 - i);
        miniorm_set(item, &items[i], name, miniorm_text_from(names[i], strlen(names[i])));
    }
    assert_int_equal(item_bulk_insert(session_of(state), items, 100, &result, NULL), MINIORM_OK);
    assert_int_equal(miniorm_result_rows(result), 100);
    assert_int_equal(miniorm_result_affected(result), 100);
    for (i = 0; i < 100; i++) {
        assert_int_equal(item_at(result, i)->id, i + 1);
        assert_string_equal(item_at(result, i)->name.data, names[i]);
        assert_int_equal(item_at(result, i)->size, 1);
    }
    miniorm_result_free(result);
}

/* Three rows, of which the last violates the constraint of the first. */
static enum miniorm_status insert_bad_bulk(struct miniorm_session *session)
{
    static const char *const names[] = {"a", "b", "a"};
    struct item items[3] = {{{0}, 0, {0}, 0, 0}};
    unsigned i;

    for (i = 0; i < 3; i++)
        miniorm_set(item, &items[i], name, miniorm_text_from(names[i], 1));
    return item_bulk_insert(session, items, 3, NULL, NULL);
}

static void bulk_insert_is_all_or_nothing(void **state)
{
    struct miniorm_session *session = session_of(state);

    assert_int_equal(insert_bad_bulk(session), MINIORM_EUNIQUE);
    assert_int_equal(place_ask(session, "SELECT count(*) FROM items"), 0);
    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
}

static void bulk_insert_inside_a_transaction_is_a_part_of_it(void **state)
{
    struct miniorm_session *outer = NULL;
    struct miniorm_session *inner = NULL;

    assert_int_equal(miniorm_transaction_begin(session_of(state), NULL, &outer, NULL), MINIORM_OK);
    place_must_run(outer, "INSERT INTO items(name) VALUES ('z')");
    assert_int_equal(miniorm_transaction_begin(outer, NULL, &inner, NULL), MINIORM_OK);
    assert_int_equal(insert_bad_bulk(inner), MINIORM_EUNIQUE);
    miniorm_transaction_rollback(inner);
    assert_int_equal(place_ask(outer, "SELECT count(*) FROM items"), 1);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_OK);
    assert_int_equal(place_ask(session_of(state), "SELECT count(*) FROM items"), 1);
}

static const struct {
    const char *sql;
    enum miniorm_status status;
    const char *constraint;
    const char *table;
    const char *column;
} faults[] = {
    {"INSERT INTO items(name) VALUES ('a')", MINIORM_EUNIQUE, "", "items", "name"},
    {"INSERT INTO items(id, name) VALUES (1, 'b')", MINIORM_EUNIQUE, "", "items", "id"},
    {"INSERT INTO items(name, size, tag) VALUES ('b', 5, 't')", MINIORM_EUNIQUE, "", "items", ""},
    {"INSERT INTO items(name) VALUES (NULL)", MINIORM_ENOTNULL, "", "items", "name"},
    {"INSERT INTO items(name, size) VALUES ('b', 0)", MINIORM_ECHECK, "size_is_positive", "", ""},
    {"INSERT INTO items(name, parent_id) VALUES ('b', 99)", MINIORM_EFOREIGNKEY, "", "", ""},
    {"INSERT INTO folded(name) VALUES ('A')", MINIORM_EUNIQUE, "folded_name", "", ""},
    {"INSERT INTO strict_one VALUES ('x')", MINIORM_EVALUE, "", "", ""},
    {"SELECT nothing FROM items", MINIORM_ESTATEMENT, "", "", ""},
    {"SELECT * FROM nowhere", MINIORM_ESTATEMENT, "", "", ""},
    {"SELEC", MINIORM_ESTATEMENT, "", "", ""},
    {"SELECT \"text\"", MINIORM_ESTATEMENT, "", "", ""},
    {"SELECT miniorm_like('x\\', 'x')", MINIORM_EVALUE, "", "", ""},
    {"SELECT zeroblob(2000000000)", MINIORM_EVALUE, "", "", ""},
    {"SELECT 1; SELECT 2", MINIORM_EINVALID, "", "", ""},
    {"BEGIN", MINIORM_EINVALID, "", "", ""},
    {"SAVEPOINT s", MINIORM_EINVALID, "", "", ""},
};

static void faults_have_the_statuses_of_their_kind(void **state)
{
    struct miniorm_session *session = session_of(state);
    size_t i;

    place_must_run(session, "INSERT INTO items(name, size, tag) VALUES ('a', 5, 't')");
    place_must_run(session, "CREATE TABLE folded(name TEXT)");
    place_must_run(session, "CREATE UNIQUE INDEX folded_name ON folded(lower(name))");
    place_must_run(session, "INSERT INTO folded VALUES ('a')");
    place_must_run(session, "CREATE TABLE strict_one(n INTEGER) STRICT");
    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct miniorm_error error = MINIORM_ERROR_INIT;

        if (place_run(session, faults[i].sql, &error) != faults[i].status)
            fail_msg("%s: %s, %s", faults[i].sql, miniorm_status_name(error.status), error.message);
        assert_int_equal(error.status, faults[i].status);
        assert_string_equal(error.constraint, faults[i].constraint);
        assert_string_equal(error.table, faults[i].table);
        assert_string_equal(error.column, faults[i].column);
        assert_string_equal(error.sqlstate, "");
        assert_true((error.native_code != 0) == (error.status != MINIORM_EINVALID));
    }
    assert_int_equal(place_ask(session, "SELECT count(*) FROM items"), 1);
}

static void write_marked_as_a_read_is_refused(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct sqlite_place *place = *state;

    assert_int_equal(miniorm_run_take(place->session,
                                      miniorm_query_read_only(miniorm_query_raw(
                                          "INSERT INTO items(name) VALUES ('a')", NULL, 0)),
                                      NULL, &error),
                     MINIORM_EINVALID);
    assert_string_equal(error.message, "statement: it is marked as a read but writes");
}

static void deadline_interrupts_a_long_statement(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    options.statement_timeout_ms = 50;
    place_reopen(place, &options);
    assert_int_equal(place_run(place->session, PLACE_ENDLESS, &error), MINIORM_ETIMEDOUT);
    assert_string_equal(error.message, "statement: interrupted at its deadline");
    assert_int_equal(place_ask(place->session, "SELECT 1"), 1);
}

static void interrupted_write_leaves_nothing_behind(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    options.statement_timeout_ms = 50;
    place_reopen(place, &options);
    assert_int_equal(
        place_run(place->session,
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO "
                  "items(name) SELECT 'n' || i FROM n",
                  NULL),
        MINIORM_ETIMEDOUT);
    assert_int_equal(place_ask(place->session, "SELECT count(*) FROM items"), 0);
}

static void schema_changes_reach_prepared_statements(void **state)
{
    struct miniorm_session *session = session_of(state);
    struct miniorm_result *result = NULL;

    assert_int_equal(affected_by(session, "SELECT * FROM items"), 0);
    place_must_run(session, "ALTER TABLE items ADD COLUMN color TEXT");
    assert_int_equal(
        miniorm_run_take(session, miniorm_query_raw("SELECT * FROM items", NULL, 0), &result, NULL),
        MINIORM_OK);
    assert_int_equal(miniorm_result_columns(result), 6);
    assert_string_equal(miniorm_result_column_name(result, 5), "color");
    miniorm_result_free(result);
}

static void statements_survive_any_failed_allocation(void **state)
{
    size_t n = 0;
    bool has_failed;

    do {
        struct miniorm_session *session = session_of(state);
        struct item item = {{0}, 0, {0}, 0, 0};
        struct miniorm_result *result = NULL;
        enum miniorm_status status;

        oom_fail_at(++n);
        miniorm_set(item, &item, name, MINIORM_S("a"));
        status = item_insert(session, &item, NULL);
        if (status == MINIORM_OK)
            status = item_get_instances(session, NULL, &result, NULL);
        has_failed = oom_stop();
        assert_true(status == MINIORM_OK || (status == MINIORM_ENOMEM && has_failed));
        miniorm_result_free(result);
        item_clear(&item);
        place_must_run(session, "DELETE FROM items");
    } while (has_failed);
    assert_true(n > 5);
}

#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, place_in_memory, place_end)
#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, place_in_file, place_end)

int main(void)
{
    const struct CMUnitTest in_memory[] = {
        IN_MEMORY(raw_answer_describes_itself),
        IN_MEMORY(empty_text_and_bytes_are_not_null),
        IN_MEMORY(affected_rows_are_counted),
        IN_MEMORY(cells_that_do_not_fit_the_model_are_refused),
        IN_MEMORY(bulk_insert_answers_in_order),
        IN_MEMORY(bulk_insert_is_all_or_nothing),
        IN_MEMORY(bulk_insert_inside_a_transaction_is_a_part_of_it),
        IN_MEMORY(faults_have_the_statuses_of_their_kind),
        IN_MEMORY(schema_changes_reach_prepared_statements),
        IN_MEMORY(statements_survive_any_failed_allocation),
    };
    const struct CMUnitTest in_file[] = {
        IN_FILE(raw_answer_describes_itself),
        IN_FILE(empty_text_and_bytes_are_not_null),
        IN_FILE(affected_rows_are_counted),
        IN_FILE(cells_that_do_not_fit_the_model_are_refused),
        IN_FILE(bulk_insert_answers_in_order),
        IN_FILE(bulk_insert_is_all_or_nothing),
        IN_FILE(bulk_insert_inside_a_transaction_is_a_part_of_it),
        IN_FILE(faults_have_the_statuses_of_their_kind),
        IN_FILE(schema_changes_reach_prepared_statements),
        IN_FILE(statements_survive_any_failed_allocation),
        IN_FILE(write_marked_as_a_read_is_refused),
        IN_FILE(deadline_interrupts_a_long_statement),
        IN_FILE(interrupted_write_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("in memory", in_memory, NULL, NULL) +
           cmocka_run_group_tests_name("in a file", in_file, NULL, NULL);
}
