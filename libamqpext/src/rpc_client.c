/*
 * RPC client: its life, and calls as programs make them.
 *
 * Order: new; connect, calls in any order; free, while no other thread uses it.
 * Invariant: after is_closing nothing is added; `pending` counts the calls that were accepted and
 * not told, and free waits for it to be zero.
 */
#include "rpc_client.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "options.h"
#include "properties.h"
#include "serializer.h"
#include "wait.h"

enum {
    TIMEOUT_MS = 10000, /* where neither the call nor the options name one */
    MAX_PENDING = 1000, /* where the options name none */
    BUCKETS_MAX = 65536 /* more calls than that share them */
};

_Static_assert(sizeof(struct amqpext_rpc_call_options) ==
                   offsetof(struct amqpext_rpc_call_options, parent) + sizeof(void *),
               "there is no hole at the end of struct amqpext_rpc_call_options");

static size_t buckets_for(unsigned max_pending)
{
    size_t n = 16;

    while (n < max_pending && n < BUCKETS_MAX)
        n *= 2;
    return n;
}

static enum amqpext_status configure(struct amqpext_rpc_client *client,
                                     const struct amqpext_rpc_client_options *options,
                                     struct amqpext_error *error)
{
    const char *exchange = options->exchange != NULL ? options->exchange : "";

    if ((unsigned)options->callbacks > AMQPEXT_CALLBACKS_DISPATCH)
        return amqpext__fail(error, AMQPEXT_EINVALID, "rpc: callbacks is none of its values");
    if (strlen(exchange) > SHORT_TEXT_MAX)
        return amqpext__fail(error, AMQPEXT_EINVALID, "rpc: the exchange has more than %d bytes",
                             SHORT_TEXT_MAX);
    client->exchange = arena_string(&client->arena, exchange);
    client->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_MS;
    client->max_pending = options->max_pending != 0 ? options->max_pending : MAX_PENDING;
    client->callbacks = options->callbacks != AMQPEXT_CALLBACKS_DEFAULT
                            ? options->callbacks
                            : AMQPEXT_CALLBACKS_IO_THREAD;
    client->n_buckets = buckets_for(client->max_pending);
    client->buckets = calloc(client->n_buckets, sizeof(struct rpc_call *));
    client->due_us = NEVER;
    if (client->exchange == NULL || client->buckets == NULL)
        return amqpext__fail_memory(error);
    return amqpext__serializer_resolve(options->serializer, options->custom_serializer,
                                       &client->serializer, error);
}

static enum amqpext_status make_parts(struct amqpext_rpc_client *client,
                                      const struct amqpext_rpc_client_options *options,
                                      struct amqpext_error *error)
{
    struct endpoint endpoint;
    enum amqpext_status status = configure(client, options, error);

    if (status == AMQPEXT_OK)
        status = amqpext__jobs_new(client->callbacks, 1, &client->jobs, error);
    if (status == AMQPEXT_OK)
        status = amqpext__endpoint_make(options->url, options->connection, &endpoint, error);
    if (status == AMQPEXT_OK)
        status = amqpext__link_new(&endpoint, &amqpext__rpc_owner, client, &client->link, error);
    if (status == AMQPEXT_OK) {
        status = amqpext__state_init(&client->teller, amqpext__link_endpoint(client->link),
                                     client->callbacks == AMQPEXT_CALLBACKS_DISPATCH, error);
        client->has_teller = status == AMQPEXT_OK;
    }
    return status;
}

static void unmake(struct amqpext_rpc_client *client)
{
    if (client->link != NULL)
        amqpext__link_free(client->link);
    amqpext__jobs_free(client->jobs);
    if (client->has_teller)
        amqpext__state_end(&client->teller);
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->lock);
    free(client->buckets);
    arena_free(&client->arena);
    free(client);
}

static struct amqpext_rpc_client *allocate(struct amqpext_error *error)
{
    struct amqpext_rpc_client *client = calloc(1, sizeof(*client));
    int failure;

    if (client == NULL) {
        amqpext__fail_memory(error);
        return NULL;
    }
    failure = pthread_mutex_init(&client->lock, NULL);
    if (failure == 0) {
        failure = condition_init(&client->idle);
        if (failure == 0)
            return client;
        pthread_mutex_destroy(&client->lock);
    }
    free(client);
    amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "rpc");
    return NULL;
}

enum amqpext_status amqpext_rpc_client_new(const struct amqpext_rpc_client_options *options,
                                           struct amqpext_rpc_client **out,
                                           struct amqpext_error *error)
{
    struct amqpext_rpc_client_options copy;
    struct amqpext_error own = AMQPEXT_ERROR_INIT;
    struct amqpext_rpc_client *client;
    enum amqpext_status status =
        amqpext__options_copy(&copy, sizeof(copy), options, "rpc client options", error);

