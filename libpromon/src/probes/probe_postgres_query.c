/*
 * The question to PostgreSQL: in a transaction that is read only and that the server itself ends
 * in time. Nothing of it stays in the session, which a pooler may give to somebody else.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "figure.h"
#include "probe_postgres.h"

enum { COMMAND_BYTES = 128 };

static bool fail_lost(struct promon__postgres *postgres)
{
    return promon__postgres_refused(postgres, PQerrorMessage(postgres->connection),
                                    PROMON_REASON_PROTOCOL);
}

/* Waits until there is a result to take, and what is to be sent is sent. */
static bool await(struct promon__postgres *postgres)
{
    PGconn *connection = postgres->connection;

    for (;;) {
        const int unsent = PQflush(connection);
        int events;

        if (unsent < 0)
            return fail_lost(postgres);
        if (unsent == 0 && PQisBusy(connection) == 0)
            return true;
        if (postgres->host->now_ns() >= postgres->deadline_ns)
            return promon__postgres_trouble(postgres, PROMON_REASON_TIMEOUT, "no answer in time");
        events = postgres->host->wait(PQsocket(connection), unsent > 0 ? POLLIN | POLLOUT : POLLIN,
                                      postgres->deadline_ns);
        if (events == 0)
            return promon__postgres_trouble(postgres, PROMON_REASON_TIMEOUT, "no answer in time");
        if ((events & ~POLLOUT) != 0 && PQconsumeInput(connection) == 0)
            return fail_lost(postgres);
    }
}

static bool take_result(struct promon__postgres *postgres, const PGresult *result,
                        bool (*judge)(struct promon__postgres *, const PGresult *))
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: return judge == NULL || judge(postgres, result);
    case PGRES_FATAL_ERROR:
        return promon__postgres_refused(postgres, PQresultErrorMessage(result),
                                        PROMON_REASON_PROTOCOL);
    default:
        return promon__postgres_trouble(postgres, PROMON_REASON_PROTOCOL,
                                        "the answer is not one to a query");
    }
}

/* All results are taken, so that the next command can follow. */
static bool take_results(struct promon__postgres *postgres,
                         bool (*judge)(struct promon__postgres *, const PGresult *))
{
    bool is_well = true;

    for (;;) {
        PGresult *result;

        if (!await(postgres))
            return false;
        result = PQgetResult(postgres->connection);
        if (result == NULL)
            return is_well;
        is_well = take_result(postgres, result, judge) && is_well;
        PQclear(result);
        /* A copy would have to be gone through first. */
        if (postgres->reason == PROMON_REASON_PROTOCOL)
            return false;
    }
}

static bool judge(struct promon__postgres *postgres, const PGresult *result)
{
    const bool has_value =
        PQntuples(result) > 0 && PQnfields(result) > 0 && PQgetisnull(result, 0, 0) == 0;
    const char *value = has_value ? PQgetvalue(result, 0, 0) : NULL;
    const char *expected = postgres->query == NULL ? "1" : postgres->expected;
    double figure;

    if (has_value && postgres->query != NULL && promon__figure_read(value, &figure))
        postgres->host->value(postgres->result, "result", figure);
    if (expected != NULL && (!has_value || strcmp(value, expected) != 0))
        return promon__postgres_trouble(postgres, PROMON_REASON_BODY,
                                        "the query gives something else than is expected");
    return true;
}

static bool begin_transaction(struct promon__postgres *postgres)
{
    const int64_t left_ms = (postgres->deadline_ns - postgres->host->now_ns()) / 1000000 + 1;
    char command[COMMAND_BYTES];

    (void)snprintf(command, sizeof(command),
                   "BEGIN READ ONLY; SET LOCAL statement_timeout = %" PRId64,
                   left_ms > INT32_MAX ? INT32_MAX : left_ms);
    if (PQsendQuery(postgres->connection, command) == 0)
        return fail_lost(postgres);
    return take_results(postgres, NULL);
}

/* The extended protocol takes one statement: what it says cannot end the transaction first. */
static bool run_query(struct promon__postgres *postgres)
{
    const char *query = postgres->query != NULL ? postgres->query : "SELECT 1";

    if (PQsendQueryParams(postgres->connection, query, 0, NULL, NULL, NULL, NULL, 0) == 0)
        return fail_lost(postgres);
    return take_results(postgres, judge);
}

static bool end_transaction(struct promon__postgres *postgres)
{
    if (PQsendQuery(postgres->connection, "ROLLBACK") == 0)
        return fail_lost(postgres);
    return take_results(postgres, NULL);
}

bool promon__postgres_ask(struct promon__postgres *postgres)
{
    const int64_t begin_ns = postgres->host->now_ns();
    bool is_well;

    (void)PQsetnonblocking(postgres->connection, 1);
    /* A connection that is not kept is closed now, which ends the transaction too. */
    is_well = begin_transaction(postgres) && run_query(postgres) &&
              (!postgres->keeps || end_transaction(postgres));
    postgres->host->phase(postgres->result, PROMON_PHASE_QUERY,
                          postgres->host->now_ns() - begin_ns);
    return is_well;
}
