/*
 * Levels: what a client wishes of an entity, checked against its resource and described for its
 * provider.
 *
 * Order of the checks, the original's: fields, filters, page, includes (each with all of this),
 * sort. All errors of the first kind that has any are told.
 * Invariant: a level that was made names only columns, operators and includes that its resource
 * allows.
 */
#include "view.h"

enum number { NUMBER_FITS, NUMBER_IS_NONE, NUMBER_TOO_BIG, NUMBER_NEGATIVE };

/* The name in a word of a sort, without the '-' of a descending one. */
static struct miniorm_text unsigned_name(struct miniorm_text text)
{
    const bool has_sign = text.size != 0 && text.data[0] == '-';

    return has_sign ? miniorm_text_from(text.data + 1, text.size - 1) : text;
}

/* Whether an earlier word of a list of fields is the same. */
static bool is_repeated_field(const struct baseapi_word *list, const struct baseapi_word *word)
{
    while (list != word && !baseapi__text_same(list->text, word->text))
        list = list->next;
    return list != word;
}

/* Whether an earlier word of a sort names the same field. */
static bool is_repeated_sort(const struct baseapi_word *list, const struct baseapi_word *word)
{
    while (list != word &&
           !baseapi__text_same(unsigned_name(list->text), unsigned_name(word->text)))
        list = list->next;
    return list != word;
}

static bool check_fields(struct baseapi_request *request, struct level *level,
                         const struct baseapi_word *list)
{
    const struct resource *resource = level->resource;
    bool good = true;

    level->shown = list == NULL ? resource->fields : 0;
    for (const struct baseapi_word *word = list; word != NULL; word = word->next) {
        const int column = baseapi__resource_column(resource, word->text);

        if (column >= 0 && (resource->fields & COLUMN_BIT(column)) != 0) {
            level->shown |= COLUMN_BIT(column);
            continue;
        }
        good = false;
        if (!is_repeated_field(list, word))
            baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER, "fields", NULL,
                                 "Requested field is not available - \"%.*s\"",
                                 (int)word->text.size, word->text.data);
    }
    level->wish.columns = level->shown;
    return good;
}

static enum number read_number(struct miniorm_text text, uint64_t maximum, uint64_t *out)
{
    const bool negative = text.size > 1 && text.data[0] == '-';
    uint64_t number = 0;

    for (size_t i = negative; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return NUMBER_IS_NONE;
        /* What is too big stays so: more digits could bring it round to a small number. */
        number = number > maximum / 10 ? maximum + 1 : number * 10 + (unsigned)(text.data[i] - '0');
    }
    if (text.size == 0)
        return NUMBER_IS_NONE;
    if (negative && number != 0)
        return NUMBER_NEGATIVE;
    if (number > maximum)
        return NUMBER_TOO_BIG;
    *out = number;
    return NUMBER_FITS;
}

static void tell_number(struct baseapi_request *request, const struct baseapi_parameter *parameter,
                        enum number fault, uint64_t maximum)
{
    const int size = (int)parameter->name.size;
    const char *name = parameter->name.data;
    const char *source = baseapi__request_format(request, "page[%.*s]", size, name);
    const int value_size = (int)parameter->value.size;
    const char *value = parameter->value.data;

    switch (fault) {
    case NUMBER_FITS: break;
    case NUMBER_IS_NONE:
        baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER, source, NULL,
                             "Requested page %.*s \"%.*s\" is not integer.", size, name, value_size,
                             value);
        break;
    case NUMBER_TOO_BIG:
        baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER, source, NULL,
                             "Requested page %.*s \"%.*s\" is too big. Maximum is %llu", size, name,
                             value_size, value, (unsigned long long)maximum);
        break;
    case NUMBER_NEGATIVE:
        baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER, source, NULL,
                             "Requested page %.*s \"%.*s\" is too small. Minimum is 0", size, name,
                             value_size, value);
        break;
    }
}

static bool check_number(struct baseapi_request *request, const struct baseapi_parameter *parameter,
                         uint64_t maximum, uint64_t *out)
{
    const enum number fault = read_number(parameter->value, maximum, out);

    if (fault != NUMBER_FITS)
        tell_number(request, parameter, fault, maximum);
    return fault == NUMBER_FITS;
}

static bool check_page(struct baseapi_request *request, struct level *level,
                       const struct baseapi_parameter *list)
{
    bool good = true;

    level->wish.limit = level->resource->limit;
    for (; list != NULL; list = list->next) {
        if (baseapi__text_is(list->name, "limit"))
            good &= check_number(request, list, level->resource->max_limit, &level->wish.limit);
        else if (baseapi__text_is(list->name, "offset"))
            good &= check_number(request, list, INT64_MAX, &level->wish.offset);
    }
    return good;
}

