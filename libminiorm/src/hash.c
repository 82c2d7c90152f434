/*
 * Hash of a statement's text: 64 bits, eight bytes at a step, the same on every machine. It names
 * statements in caches; it is no protection against somebody who seeks collisions.
 */
#include <string.h>

#include "operation.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)
#define MULTIPLIER UINT64_C(0xd6e8feb86659fd93)

/*
 * Two multiplications with shifts between them let every bit of `word` reach every bit of the hash.
 */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * MULTIPLIER;
    hash ^= hash >> 32;
    return hash * MULTIPLIER;
}

static uint64_t load(const char *data, size_t size)
{
    uint64_t word = 0;

    memcpy(&word, data, size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint64_t miniorm__hash(const char *data, size_t size)
{
    uint64_t hash = SEED ^ (uint64_t)size;

    while (size >= sizeof(uint64_t)) {
        hash = mix(hash, load(data, sizeof(uint64_t)));
        data += sizeof(uint64_t);
        size -= sizeof(uint64_t);
    }
    if (size != 0)
        hash = mix(hash, load(data, size));
    return hash ^ hash >> 29;
}
