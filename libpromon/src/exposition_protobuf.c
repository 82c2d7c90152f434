/*
 * Prometheus protobuf: for each family its size and a MetricFamily of io.prometheus.client. The one
 * format that carries native histograms and that Prometheus reads.
 *
 * Names are those of text 0.0.4, with `_total`; info and state sets are gauges. A native histogram
 * without a bucket has a span of no length, by which it is known from a classic one.
 */
#include <math.h>

#include "exposition.h"
#include "number.h"
#include "protobuf.h"

/* Numbers of fields in metrics.proto. */
enum { FAMILY_NAME = 1, FAMILY_HELP = 2, FAMILY_TYPE = 3, FAMILY_METRIC = 4, FAMILY_UNIT = 5 };
enum { METRIC_LABEL = 1, METRIC_GAUGE = 2, METRIC_COUNTER = 3, METRIC_HISTOGRAM = 7 };
enum { LABEL_NAME = 1, LABEL_VALUE = 2 };
enum { GAUGE_VALUE = 1 };
enum { COUNTER_VALUE = 1, COUNTER_EXEMPLAR = 2, COUNTER_CREATED = 3 };
enum {
    HISTOGRAM_COUNT = 1,
    HISTOGRAM_SUM = 2,
    HISTOGRAM_BUCKET = 3,
    HISTOGRAM_SCHEMA = 5,
    HISTOGRAM_ZERO_THRESHOLD = 6,
    HISTOGRAM_ZERO_COUNT = 7,
    HISTOGRAM_NEGATIVE_SPAN = 9,
    HISTOGRAM_NEGATIVE_DELTA = 10,
    HISTOGRAM_POSITIVE_SPAN = 12,
    HISTOGRAM_POSITIVE_DELTA = 13,
    HISTOGRAM_CREATED = 15,
    HISTOGRAM_EXEMPLAR = 16
};
enum { BUCKET_COUNT = 1, BUCKET_BOUND = 2, BUCKET_EXEMPLAR = 3 };
enum { SPAN_OFFSET = 1, SPAN_LENGTH = 2 };
enum { EXEMPLAR_LABEL = 1, EXEMPLAR_VALUE = 2, EXEMPLAR_TIMESTAMP = 3 };
enum { TIMESTAMP_SECONDS = 1, TIMESTAMP_NANOS = 2 };
enum metric_type { TYPE_COUNTER = 0, TYPE_GAUGE = 1, TYPE_HISTOGRAM = 4 };

#define NANOS_PER_THOUSANDTH 1000000

static const enum metric_type types[] = {[PROMON_COUNTER] = TYPE_COUNTER,
                                         [PROMON_GAUGE] = TYPE_GAUGE,
                                         [PROMON_HISTOGRAM] = TYPE_HISTOGRAM,
                                         [PROMON_INFO] = TYPE_GAUGE,
                                         [PROMON_STATESET] = TYPE_GAUGE};

static void write_label(struct text *out, unsigned field, const char *name, const char *value)
{
    const size_t label = promon__protobuf_begin(out, field);

    promon__protobuf_string(out, LABEL_NAME, name);
    promon__protobuf_string(out, LABEL_VALUE, value);
    promon__protobuf_end(out, label);
}

/* To the thousandth; nothing for times before 1970. */
static void write_timestamp(struct text *out, unsigned field, double seconds)
{
    uint64_t thousandths;
    size_t timestamp;

    if (!(seconds > 0 && seconds < 1e12))
        return;
    thousandths = (uint64_t)(seconds * 1000 + 0.5);
    timestamp = promon__protobuf_begin(out, field);
    promon__protobuf_unsigned(out, TIMESTAMP_SECONDS, thousandths / 1000);
    promon__protobuf_unsigned(out, TIMESTAMP_NANOS, thousandths % 1000 * NANOS_PER_THOUSANDTH);
    promon__protobuf_end(out, timestamp);
}

static void write_exemplar(struct text *out, unsigned field,
                           const struct promon__exemplar *exemplar)
{
    const char *const *label;
    size_t message;

    if (exemplar == NULL)
        return;
    message = promon__protobuf_begin(out, field);
    for (label = exemplar->labels; label[0] != NULL; label += 2)
        write_label(out, EXEMPLAR_LABEL, label[0], label[1]);
    promon__protobuf_double(out, EXEMPLAR_VALUE, exemplar->value);
    write_timestamp(out, EXEMPLAR_TIMESTAMP, exemplar->timestamp_s);
    promon__protobuf_end(out, message);
}

static void write_gauge(struct text *out, double value)
{
    const size_t gauge = promon__protobuf_begin(out, METRIC_GAUGE);

    promon__protobuf_double(out, GAUGE_VALUE, value);
    promon__protobuf_end(out, gauge);
}

static void write_counter(struct text *out, const struct promon__gathered_series *series)
{
    const size_t counter = promon__protobuf_begin(out, METRIC_COUNTER);

    promon__protobuf_double(out, COUNTER_VALUE, promon__number_as_real(&series->number));
    write_exemplar(out, COUNTER_EXEMPLAR, series->exemplar);
    write_timestamp(out, COUNTER_CREATED, series->created_s);
    promon__protobuf_end(out, counter);
}

static void write_bucket(struct text *out, double bound, uint64_t count,
                         const struct promon__exemplar *exemplar)
{
    const size_t bucket = promon__protobuf_begin(out, HISTOGRAM_BUCKET);

    promon__protobuf_unsigned(out, BUCKET_COUNT, count);
    promon__protobuf_double(out, BUCKET_BOUND, bound);
    write_exemplar(out, BUCKET_EXEMPLAR, exemplar);
    promon__protobuf_end(out, bucket);
}

