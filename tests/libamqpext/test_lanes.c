/*
 * Lanes: one at a time and in order within a lane, whatever the others do.
 */
#include "test.h"

#include "lanes.h"

struct item {
    struct job job;
    unsigned number; /* within its lane */
    bool is_running;
};

static void free_of_lane_gives_all_in_order(void **state)
{
    struct lanes lanes;
    struct job jobs[3] = {{.lane = 0}, {.lane = 0}, {.lane = 0}};
    int i;

    (void)state;
    assert_true(amqpext__lanes_init(&lanes, 8));
    for (i = 0; i < 3; i++)
        assert_true(amqpext__lanes_add(&lanes, &jobs[i]));
    for (i = 0; i < 3; i++)
        assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[i]);
    assert_null(amqpext__lanes_take(&lanes));
    assert_false(amqpext__lanes_done(&lanes, 0));
    amqpext__lanes_free(&lanes);
}

static void second_of_a_lane_waits_for_the_first(void **state)
{
    struct lanes lanes;
    struct job jobs[3] = {{.lane = 7}, {.lane = 7}, {.lane = 0}};

    (void)state;
    assert_true(amqpext__lanes_init(&lanes, 8));
    assert_true(amqpext__lanes_add(&lanes, &jobs[0]));
    assert_false(amqpext__lanes_add(&lanes, &jobs[1]));
    assert_true(amqpext__lanes_add(&lanes, &jobs[2]));
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[0]);
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[2]);
    assert_null(amqpext__lanes_take(&lanes));
    assert_int_equal(lanes.count, 1);
    assert_true(amqpext__lanes_done(&lanes, 7));
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[1]);
    assert_false(amqpext__lanes_done(&lanes, 7));
    assert_true(amqpext__lanes_add(&lanes, &jobs[0]));
    amqpext__lanes_free(&lanes);
}

static void without_slots_lanes_are_one_queue(void **state)
{
    struct lanes lanes;
    struct job jobs[2] = {{.lane = 7}, {.lane = 7}};

    (void)state;
    assert_true(amqpext__lanes_init(&lanes, 0));
    assert_true(amqpext__lanes_add(&lanes, &jobs[0]));
    assert_true(amqpext__lanes_add(&lanes, &jobs[1]));
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[0]);
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[1]);
    amqpext__lanes_free(&lanes);
}

static void all_are_taken_back_in_the_order_of_adding(void **state)
{
    enum { COUNT = 1000 };
    static struct job jobs[COUNT];
    struct lanes lanes;
    struct job *job;
    int i;

    (void)state;
    assert_true(amqpext__lanes_init(&lanes, 16));
    for (i = 0; i < COUNT; i++) {
        jobs[i] = (struct job){.lane = (uint64_t)(i * 7 % 23)};
        amqpext__lanes_add(&lanes, &jobs[i]);
    }
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[0]);
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[1]);
    job = amqpext__lanes_take_all(&lanes);
    for (i = 2; i < COUNT; i++, job = job->next)
        assert_ptr_equal(job, &jobs[i]);
    assert_null(job);
    assert_int_equal(lanes.count, 0);
    /* The lane of the one that still runs stays busy, the others are free. */
    assert_false(amqpext__lanes_add(&lanes, &jobs[1 + 23]));
    assert_true(amqpext__lanes_done(&lanes, jobs[1].lane));
    assert_ptr_equal(amqpext__lanes_take(&lanes), &jobs[1 + 23]);
    assert_false(amqpext__lanes_done(&lanes, jobs[1].lane));
    assert_null(amqpext__lanes_take_all(&lanes));
    amqpext__lanes_free(&lanes);
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

/* Adds, takes and ends at random; a model knows what may run. */
static void random_use_keeps_each_lane_in_order(void **state)
{
    enum { COUNT = 20000, LANES = 40, MOST_RUNNING = 16 };
    struct item *items = calloc(COUNT, sizeof(*items));
    struct item *running[MOST_RUNNING];
    unsigned added[LANES] = {0}, taken[LANES] = {0};
    bool busy[LANES] = {false};
    unsigned n_running = 0, n_added = 0, n_done = 0, seed = 1;
    struct lanes lanes;

    (void)state;
    assert_true(amqpext__lanes_init(&lanes, 64));
    while (n_done < COUNT) {
        const unsigned action = next_random(&seed) % 3;

        if (action == 0 && n_added < COUNT) {
            const unsigned lane = next_random(&seed) % LANES;
            struct item *item = &items[n_added++];

            item->job.lane = lane;
            item->number = added[lane]++;
            amqpext__lanes_add(&lanes, &item->job);
        } else if (action == 1 && n_running < MOST_RUNNING) {
            struct item *item = (struct item *)(void *)amqpext__lanes_take(&lanes);

            if (item == NULL)
                continue;
            assert_int_equal(item->number, taken[item->job.lane]);
            taken[item->job.lane]++;
            assert_false(item->job.lane != 0 && busy[item->job.lane]);
            busy[item->job.lane] = true;
            running[n_running++] = item;
        } else if (n_running > 0) {
            const unsigned which = next_random(&seed) % n_running;
            struct item *item = running[which];

            running[which] = running[--n_running];
            busy[item->job.lane] = false;
            amqpext__lanes_done(&lanes, item->job.lane);
            n_done++;
        }
    }
    assert_int_equal(lanes.count, 0);
    amqpext__lanes_free(&lanes);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_of_lane_gives_all_in_order),
        cmocka_unit_test(second_of_a_lane_waits_for_the_first),
        cmocka_unit_test(without_slots_lanes_are_one_queue),
        cmocka_unit_test(all_are_taken_back_in_the_order_of_adding),
        cmocka_unit_test(random_use_keeps_each_lane_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
