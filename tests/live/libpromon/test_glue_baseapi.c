/* The pages of a monitor on an application, and the application's figures as metrics. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <promon/baseapi.h>
#include <promon/promon.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/fake_probe.h"

static const struct fake_probe fake = {.name = "one", .group = "ready", .verdict = PROMON_UP};

struct site {
    struct promon *promon;
    struct baseapi_app *app;
};

static struct site open_site(const struct promon_options *options)
{
    struct baseapi_app_options app_options = BASEAPI_APP_OPTIONS_INIT;
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct promon_error failure = PROMON_ERROR_INIT;
    struct site site = {.promon = fake_monitor(options)};

    fake_probe_add(site.promon, &fake);
    fake_probe_run(site.promon, &fake);
    app_options.port = BASEAPI_PORT_ANY;
    app_options.workers = 2;
    if (baseapi_app_new(&app_options, &site.app, &error) != BASEAPI_OK)
        fail_msg("%s", error.message);
    if (promon_baseapi_mount(site.app, site.promon, &failure) != PROMON_OK)
        fail_msg("%s", failure.message);
    if (baseapi_app_route(site.app, "GET", "/", baseapi_list_routes, NULL, &error) != BASEAPI_OK ||
        baseapi_app_start(site.app, &error) != BASEAPI_OK)
        fail_msg("%s", error.message);
    return site;
}

static void close_site(struct site *site)
{
    assert_int_equal(baseapi_app_stop(site->app, 10000, NULL), BASEAPI_OK);
    baseapi_app_free(site->app);
    promon_free(site->promon);
}

/* Sends one request and reads until the end of the connection. */
static void ask(const struct site *site, const char *method, const char *target, const char *fields,
                char answer[131072])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char request[1024];
    size_t used = 0;
    ssize_t got;

    address.sin_port = htons((uint16_t)baseapi_app_port(site->app));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
             method, target, fields);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while ((got = recv(fd, answer + used, 131071 - used, 0)) > 0)
        used += (size_t)got;
    answer[used] = '\0';
    close(fd);
}

static char answer[131072];

static void expect(const struct site *site, const char *target, const char *line, const char *part)
{
    ask(site, "GET", target, "", answer);
    if (strncmp(answer, line, strlen(line)) != 0 || strstr(answer, part) == NULL)
        fail_msg("%s: not \"%s\" with \"%s\" but: %s", target, line, part, answer);
}

static void every_page_is_there(void **state)
{
    struct site site = open_site(NULL);

    (void)state;
    expect(&site, "/ping", "HTTP/1.1 200 OK", "\r\n\r\npong");
    expect(&site, "/ping", "HTTP/1.1 200 OK", "Content-Type: text/plain; charset=utf-8\r\n");
    expect(&site, "/livez", "HTTP/1.1 200 OK", "\r\n\r\nok");
    expect(&site, "/readyz", "HTTP/1.1 200 OK", "\r\n\r\nok");
    expect(&site, "/readyz/ready", "HTTP/1.1 200 OK", "\r\n\r\nok");
    expect(&site, "/readyz/nobody", "HTTP/1.1 404 Not Found", "\r\n\r\n404: Not Found");
    expect(&site, "/startupz", "HTTP/1.1 200 OK", "\r\n\r\nok");
    expect(&site, "/metrics", "HTTP/1.1 200 OK", "\none 1.0\n");
    expect(&site, "/metrics?name[]=one", "HTTP/1.1 200 OK", "version=0.0.4");
    expect(&site, "/status", "HTTP/1.1 200 OK", "Content-Security-Policy: default-src 'none'");
    expect(&site, "/status.json", "HTTP/1.1 200 OK", "\"name\":\"one\"");
    expect(&site, "/status/one/state.svg", "HTTP/1.1 200 OK", "Cache-Control: max-age=30\r\n");
    expect(&site, "/status/one/state.svg", "HTTP/1.1 200 OK",
           "X-Content-Type-Options: nosniff\r\n");
    expect(&site, "/status/two/state.svg", "HTTP/1.1 404 Not Found", "404: Not Found");
    close_site(&site);
}

static void accept_and_methods_are_handed_on(void **state)
{
    struct site site = open_site(NULL);

    (void)state;
    ask(&site, "GET", "/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n", answer);
    assert_non_null(strstr(answer, "Content-Type: application/openmetrics-text; version=1.0.0"));
    assert_non_null(strstr(answer, "# EOF\n"));
    ask(&site, "GET", "/metrics", "Accept-Encoding: gzip\r\n", answer);
    assert_non_null(strstr(answer, "Content-Encoding: gzip\r\n"));
    ask(&site, "HEAD", "/ping", "", answer);
    assert_non_null(strstr(answer, "Content-Length: 4\r\n"));
    assert_string_equal(answer + strlen(answer) - 4, "\r\n\r\n");
    ask(&site, "POST", "/ping", "", answer);
    assert_memory_equal(answer, "HTTP/1.1 405 ", 13);
    close_site(&site);
}

