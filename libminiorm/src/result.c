/*
 * Results: what is the same for every database. Cells come from the driver's class; here they
 * become values of the model's types and structs of the model.
 *
 * Order: a driver makes one with miniorm__result_new and fills it in; then any reads; then
 * miniorm_result_free.
 * Invariant: an instance whose flag in `decoded` is set is complete and its after_load hook has
 * run; everything that values and instances point to lies in the arena or in the driver's own
 * memory, which both live as long as the result.
 */
#include "result.h"

#include <stdlib.h>
#include <string.h>

#include <miniorm/manager.h>

#include "error.h"
#include "row.h"
#include "value.h"

struct miniorm_result *miniorm__result_new(const struct miniorm__result_class *class,
                                           const struct miniorm__operation *operation)
{
    const size_t n_columns = operation->columns == NULL ? 0 : operation->n_columns;
    /* The columns lie behind the structure: one allocation for both. */
    struct miniorm_result *result =
        malloc(sizeof(*result) + n_columns * sizeof(struct miniorm__answer_column));

    if (result == NULL)
        return NULL;
    memset(result, 0, sizeof(*result));
    result->class = class;
    result->model = operation->model;
    result->n_columns = n_columns;
    if (n_columns != 0) {
        result->columns = (struct miniorm__answer_column *)(result + 1);
        memcpy(result->columns, operation->columns, n_columns * sizeof(*result->columns));
    }
    return result;
}

void miniorm_result_free(struct miniorm_result *result)
{
    if (result == NULL)
        return;
    if (result->class->release != NULL)
        result->class->release(result);
    arena_free(&result->arena);
    free(result);
}

size_t miniorm_result_rows(const struct miniorm_result *result)
{
    return result->n_rows;
}

size_t miniorm_result_columns(const struct miniorm_result *result)
{
    return result->n_columns;
}

uint64_t miniorm_result_affected(const struct miniorm_result *result)
{
    return result->affected;
}

const char *miniorm_result_column_name(const struct miniorm_result *result, size_t column)
{
    return column < result->n_columns ? result->class->column_name(result, column) : NULL;
}

static const char *known_name(const struct miniorm_result *result, size_t column)
{
    const char *name = result->class->column_name(result, column);

    return name == NULL ? "?" : name;
}

/* Brings a cell of the database's own type to the wanted one. Text that a database holds is not
 * looked through again. */
static enum miniorm_status adapt(struct miniorm_result *result, size_t column,
                                 enum miniorm_type wanted, struct miniorm_value *value,
                                 struct miniorm_error *error)
{
    struct miniorm_error why = MINIORM_ERROR_INIT;
    enum miniorm_status status;

    if (value->is_null || (miniorm__type_is_text(wanted) && miniorm__type_is_text(value->type) &&
                           (wanted != MINIORM_T_numeric || value->type == wanted))) {
        value->type = wanted;
        return MINIORM_OK;
    }
    status = miniorm__value_convert(value, wanted, &result->arena, value, &why);
    if (status == MINIORM_OK)
        return MINIORM_OK;
    return miniorm__fail(error, status, "cannot read column %s: %s", known_name(result, column),
                         why.message);
}

static enum miniorm_status read_cell(struct miniorm_result *result, size_t row, size_t column,
                                     struct miniorm_value *out, struct miniorm_error *error)
{
    const enum miniorm_type wanted =
        result->columns == NULL ? (enum miniorm_type)0 : result->columns[column].type;
    const enum miniorm_status status = result->class->cell(result, row, column, wanted, out, error);

    if (status != MINIORM_OK || wanted == 0 || out->type == wanted)
        return status;
    return adapt(result, column, wanted, out, error);
}

enum miniorm_status miniorm_result_value(struct miniorm_result *result, size_t row, size_t column,
                                         struct miniorm_value *out, struct miniorm_error *error)
{
    struct miniorm_value value;
    enum miniorm_status status;

