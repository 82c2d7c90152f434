/*
 * Client: ties a loop, the driver's asynchronous half and the completions together.
 *
 * Order: miniorm_client_open, then submits, then miniorm_client_close, at any moment, also inside a
 * completion. Invariant: user code runs in miniorm__client_dispatch only, with no driver code below
 * it but a loop's callback, and after it returns nothing of the client is touched that may be
 * gone.
 */
#include "client_driver.h"

#include <stdlib.h>
#include <string.h>

#include "deadlines.h"
#include "error.h"
#include "options.h"
#include "request.h"

_Static_assert(offsetof(struct miniorm_client_stats, reconnects) + sizeof(uint64_t) ==
                   sizeof(struct miniorm_client_stats),
               "struct miniorm_client_stats has a hole at its end");

static enum miniorm_status check_loop(const struct miniorm_loop *loop, struct miniorm_error *error)
{
    if (loop == NULL || loop->size < sizeof(*loop) || loop->add_watch == NULL ||
        loop->set_watch == NULL || loop->remove_watch == NULL || loop->add_timer == NULL ||
        loop->set_timer == NULL || loop->remove_timer == NULL || loop->defer == NULL)
        return miniorm__fail(error, MINIORM_EINVALID, "client: the loop's table is not complete");
    return MINIORM_OK;
}

static void remove_timer(struct miniorm_client *client)
{
    if (client->timer != NULL)
        client->loop.remove_timer(client->loop.context, client->timer);
}

enum miniorm_status miniorm_client_open(struct miniorm_database *database,
                                        const struct miniorm_loop *loop,
                                        struct miniorm_client **out, struct miniorm_error *error)
{
    struct miniorm_client *client;
    enum miniorm_status status = check_loop(loop, error);

    if (status != MINIORM_OK)
        return status;
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return miniorm__fail_memory(error);
    client->database = database;
    client->loop = *loop;
    client->stats.size = sizeof(client->stats);
    miniorm__list_init(&client->outcomes);
    miniorm__list_init(&client->transactions);
    /* The timer is there from the beginning: what it must do later may not fail for want of one. */
    status = miniorm__client_arm(client, miniorm__clock_ms(), error);
    if (status == MINIORM_OK)
        status = database->driver->client->open(client, error);
    if (status != MINIORM_OK) {
        remove_timer(client);
        free(client);
        return status;
    }
    *out = client;
    return MINIORM_OK;
}

/* The client is closed, and nobody uses it any more. */
static void free_client(struct miniorm_client *client)
{
    while (client->spare != NULL) {
        struct miniorm_request *next = client->spare->next_spare;

        arena_free(&client->spare->arena);
        free(client->spare);
        client->spare = next;
    }
    free(client);
}

/* A deferred call cannot be taken back, and who is dispatching goes on: the last one frees. */
static void free_if_over(struct miniorm_client *client)
{
    if (client->is_closed && !client->is_deferred && client->n_dispatching == 0)
        free_client(client);
}

/* The end of a turn. What completes here is told by the timer, in the next turn: a completion that
 * submits again what fails at once must not keep the loop from turning. */
static void finish_turn(void *data)
{
    struct miniorm_client *client = data;

    client->is_deferred = false;
    if (client->is_closed) {
        free_if_over(client);
        return;
    }
    client->database->driver->client->flush(client);
    if (client->n_outcomes != 0)
        miniorm__client_arm(client, miniorm__clock_ms(), NULL);
}

enum miniorm_status miniorm__client_defer(struct miniorm_client *client,
                                          struct miniorm_error *error)
{
    int failure;

    if (client->is_deferred)
        return MINIORM_OK;
    failure = client->loop.defer(client->loop.context, finish_turn, client);
    if (failure != 0)
        return miniorm__fail_errno(error, MINIORM_ENOMEM, failure, "client: cannot defer a call");
    client->is_deferred = true;
    return MINIORM_OK;
}

void miniorm__client_flush_later(struct miniorm_client *client)
{
    if (client->is_closing || miniorm__client_defer(client, NULL) == MINIORM_OK)
        return;
    client->is_flush_due = true;
    miniorm__client_arm(client, miniorm__clock_ms(), NULL);
}

static void expire(void *data)
{
    struct miniorm_client *client = data;
    const uint64_t now = miniorm__clock_ms();
    struct miniorm_request *request;

    client->timer_at_ms = 0;
    while ((request = miniorm__deadlines_first(&client->deadlines)) != NULL &&
           request->deadline_ms <= now)
        miniorm__request_give_up(request, MINIORM_ETIMEDOUT);
    if (request != NULL)
        miniorm__client_arm(client, request->deadline_ms, NULL);
    if (client->is_flush_due) {
        client->is_flush_due = false;
        client->database->driver->client->flush(client);
    }
    miniorm__client_dispatch(client);
}

