/* Transactions of a client on PostgreSQL: one trip, savepoints, failures at every place. */
#include "async.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int set_up(void **state)
{
    static struct async async;
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    options.client_connections = 3;
    async_execute("DROP TABLE IF EXISTS trips");
    async_execute("CREATE TABLE trips (id int4 PRIMARY KEY, parent int4 REFERENCES trips (id) "
                  "DEFERRABLE INITIALLY DEFERRED)");
    async_open(&async, &options);
    *state = &async;
    return 0;
}

static int tear_down(void **state)
{
    async_close(*state);
    async_execute("DROP TABLE trips");
    return 0;
}

static int empty(void **state)
{
    (void)state;
    async_execute("DELETE FROM trips");
    return 0;
}

static struct miniorm_async_transaction *begin(struct async *async)
{
    struct miniorm_async_transaction *transaction;

    assert_int_equal(miniorm_async_transaction_begin(async->client, NULL, &transaction, NULL),
                     MINIORM_OK);
    return transaction;
}

static void commit(struct miniorm_async_transaction *transaction, struct call *call)
{
    memset(call, 0, sizeof(*call));
    miniorm_async_transaction_commit(transaction, async_done, call);
}

static void roll_back(struct miniorm_async_transaction *transaction, struct call *call)
{
    memset(call, 0, sizeof(*call));
    miniorm_async_transaction_rollback(transaction, async_done, call);
}

static void insert(struct miniorm_async_transaction *transaction, struct call *call, int id)
{
    char sql[100];

    snprintf(sql, sizeof(sql), "INSERT INTO trips VALUES (%d)", id);
    async_step(transaction, call, sql);
}

static void expect_rows(struct async *async, int64_t count, int64_t sum)
{
    assert_int_equal(async_ask(async, "SELECT count(*) FROM trips"), count);
    assert_int_equal(async_ask(async, "SELECT coalesce(sum(id), 0) FROM trips"), sum);
}

static void transaction_of_one_turn_makes_one_trip(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction;
    struct call calls[4];
    uint64_t before;
    size_t i;

    async_ask(async, "SELECT 1");
    before = async_stats(async).syncs;
    transaction = begin(async);
    for (i = 0; i < 3; i++)
        insert(transaction, &calls[i], (int)i + 1);
    commit(transaction, &calls[3]);
    async_wait(async, calls, 4);
    for (i = 0; i < 4; i++) {
        assert_status(&calls[i], MINIORM_OK);
        assert_true(i == 0 || calls[i].place > calls[i - 1].place);
    }
    assert_int_equal(async_stats(async).syncs - before, 2);
    expect_rows(async, 3, 6);
}

static void transaction_over_several_turns_keeps_its_connection(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[6];
    int64_t first;
    size_t i;

    async_step(transaction, &calls[0], "SELECT pg_backend_pid()");
    async_wait(async, &calls[0], 1);
    first = calls[0].number;
    for (i = 1; i < 5; i++) {
        insert(transaction, &calls[i], (int)i);
        async_wait(async, &calls[i], 1);
        assert_status(&calls[i], MINIORM_OK);
        assert_true(async_ask(async, "SELECT pg_backend_pid()") != first);
        assert_int_equal(async_ask(async, "SELECT count(*) FROM trips"), 0);
    }
    async_step(transaction, &calls[5], "SELECT pg_backend_pid()");
    async_wait(async, &calls[5], 1);
    assert_int_equal(calls[5].number, first);
    commit(transaction, &calls[0]);
    async_wait(async, calls, 1);
    assert_status(&calls[0], MINIORM_OK);
    expect_rows(async, 4, 10);
}

