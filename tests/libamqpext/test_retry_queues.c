/* Names and arguments of the queues of a retry engine. */
#include "test.h"

#include "retry_queues.h"

static struct retry_queues make(const struct amqpext_retry_options *options,
                                const struct amqpext_queue *queue)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct retry_queues queues;

    if (amqpext__retry_queues_make(options, queue, &queues, &error) != AMQPEXT_OK)
        fail_msg("%s", error.message);
    return queues;
}

static unsigned own_queues(const struct retry_queues *queues, unsigned n_steps,
                           bool has_quorum_delays, struct amqpext_queue out[RETRY_QUEUES_MAX])
{
    const struct retry_declared declared = {.n_steps = n_steps,
                                            .has_quorum_delays = has_quorum_delays};

    return amqpext__retry_own_queues(queues, &declared, out);
}

static const struct amqpext_queue classic = {.name = "jobs"};
static const struct amqpext_queue quorum = {.name = "jobs", .type = AMQPEXT_QUEUE_QUORUM};

static void queues_are_named_after_the_main_queue(void **state)
{
    struct retry_queues queues = make(NULL, &classic);
    struct amqpext_queue own[RETRY_QUEUES_MAX];

    (void)state;
    assert_int_equal(queues.steps.n_usual, 4);
    assert_int_equal(own_queues(&queues, 4, true, own), 5);
    assert_string_equal(own[0].name, "jobs.retry.1000");
    assert_string_equal(own[3].name, "jobs.retry.8000");
    assert_int_equal(own[3].message_ttl_ms, 8000);
    assert_string_equal(own[3].dead_letter_exchange, "");
    assert_string_equal(own[3].dead_letter_routing_key, "jobs");
    assert_false(own[3].transient);
    assert_string_equal(own[4].name, "jobs.dead");
    assert_int_equal(own[4].type, AMQPEXT_QUEUE_DEFAULT);
    assert_null(own[4].dead_letter_exchange);
    assert_int_equal(own[4].message_ttl_ms, 0);
    amqpext__retry_queues_free(&queues);
}

/* Classic queues hand on at most once, which a crash turns into a loss. */
static void steps_of_a_durable_classic_queue_are_quorum_queues(void **state)
{
    const struct amqpext_queue transient = {.name = "jobs", .transient = true};
    struct retry_queues queues = make(NULL, &classic);
    struct amqpext_queue own[RETRY_QUEUES_MAX];

    (void)state;
    assert_int_equal(own_queues(&queues, 1, true, own), 2);
    assert_int_equal(own[0].type, AMQPEXT_QUEUE_QUORUM);
    assert_string_equal(amqpext_table_text(own[0].arguments, "x-dead-letter-strategy"),
                        "at-least-once");
    assert_int_equal(own_queues(&queues, 1, false, own), 2);
    assert_int_equal(own[0].type, AMQPEXT_QUEUE_DEFAULT);
    assert_null(own[0].arguments);
    amqpext__retry_queues_free(&queues);
    queues = make(NULL, &transient);
    assert_int_equal(own_queues(&queues, 1, true, own), 2);
    assert_int_equal(own[0].type, AMQPEXT_QUEUE_DEFAULT);
    assert_null(own[0].arguments);
    amqpext__retry_queues_free(&queues);
}

static void names_can_be_chosen(void **state)
{
    const struct amqpext_retry_options options = {.size = sizeof(options),
                                                  .max_attempts = 2,
                                                  .min_delay_ms = 5,
                                                  .max_delay_ms = 7,
                                                  .queue_prefix = "later-",
                                                  .dead_letter_queue = "graves"};
    struct retry_queues queues = make(&options, &classic);
    struct amqpext_queue own[RETRY_QUEUES_MAX];

    (void)state;
    assert_int_equal(own_queues(&queues, 2, true, own), 3);
    assert_string_equal(own[0].name, "later-5");
    assert_string_equal(own[1].name, "later-7");
    assert_string_equal(own[2].name, "graves");
    amqpext__retry_queues_free(&queues);
}

static void quorum_queues_have_quorum_queues_beside_them(void **state)
{
    struct retry_queues queues = make(NULL, &quorum);
    struct amqpext_queue own[RETRY_QUEUES_MAX];

    (void)state;
    assert_int_equal(own_queues(&queues, 1, true, own), 2);
    assert_int_equal(own[0].type, AMQPEXT_QUEUE_QUORUM);
    assert_string_equal(amqpext_table_text(own[0].arguments, "x-dead-letter-strategy"),
                        "at-least-once");
    assert_string_equal(amqpext_table_text(own[0].arguments, "x-overflow"), "reject-publish");
    assert_int_equal(own[1].type, AMQPEXT_QUEUE_QUORUM);
    /* Messages of older quorum queues do not expire. */
    assert_int_equal(own_queues(&queues, 1, false, own), 2);
    assert_int_equal(own[0].type, AMQPEXT_QUEUE_CLASSIC);
    assert_null(own[0].arguments);
    assert_int_equal(own[1].type, AMQPEXT_QUEUE_QUORUM);
    amqpext__retry_queues_free(&queues);
}

