/*
 * Conditions: checked and copied into an arena before anything else sees them.
 *
 * Invariant: in a copy every column exists, every value is of its column's type or a NULL that
 * matches nothing, and the number of values and children is the one that the operator needs.
 */
#include "condition.h"

#include <string.h>

#include "error.h"
#include "value.h"

const struct miniorm_condition miniorm_all = {.op = MINIORM_OP_AND};

struct copying {
    struct arena *arena;
    const struct miniorm_model *model;
    bool has_raw;
    struct miniorm_error *error;
};

static enum miniorm_status copy_node(struct copying *copying, const struct miniorm_condition *from,
                                     struct miniorm_condition *to, unsigned depth);

/* Text that the conversion made lies in the arena already. */
static bool copy_bytes(struct arena *arena, const struct miniorm_value *from,
                       struct miniorm_value *to)
{
    if (to->is_null)
        return true;
    if (to->type == MINIORM_T_bytea) {
        to->as.bytes.data = arena_copy(arena, to->as.bytes.data, to->as.bytes.size);
        return to->as.bytes.data != NULL;
    }
    if (!miniorm__type_is_text(to->type) ||
        (miniorm__type_is_text(from->type) && to->as.text.data != from->as.text.data))
        return true;
    to->as.text.data = arena_copy(arena, to->as.text.data, to->as.text.size);
    return to->as.text.data != NULL;
}

/* The conversion is repeated to learn its reason, so that a success never pays for one. */
static enum miniorm_status find_reason(const struct miniorm_value *value, enum miniorm_type type,
                                       struct arena *arena, struct miniorm_error *reason)
{
    struct miniorm_value out;
    const enum miniorm_status status = miniorm__value_convert(value, type, arena, &out, reason);

    return status == MINIORM_OK ? MINIORM_ENOMEM : status;
}

static enum miniorm_status refuse_value(const struct miniorm_model *model, unsigned column,
                                        const struct miniorm_value *value, struct arena *arena,
                                        struct miniorm_error *error)
{
    struct miniorm_error reason = MINIORM_ERROR_INIT;
    const enum miniorm_status status =
        find_reason(value, model->columns[column].type, arena, &reason);

    if (status == MINIORM_ENOMEM)
        return miniorm__fail_memory(error);
    return miniorm__fail_column(error, status, model->table, model->columns[column].name,
                                reason.message);
}

enum miniorm_status miniorm__value_copy_for(struct arena *arena, const struct miniorm_model *model,
                                            unsigned column, const struct miniorm_value *from,
                                            struct miniorm_value *to, struct miniorm_error *error)
{
    struct miniorm_value value;

    if (miniorm__value_convert(from, model->columns[column].type, arena, &value, NULL) !=
        MINIORM_OK)
        return refuse_value(model, column, from, arena, error);
    if (!copy_bytes(arena, from, &value))
        return miniorm__fail_memory(error);
    *to = value;
    return MINIORM_OK;
}

static enum miniorm_status refuse_raw_value(const struct miniorm_value *value, size_t place,
                                            struct arena *arena, struct miniorm_error *error)
{
    struct miniorm_error reason = MINIORM_ERROR_INIT;
    const enum miniorm_status status = find_reason(value, value->type, arena, &reason);

    if (status == MINIORM_ENOMEM)
        return miniorm__fail_memory(error);
    return miniorm__fail(error, status, "value $%zu of raw SQL: %s", place + 1, reason.message);
}

enum miniorm_status miniorm__values_copy(struct arena *arena, const struct miniorm_value *values,
                                         size_t count, const struct miniorm_value **out,
                                         struct miniorm_error *error)
{
    struct miniorm_value *copies = arena_zeroed(arena, count, sizeof(*copies));
    size_t i;

    if (copies == NULL)
        return miniorm__fail_memory(error);
    for (i = 0; i < count; i++) {
        copies[i] = values[i];
        if (values[i].is_null)
            continue;
        if (miniorm__value_convert(&values[i], values[i].type, arena, &copies[i], NULL) !=
            MINIORM_OK)
            return refuse_raw_value(&values[i], i, arena, error);
        if (!copy_bytes(arena, &values[i], &copies[i]))
            return miniorm__fail_memory(error);
    }
    *out = copies;
    return MINIORM_OK;
}

static bool needs_column(enum miniorm_operator op)
{
    return op >= MINIORM_OP_EQ && op <= MINIORM_OP_BETWEEN;
}

static bool has_right_count(const struct miniorm_condition *condition)
{
    switch (condition->op) {
    case MINIORM_OP_AND:
    case MINIORM_OP_OR: return condition->n_children == 0 || condition->children != NULL;
    case MINIORM_OP_NOT: return condition->n_children == 1 && condition->children != NULL;
    case MINIORM_OP_IN:
    case MINIORM_OP_NOT_IN: return condition->n_values == 0 || condition->values != NULL;
    case MINIORM_OP_RAW:
        return condition->sql != NULL && (condition->n_values == 0 || condition->values != NULL);
    case MINIORM_OP_BETWEEN: return condition->n_values == 2 && condition->values != NULL;
    case MINIORM_OP_IS_NULL:
    case MINIORM_OP_IS_NOT_NULL: return true;
    default: return condition->n_values == 1 && condition->values != NULL;
    }
}

