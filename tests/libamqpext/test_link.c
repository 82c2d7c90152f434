/* One connection and its channel, towards a broker that does what the tests say. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "error.h"
#include "protocol/send.h"
#include "support/fake_broker.h"
#include "support/probe.h"
#include "transport/peer.h"

/* Pauses that a test waits through, and one that it never does. */
enum { SHORT_MS = 20, LONG_MS = 600000 };

static struct probe_options options_for(struct fake_broker *broker)
{
    const struct probe_options options = {
        .url = fake_broker_url(broker),
        .connection = {.reconnect_min_delay_ms = SHORT_MS,
                       .reconnect_max_delay_ms = 2 * SHORT_MS,
                       .permanent_delay_ms = SHORT_MS},
    };

    return options;
}

static void end(struct probe *probe, struct fake_broker *broker)
{
    probe_free(probe);
    assert_null(fake_broker_fault(broker));
    fake_broker_free(broker);
}

static struct amqpext_connection_stats stats_of(struct probe *probe)
{
    struct amqpext_connection_stats stats;

    amqpext__link_stats(probe_link(probe), &stats);
    return stats;
}

static void it_logs_in_and_opens_a_channel(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_new(&options);
    struct probe_event event;

    (void)state;
    assert_false(amqpext__link_is_started(probe_link(probe)));
    assert_int_equal(amqpext__link_start(probe_link(probe), NULL), AMQPEXT_OK);
    assert_int_equal(amqpext__link_start(probe_link(probe), NULL), AMQPEXT_OK);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, NULL), AMQPEXT_OK);
    assert_true(amqpext__link_is_ready(probe_link(probe)));
    assert_int_equal(amqpext__link_epoch(probe_link(probe)), 1);
    event = probe_wait_state(probe, AMQPEXT_STATE_CONNECTING, 1);
    assert_int_equal(event.previous, AMQPEXT_STATE_IDLE);
    event = probe_wait_state(probe, AMQPEXT_STATE_READY, 1);
    assert_int_equal(event.previous, AMQPEXT_STATE_CONNECTING);
    assert_string_equal(probe_wait(probe, PROBE_PLAN, 1).text, "RabbitMQ 3.10.8");
    assert_int_equal(fake_broker_wait(broker, AMQP_CHANNEL_OPEN_METHOD, 1)->channel, LINK_CHANNEL);
    probe_finish(probe, 10000);
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_ECLOSED);
    probe_wait_state(probe, AMQPEXT_STATE_CLOSED, 1);
    assert_non_null(fake_broker_find(broker, AMQP_CONNECTION_CLOSE_METHOD, 1));
    assert_int_equal(stats_of(probe).connects, 1);
    assert_int_equal(stats_of(probe).tries, 1);
    assert_int_equal(stats_of(probe).lost, 0);
    end(probe, broker);
}

static void smaller_heartbeats_and_frames_win(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 7, .frame_max = 8192};
    struct fake_broker *broker = fake_broker_new(&fake);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
    const amqp_connection_tune_ok_t *tune_ok;

    (void)state;
    tune_ok = fake_broker_wait(broker, AMQP_CONNECTION_TUNE_OK_METHOD, 1)->decoded;
    assert_int_equal(tune_ok->heartbeat, 7);
    assert_int_equal(tune_ok->frame_max, 8192);
    end(probe, broker);
}

static const struct amqpext_exchange EXCHANGE = {.name = "events", .type = "topic"};
static const struct amqpext_queue QUEUE = {.name = "orders"};
static const struct amqpext_binding BINDING = {.exchange = "events", .routing_key = "order.*"};

static enum amqpext_status plan_all(void *data, struct plan *plan, struct amqpext_error *error)
{
    const struct consume consume = {.queue = "orders", .consumer_tag = ""};

    (void)data;
    (void)error;
    amqpext__plan_exchange(plan, &EXCHANGE, 1);
    amqpext__plan_queue(plan, &QUEUE, 2);
    amqpext__plan_binding(plan, &BINDING, "orders", 3);
    amqpext__plan_consume(plan, &consume, 4);
    amqpext__plan_qos(plan, 10, 0);
    amqpext__plan_confirm_select(plan);
    return AMQPEXT_OK;
}

static struct probe *start_with_plan(struct fake_broker *broker)
{
    struct probe_options options = options_for(broker);

    options.plan = plan_all;
    return probe_start(&options);
}

