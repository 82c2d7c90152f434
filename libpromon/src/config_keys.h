/*
 * Keys: what an object of a configuration may hold, as a table, and a structure that is filled,
 * copied, compared and freed by it.
 *
 * Order: members hold their defaults (texts of their own, or NULL); read; free.
 */
#ifndef PROMON_SRC_CONFIG_KEYS_H
#define PROMON_SRC_CONFIG_KEYS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "config_place.h"

enum promon__key_kind {
    PROMON__KEY_TEXT = 1, /* char *, the structure's */
    PROMON__KEY_ROUTE = 2, /* the same; null is "" */
    PROMON__KEY_PATH = 3, /* the same, not empty; begins at the folder of the configuration */
    PROMON__KEY_SWITCH = 4, /* bool */
    PROMON__KEY_COUNT = 5, /* unsigned */
    PROMON__KEY_PORT = 6, /* int; may be written as text; 0: PROMON_PORT_ANY */
    PROMON__KEY_SECONDS = 7, /* int64_t, milliseconds */
    PROMON__KEY_OBJECT = 8, /* json_t *, borrowed */
    PROMON__KEY_LIST = 9, /* json_t *, borrowed */
    PROMON__KEY_ITEMS = 10, /* json_t *, borrowed: a list, or an object, which is a list of one */
    PROMON__KEY_CHOICE = 11, /* int: the index in `choices` */
    PROMON__KEY_GROUP = 12 /* bool: whether it is there; its `keys` are of the same structure */
};

struct promon__key {
    const char *name; /* NULL ends a table */
    enum promon__key_kind kind;
    size_t offset; /* of the member in the structure */
    bool is_required; /* a text must not be empty either */
    double minimum, maximum; /* of numbers; a maximum of zero: none */
    const char *const *choices; /* NULL-terminated */
    const struct promon__key *keys;
};

/* What reading needs besides. */
struct promon__reading {
    const char *folder; /* of the configuration; NULL: the working one */
    struct promon_error *error;
};

/*
 * Fills the structure `out` from the object `value`; {"env": …} and {"file": …} are replaced in
 * `value` by the texts that they stand for. On failure `out` is to be freed as well.
 */
enum promon_status promon__keys_read(const struct promon__key *keys, json_t *value,
                                     const struct promon__place *place, void *out,
                                     const struct promon__reading *reading);

/* Whether `value`, at `place`, is an object; else the error tells. */
enum promon_status promon__keys_object(const json_t *value, const struct promon__place *place,
                                       struct promon_error *error);

/* "expected WHAT, not a string". */
enum promon_status promon__keys_expected(const char *what, const json_t *value,
                                         const struct promon__place *place,
                                         struct promon_error *error);

/* `to` is a byte-wise copy of `from`: gives it texts of its own. False: no memory, and no texts. */
bool promon__keys_own(const struct promon__key *keys, void *to);

/* The first key by which the structures differ; NULL when they are alike. */
const char *promon__keys_difference(const struct promon__key *keys, const void *one,
                                    const void *other);

/* Frees the texts of the structure. */
void promon__keys_free(const struct promon__key *keys, void *structure);

#endif
