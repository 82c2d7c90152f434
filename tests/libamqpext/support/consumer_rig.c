/* The consumer of tests with the fake broker. */
#include "test.h"

#include "support/consumer_rig.h"

#include <stdio.h>
#include <time.h>

enum { PATIENCE_MS = 60000 };

static void note_log(void *data, enum amqpext_log_level level, const char *message)
{
    struct consumer_rig *rig = data;
    size_t used;

    pthread_mutex_lock(&rig->log_lock);
    used = strlen(rig->log);
    snprintf(rig->log + used, sizeof(rig->log) - used, "%d %s\n", (int)level, message);
    pthread_mutex_unlock(&rig->log_lock);
}

void rig_begin(struct consumer_rig *rig, int verdict, const struct fake_broker_options *broker)
{
    memset(rig, 0, sizeof(*rig));
    pthread_mutex_init(&rig->log_lock, NULL);
    rig->broker = fake_broker_new(broker);
    handler_init(&rig->handler, verdict);
    rig->connection = (struct amqpext_connection_options){.size = sizeof(rig->connection),
                                                          .reconnect_min_delay_ms = 20,
                                                          .reconnect_max_delay_ms = 40,
                                                          .permanent_delay_ms = 50,
                                                          .log = note_log,
                                                          .log_data = rig};
    rig->retry =
        (struct amqpext_retry_options){.size = sizeof(rig->retry), .no_dead_letter_queue = true};
    rig->options = (struct amqpext_consumer_options){.size = sizeof(rig->options),
                                                     .url = fake_broker_url(rig->broker),
                                                     .connection = &rig->connection,
                                                     .queue = "jobs",
                                                     .retry = &rig->retry,
                                                     .process_request = handler_process,
                                                     .data = &rig->handler};
}

void rig_queue(struct consumer_rig *rig, const struct amqpext_queue *queue)
{
    rig->options.queue = NULL;
    rig->options.queue_options = queue;
}

void rig_new(struct consumer_rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    if (amqpext_consumer_new(&rig->options, &rig->consumer, &error) != AMQPEXT_OK)
        fail_msg("no consumer: %s", error.message);
    rig->handler.consumer = rig->consumer;
}

void rig_start(struct consumer_rig *rig)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    rig_new(rig);
    if (amqpext_consumer_connect(rig->consumer, PATIENCE_MS, &error) != AMQPEXT_OK)
        fail_msg("not connected: %s", error.message);
}

void rig_start_with(struct consumer_rig *rig, int verdict)
{
    rig_begin(rig, verdict, NULL);
    rig_start(rig);
}

const struct received *rig_start_with_copy(struct consumer_rig *rig)
{
    rig_start_with(rig, AMQPEXT_RETRY);
    fake_broker_confirm_by_itself(rig->broker, false);
    rig_deliver(rig, "k", "[1]");
    return RECEIVED(rig, BASIC_PUBLISH, 1);
}

void rig_end(struct consumer_rig *rig)
{
    const char *fault;

    handler_release(&rig->handler);
    amqpext_consumer_free(rig->consumer);
    fault = fake_broker_fault(rig->broker);
    if (fault != NULL)
        fail_msg("%s", fault);
    fake_broker_free(rig->broker);
    handler_end(&rig->handler);
    pthread_mutex_destroy(&rig->log_lock);
}

uint64_t rig_deliver(struct consumer_rig *rig, const char *routing_key, const char *body)
{
    const struct fake_message message = {
        .exchange = "shop", .routing_key = routing_key, .body = body, .size = strlen(body)};
    const uint64_t tag = fake_broker_deliver(rig->broker, 0, &message);

    assert_int_not_equal(tag, 0);
    return tag;
}

unsigned rig_logged(struct consumer_rig *rig, const char *text)
{
    const char *at = rig->log;
    unsigned n = 0;

    pthread_mutex_lock(&rig->log_lock);
    while ((at = strstr(at, text)) != NULL) {
        at += strlen(text);
        n++;
    }
    pthread_mutex_unlock(&rig->log_lock);
    return n;
}

void rig_wait_settled(struct consumer_rig *rig)
{
    unsigned i;

    for (i = 0; i < PATIENCE_MS; i++) {
        if (fake_broker_outstanding(rig->broker, 0) == 0)
            return;
        rig_sleep_ms(1);
    }
    fake_broker_show(rig->broker);
    fail_msg("%zu deliveries stay unsettled", fake_broker_outstanding(rig->broker, 0));
}

void rig_sleep_ms(unsigned ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}
