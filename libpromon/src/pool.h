/*
 * Pool: memory of one gathering, used again by the next: once it is large enough nothing is
 * allocated any more. A pool of zeros is empty and valid.
 *
 * Order: promon__pool_alloc at any time; promon__pool_reset makes all of it free for use again;
 * promon__pool_free.
 */
#ifndef PROMON_SRC_POOL_H
#define PROMON_SRC_POOL_H

#include <stddef.h>

struct promon__pool_block;

struct promon__pool {
    struct promon__pool_block *block; /* the newest; older ones hang behind it */
    size_t used; /* bytes of the newest */
    size_t older; /* bytes of the older ones */
    unsigned n_idle; /* uses in a row that needed far less */
};

/* `size` bytes aligned for any type; NULL when there is no memory. */
void *promon__pool_alloc(struct promon__pool *pool, size_t size);
/* `count` items, not initialised; NULL also when the product overflows. */
void *promon__pool_array(struct promon__pool *pool, size_t count, size_t size);
/* A copy with a NUL behind it. */
char *promon__pool_copy(struct promon__pool *pool, const char *data, size_t size);

/*
 * For an array that grows by one: `items` if there is room for item `n`, else a copy of it that has
 * twice the capacity.
 */
void *promon__pool_grow(struct promon__pool *pool, void *items, size_t n, size_t *capacity,
                        size_t size);

void promon__pool_reset(struct promon__pool *pool);
void promon__pool_free(struct promon__pool *pool);

#endif
