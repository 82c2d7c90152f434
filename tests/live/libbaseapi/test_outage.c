/*
 * PostgreSQL killed, restarted, frozen and its connections cut while clients of declared resources
 * keep asking: no answer is wrong, none is missing, what was acknowledged is there exactly once,
 * and service is back soon after the server.
 *
 * The program runs itself again with a PostgreSQL server of its own, which ends with it.
 */
#include "test.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <miniorm/miniorm.h>

#include "support/http_client.h"
#include "support/parcel_load.h"
#include "support/parcels.h"

enum {
    WORKERS = 2,
    /* Of the app that meets a frozen server; no other answer may be late, but a machine be slow. */
    HANDLER_TIMEOUT_MS = 2500,
    LONG_TIMEOUT_MS = 40000,
    DRAIN_MS = 30000,
    ROUNDS = 3,
    CUTS = 100,
    CUT_MS = 30,
    AWAY_MS = 1000,
    FROZEN_MS = 4000,
    CALM_MS = 1000,
    /* What is told when missed, and what fails: a machine under load may be slow. */
    GOAL_MS = 2000,
    LIMIT_MS = 60000
};

static const char inner_mark[] = "TEST_OUTAGE_HAS_SERVER";

static struct miniorm_database *database;
static struct baseapi_app *app;
static struct parcel_load *load;
static struct http_client *client;

static void sleep_ms(unsigned ms)
{
    usleep(ms * 1000);
}

static unsigned long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

static void on_error(enum baseapi_log_level level, const char *message, void *data)
{
    (void)data;
    if (level == BASEAPI_LOG_ERROR)
        print_message("error log: %s\n", message);
}

static bool serve(unsigned handler_timeout_ms, struct baseapi_app **out)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    options.port = BASEAPI_PORT_ANY;
    options.workers = WORKERS;
    options.handler_timeout_ms = handler_timeout_ms;
    options.error_log = on_error;
    if (baseapi_app_new(&options, out, &error) == BASEAPI_OK &&
        baseapi_app_set_database(*out, database, &error) == BASEAPI_OK &&
        parcels_add(*out, &error) == BASEAPI_OK && baseapi_app_start(*out, &error) == BASEAPI_OK)
        return true;
    print_error("%s\n", error.message);
    return false;
}

/* Whom probes and the load ask from now on. */
static void ask_app(const struct baseapi_app *asked)
{
    http_client_close(client);
    client = http_client_open(baseapi_app_port(asked), LIMIT_MS);
    assert_non_null(client);
    load->port = baseapi_app_port(asked);
}

static int set_up(void **state)
{
    const char *url = getenv("MINIORM_TEST_POSTGRES_URL");
    struct miniorm_error error = MINIORM_ERROR_INIT;

    (void)state;
    if (miniorm_database_open(url, NULL, &database, &error) != MINIORM_OK ||
        parcels_create(miniorm_database_session(database), &error) != MINIORM_OK) {
        print_error("%s\n", error.message);
        return -1;
    }
    load = parcel_load_new();
    if (load == NULL || !serve(LONG_TIMEOUT_MS, &app))
        return -1;
    ask_app(app);
    return 0;
}

static enum baseapi_status end(struct baseapi_app *ended)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    const enum baseapi_status status = baseapi_app_stop(ended, DRAIN_MS, &error);

    if (status != BASEAPI_OK)
        print_error("%s\n", error.message);
    baseapi_app_free(ended);
    return status;
}

static int tear_down(void **state)
{
    enum baseapi_status status;

    (void)state;
    http_client_close(client);
    if (load != NULL)
        free(load->fault);
    free(load);
    status = end(app);
    miniorm_database_close(database);
    return status == BASEAPI_OK ? 0 : -1;
}

static void control(const char *action)
{
    char command[512];

    snprintf(command, sizeof(command), "%s postgres %s >/dev/null", getenv("TEST_OUTAGE_CONTROL"),
             action);
    if (system(command) != 0)
        fail_msg("%s failed", command);
}

/* Status of a request for one parcel; 0 without an answer. */
static unsigned probe(bool *says_when)
{
    const struct http_message message = {.method = "GET", .target = "/parcels/1"};
    struct http_reply reply;
    unsigned status;

    *says_when = false;
    if (!http_client_exchange(client, &message, &reply))
        return 0;
    status = reply.status;
    *says_when = http_reply_header(&reply, "Retry-After") != NULL;
    http_reply_clear(&reply);
    return status;
}

