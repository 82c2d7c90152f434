/* A link that connects, loses its connection, and connects again. */
#include "test.h"

#include <stdio.h>

#include "support/faked.h"
#include "support/fault_proxy.h"
#include "transport/peer.h"

static void smaller_heartbeats_and_frames_win(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 7, .frame_max = 8192};
    struct fake_broker *broker = fake_broker_new(&fake);
    struct probe *probe = faked_start(broker);
    const amqp_connection_tune_ok_t *tune_ok;

    (void)state;
    tune_ok = fake_broker_wait(broker, AMQP_CONNECTION_TUNE_OK_METHOD, 1)->decoded;
    assert_int_equal(tune_ok->heartbeat, 7);
    assert_int_equal(tune_ok->frame_max, 8192);
    faked_end(probe, broker);
}

static void wrong_password_is_permanent_and_does_not_hammer(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe *probe;

    (void)state;
    options.connection.permanent_delay_ms = LONG_MS;
    fake_broker_refuse(broker, AMQP_CONNECTION_START_OK_METHOD, 403,
                       "ACCESS_REFUSED - Login was refused", 1);
    probe = probe_start(&options);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, &error), AMQPEXT_EAUTH);
    assert_string_equal(error.message, "cannot log in: ACCESS_REFUSED - Login was refused");
    assert_int_equal(error.reply_code, 403);
    assert_true(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).is_permanent);
    assert_true(fake_broker_stays_at(broker, FAKE_ACCEPTED, 1, 20 * SHORT_MS));
    faked_end(probe, broker);
}

static void unknown_virtual_host_is_permanent(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = faked_options(broker);
    struct probe_event event;
    struct probe *probe;

    (void)state;
    fake_broker_refuse(broker, AMQP_CONNECTION_OPEN_METHOD, 530, "NOT_ALLOWED - vhost x not found",
                       1);
    probe = probe_start(&options);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_true(event.is_permanent);
    assert_int_equal(event.error.status, AMQPEXT_EVHOST);
    probe_wait(probe, PROBE_READY, 1);
    faked_end(probe, broker);
}

static bool hang_up(void *data, struct fake_broker *broker, const struct received *what)
{
    (void)data;
    if (what->method != AMQP_CONNECTION_START_OK_METHOD)
        return false;
    fake_broker_drop(broker, what->connection, FAKE_DROP_CLOSE);
    return true;
}

static void end_of_stream_in_the_login_of_an_old_broker_is_a_wrong_password(void **state)
{
    bool is_old;

    (void)state;
    for (is_old = false;; is_old = true) {
        const struct fake_broker_options fake = {.has_no_capabilities = is_old,
                                                 .on_received = hang_up};
        struct fake_broker *broker = fake_broker_new(&fake);
        const struct probe_options options = faked_options(broker);
        struct probe *probe = probe_start(&options);
        const struct probe_event event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);

        assert_int_equal(event.error.status, is_old ? AMQPEXT_EAUTH : AMQPEXT_ECONNECTION);
        assert_int_equal(event.is_permanent, is_old);
        faked_end(probe, broker);
        if (is_old)
            break;
    }
}

static void lost_connection_is_told_and_made_again(void **state)
{
    static const enum fake_drop DROPS[] = {FAKE_DROP_CLOSE, FAKE_DROP_RESET, FAKE_DROP_HALF};
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct fake_broker *broker = fake_broker_new(NULL);
        const struct probe_options options = faked_options(broker);
        struct probe *probe = probe_start(&options);
        struct probe_event event;

        probe_wait(probe, PROBE_READY, 1);
        fake_broker_drop(broker, 0, DROPS[i]);
        event = probe_wait(probe, PROBE_LOST, 1);
        assert_int_equal(event.error.status, AMQPEXT_ECONNECTION);
        assert_false(event.is_channel_only);
        event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
        assert_int_equal(event.previous, AMQPEXT_STATE_READY);
        assert_false(event.is_permanent);
        assert_in_range(event.retry_in_ms, SHORT_MS, 2 * SHORT_MS);
        assert_int_equal(probe_wait(probe, PROBE_READY, 2).epoch, 2);
        assert_int_equal(probe_stats(probe).lost, 1);
        assert_int_equal(probe_stats(probe).lost_by_peer + probe_stats(probe).lost_by_network, 1);
        faked_end(probe, broker);
    }
}

