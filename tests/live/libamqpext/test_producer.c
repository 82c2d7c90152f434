/*
 * Producers with a real broker: its confirms, returns and refusals, what it closes channels for, its
 * alarms, and its silence.
 */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <amqpext/amqpext.h>

#include "broker.h"
#include "clock.h"
#include "support/outcomes.h"

enum { PATIENCE_MS = 90000, QUEUE_LENGTH = 5 };

static const char QUEUE[] = "producer.test";
static const char SHORT_QUEUE[] = "producer.short";
static const char EXCHANGE[] = "producer.exchange";

struct rig {
    struct amqpext_producer *producer;
    struct outcomes outcomes;
    struct amqpext_connection_options connection;
    struct amqpext_queue queues[2];
    struct amqpext_topology topology;
    struct amqpext_producer_options options;
};

static void begin(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    outcomes_init(&rig->outcomes);
    rig->connection = (struct amqpext_connection_options){
        .size = sizeof(rig->connection),
        .reconnect_min_delay_ms = 20,
        .reconnect_max_delay_ms = 100,
        .state = outcomes_note_state,
        .state_data = &rig->outcomes,
    };
    rig->queues[0] = (struct amqpext_queue){.name = QUEUE};
    rig->queues[1] = (struct amqpext_queue){
        .name = SHORT_QUEUE, .max_length = QUEUE_LENGTH, .reject_when_full = true};
    rig->topology = (struct amqpext_topology){
        .size = sizeof(rig->topology), .queues = rig->queues, .n_queues = 2};
    rig->options = (struct amqpext_producer_options){
        .size = sizeof(rig->options),
        .url = getenv("AMQPEXT_TEST_URL"),
        .connection = &rig->connection,
        .topology = &rig->topology,
    };
}

static void open_producer(struct rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_producer_new(&rig->options, &rig->producer, &error) != AMQPEXT_OK ||
        amqpext_producer_connect(rig->producer, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void end(struct rig *rig)
{
    amqpext_producer_free(rig->producer);
    outcomes_end(&rig->outcomes);
    assert_true(broker_delete_queues("producer."));
}

static void put(struct rig *rig, const char *text, const char *routing_key)
{
    assert_int_equal(outcomes_put(&rig->outcomes, rig->producer, text, routing_key, true),
                     AMQPEXT_OK);
}

static void flush(struct rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_producer_flush(rig->producer, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static unsigned long queued(const char *prefix)
{
    unsigned long n = 0;

    assert_true(broker_count_messages(prefix, &n));
    return n;
}

static struct amqpext_producer_stats stats_of(struct rig *rig)
{
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;

    amqpext_producer_stats(rig->producer, &stats);
    return stats;
}

/* Publishes one message and returns its outcome. */
static struct amqpext_outcome put_and_wait(struct rig *rig, const char *exchange,
                                           const char *routing_key, size_t size,
                                           unsigned timeout_ms)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_outcome outcome = {.size = 0};
    void *body = calloc(1, size);

    assert_non_null(body);
    options.exchange = exchange;
    options.mandatory = true;
    options.timeout_ms = timeout_ms;
    (void)amqpext_publish_bytes_wait(rig->producer, body, size, routing_key, &options, &outcome,
                                     NULL);
    free(body);
    assert_int_equal(outcome.size, sizeof(outcome));
    return outcome;
}

static void messages_are_confirmed_and_in_the_queue(void **state)
{
    enum { N = 5000 };
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    for (i = 0; i < N; i++)
        put(&rig, "hello", QUEUE);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), N);
    assert_int_equal(queued(QUEUE), N);
    assert_int_equal(stats_of(&rig).sends, N);
    assert_int_equal(stats_of(&rig).pending, 0);
    assert_int_equal(amqpext_producer_close(rig.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    end(&rig);
}

static void large_and_empty_messages_arrive(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    assert_int_equal(put_and_wait(&rig, NULL, QUEUE, 5000000, 0).result, AMQPEXT_CONFIRMED);
    assert_int_equal(put_and_wait(&rig, NULL, QUEUE, 0, 0).result, AMQPEXT_CONFIRMED);
    assert_int_equal(queued(QUEUE), 2);
    end(&rig);
}

static void what_no_queue_takes_is_returned(void **state)
{
    struct amqpext_outcome outcome;
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    outcome = put_and_wait(&rig, NULL, "nowhere", 10, 0);
    assert_int_equal(outcome.result, AMQPEXT_RETURNED);
    assert_int_equal(outcome.reply_code, 312);
    assert_string_equal(outcome.reply_text, "NO_ROUTE");
    for (i = 0; i < 200; i++)
        put(&rig, "x", i % 3 == 0 ? "nowhere" : QUEUE);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_RETURNED), 67);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 133);
    end(&rig);
}

