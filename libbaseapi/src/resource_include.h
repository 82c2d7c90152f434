/*
 * Includes of a resource: linking compiled tables to one another.
 */
#ifndef BASEAPI_SRC_RESOURCE_INCLUDE_H
#define BASEAPI_SRC_RESOURCE_INCLUDE_H

#include "resource.h"

/* The compiled form of a table among those made together, or NULL. */
const struct resource *baseapi__resource_find(const struct resource *all,
                                              const struct baseapi_resource *table);

/* Fills in the includes of `resource`, all of whose tables are compiled. */
enum baseapi_status baseapi__resource_link(struct arena *arena, struct resource *resource,
                                           const struct resource *all, struct baseapi_error *error);

/* `,"name"` and `end`, the name escaped as JSON; NULL when memory ran out. */
const char *baseapi__resource_prefix(struct arena *arena, const char *name, const char *end,
                                     size_t *size);

#endif