static void plan_is_carried_out_in_order_with_the_consumer_last(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    static const enum method_kind ANSWERS[] = {
        METHOD_EXCHANGE_DECLARE_OK, METHOD_QUEUE_DECLARE_OK,  METHOD_QUEUE_BIND_OK,
        METHOD_BASIC_QOS_OK,        METHOD_CONFIRM_SELECT_OK, METHOD_BASIC_CONSUME_OK,
    };
    static const int MARKS[] = {1, 2, 3, 0, 0, 4};
    size_t i;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(probe_count(probe, PROBE_STEP_DONE), sizeof(MARKS) / sizeof(MARKS[0]));
    for (i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++) {
        const struct probe_event event = probe_wait(probe, PROBE_STEP_DONE, i + 1);

        assert_int_equal(event.method, ANSWERS[i]);
        assert_int_equal(event.mark, MARKS[i]);
    }
    assert_string_equal(probe_wait(probe, PROBE_STEP_DONE, 2).text, "orders");
    end(probe, broker);
}

static void refused_step_is_permanent_and_tried_again_after_the_long_pause(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe_event event;
    struct probe *probe;

    (void)state;
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 406,
                       "PRECONDITION_FAILED - inequivalent arg 'durable'", 1);
    probe = start_with_plan(broker);
    event = probe_wait(probe, PROBE_STEP_FAILED, 1);
    assert_int_equal(event.mark, 2);
    assert_int_equal(event.error.status, AMQPEXT_EPRECONDITION);
    assert_int_equal(event.error.reply_code, 406);
    assert_string_equal(event.error.message,
                        "cannot declare queue 'orders': PRECONDITION_FAILED - inequivalent arg "
                        "'durable'");
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_true(event.is_permanent);
    assert_int_equal(event.retry_in_ms, SHORT_MS);
    assert_int_equal(event.error.reply_code, 406);
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, &error), AMQPEXT_OK);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 1);
    assert_int_equal(stats_of(probe).permanent_errors, 1);
    assert_int_equal(stats_of(probe).channel_closes, 1);
    end(probe, broker);
}

static void waiting_ends_with_the_permanent_error(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe *probe;

    (void)state;
    options.plan = plan_all;
    options.connection.permanent_delay_ms = LONG_MS;
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 403, "ACCESS_REFUSED", 1);
    probe = probe_start(&options);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, &error), AMQPEXT_EACCESS);
    assert_int_equal(error.reply_code, 403);
    assert_false(amqpext__link_is_ready(probe_link(probe)));
    end(probe, broker);
}

static void owner_that_has_another_plan_gets_a_new_channel_at_once(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct probe *probe;

    (void)state;
    options.plan = plan_all;
    options.changes_mind = 1;
    options.connection.permanent_delay_ms = LONG_MS;
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 406, "other arguments", 1);
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(probe_count(probe, PROBE_PLAN), 2);
    assert_int_equal(probe_count_state(probe, AMQPEXT_STATE_WAITING), 0);
    end(probe, broker);
}

static void owner_that_never_has_a_plan_that_works_is_stopped(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct probe *probe;

    (void)state;
    options.plan = plan_all;
    options.changes_mind = 1000;
    options.connection.permanent_delay_ms = LONG_MS;
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 406, "other arguments", 1000);
    probe = probe_start(&options);
    assert_true(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).is_permanent);
    assert_true(probe_count(probe, PROBE_PLAN) < 20);
    end(probe, broker);
}

static void step_that_ends_the_connection_is_permanent_too(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_event event;
    struct probe *probe;

    (void)state;
    fake_broker_refuse(broker, AMQP_BASIC_QOS_METHOD, 540, "NOT_IMPLEMENTED - prefetch_size!=0", 1);
    probe = start_with_plan(broker);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_true(event.is_permanent);
    assert_int_equal(event.error.status, AMQPEXT_EBROKER);
    assert_string_equal(event.error.message,
                        "cannot set the prefetch count: NOT_IMPLEMENTED - prefetch_size!=0");
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 2);
    end(probe, broker);
}

static enum amqpext_status plan_too_much(void *data, struct plan *plan, struct amqpext_error *error)
{
    static struct amqpext_queue queue = {.name = "orders"};

    (void)error;
    queue.arguments = data;
    amqpext__plan_queue(plan, &queue, 7);
    return AMQPEXT_OK;
}

static void step_that_fills_a_frame_is_our_own_permanent_error(void **state)
{
    const struct fake_broker_options fake = {.frame_max = 4096};
    struct fake_broker *broker = fake_broker_new(&fake);
    struct probe_options options = options_for(broker);
    struct amqpext_table *table;
    char text[5000];
    struct probe *probe;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(amqpext_table_new(&table, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(table, "x-long", text, NULL), AMQPEXT_OK);
    options.plan = plan_too_much;
    options.data = table;
    probe = probe_start(&options);
    assert_true(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).is_permanent);
    assert_int_equal(probe_wait(probe, PROBE_STEP_FAILED, 1).error.status, AMQPEXT_ETOOLARGE);
    /* The channel is closed in good order, and opened again for the next try. */
    fake_broker_wait(broker, AMQP_CHANNEL_OPEN_METHOD, 2);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 1);
    end(probe, broker);
    amqpext_table_free(table);
}

