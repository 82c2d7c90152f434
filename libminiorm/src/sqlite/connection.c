/*
 * Connection: opening, the handlers by which deadlines and cancelling reach a running statement,
 * and waiting for locks.
 *
 * Order: connect; arm, enter, commands and statements, leave; disconnect.
 * Invariant: `pass` is what the gate was entered with and not yet left. The connection is used by
 * one thread at a time, so SQLite's own mutexes are off.
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../error.h"
#include "array.h"
#include "fault.h"
#include "functions.h"

/* How long locks are waited for where no deadline says otherwise: as long as most programs set
 * SQLite's busy timeout. */
#define PATIENCE_MS 5000
/* Steps of SQLite's machine between two looks at the clock: some ten microseconds. */
#define STEPS_BETWEEN_LOOKS 1000
#define FILE_CHECK_MS 100
/* Pauses between attempts at a lock that another process holds. */
#define FIRST_PAUSE_MS 1
#define LONGEST_PAUSE_MS 25
/* After a checkpoint the log is cut to this, so that one large transaction does not keep the disk
 * for ever. */
#define LOG_SIZE_LIMIT "67108864"

static bool is_past(uint64_t moment_ms)
{
    return moment_ms != 0 && miniorm__clock_ms() >= moment_ms;
}

/* Called by SQLite every STEPS_BETWEEN_LOOKS; not zero interrupts the statement. */
static int look(void *data)
{
    struct miniorm__sqlite_connection *connection = data;

    if (connection->is_ending)
        return 0;
    if (is_past(connection->deadline_ms))
        connection->is_late = true;
    return connection->is_late ||
           atomic_load_explicit(connection->is_cancelled, memory_order_relaxed);
}

/* Called by SQLite when another process holds a lock; zero gives up. */
static int wait_for_lock(void *data, int attempt)
{
    struct miniorm__sqlite_connection *connection = data;
    const int doubled = attempt < 5 ? FIRST_PAUSE_MS << attempt : LONGEST_PAUSE_MS;
    const int pause_ms = doubled < LONGEST_PAUSE_MS ? doubled : LONGEST_PAUSE_MS;
    const struct timespec pause = {.tv_nsec = pause_ms * 1000000L};

    if (atomic_load(connection->is_cancelled) || is_past(connection->patience_ms))
        return 0;
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    return 1;
}

void miniorm__sqlite_arm(struct miniorm__sqlite_connection *connection, uint64_t deadline_ms)
{
    connection->deadline_ms = deadline_ms;
    connection->patience_ms = deadline_ms != 0 ? deadline_ms : miniorm__clock_ms() + PATIENCE_MS;
    connection->is_late = false;
}

bool miniorm__sqlite_is_usable(struct miniorm__sqlite_connection *connection)
{
    const bool is_open = !sqlite3_get_autocommit(connection->handle);

    return !connection->is_broken && is_open == connection->is_in_transaction &&
           miniorm__sqlite_has_file(connection, false);
}