    if (status != AMQPEXT_OK)
        return status;
    client = allocate(&own);
    if (client == NULL)
        return amqpext__fail_copy(error, &own);
    status = make_parts(client, &copy, error);
    if (status == AMQPEXT_OK)
        *out = client;
    else
        unmake(client);
    return status;
}

static bool is_inside(const struct amqpext_rpc_client *client)
{
    return amqpext__link_is_own_thread(client->link) || amqpext__jobs_is_inside(client->jobs);
}

static enum amqpext_status fail_inside(struct amqpext_error *error)
{
    return amqpext__fail(error, AMQPEXT_ESTATE, "not from a callback of the client");
}

static enum amqpext_status start(struct amqpext_rpc_client *client, struct amqpext_error *error)
{
    enum amqpext_status status = AMQPEXT_OK;

    pthread_mutex_lock(&client->lock);
    if (client->is_closing)
        status = amqpext__fail(error, AMQPEXT_ECLOSED, "the client is closing");
    if (status == AMQPEXT_OK && !amqpext__link_is_started(client->link)) {
        status = amqpext__jobs_start(client->jobs, error);
        if (status == AMQPEXT_OK)
            status = amqpext__link_start(client->link, error);
    }
    pthread_mutex_unlock(&client->lock);
    return status;
}

enum amqpext_status amqpext_rpc_client_connect(struct amqpext_rpc_client *client,
                                               unsigned timeout_ms, struct amqpext_error *error)
{
    enum amqpext_status status;

    if (is_inside(client))
        return fail_inside(error);
    status = start(client, error);
    if (status == AMQPEXT_OK)
        status = amqpext__link_wait_ready(client->link, timeout_ms, error);
    return status;
}

/* Of a request to be: the body, and what it is if the options do not say. */
struct body {
    const void *data;
    size_t size;
    const char *content_type;
};

static enum amqpext_status new_call(struct amqpext_rpc_client *client, const char *routing_key,
                                    const struct body *body,
                                    const struct amqpext_rpc_call_options *options,
                                    struct rpc_call **out, struct amqpext_error *error)
{
    const struct endpoint *endpoint = amqpext__link_endpoint(client->link);
    struct amqpext_rpc_call_options copy;
    const struct rpc_draft draft = {.exchange = client->exchange,
                                    .routing_key = routing_key != NULL ? routing_key : "",
                                    .body = body->data,
                                    .body_size = body->size,
                                    .content_type = body->content_type,
                                    .options = &copy,
                                    .number = atomic_fetch_add(&client->last_number, 1) + 1,
                                    .frame_max = endpoint->frame_max};
    const enum amqpext_status status =
        amqpext__options_copy(&copy, sizeof(copy), options, "rpc call options", error);

    if (status != AMQPEXT_OK)
        return status;
    if (copy.timeout_ms == 0)
        copy.timeout_ms = client->timeout_ms;
    if (body->size > endpoint->max_message_bytes)
        return amqpext__fail(error, AMQPEXT_ETOOLARGE, "the body has %zu bytes, %zu are allowed",
                             body->size, endpoint->max_message_bytes);
    return amqpext__rpc_call_new(&draft, out, error);
}

/* The call is the I/O thread's then. */
static enum amqpext_status add(struct amqpext_rpc_client *client, struct rpc_call *call,
                               struct amqpext_error *error)
{
    enum amqpext_status status = start(client, error);

    if (status != AMQPEXT_OK)
        return status;
    pthread_mutex_lock(&client->lock);
    if (client->is_closing) {
        status = amqpext__fail(error, AMQPEXT_ECLOSED, "the client is closing");
    } else if (client->figures.pending >= client->max_pending) {
        status = amqpext__fail(error, AMQPEXT_ELIMIT, "%u calls are under way already",
                               client->max_pending);
    } else {
        client->figures.pending++;
        client->figures.calls++;
        call->next = NULL;
        if (client->incoming_last == NULL)
            client->incoming_first = call;
        else
            client->incoming_last->next = call;
        client->incoming_last = call;
    }
    pthread_mutex_unlock(&client->lock);
    if (status == AMQPEXT_OK)
        amqpext__link_wake(client->link);
    return status;
}

static enum amqpext_status send_body(struct amqpext_rpc_client *client, const char *routing_key,
                                     const struct body *body,
                                     const struct amqpext_rpc_call_options *options,
                                     amqpext_rpc_reply_fn done, void *data,
                                     struct amqpext_error *error)
{
    struct rpc_call *call = NULL;
    enum amqpext_status status = new_call(client, routing_key, body, options, &call, error);

