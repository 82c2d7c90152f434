/* Paths and methods to pages: the bodies of the original byte for byte, 404, 405, HEAD. */
#include "test.h"

#include <promon/promon.h>

#include "support/fake_probe.h"

static void ping_answers_pong(void **state)
{
    struct promon *promon = fake_monitor(NULL);
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    fake_get(promon, "/ping", NULL, &page);
    assert_int_equal(page.status, 200);
    assert_string_equal(page.body, "pong");
    assert_int_equal(page.body_size, 4);
    assert_string_equal(page.content_type, "text/plain; charset=utf-8");
    assert_string_equal(page.content_encoding, "");
    assert_string_equal(page.cache_control, "no-store");
    assert_string_equal(page.allow, "");
    assert_false(page.is_head);
    promon_page_clear(&page);
    promon_free(promon);
}

static void path_that_is_none_is_not_found(void **state)
{
    static const char *const paths[] = {
        "/",           "",         "/ping/",          "/pin",          "/PING",
        "/metrics/",   "/status/", "/status.jso",     "/status.json/", "/status.jsonx",
        "/status/a/b", "/readyz/", "/readyz/nobody",  "/livez/x",      "/startupz/x",
        "ping",        "/%70ing",  "/status/x.svg",   "//ping",        "/status/../ping",
        "/statusx",    "/readyzx", "/status/a/state", "/favicon.ico",  "/status//state.svg"};
    struct promon *promon = fake_monitor(NULL);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        fake_expect(promon, paths[i], NULL, 404, "404: Not Found");
    promon_free(promon);
}

static void other_methods_are_not_allowed(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "get", ""};
    struct promon *promon = fake_monitor(NULL);
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        request.method = methods[i];
        request.path = i % 2 == 0 ? "/ping" : "/metrics";
        assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_OK);
        assert_int_equal(page.status, 405);
        assert_string_equal(page.body, "405: Method Not Allowed");
        assert_string_equal(page.allow, "GET, HEAD");
        assert_string_equal(page.content_type, "text/plain; charset=utf-8");
    }
    request.path = "/nowhere";
    assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_OK);
    assert_int_equal(page.status, 404);
    promon_page_clear(&page);
    promon_free(promon);
}

static void head_is_described_as_get(void **state)
{
    struct promon *promon = fake_monitor(NULL);
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    request.method = "HEAD";
    request.path = "/ping";
    assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_OK);
    assert_true(page.is_head);
    assert_int_equal(page.status, 200);
    assert_int_equal(page.body_size, 4);
    promon_page_clear(&page);
    promon_free(promon);
}

static void no_request_at_all_is_for_the_metrics(void **state)
{
    struct promon *promon = fake_monitor(NULL);
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    assert_int_equal(promon_respond(promon, NULL, &page, NULL), PROMON_OK);
    assert_int_equal(page.status, 200);
    assert_string_equal(page.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(page.body, "\nprocess_open_fds "));
    promon_page_clear(&page);
    promon_free(promon);
}

static void routes_are_those_of_the_options(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *promon;

    (void)state;
    options.routes.ping = "/alive";
    options.routes.live = "";
    options.routes.status = "/";
    promon = fake_monitor(&options);
    assert_string_equal(promon_route(promon, "ping"), "/alive");
    assert_string_equal(promon_route(promon, "live"), "");
    assert_string_equal(promon_route(promon, "status"), "/");
    assert_null(promon_route(promon, "other"));
    fake_expect(promon, "/alive", NULL, 200, "pong");
    fake_expect(promon, "/ping", NULL, 404, "404: Not Found");
    fake_expect(promon, "/livez", NULL, 404, "404: Not Found");
    fake_expect(promon, "", NULL, 404, "404: Not Found");
    promon_free(promon);
}

/* A route that is a folder has its JSON and its badges in it. */
static void status_at_the_root_has_its_pages_below_it(void **state)
{
    static const struct fake_probe fake = {.name = "one", .verdict = PROMON_UP};
    static const char *const paths[] = {"/", "/status.json", "/one/state.svg"};
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "image/svg+xml; charset=utf-8"};
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_page page = PROMON_PAGE_INIT;
    struct promon *promon;
    size_t i;

    (void)state;
    options.routes.status = "/";
    promon = fake_monitor(&options);
    fake_probe_add(promon, &fake);
    for (i = 0; i < 3; i++) {
        fake_get(promon, paths[i], NULL, &page);
        assert_int_equal(page.status, 200);
        assert_string_equal(page.content_type, types[i]);
    }
    promon_page_clear(&page);
    promon_free(promon);
}

