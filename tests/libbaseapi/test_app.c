/*
 * Apps that never serve: options, declarations, addresses of named routes, and starts that fail.
 */
#include "test.h"

#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <baseapi/baseapi.h>

static void handler(struct baseapi_request *request, void *data)
{
    (void)data;
    baseapi_respond_status(request, 204);
}

static struct baseapi_app *new_app(void)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_app *app = NULL;

    options.port = BASEAPI_PORT_ANY;
    options.workers = 1;
    assert_int_equal(baseapi_app_new(&options, &app, NULL), BASEAPI_OK);
    return app;
}

static void defaults_make_an_app(void **state)
{
    struct baseapi_app *app = NULL;

    (void)state;
    assert_int_equal(baseapi_app_new(NULL, &app, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_port(app), 0);
    baseapi_app_free(app);
    baseapi_app_free(NULL);
}

static void check_refused(const struct baseapi_app_options *options, const char *name)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct baseapi_app *app = NULL;

    assert_int_equal(baseapi_app_new(options, &app, &error), BASEAPI_EINVALID);
    assert_null(app);
    assert_non_null(strstr(error.message, name));
}

static void option_out_of_range_is_named(void **state)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;

    (void)state;
    options.port = 65536;
    check_refused(&options, "port");
    options.port = -2;
    check_refused(&options, "port");
    options.port = 0;
    options.workers = 257;
    check_refused(&options, "workers");
    options.workers = 0;
    options.max_target_bytes = 16385;
    check_refused(&options, "max_target_bytes");
    options.max_target_bytes = 16384;
    options.max_header_bytes = 63;
    check_refused(&options, "max_header_bytes");
    options.max_header_bytes = 64;
    options.max_header_count = 129;
    check_refused(&options, "max_header_count");
}

static void shorter_options_of_an_older_program_are_read(void **state)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_app *app = NULL;

    (void)state;
    options.size = offsetof(struct baseapi_app_options, workers);
    options.workers = 9999;
    assert_int_equal(baseapi_app_new(&options, &app, NULL), BASEAPI_OK);
    baseapi_app_free(app);
}

