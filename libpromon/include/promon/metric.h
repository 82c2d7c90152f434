/*
 * Families of metrics and their series: what an application counts, measures and tells.
 *
 *     static const char *const labels[] = {"queue", "result", NULL};
 *     struct promon_family_options options = PROMON_FAMILY_OPTIONS_INIT;
 *     options.kind = PROMON_COUNTER;
 *     options.name = "app_jobs_total";
 *     options.help = "Jobs finished.";
 *     options.labels = labels;
 *     promon_family_add(promon, &options, &jobs, &error);
 *
 * A family has one name, kind, help text and list of label names; a series is one combination of
 * label values of it. A series is reached through its cell, looked up once and kept
 * (promon_family_cell, promon/cell.h), or by its label values each time.
 *
 * Names are [a-zA-Z_:][a-zA-Z0-9_:]*, labels [a-zA-Z_][a-zA-Z0-9_]* and not "__…"; values are any
 * UTF-8. A counter's name ends in "_total", an info's in "_info". Names that begin with "promon_"
 * and "process_" are the library's.
 */
#ifndef PROMON_METRIC_H
#define PROMON_METRIC_H

#include <stddef.h>
#include <stdint.h>

#include <promon/export.h>
#include <promon/status.h>

PROMON_BEGIN_DECLS

struct promon;
struct promon_family;
struct promon_cell;

enum promon_kind {
    PROMON_COUNTER = 1, /* only grows; unsigned or fractional */
    PROMON_GAUGE = 2, /* goes up and down */
    PROMON_HISTOGRAM = 3, /* observations in classic buckets, native ones, or both */
    PROMON_INFO = 4, /* always 1; its labels are the information */
    PROMON_STATESET = 5 /* one 0 or 1 for each of `states`, told by a label of the family's name */
};

#define PROMON_MAX_LABELS 32
#define PROMON_MAX_BUCKETS 256
#define PROMON_MAX_STATES 64
#define PROMON_DEFAULT_MAX_SERIES 10000

/* Zero of every member means its default. All is copied. */
struct promon_family_options {
    size_t size; /* sizeof(struct promon_family_options) */
    enum promon_kind kind; /* mandatory */
    const char *name; /* mandatory; of a state set without ":", as it names a label too */
    const char *help; /* one line or more; default "" */
    const char *unit; /* OpenMetrics: "seconds", "bytes"; the name has to end in it; default none */
    const char *const *labels; /* names, NULL-terminated; default none */
    /*
     * Histogram: upper bounds, growing, without +Inf. Default 0.005 to 10, the usual eleven; with
     * native_factor only if given.
     */
    const double *buckets;
    size_t n_buckets;
    /*
     * Histogram: also native buckets, each at most so many times as wide as the one before, above
     * 1; 1.1 is usual. They travel in protobuf and OpenMetrics 2.0 only. Default: none.
     */
    double native_factor;
    /* Wider ones replace them when there would be more; default 160, at most 500. */
    unsigned native_max_buckets;
    double native_zero_threshold; /* below it a value is zero; default 2^-128 */
    const char *const *states; /* state set: names, NULL-terminated; mandatory for it */
    /*
     * More label combinations fall together in one series with "__other__" for each value and are
     * counted in promon_series_dropped_total; default PROMON_DEFAULT_MAX_SERIES.
     */
    size_t max_series;
    /*
     * A series by label values that was not touched for so long is removed; never one whose cell
     * was asked for. Default: never.
     */
    int64_t series_ttl_ms;
};

#define PROMON_FAMILY_OPTIONS_INIT PROMON_INIT_(promon_family_options)

/*
 * Adds a family. A family without labels has its one series at once, and it is exposed with zero.
 * *out is valid until promon_family_remove or promon_free.
 *
 * Thread:  any thread.
 * Errors:  PROMON_EINVALID  a name, label, bucket or option is wrong; the message tells which.
 *          PROMON_EEXISTS   the name is taken; also by a series of a histogram, such as x_count.
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_family_add(struct promon *promon,
                                                const struct promon_family_options *options,
                                                struct promon_family **out,
                                                struct promon_error *error);

/*
 * Removes a family with all its cells, which nobody may use any more. NULL is allowed.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API void promon_family_remove(struct promon *promon, struct promon_family *family);

/*
 * The cell of the series with these label values (as many as labels; NULL without labels), which is
 * made if it is not there. It stays the same and valid until the series is removed. On failure
 * *out is a cell that takes everything and is not exposed, so that the program goes on.
 *
 * Thread:  any thread; takes no lock when the series is there.
 * Errors:  PROMON_EINVALID  the number of values is wrong, or one is not UTF-8.
 *          PROMON_ELIMIT    max_series: the cell is that of the series "__other__".
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_family_cell(struct promon_family *family,
                                                 const char *const *values,
                                                 struct promon_cell **out,
                                                 struct promon_error *error);

/*
 * The same in one expression, never NULL: PROMON_CELL(family, "mail", "ok"). Failures are counted
 * in promon_misuse_total.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API struct promon_cell *promon_family_at(struct promon_family *family,
                                                const char *const *values);

#ifndef __cplusplus
#define PROMON_CELL(family, ...) \
    promon_family_at((family), (const char *const[]){__VA_ARGS__, (const char *)0})
#endif

/*
 * Counts, sets or observes by label values: one lookup without a lock, and safe against removal of
 * the series by other threads at any moment. The names say which kinds they are for: add counters
 * and gauges, set gauges, observe histograms.
 *
 * Thread:  any thread.
 * Since:   0.1
 */
PROMON_API void promon_family_count(struct promon_family *family, const char *const *values,
                                    double amount);
PROMON_API void promon_family_set(struct promon_family *family, const char *const *values,
                                  double value);
PROMON_API void promon_family_observe(struct promon_family *family, const char *const *values,
                                      double value);

/*
 * Removes one series, or all. A cell of theirs may not be used any more.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ENOTFOUND  no such series.
 *          PROMON_EINVALID   the number of values is wrong.
 * Since:   0.1
 */
PROMON_API enum promon_status promon_family_remove_series(struct promon_family *family,
                                                          const char *const *values,
                                                          struct promon_error *error);
PROMON_API void promon_family_clear(struct promon_family *family);

/*
 * The value of one series as exposed: for tests of programs. `name` is that of a sample
 * (x_total, x_bucket, x_count, x_sum, …); `labels` are pairs of names and values in any order,
 * NULL-terminated ("queue", "mail", "result", "ok", NULL), or NULL. Collectors are asked too.
 *
 * Thread:  any thread.
 * Errors:  PROMON_ENOTFOUND  no such sample.
 *          PROMON_ENOMEM
 * Since:   0.1
 */
PROMON_API enum promon_status promon_value(struct promon *promon, const char *name,
                                           const char *const *labels, double *out,
                                           struct promon_error *error);

PROMON_END_DECLS

#endif
