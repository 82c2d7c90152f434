/*
 * RPC client: calls, the link that carries them, and who is told.
 *
 * Programs add calls to `incoming` behind the lock; the I/O thread takes them from there, and what
 * it knows of them nobody else sees. A call counts as pending until it has been told.
 */
#ifndef AMQPEXT_SRC_RPC_CLIENT_H
#define AMQPEXT_SRC_RPC_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "arena.h"
#include "link.h"
#include "rpc_call.h"
#include "rpc_queue.h"
#include "state_teller.h"

struct amqpext_rpc_client {
    /* Made once. */
    struct arena arena;
    const char *exchange;
    const struct amqpext_serializer *serializer;
    unsigned timeout_ms, max_pending;
    enum amqpext_callbacks callbacks; /* not DEFAULT */
    struct link *link;
    struct jobs *jobs;
    struct state_teller teller;
    bool has_teller;

    _Atomic uint64_t last_number;

    pthread_mutex_t lock;
    pthread_cond_t idle; /* nothing is pending */
    struct rpc_call *incoming_first, *incoming_last;
    struct amqpext_rpc_stats figures; /* `pending` counts what max_pending limits */
    struct amqpext_error last_error; /* why there is no connection */
    bool is_closing;

    /* [I/O] */
    bool has_epoch;
    struct rpc_queue queue;
    struct rpc_call *first, *last; /* under way, sent or not */
    struct rpc_call **buckets; /* the same by number */
    size_t n_buckets; /* a power of two */
    uint64_t due_us; /* not later than the first deadline */
    bool is_finished;
};

extern const struct link_owner amqpext__rpc_owner;

/* Runs as a job: tells the program. */
void amqpext__rpc_tell(struct job *job);
/* The outcome of a call that is over, as the program sees it; *payload is to be freed. */
void amqpext__rpc_read_reply(const struct amqpext_rpc_client *client, struct rpc_call *call,
                             json_t **payload);
/* It was told: it does not count any more, and is freed. */
void amqpext__rpc_call_end(struct rpc_call *call);

#endif
