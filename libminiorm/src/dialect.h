/*
 * Dialect: what SQL text says differently on PostgreSQL and SQLite, as data.
 */
#ifndef MINIORM_SRC_DIALECT_H
#define MINIORM_SRC_DIALECT_H

#include <miniorm/model.h>
#include <miniorm/query.h>

struct miniorm__dialect {
    enum miniorm_dialect id;
    const char *name;
    char placeholder; /* before the number of a parameter */
    size_t parameters_max; /* of one statement */
    bool has_schemas;
    bool nulls_are_large; /* ASC puts NULLs last unless told otherwise */
    /* Around an array parameter, behind the column. */
    const char *in_open;
    const char *not_in_open;
    const char *in_close;
    /* Before, between and behind the two operands of LIKE and ILIKE. */
    bool like_has_pattern_first;
    const char *like[3];
    const char *ilike[3];
    const char *for_update;
};

/* NULL for a number that is no dialect. */
const struct miniorm__dialect *miniorm__dialect_for(enum miniorm_dialect id);

#endif
