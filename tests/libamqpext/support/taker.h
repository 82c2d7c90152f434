/*
 * A consumer whose messages the test takes one by one, on its own thread: each is deferred, looked
 * at, and settled by the test. Calls that wait fail the test after TAKER_PATIENCE_S.
 *
 * Order: taker_start; take and settle; taker_stop.
 */
#ifndef TEST_SUPPORT_TAKER_H
#define TEST_SUPPORT_TAKER_H

#include <stdint.h>

#include <amqpext/consumer.h>

enum { TAKER_PATIENCE_S = 60 };

struct taker {
    struct amqpext_consumer *consumer;
    struct amqpext_delivery *taken; /* that take() has not given out */
    uint64_t taken_us; /* when the last one came, by the monotonic clock */
};

/* `options` without process_request, data and callbacks, which are the taker's. */
void taker_start(struct taker *taker, const struct amqpext_consumer_options *options);
/* Waits for the next message. */
struct amqpext_delivery *taker_take(struct taker *taker);
/* Whether none comes for so long. */
bool taker_gets_nothing(struct taker *taker, unsigned ms);
void taker_settle(struct amqpext_delivery *delivery, enum amqpext_verdict verdict);
void taker_stop(struct taker *taker);

/* Text and integer of a header; "" and -1 where there is none. */
const char *header_text(const struct amqpext_delivery *delivery, const char *name);
int64_t header_integer(const struct amqpext_delivery *delivery, const char *name);

#endif
