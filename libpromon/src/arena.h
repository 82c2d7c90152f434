/*
 * Arena: memory that is freed all at once. Blocks grow; what is larger than a block gets one of its
 * own. An arena of zeros is empty and valid. A failed allocation leaves the arena usable.
 *
 * Identical copy in each library that uses it; see private.h.
 */
#ifndef SUITE_ARENA_H
#define SUITE_ARENA_H

#include <stddef.h>

#include "private.h"

#define arena_alloc PRIVATE(arena_alloc)
#define arena_zeroed PRIVATE(arena_zeroed)
#define arena_copy PRIVATE(arena_copy)
#define arena_string PRIVATE(arena_string)
#define arena_reset PRIVATE(arena_reset)
#define arena_free PRIVATE(arena_free)

struct arena_block;

struct arena {
    struct arena_block *block; /* the newest; older ones hang behind it */
    size_t used; /* bytes taken of the newest */
};

/* `size` bytes aligned for any type, or NULL. Zero bytes give a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same for `count` items of `size` bytes, all zero; NULL also when the product overflows. */
void *arena_zeroed(struct arena *arena, size_t count, size_t size);

/* A copy of `size` bytes, followed by a NUL that is not counted. */
void *arena_copy(struct arena *arena, const void *data, size_t size);

/* A copy of a string; NULL stays NULL. */
char *arena_string(struct arena *arena, const char *string);

/* Empties the arena; the newest block stays for what comes next, unless it is large. */
void arena_reset(struct arena *arena);

/* Frees everything; the arena is empty and usable again. */
void arena_free(struct arena *arena);

#endif
