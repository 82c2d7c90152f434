/*
 * Publishes each line of standard input as one JSON message, and tells on standard error what
 * became of every message that did not arrive.
 *
 *     producer amqp://guest:guest@localhost/ EXCHANGE ROUTING-KEY < lines
 *
 * A line that is JSON is sent as it is, any other as a JSON string. Ends with 0 when all messages
 * were confirmed, with 1 when some were not, with 2 when it could not begin.
 */
#include <amqpext/amqpext.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 10000, FLUSH_TIMEOUT_MS = 60000 };

static void on_log(void *data, enum amqpext_log_level level, const char *message)
{
    (void)data;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static void on_outcome(void *data, const struct amqpext_outcome *outcome)
{
    atomic_ulong *failures = data;

    if (outcome->result == AMQPEXT_CONFIRMED)
        return;
    atomic_fetch_add(failures, 1);
    fprintf(stderr, "%s: %s %s\n", outcome->message_id, amqpext_status_name(outcome->status),
            outcome->reply_text);
}

static json_t *payload_of(const char *line, size_t size)
{
    json_t *payload = json_loadb(line, size, JSON_DECODE_ANY, NULL);

    return payload != NULL ? payload : json_stringn(line, size);
}

/* Waits while the buffer is full: a slow broker slows the reading of lines. */
static int publish_lines(struct amqpext_producer *producer, atomic_ulong *failures)
{
    struct amqpext_publish_options options = AMQPEXT_PUBLISH_OPTIONS_INIT;
    enum amqpext_status status = AMQPEXT_OK;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;

    options.mandatory = true;
    options.done = on_outcome;
    options.data = failures;
    while (status == AMQPEXT_OK && (size = getline(&line, &capacity, stdin)) > 0) {
        json_t *payload =
            payload_of(line, line[size - 1] == '\n' ? (size_t)size - 1 : (size_t)size);

        status = amqpext_publish_message(producer, payload, NULL, &options, &error);
        json_decref(payload);
    }
    free(line);
    if (status != AMQPEXT_OK)
        fprintf(stderr, "%s\n", error.message);
    return status == AMQPEXT_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct amqpext_connection_options connection = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_producer *producer = NULL;
    atomic_ulong failures = 0;
    int code;

    if (argc != 4) {
        fprintf(stderr, "usage: %s URL EXCHANGE ROUTING-KEY < lines\n", argv[0]);
        return 2;
    }
    connection.log = on_log;
    connection.log_level = AMQPEXT_LOG_WARNING;
    options.url = argv[1];
    options.connection = &connection;
    options.exchange = argv[2];
    options.routing_key = argv[3];
    if (amqpext_producer_new(&options, &producer, &error) != AMQPEXT_OK ||
        amqpext_producer_connect(producer, CONNECT_TIMEOUT_MS, &error) != AMQPEXT_OK) {
        fprintf(stderr, "%s\n", error.message);
        amqpext_producer_free(producer);
        return 2;
    }
    code = publish_lines(producer, &failures);
    if (amqpext_producer_close(producer, FLUSH_TIMEOUT_MS, NULL) != AMQPEXT_OK)
        code = 1;
    amqpext_producer_free(producer);
    return code != 0 || atomic_load(&failures) > 0;
}