static void connection_that_the_broker_closes_is_made_again(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_close_connection(broker, 0, 320, "CONNECTION_FORCED - Closed via management");
    event = probe_wait(probe, PROBE_LOST, 1);
    assert_int_equal(event.error.status, AMQPEXT_ECONNECTION);
    assert_int_equal(event.error.reply_code, 320);
    assert_string_equal(event.error.message, "the broker closed the connection: CONNECTION_FORCED "
                                             "- Closed via management");
    fake_broker_wait(broker, AMQP_CONNECTION_CLOSE_OK_METHOD, 1);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_stats(probe).lost_by_peer, 1);
    faked_end(probe, broker);
}

static void silent_peer_is_given_up_after_two_heartbeats(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 1, .keeps_silent = true};
    struct fake_broker *broker = fake_broker_new(&fake);
    struct probe *probe = faked_start(broker);
    struct probe_event ready, lost;

    (void)state;
    ready = probe_wait(probe, PROBE_READY, 1);
    lost = probe_wait(probe, PROBE_LOST, 1);
    assert_int_equal(lost.error.status, AMQPEXT_ETIMEDOUT);
    assert_true(lost.time_us - ready.time_us >= 1800000);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_stats(probe).lost_by_silence, 1);
    faked_end(probe, broker);
}

static void we_speak_twice_per_heartbeat(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 1};
    struct fake_broker *broker = fake_broker_new(&fake);
    struct probe *probe = faked_start(broker);
    const struct received *first, *third;

    (void)state;
    third = fake_broker_wait(broker, FAKE_HEARTBEAT, 3);
    first = fake_broker_find(broker, FAKE_HEARTBEAT, 1);
    assert_true(third->time_us - first->time_us >= 800000);
    assert_int_equal(probe_stats(probe).lost, 0);
    faked_end(probe, broker);
}

static void peer_that_does_not_present_itself_is_left_after_the_timeout(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    struct probe *probe;
    struct probe_event event;

    (void)state;
    options.connection.connect_timeout_ms = 100;
    fake_broker_stop_writing(broker, true);
    probe = probe_start(&options);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 2);
    assert_int_equal(event.error.status, AMQPEXT_ETIMEDOUT);
    assert_int_equal(probe_stats(probe).lost, 0);
    faked_end(probe, broker);
}

static void broker_that_is_away_is_tried_for_ever(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = faked_options(broker);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe *probe;

    (void)state;
    fake_broker_refuse_connections(broker, true);
    probe = probe_start(&options);
    probe_wait_state(probe, AMQPEXT_STATE_WAITING, 5);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 1, &error), AMQPEXT_ETIMEDOUT);
    assert_memory_equal(error.message, "no connection within 1 ms: ", 27);
    assert_true(strlen(error.message) > 27);
    fake_broker_refuse_connections(broker, false);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, NULL), AMQPEXT_OK);
    assert_true(probe_stats(probe).tries >= 6);
    faked_end(probe, broker);
}

static void next_host_is_tried_at_once(void **state)
{
    size_t i;

    (void)state;
    /* The order of hosts is shuffled: in one of so many tries the bad one comes first. */
    for (i = 0; i < 8; i++) {
        struct fake_broker *broker = fake_broker_new(NULL), *away = fake_broker_new(NULL);
        struct probe_options options = faked_options(broker);
        struct probe *probe;
        char url[128];

        snprintf(url, sizeof(url), "amqp://127.0.0.1:%u,127.0.0.1:%u", fake_broker_port(away),
                 fake_broker_port(broker));
        fake_broker_refuse_connections(away, true);
        options.url = url;
        options.connection.reconnect_min_delay_ms = LONG_MS;
        options.connection.reconnect_max_delay_ms = LONG_MS;
        options.connection.permanent_delay_ms = LONG_MS;
        probe = probe_start(&options);
        probe_wait(probe, PROBE_READY, 1);
        faked_end(probe, broker);
        fake_broker_free(away);
    }
}

