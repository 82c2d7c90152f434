/*
 * What the link tells a consumer, told by the test, while memory runs out.
 */
#include "test.h"

#include "consumer_state.h"

static enum amqpext_verdict acknowledge(void *data, struct amqpext_delivery *delivery)
{
    size_t *handled = data;

    (void)delivery;
    (*handled)++;
    return AMQPEXT_ACK;
}

static struct amqpext_consumer *new_consumer(size_t *handled)
{
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_consumer *consumer = NULL;

    options.queue = "jobs";
    options.serializer = "raw";
    options.process_request = acknowledge;
    options.data = handled;
    options.callbacks = AMQPEXT_CALLBACKS_IO_THREAD;
    assert_int_equal(amqpext_consumer_new(&options, &consumer, NULL), AMQPEXT_OK);
    return consumer;
}

static struct method deliver(uint64_t tag)
{
    return (struct method){.kind = METHOD_BASIC_DELIVER,
                           .as.deliver = {.delivery_tag = tag,
                                          .consumer_tag = bytes_of("me"),
                                          .exchange = bytes_of(""),
                                          .routing_key = bytes_of("jobs")}};
}

static struct content *content_of(uint64_t tag)
{
    struct content_reader reader = {.content = NULL};
    const struct method method = deliver(tag);

    if (amqpext__content_begin(&reader, &method) != CONTENT_PARTIAL)
        return NULL;
    return amqpext__content_take(&reader);
}

static void delivery_that_nobody_expects_is_refused(void **state)
{
    size_t handled = 0;
    struct amqpext_consumer *consumer = new_consumer(&handled);
    const struct link_owner *owner = &amqpext__consumer_owner;

    (void)state;
    /* Before there is an epoch, and with a tag that was there before. */
    assert_false(owner->content(consumer, content_of(1)));
    owner->ready(consumer, 1);
    assert_true(owner->content(consumer, content_of(5)));
    assert_false(owner->content(consumer, content_of(5)));
    assert_false(owner->content(consumer, content_of(4)));
    owner->turn(consumer, monotonic_us());
    owner->lost(consumer, NULL, false);
    assert_false(owner->content(consumer, content_of(6)));
    assert_int_equal(atomic_load(&consumer->counters.delivered), 1);
    amqpext_consumer_free(consumer);
}

static void broker_that_ignores_the_prefetch_is_given_up(void **state)
{
    /* Of a consumer with one worker; and once more, for those from before a pause. */
    enum { PREFETCH = 10, MOST = 2 * PREFETCH };
    size_t handled = 0;
    struct amqpext_consumer *consumer = new_consumer(&handled);
    const struct link_owner *owner = &amqpext__consumer_owner;
    uint64_t tag;

    (void)state;
    owner->ready(consumer, 1);
    for (tag = 1; tag <= MOST; tag++)
        assert_true(owner->content(consumer, content_of(tag)));
    assert_false(owner->content(consumer, content_of(MOST + 1)));
    owner->lost(consumer, NULL, false);
    owner->turn(consumer, monotonic_us());
    assert_int_equal(atomic_load(&consumer->counters.in_flight), 0);
    owner->ready(consumer, 2);
    assert_true(owner->content(consumer, content_of(1)));
    owner->lost(consumer, NULL, false);
    owner->turn(consumer, monotonic_us());
    amqpext_consumer_free(consumer);
}

static void deliver_without_memory(void *context)
{
    struct amqpext_consumer *consumer = context;
    const struct link_owner *owner = &amqpext__consumer_owner;
    struct content *content = content_of(consumer->last_tag + 1);

    if (content != NULL)
        assert_true(owner->content(consumer, content));
    owner->turn(consumer, monotonic_us());
    assert_int_equal(atomic_load(&consumer->counters.in_flight), 0);
}

static void delivery_without_memory_leaves_nothing_behind(void **state)
{
    size_t handled = 0;
    struct amqpext_consumer *consumer = new_consumer(&handled);

    (void)state;
    amqpext__consumer_owner.ready(consumer, 1);
    assert_true(oom_for_every_allocation(deliver_without_memory, consumer) >= 2);
    amqpext__consumer_owner.lost(consumer, NULL, false);
    amqpext_consumer_free(consumer);
}

static void plan_without_memory(void *context)
{
    const struct broker broker = {.name = "RabbitMQ 3.10.8", .major = 3, .minor = 10};
    struct plan plan = {.count = 0};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const enum amqpext_status status =
        amqpext__consumer_owner.plan(context, &broker, &plan, &error);

    if (status != AMQPEXT_OK || plan.failed)
        assert_true(status == AMQPEXT_ENOMEM || plan.failed);
    else
        assert_int_equal(plan.steps[plan.count - 1].kind, STEP_CONSUME);
    amqpext__plan_free(&plan);
}

static void plan_without_memory_says_so(void **state)
{
    size_t handled = 0;
    struct amqpext_consumer *consumer = new_consumer(&handled);

    (void)state;
    assert_true(oom_for_every_allocation(plan_without_memory, consumer) >= 2);
    amqpext_consumer_free(consumer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivery_that_nobody_expects_is_refused),
        cmocka_unit_test(broker_that_ignores_the_prefetch_is_given_up),
        cmocka_unit_test(delivery_without_memory_leaves_nothing_behind),
        cmocka_unit_test(plan_without_memory_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
