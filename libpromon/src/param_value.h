/*
 * The value of one parameter, read from JSON by its rule.
 */
#ifndef PROMON_SRC_PARAM_VALUE_H
#define PROMON_SRC_PARAM_VALUE_H

#include <jansson.h>
#include <promon/module.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct promon__param_item {
    const char *key; /* of a map; else NULL */
    const char *text;
};

/* What a value holds depends on the type of its rule. */
struct promon__param_value {
    bool is_given;
    bool boolean;
    int64_t integer;
    double number;
    const char *string;
    struct promon__param_item *items;
    size_t count;
};

/*
 * Numbers and booleans may be given as text, and a list of one item without a list. Nothing of a
 * value is told in an error but numbers that are no secret.
 *
 * Errors: PROMON_ECONFIG, "params.NAME: why"; PROMON_ENOMEM
 */
enum promon_status promon__param_read(const struct promon_param_rule *rule, const json_t *from,
                                      struct arena *arena, struct promon__param_value *out,
                                      struct promon_error *error);

#endif
