/*
 * Value: the value of one key, read into the member of a structure that the key names.
 */
#ifndef PROMON_SRC_CONFIG_VALUE_H
#define PROMON_SRC_CONFIG_VALUE_H

#include "config_keys.h"

struct promon__item {
    const struct promon__key *key;
    json_t *value;
    struct promon__place place;
    void *member; /* of the structure, where it goes */
    const struct promon__reading *reading;
};

/* Any kind but a group. */
enum promon_status promon__value_read(const struct promon__item *item);

#endif
