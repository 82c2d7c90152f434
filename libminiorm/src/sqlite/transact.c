/*
 * Transact: the steps of a transaction.
 *
 * BEGIN is kept back until the first statement, so that a transaction in which nothing happens
 * costs nothing and holds no lock. One that may write takes the write lock there and then (BEGIN
 * IMMEDIATE): it cannot be refused later, when it has already read what others then change.
 *
 * Invariant: is_in_transaction is what was begun here and not ended; SQLite may have rolled it back
 * by itself (a full disk, an interrupted write), which its autocommit flag tells.
 */
#include "execute.h"

#include <stdio.h>

#include "../error.h"

#define COMMAND_SIZE 64

static enum miniorm_status begin(struct miniorm__sqlite_connection *connection,
                                 struct miniorm_error *error)
{
    enum miniorm_status status = miniorm__sqlite_enter(
        connection, connection->is_read_only ? MINIORM__SQLITE_SHARED : MINIORM__SQLITE_EXCLUSIVE,
        error);

    if (status != MINIORM_OK)
        return status;
    if (!connection->is_read_only && !miniorm__sqlite_has_file(connection, true))
        status = miniorm__fail(error, MINIORM_EUNAVAILABLE,
                               "SQLite: the database file was moved or deleted");
    if (status == MINIORM_OK)
        status = miniorm__sqlite_command(
            connection, connection->is_read_only ? "BEGIN" : "BEGIN IMMEDIATE", error);
    if (status != MINIORM_OK) {
        miniorm__sqlite_leave(connection);
        return status;
    }
    connection->has_pending_begin = false;
    connection->is_in_transaction = true;
    return MINIORM_OK;
}

enum miniorm_status miniorm__sqlite_begin_pending(struct miniorm__sqlite_connection *connection,
                                                  struct miniorm_error *error)
{
    return connection->has_pending_begin ? begin(connection, error) : MINIORM_OK;
}

enum miniorm_status miniorm__sqlite_commit(struct miniorm__sqlite_connection *connection,
                                           struct miniorm_error *error)
{
    enum miniorm_status status;

    connection->is_ending = true;
    status = miniorm__sqlite_command(connection, "COMMIT", error);
    connection->is_ending = false;
    return status;
}

void miniorm__sqlite_roll_back(struct miniorm__sqlite_connection *connection)
{
    struct miniorm_error ignored = MINIORM_ERROR_INIT;

    connection->is_ending = true;
    if (!sqlite3_get_autocommit(connection->handle) &&
        miniorm__sqlite_command(connection, "ROLLBACK", &ignored) != MINIORM_OK)
        connection->is_broken = true;
    connection->is_ending = false;
    connection->is_in_transaction = false;
    connection->has_pending_begin = false;
    miniorm__sqlite_leave(connection);
}

static enum miniorm_status commit(struct miniorm__sqlite_connection *connection,
                                  struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;

    if (!connection->is_in_transaction) {
        connection->has_pending_begin = false;
        return MINIORM_OK;
    }
    if (sqlite3_get_autocommit(connection->handle))
        status = miniorm__fail(error, MINIORM_EABORTED,
                               "transaction: SQLite has rolled it back after an error");
    else
        status = miniorm__sqlite_commit(connection, error);
    miniorm__sqlite_roll_back(connection);
    return status;
}

static enum miniorm_status savepoint_command(struct miniorm__sqlite_connection *connection,
                                             const char *verb, unsigned level,
                                             struct miniorm_error *error)
{
    char sql[COMMAND_SIZE];
    const enum miniorm_status status = miniorm__sqlite_begin_pending(connection, error);

    if (status != MINIORM_OK)
        return status;
    (void)snprintf(sql, sizeof(sql), "%s miniorm_%u", verb, level);
    return miniorm__sqlite_command(connection, sql, error);
}

enum miniorm_status miniorm__sqlite_transact(struct miniorm__sqlite_connection *connection,
                                             enum miniorm__transaction_verb verb,
                                             const struct miniorm_transaction_options *options,
                                             unsigned level, uint64_t deadline_ms,
                                             struct miniorm_error *error)
{
    miniorm__sqlite_arm(connection, deadline_ms);
    switch (verb) {
    case MINIORM__BEGIN:
        connection->has_pending_begin = true;
        connection->is_read_only = options->read_only != 0;
        return MINIORM_OK;
    case MINIORM__COMMIT: return commit(connection, error);
    case MINIORM__ROLLBACK: miniorm__sqlite_roll_back(connection); return MINIORM_OK;
    case MINIORM__SAVEPOINT: return savepoint_command(connection, "SAVEPOINT", level, error);
    case MINIORM__RELEASE: return savepoint_command(connection, "RELEASE", level, error);
    case MINIORM__ROLLBACK_TO: return savepoint_command(connection, "ROLLBACK TO", level, error);
    }
    return miniorm__fail(error, MINIORM_EINVALID, "transaction: %d is no verb", (int)verb);
}
