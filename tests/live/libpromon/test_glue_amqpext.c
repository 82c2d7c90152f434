/* Figures of producers, consumers and RPC clients as metrics, with a real broker. */
#include "test.h"

#include <amqpext/amqpext.h>
#include <promon/amqpext.h>
#include <promon/promon.h>
#include <stdio.h>
#include <unistd.h>

#include "support/fake_probe.h"

enum { MESSAGES = 7, PATIENCE_MS = 60000 };

static const char *url(void)
{
    const char *address = getenv("AMQPEXT_TEST_URL");

    if (address == NULL)
        fail_msg("AMQPEXT_TEST_URL is not set: run this by tests/services/with rabbitmq -- …");
    return address;
}

static double value_of(struct promon *promon, const char *metric, const char *name,
                       const char *label, const char *label_value)
{
    const char *const labels[] = {"name", name, label, label_value, NULL};
    struct promon_error error = PROMON_ERROR_INIT;
    double value = -1;

    if (promon_value(promon, metric, labels, &value, &error) != PROMON_OK)
        fail_msg("%s{name=\"%s\"}: %s", metric, name, error.message);
    return value;
}

static enum amqpext_verdict take(void *data, struct amqpext_delivery *delivery)
{
    (void)delivery;
    (void)data;
    return AMQPEXT_ACK;
}

static const struct amqpext_queue queue = {.name = "promon.glue", .auto_delete = true};

struct bench {
    struct amqpext_consumer *consumer;
    struct amqpext_producer *producer;
    struct amqpext_rpc_client *rpc_client;
};

/* The queue goes with its consumer, which comes first. */
static void open_bench(struct bench *bench)
{
    struct amqpext_consumer_options consumer = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_producer_options producer = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_rpc_client_options rpc = AMQPEXT_RPC_CLIENT_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    consumer.url = producer.url = rpc.url = url();
    consumer.queue_options = &queue;
    consumer.process_request = take;
    if (amqpext_consumer_new(&consumer, &bench->consumer, &error) != AMQPEXT_OK ||
        amqpext_consumer_connect(bench->consumer, PATIENCE_MS, &error) != AMQPEXT_OK ||
        amqpext_producer_new(&producer, &bench->producer, &error) != AMQPEXT_OK ||
        amqpext_producer_connect(bench->producer, PATIENCE_MS, &error) != AMQPEXT_OK ||
        amqpext_rpc_client_new(&rpc, &bench->rpc_client, &error) != AMQPEXT_OK ||
        amqpext_rpc_client_connect(bench->rpc_client, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void close_bench(struct bench *bench)
{
    amqpext_rpc_client_free(bench->rpc_client);
    amqpext_producer_free(bench->producer);
    amqpext_consumer_free(bench->consumer);
}

static void publish_all(struct bench *bench)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    int i;

    for (i = 0; i < MESSAGES; i++) {
        if (amqpext_publish_bytes(bench->producer, "{}", 2, queue.name, NULL, &error) != AMQPEXT_OK)
            fail_msg("%s", error.message);
    }
    if (amqpext_producer_flush(bench->producer, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void wait_until_settled(struct promon *promon)
{
    int tries;

    for (tries = 0; tries < PATIENCE_MS / 20; tries++) {
        if (value_of(promon, "amqpext_consumer_settled_total", "mails", "outcome",
                     "acknowledged") == MESSAGES)
            return;
        usleep(20000);
    }
    fail_msg("not all messages were settled in time");
}

static void expect(struct promon *promon, const char *metric, const char *name, const char *label,
                   const char *label_value, double expected)
{
    const double value = value_of(promon, metric, name, label, label_value);

    if (value != expected)
        fail_msg("%s{name=\"%s\"} is %g, not %g", metric, name, value, expected);
}

static void messages_are_seen_on_their_way(void **state)
{
    struct bench bench = {.producer = NULL};
    struct promon *promon = fake_monitor(NULL);
    struct promon_collector *collector = NULL;

    (void)state;
    open_bench(&bench);
    {
        const struct promon_amqpext_source sources[] = {{"orders", bench.producer, NULL, NULL},
                                                        {"nothing", NULL, NULL, NULL},
                                                        {"mails", NULL, bench.consumer, NULL},
                                                        {"calls", NULL, NULL, bench.rpc_client},
                                                        {NULL, NULL, NULL, NULL}};

        assert_int_equal(promon_amqpext_export(promon, sources, &collector, NULL), PROMON_OK);
        publish_all(&bench);
        wait_until_settled(promon);
        expect(promon, "amqpext_producer_published_total", "orders", NULL, NULL, MESSAGES);
        expect(promon, "amqpext_producer_outcomes_total", "orders", "outcome", "confirmed",
               MESSAGES);
        expect(promon, "amqpext_producer_outcomes_total", "orders", "outcome", "returned", 0);
        expect(promon, "amqpext_producer_pending", "orders", NULL, NULL, 0);
        expect(promon, "amqpext_producer_confirm_latency_seconds_count", "orders", NULL, NULL,
               MESSAGES);
        expect(promon, "amqpext_producer_confirm_latency_seconds_bucket", "orders", "le", "+Inf",
               MESSAGES);
        expect(promon, "amqpext_consumer_delivered_total", "mails", NULL, NULL, MESSAGES);
        expect(promon, "amqpext_consumer_handler_seconds_count", "mails", NULL, NULL, MESSAGES);
        expect(promon, "amqpext_rpc_calls_total", "calls", NULL, NULL, 0);
        expect(promon, "amqpext_rpc_call_seconds_count", "calls", NULL, NULL, 0);
        expect(promon, "amqpext_connection_ready", "orders", NULL, NULL, 1);
        expect(promon, "amqpext_connection_ready", "mails", NULL, NULL, 1);
        expect(promon, "amqpext_connection_connects_total", "calls", NULL, NULL, 1);
        expect(promon, "amqpext_connection_blocked_seconds_total", "orders", NULL, NULL, 0);
        expect(promon, "amqpext_connection_lost_total", "orders", "cause", "peer", 0);
        assert_true(
            value_of(promon, "amqpext_connection_bytes_total", "orders", "direction", "out") > 0);
        promon_collector_remove(promon, collector);
    }
    promon_free(promon);
    close_bench(&bench);
}

static void without_sources_nothing_is_told(void **state)
{
    static const struct promon_amqpext_source none[] = {{NULL, NULL, NULL, NULL}};
    struct promon *promon = fake_monitor(NULL);
    struct promon_collector *collector = NULL;
    double value;

    (void)state;
    assert_int_equal(promon_amqpext_export(promon, none, &collector, NULL), PROMON_OK);
    assert_int_equal(promon_value(promon, "amqpext_connection_ready", NULL, &value, NULL),
                     PROMON_ENOTFOUND);
    assert_int_equal(promon_value(promon, "promon_misuse_total", NULL, &value, NULL), PROMON_OK);
    assert_true(value == 0);
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_seen_on_their_way),
        cmocka_unit_test(without_sources_nothing_is_told),
    };

    return cmocka_run_group_tests_name("glue_amqpext", tests, NULL, NULL);
}
