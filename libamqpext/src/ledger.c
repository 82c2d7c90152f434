/*
 * Ledger: what is kept, from being added to being released.
 *
 * Order: init; add; (ledger_send.c sends, ledger_outcome.c decides); take_decided; release; free.
 * Invariant: the list holds undecided entries by serial, sent ones before unsent ones; tags of sent
 * ones grow along it and each is in the map; bytes, n_undecided and n_sent count what is in it.
 */
#include "ledger.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "histogram.h"
#include "protocol/send.h"

void amqpext__ledger_init(struct ledger *ledger, const struct ledger_limits *limits,
                          uint32_t frame_max)
{
    memset(ledger, 0, sizeof(*ledger));
    ledger->limits = *limits;
    ledger->frame_max = frame_max;
    ledger->framed_max = frame_max;
    ledger->min_deadline_us = NEVER;
}

static void give_list(struct ledger *ledger, struct entry *entry)
{
    while (entry != NULL) {
        struct entry *next = entry->next;

        amqpext__entries_give(&ledger->entries, entry);
        entry = next;
    }
}

void amqpext__ledger_free(struct ledger *ledger)
{
    give_list(ledger, ledger->first);
    give_list(ledger, ledger->decided);
    amqpext__entries_free(&ledger->entries);
    amqpext__blocks_free(&ledger->blocks);
    amqpext__tags_free(&ledger->tags);
}

bool amqpext__ledger_is_untold_full(const struct ledger *ledger)
{
    /* Those that are just being told do not count: their callbacks may publish. */
    return ledger->n_untold >= (size_t)ledger->limits.max_messages + LEDGER_TELL_MAX;
}

bool amqpext__ledger_has_room(const struct ledger *ledger, size_t size)
{
    const size_t taken = ledger->bytes + ledger->reserved_bytes;

    return ledger->n_undecided + ledger->reserved < ledger->limits.max_messages &&
           !amqpext__ledger_is_untold_full(ledger) && taken <= ledger->limits.max_bytes &&
           ledger->limits.max_bytes - taken >= size;
}

void amqpext__ledger_reserve(struct ledger *ledger, size_t size)
{
    ledger->reserved++;
    ledger->reserved_bytes += size;
}

void amqpext__ledger_unreserve(struct ledger *ledger, size_t size)
{
    ledger->reserved--;
    ledger->reserved_bytes -= size;
}

static void append(struct ledger *ledger, struct entry *entry)
{
    entry->previous = ledger->last;
    if (ledger->last != NULL)
        ledger->last->next = entry;
    else
        ledger->first = entry;
    ledger->last = entry;
    if (ledger->unsent == NULL)
        ledger->unsent = entry;
    ledger->n_undecided++;
    ledger->bytes += entry->size;
    entry->serial = ++ledger->serial;
    if (entry->deadline_us < ledger->min_deadline_us)
        ledger->min_deadline_us = entry->deadline_us;
}

static void unlink_entry(struct ledger *ledger, struct entry *entry)
{
    if (entry->previous != NULL)
        entry->previous->next = entry->next;
    else
        ledger->first = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    else
        ledger->last = entry->previous;
    if (ledger->unsent == entry)
        ledger->unsent = entry->next;
    if (ledger->returned == entry)
        ledger->returned = entry->next;
    ledger->n_undecided--;
    ledger->bytes -= entry->size;
}

/* Moves what is left in mostly empty blocks to full ones; what finds no memory stays. */
static void squeeze(struct ledger *ledger)
{
    struct entry *entry;

    amqpext__blocks_mark_sparse(&ledger->blocks);
    for (entry = ledger->first; entry != NULL; entry = entry->next) {
        struct block *from = entry->block;
        char *place;

        if (!from->is_sparse)
            continue;
        place = amqpext__blocks_add(&ledger->blocks, entry->message, entry->size, &entry->block);
        if (place == NULL)
            return;
        entry->message = place;
        amqpext__blocks_remove(&ledger->blocks, from, entry->size);
    }
}

/* A message framed for larger frames than the broker takes by now, in a block of its own. */
static enum amqpext_status split(struct bytes frames, uint32_t frame_max, struct block **out,
                                 struct amqpext_error *error)
{
    struct text text = {.data = NULL};
    const bool fits = amqpext__publish_split(frames, frame_max, &text);
    enum amqpext_status status = AMQPEXT_OK;

    if (fits)
        *out = amqpext__block_new(text.size);
    if (fits && *out != NULL)
        memcpy((*out)->data, text.data, text.size);
    else if (fits || text.failed)
        status = amqpext__fail_memory(error);
    else
        status = amqpext__fail(error, AMQPEXT_ETOOLARGE,
                               "the headers of the message do not fit into a frame of %u bytes",
                               (unsigned)frame_max);
    text_free(&text);
    return status;
}

/* Puts the message into a block. On success the message's own block, if any, is the ledger's. */
static enum amqpext_status store(struct ledger *ledger, const struct new_message *message,
                                 struct entry *entry, struct amqpext_error *error)
{
    struct block *block = message->block;
    struct bytes frames = message->frames;
    enum amqpext_status status;

