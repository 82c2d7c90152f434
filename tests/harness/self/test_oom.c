/* Running out of memory on purpose: which allocation fails, and that every allocator takes part. */
#include "test.h"

#include <errno.h>
#include <stdio.h>

static void only_the_chosen_allocation_fails(void **state)
{
    void *first, *second, *third;

    (void)state;
    oom_fail_at(2);
    first = malloc(1);
    second = malloc(1);
    third = malloc(1);
    assert_true(oom_stop());
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    free(first);
    free(third);
}

static void all_allocations_fail_from_the_chosen_one_on(void **state)
{
    void *first, *second, *third;

    (void)state;
    oom_fail_from(2);
    first = malloc(1);
    second = malloc(1);
    third = malloc(1);
    assert_true(oom_stop());
    assert_non_null(first);
    assert_null(second);
    assert_null(third);
    free(first);
}

static void stopping_tells_that_none_failed_when_fewer_were_made(void **state)
{
    void *pointer;

    (void)state;
    oom_fail_at(2);
    pointer = malloc(1);
    assert_false(oom_stop());
    assert_non_null(pointer);
    free(pointer);
}

/* Each allocates once and returns whether it failed as its interface says. */
static bool calloc_fails(void)
{
    return calloc(1, 1) == NULL && errno == ENOMEM;
}

static bool realloc_fails(void)
{
    return realloc(NULL, 1) == NULL && errno == ENOMEM;
}

static bool reallocarray_fails(void)
{
    return reallocarray(NULL, 1, 1) == NULL && errno == ENOMEM;
}

static bool strdup_fails(void)
{
    return strdup("text") == NULL && errno == ENOMEM;
}

static bool strndup_fails(void)
{
    return strndup("text", 2) == NULL && errno == ENOMEM;
}

static bool asprintf_fails(void)
{
    char *text = NULL;

    return asprintf(&text, "%d", 1) == -1;
}

static bool posix_memalign_fails(void)
{
    void *pointer = NULL;

    return posix_memalign(&pointer, 64, 64) == ENOMEM;
}

static void every_allocator_takes_part(void **state)
{
    static bool (*const allocators[])(void) = {
        calloc_fails,  realloc_fails,  reallocarray_fails,   strdup_fails,
        strndup_fails, asprintf_fails, posix_memalign_fails,
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(allocators) / sizeof(*allocators); i++) {
        bool failed;

        oom_fail_at(1);
        errno = 0;
        failed = allocators[i]();
        assert_true(oom_stop());
        assert_true(failed);
    }
}

struct attempts {
    size_t made;
    size_t failed;
};

static void allocate_three_times(void *context)
{
    struct attempts *attempts = context;
    void *pointers[3];
    bool failed = false;
    size_t i;

    attempts->made++;
    for (i = 0; i < 3; i++) {
        pointers[i] = malloc(1);
        failed = failed || !pointers[i];
    }
    attempts->failed += failed;
    for (i = 0; i < 3; i++)
        free(pointers[i]);
}

static void each_allocation_is_made_to_fail_in_turn(void **state)
{
    struct attempts attempts = {0, 0};

    (void)state;
    assert_int_equal(oom_for_every_allocation(allocate_three_times, &attempts), 3);
    assert_int_equal(attempts.failed, 3);
    assert_int_equal(attempts.made, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_chosen_allocation_fails),
        cmocka_unit_test(all_allocations_fail_from_the_chosen_one_on),
        cmocka_unit_test(stopping_tells_that_none_failed_when_fewer_were_made),
        cmocka_unit_test(every_allocator_takes_part),
        cmocka_unit_test(each_allocation_is_made_to_fail_in_turn),
    };

    return cmocka_run_group_tests_name("oom", tests, NULL, NULL);
}
