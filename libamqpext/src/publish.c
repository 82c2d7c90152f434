/*
 * Publishing: from the caller's payload to an entry of the ledger.
 *
 * Order: draft; encode outside of the lock; accept under it; wake the I/O thread if it sleeps; for
 * the variants that wait, wait.
 * Invariant: a message that was accepted is in the ledger, one that was not leaves nothing behind.
 */
#include <string.h>

#include "clock.h"
#include "error.h"
#include "outcome.h"
#include "producer.h"
#include "publish_draft.h"
#include "serializer.h"
#include "wait.h"

/* What is published, before it is a message. */
struct content_source {
    const json_t *payload; /* or NULL, and: */
    const void *body;
    size_t size;
};

static uint64_t deadline_of(const struct amqpext_producer *producer,
                            const struct amqpext_publish_options *options, uint64_t now_us)
{
    const unsigned timeout_ms =
        options->timeout_ms != 0 ? options->timeout_ms : producer->message_timeout_ms;

    return timeout_ms == 0 ? NEVER : now_us + (uint64_t)timeout_ms * 1000;
}

/* Whether the I/O thread means to sleep beyond that moment, or longer than those in line can. */
static bool sleeps_beyond(const struct amqpext_producer *producer, uint64_t due_us)
{
    return due_us < producer->asked_due_us ||
           amqpext__room_due_us(producer) < producer->asked_due_us;
}

/* Adds the message to the ledger, when there is room. */
static enum amqpext_status accept_message(struct amqpext_producer *producer,
                                          const struct new_message *message, size_t size,
                                          struct amqpext_error *error)
{
    bool has_work = false;
    bool is_first = false;
    enum amqpext_status status;

    pthread_mutex_lock(&producer->lock);
    status = amqpext__room_get(producer, size, message->deadline_us, &has_work, error);
    if (status == AMQPEXT_OK)
        status = amqpext__ledger_add(&producer->ledger, message, &is_first, error);
    /* Whoever left the line, or did not take the place that was held, may have been in the way. */
    if (producer->room.first != NULL)
        amqpext__room_serve(producer, monotonic_us());
    has_work = has_work || is_first ||
               sleeps_beyond(producer, status == AMQPEXT_OK ? message->deadline_us : NEVER);
    pthread_mutex_unlock(&producer->lock);
    if (has_work)
        producer->drive->wake(producer->engine);
    return status;
}

/* Writes the message, on the stack if it is small, and has it accepted. */
static enum amqpext_status frame_and_accept(struct amqpext_producer *producer,
                                            const struct publish *publish,
                                            struct new_message *message, size_t size,
                                            struct amqpext_error *error)
{
    char frames[SHARED_SIZE_MAX];
    char *out = frames;
    enum amqpext_status status;

    if (size > sizeof(frames)) {
        message->block = amqpext__block_new(size);
        if (message->block == NULL)
            return amqpext__fail_memory(error);
        out = message->block->data;
    }
    message->frames = (struct bytes){out, size};
    (void)amqpext__publish_write(out, size, LINK_CHANNEL, publish, message->frame_max);
    status = accept_message(producer, message, size, error);
    if (status != AMQPEXT_OK)
        amqpext__block_free(message->block);
    return status;
}

static enum amqpext_status check_size(const struct amqpext_producer *producer, size_t body_size,
                                      size_t size, uint32_t frame_max, struct amqpext_error *error)
{
    if (body_size > producer->max_message_bytes)
        return amqpext__fail(error, AMQPEXT_ETOOLARGE,
                             "the body has %zu bytes, max_message_bytes is %zu", body_size,
                             producer->max_message_bytes);
    if (size == 0)
        return amqpext__fail(error, AMQPEXT_ETOOLARGE,
                             "the headers do not fit into a frame of %u bytes",
                             (unsigned)frame_max);
    if (size > producer->ledger.limits.max_bytes)
        return amqpext__fail(error, AMQPEXT_ETOOLARGE,
                             "the message has %zu bytes on the wire, max_bytes is %zu", size,
                             producer->ledger.limits.max_bytes);
    return AMQPEXT_OK;
}

static enum amqpext_status start_if_needed(struct amqpext_producer *producer,
                                           struct amqpext_error *error)
{
    if (producer->drive->is_started(producer->engine))
        return AMQPEXT_OK;
    return amqpext_producer_start(producer, error);
}

static enum amqpext_status publish_draft(struct amqpext_producer *producer,
                                         struct publish_draft *draft, struct outcome_wait *wait,
                                         struct amqpext_error *error)
{
    const uint64_t now_us = monotonic_us();
    const struct amqpext_publish_options *options = &draft->options;
    struct new_message message = {
        .frame_max = atomic_load_explicit(&producer->frame_max, memory_order_relaxed),
        .id = draft->properties.message_id,
        .is_mandatory = options->mandatory,
        .published_us = now_us,
        .deadline_us = deadline_of(producer, options, now_us),
        .done = options->done,
        .data = options->data,
        .wait = wait,
        .owner = producer,
    };
    const size_t size = amqpext__publish_size(&draft->publish, message.frame_max);
    enum amqpext_status status =
        check_size(producer, draft->publish.body_size, size, message.frame_max, error);

