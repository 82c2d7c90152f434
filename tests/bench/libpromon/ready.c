/*
 * /readyz of the library's listener while 200 probes wait for servers that do not answer; beside it
 * the same without probes, and a question and an answer over TCP without any HTTP server.
 *
 * usage: ready MODULES [REQUESTS]
 *
 * Every probe has a worker, so that all checks are under way at once. Nothing is measured before
 * all are down.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "black_hole.h"
#include "client.h"
#include "common.h"

#define PROBES 200
#define NAME_BYTES 16
#define RATE 500 /* requests a second */
#define REQUESTS_MAX 100000
#define DOWN_SECONDS 60

static const char *const modules[] = {"http", "redis", "tcp", "postgres"};

#define MODULES (sizeof(modules) / sizeof(modules[0]))

static struct promon_probe_options *options_of(size_t i)
{
    static const char *const groups[] = {"ready", NULL};
    static char name[NAME_BYTES], params[256];
    static struct promon_probe_options options;
    const char *module = modules[i % MODULES];
    /* Half of each module's drop connections, half are connected and silent. */
    const unsigned port = black_hole_open(i / MODULES % 2 == 0);

    options = (struct promon_probe_options)PROMON_PROBE_OPTIONS_INIT;
    (void)snprintf(name, sizeof(name), "probe_%zu", i);
    if (strcmp(module, "http") == 0)
        (void)snprintf(params, sizeof(params), "{\"url\": \"http://127.0.0.1:%u/\"}", port);
    else if (strcmp(module, "tcp") == 0)
        (void)snprintf(params, sizeof(params),
                       "{\"host\": \"127.0.0.1\", \"port\": %u, \"expect\": \"hello\"}", port);
    else if (strcmp(module, "postgres") == 0)
        (void)snprintf(params, sizeof(params),
                       "{\"host\": \"127.0.0.1\", \"port\": %u, \"user\": \"u\", "
                       "\"password\": \"p\", \"database\": \"d\"}",
                       port);
    else
        (void)snprintf(params, sizeof(params), "{\"host\": \"127.0.0.1\", \"port\": %u}", port);
    options.name = name;
    options.module = module;
    options.params_json = params;
    options.interval_ms = 2000;
    options.timeout_ms = 1500;
    options.groups = groups;
    return &options;
}

static unsigned count_down(struct promon *promon)
{
    unsigned n = 0;
    size_t i;

    for (i = 0; i < PROBES; i++) {
        struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
        struct promon_error error = PROMON_ERROR_INIT;
        char name[NAME_BYTES];

        (void)snprintf(name, sizeof(name), "probe_%zu", i);
        bench_ok(promon_probe_status(promon, name, &status, &error), &error);
        n += status.state == PROMON_STATE_DOWN;
    }
    return n;
}

static struct promon *start(const char *folder, size_t n)
{
    struct promon *promon = bench_monitor(folder, PROBES, true);
    struct promon_error error = PROMON_ERROR_INIT;
    size_t i;

    for (i = 0; i < n; i++)
        bench_ok(promon_probe_add(promon, options_of(i), &error), &error);
    bench_ok(promon_start(promon, &error), &error);
    return promon;
}

static void wait_until_down(struct promon *promon)
{
    int64_t now_ns = promon_now_ns();
    const int64_t end_ns = now_ns + DOWN_SECONDS * INT64_C(1000000000);

    while (count_down(promon) < PROBES) {
        bench_need(now_ns < end_ns, "not all probes are down");
        now_ns += 100000000;
        bench_sleep_until(now_ns);
    }
}

static void report(const char *name, const char *suffix, double *ms, unsigned long n)
{
    printf("\"%s%s\": {\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"p999_ms\": %.4f}", name, suffix,
           bench_quantile(ms, n, 0.5), bench_quantile(ms, n, 0.99), bench_quantile(ms, n, 0.999));
}

/* Asks the library and the plain server in turn. */
static void measure(struct promon *promon, unsigned plain, int status, unsigned long n,
                    const char *suffix)
{
    static double ready_ms[REQUESTS_MAX], tcp_ms[REQUESTS_MAX];
    const struct client_target targets[] = {
        {.port = promon_port(promon), .path = "/readyz", .status = status, .ms = ready_ms},
        {.port = plain, .path = "/", .status = 200, .ms = tcp_ms},
    };

    client_ask(targets, sizeof(targets) / sizeof(targets[0]), n, RATE);
    report("ready", suffix, ready_ms, n);
    printf(", ");
    report("tcp", suffix, tcp_ms, n);
}

int main(int argc, char **argv)
{
    const unsigned long n = bench_argument(argc, argv, 2, 1000);
    struct promon *promon;
    unsigned plain;

    bench_need(argc > 1 && n <= REQUESTS_MAX, "usage: ready MODULES [REQUESTS]");
    plain = client_plain_server();
    promon = start(argv[1], 0);
    printf("{");
    measure(promon, plain, 200, n, "_idle");
    promon_free(promon);
    promon = start(argv[1], PROBES);
    wait_until_down(promon);
    printf(", ");
    measure(promon, plain, 503, n, "");
    bench_need(count_down(promon) == PROBES, "not all probes are down");
    printf("}\n");
    promon_free(promon);
    return EXIT_SUCCESS;
}
