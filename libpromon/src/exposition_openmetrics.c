/*
 * OpenMetrics 1.0.
 *
 * Counters and infos have families without the suffix that their samples have. Exemplars stand
 * behind counters and buckets only. The time of creation is a sample of its own, which doubles
 * many series, and is there only if asked for. A unit is told when the name ends in it, as parsers
 * demand. `# EOF` ends the page.
 */
#include <string.h>

#include "exposition.h"
#include "exposition_lines.h"

static const struct {
    const char *word;
    const char *suffix;
} types[] = {[PROMON_COUNTER] = {"counter", "_total"},
             [PROMON_GAUGE] = {"gauge", ""},
             [PROMON_HISTOGRAM] = {"histogram", ""},
             [PROMON_INFO] = {"info", "_info"},
             [PROMON_STATESET] = {"stateset", ""}};

static void write_counter(struct text *out, const struct promon__sample *sample)
{
    char *end = promon__line_begin(out, sample);

    if (end == NULL)
        return;
    promon__line_reach(out, promon__format_number(end, &sample->series->number));
    promon__line_exemplar(out, sample->series->exemplar);
    text_char(out, '\n');
}

static void write_created(struct text *out, struct promon__stem stem,
                          const struct promon__gathered_series *series)
{
    const struct promon__sample sample = {.stem = stem, .suffix = "_created", .series = series};

    if (series->created_s > 0)
        promon__line_seconds(out, &sample, series->created_s);
}

static void write_series(struct text *out, struct promon__stem stem,
                         const struct promon__gathered_family *family,
                         const struct promon__gathered_series *series, bool created)
{
    const struct promon__sample sample = {
        .stem = stem, .suffix = types[family->kind].suffix, .series = series};

    switch (family->kind) {
    case PROMON_COUNTER: write_counter(out, &sample); break;
    case PROMON_GAUGE: promon__line_number(out, &sample, &series->number); break;
    case PROMON_HISTOGRAM: promon__line_histogram(out, stem, family, series, true); break;
    case PROMON_INFO: promon__line_unsigned(out, &sample, 1); break;
    case PROMON_STATESET: promon__line_states(out, family, series); break;
    }
    if (created && (family->kind == PROMON_COUNTER || family->kind == PROMON_HISTOGRAM))
        write_created(out, stem, series);
}

static bool has_unit(const struct promon__gathered_family *family, struct promon__stem stem)
{
    const size_t size = strlen(family->unit);

    return size != 0 && family->kind != PROMON_INFO && family->kind != PROMON_STATESET &&
           stem.size > size + 1 && stem.text[stem.size - size - 1] == '_' &&
           memcmp(stem.text + stem.size - size, family->unit, size) == 0;
}

static void write_family(struct text *out, const struct promon__gathered_family *family,
                         bool created)
{
    const struct promon__stem stem = promon__stem_without(family->name, types[family->kind].suffix);
    size_t i;

    promon__line_word(out, "TYPE", stem, types[family->kind].word);
    if (has_unit(family, stem))
        promon__line_word(out, "UNIT", stem, family->unit);
    promon__line_help(out, stem, family->help, true);
    for (i = 0; i < family->n_series; i++)
        write_series(out, stem, family, &family->series[i], created);
}

void promon__write_openmetrics(struct text *out, const struct promon__gathered *gathered,
                               bool created)
{
    size_t i;

    for (i = 0; i < gathered->n_families; i++)
        write_family(out, &gathered->families[i], created);
    text_string(out, "# EOF\n");
}
