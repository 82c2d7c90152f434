/* Steps of pauses. */
#include "test.h"

#include "retry_steps.h"

static struct retry_steps steps_of(unsigned attempts, unsigned min_ms, unsigned max_ms)
{
    const struct amqpext_retry_options options = {.max_attempts = attempts,
                                                  .min_delay_ms = min_ms,
                                                  .max_delay_ms = max_ms,
                                                  .jitter_percent = 25};
    struct retry_steps steps;

    amqpext__retry_steps(&steps, &options);
    return steps;
}

static void pauses_double_up_to_the_longest(void **state)
{
    const struct retry_steps steps = steps_of(100, 1000, 60000);
    static const uint64_t expected[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000};
    unsigned i;

    (void)state;
    assert_int_equal(steps.n_growing, 7);
    assert_int_equal(steps.n_usual, 7);
    for (i = 0; i < 7; i++) {
        assert_int_equal(steps.ms[i], expected[i]);
        assert_int_equal(amqpext__retry_step_after(&steps, i + 1), i);
    }
    assert_int_equal(amqpext__retry_step_after(&steps, 8), 6);
    assert_int_equal(amqpext__retry_step_after(&steps, 4000000), 6);
}

static void few_attempts_need_few_steps(void **state)
{
    (void)state;
    assert_int_equal(steps_of(5, 1000, 60000).n_usual, 4);
    assert_int_equal(steps_of(2, 1000, 60000).n_usual, 1);
    assert_int_equal(steps_of(1, 1000, 60000).n_usual, 0);
    assert_int_equal(steps_of(5, 1000, 1000).n_usual, 1);
}

static void every_pause_has_a_step_for_any_limits(void **state)
{
    static const unsigned limits[][2] = {{1, 1},
                                         {1, 2},
                                         {1, UINT32_MAX},
                                         {1000, 60000},
                                         {3, 7},
                                         {UINT32_MAX, UINT32_MAX},
                                         {1, UINT32_MAX - 1},
                                         {2147483648, 2147483649}};
    size_t i;
    unsigned step;

    (void)state;
    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct retry_steps steps = steps_of(100, limits[i][0], limits[i][1]);

        assert_in_range(steps.count, 1, RETRY_STEPS_MAX);
        assert_int_equal(steps.ms[0], limits[i][0]);
        assert_int_equal(steps.ms[steps.n_growing - 1], limits[i][1]);
        assert_int_equal(steps.ms[steps.count - 1], RETRY_PAUSE_MAX);
        for (step = 1; step < steps.count; step++) {
            assert_true(steps.ms[step] > steps.ms[step - 1]);
            assert_true(steps.ms[step] <= 2 * steps.ms[step - 1]);
        }
    }
}

static void pause_of_a_handler_gets_the_smallest_step_not_shorter(void **state)
{
    const struct retry_steps steps = steps_of(5, 1000, 60000);

    (void)state;
    assert_int_equal(amqpext__retry_step_for(&steps, 1), 0);
    assert_int_equal(amqpext__retry_step_for(&steps, 1000), 0);
    assert_int_equal(amqpext__retry_step_for(&steps, 1001), 1);
    assert_int_equal(amqpext__retry_step_for(&steps, 60000), 6);
    assert_int_equal(steps.ms[amqpext__retry_step_for(&steps, 60001)], 120000);
    assert_int_equal(amqpext__retry_step_for(&steps, RETRY_PAUSE_MAX), steps.count - 1);
}

static void jitter_shortens_within_its_percentage(void **state)
{
    struct retry_steps steps = steps_of(5, 1000, 60000);

    (void)state;
    assert_int_equal(amqpext__retry_jitter(&steps, 1000, 0), 1000);
    assert_int_equal(amqpext__retry_jitter(&steps, 1000, UINT32_MAX), 750);
    assert_in_range(amqpext__retry_jitter(&steps, 1000, UINT32_MAX / 2), 874, 876);
    assert_int_equal(amqpext__retry_jitter(&steps, RETRY_PAUSE_MAX, 0), RETRY_PAUSE_MAX);
    steps.jitter_percent = 100;
    assert_int_equal(amqpext__retry_jitter(&steps, 1000, UINT32_MAX), 1);
    steps.jitter_percent = 0;
    assert_int_equal(amqpext__retry_jitter(&steps, 1000, UINT32_MAX), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_up_to_the_longest),
        cmocka_unit_test(few_attempts_need_few_steps),
        cmocka_unit_test(every_pause_has_a_step_for_any_limits),
        cmocka_unit_test(pause_of_a_handler_gets_the_smallest_step_not_shorter),
        cmocka_unit_test(jitter_shortens_within_its_percentage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
