/*
 * Random tables.
 */
#include "tables/random_table.h"

#include <stdio.h>
#include <string.h>

enum { MOST_FIELDS = 6, MOST_ITEMS = 4, MOST_TEXT = 40, N_KINDS = AMQPEXT_KIND_ARRAY + 1 };

unsigned random_below(uint64_t *state, unsigned limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 33) % limit;
}

static uint64_t random_bits(uint64_t *state)
{
    (void)random_below(state, 2);
    return *state >> random_below(state, 64);
}

static bool set_random(uint64_t *state, struct amqpext_table *table, unsigned levels);

static bool set_array(uint64_t *state, struct amqpext_table *table, const char *name,
                      unsigned levels)
{
    struct amqpext_value items[MOST_ITEMS] = {{0}};
    const unsigned count = random_below(state, MOST_ITEMS + 1);
    struct amqpext_table *inner = random_table(state, levels - 1);
    const struct amqpext_value value = {AMQPEXT_KIND_ARRAY, .as.array = {items, count}};
    unsigned i;
    bool is_set;

    if (inner == NULL)
        return false;
    for (i = 0; i < count; i++) {
        items[i].kind = i % 2 == 0 ? AMQPEXT_KIND_TABLE : AMQPEXT_KIND_INTEGER;
        if (i % 2 == 0)
            items[i].as.table = inner;
        else
            items[i].as.integer = (int64_t)random_bits(state);
    }
    is_set = amqpext_table_set(table, name, &value, NULL) == AMQPEXT_OK;
    amqpext_table_free(inner);
    return is_set;
}

static bool set_table(uint64_t *state, struct amqpext_table *table, const char *name,
                      unsigned levels)
{
    struct amqpext_table *inner = random_table(state, levels - 1);
    const struct amqpext_value value = {AMQPEXT_KIND_TABLE, .as.table = inner};
    const bool is_set = inner != NULL && amqpext_table_set(table, name, &value, NULL) == AMQPEXT_OK;

    amqpext_table_free(inner);
    return is_set;
}

static bool set_scalar(uint64_t *state, struct amqpext_table *table, const char *name,
                       enum amqpext_kind kind)
{
    static const char bytes[MOST_TEXT] = "f\xc3\xbcnf \0\x01\xff bytes, and a few more of these";
    struct amqpext_value value = {.kind = kind};

    switch (kind) {
    case AMQPEXT_KIND_BOOLEAN: value.as.boolean = random_below(state, 2) == 1; break;
    case AMQPEXT_KIND_INTEGER: value.as.integer = (int64_t)random_bits(state); break;
    case AMQPEXT_KIND_TIMESTAMP: value.as.integer = (int64_t)(random_bits(state) >> 1); break;
    case AMQPEXT_KIND_REAL: value.as.real = (double)random_bits(state) / -7; break;
    case AMQPEXT_KIND_DECIMAL:
        value.as.decimal.decimals = (uint8_t)random_below(state, 256);
        value.as.decimal.digits = (uint32_t)random_bits(state);
        break;
    case AMQPEXT_KIND_TEXT:
    case AMQPEXT_KIND_BYTES:
        value.as.text.data = bytes;
        value.as.text.size = random_below(state, MOST_TEXT);
        break;
    default: break;
    }
    return amqpext_table_set(table, name, &value, NULL) == AMQPEXT_OK;
}

static bool set_random(uint64_t *state, struct amqpext_table *table, unsigned levels)
{
    const enum amqpext_kind kind = (enum amqpext_kind)random_below(state, N_KINDS);
    char name[16];

    snprintf(name, sizeof(name), "%x", random_below(state, 1000));
    if (levels > 1 && kind == AMQPEXT_KIND_TABLE)
        return set_table(state, table, name, levels);
    if (levels > 2 && kind == AMQPEXT_KIND_ARRAY)
        return set_array(state, table, name, levels - 1);
    return set_scalar(state, table, name, kind < AMQPEXT_KIND_TABLE ? kind : AMQPEXT_KIND_TEXT);
}

struct amqpext_table *random_table(uint64_t *state, unsigned levels)
{
    unsigned n_fields = random_below(state, MOST_FIELDS + 1);
    struct amqpext_table *table;

    if (amqpext_table_new(&table, NULL) != AMQPEXT_OK)
        return NULL;
    for (; n_fields > 0; n_fields--) {
        if (!set_random(state, table, levels)) {
            amqpext_table_free(table);
            return NULL;
        }
    }
    return table;
}

static bool arrays_equal(const struct amqpext_value *left, const struct amqpext_value *right)
{
    size_t i;

    if (left->as.array.count != right->as.array.count)
        return false;
    for (i = 0; i < left->as.array.count; i++) {
        if (!values_equal(&left->as.array.items[i], &right->as.array.items[i]))
            return false;
    }
    return true;
}

static bool texts_equal(const struct amqpext_value *left, const struct amqpext_value *right)
{
    const size_t size = left->as.text.size;

    return size == right->as.text.size &&
           (size == 0 || memcmp(left->as.text.data, right->as.text.data, size) == 0);
}

bool values_equal(const struct amqpext_value *left, const struct amqpext_value *right)
{
    if (left->kind != right->kind)
        return false;
    switch (left->kind) {
    case AMQPEXT_KIND_NONE: return true;
    case AMQPEXT_KIND_BOOLEAN: return left->as.boolean == right->as.boolean;
    case AMQPEXT_KIND_INTEGER:
    case AMQPEXT_KIND_TIMESTAMP: return left->as.integer == right->as.integer;
    case AMQPEXT_KIND_REAL:
        return memcmp(&left->as.real, &right->as.real, sizeof(left->as.real)) == 0;
    case AMQPEXT_KIND_TEXT:
    case AMQPEXT_KIND_BYTES: return texts_equal(left, right);
    case AMQPEXT_KIND_DECIMAL:
        return left->as.decimal.decimals == right->as.decimal.decimals &&
               left->as.decimal.digits == right->as.decimal.digits;
    case AMQPEXT_KIND_TABLE: return tables_equal(left->as.table, right->as.table);
    case AMQPEXT_KIND_ARRAY: return arrays_equal(left, right);
    }
    return false;
}

bool tables_equal(const struct amqpext_table *left, const struct amqpext_table *right)
{
    size_t i;

    if (amqpext_table_count(left) != amqpext_table_count(right))
        return false;
    for (i = 0; i < amqpext_table_count(left); i++) {
        const char *left_name;
        const char *right_name;
        const struct amqpext_value *left_value = amqpext_table_at(left, i, &left_name);
        const struct amqpext_value *right_value = amqpext_table_at(right, i, &right_name);

        if (strcmp(left_name, right_name) != 0 || !values_equal(left_value, right_value))
            return false;
    }
    return true;
}