    if (block != NULL)
        frames = (struct bytes){block->data, block->capacity};
    if (message->frame_max > ledger->frame_max && frames.size > ledger->frame_max) {
        status = split(frames, ledger->frame_max, &block, error);
        if (status != AMQPEXT_OK)
            return status;
        amqpext__block_free(message->block);
    }
    if (block != NULL) {
        amqpext__blocks_adopt(&ledger->blocks, block);
        entry->message = block->data;
        entry->size = block->capacity;
        entry->block = block;
        return AMQPEXT_OK;
    }
    entry->size = frames.size;
    entry->message = amqpext__blocks_add(&ledger->blocks, frames.data, frames.size, &entry->block);
    return entry->message == NULL ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

static void describe(struct entry *entry, const struct new_message *message)
{
    entry->is_mandatory = message->is_mandatory;
    entry->published_us = message->published_us;
    entry->deadline_us = message->deadline_us;
    entry->done = message->done;
    entry->data = message->data;
    entry->wait = message->wait;
    entry->owner = message->owner;
}

enum amqpext_status amqpext__ledger_add(struct ledger *ledger, const struct new_message *message,
                                        bool *is_first, struct amqpext_error *error)
{
    struct entry *entry = amqpext__entries_take(&ledger->entries, message->id);
    enum amqpext_status status;

    if (entry == NULL)
        return amqpext__fail_memory(error);
    if (amqpext__tags_reserve(&ledger->tags, ledger->entries.total))
        status = store(ledger, message, entry, error);
    else
        status = amqpext__fail_memory(error);
    if (status != AMQPEXT_OK) {
        amqpext__entries_give(&ledger->entries, entry);
        return status;
    }
    describe(entry, message);
    *is_first = ledger->unsent == NULL && ledger->runs.count == 0;
    append(ledger, entry);
    ledger->figures.published++;
    if (entry->block->messages == 1 && amqpext__blocks_are_wasteful(&ledger->blocks))
        squeeze(ledger);
    return AMQPEXT_OK;
}

static void count(struct ledger *ledger, const struct entry *entry, enum amqpext_result result)
{
    struct amqpext_producer_stats *figures = &ledger->figures;

    switch (result) {
    case AMQPEXT_CONFIRMED:
        figures->confirmed++;
        amqpext__histogram_add(&figures->confirm_latency, entry->latency_us);
        break;
    case AMQPEXT_RETURNED: figures->returned++; break;
    case AMQPEXT_REFUSED: figures->refused++; break;
    case AMQPEXT_EXPIRED: figures->expired++; break;
    case AMQPEXT_CANCELLED: figures->cancelled++; break;
    }
}

static void add_decided(struct ledger *ledger, struct entry *entry)
{
    entry->next = NULL;
    if (ledger->decided == NULL)
        ledger->decided = entry;
    else
        ledger->decided_last->next = entry;
    ledger->decided_last = entry;
    ledger->n_untold++;
    if (entry->done != NULL)
        ledger->to_tell++;
}

void amqpext__ledger_decide(struct ledger *ledger, struct entry *entry, enum amqpext_result result,
                            enum amqpext_status status, uint64_t now_us)
{
    unlink_entry(ledger, entry);
    if (entry->tag != 0) {
        amqpext__tags_remove(&ledger->tags, entry);
        ledger->n_sent--;
    }
    if (entry->is_suspect)
        ledger->isolation.suspects--;
    amqpext__blocks_remove(&ledger->blocks, entry->block, entry->size);
    /* The caller's clock is that of its turn, which may have begun before the publish. */
    entry->latency_us = now_us > entry->published_us ? now_us - entry->published_us : 0;
    entry->result = (unsigned char)result;
    entry->status = status;
    count(ledger, entry, result);
    if (entry->done != NULL || entry->wait != NULL)
        add_decided(ledger, entry);
    else
        amqpext__entries_give(&ledger->entries, entry);
}

struct entry *amqpext__ledger_take_decided(struct ledger *ledger, size_t max)
{
    struct entry *first = ledger->decided;
    struct entry *last = NULL;

    while (ledger->decided != NULL && max-- != 0) {
        last = ledger->decided;
        ledger->decided = last->next;
    }
    if (last != NULL)
        last->next = NULL;
    return first;
}

void amqpext__ledger_release(struct ledger *ledger, struct entry *entry)
{
    ledger->n_untold--;
    amqpext__entries_give(&ledger->entries, entry);
}

uint64_t amqpext__ledger_oldest(const struct ledger *ledger)
{
    return ledger->first == NULL ? UINT64_MAX : ledger->first->serial;
}

void amqpext__ledger_figures(const struct ledger *ledger, struct amqpext_producer_stats *out)
{
    *out = ledger->figures;
    out->size = sizeof(*out);
    out->pending = ledger->n_undecided;
    out->pending_bytes = ledger->bytes;
    out->unconfirmed = ledger->n_sent;
    out->memory_bytes = ledger->blocks.memory + amqpext__entries_memory(&ledger->entries) +
                        ledger->tags.n_buckets * sizeof(struct entry *);
}
