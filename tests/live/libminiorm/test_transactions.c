/*
 * Transactions, on both databases.
 */
#include "both.h"

#include <pthread.h>
#include <stdio.h>

#define ACCOUNT_COLUMNS(X, T)           \
    X(T, int4, id, MINIORM_PRIMARY_KEY) \
    X(T, text, owner, MINIORM_UNIQUE)   \
    X(T, int8, balance, 0, .sql_default = "0")

#define ENTRY_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)  \
    X(T, int4, account_id, 0, .references = "accounts(id)") \
    X(T, int8, amount, 0)

MINIORM_DECLARE(account, ACCOUNT_COLUMNS);
MINIORM_DEFINE(account, ACCOUNT_COLUMNS, "accounts");
MINIORM_DECLARE(entry, ENTRY_COLUMNS);
MINIORM_DEFINE(entry, ENTRY_COLUMNS, "entries");

static struct both *both_of(void **state)
{
    return *state;
}

static int empty(void **state)
{
    both_execute(both_of(state), "DELETE FROM entries");
    both_execute(both_of(state), "DELETE FROM accounts");
    return 0;
}

static struct miniorm_session *begin(struct miniorm_session *parent)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *session = NULL;

    assert_ok(miniorm_transaction_begin(parent, NULL, &session, &error), &error);
    return session;
}

static enum miniorm_status open_account(struct miniorm_session *session, int32_t id,
                                        const char *owner)
{
    struct account account = {{0}, 0, {0}, 0};
    enum miniorm_status status;

    miniorm_set(account, &account, id, id);
    miniorm_set(account, &account, owner, miniorm_text_from(owner, strlen(owner)));
    status = account_insert(session, &account, NULL);
    account_clear(&account);
    return status;
}

static uint64_t count_accounts(struct miniorm_session *session)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    uint64_t count = 0;

    assert_ok(account_count(session, NULL, &count, &error), &error);
    return count;
}

static enum miniorm_status book(struct miniorm_session *session, int32_t id, int64_t amount,
                                struct miniorm_error *error)
{
    const struct miniorm_value change = miniorm_value_integer(amount);
    struct entry entry = {{0}, 0, 0, 0};
    enum miniorm_status status;

    miniorm_set(entry, &entry, account_id, id);
    miniorm_set(entry, &entry, amount, amount);
    status = entry_insert(session, &entry, error);
    entry_clear(&entry);
    if (status != MINIORM_OK)
        return status;
    return miniorm_run_take(
        session,
        miniorm_query_where(miniorm_query_set_raw(miniorm_query_update(&account_model),
                                                  account_balance, "balance + $1", &change, 1),
                            MINIORM_WHERE(miniorm_eq(account_id, id))),
        NULL, error);
}

static int64_t balance_of(struct miniorm_session *session, int32_t id)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct account account = {{0}, 0, {0}, 0};
    int64_t balance;

    assert_ok(account_get_instance(session, MINIORM_WHERE(miniorm_eq(account_id, id)), &account,
                                   NULL, &error),
              &error);
    balance = account.balance;
    account_clear(&account);
    return balance;
}

static void transaction_spans_models(void **state)
{
    struct miniorm_session *session = begin(both_of(state)->session);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_int_equal(open_account(session, 1, "Ann"), MINIORM_OK);
    assert_ok(book(session, 1, 100, &error), &error);
    assert_ok(book(session, 1, -30, &error), &error);
    assert_int_equal(balance_of(session, 1), 70);
    assert_int_equal(count_accounts(both_of(state)->session), 0);
    assert_ok(miniorm_transaction_commit(session, &error), &error);
    assert_int_equal(balance_of(both_of(state)->session, 1), 70);
}

static void rollback_undoes_everything(void **state)
{
    struct miniorm_session *session = begin(both_of(state)->session);

    assert_int_equal(open_account(session, 1, "Ann"), MINIORM_OK);
    miniorm_transaction_rollback(session);
    assert_int_equal(count_accounts(both_of(state)->session), 0);
}

static void failure_aborts_the_transaction(void **state)
{
    struct miniorm_session *session = begin(both_of(state)->session);

    assert_int_equal(open_account(session, 1, "Ann"), MINIORM_OK);
    assert_int_equal(open_account(session, 2, "Ann"), MINIORM_EUNIQUE);
    assert_int_equal(open_account(session, 3, "Bob"), MINIORM_EABORTED);
    assert_int_equal(miniorm_transaction_commit(session, NULL), MINIORM_EABORTED);
    assert_int_equal(count_accounts(both_of(state)->session), 0);
}

