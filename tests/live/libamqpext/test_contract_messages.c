/* Bodies, headers and figures as they are promised, from one end to the other. */
#include "test.h"

#include <stdio.h>

#include <amqpext/amqpext.h>

#include "broker.h"
#include "consuming.h"
#include "support/outcomes.h"

enum { PATIENCE_MS = 60000, SOON_MS = 20, MESSAGES = 10000 };

static const char QUEUE[] = "contract.messages";
static const char DEAD[] = "contract.messages.dead";

static void publish_as(struct consuming *consuming, const char *content_type, const char *body,
                       size_t size)
{
    consuming_publish_to(consuming, "", QUEUE, content_type, body, size);
}

/* Reads the queue of dead letters with "raw" into `read`, whose consumer is made. */
static void read_dead_letters(struct consuming *consuming, struct handler *read,
                              struct amqpext_consumer **out)
{
    const struct amqpext_queue queue = {.name = DEAD, .declare = AMQPEXT_PASSIVE};
    struct amqpext_retry_options retry = AMQPEXT_RETRY_OPTIONS_INIT;
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;

    retry.max_attempts = 1;
    retry.no_dead_letter_queue = true;
    options.url = consuming->url;
    options.queue_options = &queue;
    options.retry = &retry;
    options.serializer = "raw";
    options.process_request = handler_process;
    options.data = read;
    assert_int_equal(amqpext_consumer_new(&options, out, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_connect(*out, PATIENCE_MS, NULL), AMQPEXT_OK);
}

static void assert_dead_letter(const struct handled *dead, const char *body, const char *reason)
{
    assert_int_equal(dead->size, strlen(body));
    assert_memory_equal(dead->body, body, dead->size);
    assert_non_null(strstr(dead->last_reason, reason));
    assert_string_equal(dead->routing_key, QUEUE);
    assert_false(dead->has_payload);
}

static void raw_reads_dead_letters_that_are_not_what_they_say(void **state)
{
    struct amqpext_consumer *reader = NULL;
    struct consuming consuming;
    struct handler read;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming_start(&consuming);
    publish_as(&consuming, "application/json", "{bad", 4);
    wait_for_figure(consuming.consumer, dead_lettered, 1);
    publish_as(&consuming, "application/msgpack", "\xc1", 1);
    wait_for_figure(consuming.consumer, dead_lettered, 2);
    publish_as(&consuming, NULL, "", 0);
    wait_for_figure(consuming.consumer, dead_lettered, 3);
    assert_int_equal(figures_of(consuming.consumer).undecodable, 3);
    handler_init(&read, AMQPEXT_ACK);
    read_dead_letters(&consuming, &read, &reader);
    assert_dead_letter(handler_wait_ended(&read, 1), "{bad", "JSON");
    assert_dead_letter(handler_wait_ended(&read, 2), "\xc1", "MessagePack");
    assert_dead_letter(handler_wait_ended(&read, 3), "", "JSON");
    amqpext_consumer_free(reader);
    handler_end(&read);
    assert_int_equal(handler_count(&consuming.handler), 0);
    consuming_end(&consuming);
}

static void content_type_chooses_by_its_name_alone(void **state)
{
    static const struct {
        const char *content_type, *body;
        size_t size;
    } CASES[] = {
        {"application/json; charset=utf-8", "[1]", 3},
        {"APPLICATION/JSON", "[2]", 3},
        {"application/msgpack", "\x81\xa1k\x01", 4},
        {"text/unheard-of", "{\"a\":1}", 7}, /* the serializer of the options */
        {NULL, "3", 1},
    };
    struct consuming consuming;
    size_t i;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming_start(&consuming);
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        publish_as(&consuming, CASES[i].content_type, CASES[i].body, CASES[i].size);
        assert_true(handler_wait_ended(&consuming.handler, i + 1)->has_payload);
    }
    publish_as(&consuming, "application/octet-stream", "bytes", 5);
    assert_false(handler_wait_ended(&consuming.handler, i + 1)->has_payload);
    consuming_end(&consuming);
}

