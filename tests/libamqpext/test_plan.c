/* What is declared: plans, their steps, and copies of what programs say. */
#include "test.h"

#include <stdio.h>

#include "plan_step.h"
#include "support/codec.h"
#include "table.h"

enum { FRAME_MAX = 131072 };

static const struct amqpext_exchange EXCHANGE = {.name = "events", .type = "topic"};
static const struct amqpext_queue QUEUE = {.name = "orders"};
static const struct amqpext_binding BINDING = {.exchange = "events", .routing_key = "#"};
static const struct consume CONSUME = {.queue = "orders", .consumer_tag = ""};

static void objects_that_are_taken_as_given_add_no_step(void **state)
{
    const struct amqpext_exchange standard = {.name = "", .type = "direct"};
    const struct amqpext_exchange given = {.name = "events", .declare = AMQPEXT_NO_DECLARE};
    const struct amqpext_queue queue = {.name = "orders", .declare = AMQPEXT_NO_DECLARE};
    struct plan plan = {0};

    (void)state;
    amqpext__plan_exchange(&plan, &standard, 1);
    amqpext__plan_exchange(&plan, &given, 1);
    amqpext__plan_queue(&plan, &queue, 1);
    assert_int_equal(plan.count, 0);
    amqpext__plan_queue(&plan, &QUEUE, 1);
    assert_int_equal(plan.count, 1);
    amqpext__plan_free(&plan);
}

static void consumer_stays_the_last_step(void **state)
{
    struct plan plan = {0};
    int i;

    (void)state;
    amqpext__plan_consume(&plan, &CONSUME, 7);
    for (i = 0; i < 20; i++)
        amqpext__plan_queue(&plan, &QUEUE, i);
    amqpext__plan_qos(&plan, 1, 0);
    amqpext__plan_confirm_select(&plan);
    assert_int_equal(plan.count, 23);
    for (i = 0; i < 20; i++)
        assert_int_equal(plan.steps[i].mark, i);
    assert_int_equal(plan.steps[20].kind, STEP_QOS);
    assert_int_equal(plan.steps[22].kind, STEP_CONSUME);
    amqpext__plan_free(&plan);
}

static void topology_is_planned_as_exchanges_queues_bindings(void **state)
{
    const struct amqpext_topology topology = {
        .size = sizeof(topology),
        .exchanges = &EXCHANGE,
        .n_exchanges = 1,
        .queues = &QUEUE,
        .n_queues = 1,
        .bindings = &BINDING,
        .n_bindings = 1,
    };
    struct plan plan = {0};

    (void)state;
    amqpext__plan_topology(&plan, &topology, "orders", 5);
    assert_int_equal(plan.count, 3);
    assert_int_equal(plan.steps[0].kind, STEP_EXCHANGE);
    assert_int_equal(plan.steps[1].kind, STEP_QUEUE);
    assert_int_equal(plan.steps[2].kind, STEP_BINDING);
    assert_int_equal(plan.steps[2].mark, 5);
    assert_string_equal(plan.steps[2].as.binding.queue, "orders");
    amqpext__plan_free(&plan);
}

static void write_plan(void *context)
{
    struct plan plan = {0};
    int i;

    (void)context;
    for (i = 0; i < 40; i++)
        amqpext__plan_queue(&plan, &QUEUE, i);
    assert_true(plan.failed || plan.count == 40);
    amqpext__plan_free(&plan);
}

static void plan_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(write_plan, NULL) >= 3);
}

/* The method of the one frame in `out`. */
static void *decode(const struct text *out, amqp_method_number_t *number, amqp_pool_t *pool)
{
    const unsigned char *bytes = (const unsigned char *)out->data;
    void *decoded;

    assert_true(out->size > 12 && bytes[0] == 1 && bytes[2] == 1);
    *number = (amqp_method_number_t)bytes[7] << 24 | (amqp_method_number_t)bytes[8] << 16 |
              (amqp_method_number_t)bytes[9] << 8 | bytes[10];
    assert_int_equal(
        amqp_decode_method(*number, pool, (amqp_bytes_t){out->size - 12, out->data + 11}, &decoded),
        0);
    return decoded;
}

static bool is_text(amqp_bytes_t bytes, const char *text)
{
    return bytes.len == strlen(text) && memcmp(bytes.bytes, text, bytes.len) == 0;
}