static void savepoint_undoes_its_part(void **state)
{
    struct miniorm_session *outer = begin(both_of(state)->session);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *inner;

    assert_int_equal(open_account(outer, 1, "Ann"), MINIORM_OK);
    inner = begin(outer);
    assert_int_equal(open_account(inner, 2, "Bob"), MINIORM_OK);
    assert_int_equal(open_account(inner, 3, "Ann"), MINIORM_EUNIQUE);
    miniorm_transaction_rollback(inner);
    inner = begin(outer);
    assert_int_equal(open_account(inner, 4, "Cid"), MINIORM_OK);
    assert_ok(miniorm_transaction_commit(inner, &error), &error);
    assert_int_equal(open_account(outer, 5, "Dee"), MINIORM_OK);
    assert_ok(miniorm_transaction_commit(outer, &error), &error);
    assert_int_equal(count_accounts(both_of(state)->session), 3);
}

static void parent_refuses_while_a_savepoint_is_open(void **state)
{
    struct miniorm_session *outer = begin(both_of(state)->session);
    struct miniorm_session *inner = begin(outer);

    assert_int_equal(open_account(outer, 1, "Ann"), MINIORM_ESTATE);
    miniorm_transaction_rollback(inner);
    assert_int_equal(open_account(outer, 1, "Ann"), MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(outer, NULL), MINIORM_OK);
}

static void savepoints_nest_deeply(void **state)
{
    struct miniorm_session *sessions[20];
    struct miniorm_error error = MINIORM_ERROR_INIT;
    char owner[8];
    int i;

    sessions[0] = begin(both_of(state)->session);
    for (i = 1; i < 20; i++) {
        sessions[i] = begin(sessions[i - 1]);
        snprintf(owner, sizeof(owner), "o%d", i);
        assert_int_equal(open_account(sessions[i], i, owner), MINIORM_OK);
    }
    for (i = 19; i > 10; i--)
        miniorm_transaction_rollback(sessions[i]);
    for (; i >= 0; i--)
        assert_ok(miniorm_transaction_commit(sessions[i], &error), &error);
    assert_int_equal(count_accounts(both_of(state)->session), 10);
}

static void read_only_transaction_refuses_to_write(void **state)
{
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    struct miniorm_session *session = NULL;

    options.read_only = 1;
    assert_int_equal(miniorm_transaction_begin(both_of(state)->session, &options, &session, NULL),
                     MINIORM_OK);
    assert_int_equal(count_accounts(session), 0);
    assert_int_equal(open_account(session, 1, "Ann"), MINIORM_ESTATEMENT);
    miniorm_transaction_rollback(session);
    assert_int_equal(open_account(both_of(state)->session, 1, "Ann"), MINIORM_OK);
}

static void deferred_check_fails_the_commit(void **state)
{
    struct both *both = both_of(state);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_session *session;

    both_execute(both, "CREATE TABLE drafts(id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES "
                       "accounts(id) DEFERRABLE INITIALLY DEFERRED)");
    session = begin(both->session);
    assert_int_equal(
        miniorm_run_take(session, miniorm_query_raw("INSERT INTO drafts VALUES (1, 99)", NULL, 0),
                         NULL, NULL),
        MINIORM_OK);
    assert_int_equal(miniorm_transaction_commit(session, &error), MINIORM_EFOREIGNKEY);
    assert_int_equal(open_account(both->session, 1, "Ann"), MINIORM_OK);
    both_execute(both, "DROP TABLE drafts");
}

struct transfer {
    struct both *both;
    unsigned failures;
    unsigned attempts;
};

/* Reads, then writes what it computed: two at once must not both succeed unseen. */
static enum miniorm_status add_one(struct miniorm_session *session, void *data,
                                   struct miniorm_error *error)
{
    struct transfer *transfer = data;
    struct account account = {{0}, 0, {0}, 0};
    enum miniorm_status status;

