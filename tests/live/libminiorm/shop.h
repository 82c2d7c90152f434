/*
 * Models of the tests that run on both databases: authors with books, and stock under a composite key.
 */
#ifndef LIVE_SHOP_H
#define LIVE_SHOP_H

#include <miniorm/miniorm.h>

#define AUTHOR_COLUMNS(X, T)                                         \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)           \
    X(T, varchar, name, MINIORM_UNIQUE, .max_len = 50)               \
    X(T, text, biography, MINIORM_NULLABLE, .sql_default = "'none'") \
    X(T, int4, born, MINIORM_NULLABLE)

#define STOCK_COLUMNS(X, T)                                              \
    X(T, int4, shop, MINIORM_PRIMARY_KEY)                                \
    X(T, text, article, MINIORM_PRIMARY_KEY)                             \
    X(T, int8, amount, 0, .sql_default = "0", .check = "amount >= 0")    \
    X(T, int4, author_id, MINIORM_NULLABLE, .references = "authors(id)") \
    X(T, bytea, label, MINIORM_NULLABLE)

MINIORM_DECLARE(author, AUTHOR_COLUMNS);
MINIORM_DECLARE(stock, STOCK_COLUMNS);

#endif
