/*
 * Deliveries made by hand, for the tests of programs: the real ones, with a content that nobody has
 * sent and no consumer.
 *
 * Invariant: content, properties and texts lie in one arena, which the delivery takes over.
 */
#include <amqpext/testing.h>

#include "delivery.h"
#include "error.h"
#include "options.h"
#include "serializer.h"
#include "table.h"

static bool copy_text(struct arena *arena, const char **text)
{
    *text = arena_string(arena, *text);
    return *text != NULL;
}

static bool copy_optional(struct arena *arena, const char **text)
{
    return *text == NULL || copy_text(arena, text);
}

static bool copy_properties(struct arena *arena, struct amqpext_properties *properties)
{
    const char **texts[] = {&properties->content_type,   &properties->content_encoding,
                            &properties->correlation_id, &properties->reply_to,
                            &properties->message_id,     &properties->type,
                            &properties->user_id,        &properties->app_id};
    const struct amqpext_table *headers = properties->headers;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!copy_optional(arena, texts[i]))
            return false;
    }
    properties->headers = amqpext__table_copy(arena, headers);
    return headers == NULL || properties->headers != NULL;
}

static bool copy_names(struct arena *arena, const struct amqpext_test_delivery_options *options,
                       struct method *method)
{
    const char *exchange = options->exchange != NULL ? options->exchange : "";
    const char *routing_key = options->routing_key != NULL ? options->routing_key : "";

    if (!copy_text(arena, &exchange) || !copy_text(arena, &routing_key))
        return false;
    method->kind = METHOD_BASIC_DELIVER;
    method->as.deliver.delivery_tag = 1;
    method->as.deliver.is_redelivered = options->is_redelivered;
    method->as.deliver.consumer_tag = bytes_of("");
    method->as.deliver.exchange = bytes_of(exchange);
    method->as.deliver.routing_key = bytes_of(routing_key);
    return true;
}

static enum amqpext_status make_content(const struct amqpext_test_delivery_options *options,
                                        struct content **out, struct amqpext_error *error)
{
    struct arena arena = {NULL, 0};
    struct content *content = arena_zeroed(&arena, 1, sizeof(*content));
    enum amqpext_status status;

    if (content == NULL)
        return amqpext__fail_memory(error);
    status = amqpext__options_copy(&content->properties, sizeof(content->properties),
                                   options->properties, "properties", error);
    if (status == AMQPEXT_OK) {
        content->body = arena_copy(&arena, options->body, options->body_size);
        content->body_size = options->body_size;
        if (content->body == NULL || !copy_properties(&arena, &content->properties) ||
            !copy_names(&arena, options, &content->method))
            status = amqpext__fail_memory(error);
    }
    content->arena = arena;
    if (status != AMQPEXT_OK)
        amqpext__content_free(content);
    else
        *out = content;
    return status;
}

static enum amqpext_status decode(struct amqpext_delivery *delivery, const char *name,
                                  struct amqpext_error *error)
{
    const struct amqpext_serializer *serializer;
    enum amqpext_status status = amqpext__serializer_resolve(name, NULL, &serializer, error);

    if (status != AMQPEXT_OK)
        return status;
    return amqpext__serializer_decode(serializer, delivery->content->body,
                                      delivery->content->body_size, &delivery->payload, error);
}

enum amqpext_status amqpext_test_delivery_new(const struct amqpext_test_delivery_options *options,
                                              struct amqpext_delivery **out,
                                              struct amqpext_error *error)
{
    struct amqpext_test_delivery_options given;
    struct amqpext_delivery *delivery = NULL;
    struct content *content = NULL;
    enum amqpext_status status =
        amqpext__options_copy(&given, sizeof(given), options, "test delivery options", error);

    if (status == AMQPEXT_OK)
        status = make_content(&given, &content, error);
    if (status == AMQPEXT_OK)
        status = amqpext__delivery_new(content, 0, &delivery, error);
    if (status == AMQPEXT_OK)
        status = decode(delivery, given.serializer, error);
    if (status != AMQPEXT_OK) {
        amqpext__delivery_free(delivery);
        return status;
    }
    if (given.attempt != 0)
        delivery->attempt = given.attempt;
    *out = delivery;
    return AMQPEXT_OK;
}

enum amqpext_verdict amqpext_test_delivery_verdict(const struct amqpext_delivery *delivery)
{
    const int stage = atomic_load(&delivery->stage);

    return (enum amqpext_verdict)(stage >= AMQPEXT_ACK && stage <= AMQPEXT_REQUEUE ? stage : 0);
}

const char *amqpext_test_delivery_reason(const struct amqpext_delivery *delivery)
{
    return delivery->reason;
}

void amqpext_test_delivery_free(struct amqpext_delivery *delivery)
{
    amqpext__delivery_free(delivery);
}
