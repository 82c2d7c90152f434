/*
 * Pipeline: what a connection has sent and the server has not answered yet, in order.
 *
 * Sending appends expectations; reading matches results with the first of them by libpq's grammar:
 * the result of a command is followed by NULL, that of a Sync is not, and an error at a Sync (the
 * commit of its segment failed) comes before the Sync's own result. Nothing is inferred from
 * PQtransactionStatus, which is ACTIVE as long as anything is queued.
 *
 * libpq forgets what was sent as soon as it sees that the server has gone, and then takes the first
 * part of an answer, which describes its columns, for the whole of it. So what it read but did not
 * hand over before is no answer to anything; only why the server went can be told from it.
 */
#include "connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "failure.h"
#include "later.h"

#define BINARY 1
/* libpq ends an answer with one NULL, and is idle after two; more while something is expected mean
 * that the server went without delivering it. */
#define EMPTY_ANSWERS_MAX 2

static bool reserve(struct miniorm__pg_connection *connection, unsigned count,
                    struct miniorm_error *error)
{
    const unsigned depth = miniorm__pg_connection_depth(connection);
    struct miniorm__pg_expectation *ring;
    unsigned i;

    if (depth + count <= connection->capacity)
        return true;
    ring = malloc(sizeof(*ring) * connection->capacity * 2);
    if (ring == NULL) {
        miniorm__fail_memory(error);
        return false;
    }
    for (i = 0; i < depth; i++)
        ring[i] = connection->ring[(connection->first + i) & (connection->capacity - 1)];
    free(connection->ring);
    connection->ring = ring;
    connection->capacity *= 2;
    connection->first = 0;
    connection->end = depth;
    return true;
}

static struct miniorm__pg_expectation *expect(struct miniorm__pg_connection *connection,
                                              enum miniorm__pg_step step, void *waiter)
{
    struct miniorm__pg_expectation *expectation =
        &connection->ring[connection->end++ & (connection->capacity - 1)];

    memset(expectation, 0, sizeof(*expectation));
    expectation->step = step;
    expectation->waiter = waiter;
    connection->is_open = step != MINIORM__PG_SYNC;
    return expectation;
}

const struct miniorm__pg_expectation *miniorm__pg_connection_peek(
    const struct miniorm__pg_connection *connection, unsigned index)
{
    if (index >= miniorm__pg_connection_depth(connection))
        return NULL;
    return &connection->ring[(connection->first + index) & (connection->capacity - 1)];
}

/* Half a message may be queued after a failure inside libpq: the connection is not used again. */
static enum miniorm_status sending_failed(struct miniorm__pg_connection *connection,
                                          struct miniorm_error *error)
{
    struct miniorm_error reason = MINIORM_ERROR_INIT;

    miniorm__pg_fail_broken(&reason, connection->pg);
    miniorm__pg_connection_break(connection, &reason);
    return miniorm__fail_copy(error, &connection->reason);
}

static enum miniorm_status check_ready(const struct miniorm__pg_connection *connection,
                                       struct miniorm_error *error)
{
    if (connection->state == MINIORM__PG_READY)
        return MINIORM_OK;
    if (connection->state == MINIORM__PG_BROKEN)
        return miniorm__fail_copy(error, &connection->reason);
    return miniorm__fail(error, MINIORM_ESTATE, "the connection is not open yet");
}

static bool prepare(struct miniorm__pg_connection *connection,
                    const struct miniorm__statement *statement,
                    const struct miniorm__pg_parameters *parameters,
                    struct miniorm__pg_statement *entry, void *waiter)
{
    if (PQsendPrepare(connection->pg, entry->name, statement->sql, parameters->count,
                      parameters->types) != 1) {
        miniorm__pg_statements_forget(&connection->statements, entry);
        return false;
    }
    entry->segment = connection->segment;
    expect(connection, MINIORM__PG_PARSE, waiter)->entry = entry;
    return true;
}

/* Whether the name is sure to exist when the server comes to the statement, or a failure is mended
 * by sending it again. */
static bool is_trusted(const struct miniorm__pg_connection *connection,
                       const struct miniorm__pg_statement *entry, bool is_careful)
{
    return !is_careful || entry->state == MINIORM__READY || entry->segment == connection->segment;
}

static bool send_named(struct miniorm__pg_connection *connection, const char *name,
                       const struct miniorm__pg_parameters *parameters)
{
    return PQsendQueryPrepared(connection->pg, name, parameters->count, parameters->values,
                               parameters->lengths, parameters->formats, BINARY) == 1;
}

static bool send_unnamed(struct miniorm__pg_connection *connection,
                         const struct miniorm__statement *statement,
                         const struct miniorm__pg_parameters *parameters)
{
    return PQsendQueryParams(connection->pg, statement->sql, parameters->count, parameters->types,
                             parameters->values, parameters->lengths, parameters->formats,
                             BINARY) == 1;
}

