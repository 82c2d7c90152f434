/*
 * Topology: deep copies of what programs declare, checked as far as it can be without a broker.
 *
 * Order: none; every function stands alone.
 * Invariant: a copy has no NULL where a name is meant, and lives as long as its arena.
 */
#include "plan.h"

#include <string.h>

#include "error.h"
#include "options.h"
#include "table.h"

/* Names have one byte for their length on the wire. */
#define NAME_MAX_SIZE 255
/* The broker takes one byte as well. */
#define PRIORITY_MAX 255

static enum amqpext_status copy_text(struct arena *arena, const char *from, const char *what,
                                     const char **to, struct amqpext_error *error)
{
    if (from != NULL && strlen(from) > NAME_MAX_SIZE)
        return amqpext__fail(error, AMQPEXT_EINVALID, "%s '%.32s…' has more than %d bytes", what,
                             from, NAME_MAX_SIZE);
    *to = arena_string(arena, from == NULL ? "" : from);
    return *to == NULL ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

static enum amqpext_status copy_table(struct arena *arena, const struct amqpext_table *from,
                                      const struct amqpext_table **to, struct amqpext_error *error)
{
    *to = amqpext__table_copy(arena, from);
    return from != NULL && *to == NULL ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

static enum amqpext_status check_declare(enum amqpext_declare declare, const char *what,
                                         const char *name, struct amqpext_error *error)
{
    switch (declare) {
    case AMQPEXT_DECLARE:
    case AMQPEXT_PASSIVE:
    case AMQPEXT_NO_DECLARE: return AMQPEXT_OK;
    }
    return amqpext__fail(error, AMQPEXT_EINVALID, "%s '%s': no such way to declare: %d", what, name,
                         (int)declare);
}

enum amqpext_status amqpext__exchange_copy(struct arena *arena, const struct amqpext_exchange *from,
                                           struct amqpext_exchange *to, struct amqpext_error *error)
{
    struct amqpext_exchange copy = *from;
    const bool has_type = from->type != NULL && from->type[0] != '\0';
    enum amqpext_status status =
        copy_text(arena, from->name, "the name of exchange", &copy.name, error);

    if (status == AMQPEXT_OK)
        status = copy_text(arena, has_type ? from->type : "topic", "the type of an exchange",
                           &copy.type, error);
    if (status == AMQPEXT_OK)
        status = copy_table(arena, from->arguments, &copy.arguments, error);
    if (status == AMQPEXT_OK)
        status = check_declare(from->declare, "exchange", copy.name, error);
    if (status == AMQPEXT_OK)
        *to = copy;
    return status;
}

static enum amqpext_status wrong_queue(struct amqpext_error *error,
                                       const struct amqpext_queue *queue, const char *why)
{
    return amqpext__fail(error, AMQPEXT_EINVALID, "queue '%.*s': %s", NAME_MAX_SIZE, queue->name,
                         why);
}

static enum amqpext_status check_numbers(const struct amqpext_queue *queue,
                                         struct amqpext_error *error)
{
    if (queue->max_priority > PRIORITY_MAX)
        return wrong_queue(error, queue, "max_priority is above 255");
    /* On the wire they are signed. */
    if (queue->max_length > INT64_MAX || queue->max_length_bytes > INT64_MAX ||
        queue->message_ttl_ms > INT64_MAX || queue->expires_ms > INT64_MAX)
        return wrong_queue(error, queue, "a number is out of range");
    return AMQPEXT_OK;
}

static enum amqpext_status check_type(const struct amqpext_queue *queue,
                                      struct amqpext_error *error)
{
    switch (queue->type) {
    case AMQPEXT_QUEUE_DEFAULT:
    case AMQPEXT_QUEUE_CLASSIC: return AMQPEXT_OK;
    case AMQPEXT_QUEUE_QUORUM:
        if (queue->transient || queue->exclusive || queue->auto_delete)
            return wrong_queue(error, queue,
                               "a quorum queue is durable, never exclusive or auto_delete");
        if (queue->max_priority != 0)
            return wrong_queue(error, queue, "max_priority is for classic queues");
        return AMQPEXT_OK;
    }
    return wrong_queue(error, queue, "no such type");
}

static enum amqpext_status check_queue(const struct amqpext_queue *queue,
                                       struct amqpext_error *error)
{
    enum amqpext_status status = check_declare(queue->declare, "queue", queue->name, error);

    if (status == AMQPEXT_OK)
        status = check_type(queue, error);
    if (status == AMQPEXT_OK)
        status = check_numbers(queue, error);
    if (status != AMQPEXT_OK || queue->name[0] != '\0')
        return status;
    if (queue->declare != AMQPEXT_DECLARE)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "a queue that is not to be made needs a name");
    if (!queue->exclusive && !queue->auto_delete)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "a queue without name needs exclusive or auto_delete");
    return AMQPEXT_OK;
}

