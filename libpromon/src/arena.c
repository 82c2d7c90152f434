/*
 * Arena: a list of blocks of growing size, the newest served from first.
 *
 * Order: arena_alloc and its kin at any time, arena_reset to start over, arena_free at the end.
 * Invariant: `used` never exceeds the newest block's capacity; everything handed out is aligned to
 * ALIGNMENT and stays at its address until arena_reset or arena_free.
 */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT alignof(max_align_t)
/*
 * Most requests and queries fit the first block, which with its head stays below the size from
 * which malloc searches and merges; doubling keeps the number of blocks logarithmic.
 */
#define FIRST_CAPACITY ((size_t)976)
#define LARGEST_CAPACITY ((size_t)256 * 1024)
/* What stays after a reset: the need of an ordinary request, not of a large answer. */
#define KEPT_CAPACITY (4 * FIRST_CAPACITY)

struct arena_block {
    struct arena_block *older;
    size_t capacity;
    alignas(max_align_t) unsigned char data[];
};

static size_t next_capacity(const struct arena *arena, size_t size)
{
    size_t capacity = arena->block == NULL ? FIRST_CAPACITY : arena->block->capacity * 2;

    if (capacity > LARGEST_CAPACITY)
        capacity = LARGEST_CAPACITY;
    return size > capacity ? size : capacity;
}

static int add_block(struct arena *arena, size_t size)
{
    const size_t capacity = next_capacity(arena, size);
    struct arena_block *block;

    if (capacity > SIZE_MAX - sizeof(*block))
        return -1;
    block = malloc(sizeof(*block) + capacity);
    if (block == NULL)
        return -1;
    block->older = arena->block;
    block->capacity = capacity;
    arena->block = block;
    arena->used = 0;
    return 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory;

    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (arena->block == NULL || size > arena->block->capacity - arena->used) {
        if (add_block(arena, size) != 0)
            return NULL;
    }
    memory = arena->block->data + arena->used;
    arena->used += size;
    return memory;
}

void *arena_zeroed(struct arena *arena, size_t count, size_t size)
{
    void *memory;

    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    memory = arena_alloc(arena, count * size);
    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : arena_alloc(arena, size + 1);

    if (copy == NULL)
        return NULL;
    if (size != 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

char *arena_string(struct arena *arena, const char *string)
{
    return string == NULL ? NULL : arena_copy(arena, string, strlen(string));
}

/* Frees a block and those behind it that are larger than `kept`; returns what is left of them. */
static struct arena_block *free_larger(struct arena_block *block, size_t kept)
{
    while (block != NULL && block->capacity > kept) {
        struct arena_block *older = block->older;

        free(block);
        block = older;
    }
    return block;
}

void arena_reset(struct arena *arena)
{
    arena->block = free_larger(arena->block, KEPT_CAPACITY);
    arena->used = 0;
    if (arena->block != NULL)
        arena->block->older = free_larger(arena->block->older, 0);
}

void arena_free(struct arena *arena)
{
    arena->block = free_larger(arena->block, 0);
    arena->used = 0;
}