static void queue_is_declared_with_its_members_as_arguments(void **state)
{
    const struct amqpext_queue queue = {
        .name = "orders",
        .type = AMQPEXT_QUEUE_QUORUM,
        .single_active_consumer = true,
        .reject_when_full = true,
        .delivery_limit = 5,
        .max_length = 1000,
        .max_length_bytes = UINT64_C(5000000000),
        .message_ttl_ms = 60000,
        .expires_ms = 3600000,
        .dead_letter_exchange = "",
        .dead_letter_routing_key = "orders.dead",
    };
    static const struct {
        const char *name, *text;
        int64_t number;
    } EXPECTED[] = {
        {"x-queue-type", "quorum", 0},
        {"x-overflow", "reject-publish", 0},
        {"x-dead-letter-exchange", "", 0},
        {"x-dead-letter-routing-key", "orders.dead", 0},
        {"x-delivery-limit", NULL, 5},
        {"x-max-length", NULL, 1000},
        {"x-max-length-bytes", NULL, INT64_C(5000000000)},
        {"x-message-ttl", NULL, 60000},
        {"x-expires", NULL, 3600000},
    };
    struct amqpext_table *table;
    size_t i;

    (void)state;
    assert_int_equal(amqpext__queue_arguments(&queue, &table, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_count(table), 10);
    for (i = 0; i < sizeof(EXPECTED) / sizeof(EXPECTED[0]); i++) {
        if (EXPECTED[i].text != NULL)
            assert_string_equal(amqpext_table_text(table, EXPECTED[i].name), EXPECTED[i].text);
        else
            assert_true(amqpext_table_integer(table, EXPECTED[i].name, -1) == EXPECTED[i].number);
    }
    assert_true(amqpext_table_get(table, "x-single-active-consumer")->as.boolean);
    amqpext_table_free(table);
}

static void arguments_of_the_program_win_over_members(void **state)
{
    struct amqpext_queue queue = {.name = "orders", .type = AMQPEXT_QUEUE_CLASSIC, .max_length = 5};
    struct amqpext_table *own, *table;

    (void)state;
    assert_int_equal(amqpext_table_new(&own, NULL), AMQPEXT_OK);
    amqpext_table_set_integer(own, "x-max-length", 9, NULL);
    amqpext_table_set_text(own, "x-queue-mode", "lazy", NULL);
    queue.arguments = own;
    assert_int_equal(amqpext__queue_arguments(&queue, &table, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_integer(table, "x-max-length", 0), 9);
    assert_string_equal(amqpext_table_text(table, "x-queue-mode"), "lazy");
    assert_string_equal(amqpext_table_text(table, "x-queue-type"), "classic");
    amqpext_table_free(table);
    amqpext_table_free(own);
}

static void queue_with_all_defaults_has_no_arguments(void **state)
{
    struct amqpext_table *table;

    (void)state;
    assert_int_equal(amqpext__queue_arguments(&QUEUE, &table, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_count(table), 0);
    amqpext_table_free(table);
}

static void make_arguments(void *context)
{
    const struct amqpext_queue queue = {
        .name = "orders", .type = AMQPEXT_QUEUE_QUORUM, .max_length = 5, .delivery_limit = 3};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_table *table;

    (void)context;
    if (amqpext__queue_arguments(&queue, &table, &error) == AMQPEXT_OK)
        amqpext_table_free(table);
    else
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
}

static void arguments_survive_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(make_arguments, NULL) >= 4);
}

static void steps_are_their_methods(void **state)
{
    const struct amqpext_binding to_exchange = {
        .exchange = "events", .to_exchange = "audit", .routing_key = "#"};
    const struct amqpext_binding to_queue = {
        .exchange = "events", .to_queue = "other", .routing_key = "#"};
    const struct {
        struct step step;
        amqp_method_number_t number;
        enum method_kind answer;
        const char *text;
    } cases[] = {
        {{.kind = STEP_EXCHANGE, .as.exchange = &EXCHANGE},
         AMQP_EXCHANGE_DECLARE_METHOD,
         METHOD_EXCHANGE_DECLARE_OK,
         "declare exchange 'events'"},
        {{.kind = STEP_QUEUE, .as.queue = &QUEUE},
         AMQP_QUEUE_DECLARE_METHOD,
         METHOD_QUEUE_DECLARE_OK,
         "declare queue 'orders'"},
        {{.kind = STEP_BINDING, .as.binding = {&BINDING, "orders"}},
         AMQP_QUEUE_BIND_METHOD,
         METHOD_QUEUE_BIND_OK,
         "bind queue 'orders' to 'events'"},
        {{.kind = STEP_BINDING, .as.binding = {&to_queue, "orders"}},
         AMQP_QUEUE_BIND_METHOD,
         METHOD_QUEUE_BIND_OK,
         "bind queue 'other' to 'events'"},
        {{.kind = STEP_BINDING, .as.binding = {&to_exchange, NULL}},
         AMQP_EXCHANGE_BIND_METHOD,
         METHOD_EXCHANGE_BIND_OK,
         "bind exchange 'audit' to 'events'"},
        {{.kind = STEP_QOS, .as.qos = {10, 0}},
         AMQP_BASIC_QOS_METHOD,
         METHOD_BASIC_QOS_OK,
         "set the prefetch count"},
        {{.kind = STEP_CONFIRM_SELECT},
         AMQP_CONFIRM_SELECT_METHOD,
         METHOD_CONFIRM_SELECT_OK,
         "turn confirms on"},
        {{.kind = STEP_CONSUME, .as.consume = CONSUME},
         AMQP_BASIC_CONSUME_METHOD,
         METHOD_BASIC_CONSUME_OK,
         "consume from queue 'orders'"},
    };
    amqp_pool_t pool;
    size_t i;

    (void)state;
    init_amqp_pool(&pool, 4096);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text out = {0};
        amqp_method_number_t number;
        char text[STEP_TEXT_SIZE];

        assert_int_equal(amqpext__step_send(&cases[i].step, FRAME_MAX, &out, NULL), AMQPEXT_OK);
        decode(&out, &number, &pool);
        assert_int_equal(number, cases[i].number);
        assert_int_equal(amqpext__step_answer(&cases[i].step), cases[i].answer);
        amqpext__step_describe(&cases[i].step, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
        text_free(&out);
    }
    empty_amqp_pool(&pool);
}

static void objects_are_durable_unless_transient(void **state)
{
    const struct amqpext_queue transient = {.name = "orders", .transient = true, .exclusive = true};
    const struct step steps[] = {{.kind = STEP_QUEUE, .as.queue = &QUEUE},
                                 {.kind = STEP_QUEUE, .as.queue = &transient}};
    amqp_pool_t pool;
    size_t i;

    (void)state;
    init_amqp_pool(&pool, 4096);
    for (i = 0; i < 2; i++) {
        struct text out = {0};
        amqp_method_number_t number;
        const amqp_queue_declare_t *declare;

        assert_int_equal(amqpext__step_send(&steps[i], FRAME_MAX, &out, NULL), AMQPEXT_OK);
        declare = decode(&out, &number, &pool);
        assert_true(is_text(declare->queue, "orders"));
        assert_int_equal(declare->durable, i == 0);
        assert_int_equal(declare->exclusive, i == 1);
        text_free(&out);
    }
    empty_amqp_pool(&pool);
}

static void passive_objects_are_found(void **state)
{
    const struct amqpext_queue queue = {.name = "orders", .declare = AMQPEXT_PASSIVE};
    const struct amqpext_exchange exchange = {.name = "events", .declare = AMQPEXT_PASSIVE};
    const struct step steps[] = {{.kind = STEP_QUEUE, .as.queue = &queue},
                                 {.kind = STEP_EXCHANGE, .as.exchange = &exchange}};
    char text[STEP_TEXT_SIZE];

    (void)state;
    amqpext__step_describe(&steps[0], text, sizeof(text));
    assert_string_equal(text, "find queue 'orders'");
    amqpext__step_describe(&steps[1], text, sizeof(text));
    assert_string_equal(text, "find exchange 'events'");
}

static void binding_without_a_queue_is_refused(void **state)
{
    const struct step step = {.kind = STEP_BINDING, .as.binding = {&BINDING, NULL}};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct text out = {0};

    (void)state;
    assert_int_equal(amqpext__step_send(&step, FRAME_MAX, &out, &error), AMQPEXT_EINVALID);
    assert_string_equal(error.message,
                        "cannot bind queue '' to 'events': there is no queue to bind");
    assert_int_equal(out.size, 0);
    text_free(&out);
}

static void step_that_does_not_fit_writes_nothing(void **state)
{
    struct amqpext_queue queue = {.name = "orders"};
    const struct step step = {.kind = STEP_QUEUE, .as.queue = &queue};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_table *table;
    struct text out = {0};
    char text[5000];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(amqpext_table_new(&table, NULL), AMQPEXT_OK);
    amqpext_table_set_text(table, "x-long", text, NULL);
    queue.arguments = table;
    assert_int_equal(amqpext__step_send(&step, 4096, &out, &error), AMQPEXT_ETOOLARGE);
    assert_int_equal(out.size, 0);
    assert_int_equal(amqpext__step_send(&step, FRAME_MAX, &out, NULL), AMQPEXT_OK);
    text_free(&out);
    amqpext_table_free(table);
}

static void send_without_memory(void *context)
{
    const struct amqpext_queue queue = {.name = "orders", .max_length = 5};
    const struct step step = {.kind = STEP_QUEUE, .as.queue = &queue};
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct text out = {0};

    (void)context;
    if (amqpext__step_send(&step, FRAME_MAX, &out, &error) != AMQPEXT_OK)
        assert_int_equal(error.status, AMQPEXT_ENOMEM);
    text_free(&out);
}

static void steps_survive_lack_of_memory(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(send_without_memory, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_that_are_taken_as_given_add_no_step),
        cmocka_unit_test(consumer_stays_the_last_step),
        cmocka_unit_test(topology_is_planned_as_exchanges_queues_bindings),
        cmocka_unit_test(plan_survives_lack_of_memory),
        cmocka_unit_test(queue_is_declared_with_its_members_as_arguments),
        cmocka_unit_test(arguments_of_the_program_win_over_members),
        cmocka_unit_test(queue_with_all_defaults_has_no_arguments),
        cmocka_unit_test(arguments_survive_lack_of_memory),
        cmocka_unit_test(steps_are_their_methods),
        cmocka_unit_test(objects_are_durable_unless_transient),
        cmocka_unit_test(passive_objects_are_found),
        cmocka_unit_test(binding_without_a_queue_is_refused),
        cmocka_unit_test(step_that_does_not_fit_writes_nothing),
        cmocka_unit_test(steps_survive_lack_of_memory),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
