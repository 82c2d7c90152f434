/*
 * Producers towards a broker that does what the tests say: confirms in any order, returns, blocks,
 * closes, stalls and breaks the rules.
 */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "support/fake_broker.h"
#include "support/outcomes.h"

enum { PATIENCE_MS = 60000 };

struct rig {
    struct fake_broker *broker;
    struct amqpext_producer *producer;
    struct outcomes outcomes;
    struct amqpext_connection_options connection;
    struct amqpext_producer_options options;
};

static void begin_with(struct rig *rig, const struct fake_broker_options *fake)
{
    memset(rig, 0, sizeof(*rig));
    rig->broker = fake_broker_new(fake);
    outcomes_init(&rig->outcomes);
    rig->connection = (struct amqpext_connection_options){
        .size = sizeof(rig->connection),
        .reconnect_min_delay_ms = 10,
        .reconnect_max_delay_ms = 20,
        .permanent_delay_ms = 20,
        .state = outcomes_note_state,
        .state_data = &rig->outcomes,
    };
    rig->options = (struct amqpext_producer_options){
        .size = sizeof(rig->options),
        .url = fake_broker_url(rig->broker),
        .connection = &rig->connection,
    };
}

static void begin(struct rig *rig)
{
    begin_with(rig, NULL);
}

static void open_producer(struct rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_producer_new(&rig->options, &rig->producer, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static void end(struct rig *rig)
{
    amqpext_producer_free(rig->producer);
    if (fake_broker_fault(rig->broker) != NULL)
        fail_msg("%s", fake_broker_fault(rig->broker));
    fake_broker_free(rig->broker);
    outcomes_end(&rig->outcomes);
}

static void put(struct rig *rig, const char *text)
{
    assert_int_equal(outcomes_put(&rig->outcomes, rig->producer, text, "key", false), AMQPEXT_OK);
}

static void put_mandatory(struct rig *rig, const char *text)
{
    assert_int_equal(outcomes_put(&rig->outcomes, rig->producer, text, "key", true), AMQPEXT_OK);
}

static const struct received *nth(struct rig *rig, size_t n)
{
    return fake_broker_wait(rig->broker, AMQP_BASIC_PUBLISH_METHOD, n);
}

static void flush(struct rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_producer_flush(rig->producer, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
}

static struct amqpext_producer_stats stats_of(struct rig *rig)
{
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;

    amqpext_producer_stats(rig->producer, &stats);
    return stats;
}

static bool is_body(const struct received *message, const char *text)
{
    return message->body_size == strlen(text) &&
           memcmp(message->body, text, message->body_size) == 0;
}

static void the_exchange_is_declared_and_messages_go_to_it(void **state)
{
    const struct received *message, *declared;
    struct rig rig;

    (void)state;
    begin(&rig);
    rig.options.exchange = "events";
    open_producer(&rig);
    put(&rig, "hello");
    flush(&rig);
    declared = fake_broker_wait(rig.broker, AMQP_EXCHANGE_DECLARE_METHOD, 1);
    assert_true(fake_bytes_are(((amqp_exchange_declare_t *)declared->decoded)->exchange, "events"));
    assert_true(fake_bytes_are(((amqp_exchange_declare_t *)declared->decoded)->type, "topic"));
    assert_true(((amqp_exchange_declare_t *)declared->decoded)->durable);
    message = nth(&rig, 1);
    assert_true(fake_bytes_are(((amqp_basic_publish_t *)message->decoded)->exchange, "events"));
    assert_true(fake_bytes_are(((amqp_basic_publish_t *)message->decoded)->routing_key, "key"));
    assert_true(is_body(message, "hello"));
    assert_int_equal(message->properties->delivery_mode, 2);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 1);
    end(&rig);
}

static void the_default_exchange_is_not_declared(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    put(&rig, "x");
    flush(&rig);
    assert_int_equal(fake_broker_count(rig.broker, AMQP_EXCHANGE_DECLARE_METHOD), 0);
    end(&rig);
}

static void confirms_come_in_any_order_and_for_several(void **state)
{
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    open_producer(&rig);
    for (i = 0; i < 10; i++)
        put(&rig, "x");
    (void)nth(&rig, 10);
    fake_broker_ack(rig.broker, 0, 7, false);
    outcomes_wait(&rig.outcomes, 1);
    fake_broker_nack(rig.broker, 0, 3, false);
    fake_broker_ack(rig.broker, 0, 5, true);
    outcomes_wait(&rig.outcomes, 6);
    assert_int_equal(stats_of(&rig).unconfirmed, 4);
    fake_broker_nack(rig.broker, 0, 0, true);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 5);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_REFUSED), 5);
    end(&rig);
}

