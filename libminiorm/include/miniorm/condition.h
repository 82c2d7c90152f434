/*
 * Conditions: where lists as plain data, written with the macros below and copied by whatever takes
 * them.
 *
 *     MINIORM_WHERE(miniorm_eq(book_author_id, 5),
 *                   miniorm_or(miniorm_ilike(book_name, "%sea%"), miniorm_null(book_category)))
 *
 * Columns are numbers of the model the query is about; values are converted to their types and go
 * to the database as parameters, never as text of the statement. json cannot be compared, jsonb
 * only on PostgreSQL (MINIORM_EUNSUPPORTED). The macros are C11; from C++ fill the structures.
 *
 * What the macros make lives until the end of the block they stand in. Constant data: any thread.
 */
#ifndef MINIORM_CONDITION_H
#define MINIORM_CONDITION_H

#include <stddef.h>

#include <miniorm/export.h>
#include <miniorm/value.h>

MINIORM_BEGIN_DECLS

enum miniorm_operator {
    MINIORM_OP_AND = 1, /* of no children: true */
    MINIORM_OP_OR = 2, /* of no children: false */
    MINIORM_OP_NOT = 3, /* of one child */
    MINIORM_OP_EQ = 4, /* with a null value: IS NULL */
    /* With a null value: IS NOT NULL; otherwise rows with NULL do not match, as in SQL. */
    MINIORM_OP_NE = 5,
    MINIORM_OP_LT = 6,
    MINIORM_OP_LE = 7,
    MINIORM_OP_GT = 8,
    MINIORM_OP_GE = 9,
    MINIORM_OP_IN = 10, /* of no values: false */
    MINIORM_OP_NOT_IN = 11,
    MINIORM_OP_LIKE = 12, /* % and _, escaped by \; case-sensitive on every database */
    MINIORM_OP_ILIKE = 13, /* ignores case; on SQLite of ASCII letters only */
    MINIORM_OP_IS_NULL = 14,
    MINIORM_OP_IS_NOT_NULL = 15,
    MINIORM_OP_BETWEEN = 16, /* two values, both included */
    MINIORM_OP_RAW = 17 /* `sql`, with $1, $2… for its own values, all of them */
};

/*
 * Which members count depends on `op`; all pointers are borrowed until the call that takes the
 * condition returns.
 */
struct miniorm_condition {
    enum miniorm_operator op;
    unsigned column;
    const struct miniorm_value *values;
    size_t n_values;
    const struct miniorm_condition *children;
    size_t n_children;
    const char *sql;
};

/* Every row: what update and delete want to hear where the whole table is meant. */
MINIORM_API extern const struct miniorm_condition miniorm_all;
#define MINIORM_ALL (&miniorm_all)

#ifndef __cplusplus

#define MINIORM_COUNT_OF_(array) (sizeof(array) / sizeof((array)[0]))
#define MINIORM_CHILDREN_(operator_, ...)                            \
    ((struct miniorm_condition){                                     \
        .op = (operator_),                                           \
        .children = (const struct miniorm_condition[]){__VA_ARGS__}, \
        .n_children = MINIORM_COUNT_OF_(((const struct miniorm_condition[]){__VA_ARGS__}))})
#define MINIORM_COMPARE_(operator_, number, value)                                              \
    ((struct miniorm_condition){.op = (operator_),                                              \
                                .column = (number),                                             \
                                .values = (const struct miniorm_value[]){MINIORM_VALUE(value)}, \
                                .n_values = 1})

/* Pointer to the AND of the conditions, as the where parameters take it. */
#define MINIORM_WHERE(...) (&MINIORM_CHILDREN_(MINIORM_OP_AND, __VA_ARGS__))

#define miniorm_and(...) MINIORM_CHILDREN_(MINIORM_OP_AND, __VA_ARGS__)
#define miniorm_or(...) MINIORM_CHILDREN_(MINIORM_OP_OR, __VA_ARGS__)
#define miniorm_not(condition) MINIORM_CHILDREN_(MINIORM_OP_NOT, condition)
#define miniorm_eq(column, value) MINIORM_COMPARE_(MINIORM_OP_EQ, column, value)
#define miniorm_ne(column, value) MINIORM_COMPARE_(MINIORM_OP_NE, column, value)
#define miniorm_lt(column, value) MINIORM_COMPARE_(MINIORM_OP_LT, column, value)
#define miniorm_le(column, value) MINIORM_COMPARE_(MINIORM_OP_LE, column, value)
#define miniorm_gt(column, value) MINIORM_COMPARE_(MINIORM_OP_GT, column, value)
#define miniorm_ge(column, value) MINIORM_COMPARE_(MINIORM_OP_GE, column, value)
#define miniorm_like(column, pattern) MINIORM_COMPARE_(MINIORM_OP_LIKE, column, pattern)
#define miniorm_ilike(column, pattern) MINIORM_COMPARE_(MINIORM_OP_ILIKE, column, pattern)
/* With an array of struct miniorm_value and its length. */
#define miniorm_in(number, array, count) \
    ((struct miniorm_condition){         \
        .op = MINIORM_OP_IN, .column = (number), .values = (array), .n_values = (count)})
#define miniorm_not_in(number, array, count) \
    ((struct miniorm_condition){             \
        .op = MINIORM_OP_NOT_IN, .column = (number), .values = (array), .n_values = (count)})
#define miniorm_null(number) \
    ((struct miniorm_condition){.op = MINIORM_OP_IS_NULL, .column = (number)})
#define miniorm_not_null(number) \
    ((struct miniorm_condition){.op = MINIORM_OP_IS_NOT_NULL, .column = (number)})
#define miniorm_between(number, low, high)                                                 \
    ((struct miniorm_condition){                                                           \
        .op = MINIORM_OP_BETWEEN,                                                          \
        .column = (number),                                                                \
        .values = (const struct miniorm_value[]){MINIORM_VALUE(low), MINIORM_VALUE(high)}, \
        .n_values = 2})
/* Program text with $1, $2… and an array of values; (NULL, 0) for none. */
#define miniorm_raw(text, array, count) \
    ((struct miniorm_condition){        \
        .op = MINIORM_OP_RAW, .sql = (text), .values = (array), .n_values = (count)})

#endif

MINIORM_END_DECLS

#endif
