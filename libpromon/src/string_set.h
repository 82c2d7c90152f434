/*
 * A set of strings of bytes that only grows, in the memory of a pool. A set of zeros is empty.
 */
#ifndef PROMON_SRC_STRING_SET_H
#define PROMON_SRC_STRING_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct promon__string {
    uint64_t hash;
    const char *data; /* NULL: no entry */
    size_t size;
};

struct promon__string_set {
    struct promon__string *entries;
    size_t n, capacity; /* a power of two */
};

uint64_t promon__string_hash(const char *data, size_t size);

bool promon__string_set_has(const struct promon__string_set *set,
                            const struct promon__string *string);

/* Adds what is not there; the bytes are borrowed. False when there is no memory. */
bool promon__string_set_add(struct promon__string_set *set, struct promon__pool *pool,
                            const struct promon__string *string);

#endif
