/*
 * Models: finding a column by name, and checking what the compiler cannot.
 *
 * Invariant: after a successful miniorm_model_check every column number below n_columns has a bit
 * in the row's bitmaps and a member of the right size inside the struct.
 */
#include <miniorm/numeric.h>

#include <string.h>

#include "error.h"
#include "value.h"

#define KNOWN_FLAGS                                                                          \
    ((uint32_t)(MINIORM_PRIMARY_KEY | MINIORM_IDENTITY | MINIORM_NULLABLE | MINIORM_UNIQUE | \
                MINIORM_INDEXED))

int miniorm_model_find_column(const struct miniorm_model *model, const char *name, size_t name_size)
{
    size_t i;

    for (i = 0; name_size != 0 && i < model->n_columns; i++) {
        const char *candidate = model->columns[i].name;

        if (candidate[0] == name[0] && strlen(candidate) == name_size &&
            memcmp(candidate, name, name_size) == 0)
            return (int)i;
    }
    return -1;
}

static bool is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

static bool is_integer(enum miniorm_type type)
{
    return type == MINIORM_T_int2 || type == MINIORM_T_int4 || type == MINIORM_T_int8;
}

static bool is_limited_text(enum miniorm_type type)
{
    return type == MINIORM_T_varchar || type == MINIORM_T_text;
}

/* table(column, ...), both not empty */
static bool is_reference(const char *references)
{
    const char *open = strchr(references, '(');
    const char *close = strchr(references, ')');

    return open != NULL && open != references && close != NULL && close > open + 1 &&
           close[1] == '\0';
}

static bool is_action(const char *action)
{
    static const char *const actions[] = {"NO ACTION", "CASCADE", "SET NULL", "SET DEFAULT",
                                          "RESTRICT"};
    size_t i;

    for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(action, actions[i]) == 0)
            return true;
    }
    return false;
}

static bool actions_are_known(const char *on_update, const char *on_delete)
{
    return (on_update == NULL || is_action(on_update)) &&
           (on_delete == NULL || is_action(on_delete));
}

static const char *member_fault(const struct miniorm_model *model,
                                const struct miniorm_column *column)
{
    const size_t size = miniorm__type_size(column->type);

    if (size == 0)
        return "has no known type";
    if (column->size != size)
        return "has a member whose size is not that of its type";
    if (column->offset < sizeof(struct miniorm_row) || column->offset > model->row_size ||
        model->row_size - column->offset < size)
        return "has a member outside the struct, or over its struct miniorm_row";
    return NULL;
}

static const char *flags_fault(const struct miniorm_column *column)
{
    if ((column->flags & ~KNOWN_FLAGS) != 0)
        return "has unknown flags";
    if ((column->flags & MINIORM_PRIMARY_KEY) != 0 && (column->flags & MINIORM_NULLABLE) != 0)
        return "is part of the primary key and nullable";
    if ((column->flags & MINIORM_IDENTITY) != 0 && !is_integer(column->type))
        return "is an identity but no integer";
    if ((column->flags & MINIORM_IDENTITY) != 0 && column->sql_default != NULL)
        return "is an identity and has a default";
    return NULL;
}

static const char *limits_fault(const struct miniorm_column *column)
{
    if (column->max_len != 0 && !is_limited_text(column->type))
        return "has max_len but is neither varchar nor text";
    if ((column->precision != 0 || column->scale != 0) && column->type != MINIORM_T_numeric)
        return "has a precision but is no numeric";
    if (column->precision > MINIORM_PRECISION_MAX || column->scale > column->precision)
        return "has a precision over 1000, or a scale over its precision";
    return NULL;
}

static const char *reference_fault(const struct miniorm_column *column)
{
    if (column->references == NULL && (column->on_update != NULL || column->on_delete != NULL))
        return "has on_update or on_delete without references";
    if (column->references != NULL && !is_reference(column->references))
        return "has references that are not table(columns)";
    if (!actions_are_known(column->on_update, column->on_delete))
        return "has an unknown on_update or on_delete";
    return NULL;
}

