/*
 * MessagePack reader: the next item of a body, its size checked against what is there.
 */
#ifndef AMQPEXT_SRC_MSGPACK_READER_H
#define AMQPEXT_SRC_MSGPACK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct msgpack_reader {
    const unsigned char *body;
    size_t size;
    size_t at;
};

enum msgpack_item_kind {
    MSGPACK_ITEM_NIL,
    MSGPACK_ITEM_BOOLEAN,
    MSGPACK_ITEM_INTEGER,
    MSGPACK_ITEM_REAL,
    MSGPACK_ITEM_TEXT,
    MSGPACK_ITEM_ARRAY,
    MSGPACK_ITEM_MAP
};

struct msgpack_item {
    enum msgpack_item_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *text; /* in the body */
    } as;
    size_t count; /* bytes of a text, members of an array, pairs of a map */
};

/*
 * Reads one item; a container's members follow as items of their own. NULL, or what is wrong; the
 * reader stands where the item begins then.
 */
const char *amqpext__msgpack_read(struct msgpack_reader *reader, struct msgpack_item *out);

#endif