enum miniorm_status miniorm__client_arm(struct miniorm_client *client, uint64_t at_ms,
                                        struct miniorm_error *error)
{
    const struct miniorm_loop *loop = &client->loop;
    const uint64_t now = miniorm__clock_ms();
    const uint64_t delay_ms = at_ms > now ? at_ms - now : 0;
    int failure;

    if (client->timer_at_ms != 0 && client->timer_at_ms <= at_ms)
        return MINIORM_OK;
    if (client->timer == NULL)
        failure = loop->add_timer(loop->context, delay_ms, expire, client, &client->timer);
    else
        failure = loop->set_timer(loop->context, client->timer, delay_ms);
    if (failure != 0)
        return miniorm__fail_errno(error, MINIORM_ENOMEM, failure, "client: cannot set a timer");
    client->timer_at_ms = at_ms;
    return MINIORM_OK;
}

/* Tells what is due now; what completes while this runs waits for the next turn. */
bool miniorm__client_dispatch(struct miniorm_client *client)
{
    size_t due = client->n_outcomes;
    bool is_closed;

    if (due == 0)
        return true;
    client->n_dispatching++;
    for (; due != 0 && !miniorm__list_is_empty(&client->outcomes); due--) {
        struct miniorm__link *link = miniorm__list_pop(&client->outcomes);

        client->n_outcomes--;
        miniorm__request_tell(MINIORM__OWNER(link, struct miniorm_request, outcome_link));
    }
    client->n_dispatching--;
    is_closed = client->is_closed;
    if (client->n_outcomes != 0 && !client->is_closing)
        miniorm__client_arm(client, miniorm__clock_ms(), NULL);
    free_if_over(client);
    return !is_closed;
}

static void free_transactions(struct miniorm_client *client)
{
    struct miniorm__link *link;

    while ((link = miniorm__list_pop(&client->transactions)) != NULL)
        free(MINIORM__OWNER(link, struct miniorm_async_transaction, link));
}

void miniorm_client_close(struct miniorm_client *client)
{
    if (client == NULL || client->is_closing)
        return;
    client->is_closing = true;
    client->database->driver->client->close(client);
    while (client->n_outcomes != 0)
        miniorm__client_dispatch(client);
    free_transactions(client);
    remove_timer(client);
    miniorm__deadlines_free(&client->deadlines);
    client->is_closed = true;
    free_if_over(client);
}

static void log_statement(const struct miniorm_client *client,
                          const struct miniorm_request *request)
{
    if (client->database->options.log != NULL)
        miniorm__log(client->database, MINIORM_LOG_DEBUG, "%s",
                     request->operation.statements[0].sql);
}

enum miniorm_status miniorm__submit(struct miniorm_client *client,
                                    struct miniorm_async_transaction *transaction,
                                    struct miniorm_query *query,
                                    const struct miniorm_submit_options *options,
                                    miniorm_done_fn done, void *data, struct miniorm_request **out,
                                    struct miniorm_error *error)
{
    struct miniorm_request *request;
    unsigned timeout_ms;
    enum miniorm_status status = miniorm__client_admit(client, error);

    if (status == MINIORM_OK)
        status = miniorm__submit_timeout(options, &timeout_ms, error);
    if (status != MINIORM_OK) {
        miniorm_query_free(query);
        return status;
    }
    status = miniorm__request_new(client, query, done, data, &request, error);
    if (status != MINIORM_OK)
        return status;
    log_statement(client, request);
    request->transaction = transaction;
    status = miniorm__request_start(request, timeout_ms, error);
    if (status != MINIORM_OK)
        miniorm__request_free(request);
    else if (out != NULL)
        *out = request;
    return status;
}

enum miniorm_status miniorm__client_admit(const struct miniorm_client *client,
                                          struct miniorm_error *error)
{
    const unsigned limit = client->database->options.queue_limit;

    if (client->is_closing)
        return miniorm__fail(error, MINIORM_ESTATE, "client: it is being closed");
    if (client->stats.waiting >= limit)
        return miniorm__fail(error, MINIORM_ELIMIT,
                             "client: %u operations are waiting, which is queue_limit", limit);
    return MINIORM_OK;
}

enum miniorm_status miniorm_client_submit_take(struct miniorm_client *client,
                                               struct miniorm_query *query,
                                               const struct miniorm_submit_options *options,
                                               miniorm_done_fn done, void *data,
                                               struct miniorm_request **out,
                                               struct miniorm_error *error)
{
    return miniorm__submit(client, NULL, query, options, done, data, out, error);
}

void miniorm_client_stats(const struct miniorm_client *client, struct miniorm_client_stats *out)
{
    miniorm__figures_copy(out, &client->stats, sizeof(client->stats));
}
