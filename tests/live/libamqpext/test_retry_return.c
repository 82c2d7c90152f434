/*
 * Messages whose pause ends while their queue cannot take them: the broker tries again, after a
 * time of its own, and nothing is lost.
 */
#include "test.h"

#include "broker.h"
#include "consuming.h"

enum { PATIENCE_MS = 60000 };

static void begin(struct consuming *consuming, const char *queue, unsigned pause_ms)
{
    consuming_begin(consuming, queue, AMQPEXT_RETRY);
    consuming->retry.min_delay_ms = pause_ms;
    consuming->retry.max_delay_ms = pause_ms;
    consuming_start(consuming);
}

/* Until the pause is over for the queue of pauses, and the message under way. */
static void wait_until_let_go(const char *queue_of_pauses)
{
    unsigned long sum = 0;
    unsigned i;

    for (i = 0; i < PATIENCE_MS / 500; i++) {
        assert_true(broker_count_let_go(queue_of_pauses, &sum));
        if (sum != 0)
            return;
        consuming_sleep_ms(100);
    }
    fail_msg("%s let nothing go", queue_of_pauses);
}

/* Its first attempt may come once more, where its queue forgot that it was acknowledged. */
static void wait_until_handled_again(struct consuming *consuming)
{
    size_t n = 2;

    while (handler_wait_ended(&consuming->handler, n)->attempt != 2)
        n++;
    assert_true(n <= 3);
    consuming_wait_empty(consuming->queue);
    consuming_end(consuming);
}

static void message_whose_queue_is_deleted_during_its_pause_comes_to_the_next_one(void **state)
{
    struct consuming consuming;

    (void)state;
    begin(&consuming, "return.deleted", 100);
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, PATIENCE_MS, NULL), AMQPEXT_OK);
    amqpext_consumer_free(consuming.consumer);
    assert_true(broker_delete_queue("return.deleted"));
    handler_set_verdict(&consuming.handler, AMQPEXT_ACK);
    consuming_publish_to(&consuming, "", "return.deleted.retry.100", "application/json", "1", 1);
    wait_until_let_go("return.deleted.retry.100");
    consuming_start(&consuming);
    (void)handler_wait_ended(&consuming.handler, 1);
    consuming_wait_empty("return.deleted");
    consuming_end(&consuming);
}

static void message_whose_queue_crashes_before_it_takes_it_comes_again(void **state)
{
    struct consuming consuming;

    (void)state;
    begin(&consuming, "return.crashed", 100);
    handler_hold(&consuming.handler);
    consuming_publish(&consuming, "1");
    (void)handler_wait(&consuming.handler, 1);
    assert_true(broker_suspend_queue("return.crashed"));
    handler_release(&consuming.handler);
    (void)handler_wait_ended(&consuming.handler, 1);
    wait_until_let_go("return.crashed.retry.100");
    handler_set_verdict(&consuming.handler, AMQPEXT_ACK);
    assert_true(broker_crash_queue("return.crashed"));
    wait_until_handled_again(&consuming);
}

static void message_whose_broker_is_killed_during_its_pause_comes_again(void **state)
{
    struct consuming consuming;

    (void)state;
    begin(&consuming, "return.killed", 2000);
    assert_true(broker_keep_queues());
    consuming_publish(&consuming, "1");
    wait_for_figure(consuming.consumer, retried, 1);
    handler_set_verdict(&consuming.handler, AMQPEXT_ACK);
    assert_true(broker_service("kill"));
    assert_true(broker_service("start"));
    wait_until_handled_again(&consuming);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_whose_queue_is_deleted_during_its_pause_comes_to_the_next_one),
        cmocka_unit_test(message_whose_queue_crashes_before_it_takes_it_comes_again),
        cmocka_unit_test(message_whose_broker_is_killed_during_its_pause_comes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
