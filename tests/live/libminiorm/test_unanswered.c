/*
 * What a client makes of answers that never come: to a BEGIN, a COMMIT, to everything on a
 * connection that is silent but not closed, and to what no connection can send.
 */
#include "async.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proxy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How long a connection may be silent where one is. */
#define SILENCE_MS 2000

struct unanswered {
    struct proxy *proxy;
    char url[512];
};

static int set_up(void **state)
{
    static struct unanswered own;

    async_execute("DROP TABLE IF EXISTS unanswered");
    async_execute("CREATE TABLE unanswered (id int4 NOT NULL)");
    own.proxy = proxy_start(getenv("MINIORM_TEST_POSTGRES_URL"), own.url, sizeof(own.url));
    *state = &own;
    return 0;
}

static int tear_down(void **state)
{
    struct unanswered *own = *state;

    proxy_stop(own->proxy);
    async_execute("DROP TABLE unanswered");
    return 0;
}

static void open_client(struct async *async, const struct unanswered *own, unsigned connections,
                        unsigned connect_timeout_ms)
{
    struct miniorm_database_options options = MINIORM_DATABASE_OPTIONS_INIT;

    options.client_connections = connections;
    options.connect_timeout_ms = connect_timeout_ms;
    async_open_url(async, own->url, &options);
    async_ask(async, "SELECT 1");
}

static struct miniorm_async_transaction *begin(struct async *async)
{
    struct miniorm_async_transaction *transaction;

    assert_int_equal(miniorm_async_transaction_begin(async->client, NULL, &transaction, NULL),
                     MINIORM_OK);
    return transaction;
}

static void commit(struct miniorm_async_transaction *transaction, struct call *call)
{
    memset(call, 0, sizeof(*call));
    miniorm_async_transaction_commit(transaction, async_done, call);
}

static void transaction_of_one_trip_without_any_answer_is_unknown(void **state)
{
    struct unanswered *own = *state;
    struct miniorm_async_transaction *transaction;
    struct async async;
    struct call calls[2];

    open_client(&async, own, 1, ASYNC_PATIENCE_MS);
    proxy_cut_after(own->proxy, PROXY_TO_CLIENT, 0);
    transaction = begin(&async);
    async_step(transaction, &calls[0], "INSERT INTO unanswered VALUES (1)");
    commit(transaction, &calls[1]);
    async_wait(&async, calls, COUNT(calls));
    assert_status(&calls[0], MINIORM_ECONNECTION);
    assert_status(&calls[1], MINIORM_ECOMMIT_UNKNOWN);
    async_close(&async);
}

static void transaction_that_lost_its_begin_was_rolled_back(void **state)
{
    struct unanswered *own = *state;
    struct miniorm_async_transaction *transaction;
    struct async async;
    struct call calls[3];

    open_client(&async, own, 1, ASYNC_PATIENCE_MS);
    proxy_cut_after(own->proxy, PROXY_TO_CLIENT, 0);
    transaction = begin(&async);
    async_step(transaction, &calls[0], "INSERT INTO unanswered VALUES (2)");
    async_wait(&async, calls, 1);
    async_step(transaction, &calls[1], "INSERT INTO unanswered VALUES (3)");
    commit(transaction, &calls[2]);
    async_wait(&async, &calls[1], 2);
    assert_status(&calls[0], MINIORM_ECONNECTION);
    assert_status(&calls[1], MINIORM_EABORTED);
    assert_status(&calls[2], MINIORM_EABORTED);
    async_close(&async);
}

static void commit_fails_when_begin_has_failed(void **state)
{
    struct unanswered *own = *state;
    struct miniorm_async_transaction *transaction;
    struct async async;
    struct call calls[2];

    open_client(&async, own, 1, ASYNC_PATIENCE_MS);
    proxy_spoil(own->proxy, "BEGIN");
    transaction = begin(&async);
    async_step(transaction, &calls[0], "INSERT INTO unanswered VALUES (4)");
    commit(transaction, &calls[1]);
    async_wait(&async, calls, COUNT(calls));
    assert_status(&calls[0], MINIORM_ESTATEMENT);
    assert_status(&calls[1], MINIORM_ESTATEMENT);
    assert_int_equal(async_ask(&async, "SELECT count(*) FROM unanswered WHERE id = 4"), 0);
    async_close(&async);
}

