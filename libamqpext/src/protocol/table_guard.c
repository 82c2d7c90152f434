/*
 * Guard: whether the bytes of a table are what rabbitmq-c's decoder may be given. That decoder
 * recurses as deep as the peer says, takes memory for each level before it looks into it, and lets
 * what is inside of a table reach beyond its end.
 *
 * Order: before amqp_decode_table and amqp_decode_method with a table.
 * Invariant: nothing is read beyond the bytes given; recursion ends at AMQPEXT_TABLE_DEPTH_MAX.
 */
#include "protocol/table_codec.h"
#include "protocol/wire.h"

struct guard {
    size_t values_left;
};

static bool is_value(struct guard *guard, struct wire_reader *reader, unsigned level);

static bool is_list(struct guard *guard, struct bytes content, bool has_names, unsigned level)
{
    struct wire_reader reader = wire_reader_of(content);

    if (level > AMQPEXT_TABLE_DEPTH_MAX)
        return false;
    while (reader.left > 0 && !reader.failed) {
        if (guard->values_left == 0)
            return false;
        guard->values_left--;
        if (has_names)
            (void)wire_get_short(&reader);
        if (!is_value(guard, &reader, level))
            return false;
    }
    return !reader.failed;
}

/* A table or an array, behind its kind. */
static bool is_nested(struct guard *guard, struct wire_reader *reader, bool has_names,
                      unsigned level)
{
    const struct bytes content = wire_get_long(reader);

    return !reader->failed && is_list(guard, content, has_names, level);
}

static bool is_natural(struct wire_reader *reader)
{
    return wire_get_64(reader) <= INT64_MAX && !reader->failed;
}

/* Infinities and what is no number have an exponent of ones. */
static bool is_finite(struct wire_reader *reader, uint64_t bits, uint64_t exponent)
{
    return !reader->failed && (bits & exponent) != exponent;
}

static bool is_value(struct guard *guard, struct wire_reader *reader, unsigned level)
{
    switch (wire_get_8(reader)) {
    case 'V': break;
    case 't':
    case 'b':
    case 'B': (void)wire_skip(reader, 1); break;
    case 's':
    case 'u': (void)wire_skip(reader, 2); break;
    case 'I':
    case 'i': (void)wire_skip(reader, 4); break;
    case 'D': (void)wire_skip(reader, 5); break;
    case 'l': (void)wire_skip(reader, 8); break;
    case 'f': return is_finite(reader, wire_get_32(reader), UINT64_C(0xff) << 23);
    case 'd': return is_finite(reader, wire_get_64(reader), UINT64_C(0x7ff) << 52);
    case 'L':
    case 'T': return is_natural(reader);
    case 'S':
    case 'x': (void)wire_get_long(reader); break;
    case 'A': return is_nested(guard, reader, false, level + 1);
    case 'F': return is_nested(guard, reader, true, level + 1);
    default: return false;
    }
    return !reader->failed;
}

bool amqpext__table_is_readable(struct bytes fields)
{
    struct guard guard = {AMQPEXT_TABLE_VALUES_MAX};

    return is_list(&guard, fields, true, 1);
}
