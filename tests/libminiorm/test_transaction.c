/*
 * Transactions and savepoints, with a fake database behind them.
 */
#include "fake_driver.h"

static enum miniorm_status run(struct miniorm_session *session)
{
    return miniorm_run_take(session, miniorm_query_raw("UPDATE stock SET n = 1", NULL, 0), NULL,
                            NULL);
}

static struct miniorm_session *begin(struct miniorm_session *parent)
{
    struct miniorm_session *session = NULL;

    assert_int_equal(miniorm_transaction_begin(parent, NULL, &session, NULL), MINIORM_OK);
    assert_non_null(session);
    return session;
}

static struct miniorm_session *begin_on(struct fake *fake)
{
    return begin(fake->database.session);
}

static unsigned busy(struct fake *fake)
{
    struct miniorm_pool_stats stats = {.size = sizeof(stats)};

    miniorm_database_pool_stats(&fake->database, &stats);
    return stats.busy;
}

static void committed_transaction_runs_on_one_connection(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *session = begin_on(fake);

    (void)state;
    assert_int_equal(run(session), MINIORM_OK);
    assert_int_equal(run(fake->database.session), MINIORM_OK);
    assert_int_equal(busy(fake), 1);
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_OK);
    assert_int_equal(busy(fake), 0);
    assert_string_equal(fake_journal(fake), "+Bx+xC");
    fake_free(fake);
}

static void rolled_back_transaction_gives_its_connection_back(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *session = begin_on(fake);

    (void)state;
    assert_int_equal(run(session), MINIORM_OK);
    miniorm_transaction_rollback(session);
    assert_int_equal(busy(fake), 0);
    assert_string_equal(fake_journal(fake), "+BxR");
    fake_free(fake);
}

static void options_reach_the_database(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    struct miniorm_session *session;

    (void)state;
    options.isolation = MINIORM_SERIALIZABLE;
    options.read_only = 1;
    assert_int_equal(miniorm_transaction_begin(fake->database.session, &options, &session, NULL),
                     MINIORM_OK);
    assert_int_equal(fake->options.isolation, MINIORM_SERIALIZABLE);
    assert_true(fake->options.read_only);
    miniorm_transaction_rollback(session);
    fake_free(fake);
}

static void options_without_size_are_refused(void **state)
{
    struct fake *fake = fake_new(NULL);
    const struct miniorm_transaction_options options = {.read_only = 1};
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *session = NULL;

    (void)state;
    assert_int_equal(miniorm_transaction_begin(fake->database.session, &options, &session, &error),
                     MINIORM_EINVALID);
    assert_string_equal(error.message, "transaction options: size is not set");
    assert_null(session);
    fake_free(fake);
}

static void failed_statement_aborts_the_transaction(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *session = begin_on(fake);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    fake->execute_status = MINIORM_EUNIQUE;
    fake->failures = 1;
    assert_int_equal(run(session), MINIORM_EUNIQUE);
    assert_int_equal(run(session), MINIORM_EABORTED);
    assert_int_equal(miniorm_transaction_commit(session, &error), MINIORM_EABORTED);
    assert_int_equal(error.status, MINIORM_EABORTED);
    assert_string_equal(fake_journal(fake), "+BxR");
    assert_int_equal(busy(fake), 0);
    fake_free(fake);
}

static void wrong_description_does_not_abort(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *session = begin_on(fake);

    (void)state;
    assert_int_equal(miniorm_run_take(session, miniorm_query_raw("SELECT $1", NULL, 0), NULL, NULL),
                     MINIORM_EINVALID);
    assert_int_equal(run(session), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_OK);
    fake_free(fake);
}

