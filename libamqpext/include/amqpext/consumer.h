/*
 * Consumer: takes messages from a queue and gives each to a handler, for ever.
 *
 * What a handler has not acknowledged is delivered again: to this consumer, to another one, or,
 * out of attempts, to the dead-letter queue. Handlers that see a message twice must not mind.
 *
 * Lifetime:
 *  1. amqpext_consumer_new connects nothing; amqpext_consumer_start does, and amqpext_consumer_run
 *     starts and blocks until the consumer was asked to stop.
 *  2. amqpext_consumer_request_stop (also from a signal handler) begins the drain: no more
 *     deliveries; those not yet given to a handler go back to the queue; handlers under way, and
 *     deferred deliveries, have drain_timeout_ms to end.
 *  3. amqpext_consumer_stop does the same and waits; then the threads have ended and no handler is
 *     called any more. Deliveries that are still deferred stay usable until they are settled (which
 *     answers AMQPEXT_ESTALE); settle them before amqpext_consumer_free.
 *
 * Thread:  any thread unless a function says otherwise. After fork only the parent may use it.
 */
#ifndef AMQPEXT_CONSUMER_H
#define AMQPEXT_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/connection.h>
#include <amqpext/delivery.h>
#include <amqpext/export.h>
#include <amqpext/retry.h>
#include <amqpext/serializer.h>
#include <amqpext/stats.h>
#include <amqpext/status.h>
#include <amqpext/topology.h>

AMQPEXT_BEGIN_DECLS

struct amqpext_consumer;

/* Handles one message; see the verdicts. `data` is that of the options. */
typedef enum amqpext_verdict (*amqpext_process_request_fn)(void *data,
                                                           struct amqpext_delivery *delivery);

/* What keeps messages with the same key in order. */
enum amqpext_order {
    AMQPEXT_ORDER_NONE = 0, /* any worker takes the next message */
    AMQPEXT_ORDER_ROUTING_KEY = 1, /* equal routing keys: one after the other, as delivered */
    AMQPEXT_ORDER_HEADER = 2, /* equal values of the header `order_header` */
    AMQPEXT_ORDER_ALL = 3 /* one message at a time */
};

/* Zero of every member means its default. Strings and structures are copied, `data` is borrowed. */
struct amqpext_consumer_options {
    size_t size; /* sizeof(struct amqpext_consumer_options) */
    const char *url; /* default "amqp://localhost:5672/"; see <amqpext/connection.h> */
    const struct amqpext_connection_options *connection;
    const char *exchange; /* default "": nothing is bound */
    const char *exchange_type; /* default "topic" */
    enum amqpext_declare exchange_declare;
    const struct amqpext_table *exchange_arguments;
    const char *routing_key; /* one, or */
    const char *const *routing_keys; /* several: the queue is bound once per key */
    size_t n_routing_keys;
    const char *queue; /* name of a queue with all defaults, or */
    const struct amqpext_queue *queue_options; /* the queue in full */
    const struct amqpext_topology *topology; /* further objects to declare */
    uint16_t prefetch_count; /* unsettled at a time; default: twice the workers, at least 10 */
    uint32_t prefetch_size; /* bytes; RabbitMQ refuses any but 0 */
    const char *serializer; /* "json" (default), "msgpack" or "raw"; see <amqpext/serializer.h> */
    const struct amqpext_serializer *custom_serializer; /* in place of it; borrowed for ever */
    const struct amqpext_serializer *const *decoders; /* further ones, chosen by content type */
    size_t n_decoders;
    amqpext_process_request_fn process_request; /* required */
    void *data;
    enum amqpext_callbacks callbacks; /* where handlers run; default: workers */
    unsigned workers; /* threads; default 1 */
    enum amqpext_order order;
    const char *order_header;
    const struct amqpext_retry_options *retry;
    bool ack_always; /* as aioamqp-ext: whatever the handler says, and undecodable messages too */
    bool exclusive; /* no other consumer on the queue; who comes second gets AMQPEXT_EACCESS */
    const char *consumer_tag; /* default: the broker chooses */
    const struct amqpext_table *consume_arguments; /* x-priority and the like */
    unsigned ack_count; /* acknowledgements that are joined at most; default 64 */
    /* How long one may wait for others, at least 5 ms behind a message that is still unsettled. */
    unsigned ack_delay_ms; /* default 0: for what is at hand */
    unsigned drain_timeout_ms; /* after a requested stop; default 30000 */
    /* A message unsettled for so long is logged; default 900000, half of RabbitMQ's own limit. */
    unsigned slow_handler_ms;
    unsigned watch_interval_ms; /* of asking the broker whether we consume; default 60000 */
};

