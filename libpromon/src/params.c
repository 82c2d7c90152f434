/*
 * The parameters of one probe: from a table of C or JSON, by the rules of its module.
 *
 * A table becomes JSON first, so that both go the same way: secrets are read, unknown names and
 * values that are wrong are refused, and what is required must be there.
 */
#include "params.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "error.h"
#include "nearest.h"
#include "param_value.h"
#include "secrets.h"

/* Names that an error about an unknown one may have to choose from. */
enum { KNOWN_MAX = 64 };

struct promon_params {
    struct arena arena;
    const struct promon_param_rule *rules;
    struct promon__param_value *values; /* in the order of the rules */
};

static const struct promon_param_rule *rule_of(const struct promon_param_rule *rules,
                                               const char *name)
{
    for (; rules != NULL && rules->name != NULL; rules++)
        if (strcmp(rules->name, name) == 0)
            return rules;
    return NULL;
}

static enum promon_status fail_unknown(const struct promon_param_rule *rules, const char *name,
                                       struct promon_error *error)
{
    const char *known[KNOWN_MAX + 1] = {NULL}, *nearest;
    size_t i;

    for (i = 0; i < KNOWN_MAX && rules != NULL && rules[i].name != NULL; i++)
        known[i] = rules[i].name;
    if (i == 0)
        return promon__fail(error, PROMON_ECONFIG, "params.%.48s: the module takes no parameters",
                            name);
    nearest = promon__nearest(name, known);
    if (nearest == NULL)
        return promon__fail(error, PROMON_ECONFIG, "params.%.48s: unknown key", name);
    return promon__fail(error, PROMON_ECONFIG, "params.%.48s: unknown key, did you mean \"%s\"?",
                        name, nearest);
}

/* Parts between commas, without the spaces around them. */
static json_t *split(const char *text)
{
    json_t *list = json_array();

    while (list != NULL) {
        const size_t size = strcspn(text, ",");
        size_t from = strspn(text, " "), to = size;

        from = from < size ? from : size;
        while (to > from && text[to - 1] == ' ')
            to--;
        if (json_array_append_new(list, json_stringn(text + from, to - from)) != 0) {
            json_decref(list);
            return NULL;
        }
        if (text[size] == '\0')
            break;
        text += size + 1;
    }
    return list;
}

static enum promon_status fail_json(const char *where, const json_error_t *wrong,
                                    struct promon_error *error)
{
    /* What follows is what stands there, which may be a secret. */
    const char *near = strstr(wrong->text, " near ");
    const int size = near == NULL ? (int)strlen(wrong->text) : (int)(near - wrong->text);

    return promon__fail(error, PROMON_ECONFIG, "%s: line %d, column %d: %.*s", where, wrong->line,
                        wrong->column, size, wrong->text);
}

static enum promon_status load_object(const char *where, const char *text, json_t **out,
                                      struct promon_error *error)
{
    json_error_t wrong;
    json_t *loaded = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &wrong);

    if (loaded == NULL)
        return fail_json(where, &wrong, error);
    if (!json_is_object(loaded)) {
        json_decref(loaded);
        return promon__fail(error, PROMON_ECONFIG, "%s: expected the text of a JSON object", where);
    }
    *out = loaded;
    return PROMON_OK;
}

static enum promon_status from_text(const struct promon_param_rule *rule, const char *text,
                                    json_t **out, struct promon_error *error)
{
    char where[80] = "params.";

    if (rule->type == PROMON_PARAM_MAP) {
        strncat(where, rule->name, sizeof(where) - strlen(where) - 1);
        return load_object(where, text, out, error);
    }
    if (rule->type == PROMON_PARAM_STRINGS || rule->type == PROMON_PARAM_INTEGERS)
        *out = split(text);
    else
        *out = json_string(text);
    if (*out == NULL)
        return promon__fail(error, PROMON_ECONFIG, "params.%s: not text of UTF-8", rule->name);
    return PROMON_OK;
}

static enum promon_status add_row(const struct promon_param_rule *rules,
                                  const struct promon_param *row, json_t *object,
                                  struct promon_error *error)
{
    const struct promon_param_rule *rule = rule_of(rules, row->name);
    enum promon_status status;
    json_t *value = NULL;

    if (rule == NULL)
        return fail_unknown(rules, row->name, error);
    if (row->value == NULL)
        return promon__fail(error, PROMON_ECONFIG, "params.%s: has no value", row->name);
    if (json_object_get(object, row->name) != NULL)
        return promon__fail(error, PROMON_ECONFIG, "params.%s: is given twice", row->name);
    status = from_text(rule, row->value, &value, error);
    if (status != PROMON_OK)
        return status;
    return json_object_set_new(object, row->name, value) == 0 ? PROMON_OK
                                                              : promon__fail_memory(error);
}

static enum promon_status load_table(const struct promon_param_rule *rules,
                                     const struct promon_param *table, json_t **out,
                                     struct promon_error *error)
{
    enum promon_status status = PROMON_OK;
    json_t *object = json_object();

