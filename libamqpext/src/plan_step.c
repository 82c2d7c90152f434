/*
 * Steps of a plan, each as its method.
 *
 * Order: send, then its answer comes or the channel is closed.
 */
#include "plan_step.h"

#include <stdio.h>

#include "error.h"
#include "table.h"

/* The only one of a connection. */
#define CHANNEL 1

static enum amqpext_status set_number(struct amqpext_table *table, const char *name,
                                      uint64_t number, struct amqpext_error *error)
{
    if (number == 0)
        return AMQPEXT_OK;
    return amqpext_table_set_integer(table, name, (int64_t)number, error);
}

static enum amqpext_status set_numbers(struct amqpext_table *table,
                                       const struct amqpext_queue *queue,
                                       struct amqpext_error *error)
{
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {
        {"x-delivery-limit", queue->delivery_limit},
        {"x-max-priority", queue->max_priority},
        {"x-max-length", queue->max_length},
        {"x-max-length-bytes", queue->max_length_bytes},
        {"x-message-ttl", queue->message_ttl_ms},
        {"x-expires", queue->expires_ms},
    };
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && status == AMQPEXT_OK; i++)
        status = set_number(table, numbers[i].name, numbers[i].number, error);
    return status;
}

static enum amqpext_status set_texts(struct amqpext_table *table, const struct amqpext_queue *queue,
                                     struct amqpext_error *error)
{
    const bool has_type = queue->type != AMQPEXT_QUEUE_DEFAULT;
    const struct {
        const char *name, *text;
    } texts[] = {
        {"x-queue-type", !has_type                             ? NULL
                         : queue->type == AMQPEXT_QUEUE_QUORUM ? "quorum"
                                                               : "classic"},
        {"x-overflow", queue->reject_when_full ? "reject-publish" : NULL},
        {"x-dead-letter-exchange", queue->dead_letter_exchange},
        {"x-dead-letter-routing-key", queue->dead_letter_routing_key},
    };
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]) && status == AMQPEXT_OK; i++) {
        if (texts[i].text != NULL)
            status = amqpext_table_set_text(table, texts[i].name, texts[i].text, error);
    }
    return status;
}

enum amqpext_status amqpext__queue_arguments(const struct amqpext_queue *queue,
                                             struct amqpext_table **out,
                                             struct amqpext_error *error)
{
    struct amqpext_table *table;
    enum amqpext_status status = amqpext_table_new(&table, error);

    if (status != AMQPEXT_OK)
        return status;
    status = set_texts(table, queue, error);
    if (status == AMQPEXT_OK && queue->single_active_consumer)
        status = amqpext_table_set_boolean(table, "x-single-active-consumer", true, error);
    if (status == AMQPEXT_OK)
        status = set_numbers(table, queue, error);
    if (status == AMQPEXT_OK)
        status = amqpext__table_merge(table, queue->arguments, error);
    if (status == AMQPEXT_OK)
        *out = table;
    else
        amqpext_table_free(table);
    return status;
}

static enum send_result send_queue(const struct amqpext_queue *queue, uint32_t frame_max,
                                   struct text *out, struct amqpext_error *error)
{
    struct amqpext_table *arguments;
    enum send_result result;

    if (amqpext__queue_arguments(queue, &arguments, error) != AMQPEXT_OK)
        return SEND_NO_MEMORY;
    result = amqpext__send_queue_declare(out, CHANNEL, queue, arguments, frame_max);
    amqpext_table_free(arguments);
    return result;
}

static enum send_result send_step(const struct step *step, uint32_t frame_max, struct text *out,
                                  struct amqpext_error *error)
{
    switch (step->kind) {
    case STEP_EXCHANGE:
        return amqpext__send_exchange_declare(out, CHANNEL, step->as.exchange, frame_max);
    case STEP_QUEUE: return send_queue(step->as.queue, frame_max, out, error);
    case STEP_BINDING:
        return amqpext__send_bind(out, CHANNEL, step->as.binding.binding, step->as.binding.queue,
                                  frame_max);
    case STEP_QOS:
        amqpext__send_qos(out, CHANNEL, step->as.qos.count, step->as.qos.size);
        return SEND_WRITTEN;
    case STEP_CONFIRM_SELECT: amqpext__send_confirm_select(out, CHANNEL); return SEND_WRITTEN;
    case STEP_CONSUME: return amqpext__send_consume(out, CHANNEL, &step->as.consume, frame_max);
    }
    return SEND_NO_MEMORY;
}

