/*
 * Entries: a store that grows in chunks and keeps what it has, so that a producer at work takes no
 * memory per message.
 *
 * Order: take; set_reply any number of times; give.
 */
#include "ledger_entries.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_ENTRIES = 128 };
/* Longest text of the broker that is kept: that of an outcome. */
enum { REPLY_TEXT_MAX = sizeof(((struct amqpext_outcome *)NULL)->reply_text) - 1 };

struct entry_chunk {
    struct entry_chunk *next;
    struct entry entries[CHUNK_ENTRIES];
};

static bool grow(struct entries *entries)
{
    struct entry_chunk *chunk = malloc(sizeof(*chunk));
    size_t i;

    if (chunk == NULL)
        return false;
    chunk->next = entries->chunks;
    entries->chunks = chunk;
    for (i = CHUNK_ENTRIES; i-- != 0;) {
        chunk->entries[i].next = entries->free;
        entries->free = &chunk->entries[i];
    }
    entries->total += CHUNK_ENTRIES;
    return true;
}

struct entry *amqpext__entries_take(struct entries *entries, const char *id)
{
    const size_t id_size = strlen(id) + 1;
    char *long_id = NULL;
    struct entry *entry;

    if (entries->free == NULL && !grow(entries))
        return NULL;
    if (id_size > ENTRY_ID_SIZE) {
        long_id = strdup(id);
        if (long_id == NULL)
            return NULL;
    }
    entry = entries->free;
    entries->free = entry->next;
    memset(entry, 0, offsetof(struct entry, id));
    entry->long_id = long_id;
    if (long_id == NULL)
        memcpy(entry->id, id, id_size);
    return entry;
}

void amqpext__entries_give(struct entries *entries, struct entry *entry)
{
    if (entry->long_id != NULL)
        free(entry->long_id);
    if (entry->reply_text != NULL)
        free(entry->reply_text);
    entry->next = entries->free;
    entries->free = entry;
}

size_t amqpext__entries_memory(const struct entries *entries)
{
    return entries->total / CHUNK_ENTRIES * sizeof(struct entry_chunk);
}

void amqpext__entries_free(struct entries *entries)
{
    while (entries->chunks != NULL) {
        struct entry_chunk *chunk = entries->chunks;

        entries->chunks = chunk->next;
        free(chunk);
    }
    memset(entries, 0, sizeof(*entries));
}

const char *amqpext__entry_id(const struct entry *entry)
{
    return entry->long_id != NULL ? entry->long_id : entry->id;
}

void amqpext__entry_set_reply(struct entry *entry, int code, const char *text, size_t size)
{
    const size_t kept = size < REPLY_TEXT_MAX ? size : REPLY_TEXT_MAX;
    char *copy = kept == 0 ? NULL : malloc(kept + 1);

    entry->reply_code = code;
    free(entry->reply_text);
    entry->reply_text = copy;
    if (copy == NULL)
        return;
    memcpy(copy, text, kept);
    copy[kept] = '\0';
}