static bool send_encoded(struct miniorm__pg_connection *connection,
                         const struct miniorm__statement *statement,
                         const struct miniorm__pg_parameters *parameters, void *waiter,
                         bool is_careful, uint64_t *key)
{
    struct miniorm__pg_statements *cache = &connection->statements;
    struct miniorm__pg_statement *entry;

    *key = 0;
    if (!connection->uses_names)
        return send_unnamed(connection, statement, parameters);
    *key = miniorm__pg_statement_key(statement, parameters);
    entry = miniorm__pg_statements_find(cache, *key, statement, parameters);
    if (entry == NULL) {
        entry = miniorm__pg_statements_add(cache, *key, statement, parameters);
        if (entry == NULL)
            return send_unnamed(connection, statement, parameters);
        if (!prepare(connection, statement, parameters, entry, waiter))
            return false;
    }
    if (!is_trusted(connection, entry, is_careful))
        return send_unnamed(connection, statement, parameters);
    return send_named(connection, entry->name, parameters);
}

enum miniorm_status miniorm__pg_connection_send(struct miniorm__pg_connection *connection,
                                                const struct miniorm__statement *statement,
                                                void *waiter, bool is_careful,
                                                struct miniorm_error *error)
{
    enum miniorm_status status = check_ready(connection, error);
    struct miniorm__pg_parameters parameters;
    uint64_t key;

    if (status != MINIORM_OK)
        return status;
    status = miniorm__pg_encode(statement, &connection->scratch, &parameters, error);
    if (status != MINIORM_OK)
        return status;
    /* The Parse, the statement, and the Sync that must follow it some time. */
    if (!reserve(connection, 3, error))
        return MINIORM_ENOMEM;
    if (!send_encoded(connection, statement, &parameters, waiter, is_careful, &key))
        return sending_failed(connection, error);
    expect(connection, MINIORM__PG_STATEMENT, waiter)->key = key;
    miniorm__pg_scratch_trim(&connection->scratch);
    return MINIORM_OK;
}

static bool send_plain(struct miniorm__pg_connection *connection, const char *sql)
{
    return PQsendQueryParams(connection->pg, sql, 0, NULL, NULL, NULL, NULL, BINARY) == 1;
}

enum miniorm_status miniorm__pg_connection_send_verb(struct miniorm__pg_connection *connection,
                                                     const char *sql,
                                                     enum miniorm__transaction_verb verb,
                                                     void *waiter, struct miniorm_error *error)
{
    enum miniorm_status status = check_ready(connection, error);

    if (status != MINIORM_OK)
        return status;
    if (!reserve(connection, 2, error))
        return MINIORM_ENOMEM;
    if (!send_plain(connection, sql))
        return sending_failed(connection, error);
    expect(connection, MINIORM__PG_VERB, waiter)->verb = verb;
    return MINIORM_OK;
}

enum miniorm_status miniorm__pg_connection_sync(struct miniorm__pg_connection *connection,
                                                void *waiter, struct miniorm_error *error)
{
    enum miniorm_status status = check_ready(connection, error);
    int sent;

    if (status != MINIORM_OK)
        return status;
    if (!reserve(connection, 1, error))
        return MINIORM_ENOMEM;
    sent = PQsendPipelineSync != NULL ? PQsendPipelineSync(connection->pg)
                                      : PQpipelineSync(connection->pg);
    if (sent != 1)
        return sending_failed(connection, error);
    expect(connection, MINIORM__PG_SYNC, waiter);
    connection->segment++;
    return MINIORM_OK;
}

static bool send_close(struct miniorm__pg_connection *connection, const char *name)
{
    /* The keyword, a quoted name without quotes in it, NUL. */
    char sql[sizeof("DEALLOCATE \"\"") + MINIORM__PG_NAME_SIZE];

    if (PQsendClosePrepared != NULL)
        return PQsendClosePrepared(connection->pg, name) == 1;
    (void)snprintf(sql, sizeof(sql), "DEALLOCATE \"%s\"", name);
    return send_plain(connection, sql);
}

void miniorm__pg_connection_tidy(struct miniorm__pg_connection *connection)
{
    struct miniorm__link *closing = &connection->statements.closing;
    struct miniorm__pg_statement *entry;

    if (miniorm__list_is_empty(closing) || connection->state != MINIORM__PG_READY)
        return;
    while (!miniorm__list_is_empty(closing) && reserve(connection, 2, NULL)) {
        entry = MINIORM__OWNER(closing->next, struct miniorm__pg_statement, use);
        if (!send_close(connection, entry->name)) {
            sending_failed(connection, NULL);
            return;
        }
        miniorm__pg_statements_closing_take(&connection->statements, entry);
        expect(connection, MINIORM__PG_CLOSE, NULL)->entry = entry;
    }
    if (connection->is_open)
        miniorm__pg_connection_sync(connection, NULL, NULL);
}

static void parse_answered(struct miniorm__pg_connection *connection,
                           struct miniorm__pg_statement *entry, PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COMMAND_OK) {
        entry->state = MINIORM__READY;
    } else {
        miniorm__pg_statements_forget(&connection->statements, entry);
        if (status == PGRES_FATAL_ERROR) {
            /* The statement behind it is skipped; this is its reason. */
            connection->parse_error = result;
            return;
        }
    }
    PQclear(result);
}

