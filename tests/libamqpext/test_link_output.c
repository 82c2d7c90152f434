/*
 * What a link writes: messages and methods, a broker that does not want them, and one that is
 * stuck.
 */
#include "test.h"

#include <unistd.h>

#include "error.h"
#include "support/faked.h"

static void blocked_broker_is_told_and_gets_no_messages(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_block(broker, 0, "low on memory");
    event = probe_wait_state(probe, AMQPEXT_STATE_BLOCKED, 1);
    assert_int_equal(event.error.status, AMQPEXT_EBLOCKED);
    assert_string_equal(event.error.message, "the broker takes no messages: low on memory");
    assert_true(amqpext__link_is_blocked(probe_link(probe)));
    assert_true(amqpext__link_is_ready(probe_link(probe)));
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 0, NULL), AMQPEXT_OK);
    probe_publish(probe, 100);
    assert_true(fake_broker_stays_at(broker, AMQP_BASIC_PUBLISH_METHOD, 0, 5 * SHORT_MS));
    fake_broker_unblock(broker, 0);
    probe_wait_sent(probe);
    probe_wait_state(probe, AMQPEXT_STATE_READY, 2);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    assert_int_equal(probe_stats(probe).blocked, 1);
    assert_true(probe_stats(probe).blocked_us > 0);
    assert_int_equal(probe_stats(probe).is_blocked, 0);
    faked_end(probe, broker);
}

static void blocked_is_over_with_its_connection(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_block(broker, 0, "low on disk");
    probe_wait_state(probe, AMQPEXT_STATE_BLOCKED, 1);
    fake_broker_drop(broker, 0, FAKE_DROP_RESET);
    probe_wait_state(probe, AMQPEXT_STATE_READY, 2);
    assert_false(amqpext__link_is_blocked(probe_link(probe)));
    faked_end(probe, broker);
}

static void blocked_outlives_a_channel(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_block(broker, 0, "low on disk");
    fake_broker_close_channel(broker, 0, 404, "NOT_FOUND", 0);
    probe_wait(probe, PROBE_READY, 2);
    assert_string_equal(probe_wait_state(probe, AMQPEXT_STATE_BLOCKED, 2).error.message,
                        "the broker takes no messages: low on disk");
    fake_broker_unblock(broker, 0);
    probe_wait_state(probe, AMQPEXT_STATE_READY, 2);
    faked_end(probe, broker);
}

static void stopped_flow_is_answered_and_gets_no_messages(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    amqp_channel_flow_t flow = {.active = 0};

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_send(broker, 0, LINK_CHANNEL, AMQP_CHANNEL_FLOW_METHOD, &flow);
    fake_broker_wait(broker, AMQP_CHANNEL_FLOW_OK_METHOD, 1);
    probe_publish(probe, 100);
    assert_true(fake_broker_stays_at(broker, AMQP_BASIC_PUBLISH_METHOD, 0, 5 * SHORT_MS));
    flow.active = 1;
    fake_broker_send(broker, 0, LINK_CHANNEL, AMQP_CHANNEL_FLOW_METHOD, &flow);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    faked_end(probe, broker);
}

static void methods_go_out_between_messages(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    const struct fake_message message = {.body = "x", .size = 1};
    uint64_t tag;
    size_t i;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    for (i = 0; i < 20; i++) {
        probe_publish(probe, 1000000 - i);
        tag = fake_broker_deliver(broker, 0, &message);
        faked_ack(probe, tag);
    }
    /* The broker keeps a fault when frames of two things mix. */
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 20);
    fake_broker_wait(broker, AMQP_BASIC_ACK_METHOD, 20);
    assert_int_equal(probe_wait(probe, PROBE_METHOD, 1).method, METHOD_BASIC_ACK);
    faked_end(probe, broker);
}

static void message_under_way_is_ended_after_its_channel_was_closed(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    faked_get_stuck(probe, broker, 12000000);
    fake_broker_close_channel(broker, 0, 406, "PRECONDITION_FAILED - message is too large", 0);
    assert_true(probe_wait(probe, PROBE_LOST, 1).is_channel_only);
    fake_broker_stop_reading(broker, false);
    fake_broker_wait(broker, AMQP_CHANNEL_CLOSE_OK_METHOD, 1);
    probe_wait(probe, PROBE_READY, 2);
    probe_publish(probe, 10);
    fake_broker_wait(broker, AMQP_CHANNEL_OPEN_METHOD, 2);
    faked_end(probe, broker);
}

static void message_under_way_is_ended_when_the_broker_blocks(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    faked_get_stuck(probe, broker, 12000000);
    fake_broker_block(broker, 0, "low on memory");
    probe_wait_state(probe, AMQPEXT_STATE_BLOCKED, 1);
    probe_wait_sent(probe);
    probe_publish(probe, 10);
    fake_broker_stop_reading(broker, false);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    assert_true(fake_broker_stays_at(broker, AMQP_BASIC_PUBLISH_METHOD, 1, 5 * SHORT_MS));
    fake_broker_unblock(broker, 0);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 2);
    faked_end(probe, broker);
}

static void publish_and_give_up(struct probe *probe, void *data)
{
    probe_publish(probe, 1000000);
    amqpext__link_fail(probe_link(probe), data);
}

static void last_words_are_not_followed_by_messages(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    amqpext__fail(&error, AMQPEXT_EPROTOCOL, "a confirm of nothing");
    probe_run(probe, publish_and_give_up, &error);
    fake_broker_wait(broker, AMQP_CONNECTION_CLOSE_METHOD, 1);
    probe_wait(probe, PROBE_READY, 2);
    assert_true(probe_stats(probe).bytes_out < 10000);
    faked_end(probe, broker);
}

static void broker_that_sends_heartbeats_but_does_not_read_stays_connected(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 1};
    struct fake_broker *broker = fake_broker_new(&fake);
    struct probe *probe = faked_start(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    faked_get_stuck(probe, broker, 12000000);
    usleep(3000000);
    assert_int_equal(probe_stats(probe).lost, 0);
    fake_broker_stop_reading(broker, false);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    faked_end(probe, broker);
}

static void link_sleeps_while_the_socket_is_full(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    unsigned long turns;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    faked_get_stuck(probe, broker, 12000000);
    turns = probe_turns(probe);
    usleep(500000);
    assert_true(probe_turns(probe) - turns < 50);
    /* Nor does a wake make it try in vain. */
    turns = (unsigned long)probe_stats(probe).writes;
    probe_publish(probe, 10);
    usleep(100000);
    assert_int_equal(probe_stats(probe).writes, turns);
    fake_broker_stop_reading(broker, false);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 2);
    faked_end(probe, broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocked_broker_is_told_and_gets_no_messages),
        cmocka_unit_test(blocked_is_over_with_its_connection),
        cmocka_unit_test(blocked_outlives_a_channel),
        cmocka_unit_test(stopped_flow_is_answered_and_gets_no_messages),
        cmocka_unit_test(methods_go_out_between_messages),
        cmocka_unit_test(message_under_way_is_ended_after_its_channel_was_closed),
        cmocka_unit_test(message_under_way_is_ended_when_the_broker_blocks),
        cmocka_unit_test(last_words_are_not_followed_by_messages),
        cmocka_unit_test(broker_that_sends_heartbeats_but_does_not_read_stays_connected),
        cmocka_unit_test(link_sleeps_while_the_socket_is_full),
    };

    return cmocka_run_group_tests_name("link_output", tests, NULL, NULL);
}
