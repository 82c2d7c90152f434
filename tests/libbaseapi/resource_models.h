/*
 * The models that the unit tests of resources declare tables of.
 */
#ifndef RESOURCE_MODELS_H
#define RESOURCE_MODELS_H

#include <miniorm/miniorm.h>

#define WRITER_COLUMNS(X, T)                               \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, 0, .max_len = 10)                  \
    X(T, text, notes, MINIORM_NULLABLE)                    \
    X(T, json, extra, MINIORM_NULLABLE)

#define NOVEL_COLUMNS(X, T)                                              \
    X(T, int8, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)               \
    X(T, varchar, category, MINIORM_NULLABLE, .max_len = 5)              \
    X(T, varchar, name, MINIORM_UNIQUE, .max_len = 20)                   \
    X(T, boolean, is_available, 0, .sql_default = "true")                \
    X(T, int4, writer_id, MINIORM_NULLABLE, .references = "writers(id)") \
    X(T, int2, pages, MINIORM_NULLABLE, .check = "pages > 0")            \
    X(T, numeric, price, MINIORM_NULLABLE)                               \
    X(T, bytea, cover, MINIORM_NULLABLE)                                 \
    X(T, uuid, token, MINIORM_NULLABLE)                                  \
    X(T, timestamptz, made, MINIORM_NULLABLE)

#define PAGE_COLUMNS(X, T)                  \
    X(T, int4, novel, MINIORM_PRIMARY_KEY)  \
    X(T, int4, number, MINIORM_PRIMARY_KEY) \
    X(T, text, content, 0)

#define LOOSE_COLUMNS(X, T) X(T, int4, number, 0)

MINIORM_DECLARE(writer, WRITER_COLUMNS);
MINIORM_DECLARE(novel, NOVEL_COLUMNS);
MINIORM_DECLARE(page, PAGE_COLUMNS);
MINIORM_DECLARE(loose, LOOSE_COLUMNS);

#endif
