/*
 * Models of the demo: authors, their books, and the categories of books.
 */
#ifndef APPS_DEMO_MODELS_H
#define APPS_DEMO_MODELS_H

#include <miniorm/miniorm.h>

#define AUTHOR_COLUMNS(X, T)                               \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, 0, .max_len = 100)                 \
    X(T, varchar, surname, 0, .max_len = 100)

#define BOOK_COLUMNS(X, T)                                                     \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)                     \
    X(T, varchar, category, MINIORM_NULLABLE | MINIORM_INDEXED, .max_len = 50) \
    X(T, varchar, name, 0, .max_len = 200)                                     \
    X(T, boolean, is_available, 0, .sql_default = "true")                      \
    X(T, int4, author_id, MINIORM_NULLABLE | MINIORM_INDEXED, .references = "authors(id)")

/* No table: what the provider of categories answers with. */
#define CATEGORY_COLUMNS(X, T)                              \
    X(T, varchar, name, MINIORM_PRIMARY_KEY, .max_len = 50) \
    X(T, int8, books, 0)

MINIORM_DECLARE(author, AUTHOR_COLUMNS);
MINIORM_DECLARE(book, BOOK_COLUMNS);
MINIORM_DECLARE(category, CATEGORY_COLUMNS);

#endif
