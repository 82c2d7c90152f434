/*
 * A resource as it is served: the table of <baseapi/resource.h> compiled to bitmaps, column numbers
 * and ready-made pieces of JSON. Made once when the resource is added, constant afterwards.
 */
#ifndef BASEAPI_SRC_RESOURCE_H
#define BASEAPI_SRC_RESOURCE_H

#include <baseapi/resource.h>

#include "arena.h"

/* Operators that a filter may have, as bits of a column's whitelist. */
enum resource_operator {
    RESOURCE_EQ = 1,
    RESOURCE_IN = 2,
    RESOURCE_NE = 4, /* of a list: none of it */
    RESOURCE_LT = 8,
    RESOURCE_LTE = 16,
    RESOURCE_GT = 32,
    RESOURCE_GTE = 64,
    RESOURCE_LIKE = 128,
    RESOURCE_ILIKE = 256,
    RESOURCE_NULL = 512,
    RESOURCE_BETWEEN = 1024
};

struct resource_column {
    const char *name;
    const char *prefix; /* `,"name":`, what stands before the value in a row */
    size_t prefix_size;
    unsigned operators; /* of enum resource_operator */
};

struct resource;

/* Columns `own[i]` of the including entity equal columns `theirs[i]` of the included one. */
struct resource_include {
    const char *name;
    const char *prefix; /* `,"name":{"data":[` */
    size_t prefix_size;
    const struct resource *resource;
    unsigned *own;
    unsigned *theirs;
    size_t n_pairs;
    bool is_single; /* no two rows can have the same key */
};

struct resource {
    struct baseapi_resource declared; /* whole, whatever the size of the program's table */
    const struct baseapi_resource *table; /* the program's, as identity */
    const char *name; /* for messages: the path without its first slash */
    const struct miniorm_model *model;
    const struct baseapi_provider *provider;
    struct resource_column *columns; /* one for each of the model */
    uint64_t fields;
    uint64_t writes;
    uint64_t sorts;
    uint64_t keys; /* the primary key */
    unsigned key_columns[MINIORM_COLUMNS_MAX];
    size_t n_keys;
    struct baseapi_order *order; /* the default sort, without the primary key */
    size_t n_order;
    struct resource_include *includes;
    size_t n_includes;
    uint64_t limit;
    uint64_t max_limit;
    unsigned format;
    json_t *create_schema; /* of resources with routes that need them */
    json_t *update_schema;
    struct resource *next; /* of those compiled together */
};

/*
 * Compiles a table and those it includes. The result lies in the arena; json schemas are NULL.
 *
 * Errors:  BASEAPI_EINVALID  the message names resource, list and word.
 *          BASEAPI_ENOMEM
 */
enum baseapi_status baseapi__resource_compile(struct arena *arena,
                                              const struct baseapi_resource *table, size_t size,
                                              struct resource **out, struct baseapi_error *error);

/* Number of the column of this name, or -1. */
int baseapi__resource_column(const struct resource *resource, struct miniorm_text name);

/* The include of this name, or NULL. */
const struct resource_include *baseapi__resource_include(const struct resource *resource,
                                                         struct miniorm_text name);

/* Bit of an operator's name, such as "gte"; 0 for a name that is none. */
unsigned baseapi__operator_bit(struct miniorm_text name);

/* Bit of column `number` in a bitmap. */
#define COLUMN_BIT(number) (UINT64_C(1) << (number))

#endif
