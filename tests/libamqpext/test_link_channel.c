/* The channel of a link: its plan, what becomes of it, and being opened again. */
#include "test.h"

#include <unistd.h>

#include "error.h"
#include "support/faked.h"

static void plan_is_carried_out_in_order_with_the_consumer_last(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
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
    faked_end(probe, broker);
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
    probe = faked_start_with_plan(broker);
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
    assert_int_equal(probe_stats(probe).permanent_errors, 1);
    assert_int_equal(probe_stats(probe).channel_closes, 1);
    faked_end(probe, broker);
}

static void waiting_ends_with_the_permanent_error(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe *probe;

    (void)state;
    options.plan = faked_plan;
    options.connection.permanent_delay_ms = LONG_MS;
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 403, "ACCESS_REFUSED", 1);
    probe = probe_start(&options);
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 30000, &error), AMQPEXT_EACCESS);
    assert_int_equal(error.reply_code, 403);
    assert_false(amqpext__link_is_ready(probe_link(probe)));
    faked_end(probe, broker);
}

/* Its plan is refused `times` times, and it has another as often as it `changes_mind`. */
static struct probe *start_refused(struct fake_broker *broker, unsigned times,
                                   unsigned changes_mind, unsigned pause_ms)
{
    struct probe_options options = faked_options(broker);

    options.plan = faked_plan;
    options.changes_mind = changes_mind;
    options.connection.permanent_delay_ms = pause_ms;
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 406, "other arguments", times);
    return probe_start(&options);
}

static void owner_that_has_another_plan_gets_a_new_channel_at_once(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_refused(broker, 1, 1, LONG_MS);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(probe_count(probe, PROBE_PLAN), 2);
    assert_int_equal(probe_count_state(probe, AMQPEXT_STATE_WAITING), 0);
    faked_end(probe, broker);
}

static void owner_that_never_has_a_plan_that_works_is_stopped(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_refused(broker, 1000, 1000, LONG_MS);

    (void)state;
    assert_true(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).is_permanent);
    assert_true(probe_count(probe, PROBE_PLAN) < 20);
    faked_end(probe, broker);
}

static void step_that_ends_the_connection_is_permanent_too(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_event event;
    struct probe *probe;

    (void)state;
    fake_broker_refuse(broker, AMQP_BASIC_QOS_METHOD, 540, "NOT_IMPLEMENTED - prefetch_size!=0", 1);
    probe = faked_start_with_plan(broker);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_true(event.is_permanent);
    assert_int_equal(event.error.status, AMQPEXT_EBROKER);
    assert_string_equal(event.error.message,
                        "cannot set the prefetch count: NOT_IMPLEMENTED - prefetch_size!=0");
    probe_wait(probe, PROBE_READY, 1);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 2);
    faked_end(probe, broker);
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
    struct probe_options options = faked_options(broker);
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
    faked_end(probe, broker);
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
        struct probe_options options = faked_options(broker);
        enum amqpext_status status = STATUSES[i];
        struct probe *probe;

        options.plan = plan_nothing;
        options.data = &status;
        probe = probe_start(&options);
        assert_int_equal(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).is_permanent,
                         status == AMQPEXT_EINVALID);
        probe_wait(probe, PROBE_PLAN, 3);
        faked_end(probe, broker);
    }
}

static void what_a_lost_connection_may_still_hold_is_no_permanent_error(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_refuse(broker, AMQP_QUEUE_DECLARE_METHOD, 405, "RESOURCE_LOCKED", 1);
    fake_broker_drop(broker, 0, FAKE_DROP_RESET);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 2);
    assert_int_equal(event.error.status, AMQPEXT_ELOCKED);
    assert_false(event.is_permanent);
    probe_wait(probe, PROBE_READY, 2);
    faked_end(probe, broker);
}

static void channel_that_the_broker_closes_is_opened_again(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
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
    assert_int_equal(probe_stats(probe).channel_closes, 1);
    assert_int_equal(probe_stats(probe).lost, 0);
    faked_end(probe, broker);
}

static void channel_that_is_closed_again_and_again_waits_longer(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
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
    faked_end(probe, broker);
}

static void reopen_on_its_thread(struct probe *probe, void *data)
{
    amqpext__link_reopen(probe_link(probe), data);
}

static void reopen(struct probe *probe, enum amqpext_status status)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    amqpext__fail(&error, status, "cancelled");
    probe_run(probe, reopen_on_its_thread, &error);
}

static void owner_may_have_its_channel_opened_again(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    struct probe_event event;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    reopen(probe, AMQPEXT_ESTATE);
    event = probe_wait(probe, PROBE_LOST, 1);
    assert_true(event.is_channel_only);
    assert_string_equal(event.error.message, "cancelled");
    fake_broker_wait(broker, AMQP_CHANNEL_CLOSE_METHOD, 1);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(fake_broker_count(broker, FAKE_ACCEPTED), 1);
    assert_int_equal(probe_stats(probe).channel_closes, 0);
    faked_end(probe, broker);
}

static void what_was_on_its_way_when_the_channel_was_closed_is_ignored(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct fake_message message = {.body = "late", .size = 4};
    struct probe *probe = faked_start_with_plan(broker);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    fake_broker_stop_reading(broker, true);
    reopen(probe, AMQPEXT_ESTATE);
    probe_wait(probe, PROBE_LOST, 1);
    assert_true(fake_broker_deliver(broker, 0, &message) != 0);
    fake_broker_stop_reading(broker, false);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_count(probe, PROBE_CONTENT), 0);
    faked_end(probe, broker);
}

