/*
 * Values of parameters: from JSON to the type of the rule.
 *
 * Invariant: a text that stands for a number or a boolean is what JSON would have there, so that
 * one parser, which does not look at the locale, reads both.
 */
#include "param_value.h"

#include <inttypes.h>
#include <stdio.h>

#include "error.h"

enum { NUMBER_BYTES = 40 };

static const char *type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    case JSON_NULL: break;
    }
    return "null";
}

static const char *wanted(enum promon_param_type type)
{
    switch (type) {
    case PROMON_PARAM_STRING: return "a string";
    case PROMON_PARAM_INTEGER: return "an integer";
    case PROMON_PARAM_NUMBER: return "a number";
    case PROMON_PARAM_BOOLEAN: return "true or false";
    case PROMON_PARAM_STRINGS: return "a list of strings";
    case PROMON_PARAM_INTEGERS: return "a list of integers";
    case PROMON_PARAM_MAP: return "an object of strings";
    }
    return "nothing"; /* a module whose rules are wrong */
}

/* `what` is "" or what of the value is meant, such as "[2]". */
static enum promon_status wrong_type(const struct promon_param_rule *rule, const char *what,
                                     const char *expected, const json_t *value,
                                     struct promon_error *error)
{
    return promon__fail(error, PROMON_ECONFIG, "params.%s%s: expected %s, not %s", rule->name, what,
                        expected, type_of(value));
}

/* Independent of the locale. */
static void print_number(double number, char out[NUMBER_BYTES])
{
    const bool is_whole = number > -1e15 && number < 1e15 && (double)(int64_t)number == number;
    json_t *value = is_whole ? json_integer((json_int_t)number) : json_real(number);
    const size_t size = json_dumpb(value, out, NUMBER_BYTES - 1, JSON_ENCODE_ANY);

    out[size < NUMBER_BYTES ? size : 0] = '\0';
    json_decref(value);
}

static enum promon_status check_range(const struct promon_param_rule *rule, double number,
                                      struct promon_error *error)
{
    char least[NUMBER_BYTES], most[NUMBER_BYTES], given[NUMBER_BYTES];

    if (rule->minimum == 0 && rule->maximum == 0)
        return PROMON_OK;
    if (number >= rule->minimum && number <= rule->maximum)
        return PROMON_OK;
    print_number(rule->minimum, least);
    print_number(rule->maximum, most);
    if ((rule->flags & PROMON_PARAM_SECRET) != 0)
        return promon__fail(error, PROMON_ECONFIG, "params.%s: expected %s to %s", rule->name,
                            least, most);
    print_number(number, given);
    return promon__fail(error, PROMON_ECONFIG, "params.%s: expected %s to %s, not %s", rule->name,
                        least, most, given);
}

/* The value itself, or what its text stands for; released by the caller. NULL: nothing. */
static json_t *scalar(const json_t *value)
{
    if (!json_is_string(value))
        return json_incref((json_t *)value);
    return json_loadb(json_string_value(value), json_string_length(value), JSON_DECODE_ANY, NULL);
}

static enum promon_status read_integer(const struct promon_param_rule *rule, const char *what,
                                       const json_t *from, int64_t *out, struct promon_error *error)
{
    json_t *value = scalar(from);
    enum promon_status status;

    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        status = check_range(rule, (double)*out, error);
    } else {
        status = wrong_type(rule, what, "an integer", from, error);
    }
    json_decref(value);
    return status;
}

static enum promon_status read_number(const struct promon_param_rule *rule, const json_t *from,
                                      double *out, struct promon_error *error)
{
    json_t *value = scalar(from);
    enum promon_status status;

    if (json_is_number(value)) {
        *out = json_number_value(value);
        status = check_range(rule, *out, error);
    } else {
        status = wrong_type(rule, "", wanted(rule->type), from, error);
    }
    json_decref(value);
    return status;
}

static enum promon_status read_boolean(const struct promon_param_rule *rule, const json_t *from,
                                       bool *out, struct promon_error *error)
{
    json_t *value = scalar(from);
    enum promon_status status = PROMON_OK;

    if (json_is_boolean(value))
        *out = json_is_true(value);
    else
        status = wrong_type(rule, "", wanted(rule->type), from, error);
    json_decref(value);
    return status;
}

