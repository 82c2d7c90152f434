/*
 * Request: one operation under way, from submit to its completion.
 *
 * A request has two holders: the driver, from miniorm__request_start to miniorm__request_complete,
 * and the completion, until it was called. They let go in either order (a deadline passes while the
 * driver still waits for the answer); the last one frees it. Invariant: the completion is called
 * exactly once, and only from miniorm__client_dispatch.
 */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "deadlines.h"
#include "error.h"
#include "options.h"

/* Freed requests that a client keeps to use again: what a busy client has under way, not more. */
#define SPARE_MAX 128

_Static_assert(offsetof(struct miniorm_submit_options, timeout_ms) + sizeof(unsigned) <=
                   sizeof(struct miniorm_submit_options),
               "struct miniorm_submit_options ends with timeout_ms");

void miniorm__request_init(struct miniorm_request *request, struct miniorm_client *client,
                           miniorm_done_fn done, void *data)
{
    request->client = client;
    request->done = done;
    request->data = data;
    miniorm__list_init(&request->link);
}

static struct miniorm_request *take_spare(struct miniorm_client *client)
{
    struct miniorm_request *request = client->spare;

    if (request != NULL) {
        client->spare = request->next_spare;
        client->n_spare--;
    }
    return request;
}

/* The error is large, and is written when there is one. */
static struct miniorm_request *allocate(struct miniorm_client *client)
{
    struct miniorm_request *request = take_spare(client);

    if (request == NULL) {
        request = malloc(sizeof(*request));
        if (request == NULL)
            return NULL;
        memset(&request->arena, 0, sizeof(request->arena));
    }
    memset(request, 0, offsetof(struct miniorm_request, arena));
    request->error.status = MINIORM_OK;
    return request;
}

enum miniorm_status miniorm__request_new(struct miniorm_client *client, struct miniorm_query *query,
                                         miniorm_done_fn done, void *data,
                                         struct miniorm_request **out, struct miniorm_error *error)
{
    const enum miniorm_dialect dialect = client->database->driver->dialect;
    struct miniorm_request *request = query == NULL ? NULL : allocate(client);
    enum miniorm_status status;

    if (request == NULL) {
        miniorm_query_free(query);
        return miniorm__fail_memory(error);
    }
    miniorm__request_init(request, client, done, data);
    request->query = query;
    status = miniorm__operation_render(query, dialect, &request->arena, &request->operation, error);
    if (status != MINIORM_OK) {
        miniorm__request_free(request);
        return status;
    }
    *out = request;
    return MINIORM_OK;
}

static void keep_or_free(struct miniorm_request *request)
{
    struct miniorm_client *client = request->client;

    if (client->n_spare == SPARE_MAX) {
        arena_free(&request->arena);
        free(request);
        return;
    }
    arena_reset(&request->arena);
    request->next_spare = client->spare;
    client->spare = request;
    client->n_spare++;
}

void miniorm__request_free(struct miniorm_request *request)
{
    struct miniorm_async_transaction *transaction = request->transaction;

    miniorm_result_free(request->result);
    miniorm_query_free(request->query);
    if (!request->is_embedded) {
        keep_or_free(request);
        return;
    }
    arena_free(&request->arena);
    miniorm__list_remove(&transaction->link);
    free(transaction);
}

enum miniorm_status miniorm__submit_timeout(const struct miniorm_submit_options *options,
                                            unsigned *timeout_ms, struct miniorm_error *error)
{
    struct miniorm_submit_options filled;
    enum miniorm_status status;

    *timeout_ms = 0;
    if (options == NULL)
        return MINIORM_OK;
    status = miniorm__options_copy(&filled, sizeof(filled), options, "submit options", error);
    if (status == MINIORM_OK)
        *timeout_ms = filled.timeout_ms;
    return status;
}

static enum miniorm_status set_deadline(struct miniorm_request *request, unsigned timeout_ms,
                                        struct miniorm_error *error)
{
    struct miniorm_client *client = request->client;

    if (timeout_ms == 0)
        timeout_ms = client->database->options.statement_timeout_ms;
    if (timeout_ms == 0)
        return MINIORM_OK;
    request->deadline_ms = miniorm__clock_ms() + timeout_ms;
    if (!miniorm__deadlines_add(&client->deadlines, request))
        return miniorm__fail_memory(error);
    return miniorm__client_arm(client, request->deadline_ms, error);
}

static void hand_over(struct miniorm_request *request)
{
    struct miniorm_client *client = request->client;

    request->is_untold = true;
    request->is_held = true;
    client->stats.submitted++;
    client->stats.waiting++;
    client->database->driver->client->submit(client, request);
}

