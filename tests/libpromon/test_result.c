/*
 * Result: what a check tells, made consistent with what it returns.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include <promon/probe.h>

#include "result_state.h"

static struct promon_result new_result(void)
{
    struct promon_result result;

    promon__result_reset(&result);
    return result;
}

static void success_has_no_reason(void **state)
{
    struct promon_result result = new_result();

    (void)state;
    promon__result_finish(&result, PROMON_UP);
    assert_int_equal(result.verdict, PROMON_UP);
    assert_int_equal(result.reason, PROMON_REASON_NONE);
    assert_string_equal(result.message, "");
}

static void what_failed_on_the_way_to_a_success_is_forgotten(void **state)
{
    struct promon_result result = new_result();

    (void)state;
    (void)promon_result_fail(&result, PROMON_REASON_REFUSED, "the first address refuses");
    promon__result_finish(&result, PROMON_UP);
    assert_int_equal(result.verdict, PROMON_UP);
    assert_int_equal(result.reason, PROMON_REASON_NONE);
    assert_string_equal(result.message, "");
}

static void reason_decides_what_a_failure_is(void **state)
{
    enum promon_reason reason;

    (void)state;
    for (reason = PROMON_REASON_DNS; reason <= PROMON_REASON_INTERNAL; reason++) {
        const enum promon_verdict expected =
            reason == PROMON_REASON_INTERNAL ? PROMON_ERROR : PROMON_DOWN;
        struct promon_result result = new_result();

        assert_int_equal(promon_result_fail(&result, reason, "number %d", (int)reason), expected);
        /* Whatever else the check returns. */
        promon__result_finish(&result, expected == PROMON_DOWN ? PROMON_ERROR : PROMON_DOWN);
        assert_int_equal(result.verdict, expected);
        assert_int_equal(result.reason, reason);
    }
}

static void first_failure_stays(void **state)
{
    struct promon_result result = new_result();

    (void)state;
    assert_int_equal(promon_result_fail(&result, PROMON_REASON_AUTH, "no"), PROMON_DOWN);
    assert_int_equal(promon_result_fail(&result, PROMON_REASON_INTERNAL, "later"), PROMON_DOWN);
    assert_int_equal(result.reason, PROMON_REASON_AUTH);
    assert_string_equal(result.message, "no");
}

static void failure_without_a_reason_gets_one(void **state)
{
    struct promon_result down = new_result(), error = new_result(), none = new_result();

    (void)state;
    promon__result_finish(&down, PROMON_DOWN);
    assert_int_equal(down.verdict, PROMON_DOWN);
    assert_int_equal(down.reason, PROMON_REASON_STATUS);
    promon__result_finish(&error, PROMON_ERROR);
    assert_int_equal(error.verdict, PROMON_ERROR);
    assert_int_equal(error.reason, PROMON_REASON_INTERNAL);
    promon__result_finish(&none, (enum promon_verdict)7);
    assert_int_equal(none.verdict, PROMON_ERROR);
    assert_int_equal(none.reason, PROMON_REASON_INTERNAL);
    assert_string_equal(none.message, "the check returned 7, which is no verdict");
}

static void reason_that_is_none_is_internal(void **state)
{
    struct promon_result none = new_result(), far = new_result();

    (void)state;
    assert_int_equal(promon_result_fail(&none, PROMON_REASON_NONE, "x"), PROMON_ERROR);
    assert_int_equal(promon_result_fail(&far, (enum promon_reason)99, "x"), PROMON_ERROR);
    assert_int_equal(none.reason, PROMON_REASON_INTERNAL);
    assert_int_equal(far.reason, PROMON_REASON_INTERNAL);
}

static void message_is_one_line_of_utf8(void **state)
{
    struct promon_result result = new_result(), cut = new_result();
    char far[2 * PROMON__MESSAGE_BYTES];

    (void)state;
    (void)promon_result_fail(&result, PROMON_REASON_BODY, "two\nlines, \xff and \x01, %s\r\n",
                             "\xc3\xa4");
    assert_string_equal(result.message, "two lines, ? and ?, \xc3\xa4");
    memset(far, 'x', sizeof(far));
    /* The last character that has room would be cut in two. */
    memcpy(far + PROMON__MESSAGE_BYTES - 2, "\xc3\xa4", 2);
    far[sizeof(far) - 1] = '\0';
    (void)promon_result_fail(&cut, PROMON_REASON_BODY, "%s", far);
    assert_int_equal(strlen(cut.message), PROMON__MESSAGE_BYTES - 2);
    assert_int_equal(cut.message[PROMON__MESSAGE_BYTES - 3], 'x');
}

static void parts_of_one_phase_add_up(void **state)
{
    struct promon_result result = new_result();

    (void)state;
    promon_result_phase(&result, PROMON_PHASE_CONNECT, 300);
    promon_result_phase(&result, PROMON_PHASE_CONNECT, 200);
    promon_result_phase(&result, PROMON_PHASE_TLS, -5);
    promon_result_phase(&result, (enum promon_phase)PROMON_PHASES, 1);
    promon_result_phase(&result, (enum promon_phase) - 1, 1);
    promon_result_phase(&result, PROMON_PHASE_QUERY, INT64_MAX);
    promon_result_phase(&result, PROMON_PHASE_QUERY, 1);
    assert_true(result.phases_ns[PROMON_PHASE_CONNECT] == 500);
    assert_true(result.phases_ns[PROMON_PHASE_TLS] == 0);
    assert_true(result.phases_ns[PROMON_PHASE_RESOLVE] == -1);
    assert_true(result.phases_ns[PROMON_PHASE_QUERY] == INT64_MAX);
}

