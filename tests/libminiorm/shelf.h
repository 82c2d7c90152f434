/*
 * Models for the tests of queries and schemas: authors and their books, with a key, identities,
 * nullable columns and what else a statement may depend on.
 */
#ifndef TESTS_SHELF_H
#define TESTS_SHELF_H

#include "test.h"

#include <miniorm/miniorm.h>

#define AUTHOR_COLUMNS(X, T)                               \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, 0, .max_len = 10)                  \
    X(T, varchar, email, MINIORM_NULLABLE | MINIORM_UNIQUE)

#define BOOK_COLUMNS(X, T)                                                                 \
    X(T, int8, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)                                 \
    X(T, text, name, 0)                                                                    \
    X(T, numeric, price, MINIORM_NULLABLE, .precision = 10, .scale = 2)                    \
    X(T, boolean, is_available, 0, .sql_default = "true")                                  \
    X(T, int4, author_id, MINIORM_NULLABLE | MINIORM_INDEXED, .references = "authors(id)", \
      .on_delete = "CASCADE")                                                              \
    X(T, jsonb, extra, MINIORM_NULLABLE)                                                   \
    X(T, json, raw, MINIORM_NULLABLE)                                                      \
    X(T, timestamptz, created_at, 0, .sql_default = "now()")

MINIORM_DECLARE(author, AUTHOR_COLUMNS);
MINIORM_DECLARE(book, BOOK_COLUMNS);

#define ALL_OF_AUTHOR "\"id\",\"name\",\"email\""
#define ALL_OF_BOOK                                                               \
    "\"id\",\"name\",\"price\",\"is_available\",\"author_id\",\"extra\",\"raw\"," \
    "\"created_at\""

/* Compares a query's text on both databases, and frees it. */
#define expect_sql(query, postgresql, sqlite) \
    shelf_expect_sql((query), (postgresql), (sqlite), __FILE__, __LINE__)
void shelf_expect_sql(struct miniorm_query *query, const char *postgresql, const char *sqlite,
                      const char *file, int line);

/* Renders a query on a database, expects a failure whose message holds `part`, and frees it. */
#define expect_failure(query, dialect, status, part) \
    shelf_expect_failure((query), (dialect), (status), (part), __FILE__, __LINE__)
void shelf_expect_failure(struct miniorm_query *query, enum miniorm_dialect dialect,
                          enum miniorm_status status, const char *part, const char *file, int line);

#endif
