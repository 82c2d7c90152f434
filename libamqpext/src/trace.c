/*
 * Trace headers, copied from one message to another as they are.
 *
 * Invariant: a header that the message has already is never replaced, and the state of one trace
 * never joins the parent of another.
 */
#include "trace.h"

#define TRACE_PARENT "traceparent"
#define TRACE_STATE "tracestate"
#define BAGGAGE "baggage"

static const struct amqpext_table *headers_of(const struct amqpext_delivery *parent)
{
    return parent == NULL ? NULL : amqpext_delivery_properties(parent)->headers;
}

/* The value to pass on under that name, or NULL. */
static const struct amqpext_value *missing(const struct amqpext_table *from,
                                           const struct amqpext_table *headers, const char *name)
{
    return amqpext_table_get(headers, name) != NULL ? NULL : amqpext_table_get(from, name);
}

static const struct amqpext_value *missing_state(const struct amqpext_table *from,
                                                 const struct amqpext_table *headers)
{
    return missing(from, headers, TRACE_PARENT) == NULL ? NULL
                                                        : missing(from, headers, TRACE_STATE);
}

bool amqpext__trace_has_more(const struct amqpext_delivery *parent,
                             const struct amqpext_table *headers)
{
    const struct amqpext_table *from = headers_of(parent);

    return missing(from, headers, TRACE_PARENT) != NULL || missing(from, headers, BAGGAGE) != NULL;
}

static enum amqpext_status set(struct amqpext_table *headers, const char *name,
                               const struct amqpext_value *value, struct amqpext_error *error)
{
    return value == NULL ? AMQPEXT_OK : amqpext_table_set(headers, name, value, error);
}

enum amqpext_status amqpext__trace_pass(const struct amqpext_delivery *parent,
                                        struct amqpext_table *headers, struct amqpext_error *error)
{
    const struct amqpext_table *from = headers_of(parent);
    enum amqpext_status status;

    /* The state first: whether it is missing depends on the parent being so. */
    status = set(headers, TRACE_STATE, missing_state(from, headers), error);
    if (status == AMQPEXT_OK)
        status = set(headers, TRACE_PARENT, missing(from, headers, TRACE_PARENT), error);
    if (status == AMQPEXT_OK)
        status = set(headers, BAGGAGE, missing(from, headers, BAGGAGE), error);
    return status;
}
