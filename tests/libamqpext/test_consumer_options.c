/*
 * Options of a consumer: what is refused before anything is connected, what is copied, and that
 * nothing is left when memory runs out.
 */
#include "test.h"

#include <amqpext/consumer.h>

#include "consumer_options.h"

static enum amqpext_verdict acknowledge(void *data, struct amqpext_delivery *delivery)
{
    (void)data;
    (void)delivery;
    return AMQPEXT_ACK;
}

static struct amqpext_consumer_options valid(void)
{
    struct amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;

    options.queue = "jobs";
    options.process_request = acknowledge;
    return options;
}

static void refused(const struct amqpext_consumer_options *options, const char *why)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_consumer *consumer = NULL;

    assert_int_equal(amqpext_consumer_new(options, &consumer, &error), AMQPEXT_EINVALID);
    assert_null(consumer);
    if (strstr(error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, why);
}

#define REFUSED(why, ...)                                  \
    do {                                                   \
        struct amqpext_consumer_options options = valid(); \
        __VA_ARGS__;                                       \
        refused(&options, (why));                          \
    } while (0)

static void what_is_missing_or_contradicts_itself_is_refused(void **state)
{
    static const char *const keys[] = {"a"};
    const struct amqpext_queue queue = {.name = "jobs"};
    const struct amqpext_queue nameless = {.name = ""};

    (void)state;
    REFUSED("size", options.size = 0);
    REFUSED("process_request", options.process_request = NULL);
    REFUSED("queue", options.queue = NULL);
    REFUSED("queue_options", options.queue_options = &queue);
    REFUSED("without name", options.queue = NULL; options.queue_options = &nameless);
    REFUSED("routing_keys", options.routing_key = "a"; options.routing_keys = keys;
            options.n_routing_keys = 1);
    REFUSED("routing_keys is missing", options.n_routing_keys = 1);
    REFUSED("order_header", options.order = AMQPEXT_ORDER_HEADER);
    REFUSED("order", options.order = (enum amqpext_order)4);
    REFUSED("callbacks", options.callbacks = (enum amqpext_callbacks)4);
    REFUSED("decoders", options.n_decoders = 1);
    REFUSED("workers", options.workers = 1025);
    REFUSED("ack_delay_ms", options.ack_delay_ms = 60001);
    REFUSED("xml", options.serializer = "xml");
    REFUSED("declare", options.exchange = "shop";
            options.exchange_declare = (enum amqpext_declare)9);
}

static void names_beyond_the_wire_are_refused(void **state)
{
    static char name[257];
    const char *const keys[] = {"a", name};

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    REFUSED("queue", options.queue = name);
    REFUSED("exchange", options.exchange = name);
    REFUSED("routing key", options.exchange = "shop"; options.routing_keys = keys;
            options.n_routing_keys = 2);
    REFUSED("consumer_tag", options.consumer_tag = name);
    REFUSED("order_header", options.order_header = name);
}

static void url_that_is_refused_shows_no_password(void **state)
{
    struct amqpext_consumer_options options = valid();
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_consumer *consumer = NULL;

    (void)state;
    options.url = "amqp://user:secret@localhost:notaport/";
    assert_int_equal(amqpext_consumer_new(&options, &consumer, &error), AMQPEXT_EINVALID);
    assert_null(strstr(error.message, "secret"));
}

static void defaults_are_filled_in(void **state)
{
    struct amqpext_consumer_options options = valid();
    struct consumer_setup setup;

    (void)state;
    assert_int_equal(amqpext__consumer_setup(&options, &setup, NULL), AMQPEXT_OK);
    assert_int_equal(setup.options.callbacks, AMQPEXT_CALLBACKS_WORKERS);
    assert_int_equal(setup.options.workers, 1);
    assert_int_equal(setup.options.prefetch_count, 10);
    assert_int_equal(setup.options.ack_count, 64);
    assert_int_equal(setup.options.drain_timeout_ms, 30000);
    assert_int_equal(setup.options.slow_handler_ms, 900000);
    assert_int_equal(setup.options.watch_interval_ms, 60000);
    assert_int_equal(setup.max_attempts, 5);
    assert_int_equal(setup.n_bindings, 0);
    assert_string_equal(setup.serializer->name, "json");
    amqpext__consumer_setup_free(&setup);
    options.workers = 8;
    assert_int_equal(amqpext__consumer_setup(&options, &setup, NULL), AMQPEXT_OK);
    assert_int_equal(setup.options.prefetch_count, 16);
    amqpext__consumer_setup_free(&setup);
}

