/*
 * What a client does when connections break, servers die, and nothing answers: every operation has
 * exactly one outcome, none after its deadline, and nothing is executed twice.
 */
#include "async.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPERATIONS 200
/* Of a client that meets a silent server. */
#define SHORT_MS 1000
/* Turns of the loop in which what fails at once has failed: it is told in the turn behind. */
#define TURNS_MAX 20

struct faults {
    struct proxy *proxy;
    char url[512];
};

static int set_up(void **state)
{
    static struct faults faults;

    async_execute("DROP TABLE IF EXISTS faults");
    async_execute("CREATE TABLE faults (id int4 NOT NULL)");
    faults.proxy = proxy_start(getenv("MINIORM_TEST_POSTGRES_URL"), faults.url, sizeof(faults.url));
    *state = &faults;
    return 0;
}

static int tear_down(void **state)
{
    struct faults *faults = *state;

    proxy_stop(faults->proxy);
    async_execute("DROP TABLE faults");
    return 0;
}

static int empty(void **state)
{
    (void)state;
    async_execute("TRUNCATE faults");
    return 0;
}

static void open_client(struct async *async, const struct faults *faults,
                        unsigned connect_timeout_ms)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    options.client_connections = 3;
    options.connect_timeout_ms = connect_timeout_ms;
    async_open_url(async, faults->url, &options);
}

/* A fifth of the operations are writes, each of its own row. */
static bool is_write(size_t i)
{
    return i % 5 == 3;
}

static void submit_mixed(struct async *async, struct call *calls, unsigned timeout_ms)
{
    char sql[100];
    size_t i;

    for (i = 0; i < OPERATIONS; i++) {
        if (is_write(i)) {
            snprintf(sql, sizeof(sql), "INSERT INTO faults VALUES (%zu)", i);
            async_write(async, &calls[i], sql, timeout_ms);
        } else {
            snprintf(sql, sizeof(sql), "SELECT %zu::int8, repeat('x', %zu)", i, i % 7 * 30);
            async_read(async, &calls[i], sql, timeout_ms);
        }
        if (i % 40 == 39)
            miniorm_epoll_turn(async->loop, 0, NULL);
    }
}

static void check_read(const struct call *call, size_t i)
{
    if (call->status == MINIORM_OK)
        assert_int_equal(call->number, i);
    else
        assert_true(call->status == MINIORM_ECONNECTION || call->status == MINIORM_EUNAVAILABLE ||
                    call->status == MINIORM_ETIMEDOUT);
}

static void check_write(const struct call *call, size_t i)
{
    struct async direct;
    char sql[100];
    int64_t rows;

    async_open(&direct, NULL);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM faults WHERE id = %zu", i);
    rows = async_ask(&direct, sql);
    async_close(&direct);
    assert_in_range(rows, 0, 1);
    if (call->status == MINIORM_OK)
        assert_int_equal(rows, 1);
    else if (call->status == MINIORM_EUNAVAILABLE)
        assert_int_equal(rows, 0);
    else
        assert_true(call->status == MINIORM_ECONNECTION || call->status == MINIORM_ETIMEDOUT);
}

/* One look for all writes: which rows are there, and none of them twice. */
static void check_mixed(const struct call *calls)
{
    struct async direct;
    size_t i;

    async_open(&direct, NULL);
    assert_int_equal(async_ask(&direct, "SELECT count(*) - count(DISTINCT id) FROM faults"), 0);
    async_close(&direct);
    for (i = 0; i < OPERATIONS; i++) {
        assert_int_equal(calls[i].outcomes, 1);
        if (!is_write(i))
            check_read(&calls[i], i);
        else if (i % 25 == 3 || calls[i].status != MINIORM_OK)
            check_write(&calls[i], i);
    }
}

static size_t count_ok(const struct call *calls)
{
    size_t count = 0, i;

    for (i = 0; i < OPERATIONS; i++)
        count += calls[i].status == MINIORM_OK;
    return count;
}

