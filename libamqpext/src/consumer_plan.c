/*
 * Plan of a consumer: everything it needs, declared on every new channel, and the consumer itself
 * as the last step.
 *
 * A queue whose name the broker chooses is known to the following steps as "the last one declared",
 * so that further queues are declared before it.
 */
#include <string.h>

#include "consumer_state.h"
#include "retry_mode.h"

struct consume amqpext__consumer_consume(const struct amqpext_consumer *consumer)
{
    const struct amqpext_consumer_options *options = &consumer->setup.options;

    return (struct consume){
        .queue = consumer->queue_name,
        .consumer_tag = options->consumer_tag != NULL ? options->consumer_tag : "",
        .exclusive = options->exclusive,
        .arguments = consumer->asks_for_cancel ? consumer->setup.arguments_to_be_cancelled
                                               : options->consume_arguments,
    };
}

static bool may_be_classic(const struct amqpext_queue *queue)
{
    const char *type = amqpext_table_text(queue->arguments, "x-queue-type");

    if (type != NULL)
        return strcmp(type, "classic") == 0;
    return queue->type != AMQPEXT_QUEUE_QUORUM;
}

/*
 * Deliveries of the crashed process, settled on the same channel, would make the new one lose count
 * of others: they would stay unsettled, and take their part of the prefetch, for good.
 */
static bool asks_for_cancel(const struct amqpext_consumer *consumer, const struct broker *broker)
{
    return amqpext__retry_has_silent_recovery(broker) && !consumer->is_cancel_refused &&
           may_be_classic(&consumer->setup.queue);
}

static void plan_objects(const struct consumer_setup *setup, struct plan *plan)
{
    struct amqpext_topology objects = setup->topology;

    objects.n_bindings = 0;
    amqpext__plan_exchange(plan, &setup->exchange, MARK_OTHER);
    amqpext__plan_topology(plan, &objects, setup->queue.name, MARK_OTHER);
}

static void plan_bindings(const struct consumer_setup *setup, struct plan *plan)
{
    struct amqpext_topology bindings = setup->topology;
    size_t i;

    bindings.n_exchanges = bindings.n_queues = 0;
    amqpext__plan_topology(plan, &bindings, setup->queue.name, MARK_OTHER);
    for (i = 0; i < setup->n_bindings; i++)
        amqpext__plan_binding(plan, &setup->bindings[i], setup->queue.name, MARK_OTHER);
}

enum amqpext_status amqpext__consumer_plan(struct amqpext_consumer *consumer,
                                           const struct broker *broker, struct plan *plan,
                                           struct amqpext_error *error)
{
    const struct consumer_setup *setup = &consumer->setup;
    struct consume consume;
    enum amqpext_status status;

    consumer->asks_for_cancel = asks_for_cancel(consumer, broker);
    consume = amqpext__consumer_consume(consumer);
    plan_objects(setup, plan);
    status = amqpext__retry_plan(consumer->retry, broker, plan, MARK_MAIN_QUEUE, error);
    if (status != AMQPEXT_OK)
        return status;
    plan_bindings(setup, plan);
    amqpext__plan_qos(plan, setup->options.prefetch_count, setup->options.prefetch_size);
    consumer->flow.is_planned = amqpext__flow_is_wanted(consumer);
    /* Of an earlier connection is the name that its broker chose. */
    consume.queue = setup->queue.name;
    if (consumer->flow.is_planned)
        amqpext__plan_consume(plan, &consume, MARK_CONSUME);
    return AMQPEXT_OK;
}
