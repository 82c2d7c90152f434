/*
 * What is wrong with a set of models before any statement is made of it: a model by itself, two of
 * one table, two indexes of one name.
 *
 * Names of tables and indexes are told apart within one schema of PostgreSQL, and in the whole of a
 * SQLite database. An index is made IF NOT EXISTS: of two with one name, the second would be
 * missing without a word.
 */
#include "error.h"
#include "schema.h"

/* The names that a model takes in its schema, one after the other. */
struct names {
    const struct miniorm_model *model;
    size_t column; /* each has two: of its unique constraint and of its index */
    bool has_shown_unique;
    bool has_shown_key;
    const struct miniorm_constraint *constraint;
    const struct miniorm_index *index;
    const char *name;
    char buffer[MINIORM_NAME_SIZE];
};

static struct names names_of(const struct miniorm_model *model)
{
    return (struct names){
        .model = model, .constraint = model->constraints, .index = model->indexes};
}

static bool own_name(struct names *names, const char *column, const char *label)
{
    miniorm__constraint_name(names->model->table, column, label, names->buffer);
    names->name = names->buffer;
    return true;
}

static bool next_of_column(struct names *names)
{
    while (names->column < names->model->n_columns) {
        const struct miniorm_column *column = &names->model->columns[names->column];

        if (!names->has_shown_unique) {
            names->has_shown_unique = true;
            if ((column->flags & MINIORM_UNIQUE) != 0)
                return own_name(names, column->name, "key");
        }
        names->has_shown_unique = false;
        names->column++;
        if ((column->flags & MINIORM_INDEXED) != 0)
            return own_name(names, column->name, "idx");
    }
    return false;
}

static bool next_name(struct names *names)
{
    if (!names->has_shown_key) {
        names->has_shown_key = true;
        return own_name(names, NULL, "pkey");
    }
    if (next_of_column(names))
        return true;
    while (names->constraint != NULL && names->constraint->name != NULL) {
        const struct miniorm_constraint *constraint = names->constraint++;

        names->name = constraint->name;
        if (constraint->kind == MINIORM_CONSTRAINT_UNIQUE)
            return true;
    }
    if (names->index == NULL || names->index->name == NULL)
        return false;
    names->name = names->index++->name;
    return true;
}

/* Whether `model` takes a name, or takes it again behind `names`, where these are its own. */
static bool takes_name(const struct miniorm_model *model, const struct names *names)
{
    struct names others = names->model == model ? *names : names_of(model);

    while (next_name(&others)) {
        if (strcmp(others.name, names->name) == 0)
            return true;
    }
    return false;
}

static bool share_schema(const struct miniorm__dialect *dialect, const struct miniorm_model *left,
                         const struct miniorm_model *right)
{
    const char *left_schema = left->schema == NULL ? "" : left->schema;
    const char *right_schema = right->schema == NULL ? "" : right->schema;

    return !dialect->has_schemas || strcmp(left_schema, right_schema) == 0;
}

static enum miniorm_status check_names(const struct miniorm__dialect *dialect,
                                       const struct miniorm_model *const *models, size_t place,
                                       struct miniorm_error *error)
{
    struct names names = names_of(models[place]);
    size_t i;

    while (next_name(&names)) {
        for (i = 0; i <= place; i++) {
            if (share_schema(dialect, models[i], models[place]) && takes_name(models[i], &names))
                return miniorm__fail(error, MINIORM_EINVALID,
                                     "schema: an index of %s has the name of one of %s: %s",
                                     models[place]->table, models[i]->table, names.name);
        }
    }
    return MINIORM_OK;
}

static enum miniorm_status check_table(const struct miniorm__dialect *dialect,
                                       const struct miniorm_model *const *models, size_t place,
                                       struct miniorm_error *error)
{
    size_t i;

    for (i = 0; i < place; i++) {
        if (strcmp(models[i]->table, models[place]->table) == 0 &&
            share_schema(dialect, models[i], models[place]))
            return miniorm__fail(error, MINIORM_EINVALID, "schema: two models of the table %s",
                                 models[place]->table);
    }
    return MINIORM_OK;
}

enum miniorm_status miniorm__schema_check(const struct miniorm__dialect *dialect,
                                          const struct miniorm_model *const *models, size_t count,
                                          struct miniorm_error *error)
{
    enum miniorm_status status = MINIORM_OK;
    size_t i;

    for (i = 0; i < count && status == MINIORM_OK; i++) {
        if (models[i] == NULL)
            return miniorm__fail(error, MINIORM_EINVALID, "schema: model %zu is NULL", i);
        status = miniorm_model_check(models[i], error);
        if (status == MINIORM_OK)
            status = check_table(dialect, models, i, error);
        if (status == MINIORM_OK)
            status = check_names(dialect, models, i, error);
    }
    return status;
}
