/*
 * Clients on a loop for tests.
 */
#include "async.h"

#include <stdio.h>
#include <time.h>

static unsigned outcomes;

uint64_t async_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const char *server_url(void)
{
    const char *url = getenv("MINIORM_TEST_POSTGRES_URL");

    if (url == NULL)
        fail_msg("MINIORM_TEST_POSTGRES_URL is not set");
    return url;
}

void async_open_url(struct async *async, const char *url,
                    const struct miniorm_database_options *options)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    memset(async, 0, sizeof(*async));
    if (miniorm_database_open(url, options, &async->database, &error) != MINIORM_OK)
        fail_msg("%s", error.message);
    assert_int_equal(miniorm_epoll_new(&async->loop, &error), MINIORM_OK);
    if (miniorm_client_open(async->database, miniorm_epoll_loop(async->loop), &async->client,
                            &error) != MINIORM_OK)
        fail_msg("%s", error.message);
}

void async_open(struct async *async, const struct miniorm_database_options *options)
{
    async_open_url(async, server_url(), options);
}

void async_close(struct async *async)
{
    miniorm_client_close(async->client);
    miniorm_epoll_turn(async->loop, 0, NULL);
    miniorm_epoll_free(async->loop);
    miniorm_database_close(async->database);
    memset(async, 0, sizeof(*async));
}

static void note_result(struct call *call, struct miniorm_result *result)
{
    struct miniorm_value value;

    if (result == NULL)
        return;
    call->rows = miniorm_result_rows(result);
    call->affected = miniorm_result_affected(result);
    if (call->rows != 0 && miniorm_result_columns(result) != 0 &&
        miniorm_result_value(result, 0, 0, &value, NULL) == MINIORM_OK && !value.is_null &&
        (value.type == MINIORM_T_int4 || value.type == MINIORM_T_int8))
        call->number = value.as.integer;
    miniorm_result_free(result);
}

void async_done(void *data, enum miniorm_status status, struct miniorm_result *result,
                const struct miniorm_error *error)
{
    struct call *call = data;

    call->outcomes++;
    call->place = ++outcomes;
    call->status = status;
    call->ended_ms = async_now_ms();
    assert_true((status == MINIORM_OK) == (error == NULL));
    if (error != NULL) {
        assert_null(result);
        assert_int_equal(error->status, status);
        assert_true(error->message[0] != '\0');
        call->error = *error;
    }
    note_result(call, result);
}

enum miniorm_status async_submit(struct async *async, struct call *call,
                                 struct miniorm_query *query, unsigned timeout_ms)
{
    struct miniorm_submit_options options = MINIORM_SUBMIT_OPTIONS_INIT;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    enum miniorm_status status;

    memset(call, 0, sizeof(*call));
    options.timeout_ms = timeout_ms;
    status = miniorm_client_submit_take(async->client, query, &options, async_done, call,
                                        &call->request, &error);
    assert_int_equal(call->outcomes, 0);
    return status;
}

void async_read(struct async *async, struct call *call, const char *sql, unsigned timeout_ms)
{
    struct miniorm_query *query = miniorm_query_read_only(miniorm_query_raw(sql, NULL, 0));

    assert_int_equal(async_submit(async, call, query, timeout_ms), MINIORM_OK);
}

void async_write(struct async *async, struct call *call, const char *sql, unsigned timeout_ms)
{
    assert_int_equal(async_submit(async, call, miniorm_query_raw(sql, NULL, 0), timeout_ms),
                     MINIORM_OK);
}

void async_step(struct miniorm_async_transaction *transaction, struct call *call, const char *sql)
{
    memset(call, 0, sizeof(*call));
    assert_int_equal(miniorm_async_transaction_submit_take(transaction,
                                                           miniorm_query_raw(sql, NULL, 0), NULL,
                                                           async_done, call, &call->request, NULL),
                     MINIORM_OK);
}

static bool are_over(const struct call *calls, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (calls[i].outcomes == 0)
            return false;
    }
    return true;
}

void async_wait(struct async *async, const struct call *calls, size_t count)
{
    const uint64_t end_ms = async_now_ms() + ASYNC_PATIENCE_MS;
    size_t i;

    while (!are_over(calls, count)) {
        miniorm_epoll_turn(async->loop, 100, NULL);
        if (async_now_ms() > end_ms)
            fail_msg("an operation has no outcome");
    }
    for (i = 0; i < count; i++)
        assert_int_equal(calls[i].outcomes, 1);
}

void async_turn_for(struct async *async, unsigned ms)
{
    const uint64_t end_ms = async_now_ms() + ms;

    do {
        miniorm_epoll_turn(async->loop, 5, NULL);
    } while (async_now_ms() < end_ms);
}

int64_t async_ask(struct async *async, const char *sql)
{
    struct call call;

    async_read(async, &call, sql, 0);
    async_wait(async, &call, 1);
    assert_status(&call, MINIORM_OK);
    return call.number;
}

void async_execute(const char *sql)
{
    struct miniorm_database *database;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    assert_int_equal(miniorm_database_open(server_url(), NULL, &database, NULL), MINIORM_OK);
    if (miniorm_run_take(miniorm_database_session(database), miniorm_query_raw(sql, NULL, 0), NULL,
                         &error) != MINIORM_OK)
        fail_msg("%s", error.message);
    miniorm_database_close(database);
}

struct miniorm_client_stats async_stats(const struct async *async)
{
    struct miniorm_client_stats stats = {.size = sizeof(stats)};

    miniorm_client_stats(async->client, &stats);
    return stats;
}

void async_assert_status(const struct call *call, enum miniorm_status expected, const char *file,
                         int line)
{
    if (call->status != expected || call->outcomes != 1) {
        print_error("%u outcomes, %s: %s\n", call->outcomes, miniorm_status_name(call->status),
                    call->error.message);
        _assert_int_equal((LargestIntegralType)call->status, (LargestIntegralType)expected, file,
                          line);
        _assert_int_equal(call->outcomes, 1, file, line);
    }
}
