/*
 * Wire: numbers and texts as AMQP 0-9-1 lays them out, most significant byte first.
 *
 * Writers return the place behind what they wrote and rely on the caller's room. A reader that
 * meets the end of its bytes gives zeros from then on and remembers that it failed.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_WIRE_H
#define AMQPEXT_SRC_PROTOCOL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bytes.h"
#include "protocol/frame.h"

#define FRAME_END ((char)0xce)

static inline char *wire_put_8(char *out, uint8_t number)
{
    *out = (char)number;
    return out + 1;
}

static inline char *wire_put_16(char *out, uint16_t number)
{
    const uint16_t swapped = __builtin_bswap16(number);

    memcpy(out, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? &swapped : &number, sizeof(number));
    return out + sizeof(number);
}

static inline char *wire_put_32(char *out, uint32_t number)
{
    const uint32_t swapped = __builtin_bswap32(number);

    memcpy(out, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? &swapped : &number, sizeof(number));
    return out + sizeof(number);
}

static inline char *wire_put_64(char *out, uint64_t number)
{
    const uint64_t swapped = __builtin_bswap64(number);

    memcpy(out, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? &swapped : &number, sizeof(number));
    return out + sizeof(number);
}

static inline char *wire_put_bytes(char *out, const void *data, size_t size)
{
    if (size != 0)
        memcpy(out, data, size);
    return out + size;
}

/* A text whose size, at most 255, is one byte. */
static inline char *wire_put_short(char *out, const void *data, size_t size)
{
    return wire_put_bytes(wire_put_8(out, (uint8_t)size), data, size);
}

/* The seven bytes before a frame's payload. */
static inline char *wire_put_frame_head(char *out, enum frame_type type, uint16_t channel,
                                        uint32_t payload_size)
{
    return wire_put_32(wire_put_16(wire_put_8(out, (uint8_t)type), channel), payload_size);
}

struct wire_reader {
    const char *at;
    size_t left;
    bool failed;
};

static inline struct wire_reader wire_reader_of(struct bytes bytes)
{
    return (struct wire_reader){bytes.data, bytes.size, false};
}

/* The next `size` bytes, or NULL when they are not there. */
static inline const char *wire_skip(struct wire_reader *reader, size_t size)
{
    const char *at = reader->at;

    if (reader->failed || size > reader->left) {
        reader->failed = true;
        return NULL;
    }
    reader->at += size;
    reader->left -= size;
    return at;
}

static inline uint8_t wire_get_8(struct wire_reader *reader)
{
    const char *at = wire_skip(reader, 1);

    return at == NULL ? 0 : (uint8_t)*at;
}

static inline uint16_t wire_get_16(struct wire_reader *reader)
{
    const uint16_t high = wire_get_8(reader);

    return (uint16_t)(high << 8 | wire_get_8(reader));
}

static inline uint32_t wire_get_32(struct wire_reader *reader)
{
    const uint32_t high = wire_get_16(reader);

    return high << 16 | wire_get_16(reader);
}

static inline uint64_t wire_get_64(struct wire_reader *reader)
{
    const uint64_t high = wire_get_32(reader);

    return high << 32 | wire_get_32(reader);
}

static inline struct bytes wire_get_bytes(struct wire_reader *reader, size_t size)
{
    const char *at = wire_skip(reader, size);

    return at == NULL ? (struct bytes){NULL, 0} : (struct bytes){at, size};
}

static inline struct bytes wire_get_short(struct wire_reader *reader)
{
    const size_t size = wire_get_8(reader);

    return wire_get_bytes(reader, size);
}

static inline struct bytes wire_get_long(struct wire_reader *reader)
{
    const size_t size = wire_get_32(reader);

    return wire_get_bytes(reader, size);
}

#endif
