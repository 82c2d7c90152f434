/*
 * Compiling the tables of resources: words to columns, defaults filled in, everything checked
 * against the model.
 *
 * Order: baseapi__resource_compile for a table, which compiles what it includes, and so on; a table
 * met again, in a circle, is the one already made.
 * Invariant: a compiled resource names no column, operator or include that its model and tables do
 * not have, so that requests need no checks of their own declarations.
 */
#include "resource.h"

#include <string.h>

#include "error.h"
#include "operators.h"
#include "resource_include.h"
#include "text.h"
#include "words.h"

_Static_assert(sizeof(struct baseapi_resource) ==
                   offsetof(struct baseapi_resource, use) +
                       sizeof(const struct baseapi_middleware *const *),
               "struct baseapi_resource has a hole at its end");

static struct words_place place_of(const struct resource *resource, const char *list)
{
    return (struct words_place){.resource = resource->name, .list = list, .model = resource->model};
}

static enum baseapi_status no_memory(const struct resource *resource, struct baseapi_error *error)
{
    return baseapi__fail(error, BASEAPI_ENOMEM, "%s: out of memory", resource->name);
}

static enum baseapi_status compile_columns(struct arena *arena, struct resource *resource,
                                           struct baseapi_error *error)
{
    const size_t count = resource->model->n_columns;

    resource->columns = arena_zeroed(arena, count, sizeof(*resource->columns));
    if (resource->columns == NULL)
        return no_memory(resource, error);
    for (size_t i = 0; i < count; i++) {
        struct resource_column *column = &resource->columns[i];
        const struct miniorm_column *described = &resource->model->columns[i];

        column->name = described->name;
        column->prefix =
            baseapi__resource_prefix(arena, described->name, ":", &column->prefix_size);
        if (column->prefix == NULL)
            return no_memory(resource, error);
        if ((described->flags & MINIORM_PRIMARY_KEY) != 0) {
            resource->keys |= COLUMN_BIT(i);
            resource->key_columns[resource->n_keys++] = (unsigned)i;
        }
    }
    return BASEAPI_OK;
}

/* Columns that the database numbers are not written by clients, unless listed. */
static uint64_t identity_columns(const struct miniorm_model *model)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < model->n_columns; i++) {
        if ((model->columns[i].flags & MINIORM_IDENTITY) != 0)
            bits |= COLUMN_BIT(i);
    }
    return bits;
}

static enum baseapi_status compile_fields(struct resource *resource, struct baseapi_error *error)
{
    const struct words_place fields = place_of(resource, "fields");
    const struct words_place writes = place_of(resource, "writes");
    const size_t count = resource->model->n_columns;
    enum baseapi_status status;

    resource->fields = count == MINIORM_COLUMNS_MAX ? UINT64_MAX : COLUMN_BIT(count) - 1;
    if (resource->declared.fields != NULL) {
        status =
            baseapi__words_bitmap(&fields, resource->declared.fields, &resource->fields, error);
        if (status != BASEAPI_OK)
            return status;
        if (resource->fields == 0)
            return baseapi__fail(error, BASEAPI_EINVALID, "%s.fields: no column is shown",
                                 resource->name);
    }
    resource->writes = resource->fields & ~identity_columns(resource->model);
    if (resource->declared.writes == NULL)
        return BASEAPI_OK;
    return baseapi__words_bitmap(&writes, resource->declared.writes, &resource->writes, error);
}

static enum baseapi_status compile_filters(struct resource *resource, struct baseapi_error *error)
{
    const struct words_place place = place_of(resource, "filters");
    const char *rest = resource->declared.filters;
    struct miniorm_text word;

    while (baseapi__words_next(&rest, &word)) {
        const char *colon = memchr(word.data, ':', word.size);
        const size_t name_size = colon == NULL ? word.size : (size_t)(colon - word.data);
        const struct miniorm_text operators =
            colon == NULL ? miniorm_text_from(NULL, 0)
                          : miniorm_text_from(colon + 1, word.size - name_size - 1);
        unsigned column;
        enum baseapi_status status =
            baseapi__words_column(&place, miniorm_text_from(word.data, name_size), &column, error);

        if (status == BASEAPI_OK)
            status = baseapi__operators_read(&place, &resource->model->columns[column], operators,
                                             &resource->columns[column].operators, error);
        if (status != BASEAPI_OK)
            return status;
    }
    return BASEAPI_OK;
}

static enum baseapi_status check_sortable(const struct words_place *place, unsigned column,
                                          struct baseapi_error *error)
{
    const struct miniorm_column *described = &place->model->columns[column];

