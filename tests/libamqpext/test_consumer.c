/*
 * Consumer: what it declares, what becomes of verdicts, where handlers run, and its life.
 */
#include "test.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>

#include "support/consumer_rig.h"

static void everything_is_declared_before_it_consumes(void **state)
{
    static const char *const keys[] = {"orders.new", "orders.paid"};
    struct amqpext_table *arguments = NULL;
    struct consumer_rig rig;
    const amqp_exchange_declare_t *exchange;
    const amqp_queue_declare_t *queue;
    const amqp_queue_bind_t *bind;
    const amqp_basic_qos_t *qos;
    const amqp_basic_consume_t *consume;
    char name[64];

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(arguments, "x-priority", 7, NULL), AMQPEXT_OK);
    rig.options.exchange = "shop";
    rig.options.routing_keys = keys;
    rig.options.n_routing_keys = 2;
    rig.options.prefetch_count = 77;
    rig.options.consumer_tag = "me";
    rig.options.consume_arguments = arguments;
    rig.options.exclusive = true;
    rig.retry.max_attempts = 1;
    rig_new(&rig);
    /* Everything was copied. */
    amqpext_table_free(arguments);
    assert_false(amqpext_consumer_is_connected(rig.consumer));
    assert_int_equal(amqpext_consumer_connect(rig.consumer, 60000, NULL), AMQPEXT_OK);
    assert_true(amqpext_consumer_is_connected(rig.consumer));
    exchange = RECEIVED(&rig, EXCHANGE_DECLARE, 1)->decoded;
    assert_true(fake_bytes_are(exchange->exchange, "shop"));
    assert_true(fake_bytes_are(exchange->type, "topic"));
    assert_true(exchange->durable);
    queue = RECEIVED(&rig, QUEUE_DECLARE, 1)->decoded;
    assert_true(fake_bytes_are(queue->queue, "jobs"));
    assert_true(queue->durable);
    bind = RECEIVED(&rig, QUEUE_BIND, 1)->decoded;
    assert_true(fake_bytes_are(bind->queue, "jobs"));
    assert_true(fake_bytes_are(bind->exchange, "shop"));
    assert_true(fake_bytes_are(bind->routing_key, "orders.new"));
    bind = RECEIVED(&rig, QUEUE_BIND, 2)->decoded;
    assert_true(fake_bytes_are(bind->routing_key, "orders.paid"));
    assert_int_equal(COUNT(&rig, QUEUE_BIND), 2);
    qos = RECEIVED(&rig, BASIC_QOS, 1)->decoded;
    assert_int_equal(qos->prefetch_count, 77);
    assert_false(qos->global);
    consume = RECEIVED(&rig, BASIC_CONSUME, 1)->decoded;
    assert_true(fake_bytes_are(consume->queue, "jobs"));
    assert_true(fake_bytes_are(consume->consumer_tag, "me"));
    assert_true(consume->exclusive);
    assert_false(consume->no_ack);
    assert_int_equal(fake_table_get(&consume->arguments, "x-priority")->value.i64, 7);
    amqpext_consumer_queue(rig.consumer, name, sizeof(name));
    assert_string_equal(name, "jobs");
    rig_end(&rig);
}

static void nothing_is_bound_to_the_default_exchange(void **state)
{
    struct consumer_rig rig;
    const amqp_basic_qos_t *qos;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.routing_key = "ignored";
    rig_start(&rig);
    assert_int_equal(COUNT(&rig, QUEUE_BIND), 0);
    assert_int_equal(COUNT(&rig, EXCHANGE_DECLARE), 0);
    qos = RECEIVED(&rig, BASIC_QOS, 1)->decoded;
    assert_int_equal(qos->prefetch_count, 10);
    rig_end(&rig);
}

