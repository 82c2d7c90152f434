/* Retries and dead letters with a real broker. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <amqpext/amqpext.h>

#include "broker.h"
#include "clock.h"
#include "delivery.h"
#include "retry_message.h"
#include "support/taker.h"

enum { WAIT_MS = 60000 };

/* A consumer of one queue, a taker of its dead letters, and a producer. */
struct rig {
    char queue[64], dead[64];
    struct amqpext_retry_options retry;
    struct amqpext_consumer_options options;
    struct taker taker, dead_taker;
    bool takes_dead;
    struct amqpext_producer *producer;
};

static struct amqpext_producer *new_producer(void)
{
    const struct amqpext_producer_options options = {
        .size = sizeof(options), .url = getenv("AMQPEXT_TEST_URL"), .message_timeout_ms = WAIT_MS};
    struct amqpext_producer *producer = NULL;

    assert_int_equal(amqpext_producer_new(&options, &producer, NULL), AMQPEXT_OK);
    return producer;
}

static void begin(struct rig *rig, const char *name)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->queue, sizeof(rig->queue), "retry-test.%s", name);
    snprintf(rig->dead, sizeof(rig->dead), "retry-test.%s.dead", name);
    rig->retry = (struct amqpext_retry_options){.size = sizeof(rig->retry),
                                                .min_delay_ms = 300,
                                                .max_delay_ms = 600,
                                                .jitter_percent = 101};
    rig->options = (struct amqpext_consumer_options){.size = sizeof(rig->options),
                                                     .url = getenv("AMQPEXT_TEST_URL"),
                                                     .queue = rig->queue,
                                                     .retry = &rig->retry};
    rig->producer = new_producer();
}

static void start(struct rig *rig)
{
    taker_start(&rig->taker, &rig->options);
}

static void start_dead(struct rig *rig)
{
    const struct amqpext_retry_options none = {
        .size = sizeof(none), .max_attempts = 1, .no_dead_letter_queue = true};
    const struct amqpext_queue given = {.name = rig->dead, .declare = AMQPEXT_PASSIVE};
    const struct amqpext_consumer_options options = {.size = sizeof(options),
                                                     .url = rig->options.url,
                                                     .queue_options = &given,
                                                     .serializer = "raw",
                                                     .retry = &none};

    taker_start(&rig->dead_taker, &options);
    rig->takes_dead = true;
}

static void end(struct rig *rig)
{
    taker_stop(&rig->taker);
    if (rig->takes_dead)
        taker_stop(&rig->dead_taker);
    amqpext_producer_free(rig->producer);
    assert_true(broker_delete_queues("retry-test."));
}

static void publish_with(struct rig *rig, const char *body,
                         const struct amqpext_properties *properties)
{
    const struct amqpext_publish_options options = {
        .size = sizeof(options), .mandatory = true, .properties = properties};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_publish_bytes_wait(rig->producer, body, strlen(body), rig->queue, &options, NULL,
                                   &error) != AMQPEXT_OK)
        fail_msg("not published: %s", error.message);
}

static void publish(struct rig *rig, const char *body)
{
    publish_with(rig, body, NULL);
}

static void assert_pause(uint64_t from_us, uint64_t to_us, unsigned least_ms)
{
    /* The broker counts from when it has the copy; generous above, for a busy machine. */
    assert_in_range(to_us - from_us, (uint64_t)least_ms * 1000 - 50000,
                    (uint64_t)least_ms * 1000 + 20000000);
}

