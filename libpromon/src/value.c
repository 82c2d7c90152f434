/*
 * One value as it is exposed, for tests of programs: a gathering of its family, and a search in it.
 */
#include <locale.h>
#include <math.h>
#include <promon/metric.h>
#include <stdlib.h>

#include "claims.h"
#include "error.h"
#include "monitor.h"

/* What is looked for: a sample of a family, by suffix and by labels. */
struct wish {
    const char *name;
    const char *const *labels; /* pairs; never NULL */
    size_t n_labels;
};

static const char *value_of(const struct wish *wish, const char *label)
{
    size_t i;

    for (i = 0; i < wish->n_labels; i++) {
        if (strcmp(wish->labels[i * 2], label) == 0)
            return wish->labels[i * 2 + 1];
    }
    return NULL;
}

/* Whether the labels are those of the series and `n_more` others. */
static bool has_labels(const struct wish *wish, const struct promon__gathered_family *family,
                       const struct promon__gathered_series *series, size_t n_more)
{
    size_t i;

    if (wish->n_labels != family->n_labels + n_more)
        return false;
    for (i = 0; i < family->n_labels; i++) {
        const char *value = value_of(wish, family->label_names[i]);

        if (value == NULL || strcmp(value, series->label_values[i]) != 0)
            return false;
    }
    return true;
}

/* A number as pages have it, whatever the locale; NaN when it is none. */
static double number_of(const char *text)
{
    /* The C locale is a constant object of the C library: nothing is allocated. */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *end;
    double number;

    if (c_locale == (locale_t)0)
        return NAN;
    number = strtod_l(text, &end, c_locale);
    freelocale(c_locale);
    return end == text || *end != '\0' ? NAN : number;
}

static bool find_bucket(const struct promon__gathered_family *family,
                        const struct promon__gathered_histogram *histogram, const char *le,
                        double *out)
{
    const double bound = le != NULL ? number_of(le) : NAN;
    uint64_t count = 0;
    size_t i;

    if (!family->is_classic)
        return false;
    for (i = 0; i < family->n_bounds; i++) {
        count += histogram->counts[i];
        if (family->bounds[i] == bound) {
            *out = (double)count;
            return true;
        }
    }
    *out = (double)histogram->count;
    return isinf(bound) && bound > 0;
}

static bool find_in_histogram(const struct wish *wish, const struct promon__gathered_family *family,
                              const struct promon__gathered_series *series, double *out)
{
    const char *suffix = wish->name + strlen(family->name);

    if (strcmp(suffix, "_bucket") == 0)
        return has_labels(wish, family, series, 1) &&
               find_bucket(family, series->histogram, value_of(wish, "le"), out);
    if (!has_labels(wish, family, series, 0))
        return false;
    if (strcmp(suffix, "_count") == 0)
        *out = (double)series->histogram->count;
    else if (strcmp(suffix, "_sum") == 0)
        *out = series->histogram->sum;
    else if (strcmp(suffix, "_created") == 0)
        *out = series->created_s;
    else
        return false;
    return true;
}

static bool find_state(const struct wish *wish, const struct promon__gathered_family *family,
                       const struct promon__gathered_series *series, double *out)
{
    const char *state = value_of(wish, family->name);
    size_t i;

    if (state == NULL || !has_labels(wish, family, series, 1))
        return false;
    for (i = 0; i < family->n_states; i++) {
        if (strcmp(family->states[i], state) == 0) {
            *out = (double)(series->states >> i & 1);
            return true;
        }
    }
    return false;
}

static bool find_in_series(const struct wish *wish, const struct promon__gathered_family *family,
                           const struct promon__gathered_series *series, double *out)
{
    if (family->kind == PROMON_HISTOGRAM)
        return find_in_histogram(wish, family, series, out);
    if (family->kind == PROMON_STATESET)
        return find_state(wish, family, series, out);
    if (!has_labels(wish, family, series, 0))
        return false;
    if (strcmp(wish->name, family->name) == 0)
        *out = series->number.is_unsigned ? (double)series->number.whole : series->number.real;
    else if (family->kind == PROMON_COUNTER &&
             strcmp(wish->name + promon__base_size(family->kind, family->name), "_created") == 0)
        *out = series->created_s;
    else
        return false;
    return true;
}

static bool find(const struct wish *wish, const struct promon__gathered *gathered, double *out)
{
    size_t i, j;

    for (i = 0; i < gathered->n_families; i++) {
        const struct promon__gathered_family *family = &gathered->families[i];

        for (j = 0; j < family->n_series; j++) {
            double value = 0;

            if (find_in_series(wish, family, &family->series[j], &value)) {
                *out = value;
                return true;
            }
        }
    }
    return false;
}

enum promon_status promon_value(struct promon *promon, const char *name, const char *const *labels,
                                double *out, struct promon_error *error)
{
    static const char *const none[] = {NULL};
    const char *const names[] = {name, NULL};
    struct wish wish = {name, labels != NULL ? labels : none, 0};
    struct promon__gathered gathered = {NULL, 0, NULL};
    enum promon_status status;
    bool is_found = false;

    while (wish.labels[wish.n_labels * 2] != NULL && wish.labels[wish.n_labels * 2 + 1] != NULL)
        wish.n_labels++;
    status = promon__registry_gather(promon->registry, names, &gathered, error);
    if (status == PROMON_OK) {
        is_found = find(&wish, &gathered, out);
        promon__registry_release(promon->registry, &gathered);
    }
    promon__gathered_free(&gathered);
    if (status != PROMON_OK || is_found)
        return status;
    return promon__fail(error, PROMON_ENOTFOUND, "%.100s: there is no such sample", name);
}
