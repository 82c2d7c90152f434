/*
 * Consumers at a real broker: what becomes of messages, order, prefetch, pauses, other queues.
 */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker.h"
#include "consuming.h"

static void message_is_handled_and_forgotten(void **state)
{
    struct consuming consuming;
    struct handled *handled;

    (void)state;
    consuming_begin(&consuming, "consumer.simple", AMQPEXT_ACK);
    consuming_start(&consuming);
    consuming_publish(&consuming, "{\"a\": [1, 2]}");
    handled = handler_wait_ended(&consuming.handler, 1);
    assert_string_equal(handled->body, "{\"a\": [1, 2]}");
    assert_string_equal(handled->exchange, "");
    assert_string_equal(handled->routing_key, "consumer.simple");
    assert_true(handled->has_payload);
    assert_false(handled->is_redelivered);
    wait_for_figure(consuming.consumer, acknowledged, 1);
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, 60000, NULL), AMQPEXT_OK);
    consuming_wait_empty("consumer.simple");
    consuming_end(&consuming);
}

static void topic_reaches_the_queue_by_each_of_its_keys(void **state)
{
    static const char *const keys[] = {"orders.*", "invoices.#"};
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, "consumer.topic", AMQPEXT_ACK);
    consuming.options.exchange = "consumer.exchange";
    consuming.options.routing_keys = keys;
    consuming.options.n_routing_keys = 2;
    consuming_start(&consuming);
    consuming_publish_to(&consuming, "consumer.exchange", "orders.new", NULL, "1", 1);
    consuming_publish_to(&consuming, "consumer.exchange", "invoices.a.b", NULL, "2", 1);
    assert_string_equal(handler_wait_ended(&consuming.handler, 1)->routing_key, "orders.new");
    assert_string_equal(handler_wait_ended(&consuming.handler, 2)->routing_key, "invoices.a.b");
    assert_string_equal(consuming.handler.calls[1]->exchange, "consumer.exchange");
    consuming_end(&consuming);
}

static int fail_at_first(void *data, struct amqpext_delivery *delivery)
{
    (void)data;
    if (amqpext_delivery_attempt(delivery) > 1)
        return AMQPEXT_ACK;
    amqpext_delivery_set_reason(delivery, "not yet");
    return 0;
}

static void failed_handler_gets_the_message_again(void **state)
{
    struct consuming consuming;
    struct handled *handled;

    (void)state;
    consuming_begin(&consuming, "consumer.failed", 0);
    consuming.handler.decide = fail_at_first;
    consuming_start(&consuming);
    consuming_publish(&consuming, "1");
    handled = handler_wait_ended(&consuming.handler, 2);
    assert_int_equal(handled->attempt, 2);
    assert_string_equal(handled->last_reason, "not yet");
    assert_string_equal(handled->routing_key, "consumer.failed");
    wait_for_figure(consuming.consumer, acknowledged, 1);
    assert_int_equal(figures_of(consuming.consumer).failed, 1);
    assert_int_equal(figures_of(consuming.consumer).retried, 1);
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, 60000, NULL), AMQPEXT_OK);
    consuming_wait_empty("consumer.failed");
    consuming_end(&consuming);
}

static int die(void *data, struct amqpext_delivery *delivery)
{
    (void)data;
    (void)delivery;
    _exit(3);
}

static void consume_and_die(const char *queue)
{
    struct consuming consuming;

    consuming_begin(&consuming, "consumer.none", 0);
    consuming.options.queue = queue;
    consuming.handler.decide = die;
    consuming_start(&consuming);
    for (;;)
        pause();
}

static void message_of_a_crashed_process_comes_again(void **state)
{
    struct consuming consuming;
    struct handled *handled;
    pid_t child;
    int status;

    (void)state;
    consuming_begin(&consuming, "consumer.crash", AMQPEXT_ACK);
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        consume_and_die("consumer.crash");
    consuming_start(&consuming);
    amqpext_consumer_pause(consuming.consumer);
    while (amqpext_consumer_is_connected(consuming.consumer))
        consuming_sleep_ms(1);
    consuming_publish(&consuming, "1");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    amqpext_consumer_resume(consuming.consumer);
    handled = handler_wait_ended(&consuming.handler, 1);
    assert_true(handled->is_redelivered);
    assert_string_equal(handled->body, "1");
    consuming_end(&consuming);
}

