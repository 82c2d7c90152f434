/*
 * Classic histograms as lines: a bucket for each bound, cumulative, the last one `+Inf`, then sum
 * and count. The count is that of the last bucket, so that a page never contradicts itself.
 */
#include <math.h>
#include <string.h>

#include "exposition_lines.h"

/* le="…" */
#define BOUND_SIZE (PROMON__NUMBER_SIZE + 5)

static size_t write_bound(char *out, double bound)
{
    char *end;

    memcpy(out, "le=\"", 4);
    end = promon__format_real(out + 4, bound);
    *end++ = '"';
    return (size_t)(end - out);
}

static void write_bucket(struct text *out, struct promon__sample *sample, double bound,
                         uint64_t count, const struct promon__exemplar *exemplar)
{
    char label[BOUND_SIZE];
    char *end;

    sample->more = label;
    sample->more_size = write_bound(label, bound);
    end = promon__line_begin(out, sample);
    if (end == NULL)
        return;
    promon__line_reach(out, promon__format_unsigned(end, count));
    promon__line_exemplar(out, exemplar);
    text_char(out, '\n');
}

/* Returns the count of all. */
static uint64_t write_buckets(struct text *out, struct promon__sample *sample,
                              const struct promon__gathered_family *family,
                              const struct promon__gathered_histogram *histogram,
                              bool has_exemplars)
{
    const size_t n_bounds = family->is_classic ? family->n_bounds : 0;
    const bool is_shown = has_exemplars && family->is_classic && histogram->exemplars != NULL;
    uint64_t count = 0;
    size_t i;

    for (i = 0; i < n_bounds; i++) {
        count += histogram->counts[i];
        write_bucket(out, sample, family->bounds[i], count,
                     is_shown ? histogram->exemplars[i] : NULL);
    }
    count = family->is_classic ? count + histogram->counts[n_bounds] : histogram->count;
    write_bucket(out, sample, INFINITY, count, is_shown ? histogram->exemplars[n_bounds] : NULL);
    return count;
}

void promon__line_histogram(struct text *out, struct promon__stem stem,
                            const struct promon__gathered_family *family,
                            const struct promon__gathered_series *series, bool is_openmetrics)
{
    struct promon__sample sample = {.stem = stem, .suffix = "_bucket", .series = series};
    const struct promon__gathered_histogram *histogram = series->histogram;
    const uint64_t count = write_buckets(out, &sample, family, histogram, is_openmetrics);

    if (is_openmetrics && family->is_classic && family->n_bounds != 0 && family->bounds[0] < 0)
        return;
    sample.more_size = 0;
    sample.suffix = "_sum";
    promon__line_real(out, &sample, histogram->sum);
    sample.suffix = "_count";
    promon__line_unsigned(out, &sample, count);
}
