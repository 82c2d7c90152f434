/*
 * RPC server: a consumer whose handler answers through a producer of its own.
 *
 * A request is deferred when its reply is published and acknowledged when that is confirmed. The
 * consumer is given decoders that decode nothing, so that a request which cannot be decoded comes
 * here and is answered.
 * Invariant: each request that was carried out is answered once, with its reply or an error, as
 * long as its delivery is not stale.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "clock.h"
#include "delivery.h"
#include "error.h"
#include "link.h"
#include "log_only.h"
#include "options.h"
#include "rpc_call.h"
#include "serializer.h"

#include <amqpext/producer.h>
#include <amqpext/retry.h>

/* Replies under way, as many as a consumer can have requests unsettled. */
enum { REPLIES_MAX = UINT16_MAX + 1 };

struct amqpext_rpc_server {
    struct arena arena;
    struct amqpext_consumer *consumer;
    struct amqpext_producer *producer;
    amqpext_rpc_handler_fn handler;
    void *data;
    const struct amqpext_serializer *serializer;
    const struct amqpext_serializer **decoders; /* the program's */
    size_t n_decoders;
    struct endpoint log;
};

/* What is answered: a payload, or an error. */
struct answer {
    json_t *payload; /* owned; NULL: null */
    struct amqpext_error error;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * How long the caller still waited when the request came, in milliseconds; UINT64_MAX: for ever.
 * The deadline is of another machine's clock: where it cannot be right, the time that the broker
 * has kept the request for is all that there is.
 */
static uint64_t patience_ms(const struct amqpext_delivery *request, uint64_t age_ms)
{
    const struct amqpext_properties *properties = &request->content->properties;
    const uint64_t most = properties->expiration_ms != 0 ? properties->expiration_ms : UINT64_MAX;
    const int64_t deadline_ms = amqpext_table_integer(properties->headers, HEADER_DEADLINE, 0);
    const int64_t came_ms = now_ms() - (int64_t)age_ms;

    if (deadline_ms <= came_ms || (uint64_t)(deadline_ms - came_ms) > most)
        return most;
    return (uint64_t)(deadline_ms - came_ms);
}

/* 0: nobody waits any more; UINT64_MAX: somebody waits for ever. */
static uint64_t time_left_ms(const struct amqpext_delivery *request)
{
    const uint64_t age_ms = (monotonic_us() - request->received_us) / 1000;
    const uint64_t patience = patience_ms(request, age_ms);

    if (patience == UINT64_MAX)
        return patience;
    return patience > age_ms ? patience - age_ms : 0;
}

static const struct amqpext_serializer *serializer_of(const struct amqpext_rpc_server *server,
                                                      const struct amqpext_delivery *request)
{
    return amqpext__serializer_for(request->content->properties.content_type, server->serializer,
                                   server->decoders, server->n_decoders);
}

/* The broker has the reply, or nobody waits for it any more. */
static void replied(void *data, const struct amqpext_outcome *outcome)
{
    const bool is_cancelled = outcome->result == AMQPEXT_CANCELLED;

    /* A stale request comes again whatever is done here. */
    (void)amqpext_delivery_settle(data, is_cancelled ? AMQPEXT_REQUEUE : AMQPEXT_ACK, NULL);
}

/* An answer without payload is an error, told in a header. */
static enum amqpext_status write_answer(const struct amqpext_rpc_server *server,
                                        const struct amqpext_delivery *request,
                                        const struct answer *answer, struct text *body,
                                        const char **content_type, struct amqpext_table *headers,
                                        struct amqpext_error *error)
{
    const struct amqpext_serializer *serializer = serializer_of(server, request);
    const char *message = answer->error.message;

    if (answer->error.status != AMQPEXT_OK)
        return amqpext_table_set_text(
            headers, HEADER_ERROR,
            message[0] != '\0' ? message : amqpext_status_name(answer->error.status), error);
    if (serializer->encode == NULL)
        serializer = server->serializer;
    *content_type = serializer->content_type;
    return amqpext__serializer_encode(serializer, answer->payload, body, error);
}

static enum amqpext_status publish(struct amqpext_rpc_server *server,
                                   struct amqpext_delivery *request, const struct text *body,
                                   const char *content_type, const struct amqpext_table *headers,
                                   struct amqpext_error *error)
{
    const struct amqpext_properties *asked = &request->content->properties;
    const uint64_t left_ms = time_left_ms(request);
    const struct amqpext_properties properties = {
        .size = sizeof(properties),
        .content_type = content_type,
        .headers = headers,
        .delivery_mode = AMQPEXT_TRANSIENT,
        .correlation_id = asked->correlation_id,
    };
    const struct amqpext_publish_options options = {
        .size = sizeof(options),
        .properties = &properties,
        /* Not mandatory: a queue of direct reply-to counts as none. */
        .timeout_ms = left_ms > UINT32_MAX ? 0
                      : left_ms > 0        ? (unsigned)left_ms
                                           : 1,
        .parent = request,
        .done = replied,
        .data = request,
    };

