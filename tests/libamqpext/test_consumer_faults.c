/*
 * Consumer: what connections, brokers and queues do to it, and that it always consumes again.
 */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>

#include "support/consumer_rig.h"

/* Until the n-th basic.consume has been answered. */
static void wait_consuming(struct consumer_rig *rig, size_t n)
{
    unsigned i;

    (void)RECEIVED(rig, BASIC_CONSUME, n);
    for (i = 0; i < 60000 && !amqpext_consumer_is_connected(rig->consumer); i++)
        rig_sleep_ms(1);
    assert_true(amqpext_consumer_is_connected(rig->consumer));
}

static void verdict_of_a_lost_connection_is_never_sent(void **state)
{
    static const int verdicts[] = {AMQPEXT_ACK, AMQPEXT_RETRY, AMQPEXT_REJECT, AMQPEXT_REQUEUE, 0};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        struct consumer_rig rig;
        struct handled *handled;

        rig_start_with(&rig, verdicts[i]);
        handler_hold(&rig.handler);
        rig_deliver(&rig, "k", "1");
        handled = handler_wait(&rig.handler, 1);
        assert_false(amqpext_delivery_is_stale(handled->delivery));
        fake_broker_drop(rig.broker, 0, FAKE_DROP_RESET);
        wait_consuming(&rig, 2);
        assert_true(amqpext_delivery_is_stale(handled->delivery));
        handler_release(&rig.handler);
        wait_for_figure(rig.consumer, stale, 1);
        assert_int_equal(COUNT(&rig, BASIC_ACK) + COUNT(&rig, BASIC_NACK) +
                             COUNT(&rig, BASIC_REJECT) + COUNT(&rig, BASIC_PUBLISH),
                         0);
        /* The new connection counts from one again. */
        handler_set_verdict(&rig.handler, AMQPEXT_ACK);
        assert_int_equal(rig_deliver(&rig, "k", "2"), 1);
        assert_int_equal(RECEIVED(&rig, BASIC_ACK, 1)->connection, 2);
        rig_wait_settled(&rig);
        assert_int_equal(figures_of(rig.consumer).in_flight, 0);
        rig_end(&rig);
    }
}

static void what_no_handler_has_begun_is_dropped_with_its_connection(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    handler_hold(&rig.handler);
    rig_deliver(&rig, "k", "1");
    rig_deliver(&rig, "k", "2");
    rig_deliver(&rig, "k", "3");
    (void)handler_wait(&rig.handler, 1);
    wait_for_figure(rig.consumer, delivered, 3);
    fake_broker_drop(rig.broker, 0, FAKE_DROP_CLOSE);
    wait_for_figure(rig.consumer, stale, 2);
    assert_int_equal(figures_of(rig.consumer).in_flight, 1);
    wait_consuming(&rig, 2);
    handler_release(&rig.handler);
    wait_for_figure(rig.consumer, stale, 3);
    assert_int_equal(handler_count(&rig.handler), 1);
    rig_end(&rig);
}

static void deferred_delivery_of_a_lost_connection_is_stale(void **state)
{
    struct consumer_rig rig;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct handled *handled;

    (void)state;
    rig_start_with(&rig, AMQPEXT_DEFER);
    rig_deliver(&rig, "k", "1");
    handled = handler_wait_ended(&rig.handler, 1);
    fake_broker_close_connection(rig.broker, 0, 320, "CONNECTION_FORCED");
    wait_consuming(&rig, 2);
    assert_int_equal(amqpext_delivery_settle(handled->delivery, AMQPEXT_ACK, &error),
                     AMQPEXT_ESTALE);
    assert_int_equal(error.status, AMQPEXT_ESTALE);
    wait_for_figure(rig.consumer, stale, 1);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    rig_end(&rig);
}

static void closed_channel_is_enough_to_be_stale(void **state)
{
    struct consumer_rig rig;
    struct handled *handled;

    (void)state;
    rig_start_with(&rig, AMQPEXT_DEFER);
    rig_deliver(&rig, "k", "1");
    handled = handler_wait_ended(&rig.handler, 1);
    fake_broker_close_channel(rig.broker, 0, 406,
                              "PRECONDITION_FAILED - delivery acknowledgement timed out", 0);
    wait_consuming(&rig, 2);
    assert_int_equal(COUNT(&rig, CONNECTION_OPEN), 1);
    assert_int_equal(amqpext_delivery_settle(handled->delivery, AMQPEXT_RETRY, NULL),
                     AMQPEXT_ESTALE);
    wait_for_figure(rig.consumer, stale, 1);
    assert_int_equal(COUNT(&rig, BASIC_ACK) + COUNT(&rig, BASIC_PUBLISH), 0);
    rig_end(&rig);
}