static void error_aborts_what_follows_and_commit_rolls_back(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[6];

    insert(transaction, &calls[0], 1);
    insert(transaction, &calls[1], 1);
    insert(transaction, &calls[2], 2);
    async_wait(async, calls, 3);
    insert(transaction, &calls[3], 3);
    commit(transaction, &calls[4]);
    async_wait(async, calls, 5);
    assert_status(&calls[0], MINIORM_OK);
    assert_status(&calls[1], MINIORM_EUNIQUE);
    assert_status(&calls[2], MINIORM_EABORTED);
    assert_status(&calls[3], MINIORM_EABORTED);
    assert_status(&calls[4], MINIORM_EABORTED);
    expect_rows(async, 0, 0);
}

static void error_and_commit_in_one_turn(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[4];

    insert(transaction, &calls[0], 1);
    insert(transaction, &calls[1], 1);
    insert(transaction, &calls[2], 2);
    commit(transaction, &calls[3]);
    async_wait(async, calls, 4);
    assert_status(&calls[1], MINIORM_EUNIQUE);
    assert_status(&calls[3], MINIORM_EABORTED);
    expect_rows(async, 0, 0);
    /* The connection is in order for the next one. */
    transaction = begin(async);
    insert(transaction, &calls[0], 1);
    commit(transaction, &calls[1]);
    async_wait(async, calls, 2);
    assert_status(&calls[1], MINIORM_OK);
    expect_rows(async, 1, 1);
}

static void deferred_check_fails_the_commit(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[2];

    async_step(transaction, &calls[0], "INSERT INTO trips VALUES (1, 2)");
    commit(transaction, &calls[1]);
    async_wait(async, calls, 2);
    assert_status(&calls[0], MINIORM_OK);
    assert_status(&calls[1], MINIORM_EFOREIGNKEY);
    expect_rows(async, 0, 0);
}

static void rollback_undoes_everything(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[3];

    insert(transaction, &calls[0], 1);
    insert(transaction, &calls[1], 2);
    roll_back(transaction, &calls[2]);
    async_wait(async, calls, 3);
    assert_status(&calls[2], MINIORM_OK);
    expect_rows(async, 0, 0);
    transaction = begin(async);
    insert(transaction, &calls[0], 1);
    miniorm_async_transaction_rollback(transaction, NULL, NULL);
    async_wait(async, calls, 1);
    expect_rows(async, 0, 0);
}

static void transaction_without_statements_sends_nothing(void **state)
{
    struct async *async = *state;
    struct call calls[2];
    uint64_t before;

    async_ask(async, "SELECT 1");
    before = async_stats(async).syncs;
    commit(begin(async), &calls[0]);
    roll_back(begin(async), &calls[1]);
    async_wait(async, calls, 2);
    assert_status(&calls[0], MINIORM_OK);
    assert_status(&calls[1], MINIORM_OK);
    assert_int_equal(async_stats(async).syncs, before);
}

static void savepoint(struct miniorm_async_transaction *transaction)
{
    assert_int_equal(miniorm_async_transaction_savepoint(transaction, NULL), MINIORM_OK);
}

static void roll_back_to(struct miniorm_async_transaction *transaction)
{
    assert_int_equal(miniorm_async_transaction_rollback_to(transaction, NULL), MINIORM_OK);
}

static void release(struct miniorm_async_transaction *transaction)
{
    assert_int_equal(miniorm_async_transaction_release(transaction, NULL), MINIORM_OK);
}

static void savepoints_work_within_one_trip(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[7];
    size_t i;

    insert(transaction, &calls[0], 1);
    savepoint(transaction);
    insert(transaction, &calls[1], 10);
    insert(transaction, &calls[2], 1);
    insert(transaction, &calls[3], 20);
    roll_back_to(transaction);
    insert(transaction, &calls[4], 100);
    release(transaction);
    insert(transaction, &calls[5], 1000);
    commit(transaction, &calls[6]);
    async_wait(async, calls, 7);
    for (i = 0; i < 7; i++)
        assert_status(&calls[i], i == 2 ? MINIORM_EUNIQUE : i == 3 ? MINIORM_EABORTED : MINIORM_OK);
    expect_rows(async, 3, 1101);
}

