/*
 * Gathered: what the registry hands to a writer of pages. A consistent copy of all values at one
 * scrape, with the texts of the series borrowed from the registry, which keeps them until the
 * release.
 *
 * Order: promon__registry_gather, any reading, promon__registry_release.
 * Invariant: families are in the order in which they were added, those of collectors last, and no
 * name and no series is there twice.
 */
#ifndef PROMON_SRC_GATHERED_H
#define PROMON_SRC_GATHERED_H

#include <promon/metric.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number as it was counted: whole ones stay exact. */
struct promon__number {
    bool is_unsigned;
    uint64_t whole;
    double real;
};

struct promon__exemplar {
    const char *label_text; /* escaped, `trace_id="abc"` */
    size_t label_text_size;
    const char *const *labels; /* pairs, NULL-terminated */
    double value;
    double timestamp_s; /* since 1970 */
};

/* One run of native buckets: `length` of them after a gap of `offset`. */
struct promon__span {
    int32_t offset;
    uint32_t length;
};

struct promon__native {
    int32_t schema;
    double zero_threshold;
    uint64_t zero_count;
    const struct promon__span *negative_spans, *positive_spans;
    size_t n_negative_spans, n_positive_spans;
    const uint64_t *negative_counts, *positive_counts; /* absolute, of all spans in a row */
    size_t n_negative_counts, n_positive_counts;
};

struct promon__gathered_histogram {
    const uint64_t *counts; /* of the family's n_bounds + 1 buckets, not cumulative */
    uint64_t count;
    double sum;
    const struct promon__native *native; /* NULL without */
    const struct promon__exemplar *const
        *exemplars; /* per classic bucket, NULL where none; or NULL */
    const struct promon__exemplar *native_exemplars; /* in the order of their timestamps */
    size_t n_native_exemplars;
};

struct promon__gathered_series {
    const char *label_text; /* escaped, `a="x",b="y"`, without braces; "" without labels */
    size_t label_text_size;
    const char *const *label_values; /* as many as the family has labels, unescaped */
    double created_s; /* since 1970; 0 where it is not known: of collectors */
    struct promon__number number; /* counter, gauge; info is 1 */
    const struct promon__gathered_histogram *histogram; /* else NULL */
    uint64_t states; /* state set: a bit for each that is on */
    const struct promon__exemplar *exemplar; /* of a counter; NULL for none */
};

struct promon__gathered_family {
    enum promon_kind kind;
    const char *name; /* as it was given: "app_jobs_total" */
    const char *help;
    const char *unit; /* "" for none */
    const char *const *label_names;
    size_t n_labels;
    const double *bounds; /* histogram; none when it has native buckets only */
    size_t n_bounds;
    bool is_classic; /* histogram: has classic buckets */
    const char *const *states; /* state set */
    size_t n_states;
    const struct promon__gathered_series *series;
    size_t n_series;
};

struct promon__gathered {
    const struct promon__gathered_family *families;
    size_t n_families;
    void *memory; /* the registry's; kept between gatherings of one object */
};

#endif