static void nameless_queues_have_none_but_dead_letters_that_are_named(void **state)
{
    const struct amqpext_queue nameless = {.name = "", .exclusive = true};
    struct amqpext_retry_options options = AMQPEXT_RETRY_OPTIONS_INIT;
    struct retry_queues queues = make(&options, &nameless);
    struct amqpext_queue own[RETRY_QUEUES_MAX];

    (void)state;
    assert_int_equal(own_queues(&queues, 4, true, own), 0);
    amqpext__retry_queues_free(&queues);
    options.dead_letter_queue = "graves";
    queues = make(&options, &nameless);
    assert_int_equal(own_queues(&queues, 4, true, own), 1);
    assert_string_equal(own[0].name, "graves");
    amqpext__retry_queues_free(&queues);
}

static void dead_letters_can_be_switched_off(void **state)
{
    const struct amqpext_retry_options options = {.size = sizeof(options),
                                                  .no_dead_letter_queue = true};
    struct retry_queues queues = make(&options, &quorum);
    struct amqpext_queue own[RETRY_QUEUES_MAX];

    (void)state;
    assert_null(queues.dead);
    assert_false(queues.wishes.has_dead_letters);
    assert_int_equal(own_queues(&queues, 1, true, own), 1);
    amqpext__retry_queues_free(&queues);
}

