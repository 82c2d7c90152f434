/* The consumer of tests that look at each message. */
#include "test.h"

#include "support/taker.h"

#include <poll.h>

#include "clock.h"

static enum amqpext_verdict defer(void *data, struct amqpext_delivery *delivery)
{
    struct taker *taker = data;

    /* One at a time: the prefetch is 1. */
    assert_null(taker->taken);
    taker->taken = delivery;
    taker->taken_us = monotonic_us();
    return AMQPEXT_DEFER;
}

void taker_start(struct taker *taker, const struct amqpext_consumer_options *options)
{
    struct amqpext_consumer_options own = *options;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    *taker = (struct taker){.consumer = NULL};
    own.process_request = defer;
    own.data = taker;
    own.callbacks = AMQPEXT_CALLBACKS_DISPATCH;
    own.prefetch_count = 1;
    if (amqpext_consumer_new(&own, &taker->consumer, &error) != AMQPEXT_OK ||
        amqpext_consumer_connect(taker->consumer, TAKER_PATIENCE_S * 1000, &error) != AMQPEXT_OK)
        fail_msg("no consumer: %s", error.message);
}

/* Until a message is there, or so long. */
static struct amqpext_delivery *wait_ms(struct taker *taker, unsigned ms)
{
    const uint64_t end_us = monotonic_us() + (uint64_t)ms * 1000;
    struct pollfd watched = {.fd = amqpext_consumer_fd(taker->consumer), .events = POLLIN};
    struct amqpext_delivery *taken;
    uint64_t now_us;

    while (taker->taken == NULL && (now_us = monotonic_us()) < end_us) {
        (void)poll(&watched, 1, (int)((end_us - now_us) / 1000 + 1));
        amqpext_consumer_dispatch(taker->consumer);
    }
    taken = taker->taken;
    taker->taken = NULL;
    return taken;
}

struct amqpext_delivery *taker_take(struct taker *taker)
{
    struct amqpext_delivery *taken = wait_ms(taker, TAKER_PATIENCE_S * 1000);

    if (taken == NULL)
        fail_msg("no message came");
    return taken;
}

bool taker_gets_nothing(struct taker *taker, unsigned ms)
{
    taker->taken = wait_ms(taker, ms);
    return taker->taken == NULL;
}

void taker_settle(struct amqpext_delivery *delivery, enum amqpext_verdict verdict)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_delivery_settle(delivery, verdict, &error) != AMQPEXT_OK)
        fail_msg("not settled: %s", error.message);
}

void taker_stop(struct taker *taker)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (taker->taken != NULL)
        taker_settle(taker->taken, AMQPEXT_REQUEUE);
    if (amqpext_consumer_stop(taker->consumer, TAKER_PATIENCE_S * 1000, &error) != AMQPEXT_OK)
        fail_msg("not stopped: %s", error.message);
    amqpext_consumer_free(taker->consumer);
}

const char *header_text(const struct amqpext_delivery *delivery, const char *name)
{
    const char *text = amqpext_table_text(amqpext_delivery_properties(delivery)->headers, name);

    return text != NULL ? text : "";
}

int64_t header_integer(const struct amqpext_delivery *delivery, const char *name)
{
    return amqpext_table_integer(amqpext_delivery_properties(delivery)->headers, name, -1);
}
