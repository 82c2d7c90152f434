/*
 * Values: one reader for each kind of key.
 *
 * Invariant: a member is either as it was before or wholly read; no message shows a value, which
 * may be a secret in the wrong place.
 */
#include "config_value.h"

#include <limits.h>
#include <math.h>
#include <promon/monitor.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "read_file.h"

/* A year: what is longer is a mistake. */
static const double MAX_SECONDS = 31536000;

static const char *described(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE: return "true or false";
    case JSON_NULL: break;
    }
    return "null";
}

enum promon_status promon__keys_expected(const char *what, const json_t *value,
                                         const struct promon__place *place,
                                         struct promon_error *error)
{
    return promon__wrong(place, error, "expected %s, not %s", what, described(value));
}

enum promon_status promon__keys_object(const json_t *value, const struct promon__place *place,
                                       struct promon_error *error)
{
    return json_is_object(value) ? PROMON_OK
                                 : promon__keys_expected("an object", value, place, error);
}

static enum promon_status expected(const struct promon__item *item, const char *what)
{
    return promon__keys_expected(what, item->value, &item->place, item->reading->error);
}

static enum promon_status check_range(const struct promon__item *item, double value)
{
    const struct promon__key *key = item->key;

    if (key->maximum != 0 && (value < key->minimum || value > key->maximum))
        return promon__wrong(&item->place, item->reading->error,
                             "expected a number from %.10g to %.10g", key->minimum, key->maximum);
    if (value < key->minimum)
        return promon__wrong(&item->place, item->reading->error, "expected at least %.10g",
                             key->minimum);
    return PROMON_OK;
}

static enum promon_status take_text(const struct promon__item *item, const char *folder,
                                    const char *value)
{
    char **member = item->member;
    char *text;

    if ((item->key->is_required || item->key->kind == PROMON__KEY_PATH) && value[0] == '\0')
        return promon__wrong(&item->place, item->reading->error, "must not be empty");
    text = promon__path_in(folder, value);
    if (text == NULL)
        return promon__fail_memory(item->reading->error);
    free(*member);
    *member = text;
    return PROMON_OK;
}

static enum promon_status read_text(const struct promon__item *item)
{
    const bool is_path = item->key->kind == PROMON__KEY_PATH;

    if (!json_is_string(item->value))
        return expected(item, "a string");
    return take_text(item, is_path ? item->reading->folder : NULL, json_string_value(item->value));
}

static enum promon_status read_route(const struct promon__item *item)
{
    return json_is_null(item->value) ? take_text(item, NULL, "") : read_text(item);
}

static enum promon_status read_switch(const struct promon__item *item)
{
    if (!json_is_boolean(item->value))
        return expected(item, "true or false");
    *(bool *)item->member = json_is_true(item->value);
    return PROMON_OK;
}

static enum promon_status read_count(const struct promon__item *item)
{
    const json_int_t value = json_integer_value(item->value);
    enum promon_status status;

    if (!json_is_integer(item->value))
        return expected(item, "an integer");
    status = check_range(item, (double)value);
    if (status == PROMON_OK && value > INT_MAX)
        status = promon__wrong(&item->place, item->reading->error, "expected at most %d", INT_MAX);
    if (status == PROMON_OK)
        *(unsigned *)item->member = (unsigned)value;
    return status;
}

/* Digits only; -1 for anything else. */
static long port_of_text(const char *text)
{
    const size_t digits = strspn(text, "0123456789");

    return digits == 0 || digits > 5 || text[digits] != '\0' ? -1 : strtol(text, NULL, 10);
}

static enum promon_status read_port(const struct promon__item *item)
{
    json_int_t port = json_integer_value(item->value);

    if (json_is_string(item->value))
        port = port_of_text(json_string_value(item->value));
    else if (!json_is_integer(item->value))
        return expected(item, "an integer");
    if (port < 0 || port > 65535)
        return promon__wrong(&item->place, item->reading->error, "expected a port from 0 to 65535");
    *(int *)item->member = port == 0 ? PROMON_PORT_ANY : (int)port;
    return PROMON_OK;
}

static enum promon_status read_seconds(const struct promon__item *item)
{
    const double seconds = json_number_value(item->value);
    enum promon_status status;

    if (!json_is_number(item->value))
        return expected(item, "a number of seconds");
    status = check_range(item, seconds);
    if (status == PROMON_OK && seconds > MAX_SECONDS)
        status = promon__wrong(&item->place, item->reading->error, "expected at most %.10g seconds",
                               MAX_SECONDS);
    if (status == PROMON_OK)
        *(int64_t *)item->member = llround(seconds * 1000);
    return status;
}

static enum promon_status keep_json(const struct promon__item *item)
{
    *(json_t **)item->member = item->value;
    return PROMON_OK;
}

static enum promon_status read_object(const struct promon__item *item)
{
    return json_is_object(item->value) ? keep_json(item) : expected(item, "an object");
}

static enum promon_status read_list(const struct promon__item *item)
{
    return json_is_array(item->value) ? keep_json(item) : expected(item, "a list");
}

static enum promon_status read_items(const struct promon__item *item)
{
    if (json_is_array(item->value) || json_is_object(item->value))
        return keep_json(item);
    return expected(item, "a list or an object");
}

static enum promon_status read_choice(const struct promon__item *item)
{
    const char *const *choices = item->key->choices;
    int i;

    if (!json_is_string(item->value))
        return expected(item, "a string");
    for (i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], json_string_value(item->value)) == 0) {
            *(int *)item->member = i;
            return PROMON_OK;
        }
    }
    return promon__wrong(&item->place, item->reading->error, "expected \"%s\" or \"%s\"",
                         choices[0], choices[1]);
}

static enum promon_status (*const readers[])(const struct promon__item *item) = {
    [PROMON__KEY_TEXT] = read_text,       [PROMON__KEY_ROUTE] = read_route,
    [PROMON__KEY_PATH] = read_text,       [PROMON__KEY_SWITCH] = read_switch,
    [PROMON__KEY_COUNT] = read_count,     [PROMON__KEY_PORT] = read_port,
    [PROMON__KEY_SECONDS] = read_seconds, [PROMON__KEY_OBJECT] = read_object,
    [PROMON__KEY_LIST] = read_list,       [PROMON__KEY_ITEMS] = read_items,
    [PROMON__KEY_CHOICE] = read_choice,
};

enum promon_status promon__value_read(const struct promon__item *item)
{
    return readers[item->key->kind](item);
}
