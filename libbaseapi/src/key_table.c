/*
 * Set of keys: open addressing over a table that is at least half empty.
 */
#include "key_table.h"

#include <stdint.h>
#include <string.h>

/* The multiplier of splitmix64; spreads neighbouring numbers over all bits. */
#define MIX UINT64_C(0xbf58476d1ce4e5b9)

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * MIX;
    return hash ^ hash >> 29;
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), bytes += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, bytes, sizeof(word));
        hash = mix(hash, word);
    }
    for (; size > 0; size--)
        hash = mix(hash, *bytes++);
    return hash;
}

enum form { FORM_NUMBER, FORM_TEXT, FORM_UUID };

/*
 * Where a value's bytes are. Floats count by their bits: -0 and 0 are two keys, which is harmless.
 */
static enum form form_of(enum miniorm_type type)
{
    switch (type) {
    case MINIORM_T_numeric:
    case MINIORM_T_text:
    case MINIORM_T_varchar:
    case MINIORM_T_bytea:
    case MINIORM_T_json:
    case MINIORM_T_jsonb: return FORM_TEXT;
    case MINIORM_T_uuid: return FORM_UUID;
    default: return FORM_NUMBER;
    }
}

static uint64_t number_of(const struct miniorm_value *value)
{
    uint64_t number = 0;

    switch (value->type) {
    case MINIORM_T_boolean: return value->as.boolean;
    case MINIORM_T_float4:
    case MINIORM_T_float8: memcpy(&number, &value->as.real, sizeof(number)); return number;
    default: return (uint64_t)value->as.integer;
    }
}

/* bytea has the same layout as text under another name. */
static struct miniorm_text text_of(const struct miniorm_value *value)
{
    if (value->type == MINIORM_T_bytea)
        return miniorm_text_from((const char *)value->as.bytes.data, value->as.bytes.size);
    return value->as.text;
}

static uint64_t hash_value(uint64_t hash, const struct miniorm_value *value)
{
    switch (form_of(value->type)) {
    case FORM_TEXT:
        return hash_bytes(mix(hash, text_of(value).size), text_of(value).data, text_of(value).size);
    case FORM_UUID: return hash_bytes(hash, value->as.uuid.bytes, sizeof(value->as.uuid.bytes));
    default: return mix(hash, number_of(value));
    }
}

bool baseapi__value_equals(const struct miniorm_value *a, const struct miniorm_value *b)
{
    switch (form_of(a->type)) {
    case FORM_TEXT:
        return text_of(a).size == text_of(b).size &&
               (text_of(a).size == 0 ||
                memcmp(text_of(a).data, text_of(b).data, text_of(a).size) == 0);
    case FORM_UUID:
        return memcmp(a->as.uuid.bytes, b->as.uuid.bytes, sizeof(a->as.uuid.bytes)) == 0;
    default: return number_of(a) == number_of(b);
    }
}

static bool equal_keys(const struct key_table *table, size_t a, size_t b)
{
    for (size_t i = 0; i < table->n_values; i++) {
        if (!baseapi__value_equals(&table->keys[a * table->n_values + i],
                                   &table->keys[b * table->n_values + i]))
            return false;
    }
    return true;
}

bool baseapi__key_table_new(struct arena *arena, struct key_table *table,
                            const struct miniorm_value *keys, size_t n_values, size_t capacity)
{
    size_t n_slots = 8;

    while (n_slots < capacity * 2)
        n_slots *= 2;
    table->keys = keys;
    table->n_values = n_values;
    table->n_keys = 0;
    table->mask = n_slots - 1;
    table->slots = arena_zeroed(arena, n_slots, sizeof(*table->slots));
    return table->slots != NULL;
}

size_t baseapi__key_table_add(struct key_table *table)
{
    const size_t candidate = table->n_keys;
    uint64_t hash = 0;
    size_t slot;

    for (size_t i = 0; i < table->n_values; i++)
        hash = hash_value(hash, &table->keys[candidate * table->n_values + i]);
    for (slot = hash & table->mask; table->slots[slot] != 0; slot = (slot + 1) & table->mask) {
        if (equal_keys(table, table->slots[slot] - 1, candidate))
            return table->slots[slot] - 1;
    }
    table->slots[slot] = ++table->n_keys;
    return candidate;
}