    return amqpext_publish_bytes(server->producer, body->data, body->size, asked->reply_to,
                                 &options, error);
}

static enum amqpext_status reply(struct amqpext_rpc_server *server,
                                 struct amqpext_delivery *request, const struct answer *answer,
                                 struct amqpext_error *error)
{
    struct text body = {NULL, 0, 0, false};
    struct amqpext_table *headers = NULL;
    const char *content_type = NULL;
    enum amqpext_status status = amqpext_table_new(&headers, error);

    if (status == AMQPEXT_OK)
        status = write_answer(server, request, answer, &body, &content_type, headers, error);
    if (status == AMQPEXT_OK)
        status = publish(server, request, &body, content_type, headers, error);
    amqpext_table_free(headers);
    text_free(&body);
    return status;
}

/* What cannot be sent is the fault of the payload first, and answered as an error. */
static enum amqpext_verdict send_answer(struct amqpext_rpc_server *server,
                                        struct amqpext_delivery *request, struct answer *answer)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum amqpext_status status = reply(server, request, answer, &error);

    if (status == AMQPEXT_EENCODE || status == AMQPEXT_ETOOLARGE) {
        answer->error = error;
        memset(&error, 0, sizeof(error));
        status = reply(server, request, answer, &error);
    }
    if (status == AMQPEXT_OK)
        return AMQPEXT_DEFER;
    amqpext_delivery_set_reason(request, "the reply could not be sent: %s", error.message);
    amqpext__log(&server->log, AMQPEXT_LOG_WARNING, "rpc: a reply could not be sent: %s",
                 error.message);
    return AMQPEXT_RETRY;
}

static void carry_out(struct amqpext_rpc_server *server, struct amqpext_delivery *request,
                      struct answer *answer)
{
    enum amqpext_status status =
        amqpext__serializer_decode(serializer_of(server, request), request->content->body,
                                   request->content->body_size, &request->payload, &answer->error);

    if (status == AMQPEXT_OK)
        status = server->handler(server->data, request, &answer->payload, &answer->error);
    if (status == AMQPEXT_OK)
        memset(&answer->error, 0, sizeof(answer->error));
    else
        answer->error.status = status;
}

static enum amqpext_verdict process(void *data, struct amqpext_delivery *request)
{
    struct amqpext_rpc_server *server = data;
    struct answer answer = {.payload = NULL};
    enum amqpext_verdict verdict = AMQPEXT_ACK;

    if (time_left_ms(request) == 0) {
        amqpext__log(&server->log, AMQPEXT_LOG_INFO, "rpc: a request came too late");
        return AMQPEXT_ACK;
    }
    carry_out(server, request, &answer);
    if (answer.payload == NULL)
        answer.payload = json_null();
    if (request->content->properties.reply_to != NULL)
        verdict = send_answer(server, request, &answer);
    json_decref(answer.payload);
    return verdict;
}

/* Something with that content type which decodes nothing. */
static const struct amqpext_serializer *blind(struct arena *arena,
                                              const struct amqpext_serializer *serializer)
{
    struct amqpext_serializer *copy = arena_copy(arena, serializer, sizeof(*serializer));

    if (copy == NULL)
        return NULL;
    copy->content_type = arena_string(arena, serializer->content_type);
    copy->decode = NULL;
    return copy->content_type == NULL ? NULL : copy;
}

/* Keeps the program's decoders, and gives the consumer blind ones for every type they know. */
static enum amqpext_status take_decoders(struct amqpext_rpc_server *server,
                                         struct amqpext_consumer_options *options,
                                         struct amqpext_error *error)
{
    const struct amqpext_serializer *const own[] = {
        amqpext_serializer_find("json"), amqpext_serializer_find("msgpack"), server->serializer};
    const size_t n = options->n_decoders, n_own = sizeof(own) / sizeof(own[0]);
    const struct amqpext_serializer **blinds =
        arena_zeroed(&server->arena, n + n_own, sizeof(*blinds));
    size_t i;

