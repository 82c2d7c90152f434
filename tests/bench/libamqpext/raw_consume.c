/*
 * Consumes with rabbitmq-c alone: takes a message, acknowledges it, takes the next. With
 * --joined-acks one acknowledgement stands for half of the prefetch count, which is the best that
 * can be done where everything happens in order on one thread.
 */
#include <stdio.h>
#include <stdlib.h>

#include "job.h"
#include "raw.h"

struct consumer {
    struct job job;
    amqp_connection_state_t state;
    unsigned long consumed;
    unsigned long joined; /* messages per acknowledgement */
};

static bool acknowledge(struct consumer *consumer, uint64_t tag)
{
    const bool is_last = consumer->consumed == consumer->job.messages;

    if (consumer->consumed % consumer->joined != 0 && !is_last)
        return true;
    return raw_is_ok(amqp_basic_ack(consumer->state, RAW_CHANNEL, tag, consumer->joined > 1),
                     "acknowledging");
}

static bool consume_one(struct consumer *consumer)
{
    amqp_envelope_t envelope;
    amqp_rpc_reply_t reply;
    bool is_right;

    amqp_maybe_release_buffers(consumer->state);
    reply = amqp_consume_message(consumer->state, &envelope, NULL, 0);
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        fprintf(stderr, "consuming: %s\n", amqp_error_string2(reply.library_error));
        return false;
    }
    if (consumer->consumed++ == 0)
        job_start(&consumer->job);
    is_right = envelope.message.body.len == consumer->job.size;
    if (!is_right)
        fprintf(stderr, "a body has %zu bytes\n", envelope.message.body.len);
    is_right = is_right && acknowledge(consumer, envelope.delivery_tag);
    amqp_destroy_envelope(&envelope);
    return is_right;
}

static bool run(struct consumer *consumer)
{
    const struct job *job = &consumer->job;

    amqp_basic_qos(consumer->state, RAW_CHANNEL, 0, (uint16_t)job->prefetch, false);
    if (!raw_succeeded(consumer->state, "setting the prefetch count"))
        return false;
    amqp_basic_consume(consumer->state, RAW_CHANNEL, amqp_cstring_bytes(JOB_QUEUE),
                       amqp_empty_bytes, false, false, false, amqp_empty_table);
    if (!raw_succeeded(consumer->state, "asking for messages"))
        return false;
    while (consumer->consumed < job->messages) {
        if (!consume_one(consumer))
            return false;
    }
    return raw_close(consumer->state);
}

int main(int argc, char **argv)
{
    struct consumer consumer = {.joined = 1};
    bool is_well = false;

    if (!job_read(&consumer.job, argc, argv))
        return EXIT_FAILURE;
    if (consumer.job.has_joined_acks && consumer.job.prefetch > 3)
        consumer.joined = consumer.job.prefetch / 2;
    consumer.state = raw_connect(consumer.job.url);
    if (consumer.state != NULL)
        is_well = run(&consumer);
    job_stop(&consumer.job);
    return is_well ? job_report(&consumer.job, consumer.consumed) : EXIT_FAILURE;
}
