/*
 * Transactions on SQLite: locking, savepoints, deferred checks, interrupted work.
 */
#include "sqlite_place.h"

#include <pthread.h>
#include <sqlite3.h>

#include "driver.h"

static struct miniorm_session *begin(struct miniorm_session *parent)
{
    struct miniorm_session *session = NULL;

    assert_int_equal(miniorm_transaction_begin(parent, NULL, &session, NULL), MINIORM_OK);
    return session;
}

static struct miniorm_session *begin_read_only(struct miniorm_session *parent)
{
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    struct miniorm_session *session = NULL;

    options.read_only = 1;
    assert_int_equal(miniorm_transaction_begin(parent, &options, &session, NULL), MINIORM_OK);
    return session;
}

static int64_t count_items(struct miniorm_session *session)
{
    return place_ask(session, "SELECT count(*) FROM items");
}

/* Waiting for locks ends soon in these tests. */
static void be_impatient(struct sqlite_place *place)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    options.statement_timeout_ms = 50;
    place_reopen(place, &options);
}

static void committed_work_stays_and_rolled_back_work_goes(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin(place->session);

    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_OK);
    session = begin(place->session);
    place_must_run(session, "INSERT INTO items(name) VALUES ('b')");
    miniorm_transaction_rollback(session);
    assert_int_equal(count_items(place->session), 1);
}

static void empty_transaction_locks_nothing(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *first = begin(place->session);
    struct miniorm_session *second = begin(place->session);

    assert_int_equal(miniorm_transaction_commit(first, NULL), MINIORM_OK);
    miniorm_transaction_rollback(second);
    place_must_run(place->session, "INSERT INTO items(name) VALUES ('a')");
}

static void savepoints_nest(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *outer = begin(place->session);
    struct miniorm_session *middle = begin(outer);
    struct miniorm_session *inner;

    place_must_run(middle, "INSERT INTO items(name) VALUES ('a')");
    inner = begin(middle);
    place_must_run(inner, "INSERT INTO items(name) VALUES ('b')");
    miniorm_transaction_rollback(inner);
    assert_int_equal(count_items(middle), 1);
    inner = begin(middle);
    place_must_run(inner, "INSERT INTO items(name) VALUES ('c')");
    assert_int_equal(miniorm_transaction_commit(inner, NULL), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(middle, NULL), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_OK);
    assert_int_equal(
        place_ask(place->session, "SELECT count(*) FROM items WHERE name IN ('a','c')"), 2);
}

static void failed_statement_aborts_as_on_postgresql(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin(place->session);

    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(place_run(session, "INSERT INTO items(name) VALUES ('a')", NULL),
                     MINIORM_EUNIQUE);
    assert_int_equal(place_run(session, "SELECT 1", NULL), MINIORM_EABORTED);
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_EABORTED);
    assert_int_equal(count_items(place->session), 0);
}

static void deferred_foreign_key_is_checked_at_commit(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin(place->session);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    place_must_run(session, "INSERT INTO items(name, parent_id) VALUES ('a', 99)");
    assert_int_equal(miniorm_transaction_commit(session, &error), MINIORM_EFOREIGNKEY);
    assert_int_equal(error.native_code, SQLITE_CONSTRAINT_FOREIGNKEY);
    assert_int_equal(count_items(place->session), 0);
    place_must_run(place->session, "INSERT INTO items(name) VALUES ('a')");
}

static void read_only_transaction_refuses_to_write(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin_read_only(place->session);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_int_equal(count_items(session), 0);
    assert_int_equal(place_run(session, "INSERT INTO items(name) VALUES ('a')", &error),
                     MINIORM_ESTATEMENT);
    assert_string_equal(error.message, "statement: it writes in a read-only transaction");
    miniorm_transaction_rollback(session);
    place_must_run(place->session, "INSERT INTO items(name) VALUES ('a')");
}

static void read_only_transaction_sees_one_state(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin_read_only(place->session);

    assert_int_equal(count_items(session), 0);
    place_must_run(place->session, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(count_items(session), 0);
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_OK);
    assert_int_equal(count_items(place->session), 1);
}

static void readers_go_on_beside_a_writer(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin(place->session);

    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(count_items(place->session), 0);
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_OK);
    assert_int_equal(count_items(place->session), 1);
}

static void raw_read_without_a_mark_needs_no_lock_either(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin(place->session);

    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
    place_must_run(place->session, "SELECT count(*) FROM items");
    miniorm_transaction_rollback(session);
}

static void second_writer_of_the_process_is_told_who_is_in_its_way(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *session;

    be_impatient(place);
    session = begin(place->session);
    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(place_run(place->session, "INSERT INTO items(name) VALUES ('b')", &error),
                     MINIORM_EBUSY);
    assert_string_equal(error.message,
                        "statement: another transaction of this process holds the database");
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_OK);
    place_must_run(place->session, "INSERT INTO items(name) VALUES ('b')");
}

