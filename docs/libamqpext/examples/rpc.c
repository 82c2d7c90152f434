/*
 * A remote procedure: adds numbers.
 *
 *     rpc amqp://guest:guest@localhost/ serve QUEUE        answers until it is interrupted
 *     rpc amqp://guest:guest@localhost/ call QUEUE 1 2 39  prints 42
 */
#include <amqpext/amqpext.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A signal handler has no other way to its server. */
static struct amqpext_consumer *consumer;

static void on_signal(int number)
{
    (void)number;
    amqpext_consumer_request_stop(consumer);
}

static enum amqpext_status add(void *data, const struct amqpext_delivery *request, json_t **reply,
                               struct amqpext_error *error)
{
    json_t *numbers = amqpext_delivery_payload(request);
    double sum = 0;
    size_t i;
    json_t *number;

    (void)data;
    if (!json_is_array(numbers))
        return amqpext_error_set(error, AMQPEXT_EINVALID, "a list of numbers is needed");
    json_array_foreach(numbers, i, number)
    {
        if (!json_is_number(number))
            return amqpext_error_set(error, AMQPEXT_EINVALID, "item %zu is no number", i);
        sum += json_number_value(number);
    }
    *reply = json_real(sum);
    return *reply == NULL ? AMQPEXT_ENOMEM : AMQPEXT_OK;
}

static int serve(const char *url, const char *queue)
{
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_rpc_server *server = NULL;
    struct sigaction action;

    options.url = url;
    options.queue = queue;
    options.workers = 4;
    if (amqpext_rpc_server_new(&options, add, NULL, &server, &error) == AMQPEXT_OK) {
        consumer = amqpext_rpc_server_consumer(server);
        memset(&action, 0, sizeof(action));
        action.sa_handler = on_signal;
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        amqpext_consumer_run(consumer, &error);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
    }
    if (error.status != AMQPEXT_OK)
        fprintf(stderr, "%s\n", error.message);
    amqpext_rpc_server_free(server);
    return error.status != AMQPEXT_OK;
}

static int call(const char *url, const char *queue, int count, char **numbers)
{
    struct amqpext_rpc_client_options options = AMQPEXT_RPC_CLIENT_OPTIONS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_rpc_client *client = NULL;
    json_t *request = json_array();
    json_t *reply = NULL;

    for (int i = 0; i < count; i++)
        json_array_append_new(request, json_real(atof(numbers[i])));
    options.url = url;
    options.timeout_ms = 5000;
    if (amqpext_rpc_client_new(&options, &client, &error) == AMQPEXT_OK &&
        amqpext_rpc_call(client, queue, request, NULL, &reply, &error) == AMQPEXT_OK)
        printf("%g\n", json_number_value(reply));
    else
        fprintf(stderr, "%s: %s\n", amqpext_status_name(error.status), error.message);
    json_decref(request);
    json_decref(reply);
    amqpext_rpc_client_free(client);
    return error.status != AMQPEXT_OK;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[2], "serve") == 0)
        return serve(argv[1], argv[3]);
    if (argc > 4 && strcmp(argv[2], "call") == 0)
        return call(argv[1], argv[3], argc - 4, argv + 4);
    fprintf(stderr, "usage: %s URL serve QUEUE | call QUEUE NUMBER...\n", argv[0]);
    return 2;
}