static enum promon_status copy(struct arena *arena, const char *text, const char **out,
                               struct promon_error *error)
{
    *out = arena_string(arena, text);
    return *out == NULL ? promon__fail_memory(error) : PROMON_OK;
}

static enum promon_status read_string(const struct promon_param_rule *rule, const char *what,
                                      const json_t *from, struct arena *arena, const char **out,
                                      struct promon_error *error)
{
    if (!json_is_string(from))
        return wrong_type(rule, what, "a string", from, error);
    return copy(arena, json_string_value(from), out, error);
}

static enum promon_status read_item(const struct promon_param_rule *rule, const json_t *from,
                                    size_t index, struct arena *arena,
                                    struct promon__param_item *out, struct promon_error *error)
{
    char what[NUMBER_BYTES], text[NUMBER_BYTES];
    enum promon_status status;
    int64_t integer = 0;

    snprintf(what, sizeof(what), "[%zu]", index);
    if (rule->type == PROMON_PARAM_STRINGS)
        return read_string(rule, what, from, arena, &out->text, error);
    status = read_integer(rule, what, from, &integer, error);
    if (status != PROMON_OK)
        return status;
    snprintf(text, sizeof(text), "%" PRId64, integer);
    return copy(arena, text, &out->text, error);
}

static enum promon_status read_list(const struct promon_param_rule *rule, const json_t *from,
                                    struct arena *arena, struct promon__param_value *out,
                                    struct promon_error *error)
{
    const bool is_list = json_is_array(from);
    enum promon_status status = PROMON_OK;
    size_t i;

    if (json_is_object(from) || json_is_null(from))
        return wrong_type(rule, "", wanted(rule->type), from, error);
    out->count = is_list ? json_array_size(from) : 1;
    out->items = arena_zeroed(arena, out->count + 1, sizeof(out->items[0]));
    if (out->items == NULL)
        return promon__fail_memory(error);
    for (i = 0; i < out->count && status == PROMON_OK; i++)
        status = read_item(rule, is_list ? json_array_get(from, i) : from, i, arena, &out->items[i],
                           error);
    return status;
}

static enum promon_status read_map(const struct promon_param_rule *rule, const json_t *from,
                                   struct arena *arena, struct promon__param_value *out,
                                   struct promon_error *error)
{
    enum promon_status status = PROMON_OK;
    const char *key;
    json_t *value;

    if (!json_is_object(from))
        return wrong_type(rule, "", wanted(rule->type), from, error);
    out->items = arena_zeroed(arena, json_object_size(from) + 1, sizeof(out->items[0]));
    if (out->items == NULL)
        return promon__fail_memory(error);
    json_object_foreach((json_t *)from, key, value)
    {
        struct promon__param_item *item = &out->items[out->count];
        char what[NUMBER_BYTES];

        snprintf(what, sizeof(what), ".%s", key);
        status = copy(arena, key, &item->key, error);
        if (status == PROMON_OK)
            status = read_string(rule, what, value, arena, &item->text, error);
        if (status != PROMON_OK)
            break;
        out->count++;
    }
    return status;
}

enum promon_status promon__param_read(const struct promon_param_rule *rule, const json_t *from,
                                      struct arena *arena, struct promon__param_value *out,
                                      struct promon_error *error)
{
    out->is_given = true;
    switch (rule->type) {
    case PROMON_PARAM_STRING: return read_string(rule, "", from, arena, &out->string, error);
    case PROMON_PARAM_INTEGER: return read_integer(rule, "", from, &out->integer, error);
    case PROMON_PARAM_NUMBER: return read_number(rule, from, &out->number, error);
    case PROMON_PARAM_BOOLEAN: return read_boolean(rule, from, &out->boolean, error);
    case PROMON_PARAM_STRINGS:
    case PROMON_PARAM_INTEGERS: return read_list(rule, from, arena, out, error);
    case PROMON_PARAM_MAP: return read_map(rule, from, arena, out, error);
    }
    return promon__fail(error, PROMON_EMODULE, "params.%s: the module's rule has no type",
                        rule->name);
}