    if (status != AMQPEXT_OK)
        return status;
    call->client = client;
    call->job.run = amqpext__rpc_tell;
    call->done = done;
    call->data = data;
    status = add(client, call, error);
    if (status != AMQPEXT_OK)
        amqpext__rpc_call_free(call);
    return status;
}

enum amqpext_status amqpext_rpc_send_bytes(struct amqpext_rpc_client *client,
                                           const char *routing_key, const void *body,
                                           size_t body_size,
                                           const struct amqpext_rpc_call_options *options,
                                           amqpext_rpc_reply_fn done, void *data,
                                           struct amqpext_error *error)
{
    const struct body ready = {body, body_size, NULL};

    return send_body(client, routing_key, &ready, options, done, data, error);
}

enum amqpext_status amqpext_rpc_send(struct amqpext_rpc_client *client, const char *routing_key,
                                     const json_t *request,
                                     const struct amqpext_rpc_call_options *options,
                                     amqpext_rpc_reply_fn done, void *data,
                                     struct amqpext_error *error)
{
    struct text text = {NULL, 0, 0, false};
    enum amqpext_status status =
        amqpext__serializer_encode(client->serializer, request, &text, error);

    if (status == AMQPEXT_OK) {
        const struct body body = {text.data, text.size, client->serializer->content_type};

        status = send_body(client, routing_key, &body, options, done, data, error);
    }
    text_free(&text);
    return status;
}

/* Waits for the outcome, which the I/O thread brings in time. */
static enum amqpext_status wait_for(struct amqpext_rpc_client *client, struct rpc_call *call,
                                    json_t **reply, struct amqpext_error *error)
{
    enum amqpext_status status;
    json_t *payload = NULL;

    pthread_mutex_lock(&client->lock);
    while (!call->is_over)
        condition_wait(&call->over, &client->lock, NEVER);
    pthread_mutex_unlock(&client->lock);
    amqpext__rpc_read_reply(client, call, &payload);
    status = call->error.status;
    if (status == AMQPEXT_OK)
        *reply = payload;
    else
        (void)amqpext__fail_copy(error, &call->error);
    amqpext__rpc_call_end(call);
    return status;
}

enum amqpext_status amqpext_rpc_call(struct amqpext_rpc_client *client, const char *routing_key,
                                     const json_t *request,
                                     const struct amqpext_rpc_call_options *options, json_t **reply,
                                     struct amqpext_error *error)
{
    struct text text = {NULL, 0, 0, false};
    struct rpc_call *call = NULL;
    enum amqpext_status status;

    if (is_inside(client))
        return fail_inside(error);
    status = amqpext__serializer_encode(client->serializer, request, &text, error);
    if (status == AMQPEXT_OK) {
        const struct body body = {text.data, text.size, client->serializer->content_type};

        status = new_call(client, routing_key, &body, options, &call, error);
    }
    text_free(&text);
    if (status != AMQPEXT_OK)
        return status;
    call->client = client;
    call->is_waited_for = true;
    status = add(client, call, error);
    if (status == AMQPEXT_OK)
        return wait_for(client, call, reply, error);
    amqpext__rpc_call_free(call);
    return status;
}

int amqpext_rpc_client_fd(const struct amqpext_rpc_client *client)
{
    return amqpext__jobs_fd(client->jobs);
}

void amqpext_rpc_client_dispatch(struct amqpext_rpc_client *client)
{
    if (client->callbacks != AMQPEXT_CALLBACKS_DISPATCH)
        return;
    amqpext__state_and_jobs_dispatch(&client->teller, client->jobs);
}

void amqpext_rpc_client_stats(const struct amqpext_rpc_client *client,
                              struct amqpext_rpc_stats *out)
{
    struct amqpext_rpc_stats figures;
    /* Of what is only read: its lock is no part of what it says. */
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&client->lock;

    pthread_mutex_lock(lock);
    figures = client->figures;
    pthread_mutex_unlock(lock);
    amqpext__link_stats(client->link, &figures.connection);
    amqpext__figures_copy(out, &figures, sizeof(figures));
}

void amqpext_rpc_client_free(struct amqpext_rpc_client *client)
{
    if (client == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    client->is_closing = true;
    pthread_mutex_unlock(&client->lock);
    amqpext__link_wake(client->link);
    amqpext__link_join(client->link);
    amqpext__jobs_stop(client->jobs);
    /* Threads that waited for a reply have it, and need a moment to be out. */
    pthread_mutex_lock(&client->lock);
    while (client->figures.pending != 0)
        condition_wait(&client->idle, &client->lock, NEVER);
    pthread_mutex_unlock(&client->lock);
    if (client->callbacks == AMQPEXT_CALLBACKS_DISPATCH)
        amqpext__state_dispatch(&client->teller, client->jobs);
    unmake(client);
}
