/*
 * Plan: what is sent, step by step, each after the answer to the one before, to make a fresh
 * channel ready: exchanges, queues, bindings, quality of service, confirms, consumers.
 *
 * A plan is written anew for every channel, since it depends on the broker; what its steps point to
 * belongs to the owner of the link and stays until the next plan.
 */
#ifndef AMQPEXT_SRC_PLAN_H
#define AMQPEXT_SRC_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/topology.h>

#include "arena.h"
#include "protocol/send.h"

/* The broker of the connection. */
struct broker {
    char name[64]; /* "RabbitMQ 3.10.8" */
    unsigned major, minor; /* 0, 0 when it is no RabbitMQ */
    uint32_t frame_max; /* negotiated */
    bool has_blocked, has_cancel_notify;
};

enum step_kind {
    STEP_EXCHANGE = 1,
    STEP_QUEUE,
    STEP_BINDING,
    STEP_QOS,
    STEP_CONFIRM_SELECT,
    STEP_CONSUME
};

struct step {
    enum step_kind kind;
    int mark; /* the owner's, given back when the step fails or is answered */
    union {
        const struct amqpext_exchange *exchange;
        const struct amqpext_queue *queue;
        struct {
            const struct amqpext_binding *binding;
            /* Where the binding names none; "" the last one declared; NULL: that is an error. */
            const char *queue;
        } binding;
        struct {
            uint16_t count;
            uint32_t size;
        } qos;
        struct consume consume;
    } as;
};

struct plan {
    struct arena arena; /* for whoever writes the plan */
    struct step *steps;
    size_t count, capacity;
    bool failed; /* memory ran out */
};

/*
 * Each adds a step; objects with AMQPEXT_NO_DECLARE, and the default exchange, add none. A
 * consumer, of which there is one at most, is moved to the end: deliveries begin with its answer,
 * and so does the epoch.
 */
void amqpext__plan_exchange(struct plan *plan, const struct amqpext_exchange *exchange, int mark);
void amqpext__plan_queue(struct plan *plan, const struct amqpext_queue *queue, int mark);
void amqpext__plan_binding(struct plan *plan, const struct amqpext_binding *binding,
                           const char *queue, int mark);
void amqpext__plan_topology(struct plan *plan, const struct amqpext_topology *topology,
                            const char *queue, int mark);
void amqpext__plan_qos(struct plan *plan, uint16_t count, uint32_t size);
void amqpext__plan_confirm_select(struct plan *plan);
void amqpext__plan_consume(struct plan *plan, const struct consume *consume, int mark);
void amqpext__plan_free(struct plan *plan);

/*
 * Deep copies into an arena, checked: names of at most 255 bytes, kinds that exist. NULL is
 * allowed.
 */
enum amqpext_status amqpext__exchange_copy(struct arena *arena, const struct amqpext_exchange *from,
                                           struct amqpext_exchange *to,
                                           struct amqpext_error *error);
enum amqpext_status amqpext__queue_copy(struct arena *arena, const struct amqpext_queue *from,
                                        struct amqpext_queue *to, struct amqpext_error *error);
enum amqpext_status amqpext__topology_copy(struct arena *arena, const struct amqpext_topology *from,
                                           struct amqpext_topology *to,
                                           struct amqpext_error *error);

#endif
