/*
 * Ack window: what is joined, what waits, what never is covered; and a model broker that is told
 * every frame of random runs.
 */
#include "test.h"

#include "ack_window.h"
#include "clock.h"

enum { MOST_FRAMES = 64, MOST_TAGS = 16 };

struct frames {
    struct {
        uint64_t tag;
        size_t count;
    } list[MOST_FRAMES];
    size_t count;
};

static void note_frame(void *data, uint64_t tag, size_t count)
{
    struct frames *frames = data;

    assert_true(frames->count < MOST_FRAMES);
    frames->list[frames->count].tag = tag;
    frames->list[frames->count++].count = count;
}

static struct ack_window new_window(size_t max_joined, uint64_t delay_us, size_t prefetch)
{
    return (struct ack_window){
        .max_joined = max_joined, .delay_us = delay_us, .prefetch = prefetch};
}

static void deliver(struct ack_window *window, uint64_t tag, uint32_t *slots)
{
    assert_true(amqpext__ack_window_add(window, tag, &slots[tag]));
}

/* A window, where its deliveries are in it, and what it has sent. */
struct run {
    struct ack_window window;
    uint32_t slots[MOST_TAGS];
    struct frames frames;
};

/* With the deliveries 1 to `delivered`. */
static struct run new_run(size_t max_joined, uint64_t delay_us, size_t prefetch, uint64_t delivered)
{
    struct run run = {.window = new_window(max_joined, delay_us, prefetch)};
    uint64_t tag;

    for (tag = 1; tag <= delivered; tag++)
        deliver(&run.window, tag, run.slots);
    return run;
}

static void ack(struct run *run, uint64_t tag, uint64_t now_us)
{
    amqpext__ack_window_ack(&run->window, run->slots[tag], now_us);
}

/* How many frames have been sent in all. */
static size_t flush(struct run *run, uint64_t now_us, bool is_all)
{
    amqpext__ack_window_flush(&run->window, now_us, is_all, note_frame, &run->frames);
    return run->frames.count;
}

static void expect(const struct run *run, size_t index, uint64_t tag, size_t count)
{
    assert_true(index < run->frames.count);
    assert_int_equal(run->frames.list[index].tag, tag);
    assert_int_equal(run->frames.list[index].count, count);
}

static void contiguous_acknowledgements_are_joined(void **state)
{
    struct run run = new_run(64, 0, 100, 5);
    uint64_t tag;

    (void)state;
    for (tag = 1; tag <= 4; tag++)
        ack(&run, tag, 1000);
    assert_int_equal(amqpext__ack_window_due_us(&run.window), 1000);
    assert_int_equal(flush(&run, 1000, false), 1);
    expect(&run, 0, 4, 4);
    assert_int_equal(run.window.count, 1);
    assert_int_equal(amqpext__ack_window_due_us(&run.window), NEVER);
    amqpext__ack_window_free(&run.window);
}

static void what_another_method_settled_is_not_covered(void **state)
{
    struct run run = new_run(64, 0, 100, 5);

    (void)state;
    ack(&run, 1, 0);
    ack(&run, 2, 0);
    amqpext__ack_window_remove(&run.window, run.slots[3]);
    ack(&run, 4, 0);
    ack(&run, 5, 0);
    assert_int_equal(flush(&run, 0, false), 2);
    expect(&run, 0, 2, 2);
    expect(&run, 1, 5, 2);
    assert_int_equal(run.window.count, 0);
    amqpext__ack_window_free(&run.window);
}

static void what_is_behind_a_slow_one_waits_a_little_and_goes_alone(void **state)
{
    struct run run = new_run(64, 0, 100, 3);

    (void)state;
    ack(&run, 3, 1000);
    ack(&run, 2, 2000);
    assert_int_equal(flush(&run, 2000, false), 0);
    assert_int_equal(amqpext__ack_window_due_us(&run.window), 1000 + ACK_BEHIND_US);
    assert_int_equal(flush(&run, 1000 + ACK_BEHIND_US, false), 2);
    expect(&run, 0, 2, 1);
    expect(&run, 1, 3, 1);
    ack(&run, 1, 9000);
    (void)flush(&run, 9000, false);
    expect(&run, 2, 1, 1);
    amqpext__ack_window_free(&run.window);
}

