/* Signs of life: when they are due. */
#include "test.h"

#include "heartbeat.h"

#define SECOND UINT64_C(1000000)

static void we_speak_after_half_an_interval_of_our_own_silence(void **state)
{
    struct heartbeat heartbeat;

    (void)state;
    heartbeat_begin(&heartbeat, 10, SECOND);
    assert_false(heartbeat_must_speak(&heartbeat, 6 * SECOND - 1));
    assert_true(heartbeat_must_speak(&heartbeat, 6 * SECOND));
    heartbeat.spoke_us = 6 * SECOND;
    assert_false(heartbeat_must_speak(&heartbeat, 11 * SECOND - 1));
}

static void peer_is_silent_after_two_intervals(void **state)
{
    struct heartbeat heartbeat;

    (void)state;
    heartbeat_begin(&heartbeat, 10, SECOND);
    assert_false(heartbeat_is_silent(&heartbeat, 21 * SECOND - 1));
    assert_true(heartbeat_is_silent(&heartbeat, 21 * SECOND));
    heartbeat.heard_us = 21 * SECOND;
    assert_false(heartbeat_is_silent(&heartbeat, 40 * SECOND));
}

static void next_look_is_at_the_earlier_of_both(void **state)
{
    struct heartbeat heartbeat;

    (void)state;
    heartbeat_begin(&heartbeat, 10, SECOND);
    assert_true(heartbeat_due_us(&heartbeat, true) == 6 * SECOND);
    assert_true(heartbeat_due_us(&heartbeat, false) == 21 * SECOND);
    heartbeat.spoke_us = 20 * SECOND;
    assert_true(heartbeat_due_us(&heartbeat, true) == 21 * SECOND);
}

static void without_an_interval_nothing_is_ever_due(void **state)
{
    struct heartbeat heartbeat;

    (void)state;
    heartbeat_begin(&heartbeat, 0, SECOND);
    assert_false(heartbeat_must_speak(&heartbeat, UINT64_MAX));
    assert_false(heartbeat_is_silent(&heartbeat, UINT64_MAX));
    assert_true(heartbeat_due_us(&heartbeat, true) == NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(we_speak_after_half_an_interval_of_our_own_silence),
        cmocka_unit_test(peer_is_silent_after_two_intervals),
        cmocka_unit_test(next_look_is_at_the_earlier_of_both),
        cmocka_unit_test(without_an_interval_nothing_is_ever_due),
    };

    return cmocka_run_group_tests_name("heartbeat", tests, NULL, NULL);
}