static enum amqpext_status plan_nothing(void *data, struct plan *plan, struct amqpext_error *error)
{
    (void)plan;
    return amqpext__fail(error, *(enum amqpext_status *)data, "no plan");
}

static void owner_without_a_plan_waits_like_one_that_was_refused(void **state)
{
    static const enum amqpext_status STATUSES[] = {AMQPEXT_EINVALID, AMQPEXT_ENOMEM};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct fake_broker *broker = fake_broker_new(NULL);
        struct probe_options options = options_for(broker);
        enum amqpext_status status = STATUSES[i];
        struct probe *probe;

        options.plan = plan_nothing;
        options.data = &status;
        probe = probe_start(&options);
        assert_int_equal(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).is_permanent,
                         status == AMQPEXT_EINVALID);
        probe_wait(probe, PROBE_PLAN, 3);
        end(probe, broker);
    }
}

static void what_a_lost_connection_may_still_hold_is_no_permanent_error(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 405, "RESOURCE_LOCKED", 1);
    fake_broker_drop(broker, 0, FAKE_DROP_RESET);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 2);
    assert_int_equal(event.error.status, AMQPEXT_ELOCKED);
    assert_false(event.is_permanent);
    probe_wait(probe, PROBE_READY, 2);
    end(probe, broker);
}

static void wrong_password_is_permanent_and_does_not_hammer(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
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
    end(probe, broker);
}

static void unknown_virtual_host_is_permanent(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
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
    end(probe, broker);
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
        const struct probe_options options = options_for(broker);
        struct probe *probe = probe_start(&options);
        const struct probe_event event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);

        assert_int_equal(event.error.status, is_old ? AMQPEXT_EAUTH : AMQPEXT_ECONNECTION);
        assert_int_equal(event.is_permanent, is_old);
        end(probe, broker);
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
        const struct probe_options options = options_for(broker);
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
        assert_int_equal(stats_of(probe).lost, 1);
        assert_int_equal(stats_of(probe).lost_by_peer + stats_of(probe).lost_by_network, 1);
        end(probe, broker);
    }
}

static void connection_that_the_broker_closes_is_made_again(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
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
    assert_int_equal(stats_of(probe).lost_by_peer, 1);
    end(probe, broker);
}

static void channel_that_the_broker_closes_is_opened_again(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_close_channel(broker, 0, 404, "NOT_FOUND - no exchange 'x'",
                              AMQP_BASIC_PUBLISH_METHOD);
    event = probe_wait(probe, PROBE_LOST, 1);
    assert_true(event.is_channel_only);
    assert_int_equal(event.error.status, AMQPEXT_ENOTFOUND);
    assert_int_equal(event.error.reply_code, 404);
    assert_false(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).is_permanent);
    probe_wait(probe, PROBE_READY, 2);
    fake_broker_wait(broker, AMQP_CHANNEL_CLOSE_OK_METHOD, 1);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 1);
    assert_int_equal(fake_broker_count(broker, AMQP_QUEUE_DECLARE_METHOD), 2);
    assert_int_equal(stats_of(probe).channel_closes, 1);
    assert_int_equal(stats_of(probe).lost, 0);
    end(probe, broker);
}

static void channel_that_is_closed_again_and_again_waits_longer(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct probe *probe;
    unsigned longest = 0;
    size_t i;

    (void)state;
    options.connection.reconnect_max_delay_ms = 200;
    probe = probe_start(&options);
    for (i = 1; i <= 20; i++) {
        struct probe_event event;

        probe_wait(probe, PROBE_READY, i);
        fake_broker_close_channel(broker, 0, 404, "NOT_FOUND", 0);
        event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, i);
        assert_in_range(event.retry_in_ms, 1, 200);
        if (event.retry_in_ms > longest)
            longest = event.retry_in_ms;
    }
    assert_true(longest > 30);
    end(probe, broker);
}

static void reopen(struct probe *probe, void *data)
{
    amqpext__link_reopen(probe_link(probe), data);
}

static void owner_may_have_its_channel_opened_again(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    amqpext__fail(&error, AMQPEXT_ESTATE, "cancelled");
    probe_run(probe, reopen, &error);
    event = probe_wait(probe, PROBE_LOST, 1);
    assert_true(event.is_channel_only);
    assert_string_equal(event.error.message, "cancelled");
    fake_broker_wait(broker, AMQP_CHANNEL_CLOSE_METHOD, 1);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 1);
    assert_int_equal(stats_of(probe).channel_closes, 0);
    end(probe, broker);
}

