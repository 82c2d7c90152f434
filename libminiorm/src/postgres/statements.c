/*
 * Statements: a hash table of entries, which are also in the order of their last use.
 *
 * Order: init, then find, add, forget, drop in any order, free at the end. Entries that went while
 * the server still has them wait in `closing` until the pipeline takes them.
 */
#include "statements.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../error.h"

/* Odd constant of a multiplicative hash (2^64 divided by the golden ratio). */
#define MIX UINT64_C(0x9E3779B97F4A7C15)

enum miniorm_status miniorm__pg_statements_init(struct miniorm__pg_statements *cache, size_t limit,
                                                struct miniorm_error *error)
{
    memset(cache, 0, sizeof(*cache));
    miniorm__list_init(&cache->used);
    miniorm__list_init(&cache->closing);
    cache->limit = limit;
    for (cache->n_buckets = 16; cache->n_buckets < limit; cache->n_buckets *= 2)
        ;
    cache->buckets = calloc(cache->n_buckets, sizeof(*cache->buckets));
    return cache->buckets == NULL ? miniorm__fail_memory(error) : MINIORM_OK;
}

static void free_all(struct miniorm__link *list)
{
    struct miniorm__link *link;

    if (list->next == NULL)
        return;
    while ((link = miniorm__list_pop(list)) != NULL)
        free(MINIORM__OWNER(link, struct miniorm__pg_statement, use));
}

void miniorm__pg_statements_free(struct miniorm__pg_statements *cache)
{
    free_all(&cache->used);
    free_all(&cache->closing);
    free(cache->buckets);
    cache->buckets = NULL;
}

uint64_t miniorm__pg_statement_key(const struct miniorm__statement *statement,
                                   const struct miniorm__pg_parameters *parameters)
{
    uint64_t key = statement->hash;
    int i;

    for (i = 0; i < parameters->count; i++)
        key = (key ^ parameters->types[i]) * MIX;
    return key;
}

static struct miniorm__pg_statement **bucket(const struct miniorm__pg_statements *cache,
                                             uint64_t key)
{
    return &cache->buckets[(key * MIX) >> 32 & (cache->n_buckets - 1)];
}

static bool is_same(const struct miniorm__pg_statement *entry, uint64_t key,
                    const struct miniorm__statement *statement,
                    const struct miniorm__pg_parameters *parameters)
{
    return entry->key == key && entry->sql_size == statement->sql_size &&
           entry->n_types == parameters->count &&
           memcmp(entry->sql, statement->sql, entry->sql_size) == 0 &&
           (entry->n_types == 0 ||
            memcmp(entry->types, parameters->types, sizeof(Oid) * (size_t)entry->n_types) == 0);
}

struct miniorm__pg_statement *miniorm__pg_statements_find(
    struct miniorm__pg_statements *cache, uint64_t key, const struct miniorm__statement *statement,
    const struct miniorm__pg_parameters *parameters)
{
    struct miniorm__pg_statement *entry = *bucket(cache, key);

    while (entry != NULL && !is_same(entry, key, statement, parameters))
        entry = entry->chain;
    if (entry != NULL && entry->use.next != &cache->used) {
        miniorm__list_remove(&entry->use);
        miniorm__list_append(&cache->used, &entry->use);
    }
    return entry;
}

/* Takes an entry out of the table and the order. */
static void take_out(struct miniorm__pg_statements *cache, struct miniorm__pg_statement *entry)
{
    struct miniorm__pg_statement **place = bucket(cache, entry->key);

    while (*place != entry)
        place = &(*place)->chain;
    *place = entry->chain;
    miniorm__list_remove(&entry->use);
    cache->count--;
}

void miniorm__pg_statements_closing_add(struct miniorm__pg_statements *cache,
                                        struct miniorm__pg_statement *entry)
{
    miniorm__list_append(&cache->closing, &entry->use);
    cache->n_closing++;
}

void miniorm__pg_statements_closing_take(struct miniorm__pg_statements *cache,
                                         struct miniorm__pg_statement *entry)
{
    miniorm__list_remove(&entry->use);
    cache->n_closing--;
}

static void close_entry(struct miniorm__pg_statements *cache, struct miniorm__pg_statement *entry)
{
    take_out(cache, entry);
    miniorm__pg_statements_closing_add(cache, entry);
}

static bool make_room(struct miniorm__pg_statements *cache)
{
    struct miniorm__link *link;

    if (cache->count < cache->limit)
        return true;
    if (cache->n_closing >= cache->limit)
        return false;
    for (link = cache->used.next; link != &cache->used; link = link->next) {
        struct miniorm__pg_statement *entry =
            MINIORM__OWNER(link, struct miniorm__pg_statement, use);

        if (entry->state == MINIORM__READY) {
            close_entry(cache, entry);
            return true;
        }
    }
    return false;
}

static struct miniorm__pg_statement *make_entry(const struct miniorm__statement *statement,
                                                const struct miniorm__pg_parameters *parameters)
{
    const size_t types_size = sizeof(Oid) * (size_t)parameters->count;
    /* The types follow the text at an address fit for them. */
    const size_t text_size = (statement->sql_size + sizeof(Oid)) / sizeof(Oid) * sizeof(Oid);
    struct miniorm__pg_statement *entry = malloc(sizeof(*entry) + text_size + types_size);

    if (entry == NULL)
        return NULL;
    memcpy(entry->sql, statement->sql, statement->sql_size);
    entry->sql[statement->sql_size] = '\0';
    entry->sql_size = statement->sql_size;
    if (types_size != 0)
        memcpy(entry->sql + text_size, parameters->types, types_size);
    entry->types = (const Oid *)(void *)(entry->sql + text_size);
    entry->n_types = parameters->count;
    return entry;
}

struct miniorm__pg_statement *miniorm__pg_statements_add(
    struct miniorm__pg_statements *cache, uint64_t key, const struct miniorm__statement *statement,
    const struct miniorm__pg_parameters *parameters)
{
    struct miniorm__pg_statement **place = bucket(cache, key), *entry;

    if (!make_room(cache))
        return NULL;
    entry = make_entry(statement, parameters);
    if (entry == NULL)
        return NULL;
    entry->key = key;
    entry->state = MINIORM__PENDING;
    entry->segment = 0;
    snprintf(entry->name, sizeof(entry->name), "m%016" PRIx64 "_%u", statement->hash,
             cache->serial++);
    entry->chain = *place;
    *place = entry;
    miniorm__list_append(&cache->used, &entry->use);
    cache->count++;
    return entry;
}

void miniorm__pg_statements_forget(struct miniorm__pg_statements *cache,
                                   struct miniorm__pg_statement *entry)
{
    take_out(cache, entry);
    free(entry);
}

void miniorm__pg_statements_drop(struct miniorm__pg_statements *cache, uint64_t key)
{
    struct miniorm__pg_statement *entry = *bucket(cache, key);

    while (entry != NULL) {
        struct miniorm__pg_statement *next = entry->chain;

        if (entry->key == key && entry->state == MINIORM__READY)
            close_entry(cache, entry);
        entry = next;
    }
}
