/*
 * Filters: names with operators and texts to conditions with typed values.
 *
 * Order of the checks: all filters are available, then operators go with their values, then the
 * values are of the column's type.
 * Invariant: a condition made here has an operator that the resource allows for its column.
 */
#include "view.h"

#include <math.h>
#include <string.h>

/* What a filter's name means. `op` is one bit of enum resource_operator; plain names have none. */
struct meaning {
    int column; /* -1: none */
    unsigned op;
    struct miniorm_text shown; /* the name as errors tell it */
};

static const unsigned comparisons = RESOURCE_LT | RESOURCE_LTE | RESOURCE_GT | RESOURCE_GTE;

static const char *last_separator(struct miniorm_text name)
{
    for (size_t i = name.size; i > 2; i--) {
        if (name.data[i - 2] == '_' && name.data[i - 1] == '_')
            return name.data + i - 2;
    }
    return NULL;
}

/* The operators that the original took off a name it did not know. */
static bool was_always_there(unsigned op)
{
    return (op & (RESOURCE_LTE | RESOURCE_GTE | RESOURCE_NE)) != 0;
}

static struct meaning meaning_of(const struct resource *resource, struct miniorm_text name)
{
    struct meaning meaning = {baseapi__resource_column(resource, name), 0, name};
    const char *separator;

    if (meaning.column >= 0)
        return meaning;
    separator = last_separator(name);
    if (separator == NULL)
        return meaning;
    name.size = (size_t)(separator - name.data);
    meaning.op =
        baseapi__operator_bit(miniorm_text_from(separator + 2, meaning.shown.size - name.size - 2));
    if (meaning.op == 0)
        return meaning;
    meaning.column = baseapi__resource_column(resource, name);
    if (was_always_there(meaning.op) &&
        (meaning.column < 0 || resource->columns[meaning.column].operators == 0))
        meaning.shown = name;
    return meaning;
}

static bool is_available(const struct resource *resource, const struct meaning *meaning)
{
    const unsigned wanted = meaning->op != 0 ? meaning->op : (unsigned)(RESOURCE_EQ | RESOURCE_IN);

    return meaning->column >= 0 && (resource->columns[meaning->column].operators & wanted) != 0;
}

/* An entity asked for by its key has that key, whatever a filter says. */
static bool is_overruled(const struct resource *resource, const struct meaning *meaning, bool keyed)
{
    return keyed && meaning->op == 0 && meaning->column >= 0 &&
           (resource->keys & COLUMN_BIT(meaning->column)) != 0;
}

static const char *source_of(struct baseapi_request *request, struct miniorm_text name)
{
    return baseapi__request_format(request, "filter[%.*s]", (int)name.size, name.data);
}

static bool is_told(const struct resource *resource, const struct baseapi_parameter *list,
                    const struct baseapi_parameter *end, struct miniorm_text shown)
{
    for (; list != end; list = list->next) {
        if (baseapi__text_same(meaning_of(resource, list->name).shown, shown))
            return true;
    }
    return false;
}

static bool check_available(struct baseapi_request *request, const struct resource *resource,
                            const struct baseapi_parameter *list)
{
    bool good = true;

    for (const struct baseapi_parameter *each = list; each != NULL; each = each->next) {
        const struct meaning meaning = meaning_of(resource, each->name);

        if (is_available(resource, &meaning))
            continue;
        good = false;
        if (!is_told(resource, list, each, meaning.shown))
            baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER,
                                 source_of(request, meaning.shown), NULL,
                                 "Requested filter is not available - \"%.*s\"",
                                 (int)meaning.shown.size, meaning.shown.data);
    }
    return good;
}

/* What is wrong with the number of values; NULL when nothing is. */
static const char *count_fault(const struct resource *resource, const struct meaning *meaning,
                               size_t n_values)
{
    const unsigned allowed = resource->columns[meaning->column].operators;

    if (meaning->op == RESOURCE_BETWEEN)
        return n_values == 2 ? NULL : "needs two values";
    if (n_values == 1)
        return NULL;
    if ((meaning->op & (comparisons | RESOURCE_NULL | RESOURCE_EQ)) != 0 ||
        (meaning->op == 0 && (allowed & RESOURCE_IN) == 0))
        return "comparison operation not applied to list";
    return NULL;
}

static bool check_operators(struct baseapi_request *request, const struct resource *resource,
                            const struct baseapi_parameter *list)
{
    bool good = true;

    for (; list != NULL; list = list->next) {
        const struct meaning meaning = meaning_of(resource, list->name);
        const char *fault = count_fault(resource, &meaning, list->n_values);

        if (fault == NULL)
            continue;
        good = false;
        baseapi__add_problem(request, BASEAPI_CODE_FILTER_OPERATOR, source_of(request, list->name),
                             NULL, "Requested filter[%.*s] %s.", (int)list->name.size,
                             list->name.data, fault);
    }
    return good;
}