static void copy_that_is_confirmed_too_late_acknowledges_nothing(void **state)
{
    struct consumer_rig rig;
    const struct received *published;

    (void)state;
    published = rig_start_with_copy(&rig);
    fake_broker_drop(rig.broker, 1, FAKE_DROP_RESET);
    wait_consuming(&rig, 2);
    fake_broker_ack(rig.broker, published->connection, published->tag, false);
    wait_for_figure(rig.consumer, stale, 1);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    assert_int_equal(figures_of(rig.consumer).retried, 0);
    rig_end(&rig);
}

static void cancelled_by_the_broker_it_declares_and_consumes_again(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    fake_broker_cancel(rig.broker, 0, NULL);
    wait_consuming(&rig, 2);
    assert_int_equal(figures_of(rig.consumer).cancelled, 1);
    assert_int_equal(COUNT(&rig, CONNECTION_OPEN), 1);
    assert_int_equal(COUNT(&rig, CHANNEL_OPEN), 2);
    rig_deliver(&rig, "k", "1");
    wait_for_figure(rig.consumer, acknowledged, 1);
    fake_broker_cancel(rig.broker, 0, NULL);
    wait_consuming(&rig, 3);
    assert_int_equal(rig_logged(&rig, "the broker has cancelled the consumer"), 2);
    rig_end(&rig);
}

static void foreign_cancel_is_passed_over(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    fake_broker_cancel(rig.broker, 0, "somebody");
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_CONSUME_METHOD, 1, 50));
    assert_true(amqpext_consumer_is_connected(rig.consumer));
    rig_end(&rig);
}

/* Answers the question how many consume. */
struct census {
    atomic_uint consumers;
    atomic_uint questions;
};

static bool answer_census(void *data, struct fake_broker *broker, const struct received *what)
{
    struct census *census = data;
    const amqp_queue_declare_t *declare = what->decoded;
    amqp_queue_declare_ok_t counted = {.queue = amqp_cstring_bytes("jobs"),
                                       .consumer_count = atomic_load(&census->consumers)};

    if (what->method != AMQP_QUEUE_DECLARE_METHOD || !declare->passive)
        return false;
    atomic_fetch_add(&census->questions, 1);
    return fake_broker_send(broker, what->connection, what->channel, AMQP_QUEUE_DECLARE_OK_METHOD,
                            &counted);
}

static void lost_without_a_word_it_consumes_again(void **state)
{
    struct census census = {1, 0};
    const struct fake_broker_options options = {.on_received = answer_census, .data = &census};
    struct consumer_rig rig;
    unsigned i;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, &options);
    rig.options.watch_interval_ms = 10;
    rig_start(&rig);
    for (i = 0; i < 60000 && atomic_load(&census.questions) < 5; i++)
        rig_sleep_ms(1);
    assert_int_equal(COUNT(&rig, BASIC_CONSUME), 1);
    atomic_store(&census.consumers, 0);
    (void)RECEIVED(&rig, BASIC_CONSUME, 2);
    atomic_store(&census.consumers, 1);
    wait_consuming(&rig, 2);
    assert_int_equal(COUNT(&rig, CONNECTION_OPEN), 1);
    assert_true(rig_logged(&rig, "the broker has lost the consumer") >= 1);
    rig_end(&rig);
}

static bool forget_queue(void *data, struct fake_broker *broker, const struct received *what)
{
    const amqp_queue_declare_t *declare = what->decoded;

    (void)data;
    if (what->method != AMQP_QUEUE_DECLARE_METHOD || !declare->passive)
        return false;
    return fake_broker_close_channel(broker, what->connection, 404,
                                     "NOT_FOUND - no queue 'jobs' in vhost '/'",
                                     AMQP_QUEUE_DECLARE_METHOD);
}

