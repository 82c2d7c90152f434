/*
 * What a family may be: one check per option, in the order in which they are declared.
 */
#include "family_options.h"

#include <math.h>
#include <string.h>

#include "claims.h"
#include "error.h"
#include "native.h"

static const double default_buckets[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
#define N_DEFAULT_BUCKETS (sizeof(default_buckets) / sizeof(default_buckets[0]))
/* 2^-128, as Prometheus has it. */
#define DEFAULT_ZERO_THRESHOLD 2.938735877055719e-39

bool promon__is_family_name(enum promon_kind kind, const char *name)
{
    const bool has_suffix = kind == PROMON_COUNTER || kind == PROMON_INFO;

    /* The label that tells a state has the name of the state set. */
    if (kind == PROMON_STATESET)
        return promon__is_label_name(name);
    return promon__is_metric_name(name) &&
           (!has_suffix || promon__base_size(kind, name) < strlen(name));
}

bool promon__is_unit(enum promon_kind kind, const char *name, const char *unit)
{
    const size_t base = promon__base_size(kind, name), size = strlen(unit);

    if (size == 0)
        return true;
    return kind != PROMON_INFO && kind != PROMON_STATESET && base > size + 1 &&
           name[base - size - 1] == '_' && memcmp(name + base - size, unit, size) == 0;
}

static bool is_own_label(enum promon_kind kind, const char *name, const char *label)
{
    return (kind == PROMON_HISTOGRAM && strcmp(label, "le") == 0) ||
           (kind == PROMON_STATESET && strcmp(label, name) == 0);
}

const char *promon__labels_fault(enum promon_kind kind, const char *name, const char *const *labels)
{
    size_t i, j;

    for (i = 0; labels != NULL && labels[i] != NULL; i++) {
        if (i == PROMON_MAX_LABELS)
            return "there are too many labels";
        if (!promon__is_label_name(labels[i]))
            return "a label has a wrong name";
        if (is_own_label(kind, name, labels[i]))
            return "a label is the kind's own";
        for (j = 0; j < i; j++) {
            if (strcmp(labels[i], labels[j]) == 0)
                return "a label is there twice";
        }
    }
    return NULL;
}

bool promon__are_bounds(const double *bounds, size_t n)
{
    size_t i;

    if (n > PROMON_MAX_BUCKETS || (n > 0 && bounds == NULL))
        return false;
    for (i = 0; i < n; i++) {
        if (!isfinite(bounds[i]) || (i > 0 && !(bounds[i] > bounds[i - 1])))
            return false;
    }
    return true;
}

static const char *name_fault(const struct promon_family_options *options)
{
    if (!promon__is_metric_name(options->name))
        return "this is no name of a metric";
    if (options->kind == PROMON_COUNTER && !promon__is_family_name(options->kind, options->name))
        return "the name of a counter has to end in \"_total\"";
    if (options->kind == PROMON_INFO && !promon__is_family_name(options->kind, options->name))
        return "the name of an info has to end in \"_info\"";
    if (options->kind == PROMON_STATESET && !promon__is_family_name(options->kind, options->name))
        return "the name of a state set has to be one of a label too";
    if (!promon__is_unit(options->kind, options->name, options->unit))
        return "the name has to end in the unit";
    return promon__labels_fault(options->kind, options->name, options->labels);
}

static const char *native_fault(const struct promon_family_options *options)
{
    if (options->native_factor == 0)
        return options->native_max_buckets != 0 || options->native_zero_threshold != 0
                   ? "native_factor is not set, but another native option is"
                   : NULL;
    if (!isfinite(options->native_factor) || options->native_factor <= 1)
        return "native_factor is not above 1";
    if (options->native_max_buckets > PROMON__MAX_NATIVE_BUCKETS)
        return "native_max_buckets is too large";
    if (!isfinite(options->native_zero_threshold) || options->native_zero_threshold < 0)
        return "native_zero_threshold is not a small positive number";
    return NULL;
}

static const char *histogram_fault(const struct promon_family_options *options)
{
    if (options->kind != PROMON_HISTOGRAM)
        return options->n_buckets != 0 || options->buckets != NULL || options->native_factor != 0 ||
                       options->native_max_buckets != 0 || options->native_zero_threshold != 0
                   ? "only histograms have buckets"
                   : NULL;
    if (options->buckets == NULL && options->n_buckets != 0)
        return "n_buckets is set, but buckets is not";
    if (!promon__are_bounds(options->buckets, options->n_buckets))
        return "buckets have to grow, without infinity, and not to be too many";
    return native_fault(options);
}

static const char *states_fault(const struct promon_family_options *options)
{
    size_t i, j;

    if (options->kind != PROMON_STATESET)
        return options->states != NULL ? "only state sets have states" : NULL;
    if (options->states == NULL || options->states[0] == NULL)
        return "a state set needs states";
    for (i = 0; options->states[i] != NULL; i++) {
        if (i == PROMON_MAX_STATES)
            return "there are too many states";
        for (j = 0; j < i; j++) {
            if (strcmp(options->states[i], options->states[j]) == 0)
                return "a state is there twice";
        }
    }
    return promon__are_values_utf8(options->states, i) ? NULL : "a state is not UTF-8";
}

static const char *text_fault(const struct promon_family_options *options)
{
    if (!promon__are_values_utf8(&options->help, 1))
        return "the help is not UTF-8";
    if (!promon__are_values_utf8(&options->unit, 1))
        return "the unit is not UTF-8";
    return options->series_ttl_ms < 0 || options->series_ttl_ms > INT64_MAX / 1000000
               ? "series_ttl_ms is out of range"
               : NULL;
}

static void fill_in(struct promon_family_options *options)
{
    if (options->max_series == 0)
        options->max_series = PROMON_DEFAULT_MAX_SERIES;
    if (options->kind != PROMON_HISTOGRAM)
        return;
    if (options->native_factor == 0 && options->buckets == NULL) {
        options->buckets = default_buckets;
        options->n_buckets = N_DEFAULT_BUCKETS;
    }
    if (options->native_max_buckets == 0)
        options->native_max_buckets = PROMON__DEFAULT_NATIVE_BUCKETS;
    if (options->native_zero_threshold == 0)
        options->native_zero_threshold = DEFAULT_ZERO_THRESHOLD;
}

enum promon_status promon__family_options_check(struct promon_family_options *options,
                                                struct promon_error *error)
{
    const char *fault;

    if (options->kind < PROMON_COUNTER || options->kind > PROMON_STATESET)
        return promon__fail(error, PROMON_EINVALID, "family: the kind is not set");
    if (options->name == NULL)
        return promon__fail(error, PROMON_EINVALID, "family: the name is not set");
    options->help = options->help != NULL ? options->help : "";
    options->unit = options->unit != NULL ? options->unit : "";
    fault = name_fault(options);
    if (fault == NULL)
        fault = histogram_fault(options);
    if (fault == NULL)
        fault = states_fault(options);
    if (fault == NULL)
        fault = text_fault(options);
    if (fault != NULL)
        return promon__fail(error, PROMON_EINVALID, "%.100s: %s", options->name, fault);
    fill_in(options);
    return PROMON_OK;
}
