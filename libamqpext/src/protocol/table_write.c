/*
 * Writing tables. By hand, since rabbitmq-c's encoder wants a copy of the table in structures of
 * its own and cannot tell how much room it will take.
 *
 * Order: size first, then write into so much room.
 * Invariant: both walk the same way; what a table holds has been checked when it was set.
 */
#include "protocol/table_codec.h"
#include "protocol/wire.h"
#include "table.h"

#define LENGTH_SIZE 4
#define KIND_SIZE 1

static size_t value_size(const struct amqpext_value *value)
{
    size_t size, i;

    switch (value->kind) {
    case AMQPEXT_KIND_NONE: return KIND_SIZE;
    case AMQPEXT_KIND_BOOLEAN: return KIND_SIZE + 1;
    case AMQPEXT_KIND_INTEGER:
    case AMQPEXT_KIND_REAL:
    case AMQPEXT_KIND_TIMESTAMP: return KIND_SIZE + 8;
    case AMQPEXT_KIND_DECIMAL: return KIND_SIZE + 1 + 4;
    case AMQPEXT_KIND_TEXT:
    case AMQPEXT_KIND_BYTES: return KIND_SIZE + LENGTH_SIZE + value->as.text.size;
    case AMQPEXT_KIND_TABLE: return KIND_SIZE + amqpext__table_size(value->as.table);
    case AMQPEXT_KIND_ARRAY: break;
    }
    size = KIND_SIZE + LENGTH_SIZE;
    for (i = 0; i < value->as.array.count; i++)
        size += value_size(&value->as.array.items[i]);
    return size;
}

size_t amqpext__table_size(const struct amqpext_table *table)
{
    size_t size = LENGTH_SIZE;
    size_t i;

    for (i = 0; i < amqpext_table_count(table); i++)
        size += 1 + table->fields[i].name_size + value_size(&table->fields[i].value);
    return size;
}

static char *write_value(char *out, const struct amqpext_value *value);

/* Fills in the length of what was written behind it. */
static char *close_length(char *length, char *end)
{
    wire_put_32(length, (uint32_t)(end - length - LENGTH_SIZE));
    return end;
}

static char *write_array(char *out, const struct amqpext_value *items, size_t count)
{
    char *end = out + LENGTH_SIZE;
    size_t i;

    for (i = 0; i < count; i++)
        end = write_value(end, &items[i]);
    return close_length(out, end);
}

static char *write_long_text(char *out, const char *data, size_t size)
{
    return wire_put_bytes(wire_put_32(out, (uint32_t)size), data, size);
}

static char *write_real(char *out, double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    return wire_put_64(out, bits);
}

static char *write_value(char *out, const struct amqpext_value *value)
{
    switch (value->kind) {
    case AMQPEXT_KIND_BOOLEAN: return wire_put_8(wire_put_8(out, 't'), value->as.boolean ? 1 : 0);
    case AMQPEXT_KIND_INTEGER:
        return wire_put_64(wire_put_8(out, 'l'), (uint64_t)value->as.integer);
    case AMQPEXT_KIND_REAL: return write_real(wire_put_8(out, 'd'), value->as.real);
    case AMQPEXT_KIND_TEXT:
        return write_long_text(wire_put_8(out, 'S'), value->as.text.data, value->as.text.size);
    case AMQPEXT_KIND_BYTES:
        return write_long_text(wire_put_8(out, 'x'), value->as.text.data, value->as.text.size);
    case AMQPEXT_KIND_TIMESTAMP:
        return wire_put_64(wire_put_8(out, 'T'), (uint64_t)value->as.integer);
    case AMQPEXT_KIND_DECIMAL:
        return wire_put_32(wire_put_8(wire_put_8(out, 'D'), value->as.decimal.decimals),
                           value->as.decimal.digits);
    case AMQPEXT_KIND_TABLE: return amqpext__table_write(wire_put_8(out, 'F'), value->as.table);
    case AMQPEXT_KIND_ARRAY:
        return write_array(wire_put_8(out, 'A'), value->as.array.items, value->as.array.count);
    case AMQPEXT_KIND_NONE: break;
    }
    return wire_put_8(out, 'V');
}

char *amqpext__table_write(char *out, const struct amqpext_table *table)
{
    char *end = out + LENGTH_SIZE;
    size_t i;

    for (i = 0; i < amqpext_table_count(table); i++) {
        const struct table_field *field = &table->fields[i];

        end = write_value(wire_put_short(end, field->name, field->name_size), &field->value);
    }
    return close_length(out, end);
}
