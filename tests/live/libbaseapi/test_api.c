/*
 * What clients of declared resources see: the scenarios of requests/ as one test each, on SQLite
 * and on PostgreSQL (MINIORM_TEST_POSTGRES_URL), then the same requests pipelined and from many
 * connections at once.
 *
 * A scenario begins with the rows as they were at first. Every GET is also sent as HEAD, whose
 * answer has to have the same status and length.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "support/http_client.h"
#include "support/scenario.h"
#include "support/service.h"

enum { TIMEOUT_MS = 10000, PIPELINED = 24, THREADS = 6, ROUNDS = 3 };

static struct service service;
static struct http_client *client;
static bool is_changed; /* rows are not as they were at first */
static unsigned long n_requests; /* sent by the main thread */
static atomic_ulong n_thread_requests;
static char last_id[80];

static int set_up(const char *server)
{
    is_changed = false;
    n_requests = 0;
    atomic_store(&n_thread_requests, 0);
    if (!service_start(&service, server))
        return -1;
    client = http_client_open(service.port, TIMEOUT_MS);
    return client == NULL ? -1 : 0;
}

static int set_up_sqlite(void **state)
{
    (void)state;
    return set_up(NULL);
}

static int set_up_postgres(void **state)
{
    (void)state;
    return set_up(getenv("MINIORM_TEST_POSTGRES_URL"));
}

static int tear_down(void **state)
{
    (void)state;
    http_client_close(client);
    client = NULL;
    return service_stop(&service) ? 0 : -1;
}

static void assert_own_id(const struct exchange *exchange, const struct http_reply *reply)
{
    const char *id = http_reply_header(reply, "X-Request-Id");

    if (strcmp(id, last_id) == 0)
        fail_msg("line %u: two requests have the id %s", exchange->line, id);
    snprintf(last_id, sizeof(last_id), "%s", id);
}

/* The same as HEAD: status and length agree, and there is no body. */
static void assert_head_agrees(const struct exchange *exchange, const struct http_reply *reply)
{
    struct http_message message = exchange_message(exchange);
    struct http_reply head;
    const char *length = http_reply_header(reply, "Content-Length");
    const char *head_length;

    message.method = "HEAD";
    n_requests++;
    if (!http_client_exchange(client, &message, &head))
        fail_msg("line %u: no answer to HEAD %s", exchange->line, exchange->target);
    head_length = http_reply_header(&head, "Content-Length");
    if (head.status != reply->status || head_length == NULL || length == NULL ||
        strcmp(head_length, length) != 0)
        fail_msg("line %u: HEAD %s is %u with Content-Length %s, GET is %u with %s", exchange->line,
                 exchange->target, head.status, head_length, reply->status, length);
    http_reply_clear(&head);
}

static void run_exchange(const struct exchange *exchange)
{
    const struct http_message message = exchange_message(exchange);
    struct http_reply reply;
    char *fault;

    n_requests++;
    if (!http_client_exchange(client, &message, &reply))
        fail_msg("line %u: no answer to %s %s", exchange->line, exchange->method, exchange->target);
    fault = exchange_fault(exchange, &reply);
    if (fault != NULL) {
        http_reply_clear(&reply);
        print_error("%s\n", fault);
        free(fault);
        fail();
    }
    assert_own_id(exchange, &reply);
    if (strcmp(exchange->method, "GET") == 0)
        assert_head_agrees(exchange, &reply);
    http_reply_clear(&reply);
}

static void assert_nothing_logged(void)
{
    if (atomic_exchange(&service.n_errors, 0) != 0)
        fail_msg("the error log says: %s", service.first_error);
}

static void restore_rows(void)
{
    if (is_changed)
        assert_true(service_reset(&service));
    is_changed = false;
}

static void run_scenario(void **state)
{
    const struct scenario *scenario = *state;

    restore_rows();
    is_changed = !scenario_is_reading(scenario);
    for (const struct exchange *each = scenario->first; each != NULL; each = each->next) {
        for (unsigned i = 0; i < each->times; i++)
            run_exchange(each);
    }
    assert_nothing_logged();
}

static bool is_here(const struct scenario *scenario)
{
    return scenario->where == SCENARIO_EVERYWHERE ||
           (scenario->where == SCENARIO_POSTGRESQL) == service.is_postgres;
}

/* Whether the server closes the connection after it, so that nothing can follow. */
static bool is_last(const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->wanted.count; i++) {
        if (strcmp(exchange->wanted.items[i], "Connection: close") == 0)
            return true;
    }
    return exchange->status == 400;
}

/* The exchanges of all scenarios that only read. */
static size_t list_readings(const struct scenario *scenarios, const struct exchange **list,
                            size_t capacity)
{
    size_t count = 0;

    for (; scenarios != NULL; scenarios = scenarios->next) {
        if (!is_here(scenarios) || !scenario_is_reading(scenarios))
            continue;
        for (const struct exchange *each = scenarios->first; each != NULL; each = each->next) {
            if (!is_last(each) && count < capacity)
                list[count++] = each;
        }
    }
    return count;
}

static char *read_one(struct http_client *connection, const struct exchange *exchange)
{
    struct http_reply reply;
    char *fault;

    if (!http_client_read(connection, strcmp(exchange->method, "HEAD") == 0, &reply))
        return strdup("no answer");
    fault = exchange_fault(exchange, &reply);
    http_reply_clear(&reply);
    return fault;
}