static void round_of_all_hosts_is_permanent_when_one_of_them_is(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL), *away = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe *probe;
    char url[128];

    (void)state;
    snprintf(url, sizeof(url), "amqp://127.0.0.1:%u,127.0.0.1:%u", fake_broker_port(away),
             fake_broker_port(broker));
    fake_broker_refuse_connections(away, true);
    fake_broker_refuse(broker, AMQP_CONNECTION_START_OK_METHOD, 403, "refused", 100);
    options.url = url;
    options.connection.permanent_delay_ms = LONG_MS;
    probe = probe_start(&options);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, &error), AMQPEXT_EAUTH);
    assert_int_equal(probe_stats(probe).permanent_errors, 1);
    /* From then on only the other one is tried, with the pauses of one that may come back. */
    probe_wait_state(probe, AMQPEXT_STATE_WAITING, 8);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 1);
    assert_int_equal(probe_stats(probe).permanent_errors, 1);
    fake_broker_refuse_connections(away, false);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, NULL), AMQPEXT_OK);
    faked_end(probe, broker);
    fake_broker_free(away);
}

static void host_with_a_permanent_error_does_not_delay_the_others(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL), *closed = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    struct probe *probe;
    char url[128];
    size_t i;

    (void)state;
    snprintf(url, sizeof(url), "amqp://127.0.0.1:%u,127.0.0.1:%u", fake_broker_port(closed),
             fake_broker_port(broker));
    fake_broker_refuse(closed, AMQP_CONNECTION_OPEN_METHOD, 530, "not here", 100);
    options.url = url;
    options.connection.permanent_delay_ms = LONG_MS;
    probe = probe_start(&options);
    for (i = 1; i <= 5; i++) {
        probe_wait(probe, PROBE_READY, i);
        fake_broker_drop(broker, 0, FAKE_DROP_RESET);
        probe_wait(probe, PROBE_LOST, i);
    }
    assert_int_equal(fake_broker_count(closed, FAKE_ACCEPTED), 1);
    faked_end(probe, broker);
    fake_broker_free(closed);
}

struct greeting {
    const char *bytes;
    size_t size;
    enum amqpext_status status;
    const char *message;
};

static void greet(struct peer *peer, void *data)
{
    const struct greeting *greeting = data;
    char header[8];

    if (peer_read(peer, header, sizeof(header)))
        peer_write(peer, greeting->bytes, greeting->size);
}

#define GREETING(bytes, status, message)                    \
    {                                                       \
        bytes, sizeof(bytes) - 1, AMQPEXT_##status, message \
    }

static void peer_that_is_no_broker_is_told_as_such(void **state)
{
    static struct greeting greetings[] = {
        GREETING("HTTP/1.1 400 Bad Request\r\n", EPROTOCOL, "the peer does not speak AMQP"),
        GREETING("AMQP\x00\x01\x00\x00", EPROTOCOL,
                 "the peer speaks another version of AMQP than 0-9-1"),
        GREETING("", ECONNECTION, "the peer closed the connection without presenting itself"),
        GREETING("\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x33\xce", EPROTOCOL,
                 "a method that does not belong into the login"),
        GREETING("\x03\x00\x00\x00\x00\x00\x01x\xce", EPROTOCOL,
                 "the peer sent a frame that does not belong into a login"),
        GREETING("\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x0a\xce", EPROTOCOL,
                 "the peer sent a malformed method"),
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        const struct peer_options peer_options = {.serve = greet, .data = &greetings[i]};
        struct peer *peer = peer_start(&peer_options);
        struct probe_options options = {.connection = {.reconnect_min_delay_ms = SHORT_MS}};
        struct probe_event event;
        struct probe *probe;
        char url[64];

        snprintf(url, sizeof(url), "amqp://127.0.0.1:%u", peer_port(peer));
        options.url = url;
        probe = probe_start(&options);
        event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
        assert_int_equal(event.error.status, greetings[i].status);
        assert_string_equal(event.error.message, greetings[i].message);
        assert_false(event.is_permanent);
        probe_wait_state(probe, AMQPEXT_STATE_WAITING, 2);
        probe_free(probe);
        peer_stop(peer);
    }
}