/* Writes that nobody waits for any more do not protect one another. */
static void silent_connection_with_several_writes_is_given_up(void **state)
{
    struct unanswered *own = *state;
    const uint64_t end_ms = async_now_ms() + ASYNC_PATIENCE_MS;
    struct async async;
    struct call calls[3];
    size_t i;

    open_client(&async, own, 1, SILENCE_MS);
    proxy_freeze(own->proxy, 1);
    for (i = 0; i < COUNT(calls); i++)
        async_write(&async, &calls[i], "INSERT INTO unanswered VALUES (5)", 100);
    async_wait(&async, calls, COUNT(calls));
    while (async_stats(&async).connections != 0 && async_now_ms() < end_ms)
        async_turn_for(&async, 50);
    assert_int_equal(async_stats(&async).connections, 0);
    proxy_freeze(own->proxy, 0);
    async_close(&async);
}

/* One connection breaks, and the other one does not say whether it is alive. */
static void connection_in_doubt_does_not_keep_writes_waiting(void **state)
{
    struct unanswered *own = *state;
    struct async async;
    int64_t of_reads, other;
    char sql[100];
    struct call call;

    open_client(&async, own, 2, SILENCE_MS);
    of_reads = async_ask(&async, "SELECT pg_backend_pid()::int8");
    /* Writes leave the connection of the reads alone. */
    async_write(&async, &call, "SELECT pg_backend_pid()::int8", 0);
    async_wait(&async, &call, 1);
    other = call.number;
    assert_int_not_equal(other, of_reads);
    kill((pid_t)other, SIGSTOP);
    snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)", (int)of_reads);
    async_execute(sql);
    async_turn_for(&async, 100);
    async_write(&async, &call, "INSERT INTO unanswered VALUES (6)", ASYNC_PATIENCE_MS);
    async_wait(&async, &call, 1);
    kill((pid_t)other, SIGCONT);
    assert_status(&call, MINIORM_OK);
    async_close(&async);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LARGE ((size_t)64 * 1024 * 1024)

/* Leaves the process that much more memory. */
static struct rlimit limit_memory(size_t more)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    struct rlimit before, now;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    now = before;
    now.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
    assert_int_equal(setrlimit(RLIMIT_AS, &now), 0);
    return before;
}

static void statement_that_libpq_cannot_take_fails_in_the_end(void **state)
{
    struct miniorm_value value;
    struct rlimit before;
    struct async async;
    struct call call;
    unsigned char *large = calloc(1, LARGE);

    (void)state;
    assert_non_null(large);
    async_open(&async, NULL);
    async_ask(&async, "SELECT 1");
    value = miniorm_value_bytes((struct miniorm_bytes){.data = large, .size = LARGE});
    async_submit(&async, &call, miniorm_query_raw("SELECT length($1)::int8", &value, 1), 0);
    free(large);
    /* Room for the encoded value, and none for libpq's copy. */
    before = limit_memory(LARGE / 2 * 3);
    async_wait(&async, &call, 1);
    setrlimit(RLIMIT_AS, &before);
    assert_status(&call, MINIORM_ECONNECTION);
    assert_int_equal(async_ask(&async, "SELECT 7"), 7);
    async_close(&async);
}
#else
/* The address space of a sanitizer cannot be limited. */
static void statement_that_libpq_cannot_take_fails_in_the_end(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transaction_of_one_trip_without_any_answer_is_unknown),
        cmocka_unit_test(transaction_that_lost_its_begin_was_rolled_back),
        cmocka_unit_test(commit_fails_when_begin_has_failed),
        cmocka_unit_test(silent_connection_with_several_writes_is_given_up),
        cmocka_unit_test(connection_in_doubt_does_not_keep_writes_waiting),
        cmocka_unit_test(statement_that_libpq_cannot_take_fails_in_the_end),
    };

    return cmocka_run_group_tests_name("unanswered", tests, set_up, tear_down);
}
