/*
 * Prints each message of a queue as one line of JSON until it is interrupted; then finishes what it
 * has begun.
 *
 *     consumer amqp://guest:guest@localhost/ QUEUE [EXCHANGE ROUTING-KEY...]
 *
 * A message with a member "fail": true is tried again later, and ends in the queue of dead letters
 * after five attempts. Ends with 0 after a clean drain.
 */
#include <amqpext/amqpext.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A signal handler has no other way to its consumer. */
static struct amqpext_consumer *consumer;

static void on_signal(int number)
{
    (void)number;
    amqpext_consumer_request_stop(consumer);
}

static void on_log(void *data, enum amqpext_log_level level, const char *message)
{
    (void)data;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static enum amqpext_verdict process_request(void *data, struct amqpext_delivery *delivery)
{
    json_t *payload = amqpext_delivery_payload(delivery);
    char *text = json_dumps(payload, JSON_COMPACT | JSON_ENCODE_ANY);

    (void)data;
    if (text == NULL)
        return AMQPEXT_RETRY;
    printf("%s %s\n", amqpext_delivery_routing_key(delivery), text);
    fflush(stdout);
    free(text);
    if (json_is_true(json_object_get(payload, "fail"))) {
        amqpext_delivery_set_reason(delivery, "attempt %u failed as it was asked to",
                                    amqpext_delivery_attempt(delivery));
        return AMQPEXT_RETRY;
    }
    return AMQPEXT_ACK;
}

static void stop_on_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int main(int argc, char **argv)
{
    struct amqpext_connection_options connection = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    enum amqpext_status status;

    if (argc < 3 || argc == 4) {
        fprintf(stderr, "usage: %s URL QUEUE [EXCHANGE ROUTING-KEY...]\n", argv[0]);
        return 2;
    }
    connection.log = on_log;
    options.url = argv[1];
    options.connection = &connection;
    options.queue = argv[2];
    options.exchange = argc > 4 ? argv[3] : NULL;
    options.routing_keys = (const char *const *)argv + 4;
    options.n_routing_keys = argc > 4 ? (size_t)argc - 4 : 0;
    options.process_request = process_request;
    status = amqpext_consumer_new(&options, &consumer, &error);
    if (status == AMQPEXT_OK) {
        stop_on_signals();
        status = amqpext_consumer_run(consumer, &error);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
    }
    if (status != AMQPEXT_OK)
        fprintf(stderr, "%s\n", error.message);
    amqpext_consumer_free(consumer);
    return status != AMQPEXT_OK;
}
