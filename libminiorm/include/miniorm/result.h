/*
 * Results: the rows a statement answered, as values or as structs of a model.
 *
 * Text and bytes are borrowed from the result and live until miniorm_result_free. A result may
 * outlive its session, its client and its query, but not the model.
 *
 * Thread:  one thread at a time.
 */
#ifndef MINIORM_RESULT_H
#define MINIORM_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include <miniorm/export.h>
#include <miniorm/model.h>
#include <miniorm/status.h>
#include <miniorm/value.h>

MINIORM_BEGIN_DECLS

struct miniorm_result;

/* Frees a result and everything borrowed from it; NULL is allowed. Since: 0.1 */
MINIORM_API void miniorm_result_free(struct miniorm_result *result);

/* Rows and columns of the answer; both 0 where the statement answers none. Since: 0.1 */
MINIORM_API size_t miniorm_result_rows(const struct miniorm_result *result);
MINIORM_API size_t miniorm_result_columns(const struct miniorm_result *result);

/* Rows that an insert, update or delete touched; for a select the rows of the answer. Since: 0.1 */
MINIORM_API uint64_t miniorm_result_affected(const struct miniorm_result *result);

/* Name of a column of the answer; NULL past the last. Since: 0.1 */
MINIORM_API const char *miniorm_result_column_name(const struct miniorm_result *result,
                                                   size_t column);

/*
 * One cell. The value has the model's type for columns of a model, the database's type otherwise.
 *
 * Errors:  MINIORM_EINVALID      no such row or column.
 *          MINIORM_EVALUE        what the database holds does not fit the model's type.
 *          MINIORM_EUNSUPPORTED  a type without a C form: cast it to text in the statement.
 *          MINIORM_ENOMEM
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_result_value(struct miniorm_result *result, size_t row,
                                                     size_t column, struct miniorm_value *out,
                                                     struct miniorm_error *error);

/*
 * A row as the struct of the query's model, decoded at first use: columns that the answer lacks are
 * not `loaded`. Borrowed from the result; copy with miniorm_result_copy to keep it. The after_load
 * hook of the manager has run.
 *
 * Errors:  as miniorm_result_value; MINIORM_EINVALID also for a query without rows of a model.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_result_instance(struct miniorm_result *result, size_t row,
                                                        void **out, struct miniorm_error *error);

/*
 * A row as a struct of its own that outlives the result: *instance is overwritten; free with
 * miniorm_row_clear.
 *
 * Errors:  as miniorm_result_instance; *instance is untouched then.
 * Since:   0.1
 */
MINIORM_API enum miniorm_status miniorm_result_copy(struct miniorm_result *result, size_t row,
                                                    void *instance, struct miniorm_error *error);

MINIORM_END_DECLS

#endif