    transfer->attempts++;
    status = account_get_instance(session, MINIORM_WHERE(miniorm_eq(account_id, 1)), &account, NULL,
                                  error);
    if (status == MINIORM_OK) {
        miniorm_set(account, &account, balance, account.balance + 1);
        status = account_row_update(session, &account, error);
    }
    account_clear(&account);
    return status;
}

static void *transfer_many(void *data)
{
    struct transfer *transfer = data;
    struct miniorm_transaction_options options = MINIORM_TRANSACTION_OPTIONS_INIT;
    unsigned i;

    options.isolation = MINIORM_SERIALIZABLE;
    options.attempts = 1000;
    for (i = 0; i < 20; i++) {
        if (miniorm_transaction_run(transfer->both->session, &options, add_one, transfer, NULL) !=
            MINIORM_OK)
            transfer->failures++;
    }
    return NULL;
}

static void conflicts_are_tried_again_until_all_is_done(void **state)
{
    struct transfer transfers[4];
    pthread_t threads[4];
    unsigned i;

    assert_int_equal(open_account(both_of(state)->session, 1, "Ann"), MINIORM_OK);
    for (i = 0; i < 4; i++) {
        transfers[i] = (struct transfer){both_of(state), 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, transfer_many, &transfers[i]), 0);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(transfers[i].failures, 0);
        assert_true(transfers[i].attempts >= 20);
    }
    assert_int_equal(balance_of(both_of(state)->session, 1), 4 * 20);
}

static enum miniorm_status run_raw(struct miniorm_session *session, const char *sql)
{
    return miniorm_run_take(session, miniorm_query_raw(sql, NULL, 0), NULL, NULL);
}

static void raw_statements_neither_begin_nor_end_a_transaction(void **state)
{
    struct miniorm_session *session = both_of(state)->session;
    struct miniorm_session *transaction = begin(session);

    assert_int_equal(open_account(transaction, 1, "before"), MINIORM_OK);
    assert_int_equal(run_raw(transaction, "BEGIN"), MINIORM_EINVALID);
    assert_int_equal(run_raw(transaction, "COMMIT"), MINIORM_EINVALID);
    assert_int_equal(run_raw(transaction, "ROLLBACK"), MINIORM_EINVALID);
    assert_int_equal(open_account(transaction, 2, "behind"), MINIORM_OK);
    miniorm_transaction_rollback(transaction);
    assert_int_equal(count_accounts(session), 0);
    assert_int_equal(run_raw(session, "BEGIN"), MINIORM_EINVALID);
    assert_int_equal(open_account(session, 1, "kept"), MINIORM_OK);
    assert_int_equal(count_accounts(session), 1);
}

static void connections_come_back_clean(void **state)
{
    struct both *both = both_of(state);
    struct miniorm_pool_stats stats = {.size = sizeof(stats)};
    struct miniorm_session *session;
    unsigned i;

    for (i = 0; i < 30; i++) {
        session = begin(both->session);
        assert_int_equal(open_account(session, 1, "Ann"), MINIORM_OK);
        if (i % 2 == 0)
            assert_int_equal(open_account(session, 1, "Bob"), MINIORM_EUNIQUE);
        miniorm_transaction_rollback(session);
        assert_int_equal(count_accounts(both->session), 0);
    }
    miniorm_database_pool_stats(both->database, &stats);
    assert_int_equal(stats.busy, 0);
}

int main(void)
{
    static const struct miniorm_model *const models[] = {&account_model, &entry_model};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(transaction_spans_models, empty),
        cmocka_unit_test_setup(rollback_undoes_everything, empty),
        cmocka_unit_test_setup(failure_aborts_the_transaction, empty),
        cmocka_unit_test_setup(savepoint_undoes_its_part, empty),
        cmocka_unit_test_setup(parent_refuses_while_a_savepoint_is_open, empty),
        cmocka_unit_test_setup(savepoints_nest_deeply, empty),
        cmocka_unit_test_setup(read_only_transaction_refuses_to_write, empty),
        cmocka_unit_test_setup(deferred_check_fails_the_commit, empty),
        cmocka_unit_test_setup(conflicts_are_tried_again_until_all_is_done, empty),
        cmocka_unit_test_setup(raw_statements_neither_begin_nor_end_a_transaction, empty),
        cmocka_unit_test_setup(connections_come_back_clean, empty),
    };

    return both_run("transactions", tests, sizeof(tests) / sizeof(tests[0]), models, 2);
}