static int verdict_by_number(void *data, struct amqpext_delivery *delivery)
{
    (void)data;
    switch (json_integer_value(amqpext_delivery_payload(delivery)) % 4) {
    case 0: return AMQPEXT_ACK;
    case 1: return amqpext_delivery_attempt(delivery) == 1 ? AMQPEXT_RETRY : AMQPEXT_ACK;
    case 2: return amqpext_delivery_is_redelivered(delivery) ? AMQPEXT_ACK : AMQPEXT_REQUEUE;
    default: return AMQPEXT_REJECT;
    }
}

/* The figures, once nothing is under way any more. */
static struct amqpext_consumer_stats resting_figures(const struct amqpext_consumer *consumer)
{
    struct amqpext_consumer_stats stats = figures_of(consumer);
    unsigned waited_ms;

    for (waited_ms = 0; stats.in_flight != 0 || stats.handler_time.count != stats.delivered;
         waited_ms += SOON_MS) {
        assert_true(waited_ms < PATIENCE_MS);
        consuming_sleep_ms(SOON_MS);
        stats = figures_of(consumer);
    }
    return stats;
}

static void figures_of_a_consumer_add_up(void **state)
{
    enum { OF_EACH = 25 };
    struct amqpext_consumer_stats stats;
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.handler.decide = verdict_by_number;
    consuming_start(&consuming);
    consuming_publish_numbers(&consuming, 4 * OF_EACH);
    wait_for_figure(consuming.consumer, acknowledged, 3 * OF_EACH);
    wait_for_figure(consuming.consumer, dead_lettered, OF_EACH);
    stats = resting_figures(consuming.consumer);
    assert_int_equal(stats.acknowledged, 3 * OF_EACH);
    assert_int_equal(stats.retried, OF_EACH);
    assert_int_equal(stats.dead_lettered, OF_EACH);
    assert_true(stats.requeued >= OF_EACH);
    assert_int_equal(stats.delivered,
                     stats.acknowledged + stats.retried + stats.dead_lettered + stats.requeued);
    assert_int_equal(stats.dropped + stats.stale + stats.failed, 0);
    consuming_end(&consuming);
}

static void are_handled_once_each(struct consuming *consuming, unsigned n)
{
    struct amqpext_consumer_stats stats;

    consuming_start(consuming);
    consuming_publish_numbers(consuming, n);
    wait_for_figure(consuming->consumer, acknowledged, n);
    stats = figures_of(consuming->consumer);
    assert_int_equal(stats.delivered, n);
    assert_int_equal(stats.redelivered, 0);
    assert_int_equal(handler_count(&consuming->handler), n);
    consuming_end(consuming);
}

static void each_is_handled_once_whatever_the_prefetch(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.prefetch_count = 1;
    are_handled_once_each(&consuming, MESSAGES / 10);
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.prefetch_count = 1000;
    are_handled_once_each(&consuming, MESSAGES);
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.workers = 16;
    are_handled_once_each(&consuming, MESSAGES);
}

