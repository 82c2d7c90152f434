/*
 * Pages of 10,000 series with two labels: counters, gauges with whole values and with fractions, in
 * each format, rendered again and again into one page; and the same written by hand.
 *
 * usage: pages [TIMES [CASE]]    one case alone is for profilers
 *
 * Each case is rendered some times first; then it is measured in turn with all others, its result
 * is the least, and every allocation of the process meanwhile is counted.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "common.h"
#include "plain_page.h"

#define SERIES 10000
#define LABEL_BYTES 16
#define WARM_UP 3
#define TIMES_MAX 10000
#define PLAIN_BYTES (2 << 20)

enum { COUNTERS, WHOLE_GAUGES, GAUGES, KINDS };

static const char *const kinds[KINDS] = {"counters", "whole gauges", "gauges"};

static const struct format {
    const char *name; /* NULL: by hand */
    enum promon_format format;
} formats[] = {
    {"text", PROMON_FORMAT_TEXT},
    {"OpenMetrics", PROMON_FORMAT_OPENMETRICS_1},
    {"protobuf", PROMON_FORMAT_PROTOBUF},
    {NULL, PROMON_FORMAT_NEGOTIATED},
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static struct bench_case {
    struct promon_page page;
    size_t size;
    unsigned long allocations; /* in steady state, of all times */
    double ms[TIMES_MAX];
} cases[KINDS][FORMATS];

static struct promon *monitors[KINDS];
static char labels[SERIES][2][LABEL_BYTES];
static struct plain_sample samples[KINDS][SERIES];
static char plain[PLAIN_BYTES];

static double value_of(int kind, size_t i)
{
    const double whole = (double)((i * 7919 + 13) % 1000003);

    return kind == GAUGES ? whole / 1000 : whole;
}

static void fill(int kind)
{
    static const char *const names[] = {"queue", "result", NULL};
    struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
    struct promon_error error = PROMON_ERROR_INIT;
    struct promon_family *family = NULL;
    size_t i;

    monitors[kind] = bench_monitor(NULL, 0, false);
    options.kind = kind == COUNTERS ? PROMON_COUNTER : PROMON_GAUGE;
    options.name = kind == COUNTERS ? "app_series_total" : "app_series";
    options.help = "Series.";
    options.labels = names;
    bench_ok(promon_family_add(monitors[kind], &options, &family, &error), &error);
    for (i = 0; i < SERIES; i++) {
        const char *const values[] = {labels[i][0], labels[i][1], NULL};

        samples[kind][i] = (struct plain_sample){labels[i][0], labels[i][1], value_of(kind, i)};
        promon_cell_add(promon_family_at(family, values), value_of(kind, i));
    }
}

static void prepare(void)
{
    size_t i;
    int kind;

    for (i = 0; i < SERIES; i++) {
        (void)snprintf(labels[i][0], LABEL_BYTES, "queue_%zu", i / 10);
        (void)snprintf(labels[i][1], LABEL_BYTES, "result%zu", i % 10);
    }
    for (kind = 0; kind < KINDS; kind++)
        fill(kind);
}

static void render(int kind, size_t format)
{
    struct bench_case *self = &cases[kind][format];
    struct promon_request request = PROMON_REQUEST_INIT;
    struct promon_error error = PROMON_ERROR_INIT;

    if (formats[format].name == NULL) {
        self->size = plain_page(plain, PLAIN_BYTES, samples[kind], SERIES, kind != GAUGES);
        return;
    }
    request.format = formats[format].format;
    if (self->page.size == 0)
        self->page = (struct promon_page)PROMON_PAGE_INIT;
    bench_ok(promon_respond(monitors[kind], &request, &self->page, &error), &error);
    self->size = self->page.body_size;
}

/* Lines of the text formats that are samples of the series. */
static void check(int kind, size_t format)
{
    const struct bench_case *self = &cases[kind][format];
    const char *at = formats[format].name == NULL ? plain : self->page.body;
    const char *const end = at + self->size;
    size_t n = 0;

    if (formats[format].format == PROMON_FORMAT_PROTOBUF)
        return;
    for (; at < end; at++)
        n += *at == '\n' && at + 1 < end && strncmp(at + 1, "app_series", 10) == 0;
    bench_need(n == SERIES, "not all series are on the page");
}

static void measure(int kind, size_t format, unsigned long time)
{
    struct bench_case *self = &cases[kind][format];
    const unsigned long allocations = bench_allocations();
    const int64_t begun_ns = promon_now_ns();

    render(kind, format);
    self->ms[time] = (double)(promon_now_ns() - begun_ns) / 1e6;
    self->allocations += bench_allocations() - allocations;
}

static bool is_wanted(int argc, char **argv, int kind, size_t format)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "%s/%s", kinds[kind],
                   formats[format].name != NULL ? formats[format].name : "by hand");
    return argc < 3 || strcmp(name, argv[2]) == 0;
}

static void measure_all(int argc, char **argv, unsigned long times)
{
    unsigned long time;
    size_t format;
    int kind;

    for (time = 0; time < times + WARM_UP; time++) {
        for (kind = 0; kind < KINDS; kind++) {
            for (format = 0; format < FORMATS; format++) {
                if (!is_wanted(argc, argv, kind, format))
                    continue;
                if (time < WARM_UP)
                    render(kind, format);
                else
                    measure(kind, format, time - WARM_UP);
                if (time == 0)
                    check(kind, format);
            }
        }
    }
}

int main(int argc, char **argv)
{
    const unsigned long times = bench_argument(argc, argv, 1, 40);
    size_t format;
    int kind;

    bench_need(times <= TIMES_MAX, "too many times");
    prepare();
    /* Each series is an allocation at least. */
    bench_need(bench_allocations() > (unsigned long)KINDS * SERIES, "allocations are not counted");
    measure_all(argc, argv, times);
    for (kind = 0; kind < KINDS; kind++) {
        for (format = 0; format < FORMATS; format++) {
            struct bench_case *self = &cases[kind][format];

            printf("%s{\"kind\": \"%s\", \"format\": \"%s\", \"ms\": %.4f, \"bytes\": %zu, "
                   "\"allocations\": %lu}",
                   kind + format == 0 ? "[" : ", ", kinds[kind],
                   formats[format].name != NULL ? formats[format].name : "by hand",
                   bench_min(self->ms, times), self->size, self->allocations);
            promon_page_clear(&self->page);
        }
        promon_free(monitors[kind]);
    }
    printf("]\n");
    return EXIT_SUCCESS;
}
