/*
 * Consumer: the way out: what goes back, what is waited for and for how long, deferred deliveries.
 */
#include "test.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "clock.h"
#include "delivery.h"
#include "support/consumer_rig.h"

/* A stop, or a run, on a thread of its own. */
struct stopping {
    struct amqpext_consumer *consumer;
    unsigned timeout_ms;
    enum amqpext_status status;
    pthread_t thread;
};

static void *stop(void *data)
{
    struct stopping *stopping = data;

    stopping->status = amqpext_consumer_stop(stopping->consumer, stopping->timeout_ms, NULL);
    return NULL;
}

static void begin_stop(struct stopping *stopping, struct consumer_rig *rig, unsigned timeout_ms)
{
    stopping->consumer = rig->consumer;
    stopping->timeout_ms = timeout_ms;
    assert_int_equal(pthread_create(&stopping->thread, NULL, stop, stopping), 0);
}

/* Waits until it has stopped, and says with which status. */
static enum amqpext_status end_of(struct stopping *stopping)
{
    pthread_join(stopping->thread, NULL);
    return stopping->status;
}

static void what_has_not_begun_goes_back_and_what_has_may_end(void **state)
{
    struct consumer_rig rig;
    struct stopping stopping;
    uint64_t tag;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    handler_hold(&rig.handler);
    for (tag = 1; tag <= 4; tag++)
        rig_deliver(&rig, "k", "1");
    (void)handler_wait(&rig.handler, 1);
    wait_for_figure(rig.consumer, delivered, 4);
    begin_stop(&stopping, &rig, 60000);
    for (tag = 2; tag <= 4; tag++) {
        const struct received *received = RECEIVED(&rig, BASIC_NACK, tag - 1);
        const amqp_basic_nack_t *nack = received->decoded;

        assert_int_equal(nack->delivery_tag, tag);
        assert_true(nack->requeue);
        /* Had they gone before the cancel, they would have come again. */
        assert_true(received->time_us >= RECEIVED(&rig, BASIC_CANCEL, 1)->time_us);
    }
    assert_int_equal(COUNT(&rig, CONNECTION_CLOSE), 0);
    handler_release(&rig.handler);
    assert_int_equal(end_of(&stopping), AMQPEXT_OK);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 1);
    assert_int_equal(COUNT(&rig, CONNECTION_CLOSE), 1);
    assert_int_equal(figures_of(rig.consumer).requeued, 3);
    assert_int_equal(figures_of(rig.consumer).in_flight, 0);
    assert_int_equal(handler_count(&rig.handler), 1);
    rig_end(&rig);
}

static void verdict_after_the_deadline_is_not_sent(void **state)
{
    struct consumer_rig rig;
    struct stopping stopping;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    handler_hold(&rig.handler);
    rig_deliver(&rig, "k", "1");
    (void)handler_wait(&rig.handler, 1);
    begin_stop(&stopping, &rig, 50);
    (void)RECEIVED(&rig, CONNECTION_CLOSE, 1);
    rig_sleep_ms(200);
    handler_release(&rig.handler);
    assert_int_equal(end_of(&stopping), AMQPEXT_ETIMEDOUT);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    wait_for_figure(rig.consumer, stale, 1);
    /* Stopping again does nothing. */
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 50, NULL), AMQPEXT_OK);
    rig_end(&rig);
}

static void deferred_delivery_is_waited_for(void **state)
{
    struct consumer_rig rig;
    struct stopping stopping;
    struct handled *handled;

    (void)state;
    rig_start_with(&rig, AMQPEXT_DEFER);
    rig_deliver(&rig, "k", "1");
    handled = handler_wait_ended(&rig.handler, 1);
    begin_stop(&stopping, &rig, 60000);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    rig_sleep_ms(50);
    assert_int_equal(COUNT(&rig, CONNECTION_CLOSE), 0);
    assert_int_equal(amqpext_delivery_settle(handled->delivery, AMQPEXT_ACK, NULL), AMQPEXT_OK);
    assert_int_equal(end_of(&stopping), AMQPEXT_OK);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 1);
    rig_end(&rig);
}

