/*
 * The driver's asynchronous half: see struct miniorm__client_driver.
 *
 * Nothing here waits, and nothing here calls user code: outcomes are queued with the client.
 */
#include "client.h"

#include <stdlib.h>

#include "../error.h"

static enum miniorm_status pool_open(struct miniorm_client *client, struct miniorm_error *error)
{
    const unsigned n_lanes = client->database->options.client_connections;
    struct miniorm__pg_client *pool =
        calloc(1, sizeof(*pool) + n_lanes * sizeof(struct miniorm__pg_lane));
    unsigned i;
    int failure;

    if (pool == NULL)
        return miniorm__fail_memory(error);
    pool->client = client;
    pool->n_lanes = n_lanes;
    pool->notify = -1;
    /* Any number but zero; clients differ by address and time. */
    pool->random = (miniorm__clock_ms() ^ (uint64_t)(uintptr_t)pool) | 1;
    miniorm__list_init(&pool->again);
    miniorm__list_init(&pool->reads);
    miniorm__list_init(&pool->writes);
    miniorm__list_init(&pool->transactions);
    for (i = 0; i < n_lanes; i++)
        pool->lanes[i].pool = pool;
    failure = miniorm__pg_look_begin(pool);
    if (failure != 0) {
        free(pool);
        return miniorm__fail_errno(error, MINIORM_ENOMEM, failure, "client: cannot make a timer");
    }
    client->driver_data = pool;
    return MINIORM_OK;
}

static void pool_close(struct miniorm_client *client)
{
    struct miniorm__pg_client *pool = client->driver_data;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    unsigned i;

    pool->is_closing = true;
    miniorm__pg_interrupt_close(pool);
    for (i = 0; i < pool->n_lanes; i++)
        miniorm__pg_lane_close(&pool->lanes[i]);
    miniorm__fail(&error, MINIORM_ECANCELLED, "the client is being closed");
    miniorm__pg_fail_waiting(pool, MINIORM_ECANCELLED, &error);
    miniorm__pg_transactions_send(pool);
    client->loop.remove_timer(client->loop.context, pool->timer);
    client->stats.connections = 0;
    client->driver_data = NULL;
    free(pool);
}

static void pool_submit(struct miniorm_client *client, struct miniorm_request *request)
{
    struct miniorm__pg_client *pool = client->driver_data;

    if (request->transaction != NULL)
        miniorm__pg_transaction_submit(pool, request);
    else if (request->operation.traffic == MINIORM__READ)
        miniorm__list_append(&pool->reads, &request->link);
    else
        miniorm__list_append(&pool->writes, &request->link);
}

/* Statements that the cache let go are closed where no transaction is. */
static void tidy(struct miniorm__pg_client *pool)
{
    unsigned i;

    for (i = 0; i < pool->n_lanes; i++) {
        struct miniorm__pg_lane *lane = &pool->lanes[i];

        if (!miniorm__pg_lane_is_ready(lane) || lane->transaction != NULL || lane->cancel != NULL ||
            miniorm__list_is_empty(&lane->connection->statements.closing) ||
            lane->connection->is_open)
            continue;
        miniorm__pg_connection_tidy(lane->connection);
        lane->has_output = true;
    }
}

static void pool_flush(struct miniorm_client *client)
{
    struct miniorm__pg_client *pool = client->driver_data;
    unsigned i;

    pool->now_ms = miniorm__clock_ms();
    if (pool->is_away)
        miniorm__pg_fail_waiting(pool, pool->reason.status, &pool->reason);
    tidy(pool);
    miniorm__pg_transactions_send(pool);
    miniorm__pg_place(pool);
    for (i = 0; i < pool->n_lanes; i++)
        miniorm__pg_lane_flush(&pool->lanes[i]);
}

static void pool_abandon(struct miniorm_client *client, struct miniorm_request *request)
{
    struct miniorm__pg_client *pool = client->driver_data;
    struct miniorm__pg_lane *lane = request->driver_data;

    if (lane != NULL) {
        miniorm__pg_look_at(pool, miniorm__clock_ms());
    } else if (request->transaction != NULL) {
        /* It keeps its place: what stands behind it must fail, and nothing before. */
        miniorm__client_flush_later(client);
    } else {
        miniorm__list_remove(&request->link);
        miniorm__request_complete(request, MINIORM_ECANCELLED, NULL, NULL);
    }
}

const struct miniorm__client_driver miniorm__postgres_client_driver = {
    .transaction_size = sizeof(struct miniorm__pg_transaction),
    .open = pool_open,
    .close = pool_close,
    .begin = miniorm__pg_transaction_begin,
    .submit = pool_submit,
    .flush = pool_flush,
    .abandon = pool_abandon,
};
