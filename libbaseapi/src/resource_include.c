/*
 * Linking the includes of compiled resources: column pairs checked on both sides.
 *
 * Order: after every table reachable was compiled.
 */
#include "resource_include.h"

#include <string.h>

#include "error.h"
#include "json_text.h"
#include "words.h"

const struct resource *baseapi__resource_find(const struct resource *all,
                                              const struct baseapi_resource *table)
{
    while (all != NULL && all->table != table)
        all = all->next;
    return all;
}

int baseapi__resource_column(const struct resource *resource, struct miniorm_text name)
{
    return miniorm_model_find_column(resource->model, name.data, name.size);
}

const struct resource_include *baseapi__resource_include(const struct resource *resource,
                                                         struct miniorm_text name)
{
    for (size_t i = 0; i < resource->n_includes; i++) {
        const char *other = resource->includes[i].name;

        if (strlen(other) == name.size && memcmp(other, name.data, name.size) == 0)
            return &resource->includes[i];
    }
    return NULL;
}

const char *baseapi__resource_prefix(struct arena *arena, const char *name, const char *end,
                                     size_t *size)
{
    struct text text = {0};
    const char *prefix;

    text_char(&text, ',');
    baseapi__json_cstring(&text, name);
    text_string(&text, end);
    prefix = text.failed ? NULL : arena_copy(arena, text.data, text.size);
    *size = text.size;
    text_free(&text);
    return prefix;
}

/* Kinds of columns that can equal one another in SQL without a cast. */
static int kind_of(enum miniorm_type type)
{
    switch (type) {
    case MINIORM_T_int2:
    case MINIORM_T_int4:
    case MINIORM_T_int8: return MINIORM_T_int8;
    case MINIORM_T_text:
    case MINIORM_T_varchar: return MINIORM_T_text;
    default: return (int)type;
    }
}

static enum baseapi_status link_pair(const struct resource *resource,
                                     struct resource_include *include, struct miniorm_text word,
                                     struct baseapi_error *error)
{
    const struct words_place own = {resource->name, "includes", resource->model};
    const struct words_place theirs = {resource->name, "includes", include->resource->model};
    const char *equals = memchr(word.data, '=', word.size);
    const size_t size = equals == NULL ? 0 : (size_t)(equals - word.data);
    unsigned *own_column = &include->own[include->n_pairs];
    unsigned *their_column = &include->theirs[include->n_pairs];
    enum baseapi_status status;

    if (equals == NULL)
        return baseapi__fail(error, BASEAPI_EINVALID,
                             "%s.includes: '%.*s' of '%s' is no pair own_column=included_column",
                             resource->name, (int)word.size, word.data, include->name);
    status = baseapi__words_column(&own, miniorm_text_from(word.data, size), own_column, error);
    if (status == BASEAPI_OK)
        status = baseapi__words_column(&theirs, miniorm_text_from(equals + 1, word.size - size - 1),
                                       their_column, error);
    if (status != BASEAPI_OK)
        return status;
    if (kind_of(resource->model->columns[*own_column].type) !=
        kind_of(include->resource->model->columns[*their_column].type))
        return baseapi__fail(error, BASEAPI_EINVALID,
                             "%s.includes: the columns of '%.*s' have different types",
                             resource->name, (int)word.size, word.data);
    include->n_pairs++;
    return BASEAPI_OK;
}

/* Whether the included columns hold a whole primary key or a unique column. */
static bool is_single(const struct resource_include *include)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < include->n_pairs; i++) {
        if ((include->resource->model->columns[include->theirs[i]].flags & MINIORM_UNIQUE) != 0)
            return true;
        bits |= COLUMN_BIT(include->theirs[i]);
    }
    return include->resource->n_keys != 0 &&
           (bits & include->resource->keys) == include->resource->keys;
}

static enum baseapi_status check_include(const struct resource *resource,
                                         const struct resource_include *include,
                                         struct baseapi_error *error)
{
    const int column =
        baseapi__resource_column(resource, miniorm_text_from(include->name, strlen(include->name)));

    if (baseapi__resource_include(resource,
                                  miniorm_text_from(include->name, strlen(include->name))) != NULL)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.includes: there are two '%s'",
                             resource->name, include->name);
    if (include->n_pairs == 0)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.includes: '%s' has no relations",
                             resource->name, include->name);
    if (column >= 0 && (resource->fields & COLUMN_BIT(column)) != 0)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.includes: '%s' is the name of a field",
                             resource->name, include->name);
    if (include->resource->n_keys == 0)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.includes: model %s has no primary key",
                             resource->name, include->resource->model->name);
    if (strpbrk(include->name, ".,") != NULL || include->name[0] == '\0')
        return baseapi__fail(error, BASEAPI_EINVALID,
                             "%s.includes: a name may not be empty or hold '.' or ',': '%s'",
                             resource->name, include->name);
    if (include->resource->provider->get_many_for_keys == NULL)
        return baseapi__fail(error, BASEAPI_EINVALID,
                             "%s.includes: the provider of '%s' has no get_many_for_keys",
                             resource->name, include->name);
    return BASEAPI_OK;
}

static enum baseapi_status link_include(struct arena *arena, const struct resource *resource,
                                        const struct baseapi_include *declared,
                                        const struct resource *all,
                                        struct resource_include *include,
                                        struct baseapi_error *error)
{
    const char *rest = declared->relations;
    struct miniorm_text word;

    include->name = declared->name;
    include->resource = baseapi__resource_find(all, declared->resource);
    include->prefix =
        baseapi__resource_prefix(arena, declared->name, ":{\"data\":[", &include->prefix_size);
    include->own = arena_zeroed(arena, MINIORM_COLUMNS_MAX, sizeof(*include->own));
    include->theirs = arena_zeroed(arena, MINIORM_COLUMNS_MAX, sizeof(*include->theirs));
    if (include->prefix == NULL || include->own == NULL || include->theirs == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "%s: out of memory", resource->name);
    while (baseapi__words_next(&rest, &word)) {
        const enum baseapi_status status =
            include->n_pairs < MINIORM_COLUMNS_MAX
                ? link_pair(resource, include, word, error)
                : baseapi__fail(error, BASEAPI_EINVALID, "%s.includes: '%s' has too many pairs",
                                resource->name, include->name);

        if (status != BASEAPI_OK)
            return status;
    }
    include->is_single = is_single(include);
    return check_include(resource, include, error);
}

enum baseapi_status baseapi__resource_link(struct arena *arena, struct resource *resource,
                                           const struct resource *all, struct baseapi_error *error)
{
    const struct baseapi_include *declared = resource->declared.includes;
    size_t count = 0;

    while (declared != NULL && declared[count].name != NULL)
        count++;
    resource->includes = arena_zeroed(arena, count, sizeof(*resource->includes));
    if (resource->includes == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "%s: out of memory", resource->name);
    for (; resource->n_includes < count; resource->n_includes++) {
        const enum baseapi_status status =
            link_include(arena, resource, &declared[resource->n_includes], all,
                         &resource->includes[resource->n_includes], error);

        if (status != BASEAPI_OK)
            return status;
    }
    return BASEAPI_OK;
}
