/*
 * The table miniorm_array, by which a statement of SQLite reads an array parameter of any length:
 *
 *     SELECT … WHERE id IN (SELECT miniorm_value FROM miniorm_array(?1))
 *
 * It has the columns miniorm_value and miniorm_number (from 0). The parameter is bound with
 * sqlite3_bind_pointer as a const struct miniorm__parameter * of the type
 * MINIORM__SQLITE_ARRAY_TYPE, which must live until the statement is reset.
 */
#ifndef MINIORM_SRC_SQLITE_ARRAY_H
#define MINIORM_SRC_SQLITE_ARRAY_H

#include <sqlite3.h>

#define MINIORM__SQLITE_ARRAY_TYPE "miniorm_array"

/* Gives a connection the table. Returns SQLite's result code. */
int miniorm__sqlite_array_register(sqlite3 *connection);

#endif
