/*
 * Statements of PostgreSQL that wait for a lock while resources are asked for: others are served,
 * deadlines answer 504, and nothing that nobody waits for stays behind on the server.
 */
#include "test.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "support/http_client.h"
#include "support/service.h"

enum {
    HANDLER_TIMEOUT_MS = 8000,
    CLIENT_TIMEOUT_MS = 40000,
    WAITING = 12, /* clients whose change waits for the lock */
    READERS = 8,
    /* A generous bound for what takes a millisecond. */
    PATIENCE_MS = 6000
};

static struct service service;
static struct http_client *waiting[WAITING];
static struct miniorm_session *holder; /* of the lock that others wait for */

static unsigned long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

static int set_up(void **state)
{
    (void)state;
    return service_start_with(&service, getenv("MINIORM_TEST_POSTGRES_URL"), HANDLER_TIMEOUT_MS)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return service_stop(&service) ? 0 : -1;
}

static void lock(const char *sql)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;

    if (miniorm_transaction_begin(service.session, NULL, &holder, &error) != MINIORM_OK ||
        miniorm_run_take(holder, miniorm_query_raw(sql, NULL, 0), NULL, &error) != MINIORM_OK)
        fail_msg("%s: %s", sql, error.message);
}

static void unlock(void)
{
    if (holder != NULL)
        miniorm_transaction_rollback(holder);
    holder = NULL;
}

static int end_test(void **state)
{
    (void)state;
    unlock();
    for (size_t i = 0; i < WAITING; i++) {
        http_client_close(waiting[i]);
        waiting[i] = NULL;
    }
    return 0;
}

/* Server processes of this schema's tables that wait for a lock. */
static int64_t count_waiting(void)
{
    static const char sql[] =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()";
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;
    struct miniorm_value value = {.is_null = true};

    if (miniorm_run_take(service.session, miniorm_query_raw(sql, NULL, 0), &result, &error) !=
            MINIORM_OK ||
        miniorm_result_value(result, 0, 0, &value, &error) != MINIORM_OK)
        fail_msg("%s", error.message);
    miniorm_result_free(result);
    return value.as.integer;
}

/* Waits until some wait, or none; false when that does not come. */
static bool wait_until(bool some, unsigned long patience_ms)
{
    const unsigned long start = now_ms();

    while ((count_waiting() != 0) != some) {
        if (now_ms() - start > patience_ms)
            return false;
        usleep(20000);
    }
    return true;
}

static void send_change(struct http_client *client, const char *target)
{
    static const char text[] = "{\"data\":{\"order\":1}}";
    const struct http_message message = {
        .method = "PATCH", .target = target, .body = text, .body_size = sizeof(text) - 1};

    assert_true(http_client_send(client, &message));
}

static void open_waiting(const char *target)
{
    for (size_t i = 0; i < WAITING; i++) {
        waiting[i] = http_client_open(service.port, CLIENT_TIMEOUT_MS);
        send_change(waiting[i], target);
    }
    assert_true(wait_until(true, PATIENCE_MS));
}

static void expect(struct http_client *client, unsigned status)
{
    struct http_reply reply;

    assert_true(http_client_read(client, false, &reply));
    if (reply.status != status)
        fail_msg("%u instead of %u: %s", reply.status, status, reply.body);
    http_reply_clear(&reply);
}

/* How long the slowest of several readers waits. */
static unsigned long slowest_reading(void)
{
    static const struct http_message message = {.method = "GET", .target = "/books/1"};
    unsigned long slowest = 0;

    for (size_t i = 0; i < READERS; i++) {
        struct http_client *client = http_client_open(service.port, CLIENT_TIMEOUT_MS);
        const unsigned long start = now_ms();
        struct http_reply reply;

        assert_true(http_client_exchange(client, &message, &reply));
        assert_int_equal(reply.status, 200);
        http_reply_clear(&reply);
        http_client_close(client);
        if (now_ms() - start > slowest)
            slowest = now_ms() - start;
    }
    return slowest;
}

static void locked_row_does_not_keep_others_from_being_read(void **state)
{
    unsigned long slowest;

    (void)state;
    lock("UPDATE things SET \"order\" = 0 WHERE id = 2");
    open_waiting("/things/2");
    slowest = slowest_reading();
    print_message("# slowest reading beside %d waiting changes: %lu ms\n", WAITING, slowest);
    unlock();
    for (size_t i = 0; i < WAITING; i++)
        expect(waiting[i], 200);
    assert_true(slowest < PATIENCE_MS);
}

static void deadline_answers_504_and_takes_the_statement_back(void **state)
{
    (void)state;
    lock("UPDATE things SET \"order\" = 7 WHERE id = 2");
    waiting[0] = http_client_open(service.port, CLIENT_TIMEOUT_MS);
    send_change(waiting[0], "/things/2");
    assert_true(wait_until(true, PATIENCE_MS));
    expect(waiting[0], 504);
    assert_true(wait_until(false, PATIENCE_MS));
}

static void hang_up_takes_the_statement_back(void **state)
{
    static const struct http_message message = {.method = "GET", .target = "/badges"};

    (void)state;
    lock("LOCK TABLE badges IN ACCESS EXCLUSIVE MODE");
    waiting[0] = http_client_open(service.port, CLIENT_TIMEOUT_MS);
    assert_true(http_client_send(waiting[0], &message));
    assert_true(wait_until(true, PATIENCE_MS));
    http_client_disconnect(waiting[0]);
    assert_true(wait_until(false, PATIENCE_MS));
}

static void service_is_whole_afterwards(void **state)
{
    (void)state;
    assert_true(slowest_reading() < PATIENCE_MS);
    assert_int_equal(count_waiting(), 0);
}

static void nothing_is_tested_without_a_server(void **state)
{
    (void)state;
    print_message("MINIORM_TEST_POSTGRES_URL is not set: no request was sent to PostgreSQL\n");
    skip();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(locked_row_does_not_keep_others_from_being_read, end_test),
        cmocka_unit_test_teardown(deadline_answers_504_and_takes_the_statement_back, end_test),
        cmocka_unit_test_teardown(hang_up_takes_the_statement_back, end_test),
        cmocka_unit_test(service_is_whole_afterwards),
    };
    const struct CMUnitTest skipped[] = {cmocka_unit_test(nothing_is_tested_without_a_server)};

    /* An argument runs the tests whose name matches it, as "deadline*". */
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    if (getenv("MINIORM_TEST_POSTGRES_URL") == NULL)
        return cmocka_run_group_tests_name("stalls", skipped, NULL, NULL);
    return cmocka_run_group_tests_name("stalls", tests, set_up, tear_down);
}