static void queue_without_name_gets_that_of_the_broker(void **state)
{
    const struct amqpext_queue queue = {.name = "", .exclusive = true};
    const struct amqpext_queue other = {.name = "other"};
    const struct amqpext_topology topology = {
        .size = sizeof(topology), .queues = &other, .n_queues = 1};
    struct consumer_rig rig;
    const amqp_queue_bind_t *bind;
    const amqp_basic_consume_t *consume;
    char name[64];

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig_queue(&rig, &queue);
    rig.options.topology = &topology;
    rig.options.exchange = "shop";
    rig_new(&rig);
    amqpext_consumer_queue(rig.consumer, name, sizeof(name));
    assert_string_equal(name, "");
    assert_int_equal(amqpext_consumer_connect(rig.consumer, 60000, NULL), AMQPEXT_OK);
    /* "" is the last queue that was declared on the channel. */
    assert_true(fake_bytes_are(
        ((amqp_queue_declare_t *)RECEIVED(&rig, QUEUE_DECLARE, 1)->decoded)->queue, "other"));
    bind = RECEIVED(&rig, QUEUE_BIND, 1)->decoded;
    assert_true(fake_bytes_are(bind->queue, ""));
    assert_true(fake_bytes_are(bind->routing_key, ""));
    consume = RECEIVED(&rig, BASIC_CONSUME, 1)->decoded;
    assert_true(fake_bytes_are(consume->queue, ""));
    amqpext_consumer_queue(rig.consumer, name, sizeof(name));
    assert_string_equal(name, "amq.gen-1");
    amqpext_consumer_queue(rig.consumer, name, 4);
    assert_string_equal(name, "amq");
    rig_end(&rig);
}

static void handled_message_is_acknowledged(void **state)
{
    struct consumer_rig rig;
    struct handled *handled;
    const amqp_basic_ack_t *ack;
    struct amqpext_consumer_stats figures;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    rig_deliver(&rig, "orders.new", "[1]");
    handled = handler_wait_ended(&rig.handler, 1);
    assert_string_equal(handled->body, "[1]");
    assert_string_equal(handled->exchange, "shop");
    assert_string_equal(handled->routing_key, "orders.new");
    assert_int_equal(handled->attempt, 1);
    assert_true(handled->has_payload);
    assert_false(handled->is_redelivered);
    ack = RECEIVED(&rig, BASIC_ACK, 1)->decoded;
    assert_int_equal(ack->delivery_tag, 1);
    assert_false(ack->multiple);
    rig_wait_settled(&rig);
    figures = figures_of(rig.consumer);
    assert_int_equal(figures.delivered, 1);
    assert_int_equal(figures.acknowledged, 1);
    assert_int_equal(figures.ack_frames, 1);
    assert_int_equal(figures.in_flight, 0);
    assert_int_equal(figures.handler_time.count, 1);
    assert_true(figures.last_delivery_age_us < UINT64_C(1000000000));
    assert_int_equal(figures.connection.is_ready, 1);
    rig_end(&rig);
}

static void acknowledgements_of_a_batch_are_joined(void **state)
{
    enum { COUNT = 200 };
    struct consumer_rig rig;
    struct amqpext_consumer_stats figures;
    int i;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.prefetch_count = COUNT * 4;
    rig.options.ack_delay_ms = 60000;
    rig.options.ack_count = 50;
    rig_start(&rig);
    for (i = 0; i < COUNT; i++)
        rig_deliver(&rig, "k", "1");
    rig_wait_settled(&rig);
    figures = figures_of(rig.consumer);
    assert_int_equal(figures.acknowledged, COUNT);
    assert_int_equal(figures.ack_frames, COUNT / 50);
    assert_true(((amqp_basic_ack_t *)RECEIVED(&rig, BASIC_ACK, 1)->decoded)->multiple);
    rig_end(&rig);
}

static void held_acknowledgements_are_sent_when_it_stops(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.prefetch_count = 100;
    rig.options.ack_delay_ms = 60000;
    rig_start(&rig);
    rig_deliver(&rig, "k", "1");
    rig_deliver(&rig, "k", "2");
    wait_for_figure(rig.consumer, acknowledged, 2);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 60000, NULL), AMQPEXT_OK);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 1);
    rig_end(&rig);
}