static void nothing_of_the_caller_is_kept(void **state)
{
    char url[] = "amqp://user:secret@localhost/", queue[] = "jobs", exchange[] = "shop",
         key[] = "orders.new", certificate[] = "ca.pem";
    const char *keys[] = {key};
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;
    struct amqpext_connection_options connection = AMQPEXT_CONNECTION_OPTIONS_INIT;
    struct amqpext_consumer_options options = valid();
    struct consumer_setup setup;

    (void)state;
    tls.ca_file = certificate;
    connection.tls = &tls;
    options.connection = &connection;
    options.url = url;
    options.queue = queue;
    options.exchange = exchange;
    options.routing_keys = keys;
    options.n_routing_keys = 1;
    assert_int_equal(amqpext__consumer_setup(&options, &setup, NULL), AMQPEXT_OK);
    url[0] = queue[0] = exchange[0] = key[0] = certificate[0] = '?';
    keys[0] = NULL;
    memset(&tls, 0xff, sizeof(tls));
    memset(&connection, 0xff, sizeof(connection));
    assert_string_equal(setup.options.url, "amqp://user:secret@localhost/");
    assert_string_equal(setup.queue.name, "jobs");
    assert_string_equal(setup.exchange.name, "shop");
    assert_string_equal(setup.exchange.type, "topic");
    assert_int_equal(setup.n_bindings, 1);
    assert_string_equal(setup.bindings[0].routing_key, "orders.new");
    assert_string_equal(setup.bindings[0].exchange, "shop");
    assert_string_equal(setup.options.connection->tls->ca_file, "ca.pem");
    amqpext__consumer_setup_free(&setup);
}

struct everything {
    struct amqpext_consumer_options options;
    struct amqpext_connection_options connection;
    struct amqpext_tls_options tls;
    struct amqpext_retry_options retry;
    struct amqpext_topology topology;
    struct amqpext_queue queue, other;
    struct amqpext_table *arguments;
};

static void make_without_memory(void *context)
{
    struct everything *everything = context;
    struct amqpext_consumer *consumer = NULL;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const enum amqpext_status status =
        amqpext_consumer_new(&everything->options, &consumer, &error);

    if (status != AMQPEXT_OK) {
        assert_int_equal(status, AMQPEXT_ENOMEM);
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
        assert_null(consumer);
    }
    amqpext_consumer_free(consumer);
}

static void every_failed_allocation_is_survived(void **state)
{
    static const char *const keys[] = {"a", "b"};
    static const struct amqpext_serializer *decoders[1];
    struct everything everything = {.options = valid()};

    (void)state;
    decoders[0] = amqpext_serializer_find("msgpack");
    assert_int_equal(amqpext_table_new(&everything.arguments, NULL), AMQPEXT_OK);
    amqpext_table_set_integer(everything.arguments, "x-priority", 1, NULL);
    everything.tls = (struct amqpext_tls_options){.size = sizeof(everything.tls),
                                                  .ca_file = "a",
                                                  .ca_path = "b",
                                                  .cert_file = "c",
                                                  .key_file = "d",
                                                  .key_password = "e",
                                                  .server_name = "f"};
    everything.connection = (struct amqpext_connection_options){
        .size = sizeof(everything.connection), .name = "n", .tls = &everything.tls};
    everything.retry = (struct amqpext_retry_options){
        .size = sizeof(everything.retry), .queue_prefix = "p", .dead_letter_queue = "dead"};
    everything.queue = (struct amqpext_queue){.name = "jobs", .type = AMQPEXT_QUEUE_QUORUM};
    everything.other = (struct amqpext_queue){.name = "other"};
    everything.topology = (struct amqpext_topology){
        .size = sizeof(everything.topology), .queues = &everything.other, .n_queues = 1};
    everything.options.url = "amqp://user:secret@localhost/";
    everything.options.connection = &everything.connection;
    everything.options.exchange = "shop";
    everything.options.exchange_arguments = everything.arguments;
    everything.options.routing_keys = keys;
    everything.options.n_routing_keys = 2;
    everything.options.queue = NULL;
    everything.options.queue_options = &everything.queue;
    everything.options.topology = &everything.topology;
    everything.options.decoders = decoders;
    everything.options.n_decoders = 1;
    everything.options.retry = &everything.retry;
    everything.options.consume_arguments = everything.arguments;
    everything.options.workers = 4;
    assert_true(oom_for_every_allocation(make_without_memory, &everything) >= 10);
    amqpext_table_free(everything.arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_or_contradicts_itself_is_refused),
        cmocka_unit_test(names_beyond_the_wire_are_refused),
        cmocka_unit_test(url_that_is_refused_shows_no_password),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(nothing_of_the_caller_is_kept),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