static void returns_belong_to_their_messages(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    open_producer(&rig);
    put_mandatory(&rig, "1");
    put_mandatory(&rig, "2");
    put_mandatory(&rig, "3");
    (void)nth(&rig, 3);
    fake_broker_return(rig.broker, nth(&rig, 2), 312, "NO_ROUTE");
    fake_broker_ack(rig.broker, 0, 3, true);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 2);
    assert_int_equal(rig.outcomes.kept[1].result, AMQPEXT_RETURNED);
    assert_int_equal(rig.outcomes.kept[1].reply_code, 312);
    assert_string_equal(rig.outcomes.kept[1].reply_text, "NO_ROUTE");
    end(&rig);
}

static void what_was_not_confirmed_is_sent_again_with_the_same_id(void **state)
{
    const struct received *first, *again;
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    open_producer(&rig);
    put(&rig, "1");
    put(&rig, "2");
    put(&rig, "3");
    (void)nth(&rig, 3);
    fake_broker_ack(rig.broker, 0, 2, false);
    outcomes_wait(&rig.outcomes, 1);
    fake_broker_drop(rig.broker, 0, FAKE_DROP_RESET);
    again = nth(&rig, 4);
    assert_true(is_body(again, "1"));
    assert_true(is_body(nth(&rig, 5), "3"));
    first = nth(&rig, 1);
    assert_int_equal(first->properties->message_id.len, 36);
    assert_memory_equal(first->properties->message_id.bytes, again->properties->message_id.bytes,
                        36);
    assert_int_equal(again->tag, 1);
    fake_broker_ack(rig.broker, 0, 2, true);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 3);
    assert_int_equal(rig.outcomes.kept[0].sends, 1);
    assert_int_equal(rig.outcomes.kept[1].sends, 2);
    assert_int_equal(stats_of(&rig).resent, 2);
    assert_int_equal(stats_of(&rig).connection.connects, 2);
    end(&rig);
}

static void an_unknown_tag_is_a_protocol_error(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    open_producer(&rig);
    put(&rig, "x");
    (void)nth(&rig, 1);
    fake_broker_ack(rig.broker, 0, 2, false);
    (void)nth(&rig, 2);
    assert_int_equal(stats_of(&rig).connection.lost_by_protocol, 1);
    fake_broker_ack(rig.broker, 0, 1, false);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 1);
    amqpext_producer_free(rig.producer);
    fake_broker_free(rig.broker);
    outcomes_end(&rig.outcomes);
}

/* Closes the channel for messages whose body begins with "bad", and confirms all others. */
static bool refuse_bad(void *data, struct fake_broker *broker, const struct received *what)
{
    (void)data;
    if (what->method != AMQP_BASIC_PUBLISH_METHOD || what->body_size < 3 ||
        memcmp(what->body, "bad", 3) != 0)
        return false;
    fake_broker_close_channel(broker, what->connection, 406, "PRECONDITION_FAILED - it is bad",
                              AMQP_BASIC_PUBLISH_METHOD);
    return true;
}

static void a_message_that_closes_the_channel_is_found_and_refused(void **state)
{
    const struct fake_broker_options fake = {.on_received = refuse_bad};
    struct rig rig;
    unsigned i;

    (void)state;
    begin_with(&rig, &fake);
    open_producer(&rig);
    for (i = 0; i < 50; i++)
        put(&rig, i == 20 || i == 33 ? "bad" : "good");
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 48);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_REFUSED), 2);
    for (i = 0; i < 50; i++) {
        if (rig.outcomes.kept[i].result == AMQPEXT_REFUSED) {
            assert_int_equal(rig.outcomes.kept[i].reply_code, 406);
            assert_int_equal(rig.outcomes.kept[i].status, AMQPEXT_EPRECONDITION);
            assert_non_null(strstr(rig.outcomes.kept[i].reply_text, "it is bad"));
        }
    }
    /* The connection stays. */
    assert_int_equal(stats_of(&rig).connection.connects >= 1, 1);
    assert_int_equal(fake_broker_count(rig.broker, FAKE_ACCEPTED), 1);
    end(&rig);
}

static void many_messages_that_close_the_channel_hold_nobody_up_for_long(void **state)
{
    const struct fake_broker_options fake = {.on_received = refuse_bad};
    struct rig rig;
    unsigned i;

    (void)state;
    begin_with(&rig, &fake);
    /* The usual pauses, which grow to half a minute. */
    rig.connection.reconnect_min_delay_ms = rig.connection.reconnect_max_delay_ms = 0;
    open_producer(&rig);
    for (i = 0; i < 40; i++)
        put(&rig, "bad");
    put(&rig, "good");
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 1);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_REFUSED), 40);
    end(&rig);
}