static const char *column_fault(const struct miniorm_model *model, size_t number)
{
    const struct miniorm_column *column = &model->columns[number];
    const char *fault = member_fault(model, column);
    size_t i;

    for (i = 0; i < number; i++) {
        const struct miniorm_column *other = &model->columns[i];

        if (strcmp(other->name, column->name) == 0)
            return "has the name of another column";
        if (other->offset < column->offset + column->size &&
            column->offset < other->offset + other->size)
            return "shares its member with another column";
    }
    if (fault == NULL)
        fault = flags_fault(column);
    if (fault == NULL)
        fault = limits_fault(column);
    return fault == NULL ? reference_fault(column) : fault;
}

static const char *constraint_fault(const struct miniorm_constraint *constraint)
{
    const bool is_foreign_key = constraint->kind == MINIORM_CONSTRAINT_FOREIGN_KEY;

    if (constraint->kind == MINIORM_CONSTRAINT_CHECK)
        return is_empty(constraint->expression) ? "has no expression" : NULL;
    if (!is_foreign_key && constraint->kind != MINIORM_CONSTRAINT_UNIQUE)
        return "has no known kind";
    if (is_empty(constraint->columns))
        return "has no columns";
    if (is_foreign_key && (constraint->references == NULL || !is_reference(constraint->references)))
        return "has references that are not table(columns)";
    if (!actions_are_known(constraint->on_update, constraint->on_delete))
        return "has an unknown on_update or on_delete";
    return NULL;
}

static const char *model_fault(const struct miniorm_model *model)
{
    if (model->size < sizeof(struct miniorm_model))
        return "has a size that is not that of struct miniorm_model";
    if (is_empty(model->table))
        return "has no table";
    if (model->columns == NULL || model->n_columns == 0 || model->n_columns > MINIORM_COLUMNS_MAX)
        return "has no columns, or more than 64";
    if (model->row_size < sizeof(struct miniorm_row))
        return "has a struct that is too small";
    return NULL;
}

static enum miniorm_status fail(const struct miniorm_model *model, const char *what,
                                const char *name, const char *fault, struct miniorm_error *error)
{
    return miniorm__fail(error, MINIORM_EINVALID, "model %s: %s %s %s", model->name, what, name,
                         fault);
}

static enum miniorm_status check_columns(const struct miniorm_model *model,
                                         struct miniorm_error *error)
{
    size_t i;

    for (i = 0; i < model->n_columns; i++) {
        const char *fault;

        if (is_empty(model->columns[i].name))
            return miniorm__fail(error, MINIORM_EINVALID, "model %s: column %zu has no name",
                                 model->name, i);
        fault = column_fault(model, i);
        if (fault != NULL)
            return fail(model, "column", model->columns[i].name, fault, error);
    }
    return MINIORM_OK;
}

static enum miniorm_status check_indexes(const struct miniorm_model *model,
                                         struct miniorm_error *error)
{
    const struct miniorm_index *index = model->indexes;

    for (; index != NULL && index->name != NULL; index++) {
        if (is_empty(index->columns))
            return fail(model, "index", index->name, "has no columns", error);
    }
    return MINIORM_OK;
}

static enum miniorm_status check_constraints(const struct miniorm_model *model,
                                             struct miniorm_error *error)
{
    const struct miniorm_constraint *constraint = model->constraints;

    for (; constraint != NULL && constraint->name != NULL; constraint++) {
        const char *fault = constraint_fault(constraint);

        if (fault != NULL)
            return fail(model, "constraint", constraint->name, fault, error);
    }
    return MINIORM_OK;
}

enum miniorm_status miniorm_model_check(const struct miniorm_model *model,
                                        struct miniorm_error *error)
{
    enum miniorm_status status;
    const char *fault;

    if (is_empty(model->name))
        return miniorm__fail(error, MINIORM_EINVALID, "a model has no name");
    fault = model_fault(model);
    if (fault != NULL)
        return miniorm__fail(error, MINIORM_EINVALID, "model %s %s", model->name, fault);
    status = check_columns(model, error);
    if (status == MINIORM_OK)
        status = check_indexes(model, error);
    if (status == MINIORM_OK)
        status = check_constraints(model, error);
    return status;
}