static void requeued_message_goes_back_by_nack(void **state)
{
    struct consumer_rig rig;
    const amqp_basic_nack_t *nack;

    (void)state;
    rig_start_with(&rig, AMQPEXT_REQUEUE);
    rig_deliver(&rig, "k", "1");
    nack = RECEIVED(&rig, BASIC_NACK, 1)->decoded;
    assert_int_equal(nack->delivery_tag, 1);
    assert_true(nack->requeue);
    assert_false(nack->multiple);
    wait_for_figure(rig.consumer, requeued, 1);
    rig_wait_settled(&rig);
    rig_end(&rig);
}

static void rejected_message_without_a_place_for_it_is_dropped(void **state)
{
    struct consumer_rig rig;
    const amqp_basic_reject_t *reject;

    (void)state;
    rig_begin(&rig, AMQPEXT_REJECT, NULL);
    rig.handler.reason = "no order";
    rig_start(&rig);
    rig_deliver(&rig, "k", "1");
    reject = RECEIVED(&rig, BASIC_REJECT, 1)->decoded;
    assert_int_equal(reject->delivery_tag, 1);
    assert_false(reject->requeue);
    wait_for_figure(rig.consumer, dropped, 1);
    assert_int_equal(figures_of(rig.consumer).dead_lettered, 0);
    assert_int_equal(rig_logged(&rig, "is rejected in attempt 1: no order"), 1);
    rig_end(&rig);
}

static void rejected_message_goes_to_the_dead_letters_of_the_queue(void **state)
{
    const struct amqpext_queue queue = {.name = "jobs", .dead_letter_exchange = "dead"};
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_REJECT, NULL);
    rig_queue(&rig, &queue);
    rig_start(&rig);
    rig_deliver(&rig, "k", "1");
    wait_for_figure(rig.consumer, dead_lettered, 1);
    assert_int_equal(COUNT(&rig, BASIC_REJECT), 1);
    rig_end(&rig);
}

static void broker_that_delays_itself_gets_it_back_by_reject(void **state)
{
    const struct fake_broker_options newest = {.version = "4.3.0"};
    const struct amqpext_queue queue = {.name = "jobs", .type = AMQPEXT_QUEUE_QUORUM};
    struct consumer_rig rig;
    const amqp_basic_reject_t *reject;

    (void)state;
    rig_begin(&rig, AMQPEXT_RETRY, &newest);
    rig_queue(&rig, &queue);
    rig_start(&rig);
    rig_deliver(&rig, "k", "1");
    reject = RECEIVED(&rig, BASIC_REJECT, 1)->decoded;
    assert_true(reject->requeue);
    wait_for_figure(rig.consumer, retried, 1);
    assert_int_equal(COUNT(&rig, BASIC_PUBLISH), 0);
    rig_end(&rig);
}

static void retried_message_is_copied_and_then_acknowledged(void **state)
{
    struct consumer_rig rig;
    const struct received *published;

    (void)state;
    published = rig_start_with_copy(&rig);
    assert_memory_equal(published->body, "[1]", 3);
    assert_int_equal(published->connection, 2);
    rig_sleep_ms(50);
    assert_int_equal(fake_broker_outstanding(rig.broker, 1), 1);
    assert_int_equal(figures_of(rig.consumer).retried, 0);
    assert_true(fake_broker_ack(rig.broker, published->connection, published->tag, false));
    wait_for_figure(rig.consumer, retried, 1);
    assert_int_equal(RECEIVED(&rig, BASIC_ACK, 1)->connection, 1);
    assert_int_equal(figures_of(rig.consumer).acknowledged, 0);
    rig_end(&rig);
}

static void no_verdict_is_a_failure_and_tried_again(void **state)
{
    static const int none[] = {0, 6, -5, 4711};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct consumer_rig rig;

        rig_begin(&rig, none[i], NULL);
        rig.retry.max_attempts = 1;
        rig_start(&rig);
        rig_deliver(&rig, "k", "1");
        wait_for_figure(rig.consumer, dropped, 1);
        assert_int_equal(figures_of(rig.consumer).failed, 1);
        assert_int_equal(rig_logged(&rig, "the handler gave no verdict"), 1);
        assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
        rig_end(&rig);
    }
}

