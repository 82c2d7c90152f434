/*
 * A link whose broker is the fake one: what most tests of links begin and end with.
 */
#ifndef TEST_SUPPORT_FAKED_H
#define TEST_SUPPORT_FAKED_H

#include "support/fake_broker.h"
#include "support/probe.h"

/* Pauses that a test waits through, and one that it never does. */
enum { SHORT_MS = 20, LONG_MS = 600000 };

/* All pauses are short. */
struct probe_options faked_options(struct fake_broker *broker);
/* A started probe without a plan, and one with a step of each kind, marked 1 to 4. */
struct probe *faked_start(struct fake_broker *broker);
struct probe *faked_start_with_plan(struct fake_broker *broker);
/* Exchange "events", queue "orders", a binding, and a consumer. */
enum amqpext_status faked_plan(void *data, struct plan *plan, struct amqpext_error *error);
/* Frees both; fails when the link has broken a rule. */
void faked_end(struct probe *probe, struct fake_broker *broker);

/* Gets a message of so many bytes half into a socket that the broker does not read any more. */
void faked_get_stuck(struct probe *probe, struct fake_broker *broker, size_t size);
/* Acknowledges a delivery. */
void faked_ack(struct probe *probe, uint64_t tag);

#endif
