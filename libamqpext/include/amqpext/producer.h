/*
 * Producer: publishes messages to an exchange and tells the outcome of each exactly once.
 *
 * A published message is kept until the broker has confirmed it, and is sent again, with the same
 * message id, after every reconnect; so a message may arrive twice around a fault, and is never
 * lost while the process lives. The memory for that is bounded: at most twice max_bytes and 2 MiB
 * for messages, and 300 bytes for each of max_messages, twice that with outcomes that wait to be
 * told, besides message ids of the program's own.
 *
 * Lifetime:
 *  1. amqpext_producer_new connects nothing; the first publish, amqpext_producer_connect or
 *     amqpext_producer_start does.
 *  2. Every accepted publish has exactly one outcome: CONFIRMED, RETURNED, REFUSED, EXPIRED or
 *     CANCELLED.
 *  3. amqpext_producer_close waits for outcomes, cancels what is left and stops the thread; after
 *     it no callback is called any more. amqpext_producer_free does the same without waiting.
 *
 * Thread:  any thread, callbacks of this producer included, unless a function says otherwise.
 *          After fork only the parent may use it.
 */
#ifndef AMQPEXT_PRODUCER_H
#define AMQPEXT_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/connection.h>
#include <amqpext/export.h>
#include <amqpext/publish.h>
#include <amqpext/serializer.h>
#include <amqpext/stats.h>
#include <amqpext/status.h>
#include <amqpext/topology.h>

AMQPEXT_BEGIN_DECLS

struct amqpext_producer;

enum amqpext_when_full {
    AMQPEXT_WHEN_FULL_WAIT = 0, /* publishing waits, up to full_timeout_ms */
    AMQPEXT_WHEN_FULL_FAIL = 1, /* AMQPEXT_ELIMIT at once */
    /*
     * The oldest that was not sent yet, or else the oldest of all, is CANCELLED with ELIMIT. Fails
     * with ELIMIT while max_messages outcomes wait to be told.
     */
    AMQPEXT_WHEN_FULL_DROP_OLDEST = 2
};

/* Zero of every member means its default. Strings and structures are copied. */
struct amqpext_producer_options {
    size_t size; /* sizeof(struct amqpext_producer_options) */
    const char *url; /* default "amqp://localhost:5672/"; see <amqpext/connection.h> */
    const struct amqpext_connection_options *connection;
    const char *exchange; /* default "": the default exchange, which routes to queues by name */
    const char *exchange_type; /* default "topic" */
    enum amqpext_declare exchange_declare;
    const struct amqpext_table *exchange_arguments;
    const char *routing_key; /* of messages that name none; default "" */
    const struct amqpext_topology *topology; /* further objects to declare */
    const char *serializer; /* "json" (default), "msgpack" or "raw" */
    const struct amqpext_serializer *custom_serializer; /* in place of it; borrowed for ever */
    /*
     * Kept without outcome; default 10000. About as many outcomes may wait to be told, until nobody
     * can publish either.
     */
    unsigned max_messages;
    size_t max_bytes; /* the same in bytes on the wire; default 64 MiB */
    /* Most that are sent and unconfirmed at a time; default 0: no limit. */
    unsigned max_unconfirmed;
    enum amqpext_when_full when_full;
    unsigned full_timeout_ms; /* longest wait with WHEN_FULL_WAIT; default 10000 */
    unsigned message_timeout_ms; /* of messages that name none; default 0: none ever expires */
    bool fail_when_blocked; /* publishing fails with EBLOCKED instead of filling the buffer */
    enum amqpext_callbacks callbacks; /* where outcomes are told; default: the I/O thread */
};

#define AMQPEXT_PRODUCER_OPTIONS_INIT AMQPEXT_INIT_(amqpext_producer_options)

/*
 * Makes a producer. `options` may be NULL. Nothing is connected yet.
 *
 * Errors:  AMQPEXT_EINVALID    the URL or another option is wrong; the message shows no password.
 *          AMQPEXT_ERESOURCES  no descriptor to be had.
 *          AMQPEXT_ENOMEM
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_producer_new(const struct amqpext_producer_options *options,
                                                     struct amqpext_producer **out,
                                                     struct amqpext_error *error);

/*
 * Starts connecting in the background; publishing does the same. Starting again does nothing.
 *
 * Errors:  AMQPEXT_ERESOURCES  no thread to be had.
 *          AMQPEXT_ECLOSED
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_producer_start(struct amqpext_producer *producer,
                                                       struct amqpext_error *error);

/*
 * Starts, and waits until the producer is ready: connected, topology declared. Connecting goes on
 * also after a failure.
 *
 * Thread:  not from a callback of this producer.
 * Errors:  the last permanent error (EAUTH, EVHOST, ETLS, EPRECONDITION, …) as soon as there is
 *          one; AMQPEXT_ETIMEDOUT, whose message has the last error; AMQPEXT_ECLOSED.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_producer_connect(struct amqpext_producer *producer,
                                                         unsigned timeout_ms,
                                                         struct amqpext_error *error);

/* Whether it is ready now; another thing may be true a moment later. Since: 0.1 */
AMQPEXT_API bool amqpext_producer_is_connected(const struct amqpext_producer *producer);

/* Whether the broker has said that it takes no messages for now. Since: 0.1 */
AMQPEXT_API bool amqpext_producer_is_blocked(const struct amqpext_producer *producer);

/*
 * Waits until everything that was published before this call has its outcome, told to its callback
 * too, unless callbacks wait for a dispatch.
 *
 * Thread:  not from a callback of this producer (AMQPEXT_ESTATE).
 * Errors:  AMQPEXT_ETIMEDOUT  not everything; it goes on in the background.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_producer_flush(struct amqpext_producer *producer,
                                                       unsigned timeout_ms,
                                                       struct amqpext_error *error);

/*
 * Refuses further publishes, flushes for up to `timeout_ms`, cancels what is left, closes the
 * connection and ends the threads. With DISPATCH, outcomes that nobody has dispatched are told from
 * inside this call. Closing again does nothing.
 *
 * Thread:  not from a callback of this producer (AMQPEXT_ESTATE).
 * Errors:  AMQPEXT_ETIMEDOUT  some messages were CANCELLED.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_producer_close(struct amqpext_producer *producer,
                                                       unsigned timeout_ms,
                                                       struct amqpext_error *error);

/*
 * Closes without waiting for outcomes, if it is not closed, and frees; NULL is allowed.
 *
 * Thread:  not from a callback of this producer, and not while another thread uses it.
 * Since:   0.1
 */
AMQPEXT_API void amqpext_producer_free(struct amqpext_producer *producer);

/*
 * With DISPATCH: a descriptor that is readable while outcomes or states wait, and the call that
 * tells them, on the thread that makes it. -1 with other callbacks.
 *
 * Thread:  dispatch: one thread at a time.
 * Since:   0.1
 */
AMQPEXT_API int amqpext_producer_fd(const struct amqpext_producer *producer);
AMQPEXT_API void amqpext_producer_dispatch(struct amqpext_producer *producer);

/* Figures since it was made, as many as fit into out->size. Since: 0.1 */
AMQPEXT_API void amqpext_producer_stats(const struct amqpext_producer *producer,
                                        struct amqpext_producer_stats *out);

AMQPEXT_END_DECLS

#endif
