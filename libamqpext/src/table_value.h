/*
 * Values of tables: what one may be, and deep copies of them in memory that is taken in one piece.
 */
#ifndef AMQPEXT_SRC_TABLE_VALUE_H
#define AMQPEXT_SRC_TABLE_VALUE_H

#include <stdbool.h>

#include "table.h"

/* Checks a value of a program and adds the fields and items on all levels below it to *n_values. */
enum amqpext_status amqpext__value_check(const struct amqpext_value *value, const char *name,
                                         size_t *n_values, struct amqpext_error *error);

/* The fields and items on all levels below a value. */
size_t amqpext__value_count(const struct amqpext_value *value);

/* Makes a field that owns one block with a deep copy of the value; false without memory. */
bool amqpext__field_make(const char *name, size_t name_size, const struct amqpext_value *value,
                         struct table_field *out);

#endif
