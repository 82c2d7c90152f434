/*
 * Protobuf's wire format: a field is its number and kind, then a varint, eight bytes, or a size
 * and bytes. Sizes have their shortest form: one byte is kept free for them, and a longer message
 * moves.
 */
#include "protobuf.h"

#include <string.h>

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2 };

#define VARINT_SIZE 10
/* Fields here are below 2^11. */
#define FIELD_SIZE 2

static char *write_varint(char *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *out++ = (char)(number | 0x80);
    *out++ = (char)number;
    return out;
}

static char *write_field(char *out, unsigned field, enum wire wire)
{
    return write_varint(out, field << 3 | wire);
}

static void reach(struct text *out, char *end)
{
    out->size = (size_t)(end - out->data);
}

void promon__protobuf_unsigned(struct text *out, unsigned field, uint64_t number)
{
    char *end = text_reserve(out, FIELD_SIZE + VARINT_SIZE);

    if (end != NULL)
        reach(out, write_varint(write_field(end, field, WIRE_VARINT), number));
}

void promon__protobuf_signed(struct text *out, unsigned field, int64_t number)
{
    const uint64_t sign = number < 0 ? UINT64_MAX : 0;

    promon__protobuf_unsigned(out, field, ((uint64_t)number << 1) ^ sign);
}

void promon__protobuf_double(struct text *out, unsigned field, double number)
{
    char *end = text_reserve(out, FIELD_SIZE + sizeof(number));
    uint64_t bits;
    unsigned i;

    if (end == NULL)
        return;
    end = write_field(end, field, WIRE_FIXED64);
    memcpy(&bits, &number, sizeof(bits));
    for (i = 0; i < sizeof(bits); i++)
        *end++ = (char)(bits >> (8 * i));
    reach(out, end);
}

void promon__protobuf_string(struct text *out, unsigned field, const char *string)
{
    const size_t size = strlen(string);
    char *end = text_reserve(out, FIELD_SIZE + VARINT_SIZE + size);

    if (end == NULL)
        return;
    end = write_varint(write_field(end, field, WIRE_BYTES), size);
    memcpy(end, string, size);
    reach(out, end + size);
}

size_t promon__protobuf_begin(struct text *out, unsigned field)
{
    char *end = text_reserve(out, FIELD_SIZE + 1);

    if (end == NULL)
        return 0;
    if (field != 0)
        end = write_field(end, field, WIRE_BYTES);
    reach(out, end + 1);
    return out->size;
}

void promon__protobuf_end(struct text *out, size_t begin)
{
    const size_t size = out->size - begin;
    char *start;
    size_t more;

    if (out->failed || text_reserve(out, VARINT_SIZE) == NULL)
        return;
    start = out->data + begin;
    if (size >= 0x80) {
        char length[VARINT_SIZE];

        more = (size_t)(write_varint(length, size) - length) - 1;
        memmove(start + more, start, size);
        out->size += more;
    }
    write_varint(start - 1, size);
}
