/*
 * CREATE TABLE with its constraints, and what comes after it: foreign keys that close a circle,
 * indexes, comments.
 */
#include "schema.h"

static bool is_sqlite(const struct miniorm__sql *sql)
{
    return sql->dialect->id == MINIORM_SQLITE;
}

static void write_constraint(struct miniorm__sql *sql, const char *name)
{
    miniorm__sql_string(sql, "CONSTRAINT ");
    miniorm__sql_name(sql, name);
    miniorm__sql_bytes(sql, " ", 1);
}

static void write_own_constraint(struct miniorm__sql *sql, const char *column, const char *label)
{
    char name[MINIORM_NAME_SIZE];

    miniorm__constraint_name(sql->model->table, column, label, name);
    write_constraint(sql, name);
}

static void begin_item(struct miniorm__sql *sql)
{
    miniorm__sql_string(sql, ",\n    ");
}

static void write_primary_key(struct miniorm__sql *sql)
{
    const struct miniorm_model *model = sql->model;
    const char *separator = "";
    size_t i;

    for (i = 0; i < model->n_columns; i++) {
        if ((model->columns[i].flags & MINIORM_PRIMARY_KEY) == 0)
            continue;
        if (miniorm__schema_is_rowid(sql, &model->columns[i]))
            return;
        if (*separator == '\0') {
            begin_item(sql);
            write_own_constraint(sql, NULL, "pkey");
            miniorm__sql_string(sql, "PRIMARY KEY (");
        }
        miniorm__sql_string(sql, separator);
        miniorm__sql_name(sql, model->columns[i].name);
        separator = ", ";
    }
    if (*separator != '\0')
        miniorm__sql_bytes(sql, ")", 1);
}

static void write_unique_columns(struct miniorm__sql *sql)
{
    size_t i;

    for (i = 0; i < sql->model->n_columns; i++) {
        const struct miniorm_column *column = &sql->model->columns[i];

        if ((column->flags & MINIORM_UNIQUE) == 0)
            continue;
        begin_item(sql);
        write_own_constraint(sql, column->name, "key");
        miniorm__sql_string(sql, "UNIQUE (");
        miniorm__sql_name(sql, column->name);
        miniorm__sql_bytes(sql, ")", 1);
    }
}

static void write_named_constraints(struct miniorm__sql *sql)
{
    const struct miniorm_constraint *item = sql->model->constraints;

    for (; item != NULL && item->name != NULL; item++) {
        if (item->kind == MINIORM_CONSTRAINT_FOREIGN_KEY)
            continue;
        begin_item(sql);
        write_constraint(sql, item->name);
        miniorm__sql_string(sql, item->kind == MINIORM_CONSTRAINT_UNIQUE ? "UNIQUE (" : "CHECK (");
        if (item->kind == MINIORM_CONSTRAINT_UNIQUE)
            miniorm__schema_names(sql, miniorm_text_from(item->columns, strlen(item->columns)));
        else
            miniorm__sql_string(sql, item->expression);
        miniorm__sql_bytes(sql, ")", 1);
    }
}

static void write_action(struct miniorm__sql *sql, const char *event, const char *action)
{
    if (action == NULL)
        return;
    miniorm__sql_string(sql, event);
    miniorm__sql_string(sql, action);
}

static void write_target(struct miniorm__sql *sql, const struct miniorm__reference *reference,
                         const struct miniorm_model *target)
{
    const char *schema = target == NULL ? NULL : target->schema;

    if (sql->dialect->has_schemas && (schema != NULL || reference->schema.size != 0)) {
        if (schema != NULL)
            miniorm__sql_name(sql, schema);
        else
            miniorm__schema_names(sql, reference->schema);
        miniorm__sql_bytes(sql, ".", 1);
    }
    miniorm__schema_names(sql, reference->table);
    miniorm__sql_string(sql, " (");
    miniorm__schema_names(sql, reference->columns);
    miniorm__sql_bytes(sql, ")", 1);
}

static void write_foreign_key(struct miniorm__schema *schema,
                              const struct miniorm__foreign_key *key)
{
    struct miniorm__sql *sql = &schema->sql;
    struct miniorm__reference reference;

    miniorm__reference_read(key->references, &reference);
    if (key->column != NULL)
        write_own_constraint(sql, key->column->name, "fkey");
    else
        write_constraint(sql, key->name);
    miniorm__sql_string(sql, "FOREIGN KEY (");
    if (key->column != NULL)
        miniorm__sql_name(sql, key->column->name);
    else
        miniorm__schema_names(sql, miniorm_text_from(key->columns, strlen(key->columns)));
    miniorm__sql_string(sql, ") REFERENCES ");
    write_target(sql, &reference,
                 miniorm__reference_find(&reference, schema->order, schema->count));
    write_action(sql, " ON UPDATE ", key->on_update);
    write_action(sql, " ON DELETE ", key->on_delete);
}

/* Whether the table that a key refers to comes after this one. */
static bool is_late(const struct miniorm__schema *schema, size_t place,
                    const struct miniorm__foreign_key *key)
{
    struct miniorm__reference reference;
    const struct miniorm_model *target;
    size_t i;

    if (is_sqlite(&schema->sql))
        return false;
    miniorm__reference_read(key->references, &reference);
    target = miniorm__reference_find(&reference, schema->order, schema->count);
    for (i = place + 1; i < schema->count; i++) {
        if (schema->order[i] == target)
            return true;
    }
    return false;
}

enum miniorm_status miniorm__schema_table(struct miniorm__schema *schema, size_t place)
{
    const struct miniorm_model *model = schema->order[place];
    struct miniorm__sql *sql = miniorm__schema_statement(schema, model);
    struct miniorm__foreign_key key;
    size_t i;

