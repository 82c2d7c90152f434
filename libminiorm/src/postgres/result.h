/*
 * Result: PostgreSQL's answer as the library's.
 */
#ifndef MINIORM_SRC_POSTGRES_RESULT_H
#define MINIORM_SRC_POSTGRES_RESULT_H

#include <libpq-fe.h>

#include "../result.h"

/*
 * Makes a result of an answer without an error and takes the answer over, also on failure.
 *
 * Errors: MINIORM_ENOMEM; MINIORM_EPROTOCOL  the columns are not those that were asked for.
 */
enum miniorm_status miniorm__pg_result_take(const struct miniorm__operation *operation,
                                            PGresult *answer, struct miniorm_result **out,
                                            struct miniorm_error *error);

/* The short way of struct miniorm__result_class to structs, in row.c. */
void miniorm__pg_store_row(struct miniorm_result *result, size_t row, unsigned char *instance,
                           struct miniorm_row *state);

#endif
