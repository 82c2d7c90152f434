/* Copies of what programs declare, and what is refused before a broker sees it. */
#include "test.h"

#include <stdio.h>

#include "plan.h"

static char *long_name(char *out, size_t size)
{
    memset(out, 'n', size);
    out[size] = '\0';
    return out;
}

static void queue_of_status(const struct amqpext_queue *queue, enum amqpext_status expected,
                            const char *message)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_queue copy = {.max_length = 77};
    struct arena arena = {0};

    assert_int_equal(amqpext__queue_copy(&arena, queue, &copy, &error), expected);
    if (message != NULL)
        assert_string_equal(error.message, message);
    if (expected != AMQPEXT_OK)
        assert_int_equal(copy.max_length, 77);
    arena_free(&arena);
}

static void names_have_255_bytes_at_most(void **state)
{
    char name[300];
    struct amqpext_queue queue = {.name = long_name(name, 255)};
    struct amqpext_exchange exchange = {.name = name};
    struct arena arena = {0};

    (void)state;
    queue_of_status(&queue, AMQPEXT_OK, NULL);
    long_name(name, 256);
    queue_of_status(&queue, AMQPEXT_EINVALID,
                    "the name of queue 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…' has more than 255 "
                    "bytes");
    assert_int_equal(amqpext__exchange_copy(&arena, &exchange, &exchange, NULL), AMQPEXT_EINVALID);
    exchange.name = "x";
    exchange.type = name;
    assert_int_equal(amqpext__exchange_copy(&arena, &exchange, &exchange, NULL), AMQPEXT_EINVALID);
    queue.name = "q";
    queue.dead_letter_exchange = name;
    queue_of_status(&queue, AMQPEXT_EINVALID, NULL);
    queue.dead_letter_exchange = NULL;
    queue.dead_letter_routing_key = name;
    queue_of_status(&queue, AMQPEXT_EINVALID, NULL);
    arena_free(&arena);
}

static void quorum_queues_are_durable_and_shared(void **state)
{
    const struct amqpext_queue queues[] = {
        {.name = "q", .type = AMQPEXT_QUEUE_QUORUM, .transient = true},
        {.name = "q", .type = AMQPEXT_QUEUE_QUORUM, .exclusive = true},
        {.name = "q", .type = AMQPEXT_QUEUE_QUORUM, .auto_delete = true},
    };
    const struct amqpext_queue priority = {
        .name = "q", .type = AMQPEXT_QUEUE_QUORUM, .max_priority = 5};
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++)
        queue_of_status(&queues[i], AMQPEXT_EINVALID,
                        "queue 'q': a quorum queue is durable, never exclusive or auto_delete");
    queue_of_status(&priority, AMQPEXT_EINVALID, "queue 'q': max_priority is for classic queues");
}

static void queue_without_a_name_belongs_to_somebody(void **state)
{
    const struct amqpext_queue nobody = {.name = ""};
    const struct amqpext_queue exclusive = {.exclusive = true};
    const struct amqpext_queue auto_delete = {.auto_delete = true};
    const struct amqpext_queue passive = {.exclusive = true, .declare = AMQPEXT_PASSIVE};

    (void)state;
    queue_of_status(&nobody, AMQPEXT_EINVALID,
                    "a queue without name needs exclusive or auto_delete");
    queue_of_status(&exclusive, AMQPEXT_OK, NULL);
    queue_of_status(&auto_delete, AMQPEXT_OK, NULL);
    queue_of_status(&passive, AMQPEXT_EINVALID, "a queue that is not to be made needs a name");
}

static void numbers_and_kinds_are_checked(void **state)
{
    struct amqpext_queue queue = {.name = "q", .max_priority = 256};
    struct amqpext_exchange exchange = {.name = "x", .declare = (enum amqpext_declare)9};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct arena arena = {0};

    (void)state;
    queue_of_status(&queue, AMQPEXT_EINVALID, "queue 'q': max_priority is above 255");
    queue.max_priority = 255;
    queue_of_status(&queue, AMQPEXT_OK, NULL);
    queue.max_length = UINT64_MAX;
    queue_of_status(&queue, AMQPEXT_EINVALID, "queue 'q': a number is out of range");
    queue.max_length = INT64_MAX;
    queue_of_status(&queue, AMQPEXT_OK, NULL);
    queue.type = (enum amqpext_queue_type)9;
    queue_of_status(&queue, AMQPEXT_EINVALID, "queue 'q': no such type");
    assert_int_equal(amqpext__exchange_copy(&arena, &exchange, &exchange, &error),
                     AMQPEXT_EINVALID);
    assert_string_equal(error.message, "exchange 'x': no such way to declare: 9");
    arena_free(&arena);
}

