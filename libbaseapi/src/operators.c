/*
 * Operators of filters: one table of names, and the check at start-up that a column's type has
 * them.
 */
#include "operators.h"

#include <string.h>

#include "error.h"

/* What a filter named without operators allows. */
#define DEFAULT_OPERATORS \
    (unsigned)(RESOURCE_EQ | RESOURCE_IN | RESOURCE_NE | RESOURCE_GTE | RESOURCE_LTE)
#define PATTERN_OPERATORS (unsigned)(RESOURCE_LIKE | RESOURCE_ILIKE)
#define ALL_OPERATORS (unsigned)(RESOURCE_BETWEEN * 2 - 1)

static const struct {
    const char *name;
    unsigned bit;
} operators_table[] = {
    {"eq", RESOURCE_EQ},     {"in", RESOURCE_IN},           {"ne", RESOURCE_NE},
    {"lt", RESOURCE_LT},     {"lte", RESOURCE_LTE},         {"gt", RESOURCE_GT},
    {"gte", RESOURCE_GTE},   {"like", RESOURCE_LIKE},       {"ilike", RESOURCE_ILIKE},
    {"null", RESOURCE_NULL}, {"between", RESOURCE_BETWEEN},
};

#define COUNT (sizeof(operators_table) / sizeof(operators_table[0]))

unsigned baseapi__operator_bit(struct miniorm_text name)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strlen(operators_table[i].name) == name.size &&
            memcmp(operators_table[i].name, name.data, name.size) == 0)
            return operators_table[i].bit;
    }
    return 0;
}

/* Operators that values of a type can have. */
static unsigned operators_of(enum miniorm_type type)
{
    switch (type) {
    case MINIORM_T_bytea:
    case MINIORM_T_json:
    case MINIORM_T_jsonb: return RESOURCE_NULL;
    case MINIORM_T_text:
    case MINIORM_T_varchar: return ALL_OPERATORS;
    default: return ALL_OPERATORS & ~PATTERN_OPERATORS;
    }
}

static enum baseapi_status read_one(const struct words_place *place,
                                    const struct miniorm_column *column, struct miniorm_text name,
                                    unsigned *operators, struct baseapi_error *error)
{
    const unsigned bit = baseapi__operator_bit(name);
    const char *names[COUNT];
    const char *nearest;

    for (size_t i = 0; i < COUNT; i++)
        names[i] = operators_table[i].name;
    if (bit == 0) {
        nearest = baseapi__words_nearest(name, names, COUNT);
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.%s: no operator '%.*s'%s%s%s",
                             place->resource, place->list, (int)name.size, name.data,
                             nearest == NULL ? "" : ", did you mean '",
                             nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
    }
    if ((operators_of(column->type) & bit) == 0)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.%s: '%s' is %s, which has no '%.*s'",
                             place->resource, place->list, column->name,
                             miniorm_type_name(column->type), (int)name.size, name.data);
    *operators |= bit;
    return BASEAPI_OK;
}

static enum baseapi_status read_default(const struct words_place *place,
                                        const struct miniorm_column *column, unsigned *operators,
                                        struct baseapi_error *error)
{
    if ((operators_of(column->type) & DEFAULT_OPERATORS) == 0)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.%s: '%s' is %s, which has only ':null'",
                             place->resource, place->list, column->name,
                             miniorm_type_name(column->type));
    *operators |= DEFAULT_OPERATORS;
    return BASEAPI_OK;
}

enum baseapi_status baseapi__operators_read(const struct words_place *place,
                                            const struct miniorm_column *column,
                                            struct miniorm_text list, unsigned *operators,
                                            struct baseapi_error *error)
{
    if (list.data == NULL)
        return read_default(place, column, operators, error);
    if (list.size == 1 && list.data[0] == '*') {
        *operators |= operators_of(column->type);
        return BASEAPI_OK;
    }
    while (list.data != NULL) {
        const char *comma = memchr(list.data, ',', list.size);
        const size_t size = comma == NULL ? list.size : (size_t)(comma - list.data);
        const enum baseapi_status status =
            read_one(place, column, miniorm_text_from(list.data, size), operators, error);

        if (status != BASEAPI_OK)
            return status;
        list = comma == NULL ? miniorm_text_from(NULL, 0)
                             : miniorm_text_from(comma + 1, list.size - size - 1);
    }
    return BASEAPI_OK;
}
