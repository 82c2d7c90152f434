/*
 * Entries: what is known about each message that is kept, and the store that they come from and go
 * back to. An entry stays where it is as long as it is used.
 */
#ifndef AMQPEXT_SRC_LEDGER_ENTRIES_H
#define AMQPEXT_SRC_LEDGER_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/publish.h>

#include "jobs.h"
#include "ledger_blocks.h"

/* Of a message id that is kept in the entry itself: those that the library makes. */
enum { ENTRY_ID_SIZE = AMQPEXT_MESSAGE_ID_SIZE };

/* A thread that waits for the outcome. */
struct outcome_wait;

struct entry {
    struct entry *next, *previous; /* in the order of publishing; `next` also of other lists */
    struct entry *same_bucket; /* of the map of delivery tags */
    struct block *block;
    char *message; /* its frames, in the block */
    size_t size;
    uint64_t tag; /* 0: not sent in this epoch */
    uint64_t published_us, deadline_us;
    uint64_t serial; /* the n-th message that was ever published */
    amqpext_outcome_fn done;
    void *data;
    struct outcome_wait *wait;
    char *reply_text; /* of the broker, or NULL */
    int reply_code;
    char *long_id; /* NULL: it is in `id` */
    void *owner; /* for the job */
    struct job job; /* telling the outcome */
    uint64_t latency_us; /* once decided */
    unsigned sends;
    unsigned char strikes; /* times that the connection was closed with it alone under way */
    unsigned char result; /* enum amqpext_result, once decided */
    enum amqpext_status status;
    bool is_mandatory, is_returned, is_suspect;
    char id[ENTRY_ID_SIZE];
};

struct entry_chunk;

struct entries {
    struct entry_chunk *chunks;
    struct entry *free;
    size_t total;
};

/* An entry of zeros with a copy of that id, or NULL when memory ran out. */
struct entry *amqpext__entries_take(struct entries *entries, const char *id);
void amqpext__entries_give(struct entries *entries, struct entry *entry);
size_t amqpext__entries_memory(const struct entries *entries);
/* Frees the store; entries that were not given back lose what hangs on them. */
void amqpext__entries_free(struct entries *entries);

const char *amqpext__entry_id(const struct entry *entry);
/* Keeps what the broker said, in place of what it said before; without memory only the code. */
void amqpext__entry_set_reply(struct entry *entry, int code, const char *text, size_t size);

#endif
