/*
 * Fault: SQLite's result codes as statuses, and the names in its messages.
 */
#ifndef MINIORM_SRC_SQLITE_FAULT_H
#define MINIORM_SRC_SQLITE_FAULT_H

#include <miniorm/status.h>

#include <sqlite3.h>

/* The status of an extended result code. */
enum miniorm_status miniorm__sqlite_status(int code);

/*
 * Fills `error` from the connection's newest failure, whose extended code is `code`: status, codes,
 * message, and the table, column and constraint that the message names. `connection` may be NULL.
 */
enum miniorm_status miniorm__sqlite_fail(sqlite3 *connection, int code,
                                         struct miniorm_error *error);

#endif
