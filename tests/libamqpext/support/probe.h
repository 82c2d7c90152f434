/*
 * An owner of a link that writes down what the link tells it, publishes what the test gives it, and
 * runs code of the test on the I/O thread.
 *
 * Calls that wait fail the test after PROBE_PATIENCE_S; they are for the thread of the test only.
 */
#ifndef TEST_SUPPORT_PROBE_H
#define TEST_SUPPORT_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "link.h"
#include "text.h"

enum { PROBE_PATIENCE_S = 30 };

enum probe_kind {
    PROBE_PLAN = 1,
    PROBE_STEP_DONE,
    PROBE_STEP_FAILED,
    PROBE_READY,
    PROBE_LOST,
    PROBE_METHOD,
    PROBE_CONTENT,
    PROBE_STATE
};

/* What was told; members that make no sense for its kind are zero. */
struct probe_event {
    enum probe_kind kind;
    int mark; /* of the step */
    uint64_t epoch;
    bool is_channel_only;
    enum method_kind method;
    uint64_t tag; /* of deliver, ack and nack */
    char text[256]; /* body of a content, name of a queue, host of a state */
    size_t size; /* of the body */
    enum amqpext_state state, previous;
    bool is_permanent;
    unsigned retry_in_ms;
    struct amqpext_error error;
    uint64_t time_us;
};

struct probe;

struct probe_options {
    const char *url; /* required */
    struct amqpext_connection_options connection; /* `size` is set by the probe */
    /* Writes the plan; default: an empty one. */
    enum amqpext_status (*plan)(void *data, struct plan *plan, struct amqpext_error *error);
    void *data;
    unsigned changes_mind; /* says so to so many steps that fail */
    bool refuses_methods; /* every method is unexpected */
    unsigned leisure_us; /* the link may look away for so long */
};

struct probe *probe_new(const struct probe_options *options);
/* The same with the link started. */
struct probe *probe_start(const struct probe_options *options);
/* Finishes the link within a second, if it was not, joins and frees. */
void probe_free(struct probe *probe);
struct link *probe_link(struct probe *probe);
struct amqpext_connection_stats probe_stats(struct probe *probe);
/* Turns of the loop so far. */
unsigned long probe_turns(struct probe *probe);

/* The n-th event of a kind, from 1: waits for it. */
struct probe_event probe_wait(struct probe *probe, enum probe_kind kind, size_t n);
/* Waits for the n-th event in which that state was told. */
struct probe_event probe_wait_state(struct probe *probe, enum amqpext_state state, size_t n);
size_t probe_count(struct probe *probe, enum probe_kind kind);
size_t probe_count_state(struct probe *probe, enum amqpext_state state);

/* Queues a message of `size` bytes to routing key "key"; it is sent in this epoch or not at all. */
void probe_publish(struct probe *probe, size_t size);
/* Waits until everything that was queued was handed to the network. */
void probe_wait_sent(struct probe *probe);

/* Runs `run` on the I/O thread, in its next turn, and waits for that. */
void probe_run(struct probe *probe, void (*run)(struct probe *probe, void *data), void *data);
/* Asks the link to finish, and waits for the end of its thread. */
void probe_finish(struct probe *probe, unsigned linger_ms);

#endif
