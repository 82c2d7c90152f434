/* A link and its fake broker. */
#include "test.h"

#include "support/faked.h"

#include <unistd.h>

#include "protocol/send.h"

struct probe_options faked_options(struct fake_broker *broker)
{
    const struct probe_options options = {
        .url = fake_broker_url(broker),
        .connection = {.reconnect_min_delay_ms = SHORT_MS,
                       .reconnect_max_delay_ms = 2 * SHORT_MS,
                       .permanent_delay_ms = SHORT_MS},
    };

    return options;
}

enum amqpext_status faked_plan(void *data, struct plan *plan, struct amqpext_error *error)
{
    static const struct amqpext_exchange EXCHANGE = {.name = "events", .type = "topic"};
    static const struct amqpext_queue QUEUE = {.name = "orders"};
    static const struct amqpext_binding BINDING = {.exchange = "events", .routing_key = "order.*"};
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

struct probe *faked_start(struct fake_broker *broker)
{
    const struct probe_options options = faked_options(broker);

    return probe_start(&options);
}

struct probe *faked_start_with_plan(struct fake_broker *broker)
{
    struct probe_options options = faked_options(broker);

    options.plan = faked_plan;
    return probe_start(&options);
}

void faked_end(struct probe *probe, struct fake_broker *broker)
{
    probe_free(probe);
    assert_null(fake_broker_fault(broker));
    fake_broker_free(broker);
}

void faked_get_stuck(struct probe *probe, struct fake_broker *broker, size_t size)
{
    const uint64_t before = probe_stats(probe).bytes_out;
    uint64_t last, now = before;

    fake_broker_stop_reading(broker, true);
    probe_publish(probe, size);
    do {
        last = now;
        usleep(100000);
        now = probe_stats(probe).bytes_out;
    } while (now == before || now != last);
    assert_true(now - before < size);
}

static void write_ack(struct probe *probe, void *data)
{
    amqpext__send_ack(amqpext__link_output(probe_link(probe)), LINK_CHANNEL, *(uint64_t *)data,
                      false);
}

void faked_ack(struct probe *probe, uint64_t tag)
{
    probe_run(probe, write_ack, &tag);
}
