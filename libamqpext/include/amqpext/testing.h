/*
 * For the unit tests of programs: deliveries made by hand and producers without a broker.
 *
 * What is made here behaves as the real thing does towards the code under test, and needs no
 * network.
 */
#ifndef AMQPEXT_TESTING_H
#define AMQPEXT_TESTING_H

#include <stddef.h>

#include <amqpext/delivery.h>
#include <amqpext/export.h>
#include <amqpext/producer.h>

AMQPEXT_BEGIN_DECLS

/* Zero of every member means: none, or its default. Everything is copied. */
struct amqpext_test_delivery_options {
    size_t size; /* sizeof(struct amqpext_test_delivery_options) */
    const void *body;
    size_t body_size;
    const char *serializer; /* decodes the body; default "json"; "raw" for none */
    const struct amqpext_properties *properties;
    const char *exchange;
    const char *routing_key;
    unsigned attempt; /* default 1 */
    bool is_redelivered;
};

#define AMQPEXT_TEST_DELIVERY_OPTIONS_INIT AMQPEXT_INIT_(amqpext_test_delivery_options)

/*
 * Makes a delivery; free with amqpext_test_delivery_free, also after it was settled.
 *
 * Errors:  AMQPEXT_EDECODE, AMQPEXT_EINVALID, AMQPEXT_ENOMEM
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_test_delivery_new(
    const struct amqpext_test_delivery_options *options, struct amqpext_delivery **out,
    struct amqpext_error *error);

/* The verdict it was settled with, 0 before. Since: 0.1 */
AMQPEXT_API enum amqpext_verdict amqpext_test_delivery_verdict(
    const struct amqpext_delivery *delivery);

/* What was set by amqpext_delivery_set_reason, or "". Since: 0.1 */
AMQPEXT_API const char *amqpext_test_delivery_reason(const struct amqpext_delivery *delivery);

AMQPEXT_API void amqpext_test_delivery_free(struct amqpext_delivery *delivery);

/* A message as a producer would send it; borrowed for the call. */
struct amqpext_test_message {
    size_t size;
    const char *exchange;
    const char *routing_key;
    const struct amqpext_properties *properties;
    const void *body;
    size_t body_size;
    bool mandatory;
};

/*
 * Says what becomes of a message: AMQPEXT_CONFIRMED, RETURNED or REFUSED. On the producer's
 * thread.
 */
typedef enum amqpext_result (*amqpext_test_broker_fn)(void *data,
                                                      const struct amqpext_test_message *message);

/*
 * Makes a producer whose messages go to `broker` instead of a network; the URL is not used. All
 * else is as with amqpext_producer_new.
 *
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_test_producer_new(
    const struct amqpext_producer_options *options, amqpext_test_broker_fn broker, void *data,
    struct amqpext_producer **out, struct amqpext_error *error);

AMQPEXT_END_DECLS

#endif
