/* Which calls may be made from where and when: callbacks, several threads, the end of an object. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <amqpext/amqpext.h>

#include "broker.h"
#include "clock.h"
#include "consuming.h"
#include "support/outcomes.h"

enum { PATIENCE_MS = 60000, SOON_MS = 20, MOMENT_MS = 300 };

static const char QUEUE[] = "contract.calls";

/* What calls answered that were made inside of a callback; `told` is set last. */
struct inside {
    struct amqpext_producer *producer;
    struct amqpext_consumer *_Atomic consumer; /* states come before it is known */
    enum amqpext_status waits[4];
    enum amqpext_status publish;
    enum amqpext_state last;
    unsigned gaps; /* states whose previous one is not the one that was told before */
    atomic_bool is_told;
};

static void ask_producer(struct inside *inside)
{
    struct amqpext_producer *producer = inside->producer;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    inside->waits[0] = amqpext_producer_connect(producer, PATIENCE_MS, NULL);
    inside->waits[1] = amqpext_producer_flush(producer, PATIENCE_MS, NULL);
    inside->waits[2] = amqpext_producer_close(producer, PATIENCE_MS, NULL);
    inside->waits[3] = amqpext_publish_bytes_wait(producer, "w", 1, QUEUE, NULL, NULL, NULL);
    inside->publish = amqpext_publish_bytes(producer, "p", 1, QUEUE, NULL, &error);
    atomic_store(&inside->is_told, true);
}

static void assert_waits_are_refused(const struct inside *inside, size_t n)
{
    size_t i;

    assert_true(inside->is_told);
    for (i = 0; i < n; i++)
        assert_int_equal(inside->waits[i], AMQPEXT_ESTATE);
}

static void ask_on_outcome(void *data, const struct amqpext_outcome *outcome)
{
    (void)outcome;
    ask_producer(data);
}

static void note_order(struct inside *inside, const struct amqpext_state_event *event)
{
    if (event->previous != inside->last)
        inside->gaps++;
    inside->last = event->state;
}

static void ask_on_state(void *data, const struct amqpext_state_event *event)
{
    struct inside *inside = data;

    note_order(inside, event);
    if (event->state == AMQPEXT_STATE_READY && inside->producer != NULL && !inside->is_told)
        ask_producer(inside);
}

static struct amqpext_producer *new_producer(enum amqpext_callbacks callbacks,
                                             const struct amqpext_connection_options *connection)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer *producer = NULL;

    options.url = getenv("AMQPEXT_TEST_URL");
    options.callbacks = callbacks;
    options.connection = connection;
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_OK);
    return producer;
}

static void dispatch_until_told(struct amqpext_producer *producer, struct inside *inside)
{
    struct pollfd readable = {.fd = amqpext_producer_fd(producer), .events = POLLIN};
    const uint64_t deadline_us = monotonic_us() + PATIENCE_MS * UINT64_C(1000);

    while (!inside->is_told) {
        assert_true(monotonic_us() < deadline_us);
        (void)poll(&readable, 1, SOON_MS);
        amqpext_producer_dispatch(producer);
    }
}

