/*
 * Runs: what was handed to the network and is not wholly sent.
 *
 * Order: add; pieces, sent; drop when the connection is gone.
 * Invariant: a run holds whole messages; a message begins with a method frame and has no other one.
 */
#include "ledger_runs.h"

#include "protocol/frame.h"

static struct run *run_at(struct runs *runs, unsigned i)
{
    return &runs->items[(runs->first + i) % RUNS_MAX];
}

bool amqpext__runs_add(struct runs *runs, struct block *block, const char *message, size_t size)
{
    struct run *last = runs->count == 0 ? NULL : run_at(runs, runs->count - 1);

    if (last != NULL && last->block == block && last->data + last->size == message) {
        last->size += size;
    } else if (runs->count == RUNS_MAX) {
        return false;
    } else {
        *run_at(runs, runs->count++) = (struct run){.block = block, .data = message, .size = size};
        amqpext__blocks_pin(block);
    }
    runs->unsent += size;
    return true;
}

unsigned amqpext__runs_pieces(const struct runs *runs, struct iovec *pieces, unsigned max)
{
    unsigned i;

    for (i = 0; i < runs->count && i < max; i++) {
        const struct run *run = &runs->items[(runs->first + i) % RUNS_MAX];

        pieces[i].iov_base = (char *)(uintptr_t)(run->data + run->sent);
        pieces[i].iov_len = run->size - run->sent;
    }
    return i;
}

static size_t frame_size(const unsigned char *frame)
{
    return ((size_t)frame[3] << 24 | (size_t)frame[4] << 16 | (size_t)frame[5] << 8 | frame[6]) +
           FRAME_OVERHEAD;
}

/* Where the message that begins at `start` of a run ends. */
static size_t message_end(const struct run *run, size_t start)
{
    const unsigned char *data = (const unsigned char *)run->data;
    size_t end = start;

    do
        end += frame_size(data + end);
    while (end < run->size && data[end] != FRAME_METHOD);
    return end;
}

/* How much is missing of the message that `sent` is in; 0 where it is in none. */
static size_t missing(struct run *run)
{
    size_t end = run->boundary;

    while (end < run->sent) {
        run->boundary = end;
        end = message_end(run, end);
    }
    return end - run->sent;
}

size_t amqpext__runs_sent(struct runs *runs, struct blocks *blocks, size_t n)
{
    runs->unsent -= n;
    while (n != 0) {
        struct run *run = run_at(runs, 0);
        const size_t left = run->size - run->sent;

        if (n < left) {
            run->sent += n;
            return missing(run);
        }
        n -= left;
        amqpext__blocks_unpin(blocks, run->block);
        runs->first = (runs->first + 1) % RUNS_MAX;
        runs->count--;
    }
    return runs->count == 0 ? 0 : missing(run_at(runs, 0));
}

void amqpext__runs_drop(struct runs *runs, struct blocks *blocks)
{
    while (runs->count != 0) {
        amqpext__blocks_unpin(blocks, run_at(runs, 0)->block);
        runs->first = (runs->first + 1) % RUNS_MAX;
        runs->count--;
    }
    runs->unsent = 0;
}
