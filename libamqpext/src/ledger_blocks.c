/*
 * Blocks: memory for messages on their way.
 *
 * Order: add or adopt; pin while a piece is on its way, unpin; remove.
 * Invariant: a block is in the list, or is the spare one; one in the list has a message, or is
 * pinned, or is the current one.
 */
#include "ledger_blocks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Blocks that may be held beyond twice the messages: the current one, the spare one, one that is
 * being sent, one that is being confirmed.
 */
enum { BLOCKS_AT_EASE = 4 };

static size_t memory_of(const struct block *block)
{
    return sizeof(*block) + block->capacity;
}

struct block *amqpext__block_new(size_t size)
{
    struct block *block = size > SIZE_MAX - sizeof(*block) ? NULL : malloc(sizeof(*block) + size);

    if (block == NULL)
        return NULL;
    memset(block, 0, sizeof(*block));
    block->capacity = size;
    return block;
}

void amqpext__block_free(struct block *block)
{
    free(block);
}

static void link_block(struct blocks *blocks, struct block *block)
{
    block->previous = NULL;
    block->next = blocks->first;
    if (blocks->first != NULL)
        blocks->first->previous = block;
    blocks->first = block;
}

static void unlink_block(struct blocks *blocks, struct block *block)
{
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        blocks->first = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
}

/* Frees a block that nobody needs, or keeps it for the next need. */
static void retire(struct blocks *blocks, struct block *block)
{
    unlink_block(blocks, block);
    if (blocks->spare == NULL && block->capacity == BLOCK_SIZE) {
        blocks->spare = block;
        return;
    }
    blocks->memory -= memory_of(block);
    amqpext__block_free(block);
}

static void retire_if_unused(struct blocks *blocks, struct block *block)
{
    if (block->messages != 0 || block->pins != 0)
        return;
    block->used = 0;
    block->is_sparse = false;
    if (block != blocks->current)
        retire(blocks, block);
}

static void count_message(struct blocks *blocks, struct block *block, size_t size)
{
    block->used += size;
    block->live += size;
    block->messages++;
    blocks->live += size;
}

void amqpext__blocks_adopt(struct blocks *blocks, struct block *block)
{
    link_block(blocks, block);
    blocks->memory += memory_of(block);
    count_message(blocks, block, block->capacity);
}

/* Makes an empty block the current one; false when memory ran out. */
static bool renew_current(struct blocks *blocks)
{
    struct block *before = blocks->current;
    struct block *block = blocks->spare;

    if (block == NULL) {
        block = amqpext__block_new(BLOCK_SIZE);
        if (block == NULL)
            return false;
        blocks->memory += memory_of(block);
    }
    blocks->spare = NULL;
    link_block(blocks, block);
    blocks->current = block;
    if (before != NULL)
        retire_if_unused(blocks, before);
    return true;
}

char *amqpext__blocks_add(struct blocks *blocks, const char *data, size_t size, struct block **out)
{
    struct block *block = blocks->current;
    char *place;

    if (block == NULL || block->capacity - block->used < size) {
        if (!renew_current(blocks))
            return NULL;
        block = blocks->current;
    }
    place = block->data + block->used;
    memcpy(place, data, size);
    count_message(blocks, block, size);
    *out = block;
    return place;
}

void amqpext__blocks_remove(struct blocks *blocks, struct block *block, size_t size)
{
    block->live -= size;
    block->messages--;
    blocks->live -= size;
    if (block->messages == 0)
        retire_if_unused(blocks, block);
}

void amqpext__blocks_pin(struct block *block)
{
    block->pins++;
}

void amqpext__blocks_unpin(struct blocks *blocks, struct block *block)
{
    block->pins--;
    retire_if_unused(blocks, block);
}

bool amqpext__blocks_are_wasteful(const struct blocks *blocks)
{
    const size_t at_ease = BLOCKS_AT_EASE * (BLOCK_SIZE + sizeof(struct block));

    return blocks->memory > at_ease && (blocks->memory - at_ease) / 2 > blocks->live;
}

void amqpext__blocks_mark_sparse(struct blocks *blocks)
{
    struct block *block;

    for (block = blocks->first; block != NULL; block = block->next)
        block->is_sparse =
            block != blocks->current && block->pins == 0 && block->live < block->capacity / 2;
}

void amqpext__blocks_free(struct blocks *blocks)
{
    while (blocks->first != NULL) {
        struct block *block = blocks->first;

        blocks->first = block->next;
        amqpext__block_free(block);
    }
    amqpext__block_free(blocks->spare);
    memset(blocks, 0, sizeof(*blocks));
}
