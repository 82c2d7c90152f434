/* What a declaration that cannot be carried out is told as, and what the broker shows of others. */
#include "test.h"

#include <stdio.h>

#include <amqpext/amqpext.h>

#include "broker.h"
#include "consuming.h"

enum { PATIENCE_MS = 60000, SOON_MS = 20 };

static const char QUEUE[] = "contract.declared";
static const char EXCHANGE[] = "contract.exchange";

static struct amqpext_error connect_error(const struct amqpext_consumer_options *options,
                                          struct amqpext_consumer **out)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    assert_int_equal(amqpext_consumer_new(options, out, &error), AMQPEXT_OK);
    (void)amqpext_consumer_connect(*out, PATIENCE_MS, &error);
    return error;
}

static struct amqpext_error error_of_exchange(const char *type, enum amqpext_declare declare)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer_stats stats = AMQPEXT_PRODUCER_STATS_INIT;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_producer *producer = NULL;

    options.url = getenv("AMQPEXT_TEST_URL");
    options.exchange = EXCHANGE;
    options.exchange_type = type;
    options.exchange_declare = declare;
    assert_int_equal(amqpext_producer_new(&options, &producer, &error), AMQPEXT_OK);
    (void)amqpext_producer_connect(producer, PATIENCE_MS, &error);
    amqpext_producer_stats(producer, &stats);
    assert_int_equal(stats.connection.permanent_errors, error.status != AMQPEXT_OK);
    assert_int_equal(stats.connection.tries, 1);
    amqpext_producer_free(producer);
    return error;
}

static void delete_exchange(void)
{
    assert_true(broker_eval(NULL, 0,
                            "rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, "
                            "<<\"%s\">>), false, <<\"suite\">>).",
                            EXCHANGE));
}

static void exchange_that_cannot_be_declared_is_a_permanent_error(void **state)
{
    struct amqpext_error error;

    (void)state;
    delete_exchange();
    error = error_of_exchange("no-such-type", AMQPEXT_DECLARE);
    assert_int_equal(error.status, AMQPEXT_EINVALID);
    assert_int_equal(error.reply_code, 503);
    assert_non_null(strstr(error.message, "no-such-type"));
    error = error_of_exchange(NULL, AMQPEXT_PASSIVE);
    assert_int_equal(error.status, AMQPEXT_ENOTFOUND);
    assert_int_equal(error_of_exchange("direct", AMQPEXT_DECLARE).status, AMQPEXT_OK);
    error = error_of_exchange("fanout", AMQPEXT_DECLARE);
    assert_int_equal(error.status, AMQPEXT_EPRECONDITION);
    assert_int_equal(error.reply_code, 406);
    assert_int_equal(error_of_exchange("fanout", AMQPEXT_PASSIVE).status, AMQPEXT_OK);
    assert_int_equal(error_of_exchange("fanout", AMQPEXT_NO_DECLARE).status, AMQPEXT_OK);
    delete_exchange();
}

static void prefetch_size_is_a_permanent_error(void **state)
{
    struct consuming consuming;
    struct amqpext_error error;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.prefetch_size = 1000;
    error = connect_error(&consuming.options, &consuming.consumer);
    assert_int_equal(error.status, AMQPEXT_EBROKER);
    assert_int_equal(error.reply_code, 540);
    consuming_end(&consuming);
}

static void wait_connected(struct amqpext_consumer *consumer)
{
    unsigned waited_ms;

    for (waited_ms = 0; !amqpext_consumer_is_connected(consumer); waited_ms += SOON_MS) {
        assert_true(waited_ms < PATIENCE_MS);
        consuming_sleep_ms(SOON_MS);
    }
}

static void second_exclusive_consumer_has_no_access_until_the_first_has_gone(void **state)
{
    struct amqpext_consumer *second = NULL;
    struct consuming consuming;
    struct amqpext_error error;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.exclusive = true;
    consuming_start(&consuming);
    error = connect_error(&consuming.options, &second);
    assert_int_equal(error.status, AMQPEXT_EACCESS);
    assert_int_equal(error.reply_code, 403);
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, PATIENCE_MS, NULL), AMQPEXT_OK);
    wait_connected(second);
    amqpext_consumer_free(second);
    consuming_end(&consuming);
}