static void peer_that_closes_for_ever_and_does_not_listen_is_left(void **state)
{
    /* channel.close, 404, without a text. */
    static const char CLOSE[] = "\x01\x00\x01\x00\x00\x00\x0b\x00\x14\x00\x28\x01\x94\x00"
                                "\x00\x00\x00\x00\xce";
    enum { SIZE = sizeof(CLOSE) - 1, TIMES = 100000 };
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    char *closes = malloc((size_t)SIZE * TIMES);
    struct probe *probe;
    size_t i;

    (void)state;
    assert_non_null(closes);
    for (i = 0; i < TIMES; i++)
        memcpy(closes + i * SIZE, CLOSE, SIZE);
    options.connection.reply_timeout_ms = LONG_MS;
    probe = probe_start(&options);
    probe_wait(probe, PROBE_READY, 1);
    faked_get_stuck(probe, broker, 12000000);
    reopen(probe, AMQPEXT_EBROKER);
    assert_true(probe_wait(probe, PROBE_LOST, 1).is_channel_only);
    fake_broker_raw(broker, 0, closes, (size_t)SIZE * TIMES);
    assert_int_equal(probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1).error.status,
                     AMQPEXT_EPROTOCOL);
    fake_broker_stop_reading(broker, false);
    faked_end(probe, broker);
    free(closes);
}

static void broker_that_does_not_answer_a_step_is_left_after_the_timeout(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    struct probe *probe;
    struct probe_event event;

    (void)state;
    options.connection.reply_timeout_ms = 100;
    options.plan = faked_plan;
    fake_broker_ignore(broker, AMQP_QUEUE_BIND_METHOD, true);
    probe = probe_start(&options);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_int_equal(event.error.status, AMQPEXT_ETIMEDOUT);
    assert_false(event.is_permanent);
    assert_true(probe_stats(probe).lost_by_silence >= 1);
    fake_broker_ignore(broker, AMQP_QUEUE_BIND_METHOD, false);
    probe_wait(probe, PROBE_READY, 1);
    faked_end(probe, broker);
}

static void channel_is_opened_again_in_the_middle_of_a_message(void **state)
{
    static const char HEADER[] = "\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00";
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start_with_plan(broker);
    amqp_basic_deliver_t deliver = {.delivery_tag = 1};
    uint64_t bytes;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    bytes = probe_stats(probe).bytes_in;
    fake_broker_send(broker, 0, LINK_CHANNEL, AMQP_BASIC_DELIVER_METHOD, &deliver);
    fake_broker_frame(broker, 0, 2, LINK_CHANNEL, HEADER, sizeof(HEADER) - 1);
    while (probe_stats(probe).bytes_in < bytes + sizeof(HEADER) + 20)
        usleep(1000);
    fake_broker_stop_reading(broker, true);
    reopen(probe, AMQPEXT_ESTATE);
    fake_broker_frame(broker, 0, 3, LINK_CHANNEL, "too late!", 9);
    fake_broker_stop_reading(broker, false);
    probe_wait(probe, PROBE_READY, 2);
    assert_int_equal(probe_count(probe, PROBE_CONTENT), 0);
    assert_int_equal(probe_stats(probe).lost, 0);
    faked_end(probe, broker);
}

static void owner_is_asked_again_after_every_pause(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = start_refused(broker, 1000, 1000, SHORT_MS);

    (void)state;
    probe_wait(probe, PROBE_STEP_FAILED, 25);
    assert_true(probe_count_state(probe, AMQPEXT_STATE_WAITING) >= 2);
    faked_end(probe, broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_is_carried_out_in_order_with_the_consumer_last),
        cmocka_unit_test(refused_step_is_permanent_and_tried_again_after_the_long_pause),
        cmocka_unit_test(waiting_ends_with_the_permanent_error),
        cmocka_unit_test(owner_that_has_another_plan_gets_a_new_channel_at_once),
        cmocka_unit_test(owner_that_never_has_a_plan_that_works_is_stopped),
        cmocka_unit_test(step_that_ends_the_connection_is_permanent_too),
        cmocka_unit_test(step_that_fills_a_frame_is_our_own_permanent_error),
        cmocka_unit_test(owner_without_a_plan_waits_like_one_that_was_refused),
        cmocka_unit_test(what_a_lost_connection_may_still_hold_is_no_permanent_error),
        cmocka_unit_test(channel_that_the_broker_closes_is_opened_again),
        cmocka_unit_test(channel_that_is_closed_again_and_again_waits_longer),
        cmocka_unit_test(owner_may_have_its_channel_opened_again),
        cmocka_unit_test(what_was_on_its_way_when_the_channel_was_closed_is_ignored),
        cmocka_unit_test(peer_that_closes_for_ever_and_does_not_listen_is_left),
        cmocka_unit_test(broker_that_does_not_answer_a_step_is_left_after_the_timeout),
        cmocka_unit_test(channel_is_opened_again_in_the_middle_of_a_message),
        cmocka_unit_test(owner_is_asked_again_after_every_pause),
    };

    return cmocka_run_group_tests_name("link_channel", tests, NULL, NULL);
}
