/*
 * Connections cut after every number of bytes: of all that a producer and the broker say from the
 * first byte to the confirm of one message, and of what a consumer and the broker say until its
 * acknowledgement, the ends of connections being orderly, half and resets in turn.
 */
#include "test.h"

#include <amqpext/amqpext.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "broker.h"
#include "support/fault_proxy.h"

enum {
    PATIENCE_MS = 60000,
    MESSAGES_MAX = 10000,
    /* All that is said until a message is confirmed has less. */
    BYTES_MAX = 4000,
    CONSUMER_STEP = 5
};

#define QUEUE "cuts-test"

struct cuts {
    struct fault_proxy *proxy;
    char url[100], direct_url[100];
    struct amqpext_connection_options connection;
    atomic_uint handled[MESSAGES_MAX];
    atomic_size_t n_handled; /* messages that were handled once at least */
    uint32_t n_published;
};

static enum amqpext_verdict process_request(void *data, struct amqpext_delivery *delivery)
{
    struct cuts *cuts = data;
    uint32_t number = UINT32_MAX;
    size_t size;
    const void *body = amqpext_delivery_body(delivery, &size);

    if (size == sizeof(number))
        memcpy(&number, body, size);
    if (number < MESSAGES_MAX && atomic_fetch_add(&cuts->handled[number], 1) == 0)
        atomic_fetch_add(&cuts->n_handled, 1);
    return AMQPEXT_ACK;
}

static struct cuts *begin(void)
{
    struct cuts *cuts = calloc(1, sizeof(*cuts));

    assert_non_null(cuts);
    broker_delete_queues(QUEUE);
    cuts->proxy = fault_proxy_new(broker_port());
    broker_url(cuts->url, sizeof(cuts->url), fault_proxy_port(cuts->proxy));
    broker_url(cuts->direct_url, sizeof(cuts->direct_url), broker_port());
    cuts->connection = (struct amqpext_connection_options)AMQPEXT_CONNECTION_OPTIONS_INIT;
    cuts->connection.heartbeat_s = 5;
    cuts->connection.reconnect_min_delay_ms = 1;
    cuts->connection.reconnect_max_delay_ms = 20;
    /* The broker's end of a cut login may look like a wrong password. */
    cuts->connection.permanent_delay_ms = 20;
    return cuts;
}

static void end(struct cuts *cuts)
{
    fault_proxy_free(cuts->proxy);
    assert_true(broker_delete_queues(QUEUE));
    free(cuts);
}

static struct amqpext_consumer *make_consumer(struct cuts *cuts, const char *url)
{
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_retry_options retry = AMQPEXT_RETRY_OPTIONS_INIT;
    struct amqpext_consumer *consumer;

    retry.max_attempts = 1;
    retry.no_dead_letter_queue = true;
    options.url = url;
    options.connection = &cuts->connection;
    options.queue = QUEUE;
    options.serializer = "raw";
    options.process_request = process_request;
    options.data = cuts;
    options.retry = &retry;
    assert_int_equal(amqpext_consumer_new(&options, &consumer, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_start(consumer, NULL), AMQPEXT_OK);
    return consumer;
}

static struct amqpext_producer *make_producer(const struct cuts *cuts, const char *url)
{
    const struct amqpext_queue queue = {.name = QUEUE};
    const struct amqpext_topology topology = {
        .size = sizeof(topology), .queues = &queue, .n_queues = 1};
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer *producer;

    options.url = url;
    options.connection = &cuts->connection;
    options.topology = &topology;
    options.message_timeout_ms = PATIENCE_MS;
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_OK);
    return producer;
}

/* Publishes the next number and waits until it is confirmed. */
static void publish(struct cuts *cuts, struct amqpext_producer *producer)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_outcome outcome;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    assert_true(cuts->n_published < MESSAGES_MAX);
    options.mandatory = true;
    if (amqpext_publish_bytes_wait(producer, &cuts->n_published, sizeof(cuts->n_published), QUEUE,
                                   &options, &outcome, &error) != AMQPEXT_OK)
        fail_msg("message %u: %s", cuts->n_published, error.message);
    assert_int_equal(outcome.result, AMQPEXT_CONFIRMED);
    cuts->n_published++;
}

/* Waits until each published message was handled once. */
static void wait_until_handled(struct cuts *cuts)
{
    unsigned waited_ms;

    for (waited_ms = 0; atomic_load(&cuts->n_handled) < cuts->n_published; waited_ms++) {
        assert_true(waited_ms < PATIENCE_MS);
        usleep(1000);
    }
}

static size_t count_duplicates(const struct cuts *cuts)
{
    size_t i, n = 0;

    for (i = 0; i < MESSAGES_MAX; i++)
        n += atomic_load(&cuts->handled[i]) > 1;
    return n;
}