static void outcome_callbacks_may_publish_but_not_wait(enum amqpext_callbacks callbacks)
{
    struct inside inside = {.producer = new_producer(callbacks, NULL)};
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;

    options.done = ask_on_outcome;
    options.data = &inside;
    assert_int_equal(amqpext_publish_bytes(inside.producer, "1", 1, QUEUE, &options, NULL),
                     AMQPEXT_OK);
    dispatch_until_told(inside.producer, &inside);
    assert_waits_are_refused(&inside, 4);
    assert_int_equal(inside.publish, AMQPEXT_OK);
    assert_int_equal(amqpext_producer_close(inside.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    amqpext_producer_free(inside.producer);
}

static void state_callbacks_may_publish_but_not_wait(enum amqpext_callbacks callbacks)
{
    struct inside inside = {.last = AMQPEXT_STATE_IDLE};
    struct amqpext_connection_options connection = AMQPEXT_CONNECTION_OPTIONS_INIT;

    connection.state = ask_on_state;
    connection.state_data = &inside;
    inside.producer = new_producer(callbacks, &connection);
    assert_int_equal(amqpext_producer_start(inside.producer, NULL), AMQPEXT_OK);
    dispatch_until_told(inside.producer, &inside);
    assert_waits_are_refused(&inside, 4);
    assert_int_equal(inside.publish, AMQPEXT_OK);
    assert_int_equal(amqpext_producer_close(inside.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    assert_int_equal(inside.last, AMQPEXT_STATE_CLOSED);
    assert_int_equal(inside.gaps, 0);
    amqpext_producer_free(inside.producer);
}

static void callbacks_of_a_producer_may_publish_but_not_wait(void **state)
{
    int callbacks;

    (void)state;
    for (callbacks = AMQPEXT_CALLBACKS_IO_THREAD; callbacks <= AMQPEXT_CALLBACKS_DISPATCH;
         callbacks++) {
        outcome_callbacks_may_publish_but_not_wait((enum amqpext_callbacks)callbacks);
        state_callbacks_may_publish_but_not_wait((enum amqpext_callbacks)callbacks);
    }
}

/* A state of a producer that is closed inside of the call that closes it. */
static void close_on_closed(void *data, const struct amqpext_state_event *event)
{
    struct inside *inside = data;

    note_order(inside, event);
    if (event->state == AMQPEXT_STATE_CLOSED)
        ask_producer(inside);
}

static void the_last_state_cannot_close_again(void **state)
{
    struct inside inside = {.last = AMQPEXT_STATE_IDLE};
    struct amqpext_connection_options connection = AMQPEXT_CONNECTION_OPTIONS_INIT;

    (void)state;
    connection.state = close_on_closed;
    connection.state_data = &inside;
    inside.producer = new_producer(AMQPEXT_CALLBACKS_DISPATCH, &connection);
    assert_int_equal(amqpext_producer_connect(inside.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_producer_close(inside.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    assert_waits_are_refused(&inside, 4);
    assert_int_equal(inside.publish, AMQPEXT_ECLOSED);
    amqpext_producer_free(inside.producer);
}

static int ask_consumer(void *data, struct amqpext_delivery *delivery)
{
    struct inside *inside = data;

    (void)delivery;
    inside->waits[0] = amqpext_consumer_connect(inside->consumer, PATIENCE_MS, NULL);
    inside->waits[1] = amqpext_consumer_run(inside->consumer, NULL);
    inside->waits[2] = amqpext_consumer_stop(inside->consumer, PATIENCE_MS, NULL);
    atomic_store(&inside->is_told, true);
    return AMQPEXT_ACK;
}

static void ask_consumer_on_state(void *data, const struct amqpext_state_event *event)
{
    struct inside *inside = data;

    note_order(inside, event);
    if (inside->consumer != NULL && event->state == AMQPEXT_STATE_CLOSED) {
        amqpext_consumer_pause(inside->consumer);
        (void)ask_consumer(inside, NULL);
    }
}

static void begin_with_inside(struct consuming *consuming, struct inside *inside,
                              enum amqpext_callbacks callbacks)
{
    *inside = (struct inside){.last = AMQPEXT_STATE_IDLE};
    consuming_begin(consuming, QUEUE, AMQPEXT_ACK);
    consuming->handler.decide = ask_consumer;
    consuming->handler.data = inside;
    consuming->options.callbacks = callbacks;
    consuming->connection.state = ask_consumer_on_state;
    consuming->connection.state_data = inside;
    consuming_start(consuming);
    inside->consumer = consuming->consumer;
    /* The producer of the test has the same options. */
    consuming->connection.state = NULL;
}

static void dispatch_until_handled(struct consuming *consuming, size_t n)
{
    const uint64_t deadline_us = monotonic_us() + PATIENCE_MS * UINT64_C(1000);

    while (handler_count(&consuming->handler) < n) {
        assert_true(monotonic_us() < deadline_us);
        amqpext_consumer_dispatch(consuming->consumer);
        consuming_sleep_ms(SOON_MS);
    }
}

static void neither_handlers_nor_states_of_a_consumer_wait_for_it(void **state)
{
    struct consuming consuming;
    struct inside inside;
    int callbacks;

    (void)state;
    for (callbacks = AMQPEXT_CALLBACKS_IO_THREAD; callbacks <= AMQPEXT_CALLBACKS_DISPATCH;
         callbacks++) {
        begin_with_inside(&consuming, &inside, (enum amqpext_callbacks)callbacks);
        consuming_publish(&consuming, "1");
        dispatch_until_handled(&consuming, 1);
        handler_wait_ended(&consuming.handler, 1);
        assert_waits_are_refused(&inside, 3);
        atomic_store(&inside.is_told, false);
        assert_int_equal(amqpext_consumer_stop(consuming.consumer, PATIENCE_MS, NULL), AMQPEXT_OK);
        /* CLOSED, told before the stop returns whatever the place of callbacks. */
        assert_waits_are_refused(&inside, 3);
        assert_int_equal(inside.last, AMQPEXT_STATE_CLOSED);
        assert_int_equal(inside.gaps, 0);
        consuming_end(&consuming);
    }
}

static void *stop_soon(void *data)
{
    consuming_sleep_ms(MOMENT_MS);
    return (void *)(uintptr_t)amqpext_consumer_stop(data, PATIENCE_MS, NULL);
}

static void two_stop_what_a_third_runs(enum amqpext_callbacks callbacks)
{
    struct consuming consuming;
    pthread_t threads[2];
    void *status;
    size_t i;

    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.callbacks = callbacks;
    assert_int_equal(amqpext_consumer_new(&consuming.options, &consuming.consumer, NULL),
                     AMQPEXT_OK);
    for (i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, stop_soon, consuming.consumer), 0);
    assert_int_equal(amqpext_consumer_run(consuming.consumer, NULL), AMQPEXT_OK);
    for (i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], &status), 0);
        assert_null(status); /* AMQPEXT_OK */
    }
    assert_int_equal(amqpext_consumer_run(consuming.consumer, NULL), AMQPEXT_ECLOSED);
    consuming_end(&consuming);
}

static void all_who_stop_and_who_runs_are_told_that_it_is_over(void **state)
{
    (void)state;
    two_stop_what_a_third_runs(AMQPEXT_CALLBACKS_IO_THREAD);
    two_stop_what_a_third_runs(AMQPEXT_CALLBACKS_WORKERS);
    two_stop_what_a_third_runs(AMQPEXT_CALLBACKS_DISPATCH);
}

static int request_stop(void *data, struct amqpext_delivery *delivery)
{
    struct handler *handler = data;

    (void)delivery;
    amqpext_consumer_request_stop(handler->consumer);
    return AMQPEXT_ACK;
}

static void what_is_not_handled_when_a_handler_asks_for_the_stop_stays(void **state)
{
    enum { MESSAGES = 10 };
    struct consuming consuming;
    unsigned long left = 0;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.handler.decide = request_stop;
    consuming.handler.data = &consuming.handler;
    consuming_start(&consuming);
    consuming.handler.consumer = consuming.consumer;
    consuming_publish_numbers(&consuming, MESSAGES);
    assert_int_equal(amqpext_consumer_run(consuming.consumer, NULL), AMQPEXT_OK);
    assert_true(broker_count_messages(QUEUE, &left));
    assert_int_equal(left + figures_of(consuming.consumer).acknowledged, MESSAGES);
    assert_int_equal(handler_count(&consuming.handler), MESSAGES - left);
    consuming_end(&consuming);
}

static void a_stop_that_is_over_before_the_run_is_no_failure(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming_start(&consuming);
    amqpext_consumer_request_stop(consuming.consumer);
    while (amqpext_consumer_is_connected(consuming.consumer))
        consuming_sleep_ms(SOON_MS);
    assert_int_equal(amqpext_consumer_run(consuming.consumer, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_run(consuming.consumer, NULL), AMQPEXT_ECLOSED);
    consuming_end(&consuming);
}

struct publishing {
    struct inside *inside;
    struct outcomes outcomes;
};

static void refuse_after(void *data, const struct amqpext_outcome *outcome)
{
    struct publishing *publishing = data;

    assert_false(publishing->inside->is_told);
    outcomes_note(&publishing->outcomes, outcome);
}

static void *publish_until_closed(void *data)
{
    struct publishing *publishing = data;
    struct amqpext_producer *producer = publishing->inside->producer;
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    uintptr_t accepted = 0;

    options.done = refuse_after;
    options.data = publishing;
    while (amqpext_publish_bytes(producer, "x", 1, QUEUE, &options, NULL) == AMQPEXT_OK)
        accepted++;
    return (void *)accepted;
}

static void closing_while_threads_publish_tells_each_message_once(enum amqpext_callbacks callbacks)
{
    enum { THREADS = 4 };
    struct inside inside = {.producer = new_producer(callbacks, NULL)};
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;
    struct publishing publishing = {.inside = &inside};
    pthread_t threads[THREADS];
    uintptr_t accepted = 0;
    size_t i;

    outcomes_init(&publishing.outcomes);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish_until_closed, &publishing), 0);
    consuming_sleep_ms(MOMENT_MS);
    assert_int_equal(amqpext_producer_close(inside.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    atomic_store(&inside.is_told, true);
    for (i = 0; i < THREADS; i++) {
        void *n;

        assert_int_equal(pthread_join(threads[i], &n), 0);
        accepted += (uintptr_t)n;
    }
    amqpext_producer_stats(inside.producer, &stats);
    assert_int_equal(outcomes_count(&publishing.outcomes), accepted);
    assert_int_equal(stats.published, accepted);
    assert_int_equal(stats.confirmed, accepted);
    amqpext_producer_free(inside.producer);
    outcomes_end(&publishing.outcomes);
}

static void close_during_publishing_tells_each_message_once(void **state)
{
    (void)state;
    closing_while_threads_publish_tells_each_message_once(AMQPEXT_CALLBACKS_IO_THREAD);
    closing_while_threads_publish_tells_each_message_once(AMQPEXT_CALLBACKS_WORKERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callbacks_of_a_producer_may_publish_but_not_wait),
        cmocka_unit_test(the_last_state_cannot_close_again),
        cmocka_unit_test(neither_handlers_nor_states_of_a_consumer_wait_for_it),
        cmocka_unit_test(all_who_stop_and_who_runs_are_told_that_it_is_over),
        cmocka_unit_test(what_is_not_handled_when_a_handler_asks_for_the_stop_stays),
        cmocka_unit_test(a_stop_that_is_over_before_the_run_is_no_failure),
        cmocka_unit_test(close_during_publishing_tells_each_message_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
