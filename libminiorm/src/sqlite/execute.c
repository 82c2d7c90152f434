/*
 * Execute: runs the statements of an operation to their end and collects the answer.
 *
 * A single statement is its own transaction; several are one, or a savepoint of the transaction
 * around them. A statement is always stepped to its end, so that RETURNING has done all its work
 * and no read transaction stays open.
 */
#include "execute.h"

#include "../error.h"
#include "answer.h"
#include "codec.h"
#include "constraint.h"

#define BULK_SAVEPOINT "SAVEPOINT miniorm_bulk"
#define BULK_RELEASE "RELEASE miniorm_bulk"
#define BULK_ROLLBACK "ROLLBACK TO miniorm_bulk"

struct run {
    struct miniorm__sqlite_connection *connection;
    const struct miniorm__operation *operation;
    struct miniorm_result *result;
    bool is_described;
};

static enum miniorm_status bind_all(sqlite3_stmt *prepared,
                                    const struct miniorm__statement *statement,
                                    struct miniorm_error *error)
{
    size_t i;

    if ((size_t)sqlite3_bind_parameter_count(prepared) > statement->n_parameters)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "statement: it has more parameters than values");
    for (i = 0; i < statement->n_parameters; i++) {
        const enum miniorm_status status =
            miniorm__sqlite_bind(prepared, (int)i + 1, &statement->parameters[i], error);

        if (status != MINIORM_OK)
            return status;
    }
    return MINIORM_OK;
}

/* Columns are looked at after the first step only: SQLite may prepare the statement again in it. */
static enum miniorm_status describe(struct run *run, sqlite3_stmt *prepared,
                                    struct miniorm_error *error)
{
    if (run->is_described ||
        (run->operation->columns == NULL && sqlite3_column_count(prepared) == 0))
        return MINIORM_OK;
    run->is_described = true;
    return miniorm__sqlite_answer_describe(run->result, run->operation, prepared, error);
}

static enum miniorm_status step_all(struct run *run, sqlite3_stmt *prepared,
                                    struct miniorm_error *error)
{
    int code = sqlite3_step(prepared);
    enum miniorm_status status;

    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return miniorm__sqlite_connection_fail(run->connection, code, error);
    status = describe(run, prepared, error);
    while (status == MINIORM_OK && code == SQLITE_ROW) {
        status = miniorm__sqlite_answer_add(run->result, prepared, error);
        if (status == MINIORM_OK)
            code = sqlite3_step(prepared);
    }
    if (status == MINIORM_OK && code != SQLITE_DONE)
        status = miniorm__sqlite_connection_fail(run->connection, code, error);
    return status;
}

/* The caller's error is filled at the end only: an explanation may find another status. */
static enum miniorm_status run_statement(struct run *run, sqlite3_stmt *prepared,
                                         const struct miniorm__statement *statement,
                                         struct miniorm_error *error)
{
    sqlite3 *handle = run->connection->handle;
    const sqlite3_int64 changed = sqlite3_total_changes64(handle);
    struct miniorm_error failure = MINIORM_ERROR_INIT;
    enum miniorm_status status = bind_all(prepared, statement, &failure);

    if (status == MINIORM_OK)
        status = step_all(run, prepared, &failure);
    /* sqlite3_changes keeps the figure of the last statement that had one. */
    if (status == MINIORM_OK && sqlite3_total_changes64(handle) != changed)
        run->result->affected += (uint64_t)sqlite3_changes64(handle);
    if (status != MINIORM_OK && run->operation->model != NULL)
        miniorm__sqlite_explain(run->connection, run->operation->model, prepared, &failure);
    (void)sqlite3_reset(prepared);
    (void)sqlite3_clear_bindings(prepared);
    return status == MINIORM_OK ? status : miniorm__fail_copy(error, &failure);
}

static enum miniorm_status run_statements(struct run *run, struct miniorm_error *error)
{
    const struct miniorm__operation *operation = run->operation;
    const char *sql = NULL;
    sqlite3_stmt *prepared = NULL;
    enum miniorm_status status = MINIORM_OK;
    size_t i;

    for (i = 0; status == MINIORM_OK && i < operation->n_statements; i++) {
        const struct miniorm__statement *statement = &operation->statements[i];

        if (statement->sql != sql) {
            status = miniorm__sqlite_prepare(run->connection, statement, &prepared, error);
            sql = statement->sql;
        }
        if (status == MINIORM_OK)
            status = run_statement(run, prepared, statement, error);
    }
    return status;
}

/* Several statements, all or none of them. */
static enum miniorm_status run_atomically(struct run *run, struct miniorm_error *error)
{
    struct miniorm__sqlite_connection *connection = run->connection;
    const bool is_inside = connection->is_in_transaction;
    struct miniorm_error ignored = MINIORM_ERROR_INIT;
    enum miniorm_status status =
        miniorm__sqlite_command(connection, is_inside ? BULK_SAVEPOINT : "BEGIN IMMEDIATE", error);