    if (object == NULL)
        return promon__fail_memory(error);
    for (; table != NULL && table->name != NULL && status == PROMON_OK; table++)
        status = add_row(rules, table, object, error);
    if (status == PROMON_OK)
        *out = object;
    else
        json_decref(object);
    return status;
}

static enum promon_status refuse_unknown(const struct promon_param_rule *rules, json_t *object,
                                         struct promon_error *error)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        (void)value;
        if (rule_of(rules, key) == NULL)
            return fail_unknown(rules, key, error);
    }
    return PROMON_OK;
}

static enum promon_status read_values(struct promon_params *params, const json_t *object,
                                      struct promon_error *error)
{
    enum promon_status status = PROMON_OK;
    size_t i;

    for (i = 0; params->rules != NULL && params->rules[i].name != NULL && status == PROMON_OK;
         i++) {
        const struct promon_param_rule *rule = &params->rules[i];
        const json_t *value = json_object_get(object, rule->name);

        if (value != NULL)
            status = promon__param_read(rule, value, &params->arena, &params->values[i], error);
        else if ((rule->flags & PROMON_PARAM_REQUIRED) != 0)
            status = promon__fail(error, PROMON_ECONFIG, "params.%s: is missing", rule->name);
    }
    return status;
}

static enum promon_status make(const struct promon_param_rule *rules, const json_t *object,
                               struct promon_params **out, struct promon_error *error)
{
    struct promon_params *params = calloc(1, sizeof(*params));
    enum promon_status status;
    size_t count = 0;

    if (params == NULL)
        return promon__fail_memory(error);
    while (rules != NULL && rules[count].name != NULL)
        count++;
    params->rules = rules;
    params->values = arena_zeroed(&params->arena, count + 1, sizeof(params->values[0]));
    status =
        params->values == NULL ? promon__fail_memory(error) : read_values(params, object, error);
    if (status == PROMON_OK)
        *out = params;
    else
        promon__params_free(params);
    return status;
}

enum promon_status promon__params_new(const struct promon_param_rule *rules,
                                      const struct promon_param *table, const char *json,
                                      struct promon_params **out, struct promon_error *error)
{
    enum promon_status status;
    json_t *object = NULL;

    if (table != NULL && json != NULL)
        return promon__fail(error, PROMON_EINVALID, "params: given as a table and as JSON too");
    status = json == NULL ? load_table(rules, table, &object, error)
                          : load_object("params", json, &object, error);
    if (status == PROMON_OK)
        status = refuse_unknown(rules, object, error);
    if (status == PROMON_OK)
        status = promon__secrets_resolve(object, rules, NULL, error);
    if (status == PROMON_OK)
        status = make(rules, object, out, error);
    json_decref(object);
    return status;
}

void promon__params_free(struct promon_params *params)
{
    if (params == NULL)
        return;
    arena_free(&params->arena);
    free(params);
}

/* NULL: not given, or the module has no such rule, or one of another type. */
static const struct promon__param_value *given(const struct promon_params *params, const char *name,
                                               enum promon_param_type type)
{
    const struct promon_param_rule *rule = rule_of(params->rules, name);
    const struct promon__param_value *value;

    if (rule == NULL || rule->type != type)
        return NULL;
    value = &params->values[rule - params->rules];
    return value->is_given ? value : NULL;
}

const char *promon__params_string(const struct promon_params *params, const char *name,
                                  const char *otherwise)
{
    const struct promon__param_value *value = given(params, name, PROMON_PARAM_STRING);

    return value == NULL ? otherwise : value->string;
}

int64_t promon__params_integer(const struct promon_params *params, const char *name,
                               int64_t otherwise)
{
    const struct promon__param_value *value = given(params, name, PROMON_PARAM_INTEGER);

    return value == NULL ? otherwise : value->integer;
}

double promon__params_number(const struct promon_params *params, const char *name, double otherwise)
{
    const struct promon__param_value *value = given(params, name, PROMON_PARAM_NUMBER);

    return value == NULL ? otherwise : value->number;
}

bool promon__params_boolean(const struct promon_params *params, const char *name, bool otherwise)
{
    const struct promon__param_value *value = given(params, name, PROMON_PARAM_BOOLEAN);

    return value == NULL ? otherwise : value->boolean;
}

const char *promon__params_item(const struct promon_params *params, const char *name, size_t index)
{
    const struct promon__param_value *value = given(params, name, PROMON_PARAM_STRINGS);

    if (value == NULL)
        value = given(params, name, PROMON_PARAM_INTEGERS);
    return value == NULL || index >= value->count ? NULL : value->items[index].text;
}

const char *promon__params_entry(const struct promon_params *params, const char *name, size_t index,
                                 const char **key)
{
    const struct promon__param_value *value = given(params, name, PROMON_PARAM_MAP);

    if (value == NULL || index >= value->count)
        return NULL;
    *key = value->items[index].key;
    return value->items[index].text;
}
