/* Options of a monitor to settings: defaults, what is refused and how it is said. */
#include "test.h"

#include <promon/promon.h>

#include "settings.h"

static void take(const struct promon_options *options, struct promon__settings *settings)
{
    assert_int_equal(promon__settings_from_options(options, settings, NULL), PROMON_OK);
}

static void expect_refusal(const struct promon_options *options, const char *message)
{
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon__settings settings;

    take(options, &settings);
    assert_int_equal(promon__settings_check(&settings, &error), PROMON_EINVALID);
    assert_string_equal(error.message, message);
    promon__settings_free(&settings);
}

static void no_options_give_the_documented_defaults(void **state)
{
    const struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon__settings settings;

    (void)state;
    take(&options, &settings);
    assert_int_equal(promon__settings_check(&settings, NULL), PROMON_OK);
    assert_string_equal(settings.routes.ping, "/ping");
    assert_string_equal(settings.routes.metrics, "/metrics");
    assert_string_equal(settings.routes.live, "/livez");
    assert_string_equal(settings.routes.ready, "/readyz");
    assert_string_equal(settings.routes.startup, "/startupz");
    assert_string_equal(settings.routes.status, "/status");
    assert_false(settings.has_listener);
    assert_true(settings.process_metrics);
    assert_true(settings.status_page);
    assert_false(settings.health_details);
    assert_int_equal(settings.workers, 16);
    assert_int_equal(settings.max_stuck_workers, 64);
    assert_string_equal(settings.title, "Status");
    assert_null(settings.history_file);
    promon__settings_free(&settings);
}

static void listener_has_the_documented_defaults(void **state)
{
    const struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon__settings settings;

    (void)state;
    options.listen = &listen;
    take(&options, &settings);
    assert_true(settings.has_listener);
    assert_string_equal(settings.listen.address, "127.0.0.1");
    assert_int_equal(settings.listen.port, 9464);
    assert_int_equal(settings.listen.threads, 2);
    assert_int_equal(settings.listen.max_connections, 64);
    assert_int_equal(settings.listen.max_connections_per_ip, 32);
    assert_int_equal(settings.listen.idle_timeout_s, 15);
    promon__settings_free(&settings);
}

static void history_without_a_name_is_refused(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;

    (void)state;
    options.history_file = "";
    expect_refusal(&options, "history_file: must not be empty");
}

static void strings_are_copies(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    char title[] = "Shop", path[] = "/health";
    struct promon__settings settings;

    (void)state;
    options.title = title;
    options.routes.ready = path;
    take(&options, &settings);
    title[0] = path[1] = 'X';
    assert_string_equal(settings.title, "Shop");
    assert_string_equal(promon__settings_route(&settings, "ready"), "/health");
    assert_null(promon__settings_route(&settings, "readyz"));
    promon__settings_free(&settings);
}

static void routes_that_are_none_are_refused(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;

    (void)state;
    options.routes.ping = "ping";
    expect_refusal(&options,
                   "route_ping: \"ping\" is no path: it begins with '/' and has at most 256 "
                   "letters, digits and -._~!$&'()*+,;=:@/");
    options.routes.ping = "/a b";
    expect_refusal(&options,
                   "route_ping: \"/a b\" is no path: it begins with '/' and has at most 256 "
                   "letters, digits and -._~!$&'()*+,;=:@/");
}

static void two_routes_of_one_path_are_refused(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;

    (void)state;
    options.routes.ready = "/metrics";
    expect_refusal(&options, "route_ready: \"/metrics\" is that of route_metrics");
    options.routes.ready = "/status.json";
    expect_refusal(&options, "route_ready: \"/status.json\" is below that of route_status");
    options.routes.ready = "/status/ready";
    expect_refusal(&options, "route_ready: \"/status/ready\" is below that of route_status");
}

static void routes_may_be_switched_off(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon__settings settings;

    (void)state;
    options.routes.ready = options.routes.live = "";
    take(&options, &settings);
    assert_int_equal(promon__settings_check(&settings, NULL), PROMON_OK);
    assert_string_equal(settings.routes.ready, "");
    promon__settings_free(&settings);
}

static void addresses_and_numbers_out_of_range_are_refused(void **state)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;

    (void)state;
    options.listen = &listen;
    listen.address = "localhost";
    expect_refusal(&options, "listen.address: \"localhost\" is no numeric IPv4 or IPv6 address");
    listen.address = "::1";
    listen.port = 65536;
    expect_refusal(&options, "listen.port: 65536 is not from 1 to 65535");
    listen.port = PROMON_PORT_ANY;
    listen.threads = 65;
    expect_refusal(&options, "listen.threads: 65 is above 64");
    listen.threads = 0;
    options.workers = 1025;
    expect_refusal(&options, "workers: 1025 is above 1024");
}

static void title_that_is_not_utf_8_is_refused(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;

    (void)state;
    options.title = "\xff";
    expect_refusal(&options, "title: is not UTF-8");
}

static void attempt(void *context)
{
    const struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon__settings settings;

    (void)context;
    if (promon__settings_from_options(&options, &settings, NULL) == PROMON_OK)
        promon__settings_free(&settings);
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(attempt, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_options_give_the_documented_defaults),
        cmocka_unit_test(listener_has_the_documented_defaults),
        cmocka_unit_test(strings_are_copies),
        cmocka_unit_test(history_without_a_name_is_refused),
        cmocka_unit_test(routes_that_are_none_are_refused),
        cmocka_unit_test(two_routes_of_one_path_are_refused),
        cmocka_unit_test(routes_may_be_switched_off),
        cmocka_unit_test(addresses_and_numbers_out_of_range_are_refused),
        cmocka_unit_test(title_that_is_not_utf_8_is_refused),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
