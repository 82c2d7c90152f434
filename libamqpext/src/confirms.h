/*
 * Confirms: what the broker has said since the ledger was last looked at, kept on the I/O thread so
 * that the ledger is locked once for many of them.
 */
#ifndef AMQPEXT_SRC_CONFIRMS_H
#define AMQPEXT_SRC_CONFIRMS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"

enum { CONFIRMS_MAX = 256 };

struct confirm {
    uint64_t tag;
    bool is_multiple, is_nack;
};

struct confirms {
    struct confirm items[CONFIRMS_MAX];
    unsigned count;
};

/* There must be room. `tag` was used and is not 0. */
void amqpext__confirms_add(struct confirms *confirms, uint64_t tag, bool is_multiple, bool is_nack);
bool amqpext__confirms_are_full(const struct confirms *confirms);
/* Tells the ledger all of them, in order, and empties the list. */
void amqpext__confirms_apply(struct confirms *confirms, struct ledger *ledger, uint64_t now_us);

#endif
