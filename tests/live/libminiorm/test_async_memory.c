/*
 * A client on PostgreSQL while memory runs out: whatever allocation fails, every operation is
 * refused or has exactly one outcome, and nothing leaks. Allocations of libpq are not among them.
 */
#include "async.h"

#define CALLS 12

struct outcome {
    struct call call;
    bool is_accepted;
};

static void submit(struct miniorm_client *client, struct outcome *outcome, const char *sql,
                   bool is_read)
{
    struct miniorm_value value = miniorm_value_integer(5);
    struct miniorm_query *query = miniorm_query_raw(sql, &value, 1);

    if (is_read)
        query = miniorm_query_read_only(query);
    outcome->is_accepted =
        miniorm_client_submit_take(client, query, NULL, async_done, &outcome->call,
                                   &outcome->call.request, NULL) == MINIORM_OK;
}

static void use_transaction(struct miniorm_client *client, struct outcome outcomes[3])
{
    struct miniorm_async_transaction *transaction;
    size_t i;

    if (miniorm_async_transaction_begin(client, NULL, &transaction, NULL) != MINIORM_OK)
        return;
    for (i = 0; i < 2; i++) {
        outcomes[i].is_accepted =
            miniorm_async_transaction_submit_take(
                transaction, miniorm_query_raw(i == 0 ? "SELECT 1" : "SELECT 1/0", NULL, 0), NULL,
                async_done, &outcomes[i].call, NULL, NULL) == MINIORM_OK;
        miniorm_async_transaction_savepoint(transaction, NULL);
    }
    miniorm_async_transaction_rollback_to(transaction, NULL);
    outcomes[2].is_accepted = true;
    miniorm_async_transaction_commit(transaction, async_done, &outcomes[2].call);
}

static bool are_over(const struct outcome *outcomes)
{
    size_t i;

    for (i = 0; i < CALLS; i++) {
        if (outcomes[i].is_accepted && outcomes[i].call.outcomes == 0)
            return false;
    }
    return true;
}

static void check(const struct outcome *outcomes)
{
    size_t i;

    for (i = 0; i < CALLS; i++)
        assert_int_equal(outcomes[i].call.outcomes, outcomes[i].is_accepted);
}

static void use_client(struct miniorm_epoll *loop, struct miniorm_client *client)
{
    struct outcome outcomes[CALLS];
    const uint64_t end_ms = async_now_ms() + ASYNC_PATIENCE_MS;
    size_t i;

    memset(outcomes, 0, sizeof(outcomes));
    for (i = 0; i < 8; i++)
        submit(client, &outcomes[i], i == 3 ? "SELECT 1 / ($1 - 5)" : "SELECT $1 + 1", i % 4 != 1);
    if (outcomes[7].is_accepted)
        miniorm_request_cancel(outcomes[7].call.request);
    use_transaction(client, &outcomes[8]);
    while (!are_over(outcomes) && async_now_ms() < end_ms)
        miniorm_epoll_turn(loop, 10, NULL);
    check(outcomes);
    submit(client, &outcomes[11], "SELECT $1", true);
    miniorm_client_close(client);
    check(outcomes);
}

static void attempt(void *context)
{
    struct miniorm_database *database = context;
    struct miniorm_epoll *loop;
    struct miniorm_client *client;

    if (miniorm_epoll_new(&loop, NULL) != MINIORM_OK)
        return;
    if (miniorm_client_open(database, miniorm_epoll_loop(loop), &client, NULL) == MINIORM_OK)
        use_client(loop, client);
    miniorm_epoll_free(loop);
}

static void client_survives_each_failed_allocation(void **state)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_database *database;

    (void)state;
    options.statement_timeout_ms = 10000;
    assert_int_equal(
        miniorm_database_open(getenv("MINIORM_TEST_POSTGRES_URL"), &options, &database, NULL),
        MINIORM_OK);
    assert_true(oom_for_every_allocation(attempt, database) > 20);
    miniorm_database_close(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("async_memory", tests, NULL, NULL);
}
