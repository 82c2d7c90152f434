/*
 * Pool: blocks that grow while a use needs more, and are one block for the next use.
 *
 * Invariant: `used` is at most the newest block's capacity; after a reset there is at most one.
 */
#include "pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT alignof(max_align_t)
#define FIRST_CAPACITY ((size_t)16 * 1024)
#define FIRST_ITEMS ((size_t)16)
/* A pool that needs less than an eighth so often in a row is made smaller. */
#define IDLE_USES 16

struct promon__pool_block {
    struct promon__pool_block *older;
    size_t capacity;
    alignas(max_align_t) unsigned char data[];
};

static int add_block(struct promon__pool *pool, size_t size)
{
    size_t capacity = pool->block == NULL ? FIRST_CAPACITY : pool->block->capacity * 2;
    struct promon__pool_block *block;

    if (capacity < size)
        capacity = size;
    block = malloc(sizeof(*block) + capacity);
    if (block == NULL)
        return -1;
    pool->older += pool->used;
    block->older = pool->block;
    block->capacity = capacity;
    pool->block = block;
    pool->used = 0;
    return 0;
}

void *promon__pool_alloc(struct promon__pool *pool, size_t size)
{
    void *memory;

    if (size > SIZE_MAX / 4)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (pool->block == NULL || size > pool->block->capacity - pool->used) {
        if (add_block(pool, size) != 0)
            return NULL;
    }
    memory = pool->block->data + pool->used;
    pool->used += size;
    return memory;
}

void *promon__pool_array(struct promon__pool *pool, size_t count, size_t size)
{
    return count > SIZE_MAX / size ? NULL : promon__pool_alloc(pool, count * size);
}

char *promon__pool_copy(struct promon__pool *pool, const char *data, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : promon__pool_alloc(pool, size + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

void *promon__pool_grow(struct promon__pool *pool, void *items, size_t n, size_t *capacity,
                        size_t size)
{
    const size_t wanted = n == 0 ? FIRST_ITEMS : n * 2;
    void *copy;

    if (n < *capacity)
        return items;
    copy = promon__pool_array(pool, wanted, size);
    if (copy == NULL)
        return NULL;
    if (n > 0)
        memcpy(copy, items, n * size);
    *capacity = wanted;
    return copy;
}

static void free_blocks(struct promon__pool *pool)
{
    struct promon__pool_block *older;

    for (; pool->block != NULL; pool->block = older) {
        older = pool->block->older;
        free(pool->block);
    }
}

/* The block grows with what was needed, and some more for what comes to be measured. */
void promon__pool_reset(struct promon__pool *pool)
{
    const size_t needed = pool->used + pool->older;
    const int has_older = pool->older != 0;
    const size_t capacity = pool->block != NULL ? pool->block->capacity : 0;

    pool->n_idle = needed < capacity / 8 && capacity > FIRST_CAPACITY ? pool->n_idle + 1 : 0;
    pool->used = pool->older = 0;
    if (has_older || pool->n_idle >= IDLE_USES) {
        free_blocks(pool);
        pool->n_idle = 0;
        /* Without memory the next use begins with a small block. */
        (void)add_block(pool, needed + needed / 4);
    }
}

void promon__pool_free(struct promon__pool *pool)
{
    free_blocks(pool);
    memset(pool, 0, sizeof(*pool));
}
