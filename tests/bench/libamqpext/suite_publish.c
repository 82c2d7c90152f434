/*
 * Publishes with libamqpext as a user would: makes a producer, publishes, counts outcomes in the
 * callback, flushes. A window is given as max_unconfirmed; all else has its default.
 */
#include <amqpext/amqpext.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "job.h"

enum { CONNECT_MS = 10000, FLUSH_MS = 100000 };

struct publisher {
    struct job job;
    struct amqpext_producer *producer;
    atomic_ulong confirmed;
};

/* One message where latencies are wanted. */
struct message {
    struct publisher *publisher;
    unsigned long number;
};

static void count(void *data, const struct amqpext_outcome *outcome)
{
    struct publisher *publisher = data;

    if (outcome->result == AMQPEXT_CONFIRMED)
        atomic_fetch_add_explicit(&publisher->confirmed, 1, memory_order_relaxed);
}

static void note(void *data, const struct amqpext_outcome *outcome)
{
    const struct message *message = data;

    job_note_confirmed(&message->publisher->job, message->number);
    count(message->publisher, outcome);
}

static bool is_ok(enum amqpext_status status, const struct amqpext_error *error)
{
    if (status != AMQPEXT_OK)
        fprintf(stderr, "%s\n", error->message);
    return status == AMQPEXT_OK;
}

static bool make(struct publisher *publisher, struct amqpext_error *error)
{
    const struct amqpext_queue queue = {.name = JOB_QUEUE};
    const struct amqpext_binding binding = {
        .exchange = JOB_EXCHANGE, .to_queue = JOB_QUEUE, .routing_key = JOB_ROUTING_KEY};
    struct amqpext_topology topology = AMQPEXT_TOPOLOGY_INIT;
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;

    topology.queues = &queue;
    topology.n_queues = 1;
    topology.bindings = &binding;
    topology.n_bindings = 1;
    options.url = publisher->job.url;
    options.exchange = JOB_EXCHANGE;
    options.exchange_type = JOB_EXCHANGE_TYPE;
    options.routing_key = JOB_ROUTING_KEY;
    options.topology = &topology;
    options.max_unconfirmed = (unsigned)publisher->job.window;
    return is_ok(amqpext_producer_new(&options, &publisher->producer, error), error) &&
           is_ok(amqpext_producer_connect(publisher->producer, CONNECT_MS, error), error);
}

static bool publish(struct publisher *publisher, amqpext_outcome_fn done, void *data,
                    struct amqpext_error *error)
{
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;

    properties.content_type = JOB_CONTENT_TYPE;
    options.properties = &properties;
    options.done = done;
    options.data = data;
    return is_ok(amqpext_publish_bytes(publisher->producer, publisher->job.body,
                                       publisher->job.size, NULL, &options, error),
                 error);
}

static bool publish_all(struct publisher *publisher, struct amqpext_error *error)
{
    unsigned long i;

    for (i = 0; i < publisher->job.messages; i++) {
        if (!publish(publisher, count, publisher, error))
            return false;
    }
    return is_ok(amqpext_producer_flush(publisher->producer, FLUSH_MS, error), error);
}

static void sleep_until(uint64_t due_ns)
{
    const struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000U),
                                 .tv_nsec = (long)(due_ns % 1000000000U)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static bool publish_at_rate(struct publisher *publisher, struct amqpext_error *error)
{
    struct job *job = &publisher->job;
    struct message *messages = calloc(job->messages, sizeof(*messages));
    bool is_well = messages != NULL;
    unsigned long i;

    for (i = 0; i < job->messages && is_well; i++) {
        messages[i] = (struct message){publisher, i};
        sleep_until(job_due_ns(job, i));
        job_note_sent(job, i);
        is_well = publish(publisher, note, &messages[i], error);
    }
    is_well = is_well && is_ok(amqpext_producer_flush(publisher->producer, FLUSH_MS, error), error);
    amqpext_producer_close(publisher->producer, 0, NULL);
    free(messages);
    return is_well;
}

static bool run(struct publisher *publisher)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    bool is_well;

    if (!make(publisher, &error))
        return false;
    job_start(&publisher->job);
    is_well = publisher->job.rate != 0 ? publish_at_rate(publisher, &error)
                                       : publish_all(publisher, &error);
    job_stop(&publisher->job);
    return is_well;
}

int main(int argc, char **argv)
{
    struct publisher publisher = {.producer = NULL};
    bool is_well;

    if (!job_read(&publisher.job, argc, argv))
        return EXIT_FAILURE;
    is_well = run(&publisher);
    amqpext_producer_free(publisher.producer);
    return is_well ? job_report(&publisher.job, publisher.confirmed) : EXIT_FAILURE;
}