static void undecodable_bodies_are_dead_letters_with_their_reason(void **state)
{
    static const struct {
        const char *type, *body;
        size_t size;
    } bad[] = {
        {"application/json", "{\"a\": ", 6}, {"application/json", "\xff\xfe", 2},
        {"application/msgpack", "\xc1", 1},  {"application/msgpack", "\x93\x01\x02", 3},
        {"application/json", "", 0},
    };
    enum { BAD = sizeof(bad) / sizeof(bad[0]) };
    struct consuming consuming, dead;
    size_t i;

    (void)state;
    consuming_begin(&consuming, "consumer.bad", AMQPEXT_ACK);
    consuming_start(&consuming);
    for (i = 0; i < BAD; i++)
        consuming_publish_to(&consuming, "", "consumer.bad", bad[i].type, bad[i].body, bad[i].size);
    wait_for_figure(consuming.consumer, dead_lettered, BAD);
    assert_int_equal(figures_of(consuming.consumer).undecodable, BAD);
    assert_int_equal(handler_count(&consuming.handler), 0);
    /* Their content type would have them decoded: acknowledging them needs none. */
    consuming_begin(&dead, "consumer.none", AMQPEXT_ACK);
    dead.options.queue = "consumer.bad.dead";
    dead.retry.no_dead_letter_queue = true;
    dead.options.ack_always = true;
    consuming_start(&dead);
    wait_for_figure(dead.consumer, acknowledged, BAD);
    assert_int_equal(figures_of(dead.consumer).undecodable, BAD);
    consuming_end(&dead);
    consuming_end(&consuming);
}

enum { KEYS = 10, PER_KEY = 150 };

static void equal_keys_stay_in_order_under_many_workers(void **state)
{
    static const char *const keys[] = {"#"};
    struct consuming consuming;
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    int next[KEYS] = {0};
    char key[8], body[16];
    int i;

    (void)state;
    consuming_begin(&consuming, "consumer.order", AMQPEXT_ACK);
    consuming.options.exchange = "consumer.exchange";
    consuming.options.routing_keys = keys;
    consuming.options.n_routing_keys = 1;
    consuming.options.workers = 16;
    consuming.options.prefetch_count = 200;
    consuming.options.order = AMQPEXT_ORDER_ROUTING_KEY;
    consuming_start(&consuming);
    consuming_publish_to(&consuming, "consumer.exchange", "0", NULL, "-1", 2);
    (void)handler_wait_ended(&consuming.handler, 1);
    options.exchange = "consumer.exchange";
    for (i = 0; i < KEYS * PER_KEY; i++) {
        snprintf(key, sizeof(key), "%d", i % KEYS);
        snprintf(body, sizeof(body), "%d", i / KEYS);
        assert_int_equal(
            amqpext_publish_bytes(consuming.producer, body, strlen(body), key, &options, NULL),
            AMQPEXT_OK);
    }
    (void)handler_wait_ended(&consuming.handler, KEYS * PER_KEY + 1);
    for (i = 1; i <= KEYS * PER_KEY; i++) {
        const struct handled *handled = consuming.handler.calls[i];
        const long which = strtol(handled->routing_key, NULL, 10);

        assert_int_equal(strtol(handled->body, NULL, 10), next[which]++);
    }
    wait_for_figure(consuming.consumer, acknowledged, KEYS * PER_KEY + 1);
    assert_true(figures_of(consuming.consumer).ack_frames < KEYS * PER_KEY);
    consuming_end(&consuming);
}

static void no_more_are_in_flight_than_the_prefetch_allows(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, "consumer.prefetch", AMQPEXT_ACK);
    consuming.options.prefetch_count = 3;
    consuming_start(&consuming);
    handler_hold(&consuming.handler);
    consuming_publish_numbers(&consuming, 20);
    wait_for_figure(consuming.consumer, delivered, 3);
    consuming_sleep_ms(200);
    assert_int_equal(figures_of(consuming.consumer).delivered, 3);
    assert_int_equal(figures_of(consuming.consumer).in_flight, 3);
    assert_int_equal(figures_of(consuming.consumer).running, 1);
    handler_release(&consuming.handler);
    wait_for_figure(consuming.consumer, acknowledged, 20);
    consuming_end(&consuming);
}

static void paused_consumer_gets_nothing(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, "consumer.pause", AMQPEXT_ACK);
    consuming_start(&consuming);
    consuming_publish(&consuming, "1");
    (void)handler_wait_ended(&consuming.handler, 1);
    amqpext_consumer_pause(consuming.consumer);
    while (amqpext_consumer_is_connected(consuming.consumer))
        consuming_sleep_ms(1);
    consuming_publish(&consuming, "2");
    assert_true(handler_stays_at(&consuming.handler, 1, 200));
    /* Over a reconnect too. */
    assert_true(broker_close_connections());
    wait_for_figure(consuming.consumer, connection.connects, 2);
    assert_true(handler_stays_at(&consuming.handler, 1, 200));
    amqpext_consumer_resume(consuming.consumer);
    assert_string_equal(handler_wait_ended(&consuming.handler, 2)->body, "2");
    consuming_end(&consuming);
}