static void savepoints_nest(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[5];

    savepoint(transaction);
    insert(transaction, &calls[0], 1);
    savepoint(transaction);
    insert(transaction, &calls[1], 2);
    roll_back_to(transaction);
    insert(transaction, &calls[2], 4);
    release(transaction);
    release(transaction);
    assert_int_equal(miniorm_async_transaction_release(transaction, NULL), MINIORM_ESTATE);
    assert_int_equal(miniorm_async_transaction_rollback_to(transaction, NULL), MINIORM_ESTATE);
    commit(transaction, &calls[3]);
    async_wait(async, calls, 4);
    assert_status(&calls[3], MINIORM_OK);
    expect_rows(async, 2, 5);
}

/* A savepoint that was asked for after an error never existed: rolling back to it must not reach an
 * older one of the same depth, which would undo what was reported as done. */
static void savepoint_after_an_error_is_not_mistaken_for_an_older_one(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[5];

    savepoint(transaction);
    insert(transaction, &calls[0], 1);
    async_step(transaction, &calls[1], "SELECT 1/0");
    release(transaction);
    savepoint(transaction);
    roll_back_to(transaction);
    insert(transaction, &calls[2], 2);
    commit(transaction, &calls[3]);
    async_wait(async, calls, 4);
    assert_status(&calls[0], MINIORM_OK);
    assert_status(&calls[1], MINIORM_EVALUE);
    assert_status(&calls[2], MINIORM_EABORTED);
    assert_status(&calls[3], MINIORM_EABORTED);
    expect_rows(async, 0, 0);
}

static void value_that_cannot_be_sent_aborts_like_an_error(void **state)
{
    struct async *async = *state;
    struct miniorm_value zero = miniorm_value_text(miniorm_text_from("a\0b", 3));
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[5];

    insert(transaction, &calls[0], 1);
    savepoint(transaction);
    memset(&calls[1], 0, sizeof(calls[1]));
    if (miniorm_async_transaction_submit_take(transaction,
                                              miniorm_query_raw("SELECT $1::text", &zero, 1), NULL,
                                              async_done, &calls[1], NULL, NULL) != MINIORM_OK) {
        /* Refused at once: it never was a part of the transaction. */
        roll_back(transaction, &calls[4]);
        async_wait(async, &calls[4], 1);
        return;
    }
    insert(transaction, &calls[2], 2);
    roll_back_to(transaction);
    insert(transaction, &calls[3], 4);
    commit(transaction, &calls[4]);
    async_wait(async, calls, 5);
    assert_status(&calls[1], MINIORM_EVALUE);
    assert_status(&calls[2], MINIORM_EABORTED);
    assert_status(&calls[3], MINIORM_OK);
    assert_status(&calls[4], MINIORM_OK);
    expect_rows(async, 2, 5);
}

static void cancelled_step_aborts_what_follows(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[4];

    insert(transaction, &calls[0], 1);
    insert(transaction, &calls[1], 2);
    insert(transaction, &calls[2], 4);
    commit(transaction, &calls[3]);
    miniorm_request_cancel(calls[1].request);
    async_wait(async, calls, 4);
    assert_status(&calls[0], MINIORM_OK);
    assert_status(&calls[1], MINIORM_ECANCELLED);
    assert_status(&calls[2], MINIORM_EABORTED);
    assert_status(&calls[3], MINIORM_EABORTED);
    expect_rows(async, 0, 0);
}