static void what_was_on_its_way_when_the_channel_was_closed_is_ignored(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct fake_message message = {.body = "late", .size = 4};
    struct probe *probe = start_with_plan(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    amqpext__fail(&error, AMQPEXT_ESTATE, "cancelled");
    fake_broker_stop_reading(broker, true);
    probe_run(probe, reopen, &error);
    probe_wait(probe, PROBE_LOST, 1);
    assert_true(fake_broker_deliver(broker, 0, &message) != 0);
    fake_broker_stop_reading(broker, false);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_count(probe, PROBE_CONTENT), 0);
    end(probe, broker);
}

static void fail_link(struct probe *probe, void *data)
{
    amqpext__link_fail(probe_link(probe), data);
}

static void owner_may_give_the_connection_up(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
    const amqp_connection_close_t *close;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    amqpext__fail(&error, AMQPEXT_EPROTOCOL, "a confirm of nothing");
    probe_run(probe, fail_link, &error);
    assert_string_equal(probe_wait(probe, PROBE_LOST, 1).error.message, "a confirm of nothing");
    close = fake_broker_wait(broker, AMQP_CONNECTION_CLOSE_METHOD, 1)->decoded;
    assert_int_equal(close->reply_code, 503);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(stats_of(probe).lost_by_protocol, 1);
    end(probe, broker);
}

static void method_that_the_owner_does_not_expect_is_a_protocol_error(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct probe *probe;

    (void)state;
    options.refuses_methods = true;
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_ack(broker, 0, 17, false);
    assert_int_equal(probe_wait(probe, PROBE_METHOD, 1).tag, 17);
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_EPROTOCOL);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(stats_of(probe).lost_by_protocol, 1);
    end(probe, broker);
}

static void silent_peer_is_given_up_after_two_heartbeats(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 1, .keeps_silent = true};
    struct fake_broker *broker = fake_broker_new(&fake);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
    struct probe_event ready, lost;

    (void)state;
    ready = probe_wait(probe, PROBE_READY, 1);
    lost = probe_wait(probe, PROBE_LOST, 1);
    assert_int_equal(lost.error.status, AMQPEXT_ETIMEDOUT);
    assert_true(lost.time_us - ready.time_us >= 1800000);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(stats_of(probe).lost_by_silence, 1);
    end(probe, broker);
}

static void we_speak_twice_per_heartbeat(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 1};
    struct fake_broker *broker = fake_broker_new(&fake);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
    const struct received *first, *third;

    (void)state;
    third = fake_broker_wait(broker, FAKE_HEARTBEAT, 3);
    first = fake_broker_find(broker, FAKE_HEARTBEAT, 1);
    assert_true(third->time_us - first->time_us >= 800000);
    assert_int_equal(stats_of(probe).lost, 0);
    end(probe, broker);
}

static void peer_that_does_not_present_itself_is_left_after_the_timeout(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct probe *probe;
    struct probe_event event;

    (void)state;
    options.connection.connect_timeout_ms = 100;
    fake_broker_stop_writing(broker, true);
    probe = probe_start(&options);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 2);
    assert_int_equal(event.error.status, AMQPEXT_ETIMEDOUT);
    assert_int_equal(stats_of(probe).lost, 0);
    end(probe, broker);
}

static void broker_that_does_not_answer_a_step_is_left_after_the_timeout(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct probe *probe;
    struct probe_event event;

    (void)state;
    options.connection.reply_timeout_ms = 100;
    options.plan = plan_all;
    fake_broker_ignore(broker, AMQP_QUEUE_BIND_METHOD, true);
    probe = probe_start(&options);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_int_equal(event.error.status, AMQPEXT_ETIMEDOUT);
    assert_false(event.is_permanent);
    assert_true(stats_of(probe).lost_by_silence >= 1);
    fake_broker_ignore(broker, AMQP_QUEUE_BIND_METHOD, false);
    probe_wait(probe, PROBE_READY, 1);
    end(probe, broker);
}

static void broker_that_is_away_is_tried_for_ever(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
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
    assert_true(stats_of(probe).tries >= 6);
    end(probe, broker);
}

static void next_host_is_tried_at_once(void **state)
{
    size_t i;

    (void)state;
    /* The order of hosts is shuffled: in one of so many tries the bad one comes first. */
    for (i = 0; i < 8; i++) {
        struct fake_broker *broker = fake_broker_new(NULL), *away = fake_broker_new(NULL);
        struct probe_options options = options_for(broker);
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
        end(probe, broker);
        fake_broker_free(away);
    }
}