static void queue_that_is_gone_is_declared_again(void **state)
{
    const struct fake_broker_options options = {.on_received = forget_queue};
    struct consumer_rig rig;
    const amqp_queue_declare_t *declare;
    size_t i;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, &options);
    rig.options.watch_interval_ms = 10;
    rig_start(&rig);
    (void)RECEIVED(&rig, BASIC_CONSUME, 3);
    assert_int_equal(COUNT(&rig, CONNECTION_OPEN), 1);
    for (i = 1; i <= 3; i++) {
        declare = RECEIVED(&rig, QUEUE_DECLARE, i)->decoded;
        if (!declare->passive)
            assert_true(declare->durable);
    }
    rig_end(&rig);
}

static void silence_on_the_channel_ends_the_connection(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.connection.reply_timeout_ms = 300;
    rig_start(&rig);
    fake_broker_ignore(rig.broker, AMQP_BASIC_CANCEL_METHOD, true);
    amqpext_consumer_pause(rig.consumer);
    (void)RECEIVED(&rig, CONNECTION_OPEN, 2);
    fake_broker_ignore(rig.broker, AMQP_BASIC_CANCEL_METHOD, false);
    amqpext_consumer_resume(rig.consumer);
    wait_consuming(&rig, 2);
    rig_end(&rig);
}

static void cancel_that_meets_ours_is_no_reason_to_reopen(void **state)
{
    struct consumer_rig rig;
    amqp_basic_cancel_ok_t cancelled = {.consumer_tag = amqp_cstring_bytes("amq.ctag-1")};

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    fake_broker_ignore(rig.broker, AMQP_BASIC_CANCEL_METHOD, true);
    amqpext_consumer_pause(rig.consumer);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    fake_broker_cancel(rig.broker, 0, "amq.ctag-1");
    fake_broker_send(rig.broker, 0, 1, AMQP_BASIC_CANCEL_OK_METHOD, &cancelled);
    fake_broker_ignore(rig.broker, AMQP_BASIC_CANCEL_METHOD, false);
    amqpext_consumer_resume(rig.consumer);
    wait_consuming(&rig, 2);
    assert_int_equal(COUNT(&rig, CHANNEL_OPEN), 1);
    rig_end(&rig);
}

static void answer_without_a_question_is_a_protocol_error(void **state)
{
    struct consumer_rig rig;
    amqp_basic_consume_ok_t consuming = {.consumer_tag = amqp_cstring_bytes("x")};

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    fake_broker_send(rig.broker, 0, 1, AMQP_BASIC_CONSUME_OK_METHOD, &consuming);
    wait_consuming(&rig, 2);
    assert_int_equal(COUNT(&rig, CONNECTION_CLOSE), 1);
    assert_int_equal(figures_of(rig.consumer).connection.lost_by_protocol, 1);
    rig_end(&rig);
}

static void tag_that_goes_back_is_a_protocol_error(void **state)
{
    amqp_basic_deliver_t deliver = {.consumer_tag = amqp_cstring_bytes("amq.ctag-1"),
                                    .delivery_tag = 0};
    /* Class 60, no weight, no body, no properties. */
    static const char header[14] = {0, 60};
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    fake_broker_send(rig.broker, 0, 1, AMQP_BASIC_DELIVER_METHOD, &deliver);
    fake_broker_frame(rig.broker, 0, 2, 1, header, sizeof(header));
    wait_consuming(&rig, 2);
    assert_int_equal(figures_of(rig.consumer).connection.lost_by_protocol, 1);
    assert_int_equal(figures_of(rig.consumer).delivered, 0);
    rig_end(&rig);
}

static void redelivery_is_told_and_counted(void **state)
{
    const struct fake_message message = {
        .routing_key = "k", .body = "1", .size = 1, .is_redelivered = true};
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    assert_int_not_equal(fake_broker_deliver(rig.broker, 0, &message), 0);
    assert_true(handler_wait_ended(&rig.handler, 1)->is_redelivered);
    wait_for_figure(rig.consumer, acknowledged, 1);
    assert_int_equal(figures_of(rig.consumer).redelivered, 1);
    rig_end(&rig);
}