    if (status == AMQPEXT_OK)
        status = start_if_needed(producer, error);
    if (status == AMQPEXT_OK)
        status = frame_and_accept(producer, &draft->publish, &message, size, error);
    return status;
}

static enum amqpext_status publish_payload(struct amqpext_producer *producer,
                                           struct publish_draft *draft, const json_t *payload,
                                           struct outcome_wait *wait, struct amqpext_error *error)
{
    struct text body = {.data = NULL};
    enum amqpext_status status =
        amqpext__serializer_encode(producer->serializer, payload, &body, error);

    if (status == AMQPEXT_OK) {
        draft->publish.body = body.data;
        draft->publish.body_size = body.size;
        status = publish_draft(producer, draft, wait, error);
    }
    text_free(&body);
    return status;
}

static enum amqpext_status publish(struct amqpext_producer *producer,
                                   const struct content_source *source, const char *routing_key,
                                   const struct amqpext_publish_options *options,
                                   struct outcome_wait *wait, struct amqpext_error *error)
{
    const char *content_type = source->payload != NULL ? producer->serializer->content_type : NULL;
    struct publish_draft draft;
    enum amqpext_status status =
        amqpext__draft_begin(&draft, producer, routing_key, content_type, options, error);

    if (status == AMQPEXT_OK && source->payload != NULL) {
        status = publish_payload(producer, &draft, source->payload, wait, error);
    } else if (status == AMQPEXT_OK) {
        draft.publish.body = source->body;
        draft.publish.body_size = source->size;
        status = publish_draft(producer, &draft, wait, error);
    }
    amqpext__draft_end(&draft);
    return status;
}

static void wait_for_outcome(struct amqpext_producer *producer, struct outcome_wait *wait)
{
    pthread_mutex_lock(&producer->lock);
    while (!wait->is_told)
        pthread_cond_wait(&wait->told, &producer->lock);
    pthread_mutex_unlock(&producer->lock);
}

static enum amqpext_status publish_and_wait(struct amqpext_producer *producer,
                                            const struct content_source *source,
                                            const char *routing_key,
                                            const struct amqpext_publish_options *options,
                                            struct amqpext_outcome *out,
                                            struct amqpext_error *error)
{
    struct outcome_wait wait;
    enum amqpext_status status;
    int failure;

    if (amqpext__producer_is_inside(producer))
        return amqpext__fail(error, AMQPEXT_ESTATE,
                             "a callback of the producer cannot wait for an outcome");
    failure = condition_init(&wait.told);
    if (failure != 0)
        return amqpext__fail_errno(error, AMQPEXT_ERESOURCES, failure, "no condition variable");
    wait.is_told = false;
    status = publish(producer, source, routing_key, options, &wait, error);
    if (status == AMQPEXT_OK) {
        wait_for_outcome(producer, &wait);
        status = amqpext__outcome_fail(&wait.outcome, error);
        if (out != NULL)
            *out = wait.outcome;
    }
    pthread_cond_destroy(&wait.told);
    return status;
}

enum amqpext_status amqpext_publish_message(struct amqpext_producer *producer,
                                            const json_t *payload, const char *routing_key,
                                            const struct amqpext_publish_options *options,
                                            struct amqpext_error *error)
{
    const struct content_source source = {.payload = payload};

    if (payload == NULL)
        return amqpext__fail(error, AMQPEXT_EENCODE, "there is no payload");
    return publish(producer, &source, routing_key, options, NULL, error);
}

enum amqpext_status amqpext_publish_bytes(struct amqpext_producer *producer, const void *body,
                                          size_t size, const char *routing_key,
                                          const struct amqpext_publish_options *options,
                                          struct amqpext_error *error)
{
    const struct content_source source = {.body = body, .size = size};

    return publish(producer, &source, routing_key, options, NULL, error);
}

enum amqpext_status amqpext_publish_message_wait(struct amqpext_producer *producer,
                                                 const json_t *payload, const char *routing_key,
                                                 const struct amqpext_publish_options *options,
                                                 struct amqpext_outcome *out,
                                                 struct amqpext_error *error)
{
    const struct content_source source = {.payload = payload};

    if (payload == NULL)
        return amqpext__fail(error, AMQPEXT_EENCODE, "there is no payload");
    return publish_and_wait(producer, &source, routing_key, options, out, error);
}

enum amqpext_status amqpext_publish_bytes_wait(struct amqpext_producer *producer, const void *body,
                                               size_t size, const char *routing_key,
                                               const struct amqpext_publish_options *options,
                                               struct amqpext_outcome *out,
                                               struct amqpext_error *error)
{
    const struct content_source source = {.body = body, .size = size};

    return publish_and_wait(producer, &source, routing_key, options, out, error);
}
