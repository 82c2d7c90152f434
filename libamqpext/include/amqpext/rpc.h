/*
 * Remote calls over RabbitMQ's direct reply-to: no reply queue is declared, and a reply finds its
 * call by correlation id.
 *
 * A call is sent at most once. When its connection breaks, it fails with AMQPEXT_ECONNECTION and
 * may have been carried out; one that nobody serves fails with AMQPEXT_ERETURNED at once. The time
 * that a call may take travels with it, so that a server does not begin what nobody waits for.
 * Requests and replies are transient unless the caller says otherwise.
 */
#ifndef AMQPEXT_RPC_H
#define AMQPEXT_RPC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqpext/connection.h>
#include <amqpext/consumer.h>
#include <amqpext/export.h>
#include <amqpext/properties.h>
#include <amqpext/serializer.h>
#include <amqpext/stats.h>
#include <amqpext/status.h>

AMQPEXT_BEGIN_DECLS

struct amqpext_rpc_client;
struct amqpext_rpc_server;

/* Zero of every member means its default. Strings are copied. */
struct amqpext_rpc_client_options {
    size_t size; /* sizeof(struct amqpext_rpc_client_options) */
    const char *url; /* default "amqp://localhost:5672/" */
    const struct amqpext_connection_options *connection;
    const char *exchange; /* default "": the routing key is the name of the server's queue */
    const char *serializer; /* "json" (default), "msgpack" or "raw" */
    const struct amqpext_serializer *custom_serializer;
    unsigned timeout_ms; /* of calls that name none; default 10000 */
    unsigned max_pending; /* calls under way; more fail with AMQPEXT_ELIMIT; default 1000 */
    enum amqpext_callbacks callbacks; /* where replies are told; default: the I/O thread */
};

#define AMQPEXT_RPC_CLIENT_OPTIONS_INIT AMQPEXT_INIT_(amqpext_rpc_client_options)

/* Zero of every member means its default. Everything is borrowed for the call. */
struct amqpext_rpc_call_options {
    size_t size; /* sizeof(struct amqpext_rpc_call_options) */
    unsigned timeout_ms;
    /* Merged with the defaults; correlation_id, reply_to and expiration_ms are the library's. */
    const struct amqpext_properties *properties;
    const struct amqpext_delivery *parent; /* whose trace headers are passed on */
};

#define AMQPEXT_RPC_CALL_OPTIONS_INIT AMQPEXT_INIT_(amqpext_rpc_call_options)

/* A reply, or `error` with `payload` NULL. Borrowed for the call. */
struct amqpext_rpc_reply {
    size_t size; /* that of the library's structure */
    const struct amqpext_error *error; /* NULL when there is a reply */
    json_t *payload; /* decoded; NULL when its serializer makes none */
    const void *body;
    size_t body_size;
    const struct amqpext_properties *properties;
};

/* Called exactly once per accepted call, never from inside of it. */
typedef void (*amqpext_rpc_reply_fn)(void *data, const struct amqpext_rpc_reply *reply);

/* Errors: AMQPEXT_EINVALID, AMQPEXT_ERESOURCES, AMQPEXT_ENOMEM. Since: 0.1 */
AMQPEXT_API enum amqpext_status amqpext_rpc_client_new(
    const struct amqpext_rpc_client_options *options, struct amqpext_rpc_client **out,
    struct amqpext_error *error);

/* Starts, and waits until it is ready; as amqpext_producer_connect. Since: 0.1 */
AMQPEXT_API enum amqpext_status amqpext_rpc_client_connect(struct amqpext_rpc_client *client,
                                                           unsigned timeout_ms,
                                                           struct amqpext_error *error);