static void queue_with_other_arguments_is_a_permanent_error(void **state)
{
    struct consumer_rig rig;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.retry.max_attempts = 1;
    fake_broker_refuse(rig.broker, AMQP_QUEUE_DECLARE_METHOD, 406,
                       "PRECONDITION_FAILED - inequivalent arg 'durable'", 3);
    rig_new(&rig);
    assert_int_equal(amqpext_consumer_connect(rig.consumer, 60000, &error), AMQPEXT_EPRECONDITION);
    assert_int_equal(error.reply_code, 406);
    /* It goes on trying, and somebody has mended the queue meanwhile. */
    wait_consuming(&rig, 1);
    rig_end(&rig);
}

/* The queue exists without dead letters of its own. */
static bool refuse_dead_letters(void *data, struct fake_broker *broker, const struct received *what)
{
    const amqp_queue_declare_t *declare = what->decoded;

    (void)data;
    if (what->method != AMQP_QUEUE_DECLARE_METHOD || !fake_bytes_are(declare->queue, "jobs") ||
        fake_table_get(&declare->arguments, "x-dead-letter-exchange") == NULL)
        return false;
    return fake_broker_close_channel(broker, what->connection, 406,
                                     "PRECONDITION_FAILED - inequivalent arg", what->method);
}

static void what_retries_add_to_a_queue_is_left_out_where_it_is_refused(void **state)
{
    const struct fake_broker_options options = {.on_received = refuse_dead_letters};
    const struct amqpext_queue queue = {.name = "jobs", .type = AMQPEXT_QUEUE_QUORUM};
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, &options);
    rig.retry.max_attempts = 1;
    rig.retry.no_dead_letter_queue = false;
    rig_queue(&rig, &queue);
    rig_start(&rig);
    assert_int_equal(COUNT(&rig, CHANNEL_OPEN), 2);
    assert_int_equal(COUNT(&rig, CONNECTION_OPEN), 1);
    rig_end(&rig);
}

static void connections_lost_at_random_lose_no_message(void **state)
{
    enum { ROUNDS = 30, PER_ROUND = 5 };
    struct consumer_rig rig;
    unsigned seed = 7, round, i;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.workers = 3;
    rig_start(&rig);
    for (round = 1; round <= ROUNDS; round++) {
        wait_consuming(&rig, round);
        for (i = 0; i < PER_ROUND; i++)
            (void)fake_broker_deliver(rig.broker, 0,
                                      &(struct fake_message){.body = "1", .size = 1});
        seed = seed * 1103515245 + 12345;
        rig_sleep_ms((seed >> 16) % 3);
        fake_broker_drop(rig.broker, 0, (seed >> 20) % 2 ? FAKE_DROP_RESET : FAKE_DROP_CLOSE);
    }
    wait_consuming(&rig, ROUNDS + 1);
    rig_deliver(&rig, "k", "last");
    rig_wait_settled(&rig);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 60000, NULL), AMQPEXT_OK);
    /* What was received was settled or is stale, and nothing is left. */
    assert_int_equal(figures_of(rig.consumer).in_flight, 0);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict_of_a_lost_connection_is_never_sent),
        cmocka_unit_test(what_no_handler_has_begun_is_dropped_with_its_connection),
        cmocka_unit_test(deferred_delivery_of_a_lost_connection_is_stale),
        cmocka_unit_test(closed_channel_is_enough_to_be_stale),
        cmocka_unit_test(copy_that_is_confirmed_too_late_acknowledges_nothing),
        cmocka_unit_test(cancelled_by_the_broker_it_declares_and_consumes_again),
        cmocka_unit_test(foreign_cancel_is_passed_over),
        cmocka_unit_test(lost_without_a_word_it_consumes_again),
        cmocka_unit_test(queue_that_is_gone_is_declared_again),
        cmocka_unit_test(silence_on_the_channel_ends_the_connection),
        cmocka_unit_test(cancel_that_meets_ours_is_no_reason_to_reopen),
        cmocka_unit_test(answer_without_a_question_is_a_protocol_error),
        cmocka_unit_test(tag_that_goes_back_is_a_protocol_error),
        cmocka_unit_test(redelivery_is_told_and_counted),
        cmocka_unit_test(queue_with_other_arguments_is_a_permanent_error),
        cmocka_unit_test(what_retries_add_to_a_queue_is_left_out_where_it_is_refused),
        cmocka_unit_test(connections_lost_at_random_lose_no_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
