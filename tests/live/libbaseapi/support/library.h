/*
 * The library: models, resources and rows that the requests of the tests are about.
 *
 * Authors, books and shelf are small and readable; things have a column of every type; sections
 * refer to themselves; badges and countries have keys that are no numbers, stocks one of two
 * columns, which movements refer to.
 */
#ifndef SUPPORT_LIBRARY_H
#define SUPPORT_LIBRARY_H

#include <stddef.h>

#include <baseapi/resource.h>
#include <baseapi/route.h>
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

#define SECTION_COLUMNS(X, T)                              \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, name, MINIORM_UNIQUE, .max_len = 40)     \
    X(T, int4, parent_id, MINIORM_NULLABLE, .references = "sections(id)")

#define THING_COLUMNS(X, T)                                             \
    X(T, int8, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY)              \
    X(T, varchar, code, MINIORM_UNIQUE, .max_len = 10)                  \
    X(T, int4, level, 0, .sql_default = "1", .check = "level > 0")      \
    X(T, boolean, flag, MINIORM_NULLABLE)                               \
    X(T, int2, tiny, MINIORM_NULLABLE)                                  \
    X(T, int4, order, MINIORM_NULLABLE)                                 \
    X(T, int8, big, MINIORM_NULLABLE)                                   \
    X(T, float4, ratio, MINIORM_NULLABLE)                               \
    X(T, float8, score, MINIORM_NULLABLE)                               \
    X(T, numeric, price, MINIORM_NULLABLE, .precision = 12, .scale = 2) \
    X(T, numeric, exact, MINIORM_NULLABLE)                              \
    X(T, text, title, MINIORM_NULLABLE)                                 \
    X(T, bytea, blob, MINIORM_NULLABLE)                                 \
    X(T, uuid, token, MINIORM_NULLABLE)                                 \
    X(T, json, doc, MINIORM_NULLABLE)                                   \
    X(T, jsonb, extra, MINIORM_NULLABLE)                                \
    X(T, date, day, MINIORM_NULLABLE)                                   \
    X(T, time, clock, MINIORM_NULLABLE)                                 \
    X(T, timestamp, seen, MINIORM_NULLABLE)                             \
    X(T, timestamptz, made, MINIORM_NULLABLE)

#define BADGE_COLUMNS(X, T)                                                 \
    X(T, uuid, id, MINIORM_PRIMARY_KEY, .sql_default = "gen_random_uuid()") \
    X(T, varchar, label, 0, .max_len = 20)

#define COUNTRY_COLUMNS(X, T)                              \
    X(T, varchar, code, MINIORM_PRIMARY_KEY, .max_len = 8) \
    X(T, text, name, MINIORM_NULLABLE)

#define STOCK_COLUMNS(X, T)                                                                    \
    X(T, varchar, country, MINIORM_PRIMARY_KEY, .max_len = 8, .references = "countries(code)") \
    X(T, int4, number, MINIORM_PRIMARY_KEY)                                                    \
    X(T, int4, amount, 0, .check = "amount >= 0")

#define MOVEMENT_COLUMNS(X, T)                             \
    X(T, int4, id, MINIORM_PRIMARY_KEY | MINIORM_IDENTITY) \
    X(T, varchar, country, 0, .max_len = 8)                \
    X(T, int4, number, 0)                                  \
    X(T, int4, delta, 0)

MINIORM_DECLARE(author, AUTHOR_COLUMNS);
MINIORM_DECLARE(book, BOOK_COLUMNS);
MINIORM_DECLARE(section, SECTION_COLUMNS);
MINIORM_DECLARE(thing, THING_COLUMNS);
MINIORM_DECLARE(badge, BADGE_COLUMNS);
MINIORM_DECLARE(country, COUNTRY_COLUMNS);
MINIORM_DECLARE(stock, STOCK_COLUMNS);
MINIORM_DECLARE(movement, MOVEMENT_COLUMNS);

extern const struct miniorm_model *const library_models[];
extern const size_t library_model_count;

/* Adds the routes of all resources. */
enum baseapi_status library_add(struct baseapi_app *app, struct baseapi_error *error);

/* Makes all tables anew and puts the rows in that the files of requests speak of. */
enum miniorm_status library_reset(struct miniorm_session *session, struct miniorm_error *error);

/* Drops the tables. */
enum miniorm_status library_drop(struct miniorm_session *session, struct miniorm_error *error);

#endif