static void savepoints_nest(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_session *middle = begin(outer);
    struct miniorm_session *inner = begin(middle);

    (void)state;
    assert_int_equal(run(inner), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(inner, NULL), MINIORM_OK);
    assert_int_equal(run(middle), MINIORM_OK);
    miniorm_transaction_rollback(middle);
    assert_int_equal(run(outer), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+Bs1s2xr2xt1r1xC");
    fake_free(fake);
}

static void parent_refuses_while_a_savepoint_is_open(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_session *inner = begin(outer);
    struct miniorm_session *second = NULL;

    (void)state;
    assert_int_equal(run(outer), MINIORM_ESTATE);
    assert_int_equal(miniorm_transaction_begin(outer, NULL, &second, NULL), MINIORM_ESTATE);
    assert_null(second);
    miniorm_transaction_rollback(inner);
    assert_int_equal(run(outer), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_OK);
    fake_free(fake);
}

static void rolling_back_a_savepoint_rescues_the_transaction(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_session *inner = begin(outer);

    (void)state;
    fake->execute_status = MINIORM_EUNIQUE;
    fake->failures = 1;
    assert_int_equal(run(inner), MINIORM_EUNIQUE);
    assert_int_equal(miniorm_transaction_commit(inner, NULL), MINIORM_EABORTED);
    assert_int_equal(run(outer), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+Bs1xt1r1xC");
    fake_free(fake);
}

static void modes_are_for_the_outermost_transaction(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    struct miniorm_session *inner = NULL;

    (void)state;
    options.read_only = 1;
    assert_int_equal(miniorm_transaction_begin(outer, &options, &inner, NULL), MINIORM_EINVALID);
    assert_null(inner);
    assert_int_equal(run(outer), MINIORM_OK);
    miniorm_transaction_rollback(outer);
    fake_free(fake);
}

static void lost_connection_aborts_every_level(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_session *inner = begin(outer);

    (void)state;
    fake->execute_status = MINIORM_ECONNECTION;
    fake->failures = 1;
    fake->failures_break = true;
    assert_int_equal(run(inner), MINIORM_ECONNECTION);
    fake->failing_steps = "tR";
    fake->verb_status = MINIORM_ECONNECTION;
    miniorm_transaction_rollback(inner);
    assert_int_equal(run(outer), MINIORM_EABORTED);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_EABORTED);
    assert_string_equal(fake_journal(fake), "+Bs1xt1R-");
    fake_free(fake);
}

static void savepoint_that_cannot_be_rolled_back_aborts_its_parent(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_session *inner = begin(outer);

    (void)state;
    fake->failing_steps = "t";
    fake->verb_status = MINIORM_EDATABASE;
    miniorm_transaction_rollback(inner);
    assert_int_equal(run(outer), MINIORM_EABORTED);
    miniorm_transaction_rollback(outer);
    assert_string_equal(fake_journal(fake), "+Bs1t1R");
    fake_free(fake);
}

static void savepoint_that_cannot_be_set_aborts_its_parent(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_session *inner = NULL;

    (void)state;
    fake->failing_steps = "s";
    fake->verb_status = MINIORM_EDATABASE;
    assert_int_equal(miniorm_transaction_begin(outer, NULL, &inner, NULL), MINIORM_EDATABASE);
    assert_null(inner);
    assert_int_equal(run(outer), MINIORM_EABORTED);
    miniorm_transaction_rollback(outer);
    fake_free(fake);
}

static void connection_that_cannot_roll_back_is_closed(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *session = begin_on(fake);

    (void)state;
    fake->failing_steps = "R";
    fake->verb_status = MINIORM_EDATABASE;
    miniorm_transaction_rollback(session);
    assert_string_equal(fake_journal(fake), "+BR-");
    fake_free(fake);
}

static void failed_commit_is_reported(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *session = begin_on(fake);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    fake->failing_steps = "C";
    fake->verb_status = MINIORM_EFOREIGNKEY;
    assert_int_equal(miniorm_transaction_commit(session, &error), MINIORM_EFOREIGNKEY);
    assert_string_equal(error.message, "the fake fails a verb");
    assert_int_equal(busy(fake), 0);
    fake_free(fake);
}

static void failed_begin_leaves_nothing_behind(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *session = NULL;

    (void)state;
    fake->failing_steps = "B";
    fake->verb_status = MINIORM_ECONNECTION;
    assert_int_equal(miniorm_transaction_begin(fake->database.session, NULL, &session, NULL),
                     MINIORM_ECONNECTION);
    assert_null(session);
    assert_string_equal(fake_journal(fake), "+B-");
    fake_free(fake);
}

static void ending_the_parent_ends_open_savepoints(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct miniorm_session *middle = begin(outer);
    struct miniorm_session *inner = begin(middle);

    (void)state;
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_ESTATE);
    assert_int_equal(run(inner), MINIORM_ESTATE);
    assert_int_equal(run(middle), MINIORM_ESTATE);
    assert_int_equal(miniorm_transaction_commit(middle, NULL), MINIORM_ESTATE);
    miniorm_transaction_rollback(inner);
    assert_string_equal(fake_journal(fake), "+Bs1s2R");
    assert_int_equal(busy(fake), 0);
    fake_free(fake);
}

struct work {
    unsigned calls;
    unsigned conflicts; /* calls that end in a conflict */
    enum miniorm_status status;
};

static enum miniorm_status do_work(struct miniorm_session *session, void *data,
                                   struct miniorm_error *error)
{
    struct work *work = data;

    (void)error;
    work->calls++;
    assert_int_equal(run(session), MINIORM_OK);
    return work->calls <= work->conflicts ? MINIORM_ECONFLICT : work->status;
}

