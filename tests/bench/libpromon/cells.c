/*
 * The hot calls beside what is written by hand, on one thread and on two.
 *
 * usage: cells [SLICES [CASE]]    one case alone is for profilers
 *
 * Each case is measured in many slices of less than a millisecond, in turn with all others; its
 * result is the least of them, the one that nothing else on the machine has met. What was counted
 * is compared to what should be in the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "pair.h"
#include "plain.h"

#define SERIES 100 /* of the family looked up in */
#define VALUES 1024 /* observed in turn */
#define SLICE 100000 /* calls; whole rounds of neither of the two */
#define SLICES_MAX 10000
#define LABEL_BYTES 16

static struct work {
    struct promon *promon;
    struct promon_cell *counter, *histogram;
    struct promon_family *family;
    char labels[SERIES][2][LABEL_BYTES];
    const char *values[SERIES][3];
    double observed[VALUES];
    struct plain_atomic atomic;
    struct plain_locked locked;
    struct plain_histogram plain_histogram;
    struct plain_locked_histogram locked_histogram;
    struct plain_table table;
} work = {.locked = {.lock = PTHREAD_MUTEX_INITIALIZER},
          .locked_histogram = {.lock = PTHREAD_MUTEX_INITIALIZER},
          .table = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static const double bounds[PLAIN_BUCKETS] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                             0.5,   1,    2.5,   5,    10};

static void inc(void *data, unsigned long n)
{
    struct promon_cell *counter = ((struct work *)data)->counter;

    while (n-- > 0)
        promon_cell_inc(counter);
}

static void inc_atomic(void *data, unsigned long n)
{
    struct work *w = data;

    while (n-- > 0)
        plain_atomic_inc(&w->atomic);
}

static void inc_locked(void *data, unsigned long n)
{
    struct work *w = data;

    while (n-- > 0)
        plain_locked_inc(&w->locked);
}

static void inc_own(void *data, unsigned long n)
{
    (void)data;
    while (n-- > 0)
        plain_own_inc();
}

static void add_own(void *data, unsigned long n)
{
    struct work *w = data;

    while (n-- > 0)
        plain_own_add(w->observed[n % VALUES]);
}

/* What any call of a shared library takes. */
static void call(void *data, unsigned long n)
{
    (void)data;
    while (n-- > 0)
        promon_cell_set(NULL, 0);
}

static void observe(void *data, unsigned long n)
{
    const struct work *w = data;
    struct promon_cell *histogram = w->histogram;

    while (n-- > 0)
        promon_cell_observe(histogram, w->observed[n % VALUES]);
}

static void observe_atomic(void *data, unsigned long n)
{
    struct work *w = data;

    while (n-- > 0)
        plain_observe(&w->plain_histogram, w->observed[n % VALUES]);
}

static void observe_locked(void *data, unsigned long n)
{
    struct work *w = data;

    while (n-- > 0)
        plain_locked_observe(&w->locked_histogram, w->observed[n % VALUES]);
}

static void look_up(void *data, unsigned long n)
{
    struct work *w = data;

    while (n-- > 0)
        promon_family_count(w->family, w->values[n % SERIES], 1);
}

static void look_up_locked(void *data, unsigned long n)
{
    struct work *w = data;

    while (n-- > 0) {
        const char *const *values = w->values[n % SERIES];

        plain_table_inc(&w->table, values[0], values[1]);
    }
}