static void round_of_all_hosts_is_permanent_when_one_of_them_is(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL), *away = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
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
    assert_int_equal(stats_of(probe).tries, 2);
    assert_int_equal(stats_of(probe).permanent_errors, 1);
    end(probe, broker);
    fake_broker_free(away);
}

static void blocked_broker_is_told_and_gets_no_messages(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
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
    assert_int_equal(stats_of(probe).blocked, 1);
    assert_true(stats_of(probe).blocked_us > 0);
    assert_int_equal(stats_of(probe).is_blocked, 0);
    end(probe, broker);
}

static void blocked_is_over_with_its_connection(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_block(broker, 0, "low on disk");
    probe_wait_state(probe, AMQPEXT_STATE_BLOCKED, 1);
    fake_broker_drop(broker, 0, FAKE_DROP_RESET);
    probe_wait_state(probe, AMQPEXT_STATE_READY, 2);
    assert_false(amqpext__link_is_blocked(probe_link(probe)));
    end(probe, broker);
}

static void blocked_outlives_a_channel(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_block(broker, 0, "low on disk");
    fake_broker_close_channel(broker, 0, 404, "NOT_FOUND", 0);
    probe_wait(probe, PROBE_READY, 2);
    probe_wait_state(probe, AMQPEXT_STATE_BLOCKED, 2);
    fake_broker_unblock(broker, 0);
    probe_wait_state(probe, AMQPEXT_STATE_READY, 2);
    end(probe, broker);
}

static void stopped_flow_is_answered_and_gets_no_messages(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
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
    end(probe, broker);
}

/* What a peer may say that ends the connection, and the reply that it gets. */
static void raw_bytes_are_answered(const char *bytes, size_t size, int reply_code)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    const amqp_connection_close_t *close;

    probe_wait(probe, PROBE_READY, 1);
    fake_broker_raw(broker, 0, bytes, size);
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_EPROTOCOL);
    close = fake_broker_wait(broker, AMQP_CONNECTION_CLOSE_METHOD, 1)->decoded;
    assert_int_equal(close->reply_code, reply_code);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(stats_of(probe).lost_by_protocol, 1);
    end(probe, broker);
}

#define RAW(bytes, code) raw_bytes_are_answered(bytes, sizeof(bytes) - 1, code)

static void what_breaks_the_protocol_ends_the_connection_with_its_code(void **state)
{
    (void)state;
    RAW("\x07\x00\x00\x00\x00\x00\x00\xce", 501); /* unknown type of frame */
    RAW("\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x1f\xcd", 501); /* no end mark */
    RAW("\x01\x00\x01\x7f\xff\xff\xff", 501); /* too large */
    RAW("\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x50\xce", 502); /* basic.ack without a tag */
    RAW("\x01\x00\x02\x00\x00\x00\x04\x00\x3c\x00\x1f\xce", 504); /* another channel */
    RAW("\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x33\xce", 503); /* close-ok that nobody needs */
    RAW("\x03\x00\x01\x00\x00\x00\x01x\xce", 505); /* body without a header */
    RAW("\x03\x00\x00\x00\x00\x00\x01x\xce", 505); /* body on channel 0 */
    RAW("AMQP\x00\x01\x00\x00", 501); /* another version, too late */
}

