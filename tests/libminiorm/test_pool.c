/*
 * The pool, with a fake database behind it.
 */
#include "fake_driver.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPTIONS(...)                                                                     \
    (&(struct miniorm_database_options){.size = sizeof(struct miniorm_database_options), \
                                        __VA_ARGS__})

static void pause_ms(unsigned milliseconds)
{
    const struct timespec pause = {.tv_sec = milliseconds / 1000,
                                   .tv_nsec = milliseconds % 1000 * 1000000L};

    nanosleep(&pause, NULL);
}

static struct miniorm__connection *acquire(struct fake *fake)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm__connection *connection = NULL;

    assert_int_equal(miniorm__pool_acquire(fake->database.pool, 0, &connection, &error),
                     MINIORM_OK);
    assert_non_null(connection);
    return connection;
}

static void release(struct fake *fake, struct miniorm__connection *connection)
{
    miniorm__pool_release(fake->database.pool, connection);
}

static struct miniorm_pool_stats stats_of(struct fake *fake)
{
    struct miniorm_pool_stats stats = {.size = sizeof(stats)};

    miniorm_database_pool_stats(&fake->database, &stats);
    return stats;
}

static void pool_opens_connections_when_they_are_needed(void **state)
{
    struct fake *fake = fake_new(NULL);

    (void)state;
    assert_string_equal(fake_journal(fake), "");
    release(fake, acquire(fake));
    release(fake, acquire(fake));
    assert_string_equal(fake_journal(fake), "+");
    assert_int_equal(stats_of(fake).open, 1);
    assert_int_equal(stats_of(fake).acquired, 2);
    fake_free(fake);
}

static void pool_hands_out_the_connection_used_last(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm__connection *first = acquire(fake);
    struct miniorm__connection *second = acquire(fake);

    (void)state;
    assert_ptr_not_equal(first, second);
    release(fake, first);
    release(fake, second);
    assert_ptr_equal(acquire(fake), second);
    assert_int_equal(stats_of(fake).busy, 1);
    release(fake, second);
    fake_free(fake);
}

static void pool_fills_up_to_its_minimum(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_min = 3, .pool_max = 5));

    (void)state;
    assert_int_equal(miniorm__pool_fill(fake->database.pool, NULL), MINIORM_OK);
    assert_string_equal(fake_journal(fake), "+++");
    assert_int_equal(stats_of(fake).open, 3);
    fake_free(fake);
}

static void filling_reports_why_it_failed(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_min = 3, .pool_max = 5));
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    fake->connect_status = MINIORM_EAUTH;
    assert_int_equal(miniorm__pool_fill(fake->database.pool, &error), MINIORM_EAUTH);
    assert_string_equal(error.message, "the fake is away");
    fake_free(fake);
}

static void failed_connect_is_reported_and_its_place_is_free_again(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 1));
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm__connection *connection = NULL;

    (void)state;
    fake->connect_status = MINIORM_EUNAVAILABLE;
    assert_int_equal(miniorm__pool_acquire(fake->database.pool, 0, &connection, &error),
                     MINIORM_EUNAVAILABLE);
    assert_null(connection);
    assert_string_equal(error.message, "the fake is away");
    assert_int_equal(stats_of(fake).connect_failures, 1);
    fake->connect_status = MINIORM_OK;
    release(fake, acquire(fake));
    fake_free(fake);
}

static void timeout_says_who_holds_the_connections(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 1, .acquire_timeout_ms = 20));
    struct miniorm__connection *held = acquire(fake);
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm__connection *connection = NULL;

    (void)state;
    assert_int_equal(miniorm__pool_acquire(fake->database.pool, 0, &connection, &error),
                     MINIORM_ETIMEDOUT);
    assert_null(connection);
    assert_non_null(strstr(error.message, "1 of 1 in use, the longest for "));
    assert_non_null(strstr(error.message, "0 more threads waiting"));
    assert_null(strstr(error.message, "last connect error"));
    assert_int_equal(stats_of(fake).timeouts, 1);
    assert_int_equal(stats_of(fake).waiting, 0);
    release(fake, held);
    release(fake, acquire(fake));
    fake_free(fake);
}

