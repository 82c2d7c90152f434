/* Health: what restarts, routes and starts hear, and when details are told. */
#include "test.h"

#include <promon/promon.h>
#include <pthread.h>

#include "support/fake_probe.h"

static void liveness_knows_no_probe(void **state)
{
    static const struct fake_probe fake = {
        .name = "one", .group = "ready", .verdict = PROMON_DOWN, .reason = PROMON_REASON_REFUSED};
    struct promon *promon = fake_monitor(NULL);

    (void)state;
    fake_probe_add(promon, &fake);
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/livez", NULL, 200, "ok");
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    fake_expect(promon, "/livez", NULL, 200, "ok");
    promon_free(promon);
}

static void without_members_all_is_well(void **state)
{
    static const struct fake_probe fake = {
        .name = "one", .group = "other", .verdict = PROMON_DOWN, .reason = PROMON_REASON_REFUSED};
    struct promon *promon = fake_monitor(NULL);

    (void)state;
    fake_expect(promon, "/readyz", NULL, 200, "ok");
    fake_expect(promon, "/startupz", NULL, 200, "ok");
    fake_probe_add(promon, &fake);
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/readyz", NULL, 200, "ok");
    fake_expect(promon, "/startupz", NULL, 200, "ok");
    fake_expect(promon, "/readyz/other", NULL, 503, "not ok");
    promon_free(promon);
}

static void readiness_waits_for_results_and_follows_them(void **state)
{
    struct fake_probe one = {.name = "one", .group = "ready", .verdict = PROMON_UP};
    struct fake_probe two = {.name = "two", .group = "ready", .verdict = PROMON_UP};
    struct promon *promon = fake_monitor(NULL);

    (void)state;
    fake_probe_add(promon, &one);
    fake_probe_add(promon, &two);
    fake_probe_run(promon, &one);
    fake_expect(promon, "/readyz", NULL, 503, "not ok");
    fake_probe_run(promon, &two);
    fake_expect(promon, "/readyz", NULL, 200, "ok");
    two.verdict = PROMON_DOWN;
    two.reason = PROMON_REASON_TIMEOUT;
    fake_probe_run(promon, &two);
    fake_expect(promon, "/readyz", NULL, 503, "not ok");
    fake_expect(promon, "/readyz/ready", NULL, 503, "not ok");
    two.verdict = PROMON_UP;
    fake_probe_run(promon, &two);
    fake_expect(promon, "/readyz", NULL, 200, "ok");
    promon_free(promon);
}

/* A probe that fails by itself knows nothing: it does not take a service out that was ready. */
static void probe_that_fails_by_itself_keeps_nobody_from_being_ready(void **state)
{
    struct fake_probe fake = {
        .name = "one", .group = "ready", .verdict = PROMON_ERROR, .reason = PROMON_REASON_INTERNAL};
    struct promon *promon = fake_monitor(NULL);

    (void)state;
    fake_probe_add(promon, &fake);
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/readyz", NULL, 503, "not ok");
    fake.verdict = PROMON_UP;
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/readyz", NULL, 200, "ok");
    fake.verdict = PROMON_ERROR;
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/readyz", NULL, 200, "ok");
    promon_free(promon);
}

static void startup_is_over_once_each_member_was_up(void **state)
{
    struct fake_probe fake = {
        .name = "one", .group = "startup", .verdict = PROMON_DOWN, .reason = PROMON_REASON_REFUSED};
    struct promon *promon = fake_monitor(NULL);

    (void)state;
    fake_probe_add(promon, &fake);
    fake_expect(promon, "/startupz", NULL, 503, "not ok");
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/startupz", NULL, 503, "not ok");
    fake.verdict = PROMON_UP;
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/startupz", NULL, 200, "ok");
    fake.verdict = PROMON_DOWN;
    fake_probe_run(promon, &fake);
    fake_expect(promon, "/startupz", NULL, 200, "ok");
    promon_free(promon);
}

static const struct fake_probe good = {.name = "good", .group = "ready", .verdict = PROMON_UP};
static const struct fake_probe bad = {.name = "bad",
                                      .group = "ready",
                                      .verdict = PROMON_DOWN,
                                      .reason = PROMON_REASON_CONNECT_TIMEOUT,
                                      .message = "of no concern to strangers"};

