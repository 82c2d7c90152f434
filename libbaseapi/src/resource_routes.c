/*
 * Routes of resources: which methods on which paths, and how a primary key looks in a path.
 *
 * Order: baseapi_app_add before the app runs.
 */
#include <string.h>

#include <baseapi/route.h>

#include "app.h"
#include "error.h"
#include "resource.h"
#include "schema.h"
#include "text.h"
#include "view.h"

/* GET, POST, GET, PUT, PATCH, DELETE, and the row that ends the table. */
#define ROUTES_MAX 7

/* What a value of a type looks like in a path. Other types are read to the next slash. */
static const char *pattern_of(enum miniorm_type type)
{
    switch (type) {
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8: return ":\\d+";
    case MINIORM_T_uuid: return ":[0-9A-Fa-f-]+";
    default: return "";
    }
}

static const char *entity_pattern(struct arena *arena, const struct resource *resource)
{
    struct text text = {0};
    const char *pattern;

    text_string(&text, resource->declared.path);
    for (size_t i = 0; i < resource->n_keys; i++) {
        const struct miniorm_column *column = &resource->model->columns[resource->key_columns[i]];

        text_string(&text, "/{");
        text_string(&text, column->name);
        text_string(&text, pattern_of(column->type));
        text_char(&text, '}');
    }
    pattern = text.failed ? NULL : arena_string(arena, text.data);
    text_free(&text);
    return pattern;
}

static size_t fill_table(struct resource *resource, const char *entity, struct baseapi_route *table)
{
    const struct {
        enum baseapi_methods method;
        const char *name;
        const char *pattern;
        baseapi_handler_fn handler;
    } rows[] = {
        {BASEAPI_LIST, "GET", resource->declared.path, baseapi__list_get},
        {BASEAPI_CREATE, "POST", resource->declared.path, baseapi__list_post},
        {BASEAPI_READ, "GET", entity, baseapi__entity_get},
        {BASEAPI_UPDATE, "PUT", entity, baseapi__entity_put},
        {BASEAPI_UPDATE, "PATCH", entity, baseapi__entity_put},
        {BASEAPI_DELETE, "DELETE", entity, baseapi__entity_delete},
    };
    size_t count = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((resource->declared.methods & (unsigned)rows[i].method) == 0)
            continue;
        table[count++] = (struct baseapi_route){
            .method = rows[i].name,
            .pattern = rows[i].pattern,
            .handler = rows[i].handler,
            .data = resource,
            .middleware = resource->declared.use,
        };
    }
    return count;
}

static enum baseapi_status add_routes(struct baseapi_app *app, struct resource *resource,
                                      struct baseapi_error *error)
{
    struct arena *arena = baseapi__app_arena(app);
    struct baseapi_route *table = arena_zeroed(arena, ROUTES_MAX, sizeof(*table));
    const char *entity = entity_pattern(arena, resource);

    if (table == NULL || entity == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "%s: out of memory", resource->name);
    fill_table(resource, entity, table);
    return baseapi_app_routes(app, "", table, error);
}

static bool uses_database(const struct resource *resource)
{
    if (resource->provider == &baseapi_model_provider)
        return true;
    for (const struct resource *each = resource->next; each != NULL; each = each->next) {
        if (each->provider == &baseapi_model_provider)
            return true;
    }
    return false;
}

static enum baseapi_status prepare(struct baseapi_app *app, void *data, struct baseapi_error *error)
{
    const struct resource *resource = data;

    if (!uses_database(resource) || baseapi__app_database(app) != NULL)
        return BASEAPI_OK;
    return baseapi__fail(error, BASEAPI_EINVALID,
                         "resource %s needs a database, and the app has none", resource->name);
}

static void release(void *data)
{
    struct resource *resource = data;

    json_decref(resource->create_schema);
    json_decref(resource->update_schema);
}

static enum baseapi_status make_schemas(struct resource *resource, struct baseapi_error *error)
{
    resource->create_schema = baseapi__schema_make(resource, BASEAPI_CREATE);
    resource->update_schema = baseapi__schema_make(resource, BASEAPI_UPDATE);
    if (resource->create_schema != NULL && resource->update_schema != NULL)
        return BASEAPI_OK;
    release(resource);
    return baseapi__fail(error, BASEAPI_ENOMEM, "%s: out of memory for its schemas",
                         resource->name);
}

enum baseapi_status baseapi_app_add_sized(struct baseapi_app *app,
                                          const struct baseapi_resource *resource, size_t size,
                                          struct baseapi_error *error)
{
    struct app_part part = {.prepare = prepare, .release = release};
    struct resource *compiled;
    enum baseapi_status status = baseapi__app_is_open(app, error);

    if (status == BASEAPI_OK)
        status =
            baseapi__resource_compile(baseapi__app_arena(app), resource, size, &compiled, error);
    if (status != BASEAPI_OK)
        return status;
    if (compiled->declared.path == NULL)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s: a resource without a path has no routes",
                             compiled->name);
    status = make_schemas(compiled, error);
    if (status != BASEAPI_OK)
        return status;
    part.data = compiled;
    status = baseapi__app_add_part(app, &part, error);
    if (status != BASEAPI_OK) {
        release(compiled);
        return status;
    }
    return add_routes(app, compiled, error);
}
