/*
 * A set of keys of one or several values, each with its number in the order of first appearance.
 */
#ifndef BASEAPI_SRC_KEY_TABLE_H
#define BASEAPI_SRC_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <miniorm/value.h>

#include "arena.h"

struct key_table {
    const struct miniorm_value *keys; /* n_keys * n_values values, one more key being added */
    size_t n_values;
    size_t n_keys;
    size_t *slots; /* numbers of keys plus one; 0 is free */
    size_t mask; /* slots minus one; their number is a power of two */
};

/* For at most `capacity` keys. False when memory ran out. */
bool baseapi__key_table_new(struct arena *arena, struct key_table *table,
                            const struct miniorm_value *keys, size_t n_values, size_t capacity);

/*
 * The number of the key that stands behind the last one in `keys`: a new one, which then counts, or
 * that of its equal.
 */
size_t baseapi__key_table_add(struct key_table *table);

/* Whether two values of the same type, neither of them NULL, are equal. */
bool baseapi__value_equals(const struct miniorm_value *a, const struct miniorm_value *b);

#endif
