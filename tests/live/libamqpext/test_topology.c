/* What is declared at a real broker, and what it says to that. */
#include "test.h"

#include <stdio.h>

#include "broker.h"
#include "support/probe.h"

enum { WAIT_MS = 60000, SHORT_MS = 50 };

/* Steps that a test declares, one after the other. */
struct declared {
    const struct amqpext_topology *topology;
    const struct amqpext_queue *queue;
    const char *bound_queue; /* where bindings of the topology name none */
    uint32_t prefetch_size;
};

static enum amqpext_status plan(void *data, struct plan *plan, struct amqpext_error *error)
{
    const struct declared *declared = data;

    (void)error;
    if (declared->queue != NULL)
        amqpext__plan_queue(plan, declared->queue, 1);
    if (declared->topology != NULL)
        amqpext__plan_topology(plan, declared->topology, declared->bound_queue, 2);
    amqpext__plan_qos(plan, 10, declared->prefetch_size);
    return AMQPEXT_OK;
}

static struct probe *start(struct declared *declared)
{
    const struct probe_options options = {
        .url = getenv("AMQPEXT_TEST_URL"),
        .connection = {.reconnect_min_delay_ms = SHORT_MS,
                       .reconnect_max_delay_ms = 4 * SHORT_MS,
                       .permanent_delay_ms = 2 * SHORT_MS},
        .plan = plan,
        .data = declared,
    };

    return probe_start(&options);
}

static struct amqpext_error outcome(struct declared declared)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct probe *probe = start(&declared);

    amqpext__link_wait_ready(probe_link(probe), WAIT_MS, &error);
    probe_free(probe);
    return error;
}

static enum amqpext_status outcome_of_queue(const struct amqpext_queue *queue, int reply_code)
{
    const struct amqpext_error error = outcome((struct declared){.queue = queue});

    assert_int_equal(error.reply_code, reply_code);
    return error.status;
}

/* Whether the broker has an object now; `kind` is queue or exchange. */
static bool exists(const char *kind, const char *name)
{
    char answer[256];

    assert_true(broker_eval(answer, sizeof(answer),
                            "element(1, rabbit_%s:lookup(rabbit_misc:r(<<\"/\">>, %s, "
                            "<<\"%s\">>))) =:= ok.",
                            strcmp(kind, "queue") == 0 ? "amqqueue" : "exchange", kind, name));
    return strstr(answer, "true") != NULL;
}

static bool is_bound(const char *source, const char *kind, const char *destination, const char *key)
{
    char answer[256];

    assert_true(broker_eval(answer, sizeof(answer),
                            "length([K || {binding, _, K, {resource, _, %s, <<\"%s\">>}, _} <- "
                            "rabbit_binding:list_for_source(rabbit_misc:r(<<\"/\">>, exchange, "
                            "<<\"%s\">>)), K =:= <<\"%s\">>]) =:= 1.",
                            kind, destination, source, key));
    return strstr(answer, "true") != NULL;
}

static void delete_exchange(const char *name)
{
    assert_true(broker_eval(NULL, 0,
                            "rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, "
                            "<<\"%s\">>), false, <<\"suite\">>).",
                            name));
}

static const struct amqpext_exchange EXCHANGES[] = {
    {.name = "topology.events", .type = "topic"},
    {.name = "topology.audit", .type = "fanout"},
};
static const struct amqpext_queue QUEUES[] = {
    {.name = "topology.orders",
     .max_length = 1000,
     .message_ttl_ms = 60000,
     .reject_when_full = true,
     .max_priority = 5,
     .expires_ms = 600000,
     .single_active_consumer = true,
     .dead_letter_exchange = "",
     .dead_letter_routing_key = "topology.dead"},
    {.name = "topology.dead", .type = AMQPEXT_QUEUE_QUORUM, .delivery_limit = 3},
};
static const struct amqpext_binding BINDINGS[] = {
    {.exchange = "topology.events", .routing_key = "order.*"},
    {.exchange = "topology.events", .to_queue = "topology.dead", .routing_key = "dead"},
    {.exchange = "topology.events", .to_exchange = "topology.audit", .routing_key = "#"},
};
static const struct amqpext_topology TOPOLOGY = {
    .size = sizeof(TOPOLOGY),
    .exchanges = EXCHANGES,
    .n_exchanges = 2,
    .queues = QUEUES,
    .n_queues = 2,
    .bindings = BINDINGS,
    .n_bindings = 3,
};

static void assert_all_is_there(void)
{
    assert_true(exists("exchange", "topology.events"));
    assert_true(exists("exchange", "topology.audit"));
    assert_true(exists("queue", "topology.orders"));
    assert_true(exists("queue", "topology.dead"));
    assert_true(is_bound("topology.events", "queue", "topology.orders", "order.*"));
    assert_true(is_bound("topology.events", "queue", "topology.dead", "dead"));
    assert_true(is_bound("topology.events", "exchange", "topology.audit", "#"));
}

static int clear(void **state)
{
    (void)state;
    delete_exchange("topology.events");
    delete_exchange("topology.audit");
    return broker_delete_queues("topology.") ? 0 : -1;
}