static void what_a_stopped_consumer_has_not_begun_is_handled_by_another(void **state)
{
    enum { N = 500 };
    struct amqpext_consumer *first = NULL;
    struct consuming consuming;
    struct amqpext_consumer_stats of_first, of_second;
    struct handler handler;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.prefetch_count = 100;
    handler_init(&handler, AMQPEXT_ACK);
    consuming.options.data = &handler;
    assert_int_equal(amqpext_consumer_new(&consuming.options, &first, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_consumer_connect(first, PATIENCE_MS, NULL), AMQPEXT_OK);
    handler_hold(&handler);
    consuming_publish_numbers(&consuming, N);
    handler_wait(&handler, 1);
    consuming.options.data = &consuming.handler;
    consuming_start(&consuming);
    amqpext_consumer_request_stop(first);
    wait_for_figure(first, requeued, 1);
    handler_release(&handler);
    assert_int_equal(amqpext_consumer_stop(first, PATIENCE_MS, NULL), AMQPEXT_OK);
    of_first = figures_of(first);
    wait_for_figure(consuming.consumer, acknowledged, N - of_first.acknowledged);
    of_second = figures_of(consuming.consumer);
    assert_int_equal(of_first.acknowledged + of_second.acknowledged, N);
    assert_int_equal(handler_count(&handler) + handler_count(&consuming.handler), N);
    assert_int_equal(of_first.acknowledged, 1);
    amqpext_consumer_free(first);
    handler_end(&handler);
    consuming_end(&consuming);
}

static struct amqpext_producer_stats stats_of(const struct amqpext_producer *producer)
{
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;

    amqpext_producer_stats(producer, &stats);
    assert_int_equal(stats.published, stats.confirmed + stats.returned + stats.refused +
                                          stats.expired + stats.cancelled + stats.pending);
    return stats;
}

static void publish_each_kind(struct amqpext_producer *producer)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;

    assert_int_equal(amqpext_publish_bytes_wait(producer, "c", 1, QUEUE, NULL, NULL, NULL),
                     AMQPEXT_OK);
    options.mandatory = true;
    assert_int_equal(
        amqpext_publish_bytes_wait(producer, "r", 1, "contract.nobody", &options, NULL, NULL),
        AMQPEXT_ERETURNED);
    options.exchange = "contract.no-such-exchange";
    assert_int_equal(amqpext_publish_bytes_wait(producer, "f", 1, "", &options, NULL, NULL),
                     AMQPEXT_ENOTFOUND);
}

static void figures_of_a_producer_add_up(void **state)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_publish_options short_lived = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_producer *producer = NULL;
    struct amqpext_producer_stats stats;

    (void)state;
    options.url = getenv("AMQPEXT_TEST_URL");
    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_OK);
    publish_each_kind(producer);
    assert_true(broker_service("sigstop"));
    short_lived.timeout_ms = 100;
    assert_int_equal(amqpext_publish_bytes_wait(producer, "x", 1, QUEUE, &short_lived, NULL, NULL),
                     AMQPEXT_ETIMEDOUT);
    assert_int_equal(amqpext_publish_bytes(producer, "c", 1, QUEUE, NULL, NULL), AMQPEXT_OK);
    assert_int_equal(stats_of(producer).pending, 1);
    assert_int_equal(amqpext_producer_close(producer, 0, NULL), AMQPEXT_ETIMEDOUT);
    assert_true(broker_service("sigcont"));
    stats = stats_of(producer);
    assert_int_equal(stats.published, 5);
    assert_int_equal(stats.confirmed, 1);
    assert_int_equal(stats.returned, 1);
    assert_int_equal(stats.refused, 1);
    assert_int_equal(stats.expired, 1);
    assert_int_equal(stats.cancelled, 1);
    assert_int_equal(stats.pending + stats.pending_bytes + stats.unconfirmed, 0);
    assert_int_equal(stats.confirm_latency.count, 1);
    amqpext_producer_free(producer);
}

static int delete_queues(void **state)
{
    (void)state;
    return broker_delete_queues(QUEUE) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_reads_dead_letters_that_are_not_what_they_say),
        cmocka_unit_test(content_type_chooses_by_its_name_alone),
        cmocka_unit_test(figures_of_a_consumer_add_up),
        cmocka_unit_test(each_is_handled_once_whatever_the_prefetch),
        cmocka_unit_test(what_a_stopped_consumer_has_not_begun_is_handled_by_another),
        cmocka_unit_test(figures_of_a_producer_add_up),
    };

    return cmocka_run_group_tests(tests, delete_queues, delete_queues);
}
