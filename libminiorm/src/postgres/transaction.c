/*
 * Transactions of a client: their steps on a lane of their own.
 *
 * BEGIN travels with the first statement, and everything that was submitted in one turn leaves
 * together. COMMIT, ROLLBACK and ROLLBACK TO begin a segment of their own, because the server skips
 * the rest of a segment after an error, and these must run all the same. A step that fails before
 * it is sent makes the next ones be skipped here, as the server would.
 *
 * Invariant: as long as it is not known that BEGIN succeeded, no segment begins with a statement,
 * which would run outside the transaction then.
 */
#include "client.h"
#include "failure.h"
#include "result.h"
#include "verbs.h"

#include "../error.h"

static struct miniorm__pg_transaction *own_of(const struct miniorm_async_transaction *transaction)
{
    return transaction->driver_data;
}

void miniorm__pg_transaction_begin(struct miniorm_client *client,
                                   struct miniorm_async_transaction *transaction)
{
    struct miniorm__pg_transaction *own = own_of(transaction);

    (void)client;
    own->transaction = transaction;
    miniorm__list_init(&own->link);
    miniorm__list_init(&own->steps);
}

void miniorm__pg_transaction_submit(struct miniorm__pg_client *pool,
                                    struct miniorm_request *request)
{
    struct miniorm__pg_transaction *own = own_of(request->transaction);

    if (miniorm__list_is_empty(&own->steps))
        miniorm__list_append(&pool->transactions, &own->link);
    miniorm__list_append(&own->steps, &request->link);
}

static bool ends(const struct miniorm_request *request)
{
    return request->verb == MINIORM__COMMIT || request->verb == MINIORM__ROLLBACK;
}

/* Completes a request and, with the last one, the transaction, which is gone afterwards. */
static void complete(struct miniorm_request *request, enum miniorm_status status,
                     struct miniorm_result *result, const struct miniorm_error *error)
{
    struct miniorm__pg_transaction *own = own_of(request->transaction);
    struct miniorm__pg_lane *lane = own->lane;

    if (ends(request) && lane != NULL) {
        lane->transaction = NULL;
        own->lane = NULL;
        miniorm__client_flush_later(lane->pool->client);
    }
    miniorm__request_complete(request, status, result, error);
}

static void complete_skipped(struct miniorm_request *request)
{
    const struct miniorm__pg_transaction *own = own_of(request->transaction);
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (own->failure.status != MINIORM_OK)
        miniorm__fail_copy(&error, &own->failure);
    else
        miniorm__fail(&error, MINIORM_EABORTED,
                      own->is_lost ? "the connection broke: the transaction was rolled back"
                                   : "an earlier error aborted the transaction: roll back");
    complete(request, error.status, NULL, &error);
}

/* A step that the server never sees. */
static void skip(struct miniorm__pg_transaction *own, struct miniorm_request *request)
{
    if (request->verb == MINIORM__SAVEPOINT && own->missing == 0)
        own->missing = request->serial;
    if (request->verb == MINIORM__ROLLBACK)
        complete(request, MINIORM_OK, NULL, NULL);
    else
        complete_skipped(request);
}

void miniorm__pg_transaction_fail(struct miniorm__pg_transaction *own, enum miniorm_status status,
                                  const struct miniorm_error *error)
{
    struct miniorm__link *link;

    miniorm__list_remove(&own->link);
    own->is_skipping = true;
    while ((link = miniorm__list_pop(&own->steps)) != NULL) {
        struct miniorm_request *request = MINIORM__OWNER(link, struct miniorm_request, link);
        const bool is_last = ends(request);

        if (request->verb == MINIORM__ROLLBACK && status != MINIORM_ECANCELLED)
            complete(request, MINIORM_OK, NULL, NULL);
        else
            complete(request, status, NULL, error);
        if (is_last)
            return;
    }
}

void miniorm__pg_transaction_lost(struct miniorm_async_transaction *transaction)
{
    struct miniorm__pg_transaction *own = own_of(transaction);

    own->lane->transaction = NULL;
    own->lane = NULL;
    if (own->begin != MINIORM__PG_NOT_BEGUN)
        own->is_lost = true;
}

static bool send_verb(struct miniorm__pg_lane *lane, const char *sql,
                      enum miniorm__transaction_verb verb, void *waiter)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    lane->has_output = true;
    if (miniorm__pg_connection_send_verb(lane->connection, sql, verb, waiter, &error) == MINIORM_OK)
        return true;
    miniorm__pg_connection_break(lane->connection, &error);
    return false;
}

static bool send_begin(struct miniorm__pg_transaction *own)
{
    char sql[MINIORM__PG_BEGIN_SIZE];

    miniorm__pg_begin_text(&own->transaction->options, sql);
    if (!send_verb(own->lane, sql, MINIORM__BEGIN, own->transaction))
        return false;
    own->begin = MINIORM__PG_BEGIN_SENT;
    return true;
}

