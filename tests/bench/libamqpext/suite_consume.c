/*
 * Consumes with libamqpext as a user would: a handler that acknowledges, on a worker thread as by
 * default, with --workers on several, or with --io-thread on the thread that does the I/O.
 */
#include <amqpext/amqpext.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "job.h"

struct consumer {
    struct job job;
    struct amqpext_consumer *consumer;
    atomic_ulong consumed;
    atomic_bool is_wrong;
};

static enum amqpext_verdict process_request(void *data, struct amqpext_delivery *delivery)
{
    struct consumer *consumer = data;
    const unsigned long before =
        atomic_fetch_add_explicit(&consumer->consumed, 1, memory_order_relaxed);
    size_t size;

    if (before == 0)
        job_start(&consumer->job);
    amqpext_delivery_body(delivery, &size);
    if (size != consumer->job.size)
        atomic_store(&consumer->is_wrong, true);
    if (before + 1 == consumer->job.messages)
        amqpext_consumer_request_stop(consumer->consumer);
    return AMQPEXT_ACK;
}

static bool is_ok(enum amqpext_status status, const struct amqpext_error *error)
{
    if (status != AMQPEXT_OK)
        fprintf(stderr, "%s\n", error->message);
    return status == AMQPEXT_OK;
}

static bool run(struct consumer *consumer)
{
    /* The queue is there already, and says nothing of dead letters. */
    const struct amqpext_queue queue = {.name = JOB_QUEUE, .declare = AMQPEXT_PASSIVE};
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    options.url = consumer->job.url;
    options.queue_options = &queue;
    options.prefetch_count = (uint16_t)consumer->job.prefetch;
    options.workers = (unsigned)consumer->job.workers;
    options.serializer = "raw";
    options.process_request = process_request;
    options.data = consumer;
    if (consumer->job.is_on_io_thread)
        options.callbacks = AMQPEXT_CALLBACKS_IO_THREAD;
    return is_ok(amqpext_consumer_new(&options, &consumer->consumer, &error), &error) &&
           is_ok(amqpext_consumer_run(consumer->consumer, &error), &error);
}

int main(int argc, char **argv)
{
    struct consumer consumer = {.consumer = NULL};
    bool is_well;

    if (!job_read(&consumer.job, argc, argv))
        return EXIT_FAILURE;
    is_well = run(&consumer) && !consumer.is_wrong;
    job_stop(&consumer.job);
    amqpext_consumer_free(consumer.consumer);
    return is_well ? job_report(&consumer.job, consumer.consumed) : EXIT_FAILURE;
}
