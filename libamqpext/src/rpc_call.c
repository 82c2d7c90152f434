/*
 * Call: making the request: properties, headers, frames.
 */
#include "rpc_call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "error.h"
#include "link.h"
#include "options.h"
#include "properties.h"
#include "table.h"
#include "trace.h"
#include "wait.h"

/* A queue that no client can declare: replies to it go to whoever asked (RabbitMQ). */
#define REPLY_TO "amq.rabbitmq.reply-to"

enum { NUMBER_SIZE = 21 };

/* Written backwards; returns where it begins. */
static const char *write_number(uint64_t number, char out[NUMBER_SIZE])
{
    char *start = out + NUMBER_SIZE - 1;

    for (*start = '\0'; number != 0; number /= 10)
        *--start = (char)('0' + number % 10);
    return start;
}

uint64_t amqpext__rpc_number(const char *correlation_id)
{
    uint64_t number = 0;
    const char *c = correlation_id;

    if (c == NULL || *c < '1' || *c > '9')
        return 0;
    for (; *c >= '0' && *c <= '9'; c++) {
        if (number > (UINT64_MAX - 9) / 10)
            return 0;
        number = number * 10 + (uint64_t)(*c - '0');
    }
    return *c == '\0' ? number : 0;
}

static int64_t deadline_ms(unsigned timeout_ms)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + (int64_t)timeout_ms;
}

static enum amqpext_status fill_headers(const struct rpc_draft *draft,
                                        const struct amqpext_table *given,
                                        struct amqpext_table *headers, struct amqpext_error *error)
{
    enum amqpext_status status = amqpext__table_merge(headers, given, error);

    if (status == AMQPEXT_OK && draft->options->parent != NULL)
        status = amqpext__trace_pass(draft->options->parent, headers, error);
    if (status == AMQPEXT_OK)
        status = amqpext_table_set_integer(headers, HEADER_DEADLINE,
                                           deadline_ms(draft->options->timeout_ms), error);
    return status;
}

static enum amqpext_status frame(const struct rpc_draft *draft, const struct publish *publish,
                                 struct rpc_request **out, struct amqpext_error *error)
{
    const size_t size = amqpext__publish_size(publish, draft->frame_max);
    struct rpc_request *request;

    if (size == 0)
        return amqpext__fail(error, AMQPEXT_ETOOLARGE,
                             "the headers of a call do not fit into a frame");
    request = calloc(1, sizeof(*request));
    if (request == NULL)
        return amqpext__fail_memory(error);
    request->frames = malloc(size);
    if (request->frames == NULL) {
        free(request);
        return amqpext__fail_memory(error);
    }
    request->frame_max = draft->frame_max;
    request->size =
        amqpext__publish_write(request->frames, size, LINK_CHANNEL, publish, draft->frame_max);
    *out = request;
    return AMQPEXT_OK;
}

/* A request outlives its caller's patience in no queue, so that it need not survive a restart. */
static enum amqpext_status make_request(const struct rpc_draft *draft,
                                        struct amqpext_table *headers, struct rpc_request **out,
                                        struct amqpext_error *error)
{
    char number[NUMBER_SIZE];
    struct amqpext_properties properties;
    const struct publish publish = {.exchange = draft->exchange,
                                    .routing_key = draft->routing_key,
                                    .mandatory = true,
                                    .properties = &properties,
                                    .body = draft->body,
                                    .body_size = draft->body_size};
    enum amqpext_status status = amqpext__options_copy(
        &properties, sizeof(properties), draft->options->properties, "properties", error);

    if (status == AMQPEXT_OK)
        status = fill_headers(draft, properties.headers, headers, error);
    if (status != AMQPEXT_OK)
        return status;
    properties.headers = headers;
    properties.correlation_id = write_number(draft->number, number);
    properties.reply_to = REPLY_TO;
    properties.expiration_ms = draft->options->timeout_ms;
    if (properties.delivery_mode == AMQPEXT_DELIVERY_DEFAULT)
        properties.delivery_mode = AMQPEXT_TRANSIENT;
    if (properties.content_type == NULL)
        properties.content_type = draft->content_type;
    status = amqpext__properties_check(&properties, error);
    return status == AMQPEXT_OK ? frame(draft, &publish, out, error) : status;
}

static enum amqpext_status new_request(const struct rpc_draft *draft, struct rpc_request **out,
                                       struct amqpext_error *error)
{
    struct amqpext_table *headers = NULL;
    enum amqpext_status status;

    if (strlen(draft->routing_key) > SHORT_TEXT_MAX)
        return amqpext__fail(error, AMQPEXT_EINVALID, "the routing key has more than %d bytes",
                             SHORT_TEXT_MAX);
    status = amqpext_table_new(&headers, error);
    if (status == AMQPEXT_OK)
        status = make_request(draft, headers, out, error);
    amqpext_table_free(headers);
    return status;
}

enum amqpext_status amqpext__rpc_call_new(const struct rpc_draft *draft, struct rpc_call **out,
                                          struct amqpext_error *error)
{
    struct rpc_call *call = calloc(1, sizeof(*call));
    enum amqpext_status status;
    int failure;

    if (call == NULL)
        return amqpext__fail_memory(error);
    failure = condition_init(&call->over);
    if (failure != 0) {
        free(call);
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "a call");
    }
    status = new_request(draft, &call->request, error);
    if (status != AMQPEXT_OK) {
        amqpext__rpc_call_free(call);
        return status;
    }
    call->request->call = call;
    call->number = draft->number;
    call->timeout_ms = draft->options->timeout_ms;
    call->begun_us = monotonic_us();
    call->deadline_us = call->begun_us + (uint64_t)call->timeout_ms * 1000;
    *out = call;
    return AMQPEXT_OK;
}

void amqpext__rpc_request_free(struct rpc_request *request)
{
    if (request == NULL)
        return;
    free(request->frames);
    free(request);
}

void amqpext__rpc_call_free(struct rpc_call *call)
{
    if (call == NULL)
        return;
    amqpext__rpc_request_free(call->request);
    if (call->content != NULL)
        amqpext__content_free(call->content);
    pthread_cond_destroy(&call->over);
    free(call);
}