static void message_inside_of_a_message_ends_the_connection(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    amqp_basic_deliver_t deliver = {.delivery_tag = 1};

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_send(broker, 0, LINK_CHANNEL, AMQP_BASIC_DELIVER_METHOD, &deliver);
    fake_broker_send(broker, 0, LINK_CHANNEL, AMQP_BASIC_DELIVER_METHOD, &deliver);
    assert_int_equal(probe_wait(probe, PROBE_LOST, 1).error.status, AMQPEXT_EPROTOCOL);
    probe_wait(probe, PROBE_READY, 2);
    end(probe, broker);
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

static void messages_are_put_together_and_given_to_the_owner(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    const struct fake_message message = {.body = "in pieces", .size = 9, .frame_size = 2};
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(fake_broker_deliver(broker, 0, &message), 1);
    event = probe_wait(probe, PROBE_CONTENT, 1);
    assert_string_equal(event.text, "in pieces");
    assert_int_equal(event.tag, 1);
    end(probe, broker);
}

static void large_messages_are_read_through_a_growing_buffer(void **state)
{
    enum { SIZE = 300000 };
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    char *body = calloc(1, SIZE);
    const struct fake_message message = {.body = body, .size = SIZE};

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_deliver(broker, 0, &message);
    assert_int_equal(probe_wait(probe, PROBE_CONTENT, 1).size, SIZE);
    end(probe, broker);
    free(body);
}

static void message_beyond_the_limit_is_skipped_and_told(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    const struct fake_message large = {.body = "more than 8", .size = 11, .frame_size = 4};
    const struct fake_message small = {.body = "8 at best", .size = 8};
    struct probe_event event;
    struct probe *probe;

    (void)state;
    options.plan = plan_all;
    options.connection.max_message_bytes = 8;
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_deliver(broker, 0, &large);
    fake_broker_deliver(broker, 0, &small);
    event = probe_wait(probe, PROBE_METHOD, 1);
    assert_int_equal(event.method, METHOD_BASIC_DELIVER);
    assert_int_equal(event.tag, 1);
    assert_string_equal(probe_wait(probe, PROBE_CONTENT, 1).text, "8 at bes");
    assert_int_equal(stats_of(probe).lost, 0);
    end(probe, broker);
}

static void write_ack(struct probe *probe, void *data)
{
    amqpext__send_ack(amqpext__link_output(probe_link(probe)), LINK_CHANNEL, *(uint64_t *)data,
                      false);
}

static void methods_go_out_between_messages(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    const struct fake_message message = {.body = "x", .size = 1};
    uint64_t tag;
    size_t i;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    for (i = 0; i < 20; i++) {
        probe_publish(probe, 1000000 - i);
        tag = fake_broker_deliver(broker, 0, &message);
        probe_run(probe, write_ack, &tag);
    }
    /* The broker keeps a fault when frames of two things mix. */
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 20);
    fake_broker_wait(broker, AMQP_BASIC_ACK_METHOD, 20);
    assert_int_equal(probe_wait(probe, PROBE_METHOD, 1).method, METHOD_BASIC_ACK);
    end(probe, broker);
}

/* Gets a message of `size` bytes half into a socket that the broker does not read. */
static void get_stuck(struct probe *probe, struct fake_broker *broker, size_t size)
{
    const uint64_t before = stats_of(probe).bytes_out;
    uint64_t last = 0;

    fake_broker_stop_reading(broker, true);
    probe_publish(probe, size);
    while (stats_of(probe).bytes_out == before || stats_of(probe).bytes_out != last) {
        last = stats_of(probe).bytes_out;
        usleep(100000);
    }
    assert_true(last < size);
}

static void message_under_way_is_ended_after_its_channel_was_closed(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    get_stuck(probe, broker, 12000000);
    fake_broker_close_channel(broker, 0, 406, "PRECONDITION_FAILED - message is too large", 0);
    assert_true(probe_wait(probe, PROBE_LOST, 1).is_channel_only);
    fake_broker_stop_reading(broker, false);
    fake_broker_wait(broker, AMQP_CHANNEL_CLOSE_OK_METHOD, 1);
    probe_wait(probe, PROBE_READY, 2);
    probe_publish(probe, 10);
    fake_broker_wait(broker, AMQP_CHANNEL_OPEN_METHOD, 2);
    end(probe, broker);
}

static void message_under_way_is_ended_when_the_broker_blocks(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    get_stuck(probe, broker, 12000000);
    fake_broker_block(broker, 0, "low on memory");
    probe_wait_state(probe, AMQPEXT_STATE_BLOCKED, 1);
    probe_wait_sent(probe);
    probe_publish(probe, 10);
    fake_broker_stop_reading(broker, false);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    assert_true(fake_broker_stays_at(broker, AMQP_BASIC_PUBLISH_METHOD, 1, 5 * SHORT_MS));
    fake_broker_unblock(broker, 0);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 2);
    end(probe, broker);
}

static void broker_that_sends_heartbeats_but_does_not_read_stays_connected(void **state)
{
    const struct fake_broker_options fake = {.heartbeat_s = 1};
    struct fake_broker *broker = fake_broker_new(&fake);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    get_stuck(probe, broker, 12000000);
    usleep(3000000);
    assert_int_equal(stats_of(probe).lost, 0);
    fake_broker_stop_reading(broker, false);
    fake_broker_wait(broker, AMQP_BASIC_PUBLISH_METHOD, 1);
    end(probe, broker);
}

static uint64_t finish_in(struct probe *probe, unsigned linger_ms)
{
    const uint64_t before = monotonic_us();

    probe_finish(probe, linger_ms);
    return monotonic_us() - before;
}

static void finishing_sends_what_was_written_before(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_with_plan(broker);
    const struct fake_message message = {.body = "x", .size = 1};
    uint64_t tag;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    tag = fake_broker_deliver(broker, 0, &message);
    fake_broker_delay(broker, 50);
    probe_run(probe, write_ack, &tag);
    assert_true(finish_in(probe, 20000) < 20000000);
    assert_non_null(fake_broker_find(broker, AMQP_BASIC_ACK_METHOD, 1));
    assert_non_null(fake_broker_find(broker, AMQP_CONNECTION_CLOSE_METHOD, 1));
    end(probe, broker);
}

