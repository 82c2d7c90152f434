/*
 * Publishes with rabbitmq-c alone, as a programmer would who has read its documentation and knows
 * what confirms are: up to `window` messages ahead of the broker, and whenever that many are under
 * way, reads what the broker has confirmed, `multiple` and out of order included. With a window of
 * 0 nothing is confirmed, and what was sent may be lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "job.h"
#include "raw.h"

#define ID_TEMPLATE "01234567-89ab-7cde-8f01-000000000000"
enum { ID_SIZE = sizeof(ID_TEMPLATE) - 1, ID_DIGITS = 8 };

struct publisher {
    struct job job;
    amqp_connection_state_t state;
    unsigned long published, confirmed;
    uint64_t lowest; /* tag below which all are confirmed */
    bool *is_confirmed; /* by tag, from 1 */
    char id[ID_SIZE + 1];
};

/* The cheapest unique id that there is: this is not about ids. */
static void write_id(char *id, unsigned long number)
{
    unsigned i;

    for (i = 1; i <= ID_DIGITS; i++) {
        id[ID_SIZE - i] = "0123456789abcdef"[number & 15U];
        number >>= 4;
    }
}

static bool publish(struct publisher *publisher)
{
    struct job *job = &publisher->job;
    const amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_MESSAGE_ID_FLAG,
        .content_type = amqp_cstring_bytes(JOB_CONTENT_TYPE),
        .delivery_mode = 2,
        .message_id = {.len = ID_SIZE, .bytes = publisher->id},
    };
    const amqp_bytes_t body = {.len = job->size, .bytes = job->body};

    write_id(publisher->id, publisher->published);
    job_note_sent(job, publisher->published);
    publisher->published++;
    return raw_is_ok(
        amqp_basic_publish(publisher->state, RAW_CHANNEL, amqp_cstring_bytes(JOB_EXCHANGE),
                           amqp_cstring_bytes(JOB_ROUTING_KEY), false, false, &properties, body),
        "publishing");
}

static void confirm(struct publisher *publisher, const amqp_basic_ack_t *ack)
{
    uint64_t tag = ack->multiple ? publisher->lowest : ack->delivery_tag;

    for (; tag <= ack->delivery_tag && tag <= publisher->published; tag++) {
        if (publisher->is_confirmed[tag])
            continue;
        publisher->is_confirmed[tag] = true;
        publisher->confirmed++;
        job_note_confirmed(&publisher->job, tag - 1);
    }
    while (publisher->lowest <= publisher->published && publisher->is_confirmed[publisher->lowest])
        publisher->lowest++;
}

static bool take(struct publisher *publisher, const amqp_frame_t *frame)
{
    if (frame->frame_type != AMQP_FRAME_METHOD)
        return true;
    if (frame->payload.method.id != AMQP_BASIC_ACK_METHOD) {
        fprintf(stderr, "the broker says 0x%x\n", (unsigned)frame->payload.method.id);
        return false;
    }
    confirm(publisher, frame->payload.method.decoded);
    amqp_maybe_release_buffers(publisher->state);
    return true;
}

/* Waits for a frame, with a limit for so long, and takes it with all that have come with it. */
static bool read_confirms(struct publisher *publisher, const struct timeval *limit)
{
    amqp_frame_t frame;
    int status;

    do {
        status = limit == NULL ? amqp_simple_wait_frame(publisher->state, &frame)
                               : amqp_simple_wait_frame_noblock(publisher->state, &frame, limit);
        if (status == AMQP_STATUS_TIMEOUT && limit != NULL)
            return true;
        if (!raw_is_ok(status, "reading") || !take(publisher, &frame))
            return false;
    } while (publisher->confirmed < publisher->published &&
             (amqp_frames_enqueued(publisher->state) || amqp_data_in_buffer(publisher->state)));
    return true;
}

static bool publish_unconfirmed(struct publisher *publisher)
{
    while (publisher->published < publisher->job.messages) {
        if (!publish(publisher))
            return false;
    }
    return true;
}

static bool publish_in_window(struct publisher *publisher)
{
    const struct job *job = &publisher->job;

    while (publisher->confirmed < job->messages) {
        const bool has_room = publisher->published - publisher->confirmed < job->window;

        if (publisher->published < job->messages && has_room) {
            if (!publish(publisher))
                return false;
        } else if (!read_confirms(publisher, NULL)) {
            return false;
        }
    }
    return true;
}

/* Reads confirms until it is time for the next message. */
static bool publish_at_rate(struct publisher *publisher)
{
    const struct job *job = &publisher->job;

    while (publisher->published < job->messages) {
        const uint64_t due_ns = job_due_ns(job, publisher->published);
        const uint64_t now_ns = job_now_ns();
        const uint64_t left_us = due_ns > now_ns ? (due_ns - now_ns) / 1000 : 0;
        const struct timeval limit = {.tv_sec = (time_t)(left_us / 1000000),
                                      .tv_usec = (suseconds_t)(left_us % 1000000)};

        if (left_us == 0 ? !publish(publisher) : !read_confirms(publisher, &limit))
            return false;
    }
    while (publisher->confirmed < job->messages) {
        if (!read_confirms(publisher, NULL))
            return false;
    }
    return true;
}

static bool run(struct publisher *publisher)
{
    struct job *job = &publisher->job;
    bool is_well;

    if (!raw_declare(publisher->state))
        return false;
    if (job->window != 0 || job->rate != 0) {
        amqp_confirm_select(publisher->state, RAW_CHANNEL);
        if (!raw_succeeded(publisher->state, "asking for confirms"))
            return false;
    }
    job_start(job);
    if (job->rate != 0)
        is_well = publish_at_rate(publisher);
    else if (job->window != 0)
        is_well = publish_in_window(publisher);
    else
        is_well = publish_unconfirmed(publisher) && raw_close(publisher->state);
    job_stop(job);
    if (is_well && (job->window != 0 || job->rate != 0))
        is_well = raw_close(publisher->state);
    return is_well;
}

int main(int argc, char **argv)
{
    struct publisher publisher = {.id = ID_TEMPLATE, .lowest = 1};
    bool is_well = false;

    if (!job_read(&publisher.job, argc, argv))
        return EXIT_FAILURE;
    publisher.is_confirmed = calloc(publisher.job.messages + 1, sizeof(bool));
    publisher.state = raw_connect(publisher.job.url);
    if (publisher.is_confirmed != NULL && publisher.state != NULL)
        is_well = run(&publisher);
    free(publisher.is_confirmed);
    if (!is_well)
        return EXIT_FAILURE;
    if (publisher.job.window == 0 && publisher.job.rate == 0)
        publisher.confirmed = publisher.published;
    return job_report(&publisher.job, publisher.confirmed);
}
