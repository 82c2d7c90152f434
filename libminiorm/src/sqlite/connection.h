/*
 * Connection: one sqlite3 handle, set up the way libminiorm uses it. One thread at a time.
 */
#ifndef MINIORM_SRC_SQLITE_CONNECTION_H
#define MINIORM_SRC_SQLITE_CONNECTION_H

#include <stdatomic.h>

#include <sqlite3.h>

#include "../driver.h"
#include "gate.h"
#include "statements.h"

/* What the URL says, shared by all connections of a database object. */
struct miniorm__sqlite_source {
    char *name; /* path of the file, or a name that only this object knows */
    bool is_memory;
    bool has_wal; /* readers need not wait for writers */
    struct miniorm__sqlite_gate gate;
    /* Keeps a database in memory alive, and the write-ahead log from being removed and remade. */
    struct miniorm__connection *anchor;
};

struct miniorm__sqlite_connection {
    struct miniorm__connection base;
    struct miniorm__sqlite_source *source;
    sqlite3 *handle;
    struct miniorm__sqlite_statements statements;
    uint64_t deadline_ms; /* of what runs now; 0: none */
    uint64_t patience_ms; /* until when locks are waited for */
    uint64_t checked_ms; /* when the file was last seen in its place */
    const atomic_bool *is_cancelled; /* set by other threads: stops what runs and what comes */
    bool is_ending; /* COMMIT and ROLLBACK run to their end */
    bool is_late; /* the deadline interrupted what ran */
    bool is_broken;
    enum miniorm__sqlite_pass pass; /* held */
    bool has_pending_begin; /* BEGIN goes with the first statement */
    bool is_in_transaction;
    bool is_read_only; /* the transaction */
};

enum miniorm__sqlite_opening {
    MINIORM__SQLITE_CREATE, /* the first: makes the file, chooses the journal */
    MINIORM__SQLITE_JOIN
};

/* *is_cancelled must outlive the connection; NULL: nobody cancels. */
enum miniorm_status miniorm__sqlite_connect(struct miniorm_database *database,
                                            enum miniorm__sqlite_opening opening,
                                            uint64_t deadline_ms, const atomic_bool *is_cancelled,
                                            struct miniorm__sqlite_connection **out,
                                            struct miniorm_error *error);
void miniorm__sqlite_disconnect(struct miniorm__sqlite_connection *connection);

/* Sets the deadline of what runs next. */
void miniorm__sqlite_arm(struct miniorm__sqlite_connection *connection, uint64_t deadline_ms);

/* False when the connection must not be used again. */
bool miniorm__sqlite_is_usable(struct miniorm__sqlite_connection *connection);

/*
 * Fills `error` from a failure of the connection: as miniorm__sqlite_fail, and tells deadline from
 * cancelling.
 */
enum miniorm_status miniorm__sqlite_connection_fail(struct miniorm__sqlite_connection *connection,
                                                    int code, struct miniorm_error *error);

/* The statement prepared, kept by the connection: borrowed until the next call. */
enum miniorm_status miniorm__sqlite_prepare(struct miniorm__sqlite_connection *connection,
                                            const struct miniorm__statement *statement,
                                            sqlite3_stmt **out, struct miniorm_error *error);

/*
 * Waits until the connection may read (SHARED) or write (EXCLUSIVE); SHARED is for nothing where a
 * write-ahead log lets readers go beside writers.
 */
enum miniorm_status miniorm__sqlite_enter(struct miniorm__sqlite_connection *connection,
                                          enum miniorm__sqlite_pass pass,
                                          struct miniorm_error *error);
void miniorm__sqlite_leave(struct miniorm__sqlite_connection *connection);

/*
 * Whether the file is still the one that was opened: a write to another would be lost. Looks at
 * most every FILE_CHECK_MS unless `now`.
 */
bool miniorm__sqlite_has_file(struct miniorm__sqlite_connection *connection, bool now);

/* Runs a statement without parameters or answer. */
enum miniorm_status miniorm__sqlite_command(struct miniorm__sqlite_connection *connection,
                                            const char *sql, struct miniorm_error *error);

#endif