    miniorm__sql_string(sql, "CREATE TABLE IF NOT EXISTS ");
    miniorm__sql_table(sql);
    miniorm__sql_string(sql, " (\n    ");
    for (i = 0; i < model->n_columns; i++) {
        if (i > 0)
            begin_item(sql);
        miniorm__schema_column(sql, &model->columns[i]);
    }
    write_primary_key(sql);
    write_unique_columns(sql);
    write_named_constraints(sql);
    for (i = 0; miniorm__foreign_key_next(model, &i, &key);) {
        if (is_late(schema, place, &key))
            continue;
        begin_item(sql);
        write_foreign_key(schema, &key);
    }
    miniorm__sql_string(sql, is_sqlite(sql) ? "\n) STRICT" : "\n)");
    return miniorm__schema_add(schema);
}

enum miniorm_status miniorm__schema_late_keys(struct miniorm__schema *schema, size_t place)
{
    const struct miniorm_model *model = schema->order[place];
    enum miniorm_status status = MINIORM_OK;
    struct miniorm__foreign_key key;
    size_t i = 0;

    while (status == MINIORM_OK && miniorm__foreign_key_next(model, &i, &key)) {
        struct miniorm__sql *sql;

        if (!is_late(schema, place, &key))
            continue;
        sql = miniorm__schema_statement(schema, model);
        miniorm__sql_string(sql, "ALTER TABLE ");
        miniorm__sql_table(sql);
        miniorm__sql_string(sql, " ADD ");
        write_foreign_key(schema, &key);
        status = miniorm__schema_add(schema);
    }
    return status;
}

static void begin_index(struct miniorm__sql *sql, const char *name, bool is_unique)
{
    miniorm__sql_string(sql, is_unique ? "CREATE UNIQUE INDEX IF NOT EXISTS "
                                       : "CREATE INDEX IF NOT EXISTS ");
    miniorm__sql_name(sql, name);
    miniorm__sql_string(sql, " ON ");
    miniorm__sql_table(sql);
}

static enum miniorm_status write_column_index(struct miniorm__schema *schema,
                                              const struct miniorm_model *model,
                                              const struct miniorm_column *column)
{
    struct miniorm__sql *sql = miniorm__schema_statement(schema, model);
    char name[MINIORM_NAME_SIZE];

    miniorm__constraint_name(model->table, column->name, "idx", name);
    begin_index(sql, name, false);
    miniorm__sql_string(sql, " (");
    miniorm__sql_name(sql, column->name);
    miniorm__sql_bytes(sql, ")", 1);
    return miniorm__schema_add(schema);
}

static enum miniorm_status write_named_index(struct miniorm__schema *schema,
                                             const struct miniorm_model *model,
                                             const struct miniorm_index *index)
{
    struct miniorm__sql *sql = miniorm__schema_statement(schema, model);

    begin_index(sql, index->name, index->unique != 0);
    if (index->method != NULL && !is_sqlite(sql)) {
        miniorm__sql_string(sql, " USING ");
        miniorm__sql_string(sql, index->method);
    }
    miniorm__sql_string(sql, " (");
    miniorm__sql_string(sql, index->columns);
    miniorm__sql_bytes(sql, ")", 1);
    if (index->where != NULL) {
        miniorm__sql_string(sql, " WHERE ");
        miniorm__sql_string(sql, index->where);
    }
    return miniorm__schema_add(schema);
}

enum miniorm_status miniorm__schema_indexes(struct miniorm__schema *schema, size_t place)
{
    const struct miniorm_model *model = schema->order[place];
    const struct miniorm_index *index = model->indexes;
    enum miniorm_status status = MINIORM_OK;
    size_t i;

    for (i = 0; i < model->n_columns && status == MINIORM_OK; i++) {
        if ((model->columns[i].flags & MINIORM_INDEXED) != 0)
            status = write_column_index(schema, model, &model->columns[i]);
    }
    for (; index != NULL && index->name != NULL && status == MINIORM_OK; index++)
        status = write_named_index(schema, model, index);
    return status;
}

/* An escape string means the same whatever standard_conforming_strings is. */
static void write_literal(struct miniorm__sql *sql, const char *text)
{
    miniorm__sql_string(sql, " IS E'");
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            miniorm__sql_bytes(sql, text, 1);
        miniorm__sql_bytes(sql, text, 1);
    }
    miniorm__sql_bytes(sql, "'", 1);
}

static enum miniorm_status write_comment(struct miniorm__schema *schema,
                                         const struct miniorm_model *model,
                                         const struct miniorm_column *column, const char *comment)
{
    struct miniorm__sql *sql;

    if (comment == NULL)
        return MINIORM_OK;
    sql = miniorm__schema_statement(schema, model);
    miniorm__sql_string(sql, column == NULL ? "COMMENT ON TABLE " : "COMMENT ON COLUMN ");
    miniorm__sql_table(sql);
    if (column != NULL) {
        miniorm__sql_bytes(sql, ".", 1);
        miniorm__sql_name(sql, column->name);
    }
    write_literal(sql, comment);
    return miniorm__schema_add(schema);
}

enum miniorm_status miniorm__schema_comments(struct miniorm__schema *schema, size_t place)
{
    const struct miniorm_model *model = schema->order[place];
    enum miniorm_status status;
    size_t i;

    if (is_sqlite(&schema->sql))
        return MINIORM_OK;
    status = write_comment(schema, model, NULL, model->comment);
    for (i = 0; i < model->n_columns && status == MINIORM_OK; i++)
        status = write_comment(schema, model, &model->columns[i], model->columns[i].comment);
    return status;
}
