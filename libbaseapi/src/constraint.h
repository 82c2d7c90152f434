/*
 * Constraints: from what a database says of a violated one to the columns of the model concerned.
 */
#ifndef BASEAPI_SRC_CONSTRAINT_H
#define BASEAPI_SRC_CONSTRAINT_H

#include <miniorm/model.h>

/*
 * The columns of the violated constraint as a bitmap; 0 when they cannot be told. `set` are the
 * columns that the statement wrote: they decide where the database names none.
 */
uint64_t baseapi__constraint_columns(const struct miniorm_model *model,
                                     const struct miniorm_error *error, uint64_t set);

/* Whether a violated foreign key is one of the model's, not another table's that refers to it. */
bool baseapi__constraint_is_own(const struct miniorm_model *model,
                                const struct miniorm_error *error);

#endif
