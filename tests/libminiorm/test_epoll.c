/*
 * The loop of <miniorm/epoll.h>: watches, timers, deferred calls, wakes, and the rules of
 * <miniorm/loop.h>.
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <miniorm/epoll.h>

struct pipe_ends {
    int reader;
    int writer;
};

struct record {
    struct miniorm_epoll *loop;
    const struct miniorm_loop *table;
    void *watch;
    void *timer;
    char order[256];
    size_t count;
    unsigned events;
    int limit;
    struct record *other;
};

static struct miniorm_epoll *new_loop(struct record *record)
{
    struct miniorm_epoll *loop = NULL;

    memset(record, 0, sizeof(*record));
    assert_int_equal(miniorm_epoll_new(&loop, NULL), MINIORM_OK);
    record->loop = loop;
    record->table = miniorm_epoll_loop(loop);
    return loop;
}

static struct pipe_ends new_pipe(void)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    return (struct pipe_ends){.reader = fds[0], .writer = fds[1]};
}

static void close_pipe(struct pipe_ends ends)
{
    close(ends.reader);
    close(ends.writer);
}

static void turn(struct record *record, int timeout_ms)
{
    assert_int_equal(miniorm_epoll_turn(record->loop, timeout_ms, NULL), MINIORM_OK);
}

static void on_ready(void *data, int fd, unsigned events)
{
    struct record *record = data;
    char c;

    record->count++;
    record->events |= events;
    if (events & MINIORM_READABLE)
        (void)!read(fd, &c, 1);
}

static void readable_watch_is_called_once_per_turn(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);
    const struct pipe_ends ends = new_pipe();

    (void)state;
    assert_int_equal(record.table->add_watch(record.table->context, ends.reader, MINIORM_READABLE,
                                             on_ready, &record, &record.watch),
                     0);
    turn(&record, 0);
    assert_int_equal(record.count, 0);
    assert_int_equal(write(ends.writer, "ab", 2), 2);
    turn(&record, -1);
    assert_int_equal(record.count, 1);
    turn(&record, -1);
    assert_int_equal(record.count, 2);
    assert_int_equal(record.events, MINIORM_READABLE);
    record.table->remove_watch(record.table->context, record.watch);
    miniorm_epoll_free(loop);
    close_pipe(ends);
}

static void watch_for_nothing_is_silent_even_on_hang_up(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);
    const struct pipe_ends ends = new_pipe();

    (void)state;
    assert_int_equal(record.table->add_watch(record.table->context, ends.reader, MINIORM_READABLE,
                                             on_ready, &record, &record.watch),
                     0);
    assert_int_equal(record.table->set_watch(record.table->context, record.watch, 0), 0);
    assert_int_equal(record.table->set_watch(record.table->context, record.watch, 0), 0);
    close(ends.writer);
    turn(&record, 0);
    assert_int_equal(record.count, 0);
    assert_int_equal(record.table->set_watch(record.table->context, record.watch, MINIORM_READABLE),
                     0);
    turn(&record, -1);
    assert_int_equal(record.count, 1);
    miniorm_epoll_free(loop);
    close(ends.reader);
}

static void watch_can_change_to_writable(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);
    const struct pipe_ends ends = new_pipe();

    (void)state;
    assert_int_equal(record.table->add_watch(record.table->context, ends.writer, 0, on_ready,
                                             &record, &record.watch),
                     0);
    turn(&record, 0);
    assert_int_equal(record.count, 0);
    assert_int_equal(record.table->set_watch(record.table->context, record.watch, MINIORM_WRITABLE),
                     0);
    turn(&record, -1);
    assert_int_equal(record.events, MINIORM_WRITABLE);
    miniorm_epoll_free(loop);
    close_pipe(ends);
}

static void on_ready_remove_other(void *data, int fd, unsigned events)
{
    struct record *record = data;

    (void)fd;
    (void)events;
    record->count++;
    record->other->table->remove_watch(record->other->table->context, record->other->watch);
}

static void removed_watch_is_not_called_though_its_event_was_collected(void **state)
{
    struct record first;
    struct record second;
    struct miniorm_epoll *loop = new_loop(&first);
    const struct pipe_ends a = new_pipe();
    const struct pipe_ends b = new_pipe();

    (void)state;
    second = first;
    first.other = &second;
    second.other = &first;
    first.table->add_watch(first.table->context, a.reader, MINIORM_READABLE, on_ready_remove_other,
                           &first, &first.watch);
    first.table->add_watch(first.table->context, b.reader, MINIORM_READABLE, on_ready_remove_other,
                           &second, &second.watch);
    assert_int_equal(write(a.writer, "x", 1), 1);
    assert_int_equal(write(b.writer, "x", 1), 1);
    turn(&first, -1);
    assert_int_equal(first.count + second.count, 1);
    miniorm_epoll_free(loop);
    close_pipe(a);
    close_pipe(b);
}

static void watching_a_wrong_descriptor_registers_nothing(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);

    (void)state;
    assert_int_equal(record.table->add_watch(record.table->context, -1, MINIORM_READABLE, on_ready,
                                             &record, &record.watch),
                     EBADF);
    assert_null(record.watch);
    miniorm_epoll_free(loop);
}

static void append(struct record *record, char c)
{
    assert_true(record->count < sizeof(record->order) - 1);
    record->order[record->count++] = c;
}

static void expire_a(void *data)
{
    append(data, 'a');
}

static void expire_b(void *data)
{
    append(data, 'b');
}

static void expire_c(void *data)
{
    append(data, 'c');
}

static void timers_expire_in_order_and_not_early(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);
    const uint64_t start = miniorm_epoll_now_ms(loop);
    void *timers[3];

    (void)state;
    record.table->add_timer(record.table->context, 30, expire_c, &record, &timers[2]);
    record.table->add_timer(record.table->context, 5, expire_a, &record, &timers[0]);
    record.table->add_timer(record.table->context, 15, expire_b, &record, &timers[1]);
    assert_true(miniorm_epoll_timeout(loop) <= 5);
    while (record.count < 3)
        turn(&record, -1);
    assert_string_equal(record.order, "abc");
    assert_true(miniorm_epoll_now_ms(loop) >= start + 30);
    assert_int_equal(miniorm_epoll_timeout(loop), -1);
    miniorm_epoll_free(loop);
}

static void timer_that_expired_can_be_set_again_and_removed(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);

    (void)state;
    record.table->add_timer(record.table->context, 0, expire_a, &record, &record.timer);
    turn(&record, -1);
    assert_string_equal(record.order, "a");
    assert_int_equal(record.table->set_timer(record.table->context, record.timer, 1), 0);
    turn(&record, -1);
    assert_string_equal(record.order, "aa");
    record.table->set_timer(record.table->context, record.timer, 0);
    record.table->remove_timer(record.table->context, record.timer);
    turn(&record, 0);
    assert_string_equal(record.order, "aa");
    miniorm_epoll_free(loop);
}

static void expire_again(void *data)
{
    struct record *record = data;

    append(record, 'x');
    record->table->set_timer(record->table->context, record->timer, 0);
}

static void timer_set_by_itself_waits_for_the_next_turn(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);

    (void)state;
    record.table->add_timer(record.table->context, 0, expire_again, &record, &record.timer);
    turn(&record, -1);
    assert_int_equal(record.count, 1);
    turn(&record, -1);
    assert_int_equal(record.count, 2);
    miniorm_epoll_free(loop);
}

static void expire_remove_other(void *data)
{
    struct record *record = data;

    record->count++;
    record->table->remove_timer(record->table->context, record->other->timer);
}

static void timer_removed_by_another_is_not_called(void **state)
{
    struct record first;
    struct record second;
    struct miniorm_epoll *loop = new_loop(&first);

    (void)state;
    second = first;
    first.other = &second;
    first.table->add_timer(first.table->context, 0, expire_remove_other, &first, &first.timer);
    first.table->add_timer(first.table->context, 0, expire_a, &second, &second.timer);
    usleep(1000);
    turn(&first, 0);
    assert_int_equal(first.count, 1);
    assert_int_equal(second.count, 0);
    miniorm_epoll_free(loop);
}

static int compare(const void *a, const void *b)
{
    const unsigned *x = a;
    const unsigned *y = b;

    return (*x > *y) - (*x < *y);
}

struct many {
    unsigned delays[500];
    size_t count;
};

struct one {
    struct many *many;
    unsigned delay;
    void *timer;
};

static void expire_one(void *data)
{
    struct one *one = data;

    one->many->delays[one->many->count++] = one->delay;
}

static void many_timers_come_in_order_though_some_are_removed(void **state)
{
    static struct one ones[500];
    static struct many many;
    unsigned sorted[500];
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);
    unsigned random = 12345;
    size_t i;

    (void)state;
    for (i = 0; i < 500; i++) {
        random = random * 1103515245U + 12345U;
        ones[i].many = &many;
        ones[i].delay = (random >> 16) % 40;
        record.table->add_timer(record.table->context, ones[i].delay, expire_one, &ones[i],
                                &ones[i].timer);
    }
    for (i = 0; i < 500; i += 3)
        record.table->remove_timer(record.table->context, ones[i].timer);
    while (many.count < 500 - 167)
        turn(&record, -1);
    memcpy(sorted, many.delays, sizeof(sorted));
    qsort(sorted, many.count, sizeof(sorted[0]), compare);
    assert_memory_equal(sorted, many.delays, many.count * sizeof(sorted[0]));
    miniorm_epoll_free(loop);
}

static void defer_more(void *data)
{
    struct record *record = data;

    append(record, 'm');
    if (record->limit-- > 0)
        assert_int_equal(record->table->defer(record->table->context, defer_more, record), 0);
}

static void deferred_calls_run_in_order_before_the_loop_sleeps(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);

    (void)state;
    record.table->defer(record.table->context, expire_a, &record);
    record.table->defer(record.table->context, expire_b, &record);
    assert_int_equal(miniorm_epoll_timeout(loop), 0);
    turn(&record, 0);
    assert_string_equal(record.order, "ab");
    turn(&record, 0);
    assert_string_equal(record.order, "ab");
    miniorm_epoll_free(loop);
}

static void call_deferred_by_a_deferred_call_runs_in_the_same_turn(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);

    (void)state;
    record.limit = 40;
    record.table->defer(record.table->context, defer_more, &record);
    turn(&record, 0);
    assert_int_equal(record.count, 41);
    miniorm_epoll_free(loop);
}

static void expire_defer(void *data)
{
    struct record *record = data;

    append(record, 't');
    record->table->defer(record->table->context, expire_b, record);
}

static void call_deferred_by_a_timer_runs_in_the_same_turn(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);

    (void)state;
    record.table->add_timer(record.table->context, 0, expire_defer, &record, &record.timer);
    turn(&record, -1);
    assert_string_equal(record.order, "tb");
    miniorm_epoll_free(loop);
}

static void *wake_often(void *data)
{
    struct miniorm_epoll *loop = data;
    int i;

    for (i = 0; i < 1000; i++)
        miniorm_epoll_wake(loop);
    return NULL;
}

static void wake_before_a_turn_is_not_lost(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        miniorm_epoll_wake(loop);
        miniorm_epoll_wake(loop);
        turn(&record, -1);
    }
    miniorm_epoll_free(loop);
}

static void wakes_from_another_thread_end_the_wait(void **state)
{
    struct record record;
    struct miniorm_epoll *loop = new_loop(&record);
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, wake_often, loop), 0);
    turn(&record, -1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    miniorm_epoll_wake(loop);
    turn(&record, -1);
    miniorm_epoll_free(loop);
}

static void descriptor_of_the_loop_can_be_watched_by_another(void **state)
{
    struct record outer;
    struct record inner;
    struct miniorm_epoll *outer_loop = new_loop(&outer);
    struct miniorm_epoll *inner_loop = new_loop(&inner);

    (void)state;
    outer.table->add_watch(outer.table->context, miniorm_epoll_fd(inner_loop), MINIORM_READABLE,
                           on_ready, &outer, &outer.watch);
    turn(&outer, 0);
    assert_int_equal(outer.count, 0);
    miniorm_epoll_wake(inner_loop);
    turn(&outer, -1);
    assert_int_equal(outer.count, 1);
    miniorm_epoll_free(outer_loop);
    miniorm_epoll_free(inner_loop);
}

static void try_everything(void *context)
{
    struct miniorm_epoll *loop = NULL;
    const struct miniorm_loop *table;
    struct record record = {.count = 0};
    const struct pipe_ends *ends = context;
    void *handle = NULL;
    int i;

    if (miniorm_epoll_new(&loop, NULL) != MINIORM_OK)
        return;
    table = miniorm_epoll_loop(loop);
    if (table->add_watch(table->context, ends->reader, MINIORM_READABLE, on_ready, &record,
                         &handle) == 0)
        table->remove_watch(table->context, handle);
    for (i = 0; i < 20; i++)
        (void)table->add_timer(table->context, 0, expire_a, &record, &handle);
    for (i = 0; i < 40; i++)
        (void)table->defer(table->context, expire_b, &record);
    (void)miniorm_epoll_turn(loop, 0, NULL);
    miniorm_epoll_free(loop);
}

static void every_allocation_may_fail(void **state)
{
    struct pipe_ends ends = new_pipe();

    (void)state;
    assert_true(oom_for_every_allocation(try_everything, &ends) > 20);
    close_pipe(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readable_watch_is_called_once_per_turn),
        cmocka_unit_test(watch_for_nothing_is_silent_even_on_hang_up),
        cmocka_unit_test(watch_can_change_to_writable),
        cmocka_unit_test(removed_watch_is_not_called_though_its_event_was_collected),
        cmocka_unit_test(watching_a_wrong_descriptor_registers_nothing),
        cmocka_unit_test(timers_expire_in_order_and_not_early),
        cmocka_unit_test(timer_that_expired_can_be_set_again_and_removed),
        cmocka_unit_test(timer_set_by_itself_waits_for_the_next_turn),
        cmocka_unit_test(timer_removed_by_another_is_not_called),
        cmocka_unit_test(many_timers_come_in_order_though_some_are_removed),
        cmocka_unit_test(deferred_calls_run_in_order_before_the_loop_sleeps),
        cmocka_unit_test(call_deferred_by_a_deferred_call_runs_in_the_same_turn),
        cmocka_unit_test(call_deferred_by_a_timer_runs_in_the_same_turn),
        cmocka_unit_test(wake_before_a_turn_is_not_lost),
        cmocka_unit_test(wakes_from_another_thread_end_the_wait),
        cmocka_unit_test(descriptor_of_the_loop_can_be_watched_by_another),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
