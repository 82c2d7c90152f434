/*
 * Delivery: what a handler may ask of a message.
 *
 * Order: new, the accessors in any order, free.
 * Invariant: texts that are returned lie in the content or in the delivery; none is NULL.
 */
#include "delivery.h"

#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "retry.h"

static const struct amqpext_table *headers_of(const struct amqpext_delivery *delivery)
{
    return delivery->content->properties.headers;
}

/* The header that a retried message carries, else what the broker said. */
static const char *original(const struct amqpext_delivery *delivery, const char *header,
                            struct bytes received)
{
    const char *text = amqpext_table_text(headers_of(delivery), header);

    if (text != NULL)
        return text;
    /* Texts of a content end with NUL. */
    return received.data != NULL ? received.data : "";
}

enum amqpext_status amqpext__delivery_new(struct content *content, uint64_t epoch,
                                          struct amqpext_delivery **out,
                                          struct amqpext_error *error)
{
    struct amqpext_delivery *delivery = calloc(1, sizeof(*delivery));

    if (delivery == NULL) {
        amqpext__content_free(content);
        return amqpext__fail_memory(error);
    }
    atomic_init(&delivery->stage, STAGE_HANDLER);
    delivery->content = content;
    delivery->epoch = epoch;
    delivery->tag = content->method.as.deliver.delivery_tag;
    delivery->exchange = original(delivery, HEADER_EXCHANGE, content->method.as.deliver.exchange);
    delivery->routing_key =
        original(delivery, HEADER_ROUTING_KEY, content->method.as.deliver.routing_key);
    delivery->attempt = amqpext__retry_attempt(content);
    *out = delivery;
    return AMQPEXT_OK;
}

void amqpext__delivery_free(struct amqpext_delivery *delivery)
{
    if (delivery == NULL)
        return;
    json_decref(delivery->payload);
    amqpext__content_free(delivery->content);
    free(delivery);
}

const void *amqpext_delivery_body(const struct amqpext_delivery *delivery, size_t *size)
{
    *size = delivery->content->body_size;
    return delivery->content->body;
}

json_t *amqpext_delivery_payload(const struct amqpext_delivery *delivery)
{
    return delivery->payload;
}

const struct amqpext_properties *amqpext_delivery_properties(
    const struct amqpext_delivery *delivery)
{
    return &delivery->content->properties;
}

const char *amqpext_delivery_exchange(const struct amqpext_delivery *delivery)
{
    return delivery->exchange;
}

const char *amqpext_delivery_routing_key(const struct amqpext_delivery *delivery)
{
    return delivery->routing_key;
}

bool amqpext_delivery_is_redelivered(const struct amqpext_delivery *delivery)
{
    return delivery->content->method.as.deliver.is_redelivered;
}

unsigned amqpext_delivery_attempt(const struct amqpext_delivery *delivery)
{
    return delivery->attempt;
}

const char *amqpext_delivery_last_reason(const struct amqpext_delivery *delivery)
{
    const char *reason = amqpext_table_text(headers_of(delivery), HEADER_REASON);

    return reason != NULL ? reason : "";
}

void amqpext_delivery_set_reason(struct amqpext_delivery *delivery, const char *format, ...)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char reason[REASON_SIZE];
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    /* It stands in the log and in a header as errors do: one line, cut at a whole character. */
    (void)amqpext__fail(&error, AMQPEXT_EINVALID, "%s", size < 0 ? format : reason);
    memcpy(delivery->reason, error.message, sizeof(delivery->reason));
}

_Static_assert(sizeof(((struct amqpext_error *)NULL)->message) == REASON_SIZE,
               "a reason has the size of a message");

void amqpext_delivery_set_retry_delay(struct amqpext_delivery *delivery, uint64_t delay_ms)
{
    delivery->retry_delay_ms = delay_ms;
    delivery->has_retry_delay = true;
}

void amqpext_delivery_set_data(struct amqpext_delivery *delivery, void *data)
{
    delivery->data = data;
}

void *amqpext_delivery_data(const struct amqpext_delivery *delivery)
{
    return delivery->data;
}