/* Sends some at once, then reads as many answers. */
static char *pipeline(struct http_client *connection, const struct exchange *const *list,
                      size_t count)
{
    char *fault = NULL;

    for (size_t i = 0; i < count && fault == NULL; i++) {
        const struct http_message message = exchange_message(list[i]);

        if (!http_client_send(connection, &message))
            fault = strdup("a pipelined request could not be sent");
    }
    for (size_t i = 0; i < count && fault == NULL; i++)
        fault = read_one(connection, list[i]);
    return fault;
}

enum { READINGS_MAX = 2048 };

static void pipelined_requests_are_answered_in_order(void **state)
{
    const struct exchange *list[READINGS_MAX];
    const size_t count = list_readings(*state, list, READINGS_MAX);
    char *fault = NULL;

    restore_rows();
    for (size_t i = 0; i < count && fault == NULL; i += PIPELINED) {
        const size_t n = count - i < PIPELINED ? count - i : PIPELINED;

        n_requests += n;
        fault = pipeline(client, list + i, n);
    }
    if (fault != NULL)
        print_error("%s\n", fault);
    free(fault);
    assert_null(fault);
    assert_nothing_logged();
}

struct crowd {
    const struct exchange *list[READINGS_MAX];
    size_t count;
    atomic_uint next_thread;
    _Atomic(char *) fault; /* the first one */
};

static void *ask_as_one_of_many(void *data)
{
    struct crowd *crowd = data;
    struct http_client *own = http_client_open(service.port, TIMEOUT_MS);
    const size_t start = atomic_fetch_add(&crowd->next_thread, 1) * crowd->count / THREADS;
    char *none = NULL;
    char *fault = NULL;

    for (size_t i = 0; i < crowd->count * ROUNDS && fault == NULL; i++) {
        const struct exchange *exchange = crowd->list[(start + i) % crowd->count];
        const struct http_message message = exchange_message(exchange);

        atomic_fetch_add(&n_thread_requests, 1);
        fault = http_client_send(own, &message) ? read_one(own, exchange) : strdup("not sent");
    }
    http_client_close(own);
    if (fault != NULL && !atomic_compare_exchange_strong(&crowd->fault, &none, fault))
        free(fault);
    return NULL;
}

static void many_at_once_get_the_answers_they_get_alone(void **state)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    pthread_t threads[THREADS];
    char *fault;

    assert_non_null(crowd);
    restore_rows();
    crowd->count = list_readings(*state, crowd->list, READINGS_MAX);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_as_one_of_many, crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    fault = crowd->fault;
    free(crowd);
    if (fault != NULL)
        print_error("%s\n", fault);
    free(fault);
    assert_null(fault);
    assert_nothing_logged();
}

/* A line is written when the last byte is on its way, which may be after the client has it. */
static void every_request_has_one_line_in_the_access_log(void **state)
{
    const unsigned long sent = n_requests + atomic_load(&n_thread_requests);

    (void)state;
    for (int i = 0; i < 100 && atomic_load(&service.n_access) < sent; i++)
        usleep(20000);
    assert_int_equal(atomic_load(&service.n_access), sent);
}

static int run_group(const char *name, struct scenario *scenarios, bool is_postgres,
                     CMFixtureFunction set_up_group)
{
    const struct CMUnitTest closing[] = {
        cmocka_unit_test_prestate(pipelined_requests_are_answered_in_order, scenarios),
        cmocka_unit_test_prestate(many_at_once_get_the_answers_they_get_alone, scenarios),
        cmocka_unit_test_prestate(every_request_has_one_line_in_the_access_log, scenarios),
    };
    const size_t n_closing = sizeof(closing) / sizeof(closing[0]);
    struct CMUnitTest *tests;
    size_t count = 0;
    int failed;

    for (const struct scenario *each = scenarios; each != NULL; each = each->next)
        count++;
    tests = calloc(count + n_closing, sizeof(*tests));
    if (tests == NULL)
        return 1;
    count = 0;
    service.is_postgres = is_postgres;
    for (struct scenario *each = scenarios; each != NULL; each = each->next) {
        if (is_here(each))
            tests[count++] = (struct CMUnitTest){each->name, run_scenario, NULL, NULL, each};
    }
    memcpy(tests + count, closing, sizeof(closing));
    failed = _cmocka_run_group_tests(name, tests, count + n_closing, set_up_group, tear_down);
    free(tests);
    return failed;
}

static void postgresql_is_not_tested_without_a_server(void **state)
{
    (void)state;
    print_message("MINIORM_TEST_POSTGRES_URL is not set: no request was sent to PostgreSQL\n");
    skip();
}

int main(int argc, char **argv)
{
    static const char folder[] = __FILE__;
    const struct CMUnitTest skipped[] = {
        cmocka_unit_test(postgresql_is_not_tested_without_a_server)};
    char requests[512];
    struct scenario *scenarios;
    int failed;

    /* An argument runs the scenarios whose name matches it, as "crud*". */
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    snprintf(requests, sizeof(requests), "%.*s/requests", (int)(strrchr(folder, '/') - folder),
             folder);
    scenarios = scenarios_read(requests);
    if (scenarios == NULL)
        return 1;
    failed = run_group("requests on SQLite", scenarios, false, set_up_sqlite);
    if (getenv("MINIORM_TEST_POSTGRES_URL") != NULL)
        failed += run_group("requests on PostgreSQL", scenarios, true, set_up_postgres);
    else
        cmocka_run_group_tests_name("requests on PostgreSQL", skipped, NULL, NULL);
    scenarios_free(scenarios);
    return failed;
}
