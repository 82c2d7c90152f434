/*
 * Outcomes in the ledger: by the broker's word, by time, and by the program.
 *
 * Order: none; each decides entries that are undecided.
 * Invariant: an entry is decided once, since it is in the list, and in the map of tags, only as
 * long as it is undecided.
 */
#include <string.h>

#include "clock.h"
#include "ledger.h"

/*
 * Pauses between two searches for expired messages: they cost little, however many messages are
 * kept and whatever their deadlines.
 */
enum { SCAN_PAUSE_US = 10000, SCAN_PAUSE_US_PER_MESSAGE = 1 };

static void answer(struct ledger *ledger, struct entry *entry, bool is_nack, uint64_t now_us)
{
    if (entry->is_returned)
        amqpext__ledger_decide(ledger, entry, AMQPEXT_RETURNED, AMQPEXT_ERETURNED, now_us);
    else if (is_nack)
        amqpext__ledger_decide(ledger, entry, AMQPEXT_REFUSED, AMQPEXT_EREFUSED, now_us);
    else
        amqpext__ledger_decide(ledger, entry, AMQPEXT_CONFIRMED, AMQPEXT_OK, now_us);
}

/* Tag 0 means all that were sent. */
static void answer_up_to(struct ledger *ledger, uint64_t tag, bool is_nack, uint64_t now_us)
{
    while (ledger->first != ledger->unsent && (tag == 0 || ledger->first->tag <= tag))
        answer(ledger, ledger->first, is_nack, now_us);
}

bool amqpext__ledger_has_tag(const struct ledger *ledger, uint64_t tag, bool is_multiple)
{
    return tag <= ledger->last_tag && (tag != 0 || is_multiple);
}

bool amqpext__ledger_confirm(struct ledger *ledger, uint64_t tag, bool is_multiple, bool is_nack,
                             uint64_t now_us)
{
    struct entry *entry;

    if (!amqpext__ledger_has_tag(ledger, tag, is_multiple))
        return false;
    if (is_multiple) {
        answer_up_to(ledger, tag, is_nack, now_us);
        return true;
    }
    /* A message may have expired or been dropped under way: then nobody waits for this. */
    entry = amqpext__tags_find(&ledger->tags, tag);
    if (entry != NULL)
        answer(ledger, entry, is_nack, now_us);
    return true;
}

/* The first in the range that was not returned yet and has that id, or NULL. */
static struct entry *find_returned(struct entry *first, const struct entry *end, const char *id)
{
    struct entry *entry;

    for (entry = first; entry != end; entry = entry->next) {
        if (entry->is_mandatory && !entry->is_returned && strcmp(amqpext__entry_id(entry), id) == 0)
            return entry;
    }
    return NULL;
}

void amqpext__ledger_returned(struct ledger *ledger, const char *id, int code, struct bytes text)
{
    /* They come in the order of sending: the next is seldom far behind the last. */
    struct entry *hint = ledger->returned != NULL ? ledger->returned : ledger->first;
    struct entry *entry = NULL;

    if (hint == NULL || hint->tag == 0)
        hint = ledger->first;
    entry = find_returned(hint, ledger->unsent, id);
    if (entry == NULL)
        entry = find_returned(ledger->first, hint, id);
    if (entry == NULL)
        return;
    entry->is_returned = true;
    amqpext__entry_set_reply(entry, code, text.data, text.size);
    ledger->returned = entry->next;
}

uint64_t amqpext__ledger_due_us(const struct ledger *ledger)
{
    if (ledger->has_more)
        return 0;
    if (ledger->min_deadline_us == NEVER || ledger->min_deadline_us > ledger->next_scan_us)
        return ledger->min_deadline_us;
    return ledger->next_scan_us;
}

/* What ends without the broker's word may still be what it closes the channel for. */
static void give_up(struct ledger *ledger, struct entry *entry, enum amqpext_result result,
                    enum amqpext_status status, uint64_t now_us)
{
    if (entry->tag != 0)
        ledger->isolation.is_doubtful = true;
    amqpext__ledger_decide(ledger, entry, result, status, now_us);
}

void amqpext__ledger_expire(struct ledger *ledger, uint64_t now_us)
{
    struct entry *entry = ledger->first;
    uint64_t min_deadline_us = NEVER;

    if (now_us < ledger->min_deadline_us || now_us < ledger->next_scan_us)
        return;
    ledger->next_scan_us = now_us + SCAN_PAUSE_US + ledger->n_undecided * SCAN_PAUSE_US_PER_MESSAGE;
    while (entry != NULL) {
        struct entry *next = entry->next;

        if (entry->deadline_us <= now_us)
            give_up(ledger, entry, AMQPEXT_EXPIRED, AMQPEXT_ETIMEDOUT, now_us);
        else if (entry->deadline_us < min_deadline_us)
            min_deadline_us = entry->deadline_us;
        entry = next;
    }
    ledger->min_deadline_us = min_deadline_us;
}

bool amqpext__ledger_drop_oldest(struct ledger *ledger, uint64_t now_us)
{
    struct entry *entry = ledger->unsent != NULL ? ledger->unsent : ledger->first;

    if (entry == NULL)
        return false;
    give_up(ledger, entry, AMQPEXT_CANCELLED, AMQPEXT_ELIMIT, now_us);
    return true;
}

void amqpext__ledger_cancel_all(struct ledger *ledger, uint64_t now_us)
{
    while (ledger->first != NULL)
        give_up(ledger, ledger->first, AMQPEXT_CANCELLED, AMQPEXT_ECANCELLED, now_us);
}