/* Waits until a request is answered well again; how long that took since `since_ms` is told. */
static void wait_for_service(const char *after, unsigned long since_ms)
{
    unsigned long took_ms;
    bool says_when;

    for (;;) {
        const bool is_back = probe(&says_when) == 200;

        took_ms = now_ms() - since_ms;
        if (is_back || took_ms > LIMIT_MS)
            break;
        sleep_ms(10);
    }
    print_message("# service after %s: %lu ms%s\n", after, took_ms,
                  took_ms > GOAL_MS ? ", which is longer than it should be" : "");
    assert_true(took_ms <= LIMIT_MS);
}

static void begin_load(void)
{
    assert_true(parcel_load_start(load));
    sleep_ms(CALM_MS / 2);
}

static void end_load(void)
{
    char *fault;

    sleep_ms(CALM_MS / 2);
    parcel_load_stop(load);
    print_message("# %lu right, of them %lu parcels sent; %lu unavailable, %lu late\n",
                  atomic_load(&load->n_right), atomic_load(&load->n_acknowledged),
                  atomic_load(&load->n_unavailable), atomic_load(&load->n_late));
    fault = atomic_exchange(&load->fault, NULL);
    /* cmocka would cut it off. */
    if (fault != NULL)
        fprintf(stderr, "%s\n", fault);
    free(fault);
    assert_null(fault);
}

static void every_answer_is_right_while_the_server_is_there(void **state)
{
    (void)state;
    begin_load();
    sleep_ms(CALM_MS);
    end_load();
    assert_true(atomic_load(&load->n_acknowledged) > 0);
    assert_int_equal(atomic_load(&load->n_unavailable), 0);
}

static void killed_server_is_503_until_it_is_back(void **state)
{
    (void)state;
    begin_load();
    for (int round = 0; round < ROUNDS; round++) {
        bool says_when;

        control("kill");
        assert_int_equal(probe(&says_when), 503);
        assert_true(says_when);
        sleep_ms(AWAY_MS);
        assert_int_equal(probe(&says_when), 503);
        control("start");
        wait_for_service("a kill", now_ms());
        sleep_ms(CALM_MS / 2);
    }
    end_load();
    assert_true(atomic_load(&load->n_unavailable) > 0);
}

static void restarted_server_is_back_at_once(void **state)
{
    (void)state;
    begin_load();
    control("restart");
    wait_for_service("a restart", now_ms());
    end_load();
}

/* The answer to a statement. The pool may have connections of before an outage, and the server may
 * still be recovering. */
static struct miniorm_result *run(const char *sql)
{
    const unsigned long start_ms = now_ms();
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;

    while (miniorm_run_take(miniorm_database_session(database), miniorm_query_raw(sql, NULL, 0),
                            &result, &error) != MINIORM_OK) {
        if ((error.status != MINIORM_ECONNECTION && error.status != MINIORM_EUNAVAILABLE) ||
            now_ms() - start_ms > LIMIT_MS)
            fail_msg("%s: %s", sql, error.message);
        memset(&error, 0, sizeof(error));
        sleep_ms(10);
    }
    return result;
}

/* The first cell of it. */
static int64_t ask_server(const char *sql)
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = run(sql);
    struct miniorm_value value = {.is_null = true};

    assert_int_equal(miniorm_result_value(result, 0, 0, &value, &error), MINIORM_OK);
    miniorm_result_free(result);
    return value.as.integer;
}