static void a_blocked_broker_gets_nothing_until_it_unblocks(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    open_producer(&rig);
    put(&rig, "1");
    flush(&rig);
    fake_broker_block(rig.broker, 0, "low on memory");
    outcomes_wait_state(&rig.outcomes, AMQPEXT_STATE_BLOCKED, 1);
    assert_true(amqpext_producer_is_blocked(rig.producer));
    put(&rig, "2");
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_PUBLISH_METHOD, 1, 50));
    fake_broker_unblock(rig.broker, 0);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 2);
    assert_false(amqpext_producer_is_blocked(rig.producer));
    end(&rig);
}

static void publishing_fails_while_blocked_when_told_to(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    rig.options.fail_when_blocked = true;
    open_producer(&rig);
    put(&rig, "1");
    flush(&rig);
    fake_broker_block(rig.broker, 0, "low on memory");
    outcomes_wait_state(&rig.outcomes, AMQPEXT_STATE_BLOCKED, 1);
    assert_int_equal(outcomes_put(&rig.outcomes, rig.producer, "2", "key", false),
                     AMQPEXT_EBLOCKED);
    fake_broker_unblock(rig.broker, 0);
    outcomes_wait_state(&rig.outcomes, AMQPEXT_STATE_READY, 2);
    put(&rig, "3");
    flush(&rig);
    assert_int_equal(fake_broker_count(rig.broker, AMQP_BASIC_PUBLISH_METHOD), 2);
    end(&rig);
}

static void deadlines_hold_while_the_broker_does_not_read(void **state)
{
    static char body[100000];
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct rig rig;
    unsigned i, accepted = 0;
    uint64_t before_us;

    (void)state;
    begin(&rig);
    rig.options.max_bytes = 20000000;
    rig.options.full_timeout_ms = 50;
    open_producer(&rig);
    assert_int_equal(amqpext_producer_connect(rig.producer, PATIENCE_MS, NULL), AMQPEXT_OK);
    fake_broker_stop_reading(rig.broker, true);
    options.timeout_ms = 300;
    options.done = outcomes_note;
    options.data = &rig.outcomes;
    for (i = 0; i < 201; i++)
        accepted += amqpext_publish_bytes(rig.producer, body, sizeof(body), "k", &options, NULL) ==
                    AMQPEXT_OK;
    outcomes_wait(&rig.outcomes, accepted);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_EXPIRED), accepted);
    before_us = monotonic_us();
    put(&rig, "x");
    assert_int_equal(amqpext_producer_close(rig.producer, 100, NULL), AMQPEXT_ETIMEDOUT);
    assert_true(monotonic_us() - before_us < 10000000);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CANCELLED), 1);
    fake_broker_stop_reading(rig.broker, false);
    amqpext_producer_free(rig.producer);
    fake_broker_free(rig.broker);
    outcomes_end(&rig.outcomes);
}

static void close_tells_and_cancels_what_the_broker_did_not_confirm(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    rig.options.max_unconfirmed = 1;
    open_producer(&rig);
    put(&rig, "1");
    put(&rig, "2");
    (void)nth(&rig, 1);
    assert_int_equal(amqpext_producer_close(rig.producer, 50, NULL), AMQPEXT_ETIMEDOUT);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CANCELLED), 2);
    assert_int_equal(rig.outcomes.kept[0].sends, 1);
    assert_int_equal(rig.outcomes.kept[1].sends, 0);
    assert_int_equal(rig.outcomes.kept[1].status, AMQPEXT_ECANCELLED);
    assert_int_equal(outcomes_states(&rig.outcomes, AMQPEXT_STATE_CLOSED), 1);
    end(&rig);
}

static void messages_wait_for_a_broker_that_is_not_there_yet(void **state)
{
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_refuse_connections(rig.broker, true);
    open_producer(&rig);
    put(&rig, "1");
    put(&rig, "2");
    outcomes_wait_state(&rig.outcomes, AMQPEXT_STATE_WAITING, 2);
    assert_false(amqpext_producer_is_connected(rig.producer));
    assert_int_equal(outcomes_count(&rig.outcomes), 0);
    fake_broker_refuse_connections(rig.broker, false);
    flush(&rig);
    assert_int_equal(outcomes_of(&rig.outcomes, AMQPEXT_CONFIRMED), 2);
    assert_true(is_body(nth(&rig, 1), "1"));
    assert_true(is_body(nth(&rig, 2), "2"));
    end(&rig);
}

