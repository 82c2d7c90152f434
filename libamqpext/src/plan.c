/*
 * Plan: the list of steps.
 *
 * Order: amqpext__plan_ functions in any order, a look at `failed`, amqpext__plan_free.
 * Invariant: a consumer is the last step, since deliveries begin with its answer.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* Exchange, queue, a few bindings, quality of service and consumer fit. */
#define FIRST_CAPACITY 8

static bool reserve(struct plan *plan)
{
    const size_t capacity = plan->capacity == 0 ? FIRST_CAPACITY : plan->capacity * 2;
    struct step *steps;

    if (plan->failed)
        return false;
    if (plan->count < plan->capacity)
        return true;
    steps = reallocarray(plan->steps, capacity, sizeof(*steps));
    if (steps == NULL) {
        plan->failed = true;
        return false;
    }
    plan->steps = steps;
    plan->capacity = capacity;
    return true;
}

static void add(struct plan *plan, const struct step *step)
{
    size_t place;

    if (!reserve(plan))
        return;
    place = plan->count++;
    if (place != 0 && plan->steps[place - 1].kind == STEP_CONSUME && step->kind != STEP_CONSUME) {
        plan->steps[place] = plan->steps[place - 1];
        place--;
    }
    plan->steps[place] = *step;
}

void amqpext__plan_exchange(struct plan *plan, const struct amqpext_exchange *exchange, int mark)
{
    const struct step step = {.kind = STEP_EXCHANGE, .mark = mark, .as.exchange = exchange};

    /* The default exchange is always there and cannot be declared. */
    if (exchange->declare != AMQPEXT_NO_DECLARE && exchange->name != NULL &&
        exchange->name[0] != '\0')
        add(plan, &step);
}

void amqpext__plan_queue(struct plan *plan, const struct amqpext_queue *queue, int mark)
{
    const struct step step = {.kind = STEP_QUEUE, .mark = mark, .as.queue = queue};

    if (queue->declare != AMQPEXT_NO_DECLARE)
        add(plan, &step);
}

void amqpext__plan_binding(struct plan *plan, const struct amqpext_binding *binding,
                           const char *queue, int mark)
{
    const struct step step = {
        .kind = STEP_BINDING, .mark = mark, .as.binding = {.binding = binding, .queue = queue}};

    add(plan, &step);
}

void amqpext__plan_topology(struct plan *plan, const struct amqpext_topology *topology,
                            const char *queue, int mark)
{
    size_t i;

    for (i = 0; i < topology->n_exchanges; i++)
        amqpext__plan_exchange(plan, &topology->exchanges[i], mark);
    for (i = 0; i < topology->n_queues; i++)
        amqpext__plan_queue(plan, &topology->queues[i], mark);
    for (i = 0; i < topology->n_bindings; i++)
        amqpext__plan_binding(plan, &topology->bindings[i], queue, mark);
}

void amqpext__plan_qos(struct plan *plan, uint16_t count, uint32_t size)
{
    const struct step step = {.kind = STEP_QOS, .as.qos = {.count = count, .size = size}};

    add(plan, &step);
}

void amqpext__plan_confirm_select(struct plan *plan)
{
    const struct step step = {.kind = STEP_CONFIRM_SELECT};

    add(plan, &step);
}

void amqpext__plan_consume(struct plan *plan, const struct consume *consume, int mark)
{
    const struct step step = {.kind = STEP_CONSUME, .mark = mark, .as.consume = *consume};

    add(plan, &step);
}

void amqpext__plan_free(struct plan *plan)
{
    arena_free(&plan->arena);
    free(plan->steps);
    memset(plan, 0, sizeof(*plan));
}
