/*
 * Connection: its life from the first packet to the end, and what moves its bytes.
 *
 * Order: start, ready until READY or BROKEN; then the sending calls of pipeline.c with flush, and
 * ready on events; lose and free at the end. Invariant: BROKEN is final, and nothing is sent then.
 */
#include "connection.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"
#include "database.h"
#include "failure.h"

/* Room for expectations at first: a turn of an ordinary client. It doubles when more are sent. */
#define FIRST_CAPACITY 64

static void report_notice(void *argument, const PGresult *result)
{
    const struct miniorm__pg_connection *connection = argument;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const bool is_warning = severity != NULL && strcmp(severity, "WARNING") == 0;
    char line[256];

    miniorm__pg_first_line(line, sizeof(line), message);
    miniorm__log(connection->base.database, is_warning ? MINIORM_LOG_WARNING : MINIORM_LOG_INFO,
                 "PostgreSQL: %s", line);
}

/* Notices that libpq itself makes would go to stderr otherwise. */
static void report_text(void *argument, const char *message)
{
    const struct miniorm__pg_connection *connection = argument;
    char line[256];

    miniorm__pg_first_line(line, sizeof(line), message);
    miniorm__log(connection->base.database, MINIORM_LOG_WARNING, "PostgreSQL: %s", line);
}

static enum miniorm_status start_libpq(struct miniorm__pg_connection *connection, unsigned host,
                                       struct miniorm_error *error)
{
    const struct miniorm__pg_database *data = connection->base.database->driver_data;

    connection->pg =
        PQconnectStartParams(data->keywords, miniorm__pg_database_values(data, host), 0);
    if (connection->pg == NULL)
        return miniorm__fail_memory(error);
    if (PQstatus(connection->pg) == CONNECTION_BAD)
        return miniorm__pg_fail_connect(error, connection->pg);
    PQsetErrorVerbosity(connection->pg, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(connection->pg, report_notice, connection);
    PQsetNoticeProcessor(connection->pg, report_text, connection);
    return MINIORM_OK;
}

static enum miniorm_status allocate(struct miniorm__pg_connection *connection,
                                    struct miniorm_error *error)
{
    const struct miniorm_database_options *options = &connection->base.database->options;

    connection->ring = malloc(FIRST_CAPACITY * sizeof(*connection->ring));
    if (connection->ring == NULL)
        return miniorm__fail_memory(error);
    connection->capacity = FIRST_CAPACITY;
    connection->uses_names = options->max_pipeline != 1;
    return miniorm__pg_statements_init(&connection->statements, options->statement_cache, error);
}

enum miniorm_status miniorm__pg_connection_start(struct miniorm_database *database, unsigned host,
                                                 struct miniorm__pg_connection **out,
                                                 struct miniorm_error *error)
{
    struct miniorm__pg_connection *connection = calloc(1, sizeof(*connection));
    enum miniorm_status status;

