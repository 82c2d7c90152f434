/*
 * Tables on the wire. They are written from what the program made, without memory; they are read
 * into an arena, after a look at the bytes alone, since rabbitmq-c's decoder trusts their nesting.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_TABLE_CODEC_H
#define AMQPEXT_SRC_PROTOCOL_TABLE_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include <amqpext/table.h>

#include "arena.h"
#include "bytes.h"

/* Bytes that a table takes, its own length included; NULL is an empty table. */
size_t amqpext__table_size(const struct amqpext_table *table);
/* Writes that many bytes and returns the place behind them. */
char *amqpext__table_write(char *out, const struct amqpext_table *table);

/* Whether the bytes behind a table's length are fields within the limits of <amqpext/table.h>. */
bool amqpext__table_is_readable(struct bytes fields);

enum table_result { TABLE_READ, TABLE_UNREADABLE, TABLE_NO_MEMORY };

/* Reads a table, its length included, from exactly these bytes. */
enum table_result amqpext__table_read(struct bytes encoded, struct arena *arena,
                                      const struct amqpext_table **out);

#endif
