/*
 * Lists of deadlines.
 */
#include "test.h"

#include "deadlines.h"

static struct deadline *expired[8];
static size_t expired_count;

static void on_expired(struct deadline *deadline)
{
    expired[expired_count++] = deadline;
}

static void on_expired_set_again(struct deadline *deadline);

static struct deadline_list again = {.timeout_ms = 10, .expired = on_expired_set_again};

static void on_expired_set_again(struct deadline *deadline)
{
    expired[expired_count++] = deadline;
    baseapi__deadline_set(deadline, &again, 20);
}

static void deadlines_expire_in_the_order_set(void **state)
{
    struct deadline_list list = {.timeout_ms = 10, .expired = on_expired};
    struct deadline a = {.list = NULL};
    struct deadline b = {.list = NULL};
    struct deadline c = {.list = NULL};

    (void)state;
    expired_count = 0;
    baseapi__deadline_set(&a, &list, 100);
    baseapi__deadline_set(&b, &list, 105);
    baseapi__deadline_set(&c, &list, 105);
    assert_int_equal(baseapi__deadlines_next(&list), 110);
    baseapi__deadlines_expire(&list, 109);
    assert_int_equal(expired_count, 0);
    baseapi__deadlines_expire(&list, 110);
    assert_int_equal(expired_count, 1);
    assert_ptr_equal(expired[0], &a);
    baseapi__deadlines_expire(&list, 200);
    assert_int_equal(expired_count, 3);
    assert_ptr_equal(expired[2], &c);
    assert_true(baseapi__deadlines_next(&list) == UINT64_MAX);
}

static void cleared_deadline_does_not_expire(void **state)
{
    struct deadline_list list = {.timeout_ms = 10, .expired = on_expired};
    struct deadline nodes[3] = {{.list = NULL}};

    (void)state;
    expired_count = 0;
    baseapi__deadline_set(&nodes[0], &list, 1);
    baseapi__deadline_set(&nodes[1], &list, 2);
    baseapi__deadline_set(&nodes[2], &list, 3);
    baseapi__deadline_clear(&nodes[1]);
    baseapi__deadline_clear(&nodes[1]);
    baseapi__deadline_clear(&nodes[0]);
    assert_int_equal(baseapi__deadlines_next(&list), 13);
    baseapi__deadline_clear(&nodes[2]);
    baseapi__deadlines_expire(&list, 100);
    assert_int_equal(expired_count, 0);
}

static void deadline_moves_between_lists(void **state)
{
    struct deadline_list shorter = {.timeout_ms = 1, .expired = on_expired};
    struct deadline_list longer = {.timeout_ms = 50, .expired = on_expired};
    struct deadline a = {.list = NULL};

    (void)state;
    expired_count = 0;
    baseapi__deadline_set(&a, &shorter, 0);
    baseapi__deadline_set(&a, &longer, 0);
    baseapi__deadlines_expire(&shorter, 40);
    assert_int_equal(expired_count, 0);
    baseapi__deadlines_expire(&longer, 50);
    assert_int_equal(expired_count, 1);
}

static void deadline_may_be_set_again_when_it_expires(void **state)
{
    struct deadline a = {.list = NULL};

    (void)state;
    expired_count = 0;
    baseapi__deadline_set(&a, &again, 0);
    baseapi__deadlines_expire(&again, 15);
    assert_int_equal(expired_count, 1);
    assert_int_equal(baseapi__deadlines_next(&again), 30);
    baseapi__deadline_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines_expire_in_the_order_set),
        cmocka_unit_test(cleared_deadline_does_not_expire),
        cmocka_unit_test(deadline_moves_between_lists),
        cmocka_unit_test(deadline_may_be_set_again_when_it_expires),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