static bool check_include_names(struct baseapi_request *request, const struct resource *resource,
                                const struct baseapi_params *list)
{
    bool good = true;

    for (; list != NULL; list = list->next) {
        if (baseapi__resource_include(resource, list->name) != NULL)
            continue;
        good = false;
        baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER, "include", NULL,
                             "Requested include is not available - \"%.*s\"", (int)list->name.size,
                             list->name.data);
    }
    return good;
}

/* The columns that the relation needs are fetched whether they are shown or not. */
static void join(struct level *parent, struct level *child, const struct resource_include *include)
{
    struct level **end = &parent->children;

    child->include = include;
    child->parent = parent;
    child->wish.columns |= child->resource->keys;
    for (size_t i = 0; i < include->n_pairs; i++)
        parent->wish.columns |= COLUMN_BIT(include->own[i]);
    while (*end != NULL)
        end = &(*end)->next;
    *end = child;
}

static bool check_includes(struct baseapi_request *request, struct level *level,
                           const struct baseapi_params *list)
{
    if (!check_include_names(request, level->resource, list))
        return false;
    for (; list != NULL; list = list->next) {
        const struct resource_include *include =
            baseapi__resource_include(level->resource, list->name);
        struct level *child = baseapi__level_make(request, include->resource, list, NULL);

        if (child == NULL)
            return false;
        join(level, child, include);
    }
    return true;
}

static void add_order(struct baseapi_wish *wish, struct baseapi_order *order, uint64_t *seen,
                      struct baseapi_order item)
{
    if ((*seen & COLUMN_BIT(item.column)) != 0)
        return;
    *seen |= COLUMN_BIT(item.column);
    order[wish->n_order++] = item;
}

static bool check_sort_names(struct baseapi_request *request, const struct resource *resource,
                             const struct baseapi_word *list)
{
    bool good = true;

    for (const struct baseapi_word *word = list; word != NULL; word = word->next) {
        const struct miniorm_text name = unsigned_name(word->text);
        const int column = baseapi__resource_column(resource, name);

        if (column >= 0 && (resource->sorts & COLUMN_BIT(column)) != 0)
            continue;
        good = false;
        if (!is_repeated_sort(list, word))
            baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER, "sort", NULL,
                                 "Requested sort field is not available - \"%.*s\"", (int)name.size,
                                 name.data);
    }
    return good;
}

/* The order asked for, or the resource's, made unique by the primary key. */
static bool make_order(struct baseapi_request *request, struct level *level,
                       const struct baseapi_word *list)
{
    const struct resource *resource = level->resource;
    struct baseapi_order *order;
    uint64_t seen = 0;

    if (!check_sort_names(request, resource, list))
        return false;
    order =
        arena_alloc(baseapi__request_arena(request), resource->model->n_columns * sizeof(*order));
    if (order == NULL)
        return false;
    level->wish.order = order;
    for (size_t i = 0; i < resource->n_order && list == NULL; i++)
        add_order(&level->wish, order, &seen, resource->order[i]);
    for (; list != NULL; list = list->next) {
        const struct miniorm_text name = unsigned_name(list->text);
        const struct baseapi_order item = {(unsigned)baseapi__resource_column(resource, name),
                                           name.size != list->text.size};

        add_order(&level->wish, order, &seen, item);
    }
    for (size_t i = 0; i < resource->n_keys; i++)
        add_order(&level->wish, order, &seen,
                  (struct baseapi_order){resource->key_columns[i], false});
    return true;
}

/* One entity has no order and no page, but what the client says of them is checked. */
static bool make_sort(struct baseapi_request *request, struct level *level,
                      const struct baseapi_word *list, bool is_entity)
{
    if (!is_entity)
        return make_order(request, level, list);
    level->wish.limit = 1;
    level->wish.offset = 0;
    return check_sort_names(request, level->resource, list);
}

struct level *baseapi__level_make(struct baseapi_request *request, const struct resource *resource,
                                  const struct baseapi_params *params,
                                  const struct miniorm_value *key)
{
    struct level *level = arena_zeroed(baseapi__request_arena(request), 1, sizeof(*level));

    if (level == NULL)
        return NULL;
    level->resource = resource;
    level->wish.size = sizeof(level->wish);
    level->wish.request = request;
    level->wish.resource = resource->table;
    if (check_fields(request, level, params->fields) &&
        baseapi__filters_make(request, resource, params, key, &level->wish) &&
        check_page(request, level, params->page) &&
        check_includes(request, level, params->includes) &&
        make_sort(request, level, params->sort, key != NULL))
        return level;
    return NULL;
}

void baseapi__respond_level_fault(struct baseapi_request *request)
{
    if (baseapi_request_problem_count(request) != 0)
        baseapi_respond_added_problems(request, 422);
    else
        baseapi_respond_error(request, NULL);
}