static void run_cut(struct faults *faults, enum proxy_direction direction, size_t bytes)
{
    static struct call calls[OPERATIONS];
    struct async async;
    size_t i;

    empty(NULL);
    open_client(&async, faults, ASYNC_PATIENCE_MS);
    async_ask(&async, "SELECT 1");
    proxy_cut_after(faults->proxy, direction, bytes);
    submit_mixed(&async, calls, 0);
    async_wait(&async, calls, OPERATIONS);
    check_mixed(calls);
    /* Reads are sent again on a new connection; only writes under way are lost. */
    for (i = 0; i < OPERATIONS; i++)
        if (!is_write(i))
            assert_status(&calls[i], MINIORM_OK);
    assert_int_equal(async_ask(&async, "SELECT 7"), 7);
    proxy_cut_after(faults->proxy, direction, SIZE_MAX / 2);
    async_close(&async);
}

static void connection_cut_anywhere_in_the_answers_loses_and_repeats_nothing(void **state)
{
    size_t bytes;

    for (bytes = 0; bytes < 20000; bytes += 1 + bytes / 3 + bytes % 13)
        run_cut(*state, PROXY_TO_CLIENT, bytes);
}

static void connection_cut_anywhere_in_the_statements_loses_and_repeats_nothing(void **state)
{
    size_t bytes;

    for (bytes = 0; bytes < 25000; bytes += 1 + bytes / 3 + bytes % 17)
        run_cut(*state, PROXY_TO_SERVER, bytes);
}

static void answers_in_pieces_are_put_together(void **state)
{
    static struct call calls[OPERATIONS];
    struct faults *faults = *state;
    struct async async;

    proxy_split(faults->proxy, 7);
    open_client(&async, faults, ASYNC_PATIENCE_MS);
    submit_mixed(&async, calls, 0);
    async_wait(&async, calls, OPERATIONS);
    proxy_split(faults->proxy, 0);
    assert_int_equal(count_ok(calls), OPERATIONS);
    check_mixed(calls);
    async_close(&async);
}

static void backends_that_are_ended_at_random_lose_and_repeat_nothing(void **state)
{
    static struct call calls[OPERATIONS];
    struct faults *faults = *state;
    unsigned round;

    for (round = 0; round < 20; round++) {
        struct async async;

        empty(NULL);
        open_client(&async, faults, ASYNC_PATIENCE_MS);
        if (round % 2)
            async_ask(&async, "SELECT 1");
        submit_mixed(&async, calls, 10000);
        async_turn_for(&async, round % 7);
        async_execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                      "backend_type = 'client backend' AND pid <> pg_backend_pid()");
        async_wait(&async, calls, OPERATIONS);
        check_mixed(calls);
        assert_int_equal(async_ask(&async, "SELECT 7"), 7);
        async_close(&async);
    }
}

/* Until the server is back and answers. */
static void wait_for_service(struct async *async)
{
    const uint64_t start = async_now_ms();
    struct call call;

    do {
        async_read(async, &call, "SELECT 7", 1000);
        async_wait(async, &call, 1);
        if (call.status != MINIORM_OK)
            async_turn_for(async, 10);
    } while (call.status != MINIORM_OK && async_now_ms() - start < ASYNC_PATIENCE_MS);
    assert_status(&call, MINIORM_OK);
}

static void deadlines_hold_when_nothing_answers(void **state)
{
    static struct call calls[OPERATIONS];
    struct faults *faults = *state;
    struct async async;
    uint64_t start;
    size_t i;

    open_client(&async, faults, SHORT_MS);
    wait_for_service(&async);
    proxy_freeze(faults->proxy, 1);
    start = async_now_ms();
    submit_mixed(&async, calls, 300);
    async_wait(&async, calls, OPERATIONS);
    for (i = 0; i < OPERATIONS; i++) {
        assert_true(calls[i].status == MINIORM_ETIMEDOUT ||
                    calls[i].status == MINIORM_EUNAVAILABLE);
        assert_true(calls[i].status != MINIORM_ETIMEDOUT || calls[i].ended_ms >= start + 299);
    }
    proxy_freeze(faults->proxy, 0);
    async_turn_for(&async, 100);
    async_read(&async, calls, "SELECT 7", 0);
    async_wait(&async, calls, 1);
    assert_true(calls[0].status == MINIORM_OK || calls[0].status == MINIORM_EUNAVAILABLE);
    async_close(&async);
}