static void whole_topology_is_made_and_found_again(void **state)
{
    struct declared declared = {.topology = &TOPOLOGY, .bound_queue = "topology.orders"};

    (void)state;
    assert_int_equal(outcome(declared).status, AMQPEXT_OK);
    assert_all_is_there();
    assert_int_equal(outcome(declared).status, AMQPEXT_OK);
}

static void what_was_deleted_is_made_again_with_the_next_connection(void **state)
{
    struct declared declared = {.topology = &TOPOLOGY, .bound_queue = "topology.orders"};
    struct probe *probe = start(&declared);

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    delete_exchange("topology.events");
    assert_true(broker_delete_queue("topology.orders"));
    assert_false(exists("queue", "topology.orders"));
    assert_true(broker_close_connections());
    probe_wait(probe, PROBE_READY, 2);
    assert_all_is_there();
    probe_free(probe);
}

static void queue_with_other_arguments_is_a_permanent_error_until_it_is_gone(void **state)
{
    const struct amqpext_queue queue = {.name = "topology.orders"};
    struct declared declared = {.queue = &queue};
    struct probe *probe;
    struct probe_event event;

    (void)state;
    assert_int_equal(outcome_of_queue(&QUEUES[0], 0), AMQPEXT_OK);
    probe = start(&declared);
    event = probe_wait_state(probe, AMQPEXT_STATE_WAITING, 1);
    assert_true(event.is_permanent);
    assert_int_equal(event.error.status, AMQPEXT_EPRECONDITION);
    assert_int_equal(event.error.reply_code, 406);
    assert_memory_equal(event.error.message, "cannot declare queue 'topology.orders': ", 39);
    assert_true(broker_delete_queue("topology.orders"));
    probe_wait(probe, PROBE_READY, 1);
    probe_free(probe);
}

static void passive_objects_must_be_there_with_whatever_arguments(void **state)
{
    const struct amqpext_queue queue = {.name = "topology.orders", .declare = AMQPEXT_PASSIVE};

    (void)state;
    assert_int_equal(outcome_of_queue(&queue, 404), AMQPEXT_ENOTFOUND);
    assert_int_equal(outcome_of_queue(&QUEUES[0], 0), AMQPEXT_OK);
    assert_int_equal(outcome_of_queue(&queue, 0), AMQPEXT_OK);
}

static void exclusive_queue_of_somebody_else_is_locked(void **state)
{
    const struct amqpext_queue queue = {.name = "topology.mine", .exclusive = true};
    struct declared declared = {.queue = &queue};
    struct probe *first = start(&declared), *second;

    (void)state;
    probe_wait(first, PROBE_READY, 1);
    second = start(&declared);
    assert_int_equal(probe_wait(second, PROBE_STEP_FAILED, 1).error.status, AMQPEXT_ELOCKED);
    assert_true(probe_wait_state(second, AMQPEXT_STATE_WAITING, 1).is_permanent);
    probe_free(first);
    probe_wait(second, PROBE_READY, 1);
    probe_free(second);
}

static void broker_chooses_the_name_of_a_queue_that_has_none(void **state)
{
    static const struct amqpext_queue QUEUE = {.name = "", .exclusive = true};
    static const struct amqpext_binding BINDING = {.exchange = "amq.topic", .routing_key = "k"};
    static const struct amqpext_topology BOUND = {
        .size = sizeof(BOUND), .bindings = &BINDING, .n_bindings = 1};
    struct declared declared = {.queue = &QUEUE, .topology = &BOUND, .bound_queue = ""};
    struct probe *probe = start(&declared);
    char name[256];

    (void)state;
    probe_wait(probe, PROBE_READY, 1);
    snprintf(name, sizeof(name), "%s", probe_wait(probe, PROBE_STEP_DONE, 1).text);
    assert_memory_equal(name, "amq.gen-", 8);
    assert_true(is_bound("amq.topic", "queue", name, "k"));
    probe_free(probe);
}

static void prefetch_size_is_refused_by_rabbitmq(void **state)
{
    const struct amqpext_error error = outcome((struct declared){.prefetch_size = 1});

    (void)state;
    assert_int_equal(error.status, AMQPEXT_EBROKER);
    assert_int_equal(error.reply_code, 540);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whole_topology_is_made_and_found_again, clear),
        cmocka_unit_test_teardown(what_was_deleted_is_made_again_with_the_next_connection, clear),
        cmocka_unit_test_teardown(queue_with_other_arguments_is_a_permanent_error_until_it_is_gone,
                                  clear),
        cmocka_unit_test_teardown(passive_objects_must_be_there_with_whatever_arguments, clear),
        cmocka_unit_test_teardown(exclusive_queue_of_somebody_else_is_locked, clear),
        cmocka_unit_test_teardown(broker_chooses_the_name_of_a_queue_that_has_none, clear),
        cmocka_unit_test_teardown(prefetch_size_is_refused_by_rabbitmq, clear),
    };

    return cmocka_run_group_tests_name("topology", tests, clear, clear);
}