    if (described->type != MINIORM_T_json && described->type != MINIORM_T_jsonb)
        return BASEAPI_OK;
    return baseapi__fail(error, BASEAPI_EINVALID, "%s.%s: '%s' is %s, which has no order",
                         place->resource, place->list, described->name,
                         miniorm_type_name(described->type));
}

static enum baseapi_status compile_default_sort(struct arena *arena, struct resource *resource,
                                                struct baseapi_error *error)
{
    const struct words_place place = place_of(resource, "default_sort");
    const char *rest = resource->declared.default_sort;
    struct miniorm_text word;

    resource->order = arena_zeroed(arena, resource->model->n_columns, sizeof(*resource->order));
    if (resource->order == NULL)
        return no_memory(resource, error);
    while (baseapi__words_next(&rest, &word)) {
        const bool descending = word.data[0] == '-';
        unsigned column;
        enum baseapi_status status = baseapi__words_column(
            &place, miniorm_text_from(word.data + descending, word.size - descending), &column,
            error);

        if (status == BASEAPI_OK)
            status = check_sortable(&place, column, error);
        if (status != BASEAPI_OK)
            return status;
        if (resource->n_order == resource->model->n_columns)
            return baseapi__fail(error, BASEAPI_EINVALID,
                                 "%s.default_sort: more words than the model has columns",
                                 resource->name);
        resource->order[resource->n_order++] = (struct baseapi_order){column, descending};
    }
    return BASEAPI_OK;
}

static enum baseapi_status compile_sorts(struct arena *arena, struct resource *resource,
                                         struct baseapi_error *error)
{
    const struct words_place place = place_of(resource, "sorts");
    enum baseapi_status status =
        baseapi__words_bitmap(&place, resource->declared.sorts, &resource->sorts, error);

    for (unsigned i = 0; i < resource->model->n_columns && status == BASEAPI_OK; i++) {
        if ((resource->sorts & COLUMN_BIT(i)) != 0)
            status = check_sortable(&place, i, error);
    }
    return status == BASEAPI_OK ? compile_default_sort(arena, resource, error) : status;
}

static enum baseapi_status compile_page(struct resource *resource, struct baseapi_error *error)
{
    const struct baseapi_page *page = &resource->declared.page;

    resource->max_limit = page->max == 0 ? BASEAPI_PAGE_MAX : page->max;
    resource->limit = page->limit == 0 ? BASEAPI_PAGE_LIMIT : page->limit;
    if (page->limit == 0 && resource->limit > resource->max_limit)
        resource->limit = resource->max_limit;
    if (resource->max_limit > BASEAPI_MAX_ROWS)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.page: max is more than %d",
                             resource->name, BASEAPI_MAX_ROWS);
    if (resource->limit > resource->max_limit)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.page: limit is more than max",
                             resource->name);
    return BASEAPI_OK;
}

static enum baseapi_status check_methods(const struct resource *resource,
                                         struct baseapi_error *error)
{
    const unsigned methods = resource->declared.methods;
    const struct baseapi_provider *provider = resource->provider;
    const char *lacking = NULL;

    if ((methods & ~(unsigned)BASEAPI_CRUD) != 0)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.methods: %u is no method", resource->name,
                             methods & ~(unsigned)BASEAPI_CRUD);
    if (resource->n_keys == 0 && (methods & ~(unsigned)BASEAPI_LIST) != 0)
        return baseapi__fail(error, BASEAPI_EINVALID,
                             "%s.methods: model %s has no primary key, so it can only be listed",
                             resource->name, resource->model->name);
    if (provider->get_many == NULL)
        lacking = "get_many";
    else if ((methods & BASEAPI_LIST) != 0 && provider->total_count == NULL)
        lacking = "total_count";
    else if ((methods & BASEAPI_CREATE) != 0 && provider->insert == NULL)
        lacking = "insert";
    else if ((methods & BASEAPI_UPDATE) != 0 && provider->update == NULL)
        lacking = "update";
    else if ((methods & BASEAPI_DELETE) != 0 && provider->remove == NULL)
        lacking = "remove";
    if (lacking == NULL)
        return BASEAPI_OK;
    return baseapi__fail(error, BASEAPI_EINVALID, "%s.methods: the provider has no %s",
                         resource->name, lacking);
}

static enum baseapi_status check_path(const struct resource *resource, struct baseapi_error *error)
{
    const char *path = resource->declared.path;
    const size_t size = path == NULL ? 0 : strlen(path);

