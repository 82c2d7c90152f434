/*
 * A set of strings: a table with open addressing that is at most half full.
 */
#include "string_set.h"

#include <string.h>

#include "labels.h"

#define FIRST_CAPACITY ((size_t)64)

uint64_t promon__string_hash(const char *data, size_t size)
{
    uint64_t hash = size, word;

    for (; size >= sizeof(word); size -= sizeof(word), data += sizeof(word)) {
        memcpy(&word, data, sizeof(word));
        hash = promon__key_mix(hash, word);
    }
    return promon__key_mix(hash, promon__key_tail(data, size));
}

static struct promon__string *place_of(const struct promon__string_set *set,
                                       const struct promon__string *string)
{
    size_t i = string->hash & (set->capacity - 1);

    while (set->entries[i].data != NULL &&
           !(set->entries[i].hash == string->hash && set->entries[i].size == string->size &&
             memcmp(set->entries[i].data, string->data, string->size) == 0))
        i = (i + 1) & (set->capacity - 1);
    return &set->entries[i];
}

static bool grow(struct promon__string_set *set, struct promon__pool *pool)
{
    struct promon__string_set larger = {NULL, set->n,
                                        set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2};
    size_t i;

    larger.entries = promon__pool_array(pool, larger.capacity, sizeof(*larger.entries));
    if (larger.entries == NULL)
        return false;
    memset(larger.entries, 0, larger.capacity * sizeof(*larger.entries));
    for (i = 0; i < set->capacity; i++) {
        if (set->entries[i].data != NULL)
            *place_of(&larger, &set->entries[i]) = set->entries[i];
    }
    *set = larger;
    return true;
}

bool promon__string_set_has(const struct promon__string_set *set,
                            const struct promon__string *string)
{
    return set->n > 0 && place_of(set, string)->data != NULL;
}

bool promon__string_set_add(struct promon__string_set *set, struct promon__pool *pool,
                            const struct promon__string *string)
{
    struct promon__string *place;

    if (set->n >= set->capacity / 2 && !grow(set, pool))
        return false;
    place = place_of(set, string);
    if (place->data == NULL) {
        *place = *string;
        set->n++;
    }
    return true;
}