static void with_ack_always_everything_is_acknowledged(void **state)
{
    static const int verdicts[] = {0, AMQPEXT_RETRY, AMQPEXT_REJECT, AMQPEXT_REQUEUE};
    struct consumer_rig rig;
    size_t i;

    (void)state;
    rig_begin(&rig, 0, NULL);
    rig.options.ack_always = true;
    rig_start(&rig);
    for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        handler_set_verdict(&rig.handler, verdicts[i]);
        rig_deliver(&rig, "k", "1");
        wait_for_figure(rig.consumer, acknowledged, i + 1);
    }
    rig_deliver(&rig, "k", "{");
    wait_for_figure(rig.consumer, acknowledged, i + 1);
    rig_wait_settled(&rig);
    assert_int_equal(figures_of(rig.consumer).failed, 1);
    assert_int_equal(figures_of(rig.consumer).undecodable, 1);
    rig_end(&rig);
}

static void undecodable_message_reaches_no_handler(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    rig_deliver(&rig, "k", "{\"a\": ");
    wait_for_figure(rig.consumer, dropped, 1);
    assert_int_equal(figures_of(rig.consumer).undecodable, 1);
    assert_int_equal(handler_count(&rig.handler), 0);
    assert_int_equal(COUNT(&rig, BASIC_REJECT), 1);
    assert_int_equal(figures_of(rig.consumer).handler_time.count, 0);
    rig_end(&rig);
}

static void content_type_chooses_the_decoder(void **state)
{
    static const amqp_basic_properties_t msgpack = {._flags = AMQP_BASIC_CONTENT_TYPE_FLAG,
                                                    .content_type = {19, "application/msgpack"}};
    struct fake_message message = {.properties = &msgpack, .body = "\x93\x01\x02\x03", .size = 4};
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    assert_int_not_equal(fake_broker_deliver(rig.broker, 0, &message), 0);
    assert_true(handler_wait_ended(&rig.handler, 1)->has_payload);
    message.properties = NULL;
    assert_int_not_equal(fake_broker_deliver(rig.broker, 0, &message), 0);
    wait_for_figure(rig.consumer, undecodable, 1);
    rig_end(&rig);
}

static void message_beyond_the_limit_is_rejected_where_the_broker_keeps_it(void **state)
{
    const struct amqpext_queue queue = {.name = "jobs", .dead_letter_exchange = "dead"};
    struct consumer_rig rig;
    char large[200];

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.connection.max_message_bytes = 100;
    rig_queue(&rig, &queue);
    rig_start(&rig);
    memset(large, '1', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    rig_deliver(&rig, "k", large);
    rig_deliver(&rig, "k", "1");
    assert_string_equal(handler_wait_ended(&rig.handler, 1)->body, "1");
    wait_for_figure(rig.consumer, dead_lettered, 1);
    rig_wait_settled(&rig);
    assert_int_equal(COUNT(&rig, BASIC_REJECT), 1);
    assert_int_equal(figures_of(rig.consumer).connection.connects, 1);
    rig_end(&rig);
}

static int check_thread(void *data, struct amqpext_delivery *delivery)
{
    struct consumer_rig *rig = data;

    (void)delivery;
    /* A handler cannot wait for its own end. */
    assert_int_equal(amqpext_consumer_stop(rig->consumer, 1, NULL), AMQPEXT_ESTATE);
    assert_int_equal(amqpext_consumer_connect(rig->consumer, 1, NULL), AMQPEXT_ESTATE);
    assert_int_equal(amqpext_consumer_run(rig->consumer, NULL), AMQPEXT_ESTATE);
    return AMQPEXT_ACK;
}

static void handlers_run_where_the_options_say(void **state)
{
    static const enum amqpext_callbacks modes[] = {
        AMQPEXT_CALLBACKS_DEFAULT, AMQPEXT_CALLBACKS_IO_THREAD, AMQPEXT_CALLBACKS_WORKERS};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct consumer_rig rig;

        rig_begin(&rig, 0, NULL);
        rig.options.callbacks = modes[i];
        rig.handler.decide = check_thread;
        rig.handler.data = &rig;
        rig_start(&rig);
        assert_int_equal(amqpext_consumer_fd(rig.consumer), -1);
        amqpext_consumer_dispatch(rig.consumer);
        rig_deliver(&rig, "k", "1");
        wait_for_figure(rig.consumer, acknowledged, 1);
        rig_end(&rig);
    }
}

