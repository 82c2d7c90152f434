/*
 * What a publisher is told, made from what the ledger knows.
 */
#include "test.h"

#include "clock.h"
#include "error.h"
#include "ledger.h"
#include "outcome.h"
#include "protocol/send.h"

enum { FRAME_MAX = 4096 };

static void told(void *data, const struct amqpext_outcome *outcome)
{
    (void)data;
    (void)outcome;
}

/* A ledger with one mandatory message, sent under tag 1. */
static void begin(struct ledger *ledger)
{
    const struct ledger_limits limits = {.max_messages = 10, .max_bytes = 10000};
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish publish = {"", "key", true, &properties, "x", 1};
    char frames[FRAME_MAX];
    struct new_message message = {
        .frames = {frames, 0}, .frame_max = FRAME_MAX, .id = "id", .is_mandatory = true};
    bool is_first;

    amqpext__ledger_init(ledger, &limits, FRAME_MAX);
    message.frames.size = amqpext__publish_write(frames, sizeof(frames), 1, &publish, FRAME_MAX);
    message.deadline_us = NEVER;
    message.done = told;
    assert_int_equal(amqpext__ledger_add(ledger, &message, &is_first, NULL), AMQPEXT_OK);
}

static void send_all(struct ledger *ledger)
{
    struct iovec piece;

    assert_int_equal(amqpext__ledger_begin(ledger, FRAME_MAX, 0, NULL), AMQPEXT_OK);
    assert_int_equal(amqpext__ledger_gather(ledger, &piece, 1), 1);
    assert_int_equal(amqpext__ledger_sent(ledger, piece.iov_len), 0);
}

static void end(struct ledger *ledger, struct amqpext_outcome *out)
{
    struct entry *entry = amqpext__ledger_take_decided(ledger, 1);

    assert_non_null(entry);
    amqpext__outcome_fill(entry, out);
    amqpext__ledger_release(ledger, entry);
    amqpext__ledger_free(ledger);
}

static void a_return_is_told_with_the_brokers_words(void **state)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    struct amqpext_outcome outcome;
    struct ledger ledger;

    (void)state;
    begin(&ledger);
    send_all(&ledger);
    amqpext__ledger_returned(&ledger, "id", 312, bytes_of("NO_ROUTE"));
    assert_true(amqpext__ledger_confirm(&ledger, 1, false, false, 1));
    end(&ledger, &outcome);
    assert_int_equal(outcome.result, AMQPEXT_RETURNED);
    assert_int_equal(outcome.reply_code, 312);
    assert_string_equal(outcome.reply_text, "NO_ROUTE");
    assert_int_equal(amqpext__outcome_fail(&outcome, &error), AMQPEXT_ERETURNED);
    assert_string_equal(error.message,
                        "message id was returned, since no queue takes it: NO_ROUTE");
}

static void what_was_said_of_a_message_ends_with_the_connection(void **state)
{
    struct amqpext_error lost = AMQPEXT_ERROR_INIT, error = AMQPEXT_ERROR_INIT;
    struct amqpext_outcome outcome;
    struct ledger ledger;

    (void)state;
    begin(&ledger);
    send_all(&ledger);
    amqpext__ledger_returned(&ledger, "id", 312, bytes_of("NO_ROUTE"));
    amqpext__fail(&lost, AMQPEXT_ECONNECTION, "lost");
    amqpext__ledger_lost(&ledger, &lost, false, 1);
    /* The second time a queue takes it, and is full. */
    send_all(&ledger);
    assert_true(amqpext__ledger_confirm(&ledger, 1, false, true, 2));
    end(&ledger, &outcome);
    assert_int_equal(outcome.result, AMQPEXT_REFUSED);
    assert_int_equal(outcome.status, AMQPEXT_EREFUSED);
    assert_int_equal(outcome.sends, 2);
    assert_int_equal(outcome.reply_code, 0);
    assert_string_equal(outcome.reply_text, "");
    assert_int_equal(amqpext__outcome_fail(&outcome, &error), AMQPEXT_EREFUSED);
    assert_string_equal(error.message, "message id was refused by the broker");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_return_is_told_with_the_brokers_words),
        cmocka_unit_test(what_was_said_of_a_message_ends_with_the_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
