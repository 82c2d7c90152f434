/* The same client on three loops: epoll, libuv and libevent, against PostgreSQL. */
#include "async.h"

#include <event2/event.h>
#include <miniorm/loop_event.h>
#include <miniorm/loop_uv.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A loop, and how to turn it once, waiting a little. */
struct kind {
    struct miniorm_loop table;
    void (*turn)(struct kind *kind);
    void (*end)(struct kind *kind);
    struct miniorm_epoll *epoll;
    uv_loop_t uv;
    uv_timer_t uv_alarm;
    struct miniorm_uv uv_adapter;
    struct event_base *event;
    struct miniorm_event event_adapter;
};

static void turn_epoll(struct kind *kind)
{
    miniorm_epoll_turn(kind->epoll, 20, NULL);
}

static void end_epoll(struct kind *kind)
{
    miniorm_epoll_free(kind->epoll);
}

static void begin_epoll(struct kind *kind)
{
    assert_int_equal(miniorm_epoll_new(&kind->epoll, NULL), MINIORM_OK);
    kind->table = *miniorm_epoll_loop(kind->epoll);
    kind->turn = turn_epoll;
    kind->end = end_epoll;
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

static void turn_uv(struct kind *kind)
{
    uv_timer_start(&kind->uv_alarm, nothing, 20, 0);
    uv_run(&kind->uv, UV_RUN_ONCE);
}

static void end_uv(struct kind *kind)
{
    miniorm_uv_close(&kind->uv_adapter);
    uv_close((uv_handle_t *)&kind->uv_alarm, NULL);
    uv_run(&kind->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&kind->uv), 0);
    uv_library_shutdown();
}

static void begin_uv(struct kind *kind)
{
    assert_int_equal(uv_loop_init(&kind->uv), 0);
    uv_timer_init(&kind->uv, &kind->uv_alarm);
    miniorm_uv_init(&kind->uv_adapter, &kind->uv, &kind->table);
    kind->turn = turn_uv;
    kind->end = end_uv;
}

static void turn_event(struct kind *kind)
{
    const struct timeval a_little = {.tv_usec = 20000};

    event_base_loopexit(kind->event, &a_little);
    event_base_loop(kind->event, EVLOOP_ONCE);
}

static void end_event(struct kind *kind)
{
    miniorm_event_close(&kind->event_adapter);
    event_base_free(kind->event);
    libevent_global_shutdown();
}

static void begin_event(struct kind *kind)
{
    kind->event = event_base_new();
    assert_non_null(kind->event);
    assert_int_equal(miniorm_event_init(&kind->event_adapter, kind->event, &kind->table), 0);
    kind->turn = turn_event;
    kind->end = end_event;
}

static void wait_for(struct kind *kind, const struct call *calls, size_t count)
{
    const uint64_t end_ms = async_now_ms() + ASYNC_PATIENCE_MS;
    size_t i;

    for (i = 0; i < count; i++) {
        while (calls[i].outcomes == 0) {
            if (async_now_ms() > end_ms)
                fail_msg("an operation has no outcome");
            kind->turn(kind);
        }
        assert_int_equal(calls[i].outcomes, 1);
    }
}

static void submit(struct miniorm_client *client, struct call *call, const char *sql, bool is_read,
                   unsigned timeout_ms)
{
    struct miniorm_submit_options options = MINIORM_SUBMIT_OPTIONS_INIT;
    struct miniorm_query *query = miniorm_query_raw(sql, NULL, 0);

    memset(call, 0, sizeof(*call));
    options.timeout_ms = timeout_ms;
    if (is_read)
        query = miniorm_query_read_only(query);
    assert_int_equal(
        miniorm_client_submit_take(client, query, &options, async_done, call, &call->request, NULL),
        MINIORM_OK);
}

static void use(struct kind *kind, struct miniorm_client *client)
{
    struct miniorm_client_stats stats = {.size = sizeof(stats)};
    struct call calls[60];
    size_t i;

    submit(client, &calls[0], "SELECT 1", true, 0);
    wait_for(kind, calls, 1);
    for (i = 0; i < COUNT(calls); i++)
        submit(client, &calls[i], i % 10 == 5 ? "SELECT 1/0" : "SELECT 5", i % 3 != 0, 0);
    wait_for(kind, calls, COUNT(calls));
    for (i = 0; i < COUNT(calls); i++)
        assert_status(&calls[i], i % 10 == 5 ? MINIORM_EVALUE : MINIORM_OK);
    submit(client, &calls[0], "SELECT pg_sleep(30)", true, 100);
    submit(client, &calls[1], "SELECT pg_sleep(30)", false, 0);
    kind->turn(kind);
    miniorm_request_cancel(calls[1].request);
    wait_for(kind, calls, 2);
    assert_status(&calls[0], MINIORM_ETIMEDOUT);
    assert_status(&calls[1], MINIORM_ECANCELLED);
    for (i = 0; i < 30; i++)
        submit(client, &calls[i], "SELECT repeat('x', 100000)", true, 0);
    wait_for(kind, calls, 30);
    miniorm_client_stats(client, &stats);
    assert_int_equal(stats.waiting, 0);
}

static void run(void (*begin)(struct kind *kind))
{
    static struct kind kind;
    struct miniorm_database *database;
    struct miniorm_client *client;
    struct call call;

    memset(&kind, 0, sizeof(kind));
    begin(&kind);
    assert_int_equal(
        miniorm_database_open(getenv("MINIORM_TEST_POSTGRES_URL"), NULL, &database, NULL),
        MINIORM_OK);
    assert_int_equal(miniorm_client_open(database, &kind.table, &client, NULL), MINIORM_OK);
    use(&kind, client);
    submit(client, &call, "SELECT 1", true, 0);
    miniorm_client_close(client);
    assert_status(&call, MINIORM_ECANCELLED);
    kind.end(&kind);
    miniorm_database_close(database);
}

static void client_works_on_epoll(void **state)
{
    (void)state;
    run(begin_epoll);
}

static void client_works_on_libuv(void **state)
{
    (void)state;
    run(begin_uv);
}

static void client_works_on_libevent(void **state)
{
    (void)state;
    run(begin_event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_works_on_epoll),
        cmocka_unit_test(client_works_on_libuv),
        cmocka_unit_test(client_works_on_libevent),
    };

    return cmocka_run_group_tests_name("loops", tests, NULL, NULL);
}