static void work_is_committed(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct work work = {0};

    (void)state;
    assert_int_equal(miniorm_transaction_run(fake->database.session, NULL, do_work, &work, NULL),
                     MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+BxC");
    fake_free(fake);
}

static void failed_work_is_rolled_back(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct work work = {.status = MINIORM_ENOTFOUND};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(miniorm_transaction_run(fake->database.session, NULL, do_work, &work, &error),
                     MINIORM_ENOTFOUND);
    assert_int_equal(error.status, MINIORM_ENOTFOUND);
    assert_string_equal(fake_journal(fake), "+BxR");
    fake_free(fake);
}

static void conflict_is_tried_again(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct work work = {.conflicts = 2};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    assert_int_equal(miniorm_transaction_run(fake->database.session, NULL, do_work, &work, &error),
                     MINIORM_OK);
    assert_int_equal(error.status, MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+BxRBxRBxC");
    fake_free(fake);
}

static void conflict_is_reported_after_the_last_attempt(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    struct work work = {.conflicts = 100};

    (void)state;
    options.attempts = 3;
    assert_int_equal(
        miniorm_transaction_run(fake->database.session, &options, do_work, &work, NULL),
        MINIORM_ECONFLICT);
    assert_int_equal(work.calls, 3);
    work.calls = 0;
    assert_int_equal(miniorm_transaction_run(fake->database.session, NULL, do_work, &work, NULL),
                     MINIORM_ECONFLICT);
    assert_int_equal(work.calls, 5);
    fake_free(fake);
}

static void unknown_commit_is_never_tried_again(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct work work = {0};
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    fake->failing_steps = "C";
    fake->verb_status = MINIORM_ECOMMIT_UNKNOWN;
    assert_int_equal(miniorm_transaction_run(fake->database.session, NULL, do_work, &work, &error),
                     MINIORM_ECOMMIT_UNKNOWN);
    assert_int_equal(error.status, MINIORM_ECOMMIT_UNKNOWN);
    assert_int_equal(work.calls, 1);
    fake_free(fake);
}

static void inside_a_transaction_work_runs_once_in_a_savepoint(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_session *outer = begin_on(fake);
    struct work work = {.conflicts = 1};

    (void)state;
    assert_int_equal(miniorm_transaction_run(outer, NULL, do_work, &work, NULL), MINIORM_ECONFLICT);
    assert_int_equal(miniorm_transaction_run(outer, NULL, do_work, &work, NULL), MINIORM_OK);
    miniorm_transaction_rollback(outer);
    assert_string_equal(fake_journal(fake), "+Bs1xt1r1s1xr1R");
    fake_free(fake);
}

static void transact_once(void *context)
{
    struct fake *fake = context;
    struct miniorm_session *session = NULL;
    struct miniorm_session *inner = NULL;
    enum miniorm_status status =
        miniorm_transaction_begin(fake->database.session, NULL, &session, NULL);

    if (status == MINIORM_OK)
        status = miniorm_transaction_begin(session, NULL, &inner, NULL);
    if (status == MINIORM_OK)
        status = run(inner);
    if (inner != NULL)
        miniorm_transaction_rollback(inner);
    if (session != NULL)
        miniorm_transaction_rollback(session);
    if (status != MINIORM_OK)
        assert_int_equal(status, MINIORM_ENOMEM);
    assert_int_equal(busy(fake), 0);
    miniorm__pool_forget_idle(fake->database.pool);
}

static void transactions_survive_any_failed_allocation(void **state)
{
    struct fake *fake = fake_new(NULL);

    (void)state;
    assert_true(oom_for_every_allocation(transact_once, fake) > 3);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed_transaction_runs_on_one_connection),
        cmocka_unit_test(rolled_back_transaction_gives_its_connection_back),
        cmocka_unit_test(options_reach_the_database),
        cmocka_unit_test(options_without_size_are_refused),
        cmocka_unit_test(failed_statement_aborts_the_transaction),
        cmocka_unit_test(wrong_description_does_not_abort),
        cmocka_unit_test(savepoints_nest),
        cmocka_unit_test(parent_refuses_while_a_savepoint_is_open),
        cmocka_unit_test(rolling_back_a_savepoint_rescues_the_transaction),
        cmocka_unit_test(modes_are_for_the_outermost_transaction),
        cmocka_unit_test(lost_connection_aborts_every_level),
        cmocka_unit_test(savepoint_that_cannot_be_rolled_back_aborts_its_parent),
        cmocka_unit_test(savepoint_that_cannot_be_set_aborts_its_parent),
        cmocka_unit_test(connection_that_cannot_roll_back_is_closed),
        cmocka_unit_test(failed_commit_is_reported),
        cmocka_unit_test(failed_begin_leaves_nothing_behind),
        cmocka_unit_test(ending_the_parent_ends_open_savepoints),
        cmocka_unit_test(work_is_committed),
        cmocka_unit_test(failed_work_is_rolled_back),
        cmocka_unit_test(conflict_is_tried_again),
        cmocka_unit_test(conflict_is_reported_after_the_last_attempt),
        cmocka_unit_test(unknown_commit_is_never_tried_again),
        cmocka_unit_test(inside_a_transaction_work_runs_once_in_a_savepoint),
        cmocka_unit_test(transactions_survive_any_failed_allocation),
    };

    return cmocka_run_group_tests_name("transaction", tests, NULL, NULL);
}