static void address_is_made_from_a_name(void **state)
{
    static const struct baseapi_route table[] = {
        {.method = "GET", .pattern = "/books/{id:\\d+}/{part}", .handler = handler, .name = "part"},
        {.method = "GET", .pattern = "/books", .handler = handler, .name = "books"},
        {.pattern = NULL},
    };
    static const char *const values[] = {"7", "a/b c\xc3\xa4~", NULL};
    struct baseapi_app *app = new_app();
    char url[64];

    (void)state;
    assert_int_equal(baseapi_app_routes(app, "/shop", table, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_route_url(app, "part", values, url, sizeof(url), NULL),
                     BASEAPI_OK);
    assert_string_equal(url, "/shop/books/7/a%2Fb%20c%C3%A4~");
    assert_int_equal(baseapi_app_route_url(app, "books", NULL, url, sizeof(url), NULL), BASEAPI_OK);
    assert_string_equal(url, "/shop/books");
    assert_int_equal(baseapi_app_route_url(app, "books", NULL, url, 12, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_route_url(app, "books", NULL, url, 11, NULL), BASEAPI_ELIMIT);
    assert_int_equal(baseapi_app_route_url(app, "books", values, url, sizeof(url), NULL),
                     BASEAPI_EINVALID);
    assert_int_equal(baseapi_app_route_url(app, "none", NULL, url, sizeof(url), NULL),
                     BASEAPI_ENOTFOUND);
    baseapi_app_free(app);
}

static void route_needs_a_pattern_and_a_handler(void **state)
{
    struct baseapi_app *app = new_app();

    (void)state;
    assert_int_equal(baseapi_app_route(app, "GET", NULL, handler, NULL, NULL), BASEAPI_EINVALID);
    assert_int_equal(baseapi_app_route(app, "GET", "/a", NULL, NULL, NULL), BASEAPI_EINVALID);
    assert_int_equal(baseapi_app_route(app, NULL, "/a", handler, NULL, NULL), BASEAPI_EINVALID);
    assert_int_equal(baseapi_app_route(app, "GET", "/a", handler, NULL, NULL), BASEAPI_OK);
    baseapi_app_free(app);
}

static void running_app_takes_no_declarations(void **state)
{
    static const struct baseapi_middleware middleware = {.name = "m"};
    const struct baseapi_worker_hook hook = {.start = NULL};
    struct baseapi_app *app = new_app();

    (void)state;
    assert_int_equal(baseapi_app_stop(app, 0, NULL), BASEAPI_ESTATE);
    assert_int_equal(baseapi_app_start(app, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_start(app, NULL), BASEAPI_ESTATE);
    assert_true(baseapi_app_port(app) > 0);
    assert_int_equal(baseapi_app_route(app, "GET", "/a", handler, NULL, NULL), BASEAPI_ESTATE);
    assert_int_equal(baseapi_app_use(app, &middleware, NULL), BASEAPI_ESTATE);
    assert_int_equal(baseapi_app_add_worker_hook(app, &hook, NULL), BASEAPI_ESTATE);
    assert_int_equal(baseapi_app_set_database(app, NULL, NULL), BASEAPI_ESTATE);
    assert_int_equal(baseapi_app_stop(app, 0, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_start(app, NULL), BASEAPI_OK);
    baseapi_app_free(app);
}

static void address_that_cannot_be_had_is_told(void **state)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct sockaddr_in taken = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(taken);
    struct baseapi_app *app = NULL;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&taken, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&taken, &size), 0);
    options.port = ntohs(taken.sin_port);
    options.workers = 2;
    assert_int_equal(baseapi_app_new(&options, &app, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_start(app, &error), BASEAPI_ELISTEN);
    assert_non_null(strstr(error.message, "cannot listen on 127.0.0.1 port"));
    assert_true(error.system_errno != 0);
    close(fd);
    assert_int_equal(baseapi_app_start(app, NULL), BASEAPI_OK);
    baseapi_app_free(app);

    options.address = "localhost";
    memset(&error, 0, sizeof(error));
    assert_int_equal(baseapi_app_new(&options, &app, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_start(app, &error), BASEAPI_EINVALID);
    baseapi_app_free(app);
}

static void port_of_another_app_is_refused_unless_it_is_shared(void **state)
{
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct baseapi_app *first = NULL;
    struct baseapi_app *second = NULL;

    (void)state;
    options.port = BASEAPI_PORT_ANY;
    options.workers = 2;
    assert_int_equal(baseapi_app_new(&options, &first, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_start(first, NULL), BASEAPI_OK);
    options.port = (int)baseapi_app_port(first);
    assert_int_equal(baseapi_app_new(&options, &second, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_start(second, &error), BASEAPI_ELISTEN);
    assert_int_equal(error.system_errno, EADDRINUSE);
    baseapi_app_free(second);

    options.share_port = true;
    assert_int_equal(baseapi_app_new(&options, &second, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_start(second, NULL), BASEAPI_OK);
    baseapi_app_free(second);
    baseapi_app_free(first);
}

static int hook_calls;

static enum baseapi_status start_hook(struct baseapi_worker *worker, void *data,
                                      struct baseapi_error *error)
{
    (void)error;
    assert_non_null(baseapi_worker_loop(worker));
    assert_null(baseapi_worker_database(worker));
    hook_calls = hook_calls * 10 + *(int *)data;
    return *(int *)data == 3 ? BASEAPI_ELIMIT : BASEAPI_OK;
}

static void stop_hook(struct baseapi_worker *worker, void *data)
{
    assert_int_equal(baseapi_worker_index(worker), 0);
    hook_calls = hook_calls * 10 + *(int *)data;
}

static void hooks_run_in_order_and_back(void **state)
{
    static int numbers[] = {1, 2};
    struct baseapi_app *app = new_app();
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        const struct baseapi_worker_hook hook = {start_hook, stop_hook, &numbers[i]};

        assert_int_equal(baseapi_app_add_worker_hook(app, &hook, NULL), BASEAPI_OK);
    }
    hook_calls = 0;
    assert_int_equal(baseapi_app_start(app, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_stop(app, 0, NULL), BASEAPI_OK);
    assert_int_equal(hook_calls, 1221);
    baseapi_app_free(app);
}

static void hook_that_fails_fails_the_start(void **state)
{
    static int numbers[] = {1, 3, 2};
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct baseapi_app *app = new_app();
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        const struct baseapi_worker_hook hook = {start_hook, stop_hook, &numbers[i]};

        assert_int_equal(baseapi_app_add_worker_hook(app, &hook, NULL), BASEAPI_OK);
    }
    hook_calls = 0;
    assert_int_equal(baseapi_app_start(app, &error), BASEAPI_ELIMIT);
    assert_int_equal(error.status, BASEAPI_ELIMIT);
    assert_int_equal(hook_calls, 131);
    baseapi_app_free(app);
}

static void stop_requested_before_run_is_remembered(void **state)
{
    struct baseapi_app *app = new_app();

    (void)state;
    baseapi_app_request_stop(app);
    baseapi_app_request_stop(app);
    assert_int_equal(baseapi_app_run(app, NULL), BASEAPI_OK);
    baseapi_app_free(app);
}

static void too_many_different_timeouts_are_refused(void **state)
{
    static const char *const patterns[] = {"/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h"};
    struct baseapi_app *app = new_app();
    unsigned i;

    (void)state;
    for (i = 0; i < 8; i++) {
        const struct baseapi_route table[] = {
            {.method = "GET",
             .pattern = patterns[i],
             .handler = handler,
             .handler_timeout_ms = 10 + i},
            {.pattern = NULL},
        };

        assert_int_equal(baseapi_app_routes(app, "", table, NULL), BASEAPI_OK);
    }
    assert_int_equal(baseapi_app_start(app, NULL), BASEAPI_EINVALID);
    baseapi_app_free(app);
}

static void start_and_stop(void *context)
{
    static const struct baseapi_middleware middleware = {.name = "m"};
    const struct baseapi_worker_hook hook = {.start = NULL};
    struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;
    static const struct baseapi_route table[] = {
        {.method = "GET", .pattern = "/{x:a+}", .handler = handler, .flags = BASEAPI_BLOCKING},
        {.pattern = NULL},
    };
    struct baseapi_app *app = NULL;

    (void)context;
    options.port = BASEAPI_PORT_ANY;
    options.workers = 2;
    options.max_connections_per_ip = 10;
    if (baseapi_app_new(&options, &app, NULL) != BASEAPI_OK)
        return;
    if (baseapi_app_routes(app, "", table, NULL) == BASEAPI_OK &&
        baseapi_app_use(app, &middleware, NULL) == BASEAPI_OK &&
        baseapi_app_add_worker_hook(app, &hook, NULL) == BASEAPI_OK)
        (void)baseapi_app_start(app, NULL);
    baseapi_app_free(app);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(start_and_stop, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_make_an_app),
        cmocka_unit_test(option_out_of_range_is_named),
        cmocka_unit_test(shorter_options_of_an_older_program_are_read),
        cmocka_unit_test(address_is_made_from_a_name),
        cmocka_unit_test(route_needs_a_pattern_and_a_handler),
        cmocka_unit_test(running_app_takes_no_declarations),
        cmocka_unit_test(address_that_cannot_be_had_is_told),
        cmocka_unit_test(port_of_another_app_is_refused_unless_it_is_shared),
        cmocka_unit_test(hooks_run_in_order_and_back),
        cmocka_unit_test(hook_that_fails_fails_the_start),
        cmocka_unit_test(stop_requested_before_run_is_remembered),
        cmocka_unit_test(too_many_different_timeouts_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
