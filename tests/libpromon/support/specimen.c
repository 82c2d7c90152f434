/*
 * The specimen. Times are thousandths of binary fractions, so that every format shows them exactly.
 */
#include "specimen.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LABELS(text, ...)                                      \
    .label_text = (text), .label_text_size = sizeof(text) - 1, \
    .label_values = (const char *const[])                      \
    {                                                          \
        __VA_ARGS__                                            \
    }
#define WITHOUT_LABELS .label_text = "", .label_text_size = 0, .label_values = NULL
#define WHOLE(number_) .number = {.is_unsigned = true, .whole = (number_)}
#define REAL(number_) .number = {.real = (number_)}
#define SERIES(array) .series = (array), .n_series = COUNT(array)
#define NAMES(...)                                     \
    .label_names = (const char *const[]){__VA_ARGS__}, \
    .n_labels = COUNT(((const char *const[]){__VA_ARGS__}))
#define CREATED .created_s = 1605301325.25

#define TRACED "trace_id=\"abc\",note=\"a \\\"b\\\"\""
static const struct promon__exemplar traced = {
    TRACED, sizeof(TRACED) - 1, (const char *const[]){"trace_id", "abc", "note", "a \"b\"", NULL},
    0.67, 1605301330.5};
static const struct promon__exemplar plain = {"", 0, (const char *const[]){NULL}, 3,
                                              1605301331.125};

static const struct promon__gathered_series jobs[] = {
    {LABELS("queue=\"mail\",result=\"ok\"", "mail", "ok"), CREATED, WHOLE(5), .exemplar = &traced},
    {LABELS("queue=\"mail\",result=\"failed\"", "mail", "failed"), CREATED, WHOLE(UINT64_MAX)},
    {LABELS("queue=\"a\\\\b \\\"c\\\" {d},\\ne=\\\"f\\\"\",result=\"\xc3\xbcn\xc3\xaf # EOF\"",
            "a\\b \"c\" {d},\ne=\"f\"", "\xc3\xbcn\xc3\xaf # EOF"),
     REAL(2.5)},
};
static const struct promon__gathered_series up[] = {{WITHOUT_LABELS, REAL(1)}};
static const struct promon__gathered_series memory[] = {{WITHOUT_LABELS, REAL(60297216)}};
static const struct promon__gathered_series numbers[] = {
    {LABELS("is=\"not a number\"", "not a number"), REAL(NAN)},
    {LABELS("is=\"infinite\"", "infinite"), REAL(INFINITY)},
    {LABELS("is=\"below\"", "below"), REAL(-INFINITY)},
    {LABELS("is=\"failed\"", "failed"), REAL(-1)},
    {LABELS("is=\"zero\"", "zero"), REAL(0)},
    {LABELS("is=\"small\"", "small"), REAL(0.00001)},
    {LABELS("is=\"long\"", "long"), REAL(0.1 + 0.2)},
    {LABELS("is=\"whole\"", "whole"), WHOLE(12345678)},
};

static const double bounds[] = {0.005, 0.25, 1, 10, 1e6};
static const uint64_t durations[] = {1, 0, 3, 2, 0, 1};
static const uint64_t nothing[] = {0, 0, 0, 0, 0, 0};
static const struct promon__exemplar *const of_buckets[] = {NULL,   NULL, &traced,
                                                            &plain, NULL, NULL};
static const struct promon__gathered_histogram duration = {
    .counts = durations, .count = 7, .sum = 1000009.75, .exemplars = of_buckets};
static const struct promon__gathered_histogram no_duration = {.counts = nothing};
static const struct promon__gathered_series duration_series[] = {
    {LABELS("path=\"/\"", "/"), CREATED, .histogram = &duration},
    {LABELS("path=\"/x\"", "/x"), CREATED, .histogram = &no_duration},
};

static const struct promon__span negative[] = {{1, 2}}, positive[] = {{-1, 2}, {3, 4}};
static const uint64_t negative_counts[] = {5, 7}, positive_counts[] = {5, 7, 10, 9, 8, 8};
static const struct promon__native native = {.schema = 3,
                                             .zero_threshold = 0x1p-128,
                                             .zero_count = 2,
                                             .negative_spans = negative,
                                             .n_negative_spans = COUNT(negative),
                                             .positive_spans = positive,
                                             .n_positive_spans = COUNT(positive),
                                             .negative_counts = negative_counts,
                                             .n_negative_counts = COUNT(negative_counts),
                                             .positive_counts = positive_counts,
                                             .n_positive_counts = COUNT(positive_counts)};
