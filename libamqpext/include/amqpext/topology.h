/*
 * Exchanges, queues and bindings, declared by producers and consumers on every connect, so that
 * what is missing is made again. Nothing is recorded: what the structures say is what is declared.
 *
 * All structures are copied where they are taken. Zero of every member means its default; the
 * defaults are durable objects.
 */
#ifndef AMQPEXT_TOPOLOGY_H
#define AMQPEXT_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>
#include <amqpext/table.h>

AMQPEXT_BEGIN_DECLS

enum amqpext_declare {
    AMQPEXT_DECLARE =
        0, /* make it unless it is there; other properties are AMQPEXT_EPRECONDITION */
    AMQPEXT_PASSIVE = 1, /* it must be there, with whatever properties */
    AMQPEXT_NO_DECLARE = 2 /* take it as given without asking */
};

struct amqpext_exchange {
    const char *name;
    const char *type; /* "topic" (default), "direct", "fanout", "headers" or of a plug-in */
    enum amqpext_declare declare;
    bool transient; /* gone when the broker restarts */
    bool auto_delete; /* gone with its last binding */
    bool internal; /* only other exchanges publish to it */
    const struct amqpext_table *arguments;
    uint64_t reserved[4];
};

enum amqpext_queue_type {
    AMQPEXT_QUEUE_DEFAULT = 0, /* nothing is said: what the broker or its policy makes */
    AMQPEXT_QUEUE_CLASSIC = 1,
    AMQPEXT_QUEUE_QUORUM = 2 /* replicated; always durable, never exclusive */
};

struct amqpext_queue {
    const char *name; /* "" lets the broker choose: needs `exclusive` or `auto_delete` */
    enum amqpext_queue_type type;
    enum amqpext_declare declare;
    bool transient;
    bool exclusive; /* of this connection, gone with it */
    bool auto_delete; /* gone with its last consumer */
    bool single_active_consumer; /* one consumer gets everything, the others wait */
    bool reject_when_full; /* publishes beyond a length are refused; else the oldest are dropped */
    /* Each 0: not set. */
    unsigned delivery_limit; /* quorum: returns after which a message is dead-lettered */
    unsigned max_priority; /* classic: 1 to 255, few are better */
    uint64_t max_length; /* messages */
    uint64_t max_length_bytes;
    uint64_t message_ttl_ms;
    uint64_t expires_ms; /* without use */
    const char *dead_letter_exchange; /* NULL: none; "" the default exchange */
    const char *dead_letter_routing_key;
    /* Further ones as the broker names them; they win over the members above. */
    const struct amqpext_table *arguments;
    uint64_t reserved[4];
};

/* Binds a queue, or an exchange where `to_exchange` is set, to an exchange. */
struct amqpext_binding {
    const char *exchange; /* source */
    const char *to_queue; /* NULL: the queue of the consumer; a producer has none */
    const char *to_exchange;
    const char *routing_key;
    const struct amqpext_table *arguments;
    uint64_t reserved[2];
};

/*
 * What is declared besides the exchange and queue of a producer or consumer: exchanges, then
 * queues, then bindings, each in the order given.
 */
struct amqpext_topology {
    size_t size; /* sizeof(struct amqpext_topology) */
    const struct amqpext_exchange *exchanges;
    size_t n_exchanges;
    const struct amqpext_queue *queues;
    size_t n_queues;
    const struct amqpext_binding *bindings;
    size_t n_bindings;
};

#define AMQPEXT_TOPOLOGY_INIT AMQPEXT_INIT_(amqpext_topology)

AMQPEXT_END_DECLS

#endif
