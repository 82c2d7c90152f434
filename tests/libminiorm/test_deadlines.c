/* The heap of deadlines. */
#include "test.h"

#include "deadlines.h"

#define COUNT 300

static void earliest_deadline_is_the_first(void **state)
{
    static struct miniorm_request requests[COUNT];
    struct miniorm__deadlines deadlines = {0};
    uint64_t last = 0;
    size_t i, left = COUNT;

    (void)state;
    assert_null(miniorm__deadlines_first(&deadlines));
    for (i = 0; i < COUNT; i++) {
        requests[i].deadline_ms = 1 + i * 7919 % 997;
        assert_true(miniorm__deadlines_add(&deadlines, &requests[i]));
    }
    /* Most deadlines are kept: their requests are taken out of the middle. */
    for (i = 0; i < COUNT; i += 3, left--)
        miniorm__deadlines_remove(&deadlines, &requests[i]);
    miniorm__deadlines_remove(&deadlines, &requests[0]);
    for (; left != 0; left--) {
        struct miniorm_request *first = miniorm__deadlines_first(&deadlines);

        assert_non_null(first);
        assert_true(first->deadline_ms >= last);
        last = first->deadline_ms;
        miniorm__deadlines_remove(&deadlines, first);
        assert_int_equal(first->deadline_index, 0);
    }
    assert_null(miniorm__deadlines_first(&deadlines));
    miniorm__deadlines_free(&deadlines);
}

static void add_without_memory(void *context)
{
    struct miniorm__deadlines deadlines = {0};
    struct miniorm_request request = {.deadline_ms = 1};

    (void)context;
    if (!miniorm__deadlines_add(&deadlines, &request))
        assert_int_equal(request.deadline_index, 0);
    miniorm__deadlines_free(&deadlines);
}

static void adding_survives_lack_of_memory(void **state)
{
    (void)state;
    assert_int_equal(oom_for_every_allocation(add_without_memory, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earliest_deadline_is_the_first),
        cmocka_unit_test(adding_survives_lack_of_memory),
    };

    return cmocka_run_group_tests_name("deadlines", tests, NULL, NULL);
}
