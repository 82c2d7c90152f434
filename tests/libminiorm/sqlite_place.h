/*
 * Places for tests of SQLite: a database in memory, or a file in a folder of its own, with one
 * table, and short ways to run statements.
 */
#ifndef TESTS_SQLITE_PLACE_H
#define TESTS_SQLITE_PLACE_H

#include "test.h"

#include <miniorm/miniorm.h>

#include "temporary.h"

#define ITEM_COLUMNS(X, T)                                 \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, text, name, MINIORM_UNIQUE)                       \
    X(T, int4, size, 0, .sql_default = "1")                \
    X(T, int4, parent_id, MINIORM_NULLABLE)

MINIORM_DECLARE(item, ITEM_COLUMNS);

struct sqlite_place {
    struct temporary temporary;
    struct miniorm_database *database;
    struct miniorm_session *session;
};

/* Set-ups and tear-downs of tests; the state is a struct sqlite_place. */
int place_in_memory(void **state);
int place_in_file(void **state);
int place_end(void **state);

/* Closes the database and opens it again with these options. */
void place_reopen(struct sqlite_place *place, const struct miniorm_database_options *options);

/* Runs a statement; `error` may be NULL. */
enum miniorm_status place_run(struct miniorm_session *session, const char *sql,
                              struct miniorm_error *error);

/* The same, which must succeed. */
void place_must_run(struct miniorm_session *session, const char *sql);

/* The integer that a statement answers. */
int64_t place_ask(struct miniorm_session *session, const char *sql);

/* A statement that does not end by itself. */
#define PLACE_ENDLESS \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

#endif