static void deadline_of_a_running_step_stops_it(void **state)
{
    struct async *async = *state;
    struct miniorm_submit_options options = MINIORM_SUBMIT_OPTIONS_INIT;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[3];

    options.timeout_ms = 100;
    insert(transaction, &calls[0], 1);
    memset(&calls[1], 0, sizeof(calls[1]));
    miniorm_async_transaction_submit_take(transaction,
                                          miniorm_query_raw("SELECT pg_sleep(600)", NULL, 0),
                                          &options, async_done, &calls[1], NULL, NULL);
    commit(transaction, &calls[2]);
    async_wait(async, calls, 3);
    assert_status(&calls[1], MINIORM_ETIMEDOUT);
    assert_status(&calls[2], MINIORM_EABORTED);
    expect_rows(async, 0, 0);
}

static void options_reach_the_server(void **state)
{
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    struct miniorm_async_transaction *transaction;
    struct async *async = *state;
    struct call calls[4];

    options.isolation = MINIORM_SERIALIZABLE;
    options.read_only = 1;
    options.deferrable = 1;
    assert_int_equal(miniorm_async_transaction_begin(async->client, &options, &transaction, NULL),
                     MINIORM_OK);
    async_step(transaction, &calls[0],
               "SELECT count(*) FROM pg_settings WHERE (name, setting) IN "
               "(('transaction_isolation', 'serializable'), ('transaction_read_only', 'on'), "
               "('transaction_deferrable', 'on'))");
    insert(transaction, &calls[1], 1);
    roll_back(transaction, &calls[2]);
    async_wait(async, calls, 3);
    assert_int_equal(calls[0].number, 3);
    assert_string_equal(calls[1].error.sqlstate, "25006");
}

static void more_transactions_than_connections_take_turns(void **state)
{
    struct async *async = *state;
    struct call inserts[20], commits[20];
    size_t i;

    for (i = 0; i < COUNT(inserts); i++) {
        struct miniorm_async_transaction *transaction = begin(async);

        insert(transaction, &inserts[i], (int)i);
        commit(transaction, &commits[i]);
    }
    async_wait(async, inserts, COUNT(inserts));
    async_wait(async, commits, COUNT(commits));
    for (i = 0; i < COUNT(commits); i++)
        assert_status(&commits[i], MINIORM_OK);
    expect_rows(async, 20, 190);
}

static void open_transactions_leave_a_connection_for_others(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transactions[5];
    struct call calls[5], ends[5];
    size_t i;

    for (i = 0; i < COUNT(transactions); i++) {
        transactions[i] = begin(async);
        insert(transactions[i], &calls[i], (int)i);
    }
    async_turn_for(async, 100);
    assert_int_equal(async_ask(async, "SELECT 5"), 5);
    for (i = 0; i < COUNT(transactions); i++)
        roll_back(transactions[i], &ends[i]);
    async_wait(async, calls, COUNT(calls));
    async_wait(async, ends, COUNT(ends));
    expect_rows(async, 0, 0);
}

static void broken_connection_ends_the_transaction(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction = begin(async);
    struct call calls[4];

    insert(transaction, &calls[0], 1);
    async_wait(async, calls, 1);
    async_step(transaction, &calls[1], "SELECT pg_terminate_backend(pg_backend_pid())");
    async_wait(async, &calls[1], 1);
    insert(transaction, &calls[2], 2);
    async_wait(async, &calls[2], 1);
    commit(transaction, &calls[3]);
    async_wait(async, &calls[3], 1);
    assert_status(&calls[1], MINIORM_ECONNECTION);
    assert_status(&calls[2], MINIORM_EABORTED);
    assert_status(&calls[3], MINIORM_EABORTED);
    expect_rows(async, 0, 0);
}

/* The trigger ends the connection while COMMIT is at work: nobody can tell what became of it. */
static void commit_without_an_answer_is_unknown(void **state)
{
    struct async *async = *state;
    struct miniorm_async_transaction *transaction;
    struct call calls[2];

    async_execute("CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                  "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); "
                  "RETURN NULL; END $$");
    async_execute("CREATE CONSTRAINT TRIGGER cutting AFTER INSERT ON trips DEFERRABLE INITIALLY "
                  "DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()");
    transaction = begin(async);
    insert(transaction, &calls[0], 1);
    commit(transaction, &calls[1]);
    async_wait(async, calls, 2);
    async_execute("DROP FUNCTION cut CASCADE");
    assert_status(&calls[0], MINIORM_OK);
    assert_status(&calls[1], MINIORM_ECOMMIT_UNKNOWN);
}