static void exchange_is_a_topic_by_default(void **state)
{
    const struct amqpext_exchange exchange = {.name = "events"}, fanout = {.type = "fanout"};
    struct amqpext_exchange copy;
    struct arena arena = {0};

    (void)state;
    assert_int_equal(amqpext__exchange_copy(&arena, &exchange, &copy, NULL), AMQPEXT_OK);
    assert_string_equal(copy.type, "topic");
    assert_int_equal(amqpext__exchange_copy(&arena, &fanout, &copy, NULL), AMQPEXT_OK);
    assert_string_equal(copy.type, "fanout");
    assert_string_equal(copy.name, "");
    arena_free(&arena);
}

static void bindings_have_a_source_and_at_most_one_destination(void **state)
{
    const struct amqpext_binding bindings[] = {
        {.exchange = "", .to_queue = "q"},
        {.to_queue = "q"},
        {.exchange = "x", .to_queue = "q", .to_exchange = "y"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        const struct amqpext_topology topology = {
            .size = sizeof(topology), .bindings = &bindings[i], .n_bindings = 1};
        struct amqpext_topology copy;
        struct arena arena = {0};

        assert_int_equal(amqpext__topology_copy(&arena, &topology, &copy, NULL), AMQPEXT_EINVALID);
        arena_free(&arena);
    }
}

/* Everything of a topology, in memory that is overwritten after it was copied. */
static void copy_whole(void *context)
{
    char name[] = "orders", key[] = "order.*", source[] = "events";
    struct amqpext_table *table;
    struct amqpext_exchange exchange = {.name = source};
    struct amqpext_queue queue = {.name = name, .dead_letter_exchange = ""};
    struct amqpext_binding binding = {.exchange = source, .to_queue = name, .routing_key = key};
    const struct amqpext_topology topology = {
        .size = sizeof(topology),
        .exchanges = &exchange,
        .n_exchanges = 1,
        .queues = &queue,
        .n_queues = 1,
        .bindings = &binding,
        .n_bindings = 1,
    };
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_topology copy = {0};
    struct arena arena = {0};
    enum amqpext_status status;

    (void)context;
    if (amqpext_table_new(&table, NULL) != AMQPEXT_OK)
        return;
    if (amqpext_table_set_integer(table, "x-max-length", 5, NULL) == AMQPEXT_OK) {
        queue.arguments = exchange.arguments = binding.arguments = table;
        status = amqpext__topology_copy(&arena, &topology, &copy, &error);
        memset(name, 'X', 6);
        memset(key, 'X', 7);
        memset(source, 'X', 6);
        if (status == AMQPEXT_OK) {
            assert_string_equal(copy.exchanges[0].name, "events");
            assert_string_equal(copy.queues[0].name, "orders");
            assert_string_equal(copy.queues[0].dead_letter_exchange, "");
            assert_null(copy.queues[0].dead_letter_routing_key);
            assert_string_equal(copy.bindings[0].exchange, "events");
            assert_string_equal(copy.bindings[0].to_queue, "orders");
            assert_null(copy.bindings[0].to_exchange);
            assert_string_equal(copy.bindings[0].routing_key, "order.*");
            assert_int_equal(amqpext_table_integer(copy.queues[0].arguments, "x-max-length", 0), 5);
        } else {
            assert_int_equal(error.status, AMQPEXT_ENOMEM);
            assert_int_equal(copy.n_queues, 0);
        }
    }
    amqpext_table_free(table);
    arena_free(&arena);
}

static void copy_is_independent_and_survives_lack_of_memory(void **state)
{
    (void)state;
    copy_whole(NULL);
    assert_true(oom_for_every_allocation(copy_whole, NULL) >= 4);
}

static void no_topology_is_an_empty_one(void **state)
{
    struct amqpext_topology copy = {.n_queues = 9};
    struct arena arena = {0};

    (void)state;
    assert_int_equal(amqpext__topology_copy(&arena, NULL, &copy, NULL), AMQPEXT_OK);
    assert_int_equal(copy.n_queues + copy.n_exchanges + copy.n_bindings, 0);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_255_bytes_at_most),
        cmocka_unit_test(quorum_queues_are_durable_and_shared),
        cmocka_unit_test(queue_without_a_name_belongs_to_somebody),
        cmocka_unit_test(numbers_and_kinds_are_checked),
        cmocka_unit_test(exchange_is_a_topic_by_default),
        cmocka_unit_test(bindings_have_a_source_and_at_most_one_destination),
        cmocka_unit_test(copy_is_independent_and_survives_lack_of_memory),
        cmocka_unit_test(no_topology_is_an_empty_one),
    };

    return cmocka_run_group_tests_name("topology_copy", tests, NULL, NULL);
}