#define AMQPEXT_CONSUMER_OPTIONS_INIT AMQPEXT_INIT_(amqpext_consumer_options)

/*
 * Makes a consumer; nothing is connected yet.
 *
 * Errors:  AMQPEXT_EINVALID  an option is missing or wrong; the message shows no password.
 *          AMQPEXT_ERESOURCES, AMQPEXT_ENOMEM
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_consumer_new(const struct amqpext_consumer_options *options,
                                                     struct amqpext_consumer **out,
                                                     struct amqpext_error *error);

/*
 * Starts connecting and consuming in the background.
 *
 * Errors:  AMQPEXT_ERESOURCES  no thread to be had.
 *          AMQPEXT_ECLOSED     it was stopped before.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_consumer_start(struct amqpext_consumer *consumer,
                                                       struct amqpext_error *error);

/*
 * Starts, and waits until it consumes.
 *
 * Thread:  not from a handler or callback of this consumer.
 * Errors:  the last permanent error as soon as there is one; AMQPEXT_ETIMEDOUT; AMQPEXT_ECLOSED.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_consumer_connect(struct amqpext_consumer *consumer,
                                                         unsigned timeout_ms,
                                                         struct amqpext_error *error);

/*
 * Starts, blocks until a stop is requested, and drains for up to drain_timeout_ms. With DISPATCH
 * handlers run inside of this call.
 *
 * Thread:  one thread; not from a handler or callback of this consumer.
 * Errors:  AMQPEXT_ETIMEDOUT  some handlers had not ended; their messages are delivered again.
 *          what starting reports
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_consumer_run(struct amqpext_consumer *consumer,
                                                     struct amqpext_error *error);

/*
 * Begins the drain and returns at once.
 *
 * Thread:  any thread, and signal handlers: it only writes to a descriptor. Not while
 *          amqpext_consumer_free runs.
 * Since:   0.1
 */
AMQPEXT_API void amqpext_consumer_request_stop(struct amqpext_consumer *consumer);

/*
 * Requests the stop and waits until it is over, handlers that outlive the deadline excepted: they
 * are joined, but what they say is not sent any more. Stopping again does nothing.
 *
 * Thread:  not from a handler or callback of this consumer (AMQPEXT_ESTATE).
 * Errors:  AMQPEXT_ETIMEDOUT  as above.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_consumer_stop(struct amqpext_consumer *consumer,
                                                      unsigned drain_timeout_ms,
                                                      struct amqpext_error *error);

/*
 * Stops, if it is not stopped, without waiting for deferred deliveries, and frees; NULL is allowed.
 *
 * Thread:  not from a handler or callback of this consumer, and not while another thread uses it.
 * Since:   0.1
 */
AMQPEXT_API void amqpext_consumer_free(struct amqpext_consumer *consumer);

/*
 * Stops the flow of deliveries, and lets it go on: basic.cancel and basic.consume. What was
 * delivered already is still handled, and the flow goes on when less than prefetch_count of it is
 * unsettled. Both are requests, carried out in the background, and hold over reconnects.
 *
 * Since:   0.1
 */
AMQPEXT_API void amqpext_consumer_pause(struct amqpext_consumer *consumer);
AMQPEXT_API void amqpext_consumer_resume(struct amqpext_consumer *consumer);

/* Whether the broker has it as a consumer now. Since: 0.1 */
AMQPEXT_API bool amqpext_consumer_is_connected(const struct amqpext_consumer *consumer);

/* Copies the name of the queue, cut to `size`; "" until a broker has chosen it. Since: 0.1 */
AMQPEXT_API void amqpext_consumer_queue(const struct amqpext_consumer *consumer, char *out,
                                        size_t size);

/*
 * With DISPATCH: a descriptor that is readable while messages or states wait, and the call that
 * handles them on the thread that makes it. -1 with other callbacks.
 *
 * Thread:  dispatch: one thread at a time.
 * Since:   0.1
 */
AMQPEXT_API int amqpext_consumer_fd(const struct amqpext_consumer *consumer);
AMQPEXT_API void amqpext_consumer_dispatch(struct amqpext_consumer *consumer);

/* Figures since it was made, as many as fit into out->size. Since: 0.1 */
AMQPEXT_API void amqpext_consumer_stats(const struct amqpext_consumer *consumer,
                                        struct amqpext_consumer_stats *out);

AMQPEXT_END_DECLS

#endif