static void deadline_of_the_operation_shortens_the_wait(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 1, .acquire_timeout_ms = 60000));
    struct miniorm__connection *held = acquire(fake);
    struct miniorm__connection *connection = NULL;

    (void)state;
    assert_int_equal(
        miniorm__pool_acquire(fake->database.pool, miniorm__clock_ms() + 10, &connection, NULL),
        MINIORM_ETIMEDOUT);
    release(fake, held);
    fake_free(fake);
}

struct asker {
    struct fake *fake;
    pthread_t thread;
    enum miniorm_status status;
    struct miniorm_error error;
    unsigned *order;
    unsigned number; /* in which it was served */
};

static void *ask(void *data)
{
    struct asker *asker = data;
    struct miniorm__connection *connection;

    asker->status =
        miniorm__pool_acquire(asker->fake->database.pool, 0, &connection, &asker->error);
    if (asker->status != MINIORM_OK)
        return NULL;
    asker->number = ++*asker->order;
    miniorm__pool_release(asker->fake->database.pool, connection);
    return NULL;
}

static void start_asking(struct asker *asker, struct fake *fake, unsigned *order, unsigned waiting)
{
    asker->fake = fake;
    asker->order = order;
    assert_int_equal(pthread_create(&asker->thread, NULL, ask, asker), 0);
    fake_await_waiting(fake, waiting);
}

static void threads_are_served_in_the_order_of_asking(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 1));
    struct miniorm__connection *held = acquire(fake);
    struct asker askers[5] = {{0}};
    unsigned order = 0;
    unsigned i;

    (void)state;
    for (i = 0; i < 5; i++)
        start_asking(&askers[i], fake, &order, i + 1);
    release(fake, held);
    for (i = 0; i < 5; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].status, MINIORM_OK);
        assert_int_equal(askers[i].number, i + 1);
    }
    assert_string_equal(fake_journal(fake), "+");
    fake_free(fake);
}

static void broken_connection_leaves_its_place_to_the_first_in_line(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 1));
    struct miniorm__connection *held = acquire(fake);
    struct asker asker = {0};
    unsigned order = 0;

    (void)state;
    start_asking(&asker, fake, &order, 1);
    ((struct fake_connection *)(void *)held)->is_broken = true;
    release(fake, held);
    pthread_join(asker.thread, NULL);
    assert_int_equal(asker.status, MINIORM_OK);
    assert_int_equal(stats_of(fake).open, 1);
    fake_free(fake);
}

static void those_in_line_learn_why_connecting_fails(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 1));
    struct miniorm__connection *held = acquire(fake);
    struct asker askers[2] = {{0}};
    unsigned order = 0;
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++)
        start_asking(&askers[i], fake, &order, i + 1);
    fake->connect_status = MINIORM_EUNAVAILABLE;
    miniorm__pool_discard(fake->database.pool, held);
    for (i = 0; i < 2; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].status, MINIORM_EUNAVAILABLE);
        assert_string_equal(askers[i].error.message, "the fake is away");
    }
    fake_free(fake);
}

static void broken_idle_connection_is_replaced(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 1));
    struct miniorm__connection *connection = acquire(fake);

    (void)state;
    release(fake, connection);
    ((struct fake_connection *)(void *)connection)->is_broken = true;
    release(fake, acquire(fake));
    assert_string_equal(fake_journal(fake), "+-+");
    assert_int_equal(stats_of(fake).open, 1);
    fake_free(fake);
}

static void idle_connections_can_be_forgotten(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm__connection *first = acquire(fake);
    struct miniorm__connection *second = acquire(fake);

    (void)state;
    release(fake, second);
    miniorm__pool_forget_idle(fake->database.pool);
    assert_string_equal(fake_journal(fake), "++-");
    assert_int_equal(stats_of(fake).open, 1);
    release(fake, first);
    fake_free(fake);
}