static void finishing_ends_in_its_time_whatever_the_broker_does(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct fake_broker *broker = fake_broker_new(NULL);
        const struct probe_options options = options_for(broker);
        struct probe *probe = probe_start(&options);

        probe_wait(probe, PROBE_READY, 1);
        if (i == 0)
            get_stuck(probe, broker, 12000000);
        if (i == 1)
            fake_broker_ignore(broker, AMQP_CONNECTION_CLOSE_METHOD, true);
        if (i == 2)
            fake_broker_drop(broker, 0, FAKE_DROP_HALF);
        assert_true(finish_in(probe, i == 2 ? 0 : 100) < 10000000);
        assert_int_equal(probe_count_state(probe, AMQPEXT_STATE_CLOSED), 1);
        end(probe, broker);
    }
}

static void finishing_before_there_is_a_connection_is_immediate(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct probe *probe;

    (void)state;
    options.connection.reconnect_min_delay_ms = options.connection.reconnect_max_delay_ms = LONG_MS;
    fake_broker_refuse_connections(broker, true);
    probe = probe_start(&options);
    probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_true(finish_in(probe, LONG_MS) < 20000000);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 1000, NULL), AMQPEXT_ECLOSED);
    probe_free(probe);
    fake_broker_refuse_connections(broker, false);
    fake_broker_stop_writing(broker, true);
    probe = probe_start(&options);
    fake_broker_wait(broker, FAKE_PROTOCOL_HEADER, 1);
    assert_true(finish_in(probe, LONG_MS) < 20000000);
    end(probe, broker);
}

static void link_that_was_never_started_is_freed_without_a_thread(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_new(&options);

    (void)state;
    amqpext__link_wake(probe_link(probe));
    assert_false(amqpext__link_is_own_thread(probe_link(probe)));
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 1, NULL), AMQPEXT_ETIMEDOUT);
    amqpext__link_join(probe_link(probe));
    end(probe, broker);
}

static void wait_on_own_thread(struct probe *probe, void *data)
{
    assert_true(amqpext__link_is_own_thread(probe_link(probe)));
    *(enum amqpext_status *)data = amqpext__link_wait_ready(probe_link(probe), 1000, NULL);
}

static void callback_cannot_wait_for_its_own_thread(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
    enum amqpext_status status = AMQPEXT_OK;

    (void)state;
    probe_run(probe, wait_on_own_thread, &status);
    assert_int_equal(status, AMQPEXT_ESTATE);
    assert_false(amqpext__link_is_own_thread(probe_link(probe)));
    end(probe, broker);
}

static void *join_link(void *probe)
{
    amqpext__link_join(probe_link(probe));
    return NULL;
}

static void several_threads_may_wait_for_the_end(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
    pthread_t threads[4];
    size_t i;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, join_link, probe), 0);
    probe_finish(probe, 1000);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    end(probe, broker);
}

static void *wake_often(void *probe)
{
    size_t i;

    for (i = 0; i < 2000; i++)
        amqpext__link_wake(probe_link(probe));
    return NULL;
}

static void count_turn(struct probe *probe, void *data)
{
    (void)probe;
    ++*(unsigned *)data;
}

static void no_wake_is_lost(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = options_for(broker);
    struct probe *probe = probe_start(&options);
    pthread_t threads[2];
    unsigned turns = 0;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wake_often, probe), 0);
    /* Each of them waits for a turn that only its own wake makes sure of. */
    for (i = 0; i < 500; i++)
        probe_run(probe, count_turn, &turns);
    for (i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(turns, 500);
    end(probe, broker);
}

static void note_line(void *data, enum amqpext_log_level level, const char *message)
{
    struct text *text = data;

    (void)level;
    assert_null(strchr(message, '\n'));
    text_string(text, message);
    text_char(text, '\n');
}

