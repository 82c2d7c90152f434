/*
 * Tags: a table of buckets that grows with the store of entries, never while messages are sent.
 *
 * Order: reserve; add, find, remove; clear when an epoch is over.
 */
#include "ledger_tags.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 128 };

static struct entry **bucket_of(const struct tags *tags, uint64_t tag)
{
    return &tags->buckets[(size_t)tag & (tags->n_buckets - 1)];
}

static void move_all(const struct tags *from, struct tags *to)
{
    size_t i;

    for (i = 0; i < from->n_buckets; i++) {
        while (from->buckets[i] != NULL) {
            struct entry *entry = from->buckets[i];

            from->buckets[i] = entry->same_bucket;
            amqpext__tags_add(to, entry);
        }
    }
}

bool amqpext__tags_reserve(struct tags *tags, size_t n_entries)
{
    struct tags larger = {.n_buckets = tags->n_buckets == 0 ? BUCKETS_MIN : tags->n_buckets};

    while (larger.n_buckets < n_entries)
        larger.n_buckets *= 2;
    if (larger.n_buckets == tags->n_buckets)
        return true;
    larger.buckets = calloc(larger.n_buckets, sizeof(struct entry *));
    if (larger.buckets == NULL)
        return false;
    move_all(tags, &larger);
    free(tags->buckets);
    *tags = larger;
    return true;
}

void amqpext__tags_add(struct tags *tags, struct entry *entry)
{
    struct entry **bucket = bucket_of(tags, entry->tag);

    entry->same_bucket = *bucket;
    *bucket = entry;
}

struct entry *amqpext__tags_find(const struct tags *tags, uint64_t tag)
{
    struct entry *entry = tags->n_buckets == 0 ? NULL : *bucket_of(tags, tag);

    while (entry != NULL && entry->tag != tag)
        entry = entry->same_bucket;
    return entry;
}

void amqpext__tags_remove(struct tags *tags, struct entry *entry)
{
    struct entry **place = bucket_of(tags, entry->tag);

    while (*place != entry)
        place = &(*place)->same_bucket;
    *place = entry->same_bucket;
}

void amqpext__tags_clear(struct tags *tags)
{
    if (tags->n_buckets != 0)
        memset(tags->buckets, 0, tags->n_buckets * sizeof(struct entry *));
}

void amqpext__tags_free(struct tags *tags)
{
    free(tags->buckets);
    *tags = (struct tags){.buckets = NULL};
}
