/*
 * Statements: the prepared statements of one connection, kept for the next time their text comes.
 */
#ifndef MINIORM_SRC_SQLITE_STATEMENTS_H
#define MINIORM_SRC_SQLITE_STATEMENTS_H

#include <miniorm/status.h>

#include <sqlite3.h>

#include "../list.h"
#include "../operation.h"

struct miniorm__sqlite_statements {
    sqlite3 *connection;
    struct miniorm__link recent; /* the one used last comes first */
    struct miniorm__link *buckets;
    size_t n_buckets; /* a power of two */
    size_t count;
    size_t limit;
};

enum miniorm_status miniorm__sqlite_statements_init(struct miniorm__sqlite_statements *statements,
                                                    sqlite3 *connection, size_t limit,
                                                    struct miniorm_error *error);
void miniorm__sqlite_statements_free(struct miniorm__sqlite_statements *statements);

/*
 * Finds or prepares a statement. It belongs to the cache and is valid until the next call; the user
 * resets it.
 */
enum miniorm_status miniorm__sqlite_statements_get(struct miniorm__sqlite_statements *statements,
                                                   const struct miniorm__statement *statement,
                                                   sqlite3_stmt **out, struct miniorm_error *error);

#endif
