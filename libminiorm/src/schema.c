/*
 * Creating and dropping the tables of a set of models, each in one transaction.
 *
 * Two processes that create at once do not meet: PostgreSQL's take an advisory lock until their
 * transaction ends, SQLite's wait for the write lock.
 */
#include "schema.h"

#include <miniorm/schema.h>

#include "error.h"
#include "session.h"
#include "text.h"

/* The key of the advisory lock: the bytes of "miniorms". */
#define LOCK_STATEMENT "SELECT pg_advisory_xact_lock(7883954021809155443)"

static enum miniorm_status run_text(struct miniorm_session *session, const char *sql,
                                    struct miniorm_error *error)
{
    return miniorm_run_take(session, miniorm_query_raw(sql, NULL, 0), NULL, error);
}

static enum miniorm_status run_all(struct miniorm_session *session,
                                   const struct miniorm__schema *schema,
                                   struct miniorm_error *error)
{
    const struct miniorm__ddl *item;
    enum miniorm_status status = MINIORM_OK;

    for (item = schema->first; item != NULL && status == MINIORM_OK; item = item->next)
        status = run_text(session, item->sql, error);
    return status;
}

/* The name as SQL text would have it, which is what to_regclass reads. */
static enum miniorm_status table_text(struct miniorm__schema *schema,
                                      struct miniorm_text schema_name, struct miniorm_text table,
                                      struct miniorm_value *out)
{
    struct miniorm__sql *sql = miniorm__schema_statement(schema, NULL);
    struct miniorm__statement statement;
    enum miniorm_status status;

    if (schema->sql.dialect->id == MINIORM_SQLITE) {
        *out = miniorm_value_text(table);
        return MINIORM_OK;
    }
    if (schema_name.size != 0) {
        miniorm__schema_names(sql, schema_name);
        miniorm__sql_bytes(sql, ".", 1);
    }
    miniorm__schema_names(sql, table);
    status = miniorm__sql_end(sql, &statement);
    if (status == MINIORM_OK)
        *out = miniorm_value_text(miniorm_text_from(statement.sql, statement.sql_size));
    return status;
}

static enum miniorm_status find_table(struct miniorm_session *session,
                                      struct miniorm__schema *schema,
                                      struct miniorm_text schema_name, struct miniorm_text table,
                                      bool *exists)
{
    const bool is_sqlite = schema->sql.dialect->id == MINIORM_SQLITE;
    const char *sql = is_sqlite ? "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', "
                                  "'view') AND name = $1 COLLATE NOCASE"
                                : "SELECT count(to_regclass($1))";
    struct miniorm_result *result = NULL;
    struct miniorm_value value;
    struct miniorm_value count;
    enum miniorm_status status = table_text(schema, schema_name, table, &value);

    if (status != MINIORM_OK)
        return status;
    status =
        miniorm_run_take(session, miniorm_query_raw(sql, &value, 1), &result, schema->sql.error);
    if (status == MINIORM_OK)
        status = miniorm_result_value(result, 0, 0, &count, schema->sql.error);
    if (status == MINIORM_OK)
        *exists = count.as.integer != 0;
    miniorm_result_free(result);
    return status;
}

static struct miniorm_text text_of(const char *string)
{
    return string == NULL ? miniorm_text_from(NULL, 0) : miniorm_text_from(string, strlen(string));
}

/* Tables that are referred to must be among the models or in the database: SQLite would notice only
 * when a row is written. */
static enum miniorm_status check_references(struct miniorm_session *session,
                                            struct miniorm__schema *schema,
                                            const struct miniorm_model *model)
{
    enum miniorm_status status = MINIORM_OK;
    struct miniorm__foreign_key key;
    size_t place = 0;

    while (status == MINIORM_OK && miniorm__foreign_key_next(model, &place, &key)) {
        struct miniorm__reference reference;
        bool exists = false;

        miniorm__reference_read(key.references, &reference);
        if (miniorm__reference_find(&reference, schema->order, schema->count) != NULL)
            continue;
        status = find_table(session, schema, reference.schema, reference.table, &exists);
        if (status == MINIORM_OK && !exists)
            status = miniorm__fail(schema->sql.error, MINIORM_EINVALID,
                                   "schema: %s refers to %s, which does not exist", model->table,
                                   key.references);
    }
    return status;
}

static enum miniorm_status create(struct miniorm_session *session, struct miniorm__schema *schema,
                                  struct miniorm_error *error)
{
    bool *exists = arena_zeroed(schema->sql.arena, schema->count, sizeof(*exists));
    enum miniorm_status status = MINIORM_OK;
    size_t i;