static void gap_that_closes_in_time_costs_no_frame(void **state)
{
    struct run run = new_run(64, 0, 100, 3);

    (void)state;
    ack(&run, 3, 1000);
    ack(&run, 2, 1000);
    (void)flush(&run, 1000, false);
    ack(&run, 1, 1500);
    assert_int_equal(flush(&run, 1500, false), 1);
    expect(&run, 0, 3, 3);
    amqpext__ack_window_free(&run.window);
}

static void no_more_than_allowed_are_joined(void **state)
{
    struct run run = new_run(4, 0, 100, 0);
    uint64_t tag;

    (void)state;
    for (tag = 1; tag <= 10; tag++) {
        deliver(&run.window, tag, run.slots);
        ack(&run, tag, 0);
    }
    assert_int_equal(flush(&run, 0, false), 3);
    expect(&run, 0, 4, 4);
    expect(&run, 1, 8, 4);
    expect(&run, 2, 10, 2);
    amqpext__ack_window_free(&run.window);
}

static void with_a_delay_only_full_frames_go_at_once(void **state)
{
    struct run run = new_run(4, 50000, 100, 0);
    uint64_t tag;

    (void)state;
    for (tag = 1; tag <= 6; tag++) {
        deliver(&run.window, tag, run.slots);
        ack(&run, tag, 1000);
    }
    assert_int_equal(flush(&run, 1000, false), 1);
    expect(&run, 0, 4, 4);
    assert_int_equal(amqpext__ack_window_due_us(&run.window), 51000);
    assert_int_equal(flush(&run, 50999, false), 1);
    assert_int_equal(flush(&run, 51000, false), 2);
    expect(&run, 1, 6, 2);
    amqpext__ack_window_free(&run.window);
}

static void nothing_waits_when_half_of_the_prefetch_is_held(void **state)
{
    struct run run = new_run(64, 50000, 4, 4);

    (void)state;
    ack(&run, 3, 0);
    assert_int_equal(flush(&run, 0, false), 0);
    ack(&run, 2, 0);
    assert_int_equal(amqpext__ack_window_due_us(&run.window), 0);
    assert_int_equal(flush(&run, 0, false), 2);
    amqpext__ack_window_free(&run.window);
}

static void prefetch_of_one_never_waits(void **state)
{
    struct run run = new_run(64, 1000000, 1, 0);
    uint64_t tag;

    (void)state;
    for (tag = 1; tag <= 3; tag++) {
        deliver(&run.window, tag, run.slots);
        ack(&run, tag, 0);
        assert_int_equal(flush(&run, 0, false), tag);
    }
    amqpext__ack_window_free(&run.window);
}

static void all_are_emitted_on_demand(void **state)
{
    struct run run = new_run(64, 1000000, 1000, 4);

    (void)state;
    ack(&run, 1, 0);
    ack(&run, 3, 0);
    assert_int_equal(flush(&run, 0, true), 2);
    assert_int_equal(run.window.held, 0);
    assert_int_equal(run.window.count, 2);
    amqpext__ack_window_reset(&run.window);
    assert_int_equal(run.window.count, 0);
    deliver(&run.window, 1, run.slots);
    ack(&run, 1, 0);
    (void)flush(&run, 0, true);
    expect(&run, 2, 1, 1);
    amqpext__ack_window_free(&run.window);
}

static void memory_follows_what_is_unsettled_and_not_the_tags(void **state)
{
    struct ack_window window = new_window(64, 0, 10);
    struct frames frames = {.count = 0};
    uint32_t stuck, slot;
    uint64_t tag;

    (void)state;
    assert_true(amqpext__ack_window_add(&window, 1, &stuck));
    for (tag = 2; tag < 100000; tag++) {
        assert_true(amqpext__ack_window_add(&window, tag, &slot));
        amqpext__ack_window_ack(&window, slot, 0);
        amqpext__ack_window_flush(&window, 0, true, note_frame, &frames);
        frames.count = 0;
    }
    assert_true(window.capacity <= 64);
    amqpext__ack_window_free(&window);
}

/* A broker that checks each frame as a broker does, and more. */
enum { RUN_TAGS = 3000, OPEN = 1, ACKED, REMOVED, SETTLED };

struct model {
    unsigned char states[RUN_TAGS + 1];
    uint64_t first_open; /* before it everything is settled */
    uint64_t next_tag;
    size_t max_joined;
    size_t acked, frames;
};

