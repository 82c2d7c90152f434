/*
 * Confirms: a list that is filled without a lock and emptied under one.
 *
 * Order: add while it is not full; apply before anything else happens to the ledger.
 */
#include "confirms.h"

void amqpext__confirms_add(struct confirms *confirms, uint64_t tag, bool is_multiple, bool is_nack)
{
    struct confirm *last = confirms->count == 0 ? NULL : &confirms->items[confirms->count - 1];

    /* Of two that cover everything up to a tag, one is enough. */
    if (last != NULL && is_multiple && last->is_multiple && last->is_nack == is_nack &&
        last->tag <= tag)
        last->tag = tag;
    else
        confirms->items[confirms->count++] = (struct confirm){tag, is_multiple, is_nack};
}

bool amqpext__confirms_are_full(const struct confirms *confirms)
{
    return confirms->count == CONFIRMS_MAX;
}

void amqpext__confirms_apply(struct confirms *confirms, struct ledger *ledger, uint64_t now_us)
{
    unsigned i;

    for (i = 0; i < confirms->count; i++) {
        const struct confirm *item = &confirms->items[i];

        (void)amqpext__ledger_confirm(ledger, item->tag, item->is_multiple, item->is_nack, now_us);
    }
    confirms->count = 0;
}
