/*
 * A buffer that grows at its end and is taken from at its front, and memory for servers that tests
 * play on threads of their own: oom.h neither sees it nor makes it fail. A buffer of zeros is empty.
 */
#ifndef TEST_SUPPORT_BUFFER_H
#define TEST_SUPPORT_BUFFER_H

#include <stddef.h>

struct buffer {
    char *data; /* the front */
    size_t size;
    char *memory;
    size_t capacity;
};

/* Zeroed; ends the program when there is none. Freed with free(). */
void *hidden_memory(size_t size);

/* Room for `size` more bytes at the end, which the caller fills and adds to buffer->size. */
char *buffer_room(struct buffer *buffer, size_t size);
void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_take(struct buffer *buffer, size_t size);
void buffer_free(struct buffer *buffer);

#endif