static void send_statement(struct miniorm__pg_transaction *own, struct miniorm_request *request)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    enum miniorm_status status;

    own->lane->has_output = true;
    status = miniorm__pg_connection_send(own->lane->connection, request->operation.statements,
                                         request, true, &error);
    if (status == MINIORM_OK) {
        miniorm__pg_lane_started(own->lane, request);
        return;
    }
    own->is_skipping = true;
    complete(request, status, NULL, &error);
}

/* The verb that really ends or mends what the step asks for. */
static enum miniorm__transaction_verb real_verb(const struct miniorm__pg_transaction *own,
                                                const struct miniorm_request *request)
{
    if (request->verb == MINIORM__COMMIT && own->is_skipping)
        return MINIORM__ROLLBACK;
    return request->verb;
}

static void send_step_verb(struct miniorm__pg_transaction *own, struct miniorm_request *request)
{
    struct miniorm__pg_lane *lane = own->lane;
    const bool is_end = ends(request);
    char sql[MINIORM__PG_VERB_SIZE];

    miniorm__pg_verb_text(real_verb(own, request), request->serial, sql);
    if ((is_end || request->verb == MINIORM__ROLLBACK_TO) && lane->connection->is_open)
        miniorm__pg_lane_sync(lane, NULL);
    if (request->verb == MINIORM__ROLLBACK_TO) {
        own->is_skipping = false;
        own->missing = 0;
    }
    if (!send_verb(lane, sql, request->verb, request)) {
        complete(request, MINIORM_ECONNECTION, NULL, &lane->connection->reason);
        return;
    }
    miniorm__pg_lane_started(lane, request);
    if (is_end)
        miniorm__pg_lane_sync(lane, NULL);
}

/* Whether the server never sees the step. One that was given up counts as failed. */
static bool is_skipped(const struct miniorm__pg_transaction *own,
                       const struct miniorm_request *request)
{
    if (own->is_lost)
        return true;
    if (ends(request))
        return false;
    if (own->failure.status != MINIORM_OK || request->is_abandoned)
        return true;
    if (!own->is_skipping)
        return false;
    return request->verb != MINIORM__ROLLBACK_TO ||
           (own->missing != 0 && request->serial >= own->missing);
}

/* Whether the step must wait for an answer before it can be sent. */
static bool must_wait(const struct miniorm__pg_transaction *own,
                      const struct miniorm_request *request)
{
    const struct miniorm__pg_connection *connection = own->lane->connection;
    const bool is_first_of_segment = !connection->is_open;

    if (!miniorm__pg_lane_has_credit(own->lane) || own->lane->cancel != NULL)
        return true;
    return own->begin == MINIORM__PG_BEGIN_SENT && is_first_of_segment && !ends(request) &&
           request->verb != MINIORM__ROLLBACK_TO;
}

/* A transaction that never reached the server ends without it. */
static bool end_unbegun(struct miniorm__pg_transaction *own, struct miniorm_request *request)
{
    if (!ends(request) || own->begin != MINIORM__PG_NOT_BEGUN)
        return false;
    if (request->verb == MINIORM__COMMIT && own->is_skipping)
        complete_skipped(request);
    else
        complete(request, MINIORM_OK, NULL, NULL);
    return true;
}

static bool get_lane(struct miniorm__pg_client *pool, struct miniorm__pg_transaction *own)
{
    if (own->lane != NULL)
        return miniorm__pg_lane_is_ready(own->lane);
    own->lane = miniorm__pg_reserve(pool);
    if (own->lane == NULL)
        return false;
    own->lane->transaction = own->transaction;
    /* Reads of others may be in the segment; theirs ends here. */
    if (own->lane->connection->is_open)
        miniorm__pg_lane_sync(own->lane, NULL);
    return true;
}

/* A pooler gets one command at a time. */
static void sync_for_pooler(struct miniorm__pg_lane *lane)
{
    if (!lane->connection->uses_names && lane->connection->is_open)
        miniorm__pg_lane_sync(lane, NULL);
}

/* Sends or completes the first step; false: it has to wait. */
static bool send_step(struct miniorm__pg_client *pool, struct miniorm__pg_transaction *own,
                      struct miniorm_request *request)
{
    struct miniorm__pg_lane *lane;

    own->is_skipping = own->is_skipping || request->is_abandoned;
    if (is_skipped(own, request)) {
        miniorm__list_remove(&request->link);
        skip(own, request);
        return true;
    }
    if (own->begin == MINIORM__PG_NOT_BEGUN && ends(request)) {
        miniorm__list_remove(&request->link);
        return end_unbegun(own, request);
    }
    if (!get_lane(pool, own) || must_wait(own, request))
        return false;
    lane = own->lane;
    if (own->begin == MINIORM__PG_NOT_BEGUN) {
        if (!send_begin(own) || !lane->connection->uses_names) {
            sync_for_pooler(lane);
            return false;
        }
    }
    miniorm__list_remove(&request->link);
    if (request->verb == 0)
        send_statement(own, request);
    else
        send_step_verb(own, request);
    sync_for_pooler(lane);
    return true;
}

