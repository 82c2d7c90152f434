/*
 * MessagePack reader: one item from its first byte on.
 *
 * Invariant: bytes beyond the body are never read, and what is announced, text or members, is no
 * more than what the rest of the body can hold.
 */
#include "msgpack_reader.h"

#include <string.h>

/* First bytes, as the specification names them. */
enum {
    FIXINT_LAST = 0x7f,
    FIXMAP = 0x80,
    FIXARRAY = 0x90,
    FIXSTR = 0xa0,
    NIL = 0xc0,
    NEVER_USED = 0xc1,
    FALSE_ = 0xc2,
    TRUE_ = 0xc3,
    BIN8 = 0xc4,
    EXT32 = 0xc9,
    FLOAT32 = 0xca,
    FLOAT64 = 0xcb,
    UINT8 = 0xcc,
    UINT64 = 0xcf,
    INT8 = 0xd0,
    INT64 = 0xd3,
    FIXEXT1 = 0xd4,
    FIXEXT16 = 0xd8,
    STR8 = 0xd9,
    STR32 = 0xdb,
    ARRAY16 = 0xdc,
    ARRAY32 = 0xdd,
    MAP16 = 0xde,
    MAP32 = 0xdf,
    NEGATIVE_FIXINT = 0xe0
};

static const char sudden_end[] = "a sudden end";

/* A big-endian number of `size` bytes. */
static bool take(struct msgpack_reader *reader, size_t size, uint64_t *out)
{
    uint64_t number = 0;
    size_t i;

    if (size > reader->size - reader->at)
        return false;
    for (i = 0; i < size; i++)
        number = number << 8 | reader->body[reader->at++];
    *out = number;
    return true;
}

static const char *read_unsigned(struct msgpack_reader *reader, size_t size,
                                 struct msgpack_item *out)
{
    uint64_t number;

    if (!take(reader, size, &number))
        return sudden_end;
    if (number > INT64_MAX)
        return "a number out of range";
    out->kind = MSGPACK_ITEM_INTEGER;
    out->as.integer = (int64_t)number;
    return NULL;
}

static const char *read_signed(struct msgpack_reader *reader, size_t size, struct msgpack_item *out)
{
    const uint64_t sign = UINT64_C(1) << (8 * size - 1);
    uint64_t number;

    if (!take(reader, size, &number))
        return sudden_end;
    out->kind = MSGPACK_ITEM_INTEGER;
    /* What the sign bit is worth, taken off twice, without a conversion that may overflow. */
    out->as.integer = (int64_t)(number & (sign - 1));
    if ((number & sign) != 0)
        out->as.integer = out->as.integer - (int64_t)(sign - 1) - 1;
    return NULL;
}

static const char *read_real(struct msgpack_reader *reader, bool is_double,
                             struct msgpack_item *out)
{
    uint64_t bits;
    uint32_t single_bits;
    float single;

    if (!take(reader, is_double ? 8 : 4, &bits))
        return sudden_end;
    out->kind = MSGPACK_ITEM_REAL;
    if (is_double) {
        memcpy(&out->as.real, &bits, sizeof(out->as.real));
    } else {
        single_bits = (uint32_t)bits;
        memcpy(&single, &single_bits, sizeof(single));
        out->as.real = (double)single;
    }
    return out->as.real - out->as.real == 0 ? NULL : "a number that is not finite";
}

static const char *read_text(struct msgpack_reader *reader, uint64_t size, struct msgpack_item *out)
{
    if (size > reader->size - reader->at)
        return "a text longer than the body";
    out->kind = MSGPACK_ITEM_TEXT;
    out->as.text = (const char *)reader->body + reader->at;
    out->count = (size_t)size;
    reader->at += (size_t)size;
    return NULL;
}

/* Each member takes one byte at least. */
static const char *read_container(struct msgpack_reader *reader, enum msgpack_item_kind kind,
                                  uint64_t count, struct msgpack_item *out)
{
    const size_t rest = reader->size - reader->at;

    if (count > (kind == MSGPACK_ITEM_MAP ? rest / 2 : rest))
        return "more members than the body can hold";
    out->kind = kind;
    out->count = (size_t)count;
    return NULL;
}

/* Items whose first byte holds the value or the length. */
static const char *read_fixed(struct msgpack_reader *reader, unsigned first,
                              struct msgpack_item *out)
{
    if (first >= FIXSTR && first < NIL)
        return read_text(reader, first - FIXSTR, out);
    if (first >= FIXARRAY && first < FIXSTR)
        return read_container(reader, MSGPACK_ITEM_ARRAY, first - FIXARRAY, out);
    if (first >= FIXMAP && first < FIXARRAY)
        return read_container(reader, MSGPACK_ITEM_MAP, first - FIXMAP, out);
    out->kind = MSGPACK_ITEM_INTEGER;
    out->as.integer = first <= FIXINT_LAST ? (int64_t)first : (int64_t)first - 256;
    return NULL;
}

/* Items whose length follows in 1, 2 or 4 bytes. */
static const char *read_sized(struct msgpack_reader *reader, unsigned first,
                              struct msgpack_item *out)
{
    const size_t width = first <= STR32 ? (size_t)1 << (first - STR8) : (first & 1) == 0 ? 2 : 4;
    uint64_t count;

    if (!take(reader, width, &count))
        return sudden_end;
    if (first <= STR32)
        return read_text(reader, count, out);
    return read_container(reader, first <= ARRAY32 ? MSGPACK_ITEM_ARRAY : MSGPACK_ITEM_MAP, count,
                          out);
}

static const char *read_item(struct msgpack_reader *reader, struct msgpack_item *out)
{
    uint64_t byte;
    unsigned first;

    if (!take(reader, 1, &byte))
        return sudden_end;
    first = (unsigned)byte;
    if (first < NIL || first >= NEGATIVE_FIXINT)
        return read_fixed(reader, first, out);
    if (first >= UINT8 && first <= UINT64)
        return read_unsigned(reader, (size_t)1 << (first - UINT8), out);
    if (first >= INT8 && first <= INT64)
        return read_signed(reader, (size_t)1 << (first - INT8), out);
    if (first >= STR8)
        return read_sized(reader, first, out);
    if (first == FLOAT32 || first == FLOAT64)
        return read_real(reader, first == FLOAT64, out);
    if (first == NEVER_USED)
        return "a byte without meaning";
    if (first >= BIN8)
        return first < BIN8 + 3 ? "a binary value" : "an extension value";
    out->kind = first == NIL ? MSGPACK_ITEM_NIL : MSGPACK_ITEM_BOOLEAN;
    out->as.boolean = first == TRUE_;
    return NULL;
}

const char *amqpext__msgpack_read(struct msgpack_reader *reader, struct msgpack_item *out)
{
    const size_t start = reader->at;
    const char *fault = read_item(reader, out);

    if (fault != NULL)
        reader->at = start;
    return fault;
}