static void large_messages_are_split_for_the_brokers_frames(void **state)
{
    const struct fake_broker_options fake = {.frame_max = 4096};
    static char body[50000];
    const struct received *message;
    struct rig rig;

    (void)state;
    memset(body, 'b', sizeof(body));
    begin_with(&rig, &fake);
    open_producer(&rig);
    /* The first is framed before the broker has said how large frames may be. */
    assert_int_equal(amqpext_publish_bytes(rig.producer, body, sizeof(body), "k", NULL, NULL),
                     AMQPEXT_OK);
    flush(&rig);
    assert_int_equal(amqpext_publish_bytes(rig.producer, body, sizeof(body), "k", NULL, NULL),
                     AMQPEXT_OK);
    flush(&rig);
    message = nth(&rig, 2);
    assert_int_equal(message->body_size, sizeof(body));
    assert_memory_equal(message->body, body, sizeof(body));
    assert_int_equal(nth(&rig, 1)->body_size, sizeof(body));
    end(&rig);
}

static void not_more_than_the_window_is_unconfirmed(void **state)
{
    struct rig rig;
    unsigned i;

    (void)state;
    begin(&rig);
    fake_broker_confirm_by_itself(rig.broker, false);
    rig.options.max_unconfirmed = 3;
    open_producer(&rig);
    for (i = 0; i < 10; i++)
        put(&rig, "x");
    (void)nth(&rig, 3);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_PUBLISH_METHOD, 3, 50));
    fake_broker_ack(rig.broker, 0, 2, true);
    (void)nth(&rig, 5);
    assert_true(fake_broker_stays_at(rig.broker, AMQP_BASIC_PUBLISH_METHOD, 5, 50));
    fake_broker_confirm_by_itself(rig.broker, true);
    fake_broker_ack(rig.broker, 0, 5, true);
    flush(&rig);
    end(&rig);
}

static void a_message_that_expired_unsent_is_not_sent(void **state)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_refuse_connections(rig.broker, true);
    open_producer(&rig);
    options.timeout_ms = 30;
    options.done = outcomes_note;
    options.data = &rig.outcomes;
    assert_int_equal(amqpext_publish_bytes(rig.producer, "1", 1, "k", &options, NULL), AMQPEXT_OK);
    put(&rig, "2");
    outcomes_wait(&rig.outcomes, 1);
    assert_int_equal(rig.outcomes.kept[0].result, AMQPEXT_EXPIRED);
    assert_int_equal(rig.outcomes.kept[0].sends, 0);
    assert_true(rig.outcomes.kept[0].latency_us >= 30000);
    fake_broker_refuse_connections(rig.broker, false);
    flush(&rig);
    assert_true(is_body(nth(&rig, 1), "2"));
    assert_int_equal(fake_broker_count(rig.broker, AMQP_BASIC_PUBLISH_METHOD), 1);
    end(&rig);
}

static void the_wrong_password_is_told_by_connect(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct rig rig;

    (void)state;
    begin(&rig);
    fake_broker_refuse(rig.broker, AMQP_CONNECTION_START_OK_METHOD, 403, "ACCESS_REFUSED", 1000);
    open_producer(&rig);
    assert_int_equal(amqpext_producer_connect(rig.producer, PATIENCE_MS, &error), AMQPEXT_EAUTH);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exchange_is_declared_and_messages_go_to_it),
        cmocka_unit_test(the_default_exchange_is_not_declared),
        cmocka_unit_test(confirms_come_in_any_order_and_for_several),
        cmocka_unit_test(returns_belong_to_their_messages),
        cmocka_unit_test(what_was_not_confirmed_is_sent_again_with_the_same_id),
        cmocka_unit_test(an_unknown_tag_is_a_protocol_error),
        cmocka_unit_test(a_message_that_closes_the_channel_is_found_and_refused),
        cmocka_unit_test(many_messages_that_close_the_channel_hold_nobody_up_for_long),
        cmocka_unit_test(a_blocked_broker_gets_nothing_until_it_unblocks),
        cmocka_unit_test(publishing_fails_while_blocked_when_told_to),
        cmocka_unit_test(deadlines_hold_while_the_broker_does_not_read),
        cmocka_unit_test(close_tells_and_cancels_what_the_broker_did_not_confirm),
        cmocka_unit_test(messages_wait_for_a_broker_that_is_not_there_yet),
        cmocka_unit_test(large_messages_are_split_for_the_brokers_frames),
        cmocka_unit_test(not_more_than_the_window_is_unconfirmed),
        cmocka_unit_test(a_message_that_expired_unsent_is_not_sent),
        cmocka_unit_test(the_wrong_password_is_told_by_connect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