static void second_owner_of_an_exclusive_queue_is_locked_out_until_the_first_has_gone(void **state)
{
    const struct amqpext_queue queue = {.name = QUEUE, .exclusive = true};
    struct amqpext_consumer *second = NULL;
    struct consuming consuming;
    struct amqpext_error error;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.queue = NULL;
    consuming.options.queue_options = &queue;
    consuming_start(&consuming);
    error = connect_error(&consuming.options, &second);
    assert_int_equal(error.status, AMQPEXT_ELOCKED);
    assert_int_equal(error.reply_code, 405);
    assert_int_equal(amqpext_consumer_stop(consuming.consumer, PATIENCE_MS, NULL), AMQPEXT_OK);
    wait_connected(second);
    amqpext_consumer_free(second);
    consuming_end(&consuming);
}

static bool has_queue(const char *name)
{
    char answer[256];

    assert_true(broker_eval(answer, sizeof(answer),
                            "element(1, rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, "
                            "<<\"%s\">>))) =:= ok.",
                            name));
    return strstr(answer, "true") != NULL;
}

static void default_retry_declares_a_queue_per_attempt_and_one_for_the_dead(void **state)
{
    struct consuming consuming;

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.options.retry = NULL;
    consuming_start(&consuming);
    assert_true(has_queue("contract.declared.retry.1000"));
    assert_true(has_queue("contract.declared.retry.2000"));
    assert_true(has_queue("contract.declared.retry.4000"));
    assert_true(has_queue("contract.declared.retry.8000"));
    assert_false(has_queue("contract.declared.retry.16000"));
    assert_true(has_queue("contract.declared.dead"));
    consuming_end(&consuming);
}

static void one_attempt_and_no_dead_letters_declare_the_queue_alone(void **state)
{
    struct consuming consuming;
    char answer[256];

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    consuming.retry.max_attempts = 1;
    consuming.retry.no_dead_letter_queue = true;
    consuming_start(&consuming);
    assert_true(broker_eval(answer, sizeof(answer),
                            "length([1 || {resource, _, queue, N} <- [amqqueue:get_name(Q) || Q <- "
                            "rabbit_amqqueue:list()], lists:prefix(\"%s\", binary_to_list(N))]).",
                            QUEUE));
    assert_non_null(strstr(answer, "{ok, 1}"));
    consuming_end(&consuming);
}

static void broker_shows_tag_priority_and_prefetch_as_declared(void **state)
{
    struct amqpext_table *arguments = NULL;
    struct consuming consuming;
    char answer[256];

    (void)state;
    consuming_begin(&consuming, QUEUE, AMQPEXT_ACK);
    assert_int_equal(amqpext_table_new(&arguments, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext_table_set_integer(arguments, "x-priority", 7, NULL), AMQPEXT_OK);
    consuming.options.consumer_tag = "contract-tag";
    consuming.options.consume_arguments = arguments;
    consuming.options.workers = 16;
    consuming_start(&consuming);
    /* The options are copied. */
    amqpext_table_free(arguments);
    assert_true(broker_eval(answer, sizeof(answer),
                            "[{proplists:get_value(prefetch_count, C), "
                            "lists:member({<<\"x-priority\">>, long, 7}, "
                            "proplists:get_value(arguments, C))} || "
                            "C <- rabbit_amqqueue:consumers_all(<<\"/\">>), "
                            "proplists:get_value(consumer_tag, C) =:= <<\"contract-tag\">>] "
                            "=:= [{32, true}]."));
    assert_non_null(strstr(answer, "true"));
    consuming_end(&consuming);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchange_that_cannot_be_declared_is_a_permanent_error),
        cmocka_unit_test(prefetch_size_is_a_permanent_error),
        cmocka_unit_test(second_exclusive_consumer_has_no_access_until_the_first_has_gone),
        cmocka_unit_test(second_owner_of_an_exclusive_queue_is_locked_out_until_the_first_has_gone),
        cmocka_unit_test(default_retry_declares_a_queue_per_attempt_and_one_for_the_dead),
        cmocka_unit_test(one_attempt_and_no_dead_letters_declare_the_queue_alone),
        cmocka_unit_test(broker_shows_tag_priority_and_prefetch_as_declared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