    if (path == NULL || (path[0] == '/' && size > 1 && path[size - 1] != '/'))
        return BASEAPI_OK;
    return baseapi__fail(error, BASEAPI_EINVALID,
                         "path '%s' does not begin with a slash, or ends with one", path);
}

static enum baseapi_status compile_lists(struct arena *arena, struct resource *resource,
                                         struct baseapi_error *error)
{
    enum baseapi_status status = compile_columns(arena, resource, error);

    if (status == BASEAPI_OK)
        status = check_path(resource, error);
    if (status == BASEAPI_OK)
        status = check_methods(resource, error);
    if (status == BASEAPI_OK)
        status = compile_fields(resource, error);
    if (status == BASEAPI_OK)
        status = compile_filters(resource, error);
    if (status == BASEAPI_OK)
        status = compile_sorts(arena, resource, error);
    return status == BASEAPI_OK ? compile_page(resource, error) : status;
}

static void set_defaults(struct resource *resource)
{
    const struct baseapi_resource *declared = &resource->declared;

    resource->model = declared->model;
    resource->name = declared->path != NULL ? declared->path + (declared->path[0] == '/')
                                            : declared->model->name;
    resource->provider = declared->provider != NULL ? declared->provider : &baseapi_model_provider;
    resource->format = declared->format;
    if (declared->methods == 0)
        resource->declared.methods = BASEAPI_READ_ONLY;
}

static struct resource *new_resource(struct arena *arena, const struct baseapi_resource *table,
                                     size_t size)
{
    struct resource *resource = arena_zeroed(arena, 1, sizeof(*resource));

    if (resource == NULL)
        return NULL;
    memcpy(&resource->declared, table,
           size < sizeof(resource->declared) ? size : sizeof(resource->declared));
    resource->table = table;
    return resource;
}

static enum baseapi_status add_resource(struct arena *arena, const struct baseapi_resource *table,
                                        size_t size, struct resource **all,
                                        struct baseapi_error *error)
{
    struct resource *resource = new_resource(arena, table, size);
    struct miniorm_error inner = MINIORM_ERROR_INIT;

    if (resource == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "out of memory for a resource");
    if (resource->declared.model == NULL)
        return baseapi__fail(error, BASEAPI_EINVALID, "resource '%s' has no model",
                             resource->declared.path == NULL ? "" : resource->declared.path);
    if (miniorm_model_check(resource->declared.model, &inner) != MINIORM_OK)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s", inner.message);
    set_defaults(resource);
    resource->next = *all;
    *all = resource;
    return compile_lists(arena, resource, error);
}

/* Breadth first: tables named by includes are added at the front until no new one turns up. */
static enum baseapi_status add_included(struct arena *arena, struct resource *resource, size_t size,
                                        struct resource **all, struct baseapi_error *error)
{
    const struct baseapi_include *include = resource->declared.includes;

    for (; include != NULL && include->name != NULL; include++) {
        enum baseapi_status status;

        if (include->resource == NULL)
            return baseapi__fail(error, BASEAPI_EINVALID, "%s.includes: '%s' has no resource",
                                 resource->name, include->name);
        if (baseapi__resource_find(*all, include->resource) != NULL)
            continue;
        status = add_resource(arena, include->resource, size, all, error);
        if (status == BASEAPI_OK)
            status = add_included(arena, *all, size, all, error);
        if (status != BASEAPI_OK)
            return status;
    }
    return BASEAPI_OK;
}

/* The first one compiled is the last of the list: moves it to the front. */
static struct resource *put_first(struct resource *all, struct resource *first)
{
    struct resource *last = all;

    if (all == first)
        return first;
    while (last->next != first)
        last = last->next;
    last->next = NULL;
    first->next = all;
    return first;
}

enum baseapi_status baseapi__resource_compile(struct arena *arena,
                                              const struct baseapi_resource *table, size_t size,
                                              struct resource **out, struct baseapi_error *error)
{
    struct resource *all = NULL;
    struct resource *first;
    enum baseapi_status status;

    if (table == NULL || size < sizeof(const char *))
        return baseapi__fail(error, BASEAPI_EINVALID, "no resource is given");
    status = add_resource(arena, table, size, &all, error);
    if (status != BASEAPI_OK)
        return status;
    first = all;
    status = add_included(arena, first, size, &all, error);
    for (struct resource *each = all; each != NULL && status == BASEAPI_OK; each = each->next)
        status = baseapi__resource_link(arena, each, all, error);
    if (status == BASEAPI_OK)
        *out = put_first(all, first);
    return status;
}
