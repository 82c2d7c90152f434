/*
 * Queue of requests: what is to be sent, in order, and how much of it has been.
 *
 * Thread:  the I/O thread's.
 */
#ifndef AMQPEXT_SRC_RPC_QUEUE_H
#define AMQPEXT_SRC_RPC_QUEUE_H

#include <sys/uio.h>

#include "rpc_call.h"

/* Zero is an empty one. */
struct rpc_queue {
    struct rpc_request *first, *last;
    size_t sent; /* bytes of the first */
};

/* Takes the request over. */
void amqpext__rpc_queue_add(struct rpc_queue *queue, struct rpc_request *request);
/* Nobody waits for its reply: it goes unless the link has been given it. */
void amqpext__rpc_queue_forget(struct rpc_queue *queue, struct rpc_request *request);
/* For link_owner. */
unsigned amqpext__rpc_queue_gather(struct rpc_queue *queue, struct iovec *pieces, unsigned max);
size_t amqpext__rpc_queue_sent(struct rpc_queue *queue, size_t n);
/* The epoch is over: what was begun goes, what was not is sent in the next. */
void amqpext__rpc_queue_lost(struct rpc_queue *queue);
/*
 * Frames the request for a smaller frame_max. Errors: AMQPEXT_ETOOLARGE, its headers do not fit, or
 * memory ran out.
 */
enum amqpext_status amqpext__rpc_request_fit(struct rpc_request *request, uint32_t frame_max,
                                             struct amqpext_error *error);

#endif
