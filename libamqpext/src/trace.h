/*
 * Trace headers of W3C Trace Context and Baggage, passed from a received message to those that are
 * published while it is handled.
 */
#ifndef AMQPEXT_SRC_TRACE_H
#define AMQPEXT_SRC_TRACE_H

#include <stdbool.h>

#include <amqpext/delivery.h>
#include <amqpext/table.h>

/* Whether `parent` (NULL allowed) has a trace header that `headers` (NULL allowed) lacks. */
bool amqpext__trace_has_more(const struct amqpext_delivery *parent,
                             const struct amqpext_table *headers);

/*
 * Sets what `headers` lacks of the trace headers of `parent`; tracestate belongs to its
 * traceparent and is not passed without it.
 */
enum amqpext_status amqpext__trace_pass(const struct amqpext_delivery *parent,
                                        struct amqpext_table *headers, struct amqpext_error *error);

#endif