static void settle(struct model *model, uint64_t tag)
{
    assert_int_equal(model->states[tag], ACKED);
    model->states[tag] = SETTLED;
    model->acked++;
}

static void check_frame(void *data, uint64_t tag, size_t count)
{
    struct model *model = data;
    uint64_t i;

    assert_true(count >= 1 && count <= model->max_joined);
    assert_true(tag < model->next_tag);
    model->frames++;
    for (i = tag - count + 1; i <= tag; i++)
        settle(model, i);
    /* "Up to the tag" means all of them: nothing before may be unsettled. */
    for (i = model->first_open; count > 1 && i <= tag; i++)
        assert_true(model->states[i] == SETTLED || model->states[i] == REMOVED);
    while (model->first_open < model->next_tag && model->states[model->first_open] >= REMOVED)
        model->first_open++;
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

static void run_randomly(unsigned seed)
{
    struct ack_window window = new_window(
        1 + next_random(&seed) % 10, next_random(&seed) % 3 * 3000, 1 + next_random(&seed) % 60);
    struct model model = {.next_tag = 1, .first_open = 1, .max_joined = window.max_joined};
    uint32_t slots[RUN_TAGS + 1];
    uint64_t open[64], now_us = 1;
    size_t n_open = 0, removed = 0;

    while (model.next_tag <= RUN_TAGS || n_open > 0) {
        now_us += next_random(&seed) % 400;
        if (model.next_tag <= RUN_TAGS && window.count < window.prefetch &&
            next_random(&seed) % 2 == 0) {
            deliver(&window, model.next_tag, slots);
            model.states[model.next_tag] = OPEN;
            open[n_open++] = model.next_tag++;
        } else if (n_open > 0) {
            const size_t which = next_random(&seed) % 4 == 0 ? next_random(&seed) % n_open : 0;
            const uint64_t tag = open[which];

            memmove(&open[which], &open[which + 1], (--n_open - which) * sizeof(open[0]));
            if (next_random(&seed) % 8 == 0) {
                model.states[tag] = REMOVED;
                amqpext__ack_window_remove(&window, slots[tag]);
                removed++;
            } else {
                model.states[tag] = ACKED;
                amqpext__ack_window_ack(&window, slots[tag], now_us);
            }
        }
        if (amqpext__ack_window_due_us(&window) <= now_us || next_random(&seed) % 4 == 0) {
            amqpext__ack_window_flush(&window, now_us, false, check_frame, &model);
            assert_true(amqpext__ack_window_due_us(&window) > now_us);
        }
    }
    amqpext__ack_window_flush(&window, now_us, true, check_frame, &model);
    assert_int_equal(model.acked + removed, RUN_TAGS);
    assert_int_equal(window.count, 0);
    assert_int_equal(window.held, 0);
    amqpext__ack_window_free(&window);
}

static void each_is_settled_once_and_nothing_foreign_is_covered(void **state)
{
    unsigned seed;

    (void)state;
    for (seed = 1; seed <= 60; seed++)
        run_randomly(seed);
}

static void add_without_memory(void *context)
{
    struct ack_window window = new_window(64, 0, 1000);
    uint32_t slot = 12345;
    uint64_t tag;

    (void)context;
    for (tag = 1; tag < 200; tag++) {
        if (!amqpext__ack_window_add(&window, tag, &slot))
            break;
        amqpext__ack_window_ack(&window, slot, 0);
    }
    assert_int_equal(window.count, tag - 1);
    assert_int_equal(window.held, tag - 1);
    amqpext__ack_window_free(&window);
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(add_without_memory, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contiguous_acknowledgements_are_joined),
        cmocka_unit_test(what_another_method_settled_is_not_covered),
        cmocka_unit_test(what_is_behind_a_slow_one_waits_a_little_and_goes_alone),
        cmocka_unit_test(gap_that_closes_in_time_costs_no_frame),
        cmocka_unit_test(no_more_than_allowed_are_joined),
        cmocka_unit_test(with_a_delay_only_full_frames_go_at_once),
        cmocka_unit_test(nothing_waits_when_half_of_the_prefetch_is_held),
        cmocka_unit_test(prefetch_of_one_never_waits),
        cmocka_unit_test(all_are_emitted_on_demand),
        cmocka_unit_test(memory_follows_what_is_unsettled_and_not_the_tags),
        cmocka_unit_test(each_is_settled_once_and_nothing_foreign_is_covered),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
