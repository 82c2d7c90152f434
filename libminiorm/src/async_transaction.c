/*
 * Transactions on a client: each step becomes a request of the transaction, and the driver takes
 * them in order.
 *
 * Order: begin, any statements and savepoints, then exactly one of commit and rollback. The last
 * step lies in the transaction itself, so that ending one cannot fail for want of memory; the
 * transaction is freed with it.
 */
#include <stdlib.h>

#include "error.h"
#include "options.h"
#include "request.h"

enum miniorm_status miniorm_async_transaction_begin(
    struct miniorm_client *client, const struct miniorm_transaction_options *options,
    struct miniorm_async_transaction **out, struct miniorm_error *error)
{
    const struct miniorm__client_driver *driver = client->database->driver->client;
    struct miniorm_transaction_options filled;
    struct miniorm_async_transaction *transaction;
    enum miniorm_status status = miniorm__client_admit(client, error);

    if (status == MINIORM_OK)
        status =
            miniorm__options_copy(&filled, sizeof(filled), options, "transaction options", error);
    if (status != MINIORM_OK)
        return status;
    transaction = calloc(1, sizeof(*transaction) + driver->transaction_size);
    if (transaction == NULL)
        return miniorm__fail_memory(error);
    transaction->client = client;
    transaction->options = filled;
    transaction->driver_data = transaction + 1;
    miniorm__list_append(&client->transactions, &transaction->link);
    driver->begin(client, transaction);
    *out = transaction;
    return MINIORM_OK;
}

enum miniorm_status miniorm_async_transaction_submit_take(
    struct miniorm_async_transaction *transaction, struct miniorm_query *query,
    const struct miniorm_submit_options *options, miniorm_done_fn done, void *data,
    struct miniorm_request **out, struct miniorm_error *error)
{
    return miniorm__submit(transaction->client, transaction, query, options, done, data, out,
                           error);
}

/* The verb acts on the savepoint of that level. */
static enum miniorm_status add_verb(struct miniorm_async_transaction *transaction,
                                    enum miniorm__transaction_verb verb, unsigned level,
                                    struct miniorm_error *error)
{
    struct miniorm_request *request;
    enum miniorm_status status = miniorm__client_admit(transaction->client, error);

    if (status != MINIORM_OK)
        return status;
    request = calloc(1, sizeof(*request));
    if (request == NULL)
        return miniorm__fail_memory(error);
    miniorm__request_init(request, transaction->client, NULL, NULL);
    request->transaction = transaction;
    request->verb = verb;
    request->level = level;
    request->serial = transaction->serials[level - 1];
    status = miniorm__request_start(request, 0, error);
    if (status != MINIORM_OK)
        miniorm__request_free(request);
    return status;
}

enum miniorm_status miniorm_async_transaction_savepoint(
    struct miniorm_async_transaction *transaction, struct miniorm_error *error)
{
    const unsigned level = transaction->savepoints + 1;
    enum miniorm_status status;

    if (level > MINIORM__SAVEPOINTS_MAX)
        return miniorm__fail(error, MINIORM_ELIMIT,
                             "transaction: %d savepoints are open, no more "
                             "are allowed",
                             MINIORM__SAVEPOINTS_MAX);
    transaction->serials[level - 1] = transaction->last_serial + 1;
    status = add_verb(transaction, MINIORM__SAVEPOINT, level, error);
    if (status != MINIORM_OK)
        return status;
    transaction->last_serial++;
    transaction->savepoints = level;
    return MINIORM_OK;
}

static enum miniorm_status check_savepoint(const struct miniorm_async_transaction *transaction,
                                           struct miniorm_error *error)
{
    if (transaction->savepoints == 0)
        return miniorm__fail(error, MINIORM_ESTATE, "transaction: no savepoint is open");
    return MINIORM_OK;
}

enum miniorm_status miniorm_async_transaction_rollback_to(
    struct miniorm_async_transaction *transaction, struct miniorm_error *error)
{
    const enum miniorm_status status = check_savepoint(transaction, error);

    if (status != MINIORM_OK)
        return status;
    return add_verb(transaction, MINIORM__ROLLBACK_TO, transaction->savepoints, error);
}

enum miniorm_status miniorm_async_transaction_release(struct miniorm_async_transaction *transaction,
                                                      struct miniorm_error *error)
{
    enum miniorm_status status = check_savepoint(transaction, error);

    if (status == MINIORM_OK)
        status = add_verb(transaction, MINIORM__RELEASE, transaction->savepoints, error);
    if (status == MINIORM_OK)
        transaction->savepoints--;
    return status;
}

static void end(struct miniorm_async_transaction *transaction, enum miniorm__transaction_verb verb,
                miniorm_done_fn done, void *data)
{
    struct miniorm_request *request = &transaction->end;

    miniorm__request_init(request, transaction->client, done, data);
    request->transaction = transaction;
    request->verb = verb;
    request->is_embedded = true;
    miniorm__request_start_surely(request);
}

void miniorm_async_transaction_commit(struct miniorm_async_transaction *transaction,
                                      miniorm_done_fn done, void *data)
{
    end(transaction, MINIORM__COMMIT, done, data);
}

void miniorm_async_transaction_rollback(struct miniorm_async_transaction *transaction,
                                        miniorm_done_fn done, void *data)
{
    end(transaction, MINIORM__ROLLBACK, done, data);
}
