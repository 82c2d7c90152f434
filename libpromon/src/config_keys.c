/*
 * Keys: objects of a configuration to structures, by tables.
 *
 * Invariant: whatever happens, the texts of a structure are its own or NULL.
 */
#include "config_keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config_value.h"
#include "error.h"
#include "nearest.h"
#include "secrets.h"

/* More than any table has. */
enum { MAX_KEYS = 64 };

static bool is_text(const struct promon__key *key)
{
    return key->kind == PROMON__KEY_TEXT || key->kind == PROMON__KEY_ROUTE ||
           key->kind == PROMON__KEY_PATH;
}

/* Text of elsewhere takes the place of the object that names it. */
static enum promon_status fetch(json_t *object, void *iterator, struct promon__item *item)
{
    const struct promon__reading *reading = item->reading;
    struct promon_error inner = PROMON_ERROR_INIT;
    enum promon_status status;
    json_t *text;

    if (!json_is_object(item->value) ||
        !(is_text(item->key) || item->key->kind == PROMON__KEY_PORT))
        return PROMON_OK;
    status = promon__secret_read(item->value, reading->folder, &text, &inner);
    if (status != PROMON_OK)
        return promon__wrong_below(&item->place, &inner, reading->error);
    item->value = text;
    json_object_iter_set_new(object, iterator, text);
    return PROMON_OK;
}

static const struct promon__key *find(const struct promon__key *keys, const char *name)
{
    for (; keys->name != NULL; keys++) {
        if (strcmp(keys->name, name) == 0)
            return keys;
    }
    return NULL;
}

static enum promon_status unknown(const struct promon__key *keys, const struct promon__place *place,
                                  struct promon_error *error)
{
    const char *names[MAX_KEYS + 1] = {NULL};
    const char *nearest;
    size_t i;

    for (i = 0; i < MAX_KEYS && keys[i].name != NULL; i++)
        names[i] = keys[i].name;
    nearest = promon__nearest(place->name, names);
    if (nearest == NULL)
        return promon__wrong(place, error, "unknown key");
    return promon__wrong(place, error, "unknown key, did you mean \"%s\"?", nearest);
}

static enum promon_status check_present(const struct promon__key *keys, const json_t *object,
                                        const struct promon__place *parent,
                                        struct promon_error *error)
{
    for (; keys->name != NULL; keys++) {
        const struct promon__place place = {parent, keys->name, 0};

        if (keys->is_required && json_object_get(object, keys->name) == NULL)
            return promon__wrong(&place, error, "is missing");
    }
    return PROMON_OK;
}

static enum promon_status read_group(const struct promon__item *item, void *out)
{
    *(bool *)item->member = !json_is_null(item->value);
    if (json_is_null(item->value))
        return PROMON_OK;
    return promon__keys_read(item->key->keys, item->value, &item->place, out, item->reading);
}

static enum promon_status read_member(json_t *object, void *iterator, struct promon__item *item,
                                      void *out)
{
    enum promon_status status;

    item->value = json_object_iter_value(iterator);
    item->member = (char *)out + item->key->offset;
    if (item->key->kind == PROMON__KEY_GROUP)
        return read_group(item, out);
    status = fetch(object, iterator, item);
    return status == PROMON_OK ? promon__value_read(item) : status;
}

enum promon_status promon__keys_read(const struct promon__key *keys, json_t *value,
                                     const struct promon__place *place, void *out,
                                     const struct promon__reading *reading)
{
    enum promon_status status = promon__keys_object(value, place, reading->error);
    void *iterator;

    if (status != PROMON_OK)
        return status;
    for (iterator = json_object_iter(value); iterator != NULL && status == PROMON_OK;
         iterator = json_object_iter_next(value, iterator)) {
        struct promon__item item = {.place = {place, json_object_iter_key(iterator), 0},
                                    .reading = reading};

        item.key = find(keys, item.place.name);
        status = item.key == NULL ? unknown(keys, &item.place, reading->error)
                                  : read_member(value, iterator, &item, out);
    }
    return status == PROMON_OK ? check_present(keys, value, place, reading->error) : status;
}

static char **text_member(const struct promon__key *key, void *structure)
{
    return (char **)(void *)((char *)structure + key->offset);
}

static bool own_text(char **text, bool is_well)
{
    if (*text == NULL)
        return is_well;
    *text = is_well ? strdup(*text) : NULL;
    return *text != NULL;
}

static bool own(const struct promon__key *keys, void *to, bool is_well)
{
    for (; keys->name != NULL; keys++) {
        if (keys->kind == PROMON__KEY_GROUP)
            is_well = own(keys->keys, to, is_well);
        else if (is_text(keys))
            is_well = own_text(text_member(keys, to), is_well);
    }
    return is_well;
}

bool promon__keys_own(const struct promon__key *keys, void *to)
{
    const bool is_well = own(keys, to, true);

    if (!is_well)
        promon__keys_free(keys, to);
    return is_well;
}

static bool are_same_texts(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* Size of the members that are compared as bytes. */
static size_t plain_size(enum promon__key_kind kind)
{
    switch (kind) {
    case PROMON__KEY_SWITCH:
    case PROMON__KEY_GROUP: return sizeof(bool);
    case PROMON__KEY_COUNT: return sizeof(unsigned);
    case PROMON__KEY_PORT:
    case PROMON__KEY_CHOICE: return sizeof(int);
    case PROMON__KEY_SECONDS: return sizeof(int64_t);
    default: return 0;
    }
}

static bool is_same(const struct promon__key *key, const void *one, const void *other)
{
    const char *a = (const char *)one + key->offset;
    const char *b = (const char *)other + key->offset;

    if (is_text(key))
        return are_same_texts(*(char *const *)(const void *)a, *(char *const *)(const void *)b);
    if (memcmp(a, b, plain_size(key->kind)) != 0)
        return false;
    return key->kind != PROMON__KEY_GROUP || promon__keys_difference(key->keys, one, other) == NULL;
}

const char *promon__keys_difference(const struct promon__key *keys, const void *one,
                                    const void *other)
{
    for (; keys->name != NULL; keys++) {
        if (!is_same(keys, one, other))
            return keys->name;
    }
    return NULL;
}

void promon__keys_free(const struct promon__key *keys, void *structure)
{
    for (; keys->name != NULL; keys++) {
        if (keys->kind == PROMON__KEY_GROUP) {
            promon__keys_free(keys->keys, structure);
        } else if (is_text(keys)) {
            free(*text_member(keys, structure));
            *text_member(keys, structure) = NULL;
        }
    }
}