static enum miniorm_status check(const struct copying *copying,
                                 const struct miniorm_condition *condition)
{
    const struct miniorm_model *model = copying->model;

    if (condition->op < MINIORM_OP_AND || condition->op > MINIORM_OP_RAW)
        return miniorm__fail(copying->error, MINIORM_EINVALID, "condition on %s: no operator %d",
                             model->table, (int)condition->op);
    if (!has_right_count(condition))
        return miniorm__fail(copying->error, MINIORM_EINVALID,
                             "condition on %s: wrong number of values or children for operator %d",
                             model->table, (int)condition->op);
    if (needs_column(condition->op) && condition->column >= model->n_columns)
        return miniorm__fail(copying->error, MINIORM_EINVALID, "condition on %s: no column %u",
                             model->table, condition->column);
    return MINIORM_OK;
}

static bool is_pattern(enum miniorm_operator op)
{
    return op == MINIORM_OP_LIKE || op == MINIORM_OP_ILIKE;
}

static enum miniorm_status check_pattern(const struct copying *copying,
                                         const struct miniorm_condition *condition)
{
    const struct miniorm_column *column = &copying->model->columns[condition->column];

    if (column->type == MINIORM_T_text || column->type == MINIORM_T_varchar)
        return MINIORM_OK;
    return miniorm__fail(copying->error, MINIORM_EINVALID,
                         "condition on %s: %s is %s, and LIKE is for text", copying->model->table,
                         column->name, miniorm_type_name(column->type));
}

static enum miniorm_status copy_values(struct copying *copying,
                                       const struct miniorm_condition *from,
                                       struct miniorm_condition *to)
{
    struct miniorm_value *values =
        arena_alloc(copying->arena, from->n_values * sizeof(struct miniorm_value));
    enum miniorm_status status = MINIORM_OK;
    size_t i;

    if (values == NULL)
        return miniorm__fail_memory(copying->error);
    for (i = 0; i < from->n_values && status == MINIORM_OK; i++)
        status = miniorm__value_copy_for(copying->arena, copying->model, from->column,
                                         &from->values[i], &values[i], copying->error);
    to->values = values;
    to->n_values = from->n_values;
    return status;
}

static enum miniorm_status copy_comparison(struct copying *copying,
                                           const struct miniorm_condition *from,
                                           struct miniorm_condition *to)
{
    to->column = from->column;
    if (from->op == MINIORM_OP_IS_NULL || from->op == MINIORM_OP_IS_NOT_NULL)
        return MINIORM_OK;
    if ((from->op == MINIORM_OP_EQ || from->op == MINIORM_OP_NE) && from->values[0].is_null) {
        to->op = from->op == MINIORM_OP_EQ ? MINIORM_OP_IS_NULL : MINIORM_OP_IS_NOT_NULL;
        return MINIORM_OK;
    }
    if (is_pattern(from->op) && check_pattern(copying, from) != MINIORM_OK)
        return MINIORM_EINVALID;
    return copy_values(copying, from, to);
}

static enum miniorm_status copy_children(struct copying *copying,
                                         const struct miniorm_condition *from,
                                         struct miniorm_condition *to, unsigned depth)
{
    struct miniorm_condition *children =
        arena_zeroed(copying->arena, from->n_children, sizeof(*children));
    enum miniorm_status status = MINIORM_OK;
    size_t i;

    if (children == NULL)
        return miniorm__fail_memory(copying->error);
    for (i = 0; i < from->n_children && status == MINIORM_OK; i++)
        status = copy_node(copying, &from->children[i], &children[i], depth + 1);
    to->children = children;
    to->n_children = from->n_children;
    return status;
}

static enum miniorm_status copy_raw(struct copying *copying, const struct miniorm_condition *from,
                                    struct miniorm_condition *to)
{
    copying->has_raw = true;
    to->sql = arena_string(copying->arena, from->sql);
    to->n_values = from->n_values;
    if (to->sql == NULL)
        return miniorm__fail_memory(copying->error);
    return miniorm__values_copy(copying->arena, from->values, from->n_values, &to->values,
                                copying->error);
}

static enum miniorm_status copy_node(struct copying *copying, const struct miniorm_condition *from,
                                     struct miniorm_condition *to, unsigned depth)
{
    enum miniorm_status status;

    if (depth > MINIORM__CONDITION_DEPTH_MAX)
        return miniorm__fail(copying->error, MINIORM_ELIMIT,
                             "condition on %s: more than %d levels deep", copying->model->table,
                             MINIORM__CONDITION_DEPTH_MAX);
    status = check(copying, from);
    if (status != MINIORM_OK)
        return status;
    to->op = from->op;
    if (from->op <= MINIORM_OP_NOT)
        return copy_children(copying, from, to, depth);
    return from->op == MINIORM_OP_RAW ? copy_raw(copying, from, to)
                                      : copy_comparison(copying, from, to);
}

enum miniorm_status miniorm__condition_copy(struct arena *arena, const struct miniorm_model *model,
                                            const struct miniorm_condition *from,
                                            struct miniorm_condition *to, bool *has_raw,
                                            struct miniorm_error *error)
{
    struct copying copying = {.arena = arena, .model = model, .error = error};
    enum miniorm_status status;

    *to = (struct miniorm_condition){0};
    status = copy_node(&copying, from, to, 0);
    *has_raw = *has_raw || copying.has_raw;
    return status;
}
