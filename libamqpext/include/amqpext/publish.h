/*
 * Publishing: messages, and what becomes of each of them.
 *
 * An accepted message, that is one whose call returned AMQPEXT_OK, has exactly one outcome.
 * Messages of one thread are sent in the order of its calls. The body, the routing key and all
 * options are copied before a call returns.
 *
 * A message whose publishing makes the broker close the channel (no such exchange, no permission,
 * too large) is found by sending what was under way again, fewer at a time, until the channel is
 * closed with one message alone under way: that one is REFUSED, the others go on.
 *
 * Thread:  any thread, callbacks of this producer included, unless a function says otherwise.
 */
#ifndef AMQPEXT_PUBLISH_H
#define AMQPEXT_PUBLISH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/export.h>
#include <amqpext/properties.h>
#include <amqpext/status.h>

AMQPEXT_BEGIN_DECLS

struct amqpext_producer;
struct amqpext_delivery;

enum amqpext_result {
    AMQPEXT_CONFIRMED = 1, /* the broker has taken responsibility */
    AMQPEXT_RETURNED = 2, /* mandatory, and no queue takes it */
    AMQPEXT_REFUSED = 3, /* the broker does not want it: queue full, too large, no permission */
    /* No outcome within its time: it may or may not have arrived, and is not sent again. */
    AMQPEXT_EXPIRED = 4,
    /* Closed or dropped before an outcome: it may have arrived if it was sent. */
    AMQPEXT_CANCELLED = 5
};

/*
 * What became of a message. Borrowed for the callback; `size` is that of the library's structure.
 */
struct amqpext_outcome {
    size_t size;
    enum amqpext_result result;
    /*
     * AMQPEXT_OK with CONFIRMED; ERETURNED; EREFUSED, or why the channel was closed (ETOOLARGE,
     * EACCESS, ENOTFOUND, …); ETIMEDOUT with EXPIRED; with CANCELLED ECANCELLED, or ELIMIT when
     * dropped for others.
     */
    enum amqpext_status status;
    int reply_code; /* of the broker, where it gave one with RETURNED or REFUSED; else 0 */
    unsigned sends; /* how often it was handed to the network; 0: never */
    uint64_t latency_us; /* from the publish to this outcome */
    char message_id[256]; /* its own, or the one given */
    char reply_text[256]; /* what the broker said, or "" */
};

/*
 * Called exactly once per accepted publish, where producer_options.callbacks says, never from
 * inside the call that published.
 */
typedef void (*amqpext_outcome_fn)(void *data, const struct amqpext_outcome *outcome);

/* Zero of every member means its default. Everything is borrowed for the call, but `data`. */
struct amqpext_publish_options {
    size_t size; /* sizeof(struct amqpext_publish_options) */
    const struct amqpext_properties *properties; /* merged with the defaults, member by member */
    bool mandatory; /* RETURNED if no queue takes it; else such a message is CONFIRMED and gone */
    bool immediate; /* of the original; brokers do not know it any more: AMQPEXT_EINVALID */
    const char *exchange; /* another than the producer's, which nobody declares */
    /*
     * EXPIRED after so long; default: message_timeout_ms. Up to 10 ms later, and 1 ms more for each
     * 1000 messages that are kept.
     */
    unsigned timeout_ms;
    /* Its trace headers (traceparent, tracestate, baggage) are passed on, unless set in headers. */
    const struct amqpext_delivery *parent;
    amqpext_outcome_fn done; /* default: nobody is told */
    void *data;
};

#define AMQPEXT_PUBLISH_OPTIONS_INIT AMQPEXT_INIT_(amqpext_publish_options)

/*
 * Publishes one message and returns once it is in the buffer; `options->done` is told its outcome.
 *
 * The payload is encoded and copied before this returns. `routing_key` NULL means the producer's,
 * `options` NULL the defaults.
 *
 * Errors:  AMQPEXT_EENCODE    the serializer cannot write the payload, or is "raw".
 *          AMQPEXT_EINVALID   routing key or a property is longer than 255 bytes; `immediate`.
 *          AMQPEXT_ETOOLARGE  larger than max_message_bytes, max_bytes, or headers than a frame.
 *          AMQPEXT_ELIMIT     full, with WHEN_FULL_FAIL, or called in a callback of the I/O thread,
 *                             which must not wait, or in one on another thread while as many
 *                             outcomes wait for it as may.
 *          AMQPEXT_ETIMEDOUT  still full after full_timeout_ms, or the message's own timeout.
 *          AMQPEXT_EBLOCKED   with fail_when_blocked.
 *          AMQPEXT_ECLOSED    the producer is closing.
 *          AMQPEXT_ERESOURCES, AMQPEXT_ENOMEM
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_publish_message(
    struct amqpext_producer *producer, const json_t *payload, const char *routing_key,
    const struct amqpext_publish_options *options, struct amqpext_error *error);

/* The same with a body that is ready; its content type is the caller's, or none. Since: 0.1 */
AMQPEXT_API enum amqpext_status amqpext_publish_bytes(struct amqpext_producer *producer,
                                                      const void *body, size_t size,
                                                      const char *routing_key,
                                                      const struct amqpext_publish_options *options,
                                                      struct amqpext_error *error);

/*
 * The same two, waiting for the outcome, which is AMQPEXT_OK only for CONFIRMED; `out` may be NULL
 * and is filled for every accepted message. `options->done` is called too, if it is set.
 *
 * With a timeout (of the options or the producer's) the wait ends by EXPIRED; without one it ends
 * when the broker is back, so give one.
 *
 * Thread:  not from a callback of this producer (AMQPEXT_ESTATE).
 * Errors:  as above, and those of outcomes.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_publish_message_wait(
    struct amqpext_producer *producer, const json_t *payload, const char *routing_key,
    const struct amqpext_publish_options *options, struct amqpext_outcome *out,
    struct amqpext_error *error);
AMQPEXT_API enum amqpext_status amqpext_publish_bytes_wait(
    struct amqpext_producer *producer, const void *body, size_t size, const char *routing_key,
    const struct amqpext_publish_options *options, struct amqpext_outcome *out,
    struct amqpext_error *error);

AMQPEXT_END_DECLS

#endif