static void figures_are_kept_by_their_key(void **state)
{
    struct promon_result result = new_result();
    char far[200];

    (void)state;
    memset(far, 'k', sizeof(far));
    far[sizeof(far) - 1] = '\0';
    promon_result_value(&result, "depth", 3);
    promon_result_value(&result, "depth", 4);
    promon_result_value(&result, "b\xff\n", 1);
    promon_result_value(&result, far, 2);
    promon_result_value(&result, "", 1);
    promon_result_value(&result, NULL, 1);
    assert_int_equal(result.n_values, 3);
    assert_string_equal(result.values[0].key, "depth");
    assert_true(result.values[0].value == 4);
    assert_string_equal(result.values[1].key, "b?");
    assert_int_equal(strlen(result.values[2].key), PROMON__KEY_BYTES - 1);
}

static void figures_beyond_the_limit_are_left_out(void **state)
{
    struct promon_result result = new_result();
    char key[16];
    int i;

    (void)state;
    for (i = 0; i < 2 * PROMON_RESULT_MAX_VALUES; i++) {
        (void)snprintf(key, sizeof(key), "key%d", i);
        promon_result_value(&result, key, i);
    }
    assert_int_equal(result.n_values, PROMON_RESULT_MAX_VALUES);
    promon_result_value(&result, "key3", 33);
    assert_true(result.values[3].value == 33);
}

static void keep_line(void *data, const char *line)
{
    (void)snprintf(data, 64, "%s", line);
}

static void notes_are_told_to_whoever_listens(void **state)
{
    struct promon_result result = new_result();
    char line[64] = "";

    (void)state;
    promon_result_note(&result, "nobody hears %d", 1);
    result.note = keep_line;
    result.note_data = line;
    promon_result_note(&result, "connected to %s\n", "here");
    assert_string_equal(line, "connected to here");
}

static void certificate_is_kept_trusted_or_not(void **state)
{
    struct promon_result result = new_result();

    (void)state;
    assert_false(result.has_certificate);
    promon_result_certificate(&result, 100, 50, false);
    promon__result_finish(
        &result, promon_result_fail(&result, PROMON_REASON_TLS_EXPIRED, "expired yesterday"));
    assert_true(result.has_certificate);
    assert_false(result.is_verified);
    assert_true(result.not_after_s == 100 && result.chain_not_after_s == 50);
}

static void reset_forgets_everything(void **state)
{
    struct promon_result result = new_result();

    (void)state;
    promon_result_value(&result, "depth", 3);
    promon_result_phase(&result, PROMON_PHASE_TLS, 3);
    promon_result_certificate(&result, 1, 1, true);
    promon__result_finish(&result, PROMON_DOWN);
    promon__result_reset(&result);
    assert_int_equal(result.reason, PROMON_REASON_NONE);
    assert_int_equal(result.n_values, 0);
    assert_true(result.phases_ns[PROMON_PHASE_TLS] == -1);
    assert_false(result.has_certificate);
    assert_string_equal(result.message, "");
}

static void names_are_those_of_labels(void **state)
{
    (void)state;
    assert_string_equal(promon_reason_name(PROMON_REASON_NONE), "none");
    assert_string_equal(promon_reason_name(PROMON_REASON_CONNECT_TIMEOUT), "connect_timeout");
    assert_string_equal(promon_reason_name(PROMON_REASON_INTERNAL), "internal");
    assert_string_equal(promon_reason_name((enum promon_reason)13), "?");
    assert_string_equal(promon_reason_name((enum promon_reason) - 1), "?");
    assert_string_equal(promon_phase_name(PROMON_PHASE_RESOLVE), "resolve");
    assert_string_equal(promon_phase_name(PROMON_PHASE_TRANSFER), "transfer");
    assert_string_equal(promon_phase_name((enum promon_phase)6), "?");
    assert_string_equal(promon_state_name(PROMON_STATE_UNKNOWN), "unknown");
    assert_string_equal(promon_state_name(PROMON_STATE_DOWN), "down");
    assert_string_equal(promon_state_name((enum promon_state)3), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_has_no_reason),
        cmocka_unit_test(what_failed_on_the_way_to_a_success_is_forgotten),
        cmocka_unit_test(reason_decides_what_a_failure_is),
        cmocka_unit_test(first_failure_stays),
        cmocka_unit_test(failure_without_a_reason_gets_one),
        cmocka_unit_test(reason_that_is_none_is_internal),
        cmocka_unit_test(message_is_one_line_of_utf8),
        cmocka_unit_test(parts_of_one_phase_add_up),
        cmocka_unit_test(figures_are_kept_by_their_key),
        cmocka_unit_test(figures_beyond_the_limit_are_left_out),
        cmocka_unit_test(notes_are_told_to_whoever_listens),
        cmocka_unit_test(certificate_is_kept_trusted_or_not),
        cmocka_unit_test(reset_forgets_everything),
        cmocka_unit_test(names_are_those_of_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