static enum miniorm_operator operator_of(const struct meaning *meaning, size_t n_values)
{
    switch (meaning->op) {
    case RESOURCE_NE: return n_values == 1 ? MINIORM_OP_NE : MINIORM_OP_NOT_IN;
    case RESOURCE_LT: return MINIORM_OP_LT;
    case RESOURCE_LTE: return MINIORM_OP_LE;
    case RESOURCE_GT: return MINIORM_OP_GT;
    case RESOURCE_GTE: return MINIORM_OP_GE;
    case RESOURCE_LIKE: return MINIORM_OP_LIKE;
    case RESOURCE_ILIKE: return MINIORM_OP_ILIKE;
    case RESOURCE_BETWEEN: return MINIORM_OP_BETWEEN;
    default: return n_values == 1 ? MINIORM_OP_EQ : MINIORM_OP_IN;
    }
}

/* Not a number: SQLite has none, and databases do not agree on what equals it. */
static bool is_nan(const struct miniorm_value *value)
{
    const bool is_real = value->type == MINIORM_T_float4 || value->type == MINIORM_T_float8;

    return is_real && isnan(value->as.real);
}

static bool tell_value(struct baseapi_request *request, const struct baseapi_parameter *parameter,
                       struct miniorm_text text)
{
    baseapi__add_problem(request, BASEAPI_CODE_QUERY_PARAMETER, source_of(request, parameter->name),
                         NULL, "Requested filter value is not valid - \"%.*s\"", (int)text.size,
                         text.data);
    return false;
}

static bool read_value(struct baseapi_request *request, const struct baseapi_parameter *parameter,
                       enum miniorm_type type, struct miniorm_text text, struct miniorm_value *out)
{
    if (miniorm_value_parse(type, text, out, NULL) == MINIORM_OK && !is_nan(out))
        return true;
    return tell_value(request, parameter, text);
}

/* A pattern whose last character escapes nothing is an error to databases, to some of them only
 * once a row matches so far. */
static bool read_pattern(struct baseapi_request *request, const struct baseapi_parameter *parameter,
                         enum miniorm_type type, struct miniorm_value *out)
{
    const struct miniorm_text text = parameter->value;
    size_t n_escapes = 0;

    while (n_escapes < text.size && text.data[text.size - n_escapes - 1] == '\\')
        n_escapes++;
    if (n_escapes % 2 != 0)
        return tell_value(request, parameter, text);
    return read_value(request, parameter, type, text, out);
}

/* filter[name__null]=true is IS NULL, false is IS NOT NULL. */
static bool make_null(struct baseapi_request *request, const struct baseapi_parameter *parameter,
                      struct baseapi_filter *filter)
{
    struct miniorm_value value;

    if (!read_value(request, parameter, MINIORM_T_boolean, parameter->value, &value))
        return false;
    filter->op = value.as.boolean ? MINIORM_OP_IS_NULL : MINIORM_OP_IS_NOT_NULL;
    return true;
}

/* False: a value does not fit and was told, or memory ran out. */
static bool make_filter(struct baseapi_request *request, const struct resource *resource,
                        const struct baseapi_parameter *parameter, const struct meaning *meaning,
                        struct baseapi_filter *filter)
{
    const enum miniorm_type type = resource->model->columns[meaning->column].type;
    const struct baseapi_word *word = parameter->values;
    struct miniorm_value *values;
    bool good = true;

    filter->column = (unsigned)meaning->column;
    if (meaning->op == RESOURCE_NULL)
        return make_null(request, parameter, filter);
    filter->op = operator_of(meaning, parameter->n_values);
    values = arena_zeroed(baseapi__request_arena(request), parameter->n_values, sizeof(*values));
    if (values == NULL)
        return false;
    filter->values = values;
    if (filter->op == MINIORM_OP_LIKE || filter->op == MINIORM_OP_ILIKE) {
        filter->n_values = 1;
        return read_pattern(request, parameter, type, values);
    }
    for (; word != NULL; word = word->next)
        good &= read_value(request, parameter, type, word->text, &values[filter->n_values++]);
    return good;
}

static size_t count_filters(const struct baseapi_parameter *list)
{
    size_t count = 0;

    for (; list != NULL; list = list->next)
        count++;
    return count;
}

static void add_key(const struct resource *resource, const struct miniorm_value *key,
                    struct baseapi_filter *filters, struct baseapi_wish *wish)
{
    for (size_t i = 0; i < resource->n_keys && key != NULL; i++)
        filters[wish->n_filters++] = (struct baseapi_filter){.column = resource->key_columns[i],
                                                             .op = MINIORM_OP_EQ,
                                                             .values = &key[i],
                                                             .n_values = 1};
}

bool baseapi__filters_make(struct baseapi_request *request, const struct resource *resource,
                           const struct baseapi_params *params, const struct miniorm_value *key,
                           struct baseapi_wish *wish)
{
    const struct baseapi_parameter *each = params->filters;
    const size_t count = count_filters(each) + (key == NULL ? 0 : resource->n_keys);
    struct baseapi_filter *filters;
    bool good = true;

    if (count == 0)
        return true;
    if (!check_available(request, resource, each) || !check_operators(request, resource, each))
        return false;
    filters = arena_zeroed(baseapi__request_arena(request), count, sizeof(*filters));
    if (filters == NULL)
        return false;
    wish->filters = filters;
    add_key(resource, key, filters, wish);
    for (; each != NULL; each = each->next) {
        const struct meaning meaning = meaning_of(resource, each->name);

        if (!is_overruled(resource, &meaning, key != NULL))
            good &= make_filter(request, resource, each, &meaning, &filters[wish->n_filters++]);
    }
    return good;
}