static void pages_are_not_among_the_listed_routes(void **state)
{
    struct site site = open_site(NULL);

    (void)state;
    expect(&site, "/", "HTTP/1.1 200 OK", "\"url\":\"/\"");
    assert_null(strstr(answer, "ping"));
    close_site(&site);
}

static void routes_follow_the_options(void **state)
{
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct site site;

    (void)state;
    options.routes.ping = "/alive";
    options.routes.metrics = "";
    options.routes.status = "/monitor/";
    site = open_site(&options);
    expect(&site, "/alive", "HTTP/1.1 200 OK", "pong");
    expect(&site, "/ping", "HTTP/1.1 404 ", "entity_not_found");
    expect(&site, "/metrics", "HTTP/1.1 404 ", "404: Not Found");
    expect(&site, "/monitor/status.json", "HTTP/1.1 200 OK", "\"probes\"");
    expect(&site, "/monitor/one/uptime.svg", "HTTP/1.1 200 OK", "<svg");
    close_site(&site);
}

static void path_that_is_taken_is_told(void **state)
{
    struct baseapi_app *app = NULL;
    struct promon *promon = fake_monitor(NULL);
    struct promon_error error = PROMON_ERROR_INIT;

    (void)state;
    assert_int_equal(baseapi_app_new(NULL, &app, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_route(app, "GET", "/livez", baseapi_list_routes, NULL, NULL),
                     BASEAPI_OK);
    assert_int_equal(promon_baseapi_mount(app, promon, &error), PROMON_EINVALID);
    assert_non_null(strstr(error.message, "/livez"));
    baseapi_app_free(app);
    promon_free(promon);
}

static double value_of(struct promon *promon, const char *name, const char *label,
                       const char *label_value)
{
    const char *const labels[] = {label, label_value, NULL};
    struct promon_error error = PROMON_ERROR_INIT;
    double value = -1;

    if (promon_value(promon, name, labels, &value, &error) != PROMON_OK)
        fail_msg("%s: %s", name, error.message);
    return value;
}

static void figures_of_the_app_are_metrics(void **state)
{
    struct site site = open_site(NULL);
    struct promon_collector *collector = NULL;

    (void)state;
    assert_int_equal(promon_baseapi_export(site.promon, site.app, &collector, NULL), PROMON_OK);
    expect(&site, "/ping", "HTTP/1.1 200 OK", "pong");
    expect(&site, "/nowhere", "HTTP/1.1 404 ", "404: Not Found");
    ask(&site, "GET", "/", "Host: y\r\n", answer);
    assert_memory_equal(answer, "HTTP/1.1 400 ", 13);
    assert_true(value_of(site.promon, "baseapi_responses_total", "class", "2xx") == 1);
    assert_true(value_of(site.promon, "baseapi_responses_total", "class", "4xx") == 2);
    assert_true(value_of(site.promon, "baseapi_responses_total", "class", "5xx") == 0);
    assert_true(value_of(site.promon, "baseapi_requests_total", NULL, NULL) == 3);
    assert_true(value_of(site.promon, "baseapi_refused_total", "reason", "malformed") == 1);
    assert_true(value_of(site.promon, "baseapi_timeouts_total", "stage", "send") == 0);
    assert_true(value_of(site.promon, "baseapi_connections_total", NULL, NULL) == 3);
    assert_true(value_of(site.promon, "promon_misuse_total", NULL, NULL) == 0);
    expect(&site, "/metrics", "HTTP/1.1 200 OK", "\nbaseapi_responses_total{class=\"2xx\"} ");
    promon_collector_remove(site.promon, collector);
    assert_int_equal(promon_value(site.promon, "baseapi_requests_total", NULL, &(double){0}, NULL),
                     PROMON_ENOTFOUND);
    close_site(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_there),
        cmocka_unit_test(accept_and_methods_are_handed_on),
        cmocka_unit_test(pages_are_not_among_the_listed_routes),
        cmocka_unit_test(routes_follow_the_options),
        cmocka_unit_test(path_that_is_taken_is_told),
        cmocka_unit_test(figures_of_the_app_are_metrics),
    };

    return cmocka_run_group_tests_name("glue_baseapi", tests, NULL, NULL);
}
