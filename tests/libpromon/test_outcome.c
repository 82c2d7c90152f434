/*
 * Outcome: the state after sequences of verdicts, which are written as letters: u up, d down,
 * e error; states as U, D and ? for unknown.
 */
#include "test.h"

#include <limits.h>

#include "outcome.h"

static void expect(const char *verdicts, const char *states, unsigned fail_after, unsigned ok_after)
{
    struct promon__outcome outcome = {.state = PROMON_STATE_UNKNOWN};
    size_t i;

    assert_int_equal(strlen(verdicts), strlen(states));
    for (i = 0; verdicts[i] != '\0'; i++) {
        const enum promon_state before = outcome.state;
        const enum promon_verdict verdict = verdicts[i] == 'u'   ? PROMON_UP
                                            : verdicts[i] == 'd' ? PROMON_DOWN
                                                                 : PROMON_ERROR;
        const enum promon_state expected = states[i] == 'U'   ? PROMON_STATE_UP
                                           : states[i] == 'D' ? PROMON_STATE_DOWN
                                                              : PROMON_STATE_UNKNOWN;
        const bool has_changed = promon__outcome_add(&outcome, verdict, fail_after, ok_after);

        if (outcome.state != expected)
            fail_msg("%s: state %d at %zu", verdicts, (int)outcome.state, i);
        assert_int_equal(has_changed, outcome.state != before);
    }
}

static void single_results_decide_by_default(void **state)
{
    (void)state;
    expect("uddue", "UDDU?", 1, 1);
}

static void state_is_down_after_failures_in_a_row(void **state)
{
    (void)state;
    expect("uddudddd", "UUUUUUDD", 3, 1);
}

static void state_is_up_after_successes_in_a_row(void **state)
{
    (void)state;
    expect("duuduuu", "DDDDDDU", 1, 3);
}

static void first_state_needs_its_row_too(void **state)
{
    (void)state;
    expect("uu", "?U", 2, 2);
    expect("dd", "?D", 2, 2);
    expect("dudu", "????", 2, 2);
}

static void error_of_the_probe_is_no_failure_of_what_it_checks(void **state)
{
    (void)state;
    expect("uedeeu", "UUUUUU", 3, 1);
    expect("ueee", "UUU?", 3, 1);
    expect("udede", "UUUDD", 2, 1);
}

static void errors_do_not_make_down_unknown_at_once(void **state)
{
    (void)state;
    expect("dddeed", "??DDDD", 3, 1);
    expect("dddeee", "??DDD?", 3, 1);
}

static void state_is_known_again_with_the_next_result(void **state)
{
    (void)state;
    expect("ueeu", "U??U", 1, 1);
    expect("eed", "??D", 1, 1);
}

static void long_rows_do_not_overflow(void **state)
{
    struct promon__outcome outcome = {PROMON_STATE_UP, UINT_MAX, 0, 0};

    (void)state;
    assert_false(promon__outcome_add(&outcome, PROMON_UP, 1, UINT_MAX));
    assert_int_equal(outcome.ups, UINT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_results_decide_by_default),
        cmocka_unit_test(state_is_down_after_failures_in_a_row),
        cmocka_unit_test(state_is_up_after_successes_in_a_row),
        cmocka_unit_test(first_state_needs_its_row_too),
        cmocka_unit_test(error_of_the_probe_is_no_failure_of_what_it_checks),
        cmocka_unit_test(errors_do_not_make_down_unknown_at_once),
        cmocka_unit_test(state_is_known_again_with_the_next_result),
        cmocka_unit_test(long_rows_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
