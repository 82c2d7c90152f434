/* The life of a link: started, waited for, finished, joined, told to the log. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "support/faked.h"

static void it_logs_in_and_opens_a_channel(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = faked_options(broker);
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
    assert_int_equal(probe_stats(probe).connects, 1);
    assert_int_equal(probe_stats(probe).tries, 1);
    assert_int_equal(probe_stats(probe).lost, 0);
    faked_end(probe, broker);
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
    struct probe *probe = faked_start_with_plan(broker);
    const struct fake_message message = {.body = "x", .size = 1};
    uint64_t tag;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    tag = fake_broker_deliver(broker, 0, &message);
    fake_broker_delay(broker, 50);
    faked_ack(probe, tag);
    assert_true(finish_in(probe, 20000) < 20000000);
    assert_non_null(fake_broker_find(broker, AMQP_BASIC_ACK_METHOD, 1));
    assert_non_null(fake_broker_find(broker, AMQP_CONNECTION_CLOSE_METHOD, 1));
    faked_end(probe, broker);
}

static void finishing_ends_in_its_time_whatever_the_broker_does(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct fake_broker *broker = fake_broker_new(NULL);
        const struct probe_options options = faked_options(broker);
        struct probe *probe = probe_start(&options);

        probe_wait(probe, PROBE_READY, 1);
        if (i == 0)
            faked_get_stuck(probe, broker, 12000000);
        if (i == 1)
            fake_broker_ignore(broker, AMQP_CONNECTION_CLOSE_METHOD, true);
        if (i == 2)
            fake_broker_drop(broker, 0, FAKE_DROP_HALF);
        assert_true(finish_in(probe, i == 2 ? 0 : 100) < 10000000);
        assert_int_equal(probe_count_state(probe, AMQPEXT_STATE_CLOSED), 1);
        faked_end(probe, broker);
    }
}

static void finishing_before_there_is_a_connection_is_immediate(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
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
    faked_end(probe, broker);
}

static void link_that_was_never_started_is_freed_without_a_thread(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    const struct probe_options options = faked_options(broker);
    struct probe *probe = probe_new(&options);

    (void)state;
    amqpext__link_wake(probe_link(probe));
    assert_false(amqpext__link_is_own_thread(probe_link(probe)));
    assert_int_equal(amqpext__link_wait_ready(probe_link(probe), 1, NULL), AMQPEXT_ETIMEDOUT);
    amqpext__link_join(probe_link(probe));
    faked_end(probe, broker);
}

static void wait_on_own_thread(struct probe *probe, void *data)
{
    assert_true(amqpext__link_is_own_thread(probe_link(probe)));
    *(enum amqpext_status *)data = amqpext__link_wait_ready(probe_link(probe), 1000, NULL);
}

static void callback_cannot_wait_for_its_own_thread(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    enum amqpext_status status = AMQPEXT_OK;

    (void)state;
    probe_run(probe, wait_on_own_thread, &status);
    assert_int_equal(status, AMQPEXT_ESTATE);
    assert_false(amqpext__link_is_own_thread(probe_link(probe)));
    faked_end(probe, broker);
}

static void *join_link(void *probe)
{
    amqpext__link_join(probe_link(probe));
    return NULL;
}

static void several_threads_may_wait_for_the_end(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    pthread_t threads[4];
    size_t i;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, join_link, probe), 0);
    probe_finish(probe, 1000);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    faked_end(probe, broker);
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
    struct probe *probe = faked_start(broker);
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
    faked_end(probe, broker);
}

static void *wake_until_told(void *probe)
{
    while (!amqpext__link_is_blocked(probe_link(probe)))
        amqpext__link_wake(probe_link(probe));
    return NULL;
}

static void link_that_may_look_away_makes_few_turns_however_often_it_is_woken(void **state)
{
    enum { LEISURE_US = 9000, WATCHED_US = 500000 };
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe_options options = faked_options(broker);
    unsigned long turns;
    struct probe *probe;
    pthread_t thread;

    (void)state;
    options.leisure_us = LEISURE_US;
    probe = probe_start(&options);
    probe_wait_state(probe, AMQPEXT_STATE_READY, 1);
    assert_int_equal(pthread_create(&thread, NULL, wake_until_told, probe), 0);
    turns = probe_turns(probe);
    usleep(WATCHED_US);
    turns = probe_turns(probe) - turns;
    fake_broker_block(broker, 0, "enough");
    pthread_join(thread, NULL);
    /* On a loaded machine the watching itself takes longer. */
    assert_in_range(turns, 1, 10 * WATCHED_US / LEISURE_US);
    faked_end(probe, broker);
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
    struct probe_options options = faked_options(broker);
    struct text lines = {0};
    struct probe *probe;
    char url[128];

    (void)state;
    snprintf(url, sizeof(url), "amqp://me:geheimnis@127.0.0.1:%u/", fake_broker_port(broker));
    options.url = url;
    options.plan = faked_plan;
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
    faked_end(probe, broker);
    text_free(&lines);
}

static void link_sleeps_while_there_is_nothing_to_do(void **state)
{
    struct fake_broker *broker = fake_broker_new(NULL);
    struct probe *probe = faked_start(broker);
    unsigned long turns;

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    turns = probe_turns(probe);
    usleep(500000);
    assert_true(probe_turns(probe) - turns < 50);
    faked_end(probe, broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_logs_in_and_opens_a_channel),
        cmocka_unit_test(finishing_sends_what_was_written_before),
        cmocka_unit_test(finishing_ends_in_its_time_whatever_the_broker_does),
        cmocka_unit_test(finishing_before_there_is_a_connection_is_immediate),
        cmocka_unit_test(link_that_was_never_started_is_freed_without_a_thread),
        cmocka_unit_test(callback_cannot_wait_for_its_own_thread),
        cmocka_unit_test(several_threads_may_wait_for_the_end),
        cmocka_unit_test(no_wake_is_lost),
        cmocka_unit_test(link_that_may_look_away_makes_few_turns_however_often_it_is_woken),
        cmocka_unit_test(life_is_told_to_the_log_without_the_password),
        cmocka_unit_test(link_sleeps_while_there_is_nothing_to_do),
    };

    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
