/*
 * Sending from the ledger: epochs, pieces for the network, and the search for a message that the
 * broker closes channels for.
 *
 * Order: begin; gather and sent, any number; lost.
 * Invariant: between epochs no entry has a tag, nothing is in the runs and everything is unsent.
 */
#include <string.h>

#include "error.h"
#include "ledger.h"
#include "protocol/send.h"

/* Handed out at a time: enough for a call of the system, little to be bound to send. */
enum { FLIGHT_BYTES = 128 * 1024 };
/*
 * Of replies of a connection: what the broker answers to something that it cannot make sense of.
 * Other reasons, such as its own shutdown, are nobody's fault.
 */
enum { HARD_ERROR_MIN = 501 };
/*
 * A closed channel is clear. A closed connection may be an accident, and is one message's fault
 * when it happens so often with that message alone under way.
 */
enum { STRIKES_CHANNEL = 1, STRIKES_CONNECTION = 3 };
/* Beyond it a batch is everything. */
enum { BATCH_MAX = 1 << 30 };

/* Frames a message anew; one whose headers do not fit is refused. False when memory ran out. */
static bool reframe(struct ledger *ledger, struct entry *entry, uint64_t now_us)
{
    struct text text = {.data = NULL};
    const bool fits = amqpext__publish_split((struct bytes){entry->message, entry->size},
                                             ledger->frame_max, &text);
    struct block *block = fits ? amqpext__block_new(text.size) : NULL;
    const bool has_failed = fits ? block == NULL : text.failed;

    if (block != NULL) {
        memcpy(block->data, text.data, text.size);
        ledger->bytes += text.size;
        ledger->bytes -= entry->size;
        amqpext__blocks_adopt(&ledger->blocks, block);
        amqpext__blocks_remove(&ledger->blocks, entry->block, entry->size);
        entry->block = block;
        entry->message = block->data;
        entry->size = text.size;
    } else if (!has_failed) {
        amqpext__ledger_decide(ledger, entry, AMQPEXT_REFUSED, AMQPEXT_ETOOLARGE, now_us);
    }
    text_free(&text);
    return !has_failed;
}

enum amqpext_status amqpext__ledger_begin(struct ledger *ledger, uint32_t frame_max,
                                          uint64_t now_us, struct amqpext_error *error)
{
    const bool is_smaller = frame_max < ledger->framed_max;
    struct entry *entry = ledger->first;

    ledger->last_tag = 0;
    ledger->has_more = false;
    ledger->frame_max = frame_max;
    while (is_smaller && entry != NULL) {
        struct entry *next = entry->next;

        if (entry->size > frame_max && !reframe(ledger, entry, now_us))
            return amqpext__fail_memory(error);
        entry = next;
    }
    ledger->framed_max = frame_max;
    return AMQPEXT_OK;
}

/* Whether the next message may be sent; begins the next batch when it is its turn. */
static bool may_send(struct ledger *ledger)
{
    struct isolation *isolation = &ledger->isolation;
    const unsigned max = ledger->limits.max_unconfirmed;

    if (max != 0 && ledger->n_sent >= max)
        return false;
    if (isolation->suspects == 0)
        return true;
    if (isolation->left == 0 && ledger->n_sent == 0) {
        if (isolation->batch < BATCH_MAX)
            isolation->batch *= 2;
        isolation->left = isolation->batch;
    }
    return isolation->left != 0;
}

static void mark_sent(struct ledger *ledger, struct entry *entry)
{
    entry->tag = ++ledger->last_tag;
    amqpext__tags_add(&ledger->tags, entry);
    ledger->n_sent++;
    ledger->unsent = entry->next;
    ledger->figures.sends++;
    if (entry->sends++ != 0)
        ledger->figures.resent++;
    if (ledger->isolation.suspects != 0)
        ledger->isolation.left--;
}

unsigned amqpext__ledger_gather(struct ledger *ledger, struct iovec *pieces, unsigned max)
{
    struct runs *runs = &ledger->runs;

    while (ledger->unsent != NULL && runs->unsent < FLIGHT_BYTES && may_send(ledger)) {
        struct entry *entry = ledger->unsent;

        if (!amqpext__runs_add(runs, entry->block, entry->message, entry->size))
            break;
        mark_sent(ledger, entry);
    }
    return amqpext__runs_pieces(runs, pieces, max);
}

size_t amqpext__ledger_sent(struct ledger *ledger, size_t n)
{
    const size_t missing = amqpext__runs_sent(&ledger->runs, &ledger->blocks, n);

    ledger->has_more = ledger->runs.count == 0 && ledger->unsent != NULL && may_send(ledger);
    return missing;
}

/* Takes the last batch for the reason: its messages become suspects, and the smallest is next. */
static void suspect(struct ledger *ledger)
{
    struct entry *entry;

    for (entry = ledger->first; entry != ledger->unsent; entry = entry->next) {
        if (!entry->is_suspect)
            ledger->isolation.suspects++;
        entry->is_suspect = true;
    }
}

static enum amqpext_status status_of(const struct amqpext_error *why)
{
    /* The broker's limit of sizes has no code of its own. */
    if (why->reply_code == 406 && strstr(why->message, "message size") != NULL)
        return AMQPEXT_ETOOLARGE;
    return why->status;
}

/* The only message under way was suspected before: it is the one. */
static void accuse(struct ledger *ledger, const struct amqpext_error *why, bool is_channel_only,
                   uint64_t now_us)
{
    struct entry *entry = ledger->first;

    if (ledger->n_sent != 1 || !entry->is_suspect || ledger->isolation.is_doubtful)
        return;
    entry->strikes++;
    if (entry->strikes < (is_channel_only ? STRIKES_CHANNEL : STRIKES_CONNECTION))
        return;
    amqpext__entry_set_reply(entry, why->reply_code, why->message, strlen(why->message));
    amqpext__ledger_decide(ledger, entry, AMQPEXT_REFUSED, status_of(why), now_us);
}

static void make_unsent(struct ledger *ledger)
{
    struct entry *entry;

    for (entry = ledger->first; entry != ledger->unsent; entry = entry->next) {
        entry->tag = 0;
        if (entry->is_returned)
            amqpext__entry_set_reply(entry, 0, NULL, 0);
        entry->is_returned = false;
    }
    amqpext__tags_clear(&ledger->tags);
    ledger->n_sent = 0;
    ledger->unsent = ledger->first;
    ledger->returned = NULL;
    ledger->has_more = false;
}

void amqpext__ledger_forget_runs(struct ledger *ledger)
{
    amqpext__runs_drop(&ledger->runs, &ledger->blocks);
}

void amqpext__ledger_lost(struct ledger *ledger, const struct amqpext_error *why,
                          bool is_channel_only, uint64_t now_us)
{
    amqpext__ledger_forget_runs(ledger);
    if (is_channel_only || why->reply_code >= HARD_ERROR_MIN) {
        accuse(ledger, why, is_channel_only, now_us);
        suspect(ledger);
    }
    ledger->isolation.batch = 1;
    ledger->isolation.left = 1;
    ledger->isolation.is_doubtful = false;
    make_unsent(ledger);
}
