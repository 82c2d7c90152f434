/* The retry engine of a consumer with brokers of any version, and with what they refuse. */
#include "test.h"

#include <stdio.h>

#include "retry.h"
#include "support/consumer_rig.h"

enum { CONSUMER = 1, PATIENCE_MS = 60000 }; /* the consumer's connection is the first */

static const struct amqpext_queue quorum = {.name = "jobs", .type = AMQPEXT_QUEUE_QUORUM};

static void begin(struct consumer_rig *rig, const struct fake_broker_options *broker,
                  const struct amqpext_queue *queue)
{
    rig_begin(rig, AMQPEXT_RETRY, broker);
    rig->retry.no_dead_letter_queue = false;
    if (queue != NULL)
        rig_queue(rig, queue);
}

static uint64_t deliver_with(struct consumer_rig *rig, const amqp_basic_properties_t *properties)
{
    const struct fake_message message = {.exchange = "shop",
                                         .routing_key = "orders.new",
                                         .properties = properties,
                                         .body = "[1]",
                                         .size = 3};
    const uint64_t tag = fake_broker_deliver(rig->broker, CONSUMER, &message);

    assert_int_not_equal(tag, 0);
    return tag;
}

/* Starts, delivers, and returns the copy for the retry, which nobody has confirmed. */
static const struct received *start_with_copy(struct consumer_rig *rig, uint64_t *tag)
{
    fake_broker_confirm_by_itself(rig->broker, false);
    rig_start(rig);
    *tag = deliver_with(rig, NULL);
    return RECEIVED(rig, BASIC_PUBLISH, 1);
}

/* The n-th declaration of that queue. */
static const amqp_queue_declare_t *declared(struct consumer_rig *rig, const char *name, size_t n)
{
    size_t i;

    for (i = 1;; i++) {
        const amqp_queue_declare_t *queue = RECEIVED(rig, QUEUE_DECLARE, i)->decoded;

        if (fake_bytes_are(queue->queue, name) && --n == 0)
            return queue;
    }
}

static bool has_argument(const amqp_queue_declare_t *queue, const char *name)
{
    return fake_table_get(&queue->arguments, name) != NULL;
}

static bool header_is(const struct received *message, const char *name, const char *text)
{
    const amqp_field_value_t *value = fake_table_get(&message->properties->headers, name);

    return value != NULL && fake_bytes_are(value->value.bytes, text);
}

static void wait_acknowledged(struct consumer_rig *rig, uint64_t tag)
{
    const amqp_basic_ack_t *ack = RECEIVED(rig, BASIC_ACK, 1)->decoded;

    assert_int_equal(ack->delivery_tag, tag);
}

static void original_is_acknowledged_after_its_copy_was_confirmed(void **state)
{
    struct consumer_rig rig;
    const struct received *copy;
    const amqp_basic_publish_t *publish;
    uint64_t tag;
    unsigned long pause;

    (void)state;
    begin(&rig, NULL, NULL);
    rig.handler.reason = "no stock";
    copy = start_with_copy(&rig, &tag);
    publish = copy->decoded;
    assert_int_not_equal(copy->connection, CONSUMER);
    assert_true(fake_bytes_are(publish->exchange, ""));
    assert_true(fake_bytes_are(publish->routing_key, "jobs.retry.1000"));
    assert_true(publish->mandatory);
    assert_int_equal(copy->properties->delivery_mode, 2);
    assert_memory_equal(copy->body, "[1]", 3);
    pause = strtoul((const char *)copy->properties->expiration.bytes, NULL, 10);
    assert_in_range(pause, 750, 1000);
    assert_true(header_is(copy, HEADER_EXCHANGE, "shop"));
    assert_true(header_is(copy, HEADER_ROUTING_KEY, "orders.new"));
    assert_true(header_is(copy, HEADER_REASON, "no stock"));
    assert_int_equal(fake_table_get(&copy->properties->headers, HEADER_ATTEMPT)->value.i64, 2);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_ACK_METHOD, 0, 100));
    assert_true(fake_broker_ack(rig.broker, copy->connection, copy->tag, false));
    wait_acknowledged(&rig, tag);
    wait_for_figure(rig.consumer, retried, 1);
    rig_end(&rig);
}

