/*
 * Constraint: finds what is behind "UNIQUE constraint failed: …", "FOREIGN KEY constraint failed"
 * and "CHECK constraint failed: …".
 *
 * A unique constraint is the one of the model that has the columns in the message. Of a foreign key
 * SQLite says nothing at all: the statement is run once more, with the checks put off, each foreign
 * key of the rows it changed is tried, and everything is rolled back. That happens only on this
 * error. A check that the schema made for a type is a value that does not fit it.
 *
 * Invariant: the transaction is left as it was found.
 */
#include "constraint.h"

#include <string.h>

#include "../error.h"
#include "../row.h"
#include "../schema.h"

#define SAVEPOINT "SAVEPOINT miniorm_why"
#define UNDO "ROLLBACK TO miniorm_why"
#define RELEASE "RELEASE miniorm_why"
/* Rows of one statement that are looked at; an update mostly sets the same key in all. */
#define ROWS_MAX 16

struct rows {
    const char *table;
    sqlite3_int64 ids[ROWS_MAX];
    unsigned count;
};

/* Takes the next name off a list such as `size, "tag" DESC`; empty at its end. */
static struct miniorm_text next_name(const char **list)
{
    const char *at = *list + strspn(*list, ", \n\t");
    const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
    struct miniorm_text name;

    if (end != NULL)
        name = miniorm_text_from(at + 1, (size_t)(end - at - 1));
    else
        name = miniorm_text_from(at, strcspn(at, ",) \n\t"));
    *list = at + strcspn(at, ",");
    return name;
}

/* The columns of a list as a bitmap; 0 if one is no column of the model. */
static uint64_t columns_of(const struct miniorm_model *model, const char *list)
{
    uint64_t columns = 0;
    struct miniorm_text name;

    while (list != NULL && (name = next_name(&list)).size != 0) {
        const int column = miniorm_model_find_column(model, name.data, name.size);

        if (column < 0)
            return 0;
        columns |= MINIORM_COLUMN(column);
    }
    return columns;
}

/* The columns of "UNIQUE constraint failed: items.size, items.tag". */
static uint64_t columns_in_message(const struct miniorm_model *model, const char *message)
{
    const size_t prefix = strlen(model->table) + 1;
    const char *list = strstr(message, "failed: ");
    uint64_t columns = 0;
    struct miniorm_text name;

    if (list == NULL)
        return 0;
    list += strlen("failed: ");
    while ((name = next_name(&list)).size > prefix) {
        const int column = miniorm_model_find_column(model, name.data + prefix, name.size - prefix);

        if (column < 0)
            return 0;
        columns |= MINIORM_COLUMN(column);
    }
    return columns;
}

/* The name that the model gives to a constraint or index of exactly these columns, or NULL. */
static const char *given_name(const struct miniorm_model *model, uint64_t columns)
{
    const struct miniorm_constraint *constraint = model->constraints;
    const struct miniorm_index *index = model->indexes;

    for (; constraint != NULL && constraint->name != NULL; constraint++) {
        if (constraint->kind == MINIORM_CONSTRAINT_UNIQUE &&
            columns_of(model, constraint->columns) == columns)
            return constraint->name;
    }
    for (; index != NULL && index->name != NULL; index++) {
        if (index->unique && columns_of(model, index->columns) == columns)
            return index->name;
    }
    return NULL;
}

static void explain_unique(const struct miniorm_model *model, struct miniorm_error *error)
{
    const uint64_t columns = columns_in_message(model, error->message);
    const char *name;

    if (columns == 0 || error->constraint[0] != '\0')
        return;
    if (columns == miniorm__model_key(model)) {
        miniorm__constraint_name(model->table, NULL, "pkey", error->constraint);
    } else if ((columns & (columns - 1)) == 0 &&
               (model->columns[__builtin_ctzll(columns)].flags & MINIORM_UNIQUE) != 0) {
        miniorm__constraint_name(model->table, model->columns[__builtin_ctzll(columns)].name, "key",
                                 error->constraint);
    } else {
        name = given_name(model, columns);
        if (name != NULL)
            miniorm__error_name(error->constraint, name, strlen(name));
    }
}

static void note_row(void *data, int operation, const char *database, const char *table,
                     sqlite3_int64 id)
{
    struct rows *rows = data;

    (void)database;
    if (operation != SQLITE_DELETE && rows->count < ROWS_MAX && strcmp(table, rows->table) == 0)
        rows->ids[rows->count++] = id;
}

/* Runs the statement again and notes which rows it writes. */
static void repeat(sqlite3 *handle, sqlite3_stmt *prepared, struct rows *rows)
{
    (void)sqlite3_update_hook(handle, note_row, rows);
    (void)sqlite3_reset(prepared);
    while (sqlite3_step(prepared) == SQLITE_ROW)
        continue;
    (void)sqlite3_reset(prepared);
    (void)sqlite3_update_hook(handle, NULL, NULL);
}

/* SELECT 1 … for a row, given by its rowid, whose key is complete and has no row in the other
 * table. NULL: out of memory. */