static void a_full_queue_refuses(void **state)
{
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    for (i = 0; i < QUEUE_LENGTH + 10; i++)
        (void)put_and_wait(&rig, NULL, SHORT_QUEUE, 10, 0);
    assert_int_equal(stats_of(&rig).confirmed + stats_of(&rig).refused, QUEUE_LENGTH + 10);
    assert_in_range(stats_of(&rig).refused, 5, 10);
    assert_int_equal(put_and_wait(&rig, NULL, SHORT_QUEUE, 10, 0).status, AMQPEXT_EREFUSED);
    end(&rig);
}

static void what_closes_the_channel_is_refused_and_nothing_else(void **state)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_outcome outcome;
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    for (i = 0; i < 100; i++)
        put(&rig, "before", QUEUE);
    outcome = put_and_wait(&rig, "no.such.exchange", "key", 10, 0);
    assert_int_equal(outcome.result, AMQPEXT_REFUSED);
    assert_int_equal(outcome.status, AMQPEXT_ENOTFOUND);
    assert_int_equal(outcome.reply_code, 404);
    properties.user_id = "somebody";
    options.properties = &properties;
    for (i = 0; i < 100; i++)
        put(&rig, "between", QUEUE);
    assert_int_equal(
        amqpext_publish_bytes_wait(rig.producer, "x", 1, QUEUE, &options, &outcome, NULL),
        AMQPEXT_EPRECONDITION);
    assert_int_equal(outcome.reply_code, 406);
    for (i = 0; i < 100; i++)
        put(&rig, "after", QUEUE);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 300);
    assert_int_equal(stats_of(&rig).refused, 2);
    assert_true(queued(QUEUE) >= 300);
    /* The connection is still the first one. */
    assert_int_equal(stats_of(&rig).connection.lost, 0);
    end(&rig);
}

static void what_is_too_large_for_the_broker_is_refused(void **state)
{
    struct amqpext_outcome outcome;
    struct rig rig;

    (void)state;
    assert_true(broker_eval(NULL, 0, "application:set_env(rabbit, max_message_size, 1000)."));
    begin(&rig);
    open_producer(&rig);
    outcome = put_and_wait(&rig, NULL, QUEUE, 1001, 0);
    assert_int_equal(outcome.result, AMQPEXT_REFUSED);
    assert_int_equal(outcome.status, AMQPEXT_ETOOLARGE);
    assert_int_equal(put_and_wait(&rig, NULL, QUEUE, 1000, 0).result, AMQPEXT_CONFIRMED);
    assert_true(broker_eval(NULL, 0, "application:set_env(rabbit, max_message_size, 134217728)."));
    end(&rig);
}

static void a_missing_permission_is_told(void **state)
{
    struct amqpext_outcome outcome;
    struct rig rig;
    char url[64];

    (void)state;
    begin(&rig);
    snprintf(url, sizeof(url), "amqp://limited:limited@127.0.0.1:%u/", (unsigned)broker_port());
    rig.options.url = url;
    rig.options.topology = NULL;
    open_producer(&rig);
    outcome = put_and_wait(&rig, "amq.topic", "key", 10, 0);
    assert_int_equal(outcome.result, AMQPEXT_REFUSED);
    assert_int_equal(outcome.status, AMQPEXT_EACCESS);
    assert_int_equal(outcome.reply_code, 403);
    end(&rig);
}

static void messages_expire_while_the_broker_is_stopped(void **state)
{
    struct amqpext_outcome outcome;
    struct rig rig;
    uint64_t before_us;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    assert_int_equal(put_and_wait(&rig, NULL, QUEUE, 10, 0).result, AMQPEXT_CONFIRMED);
    assert_true(broker_service("sigstop"));
    before_us = monotonic_us();
    outcome = put_and_wait(&rig, NULL, QUEUE, 10, 300);
    assert_int_equal(outcome.result, AMQPEXT_EXPIRED);
    assert_int_equal(outcome.status, AMQPEXT_ETIMEDOUT);
    assert_true(monotonic_us() - before_us >= 300000);
    assert_true(outcome.latency_us >= 300000);
    put(&rig, "waits", QUEUE);
    assert_int_equal(amqpext_producer_flush(rig.producer, 50, NULL), AMQPEXT_ETIMEDOUT);
    assert_true(broker_service("sigcont"));
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 1);
    end(&rig);
}

