/*
 * Conditions and values copied from the caller: checked against the model, converted to the types
 * of the columns, with all text in an arena.
 */
#ifndef MINIORM_SRC_CONDITION_H
#define MINIORM_SRC_CONDITION_H

#include <miniorm/condition.h>
#include <miniorm/model.h>

#include "arena.h"

/*
 * Conditions are copied and written recursively: what is deeper than any program means is refused
 * before it exhausts the stack.
 */
#define MINIORM__CONDITION_DEPTH_MAX 200

/*
 * Copies a condition. Comparisons with NULL become IS NULL and IS NOT NULL, so that the copy means
 * what it says. *has_raw becomes true if program text is in it; otherwise it is untouched.
 *
 * Errors:  MINIORM_EINVALID  no such column or operator, wrong number of values or children.
 *          MINIORM_EVALUE    a value does not fit its column, which the error names.
 *          MINIORM_ELIMIT    deeper than MINIORM__CONDITION_DEPTH_MAX.
 *          MINIORM_ENOMEM
 */
enum miniorm_status miniorm__condition_copy(struct arena *arena, const struct miniorm_model *model,
                                            const struct miniorm_condition *from,
                                            struct miniorm_condition *to, bool *has_raw,
                                            struct miniorm_error *error);

/* Converts a value to the type of a column and copies its text. */
enum miniorm_status miniorm__value_copy_for(struct arena *arena, const struct miniorm_model *model,
                                            unsigned column, const struct miniorm_value *from,
                                            struct miniorm_value *to, struct miniorm_error *error);

/*
 * Copies values for program text, which is all that says where they go: each must be one of its own
 * type.
 *
 * Errors:  MINIORM_EINVALID, MINIORM_EVALUE, MINIORM_ENOMEM
 */
enum miniorm_status miniorm__values_copy(struct arena *arena, const struct miniorm_value *values,
                                         size_t count, const struct miniorm_value **out,
                                         struct miniorm_error *error);

#endif