/* A skipped one is still there on the server. */
static void close_answered(struct miniorm__pg_connection *connection,
                           struct miniorm__pg_statement *entry, PGresult *result)
{
    if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED)
        miniorm__pg_statements_closing_add(&connection->statements, entry);
    else
        free(entry);
    PQclear(result);
}

static void statement_answered(struct miniorm__pg_connection *connection,
                               const struct miniorm__pg_expectation *expected, PGresult *result)
{
    if (connection->parse_error != NULL) {
        PQclear(result);
        result = connection->parse_error;
        connection->parse_error = NULL;
    } else if (PQresultStatus(result) == PGRES_FATAL_ERROR && miniorm__pg_is_stale(result)) {
        miniorm__pg_statements_drop(&connection->statements, expected->key);
    }
    connection->answered(connection->owner, expected, result);
}

/* The first expectation has its answer. */
static void pop(struct miniorm__pg_connection *connection, PGresult *result)
{
    const struct miniorm__pg_expectation expected = *miniorm__pg_connection_peek(connection, 0);

    connection->first++;
    connection->empty_answers = 0;
    switch (expected.step) {
    case MINIORM__PG_PARSE: parse_answered(connection, expected.entry, result); break;
    case MINIORM__PG_CLOSE: close_answered(connection, expected.entry, result); break;
    case MINIORM__PG_STATEMENT: statement_answered(connection, &expected, result); break;
    case MINIORM__PG_VERB:
    case MINIORM__PG_SYNC: connection->answered(connection->owner, &expected, result); break;
    }
}

static void break_protocol(struct miniorm__pg_connection *connection, const char *what)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    miniorm__fail(&error, MINIORM_EPROTOCOL, "the connection to PostgreSQL is closed: %s", what);
    miniorm__pg_connection_break(connection, &error);
}

/* The end of an answer, or nothing more to read. */
static void take_end(struct miniorm__pg_connection *connection)
{
    PGresult *answer = connection->answer;

    if (answer == NULL || miniorm__pg_connection_peek(connection, 0)->step == MINIORM__PG_SYNC) {
        if (++connection->empty_answers > EMPTY_ANSWERS_MAX)
            break_protocol(connection, "an answer is missing");
        return;
    }
    connection->answer = NULL;
    pop(connection, answer);
}

static void take_sync(struct miniorm__pg_connection *connection, PGresult *result)
{
    PGresult *failure = connection->answer;

    if (miniorm__pg_connection_peek(connection, 0)->step != MINIORM__PG_SYNC) {
        PQclear(result);
        break_protocol(connection, "answers are out of order");
        return;
    }
    connection->answer = NULL;
    if (failure != NULL) {
        PQclear(result);
        result = failure;
    }
    pop(connection, result);
}

/* An error of the statement, not the end of the connection as libpq puts it. */
static bool is_of_statement(const struct miniorm__pg_connection *connection, const PGresult *result)
{
    if (miniorm__pg_is_fatal(result))
        return false;
    return PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL ||
           PQstatus(connection->pg) != CONNECTION_BAD;
}

static void take_error(struct miniorm__pg_connection *connection, PGresult *result)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (is_of_statement(connection, result)) {
        PQclear(connection->answer);
        connection->answer = result;
        return;
    }
    if (miniorm__pg_is_fatal(result))
        miniorm__pg_fail_result(&error, result);
    else
        miniorm__pg_fail_broken(&error, connection->pg);
    PQclear(result);
    miniorm__pg_connection_break(connection, &error);
}

static void take(struct miniorm__pg_connection *connection, PGresult *result)
{
    if (result == NULL) {
        take_end(connection);
        return;
    }
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC: take_sync(connection, result); break;
    case PGRES_FATAL_ERROR: take_error(connection, result); break;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
    case PGRES_PIPELINE_ABORTED:
        PQclear(connection->answer);
        connection->answer = result;
        break;
    default:
        /* COPY would be answered endlessly. */
        PQclear(result);
        break_protocol(connection, "a statement was answered with COPY, which is not supported");
    }
}

bool miniorm__pg_connection_read(struct miniorm__pg_connection *connection)
{
    const unsigned first = connection->first;

    while (connection->state == MINIORM__PG_READY && !connection->has_ended &&
           connection->first == first && connection->first != connection->end &&
           PQisBusy(connection->pg) == 0)
        take(connection, PQgetResult(connection->pg));
    return connection->first != first;
}

void miniorm__pg_connection_lose(struct miniorm__pg_connection *connection)
{
    PQclear(connection->answer);
    PQclear(connection->parse_error);
    connection->answer = NULL;
    connection->parse_error = NULL;
    while (connection->first != connection->end) {
        const struct miniorm__pg_expectation expected = *miniorm__pg_connection_peek(connection, 0);

        connection->first++;
        if (expected.step == MINIORM__PG_CLOSE)
            free(expected.entry);
        else if (expected.step != MINIORM__PG_PARSE)
            connection->answered(connection->owner, &expected, NULL);
    }
}