/*
 * Calls and waits for the reply, whose payload the caller frees with json_decref; *reply is NULL
 * for a serializer without payloads. A call made while there is no connection waits for one within
 * its time.
 *
 * Thread:  any thread but callbacks of this client (AMQPEXT_ESTATE).
 * Errors:  AMQPEXT_ETIMEDOUT    no reply in time.
 *          AMQPEXT_ERETURNED    nobody serves that routing key.
 *          AMQPEXT_EREMOTE      the server answered with an error, whose text is in the message.
 *          AMQPEXT_ECONNECTION  the connection broke: it may have been carried out.
 *          AMQPEXT_ENOTFOUND, AMQPEXT_EACCESS  no such exchange, or not for this user.
 *          AMQPEXT_ETOOLARGE    the request or the reply is larger than max_message_bytes.
 *          AMQPEXT_EDECODE, AMQPEXT_EENCODE, AMQPEXT_ELIMIT, AMQPEXT_EINVALID, AMQPEXT_ECLOSED,
 *          AMQPEXT_ECANCELLED, AMQPEXT_ERESOURCES, AMQPEXT_ENOMEM
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_rpc_call(struct amqpext_rpc_client *client,
                                                 const char *routing_key, const json_t *request,
                                                 const struct amqpext_rpc_call_options *options,
                                                 json_t **reply, struct amqpext_error *error);

/* The same in the background; `done` may be NULL. Thread: any thread. Since: 0.1 */
AMQPEXT_API enum amqpext_status amqpext_rpc_send(struct amqpext_rpc_client *client,
                                                 const char *routing_key, const json_t *request,
                                                 const struct amqpext_rpc_call_options *options,
                                                 amqpext_rpc_reply_fn done, void *data,
                                                 struct amqpext_error *error);

/* The same with a body that is ready. Since: 0.1 */
AMQPEXT_API enum amqpext_status amqpext_rpc_send_bytes(
    struct amqpext_rpc_client *client, const char *routing_key, const void *body, size_t body_size,
    const struct amqpext_rpc_call_options *options, amqpext_rpc_reply_fn done, void *data,
    struct amqpext_error *error);

/* With DISPATCH, as for a producer. Since: 0.1 */
AMQPEXT_API int amqpext_rpc_client_fd(const struct amqpext_rpc_client *client);
AMQPEXT_API void amqpext_rpc_client_dispatch(struct amqpext_rpc_client *client);

AMQPEXT_API void amqpext_rpc_client_stats(const struct amqpext_rpc_client *client,
                                          struct amqpext_rpc_stats *out);

/*
 * Fails calls under way with AMQPEXT_ECANCELLED, and frees; NULL is allowed.
 *
 * Thread:  not from a callback of this client, and not while another thread begins a call.
 * Since:   0.1
 */
AMQPEXT_API void amqpext_rpc_client_free(struct amqpext_rpc_client *client);

/*
 * Answers one request: AMQPEXT_OK with *reply, a new reference or NULL for JSON null; or a failure,
 * whose message is sent to the caller, as it is, so that it must not tell what the caller may not
 * know. Each request is acknowledged once its reply has been confirmed by the broker.
 */
typedef enum amqpext_status (*amqpext_rpc_handler_fn)(void *data,
                                                      const struct amqpext_delivery *request,
                                                      json_t **reply, struct amqpext_error *error);

/*
 * Makes a server: a consumer of `consumer->queue` whose process_request and data are not used, but
 * `handler` and `data`. A request that came too late is acknowledged unanswered; one without
 * reply_to is carried out all the same; one that cannot be decoded is answered with an error.
 * Without `consumer->retry` there are no queues for retries and dead letters.
 *
 * Errors:  as amqpext_consumer_new.
 * Since:   0.1
 */
AMQPEXT_API enum amqpext_status amqpext_rpc_server_new(
    const struct amqpext_consumer_options *consumer, amqpext_rpc_handler_fn handler, void *data,
    struct amqpext_rpc_server **out, struct amqpext_error *error);

/*
 * Its consumer, borrowed: start, run, request_stop, stop and the figures are the consumer's.
 *
 * Since:   0.1
 */
AMQPEXT_API struct amqpext_consumer *amqpext_rpc_server_consumer(struct amqpext_rpc_server *server);

/*
 * Stops the consumer at once, if it is not stopped, and frees; NULL is allowed. To let requests end
 * that are under way, stop the consumer first.
 *
 * Thread:  not from a handler or callback of this server, and not while another thread uses it.
 * Since:   0.1
 */
AMQPEXT_API void amqpext_rpc_server_free(struct amqpext_rpc_server *server);

AMQPEXT_END_DECLS

#endif
