/*
 * Blocks: memory for messages as they go out on the wire, one behind the other, so that messages
 * that follow each other are sent as one piece and nothing is copied again.
 *
 * Small messages share blocks; a large one gets a block of its own, which is filled before it is
 * adopted. A block goes when its last message is removed and nobody has pinned it.
 */
#ifndef AMQPEXT_SRC_LEDGER_BLOCKS_H
#define AMQPEXT_SRC_LEDGER_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

/* Of a shared block: as much as a few calls of the system send. */
enum { BLOCK_SIZE = 256 * 1024 };
/* Messages beyond it get a block of their own, so that little is lost at the end of others. */
enum { SHARED_SIZE_MAX = 8 * 1024 };

struct block {
    struct block *next, *previous;
    size_t capacity, used;
    size_t live; /* bytes of messages that are kept */
    unsigned messages;
    unsigned pins; /* pieces of it that are on their way to the network */
    bool is_sparse; /* mostly forgotten messages: what is left is moved elsewhere */
    char data[];
};

struct blocks {
    struct block *first;
    struct block *current; /* where the next small message goes; NULL: nowhere yet */
    struct block *spare; /* empty, kept for the next need */
    size_t memory; /* of all blocks, their heads and the spare one included */
    size_t live; /* bytes of messages that are kept */
};

/* A block for one message of that size, to be filled by the caller; NULL when memory ran out. */
struct block *amqpext__block_new(size_t size);
void amqpext__block_free(struct block *block);

/* Takes over a block with one message that fills it. */
void amqpext__blocks_adopt(struct blocks *blocks, struct block *block);
/* Copies a small message; returns where it is, and its block, or NULL when memory ran out. */
char *amqpext__blocks_add(struct blocks *blocks, const char *data, size_t size, struct block **out);
/* Forgets a message of that size. */
void amqpext__blocks_remove(struct blocks *blocks, struct block *block, size_t size);

void amqpext__blocks_pin(struct block *block);
void amqpext__blocks_unpin(struct blocks *blocks, struct block *block);

/*
 * Whether more memory is held than twice the messages and some blocks: then mark_sparse chooses
 * blocks whose messages should be added again elsewhere and removed here.
 */
bool amqpext__blocks_are_wasteful(const struct blocks *blocks);
void amqpext__blocks_mark_sparse(struct blocks *blocks);

void amqpext__blocks_free(struct blocks *blocks);

#endif