static void silent_connection_is_replaced(void **state)
{
    struct faults *faults = *state;
    struct async async;
    struct call call;
    uint64_t end_ms;

    open_client(&async, faults, SHORT_MS);
    wait_for_service(&async);
    proxy_freeze(faults->proxy, 1);
    async_read(&async, &call, "SELECT 1", 100);
    async_wait(&async, &call, 1);
    async_turn_for(&async, 2500);
    proxy_freeze(faults->proxy, 0);
    end_ms = async_now_ms() + ASYNC_PATIENCE_MS;
    do {
        async_turn_for(&async, 50);
        async_read(&async, &call, "SELECT 7", 1000);
        async_wait(&async, &call, 1);
    } while (call.status != MINIORM_OK && async_now_ms() < end_ms);
    assert_status(&call, MINIORM_OK);
    async_close(&async);
}

static void control(const char *action)
{
    char command[200];

    snprintf(command, sizeof(command), "tests/services/control postgres %s >/dev/null 2>&1",
             action);
    if (system(command) != 0)
        fail_msg("%s failed", command);
}

static size_t count_over(const struct call *calls)
{
    size_t count = 0, i;

    for (i = 0; i < OPERATIONS; i++)
        count += calls[i].outcomes != 0;
    return count;
}

static void operations_fail_at_once_while_the_server_is_away(void **state)
{
    static struct call calls[OPERATIONS];
    struct async async;
    size_t i;

    (void)state;
    async_open(&async, NULL);
    async_ask(&async, "SELECT 1");
    submit_mixed(&async, calls, 0);
    async_turn_for(&async, 2);
    control("kill");
    async_wait(&async, calls, OPERATIONS);
    for (i = 0; i < OPERATIONS; i++)
        assert_true(calls[i].status == MINIORM_OK || calls[i].status == MINIORM_EUNAVAILABLE ||
                    calls[i].status == MINIORM_ECONNECTION);
    async_turn_for(&async, 100);
    submit_mixed(&async, calls, 0);
    for (i = 0; i < TURNS_MAX && count_over(calls) < OPERATIONS; i++)
        miniorm_epoll_turn(async.loop, 100, NULL);
    assert_int_equal(count_over(calls), OPERATIONS);
    for (i = 0; i < OPERATIONS; i++)
        assert_status(&calls[i], MINIORM_EUNAVAILABLE);
    control("start");
    wait_for_service(&async);
    assert_true(async_stats(&async).reconnects > 0);
    async_close(&async);
}

static void frozen_server_is_survived(void **state)
{
    static struct call calls[OPERATIONS];
    struct async async;
    uint64_t start;
    size_t i;

    (void)state;
    async_open(&async, NULL);
    async_ask(&async, "SELECT 1");
    control("sigstop");
    start = async_now_ms();
    submit_mixed(&async, calls, 200);
    async_wait(&async, calls, OPERATIONS);
    for (i = 0; i < OPERATIONS; i++) {
        assert_status(&calls[i], MINIORM_ETIMEDOUT);
        assert_true(calls[i].ended_ms >= start + 199);
    }
    control("sigcont");
    wait_for_service(&async);
    async_close(&async);
    empty(NULL);
}

static void wrong_password_is_a_permanent_error_with_its_reason(void **state)
{
    const char *server = getenv("MINIORM_TEST_POSTGRES_URL");
    const char *colon = strrchr(server, ':');
    struct async async;
    struct call call;
    char url[512];

    (void)state;
    snprintf(url, sizeof(url), "postgresql://nobody_here:hushhush@127.0.0.1%.*s/suite",
             (int)strcspn(colon, "/"), colon);
    async_open_url(&async, url, NULL);
    async_read(&async, &call, "SELECT 1", 0);
    async_wait(&async, &call, 1);
    assert_status(&call, MINIORM_EAUTH);
    assert_string_equal(call.error.sqlstate, "28000");
    assert_null(strstr(call.error.message, "hushhush"));
    async_close(&async);
    snprintf(url, sizeof(url), "postgresql://suite@127.0.0.1%.*s/no_such_database",
             (int)strcspn(colon, "/"), colon);
    async_open_url(&async, url, NULL);
    async_read(&async, &call, "SELECT 1", 0);
    async_wait(&async, &call, 1);
    assert_status(&call, MINIORM_EAUTH);
    assert_string_equal(call.error.sqlstate, "3D000");
    async_close(&async);
}