static void without_a_status_page_nothing_of_it_is_there(void **state)
{
    static const struct fake_probe fake = {.name = "one", .verdict = PROMON_UP};
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon *promon;

    (void)state;
    options.no_status_page = true;
    promon = fake_monitor(&options);
    fake_probe_add(promon, &fake);
    assert_string_equal(promon_route(promon, "status"), "");
    fake_expect(promon, "/status", NULL, 404, "404: Not Found");
    fake_expect(promon, "/status.json", NULL, 404, "404: Not Found");
    fake_expect(promon, "/status/one/state.svg", NULL, 404, "404: Not Found");
    promon_free(promon);
}

static void page_or_request_of_an_unknown_shape_is_refused(void **state)
{
    struct promon *promon = fake_monitor(NULL);
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    page.size = 0;
    assert_int_equal(promon_respond(promon, &request, &page, &error), PROMON_EINVALID);
    assert_string_equal(error.message, "page: size is not set");
    page = (struct promon_page)PROMON_PAGE_INIT;
    request.size = 1;
    assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_EINVALID);
    assert_int_equal(page.status, 500);
    promon_page_clear(&page);
    promon_page_clear(&page);
    promon_free(promon);
}

/* Longer than what is looked at: as if it was not there. */
static void endless_headers_are_ignored(void **state)
{
    static char endless[3 * PROMON_MAX_HEADER_BYTES];
    struct promon *promon = fake_monitor(NULL);
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_page page = PROMON_PAGE_INIT;

    (void)state;
    memset(endless, 'x', sizeof(endless) - 1);
    memcpy(endless, "gzip,", 5);
    request.accept = request.accept_encoding = request.query = endless;
    assert_int_equal(promon_respond(promon, &request, &page, NULL), PROMON_OK);
    assert_string_equal(page.content_encoding, "");
    assert_int_equal(page.status, 200);
    promon_page_clear(&page);
    promon_free(promon);
}

static struct promon *starved;

static void ask_for_every_page(void *context)
{
    static const char *const paths[] = {"/ping",
                                        "/livez",
                                        "/readyz",
                                        "/startupz",
                                        "/status",
                                        "/status.json",
                                        "/nowhere",
                                        "/readyz/no",
                                        "/status/one/state.svg",
                                        "/readyz/group",
                                        "/status/one/latency.svg"};
    struct promon_request request = PROMON_REQUEST_INIT;
    size_t i;

    (void)context;
    request.accept = "application/json";
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct promon_page page = PROMON_PAGE_INIT;
        enum promon_status status;

        request.path = paths[i];
        status = promon_respond(starved, &request, &page, NULL);
        if (status != PROMON_OK) {
            assert_int_equal(status, PROMON_ENOMEM);
            assert_int_equal(page.status, 500);
            assert_int_equal(page.body_size, 0);
        }
        promon_page_clear(&page);
    }
}

static void without_memory_a_page_is_a_500_without_body(void **state)
{
    static const struct fake_probe fake = {
        .name = "one", .group = "group", .verdict = PROMON_DOWN, .reason = PROMON_REASON_STATUS};
    struct promon_options options = PROMON_OPTIONS_INIT;

    (void)state;
    options.health_details = true;
    starved = fake_monitor(&options);
    fake_probe_add(starved, &fake);
    fake_probe_run(starved, &fake);
    assert_true(oom_for_every_allocation(ask_for_every_page, NULL) >= 11);
    promon_free(starved);
}

/* Used again, a page answers without an allocation. */
static void page_that_is_used_again_allocates_nothing(void **state)
{
    static const struct fake_probe fake = {.name = "one", .group = "ready", .verdict = PROMON_UP};
    static const char *const paths[] = {"/ping", "/readyz", "/status", "/status.json", "/metrics"};
    struct promon *promon = fake_monitor(NULL);
    struct promon_page page = PROMON_PAGE_INIT;
    size_t i;

    (void)state;
    fake_probe_add(promon, &fake);
    fake_probe_run(promon, &fake);
    for (i = 0; i < 5; i++)
        fake_get(promon, paths[i], NULL, &page);
    oom_fail_from(1);
    for (i = 0; i < 4; i++)
        fake_get(promon, paths[i], NULL, &page);
    assert_false(oom_stop());
    promon_page_clear(&page);
    promon_free(promon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_answers_pong),
        cmocka_unit_test(path_that_is_none_is_not_found),
        cmocka_unit_test(other_methods_are_not_allowed),
        cmocka_unit_test(head_is_described_as_get),
        cmocka_unit_test(no_request_at_all_is_for_the_metrics),
        cmocka_unit_test(routes_are_those_of_the_options),
        cmocka_unit_test(status_at_the_root_has_its_pages_below_it),
        cmocka_unit_test(without_a_status_page_nothing_of_it_is_there),
        cmocka_unit_test(page_or_request_of_an_unknown_shape_is_refused),
        cmocka_unit_test(endless_headers_are_ignored),
        cmocka_unit_test(without_memory_a_page_is_a_500_without_body),
        cmocka_unit_test(page_that_is_used_again_allocates_nothing),
    };

    return cmocka_run_group_tests_name("respond", tests, NULL, NULL);
}