static void wait_readable(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&readable, 1, 60000), 1);
}

static void dispatched_handlers_run_inside_of_the_call(void **state)
{
    struct consumer_rig rig;
    int fd;

    (void)state;
    rig_begin(&rig, 0, NULL);
    rig.options.callbacks = AMQPEXT_CALLBACKS_DISPATCH;
    rig.handler.decide = check_thread;
    rig.handler.data = &rig;
    rig_start(&rig);
    fd = amqpext_consumer_fd(rig.consumer);
    amqpext_consumer_dispatch(rig.consumer);
    rig_deliver(&rig, "k", "1");
    wait_readable(fd);
    assert_int_equal(handler_count(&rig.handler), 0);
    amqpext_consumer_dispatch(rig.consumer);
    assert_int_equal(handler_count(&rig.handler), 1);
    wait_for_figure(rig.consumer, acknowledged, 1);
    /* What waits for a dispatch when it stops goes back. */
    rig_deliver(&rig, "k", "2");
    wait_readable(fd);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 60000, NULL), AMQPEXT_OK);
    assert_int_equal(COUNT(&rig, BASIC_NACK), 1);
    rig_end(&rig);
}

static int run_consumer_result;

static void *run_consumer(void *data)
{
    run_consumer_result = (int)amqpext_consumer_run(data, NULL);
    return NULL;
}

static void run_blocks_until_a_stop_is_requested(void **state)
{
    static const enum amqpext_callbacks modes[] = {
        AMQPEXT_CALLBACKS_DISPATCH, AMQPEXT_CALLBACKS_IO_THREAD, AMQPEXT_CALLBACKS_WORKERS};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct consumer_rig rig;
        pthread_t thread;

        rig_begin(&rig, AMQPEXT_ACK, NULL);
        rig.options.callbacks = modes[i];
        rig_new(&rig);
        assert_int_equal(pthread_create(&thread, NULL, run_consumer, rig.consumer), 0);
        (void)RECEIVED(&rig, BASIC_CONSUME, 1);
        rig_sleep_ms(20);
        rig_deliver(&rig, "k", "1");
        wait_for_figure(rig.consumer, acknowledged, 1);
        amqpext_consumer_request_stop(rig.consumer);
        pthread_join(thread, NULL);
        assert_int_equal(run_consumer_result, AMQPEXT_OK);
        assert_int_equal(COUNT(&rig, BASIC_CANCEL), 1);
        assert_int_equal(COUNT(&rig, CONNECTION_CLOSE), 1);
        assert_false(amqpext_consumer_is_connected(rig.consumer));
        assert_int_equal(amqpext_consumer_run(rig.consumer, NULL), AMQPEXT_ECLOSED);
        assert_int_equal(amqpext_consumer_start(rig.consumer, NULL), AMQPEXT_ECLOSED);
        assert_int_equal(amqpext_consumer_stop(rig.consumer, 0, NULL), AMQPEXT_OK);
        rig_end(&rig);
    }
}

static void stop_that_was_requested_before_the_run_ends_it(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig_new(&rig);
    amqpext_consumer_request_stop(rig.consumer);
    assert_int_equal(amqpext_consumer_run(rig.consumer, NULL), AMQPEXT_OK);
    rig_end(&rig);
}

static void consumer_that_was_never_started_can_be_stopped_and_freed(void **state)
{
    struct consumer_rig rig;
    struct amqpext_consumer_stats figures;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig_new(&rig);
    figures = figures_of(rig.consumer);
    assert_true(figures.last_delivery_age_us == UINT64_MAX);
    assert_int_equal(figures.delivered, 0);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 0, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_start(rig.consumer, NULL), AMQPEXT_ECLOSED);
    amqpext_consumer_free(rig.consumer);
    rig_new(&rig);
    assert_int_equal(fake_broker_count(rig.broker, FAKE_ACCEPTED), 0);
    rig_end(&rig);
    amqpext_consumer_free(NULL);
}