static struct promon *monitor_of_two(bool health_details)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *promon;

    options.health_details = health_details;
    promon = fake_monitor(&options);
    fake_probe_add(promon, &good);
    fake_probe_add(promon, &bad);
    fake_probe_run(promon, &good);
    fake_probe_run(promon, &bad);
    return promon;
}

static void details_are_not_told_unless_allowed(void **state)
{
    struct promon *promon = monitor_of_two(false);
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    fake_expect(promon, "/readyz", "verbose", 503, "not ok");
    request.path = "/readyz";
    request.accept = "application/json";
    assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_OK);
    assert_string_equal(page.body, "not ok");
    assert_string_equal(page.content_type, "text/plain; charset=utf-8");
    promon_page_clear(&page);
    promon_free(promon);
}

static void details_are_lines_when_asked_for(void **state)
{
    struct promon *promon = monitor_of_two(true);

    (void)state;
    fake_expect(promon, "/readyz", NULL, 503, "not ok");
    fake_expect(promon, "/readyz", "verbosely", 503, "not ok");
    fake_expect(promon, "/readyz", "a=1&verbose", 503,
                "[+] good: up\n[-] bad: down, connect_timeout\nnot ok\n");
    fake_expect(promon, "/startupz", "verbose", 200, "ok\n");
    promon_free(promon);
}

static void details_are_json_by_accept(void **state)
{
    struct promon *promon = monitor_of_two(true);
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    request.path = "/readyz";
    request.accept = "text/html, application/json";
    assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_OK);
    assert_int_equal(page.status, 503);
    assert_string_equal(page.content_type, "application/json");
    assert_string_equal(page.vary, "Accept");
    assert_string_equal(
        page.body,
        "{\"probes\":[{\"name\":\"good\",\"ok\":true,\"state\":\"up\",\"reason\":\"none\"},"
        "{\"name\":\"bad\",\"ok\":false,\"state\":\"down\",\"reason\":\"connect_timeout\"}],"
        "\"status\":\"not ok\"}");
    promon_page_clear(&page);
    promon_free(promon);
}

static void json_that_is_refused_is_not_given(void **state)
{
    struct promon *promon = monitor_of_two(true);
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    request.path = "/readyz";
    request.accept = "application/json;q=0, text/plain";
    assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_OK);
    assert_string_equal(page.content_type, "text/plain; charset=utf-8");
    assert_string_equal(page.body, "not ok");
    promon_page_clear(&page);
    promon_free(promon);
}

/* A check that hangs for as long as the test has it. */
struct hanging {
    pthread_mutex_t lock;
};

static enum promon_verdict hang(void *data, int64_t deadline_ns, struct promon_result *result)
{
    struct hanging *hanging = data;

    (void)deadline_ns;
    (void)result;
    pthread_mutex_lock(&hanging->lock);
    pthread_mutex_unlock(&hanging->lock);
    return PROMON_UP;
}

static void answers_wait_for_no_check(void **state)
{
    static const char *const groups[] = {"ready", NULL};
    static struct hanging hanging = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon *promon = fake_monitor(NULL);
    int i;

    (void)state;
    options.name = "hanging";
    options.check = hang;
    options.data = &hanging;
    options.groups = groups;
    options.interval_ms = options.timeout_ms = 10;
    pthread_mutex_lock(&hanging.lock);
    assert_int_equal(promon_probe_add(promon, &options, NULL), PROMON_OK);
    assert_int_equal(promon_start(promon, NULL), PROMON_OK);
    for (i = 0; i < 1000; i++)
        fake_expect(promon, "/readyz", NULL, 503, "not ok");
    fake_expect(promon, "/livez", NULL, 200, "ok");
    pthread_mutex_unlock(&hanging.lock);
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(liveness_knows_no_probe),
        cmocka_unit_test(without_members_all_is_well),
        cmocka_unit_test(readiness_waits_for_results_and_follows_them),
        cmocka_unit_test(probe_that_fails_by_itself_keeps_nobody_from_being_ready),
        cmocka_unit_test(startup_is_over_once_each_member_was_up),
        cmocka_unit_test(details_are_not_told_unless_allowed),
        cmocka_unit_test(details_are_lines_when_asked_for),
        cmocka_unit_test(details_are_json_by_accept),
        cmocka_unit_test(json_that_is_refused_is_not_given),
        cmocka_unit_test(answers_wait_for_no_check),
    };

    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
