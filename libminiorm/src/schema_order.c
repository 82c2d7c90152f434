/*
 * The statements of a schema in their order: referenced tables first, then the foreign keys that
 * could not be there yet, indexes and comments.
 */
#include "error.h"
#include "schema.h"

struct ordering {
    const struct miniorm_model *const *models;
    size_t count;
    bool *is_placed;
};

/* Whether every other table that the model refers to is placed already. */
static bool is_ready(const struct ordering *ordering, const struct miniorm_model *model)
{
    struct miniorm__foreign_key key;
    size_t place = 0;
    size_t i;

    while (miniorm__foreign_key_next(model, &place, &key)) {
        struct miniorm__reference reference;
        const struct miniorm_model *target;

        miniorm__reference_read(key.references, &reference);
        target = miniorm__reference_find(&reference, ordering->models, ordering->count);
        if (target == NULL || target == model)
            continue;
        for (i = 0; i < ordering->count; i++) {
            if (ordering->models[i] == target && !ordering->is_placed[i])
                return false;
        }
    }
    return true;
}

/* The next model to place: one that is ready, or else, in a circle, the first that is left. */
static size_t choose(const struct ordering *ordering, bool *is_forced)
{
    size_t first = ordering->count;
    size_t i;

    for (i = 0; i < ordering->count; i++) {
        if (ordering->is_placed[i])
            continue;
        if (first == ordering->count)
            first = i;
        if (is_ready(ordering, ordering->models[i]))
            return i;
    }
    *is_forced = true;
    return first;
}

enum miniorm_status miniorm__schema_begin(struct miniorm__schema *schema,
                                          enum miniorm_dialect dialect,
                                          const struct miniorm_model *const *models, size_t count,
                                          struct arena *arena, struct miniorm_error *error)
{
    struct ordering ordering = {models, count, arena_zeroed(arena, count, sizeof(bool))};
    enum miniorm_status status;
    size_t i;

    *schema = (struct miniorm__schema){.count = count, .end = &schema->first};
    schema->sql.dialect = miniorm__dialect_for(dialect);
    if (schema->sql.dialect == NULL)
        return miniorm__fail(error, MINIORM_EINVALID, "no dialect %d", (int)dialect);
    status = miniorm__schema_check(schema->sql.dialect, models, count, error);
    if (status != MINIORM_OK)
        return status;
    schema->sql.arena = arena;
    schema->sql.error = error;
    schema->order = arena_zeroed(arena, count, sizeof(*schema->order));
    if (schema->order == NULL || ordering.is_placed == NULL)
        return miniorm__fail_memory(error);
    for (i = 0; i < count; i++) {
        const size_t next = choose(&ordering, &schema->has_circle);

        schema->order[i] = models[next];
        ordering.is_placed[next] = true;
    }
    return MINIORM_OK;
}

struct miniorm__sql *miniorm__schema_statement(struct miniorm__schema *schema,
                                               const struct miniorm_model *model)
{
    miniorm__sql_begin(&schema->sql);
    schema->sql.model = model;
    return &schema->sql;
}

enum miniorm_status miniorm__schema_add(struct miniorm__schema *schema)
{
    struct miniorm__ddl *item = arena_zeroed(schema->sql.arena, 1, sizeof(*item));
    struct miniorm__statement statement;
    enum miniorm_status status = miniorm__sql_end(&schema->sql, &statement);

    if (status != MINIORM_OK)
        return status;
    if (item == NULL)
        return miniorm__fail_memory(schema->sql.error);
    item->sql = statement.sql;
    item->size = statement.sql_size;
    *schema->end = item;
    schema->end = &item->next;
    return MINIORM_OK;
}

/* Calls a writer for every model, or for those whose table does not exist. */
static enum miniorm_status write_each(struct miniorm__schema *schema, const bool *exists,
                                      enum miniorm_status (*write)(struct miniorm__schema *,
                                                                   size_t))
{
    enum miniorm_status status = MINIORM_OK;
    size_t i;

    for (i = 0; i < schema->count && status == MINIORM_OK; i++) {
        if (exists == NULL || !exists[i])
            status = write(schema, i);
    }
    return status;
}

enum miniorm_status miniorm__schema_write(struct miniorm__schema *schema, const bool *exists)
{
    enum miniorm_status status = write_each(schema, exists, miniorm__schema_table);

    if (status == MINIORM_OK)
        status = write_each(schema, exists, miniorm__schema_late_keys);
    if (status == MINIORM_OK)
        status = write_each(schema, NULL, miniorm__schema_indexes);
    if (status == MINIORM_OK)
        status = write_each(schema, exists, miniorm__schema_comments);
    return status;
}
