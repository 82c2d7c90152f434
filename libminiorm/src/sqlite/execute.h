/*
 * Execute: an operation, or a step of a transaction, on a connection.
 */
#ifndef MINIORM_SRC_SQLITE_EXECUTE_H
#define MINIORM_SRC_SQLITE_EXECUTE_H

#include "connection.h"

enum miniorm_status miniorm__sqlite_execute(struct miniorm__sqlite_connection *connection,
                                            const struct miniorm__operation *operation,
                                            uint64_t deadline_ms, struct miniorm_result **out,
                                            struct miniorm_error *error);

enum miniorm_status miniorm__sqlite_transact(struct miniorm__sqlite_connection *connection,
                                             enum miniorm__transaction_verb verb,
                                             const struct miniorm_transaction_options *options,
                                             unsigned level, uint64_t deadline_ms,
                                             struct miniorm_error *error);

/* Sends the BEGIN that was kept back, if there is one. */
enum miniorm_status miniorm__sqlite_begin_pending(struct miniorm__sqlite_connection *connection,
                                                  struct miniorm_error *error);

/* Sends COMMIT, which no deadline interrupts: its outcome would not be known. */
enum miniorm_status miniorm__sqlite_commit(struct miniorm__sqlite_connection *connection,
                                           struct miniorm_error *error);

/* Rolls back whatever is open; the connection is broken if that fails. */
void miniorm__sqlite_roll_back(struct miniorm__sqlite_connection *connection);

#endif
