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

enum {
    COMMAND_BYTES = 128,
    /* The whole answer to a query: it is one figure that is asked for. */
    ANSWER_BYTES = 1 << 20
};

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

/* An answer that comes row by row. */
struct answer {
    bool has_row;
    size_t size; /* of its values */
};

static bool judge(struct promon__postgres *postgres, const PGresult *result)
{
    const bool has_value =
        PQntuples(result) > 0 && PQnfields(result) > 0 && PQgetisnull(result, 0, 0) == 0;
    const char *value = has_value ? PQgetvalue(result, 0, 0) : NULL;
    const char *expected =
        postgres->query == NULL && postgres->expected == NULL ? "1" : postgres->expected;
    double figure;

    if (has_value && postgres->query != NULL && promon__figure_read(value, &figure))
        postgres->host->value(postgres->result, "result", figure);
    if (expected != NULL && (!has_value || strcmp(value, expected) != 0))
        return promon__postgres_trouble(postgres, PROMON_REASON_BODY,
                                        "the query gives something else than is expected");
    return true;
}

static bool take_row(struct promon__postgres *postgres, const PGresult *result,
                     struct answer *answer)
{
    const bool is_first = !answer->has_row;
    int i;

    answer->has_row = true;
    for (i = 0; i < PQnfields(result); i++)
        answer->size += (size_t)PQgetlength(result, 0, i) + 1;
    if (answer->size > ANSWER_BYTES)
        return promon__postgres_trouble(postgres, PROMON_REASON_PROTOCOL,
                                        "it sends more than is wanted");
    return !is_first || judge(postgres, result);
}

/* `answer` is NULL for what is not judged. */
static bool take_result(struct promon__postgres *postgres, const PGresult *result,
                        struct answer *answer)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE: return answer == NULL || take_row(postgres, result, answer);
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: return answer == NULL || answer->has_row || judge(postgres, result);
    case PGRES_FATAL_ERROR:
        return promon__postgres_refused(postgres, PQresultErrorMessage(result),
                                        PROMON_REASON_PROTOCOL);
    default:
        return promon__postgres_trouble(postgres, PROMON_REASON_PROTOCOL,
                                        "the answer is not one to a query");
    }
}

/* All results are taken, so that the next command can follow. */
static bool take_results(struct promon__postgres *postgres, struct answer *answer)
{
    bool is_well = true;

    for (;;) {
        PGresult *result;

        if (!await(postgres))
            return false;
        result = PQgetResult(postgres->connection);
        if (result == NULL)
            return is_well;
        is_well = take_result(postgres, result, answer) && is_well;
        PQclear(result);
        /* A copy, or too much, would have to be gone through first. */
        if (postgres->reason == PROMON_REASON_PROTOCOL)
            return false;
    }
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
    struct answer answer = {.size = 0};

    if (PQsendQueryParams(postgres->connection, query, 0, NULL, NULL, NULL, NULL, 0) == 0)
        return fail_lost(postgres);
    /* libpq would keep all rows, however many there are. */
    (void)PQsetSingleRowMode(postgres->connection);
    return take_results(postgres, &answer);
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