enum miniorm_status miniorm__request_start(struct miniorm_request *request, unsigned timeout_ms,
                                           struct miniorm_error *error)
{
    struct miniorm_client *client = request->client;
    enum miniorm_status status = set_deadline(request, timeout_ms, error);

    if (status == MINIORM_OK)
        status = miniorm__client_defer(client, error);
    if (status != MINIORM_OK) {
        miniorm__deadlines_remove(&client->deadlines, request);
        return status;
    }
    hand_over(request);
    return MINIORM_OK;
}

/* Queues what the completion will be told; the first outcome counts. */
static void queue_outcome(struct miniorm_request *request, enum miniorm_status status,
                          struct miniorm_result *result, const struct miniorm_error *error)
{
    struct miniorm_client *client = request->client;

    request->status = status;
    request->result = result;
    if (status != MINIORM_OK && error != NULL)
        request->error = *error;
    request->is_queued = true;
    client->stats.completed++;
    client->n_outcomes++;
    miniorm__list_append(&client->outcomes, &request->outcome_link);
}

static void queue_failure(struct miniorm_request *request, enum miniorm_status status,
                          const char *message)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    miniorm__fail(&error, status, "%s", message);
    queue_outcome(request, status, NULL, &error);
}

void miniorm__request_start_surely(struct miniorm_request *request)
{
    struct miniorm_client *client = request->client;

    if (client->is_closing) {
        client->stats.submitted++;
        request->is_untold = true;
        queue_failure(request, MINIORM_ECANCELLED, "the client is being closed");
        return;
    }
    if (set_deadline(request, 0, NULL) != MINIORM_OK)
        miniorm__deadlines_remove(&client->deadlines, request);
    miniorm__client_flush_later(client);
    hand_over(request);
}

void miniorm__request_sent(struct miniorm_request *request)
{
    if (request->is_sent)
        return;
    request->is_sent = true;
    request->client->stats.waiting--;
    request->client->stats.in_flight++;
}

void miniorm__request_requeued(struct miniorm_request *request)
{
    if (!request->is_sent)
        return;
    request->is_sent = false;
    request->client->stats.in_flight--;
    request->client->stats.waiting++;
}

void miniorm__request_complete(struct miniorm_request *request, enum miniorm_status status,
                               struct miniorm_result *result, const struct miniorm_error *error)
{
    struct miniorm_client *client = request->client;

    request->is_held = false;
    if (request->is_sent)
        client->stats.in_flight--;
    else
        client->stats.waiting--;
    miniorm__deadlines_remove(&client->deadlines, request);
    if (request->is_untold && !request->is_queued) {
        queue_outcome(request, status, result, error);
        return;
    }
    miniorm_result_free(result);
    if (!request->is_untold && !request->is_being_told)
        miniorm__request_free(request);
}

void miniorm__request_fail(struct miniorm_request *request, enum miniorm_status status,
                           const char *message)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    miniorm__fail(&error, status, "%s", message);
    miniorm__request_complete(request, status, NULL, &error);
}

void miniorm__request_give_up(struct miniorm_request *request, enum miniorm_status status)
{
    struct miniorm_client *client = request->client;

    miniorm__deadlines_remove(&client->deadlines, request);
    request->is_abandoned = true;
    if (request->verb == MINIORM__COMMIT && request->is_sent)
        queue_failure(request, MINIORM_ECOMMIT_UNKNOWN,
                      "the transaction's outcome is not known: COMMIT was not answered in time");
    else if (status == MINIORM_ETIMEDOUT)
        queue_failure(request, status, "the deadline of the operation passed");
    else
        queue_failure(request, status, "the operation was cancelled");
    client->database->driver->client->abandon(client, request);
}

void miniorm__request_tell(struct miniorm_request *request)
{
    struct miniorm_result *result = request->result;

    request->is_queued = false;
    request->is_untold = false;
    request->is_being_told = true;
    if (request->is_embedded) {
        /* The transaction lives until this returns, even if the client is closed meanwhile. */
        miniorm__list_remove(&request->transaction->link);
    }
    if (request->done != NULL) {
        request->result = NULL;
        request->done(request->data, request->status, result,
                      request->status == MINIORM_OK ? NULL : &request->error);
    }
    request->is_being_told = false;
    if (!request->is_held)
        miniorm__request_free(request);
}

void miniorm_request_cancel(struct miniorm_request *request)
{
    if (request->is_queued)
        return;
    miniorm__request_give_up(request, MINIORM_ECANCELLED);
    miniorm__client_flush_later(request->client);
}
