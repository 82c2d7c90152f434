/* Consumers of live tests. */
#include "test.h"

#include "consuming.h"

#include <stdio.h>
#include <time.h>

#include "broker.h"

enum { PATIENCE_MS = 60000 };

void consuming_sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

void consuming_through(struct consuming *consuming, uint16_t port)
{
    broker_url(consuming->url, sizeof(consuming->url), port);
}

void consuming_begin(struct consuming *consuming, const char *queue, int verdict)
{
    memset(consuming, 0, sizeof(*consuming));
    if (!broker_delete_queues(queue))
        fail_msg("the queues %s* cannot be deleted", queue);
    consuming->queue = queue;
    consuming_through(consuming, broker_port());
    handler_init(&consuming->handler, verdict);
    consuming->connection =
        (struct amqpext_connection_options){.size = sizeof(consuming->connection),
                                            .reconnect_min_delay_ms = 20,
                                            .reconnect_max_delay_ms = 100,
                                            .permanent_delay_ms = 100};
    consuming->retry = (struct amqpext_retry_options){
        .size = sizeof(consuming->retry), .min_delay_ms = 50, .max_delay_ms = 50};
    consuming->options = (struct amqpext_consumer_options){.size = sizeof(consuming->options),
                                                           .url = consuming->url,
                                                           .connection = &consuming->connection,
                                                           .queue = queue,
                                                           .retry = &consuming->retry,
                                                           .process_request = handler_process,
                                                           .data = &consuming->handler};
}

void consuming_start(struct consuming *consuming)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    assert_int_equal(amqpext_consumer_new(&consuming->options, &consuming->consumer, &error),
                     AMQPEXT_OK);
    if (amqpext_consumer_connect(consuming->consumer, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("the consumer is not connected: %s", error.message);
}

static struct amqpext_producer *producer_of(struct consuming *consuming)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (consuming->producer != NULL)
        return consuming->producer;
    options.url = consuming->url;
    options.connection = &consuming->connection;
    if (amqpext_producer_new(&options, &consuming->producer, &error) != AMQPEXT_OK)
        fail_msg("no producer: %s", error.message);
    return consuming->producer;
}

void consuming_end(struct consuming *consuming)
{
    handler_release(&consuming->handler);
    amqpext_consumer_free(consuming->consumer);
    amqpext_producer_free(consuming->producer);
    handler_end(&consuming->handler);
    assert_true(broker_delete_queues(consuming->queue));
}

void consuming_publish_to(struct consuming *consuming, const char *exchange, const char *key,
                          const char *content_type, const void *body, size_t size)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    properties.content_type = content_type;
    options.properties = &properties;
    options.exchange = exchange;
    options.mandatory = true;
    options.timeout_ms = PATIENCE_MS;
    if (amqpext_publish_bytes_wait(producer_of(consuming), body, size, key, &options, NULL,
                                   &error) != AMQPEXT_OK)
        fail_msg("not published: %s", error.message);
}

void consuming_publish(struct consuming *consuming, const char *body)
{
    consuming_publish_to(consuming, "", consuming->queue, "application/json", body, strlen(body));
}

void consuming_publish_until_taken(struct consuming *consuming, const char *body)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum amqpext_status status = AMQPEXT_EREFUSED;
    unsigned i;

    options.mandatory = true;
    options.timeout_ms = PATIENCE_MS;
    for (i = 0; i < PATIENCE_MS / 100 && status == AMQPEXT_EREFUSED; i++) {
        consuming_sleep_ms(i == 0 ? 0 : 100);
        error = (struct amqpext_error)AMQPEXT_ERROR_INIT;
        status = amqpext_publish_bytes_wait(producer_of(consuming), body, strlen(body),
                                            consuming->queue, &options, NULL, &error);
    }
    if (status != AMQPEXT_OK)
        fail_msg("not published: %s", error.message);
}

void consuming_publish_numbers(struct consuming *consuming, unsigned n)
{
    struct amqpext_producer *producer = producer_of(consuming);
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char body[16];
    unsigned i;

    for (i = 0; i < n; i++) {
        snprintf(body, sizeof(body), "%u", i);
        assert_int_equal(
            amqpext_publish_bytes(producer, body, strlen(body), consuming->queue, NULL, &error),
            AMQPEXT_OK);
    }
    assert_int_equal(amqpext_producer_flush(producer, PATIENCE_MS, &error), AMQPEXT_OK);
}

void consuming_wait_empty(const char *queue)
{
    unsigned long count = 0;
    unsigned i;

    /* Each look starts a program. */
    for (i = 0; i < PATIENCE_MS / 500; i++) {
        assert_true(broker_count_messages(queue, &count));
        if (count == 0)
            return;
        consuming_sleep_ms(100);
    }
    fail_msg("%lu messages are left in %s", count, queue);
}