static void write_classic(struct text *out, const struct promon__gathered_family *family,
                          const struct promon__gathered_histogram *histogram)
{
    uint64_t count = 0;
    size_t i;

    for (i = 0; i <= family->n_bounds; i++) {
        count += histogram->counts[i];
        write_bucket(out, i < family->n_bounds ? family->bounds[i] : (double)INFINITY, count,
                     histogram->exemplars != NULL ? histogram->exemplars[i] : NULL);
    }
}

static void write_spans(struct text *out, unsigned field, const struct promon__span *spans,
                        size_t n_spans)
{
    size_t i;

    for (i = 0; i < n_spans; i++) {
        const size_t span = promon__protobuf_begin(out, field);

        promon__protobuf_signed(out, SPAN_OFFSET, spans[i].offset);
        promon__protobuf_unsigned(out, SPAN_LENGTH, spans[i].length);
        promon__protobuf_end(out, span);
    }
}

/* Each count less the one before it. */
static void write_deltas(struct text *out, unsigned field, const uint64_t *counts, size_t n_counts)
{
    uint64_t before = 0;
    size_t i;

    for (i = 0; i < n_counts; i++) {
        promon__protobuf_signed(out, field, (int64_t)(counts[i] - before));
        before = counts[i];
    }
}

static void write_native(struct text *out, const struct promon__native *native)
{
    static const struct promon__span no_buckets = {0, 0};

    promon__protobuf_signed(out, HISTOGRAM_SCHEMA, native->schema);
    promon__protobuf_double(out, HISTOGRAM_ZERO_THRESHOLD, native->zero_threshold);
    promon__protobuf_unsigned(out, HISTOGRAM_ZERO_COUNT, native->zero_count);
    write_spans(out, HISTOGRAM_NEGATIVE_SPAN, native->negative_spans, native->n_negative_spans);
    write_deltas(out, HISTOGRAM_NEGATIVE_DELTA, native->negative_counts, native->n_negative_counts);
    write_spans(out, HISTOGRAM_POSITIVE_SPAN, native->positive_spans, native->n_positive_spans);
    write_deltas(out, HISTOGRAM_POSITIVE_DELTA, native->positive_counts, native->n_positive_counts);
    if (native->n_negative_spans == 0 && native->n_positive_spans == 0)
        write_spans(out, HISTOGRAM_POSITIVE_SPAN, &no_buckets, 1);
}

static void write_histogram(struct text *out, const struct promon__gathered_family *family,
                            const struct promon__gathered_series *series)
{
    const struct promon__gathered_histogram *histogram = series->histogram;
    const size_t message = promon__protobuf_begin(out, METRIC_HISTOGRAM);
    size_t i;

    promon__protobuf_unsigned(out, HISTOGRAM_COUNT, histogram->count);
    promon__protobuf_double(out, HISTOGRAM_SUM, histogram->sum);
    if (family->is_classic)
        write_classic(out, family, histogram);
    if (histogram->native != NULL)
        write_native(out, histogram->native);
    write_timestamp(out, HISTOGRAM_CREATED, series->created_s);
    for (i = 0; i < histogram->n_native_exemplars; i++)
        write_exemplar(out, HISTOGRAM_EXEMPLAR, &histogram->native_exemplars[i]);
    promon__protobuf_end(out, message);
}

/* Begins a metric with the labels of the series. */
static size_t begin_metric(struct text *out, const struct promon__gathered_family *family,
                           const struct promon__gathered_series *series)
{
    const size_t metric = promon__protobuf_begin(out, FAMILY_METRIC);
    size_t i;

    for (i = 0; i < family->n_labels; i++)
        write_label(out, METRIC_LABEL, family->label_names[i], series->label_values[i]);
    return metric;
}

static void write_states(struct text *out, const struct promon__gathered_family *family,
                         const struct promon__gathered_series *series)
{
    size_t i;

    for (i = 0; i < family->n_states; i++) {
        const size_t metric = begin_metric(out, family, series);

        write_label(out, METRIC_LABEL, family->name, family->states[i]);
        write_gauge(out, (double)(series->states >> i & 1));
        promon__protobuf_end(out, metric);
    }
}

static void write_series(struct text *out, const struct promon__gathered_family *family,
                         const struct promon__gathered_series *series)
{
    size_t metric;

    if (family->kind == PROMON_STATESET) {
        write_states(out, family, series);
        return;
    }
    metric = begin_metric(out, family, series);
    switch (family->kind) {
    case PROMON_COUNTER: write_counter(out, series); break;
    case PROMON_HISTOGRAM: write_histogram(out, family, series); break;
    case PROMON_INFO: write_gauge(out, 1); break;
    default: write_gauge(out, promon__number_as_real(&series->number)); break;
    }
    promon__protobuf_end(out, metric);
}

/* A family without series says nothing, and readers may refuse it. */
static void write_family(struct text *out, const struct promon__gathered_family *family)
{
    size_t message, i;

    if (family->n_series == 0)
        return;
    message = promon__protobuf_begin(out, 0);
    promon__protobuf_string(out, FAMILY_NAME, family->name);
    promon__protobuf_string(out, FAMILY_HELP, family->help);
    promon__protobuf_unsigned(out, FAMILY_TYPE, types[family->kind]);
    for (i = 0; i < family->n_series; i++)
        write_series(out, family, &family->series[i]);
    if (family->unit[0] != '\0')
        promon__protobuf_string(out, FAMILY_UNIT, family->unit);
    promon__protobuf_end(out, message);
}

void promon__write_protobuf(struct text *out, const struct promon__gathered *gathered)
{
    size_t i;

    for (i = 0; i < gathered->n_families; i++)
        write_family(out, &gathered->families[i]);
}