static void requeued_message_comes_to_somebody_else(void **state)
{
    struct consuming first, second;

    (void)state;
    consuming_begin(&first, "consumer.requeue", AMQPEXT_REQUEUE);
    consuming_start(&first);
    handler_hold(&first.handler);
    consuming_publish(&first, "1");
    (void)handler_wait(&first.handler, 1);
    consuming_begin(&second, "consumer.none", AMQPEXT_ACK);
    second.options.queue = "consumer.requeue";
    consuming_start(&second);
    amqpext_consumer_pause(first.consumer);
    while (amqpext_consumer_is_connected(first.consumer))
        consuming_sleep_ms(1);
    handler_release(&first.handler);
    assert_true(handler_wait_ended(&second.handler, 1)->is_redelivered);
    consuming_end(&second);
    consuming_end(&first);
}

static void single_active_consumers_take_over_from_each_other(void **state)
{
    const struct amqpext_queue queue = {
        .name = "consumer.single", .type = AMQPEXT_QUEUE_QUORUM, .single_active_consumer = true};
    struct consuming first, second;

    (void)state;
    consuming_begin(&first, "consumer.single", AMQPEXT_ACK);
    first.options.queue = NULL;
    first.options.queue_options = &queue;
    consuming_start(&first);
    consuming_begin(&second, "consumer.none", AMQPEXT_ACK);
    second.options = first.options;
    second.options.data = &second.handler;
    second.options.url = second.url;
    consuming_start(&second);
    consuming_publish(&first, "1");
    (void)handler_wait_ended(&first.handler, 1);
    consuming_publish(&first, "2");
    (void)handler_wait_ended(&first.handler, 2);
    assert_int_equal(handler_count(&second.handler), 0);
    assert_int_equal(amqpext_consumer_stop(first.consumer, 60000, NULL), AMQPEXT_OK);
    consuming_publish(&first, "3");
    assert_string_equal(handler_wait_ended(&second.handler, 1)->body, "3");
    consuming_end(&second);
    consuming_end(&first);
}

