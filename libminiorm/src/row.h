/*
 * Rows inside the library.
 */
#ifndef MINIORM_SRC_ROW_H
#define MINIORM_SRC_ROW_H

#include <miniorm/model.h>
#include <miniorm/row.h>

/*
 * Copies a row with its text and bytes into memory of its own (row.storage), overwriting *out,
 * which is untouched on failure.
 */
enum miniorm_status miniorm__row_copy(const struct miniorm_model *model, const void *from,
                                      void *out, struct miniorm_error *error);

/* Calls the model's before_insert hook, if it has one. */
enum miniorm_status miniorm__row_before_insert(const struct miniorm_model *model, void *instance,
                                               struct miniorm_error *error);

/* The state at the beginning of every model's struct. */
static inline struct miniorm_row *miniorm__row_state(void *instance)
{
    return (struct miniorm_row *)instance;
}

/* Columns of the primary key, as a bitmap. */
uint64_t miniorm__model_key(const struct miniorm_model *model);

#endif
