/*
 * Reading tables: the guard, rabbitmq-c's decoder, and a copy of what it made in the arena.
 *
 * Order: none.
 * Invariant: what is built is within the limits of <amqpext/table.h>, except that names may be
 * empty, hold NULs or come twice.
 */
#include "protocol/codec.h"
#include "protocol/table_codec.h"
#include "protocol/wire.h"
#include "table.h"
#include "table_value.h"

static bool read_value(struct arena *arena, const amqp_field_value_t *from,
                       struct amqpext_value *to);

static bool read_text(struct arena *arena, amqp_bytes_t from, enum amqpext_kind kind,
                      struct amqpext_value *to)
{
    to->kind = kind;
    to->as.text.data = arena_copy(arena, from.bytes, from.len);
    to->as.text.size = from.len;
    return to->as.text.data != NULL;
}

static bool read_integer(int64_t integer, enum amqpext_kind kind, struct amqpext_value *to)
{
    to->kind = kind;
    to->as.integer = integer;
    return true;
}

static bool read_real(double real, struct amqpext_value *to)
{
    to->kind = AMQPEXT_KIND_REAL;
    to->as.real = real;
    return true;
}

static bool read_array(struct arena *arena, const amqp_array_t *from, struct amqpext_value *to)
{
    const size_t count = (size_t)from->num_entries;
    struct amqpext_value *items = arena_zeroed(arena, count, sizeof(*items));
    size_t i;

    for (i = 0; items != NULL && i < count; i++) {
        if (!read_value(arena, &from->entries[i], &items[i]))
            return false;
    }
    to->kind = AMQPEXT_KIND_ARRAY;
    to->as.array.items = items;
    to->as.array.count = count;
    return items != NULL;
}

static struct amqpext_table *read_table(struct arena *arena, const amqp_table_t *from)
{
    const size_t count = (size_t)from->num_entries;
    struct amqpext_table *table = arena_zeroed(arena, 1, sizeof(*table));
    size_t i;

    if (table == NULL)
        return NULL;
    table->fields = arena_zeroed(arena, count, sizeof(*table->fields));
    if (table->fields == NULL)
        return NULL;
    table->count = count;
    for (i = 0; i < count; i++) {
        struct table_field *field = &table->fields[i];

        field->name_size = from->entries[i].key.len;
        field->name = arena_copy(arena, from->entries[i].key.bytes, field->name_size);
        if (field->name == NULL || !read_value(arena, &from->entries[i].value, &field->value))
            return NULL;
        table->n_values += 1 + amqpext__value_count(&field->value);
    }
    return table;
}

static bool read_nested(struct arena *arena, const amqp_table_t *from, struct amqpext_value *to)
{
    to->kind = AMQPEXT_KIND_TABLE;
    to->as.table = read_table(arena, from);
    return to->as.table != NULL;
}

static bool read_value(struct arena *arena, const amqp_field_value_t *from,
                       struct amqpext_value *to)
{
    const enum amqpext_kind integer = AMQPEXT_KIND_INTEGER;

    switch (from->kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
        to->kind = AMQPEXT_KIND_BOOLEAN;
        to->as.boolean = from->value.boolean != 0;
        return true;
    case AMQP_FIELD_KIND_I8: return read_integer(from->value.i8, integer, to);
    case AMQP_FIELD_KIND_U8: return read_integer(from->value.u8, integer, to);
    case AMQP_FIELD_KIND_I16: return read_integer(from->value.i16, integer, to);
    case AMQP_FIELD_KIND_U16: return read_integer(from->value.u16, integer, to);
    case AMQP_FIELD_KIND_I32: return read_integer(from->value.i32, integer, to);
    case AMQP_FIELD_KIND_U32: return read_integer(from->value.u32, integer, to);
    case AMQP_FIELD_KIND_I64: return read_integer(from->value.i64, integer, to);
    case AMQP_FIELD_KIND_U64: return read_integer((int64_t)from->value.u64, integer, to);
    case AMQP_FIELD_KIND_TIMESTAMP:
        return read_integer((int64_t)from->value.u64, AMQPEXT_KIND_TIMESTAMP, to);
    case AMQP_FIELD_KIND_F32: return read_real((double)from->value.f32, to);
    case AMQP_FIELD_KIND_F64: return read_real(from->value.f64, to);
    case AMQP_FIELD_KIND_DECIMAL:
        to->kind = AMQPEXT_KIND_DECIMAL;
        to->as.decimal.decimals = from->value.decimal.decimals;
        to->as.decimal.digits = from->value.decimal.value;
        return true;
    case AMQP_FIELD_KIND_UTF8: return read_text(arena, from->value.bytes, AMQPEXT_KIND_TEXT, to);
    case AMQP_FIELD_KIND_BYTES: return read_text(arena, from->value.bytes, AMQPEXT_KIND_BYTES, to);
    case AMQP_FIELD_KIND_TABLE: return read_nested(arena, &from->value.table, to);
    case AMQP_FIELD_KIND_ARRAY: return read_array(arena, &from->value.array, to);
    default: to->kind = AMQPEXT_KIND_NONE; return true;
    }
}

enum table_result amqpext__table_read(struct bytes encoded, struct arena *arena,
                                      const struct amqpext_table **out)
{
    struct wire_reader reader = wire_reader_of(encoded);
    const struct bytes fields = wire_get_long(&reader);
    const struct amqpext_table *table = NULL;
    amqp_table_t decoded;
    struct codec_pool pool;
    size_t offset = 0;

    if (reader.failed || reader.left != 0 || !amqpext__table_is_readable(fields))
        return TABLE_UNREADABLE;
    if (amqp_decode_table(codec_bytes(encoded), codec_pool_open(&pool), &decoded, &offset) ==
        AMQP_STATUS_OK)
        table = read_table(arena, &decoded);
    codec_pool_close(&pool);
    if (table == NULL)
        return TABLE_NO_MEMORY;
    *out = table;
    return TABLE_READ;
}
