/* The keeper: does its work a last time when it is stopped, and ends at once. */
#include "test.h"

#include "keeper.h"

static void count(void *data)
{
    ++*(int *)data;
}

static void keeper_does_its_work_when_it_is_stopped(void **state)
{
    struct promon__keeper *keeper = NULL;
    int times = 0;

    (void)state;
    assert_int_equal(promon__keeper_start(count, &times, &keeper, NULL), PROMON_OK);
    promon__keeper_stop(keeper);
    assert_int_equal(times, 1);
}

static void keeper_that_was_not_started_is_stopped(void **state)
{
    (void)state;
    promon__keeper_stop(NULL);
}

static void keeper_without_memory_is_not_started(void **state)
{
    struct promon__keeper *keeper = NULL;
    struct promon_error error = PROMON_ERROR_INIT;
    int times = 0;

    (void)state;
    oom_fail_at(1);
    assert_int_equal(promon__keeper_start(count, &times, &keeper, &error), PROMON_ENOMEM);
    oom_stop();
    assert_null(keeper);
    assert_int_equal(times, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeper_does_its_work_when_it_is_stopped),
        cmocka_unit_test(keeper_that_was_not_started_is_stopped),
        cmocka_unit_test(keeper_without_memory_is_not_started),
    };

    return cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
}