static void life_is_told_to_the_log_without_the_password(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = options_for(broker);
    struct text lines = {0};
    struct probe *probe;
    char url[128];

    (void)state;
    snprintf(url, sizeof(url), "amqp://me:geheimnis@127.0.0.1:%u/", fake_broker_port(broker));
    options.url = url;
    options.plan = plan_all;
    options.connection.log = note_line;
    options.connection.log_data = &lines;
    options.connection.log_level = AMQPEXT_LOG_DEBUG;
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_close_connection(broker, 0, 320, "wrong password: geheimnis");
    probe_wait(probe, PROBE_READY, 2);
    probe_finish(probe, 10000);
    assert_non_null(strstr(lines.data, "connecting"));
    assert_non_null(strstr(lines.data, "connected to RabbitMQ 3.10.8, virtual host '/'"));
    assert_non_null(strstr(lines.data, "declare queue 'orders'"));
    assert_non_null(strstr(lines.data, "the broker closed the connection: wrong password: ***"));
    assert_non_null(strstr(lines.data, "closed"));
    assert_null(strstr(lines.data, "geheimnis"));
    end(probe, broker);
    text_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_logs_in_and_opens_a_channel),
        cmocka_unit_test(smaller_heartbeats_and_frames_win),
        cmocka_unit_test(plan_is_carried_out_in_order_with_the_consumer_last),
        cmocka_unit_test(refused_step_is_permanent_and_tried_again_after_the_long_pause),
        cmocka_unit_test(waiting_ends_with_the_permanent_error),
        cmocka_unit_test(owner_that_has_another_plan_gets_a_new_channel_at_once),
        cmocka_unit_test(owner_that_never_has_a_plan_that_works_is_stopped),
        cmocka_unit_test(step_that_ends_the_connection_is_permanent_too),
        cmocka_unit_test(step_that_fills_a_frame_is_our_own_permanent_error),
        cmocka_unit_test(owner_without_a_plan_waits_like_one_that_was_refused),
        cmocka_unit_test(what_a_lost_connection_may_still_hold_is_no_permanent_error),
        cmocka_unit_test(wrong_password_is_permanent_and_does_not_hammer),
        cmocka_unit_test(unknown_virtual_host_is_permanent),
        cmocka_unit_test(end_of_stream_in_the_login_of_an_old_broker_is_a_wrong_password),
        cmocka_unit_test(lost_connection_is_told_and_made_again),
        cmocka_unit_test(connection_that_the_broker_closes_is_made_again),
        cmocka_unit_test(channel_that_the_broker_closes_is_opened_again),
        cmocka_unit_test(channel_that_is_closed_again_and_again_waits_longer),
        cmocka_unit_test(owner_may_have_its_channel_opened_again),
        cmocka_unit_test(what_was_on_its_way_when_the_channel_was_closed_is_ignored),
        cmocka_unit_test(owner_may_give_the_connection_up),
        cmocka_unit_test(method_that_the_owner_does_not_expect_is_a_protocol_error),
        cmocka_unit_test(silent_peer_is_given_up_after_two_heartbeats),
        cmocka_unit_test(we_speak_twice_per_heartbeat),
        cmocka_unit_test(peer_that_does_not_present_itself_is_left_after_the_timeout),
        cmocka_unit_test(broker_that_does_not_answer_a_step_is_left_after_the_timeout),
        cmocka_unit_test(broker_that_is_away_is_tried_for_ever),
        cmocka_unit_test(next_host_is_tried_at_once),
        cmocka_unit_test(round_of_all_hosts_is_permanent_when_one_of_them_is),
        cmocka_unit_test(blocked_broker_is_told_and_gets_no_messages),
        cmocka_unit_test(blocked_is_over_with_its_connection),
        cmocka_unit_test(blocked_outlives_a_channel),
        cmocka_unit_test(stopped_flow_is_answered_and_gets_no_messages),
        cmocka_unit_test(what_breaks_the_protocol_ends_the_connection_with_its_code),
        cmocka_unit_test(message_inside_of_a_message_ends_the_connection),
        cmocka_unit_test(peer_that_is_no_broker_is_told_as_such),
        cmocka_unit_test(messages_are_put_together_and_given_to_the_owner),
        cmocka_unit_test(large_messages_are_read_through_a_growing_buffer),
        cmocka_unit_test(message_beyond_the_limit_is_skipped_and_told),
        cmocka_unit_test(methods_go_out_between_messages),
        cmocka_unit_test(message_under_way_is_ended_after_its_channel_was_closed),
        cmocka_unit_test(message_under_way_is_ended_when_the_broker_blocks),
        cmocka_unit_test(broker_that_sends_heartbeats_but_does_not_read_stays_connected),
        cmocka_unit_test(finishing_sends_what_was_written_before),
        cmocka_unit_test(finishing_ends_in_its_time_whatever_the_broker_does),
        cmocka_unit_test(finishing_before_there_is_a_connection_is_immediate),
        cmocka_unit_test(link_that_was_never_started_is_freed_without_a_thread),
        cmocka_unit_test(callback_cannot_wait_for_its_own_thread),
        cmocka_unit_test(several_threads_may_wait_for_the_end),
        cmocka_unit_test(no_wake_is_lost),
        cmocka_unit_test(life_is_told_to_the_log_without_the_password),
    };

    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