    server->decoders = arena_zeroed(&server->arena, n + 1, sizeof(*server->decoders));
    if (server->decoders == NULL || blinds == NULL)
        return amqpext__fail_memory(error);
    for (i = 0; i < n + n_own; i++) {
        const struct amqpext_serializer *seeing = i < n ? options->decoders[i] : own[i - n];

        if (amqpext__serializer_check(seeing, error) != AMQPEXT_OK)
            return AMQPEXT_EINVALID;
        blinds[i] = blind(&server->arena, seeing);
        if (blinds[i] == NULL)
            return amqpext__fail_memory(error);
        if (i < n)
            server->decoders[i] = seeing;
    }
    server->n_decoders = n;
    options->decoders = blinds;
    options->n_decoders = n + n_own;
    options->serializer = "raw";
    options->custom_serializer = NULL;
    return AMQPEXT_OK;
}

static enum amqpext_status make_producer(struct amqpext_rpc_server *server,
                                         const struct amqpext_consumer_options *consumer,
                                         struct amqpext_error *error)
{
    struct amqpext_connection_options connection = AMQPEXT_CONNECTION_OPTIONS_INIT;
    const struct amqpext_producer_options options = {
        .size = sizeof(options),
        .url = consumer->url,
        .connection = &connection,
        .serializer = "raw",
        .max_messages = REPLIES_MAX,
        .max_bytes = SIZE_MAX / 4,
        .when_full = AMQPEXT_WHEN_FULL_FAIL,
        .callbacks = AMQPEXT_CALLBACKS_IO_THREAD,
    };
    const enum amqpext_status status = amqpext__options_copy(
        &connection, sizeof(connection), consumer->connection, "connection options", error);

    if (status != AMQPEXT_OK)
        return status;
    /* The program knows one connection, the consumer's. */
    connection.state = NULL;
    server->log = log_only(&connection);
    return amqpext_producer_new(&options, &server->producer, error);
}

static enum amqpext_status make(struct amqpext_rpc_server *server,
                                struct amqpext_consumer_options *options,
                                struct amqpext_error *error)
{
    /* A caller asks again by himself, and no longer than he waits. */
    const struct amqpext_retry_options no_retry = {
        .size = sizeof(no_retry), .max_attempts = 1, .no_dead_letter_queue = true};
    enum amqpext_status status = amqpext__serializer_resolve(
        options->serializer, options->custom_serializer, &server->serializer, error);

    if (status == AMQPEXT_OK)
        status = take_decoders(server, options, error);
    if (status == AMQPEXT_OK)
        status = make_producer(server, options, error);
    if (options->retry == NULL)
        options->retry = &no_retry;
    options->process_request = process;
    options->data = server;
    if (status == AMQPEXT_OK)
        status = amqpext_consumer_new(options, &server->consumer, error);
    return status;
}

enum amqpext_status amqpext_rpc_server_new(const struct amqpext_consumer_options *consumer,
                                           amqpext_rpc_handler_fn handler, void *data,
                                           struct amqpext_rpc_server **out,
                                           struct amqpext_error *error)
{
    struct amqpext_consumer_options options;
    struct amqpext_rpc_server *server;
    enum amqpext_status status =
        amqpext__options_copy(&options, sizeof(options), consumer, "consumer options", error);

    if (status != AMQPEXT_OK)
        return status;
    if (handler == NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID, "rpc: the handler is missing");
    server = calloc(1, sizeof(*server));
    if (server == NULL)
        return amqpext__fail_memory(error);
    server->handler = handler;
    server->data = data;
    status = make(server, &options, error);
    if (status == AMQPEXT_OK)
        *out = server;
    else
        amqpext_rpc_server_free(server);
    return status;
}

struct amqpext_consumer *amqpext_rpc_server_consumer(struct amqpext_rpc_server *server)
{
    return server->consumer;
}

void amqpext_rpc_server_free(struct amqpext_rpc_server *server)
{
    if (server == NULL)
        return;
    /* First no more requests, then the replies, which have a hold on requests, then those. */
    if (server->consumer != NULL)
        (void)amqpext_consumer_stop(server->consumer, 0, NULL);
    amqpext_producer_free(server->producer);
    amqpext_consumer_free(server->consumer);
    arena_free(&server->arena);
    free(server);
}