static void message_comes_again_after_growing_pauses(void **state)
{
    struct amqpext_consumer_stats figures = AMQPEXT_CONSUMER_STATS_INIT;
    struct amqpext_delivery *delivery;
    struct rig rig;
    uint64_t before_us;

    (void)state;
    begin(&rig, "again");
    start(&rig);
    publish(&rig, "{\"id\":1}");
    delivery = taker_take(&rig.taker);
    assert_int_equal(amqpext_delivery_attempt(delivery), 1);
    assert_string_equal(amqpext_delivery_last_reason(delivery), "");
    amqpext_delivery_set_reason(delivery, "first\nfault");
    before_us = monotonic_us();
    taker_settle(delivery, AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_pause(before_us, rig.taker.taken_us, 300);
    assert_int_equal(amqpext_delivery_attempt(delivery), 2);
    assert_string_equal(amqpext_delivery_last_reason(delivery), "first fault");
    assert_string_equal(amqpext_delivery_exchange(delivery), "");
    assert_string_equal(amqpext_delivery_routing_key(delivery), rig.queue);
    before_us = monotonic_us();
    taker_settle(delivery, AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_pause(before_us, rig.taker.taken_us, 600);
    assert_int_equal(amqpext_delivery_attempt(delivery), 3);
    assert_string_equal(amqpext_delivery_last_reason(delivery), "");
    assert_int_equal(json_integer_value(json_object_get(amqpext_delivery_payload(delivery), "id")),
                     1);
    taker_settle(delivery, AMQPEXT_ACK);
    assert_true(taker_gets_nothing(&rig.taker, 300));
    amqpext_consumer_stats(rig.taker.consumer, &figures);
    assert_int_equal(figures.retried, 2);
    assert_int_equal(figures.acknowledged, 1);
    end(&rig);
}

static void exchange_and_routing_key_stay_those_of_the_first_publish(void **state)
{
    const struct amqpext_publish_options options = {
        .size = sizeof(options), .exchange = "retry-test.topic", .mandatory = true};
    struct amqpext_delivery *delivery;
    struct rig rig;

    (void)state;
    begin(&rig, "origin");
    rig.options.exchange = "retry-test.topic";
    rig.options.routing_key = "orders.*";
    start(&rig);
    assert_int_equal(
        amqpext_publish_bytes_wait(rig.producer, "1", 1, "orders.new", &options, NULL, NULL),
        AMQPEXT_OK);
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_string_equal(amqpext_delivery_exchange(delivery), "retry-test.topic");
    assert_string_equal(amqpext_delivery_routing_key(delivery), "orders.new");
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void assert_dead(const struct amqpext_delivery *dead, const struct rig *rig, int attempts,
                        const char *reason)
{
    const int64_t now = (int64_t)time(NULL);

    assert_int_equal(header_integer(dead, HEADER_ATTEMPT), attempts);
    assert_string_equal(header_text(dead, HEADER_REASON), reason);
    assert_string_equal(header_text(dead, HEADER_QUEUE), rig->queue);
    assert_string_equal(header_text(dead, HEADER_ROUTING_KEY), rig->queue);
    assert_string_equal(header_text(dead, HEADER_EXCHANGE), "");
    assert_in_range(header_integer(dead, HEADER_DEAD_AT), now - 100, now + 1);
    assert_in_range(header_integer(dead, HEADER_FIRST_SEEN), now - 200,
                    header_integer(dead, HEADER_DEAD_AT));
}

static void message_out_of_attempts_is_dead_with_its_history(void **state)
{
    struct amqpext_properties properties = {.size = sizeof(properties),
                                            .content_type = "text/x-unknown",
                                            .content_encoding = "none",
                                            .priority = 3,
                                            .correlation_id = "c-1",
                                            .reply_to = "somewhere",
                                            .message_id = "m-1",
                                            .timestamp = 1500000000,
                                            .type = "t",
                                            .user_id = "guest",
                                            .expiration_ms = 600000,
                                            .app_id = "a"};
    struct amqpext_table *headers = NULL;
    const struct amqpext_properties *got;
    struct amqpext_consumer_stats figures = AMQPEXT_CONSUMER_STATS_INIT;
    struct amqpext_delivery *delivery;
    struct rig rig;
    const void *body;
    size_t size;

    (void)state;
    begin(&rig, "history");
    rig.options.serializer = "raw";
    rig.retry.max_attempts = 2;
    start(&rig);
    start_dead(&rig);
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(headers, "tenant", "acme", NULL), AMQPEXT_OK);
    properties.headers = headers;
    publish_with(&rig, "body", &properties);
    amqpext_table_free(headers);
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    amqpext_delivery_set_reason(delivery, "no %s", "stock");
    taker_settle(delivery, AMQPEXT_RETRY);
    delivery = taker_take(&rig.dead_taker);
    assert_dead(delivery, &rig, 2, "no stock");
    body = amqpext_delivery_body(delivery, &size);
    assert_int_equal(size, 4);
    assert_memory_equal(body, "body", 4);
    got = amqpext_delivery_properties(delivery);
    assert_string_equal(got->content_type, "text/x-unknown");
    assert_string_equal(got->content_encoding, "none");
    assert_int_equal(got->delivery_mode, AMQPEXT_PERSISTENT);
    assert_int_equal(got->priority, 3);
    assert_string_equal(got->correlation_id, "c-1");
    assert_string_equal(got->reply_to, "somewhere");
    assert_string_equal(got->message_id, "m-1");
    assert_int_equal(got->timestamp, 1500000000);
    assert_string_equal(got->type, "t");
    assert_string_equal(got->app_id, "a");
    assert_string_equal(header_text(delivery, "tenant"), "acme");
    /* What the broker would act upon. */
    assert_null(got->user_id);
    assert_string_equal(header_text(delivery, HEADER_USER_ID), "guest");
    assert_int_equal(got->expiration_ms, 0);
    assert_int_equal(header_integer(delivery, HEADER_EXPIRATION), 600000);
    taker_settle(delivery, AMQPEXT_ACK);
    assert_true(taker_gets_nothing(&rig.taker, 700));
    amqpext_consumer_stats(rig.taker.consumer, &figures);
    assert_int_equal(figures.retried, 1);
    assert_int_equal(figures.dead_lettered, 1);
    assert_int_equal(figures.dropped, 0);
    end(&rig);
}

static void rejected_message_is_dead_at_once(void **state)
{
    struct amqpext_delivery *delivery;
    struct rig rig;

    (void)state;
    begin(&rig, "rejected");
    start(&rig);
    start_dead(&rig);
    publish(&rig, "1");
    delivery = taker_take(&rig.taker);
    amqpext_delivery_set_reason(delivery, "never");
    taker_settle(delivery, AMQPEXT_REJECT);
    delivery = taker_take(&rig.dead_taker);
    assert_dead(delivery, &rig, 1, "never");
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void undecodable_message_is_dead_with_the_reason(void **state)
{
    struct amqpext_delivery *delivery;
    struct rig rig;

    (void)state;
    begin(&rig, "undecodable");
    start(&rig);
    start_dead(&rig);
    publish(&rig, "{\"a\":");
    /* Nothing is handled, and the job runs all the same. */
    assert_true(taker_gets_nothing(&rig.taker, 500));
    delivery = taker_take(&rig.dead_taker);
    assert_dead(delivery, &rig, 1, "cannot be read: the body is no JSON: a sudden end at byte 5");
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void handler_chooses_its_own_pause(void **state)
{
    static const unsigned pauses_ms[] = {100, 0, 900};
    struct amqpext_delivery *delivery;
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig, "pause");
    start(&rig);
    publish(&rig, "1");
    delivery = taker_take(&rig.taker);
    for (i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++) {
        const uint64_t before_us = monotonic_us();

        amqpext_delivery_set_retry_delay(delivery, pauses_ms[i]);
        taker_settle(delivery, AMQPEXT_RETRY);
        delivery = taker_take(&rig.taker);
        assert_int_equal(amqpext_delivery_attempt(delivery), i + 2);
        assert_pause(before_us, rig.taker.taken_us, pauses_ms[i] < 50 ? 50 : pauses_ms[i]);
    }
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void without_dead_letters_what_is_rejected_is_gone(void **state)
{
    struct amqpext_consumer_stats figures = AMQPEXT_CONSUMER_STATS_INIT;
    unsigned long count = 99;
    struct rig rig;

    (void)state;
    begin(&rig, "none");
    rig.retry.no_dead_letter_queue = true;
    start(&rig);
    publish(&rig, "1");
    taker_settle(taker_take(&rig.taker), AMQPEXT_REJECT);
    assert_true(taker_gets_nothing(&rig.taker, 300));
    amqpext_consumer_stats(rig.taker.consumer, &figures);
    assert_int_equal(figures.dropped, 1);
    assert_true(broker_count_messages("retry-test.", &count));
    assert_int_equal(count, 0);
    end(&rig);
}

static void deleted_retry_queue_is_made_again(void **state)
{
    struct amqpext_delivery *delivery;
    struct rig rig;

    (void)state;
    begin(&rig, "deleted");
    start(&rig);
    publish(&rig, "1");
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_true(broker_delete_queues("retry-test.deleted.retry."));
    assert_true(broker_delete_queue(rig.dead));
    taker_settle(delivery, AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_int_equal(amqpext_delivery_attempt(delivery), 3);
    taker_settle(delivery, AMQPEXT_REJECT);
    start_dead(&rig);
    delivery = taker_take(&rig.dead_taker);
    assert_int_equal(header_integer(delivery, HEADER_ATTEMPT), 3);
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void copies_wait_for_a_broker_that_is_gone(void **state)
{
    struct amqpext_delivery *delivery;
    struct rig rig;

    (void)state;
    begin(&rig, "gone");
    start(&rig);
    publish(&rig, "1");
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_true(broker_close_connections());
    /* Its own connection is gone too: the message comes again anyway. */
    (void)amqpext_delivery_settle(delivery, AMQPEXT_RETRY, NULL);
    delivery = taker_take(&rig.taker);
    assert_in_range(amqpext_delivery_attempt(delivery), 2, 3);
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void quorum_queues_have_quorum_retry_queues(void **state)
{
    const struct amqpext_queue queue = {.name = "retry-test.quorum", .type = AMQPEXT_QUEUE_QUORUM};
    struct amqpext_delivery *delivery;
    struct rig rig;

    (void)state;
    begin(&rig, "quorum");
    rig.options.queue = NULL;
    rig.options.queue_options = &queue;
    rig.retry.max_attempts = 3;
    start(&rig);
    start_dead(&rig);
    publish(&rig, "1");
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_int_equal(amqpext_delivery_attempt(delivery), 2);
    /* What goes back untried does not count. */
    taker_settle(delivery, AMQPEXT_REQUEUE);
    delivery = taker_take(&rig.taker);
    assert_true(amqpext_delivery_is_redelivered(delivery));
    assert_int_equal(amqpext_delivery_attempt(delivery), 2);
    taker_settle(delivery, AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_int_equal(amqpext_delivery_attempt(delivery), 3);
    taker_settle(delivery, AMQPEXT_RETRY);
    delivery = taker_take(&rig.dead_taker);
    assert_int_equal(header_integer(delivery, HEADER_ATTEMPT), 3);
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void quorum_queue_that_exists_without_dead_letters_is_taken_as_it_is(void **state)
{
    struct amqpext_queue queue = {.name = "retry-test.plain", .type = AMQPEXT_QUEUE_QUORUM};
    struct rig rig;

    (void)state;
    begin(&rig, "plain");
    rig.options.queue = NULL;
    rig.options.queue_options = &queue;
    rig.retry.no_dead_letter_queue = true;
    start(&rig);
    taker_stop(&rig.taker);
    /* With them its arguments would be others. */
    rig.retry.no_dead_letter_queue = false;
    start(&rig);
    publish(&rig, "1");
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    taker_settle(taker_take(&rig.taker), AMQPEXT_REJECT);
    start_dead(&rig);
    taker_settle(taker_take(&rig.dead_taker), AMQPEXT_ACK);
    end(&rig);
}

static void messages_of_a_nameless_queue_wait_with_their_consumer(void **state)
{
    const struct amqpext_queue queue = {.name = "", .exclusive = true};
    char name[128];
    struct amqpext_delivery *delivery;
    uint64_t before_us;
    struct rig rig;

    (void)state;
    begin(&rig, "nameless");
    rig.options.queue = NULL;
    rig.options.queue_options = &queue;
    start(&rig);
    amqpext_consumer_queue(rig.taker.consumer, name, sizeof(name));
    assert_int_equal(amqpext_publish_bytes_wait(rig.producer, "1", 1, name, NULL, NULL, NULL),
                     AMQPEXT_OK);
    delivery = taker_take(&rig.taker);
    before_us = monotonic_us();
    taker_settle(delivery, AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_pause(before_us, rig.taker.taken_us, 300);
    assert_int_equal(amqpext_delivery_attempt(delivery), 2);
    assert_string_equal(amqpext_delivery_routing_key(delivery), name);
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

/* The header that a broker writes when a message has expired in that queue. */
static void set_death(struct amqpext_table *headers, const char *queue)
{
    struct amqpext_table *death = NULL;
    struct amqpext_value item = {.kind = AMQPEXT_KIND_TABLE};
    const struct amqpext_value deaths = {.kind = AMQPEXT_KIND_ARRAY, .as.array = {&item, 1}};

    assert_int_equal(amqpext_table_new(&death, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(death, "queue", queue, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(death, "reason", "expired", NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(death, "exchange", "", NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(death, "count", 1, NULL), AMQPEXT_OK);
    item.as.table = death;
    assert_int_equal(amqpext_table_set(headers, "x-death", &deaths, NULL), AMQPEXT_OK);
    amqpext_table_free(death);
}

static void message_that_has_expired_here_before_is_not_taken_for_a_circle(void **state)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_table *headers = NULL;
    struct amqpext_delivery *delivery;
    struct rig rig;

    (void)state;
    begin(&rig, "circle");
    start(&rig);
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    set_death(headers, rig.queue);
    properties.headers = headers;
    publish_with(&rig, "1", &properties);
    amqpext_table_free(headers);
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    assert_int_equal(amqpext_delivery_attempt(delivery), 2);
    taker_settle(delivery, AMQPEXT_ACK);
    end(&rig);
}

static void further_routing_keys_are_not_followed_again(void **state)
{
    const struct amqpext_queue other = {.name = "retry-test.cc.other"};
    const struct amqpext_topology topology = {
        .size = sizeof(topology), .queues = &other, .n_queues = 1};
    struct amqpext_value key = {.kind = AMQPEXT_KIND_TEXT,
                                .as.text = {other.name, strlen(other.name)}};
    const struct amqpext_value keys = {.kind = AMQPEXT_KIND_ARRAY, .as.array = {&key, 1}};
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_table *headers = NULL;
    struct amqpext_delivery *delivery;
    unsigned long count = 99;
    struct rig rig;

    (void)state;
    begin(&rig, "cc");
    rig.options.topology = &topology;
    start(&rig);
    assert_int_equal(amqpext_table_new(&headers, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set(headers, "CC", &keys, NULL), AMQPEXT_OK);
    properties.headers = headers;
    publish_with(&rig, "1", &properties);
    amqpext_table_free(headers);
    taker_settle(taker_take(&rig.taker), AMQPEXT_RETRY);
    delivery = taker_take(&rig.taker);
    taker_settle(delivery, AMQPEXT_ACK);
    assert_true(broker_count_messages("retry-test.cc.other", &count));
    assert_int_equal(count, 1);
    end(&rig);
}

/* A consumer in a process of its own, which ends at a random moment or when it is told to. */
struct worker {
    int report; /* where it writes the number of each message that it sees again */
};

static enum amqpext_verdict work(void *data, struct amqpext_delivery *delivery)
{
    const struct worker *worker = data;
    const int number = (int)json_integer_value(amqpext_delivery_payload(delivery));

    if (amqpext_delivery_attempt(delivery) == 1)
        return AMQPEXT_RETRY;
    if (write(worker->report, &number, sizeof(number)) != sizeof(number))
        return AMQPEXT_REQUEUE;
    return AMQPEXT_ACK;
}

static pid_t fork_worker(const struct rig *rig, int report)
{
    struct amqpext_consumer_options options = rig->options;
    struct worker worker = {.report = report};
    struct amqpext_consumer *consumer = NULL;
    pid_t child = fork();

    if (child != 0)
        return child;
    options.process_request = work;
    options.data = &worker;
    options.prefetch_count = 20;
    if (amqpext_consumer_new(&options, &consumer, NULL) == AMQPEXT_OK)
        (void)amqpext_consumer_run(consumer, NULL);
    _exit(1);
}

/* Reads numbers until `n` different ones were seen, or for so long. */
static size_t read_numbers(int report, bool *seen, size_t n, unsigned ms)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    const uint64_t end_us = monotonic_us() + (uint64_t)ms * 1000;
    size_t count = 0;
    size_t i;
    int number;

    do {
        while (read(report, &number, sizeof(number)) == sizeof(number))
            seen[number] = true;
        for (count = 0, i = 0; i < n; i++)
            count += seen[i] ? 1 : 0;
        nanosleep(&pause, NULL);
    } while (count < n && monotonic_us() < end_us);
    return count;
}

static void no_message_is_lost_when_a_consumer_is_killed_while_it_retries(void **state)
{
    enum { MESSAGES = 300, KILLS = 8 };
    bool seen[MESSAGES] = {false};
    char body[32];
    struct rig rig;
    int report[2];
    pid_t child;
    int i;

    (void)state;
    begin(&rig, "killed");
    rig.retry.min_delay_ms = 50;
    rig.retry.max_delay_ms = 50;
    rig.retry.max_attempts = 1000;
    start(&rig);
    taker_stop(&rig.taker);
    assert_int_equal(pipe2(report, O_NONBLOCK | O_CLOEXEC), 0);
    for (i = 0; i < MESSAGES; i++) {
        snprintf(body, sizeof(body), "%d", i);
        publish(&rig, body);
    }
    /* A process with one thread is forked. */
    amqpext_producer_free(rig.producer);
    rig.producer = NULL;
    for (i = 0; i < KILLS; i++) {
        child = fork_worker(&rig, report[1]);
        (void)read_numbers(report[0], seen, MESSAGES, 60 + 37 * (unsigned)i);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    child = fork_worker(&rig, report[1]);
    assert_int_equal(read_numbers(report[0], seen, MESSAGES, WAIT_MS), MESSAGES);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(report[0]);
    close(report[1]);
    rig.retry.min_delay_ms = 50;
    start(&rig);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_comes_again_after_growing_pauses),
        cmocka_unit_test(exchange_and_routing_key_stay_those_of_the_first_publish),
        cmocka_unit_test(message_out_of_attempts_is_dead_with_its_history),
        cmocka_unit_test(rejected_message_is_dead_at_once),
        cmocka_unit_test(undecodable_message_is_dead_with_the_reason),
        cmocka_unit_test(handler_chooses_its_own_pause),
        cmocka_unit_test(without_dead_letters_what_is_rejected_is_gone),
        cmocka_unit_test(deleted_retry_queue_is_made_again),
        cmocka_unit_test(copies_wait_for_a_broker_that_is_gone),
        cmocka_unit_test(quorum_queues_have_quorum_retry_queues),
        cmocka_unit_test(quorum_queue_that_exists_without_dead_letters_is_taken_as_it_is),
        cmocka_unit_test(messages_of_a_nameless_queue_wait_with_their_consumer),
        cmocka_unit_test(message_that_has_expired_here_before_is_not_taken_for_a_circle),
        cmocka_unit_test(further_routing_keys_are_not_followed_again),
        cmocka_unit_test(no_message_is_lost_when_a_consumer_is_killed_while_it_retries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