static int64_t cut_connections(void)
{
    return ask_server("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                      "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
}

static void cut_connections_are_made_again(void **state)
{
    (void)state;
    begin_load();
    for (int round = 0; round < ROUNDS; round++) {
        assert_true(cut_connections() > 0);
        wait_for_service("cut connections", now_ms());
        sleep_ms(CALM_MS / 2);
    }
    end_load();
}

/* Many, so that some hit an answer that is read in the moment of the end. */
static void connections_cut_again_and_again_give_no_wrong_answer(void **state)
{
    (void)state;
    begin_load();
    for (int i = 0; i < CUTS; i++) {
        cut_connections();
        sleep_ms(CUT_MS);
    }
    wait_for_service("many cuts", now_ms());
    end_load();
}

/* PostgreSQL ends all its processes and recovers when one of them crashes. */
static void crash_of_one_server_process_is_survived(void **state)
{
    static const char sql[] = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                              "AND backend_type = 'client backend' LIMIT 1";

    (void)state;
    begin_load();
    for (int round = 0; round < ROUNDS; round++) {
        const unsigned long since_ms = now_ms();

        assert_int_equal(kill((pid_t)ask_server(sql), SIGKILL), 0);
        /* The others notice a little later. */
        sleep_ms(AWAY_MS / 10);
        wait_for_service("a crash", since_ms);
        sleep_ms(CALM_MS / 2);
    }
    end_load();
}

static void app_started_without_a_server_serves_when_there_is_one(void **state)
{
    struct baseapi_app *late = NULL;
    bool says_when;

    (void)state;
    control("kill");
    assert_true(serve(LONG_TIMEOUT_MS, &late));
    ask_app(late);
    assert_int_equal(probe(&says_when), 503);
    assert_true(says_when);
    control("start");
    wait_for_service("a start without a server", now_ms());
    ask_app(app);
    assert_int_equal(end(late), BASEAPI_OK);
}

static void frozen_server_is_504_or_503_and_back_when_it_goes_on(void **state)
{
    struct baseapi_app *impatient = NULL;
    bool says_when;
    unsigned status;

    (void)state;
    assert_true(serve(HANDLER_TIMEOUT_MS, &impatient));
    ask_app(impatient);
    atomic_store(&load->may_be_late, true);
    begin_load();
    control("sigstop");
    status = probe(&says_when);
    assert_true(status == 504 || status == 503);
    sleep_ms(FROZEN_MS - HANDLER_TIMEOUT_MS);
    control("sigcont");
    wait_for_service("a freeze", now_ms());
    end_load();
    atomic_store(&load->may_be_late, false);
    ask_app(app);
    assert_int_equal(end(impatient), BASEAPI_OK);
}

/* How often each parcel is in the database, by sender and number. */
static void count_parcels(unsigned char (*seen)[NUMBERS_MAX])
{
    struct miniorm_error error = MINIORM_ERROR_INIT;
    struct miniorm_result *result = NULL;

    /* The pool has one connection, for this thread; this replaces one of before the last outage. */
    assert_true(ask_server("SELECT count(*) FROM parcels") > 0);
    if (parcel_get_instances(miniorm_database_session(database), NULL, &result, &error) !=
        MINIORM_OK)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < miniorm_result_rows(result); i++) {
        const struct parcel *parcel = parcel_at(result, i);
        char content[PARCEL_CONTENT_SIZE];

        assert_non_null(parcel);
        assert_in_range(parcel->sender_id, 1, SENDERS);
        assert_in_range(parcel->number, 1, NUMBERS_MAX - 1);
        seen[parcel->sender_id - 1][parcel->number]++;
        parcels_content(parcel->sender_id, parcel->number, content);
        assert_int_equal(parcel->content.size, strlen(content));
        assert_memory_equal(parcel->content.data, content, parcel->content.size);
    }
    miniorm_result_free(result);
}

static void acknowledged_parcels_are_there_exactly_once(void **state)
{
    unsigned char(*seen)[NUMBERS_MAX] = calloc(SENDERS, sizeof(*seen));
    unsigned long lost = 0;
    unsigned long doubled = 0;
    unsigned long unsaid = 0;

    (void)state;
    assert_non_null(seen);
    count_parcels(seen);
    for (int i = 0; i < SENDERS; i++) {
        for (int number = 1; number < NUMBERS_MAX; number++) {
            const unsigned char fate = load->senders[i].fate[number];

            lost += fate == FATE_ACKNOWLEDGED && seen[i][number] == 0;
            doubled += seen[i][number] > 1 || (fate == FATE_NONE && seen[i][number] != 0);
            unsaid += fate == FATE_SENT && seen[i][number] == 1;
        }
    }
    free(seen);
    print_message("# %lu parcels arrived without an acknowledgement\n", unsaid);
    assert_int_equal(lost, 0);
    assert_int_equal(doubled, 0);
}

/* Runs this program with a server; returns only when that fails. */
static int run_with_server(void)
{
    char source[] = __FILE__;
    char self[512];
    char with[512];
    char tool[512];
    const char *folder = dirname(source);
    const ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (size < 0)
        return 1;
    self[size] = '\0';
    snprintf(with, sizeof(with), "%s/../../services/with", folder);
    snprintf(tool, sizeof(tool), "%s/../../services/control", folder);
    setenv(inner_mark, "yes", 1);
    setenv("TEST_OUTAGE_CONTROL", tool, 1);
    execl(with, with, "postgres", "--", self, (char *)NULL);
    fprintf(stderr, "%s: %s\n", with, strerror(errno));
    return 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_right_while_the_server_is_there),
        cmocka_unit_test(killed_server_is_503_until_it_is_back),
        cmocka_unit_test(restarted_server_is_back_at_once),
        cmocka_unit_test(cut_connections_are_made_again),
        cmocka_unit_test(connections_cut_again_and_again_give_no_wrong_answer),
        cmocka_unit_test(crash_of_one_server_process_is_survived),
        cmocka_unit_test(frozen_server_is_504_or_503_and_back_when_it_goes_on),
        cmocka_unit_test(app_started_without_a_server_serves_when_there_is_one),
        cmocka_unit_test(acknowledged_parcels_are_there_exactly_once),
    };

    if (getenv(inner_mark) == NULL)
        return run_with_server();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
