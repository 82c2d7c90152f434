/*
 * Options of a consumer: what is missing, wrong, or contradicts itself is said here, before
 * anything is connected.
 *
 * Order: setup, setup_free.
 * Invariant: a setup that was made points to nothing of the caller's but `data` and serializers.
 */
#include "consumer_options.h"

#include <string.h>

#include "error.h"
#include "options.h"
#include "plan.h"
#include "serializer.h"
#include "table.h"

enum {
    NAME_MAX_SIZE = 255, /* the length of a name is one byte on the wire */
    MAX_ATTEMPTS = 5, /* where the options name none */
    WORKERS_MAX = 1024, /* threads; more are a mistake */
    MS_MAX = 604800000 /* a week; what is longer is meant as "never", which is not on offer */
};

struct range {
    const char *name;
    size_t offset;
    unsigned standard, most;
};

#define RANGE(member, standard, most)                                              \
    {                                                                              \
#member, offsetof(struct amqpext_consumer_options, member), standard, most \
    }

static const struct range numbers[] = {
    RANGE(workers, 1, WORKERS_MAX),         RANGE(ack_count, 64, 65535),
    RANGE(ack_delay_ms, 0, 60000),          RANGE(drain_timeout_ms, 30000, MS_MAX),
    RANGE(slow_handler_ms, 900000, MS_MAX), RANGE(watch_interval_ms, 60000, MS_MAX),
};

static enum amqpext_status fill_numbers(struct amqpext_consumer_options *options,
                                        struct amqpext_error *error)
{
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        unsigned *number = (unsigned *)(void *)((char *)options + numbers[i].offset);

        if (*number == 0)
            *number = numbers[i].standard;
        if (*number > numbers[i].most)
            return amqpext__fail(error, AMQPEXT_EINVALID, "consumer: %s is at most %u",
                                 numbers[i].name, numbers[i].most);
    }
    if (options->prefetch_count == 0)
        options->prefetch_count = (uint16_t)(options->workers < 5 ? 10 : 2 * options->workers);
    return AMQPEXT_OK;
}

static enum amqpext_status check(struct amqpext_consumer_options *options,
                                 struct amqpext_error *error)
{
    const char *fault = NULL;

    if (options->process_request == NULL)
        fault = "process_request is missing";
    else if ((unsigned)options->callbacks > AMQPEXT_CALLBACKS_DISPATCH)
        fault = "callbacks is none of its values";
    else if ((unsigned)options->order > AMQPEXT_ORDER_ALL)
        fault = "order is none of its values";
    else if (options->order == AMQPEXT_ORDER_HEADER && options->order_header == NULL)
        fault = "order by header needs order_header";
    else if (options->queue == NULL && options->queue_options == NULL)
        fault = "queue or queue_options is needed";
    else if (options->queue != NULL && options->queue_options != NULL)
        fault = "queue and queue_options exclude each other";
    else if (options->routing_key != NULL && options->n_routing_keys != 0)
        fault = "routing_key and routing_keys exclude each other";
    else if (options->n_routing_keys != 0 && options->routing_keys == NULL)
        fault = "routing_keys is missing";
    else if (options->n_decoders != 0 && options->decoders == NULL)
        fault = "decoders is missing";
    if (fault != NULL)
        return amqpext__fail(error, AMQPEXT_EINVALID, "consumer: %s", fault);
    if (options->callbacks == AMQPEXT_CALLBACKS_DEFAULT)
        options->callbacks = AMQPEXT_CALLBACKS_WORKERS;
    return fill_numbers(options, error);
}

/* A text that is copied in place; NULL stays NULL. */
struct text_option {
    const char **text;
    size_t most;
    const char *what;
};

static enum amqpext_status copy_texts(struct arena *arena, const struct text_option *options,
                                      size_t n, struct amqpext_error *error)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const char **text = options[i].text;

        if (*text == NULL)
            continue;
        if (strlen(*text) > options[i].most)
            return amqpext__fail(error, AMQPEXT_EINVALID, "consumer: %s has more than %zu bytes",
                                 options[i].what, options[i].most);
        *text = arena_string(arena, *text);
        if (*text == NULL)
            return amqpext__fail_memory(error);
    }
    return AMQPEXT_OK;
}

static enum amqpext_status copy_names(struct arena *arena, struct amqpext_consumer_options *options,
                                      struct amqpext_error *error)
{
    const struct text_option texts[] = {
        {&options->url, SIZE_MAX, "url"},
        {&options->routing_key, NAME_MAX_SIZE, "routing_key"},
        {&options->order_header, NAME_MAX_SIZE, "order_header"},
        {&options->consumer_tag, NAME_MAX_SIZE, "consumer_tag"},
        {&options->serializer, NAME_MAX_SIZE, "serializer"},
    };

    return copy_texts(arena, texts, sizeof(texts) / sizeof(texts[0]), error);
}

