/*
 * The gate that keeps SQLite's writers and readers apart inside a process.
 */
#include "test.h"

#include <stdio.h>
#include <time.h>

#include "driver.h"
#include "sqlite/gate.h"

static const atomic_bool never = false;

struct visitor {
    struct miniorm__sqlite_gate *gate;
    enum miniorm__sqlite_pass pass;
    atomic_bool is_cancelled;
    pthread_t thread;
    bool was_inside;
    char *trail; /* what the visitors write while they are inside */
    char name;
};

static void pause_ms(unsigned milliseconds)
{
    const struct timespec pause = {.tv_nsec = milliseconds * 1000000L};

    nanosleep(&pause, NULL);
}

static void *visit(void *data)
{
    struct visitor *visitor = data;

    visitor->was_inside = miniorm__sqlite_gate_enter(
        visitor->gate, visitor->pass, miniorm__clock_ms() + 60000, &visitor->is_cancelled);
    if (visitor->was_inside) {
        if (visitor->trail != NULL) {
            const size_t size = strlen(visitor->trail);

            visitor->trail[size] = visitor->name;
        }
        miniorm__sqlite_gate_leave(visitor->gate, visitor->pass);
    }
    return NULL;
}

static unsigned line_length(struct miniorm__sqlite_gate *gate);

static void start(struct visitor *visitor, struct miniorm__sqlite_gate *gate,
                  enum miniorm__sqlite_pass pass)
{
    const unsigned before = line_length(gate);

    visitor->gate = gate;
    visitor->pass = pass;
    assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
    while (line_length(gate) == before)
        pause_ms(1);
}

/* The line ends where line_end points; counted by its changes, as its members are private. */
static unsigned line_length(struct miniorm__sqlite_gate *gate)
{
    static struct miniorm__sqlite_waiter **seen;
    static unsigned length;

    pthread_mutex_lock(&gate->lock);
    if (gate->line == NULL)
        length = 0;
    else if (gate->line_end != seen)
        length++;
    seen = gate->line_end;
    pthread_mutex_unlock(&gate->lock);
    return length;
}

static bool enter(struct miniorm__sqlite_gate *gate, enum miniorm__sqlite_pass pass)
{
    return miniorm__sqlite_gate_enter(gate, pass, miniorm__clock_ms() + 5, &never);
}

static void readers_share_it_and_writers_do_not(void **state)
{
    struct miniorm__sqlite_gate gate;

    (void)state;
    miniorm__sqlite_gate_init(&gate);
    assert_true(enter(&gate, MINIORM__SQLITE_SHARED));
    assert_true(enter(&gate, MINIORM__SQLITE_SHARED));
    assert_false(enter(&gate, MINIORM__SQLITE_EXCLUSIVE));
    miniorm__sqlite_gate_leave(&gate, MINIORM__SQLITE_SHARED);
    miniorm__sqlite_gate_leave(&gate, MINIORM__SQLITE_SHARED);
    assert_true(enter(&gate, MINIORM__SQLITE_EXCLUSIVE));
    assert_false(enter(&gate, MINIORM__SQLITE_EXCLUSIVE));
    assert_false(enter(&gate, MINIORM__SQLITE_SHARED));
    miniorm__sqlite_gate_leave(&gate, MINIORM__SQLITE_EXCLUSIVE);
    miniorm__sqlite_gate_destroy(&gate);
}

static void nobody_overtakes(void **state)
{
    struct miniorm__sqlite_gate gate;
    struct visitor visitors[4] = {{0}};
    char trail[8] = "";
    unsigned i;

    (void)state;
    miniorm__sqlite_gate_init(&gate);
    assert_true(enter(&gate, MINIORM__SQLITE_EXCLUSIVE));
    for (i = 0; i < 4; i++) {
        visitors[i].trail = trail;
        visitors[i].name = (char)('a' + i);
        start(&visitors[i], &gate, MINIORM__SQLITE_EXCLUSIVE);
    }
    miniorm__sqlite_gate_leave(&gate, MINIORM__SQLITE_EXCLUSIVE);
    for (i = 0; i < 4; i++)
        pthread_join(visitors[i].thread, NULL);
    assert_string_equal(trail, "abcd");
    miniorm__sqlite_gate_destroy(&gate);
}

static void waiting_writer_is_not_starved_by_readers(void **state)
{
    struct miniorm__sqlite_gate gate;
    struct visitor writer = {0};

    (void)state;
    miniorm__sqlite_gate_init(&gate);
    assert_true(enter(&gate, MINIORM__SQLITE_SHARED));
    start(&writer, &gate, MINIORM__SQLITE_EXCLUSIVE);
    assert_false(enter(&gate, MINIORM__SQLITE_SHARED));
    miniorm__sqlite_gate_leave(&gate, MINIORM__SQLITE_SHARED);
    pthread_join(writer.thread, NULL);
    assert_true(writer.was_inside);
    miniorm__sqlite_gate_destroy(&gate);
}

static void cancelled_waiter_gives_up_and_lets_others_in(void **state)
{
    struct miniorm__sqlite_gate gate;
    struct visitor writer = {0};
    struct visitor reader = {0};

    (void)state;
    miniorm__sqlite_gate_init(&gate);
    assert_true(enter(&gate, MINIORM__SQLITE_SHARED));
    start(&writer, &gate, MINIORM__SQLITE_EXCLUSIVE);
    start(&reader, &gate, MINIORM__SQLITE_SHARED);
    atomic_store(&writer.is_cancelled, true);
    miniorm__sqlite_gate_wake(&gate);
    pthread_join(writer.thread, NULL);
    pthread_join(reader.thread, NULL);
    assert_false(writer.was_inside);
    assert_true(reader.was_inside);
    miniorm__sqlite_gate_leave(&gate, MINIORM__SQLITE_SHARED);
    miniorm__sqlite_gate_destroy(&gate);
}

struct counter {
    struct miniorm__sqlite_gate gate;
    unsigned plain; /* written by writers, read by readers */
};

static void *count(void *data)
{
    struct counter *counter = data;
    unsigned i;

    for (i = 0; i < 2000; i++) {
        const enum miniorm__sqlite_pass pass =
            i % 4 == 0 ? MINIORM__SQLITE_EXCLUSIVE : MINIORM__SQLITE_SHARED;

        if (!miniorm__sqlite_gate_enter(&counter->gate, pass, miniorm__clock_ms() + 60000, &never))
            return data;
        if (pass == MINIORM__SQLITE_EXCLUSIVE)
            counter->plain++;
        miniorm__sqlite_gate_leave(&counter->gate, pass);
    }
    return NULL;
}

static void writers_exclude_each_other(void **state)
{
    struct counter counter = {.plain = 0};
    pthread_t threads[4];
    void *failed;
    unsigned i;

    (void)state;
    miniorm__sqlite_gate_init(&counter.gate);
    for (i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, &counter), 0);
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(counter.plain, 4 * 500);
    miniorm__sqlite_gate_destroy(&counter.gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_share_it_and_writers_do_not),
        cmocka_unit_test(nobody_overtakes),
        cmocka_unit_test(waiting_writer_is_not_starved_by_readers),
        cmocka_unit_test(cancelled_waiter_gives_up_and_lets_others_in),
        cmocka_unit_test(writers_exclude_each_other),
    };

    return cmocka_run_group_tests_name("sqlite_gate", tests, NULL, NULL);
}
