/*
 * Delivery: a received message and what becomes of it.
 *
 * A handler gets a delivery, borrowed until it returns a verdict; with AMQPEXT_DEFER the delivery
 * stays the program's until amqpext_delivery_settle. Whatever the accessors return belongs to the
 * delivery.
 *
 * Thread:  one thread at a time; the one that settles may be another than the handler's.
 */
#ifndef AMQPEXT_DELIVERY_H
#define AMQPEXT_DELIVERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>
#include <amqpext/properties.h>
#include <amqpext/status.h>

AMQPEXT_BEGIN_DECLS

struct amqpext_delivery;

/* What a handler says. Zero, and any other number, is no verdict: as RETRY, counted as failed. */
enum amqpext_verdict {
    AMQPEXT_ACK = 1, /* done: the broker forgets the message */
    AMQPEXT_RETRY = 2, /* again later, after a growing pause; dead-lettered after max_attempts */
    AMQPEXT_REJECT = 3, /* will never work: dead-lettered now */
    AMQPEXT_REQUEUE = 4, /* not tried: back to the queue at once, for anybody */
    AMQPEXT_DEFER = 5 /* the verdict comes later, through amqpext_delivery_settle */
};

/* The body as received. Since: 0.1 */
AMQPEXT_API const void *amqpext_delivery_body(const struct amqpext_delivery *delivery,
                                              size_t *size);

/*
 * The decoded payload; NULL when its serializer makes none. A borrowed reference: json_incref it to
 * keep it.
 *
 * Since:   0.1
 */
AMQPEXT_API json_t *amqpext_delivery_payload(const struct amqpext_delivery *delivery);

/* All properties; those that were not sent are zero. Since: 0.1 */
AMQPEXT_API const struct amqpext_properties *amqpext_delivery_properties(
    const struct amqpext_delivery *delivery);

/* Exchange and routing key as first published, also after retries. Since: 0.1 */
AMQPEXT_API const char *amqpext_delivery_exchange(const struct amqpext_delivery *delivery);
AMQPEXT_API const char *amqpext_delivery_routing_key(const struct amqpext_delivery *delivery);

/* Whether the broker has given it to somebody before. Since: 0.1 */
AMQPEXT_API bool amqpext_delivery_is_redelivered(const struct amqpext_delivery *delivery);

/*
 * Which attempt this is, from 1: retries, and the failures that a quorum queue counts.
 *
 * Since:   0.1
 */
AMQPEXT_API unsigned amqpext_delivery_attempt(const struct amqpext_delivery *delivery);

/* Why the last attempt failed, as its handler said, or "". Since: 0.1 */
AMQPEXT_API const char *amqpext_delivery_last_reason(const struct amqpext_delivery *delivery);

/*
 * Whether its connection is gone, so that the message comes again whatever is done here: a long
 * handler may stop early.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
AMQPEXT_API bool amqpext_delivery_is_stale(const struct amqpext_delivery *delivery);

/*
 * Why the verdict is what it will be: kept in the headers of a retried or dead-lettered message and
 * shown in the log. Cut at 255 bytes. printf-like.
 *
 * Since:   0.1
 */
AMQPEXT_API void amqpext_delivery_set_reason(struct amqpext_delivery *delivery, const char *format,
                                             ...) AMQPEXT_PRINTF_(2, 3);

/* With RETRY: the pause before the next attempt, instead of the growing one. Since: 0.1 */
AMQPEXT_API void amqpext_delivery_set_retry_delay(struct amqpext_delivery *delivery,
                                                  uint64_t delay_ms);

/* A pointer of the program's own, to pass something along with a deferred delivery. Since: 0.1 */
AMQPEXT_API void amqpext_delivery_set_data(struct amqpext_delivery *delivery, void *data);
AMQPEXT_API void *amqpext_delivery_data(const struct amqpext_delivery *delivery);

/*
 * Gives the verdict on a deferred delivery and gives the delivery back; after this call it must not
 * be used, whatever was returned, unless AMQPEXT_EINVALID or AMQPEXT_ESTATE. May be called before
 * the handler has returned AMQPEXT_DEFER.
 *
 * Thread:  any thread.
 * Errors:  AMQPEXT_ESTALE    its connection is gone: nothing is sent, the message comes again.
 *          AMQPEXT_EINVALID  the verdict is DEFER or none.
 *          AMQPEXT_ESTATE    settled already, while the handler still runs.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_delivery_settle(struct amqpext_delivery *delivery,
                                                        enum amqpext_verdict verdict,
                                                        struct amqpext_error *error);

AMQPEXT_END_DECLS

#endif