static void pause_cancels_and_resume_consumes_again(void **state)
{
    struct consumer_rig rig;
    const amqp_basic_cancel_t *cancel;
    unsigned i;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    amqpext_consumer_pause(rig.consumer);
    amqpext_consumer_pause(rig.consumer);
    cancel = RECEIVED(&rig, BASIC_CANCEL, 1)->decoded;
    assert_true(fake_bytes_are(cancel->consumer_tag, "amq.ctag-1"));
    for (i = 0; i < 60000 && amqpext_consumer_is_connected(rig.consumer); i++)
        rig_sleep_ms(1);
    assert_false(amqpext_consumer_is_connected(rig.consumer));
    amqpext_consumer_resume(rig.consumer);
    (void)RECEIVED(&rig, BASIC_CONSUME, 2);
    rig_sleep_ms(20);
    rig_deliver(&rig, "k", "1");
    wait_for_figure(rig.consumer, acknowledged, 1);
    assert_true(amqpext_consumer_is_connected(rig.consumer));
    assert_int_equal(COUNT(&rig, CHANNEL_OPEN), 1);
    assert_int_equal(COUNT(&rig, BASIC_CANCEL), 1);
    rig_end(&rig);
}

static void pause_holds_over_a_reconnect(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_start_with(&rig, AMQPEXT_ACK);
    amqpext_consumer_pause(rig.consumer);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    fake_broker_drop(rig.broker, 0, FAKE_DROP_RESET);
    (void)RECEIVED(&rig, BASIC_QOS, 2);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_CONSUME_METHOD, 1, 50));
    amqpext_consumer_resume(rig.consumer);
    (void)RECEIVED(&rig, BASIC_CONSUME, 2);
    rig_end(&rig);
}

static void paused_consumer_waits_for_room_before_it_goes_on(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.prefetch_count = 2;
    rig_start(&rig);
    handler_hold(&rig.handler);
    rig_deliver(&rig, "k", "1");
    rig_deliver(&rig, "k", "2");
    (void)handler_wait(&rig.handler, 1);
    wait_for_figure(rig.consumer, delivered, 2);
    amqpext_consumer_pause(rig.consumer);
    (void)RECEIVED(&rig, BASIC_CANCEL, 1);
    amqpext_consumer_resume(rig.consumer);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_CONSUME_METHOD, 1, 50));
    handler_release(&rig.handler);
    (void)RECEIVED(&rig, BASIC_CONSUME, 2);
    rig_end(&rig);
}

static void equal_keys_are_handled_in_order(void **state)
{
    enum { KEYS = 3, PER_KEY = 60 };
    struct consumer_rig rig;
    int next[KEYS] = {0};
    char key[8], body[16];
    int i;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.workers = 8;
    rig.options.prefetch_count = KEYS * PER_KEY;
    rig.options.order = AMQPEXT_ORDER_ROUTING_KEY;
    rig_start(&rig);
    for (i = 0; i < KEYS * PER_KEY; i++) {
        snprintf(key, sizeof(key), "k%d", i % KEYS);
        snprintf(body, sizeof(body), "%d", i / KEYS);
        rig_deliver(&rig, key, body);
    }
    (void)handler_wait_ended(&rig.handler, KEYS * PER_KEY);
    for (i = 0; i < KEYS * PER_KEY; i++) {
        const struct handled *handled = rig.handler.calls[i];

        assert_int_equal(strtol(handled->body, NULL, 10), next[handled->routing_key[1] - '0']++);
    }
    assert_true(rig.handler.most_inside <= KEYS);
    rig_wait_settled(&rig);
    rig_end(&rig);
}

static void order_of_all_means_one_at_a_time(void **state)
{
    struct consumer_rig rig;
    int i;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.workers = 4;
    rig.options.prefetch_count = 100;
    rig.options.order = AMQPEXT_ORDER_ALL;
    rig_start(&rig);
    for (i = 0; i < 100; i++)
        rig_deliver(&rig, "k", "1");
    (void)handler_wait_ended(&rig.handler, 100);
    assert_int_equal(rig.handler.most_inside, 1);
    rig_end(&rig);
}

