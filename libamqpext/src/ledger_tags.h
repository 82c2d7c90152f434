/*
 * Tags: from the delivery tag that the broker confirms to the entry that was sent under it. Tags
 * count from 1 in each epoch.
 */
#ifndef AMQPEXT_SRC_LEDGER_TAGS_H
#define AMQPEXT_SRC_LEDGER_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger_entries.h"

struct tags {
    struct entry **buckets; /* lists by the low bits of the tag, so that neighbours do not meet */
    size_t n_buckets; /* a power of two, or 0 */
};

/* Makes buckets for so many entries, before they are added; false when memory ran out. */
bool amqpext__tags_reserve(struct tags *tags, size_t n_entries);
void amqpext__tags_add(struct tags *tags, struct entry *entry);
/* The entry with that tag, or NULL. */
struct entry *amqpext__tags_find(const struct tags *tags, uint64_t tag);
void amqpext__tags_remove(struct tags *tags, struct entry *entry);
void amqpext__tags_clear(struct tags *tags);
void amqpext__tags_free(struct tags *tags);

#endif
