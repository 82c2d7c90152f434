/*
 * A thousand probes of one second each: how late checks begin.
 *
 * usage: lag [SECONDS [MILLISECONDS]]    that each check takes; 0 as the second for none
 *
 * Told twice: by promon_scheduler_lag_seconds, whose buckets give bounds, and by the checks, which
 * note when they begin. Slots are a second apart for ever, so that the earliest of a probe's
 * beginnings, against the grid of seconds, stands for its slot, and what others are later is lag.
 * Beside them a thread by hand sleeps until each millisecond and notes how late it wakes, which is
 * what the machine does to anybody.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

#define PROBES 1000
#define SECOND_NS 1000000000
#define NAME_BYTES 16
#define RUNS_MAX 256

static struct probe {
    char name[NAME_BYTES];
    unsigned long n; /* written by one check at a time, read when all is over */
    int64_t begun_ns[RUNS_MAX];
} probes[PROBES];

static int64_t check_ns;
static atomic_bool is_measured;

static struct sleeper {
    pthread_t thread;
    unsigned long n;
    double late_ms[RUNS_MAX * PROBES];
} sleeper;

static void *sleep_and_wake(void *data)
{
    int64_t due_ns = promon_now_ns();

    (void)data;
    while (atomic_load(&is_measured) && sleeper.n < RUNS_MAX * PROBES) {
        due_ns += SECOND_NS / PROBES;
        bench_sleep_until(due_ns);
        sleeper.late_ms[sleeper.n++] = (double)(promon_now_ns() - due_ns) / 1e6;
    }
    return NULL;
}

static enum promon_verdict check(void *data, int64_t deadline_ns, struct promon_result *result)
{
    struct probe *probe = data;
    const int64_t now_ns = promon_now_ns();

    (void)deadline_ns;
    (void)result;
    if (atomic_load(&is_measured) && probe->n < RUNS_MAX)
        probe->begun_ns[probe->n++] = now_ns;
    if (check_ns > 0)
        bench_sleep_until(now_ns + check_ns);
    return PROMON_UP;
}

static void add_all(struct promon *promon)
{
    struct promon_probe_options options = PROMON_PROBE_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    size_t i;

    options.check = check;
    options.interval_ms = 1000;
    for (i = 0; i < PROBES; i++) {
        (void)snprintf(probes[i].name, NAME_BYTES, "probe_%zu", i);
        options.name = probes[i].name;
        options.data = &probes[i];
        bench_ok(promon_probe_add(promon, &options, &error), &error);
    }
}

static double value(struct promon *promon, const char *name, const char *le)
{
    const char *const labels[] = {"le", le, NULL};
    struct promon_error error = PROMON_ERROR_INIT;
    double out = 0;

    bench_ok(promon_value(promon, name, le != NULL ? labels : NULL, &out, &error), &error);
    return out;
}

/* Checks that promon_scheduler_lag_seconds knows of, and those that began within 10 ms. */
struct lag {
    double count, in_goal;
};

static struct lag read_lag(struct promon *promon)
{
    return (struct lag){value(promon, "promon_scheduler_lag_seconds_count", NULL),
                        value(promon, "promon_scheduler_lag_seconds_bucket", "0.01")};
}

static size_t collect(double *lags)
{
    size_t n = 0, i, j;

    for (i = 0; i < PROBES; i++) {
        int64_t slot_ns = INT64_MAX;

        /* Of each beginning against the first one's second; half a second before it is the same. */
        for (j = 0; j < probes[i].n; j++) {
            const int64_t since_ns = probes[i].begun_ns[j] - probes[i].begun_ns[0];
            const int64_t seconds = (since_ns + SECOND_NS / 2) / SECOND_NS;
            const int64_t in_grid_ns = probes[i].begun_ns[j] - seconds * SECOND_NS;

            if (in_grid_ns < slot_ns)
                slot_ns = in_grid_ns;
        }
        for (j = 0; j < probes[i].n; j++) {
            const int64_t late_ns = (probes[i].begun_ns[j] - slot_ns) % SECOND_NS;

            lags[n++] = (double)late_ns / 1e6;
        }
    }
    return n;
}

static double overruns(struct promon *promon)
{
    double all = 0;
    size_t i;

    for (i = 0; i < PROBES; i++) {
        struct promon_probe_status status = PROMON_PROBE_STATUS_INIT;
        struct promon_error error = PROMON_ERROR_INIT;

        bench_ok(promon_probe_status(promon, probes[i].name, &status, &error), &error);
        all += (double)(status.overruns + status.failures);
    }
    return all;
}

/* From the time when all probes are in their slots. */
static void measure(struct promon *promon, unsigned long seconds, struct lag *before,
                    struct lag *after)
{
    struct promon_error error = PROMON_ERROR_INIT;

    bench_ok(promon_start(promon, &error), &error);
    bench_sleep_until(promon_now_ns() + 2 * (int64_t)SECOND_NS);
    *before = read_lag(promon);
    atomic_store(&is_measured, true);
    bench_need(pthread_create(&sleeper.thread, NULL, sleep_and_wake, NULL) == 0, "no thread");
    bench_sleep_until(promon_now_ns() + (int64_t)seconds * SECOND_NS);
    atomic_store(&is_measured, false);
    *after = read_lag(promon);
    pthread_join(sleeper.thread, NULL);
    bench_ok(promon_stop(promon, &error), &error);
}

static void report(const char *name, double *late_ms, size_t n)
{
    bench_need(n > 0, "nothing ran");
    printf(", \"%s\": {\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"p999_ms\": %.4f}", name,
           bench_quantile(late_ms, n, 0.5), bench_quantile(late_ms, n, 0.99),
           bench_quantile(late_ms, n, 0.999));
}

int main(int argc, char **argv)
{
    const unsigned long seconds = bench_argument(argc, argv, 1, 5);
    static double late_ms[PROBES * RUNS_MAX];
    struct promon *promon = bench_monitor(NULL, 0, false);
    struct lag before, after;
    size_t n;

    check_ns = argc > 2 ? (int64_t)strtol(argv[2], NULL, 10) * 1000000 : 0;
    bench_need(seconds < RUNS_MAX - 2, "too many seconds");
    add_all(promon);
    measure(promon, seconds, &before, &after);
    bench_need(overruns(promon) == 0, "checks failed or overran");
    n = collect(late_ms);
    printf("{\"checks\": %zu, \"expected\": %lu, \"in_goal\": %.6f", n, PROBES * seconds,
           (after.in_goal - before.in_goal) / (after.count - before.count));
    report("lag", late_ms, n);
    report("sleeper", sleeper.late_ms, sleeper.n);
    printf("}\n");
    promon_free(promon);
    return EXIT_SUCCESS;
}
