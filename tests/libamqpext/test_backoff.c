/* Pauses between tries. */
#include "test.h"

#include "backoff.h"

static void pauses_stay_between_the_shortest_and_the_longest(void **state)
{
    struct backoff backoff;
    unsigned longest = 0;
    size_t i;

    (void)state;
    amqpext__backoff_init(&backoff, 200, 30000, 1);
    for (i = 0; i < 1000; i++) {
        const unsigned pause = amqpext__backoff_next_ms(&backoff);

        assert_in_range(pause, 200, 30000);
        if (pause > longest)
            longest = pause;
    }
    assert_true(longest > 20000);
}

static void pause_is_at_most_three_times_the_one_before(void **state)
{
    struct backoff backoff;
    unsigned last = 100;
    size_t i;

    (void)state;
    amqpext__backoff_init(&backoff, 100, 1000000, 7);
    for (i = 0; i < 1000; i++) {
        const unsigned pause = amqpext__backoff_next_ms(&backoff);

        assert_true(pause <= 3 * last);
        last = pause;
    }
}

static void pauses_grow(void **state)
{
    double sum[8] = {0};
    uint64_t seed;
    size_t i;

    (void)state;
    for (seed = 1; seed <= 500; seed++) {
        struct backoff backoff;

        amqpext__backoff_init(&backoff, 100, 1000000, seed);
        for (i = 0; i < 8; i++)
            sum[i] += amqpext__backoff_next_ms(&backoff);
    }
    for (i = 1; i < 8; i++)
        assert_true(sum[i] > sum[i - 1]);
}

static void a_thousand_clients_do_not_come_back_together(void **state)
{
    unsigned tenths[10] = {0};
    uint64_t seed;
    size_t i;

    (void)state;
    for (seed = 1; seed <= 1000; seed++) {
        struct backoff backoff;

        amqpext__backoff_init(&backoff, 200, 30000, seed);
        tenths[(amqpext__backoff_next_ms(&backoff) - 200) * 10 / 401]++;
    }
    for (i = 0; i < 10; i++)
        assert_in_range(tenths[i], 50, 200);
}

static void pauses_begin_anew_after_a_reset(void **state)
{
    struct backoff backoff;
    size_t i;

    (void)state;
    amqpext__backoff_init(&backoff, 200, 30000, 3);
    for (i = 0; i < 50; i++)
        amqpext__backoff_next_ms(&backoff);
    amqpext__backoff_reset(&backoff);
    assert_in_range(amqpext__backoff_next_ms(&backoff), 200, 600);
}

static void longest_below_the_shortest_counts_as_the_shortest(void **state)
{
    struct backoff backoff;

    (void)state;
    amqpext__backoff_init(&backoff, 500, 10, 3);
    assert_int_equal(amqpext__backoff_next_ms(&backoff), 500);
    assert_int_equal(amqpext__backoff_next_ms(&backoff), 500);
}

static void largest_numbers_do_not_overflow(void **state)
{
    struct backoff backoff;
    size_t i;

    (void)state;
    amqpext__backoff_init(&backoff, UINT32_MAX - 1, UINT32_MAX, 3);
    for (i = 0; i < 100; i++)
        assert_true(amqpext__backoff_next_ms(&backoff) >= UINT32_MAX - 1);
}

static void seed_that_would_stop_the_generator_does_not(void **state)
{
    struct backoff backoff;
    unsigned first;
    size_t i, equal = 0;

    (void)state;
    amqpext__backoff_init(&backoff, 0, 1000000, UINT64_C(0x9E3779B97F4A7C15));
    assert_true(backoff.random != 0);
    backoff.last_ms = 1000000;
    first = amqpext__backoff_next_ms(&backoff);
    for (i = 0; i < 10; i++) {
        backoff.last_ms = 1000000;
        equal += amqpext__backoff_next_ms(&backoff) == first;
    }
    assert_true(equal < 10);
}

static void seeds_differ(void **state)
{
    (void)state;
    assert_true(amqpext__backoff_seed() != amqpext__backoff_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_stay_between_the_shortest_and_the_longest),
        cmocka_unit_test(pause_is_at_most_three_times_the_one_before),
        cmocka_unit_test(pauses_grow),
        cmocka_unit_test(a_thousand_clients_do_not_come_back_together),
        cmocka_unit_test(pauses_begin_anew_after_a_reset),
        cmocka_unit_test(longest_below_the_shortest_counts_as_the_shortest),
        cmocka_unit_test(largest_numbers_do_not_overflow),
        cmocka_unit_test(seed_that_would_stop_the_generator_does_not),
        cmocka_unit_test(seeds_differ),
    };

    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
