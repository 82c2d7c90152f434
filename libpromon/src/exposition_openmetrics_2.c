/*
 * OpenMetrics 2.0.0-rc0, a draft.
 *
 * A family and its samples have the name that was given. A histogram is one sample whose value is
 * written in braces, native buckets before classic ones. The time of creation stands behind the
 * value. Of exemplars, those of classic buckets go before those of native ones.
 */
#include "exposition.h"
#include "exposition_lines.h"

static const char *const type_words[] = {[PROMON_COUNTER] = "counter",
                                         [PROMON_GAUGE] = "gauge",
                                         [PROMON_HISTOGRAM] = "histogram",
                                         [PROMON_INFO] = "info",
                                         [PROMON_STATESET] = "stateset"};

static void write_start(struct text *out, const struct promon__gathered_series *series)
{
    if (series->created_s <= 0)
        return;
    text_bytes(out, " st@", 4);
    promon__text_seconds(out, series->created_s);
}

static void write_counter(struct text *out, const struct promon__sample *sample)
{
    char *end = promon__line_begin(out, sample);

    if (end == NULL)
        return;
    promon__line_reach(out, promon__format_number(end, &sample->series->number));
    write_start(out, sample->series);
    promon__line_exemplar(out, sample->series->exemplar);
    text_char(out, '\n');
}

/* ,positive_spans:[-1:2,3:4],positive_buckets:[5,7,10,9,8,8] */
static void write_buckets(struct text *out, const char *sign, const struct promon__span *spans,
                          size_t n_spans, const uint64_t *counts, size_t n_counts)
{
    size_t i;

    if (n_spans == 0 || n_counts == 0)
        return;
    text_char(out, ',');
    text_string(out, sign);
    text_string(out, "_spans:[");
    for (i = 0; i < n_spans; i++) {
        text_bytes(out, ",", i != 0);
        text_integer(out, spans[i].offset);
        text_char(out, ':');
        text_unsigned(out, spans[i].length);
    }
    text_string(out, "],");
    text_string(out, sign);
    text_string(out, "_buckets:[");
    for (i = 0; i < n_counts; i++) {
        text_bytes(out, ",", i != 0);
        text_unsigned(out, counts[i]);
    }
    text_char(out, ']');
}

static void write_native(struct text *out, const struct promon__native *native)
{
    text_string(out, ",schema:");
    text_integer(out, native->schema);
    text_string(out, ",zero_threshold:");
    promon__text_real(out, native->zero_threshold);
    text_string(out, ",zero_count:");
    text_unsigned(out, native->zero_count);
    write_buckets(out, "negative", native->negative_spans, native->n_negative_spans,
                  native->negative_counts, native->n_negative_counts);
    write_buckets(out, "positive", native->positive_spans, native->n_positive_spans,
                  native->positive_counts, native->n_positive_counts);
}

static void write_classic(struct text *out, const struct promon__gathered_family *family,
                          const struct promon__gathered_histogram *histogram)
{
    const size_t n_bounds = family->is_classic ? family->n_bounds : 0;
    uint64_t count = 0;
    size_t i;

    text_string(out, ",bucket:[");
    for (i = 0; i < n_bounds; i++) {
        count += histogram->counts[i];
        promon__text_real(out, family->bounds[i]);
        text_char(out, ':');
        text_unsigned(out, count);
        text_char(out, ',');
    }
    text_string(out, "+Inf:");
    text_unsigned(out, histogram->count);
    text_char(out, ']');
}

static void write_exemplars(struct text *out, const struct promon__gathered_family *family,
                            const struct promon__gathered_histogram *histogram)
{
    size_t i;

    if (family->is_classic && histogram->exemplars != NULL) {
        for (i = 0; i <= family->n_bounds; i++)
            promon__line_exemplar(out, histogram->exemplars[i]);
        return;
    }
    for (i = 0; i < histogram->n_native_exemplars; i++)
        promon__line_exemplar(out, &histogram->native_exemplars[i]);
}

static void write_histogram(struct text *out, const struct promon__sample *sample,
                            const struct promon__gathered_family *family)
{
    const struct promon__gathered_histogram *histogram = sample->series->histogram;
    char *end = promon__line_begin(out, sample);

    if (end == NULL)
        return;
    promon__line_reach(out, end);
    text_string(out, "{count:");
    text_unsigned(out, histogram->count);
    text_string(out, ",sum:");
    promon__text_real(out, histogram->sum);
    if (histogram->native != NULL)
        write_native(out, histogram->native);
    if (family->is_classic || histogram->native == NULL)
        write_classic(out, family, histogram);
    text_char(out, '}');
    write_start(out, sample->series);
    write_exemplars(out, family, histogram);
    text_char(out, '\n');
}

static void write_series(struct text *out, struct promon__stem stem,
                         const struct promon__gathered_family *family,
                         const struct promon__gathered_series *series)
{
    const struct promon__sample sample = {.stem = stem, .suffix = "", .series = series};

    switch (family->kind) {
    case PROMON_COUNTER: write_counter(out, &sample); break;
    case PROMON_GAUGE: promon__line_number(out, &sample, &series->number); break;
    case PROMON_HISTOGRAM: write_histogram(out, &sample, family); break;
    case PROMON_INFO: promon__line_unsigned(out, &sample, 1); break;
    case PROMON_STATESET: promon__line_states(out, family, series); break;
    }
}

static void write_family(struct text *out, const struct promon__gathered_family *family)
{
    const struct promon__stem stem = promon__stem_without(family->name, "");
    const bool has_unit =
        family->unit[0] != '\0' && family->kind != PROMON_INFO && family->kind != PROMON_STATESET;
    size_t i;

    promon__line_word(out, "TYPE", stem, type_words[family->kind]);
    if (has_unit)
        promon__line_word(out, "UNIT", stem, family->unit);
    promon__line_help(out, stem, family->help, true);
    for (i = 0; i < family->n_series; i++)
        write_series(out, stem, family, &family->series[i]);
}

void promon__write_openmetrics_2(struct text *out, const struct promon__gathered *gathered)
{
    size_t i;

    for (i = 0; i < gathered->n_families; i++)
        write_family(out, &gathered->families[i]);
    text_string(out, "# EOF\n");
}
