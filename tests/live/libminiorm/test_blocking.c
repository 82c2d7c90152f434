/*
 * Waiting for answers, on both databases: sessions, the pool, errors, deadlines, threads.
 */
#include "both.h"

#include <pthread.h>
#include <stdio.h>

#define COUNTER_COLUMNS(X, T)                                       \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)          \
    X(T, text, name, MINIORM_UNIQUE)                                \
    X(T, int4, value, 0, .sql_default = "0", .check = "value >= 0") \
    X(T, int4, parent_id, MINIORM_NULLABLE, .references = "counters(id)")

MINIORM_DECLARE(counter, COUNTER_COLUMNS);
MINIORM_DEFINE(counter, COUNTER_COLUMNS, "counters");

static struct both *both_of(void **state)
{
    return *state;
}

static int empty(void **state)
{
    both_execute(both_of(state), "DELETE FROM counters");
    return 0;
}

static enum miniorm_status insert(struct miniorm_session *session, const char *name,
                                  struct miniorm_error *error)
{
    struct counter counter = {{0}, 0, {0}, 0, 0};
    enum miniorm_status status;

    miniorm_set(counter, &counter, name, miniorm_text_from(name, strlen(name)));
    status = counter_insert(session, &counter, error);
    counter_clear(&counter);
    return status;
}

static uint64_t count(struct miniorm_session *session)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    uint64_t counted = 0;

    assert_ok(counter_count(session, NULL, &counted, &error), &error);
    return counted;
}

static void operation_runs_and_answers(void **state)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;

    assert_ok(insert(both_of(state)->session, "a", &error), &error);
    assert_ok(counter_get_items(both_of(state)->session, NULL, &result, &error), &error);
    assert_int_equal(miniorm_result_rows(result), 1);
    assert_string_equal(counter_at(result, 0)->name.data, "a");
    assert_int_equal(counter_at(result, 0)->value, 0);
    miniorm_result_free(result);
}

static void expect_fault(struct miniorm_session *session, const char *sql,
                         enum miniorm_status status)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (miniorm_run_take(session, miniorm_query_raw(sql, NULL, 0), NULL, &error) != status)
        fail_msg("%s: %s, %s", sql, miniorm_status_name(error.status), error.message);
    assert_int_equal(error.status, status);
    assert_true(error.message[0] != '\0');
}

static void same_faults_have_the_same_statuses(void **state)
{
    struct miniorm_session *session = both_of(state)->session;

    assert_int_equal(insert(session, "a", NULL), MINIORM_OK);
    expect_fault(session, "INSERT INTO counters(name) VALUES ('a')", MINIORM_EUNIQUE);
    expect_fault(session, "INSERT INTO counters(name) VALUES (NULL)", MINIORM_ENOTNULL);
    expect_fault(session, "INSERT INTO counters(name, value) VALUES ('b', -1)", MINIORM_ECHECK);
    expect_fault(session, "INSERT INTO counters(name, parent_id) VALUES ('b', 4711)",
                 MINIORM_EFOREIGNKEY);
    expect_fault(session, "SELECT nothing FROM counters", MINIORM_ESTATEMENT);
    expect_fault(session, "SELECT * FROM nowhere", MINIORM_ESTATEMENT);
    expect_fault(session, "SELEC", MINIORM_ESTATEMENT);
    assert_int_equal(count(session), 1);
}

static void violations_name_constraint_table_and_column(void **state)
{
    struct miniorm_session *session = both_of(state)->session;
    struct counter counter = {{0}, 0, {0}, 0, 0};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_int_equal(insert(session, "a", NULL), MINIORM_OK);
    assert_int_equal(insert(session, "a", &error), MINIORM_EUNIQUE);
    assert_string_equal(error.constraint, "counters_name_key");
    assert_string_equal(error.table, "counters");
    assert_string_equal(error.column, "name");
    error = (struct miniorm_error)MINIORM_ERROR_INIT;
    miniorm_set(counter, &counter, name, MINIORM_S("b"));
    miniorm_set(counter, &counter, parent_id, 4711);
    assert_int_equal(counter_insert(session, &counter, &error), MINIORM_EFOREIGNKEY);
    assert_string_equal(error.constraint, "counters_parent_id_fkey");
    assert_string_equal(error.table, "counters");
    assert_string_equal(error.column, "parent_id");
    error = (struct miniorm_error)MINIORM_ERROR_INIT;
    miniorm_set_null(counter, &counter, parent_id);
    miniorm_set(counter, &counter, value, -1);
    assert_int_equal(counter_insert(session, &counter, &error), MINIORM_ECHECK);
    assert_string_equal(error.constraint, "counters_value_check");
    assert_int_equal(count(session), 1);
}

static const char *endless(const struct both *both)
{
    return both->dialect == MINIORM_SQLITE
               ? "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) "
                 "FROM n"
               : "SELECT 1 FROM pg_sleep(60)";
}

static void statement_timeout_ends_a_long_statement(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database = NULL;

    options.statement_timeout_ms = 1000;
    assert_ok(miniorm_database_open(both_of(state)->url, &options, &database, &error), &error);
    expect_fault(miniorm_database_session(database), endless(both_of(state)), MINIORM_ETIMEDOUT);
    assert_int_equal(count(miniorm_database_session(database)), 0);
    miniorm_database_close(database);
}

static void connections_are_reused(void **state)
{
    struct miniorm_pool_stats stats = {.size = sizeof(stats)};
    unsigned i;

    for (i = 0; i < 20; i++)
        count(both_of(state)->session);
    miniorm_database_pool_stats(both_of(state)->database, &stats);
    assert_int_equal(stats.open, 1);
    assert_int_equal(stats.busy, 0);
}

struct load {
    struct both *both;
    unsigned number;
    unsigned failures;
};

static void *insert_many(void *data)
{
    struct load *load = data;
    char name[32];
    unsigned i;

    for (i = 0; i < 25; i++) {
        snprintf(name, sizeof(name), "%u-%u", load->number, i);
        load->failures += insert(load->both->session, name, NULL) != MINIORM_OK;
        load->failures += count(load->both->session) == 0;
    }
    return NULL;
}

static void threads_share_the_pool(void **state)
{
    struct load loads[16];
    pthread_t threads[16];
    unsigned i;

    for (i = 0; i < 16; i++) {
        loads[i] = (struct load){both_of(state), i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, insert_many, &loads[i]), 0);
    }
    for (i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(loads[i].failures, 0);
    }
    assert_int_equal(count(both_of(state)->session), 16 * 25);
}

int main(void)
{
    static const struct miniorm_model *const models[] = {&counter_model};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(operation_runs_and_answers, empty),
        cmocka_unit_test_setup(same_faults_have_the_same_statuses, empty),
        cmocka_unit_test_setup(violations_name_constraint_table_and_column, empty),
        cmocka_unit_test_setup(statement_timeout_ends_a_long_statement, empty),
        cmocka_unit_test_setup(connections_are_reused, empty),
        cmocka_unit_test_setup(threads_share_the_pool, empty),
    };

    return both_run("blocking", tests, sizeof(tests) / sizeof(tests[0]), models, 1);
}