static struct bench_case {
    const char *name;
    void (*run)(void *data, unsigned long n);
    unsigned threads;
    double ns[SLICES_MAX]; /* of one call, of each slice */
} cases[] = {
    {.name = "inc", .run = inc, .threads = 1},
    {.name = "inc_atomic", .run = inc_atomic, .threads = 1},
    {.name = "inc_locked", .run = inc_locked, .threads = 1},
    {.name = "call", .run = call, .threads = 1},
    {.name = "inc_own", .run = inc_own, .threads = 1},
    {.name = "inc_2", .run = inc, .threads = 2},
    {.name = "inc_atomic_2", .run = inc_atomic, .threads = 2},
    {.name = "inc_locked_2", .run = inc_locked, .threads = 2},
    {.name = "look_up", .run = look_up, .threads = 1},
    {.name = "look_up_locked", .run = look_up_locked, .threads = 1},
    {.name = "look_up_locked_2", .run = look_up_locked, .threads = 2},
    {.name = "look_up_2", .run = look_up, .threads = 2},
    {.name = "observe", .run = observe, .threads = 1},
    {.name = "observe_atomic", .run = observe_atomic, .threads = 1},
    {.name = "observe_locked", .run = observe_locked, .threads = 1},
    {.name = "observe_own", .run = add_own, .threads = 1},
    {.name = "observe_locked_2", .run = observe_locked, .threads = 2},
    {.name = "observe_2", .run = observe, .threads = 2},
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static struct promon_family *add(enum promon_kind kind, const char *name, const char *const *labels)
{
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_family *family = NULL;

    options.kind = kind;
    options.name = name;
    options.labels = labels;
    options.buckets = kind == PROMON_HISTOGRAM ? bounds : NULL;
    options.n_buckets = kind == PROMON_HISTOGRAM ? PLAIN_BUCKETS : 0;
    bench_ok(promon_family_add(work.promon, &options, &family, &error), &error);
    return family;
}

static void prepare(void)
{
    static const char *const labels[] = {"queue", "result", NULL};
    uint32_t random = 1;
    size_t i;

    work.promon = bench_monitor(NULL, 0, false);
    work.counter = promon_family_at(add(PROMON_COUNTER, "inc_total", NULL), NULL);
    work.histogram = promon_family_at(add(PROMON_HISTOGRAM, "observe", NULL), NULL);
    work.family = add(PROMON_COUNTER, "look_up_total", labels);
    work.plain_histogram.bounds = work.locked_histogram.bounds = bounds;
    for (i = 0; i < SERIES; i++) {
        (void)snprintf(work.labels[i][0], LABEL_BYTES, "queue_%zu", i / 4);
        (void)snprintf(work.labels[i][1], LABEL_BYTES, "result%zu", i % 4);
        work.values[i][0] = work.labels[i][0];
        work.values[i][1] = work.labels[i][1];
    }
    /* From below the first bound to above the last one, each bucket as often, in no order. */
    for (i = 0; i < VALUES; i++) {
        random = random * 1664525 + 1013904223;
        work.observed[i] =
            0.002 * (1U << (random >> 24) % 13) * (1 + (random >> 8) % 1000 / 1000.0);
    }
}

static void measure(struct bench_case *self, struct pair *pair, unsigned long slice)
{
    int64_t taken_ns = promon_now_ns();

    if (self->threads == 2) {
        taken_ns = pair_race(pair, self->run, &work, SLICE);
    } else {
        self->run(&work, SLICE);
        taken_ns = promon_now_ns() - taken_ns;
    }
    self->ns[slice] = (double)taken_ns / SLICE;
}

static void expect(const char *name, double expected)
{
    struct promon_error error = PROMON_ERROR_INIT;
    double value = 0;

    bench_ok(promon_value(work.promon, name, NULL, &value, &error), &error);
    bench_need(value == expected, name);
}

static double looked_up(void)
{
    struct promon_error error = PROMON_ERROR_INIT;
    double total = 0, value = 0;
    size_t i;

    for (i = 0; i < SERIES; i++) {
        const char *const labels[] = {"queue", work.values[i][0], "result", work.values[i][1],
                                      NULL};

        bench_ok(promon_value(work.promon, "look_up_total", labels, &value, &error), &error);
        total += value;
    }
    return total;
}

/* All that was counted, per slice of one thread and of two. */
static void check(double slices)
{
    const double once = slices * SLICE;
    uint64_t total = 0;
    size_t i;

    for (i = 0; i <= PLAIN_BUCKETS; i++)
        total += work.plain_histogram.counts[i];
    expect("inc_total", 3 * once);
    expect("observe_count", 3 * once);
    bench_need(looked_up() == 3 * once, "look_up_total");
    bench_need((double)work.atomic.count == 3 * once, "atomic");
    bench_need((double)work.locked.count == 3 * once, "locked");
    bench_need((double)plain_own_count() == once, "own");
    bench_need((double)total == once, "histogram of atomics");
    bench_need((double)plain_table_total(&work.table) == 3 * once, "table");
}

int main(int argc, char **argv)
{
    const unsigned long slices = bench_argument(argc, argv, 1, 40);
    const char *only = argc > 2 ? argv[2] : NULL;
    struct pair *pair = pair_open();
    unsigned long slice;
    size_t i;

    bench_need(slices <= SLICES_MAX, "too many slices");
    prepare();
    for (slice = 0; slice < slices; slice++) {
        for (i = 0; i < CASES; i++) {
            if (only == NULL || strcmp(only, cases[i].name) == 0)
                measure(&cases[i], pair, slice);
        }
    }
    pair_close(pair);
    if (only == NULL)
        check((double)slices);
    for (i = 0; i < CASES; i++)
        printf("%s\"%s\": %.4f", i == 0 ? "{" : ", ", cases[i].name,
               bench_min(cases[i].ns, slices));
    printf("}\n");
    promon_free(work.promon);
    return EXIT_SUCCESS;
}