static void deferred_delivery_that_outlives_the_stop_is_stale(void **state)
{
    struct consumer_rig rig;
    struct handled *handled;

    (void)state;
    rig_start_with(&rig, AMQPEXT_DEFER);
    rig_deliver(&rig, "k", "[7]");
    handled = handler_wait_ended(&rig.handler, 1);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 20, NULL), AMQPEXT_ETIMEDOUT);
    assert_true(amqpext_delivery_is_stale(handled->delivery));
    assert_string_equal(amqpext_delivery_routing_key(handled->delivery), "k");
    assert_int_equal(json_array_size(amqpext_delivery_payload(handled->delivery)), 1);
    assert_int_equal(figures_of(rig.consumer).in_flight, 1);
    assert_int_equal(amqpext_delivery_settle(handled->delivery, AMQPEXT_ACK, NULL), AMQPEXT_ESTALE);
    assert_int_equal(figures_of(rig.consumer).in_flight, 0);
    assert_int_equal(figures_of(rig.consumer).stale, 1);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    rig_end(&rig);
}

static int settle_and_return(void *data, struct amqpext_delivery *delivery)
{
    const int *verdicts = data;

    assert_int_equal(amqpext_delivery_settle(delivery, (enum amqpext_verdict)verdicts[0], NULL),
                     AMQPEXT_OK);
    assert_int_equal(amqpext_delivery_settle(delivery, AMQPEXT_REJECT, NULL), AMQPEXT_ESTATE);
    return verdicts[1];
}

static void delivery_settled_by_its_own_handler_is_settled_once(void **state)
{
    static const int returned[] = {AMQPEXT_DEFER, AMQPEXT_ACK, AMQPEXT_REJECT, 0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(returned) / sizeof(returned[0]); i++) {
        int verdicts[] = {AMQPEXT_REQUEUE, returned[i]};
        struct consumer_rig rig;

        rig_begin(&rig, 0, NULL);
        rig.handler.decide = settle_and_return;
        rig.handler.data = verdicts;
        rig_start(&rig);
        rig_deliver(&rig, "k", "1");
        wait_for_figure(rig.consumer, requeued, 1);
        rig_wait_settled(&rig);
        assert_int_equal(COUNT(&rig, BASIC_ACK) + COUNT(&rig, BASIC_REJECT), 0);
        assert_int_equal(figures_of(rig.consumer).failed, 0);
        rig_end(&rig);
    }
}

/* A program that answers later, from a thread of its own. */
enum { DEFERRED = 300, SETTLERS = 3 };

struct later {
    pthread_mutex_t lock;
    struct amqpext_delivery *waiting[DEFERRED];
    size_t n_waiting, n_settled;
    bool is_over;
};

static int defer(void *data, struct amqpext_delivery *delivery)
{
    struct later *later = data;

    pthread_mutex_lock(&later->lock);
    later->waiting[later->n_waiting++] = delivery;
    pthread_mutex_unlock(&later->lock);
    /* From here on it may be settled, and gone. */
    return AMQPEXT_DEFER;
}

static void *settle_later(void *data)
{
    struct later *later = data;
    bool is_over = false;

    while (!is_over) {
        struct amqpext_delivery *delivery = NULL;

        pthread_mutex_lock(&later->lock);
        if (later->n_waiting > 0)
            delivery = later->waiting[--later->n_waiting];
        is_over = later->is_over && delivery == NULL;
        pthread_mutex_unlock(&later->lock);
        if (delivery != NULL)
            assert_int_equal(amqpext_delivery_settle(delivery, AMQPEXT_ACK, NULL), AMQPEXT_OK);
        else
            rig_sleep_ms(1);
    }
    return NULL;
}

static void many_threads_settle_what_was_deferred(void **state)
{
    struct consumer_rig rig;
    struct later later = {.n_waiting = 0};
    pthread_t threads[SETTLERS];
    int i;

    (void)state;
    pthread_mutex_init(&later.lock, NULL);
    rig_begin(&rig, 0, NULL);
    rig.options.workers = 4;
    rig.options.prefetch_count = DEFERRED;
    rig.handler.decide = defer;
    rig.handler.data = &later;
    rig_start(&rig);
    for (i = 0; i < SETTLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, settle_later, &later), 0);
    for (i = 0; i < DEFERRED; i++)
        rig_deliver(&rig, "k", "1");
    wait_for_figure(rig.consumer, acknowledged, DEFERRED);
    rig_wait_settled(&rig);
    pthread_mutex_lock(&later.lock);
    later.is_over = true;
    pthread_mutex_unlock(&later.lock);
    for (i = 0; i < SETTLERS; i++)
        pthread_join(threads[i], NULL);
    rig_end(&rig);
    pthread_mutex_destroy(&later.lock);
}

