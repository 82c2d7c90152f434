/*
 * Answer: the rows of a statement, copied out of SQLite as they are stepped through.
 */
#ifndef MINIORM_SRC_SQLITE_ANSWER_H
#define MINIORM_SRC_SQLITE_ANSWER_H

#include <sqlite3.h>

#include "../result.h"

/* An empty answer to an operation; NULL: out of memory. Freed by miniorm_result_free. */
struct miniorm_result *miniorm__sqlite_answer_new(const struct miniorm__operation *operation);

/* Before the first row: takes over the columns of a statement that answers rows. */
enum miniorm_status miniorm__sqlite_answer_describe(struct miniorm_result *result,
                                                    const struct miniorm__operation *operation,
                                                    sqlite3_stmt *prepared,
                                                    struct miniorm_error *error);

/* Copies the row at which the statement stands. */
enum miniorm_status miniorm__sqlite_answer_add(struct miniorm_result *result,
                                               sqlite3_stmt *prepared, struct miniorm_error *error);

#endif
