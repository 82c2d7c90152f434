/*
 * Draft: a message about to be published: the caller's options and properties, merged with the
 * producer's defaults and checked. Borrows everything; lives on the stack.
 */
#ifndef AMQPEXT_SRC_PUBLISH_DRAFT_H
#define AMQPEXT_SRC_PUBLISH_DRAFT_H

#include <amqpext/properties.h>
#include <amqpext/publish.h>

#include "protocol/send.h"

struct publish_draft {
    struct publish publish;
    struct amqpext_publish_options options;
    struct amqpext_properties properties;
    struct amqpext_table *headers; /* the draft's own, with trace headers; or NULL */
    char id[AMQPEXT_MESSAGE_ID_SIZE];
};

/*
 * All but the body. `routing_key` may be NULL, `content_type` is that of messages without one.
 * Errors: AMQPEXT_EINVALID, AMQPEXT_ENOMEM.
 */
enum amqpext_status amqpext__draft_begin(struct publish_draft *draft,
                                         struct amqpext_producer *producer, const char *routing_key,
                                         const char *content_type,
                                         const struct amqpext_publish_options *options,
                                         struct amqpext_error *error);
void amqpext__draft_end(struct publish_draft *draft);

#endif