static char *write_check(const struct miniorm_model *model,
                         const struct miniorm__foreign_key *foreign_key)
{
    const char *own =
        foreign_key->column != NULL ? foreign_key->column->name : foreign_key->columns;
    sqlite3_str *not_null = sqlite3_str_new(NULL);
    sqlite3_str *equal = sqlite3_str_new(NULL);
    struct miniorm__reference reference;
    struct miniorm_text name;
    const char *theirs;
    char *nulls;
    char *pairs;
    char *sql = NULL;

    miniorm__reference_read(foreign_key->references, &reference);
    theirs = reference.columns.data;
    while ((name = next_name(&own)).size != 0) {
        const struct miniorm_text other = next_name(&theirs);

        sqlite3_str_appendf(not_null, " AND c.\"%.*w\" IS NOT NULL", (int)name.size, name.data);
        sqlite3_str_appendf(equal, " AND p.\"%.*w\" = c.\"%.*w\"", (int)other.size, other.data,
                            (int)name.size, name.data);
    }
    nulls = sqlite3_str_finish(not_null);
    pairs = sqlite3_str_finish(equal);
    if (nulls != NULL && pairs != NULL)
        sql = sqlite3_mprintf("SELECT 1 FROM \"%w\" AS c WHERE c.rowid = ?1%s AND NOT EXISTS "
                              "(SELECT 1 FROM \"%.*w\" AS p WHERE 1%s)",
                              model->table, nulls, (int)reference.table.size, reference.table.data,
                              pairs);
    sqlite3_free(nulls);
    sqlite3_free(pairs);
    return sql;
}

static bool is_violated(sqlite3 *handle, const char *sql, const struct rows *rows)
{
    sqlite3_stmt *check = NULL;
    bool is_found = false;
    unsigned i;

    if (sqlite3_prepare_v2(handle, sql, -1, &check, NULL) != SQLITE_OK)
        return false;
    for (i = 0; !is_found && i < rows->count; i++) {
        (void)sqlite3_bind_int64(check, 1, rows->ids[i]);
        is_found = sqlite3_step(check) == SQLITE_ROW;
        (void)sqlite3_reset(check);
    }
    (void)sqlite3_finalize(check);
    return is_found;
}

static void name_foreign_key(const struct miniorm_model *model,
                             const struct miniorm__foreign_key *foreign_key,
                             struct miniorm_error *error)
{
    miniorm__error_name(error->table, model->table, strlen(model->table));
    if (foreign_key->column != NULL)
        miniorm__error_name(error->column, foreign_key->column->name,
                            strlen(foreign_key->column->name));
    if (foreign_key->name != NULL)
        miniorm__error_name(error->constraint, foreign_key->name, strlen(foreign_key->name));
    else
        miniorm__constraint_name(model->table, foreign_key->column->name, "fkey",
                                 error->constraint);
}

static void try_foreign_keys(sqlite3 *handle, const struct miniorm_model *model,
                             const struct rows *rows, struct miniorm_error *error)
{
    struct miniorm__foreign_key foreign_key;
    bool is_found = false;
    size_t place = 0;

    while (!is_found && miniorm__foreign_key_next(model, &place, &foreign_key)) {
        char *sql = write_check(model, &foreign_key);

        is_found = sql != NULL && is_violated(handle, sql, rows);
        sqlite3_free(sql);
        if (is_found)
            name_foreign_key(model, &foreign_key, error);
    }
}

/* Whether a check stands for what PostgreSQL's type of the column refuses by itself. */
static bool is_check_of_type(const struct miniorm_model *model, const struct miniorm_column *column,
                             const char *constraint)
{
    const char *label = column->type == MINIORM_T_varchar   ? "length"
                        : column->type == MINIORM_T_boolean ? "boolean"
                                                            : "json";
    char name[MINIORM_NAME_SIZE];

    if (column->type != MINIORM_T_varchar && column->type != MINIORM_T_boolean &&
        column->type != MINIORM_T_json && column->type != MINIORM_T_jsonb)
        return false;
    miniorm__constraint_name(model->table, column->name, label, name);
    return strcmp(name, constraint) == 0;
}

static void explain_check(const struct miniorm_model *model, struct miniorm_error *error)
{
    size_t i;

    miniorm__error_name(error->table, model->table, strlen(model->table));
    for (i = 0; i < model->n_columns; i++) {
        if (!is_check_of_type(model, &model->columns[i], error->constraint))
            continue;
        miniorm__error_name(error->column, model->columns[i].name, strlen(model->columns[i].name));
        error->status = MINIORM_EVALUE;
    }
}

/* Not through the cache of statements, which could drop the one that is explained. */
static bool command(sqlite3 *handle, const char *sql)
{
    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void explain_foreign_key(struct miniorm__sqlite_connection *connection,
                                const struct miniorm_model *model, sqlite3_stmt *prepared,
                                struct miniorm_error *error)
{
    sqlite3 *handle = connection->handle;
    struct rows rows = {.table = model->table};

    if (!command(handle, SAVEPOINT))
        return;
    if (command(handle, "PRAGMA defer_foreign_keys = ON")) {
        repeat(handle, prepared, &rows);
        try_foreign_keys(handle, model, &rows, error);
    }
    connection->is_ending = true;
    (void)command(handle, UNDO);
    (void)command(handle, "PRAGMA defer_foreign_keys = OFF");
    (void)command(handle, RELEASE);
    connection->is_ending = false;
}

void miniorm__sqlite_explain(struct miniorm__sqlite_connection *connection,
                             const struct miniorm_model *model, sqlite3_stmt *prepared,
                             struct miniorm_error *error)
{
    (void)sqlite3_reset(prepared);
    if (error->status == MINIORM_EUNIQUE && strcmp(error->table, model->table) == 0)
        explain_unique(model, error);
    else if (error->native_code == SQLITE_CONSTRAINT_FOREIGNKEY)
        explain_foreign_key(connection, model, prepared, error);
    else if (error->native_code == SQLITE_CONSTRAINT_CHECK)
        explain_check(model, error);
}
