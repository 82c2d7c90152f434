/*
 * A collection: what one collector tells in one scrape, family by family.
 */
#ifndef PROMON_SRC_COLLECTION_H
#define PROMON_SRC_COLLECTION_H

#include <promon/collect.h>

#include "gathering.h"

struct promon_collection {
    struct promon__registry *registry;
    struct promon__gathering *gathering;
    bool is_own; /* names that are the library's are allowed */
    /* The family begun last. */
    bool is_begun; /* and not left out */
    struct promon__gathered_family family;
    struct promon__gathered_series *series;
    size_t capacity;
    struct promon__string_set seen; /* texts of labels */
};

/* Completes the last family. */
void promon__collection_end(struct promon_collection *collection);

#endif
