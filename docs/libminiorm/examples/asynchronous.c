/*
 * Asynchronous: a hundred selects and a transaction submitted in one turn of a loop; their completions
 * come when the answers do. On PostgreSQL the selects leave together; as they have connections of their
 * own, each sees its counter either before the transaction or after it.
 */
#include <stdio.h>

#include <miniorm/epoll.h>
#include <miniorm/miniorm.h>

#define COUNTER_COLUMNS(X, T)           \
    X(T, int4, id, MINIORM_PRIMARY_KEY) \
    X(T, int8, number, 0)

MINIORM_DECLARE(counter, COUNTER_COLUMNS);
MINIORM_DEFINE(counter, COUNTER_COLUMNS, "counters");

enum { COUNTERS = 100 };

struct progress {
    unsigned left; /* completions to come */
    int64_t sum;
    unsigned failures;
};

static void counted(void *data, enum miniorm_status status, struct miniorm_result *result,
                    const struct miniorm_error *error)
{
    struct progress *progress = data;

    progress->left--;
    if (status == MINIORM_OK) {
        progress->sum += counter_at(result, 0)->number;
    } else {
        progress->failures++;
        fprintf(stderr, "%s\n", error->message);
    }
    miniorm_result_free(result);
}

static void written(void *data, enum miniorm_status status, struct miniorm_result *result,
                    const struct miniorm_error *error)
{
    struct progress *progress = data;

    progress->left--;
    if (status != MINIORM_OK) {
        progress->failures++;
        fprintf(stderr, "%s\n", error->message);
    }
    miniorm_result_free(result);
}

static enum miniorm_status submit_reads(struct miniorm_client *client, struct progress *progress,
                                        struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;
    int32_t id;

    for (id = 1; id <= COUNTERS && status == MINIORM_OK; id++) {
        struct miniorm_query *query = miniorm_query_where(
            miniorm_query_select(&counter_model), MINIORM_WHERE(miniorm_eq(counter_id, id)));

        status = miniorm_client_submit_take(client, query, NULL, counted, progress, NULL, error);
        progress->left += status == MINIORM_OK ? 1 : 0;
    }
    return status;
}

static enum miniorm_status submit_transaction(struct miniorm_client *client,
                                              struct progress *progress,
                                              struct miniorm_error *error)
{
    const struct miniorm_value one = miniorm_value_integer(1);
    struct miniorm_async_transaction *transaction;
    struct miniorm_query *query;
    enum miniorm_status status = miniorm_async_transaction_begin(client, NULL, &transaction, error);

    if (status != MINIORM_OK)
        return status;
    query = miniorm_query_set_raw(miniorm_query_update(&counter_model), counter_number,
                                  "number + $1", &one, 1);
    query = miniorm_query_where(query, MINIORM_ALL);
    status = miniorm_async_transaction_submit_take(transaction, query, NULL, written, progress,
                                                   NULL, error);
    if (status != MINIORM_OK) {
        miniorm_async_transaction_rollback(transaction, NULL, NULL);
        return status;
    }
    miniorm_async_transaction_commit(transaction, written, progress);
    progress->left += 2;
    return MINIORM_OK;
}

static enum miniorm_status run_loop(struct miniorm_epoll *loop, struct miniorm_client *client,
                                    struct miniorm_error *error)
{
    struct progress progress = {0};
    enum miniorm_status status = submit_reads(client, &progress, error);

    if (status == MINIORM_OK)
        status = submit_transaction(client, &progress, error);
    while (progress.left > 0 && status == MINIORM_OK)
        status = miniorm_epoll_turn(loop, -1, error);
    if (progress.failures == 0)
        printf("the sum of %d counters is %lld\n", COUNTERS, (long long)progress.sum);
    return status;
}

static enum miniorm_status fill(struct miniorm_session *session, struct miniorm_error *error)
{
    static const struct miniorm_model *const models[] = {&counter_model};
    struct counter counters[COUNTERS] = {0};
    enum miniorm_status status = miniorm_schema_create(session, models, 1, error);
    int i;

    for (i = 0; i < COUNTERS; i++) {
        miniorm_set(counter, &counters[i], id, i + 1);
        miniorm_set(counter, &counters[i], number, i);
    }
    if (status == MINIORM_OK)
        status = counter_delete(session, MINIORM_ALL, NULL, error);
    if (status == MINIORM_OK)
        status = counter_bulk_insert(session, counters, COUNTERS, NULL, error);
    return status;
}

static enum miniorm_status work(struct miniorm_database *database, struct miniorm_error *error)
{
    struct miniorm_epoll *loop;
    struct miniorm_client *client;
    enum miniorm_status status = fill(miniorm_database_session(database), error);

    if (status == MINIORM_OK)
        status = miniorm_epoll_new(&loop, error);
    if (status != MINIORM_OK)
        return status;
    status = miniorm_client_open(database, miniorm_epoll_loop(loop), &client, error);
    if (status == MINIORM_OK) {
        status = run_loop(loop, client, error);
        miniorm_client_close(client);
    }
    miniorm_epoll_free(loop);
    return status;
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "sqlite::memory:";
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database;
    enum miniorm_status status = miniorm_database_open(url, NULL, &database, &error);

    if (status == MINIORM_OK) {
        status = work(database, &error);
        miniorm_database_close(database);
    }
    if (status != MINIORM_OK)
        fprintf(stderr, "%s: %s\n", miniorm_status_name(status), error.message);
    return status == MINIORM_OK ? 0 : 1;
}
