/*
 * rabbitmq-c, of which only the encoders and decoders are used: sockets, frames and state are ours.
 */
#ifndef AMQPEXT_SRC_PROTOCOL_CODEC_H
#define AMQPEXT_SRC_PROTOCOL_CODEC_H

#if defined(__has_include)
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#define AMQPEXT_HAS_NEW_LAYOUT 1
#endif
#endif
#ifndef AMQPEXT_HAS_NEW_LAYOUT
#include <amqp.h>
#include <amqp_framing.h>
#endif

#include <stdalign.h>
#include <stddef.h>

#include "bytes.h"

/* Holds any method without a table, and the fields of most tables. */
enum { CODEC_PAGE_SIZE = 1024 };

/*
 * Where a decoder puts what it makes. Its first page is the caller's, so that memory is taken only
 * for what is larger: most messages have no such.
 */
struct codec_pool {
    amqp_pool_t pool;
    alignas(max_align_t) char page[CODEC_PAGE_SIZE];
};

static inline amqp_pool_t *codec_pool_open(struct codec_pool *pool)
{
    init_amqp_pool(&pool->pool, CODEC_PAGE_SIZE);
    pool->pool.alloc_block = pool->page;
    return &pool->pool;
}

static inline void codec_pool_close(struct codec_pool *pool)
{
    empty_amqp_pool(&pool->pool);
}

/* rabbitmq-c does not say const, and does not write to what it encodes or decodes. */
static inline amqp_bytes_t codec_bytes(struct bytes bytes)
{
    return (amqp_bytes_t){bytes.size, (void *)(uintptr_t)bytes.data};
}

static inline amqp_bytes_t codec_text(const char *text)
{
    return codec_bytes(bytes_of(text));
}

static inline struct bytes bytes_of_codec(amqp_bytes_t bytes)
{
    return (struct bytes){bytes.bytes, bytes.len};
}

#endif