static void closing_the_client_rolls_back(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct async async;
    struct miniorm_async_transaction *open, *ended;
    struct call calls[3];

    options.client_connections = 3;
    async_open(&async, &options);
    open = begin(&async);
    ended = begin(&async);
    insert(open, &calls[0], 1);
    insert(ended, &calls[1], 2);
    async_wait(&async, calls, 2);
    async_step(ended, &calls[1], "SELECT pg_sleep(1)");
    commit(ended, &calls[2]);
    async_turn_for(&async, 50);
    async_close(&async);
    assert_status(&calls[1], MINIORM_ECANCELLED);
    assert_status(&calls[2], MINIORM_ECOMMIT_UNKNOWN);
    /* The server has the COMMIT, and carries it out although nobody is there any more. */
    async_turn_for(*state, 2000);
    assert_int_equal(async_ask(*state, "SELECT count(*) FROM trips WHERE id = 1"), 0);
}

static void pooler_gets_one_command_of_a_transaction_at_a_time(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_async_transaction *transaction;
    struct async async;
    struct call calls[6];
    size_t i;

    options.client_connections = 1;
    options.max_pipeline = 1;
    async_open(&async, &options);
    transaction = begin(&async);
    insert(transaction, &calls[0], 1);
    savepoint(transaction);
    insert(transaction, &calls[1], 1);
    roll_back_to(transaction);
    insert(transaction, &calls[2], 2);
    commit(transaction, &calls[3]);
    async_wait(&async, calls, 4);
    for (i = 0; i < 4; i++)
        assert_status(&calls[i], i == 1 ? MINIORM_EUNIQUE : MINIORM_OK);
    async_close(&async);
    expect_rows(*state, 2, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(transaction_of_one_turn_makes_one_trip, empty),
        cmocka_unit_test_setup(transaction_over_several_turns_keeps_its_connection, empty),
        cmocka_unit_test_setup(error_aborts_what_follows_and_commit_rolls_back, empty),
        cmocka_unit_test_setup(error_and_commit_in_one_turn, empty),
        cmocka_unit_test_setup(deferred_check_fails_the_commit, empty),
        cmocka_unit_test_setup(rollback_undoes_everything, empty),
        cmocka_unit_test_setup(transaction_without_statements_sends_nothing, empty),
        cmocka_unit_test_setup(savepoints_work_within_one_trip, empty),
        cmocka_unit_test_setup(savepoints_nest, empty),
        cmocka_unit_test_setup(savepoint_after_an_error_is_not_mistaken_for_an_older_one, empty),
        cmocka_unit_test_setup(value_that_cannot_be_sent_aborts_like_an_error, empty),
        cmocka_unit_test_setup(cancelled_step_aborts_what_follows, empty),
        cmocka_unit_test_setup(deadline_of_a_running_step_stops_it, empty),
        cmocka_unit_test_setup(options_reach_the_server, empty),
        cmocka_unit_test_setup(more_transactions_than_connections_take_turns, empty),
        cmocka_unit_test_setup(open_transactions_leave_a_connection_for_others, empty),
        cmocka_unit_test_setup(broken_connection_ends_the_transaction, empty),
        cmocka_unit_test_setup(commit_without_an_answer_is_unknown, empty),
        cmocka_unit_test_setup(closing_the_client_rolls_back, empty),
        cmocka_unit_test_setup(pooler_gets_one_command_of_a_transaction_at_a_time, empty),
    };

    return cmocka_run_group_tests_name("async_transaction", tests, set_up, tear_down);
}
