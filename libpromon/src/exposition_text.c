/*
 * Prometheus text 0.0.4, and 1.0.0, which is the same for names without characters of UTF-8.
 *
 * Lines of gauges are those that the Python client writes, byte for byte. Families keep the names
 * that they were given; info and state sets, which the format does not know, are gauges.
 */
#include "exposition.h"
#include "exposition_lines.h"

static const char *const type_words[] = {[PROMON_COUNTER] = "counter",
                                         [PROMON_GAUGE] = "gauge",
                                         [PROMON_HISTOGRAM] = "histogram",
                                         [PROMON_INFO] = "gauge",
                                         [PROMON_STATESET] = "gauge"};

static void write_series(struct text *out, struct promon__stem stem,
                         const struct promon__gathered_family *family,
                         const struct promon__gathered_series *series)
{
    const struct promon__sample sample = {.stem = stem, .suffix = "", .series = series};

    switch (family->kind) {
    case PROMON_COUNTER:
    case PROMON_GAUGE: promon__line_number(out, &sample, &series->number); break;
    case PROMON_HISTOGRAM: promon__line_histogram(out, stem, family, series, false); break;
    case PROMON_INFO: promon__line_unsigned(out, &sample, 1); break;
    case PROMON_STATESET: promon__line_states(out, family, series); break;
    }
}

static void write_family(struct text *out, const struct promon__gathered_family *family)
{
    const struct promon__stem stem = promon__stem_without(family->name, "");
    size_t i;

    promon__line_help(out, stem, family->help, false);
    promon__line_word(out, "TYPE", stem, type_words[family->kind]);
    for (i = 0; i < family->n_series; i++)
        write_series(out, stem, family, &family->series[i]);
}

void promon__write_text(struct text *out, const struct promon__gathered *gathered)
{
    size_t i;

    for (i = 0; i < gathered->n_families; i++)
        write_family(out, &gathered->families[i]);
}