/* NULL stays NULL: no dead-lettering is another thing than by the default exchange. */
static enum amqpext_status copy_optional(struct arena *arena, const char *from, const char *what,
                                         const char **to, struct amqpext_error *error)
{
    return from == NULL ? AMQPEXT_OK : copy_text(arena, from, what, to, error);
}

enum amqpext_status amqpext__queue_copy(struct arena *arena, const struct amqpext_queue *from,
                                        struct amqpext_queue *to, struct amqpext_error *error)
{
    struct amqpext_queue copy = *from;
    enum amqpext_status status =
        copy_text(arena, from->name, "the name of queue", &copy.name, error);

    if (status == AMQPEXT_OK)
        status = check_queue(&copy, error);
    if (status == AMQPEXT_OK)
        status = copy_optional(arena, from->dead_letter_exchange, "dead_letter_exchange",
                               &copy.dead_letter_exchange, error);
    if (status == AMQPEXT_OK)
        status = copy_optional(arena, from->dead_letter_routing_key, "dead_letter_routing_key",
                               &copy.dead_letter_routing_key, error);
    if (status == AMQPEXT_OK)
        status = copy_table(arena, from->arguments, &copy.arguments, error);
    if (status == AMQPEXT_OK)
        *to = copy;
    return status;
}

static enum amqpext_status copy_binding(struct arena *arena, const struct amqpext_binding *from,
                                        struct amqpext_binding *to, struct amqpext_error *error)
{
    enum amqpext_status status;

    *to = *from;
    status = copy_text(arena, from->exchange, "the name of exchange", &to->exchange, error);
    if (status == AMQPEXT_OK && to->exchange[0] == '\0')
        status = amqpext__fail(error, AMQPEXT_EINVALID,
                               "a binding names no exchange: nothing binds to the default one");
    if (status == AMQPEXT_OK && from->to_queue != NULL && from->to_exchange != NULL)
        status =
            amqpext__fail(error, AMQPEXT_EINVALID,
                          "a binding of exchange '%s' has to_queue and to_exchange", to->exchange);
    if (status == AMQPEXT_OK)
        status = copy_optional(arena, from->to_queue, "to_queue", &to->to_queue, error);
    if (status == AMQPEXT_OK)
        status = copy_optional(arena, from->to_exchange, "to_exchange", &to->to_exchange, error);
    if (status == AMQPEXT_OK)
        status = copy_text(arena, from->routing_key, "routing key", &to->routing_key, error);
    if (status == AMQPEXT_OK)
        status = copy_table(arena, from->arguments, &to->arguments, error);
    return status;
}

static enum amqpext_status copy_exchanges(struct arena *arena, const struct amqpext_topology *from,
                                          struct amqpext_topology *to, struct amqpext_error *error)
{
    struct amqpext_exchange *exchanges = arena_zeroed(arena, from->n_exchanges, sizeof(*exchanges));
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    if (exchanges == NULL)
        return amqpext__fail_memory(error);
    for (i = 0; i < from->n_exchanges && status == AMQPEXT_OK; i++)
        status = amqpext__exchange_copy(arena, &from->exchanges[i], &exchanges[i], error);
    to->exchanges = exchanges;
    return status;
}

static enum amqpext_status copy_queues(struct arena *arena, const struct amqpext_topology *from,
                                       struct amqpext_topology *to, struct amqpext_error *error)
{
    struct amqpext_queue *queues = arena_zeroed(arena, from->n_queues, sizeof(*queues));
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    if (queues == NULL)
        return amqpext__fail_memory(error);
    for (i = 0; i < from->n_queues && status == AMQPEXT_OK; i++)
        status = amqpext__queue_copy(arena, &from->queues[i], &queues[i], error);
    to->queues = queues;
    return status;
}

static enum amqpext_status copy_bindings(struct arena *arena, const struct amqpext_topology *from,
                                         struct amqpext_topology *to, struct amqpext_error *error)
{
    struct amqpext_binding *bindings = arena_zeroed(arena, from->n_bindings, sizeof(*bindings));
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    if (bindings == NULL)
        return amqpext__fail_memory(error);
    for (i = 0; i < from->n_bindings && status == AMQPEXT_OK; i++)
        status = copy_binding(arena, &from->bindings[i], &bindings[i], error);
    to->bindings = bindings;
    return status;
}

enum amqpext_status amqpext__topology_copy(struct arena *arena, const struct amqpext_topology *from,
                                           struct amqpext_topology *to, struct amqpext_error *error)
{
    struct amqpext_topology given, copy;
    enum amqpext_status status =
        amqpext__options_copy(&given, sizeof(given), from, "amqpext_topology", error);

    if (status != AMQPEXT_OK)
        return status;
    copy = given;
    status = copy_exchanges(arena, &given, &copy, error);
    if (status == AMQPEXT_OK)
        status = copy_queues(arena, &given, &copy, error);
    if (status == AMQPEXT_OK)
        status = copy_bindings(arena, &given, &copy, error);
    if (status == AMQPEXT_OK)
        *to = copy;
    return status;
}