/* Connects with its conversation cut once after so many bytes. False: it was not that long. */
static bool connect_with_a_cut(struct fault_proxy *proxy, enum fault_direction direction,
                               uint64_t bytes, enum fault_end how)
{
    struct probe_options options = {.plan = faked_plan};
    struct probe *probe;
    char url[64];
    size_t i, waits;
    bool was_cut;

    snprintf(url, sizeof(url), "amqp://127.0.0.1:%u", fault_proxy_port(proxy));
    options.url = url;
    options.connection.reconnect_min_delay_ms = options.connection.reconnect_max_delay_ms = 1;
    /* Where a cut is not seen, as that of one direction, the deadline ends the try. */
    options.connection.connect_timeout_ms = options.connection.reply_timeout_ms = 1000;
    fault_proxy_cut_after(proxy, direction, bytes, how);
    probe = probe_start(&options);
    probe_wait_state(probe, AMQPEXT_STATE_READY, 1);
    was_cut = !fault_proxy_forget_cut(proxy);
    waits = probe_count_state(probe, AMQPEXT_STATE_WAITING);
    for (i = 1; i <= waits; i++)
        assert_false(probe_wait_state(probe, AMQPEXT_STATE_WAITING, i).is_permanent);
    probe_free(probe);
    return was_cut;
}

static void cut_anywhere_is_no_permanent_error(void **state)
{
    enum { STEP = 5 };
    struct fake_broker *broker = fake_broker_new(NULL);
    struct fault_proxy *proxy = fault_proxy_new(fake_broker_port(broker));
    uint64_t bytes;

    (void)state;
    for (bytes = 1; connect_with_a_cut(proxy, FAULT_TO_CLIENT, bytes,
                                       bytes % 2 != 0 ? FAULT_CLOSE : FAULT_RESET);)
        bytes += STEP;
    assert_true(bytes > 300);
    for (bytes = 1; connect_with_a_cut(proxy, FAULT_TO_BROKER, bytes,
                                       bytes % 2 != 0 ? FAULT_CLOSE : FAULT_RESET);)
        bytes += STEP;
    assert_true(bytes > 300);
    assert_true(connect_with_a_cut(proxy, FAULT_TO_CLIENT, 100, FAULT_HALF));
    assert_true(connect_with_a_cut(proxy, FAULT_TO_BROKER, 100, FAULT_HALF));
    fault_proxy_free(proxy);
    fake_broker_free(broker);
}

static void answers_may_come_byte_by_byte(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe;

    (void)state;
    fake_broker_trickle(broker, 1, 1);
    probe = faked_start_with_plan(broker);
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(probe_count_state(probe, AMQPEXT_STATE_WAITING), 0);
    faked_end(probe, broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smaller_heartbeats_and_frames_win),
        cmocka_unit_test(wrong_password_is_permanent_and_does_not_hammer),
        cmocka_unit_test(unknown_virtual_host_is_permanent),
        cmocka_unit_test(end_of_stream_in_the_login_of_an_old_broker_is_a_wrong_password),
        cmocka_unit_test(lost_connection_is_told_and_made_again),
        cmocka_unit_test(connection_that_the_broker_closes_is_made_again),
        cmocka_unit_test(silent_peer_is_given_up_after_two_heartbeats),
        cmocka_unit_test(we_speak_twice_per_heartbeat),
        cmocka_unit_test(peer_that_does_not_present_itself_is_left_after_the_timeout),
        cmocka_unit_test(broker_that_is_away_is_tried_for_ever),
        cmocka_unit_test(next_host_is_tried_at_once),
        cmocka_unit_test(round_of_all_hosts_is_permanent_when_one_of_them_is),
        cmocka_unit_test(host_with_a_permanent_error_does_not_delay_the_others),
        cmocka_unit_test(peer_that_is_no_broker_is_told_as_such),
        cmocka_unit_test(cut_anywhere_is_no_permanent_error),
        cmocka_unit_test(answers_may_come_byte_by_byte),
    };

    return cmocka_run_group_tests_name("link_connect", tests, NULL, NULL);
}