static void copy_that_is_refused_is_tried_again(void **state)
{
    struct consumer_rig rig;
    const struct received *copy;
    const struct received *again;
    uint64_t tag;

    (void)state;
    begin(&rig, NULL, NULL);
    copy = start_with_copy(&rig, &tag);
    assert_true(fake_broker_nack(rig.broker, copy->connection, copy->tag, false));
    again = RECEIVED(&rig, BASIC_PUBLISH, 2);
    /* After a pause, and on the same connection. */
    assert_true(again->time_us - copy->time_us >= 900000);
    assert_int_equal(again->connection, copy->connection);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    assert_true(fake_broker_ack(rig.broker, again->connection, again->tag, false));
    wait_acknowledged(&rig, tag);
    assert_true(rig_logged(&rig, "was not taken") >= 1);
    rig_end(&rig);
}

static void copy_that_is_returned_has_its_queue_declared_again(void **state)
{
    struct consumer_rig rig;
    const struct received *copy;
    const struct received *again;
    size_t n_declared;
    uint64_t tag;

    (void)state;
    begin(&rig, NULL, NULL);
    copy = start_with_copy(&rig, &tag);
    n_declared = COUNT(&rig, QUEUE_DECLARE);
    assert_true(fake_broker_return(rig.broker, copy, 312, "NO_ROUTE"));
    assert_true(fake_broker_ack(rig.broker, copy->connection, copy->tag, false));
    again = RECEIVED(&rig, BASIC_PUBLISH, 2);
    assert_int_not_equal(again->connection, copy->connection);
    assert_true(COUNT(&rig, QUEUE_DECLARE) > n_declared);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    assert_true(fake_broker_ack(rig.broker, again->connection, again->tag, false));
    wait_acknowledged(&rig, tag);
    rig_end(&rig);
}

static void message_out_of_attempts_goes_to_the_dead(void **state)
{
    struct consumer_rig rig;
    const struct received *copy;

    (void)state;
    begin(&rig, NULL, NULL);
    rig.retry.max_attempts = 1;
    rig_start(&rig);
    /* Without retries there are no queues for them. */
    assert_int_equal(COUNT(&rig, QUEUE_DECLARE), 2);
    deliver_with(&rig, NULL);
    copy = RECEIVED(&rig, BASIC_PUBLISH, 1);
    assert_true(fake_bytes_are(((amqp_basic_publish_t *)copy->decoded)->routing_key, "jobs.dead"));
    assert_true(header_is(copy, HEADER_QUEUE, "jobs"));
    assert_null(copy->properties->expiration.bytes);
    RECEIVED(&rig, BASIC_ACK, 1);
    wait_for_figure(rig.consumer, dead_lettered, 1);
    rig_end(&rig);
}

static void rejected_message_without_a_place_is_rejected_at_the_broker(void **state)
{
    struct consumer_rig rig;
    const amqp_basic_reject_t *reject;

    (void)state;
    begin(&rig, NULL, NULL);
    rig.handler.verdict = AMQPEXT_REJECT;
    rig.retry.no_dead_letter_queue = true;
    rig_start(&rig);
    deliver_with(&rig, NULL);
    reject = RECEIVED(&rig, BASIC_REJECT, 1)->decoded;
    assert_false(reject->requeue);
    wait_for_figure(rig.consumer, dropped, 1);
    rig_end(&rig);
}

/* Nobody can ever handle it, and it must not keep a part of the prefetch. */
static void message_beyond_the_limit_is_rejected_and_dropped_without_a_place(void **state)
{
    struct consumer_rig rig;
    char large[200];
    const amqp_basic_reject_t *reject;

    (void)state;
    begin(&rig, NULL, NULL);
    rig.handler.verdict = AMQPEXT_ACK;
    rig.options.prefetch_count = 1;
    rig.connection.max_message_bytes = 100;
    rig_start(&rig);
    memset(large, '1', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    rig_deliver(&rig, "k", large);
    reject = RECEIVED(&rig, BASIC_REJECT, 1)->decoded;
    assert_false(reject->requeue);
    wait_for_figure(rig.consumer, dropped, 1);
    assert_int_equal(rig_logged(&rig, "it is rejected and lost"), 1);
    deliver_with(&rig, NULL);
    handler_wait_ended(&rig.handler, 1);
    rig_wait_settled(&rig);
    assert_int_equal(COUNT(&rig, BASIC_PUBLISH), 0);
    rig_end(&rig);
}

/* Headers that fill a frame leave no room for those of dead letters. */
static void dead_message_that_cannot_be_copied_is_rejected(void **state)
{
    enum { FRAME_MAX = 4096, ALMOST = 4000 };
    static char text[ALMOST];
    amqp_table_entry_t entry = {.key = {1, "a"}, .value = {.kind = AMQP_FIELD_KIND_UTF8}};
    const amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG,
                                                .headers = {1, &entry}};
    struct consumer_rig rig;
    const amqp_basic_reject_t *reject;

    (void)state;
    memset(text, 'x', sizeof(text));
    entry.value.value.bytes = (amqp_bytes_t){sizeof(text), text};
    begin(&rig, NULL, NULL);
    rig.handler.verdict = AMQPEXT_REJECT;
    rig.connection.frame_max = FRAME_MAX;
    rig_start(&rig);
    deliver_with(&rig, &properties);
    reject = RECEIVED(&rig, BASIC_REJECT, 1)->decoded;
    assert_false(reject->requeue);
    wait_for_figure(rig.consumer, dropped, 1);
    assert_int_equal(COUNT(&rig, BASIC_PUBLISH), 0);
    rig_end(&rig);
}