static void exclusive_consumer_keeps_others_out(void **state)
{
    struct consuming first, second;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    consuming_begin(&first, "consumer.exclusive", AMQPEXT_ACK);
    first.options.exclusive = true;
    consuming_start(&first);
    consuming_begin(&second, "consumer.none", AMQPEXT_ACK);
    second.options.queue = "consumer.exclusive";
    assert_int_equal(amqpext_consumer_new(&second.options, &second.consumer, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_connect(second.consumer, 60000, &error), AMQPEXT_EACCESS);
    assert_int_equal(error.reply_code, 403);
    /* It goes on trying, and has its turn. */
    assert_int_equal(amqpext_consumer_stop(first.consumer, 60000, NULL), AMQPEXT_OK);
    consuming_publish(&first, "1");
    (void)handler_wait_ended(&second.handler, 1);
    consuming_end(&second);
    consuming_end(&first);
}

static void passive_queue_has_to_be_there(void **state)
{
    const struct amqpext_queue queue = {.name = "consumer.passive", .declare = AMQPEXT_PASSIVE};
    struct consuming consuming;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    (void)state;
    consuming_begin(&consuming, "consumer.passive", AMQPEXT_ACK);
    consuming.options.queue = NULL;
    consuming.options.queue_options = &queue;
    assert_int_equal(amqpext_consumer_new(&consuming.options, &consuming.consumer, NULL),
                     AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_connect(consuming.consumer, 60000, &error),
                     AMQPEXT_ENOTFOUND);
    assert_int_equal(error.reply_code, 404);
    consuming_end(&consuming);
}

static void queue_of_the_broker_s_name_is_ours_alone(void **state)
{
    const struct amqpext_queue queue = {.name = "", .exclusive = true};
    struct consuming consuming;
    char name[256];

    (void)state;
    consuming_begin(&consuming, "consumer.unnamed", AMQPEXT_ACK);
    consuming.options.queue = NULL;
    consuming.options.queue_options = &queue;
    consuming.options.exchange = "consumer.fanout";
    consuming.options.exchange_type = "fanout";
    consuming_start(&consuming);
    amqpext_consumer_queue(consuming.consumer, name, sizeof(name));
    assert_int_equal(strncmp(name, "amq.gen-", 8), 0);
    consuming_publish_to(&consuming, "consumer.fanout", "", NULL, "1", 1);
    (void)handler_wait_ended(&consuming.handler, 1);
    /* Resuming needs the name. */
    amqpext_consumer_pause(consuming.consumer);
    while (amqpext_consumer_is_connected(consuming.consumer))
        consuming_sleep_ms(1);
    amqpext_consumer_resume(consuming.consumer);
    consuming_publish_to(&consuming, "consumer.fanout", "", NULL, "2", 1);
    assert_string_equal(handler_wait_ended(&consuming.handler, 2)->body, "2");
    consuming_end(&consuming);
}

static void dispatch(struct amqpext_consumer *consumer, int epoll)
{
    struct epoll_event event;

    if (epoll_wait(epoll, &event, 1, 60000) == 1)
        amqpext_consumer_dispatch(consumer);
}

static void handlers_run_inside_of_a_foreign_loop(void **state)
{
    struct consuming consuming;
    struct epoll_event event = {.events = EPOLLIN};
    int epoll;

    (void)state;
    consuming_begin(&consuming, "consumer.loop", AMQPEXT_ACK);
    consuming.options.callbacks = AMQPEXT_CALLBACKS_DISPATCH;
    consuming_start(&consuming);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    assert_int_equal(
        epoll_ctl(epoll, EPOLL_CTL_ADD, amqpext_consumer_fd(consuming.consumer), &event), 0);
    consuming_publish_numbers(&consuming, 100);
    while (handler_count(&consuming.handler) < 100)
        dispatch(consuming.consumer, epoll);
    wait_for_figure(consuming.consumer, acknowledged, 100);
    close(epoll);
    consuming_end(&consuming);
}

static void *settle(void *delivery)
{
    consuming_sleep_ms(5);
    return amqpext_delivery_settle(delivery, AMQPEXT_ACK, NULL) == AMQPEXT_OK ? NULL : delivery;
}

static int settle_on_a_thread(void *data, struct amqpext_delivery *delivery)
{
    pthread_t *next = *(pthread_t **)data;

    *(pthread_t **)data = next + 1;
    assert_int_equal(pthread_create(next, NULL, settle, delivery), 0);
    return AMQPEXT_DEFER;
}

static void deferred_deliveries_are_settled_by_other_threads(void **state)
{
    enum { COUNT = 50 };
    struct consuming consuming;
    pthread_t threads[COUNT];
    pthread_t *next = threads;
    int i;

    (void)state;
    consuming_begin(&consuming, "consumer.deferred", 0);
    consuming.handler.decide = settle_on_a_thread;
    consuming.handler.data = &next;
    consuming_start(&consuming);
    consuming_publish_numbers(&consuming, COUNT);
    wait_for_figure(consuming.consumer, acknowledged, COUNT);
    for (i = 0; i < COUNT; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, 60000, NULL), AMQPEXT_OK);
    consuming_wait_empty("consumer.deferred");
    consuming_end(&consuming);
}

static int sleep_ten_heartbeats(void *data, struct amqpext_delivery *delivery)
{
    (void)data;
    (void)delivery;
    consuming_sleep_ms(10000);
    return AMQPEXT_ACK;
}

static void sleeping_handler_keeps_the_connection(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, "consumer.sleep", 0);
    consuming.connection.heartbeat_s = 1;
    consuming.handler.decide = sleep_ten_heartbeats;
    consuming_start(&consuming);
    consuming_publish(&consuming, "1");
    (void)handler_wait_ended(&consuming.handler, 1);
    wait_for_figure(consuming.consumer, acknowledged, 1);
    assert_int_equal(figures_of(consuming.consumer).connection.lost, 0);
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, 60000, NULL), AMQPEXT_OK);
    consuming_wait_empty("consumer.sleep");
    consuming_end(&consuming);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First, while there is one thread: it forks. */
        cmocka_unit_test(message_of_a_crashed_process_comes_again),
        cmocka_unit_test(message_is_handled_and_forgotten),
        cmocka_unit_test(topic_reaches_the_queue_by_each_of_its_keys),
        cmocka_unit_test(failed_handler_gets_the_message_again),
        cmocka_unit_test(undecodable_bodies_are_dead_letters_with_their_reason),
        cmocka_unit_test(equal_keys_stay_in_order_under_many_workers),
        cmocka_unit_test(no_more_are_in_flight_than_the_prefetch_allows),
        cmocka_unit_test(paused_consumer_gets_nothing),
        cmocka_unit_test(requeued_message_comes_to_somebody_else),
        cmocka_unit_test(single_active_consumers_take_over_from_each_other),
        cmocka_unit_test(exclusive_consumer_keeps_others_out),
        cmocka_unit_test(passive_queue_has_to_be_there),
        cmocka_unit_test(queue_of_the_broker_s_name_is_ours_alone),
        cmocka_unit_test(handlers_run_inside_of_a_foreign_loop),
        cmocka_unit_test(deferred_deliveries_are_settled_by_other_threads),
        cmocka_unit_test(sleeping_handler_keeps_the_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