static void lock_of_another_program_is_waited_for_and_reported(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    sqlite3 *other;

    be_impatient(place);
    assert_int_equal(sqlite3_open(place->temporary.path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(place_run(place->session, "INSERT INTO items(name) VALUES ('b')", &error),
                     MINIORM_EBUSY);
    assert_string_equal(error.message, "SQLite: database is locked");
    assert_int_equal(count_items(place->session), 0);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    place_must_run(place->session, "INSERT INTO items(name) VALUES ('b')");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void failed_begin_fails_the_first_statement(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *first;
    struct miniorm_session *second;

    be_impatient(place);
    first = begin(place->session);
    second = begin(place->session);
    place_must_run(first, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(place_run(second, "SELECT 1", NULL), MINIORM_EBUSY);
    assert_int_equal(place_run(second, "SELECT 1", NULL), MINIORM_EABORTED);
    assert_int_equal(miniorm_transaction_commit(first, NULL), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(second, NULL), MINIORM_EABORTED);
}

static void interrupted_write_takes_the_whole_transaction_with_it(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *outer;
    struct miniorm_session *inner;

    be_impatient(place);
    outer = begin(place->session);
    place_must_run(outer, "INSERT INTO items(name) VALUES ('a')");
    inner = begin(outer);
    assert_int_equal(
        place_run(inner,
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO "
                  "items(name) SELECT 'n' || i FROM n",
                  NULL),
        MINIORM_ETIMEDOUT);
    miniorm_transaction_rollback(inner);
    assert_int_equal(place_run(outer, "SELECT 1", NULL), MINIORM_EABORTED);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_EABORTED);
    assert_int_equal(count_items(place->session), 0);
}

static void raw_commit_inside_a_transaction_is_refused(void **state)
{
    struct sqlite_place *place = *state;
    struct miniorm_session *session = begin(place->session);

    place_must_run(session, "INSERT INTO items(name) VALUES ('a')");
    assert_int_equal(place_run(session, "COMMIT", NULL), MINIORM_EINVALID);
    miniorm_transaction_rollback(session);
    assert_int_equal(count_items(place->session), 0);
}

static enum miniorm_status add_one(struct miniorm_session *session, void *data,
                                   struct miniorm_error *error)
{
    (void)data;
    return place_run(session, "UPDATE items SET size = size + 1 WHERE name = 'counter'", error);
}

static void *add_many(void *data)
{
    struct sqlite_place *place = data;
    unsigned i;

    for (i = 0; i < 50; i++) {
        if (miniorm_transaction_run(place->session, NULL, add_one, NULL, NULL) != MINIORM_OK)
            return data;
        if (place_run(place->session, "UPDATE items SET size = size + 1 WHERE name = 'counter'",
                      NULL) != MINIORM_OK)
            return data;
        if (place_run(place->session, "SELECT * FROM items", NULL) != MINIORM_OK)
            return data;
    }
    return NULL;
}

static void threads_write_one_after_the_other(void **state)
{
    struct sqlite_place *place = *state;
    pthread_t threads[6];
    void *failed;
    unsigned i;

    place_must_run(place->session, "INSERT INTO items(name, size) VALUES ('counter', 1)");
    for (i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, place), 0);
    for (i = 0; i < 6; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(place_ask(place->session, "SELECT size FROM items WHERE name = 'counter'"),
                     1 + 6 * 50 * 2);
}

#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, place_in_memory, place_end)
#define IN_FILE(test) cmocka_unit_test_setup_teardown(test, place_in_file, place_end)

int main(void)
{
    const struct CMUnitTest in_memory[] = {
        IN_MEMORY(committed_work_stays_and_rolled_back_work_goes),
        IN_MEMORY(empty_transaction_locks_nothing),
        IN_MEMORY(savepoints_nest),
        IN_MEMORY(failed_statement_aborts_as_on_postgresql),
        IN_MEMORY(deferred_foreign_key_is_checked_at_commit),
        IN_MEMORY(read_only_transaction_refuses_to_write),
        IN_MEMORY(raw_commit_inside_a_transaction_is_refused),
        IN_MEMORY(threads_write_one_after_the_other),
    };
    const struct CMUnitTest in_file[] = {
        IN_FILE(committed_work_stays_and_rolled_back_work_goes),
        IN_FILE(empty_transaction_locks_nothing),
        IN_FILE(savepoints_nest),
        IN_FILE(failed_statement_aborts_as_on_postgresql),
        IN_FILE(deferred_foreign_key_is_checked_at_commit),
        IN_FILE(read_only_transaction_refuses_to_write),
        IN_FILE(read_only_transaction_sees_one_state),
        IN_FILE(readers_go_on_beside_a_writer),
        IN_FILE(raw_read_without_a_mark_needs_no_lock_either),
        IN_FILE(second_writer_of_the_process_is_told_who_is_in_its_way),
        IN_FILE(lock_of_another_program_is_waited_for_and_reported),
        IN_FILE(failed_begin_fails_the_first_statement),
        IN_FILE(interrupted_write_takes_the_whole_transaction_with_it),
        IN_FILE(raw_commit_inside_a_transaction_is_refused),
        IN_FILE(threads_write_one_after_the_other),
    };

    return cmocka_run_group_tests_name("in memory", in_memory, NULL, NULL) +
           cmocka_run_group_tests_name("in a file", in_file, NULL, NULL);
}