    if (status != MINIORM_OK)
        return status;
    status = run_statements(run, error);
    if (status == MINIORM_OK)
        status = is_inside ? miniorm__sqlite_command(connection, BULK_RELEASE, error)
                           : miniorm__sqlite_commit(connection, error);
    if (status == MINIORM_OK)
        return status;
    if (!is_inside)
        miniorm__sqlite_roll_back(connection);
    else if (miniorm__sqlite_command(connection, BULK_ROLLBACK, &ignored) == MINIORM_OK)
        (void)miniorm__sqlite_command(connection, BULK_RELEASE, &ignored);
    return status;
}

/* A raw statement may have begun or ended a transaction: neither may outlive it. */
static enum miniorm_status check_transaction(struct miniorm__sqlite_connection *connection,
                                             struct miniorm_error *error)
{
    const bool is_open = !sqlite3_get_autocommit(connection->handle);

    if (is_open == connection->is_in_transaction)
        return MINIORM_OK;
    if (is_open)
        miniorm__sqlite_roll_back(connection);
    return miniorm__fail(error, MINIORM_EINVALID,
                         "statement: it began or ended a transaction, which only "
                         "miniorm_transaction_begin and its kin may");
}

/* What one statement will do, by SQLite's own account: a raw read that is not marked as one need
 * not wait for writers, and a write that is marked as a read is refused. */
static enum miniorm_status find_pass(struct run *run, enum miniorm__sqlite_pass *out,
                                     struct miniorm_error *error)
{
    const struct miniorm__operation *operation = run->operation;
    const bool is_read = operation->traffic == MINIORM__READ;
    sqlite3_stmt *prepared;
    enum miniorm_status status;

    *out = is_read ? MINIORM__SQLITE_SHARED : MINIORM__SQLITE_EXCLUSIVE;
    if (!run->connection->source->has_wal && !run->connection->is_in_transaction)
        return MINIORM_OK; /* even preparing may have to read */
    status = miniorm__sqlite_prepare(run->connection, operation->statements, &prepared, error);
    if (status != MINIORM_OK)
        return status;
    *out = sqlite3_stmt_readonly(prepared) ? MINIORM__SQLITE_SHARED : MINIORM__SQLITE_EXCLUSIVE;
    return MINIORM_OK;
}

static enum miniorm_status check_kind(const struct run *run, enum miniorm__sqlite_pass pass,
                                      struct miniorm_error *error)
{
    if (pass != MINIORM__SQLITE_EXCLUSIVE)
        return MINIORM_OK;
    if (run->operation->traffic == MINIORM__READ)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "statement: it is marked as a read but writes");
    if (run->connection->is_in_transaction && run->connection->is_read_only)
        return miniorm__fail(error, MINIORM_ESTATEMENT,
                             "statement: it writes in a read-only transaction");
    if (!miniorm__sqlite_has_file(run->connection, true))
        return miniorm__fail(error, MINIORM_EUNAVAILABLE,
                             "SQLite: the database file was moved or deleted");
    return MINIORM_OK;
}

static enum miniorm_status run_operation(struct run *run, struct miniorm_error *error)
{
    struct miniorm__sqlite_connection *connection = run->connection;
    const bool is_inside = connection->is_in_transaction;
    enum miniorm__sqlite_pass pass;
    enum miniorm_status status = find_pass(run, &pass, error);

    if (status == MINIORM_OK)
        status = check_kind(run, pass, error);
    if (status == MINIORM_OK && !is_inside)
        status = miniorm__sqlite_enter(connection, pass, error);
    if (status != MINIORM_OK)
        return status;
    status =
        run->operation->n_statements > 1 ? run_atomically(run, error) : run_statements(run, error);
    if (run->operation->model == NULL && status == MINIORM_OK)
        status = check_transaction(connection, error);
    if (!is_inside)
        miniorm__sqlite_leave(connection);
    return status;
}

enum miniorm_status miniorm__sqlite_execute(struct miniorm__sqlite_connection *connection,
                                            const struct miniorm__operation *operation,
                                            uint64_t deadline_ms, struct miniorm_result **out,
                                            struct miniorm_error *error)
{
    struct run run = {.connection = connection, .operation = operation};
    enum miniorm_status status;

    miniorm__sqlite_arm(connection, deadline_ms);
    run.result = miniorm__sqlite_answer_new(operation);
    if (run.result == NULL)
        return miniorm__fail_memory(error);
    status = miniorm__sqlite_begin_pending(connection, error);
    if (status == MINIORM_OK)
        status = run_operation(&run, error);
    if (status != MINIORM_OK) {
        miniorm_result_free(run.result);
        return status;
    }
    if (run.result->n_columns != 0 && run.result->affected == 0)
        run.result->affected = run.result->n_rows;
    *out = run.result;
    return MINIORM_OK;
}
