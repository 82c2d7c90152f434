/*
 * Bytes of somebody else: where they are and how many.
 */
#ifndef AMQPEXT_SRC_BYTES_H
#define AMQPEXT_SRC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
    const char *data; /* may be NULL when size is 0 */
    size_t size;
};

static inline struct bytes bytes_of(const char *string)
{
    return (struct bytes){string, string == NULL ? 0 : strlen(string)};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