static void quorum_queue_of_an_older_broker_gets_dead_letters_only(void **state)
{
    static const char *const versions[] = {"3.10.8", "3.13.7", "4.0.9", "4.2.1"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        const struct fake_broker_options options = {.version = versions[i]};
        const amqp_queue_declare_t *queue;
        struct consumer_rig rig;

        begin(&rig, &options, &quorum);
        rig_start(&rig);
        queue = declared(&rig, "jobs", 1);
        assert_false(has_argument(queue, "x-delayed-retry-type"));
        assert_true(has_argument(queue, "x-dead-letter-routing-key"));
        queue = declared(&rig, "jobs.retry.1000", 1);
        assert_true(fake_bytes_are(fake_table_get(&queue->arguments, "x-queue-type")->value.bytes,
                                   "quorum"));
        deliver_with(&rig, NULL);
        RECEIVED(&rig, BASIC_PUBLISH, 1);
        RECEIVED(&rig, BASIC_ACK, 1);
        rig_end(&rig);
    }
}

static void quorum_queue_of_a_new_broker_delays_by_itself(void **state)
{
    const struct fake_broker_options options = {.version = "4.3.0"};
    const amqp_queue_declare_t *queue;
    const amqp_basic_reject_t *reject;
    struct consumer_rig rig;

    (void)state;
    begin(&rig, &options, &quorum);
    rig_start(&rig);
    queue = declared(&rig, "jobs", 1);
    assert_true(fake_bytes_are(
        fake_table_get(&queue->arguments, "x-delayed-retry-type")->value.bytes, "failed"));
    assert_int_equal(fake_table_get(&queue->arguments, "x-delayed-retry-min")->value.i64, 1000);
    assert_int_equal(fake_table_get(&queue->arguments, "x-delayed-retry-max")->value.i64, 60000);
    assert_true(has_argument(queue, "x-dead-letter-strategy"));
    /* No queues of steps: only that of dead letters and the main one. */
    assert_int_equal(COUNT(&rig, QUEUE_DECLARE), 2);
    deliver_with(&rig, NULL);
    reject = RECEIVED(&rig, BASIC_REJECT, 1)->decoded;
    assert_true(reject->requeue);
    wait_for_figure(rig.consumer, retried, 1);
    assert_int_equal(COUNT(&rig, BASIC_PUBLISH), 0);
    rig_end(&rig);
}

static amqp_table_entry_t count_header(const char *name, int count)
{
    amqp_table_entry_t entry = {.key = amqp_cstring_bytes(name)};

    entry.value.kind = AMQP_FIELD_KIND_I32;
    entry.value.value.i32 = count;
    return entry;
}

static void new_broker_counts_the_attempts(void **state)
{
    const struct fake_broker_options options = {.version = "4.3.0"};
    amqp_table_entry_t headers[] = {count_header("x-delivery-count", 4),
                                    count_header("x-acquired-count", 9)};
    const amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG,
                                                .headers = {2, headers}};
    const struct received *copy;
    struct consumer_rig rig;

    (void)state;
    begin(&rig, &options, &quorum);
    rig_start(&rig);
    deliver_with(&rig, &properties);
    assert_int_equal(handler_wait_ended(&rig.handler, 1)->attempt, 5);
    copy = RECEIVED(&rig, BASIC_PUBLISH, 1);
    assert_true(fake_bytes_are(((amqp_basic_publish_t *)copy->decoded)->routing_key, "jobs.dead"));
    assert_null(fake_table_get(&copy->properties->headers, "x-delivery-count"));
    RECEIVED(&rig, BASIC_ACK, 1);
    assert_int_equal(COUNT(&rig, BASIC_REJECT), 0);
    rig_end(&rig);
}