static void connections_idle_for_too_long_are_closed(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_min = 1, .pool_max = 3, .idle_timeout_ms = 1));
    struct miniorm__connection *held[3];
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++)
        held[i] = acquire(fake);
    release(fake, held[0]);
    release(fake, held[1]);
    pause_ms(5);
    release(fake, held[2]);
    assert_string_equal(fake_journal(fake), "+++--");
    assert_int_equal(stats_of(fake).open, 1);
    assert_ptr_equal(acquire(fake), held[2]);
    release(fake, held[2]);
    fake_free(fake);
}

static void forked_child_is_refused(void **state)
{
    struct fake *fake = fake_new(NULL);
    int status = 0;
    pid_t child;

    (void)state;
    release(fake, acquire(fake));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct miniorm__connection *connection = NULL;
        struct miniorm_error error = MINIORM_ERROR_INIT;

        _exit(miniorm__pool_acquire(fake->database.pool, 0, &connection, &error) == MINIORM_ESTATE
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fake_free(fake);
}

static void *hammer(void *data)
{
    struct fake *fake = data;
    unsigned i;

    for (i = 0; i < 500; i++) {
        struct miniorm__connection *connection = NULL;

        if (miniorm__pool_acquire(fake->database.pool, 0, &connection, NULL) != MINIORM_OK)
            return data;
        if (i % 7 == 0)
            miniorm__pool_discard(fake->database.pool, connection);
        else
            miniorm__pool_release(fake->database.pool, connection);
    }
    return NULL;
}

static void many_threads_share_few_connections(void **state)
{
    struct fake *fake = fake_new(OPTIONS(.pool_max = 3));
    pthread_t threads[8];
    void *failed;
    unsigned i;

    (void)state;
    for (i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, fake), 0);
    for (i = 0; i < 8; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_true(stats_of(fake).open <= 3);
    assert_int_equal(stats_of(fake).busy, 0);
    assert_int_equal(stats_of(fake).acquired, 8 * 500);
    fake_free(fake);
}

static void stats_of_an_older_program_are_filled_as_far_as_they_go(void **state)
{
    struct fake *fake = fake_new(NULL);
    struct miniorm_pool_stats stats;

    (void)state;
    memset(&stats, 0xee, sizeof(stats));
    stats.size = offsetof(struct miniorm_pool_stats, busy);
    miniorm_database_pool_stats(&fake->database, &stats);
    assert_int_equal(stats.open, 0);
    assert_int_equal(stats.busy, 0xeeeeeeee);
    fake_free(fake);
}

static void acquire_once(void *context)
{
    struct fake *fake = context;
    struct miniorm__connection *connection = NULL;
    const enum miniorm_status status =
        miniorm__pool_acquire(fake->database.pool, 0, &connection, NULL);

    if (status == MINIORM_OK)
        miniorm__pool_discard(fake->database.pool, connection);
    else
        assert_int_equal(status, MINIORM_ENOMEM);
}

static void acquiring_survives_any_failed_allocation(void **state)
{
    struct fake *fake = fake_new(NULL);

    (void)state;
    assert_true(oom_for_every_allocation(acquire_once, fake) > 0);
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_opens_connections_when_they_are_needed),
        cmocka_unit_test(pool_hands_out_the_connection_used_last),
        cmocka_unit_test(pool_fills_up_to_its_minimum),
        cmocka_unit_test(filling_reports_why_it_failed),
        cmocka_unit_test(failed_connect_is_reported_and_its_place_is_free_again),
        cmocka_unit_test(timeout_says_who_holds_the_connections),
        cmocka_unit_test(deadline_of_the_operation_shortens_the_wait),
        cmocka_unit_test(threads_are_served_in_the_order_of_asking),
        cmocka_unit_test(broken_connection_leaves_its_place_to_the_first_in_line),
        cmocka_unit_test(those_in_line_learn_why_connecting_fails),
        cmocka_unit_test(broken_idle_connection_is_replaced),
        cmocka_unit_test(idle_connections_can_be_forgotten),
        cmocka_unit_test(connections_idle_for_too_long_are_closed),
        cmocka_unit_test(forked_child_is_refused),
        cmocka_unit_test(many_threads_share_few_connections),
        cmocka_unit_test(stats_of_an_older_program_are_filled_as_far_as_they_go),
        cmocka_unit_test(acquiring_survives_any_failed_allocation),
    };

    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