static void host_that_is_silent_is_passed_over(void **state)
{
    const char *server = getenv("MINIORM_TEST_POSTGRES_URL");
    const char *port = strrchr(server, ':') + 1;
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_database *database;
    struct proxy *silent;
    struct async async;
    char url[512], other[512];

    (void)state;
    silent = proxy_start(server, other, sizeof(other));
    proxy_freeze(silent, 1);
    snprintf(url, sizeof(url), "postgresql://suite@127.0.0.1:%.*s,127.0.0.1:%.*s/suite",
             (int)strcspn(strrchr(other, ':') + 1, "/"), strrchr(other, ':') + 1,
             (int)strcspn(port, "/"), port);
    options.connect_timeout_ms = 300;
    assert_int_equal(miniorm_database_open(url, &options, &database, &error), MINIORM_OK);
    /* Also a host that answers may not do so in time. */
    while (miniorm_run_take(miniorm_database_session(database),
                            miniorm_query_raw("SELECT 1", NULL, 0), NULL, &error) != MINIORM_OK) {
        assert_int_equal(error.status, MINIORM_EUNAVAILABLE);
        memset(&error, 0, sizeof(error));
    }
    miniorm_database_close(database);
    async_open_url(&async, url, &options);
    wait_for_service(&async);
    async_close(&async);
    proxy_stop(silent);
}

static int64_t backend_of(struct miniorm_session *session)
{
    struct miniorm_result *result = NULL;
    struct miniorm_value value;
    int64_t backend = -1;

    if (miniorm_run_take(session, miniorm_query_raw("SELECT pg_backend_pid()", NULL, 0), &result,
                         NULL) != MINIORM_OK)
        return -1;
    if (miniorm_result_value(result, 0, 0, &value, NULL) == MINIORM_OK)
        backend = value.as.integer;
    miniorm_result_free(result);
    return backend;
}

static void child_after_fork_leaves_the_parent_s_connection_alone(void **state)
{
    struct miniorm_database *database;
    int64_t backend;
    int status;
    pid_t child;

    (void)state;
    assert_int_equal(
        miniorm_database_open(getenv("MINIORM_TEST_POSTGRES_URL"), NULL, &database, NULL),
        MINIORM_OK);
    backend = backend_of(miniorm_database_session(database));
    assert_true(backend > 0);
    child = fork();
    if (child == 0) {
        const bool is_refused = backend_of(miniorm_database_session(database)) == -1;

        miniorm_database_close(database);
        _exit(is_refused ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(backend_of(miniorm_database_session(database)), backend);
    miniorm_database_close(database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(connection_cut_anywhere_in_the_answers_loses_and_repeats_nothing,
                               empty),
        cmocka_unit_test_setup(connection_cut_anywhere_in_the_statements_loses_and_repeats_nothing,
                               empty),
        cmocka_unit_test_setup(answers_in_pieces_are_put_together, empty),
        cmocka_unit_test_setup(backends_that_are_ended_at_random_lose_and_repeat_nothing, empty),
        cmocka_unit_test_setup(deadlines_hold_when_nothing_answers, empty),
        cmocka_unit_test_setup(silent_connection_is_replaced, empty),
        cmocka_unit_test_setup(operations_fail_at_once_while_the_server_is_away, empty),
        cmocka_unit_test_setup(frozen_server_is_survived, empty),
        cmocka_unit_test(wrong_password_is_a_permanent_error_with_its_reason),
        cmocka_unit_test(host_that_is_silent_is_passed_over),
        cmocka_unit_test(child_after_fork_leaves_the_parent_s_connection_alone),
    };

    return cmocka_run_group_tests_name("faults", tests, set_up, tear_down);
}