    if (row >= result->n_rows || column >= result->n_columns)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "no row %zu with a column %zu: the answer has %zu rows of %zu", row,
                             column, result->n_rows, result->n_columns);
    status = read_cell(result, row, column, &value, error);
    if (status == MINIORM_OK)
        *out = value;
    return status;
}

static enum miniorm_status decode_cell(struct miniorm_result *result, size_t row, size_t column,
                                       unsigned char *instance, struct miniorm_error *error)
{
    const int number = result->columns[column].model_column;
    struct miniorm_row *state = miniorm__row_state(instance);
    struct miniorm_value value;
    enum miniorm_status status;

    status = read_cell(result, row, column, &value, error);
    if (status != MINIORM_OK)
        return status;
    state->loaded |= MINIORM_COLUMN(number);
    if (value.is_null)
        state->null |= MINIORM_COLUMN(number);
    else
        miniorm__member_store(instance + result->model->columns[number].offset, &value);
    return MINIORM_OK;
}

static enum miniorm_status decode_row(struct miniorm_result *result, size_t row,
                                      unsigned char *instance, struct miniorm_error *error)
{
    const struct miniorm_manager *manager = result->model->manager;
    struct miniorm_row *state = miniorm__row_state(instance);
    size_t i;

    /* A try before this one may have stopped half way. */
    memset(instance, 0, result->model->row_size);
    if (result->class->store_row != NULL)
        result->class->store_row(result, row, instance, state);
    for (i = 0; i < result->n_columns; i++) {
        const int number = result->columns[i].model_column;
        enum miniorm_status status = MINIORM_OK;

        if (number >= 0 && (state->loaded & MINIORM_COLUMN(number)) == 0)
            status = decode_cell(result, row, i, instance, error);
        if (status != MINIORM_OK)
            return status;
    }
    if (manager != NULL && manager->after_load != NULL)
        manager->after_load(manager, instance);
    return MINIORM_OK;
}

static enum miniorm_status make_instances(struct miniorm_result *result,
                                          struct miniorm_error *error)
{
    unsigned char *decoded = arena_zeroed(&result->arena, result->n_rows, 1);

    if (decoded == NULL || result->n_rows > SIZE_MAX / result->model->row_size)
        return miniorm__fail_memory(error);
    result->instances = arena_alloc(&result->arena, result->n_rows * result->model->row_size);
    if (result->instances == NULL)
        return miniorm__fail_memory(error);
    result->decoded = decoded;
    return MINIORM_OK;
}

enum miniorm_status miniorm_result_instance(struct miniorm_result *result, size_t row, void **out,
                                            struct miniorm_error *error)
{
    unsigned char *instance;
    enum miniorm_status status;

    if (result->model == NULL || result->columns == NULL)
        return miniorm__fail(error, MINIORM_EINVALID,
                             "the answer has no rows of a model to make a struct from");
    if (row >= result->n_rows)
        return miniorm__fail(error, MINIORM_EINVALID, "no row %zu: the answer has %zu", row,
                             result->n_rows);
    if (result->instances == NULL) {
        status = make_instances(result, error);
        if (status != MINIORM_OK)
            return status;
    }
    instance = result->instances + row * result->model->row_size;
    if (!result->decoded[row]) {
        status = decode_row(result, row, instance, error);
        if (status != MINIORM_OK)
            return status;
        result->decoded[row] = 1;
    }
    *out = instance;
    return MINIORM_OK;
}

enum miniorm_status miniorm_result_copy(struct miniorm_result *result, size_t row, void *instance,
                                        struct miniorm_error *error)
{
    void *borrowed;
    enum miniorm_status status = miniorm_result_instance(result, row, &borrowed, error);

    if (status != MINIORM_OK)
        return status;
    return miniorm__row_copy(result->model, borrowed, instance, error);
}

static const char *no_column_name(const struct miniorm_result *result, size_t column)
{
    (void)result;
    (void)column;
    return NULL;
}

struct miniorm_result *miniorm__result_empty(const struct miniorm_model *model)
{
    static const struct miniorm__result_class class = {.column_name = no_column_name};
    const struct miniorm__operation operation = {.model = model};

    return miniorm__result_new(&class, &operation);
}