    if (exists == NULL)
        return miniorm__fail_memory(error);
    if (schema->sql.dialect->id == MINIORM_POSTGRESQL)
        status = run_text(session, LOCK_STATEMENT, error);
    for (i = 0; i < schema->count && status == MINIORM_OK; i++) {
        const struct miniorm_model *model = schema->order[i];

        status =
            find_table(session, schema, text_of(model->schema), text_of(model->table), &exists[i]);
        if (status == MINIORM_OK && !exists[i])
            status = check_references(session, schema, model);
    }
    if (status == MINIORM_OK)
        status = miniorm__schema_write(schema, exists);
    return status == MINIORM_OK ? run_all(session, schema, error) : status;
}

/* One statement for all, so that circles of foreign keys do not matter. */
static enum miniorm_status write_drop(struct miniorm__schema *schema)
{
    struct miniorm__sql *sql = miniorm__schema_statement(schema, NULL);
    size_t i;

    miniorm__sql_string(sql, "DROP TABLE IF EXISTS ");
    for (i = schema->count; i-- > 0;) {
        sql->model = schema->order[i];
        miniorm__sql_table(sql);
        if (i > 0)
            miniorm__sql_bytes(sql, ", ", 2);
    }
    return miniorm__schema_add(schema);
}

/* In a circle the rows of one table are gone before those that refer to them. */
static enum miniorm_status write_drop_each(struct miniorm__schema *schema)
{
    enum miniorm_status status = MINIORM_OK;
    struct miniorm__sql *sql;
    size_t i;

    if (schema->has_circle) {
        sql = miniorm__schema_statement(schema, NULL);
        miniorm__sql_string(sql, "PRAGMA defer_foreign_keys = ON");
        status = miniorm__schema_add(schema);
    }
    for (i = schema->count; i-- > 0 && status == MINIORM_OK;) {
        sql = miniorm__schema_statement(schema, schema->order[i]);
        miniorm__sql_string(sql, "DROP TABLE IF EXISTS ");
        miniorm__sql_table(sql);
        status = miniorm__schema_add(schema);
    }
    return status;
}

static enum miniorm_status drop(struct miniorm_session *session, struct miniorm__schema *schema,
                                struct miniorm_error *error)
{
    const bool is_sqlite = schema->sql.dialect->id == MINIORM_SQLITE;
    enum miniorm_status status = MINIORM_OK;

    if (schema->count == 0)
        return MINIORM_OK;
    if (!is_sqlite)
        status = run_text(session, LOCK_STATEMENT, error);
    if (status == MINIORM_OK)
        status = is_sqlite ? write_drop_each(schema) : write_drop(schema);
    return status == MINIORM_OK ? run_all(session, schema, error) : status;
}

typedef enum miniorm_status (*work_fn)(struct miniorm_session *, struct miniorm__schema *,
                                       struct miniorm_error *);

static enum miniorm_status in_transaction(struct miniorm_session *session,
                                          const struct miniorm_model *const *models, size_t count,
                                          work_fn work, struct miniorm_error *error)
{
    struct arena arena = {0};
    struct miniorm__schema schema = {0};
    struct miniorm_session *transaction = NULL;
    enum miniorm_status status = miniorm__schema_begin(&schema, session->database->driver->dialect,
                                                       models, count, &arena, error);

    if (status == MINIORM_OK)
        status = miniorm_transaction_begin(session, NULL, &transaction, error);
    if (status == MINIORM_OK) {
        status = work(transaction, &schema, error);
        if (status == MINIORM_OK)
            status = miniorm_transaction_commit(transaction, error);
        else
            miniorm_transaction_rollback(transaction);
    }
    arena_free(&arena);
    return status;
}

enum miniorm_status miniorm_schema_create(struct miniorm_session *session,
                                          const struct miniorm_model *const *models, size_t count,
                                          struct miniorm_error *error)
{
    return in_transaction(session, models, count, create, error);
}

enum miniorm_status miniorm_schema_drop(struct miniorm_session *session,
                                        const struct miniorm_model *const *models, size_t count,
                                        struct miniorm_error *error)
{
    return in_transaction(session, models, count, drop, error);
}

enum miniorm_status miniorm_schema_sql(enum miniorm_dialect dialect,
                                       const struct miniorm_model *const *models, size_t count,
                                       char **out, struct miniorm_error *error)
{
    struct arena arena = {0};
    struct text text = {0};
    struct miniorm__schema schema = {0};
    const struct miniorm__ddl *item;
    enum miniorm_status status =
        miniorm__schema_begin(&schema, dialect, models, count, &arena, error);

    if (status == MINIORM_OK)
        status = miniorm__schema_write(&schema, NULL);
    for (item = schema.first; status == MINIORM_OK && item != NULL; item = item->next) {
        text_bytes(&text, item->sql, item->size);
        text_string(&text, ";\n");
    }
    arena_free(&arena);
    if (status == MINIORM_OK) {
        char *made = text_take(&text, NULL);

        if (made == NULL)
            return miniorm__fail_memory(error);
        *out = made;
    }
    return status;
}