static int retry_after_90_s(void *data, struct amqpext_delivery *delivery)
{
    (void)data;
    amqpext_delivery_set_retry_delay(delivery, 90000);
    return AMQPEXT_RETRY;
}

/* Between steps and beyond max_delay_ms: a queue that is declared when it is needed. */
static void pause_of_the_handler_is_kept_by_new_brokers_too(void **state)
{
    static const char *const versions[] = {"3.10.8", "4.3.0"};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        const struct fake_broker_options options = {.version = versions[i]};
        const struct received *copy;
        struct consumer_rig rig;

        begin(&rig, &options, &quorum);
        rig.handler.decide = retry_after_90_s;
        rig_start(&rig);
        deliver_with(&rig, NULL);
        copy = RECEIVED(&rig, BASIC_PUBLISH, 1);
        assert_true(fake_bytes_are(((amqp_basic_publish_t *)copy->decoded)->routing_key,
                                   "jobs.retry.120000"));
        assert_true(fake_bytes_are(copy->properties->expiration, "90000"));
        assert_int_equal(
            fake_table_get(&declared(&rig, "jobs.retry.120000", 1)->arguments, "x-message-ttl")
                ->value.i64,
            120000);
        RECEIVED(&rig, BASIC_ACK, 1);
        rig_end(&rig);
    }
}

/* A queue that exists with arguments of its own. */
struct existing {
    bool has_delayed_retry, has_dead_letters;
};

static bool is_equivalent(const struct existing *existing, const amqp_queue_declare_t *queue)
{
    return has_argument(queue, "x-delayed-retry-type") == existing->has_delayed_retry &&
           has_argument(queue, "x-dead-letter-routing-key") == existing->has_dead_letters;
}

static bool refuse_others(void *data, struct fake_broker *broker, const struct received *what)
{
    const struct existing *existing = data;
    const amqp_queue_declare_t *queue = what->decoded;

    if (what->method != AMQP_QUEUE_DECLARE_METHOD || !fake_bytes_are(queue->queue, "jobs") ||
        is_equivalent(existing, queue))
        return false;
    fake_broker_close_channel(broker, what->connection, 406,
                              "PRECONDITION_FAILED - inequivalent arg", AMQP_QUEUE_DECLARE_METHOD);
    return true;
}

static void queue_that_exists_is_taken_as_it_is(void **state)
{
    static struct existing cases[] = {{true, true}, {true, false}, {false, true}, {false, false}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fake_broker_options options = {
            .version = "4.3.0", .on_received = refuse_others, .data = &cases[i]};
        struct consumer_rig rig;

        begin(&rig, &options, &quorum);
        rig_start(&rig);
        assert_true(is_equivalent(&cases[i], declared(&rig, "jobs", i + 1)));
        /* On one connection, and nobody was bothered. */
        assert_int_equal(fake_broker_count(rig.broker, FAKE_ACCEPTED), 1);
        assert_int_equal(figures_of(rig.consumer).connection.permanent_errors, 0);
        deliver_with(&rig, NULL);
        if (cases[i].has_delayed_retry)
            RECEIVED(&rig, BASIC_REJECT, 1);
        else
            RECEIVED(&rig, BASIC_PUBLISH, 1);
        rig_end(&rig);
    }
}

/* Refuses every declaration of one queue. */
static bool refuse_queue(void *data, struct fake_broker *broker, const struct received *what)
{
    const amqp_queue_declare_t *queue = what->decoded;

    if (what->method != AMQP_QUEUE_DECLARE_METHOD || !fake_bytes_are(queue->queue, data))
        return false;
    fake_broker_close_channel(broker, what->connection, 406,
                              "PRECONDITION_FAILED - inequivalent arg", AMQP_QUEUE_DECLARE_METHOD);
    return true;
}

static void queue_of_dead_letters_that_exists_is_taken_as_it_is(void **state)
{
    char name[] = "jobs.dead";
    const struct fake_broker_options options = {.on_received = refuse_queue, .data = name};
    struct consumer_rig rig;

    (void)state;
    begin(&rig, &options, NULL);
    rig.handler.verdict = AMQPEXT_REJECT;
    rig_start(&rig);
    assert_int_equal(fake_broker_count(rig.broker, FAKE_ACCEPTED), 1);
    deliver_with(&rig, NULL);
    RECEIVED(&rig, BASIC_PUBLISH, 1);
    RECEIVED(&rig, BASIC_ACK, 1);
    /* Nor is it declared by those who publish to it. */
    assert_int_equal(figures_of(rig.consumer).connection.permanent_errors, 0);
    rig_end(&rig);
}

