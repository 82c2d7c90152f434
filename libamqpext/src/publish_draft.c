/*
 * Draft: what a message will be, from what the caller said and what he did not say.
 *
 * Order: begin; set the body; end, also after a failure.
 * Invariant: the strings of a draft fit onto the wire.
 */
#include "publish_draft.h"

#include <string.h>

#include "error.h"
#include "options.h"
#include "producer.h"
#include "properties.h"
#include "table.h"
#include "trace.h"

_Static_assert(offsetof(struct amqpext_publish_options, data) + sizeof(void *) ==
                   sizeof(struct amqpext_publish_options),
               "there is no hole at the end of struct amqpext_publish_options");

static enum amqpext_status check_name(const char *name, const char *what,
                                      struct amqpext_error *error)
{
    if (strlen(name) <= SHORT_TEXT_MAX)
        return AMQPEXT_OK;
    return amqpext__fail(error, AMQPEXT_EINVALID, "%s has more than %d bytes", what,
                         SHORT_TEXT_MAX);
}

static enum amqpext_status check(const struct publish_draft *draft, struct amqpext_error *error)
{
    enum amqpext_status status = check_name(draft->publish.exchange, "the exchange", error);

    if (status == AMQPEXT_OK)
        status = check_name(draft->publish.routing_key, "the routing key", error);
    if (status == AMQPEXT_OK)
        status = amqpext__properties_check(&draft->properties, error);
    return status;
}

/* A table of the draft's own, where a trace header of the parent is missing in the caller's. */
static enum amqpext_status pass_trace(struct publish_draft *draft, struct amqpext_error *error)
{
    const struct amqpext_delivery *parent = draft->options.parent;
    enum amqpext_status status;

    if (!amqpext__trace_has_more(parent, draft->properties.headers))
        return AMQPEXT_OK;
    status = amqpext_table_new(&draft->headers, error);
    if (status == AMQPEXT_OK)
        status = amqpext__table_merge(draft->headers, draft->properties.headers, error);
    if (status == AMQPEXT_OK)
        status = amqpext__trace_pass(parent, draft->headers, error);
    draft->properties.headers = draft->headers;
    return status;
}

static void fill_defaults(struct publish_draft *draft, struct message_ids *ids,
                          const char *content_type)
{
    struct amqpext_properties *properties = &draft->properties;

    if (properties->delivery_mode == AMQPEXT_DELIVERY_DEFAULT)
        properties->delivery_mode = AMQPEXT_PERSISTENT;
    if (properties->content_type == NULL)
        properties->content_type = content_type;
    if (properties->message_id == NULL) {
        amqpext__message_ids_next(ids, draft->id);
        properties->message_id = draft->id;
    }
}

enum amqpext_status amqpext__draft_begin(struct publish_draft *draft,
                                         struct amqpext_producer *producer, const char *routing_key,
                                         const char *content_type,
                                         const struct amqpext_publish_options *options,
                                         struct amqpext_error *error)
{
    struct publish *publish = &draft->publish;
    enum amqpext_status status;

    draft->headers = NULL;
    status = amqpext__options_copy(&draft->options, sizeof(draft->options), options,
                                   "publish options", error);
    if (status == AMQPEXT_OK)
        status = amqpext__options_copy(&draft->properties, sizeof(draft->properties),
                                       draft->options.properties, "properties", error);
    if (status != AMQPEXT_OK)
        return status;
    if (draft->options.immediate)
        return amqpext__fail(error, AMQPEXT_EINVALID,
                             "'immediate' is unknown to brokers since RabbitMQ 3.0");
    fill_defaults(draft, &producer->ids, content_type);
    publish->exchange =
        draft->options.exchange != NULL ? draft->options.exchange : producer->exchange.name;
    publish->routing_key = routing_key != NULL ? routing_key : producer->routing_key;
    publish->mandatory = draft->options.mandatory;
    publish->properties = &draft->properties;
    status = check(draft, error);
    if (status == AMQPEXT_OK && draft->options.parent != NULL)
        status = pass_trace(draft, error);
    return status;
}

void amqpext__draft_end(struct publish_draft *draft)
{
    if (draft->headers != NULL)
        amqpext_table_free(draft->headers);
}