static bool has_destination(const struct step *step)
{
    return step->as.binding.binding->to_queue != NULL ||
           step->as.binding.binding->to_exchange != NULL || step->as.binding.queue != NULL;
}

enum amqpext_status amqpext__step_send(const struct step *step, uint32_t frame_max,
                                       struct text *out, struct amqpext_error *error)
{
    struct amqpext_error reason = AMQPEXT_ERROR_INIT;
    char what[STEP_TEXT_SIZE];

    amqpext__step_describe(step, what, sizeof(what));
    if (step->kind == STEP_BINDING && !has_destination(step))
        return amqpext__fail(error, AMQPEXT_EINVALID, "cannot %s: there is no queue to bind", what);
    switch (send_step(step, frame_max, out, &reason)) {
    case SEND_TOO_LARGE:
        return amqpext__fail(error, AMQPEXT_ETOOLARGE, "cannot %s: its arguments fill a frame",
                             what);
    case SEND_NO_MEMORY:
        /* The arguments of a queue may also be more than a table takes. */
        if (reason.status != AMQPEXT_OK)
            return amqpext__fail_copy(error, &reason);
        return amqpext__fail_memory(error);
    default: return out->failed ? amqpext__fail_memory(error) : AMQPEXT_OK;
    }
}

enum method_kind amqpext__step_answer(const struct step *step)
{
    switch (step->kind) {
    case STEP_EXCHANGE: return METHOD_EXCHANGE_DECLARE_OK;
    case STEP_QUEUE: return METHOD_QUEUE_DECLARE_OK;
    case STEP_BINDING:
        return step->as.binding.binding->to_exchange != NULL ? METHOD_EXCHANGE_BIND_OK
                                                             : METHOD_QUEUE_BIND_OK;
    case STEP_QOS: return METHOD_BASIC_QOS_OK;
    case STEP_CONFIRM_SELECT: return METHOD_CONFIRM_SELECT_OK;
    case STEP_CONSUME: return METHOD_BASIC_CONSUME_OK;
    }
    return METHOD_OTHER;
}

static void describe_binding(const struct step *step, char *out, size_t size)
{
    const struct amqpext_binding *binding = step->as.binding.binding;
    const char *queue = binding->to_queue != NULL ? binding->to_queue : step->as.binding.queue;

    if (binding->to_exchange != NULL)
        snprintf(out, size, "bind exchange '%.80s' to '%.80s'", binding->to_exchange,
                 binding->exchange);
    else
        snprintf(out, size, "bind queue '%.80s' to '%.80s'", queue == NULL ? "" : queue,
                 binding->exchange);
}

void amqpext__step_describe(const struct step *step, char *out, size_t size)
{
    switch (step->kind) {
    case STEP_EXCHANGE:
        snprintf(out, size, "%s exchange '%.80s'",
                 step->as.exchange->declare == AMQPEXT_PASSIVE ? "find" : "declare",
                 step->as.exchange->name);
        return;
    case STEP_QUEUE:
        snprintf(out, size, "%s queue '%.80s'",
                 step->as.queue->declare == AMQPEXT_PASSIVE ? "find" : "declare",
                 step->as.queue->name);
        return;
    case STEP_BINDING: describe_binding(step, out, size); return;
    case STEP_QOS: snprintf(out, size, "set the prefetch count"); return;
    case STEP_CONFIRM_SELECT: snprintf(out, size, "turn confirms on"); return;
    case STEP_CONSUME:
        snprintf(out, size, "consume from queue '%.80s'", step->as.consume.queue);
        return;
    }
    snprintf(out, size, "take a step");
}