static void main_queue_gets_what_retries_add(void **state)
{
    struct amqpext_table *given = NULL;
    struct amqpext_queue queue = quorum;
    struct amqpext_queue main;
    struct retry_queues queues;

    (void)state;
    assert_int_equal(amqpext_table_new(&given, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(given, "x-delayed-retry-min", 7, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_text(given, "x-own", "yes", NULL), AMQPEXT_OK);
    queue.arguments = given;
    queues = make(NULL, &queue);
    main = amqpext__retry_main_queue(&queues, EXTRA_NOTHING);
    assert_ptr_equal(main.arguments, given);
    main = amqpext__retry_main_queue(&queues, EXTRA_BOTH);
    assert_string_equal(amqpext_table_text(main.arguments, "x-delayed-retry-type"), "failed");
    /* The program's wins. */
    assert_int_equal(amqpext_table_integer(main.arguments, "x-delayed-retry-min", 0), 7);
    assert_int_equal(amqpext_table_integer(main.arguments, "x-delayed-retry-max", 0), 60000);
    assert_string_equal(amqpext_table_text(main.arguments, "x-dead-letter-exchange"), "");
    assert_string_equal(amqpext_table_text(main.arguments, "x-dead-letter-routing-key"),
                        "jobs.dead");
    assert_string_equal(amqpext_table_text(main.arguments, "x-dead-letter-strategy"),
                        "at-least-once");
    assert_string_equal(amqpext_table_text(main.arguments, "x-overflow"), "reject-publish");
    assert_string_equal(amqpext_table_text(main.arguments, "x-own"), "yes");
    assert_int_equal(main.delivery_limit, 0);
    main = amqpext__retry_main_queue(&queues, EXTRA_DEAD_LETTERS);
    assert_null(amqpext_table_get(main.arguments, "x-delayed-retry-type"));
    main = amqpext__retry_main_queue(&queues, EXTRA_DELAYED_RETRY);
    assert_null(amqpext_table_get(main.arguments, "x-dead-letter-exchange"));
    amqpext__retry_queues_free(&queues);
    amqpext_table_free(given);
}

static void queue_that_drops_its_oldest_dead_letters_at_most_once(void **state)
{
    struct amqpext_queue queue = quorum;
    struct amqpext_queue main;
    struct retry_queues queues;

    (void)state;
    queue.max_length = 100;
    queues = make(NULL, &queue);
    main = amqpext__retry_main_queue(&queues, EXTRA_DEAD_LETTERS);
    assert_string_equal(amqpext_table_text(main.arguments, "x-dead-letter-routing-key"),
                        "jobs.dead");
    assert_null(amqpext_table_get(main.arguments, "x-dead-letter-strategy"));
    assert_null(amqpext_table_get(main.arguments, "x-overflow"));
    amqpext__retry_queues_free(&queues);
    queue.reject_when_full = true;
    queues = make(NULL, &queue);
    main = amqpext__retry_main_queue(&queues, EXTRA_DEAD_LETTERS);
    assert_string_equal(amqpext_table_text(main.arguments, "x-dead-letter-strategy"),
                        "at-least-once");
    amqpext__retry_queues_free(&queues);
}

static void many_attempts_raise_the_delivery_limit(void **state)
{
    struct amqpext_retry_options options = {.size = sizeof(options), .max_attempts = 50};
    struct retry_queues queues = make(&options, &quorum);

    (void)state;
    assert_int_equal(amqpext__retry_main_queue(&queues, EXTRA_BOTH).delivery_limit, 50);
    assert_int_equal(amqpext__retry_main_queue(&queues, EXTRA_DEAD_LETTERS).delivery_limit, 0);
    amqpext__retry_queues_free(&queues);
}

static void assert_wish(const struct amqpext_queue *queue, bool is_quorum, bool has_dead_letters)
{
    struct retry_queues queues = make(NULL, queue);

    assert_int_equal(queues.wishes.is_quorum, is_quorum);
    assert_int_equal(queues.wishes.has_dead_letters, has_dead_letters);
    amqpext__retry_queues_free(&queues);
}

static void what_the_program_says_of_its_queue_counts(void **state)
{
    struct amqpext_queue queue = {.name = "jobs", .dead_letter_exchange = "dlx"};
    struct amqpext_table *arguments = NULL;

    (void)state;
    assert_wish(&queue, false, false);
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    queue = classic;
    queue.arguments = arguments;
    assert_wish(&queue, false, true);
    assert_int_equal(amqpext_table_set_text(arguments, "x-queue-type", "quorum", NULL), AMQPEXT_OK);
    assert_wish(&queue, true, true);
    assert_int_equal(amqpext_table_set_text(arguments, "x-dead-letter-exchange", "dlx", NULL),
                     AMQPEXT_OK);
    assert_wish(&queue, true, false);
    amqpext_table_free(arguments);
}

static void assert_refused(const struct amqpext_retry_options *options,
                           const struct amqpext_queue *queue, const char *message)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct retry_queues queues;

    assert_int_equal(amqpext__retry_queues_make(options, queue, &queues, &error), AMQPEXT_EINVALID);
    assert_string_equal(error.message, message);
}

static void contradictions_are_refused(void **state)
{
    struct amqpext_retry_options options = AMQPEXT_RETRY_OPTIONS_INIT;
    struct amqpext_queue queue = classic;
    char name[256];

    (void)state;
    options.min_delay_ms = 10;
    options.max_delay_ms = 9;
    assert_refused(&options, &classic, "retry: max_delay_ms is shorter than min_delay_ms");
    options = (struct amqpext_retry_options)AMQPEXT_RETRY_OPTIONS_INIT;
    options.mode = AMQPEXT_RETRY_NATIVE;
    assert_refused(&options, &classic,
                   "retry: the broker's own delayed retry needs a quorum queue");
    options.mode = (enum amqpext_retry_mode)7;
    assert_refused(&options, &classic, "retry: mode is none of its values");
    options = (struct amqpext_retry_options)AMQPEXT_RETRY_OPTIONS_INIT;
    options.dead_letter_queue = "jobs";
    assert_refused(&options, &classic, "retry: the queue of dead letters is the queue itself");
    memset(name, 'x', 250);
    name[250] = '\0';
    queue.name = name;
    assert_int_equal(
        amqpext__retry_queues_make(NULL, &queue, &(struct retry_queues){.dead = NULL}, NULL),
        AMQPEXT_EINVALID);
}

static void limits_given_alone_are_kept(void **state)
{
    struct amqpext_retry_options options = {.size = sizeof(options), .min_delay_ms = 100000};
    struct retry_queues queues = make(&options, &classic);

    (void)state;
    assert_int_equal(queues.options.max_delay_ms, 100000);
    amqpext__retry_queues_free(&queues);
    options = (struct amqpext_retry_options){.size = sizeof(options), .max_delay_ms = 10};
    queues = make(&options, &classic);
    assert_int_equal(queues.options.min_delay_ms, 10);
    amqpext__retry_queues_free(&queues);
    options = (struct amqpext_retry_options){.size = sizeof(options), .jitter_percent = 101};
    queues = make(&options, &classic);
    assert_int_equal(queues.options.jitter_percent, 0);
    amqpext__retry_queues_free(&queues);
}

static void make_once(void *context)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct retry_queues queues;
    const enum amqpext_status status = amqpext__retry_queues_make(NULL, context, &queues, &error);

    assert_int_equal(status, oom_stop() ? AMQPEXT_ENOMEM : AMQPEXT_OK);
    assert_int_equal(error.status, status);
    if (status == AMQPEXT_OK)
        amqpext__retry_queues_free(&queues);
}

static void memory_may_run_out(void **state)
{
    struct amqpext_queue queue = quorum;

    (void)state;
    assert_true(oom_for_every_allocation(make_once, &queue) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_are_named_after_the_main_queue),
        cmocka_unit_test(steps_of_a_durable_classic_queue_are_quorum_queues),
        cmocka_unit_test(names_can_be_chosen),
        cmocka_unit_test(quorum_queues_have_quorum_queues_beside_them),
        cmocka_unit_test(nameless_queues_have_none_but_dead_letters_that_are_named),
        cmocka_unit_test(dead_letters_can_be_switched_off),
        cmocka_unit_test(main_queue_gets_what_retries_add),
        cmocka_unit_test(queue_that_drops_its_oldest_dead_letters_at_most_once),
        cmocka_unit_test(many_attempts_raise_the_delivery_limit),
        cmocka_unit_test(what_the_program_says_of_its_queue_counts),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(limits_given_alone_are_kept),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