static void cut_after(struct cuts *cuts, enum fault_direction direction, uint64_t bytes)
{
    const enum fault_end ends[] = {FAULT_CLOSE, FAULT_RESET, FAULT_HALF};

    fault_proxy_cut_after(cuts->proxy, direction, bytes, ends[bytes % 3]);
}

/* How many bytes pass in each direction until a message is confirmed. */
static void measure_producer(struct cuts *cuts, uint64_t bytes[2])
{
    struct amqpext_producer *producer = make_producer(cuts, cuts->url);

    publish(cuts, producer);
    bytes[0] = fault_proxy_bytes(cuts->proxy, FAULT_TO_BROKER);
    bytes[1] = fault_proxy_bytes(cuts->proxy, FAULT_TO_CLIENT);
    assert_true(bytes[0] > 100 && bytes[0] < BYTES_MAX && bytes[1] > 100 && bytes[1] < BYTES_MAX);
    amqpext_producer_free(producer);
}

static void message_is_confirmed_and_delivered_wherever_its_connection_is_cut(void **state)
{
    struct cuts *cuts = begin();
    struct amqpext_consumer *consumer = make_consumer(cuts, cuts->direct_url);
    uint64_t bytes[2], n;
    int direction;

    (void)state;
    measure_producer(cuts, bytes);
    for (direction = 0; direction < 2; direction++) {
        for (n = 1; n <= bytes[direction]; n++) {
            struct amqpext_producer *producer = make_producer(cuts, cuts->url);

            cut_after(cuts, (enum fault_direction)direction, n);
            publish(cuts, producer);
            amqpext_producer_free(producer);
            fault_proxy_forget_cut(cuts->proxy);
        }
    }
    wait_until_handled(cuts);
    printf("# %u messages, %llu and %llu places to cut, %zu came twice\n", cuts->n_published,
           (unsigned long long)bytes[0], (unsigned long long)bytes[1], count_duplicates(cuts));
    assert_int_equal(amqpext_consumer_stop(consumer, PATIENCE_MS, NULL), AMQPEXT_OK);
    amqpext_consumer_free(consumer);
    end(cuts);
}

static void consume_one(struct cuts *cuts, struct amqpext_producer *producer)
{
    struct amqpext_consumer *consumer = make_consumer(cuts, cuts->url);

    publish(cuts, producer);
    wait_until_handled(cuts);
    /* Acknowledges, or cannot: then the next consumer gets it too. */
    (void)amqpext_consumer_stop(consumer, PATIENCE_MS, NULL);
    amqpext_consumer_free(consumer);
}

static void nothing_stays_in_the_queue(struct cuts *cuts)
{
    struct amqpext_consumer *consumer = make_consumer(cuts, cuts->direct_url);
    unsigned long left = 1;
    unsigned waited_ms;

    for (waited_ms = 0; left != 0; waited_ms += 50) {
        assert_true(waited_ms < PATIENCE_MS);
        usleep(50000);
        assert_true(broker_count_messages(QUEUE, &left));
    }
    assert_int_equal(amqpext_consumer_stop(consumer, PATIENCE_MS, NULL), AMQPEXT_OK);
    amqpext_consumer_free(consumer);
}

static void message_is_handled_wherever_the_connection_of_its_consumer_is_cut(void **state)
{
    struct cuts *cuts = begin();
    struct amqpext_producer *producer = make_producer(cuts, cuts->direct_url);
    uint64_t bytes[2], n;
    int direction;

    (void)state;
    consume_one(cuts, producer);
    bytes[0] = fault_proxy_bytes(cuts->proxy, FAULT_TO_BROKER);
    bytes[1] = fault_proxy_bytes(cuts->proxy, FAULT_TO_CLIENT);
    for (direction = 0; direction < 2; direction++) {
        for (n = 1; n <= bytes[direction]; n += CONSUMER_STEP) {
            cut_after(cuts, (enum fault_direction)direction, n);
            consume_one(cuts, producer);
            fault_proxy_forget_cut(cuts->proxy);
        }
    }
    nothing_stays_in_the_queue(cuts);
    printf("# %u messages, %zu came twice\n", cuts->n_published, count_duplicates(cuts));
    assert_int_equal(amqpext_producer_close(producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    amqpext_producer_free(producer);
    end(cuts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_is_confirmed_and_delivered_wherever_its_connection_is_cut),
        cmocka_unit_test(message_is_handled_wherever_the_connection_of_its_consumer_is_cut),
    };

    return cmocka_run_group_tests_name("cuts", tests, NULL, NULL);
}