/* A start that ends with what has to be otherwise at the broker. */
static struct amqpext_error start_in_vain(struct consumer_rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    rig_new(rig);
    assert_int_equal(amqpext_consumer_connect(rig->consumer, PATIENCE_MS, &error),
                     AMQPEXT_EPRECONDITION);
    return error;
}

static void queue_of_a_step_has_to_be_what_it_is_meant_to_be(void **state)
{
    char name[] = "jobs.retry.1000";
    const struct fake_broker_options options = {.on_received = refuse_queue, .data = name};
    struct amqpext_error error;
    struct consumer_rig rig;

    (void)state;
    begin(&rig, &options, NULL);
    error = start_in_vain(&rig);
    assert_non_null(strstr(error.message, "jobs.retry.1000"));
    rig_end(&rig);
}

static void native_mode_takes_no_other(void **state)
{
    static struct existing plain = {false, false};
    const struct fake_broker_options options = {
        .version = "4.3.0", .on_received = refuse_others, .data = &plain};
    struct consumer_rig rig;

    (void)state;
    begin(&rig, &options, &quorum);
    rig.retry.mode = AMQPEXT_RETRY_NATIVE;
    (void)start_in_vain(&rig);
    /* With and without dead letters, and again from the start. */
    assert_true(has_argument(declared(&rig, "jobs", 1), "x-dead-letter-routing-key"));
    assert_false(has_argument(declared(&rig, "jobs", 2), "x-dead-letter-routing-key"));
    assert_true(has_argument(declared(&rig, "jobs", 3), "x-dead-letter-routing-key"));
    rig_end(&rig);
}

static void native_mode_needs_a_broker_that_has_it(void **state)
{
    const struct fake_broker_options options = {.version = "4.2.0"};
    struct amqpext_error error;
    struct consumer_rig rig;

    (void)state;
    begin(&rig, &options, &quorum);
    rig.retry.mode = AMQPEXT_RETRY_NATIVE;
    error = start_in_vain(&rig);
    assert_string_equal(error.message,
                        "retry: RabbitMQ 4.2.0 has no delayed retry of its own; RabbitMQ 4.3 has");
    rig_end(&rig);
}

static void given_queue_is_not_declared_with_more(void **state)
{
    const struct fake_broker_options options = {.version = "4.3.0"};
    struct amqpext_queue given = quorum;
    struct consumer_rig rig;

    (void)state;
    given.declare = AMQPEXT_PASSIVE;
    begin(&rig, &options, &given);
    rig_start(&rig);
    assert_true(declared(&rig, "jobs", 1)->passive);
    deliver_with(&rig, NULL);
    RECEIVED(&rig, BASIC_PUBLISH, 1);
    rig_end(&rig);
}

/* A copy whose connection stays, while that of its delivery is lost. */
static const struct received *outlive_delivery(struct consumer_rig *rig)
{
    const struct received *copy;
    uint64_t tag;

    begin(rig, NULL, NULL);
    copy = start_with_copy(rig, &tag);
    assert_true(fake_broker_drop(rig->broker, CONSUMER, FAKE_DROP_RESET));
    RECEIVED(rig, BASIC_CONSUME, 2);
    return copy;
}

static void copy_of_a_lost_connection_settles_nothing(void **state)
{
    struct consumer_rig rig;
    const struct received *copy;

    (void)state;
    copy = outlive_delivery(&rig);
    assert_true(fake_broker_ack(rig.broker, copy->connection, copy->tag, false));
    wait_for_figure(rig.consumer, stale, 1);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    assert_int_equal(figures_of(rig.consumer).in_flight, 0);
    rig_end(&rig);
}

static void refused_copy_of_a_lost_connection_is_given_up(void **state)
{
    struct consumer_rig rig;
    const struct received *copy;

    (void)state;
    copy = outlive_delivery(&rig);
    assert_true(fake_broker_nack(rig.broker, copy->connection, copy->tag, false));
    wait_for_figure(rig.consumer, stale, 1);
    assert_int_equal(COUNT(&rig, BASIC_PUBLISH), 1);
    rig_end(&rig);
}