static void close_cancels_while_the_broker_is_stopped(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    assert_true(broker_service("sigstop"));
    put(&rig, "1", QUEUE);
    assert_int_equal(amqpext_producer_close(rig.producer, 100, NULL), AMQPEXT_ETIMEDOUT);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CANCELLED), 1);
    assert_int_equal(outcomes_put(&rig.outcomes, rig.producer, "2", QUEUE, true), AMQPEXT_ECLOSED);
    assert_true(broker_service("sigcont"));
    end(&rig);
}

/* The broker says that it blocks once it is sent something. Returns how many messages it took. */
static unsigned publish_until_blocked(struct rig *rig)
{
    const uint64_t deadline_us = monotonic_us() + (uint64_t)PATIENCE_MS * 1000;
    unsigned n = 0;

    while (!amqpext_producer_is_blocked(rig->producer) && monotonic_us() < deadline_us) {
        if (outcomes_put(&rig->outcomes, rig->producer, "x", QUEUE, true) == AMQPEXT_OK)
            n++;
        usleep(2000);
    }
    outcomes_wait_state(&rig->outcomes, AMQPEXT_STATE_BLOCKED, 1);
    return n;
}

static void an_alarm_of_the_broker_is_told_and_waited_for(void **state)
{
    struct rig rig;
    unsigned n;

    (void)state;
    begin(&rig);
    rig.options.fail_when_blocked = true;
    open_producer(&rig);
    assert_true(broker_set_memory_alarm(true));
    n = publish_until_blocked(&rig);
    assert_int_equal(outcomes_put(&rig.outcomes, rig.producer, "x", QUEUE, true), AMQPEXT_EBLOCKED);
    assert_true(amqpext_producer_is_blocked(rig.producer));
    assert_true(broker_set_memory_alarm(false));
    outcomes_wait_state(&rig.outcomes, AMQPEXT_STATE_READY, 2);
    put(&rig, "last", QUEUE);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), n + 1);
    assert_int_equal(stats_of(&rig).connection.blocked, 1);
    assert_true(stats_of(&rig).connection.blocked_us > 0);
    end(&rig);
}

static void what_is_published_during_the_alarm_is_confirmed_after_it(void **state)
{
    struct rig rig;
    unsigned i, n;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    assert_true(broker_set_memory_alarm(true));
    n = publish_until_blocked(&rig);
    for (i = 0; i < 100; i++)
        put(&rig, "x", QUEUE);
    assert_true(stats_of(&rig).pending >= 100);
    assert_true(broker_set_memory_alarm(false));
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), n + 100);
    end(&rig);
}

static void nothing_is_lost_when_connections_are_closed(void **state)
{
    enum { N = 30000 };
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    for (i = 0; i < N; i++) {
        if (i % 10000 == 5000)
            assert_true(broker_close_connections());
        put(&rig, "x", QUEUE);
    }
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), N);
    assert_true(queued(QUEUE) >= N);
    assert_true(queued(QUEUE) <= N + stats_of(&rig).resent);
    assert_true(stats_of(&rig).connection.connects >= 2);
    end(&rig);
}

static void an_exchange_that_was_deleted_is_declared_again(void **state)
{
    const struct amqpext_binding binding = {
        .to_queue = QUEUE, .exchange = EXCHANGE, .routing_key = "#"};
    struct rig rig;

    (void)state;
    begin(&rig);
    rig.options.exchange = EXCHANGE;
    rig.topology.bindings = &binding;
    rig.topology.n_bindings = 1;
    open_producer(&rig);
    put(&rig, "1", "a.b");
    flush(&rig);
    assert_true(broker_eval(NULL, 0,
                            "rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, "
                            "<<\"%s\">>), false, <<\"suite\">>).",
                            EXCHANGE));
    put(&rig, "2", "a.b");
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 2);
    assert_int_equal(queued(QUEUE), 2);
    end(&rig);
}

struct publisher {
    pthread_t thread;
    struct rig *rig;
    unsigned n, accepted;
};

