#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void bench_need(int is_well, const char *what)
{
    if (is_well)
        return;
    fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

void bench_ok(enum promon_status status, const struct promon_error *error)
{
    bench_need(status == PROMON_OK, error->message);
}

struct promon *bench_monitor(const char *modules, unsigned workers, int has_listener)
{
    struct promon_listen_options listen = PROMON_LISTEN_OPTIONS_INIT;
    struct promon_options options = PROMON_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon *promon = NULL;

    listen.port = PROMON_PORT_ANY;
    options.no_process_metrics = true;
    options.modules = modules;
    options.workers = workers;
    options.listen = has_listener ? &listen : NULL;
    bench_ok(promon_new(&options, &promon, &error), &error);
    return promon;
}

static int compare(const void *a, const void *b)
{
    const double first = *(const double *)a;
    const double second = *(const double *)b;

    return (first > second) - (first < second);
}

double bench_min(const double *values, size_t n)
{
    double least = values[0];
    size_t i;

    for (i = 1; i < n; i++) {
        if (values[i] < least)
            least = values[i];
    }
    return least;
}

double bench_quantile(double *values, size_t n, double q)
{
    qsort(values, n, sizeof(values[0]), compare);
    return values[(size_t)((double)(n - 1) * q)];
}

void bench_sleep_until(int64_t due_ns)
{
    const struct timespec due = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        ;
}

unsigned long bench_argument(int argc, char **argv, int i, unsigned long otherwise)
{
    char *end = NULL;
    unsigned long number;

    alarm(BENCH_SECONDS_MAX);
    if (i >= argc)
        return otherwise;
    errno = 0;
    number = strtoul(argv[i], &end, 10);
    bench_need(errno == 0 && end != argv[i] && *end == '\0' && number != 0, "not a number above 0");
    return number;
}