static void stop_waits_for_copies_up_to_its_deadline(void **state)
{
    struct consumer_rig rig;

    (void)state;
    begin(&rig, NULL, NULL);
    fake_broker_confirm_by_itself(rig.broker, false);
    rig_start(&rig);
    deliver_with(&rig, NULL);
    RECEIVED(&rig, BASIC_PUBLISH, 1);
    assert_int_equal(amqpext_consumer_stop(rig.consumer, 200, NULL), AMQPEXT_ETIMEDOUT);
    assert_int_equal(COUNT(&rig, BASIC_ACK), 0);
    assert_int_equal(COUNT(&rig, BASIC_REJECT), 0);
    rig_end(&rig);
}

static void nameless_queue_keeps_pauses_here_until_the_stop(void **state)
{
    const struct amqpext_queue nameless = {.name = "", .exclusive = true};
    struct consumer_rig rig;
    const struct received *copy;

    (void)state;
    begin(&rig, NULL, &nameless);
    rig.retry.min_delay_ms = 100;
    rig.retry.max_delay_ms = 60000;
    rig_start(&rig);
    assert_int_equal(COUNT(&rig, QUEUE_DECLARE), 1);
    deliver_with(&rig, NULL);
    copy = RECEIVED(&rig, BASIC_PUBLISH, 1);
    assert_true(fake_bytes_are(((amqp_basic_publish_t *)copy->decoded)->routing_key, "amq.gen-1"));
    assert_null(copy->properties->expiration.bytes);
    RECEIVED(&rig, BASIC_ACK, 1);
    rig.handler.decide = retry_after_90_s;
    deliver_with(&rig, NULL);
    handler_wait_ended(&rig.handler, 2);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_PUBLISH_METHOD, 1, 100));
    /* Nothing is waited for but the way out. */
    assert_int_equal(amqpext_consumer_stop(rig.consumer, PATIENCE_MS, NULL), AMQPEXT_OK);
    assert_int_equal(COUNT(&rig, BASIC_PUBLISH), 1);
    rig_end(&rig);
}

static void tell_nobody(void *data, struct amqpext_delivery *delivery, bool is_safe)
{
    (void)data;
    (void)delivery;
    (void)is_safe;
}

static void make_once(void *context)
{
    const struct amqpext_consumer_options *options = context;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct retry *retry = NULL;
    const enum amqpext_status status =
        amqpext__retry_new(options, &quorum, tell_nobody, NULL, &retry, &error);

    assert_int_equal(status, oom_stop() ? AMQPEXT_ENOMEM : AMQPEXT_OK);
    amqpext__retry_free(retry);
}

static void memory_may_run_out_while_it_is_made(void **state)
{
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;

    (void)state;
    assert_true(oom_for_every_allocation(make_once, &options) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(original_is_acknowledged_after_its_copy_was_confirmed),
        cmocka_unit_test(copy_that_is_refused_is_tried_again),
        cmocka_unit_test(copy_that_is_returned_has_its_queue_declared_again),
        cmocka_unit_test(message_out_of_attempts_goes_to_the_dead),
        cmocka_unit_test(rejected_message_without_a_place_is_rejected_at_the_broker),
        cmocka_unit_test(message_beyond_the_limit_is_rejected_and_dropped_without_a_place),
        cmocka_unit_test(dead_message_that_cannot_be_copied_is_rejected),
        cmocka_unit_test(quorum_queue_of_an_older_broker_gets_dead_letters_only),
        cmocka_unit_test(quorum_queue_of_a_new_broker_delays_by_itself),
        cmocka_unit_test(new_broker_counts_the_attempts),
        cmocka_unit_test(pause_of_the_handler_is_kept_by_new_brokers_too),
        cmocka_unit_test(queue_that_exists_is_taken_as_it_is),
        cmocka_unit_test(queue_of_dead_letters_that_exists_is_taken_as_it_is),
        cmocka_unit_test(queue_of_a_step_has_to_be_what_it_is_meant_to_be),
        cmocka_unit_test(native_mode_takes_no_other),
        cmocka_unit_test(native_mode_needs_a_broker_that_has_it),
        cmocka_unit_test(given_queue_is_not_declared_with_more),
        cmocka_unit_test(copy_of_a_lost_connection_settles_nothing),
        cmocka_unit_test(refused_copy_of_a_lost_connection_is_given_up),
        cmocka_unit_test(stop_waits_for_copies_up_to_its_deadline),
        cmocka_unit_test(nameless_queue_keeps_pauses_here_until_the_stop),
        cmocka_unit_test(memory_may_run_out_while_it_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
