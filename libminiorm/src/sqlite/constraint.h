/*
 * Constraint: which constraint of a model a statement violated, where SQLite does not say.
 */
#ifndef MINIORM_SRC_SQLITE_CONSTRAINT_H
#define MINIORM_SRC_SQLITE_CONSTRAINT_H

#include "connection.h"

/*
 * Completes an error that `prepared`, with its parameters still bound, has ended in: the name of a
 * unique constraint, and of a foreign key also table and column, as PostgreSQL would give them; the
 * table of a check, which becomes MINIORM_EVALUE where PostgreSQL's type would have refused the
 * value. An error that cannot be explained stays as it is. The statement is reset.
 */
void miniorm__sqlite_explain(struct miniorm__sqlite_connection *connection,
                             const struct miniorm_model *model, sqlite3_stmt *prepared,
                             struct miniorm_error *error);

#endif