static uint64_t deliver_tenant(struct consumer_rig *rig, const char *tenant, const char *body)
{
    amqp_table_entry_t entry = {
        .key = amqp_cstring_bytes("tenant"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(tenant)}};
    const amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG,
                                                .headers = {1, &entry}};
    const struct fake_message message = {
        .properties = &properties, .body = body, .size = strlen(body)};

    return fake_broker_deliver(rig->broker, 0, &message);
}

static void order_by_header_holds_up_equal_values_only(void **state)
{
    struct consumer_rig rig;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.workers = 4;
    rig.options.order = AMQPEXT_ORDER_HEADER;
    rig.options.order_header = "tenant";
    rig_start(&rig);
    handler_hold(&rig.handler);
    assert_int_not_equal(deliver_tenant(&rig, "north", "1"), 0);
    assert_int_not_equal(deliver_tenant(&rig, "north", "2"), 0);
    assert_int_not_equal(deliver_tenant(&rig, "south", "3"), 0);
    rig_deliver(&rig, "k", "4");
    (void)handler_wait(&rig.handler, 3);
    assert_true(handler_stays_at(&rig.handler, 3, 50));
    handler_release(&rig.handler);
    assert_string_equal(handler_wait_ended(&rig.handler, 4)->body, "2");
    rig_end(&rig);
}

static void message_that_takes_too_long_is_told_once(void **state)
{
    struct consumer_rig rig;
    unsigned i;

    (void)state;
    rig_begin(&rig, AMQPEXT_ACK, NULL);
    rig.options.slow_handler_ms = 20;
    rig_start(&rig);
    handler_hold(&rig.handler);
    rig_deliver(&rig, "orders.slow", "1");
    for (i = 0; i < 60000 && rig_logged(&rig, "orders.slow") == 0; i++)
        rig_sleep_ms(1);
    assert_int_equal(rig_logged(&rig, "2 queue 'jobs': a message with routing key 'orders.slow'"),
                     1);
    rig_sleep_ms(100);
    assert_int_equal(rig_logged(&rig, "orders.slow"), 1);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_declared_before_it_consumes),
        cmocka_unit_test(nothing_is_bound_to_the_default_exchange),
        cmocka_unit_test(queue_without_name_gets_that_of_the_broker),
        cmocka_unit_test(handled_message_is_acknowledged),
        cmocka_unit_test(acknowledgements_of_a_batch_are_joined),
        cmocka_unit_test(held_acknowledgements_are_sent_when_it_stops),
        cmocka_unit_test(requeued_message_goes_back_by_nack),
        cmocka_unit_test(rejected_message_without_a_place_for_it_is_dropped),
        cmocka_unit_test(rejected_message_goes_to_the_dead_letters_of_the_queue),
        cmocka_unit_test(broker_that_delays_itself_gets_it_back_by_reject),
        cmocka_unit_test(retried_message_is_copied_and_then_acknowledged),
        cmocka_unit_test(no_verdict_is_a_failure_and_tried_again),
        cmocka_unit_test(with_ack_always_everything_is_acknowledged),
        cmocka_unit_test(undecodable_message_reaches_no_handler),
        cmocka_unit_test(content_type_chooses_the_decoder),
        cmocka_unit_test(message_beyond_the_limit_is_rejected_where_the_broker_keeps_it),
        cmocka_unit_test(handlers_run_where_the_options_say),
        cmocka_unit_test(dispatched_handlers_run_inside_of_the_call),
        cmocka_unit_test(run_blocks_until_a_stop_is_requested),
        cmocka_unit_test(stop_that_was_requested_before_the_run_ends_it),
        cmocka_unit_test(consumer_that_was_never_started_can_be_stopped_and_freed),
        cmocka_unit_test(pause_cancels_and_resume_consumes_again),
        cmocka_unit_test(pause_holds_over_a_reconnect),
        cmocka_unit_test(paused_consumer_waits_for_room_before_it_goes_on),
        cmocka_unit_test(equal_keys_are_handled_in_order),
        cmocka_unit_test(order_of_all_means_one_at_a_time),
        cmocka_unit_test(order_by_header_holds_up_equal_values_only),
        cmocka_unit_test(message_that_takes_too_long_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