static enum amqpext_status copy_tls(struct arena *arena, const struct amqpext_tls_options **tls,
                                    struct amqpext_error *error)
{
    struct amqpext_tls_options *copy = arena_alloc(arena, sizeof(*copy));
    enum amqpext_status status;

    if (copy == NULL)
        return amqpext__fail_memory(error);
    status = amqpext__options_copy(copy, sizeof(*copy), *tls, "TLS options", error);
    *tls = copy;
    if (status == AMQPEXT_OK) {
        const struct text_option texts[] = {
            {&copy->ca_file, SIZE_MAX, "ca_file"},
            {&copy->ca_path, SIZE_MAX, "ca_path"},
            {&copy->cert_file, SIZE_MAX, "cert_file"},
            {&copy->key_file, SIZE_MAX, "key_file"},
            {&copy->key_password, SIZE_MAX, "key_password"},
            {&copy->server_name, SIZE_MAX, "server_name"},
        };

        status = copy_texts(arena, texts, sizeof(texts) / sizeof(texts[0]), error);
    }
    return status;
}

/* The copies for retries have a connection of their own, which is made from the same. */
static enum amqpext_status copy_connection(struct arena *arena,
                                           struct amqpext_consumer_options *options,
                                           struct amqpext_error *error)
{
    struct amqpext_connection_options *copy;
    enum amqpext_status status;

    if (options->connection == NULL)
        return AMQPEXT_OK;
    copy = arena_alloc(arena, sizeof(*copy));
    if (copy == NULL)
        return amqpext__fail_memory(error);
    status = amqpext__options_copy(copy, sizeof(*copy), options->connection, "connection options",
                                   error);
    options->connection = copy;
    if (status == AMQPEXT_OK) {
        const struct text_option name = {&copy->name, SIZE_MAX, "name"};

        status = copy_texts(arena, &name, 1, error);
    }
    if (status == AMQPEXT_OK && copy->tls != NULL)
        status = copy_tls(arena, &copy->tls, error);
    return status;
}

static enum amqpext_status copy_retry(struct consumer_setup *setup, struct amqpext_error *error)
{
    struct amqpext_retry_options *retry = &setup->retry;
    enum amqpext_status status =
        amqpext__options_copy(retry, sizeof(*retry), setup->options.retry, "retry options", error);

    if (status == AMQPEXT_OK) {
        const struct text_option texts[] = {
            {&retry->queue_prefix, NAME_MAX_SIZE, "queue_prefix"},
            {&retry->dead_letter_queue, NAME_MAX_SIZE, "dead_letter_queue"},
        };

        status = copy_texts(&setup->arena, texts, sizeof(texts) / sizeof(texts[0]), error);
    }
    setup->options.retry = retry;
    setup->max_attempts = retry->max_attempts != 0 ? retry->max_attempts : MAX_ATTEMPTS;
    return status;
}

static enum amqpext_status copy_exchange(struct consumer_setup *setup, struct amqpext_error *error)
{
    struct amqpext_consumer_options *options = &setup->options;
    const struct amqpext_exchange exchange = {
        .name = options->exchange,
        .type = options->exchange_type,
        .declare = options->exchange_declare,
        .arguments = options->exchange_arguments,
    };
    const enum amqpext_status status =
        amqpext__exchange_copy(&setup->arena, &exchange, &setup->exchange, error);

    if (status != AMQPEXT_OK)
        return status;
    options->exchange = setup->exchange.name;
    options->exchange_type = setup->exchange.type;
    options->exchange_arguments = setup->exchange.arguments;
    return AMQPEXT_OK;
}

static enum amqpext_status copy_queue(struct consumer_setup *setup, struct amqpext_error *error)
{
    struct amqpext_consumer_options *options = &setup->options;
    const struct amqpext_queue plain = {.name = options->queue};
    const struct amqpext_queue *from =
        options->queue_options != NULL ? options->queue_options : &plain;
    const enum amqpext_status status =
        amqpext__queue_copy(&setup->arena, from, &setup->queue, error);

    if (status != AMQPEXT_OK)
        return status;
    options->queue = setup->queue.name;
    options->queue_options = &setup->queue;
    return AMQPEXT_OK;
}

static enum amqpext_status bind_key(struct consumer_setup *setup, const char *key,
                                    struct amqpext_error *error)
{
    const struct text_option text = {&key, NAME_MAX_SIZE, "a routing key"};
    const enum amqpext_status status = copy_texts(&setup->arena, &text, 1, error);

    if (status == AMQPEXT_OK)
        setup->bindings[setup->n_bindings++] = (struct amqpext_binding){
            .exchange = setup->exchange.name, .routing_key = key != NULL ? key : ""};
    return status;
}

/* One per key; the key "" when there is none. The default exchange has every queue bound. */
static enum amqpext_status copy_bindings(struct consumer_setup *setup, struct amqpext_error *error)
{
    struct amqpext_consumer_options *options = &setup->options;
    const size_t n_keys = options->n_routing_keys != 0 ? options->n_routing_keys : 1;
    enum amqpext_status status = AMQPEXT_OK;
    size_t i;