enum miniorm_status miniorm__sqlite_connection_fail(struct miniorm__sqlite_connection *connection,
                                                    int code, struct miniorm_error *error)
{
    const int primary = code & 0xff;

    if (primary == SQLITE_IOERR || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
        connection->is_broken = true;
    if ((primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY || primary == SQLITE_LOCKED ||
         primary == SQLITE_PROTOCOL) &&
        atomic_load(connection->is_cancelled))
        return miniorm__fail(error, MINIORM_ECANCELLED, "statement: cancelled while it ran");
    if (primary == SQLITE_INTERRUPT && connection->is_late)
        return miniorm__fail(error, MINIORM_ETIMEDOUT, "statement: interrupted at its deadline");
    return miniorm__sqlite_fail(connection->handle, code, error);
}

enum miniorm_status miniorm__sqlite_prepare(struct miniorm__sqlite_connection *connection,
                                            const struct miniorm__statement *statement,
                                            sqlite3_stmt **out, struct miniorm_error *error)
{
    struct miniorm_error reason = MINIORM_ERROR_INIT;
    const enum miniorm_status status =
        miniorm__sqlite_statements_get(&connection->statements, statement, out, &reason);

    if (status == MINIORM_OK)
        return MINIORM_OK;
    /* Reading the schema waits for locks too, until it is cancelled. */
    if (status == MINIORM_EBUSY && atomic_load(connection->is_cancelled))
        return miniorm__fail(error, MINIORM_ECANCELLED, "statement: cancelled before it ran");
    (void)miniorm__fail_copy(error, &reason);
    return status;
}

enum miniorm_status miniorm__sqlite_enter(struct miniorm__sqlite_connection *connection,
                                          enum miniorm__sqlite_pass pass,
                                          struct miniorm_error *error)
{
    if (pass == MINIORM__SQLITE_SHARED && connection->source->has_wal)
        return MINIORM_OK;
    if (!miniorm__sqlite_gate_enter(&connection->source->gate, pass, connection->patience_ms,
                                    connection->is_cancelled)) {
        if (atomic_load(connection->is_cancelled))
            return miniorm__fail(error, MINIORM_ECANCELLED,
                                 "statement: cancelled while it waited for its turn");
        return miniorm__fail(error, MINIORM_EBUSY,
                             "statement: another transaction of this process holds the database");
    }
    connection->pass = pass;
    return MINIORM_OK;
}

void miniorm__sqlite_leave(struct miniorm__sqlite_connection *connection)
{
    if (connection->pass != MINIORM__SQLITE_NO_PASS)
        miniorm__sqlite_gate_leave(&connection->source->gate, connection->pass);
    connection->pass = MINIORM__SQLITE_NO_PASS;
}

bool miniorm__sqlite_has_file(struct miniorm__sqlite_connection *connection, bool now)
{
    const uint64_t now_ms = miniorm__clock_ms();
    int has_moved = 0;

    if (connection->source->is_memory || (!now && now_ms - connection->checked_ms < FILE_CHECK_MS))
        return true;
    connection->checked_ms = now_ms;
    if (sqlite3_file_control(connection->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) ==
            SQLITE_OK &&
        has_moved)
        connection->is_broken = true;
    return !has_moved;
}

enum miniorm_status miniorm__sqlite_command(struct miniorm__sqlite_connection *connection,
                                            const char *sql, struct miniorm_error *error)
{
    const size_t size = strlen(sql);
    const struct miniorm__statement statement = {
        .sql = sql, .sql_size = size, .hash = miniorm__hash(sql, size)};
    sqlite3_stmt *prepared;
    enum miniorm_status status = miniorm__sqlite_prepare(connection, &statement, &prepared, error);
    int code;

    if (status != MINIORM_OK)
        return status;
    code = sqlite3_step(prepared);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        status = miniorm__sqlite_connection_fail(connection, code, error);
    (void)sqlite3_reset(prepared);
    return status;
}

static int configure(struct miniorm__sqlite_connection *connection)
{
    static const struct {
        int option;
        int value;
    } settings[] = {
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        /* Statements must not write into the file's own structure. The schema stays trusted: SQLite
         * 3.38 to 3.40 would otherwise refuse json_valid() in the checks of models. */
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        /* A misspelt column in double quotes is an error, not text. */
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    int code = sqlite3_busy_handler(connection->handle, wait_for_lock, connection);
    size_t i;

    for (i = 0; code == SQLITE_OK && i < sizeof(settings) / sizeof(settings[0]); i++)
        code = sqlite3_db_config(connection->handle, settings[i].option, settings[i].value,
                                 (int *)NULL);
    if (code == SQLITE_OK)
        code = miniorm__sqlite_functions_register(connection->handle);
    if (code == SQLITE_OK)
        code = miniorm__sqlite_array_register(connection->handle);
    sqlite3_progress_handler(connection->handle, STEPS_BETWEEN_LOOKS, look, connection);
    return code;
}

/* Reads the header of the file, too, so that what is no database is found out here. */
static enum miniorm_status choose_journal(struct miniorm__sqlite_connection *connection,
                                          struct miniorm_error *error)
{
    struct miniorm__sqlite_source *source = connection->source;
    sqlite3_stmt *prepared = NULL;
    int code =
        sqlite3_prepare_v2(connection->handle, "PRAGMA journal_mode = WAL", -1, &prepared, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(prepared);
    if (code == SQLITE_ROW) {
        const unsigned char *mode = sqlite3_column_text(prepared, 0);

        source->has_wal = mode != NULL && strcmp((const char *)mode, "wal") == 0;
        code = SQLITE_OK;
    }
    (void)sqlite3_finalize(prepared);
    /* A file that cannot be written stays as it is and can be read. */
    if (code == SQLITE_OK || code == SQLITE_DONE || (code & 0xff) == SQLITE_READONLY)
        return MINIORM_OK;
    return miniorm__sqlite_connection_fail(connection, code, error);
}

static enum miniorm_status set_up(struct miniorm__sqlite_connection *connection,
                                  enum miniorm__sqlite_opening opening, struct miniorm_error *error)
{
    const int code = configure(connection);
    enum miniorm_status status;

    if (code != SQLITE_OK)
        return miniorm__sqlite_fail(connection->handle, code, error);
    status =
        miniorm__sqlite_statements_init(&connection->statements, connection->handle,
                                        connection->base.database->options.statement_cache, error);
    if (status == MINIORM_OK && opening == MINIORM__SQLITE_CREATE)
        status = choose_journal(connection, error);
    /* In memory there is nothing to synchronise, and a PRAGMA would wait for writers. */
    if (status == MINIORM_OK && !connection->source->is_memory)
        status = miniorm__sqlite_command(connection, "PRAGMA synchronous = NORMAL", error);
    if (status == MINIORM_OK && !connection->source->is_memory)
        status = miniorm__sqlite_command(connection, "PRAGMA journal_size_limit = " LOG_SIZE_LIMIT,
                                         error);
    return status;
}

static enum miniorm_status open_handle(struct miniorm__sqlite_connection *connection,
                                       enum miniorm__sqlite_opening opening,
                                       struct miniorm_error *error)
{
    const bool is_memory = connection->source->is_memory;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (is_memory ? SQLITE_OPEN_URI : 0) |
                      (is_memory || opening == MINIORM__SQLITE_CREATE ? SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2(connection->source->name, &connection->handle, flags, NULL);

    if (code != SQLITE_OK)
        return miniorm__sqlite_fail(connection->handle, code, error);
    return set_up(connection, opening, error);
}

enum miniorm_status miniorm__sqlite_connect(struct miniorm_database *database,
                                            enum miniorm__sqlite_opening opening,
                                            uint64_t deadline_ms, const atomic_bool *is_cancelled,
                                            struct miniorm__sqlite_connection **out,
                                            struct miniorm_error *error)
{
    static const atomic_bool never = false;
    struct miniorm__sqlite_connection *connection = calloc(1, sizeof(*connection));
    enum miniorm_status status;

    if (connection == NULL)
        return miniorm__fail_memory(error);
    connection->base.database = database;
    connection->source = database->driver_data;
    connection->is_cancelled = is_cancelled == NULL ? &never : is_cancelled;
    miniorm__sqlite_arm(connection, deadline_ms);
    status = open_handle(connection, opening, error);
    if (status != MINIORM_OK) {
        miniorm__sqlite_disconnect(connection);
        return status;
    }
    *out = connection;
    return MINIORM_OK;
}

void miniorm__sqlite_disconnect(struct miniorm__sqlite_connection *connection)
{
    miniorm__sqlite_statements_free(&connection->statements);
    (void)sqlite3_close(connection->handle);
    miniorm__sqlite_leave(connection);
    free(connection);
}
