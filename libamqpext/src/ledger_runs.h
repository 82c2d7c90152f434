/*
 * Runs: pieces of blocks on their way to the network, in order. A run is one message or several
 * that lie behind each other; its block is pinned until the run has been sent or was dropped.
 */
#ifndef AMQPEXT_SRC_LEDGER_RUNS_H
#define AMQPEXT_SRC_LEDGER_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "ledger_blocks.h"

/* As many pieces as one call of the system is given. */
enum { RUNS_MAX = 64 };

struct run {
    struct block *block;
    const char *data;
    size_t size;
    size_t sent;
    size_t boundary; /* where the message begins that `sent` is in, or before */
};

struct runs {
    struct run items[RUNS_MAX]; /* a ring */
    unsigned first, count;
    size_t unsent; /* bytes */
};

/* Adds a whole message at the end; false when there is no room. */
bool amqpext__runs_add(struct runs *runs, struct block *block, const char *message, size_t size);
/* What is to be sent. Returns the number of pieces. */
unsigned amqpext__runs_pieces(const struct runs *runs, struct iovec *pieces, unsigned max);
/*
 * `n` bytes from the front were sent. Returns how many are missing to the end of the message under
 * way.
 */
size_t amqpext__runs_sent(struct runs *runs, struct blocks *blocks, size_t n);
void amqpext__runs_drop(struct runs *runs, struct blocks *blocks);

#endif