static void free_does_not_wait_for_deferred_deliveries(void **state)
{
    struct consumer_rig rig;
    struct amqpext_delivery *delivery;
    uint64_t before_us;

    (void)state;
    rig_begin(&rig, AMQPEXT_DEFER, NULL);
    rig.options.drain_timeout_ms = 600000;
    rig_start(&rig);
    rig_deliver(&rig, "k", "1");
    delivery = handler_wait_ended(&rig.handler, 1)->delivery;
    before_us = monotonic_us();
    rig_end(&rig);
    assert_true(monotonic_us() - before_us < UINT64_C(300000000));
    /* It should have been settled before. */
    amqpext__delivery_free(delivery);
}

static void handler_that_defers_while_it_is_freed_is_waited_for(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_DEFER);
    handler_hold(&rig.handler);
    rig_deliver(&rig, "k", "1");
    /* Settled, while its handler runs, it is the library's. */
    assert_int_equal(
        amqpext_delivery_settle(handler_wait(&rig.handler, 1)->delivery, AMQPEXT_ACK, NULL),
        AMQPEXT_OK);
    amqpext_consumer_request_stop(rig.consumer);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_CONNECTION_CLOSE_METHOD, 0, 50));
    handler_release(&rig.handler);
    (void)RECEIVED(&rig, BASIC_ACK, 1);
    rig_end(&rig);
}

static void delivery_that_meets_the_cancel_goes_back(void **state)
{
    struct consumer_rig rig;
    struct stopping stopping;
    amqp_basic_cancel_ok_t cancelled = {.consumer_tag = amqp_cstring_bytes("amq.ctag-1")};

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    fake_broker_ignore(rig.broker, AMQP_BASIC_CANCEL_METHOD, true);
    begin_stop(&stopping, &rig, 60000);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    rig_deliver(&rig, "k", "1");
    assert_true(((amqp_basic_nack_t *)RECEIVED(&rig, BASIC_NACK, 1)->decoded)->requeue);
    fake_broker_send(rig.broker, 0, 1, AMQP_BASIC_CANCEL_OK_METHOD, &cancelled);
    assert_int_equal(end_of(&stopping), AMQPEXT_OK);
    assert_int_equal(handler_count(&rig.handler), 0);
    rig_end(&rig);
}

static void broker_that_does_not_answer_the_cancel_is_not_waited_for(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    fake_broker_ignore(rig.broker, AMQP_BASIC_CANCEL_METHOD, true);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 50, NULL), AMQPEXT_ETIMEDOUT);
    rig_end(&rig);
}

static void stop_without_a_connection_ends_at_once(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    fake_broker_refuse_connections(rig.broker, true);
    rig_new(&rig);
    assert_int_equal(amqpext_consumer_connect(rig.consumer, 50, NULL), AMQPEXT_ETIMEDOUT);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 600000, NULL), AMQPEXT_OK);
    rig_end(&rig);
}

static void connection_lost_while_it_stops_does_not_hold_it_up(void **state)
{
    struct consumer_rig rig;
    struct stopping stopping;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    handler_hold(&rig.handler);
    rig_deliver(&rig, "k", "1");
    (void)handler_wait(&rig.handler, 1);
    begin_stop(&stopping, &rig, 600000);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    fake_broker_drop(rig.broker, 0, FAKE_DROP_RESET);
    fake_broker_refuse_connections(rig.broker, true);
    rig_sleep_ms(50);
    handler_release(&rig.handler);
    assert_int_equal(end_of(&stopping), AMQPEXT_OK);
    rig_end(&rig);
}

