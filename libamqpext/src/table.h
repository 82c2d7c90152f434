/*
 * Tables inside: how they lie in memory, so that those that were received can lie in the memory of
 * their message.
 *
 * A table that a program made owns one block per field, which begins with the name and holds the
 * whole value; tables inside of values, and tables in an arena, own nothing and are never changed.
 */
#ifndef AMQPEXT_SRC_TABLE_H
#define AMQPEXT_SRC_TABLE_H

#include <amqpext/table.h>

#include "arena.h"

struct table_field {
    char *name; /* NUL-terminated; the block of a table that owns its fields */
    size_t name_size; /* a name that was received may hold NULs of its own */
    struct amqpext_value value;
};

struct amqpext_table {
    struct table_field *fields;
    size_t count;
    size_t capacity; /* 0 where nothing is owned */
    size_t n_values; /* fields and items on all levels below */
};

/* A deep copy, valid as long as the arena; NULL without memory, and for NULL. */
const struct amqpext_table *amqpext__table_copy(struct arena *arena,
                                                const struct amqpext_table *table);

/*
 * Sets each field of `from`, which may be NULL, names that amqpext_table_set would not take
 * included. Fields that come after a failure are not set.
 */
enum amqpext_status amqpext__table_merge(struct amqpext_table *table,
                                         const struct amqpext_table *from,
                                         struct amqpext_error *error);

#endif
