/*
 * Options of a consumer: checked, copied, with defaults filled in. Immutable once made.
 */
#ifndef AMQPEXT_SRC_CONSUMER_OPTIONS_H
#define AMQPEXT_SRC_CONSUMER_OPTIONS_H

#include <amqpext/consumer.h>

#include "arena.h"

struct consumer_setup {
    struct arena arena; /* all that the following point to */
    struct amqpext_consumer_options options; /* with defaults; routing keys are in `bindings` */
    struct amqpext_retry_options retry;
    struct amqpext_exchange exchange; /* name "" for none */
    struct amqpext_queue queue;
    struct amqpext_topology topology;
    struct amqpext_binding *bindings; /* of the queue to the exchange */
    size_t n_bindings;
    const struct amqpext_serializer *serializer; /* of bodies whose content type says nothing */
    unsigned max_attempts;
    /* Those of the options, and the wish to be cancelled when the queue crashes. */
    const struct amqpext_table *arguments_to_be_cancelled;
};

/* A setup that it could not make is empty, and can be freed. */
enum amqpext_status amqpext__consumer_setup(const struct amqpext_consumer_options *options,
                                            struct consumer_setup *out,
                                            struct amqpext_error *error);
void amqpext__consumer_setup_free(struct consumer_setup *setup);

#endif
