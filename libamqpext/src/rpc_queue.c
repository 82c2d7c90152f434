/*
 * Queue of requests.
 *
 * Invariant: a request of which a byte was sent is the first, and its call knows; one whose call is
 * over is in the queue only while the link may hold its address.
 */
#include "rpc_queue.h"

#include <stdlib.h>

#include "error.h"
#include "protocol/send.h"

void amqpext__rpc_queue_add(struct rpc_queue *queue, struct rpc_request *request)
{
    request->next = NULL;
    request->previous = queue->last;
    if (queue->last == NULL)
        queue->first = request;
    else
        queue->last->next = request;
    queue->last = request;
}

static void discard(struct rpc_queue *queue, struct rpc_request *request)
{
    if (request->previous == NULL)
        queue->first = request->next;
    else
        request->previous->next = request->next;
    if (request->next == NULL)
        queue->last = request->previous;
    else
        request->next->previous = request->previous;
    if (request->call != NULL)
        request->call->request = NULL;
    amqpext__rpc_request_free(request);
}

void amqpext__rpc_queue_forget(struct rpc_queue *queue, struct rpc_request *request)
{
    if (!request->is_gathered) {
        discard(queue, request);
        return;
    }
    request->call->request = NULL;
    request->call = NULL;
}

unsigned amqpext__rpc_queue_gather(struct rpc_queue *queue, struct iovec *pieces, unsigned max)
{
    struct rpc_request *request = queue->first;
    size_t sent = queue->sent;
    unsigned n = 0;

    for (; request != NULL && n < max; request = request->next) {
        pieces[n].iov_base = request->frames + sent;
        pieces[n].iov_len = request->size - sent;
        request->is_gathered = true;
        sent = 0;
        n++;
    }
    return n;
}

size_t amqpext__rpc_queue_sent(struct rpc_queue *queue, size_t n)
{
    queue->sent += n;
    while (queue->first != NULL && queue->sent >= queue->first->size) {
        queue->sent -= queue->first->size;
        if (queue->first->call != NULL)
            queue->first->call->is_sent = true;
        discard(queue, queue->first);
    }
    if (queue->sent == 0)
        return 0;
    if (queue->first->call != NULL)
        queue->first->call->is_sent = true;
    return queue->first->size - queue->sent;
}

void amqpext__rpc_queue_lost(struct rpc_queue *queue)
{
    struct rpc_request *request;
    struct rpc_request *next;

    if (queue->sent != 0)
        discard(queue, queue->first);
    queue->sent = 0;
    for (request = queue->first; request != NULL; request = next) {
        next = request->next;
        request->is_gathered = false;
        if (request->call == NULL)
            discard(queue, request);
    }
}

enum amqpext_status amqpext__rpc_request_fit(struct rpc_request *request, uint32_t frame_max,
                                             struct amqpext_error *error)
{
    const struct bytes frames = {request->frames, request->size};
    struct text split = {NULL, 0, 0, false};

    if (request->frame_max <= frame_max)
        return AMQPEXT_OK;
    if (!amqpext__publish_split(frames, frame_max, &split)) {
        text_free(&split);
        return amqpext__fail(error, AMQPEXT_ETOOLARGE,
                             "a call does not fit into the frames of this broker");
    }
    free(request->frames);
    request->frames = text_take(&split, &request->size);
    request->frame_max = frame_max;
    return AMQPEXT_OK;
}
