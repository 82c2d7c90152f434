/*
 * Constraints by name: the model's own, its indexes, and the names PostgreSQL makes by itself
 * (table_column_key). SQLite names a column, or nothing; then what was written decides, if only one
 * constraint can be meant.
 */
#include "constraint.h"

#include <stdio.h>
#include <string.h>

/* Name of an automatic constraint: table, column and suffix. */
#define NAME_SIZE 256

/* Columns of a list "category, name"; 0 when one of its words is none, as in an expression. */
static uint64_t columns_of_list(const struct miniorm_model *model, const char *list)
{
    uint64_t columns = 0;

    while (list != NULL && *list != '\0') {
        const size_t size = strcspn(list, ", ");
        const int column = size == 0 ? -1 : miniorm_model_find_column(model, list, size);

        if (column < 0)
            return 0;
        columns |= MINIORM_COLUMN(column);
        list += size;
        list += strspn(list, ", ");
    }
    return columns;
}

static uint64_t primary_key(const struct miniorm_model *model)
{
    uint64_t columns = 0;

    for (size_t i = 0; i < model->n_columns; i++) {
        if ((model->columns[i].flags & MINIORM_PRIMARY_KEY) != 0)
            columns |= MINIORM_COLUMN(i);
    }
    return columns;
}

/* "books_author_id_fkey" for any suffix, "books_pkey". */
static uint64_t columns_of_automatic(const struct miniorm_model *model, const char *name)
{
    char made[NAME_SIZE];

    snprintf(made, sizeof(made), "%s_pkey", model->table);
    if (strcmp(made, name) == 0)
        return primary_key(model);
    for (size_t i = 0; i < model->n_columns; i++) {
        const int size =
            snprintf(made, sizeof(made), "%s_%s_", model->table, model->columns[i].name);

        if (size > 0 && strncmp(made, name, (size_t)size) == 0 && strchr(name + size, '_') == NULL)
            return MINIORM_COLUMN(i);
    }
    return 0;
}

static uint64_t columns_of_name(const struct miniorm_model *model, const char *name)
{
    const struct miniorm_constraint *constraint = model->constraints;
    const struct miniorm_index *index = model->indexes;

    for (; constraint != NULL && constraint->name != NULL; constraint++) {
        if (strcmp(constraint->name, name) == 0)
            return columns_of_list(model, constraint->columns);
    }
    for (; index != NULL && index->name != NULL; index++) {
        if (strcmp(index->name, name) == 0)
            return columns_of_list(model, index->columns);
    }
    return columns_of_automatic(model, name);
}

/* Notes one candidate more; several that differ are none. */
static void consider(uint64_t candidate, uint64_t *only, unsigned *count)
{
    if (candidate == 0 || candidate == *only)
        return;
    *only = candidate;
    ++*count;
}

/* The one unique constraint of several columns, when there is no more than one. */
static uint64_t only_unique(const struct miniorm_model *model)
{
    const struct miniorm_constraint *constraint = model->constraints;
    const struct miniorm_index *index = model->indexes;
    uint64_t only = 0;
    unsigned count = 0;

    for (; constraint != NULL && constraint->name != NULL; constraint++) {
        if (constraint->kind == MINIORM_CONSTRAINT_UNIQUE)
            consider(columns_of_list(model, constraint->columns), &only, &count);
    }
    for (; index != NULL && index->name != NULL; index++) {
        if (index->unique)
            consider(columns_of_list(model, index->columns), &only, &count);
    }
    if (__builtin_popcountll(primary_key(model)) > 1)
        consider(primary_key(model), &only, &count);
    return count == 1 ? only : 0;
}

/* The one foreign key among the columns that were written. */
static uint64_t only_foreign_key(const struct miniorm_model *model, uint64_t set)
{
    const struct miniorm_constraint *constraint = model->constraints;
    uint64_t only = 0;
    unsigned count = 0;

    for (size_t i = 0; i < model->n_columns; i++) {
        if (model->columns[i].references != NULL && (set & MINIORM_COLUMN(i)) != 0)
            consider(MINIORM_COLUMN(i), &only, &count);
    }
    for (; constraint != NULL && constraint->name != NULL; constraint++) {
        const uint64_t columns = constraint->kind == MINIORM_CONSTRAINT_FOREIGN_KEY
                                     ? columns_of_list(model, constraint->columns)
                                     : 0;

        if ((columns & set) != 0)
            consider(columns, &only, &count);
    }
    return count == 1 ? only : 0;
}

uint64_t baseapi__constraint_columns(const struct miniorm_model *model,
                                     const struct miniorm_error *error, uint64_t set)
{
    uint64_t columns = 0;

    if (error->constraint[0] != '\0')
        columns = columns_of_name(model, error->constraint);
    if (columns == 0 && error->column[0] != '\0')
        columns = columns_of_list(model, error->column);
    if (columns == 0 && error->constraint[0] == '\0' && error->status == MINIORM_EUNIQUE)
        columns = only_unique(model);
    if (columns == 0 && error->status == MINIORM_EFOREIGNKEY)
        columns = only_foreign_key(model, set);
    return columns;
}

bool baseapi__constraint_is_own(const struct miniorm_model *model,
                                const struct miniorm_error *error)
{
    return error->table[0] == '\0' || strcmp(error->table, model->table) == 0;
}
