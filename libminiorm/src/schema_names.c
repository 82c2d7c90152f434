/*
 * Names in a schema: of constraints, as PostgreSQL chooses them, and in program text such as
 * "authors(id)".
 */
#include "schema.h"

/* A name cut where no character is torn. */
static size_t clip(const char *name, size_t size)
{
    while (size > 0 && ((unsigned char)name[size] & 0xc0) == 0x80)
        size--;
    return size;
}

void miniorm__constraint_name(const char *table, const char *column, const char *label,
                              char out[MINIORM_NAME_SIZE])
{
    const size_t overhead = strlen(label) + (column != NULL ? 2 : 1);
    const size_t room = MINIORM_NAME_SIZE - 1 - overhead;
    size_t table_size = strlen(table);
    size_t column_size = column == NULL ? 0 : strlen(column);

    while (table_size + column_size > room) {
        if (table_size > column_size)
            table_size--;
        else
            column_size--;
    }
    table_size = clip(table, table_size);
    memcpy(out, table, table_size);
    out += table_size;
    if (column != NULL) {
        column_size = clip(column, column_size);
        *out++ = '_';
        memcpy(out, column, column_size);
        out += column_size;
    }
    *out++ = '_';
    memcpy(out, label, strlen(label) + 1);
}

bool miniorm__foreign_key_next(const struct miniorm_model *model, size_t *place,
                               struct miniorm__foreign_key *out)
{
    for (; *place < model->n_columns; ++*place) {
        const struct miniorm_column *column = &model->columns[*place];

        if (column->references == NULL)
            continue;
        *out = (struct miniorm__foreign_key){.column = column,
                                             .references = column->references,
                                             .on_update = column->on_update,
                                             .on_delete = column->on_delete};
        ++*place;
        return true;
    }
    for (; model->constraints != NULL; ++*place) {
        const struct miniorm_constraint *constraint =
            &model->constraints[*place - model->n_columns];

        if (constraint->name == NULL)
            break;
        if (constraint->kind != MINIORM_CONSTRAINT_FOREIGN_KEY)
            continue;
        *out = (struct miniorm__foreign_key){.name = constraint->name,
                                             .columns = constraint->columns,
                                             .references = constraint->references,
                                             .on_update = constraint->on_update,
                                             .on_delete = constraint->on_delete};
        ++*place;
        return true;
    }
    return false;
}

static struct miniorm_text trimmed(const char *data, size_t size)
{
    while (size > 0 && (data[0] == ' ' || data[0] == '\n' || data[0] == '\t')) {
        data++;
        size--;
    }
    while (size > 0 && (data[size - 1] == ' ' || data[size - 1] == '\n' || data[size - 1] == '\t'))
        size--;
    return miniorm_text_from(data, size);
}

static struct miniorm_text unquoted(const char *data, size_t size)
{
    struct miniorm_text text = trimmed(data, size);

    if (text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"')
        return miniorm_text_from(text.data + 1, text.size - 2);
    return text;
}

void miniorm__reference_read(const char *references, struct miniorm__reference *out)
{
    const size_t table_size = strcspn(references, "(");
    const char *dot = memchr(references, '.', table_size);
    const char *table = dot == NULL ? references : dot + 1;
    const char *columns = references + table_size;

    out->schema = miniorm_text_from(NULL, 0);
    if (dot != NULL)
        out->schema = unquoted(references, (size_t)(dot - references));
    out->table = unquoted(table, (size_t)(references + table_size - table));
    if (*columns == '(')
        columns++;
    out->columns = miniorm_text_from(columns, strcspn(columns, ")"));
}

static bool equals(struct miniorm_text text, const char *string)
{
    return strlen(string) == text.size && memcmp(text.data, string, text.size) == 0;
}

const struct miniorm_model *miniorm__reference_find(const struct miniorm__reference *reference,
                                                    const struct miniorm_model *const *models,
                                                    size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (!equals(reference->table, models[i]->table))
            continue;
        if (reference->schema.size == 0 || models[i]->schema == NULL ||
            equals(reference->schema, models[i]->schema))
            return models[i];
    }
    return NULL;
}

static void write_name(struct miniorm__sql *sql, struct miniorm_text name)
{
    const char *copy = arena_copy(sql->arena, name.data, name.size);

    if (copy == NULL)
        miniorm__sql_fail(sql, MINIORM_ENOMEM, "out of memory");
    else if (copy[0] == '"')
        miniorm__sql_bytes(sql, copy, name.size);
    else
        miniorm__sql_name(sql, copy);
}

void miniorm__schema_names(struct miniorm__sql *sql, struct miniorm_text list)
{
    const char *at = list.data;
    const char *end = list.data + list.size;

    while (at <= end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma == NULL ? end : comma;

        if (at != list.data)
            miniorm__sql_bytes(sql, ", ", 2);
        write_name(sql, trimmed(at, (size_t)(stop - at)));
        at = stop + 1;
    }
}