    if (setup->exchange.name[0] == '\0')
        return AMQPEXT_OK;
    setup->bindings = arena_zeroed(&setup->arena, n_keys, sizeof(setup->bindings[0]));
    if (setup->bindings == NULL)
        return amqpext__fail_memory(error);
    for (i = 0; i < n_keys && status == AMQPEXT_OK; i++)
        status = bind_key(
            setup, options->n_routing_keys != 0 ? options->routing_keys[i] : options->routing_key,
            error);
    options->routing_keys = NULL;
    options->n_routing_keys = 0;
    return status;
}

static enum amqpext_status copy_decoders(struct consumer_setup *setup, struct amqpext_error *error)
{
    struct amqpext_consumer_options *options = &setup->options;
    enum amqpext_status status = amqpext__serializer_resolve(
        options->serializer, options->custom_serializer, &setup->serializer, error);
    size_t i;

    for (i = 0; i < options->n_decoders && status == AMQPEXT_OK; i++)
        status = amqpext__serializer_check(options->decoders[i], error);
    if (status != AMQPEXT_OK || options->n_decoders == 0)
        return status;
    options->decoders = arena_copy(&setup->arena, options->decoders,
                                   options->n_decoders * sizeof(options->decoders[0]));
    return options->decoders == NULL ? amqpext__fail_memory(error) : AMQPEXT_OK;
}

/* What the program says wins. */
static enum amqpext_status add_cancel(struct consumer_setup *setup, struct amqpext_error *error)
{
    struct amqpext_table *arguments = NULL;
    enum amqpext_status status = amqpext_table_new(&arguments, error);

    if (status == AMQPEXT_OK)
        status = amqpext_table_set_boolean(arguments, "x-cancel-on-ha-failover", true, error);
    if (status == AMQPEXT_OK)
        status = amqpext__table_merge(arguments, setup->options.consume_arguments, error);
    if (status == AMQPEXT_OK) {
        setup->arguments_to_be_cancelled = amqpext__table_copy(&setup->arena, arguments);
        if (setup->arguments_to_be_cancelled == NULL)
            status = amqpext__fail_memory(error);
    }
    amqpext_table_free(arguments);
    return status;
}

static enum amqpext_status copy_tables(struct consumer_setup *setup, struct amqpext_error *error)
{
    struct amqpext_consumer_options *options = &setup->options;
    const struct amqpext_table *arguments =
        amqpext__table_copy(&setup->arena, options->consume_arguments);
    enum amqpext_status status;

    if (arguments == NULL && options->consume_arguments != NULL)
        return amqpext__fail_memory(error);
    options->consume_arguments = arguments;
    status = add_cancel(setup, error);
    if (status != AMQPEXT_OK || options->topology == NULL)
        return status;
    status = amqpext__topology_copy(&setup->arena, options->topology, &setup->topology, error);
    options->topology = &setup->topology;
    return status;
}

static enum amqpext_status copy(struct consumer_setup *setup, struct amqpext_error *error)
{
    enum amqpext_status status = copy_names(&setup->arena, &setup->options, error);

    if (status == AMQPEXT_OK)
        status = copy_connection(&setup->arena, &setup->options, error);
    if (status == AMQPEXT_OK)
        status = copy_retry(setup, error);
    if (status == AMQPEXT_OK)
        status = copy_exchange(setup, error);
    if (status == AMQPEXT_OK)
        status = copy_queue(setup, error);
    if (status == AMQPEXT_OK)
        status = copy_bindings(setup, error);
    if (status == AMQPEXT_OK)
        status = copy_tables(setup, error);
    if (status == AMQPEXT_OK)
        status = copy_decoders(setup, error);
    return status;
}

enum amqpext_status amqpext__consumer_setup(const struct amqpext_consumer_options *options,
                                            struct consumer_setup *out, struct amqpext_error *error)
{
    enum amqpext_status status;

    *out = (struct consumer_setup){.n_bindings = 0};
    status = amqpext__options_copy(&out->options, sizeof(out->options), options, "consumer options",
                                   error);
    if (status == AMQPEXT_OK)
        status = check(&out->options, error);
    if (status == AMQPEXT_OK)
        status = copy(out, error);
    if (status != AMQPEXT_OK) {
        arena_free(&out->arena);
        /* It still points to what is the caller's: nothing of that is ours to wipe. */
        *out = (struct consumer_setup){.n_bindings = 0};
    }
    return status;
}

/* Of copies, which are ours to write to. */
static void wipe(const char *secret)
{
    if (secret != NULL)
        explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}

void amqpext__consumer_setup_free(struct consumer_setup *setup)
{
    const struct amqpext_connection_options *connection = setup->options.connection;

    wipe(setup->options.url);
    if (connection != NULL && connection->tls != NULL)
        wipe(connection->tls->key_password);
    arena_free(&setup->arena);
}
