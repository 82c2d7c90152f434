/*
 * Options of a producer: copied, checked, with their defaults.
 *
 * Order: configure, once.
 */
#include <string.h>

#include "error.h"
#include "producer.h"
#include "properties.h"
#include "serializer.h"

_Static_assert(offsetof(struct amqpext_producer_options, callbacks) +
                       sizeof(enum amqpext_callbacks) ==
                   sizeof(struct amqpext_producer_options),
               "there is no hole at the end of struct amqpext_producer_options");

/* As many messages as a fast program publishes while the broker takes a breath. */
#define DEFAULT_MAX_MESSAGES 10000
#define DEFAULT_MAX_BYTES ((size_t)64 * 1024 * 1024)
/* Longer than a broker's short pause, shorter than most callers' patience. */
#define DEFAULT_FULL_TIMEOUT_MS 10000

static enum amqpext_status copy_exchange(struct amqpext_producer *producer,
                                         const struct amqpext_producer_options *options,
                                         struct amqpext_error *error)
{
    const struct amqpext_exchange exchange = {
        .name = options->exchange == NULL ? "" : options->exchange,
        .type = options->exchange_type,
        .declare = options->exchange_declare,
        .arguments = options->exchange_arguments,
    };

    return amqpext__exchange_copy(&producer->arena, &exchange, &producer->exchange, error);
}

static enum amqpext_status copy_routing_key(struct amqpext_producer *producer,
                                            const struct amqpext_producer_options *options,
                                            struct amqpext_error *error)
{
    const char *routing_key = options->routing_key == NULL ? "" : options->routing_key;

    if (strlen(routing_key) > SHORT_TEXT_MAX)
        return amqpext__fail(error, AMQPEXT_EINVALID, "the routing key has more than %d bytes",
                             SHORT_TEXT_MAX);
    producer->routing_key = arena_string(&producer->arena, routing_key);
    return producer->routing_key == NULL ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

static enum amqpext_status check_choices(const struct amqpext_producer_options *options,
                                         struct amqpext_error *error)
{
    if ((unsigned)options->when_full > AMQPEXT_WHEN_FULL_DROP_OLDEST)
        return amqpext__fail(error, AMQPEXT_EINVALID, "there is no policy %u for a full buffer",
                             (unsigned)options->when_full);
    if ((unsigned)options->callbacks > AMQPEXT_CALLBACKS_DISPATCH)
        return amqpext__fail(error, AMQPEXT_EINVALID, "there is no place %u for callbacks",
                             (unsigned)options->callbacks);
    return AMQPEXT_OK;
}

static enum amqpext_status copy_topology(struct amqpext_producer *producer,
                                         const struct amqpext_producer_options *options,
                                         struct amqpext_error *error)
{
    struct amqpext_topology *topology = &producer->topology;
    enum amqpext_status status =
        amqpext__topology_copy(&producer->arena, options->topology, topology, error);
    size_t i;

    for (i = 0; status == AMQPEXT_OK && i < topology->n_bindings; i++) {
        const struct amqpext_binding *binding = &topology->bindings[i];

        /* The broker would take the queue that happened to be declared last. */
        if (binding->to_queue == NULL && binding->to_exchange == NULL)
            status = amqpext__fail(error, AMQPEXT_EINVALID,
                                   "a binding of exchange '%s' needs to_queue or to_exchange: a "
                                   "producer has no queue of its own",
                                   binding->exchange);
    }
    return status;
}

static void fill_defaults(struct amqpext_producer *producer,
                          const struct amqpext_producer_options *options,
                          struct ledger_limits *limits)
{
    producer->when_full = options->when_full;
    producer->full_timeout_ms =
        options->full_timeout_ms == 0 ? DEFAULT_FULL_TIMEOUT_MS : options->full_timeout_ms;
    producer->message_timeout_ms = options->message_timeout_ms;
    producer->fail_when_blocked = options->fail_when_blocked;
    producer->callbacks = options->callbacks == AMQPEXT_CALLBACKS_DEFAULT
                              ? AMQPEXT_CALLBACKS_IO_THREAD
                              : options->callbacks;
    limits->max_messages =
        options->max_messages == 0 ? DEFAULT_MAX_MESSAGES : options->max_messages;
    limits->max_bytes = options->max_bytes == 0 ? DEFAULT_MAX_BYTES : options->max_bytes;
    limits->max_unconfirmed = options->max_unconfirmed;
}

enum amqpext_status amqpext__producer_configure(struct amqpext_producer *producer,
                                                const struct amqpext_producer_options *options,
                                                struct ledger_limits *limits,
                                                struct amqpext_error *error)
{
    enum amqpext_status status = check_choices(options, error);

    if (status == AMQPEXT_OK)
        status = amqpext__serializer_resolve(options->serializer, options->custom_serializer,
                                             &producer->serializer, error);
    if (status == AMQPEXT_OK)
        status = copy_exchange(producer, options, error);
    if (status == AMQPEXT_OK)
        status = copy_routing_key(producer, options, error);
    if (status == AMQPEXT_OK)
        status = copy_topology(producer, options, error);
    fill_defaults(producer, options, limits);
    return status;
}
