/*
 * Functions: what libminiorm adds to SQL on each connection.
 *
 *   miniorm_like(pattern, value)    LIKE that heeds case, with \ as escape, as PostgreSQL's
 *   miniorm_ilike(pattern, value)   the same, ignoring the case of ASCII letters
 *   COLLATE miniorm_numeric         decimal numbers in text, ordered by their value
 *
 * They depend on their arguments alone and may stand in indexes and checks.
 */
#ifndef MINIORM_SRC_SQLITE_FUNCTIONS_H
#define MINIORM_SRC_SQLITE_FUNCTIONS_H

#include <sqlite3.h>

/* Returns SQLite's result code. */
int miniorm__sqlite_functions_register(sqlite3 *connection);

#endif