/* The transaction is taken out of the list before its last step, with which it may be gone, and put
 * back to its place in front of `next` if that has to wait. */
static void send_steps(struct miniorm__pg_client *pool, struct miniorm__pg_transaction *own,
                       struct miniorm__link *next)
{
    bool is_going_on = true;

    while (is_going_on && !miniorm__list_is_empty(&own->steps)) {
        struct miniorm_request *request =
            MINIORM__OWNER(own->steps.next, struct miniorm_request, link);
        const bool is_only = request->link.next == &own->steps;
        const bool is_last = ends(request);

        if (is_only)
            miniorm__list_remove(&own->link);
        is_going_on = send_step(pool, own, request);
        if (is_only && !is_going_on)
            miniorm__list_append(next, &own->link);
        if (is_last)
            return;
    }
}

void miniorm__pg_transactions_send(struct miniorm__pg_client *pool)
{
    struct miniorm__link *link = pool->transactions.next;

    while (link != &pool->transactions) {
        struct miniorm__link *next = link->next;

        send_steps(pool, MINIORM__OWNER(link, struct miniorm__pg_transaction, link), next);
        link = next;
    }
}

static void begin_answered(struct miniorm__pg_transaction *own, PGresult *result)
{
    /* Lost: the server may have carried out it and everything behind it, COMMIT too. */
    if (result == NULL)
        return;
    if (PQresultStatus(result) == PGRES_FATAL_ERROR)
        miniorm__pg_fail_result(&own->failure, result);
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        own->begin = MINIORM__PG_BEGUN;
    else
        own->is_skipping = true;
    PQclear(result);
}

static void complete_lost(struct miniorm__pg_lane *lane, struct miniorm_request *request)
{
    const char *why = lane->connection->reason.message;
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (request->verb == MINIORM__COMMIT && !own_of(request->transaction)->is_skipping)
        miniorm__fail(&error, MINIORM_ECOMMIT_UNKNOWN, "no answer to COMMIT: %s", why);
    else if (lane->pool->is_closing)
        miniorm__fail(&error, MINIORM_ECANCELLED, "the client is being closed");
    else if (request->verb == MINIORM__ROLLBACK)
        error.status = MINIORM_OK;
    else
        miniorm__fail(&error, MINIORM_ECONNECTION, "%s", why);
    complete(request, error.status, NULL, &error);
}

/* Where BEGIN failed there was nothing to commit, and COMMIT is answered with no more than a
 * warning. */
static bool was_committed(const struct miniorm__pg_transaction *own, PGresult *answer)
{
    return own->begin == MINIORM__PG_BEGUN && !miniorm__pg_rolled_back(answer);
}

/* An answer without an error. */
static void complete_answered(struct miniorm_request *request, PGresult *answer)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;
    enum miniorm_status status = MINIORM_OK;

    if (request->verb == 0) {
        status = miniorm__pg_result_take(&request->operation, answer, &result, &error);
        complete(request, status, result, &error);
        return;
    }
    if (request->verb == MINIORM__COMMIT && !was_committed(own_of(request->transaction), answer))
        complete_skipped(request);
    else
        complete(request, MINIORM_OK, NULL, NULL);
    PQclear(answer);
}

static void complete_failed(struct miniorm__pg_lane *lane, struct miniorm_request *request,
                            PGresult *result)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (miniorm__pg_is_cancelled(result) && miniorm__pg_interrupt_may_hit(lane))
        miniorm__fail(&error, MINIORM_EABORTED,
                      "another statement of the transaction was given up: roll back");
    else
        miniorm__pg_fail_result(&error, result);
    PQclear(result);
    complete(request, error.status, NULL, &error);
}

void miniorm__pg_transaction_answered(struct miniorm__pg_lane *lane,
                                      const struct miniorm__pg_expectation *expected,
                                      PGresult *result)
{
    struct miniorm_request *request = expected->waiter;

    if (expected->verb == MINIORM__BEGIN) {
        begin_answered(own_of(expected->waiter), result);
        return;
    }
    miniorm__pg_lane_ended(lane, request);
    if (result == NULL) {
        complete_lost(lane, request);
        return;
    }
    switch (PQresultStatus(result)) {
    case PGRES_FATAL_ERROR: complete_failed(lane, request, result); break;
    case PGRES_PIPELINE_ABORTED:
        PQclear(result);
        complete_skipped(request);
        break;
    default: complete_answered(request, result); break;
    }
}
