/* Figures of databases and clients as metrics. */
#include "test.h"

#include <miniorm/epoll.h>
#include <miniorm/miniorm.h>
#include <promon/miniorm.h>
#include <promon/promon.h>

#include "support/fake_probe.h"

static struct miniorm_database *open_database(void)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database = NULL;

    if (miniorm_database_open("sqlite::memory:", NULL, &database, &error) != MINIORM_OK)
        fail_msg("%s", error.message);
    return database;
}

static double value_of(struct promon *promon, const char *metric, const char *name)
{
    const char *const labels[] = {"name", name, NULL};
    struct promon_error error = PROMON_ERROR_INIT;
    double value = -1;

    if (promon_value(promon, metric, labels, &value, &error) != PROMON_OK)
        fail_msg("%s{name=\"%s\"}: %s", metric, name, error.message);
    return value;
}

static void pools_are_told_by_their_names(void **state)
{
    struct miniorm_database *used = open_database(), *unused = open_database();
    const struct promon_miniorm_source sources[] = {
        {"used", used, NULL}, {"unused", unused, NULL}, {NULL, NULL, NULL}};
    struct promon *promon = fake_monitor(NULL);
    struct promon_collector *collector = NULL;
    int i;

    (void)state;
    assert_int_equal(promon_miniorm_export(promon, sources, &collector, NULL), PROMON_OK);
    for (i = 0; i < 3; i++)
        assert_int_equal(miniorm_run_take(miniorm_database_session(used),
                                          miniorm_query_raw("SELECT 1", NULL, 0), NULL, NULL),
                         MINIORM_OK);
    assert_true(value_of(promon, "miniorm_pool_acquired_total", "used") == 3);
    assert_true(value_of(promon, "miniorm_pool_acquired_total", "unused") == 0);
    assert_true(value_of(promon, "miniorm_pool_connections", "used") == 1);
    assert_true(value_of(promon, "miniorm_pool_connections_busy", "used") == 0);
    assert_true(value_of(promon, "miniorm_pool_timeouts_total", "used") == 0);
    promon_collector_remove(promon, collector);
    promon_free(promon);
    miniorm_database_close(used);
    miniorm_database_close(unused);
}

static void note_completion(void *data, enum miniorm_status status, struct miniorm_result *result,
                            const struct miniorm_error *error)
{
    (void)error;
    assert_int_equal(status, MINIORM_OK);
    miniorm_result_free(result);
    ++*(int *)data;
}

/* What its loop's thread has taken last is what a scrape of another thread tells. */
static void clients_are_told_as_their_loop_has_left_them(void **state)
{
    struct promon_miniorm_client known = PROMON_MINIORM_CLIENT_INIT;
    const struct promon_miniorm_source sources[] = {{"orders", NULL, &known}, {NULL, NULL, NULL}};
    struct miniorm_database *database = open_database();
    struct promon *promon = fake_monitor(NULL);
    struct promon_collector *collector = NULL;
    struct miniorm_epoll *loop = NULL;
    struct miniorm_client *client = NULL;
    int completed = 0, i;

    (void)state;
    assert_int_equal(miniorm_epoll_new(&loop, NULL), MINIORM_OK);
    assert_int_equal(miniorm_client_open(database, miniorm_epoll_loop(loop), &client, NULL),
                     MINIORM_OK);
    assert_int_equal(promon_miniorm_export(promon, sources, &collector, NULL), PROMON_OK);
    for (i = 0; i < 5; i++)
        assert_int_equal(miniorm_client_submit_take(client, miniorm_query_raw("SELECT 1", NULL, 0),
                                                    NULL, note_completion, &completed, NULL, NULL),
                         MINIORM_OK);
    while (completed < 5)
        assert_int_equal(miniorm_epoll_turn(loop, -1, NULL), MINIORM_OK);
    assert_true(value_of(promon, "miniorm_client_submitted_total", "orders") == 0);
    promon_miniorm_client_update(&known, client);
    assert_true(value_of(promon, "miniorm_client_submitted_total", "orders") == 5);
    assert_true(value_of(promon, "miniorm_client_completed_total", "orders") == 5);
    assert_true(value_of(promon, "miniorm_client_in_flight", "orders") == 0);
    miniorm_client_close(client);
    miniorm_epoll_free(loop);
    promon_free(promon);
    miniorm_database_close(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_are_told_by_their_names),
        cmocka_unit_test(clients_are_told_as_their_loop_has_left_them),
    };

    return cmocka_run_group_tests_name("glue_miniorm", tests, NULL, NULL);
}
