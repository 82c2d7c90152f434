/*
 * Queue of verdicts: a stack that is taken as a whole, so that no element can come back while
 * somebody still compares with it, and turned round.
 */
#include "settle_queue.h"

/* Of no delivery: the address of something else. */
static const char closed_mark;
#define CLOSED ((struct amqpext_delivery *)(uintptr_t)&closed_mark)

enum settle_put amqpext__settle_queue_put(struct settle_queue *queue,
                                          struct amqpext_delivery *delivery)
{
    /* To acquire: who finds it closed sees all that was done before, and may free. */
    struct amqpext_delivery *newest = atomic_load_explicit(&queue->newest, memory_order_acquire);

    do {
        if (newest == CLOSED)
            return SETTLE_PUT_CLOSED;
        delivery->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&queue->newest, &newest, delivery,
                                                    memory_order_acq_rel, memory_order_acquire));
    return newest == NULL ? SETTLE_PUT_FIRST : SETTLE_PUT;
}

static struct amqpext_delivery *turn_round(struct amqpext_delivery *list)
{
    struct amqpext_delivery *turned = NULL;

    while (list != NULL && list != CLOSED) {
        struct amqpext_delivery *delivery = list;

        list = delivery->next;
        delivery->next = turned;
        turned = delivery;
    }
    return turned;
}

struct amqpext_delivery *amqpext__settle_queue_take(struct settle_queue *queue)
{
    if (atomic_load_explicit(&queue->newest, memory_order_relaxed) == NULL)
        return NULL;
    return turn_round(atomic_exchange(&queue->newest, NULL));
}

struct amqpext_delivery *amqpext__settle_queue_close(struct settle_queue *queue)
{
    return turn_round(atomic_exchange(&queue->newest, CLOSED));
}