static void copies_under_way_are_confirmed_before_the_end(void **state)
{
    struct consumer_rig rig;
    struct stopping stopping;
    const struct received *published;

    (void)state;
    published = rig_start_with_copy(&rig);
    begin_stop(&stopping, &rig, 60000);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    rig_sleep_ms(50);
    assert_int_equal(COUNT(&rig, CONNECTION_CLOSE), 0);
    fake_broker_ack(rig.broker, published->connection, published->tag, false);
    assert_int_equal(end_of(&stopping), AMQPEXT_OK);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 1);
    assert_int_equal(figures_of(rig.consumer).retried, 1);
    rig_end(&rig);
}

static void copy_that_is_never_confirmed_is_given_up_at_the_deadline(void **state)
{
    struct consumer_rig rig;

    (void)state;
    (void)rig_start_with_copy(&rig);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 50, NULL), AMQPEXT_ETIMEDOUT);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    assert_int_equal(figures_of(rig.consumer).in_flight, 0);
    rig_end(&rig);
}

static void two_may_stop_at_once(void **state)
{
    struct consumer_rig rig;
    struct stopping stoppings[3];
    int i;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    for (i = 0; i < 3; i++)
        begin_stop(&stoppings[i], &rig, 60000);
    for (i = 0; i < 3; i++)
        assert_int_equal(end_of(&stoppings[i]), AMQPEXT_OK);
    rig_end(&rig);
}

static void *run_and_note(void *data)
{
    struct stopping *running = data;

    running->status = amqpext_consumer_run(running->consumer, NULL);
    return NULL;
}

static void begin_run(struct stopping *running, struct consumer_rig *rig)
{
    running->consumer = rig->consumer;
    assert_int_equal(pthread_create(&running->thread, NULL, run_and_note, running), 0);
}

static struct amqpext_consumer *signalled;

static void on_signal(int number)
{
    (void)number;
    amqpext_consumer_request_stop(signalled);
}

static void signal_handler_may_request_the_stop(void **state)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct consumer_rig rig;
    struct stopping running;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig_new(&rig);
    signalled = rig.consumer;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    begin_run(&running, &rig);
    (void)RECEIVED(&rig, BASIC_CONSUME, 1);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(end_of(&running), AMQPEXT_OK);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    rig_end(&rig);
}

static void options_drain_time_bounds_a_run(void **state)
{
    struct consumer_rig rig;
    struct stopping running;

    (void)state;
    rig_begin(&rig, AMQPEXT_DEFER, NULL);
    rig.options.drain_timeout_ms = 50;
    rig_start(&rig);
    rig_deliver(&rig, "k", "1");
    (void)handler_wait_ended(&rig.handler, 1);
    begin_run(&running, &rig);
    amqpext_consumer_request_stop(rig.consumer);
    assert_int_equal(end_of(&running), AMQPEXT_ETIMEDOUT);
    assert_int_equal(amqpext_delivery_settle(rig.handler.calls[0]->delivery, AMQPEXT_ACK, NULL),
                     AMQPEXT_ESTALE);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_not_begun_goes_back_and_what_has_may_end),
        cmocka_unit_test(verdict_after_the_deadline_is_not_sent),
        cmocka_unit_test(deferred_delivery_is_waited_for),
        cmocka_unit_test(deferred_delivery_that_outlives_the_stop_is_stale),
        cmocka_unit_test(delivery_settled_by_its_own_handler_is_settled_once),
        cmocka_unit_test(many_threads_settle_what_was_deferred),
        cmocka_unit_test(free_does_not_wait_for_deferred_deliveries),
        cmocka_unit_test(handler_that_defers_while_it_is_freed_is_waited_for),
        cmocka_unit_test(delivery_that_meets_the_cancel_goes_back),
        cmocka_unit_test(broker_that_does_not_answer_the_cancel_is_not_waited_for),
        cmocka_unit_test(stop_without_a_connection_ends_at_once),
        cmocka_unit_test(connection_lost_while_it_stops_does_not_hold_it_up),
        cmocka_unit_test(copies_under_way_are_confirmed_before_the_end),
        cmocka_unit_test(copy_that_is_never_confirmed_is_given_up_at_the_deadline),
        cmocka_unit_test(two_may_stop_at_once),
        cmocka_unit_test(signal_handler_may_request_the_stop),
        cmocka_unit_test(options_drain_time_bounds_a_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