static void *publish_many(void *data)
{
    struct publisher *publisher = data;
    unsigned i;

    for (i = 0; i < publisher->n; i++) {
        if (outcomes_put(&publisher->rig->outcomes, publisher->rig->producer, "x", QUEUE, true) ==
            AMQPEXT_OK)
            publisher->accepted++;
    }
    return NULL;
}

static void many_threads_publish_through_one_producer(void **state)
{
    enum { THREADS = 32, EACH = 300 };
    struct publisher publishers[THREADS];
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    rig.options.max_messages = 500;
    rig.options.full_timeout_ms = PATIENCE_MS;
    rig.options.callbacks = AMQPEXT_CALLBACKS_WORKERS;
    open_producer(&rig);
    for (i = 0; i < THREADS; i++) {
        publishers[i] = (struct publisher){.rig = &rig, .n = EACH};
        assert_int_equal(pthread_create(&publishers[i].thread, NULL, publish_many, &publishers[i]),
                         0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(publishers[i].thread, NULL);
        assert_int_equal(publishers[i].accepted, EACH);
    }
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), THREADS * EACH);
    assert_int_equal(queued(QUEUE), THREADS * EACH);
    end(&rig);
}

static void outcomes_are_dispatched_on_a_foreign_loop(void **state)
{
    struct epoll_event event = {.events = EPOLLIN};
    const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    rig.options.callbacks = AMQPEXT_CALLBACKS_DISPATCH;
    open_producer(&rig);
    assert_int_equal(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, amqpext_producer_fd(rig.producer), &event),
                     0);
    for (i = 0; i < 1000; i++)
        put(&rig, "x", QUEUE);
    while (outcomes_count(&rig.outcomes) < 1000) {
        assert_int_equal(epoll_wait(epoll_fd, &event, 1, PATIENCE_MS), 1);
        amqpext_producer_dispatch(rig.producer);
        assert_true(outcomes_count(&rig.outcomes) == 0 ||
                    pthread_equal(rig.outcomes.told_on, pthread_self()));
    }
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 1000);
    assert_true(outcomes_states(&rig.outcomes, AMQPEXT_STATE_READY) >= 1);
    close(epoll_fd);
    end(&rig);
}

static void payloads_of_both_serializers_are_published(void **state)
{
    static const char *const serializers[] = {"json", "msgpack"};
    json_t *payload = json_pack("{s:[i,f,n,b],s:s}", "list", 1, 2.5, 1, "text", "ö");
    size_t i;

    (void)state;
    assert_non_null(payload);
    for (i = 0; i < 2; i++) {
        struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
        struct amqpext_outcome outcome;
        struct rig rig;

        begin(&rig);
        rig.options.serializer = serializers[i];
        open_producer(&rig);
        options.mandatory = true;
        assert_int_equal(
            amqpext_publish_message_wait(rig.producer, payload, QUEUE, &options, &outcome, NULL),
            AMQPEXT_OK);
        assert_int_equal(outcome.sends, 1);
        end(&rig);
    }
    json_decref(payload);
}

/* One failed test must not be the reason of others. */
static int wake_the_broker(void **state)
{
    (void)state;
    (void)broker_service("sigcont");
    (void)broker_set_memory_alarm(false);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_confirmed_and_in_the_queue),
        cmocka_unit_test(large_and_empty_messages_arrive),
        cmocka_unit_test(what_no_queue_takes_is_returned),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(what_closes_the_channel_is_refused_and_nothing_else),
        cmocka_unit_test(what_is_too_large_for_the_broker_is_refused),
        cmocka_unit_test(a_missing_permission_is_told),
        cmocka_unit_test_teardown(messages_expire_while_the_broker_is_stopped, wake_the_broker),
        cmocka_unit_test_teardown(close_cancels_while_the_broker_is_stopped, wake_the_broker),
        cmocka_unit_test_teardown(an_alarm_of_the_broker_is_told_and_waited_for, wake_the_broker),
        cmocka_unit_test_teardown(what_is_published_during_the_alarm_is_confirmed_after_it,
                                  wake_the_broker),
        cmocka_unit_test(nothing_is_lost_when_connections_are_closed),
        cmocka_unit_test(an_exchange_that_was_deleted_is_declared_again),
        cmocka_unit_test(many_threads_publish_through_one_producer),
        cmocka_unit_test(outcomes_are_dispatched_on_a_foreign_loop),
        cmocka_unit_test(payloads_of_both_serializers_are_published),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
