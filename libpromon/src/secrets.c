/*
 * Secrets: read from the environment or a file, put in the place of the object that names them.
 *
 * Invariant: no message holds anything of what was read; what was read on the way is wiped.
 */
#include "secrets.h"

#include <stdlib.h>
#include <string.h>

#include "config_place.h"
#include "error.h"
#include "read_file.h"
#include "utf8.h"

static void wipe(struct text *text)
{
    if (text->data != NULL)
        explicit_bzero(text->data, text->capacity);
    text_free(text);
}

static enum promon_status make(const char *data, size_t size, const char *what, const char *name,
                               json_t **out, struct promon_error *error)
{
    json_t *text;

    if (memchr(data, '\0', size) != NULL)
        return promon__fail(error, PROMON_ESECRET, "the %s %s holds a NUL byte", what, name);
    if (!utf8_is_valid(data, size))
        return promon__fail(error, PROMON_ESECRET, "the %s %s is not UTF-8", what, name);
    text = json_stringn(data, size);
    if (text == NULL)
        return promon__fail_memory(error);
    *out = text;
    return PROMON_OK;
}

static enum promon_status from_environment(const char *name, json_t **out,
                                           struct promon_error *error)
{
    const char *value = getenv(name);

    if (value == NULL)
        return promon__fail(error, PROMON_ESECRET, "the environment variable %s is not set", name);
    if (strlen(value) > PROMON__MAX_SECRET_BYTES)
        return promon__fail(error, PROMON_ESECRET,
                            "the environment variable %s is larger than %zu bytes", name,
                            PROMON__MAX_SECRET_BYTES);
    return make(value, strlen(value), "environment variable", name, out, error);
}

/* Editors end a file with a line break, which is no part of a password. */
static size_t without_line_break(const struct text *text)
{
    size_t size = text->size;

    if (size > 0 && text->data[size - 1] == '\n')
        size--;
    if (size < text->size && size > 0 && text->data[size - 1] == '\r')
        size--;
    return size;
}

static enum promon_status from_file(const char *name, const char *folder, json_t **out,
                                    struct promon_error *error)
{
    char *path = promon__path_in(folder, name);
    struct text text = {.size = 0};
    enum promon_status status;

    if (path == NULL)
        return promon__fail_memory(error);
    status = promon__read_file(path, PROMON__MAX_SECRET_BYTES, PROMON_ESECRET, &text, error);
    free(path);
    if (status == PROMON_OK)
        status = make(text.data, without_line_break(&text), "file", name, out, error);
    wipe(&text);
    return status;
}

static const char *only_member(const json_t *object, const char *key)
{
    return json_object_size(object) == 1 ? json_string_value(json_object_get(object, key)) : NULL;
}

enum promon_status promon__secret_read(const json_t *value, const char *folder, json_t **out,
                                       struct promon_error *error)
{
    const char *variable = only_member(value, "env");
    const char *file = only_member(value, "file");

    if (variable != NULL && variable[0] != '\0')
        return from_environment(variable, out, error);
    if (file != NULL && file[0] != '\0')
        return from_file(file, folder, out, error);
    return promon__fail(error, PROMON_ECONFIG,
                        "an object stands for a text only as {\"env\": \"NAME\"} or "
                        "{\"file\": \"PATH\"}");
}

static enum promon_status resolve(json_t *value, const struct promon__place *place,
                                  const char *folder, json_t **out, struct promon_error *error)
{
    struct promon_error inner = PROMON_ERROR_INIT;
    const enum promon_status status = promon__secret_read(value, folder, out, &inner);

    return status == PROMON_OK ? status : promon__wrong_below(place, &inner, error);
}

static enum promon_status resolve_members(json_t *object, const struct promon__place *parent,
                                          const char *folder, struct promon_error *error)
{
    void *member;

    for (member = json_object_iter(object); member != NULL;
         member = json_object_iter_next(object, member)) {
        const struct promon__place place = {parent, json_object_iter_key(member), 0};
        json_t *value = json_object_iter_value(member);
        enum promon_status status;

        if (!json_is_object(value))
            continue;
        status = resolve(value, &place, folder, &value, error);
        if (status != PROMON_OK)
            return status;
        json_object_iter_set_new(object, member, value);
    }
    return PROMON_OK;
}

static enum promon_status resolve_items(json_t *list, const struct promon__place *parent,
                                        const char *folder, struct promon_error *error)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        const struct promon__place place = {parent, NULL, i};
        json_t *value = json_array_get(list, i);
        enum promon_status status;

        if (!json_is_object(value))
            continue;
        status = resolve(value, &place, folder, &value, error);
        if (status != PROMON_OK)
            return status;
        json_array_set_new(list, i, value);
    }
    return PROMON_OK;
}

static const struct promon_param_rule *rule_of(const struct promon_param_rule *rules,
                                               const char *name)
{
    for (; rules != NULL && rules->name != NULL; rules++) {
        if (strcmp(rules->name, name) == 0)
            return rules;
    }
    return NULL;
}

static enum promon_status resolve_param(json_t *params, void *member,
                                        const struct promon_param_rule *rule,
                                        const struct promon__place *place, const char *folder,
                                        struct promon_error *error)
{
    json_t *value = json_object_iter_value(member);
    enum promon_status status;

    if (json_is_array(value))
        return resolve_items(value, place, folder, error);
    if (!json_is_object(value))
        return PROMON_OK;
    if (rule->type == PROMON_PARAM_MAP)
        return resolve_members(value, place, folder, error);
    status = resolve(value, place, folder, &value, error);
    if (status == PROMON_OK)
        json_object_iter_set_new(params, member, value);
    return status;
}

enum promon_status promon__secrets_resolve(json_t *params, const struct promon_param_rule *rules,
                                           const char *folder, struct promon_error *error)
{
    const struct promon__place whole = {NULL, "", 0};
    const struct promon__place root = {&whole, "params", 0};
    enum promon_status status = PROMON_OK;
    void *member = json_object_iter(params);

    for (; member != NULL && status == PROMON_OK; member = json_object_iter_next(params, member)) {
        const char *name = json_object_iter_key(member);
        const struct promon_param_rule *rule = rule_of(rules, name);
        const struct promon__place place = {&root, name, 0};

        /* Whoever reads the parameters tells that there is no such one. */
        if (rule != NULL)
            status = resolve_param(params, member, rule, &place, folder, error);
    }
    return status;
}
