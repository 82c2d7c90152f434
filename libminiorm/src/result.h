/*
 * Result: the part that is the same for every database. A driver makes one with
 * miniorm__result_new, giving itself a class that knows its cells.
 */
#ifndef MINIORM_SRC_RESULT_H
#define MINIORM_SRC_RESULT_H

#include <miniorm/result.h>

#include "arena.h"
#include "operation.h"

struct miniorm__result_class {
    /*
     * The cell as a value of the database's own type, or converted when the wanted type (0: none)
     * has a shorter way.
     */
    enum miniorm_status (*cell)(struct miniorm_result *result, size_t row, size_t column,
                                enum miniorm_type wanted, struct miniorm_value *out,
                                struct miniorm_error *error);
    /*
     * A short way to structs: puts the cells of a row that need no conversion into their members
     * and sets their bits; the others, left without the bit `loaded`, are asked for by `cell`.
     * NULL: there is none.
     */
    void (*store_row)(struct miniorm_result *result, size_t row, unsigned char *instance,
                      struct miniorm_row *state);
    const char *(*column_name)(const struct miniorm_result *result, size_t column);
    /* Frees `native`; the arena is freed by the caller. */
    void (*release)(struct miniorm_result *result);
};

struct miniorm_result {
    const struct miniorm__result_class *class;
    void *native; /* PGresult, or the driver's rows in the arena */
    void *plan; /* the driver's, in the arena: how store_row goes about it */
    struct arena arena; /* memory of values that cannot be borrowed, and of instances */
    const struct miniorm_model *model;
    struct miniorm__answer_column *columns; /* copied from the operation; NULL: raw */
    size_t n_rows;
    size_t n_columns;
    uint64_t affected;
    unsigned char *instances; /* n_rows structs, made at first use; NULL before */
    unsigned char *decoded; /* one flag per row */
};

/*
 * A result for an operation's answer, with its own copy of the column descriptions; NULL: out of
 * memory.
 */
struct miniorm_result *miniorm__result_new(const struct miniorm__result_class *class,
                                           const struct miniorm__operation *operation);

/* A result without rows and columns; NULL: out of memory. */
struct miniorm_result *miniorm__result_empty(const struct miniorm_model *model);

#endif