    if (connection == NULL)
        return miniorm__fail_memory(error);
    connection->base.database = database;
    connection->state = MINIORM__PG_CONNECTING;
    connection->wanted = MINIORM_WRITABLE;
    connection->process = getpid();
    status = allocate(connection, error);
    if (status == MINIORM_OK)
        status = start_libpq(connection, host, error);
    if (status != MINIORM_OK) {
        miniorm__pg_connection_free(connection);
        return status;
    }
    *out = connection;
    return MINIORM_OK;
}

/* A child after fork() shares the socket: the parent's session must not see libpq's farewell. */
static void detach_socket(PGconn *pg)
{
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (nothing < 0)
        return;
    if (PQsocket(pg) >= 0)
        dup3(nothing, PQsocket(pg), O_CLOEXEC);
    close(nothing);
}

void miniorm__pg_connection_free(struct miniorm__pg_connection *connection)
{
    if (connection == NULL)
        return;
    if (connection->pg != NULL && connection->process != getpid())
        detach_socket(connection->pg);
    PQclear(connection->answer);
    PQclear(connection->parse_error);
    PQfinish(connection->pg);
    miniorm__pg_statements_free(&connection->statements);
    miniorm__pg_scratch_free(&connection->scratch);
    free(connection->ring);
    free(connection);
}

int miniorm__pg_connection_fd(const struct miniorm__pg_connection *connection)
{
    return PQsocket(connection->pg);
}

unsigned miniorm__pg_connection_wanted(const struct miniorm__pg_connection *connection)
{
    if (connection->state == MINIORM__PG_CONNECTING)
        return connection->wanted;
    if (connection->wants_write)
        return MINIORM_READABLE | MINIORM_WRITABLE;
    return MINIORM_READABLE;
}

void miniorm__pg_connection_break(struct miniorm__pg_connection *connection,
                                  const struct miniorm_error *reason)
{
    if (connection->state == MINIORM__PG_BROKEN)
        return;
    connection->state = MINIORM__PG_BROKEN;
    connection->reason = *reason;
}

static void enter_pipeline(struct miniorm__pg_connection *connection)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (PQsetnonblocking(connection->pg, 1) == 0 && PQenterPipelineMode(connection->pg) == 1) {
        connection->state = MINIORM__PG_READY;
        return;
    }
    miniorm__pg_fail_broken(&error, connection->pg);
    miniorm__pg_connection_break(connection, &error);
}

static void go_on_connecting(struct miniorm__pg_connection *connection)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    switch (PQconnectPoll(connection->pg)) {
    case PGRES_POLLING_READING: connection->wanted = MINIORM_READABLE; return;
    case PGRES_POLLING_WRITING: connection->wanted = MINIORM_WRITABLE; return;
    case PGRES_POLLING_OK: enter_pipeline(connection); return;
    default:
        miniorm__pg_fail_connect(&error, connection->pg);
        miniorm__pg_connection_break(connection, &error);
    }
}

/* Nobody listens here yet; what is told anyway must not pile up. */
static void drop_notifications(struct miniorm__pg_connection *connection)
{
    PGnotify *notification;

    while ((notification = PQnotifies(connection->pg)) != NULL)
        PQfreemem(notification);
}

void miniorm__pg_connection_take_in(struct miniorm__pg_connection *connection, unsigned events)
{
    if (connection->state == MINIORM__PG_READY && (events & MINIORM_READABLE) != 0)
        connection->has_ended = PQconsumeInput(connection->pg) != 1;
}

/* libpq has seen the end of the connection. The next result may say why; see pipeline.c. */
static void end(struct miniorm__pg_connection *connection)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    PGresult *last = PQisBusy(connection->pg) == 0 ? PQgetResult(connection->pg) : NULL;

    if (miniorm__pg_is_fatal(last))
        miniorm__pg_fail_result(&error, last);
    PQclear(last);
    miniorm__pg_fail_broken(&error, connection->pg);
    miniorm__pg_connection_break(connection, &error);
}

void miniorm__pg_connection_go_on(struct miniorm__pg_connection *connection)
{
    if (connection->state != MINIORM__PG_READY)
        return;
    if (connection->has_ended) {
        end(connection);
        return;
    }
    drop_notifications(connection);
    if (connection->wants_write)
        miniorm__pg_connection_flush(connection);
}

static void read_all(struct miniorm__pg_connection *connection)
{
    while (miniorm__pg_connection_read(connection))
        ;
}

void miniorm__pg_connection_ready(struct miniorm__pg_connection *connection, unsigned events)
{
    if (connection->state == MINIORM__PG_CONNECTING) {
        go_on_connecting(connection);
        return;
    }
    read_all(connection);
    miniorm__pg_connection_take_in(connection, events);
    read_all(connection);
    miniorm__pg_connection_go_on(connection);
}

void miniorm__pg_connection_flush(struct miniorm__pg_connection *connection)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    int left;

    if (connection->state != MINIORM__PG_READY)
        return;
    left = PQflush(connection->pg);
    connection->wants_write = left == 1;
    if (left >= 0)
        return;
    miniorm__pg_fail_broken(&error, connection->pg);
    miniorm__pg_connection_break(connection, &error);
}
