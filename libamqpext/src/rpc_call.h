/*
 * Call: a request under way, from the program that makes it until its reply is told.
 *
 * Made and framed on the thread of the program, then the I/O thread's; told as a job, or to a
 * thread that waits.
 */
#ifndef AMQPEXT_SRC_RPC_CALL_H
#define AMQPEXT_SRC_RPC_CALL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <amqpext/rpc.h>

#include "jobs.h"
#include "protocol/content.h"

/* When the caller stops waiting, in milliseconds since 1970-01-01 UTC. */
#define HEADER_DEADLINE "x-amqpext-deadline"
/* On a reply: what went wrong, in place of a payload. */
#define HEADER_ERROR "x-amqpext-error"

/* A request as it goes over the wire; its call may be over before it is gone. */
struct rpc_request {
    struct rpc_request *next, *previous; /* of the queue */
    struct rpc_call *call; /* NULL: nobody waits for the reply any more */
    uint32_t frame_max; /* what it was framed for */
    bool is_gathered; /* the link has been given its address */
    size_t size;
    char *frames;
};

struct rpc_call {
    struct job job;
    struct amqpext_rpc_client *client;
    struct rpc_call *next, *previous; /* of the calls that are under way */
    struct rpc_call *next_in_bucket;
    uint64_t number; /* its correlation id */
    uint64_t begun_us, deadline_us;
    unsigned timeout_ms;
    struct rpc_request *request; /* NULL once it is gone */
    bool is_sent; /* in part at least */
    amqpext_rpc_reply_fn done; /* NULL: nobody is told */
    void *data;
    /* The outcome: */
    struct content *content; /* the reply, or NULL */
    struct amqpext_error error;
    /* With a thread that waits: behind the client's lock. */
    bool is_waited_for;
    bool is_over;
    pthread_cond_t over;
};

/* What a call is made of; everything is borrowed. */
struct rpc_draft {
    const char *exchange, *routing_key;
    const void *body;
    size_t body_size;
    const char *content_type; /* where the options name none */
    const struct amqpext_rpc_call_options *options; /* with a timeout */
    uint64_t number;
    uint32_t frame_max;
};

/* Errors: AMQPEXT_EINVALID, AMQPEXT_ETOOLARGE, AMQPEXT_ENOMEM, AMQPEXT_ERESOURCES. */
enum amqpext_status amqpext__rpc_call_new(const struct rpc_draft *draft, struct rpc_call **out,
                                          struct amqpext_error *error);
/* Its request is freed too, unless it is in a queue. */
void amqpext__rpc_call_free(struct rpc_call *call);
void amqpext__rpc_request_free(struct rpc_request *request);

/* The number that a correlation id stands for; 0: none of ours. */
uint64_t amqpext__rpc_number(const char *correlation_id);

#endif
