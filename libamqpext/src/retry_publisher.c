/*
 * Publisher: how copies are sent: to a queue by its name, mandatory, persistent unless the message
 * was not, and never waiting for room.
 */
#include "retry_publisher.h"

#include <string.h>

#include "clock.h"
#include "delivery.h"
#include "retry_message.h"

enum {
    /* A copy without outcome for so long is looked at again: its delivery may have become stale. */
    COPY_TIMEOUT_MS = 30000,
    /*
     * As many as a consumer can have unsettled; their memory is that of its deliveries, once more.
     */
    COPIES_MAX = UINT16_MAX + 1
};

void amqpext__retry_publisher_init(struct retry_publisher *publisher,
                                   const struct amqpext_consumer_options *options,
                                   const struct retry_queues *queues)
{
    memset(publisher, 0, sizeof(*publisher));
    publisher->queues = queues;
    publisher->url = options->url;
    publisher->connection.size = sizeof(publisher->connection);
    if (options->connection != NULL)
        publisher->connection = *options->connection;
    /* The program knows one connection, the consumer's. */
    publisher->connection.state = NULL;
}

static enum amqpext_status make(struct retry_publisher *publisher,
                                const struct retry_declared *declared, struct amqpext_error *error)
{
    struct amqpext_queue queues[RETRY_QUEUES_MAX];
    const struct amqpext_topology topology = {
        .size = sizeof(topology),
        .queues = queues,
        .n_queues = amqpext__retry_own_queues(publisher->queues, declared, queues),
    };
    const struct amqpext_producer_options options = {
        .size = sizeof(options),
        .url = publisher->url,
        .connection = &publisher->connection,
        .topology = &topology,
        .serializer = "raw",
        .max_messages = COPIES_MAX,
        .max_bytes = SIZE_MAX / 4,
        .when_full = AMQPEXT_WHEN_FULL_FAIL,
        .message_timeout_ms = COPY_TIMEOUT_MS,
        .callbacks = AMQPEXT_CALLBACKS_IO_THREAD,
    };

    publisher->declared = *declared;
    publisher->made_us = monotonic_us();
    return amqpext_producer_new(&options, &publisher->producer, error);
}

enum amqpext_status amqpext__retry_publisher_need(struct retry_publisher *publisher,
                                                  const struct retry_declared *needed, bool is_anew,
                                                  struct amqpext_error *error)
{
    struct retry_declared declared = *needed;

    if (declared.n_steps < publisher->declared.n_steps)
        declared.n_steps = publisher->declared.n_steps;
    if (publisher->producer != NULL && !is_anew &&
        declared.n_steps == publisher->declared.n_steps &&
        declared.has_given_dead == publisher->declared.has_given_dead &&
        declared.has_quorum_delays == publisher->declared.has_quorum_delays)
        return AMQPEXT_OK;
    amqpext__retry_publisher_end(publisher);
    return make(publisher, &declared, error);
}

static const char *goal_of(const struct retry_publisher *publisher, const struct copy *copy,
                           const char *main)
{
    switch (copy->goal) {
    case COPY_DEAD: return publisher->queues->dead;
    case COPY_AGAIN_BY_STEP: return publisher->queues->step_names[copy->step];
    case COPY_AGAIN:
    case COPY_AGAIN_FROM_HERE: break;
    }
    return main;
}

static enum amqpext_status make_message(const struct copy *copy, const char *main,
                                        struct retry_message *message, struct amqpext_error *error)
{
    const uint64_t pause_ms = copy->goal == COPY_AGAIN_BY_STEP ? copy->pause_ms : 0;

    return copy->goal == COPY_DEAD
               ? amqpext__retry_message_dead(copy->delivery, main, message, error)
               : amqpext__retry_message_again(copy->delivery, main, pause_ms, message, error);
}

enum amqpext_status amqpext__retry_publish(struct retry_publisher *publisher, struct copy *copy,
                                           const char *main, amqpext_outcome_fn done,
                                           struct amqpext_error *error)
{
    const struct content *content = copy->delivery->content;
    const char *goal = goal_of(publisher, copy, main);
    struct retry_message message;
    enum amqpext_status status = make_message(copy, main, &message, error);

    if (status == AMQPEXT_OK) {
        const struct amqpext_publish_options options = {
            .size = sizeof(options),
            .properties = &message.properties,
            .mandatory = true,
            .done = done,
            .data = copy,
        };

        status = amqpext_publish_bytes(publisher->producer, content->body, content->body_size, goal,
                                       &options, error);
        /* The copy may be gone by now, the message is not. */
        amqpext__retry_message_free(&message);
    }
    return status;
}

void amqpext__retry_publisher_end(struct retry_publisher *publisher)
{
    amqpext_producer_free(publisher->producer);
    publisher->producer = NULL;
}
