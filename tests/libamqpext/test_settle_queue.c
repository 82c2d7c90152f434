/*
 * The queue of verdicts: oldest first, one wake per batch, nothing lost by its closing.
 */
#include "test.h"

#include <pthread.h>
#include <sched.h>

#include "settle_queue.h"

static void oldest_comes_first(void **state)
{
    struct settle_queue queue = {NULL};
    struct amqpext_delivery deliveries[3] = {{.tag = 1}, {.tag = 2}, {.tag = 3}};
    struct amqpext_delivery *list;
    uint64_t tag;

    (void)state;
    assert_int_equal(amqpext__settle_queue_put(&queue, &deliveries[0]), SETTLE_PUT_FIRST);
    assert_int_equal(amqpext__settle_queue_put(&queue, &deliveries[1]), SETTLE_PUT);
    assert_int_equal(amqpext__settle_queue_put(&queue, &deliveries[2]), SETTLE_PUT);
    list = amqpext__settle_queue_take(&queue);
    for (tag = 1; tag <= 3; tag++, list = list->next)
        assert_int_equal(list->tag, tag);
    assert_null(list);
    assert_null(amqpext__settle_queue_take(&queue));
    assert_int_equal(amqpext__settle_queue_put(&queue, &deliveries[0]), SETTLE_PUT_FIRST);
}

static void closed_it_takes_nothing(void **state)
{
    struct settle_queue queue = {NULL};
    struct amqpext_delivery first = {.tag = 1}, second = {.tag = 2};

    (void)state;
    assert_int_equal(amqpext__settle_queue_put(&queue, &first), SETTLE_PUT_FIRST);
    assert_ptr_equal(amqpext__settle_queue_close(&queue), &first);
    assert_int_equal(amqpext__settle_queue_put(&queue, &second), SETTLE_PUT_CLOSED);
    assert_null(amqpext__settle_queue_close(&queue));
}

enum { PUTTERS = 4, PER_PUTTER = 5000 };

struct putter {
    struct settle_queue *queue;
    struct amqpext_delivery *deliveries;
    size_t refused;
};

static void *put_all(void *data)
{
    struct putter *putter = data;
    size_t i;

    for (i = 0; i < PER_PUTTER; i++) {
        if (amqpext__settle_queue_put(putter->queue, &putter->deliveries[i]) == SETTLE_PUT_CLOSED)
            putter->refused++;
    }
    return NULL;
}

/* Each comes out once, those of one thread in order, or is refused. */
static size_t check(struct amqpext_delivery *list, uint64_t *last)
{
    size_t n = 0;

    for (; list != NULL; list = list->next, n++) {
        assert_true(list->tag > last[list->epoch]);
        last[list->epoch] = list->tag;
    }
    return n;
}

static void many_threads_put_while_one_takes_and_closes(void **state)
{
    struct settle_queue queue = {NULL};
    struct amqpext_delivery *deliveries = calloc(PUTTERS * PER_PUTTER, sizeof(*deliveries));
    struct putter putters[PUTTERS];
    pthread_t threads[PUTTERS];
    uint64_t last[PUTTERS] = {0};
    size_t taken = 0, refused = 0, i;

    (void)state;
    for (i = 0; i < PUTTERS * PER_PUTTER; i++) {
        deliveries[i].epoch = i / PER_PUTTER;
        deliveries[i].tag = i % PER_PUTTER + 1;
    }
    for (i = 0; i < PUTTERS; i++) {
        putters[i] = (struct putter){&queue, &deliveries[i * PER_PUTTER], 0};
        assert_int_equal(pthread_create(&threads[i], NULL, put_all, &putters[i]), 0);
    }
    while (taken < PUTTERS * PER_PUTTER / 2) {
        taken += check(amqpext__settle_queue_take(&queue), last);
        sched_yield();
    }
    taken += check(amqpext__settle_queue_close(&queue), last);
    for (i = 0; i < PUTTERS; i++) {
        pthread_join(threads[i], NULL);
        refused += putters[i].refused;
    }
    assert_int_equal(taken + refused, PUTTERS * PER_PUTTER);
    assert_null(amqpext__settle_queue_close(&queue));
    free(deliveries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_comes_first),
        cmocka_unit_test(closed_it_takes_nothing),
        cmocka_unit_test(many_threads_put_while_one_takes_and_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