static const struct promon__native empty_native = {.schema = -4, .zero_threshold = 0x1p-128};
static const struct promon__gathered_histogram native_only = {.count = 61,
                                                              .sum = 120.5,
                                                              .native = &native,
                                                              .native_exemplars = &plain,
                                                              .n_native_exemplars = 1};
static const struct promon__gathered_histogram native_empty = {.native = &empty_native};
static const struct promon__gathered_series native_series[] = {
    {LABELS("kind=\"full\"", "full"), CREATED, .histogram = &native_only},
    {LABELS("kind=\"empty\"", "empty"), CREATED, .histogram = &native_empty},
};

static const struct promon__span few[] = {{0, 2}};
static const uint64_t few_counts[] = {4, 3};
static const struct promon__native few_native = {.schema = 0,
                                                 .zero_threshold = 0,
                                                 .positive_spans = few,
                                                 .n_positive_spans = 1,
                                                 .positive_counts = few_counts,
                                                 .n_positive_counts = 2};
static const struct promon__gathered_histogram both = {
    .counts = durations, .count = 7, .sum = 9.5, .native = &few_native, .exemplars = of_buckets};
static const struct promon__gathered_series both_series[] = {{WITHOUT_LABELS, .histogram = &both}};

static const double below_zero[] = {-1, 0, 1};
static const uint64_t temperatures[] = {1, 2, 3, 4};
static const struct promon__gathered_histogram temperature = {
    .counts = temperatures, .count = 10, .sum = -3.5};
static const struct promon__gathered_series temperature_series[] = {
    {WITHOUT_LABELS, CREATED, .histogram = &temperature}};

static const struct promon__gathered_series build[] = {
    {LABELS("version=\"1.2\",commit=\"abc\"", "1.2", "abc"), WHOLE(1)}};
static const char *const states[] = {"on", "off", "\"half\\way\"\n"};
static const struct promon__gathered_series state_series[] = {{WITHOUT_LABELS, .states = 1}};
static const struct promon__gathered_series switch_series[] = {
    {LABELS("room=\"1\"", "1"), .states = 5},
    {LABELS("room=\"2\"", "2"), .states = 0},
};

#define BOUNDS .bounds = bounds, .n_bounds = COUNT(bounds), .is_classic = true

static const struct promon__gathered_family families[] = {
    {PROMON_COUNTER, "app_jobs_total", "Jobs \"finished\" by \\ and\nby line.", "",
     NAMES("queue", "result"), SERIES(jobs)},
    {PROMON_COUNTER, "app_nothing_total", "Never counted.", "", NAMES("why"), .series = NULL},
    {PROMON_GAUGE, "monitoring_http", "Check HTTP status", "", SERIES(up)},
    {PROMON_GAUGE, "app_memory_bytes", "Memory in use.", "bytes", SERIES(memory)},
    {PROMON_GAUGE, "app_number", "", "", NAMES("is"), SERIES(numbers)},
    {PROMON_HISTOGRAM, "app_duration_seconds", "How long it takes.", "seconds", NAMES("path"),
     BOUNDS, SERIES(duration_series)},
    {PROMON_HISTOGRAM, "app_native_seconds", "Native only.", "seconds", NAMES("kind"),
     SERIES(native_series)},
    {PROMON_HISTOGRAM, "app_both_seconds", "Both.", "seconds", BOUNDS, SERIES(both_series)},
    {PROMON_HISTOGRAM, "app_temperature_celsius", "Below zero too.", "celsius",
     .bounds = below_zero, .n_bounds = COUNT(below_zero), .is_classic = true,
     SERIES(temperature_series)},
    {PROMON_INFO, "app_build_info", "What it was built of.", "", NAMES("version", "commit"),
     SERIES(build)},
    {PROMON_STATESET, "app_state", "How it is.", "", .states = states, .n_states = 3,
     SERIES(state_series)},
    {PROMON_STATESET, "app_switch", "How the switches are.", "", NAMES("room"), .states = states,
     .n_states = 2, SERIES(switch_series)},
};

const struct promon__gathered specimen = {families, COUNT(families), NULL};
