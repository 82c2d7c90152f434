/*
 * A collection: families and samples as they are told, copied into the memory of the gathering.
 *
 * Invariant: what is wrong is left out and counted, so that every page is right.
 */
#include "collection.h"

#include "claims.h"
#include "family_options.h"
#include "options.h"
#include "registry_state.h"

static void misuse(struct promon_collection *collection)
{
    promon__registry_misuse(collection->registry);
}

void promon__collection_end(struct promon_collection *collection)
{
    struct promon__gathered_family *family;

    if (!collection->is_begun)
        return;
    collection->is_begun = false;
    family = promon__gathering_add(collection->gathering);
    if (family == NULL)
        return;
    collection->family.series = collection->series;
    *family = collection->family;
}

static bool is_right(const struct promon_collection *collection,
                     const struct promon_collected *family)
{
    if (family->kind < PROMON_COUNTER || family->kind > PROMON_INFO || family->name == NULL ||
        !promon__is_family_name(family->kind, family->name) ||
        (promon__is_reserved_name(family->name) && !collection->is_own))
        return false;
    if (!promon__are_values_utf8(&family->help, 1) || !promon__are_values_utf8(&family->unit, 1) ||
        !promon__is_unit(family->kind, family->name, family->unit) ||
        promon__labels_fault(family->kind, family->name, family->labels) != NULL)
        return false;
    return family->kind != PROMON_HISTOGRAM ||
           promon__are_bounds(family->buckets, family->n_buckets);
}

static bool is_taken(const struct promon_collection *collection,
                     const struct promon__claims *claims)
{
    size_t i;

    for (i = 0; i < claims->n; i++) {
        if (promon__string_set_has(&collection->gathering->claims, &claims->names[i]))
            return true;
    }
    return false;
}

static const char *copy_string(struct promon__pool *pool, const char *string)
{
    return promon__pool_copy(pool, string, strlen(string));
}

/* NULL-terminated. */
static const char *const *copy_strings(struct promon__pool *pool, const char *const *strings,
                                       size_t n)
{
    const char **copies = promon__pool_array(pool, n + 1, sizeof(char *));
    size_t i;

    if (copies == NULL)
        return NULL;
    for (i = 0; i < n; i++) {
        copies[i] = copy_string(pool, strings[i]);
        if (copies[i] == NULL)
            return NULL;
    }
    copies[n] = NULL;
    return copies;
}

static bool copy_family(struct promon__pool *pool, const struct promon_collected *family,
                        struct promon__gathered_family *out)
{
    double *bounds = promon__pool_array(pool, family->n_buckets + 1, sizeof(double));
    size_t n_labels = 0;

    while (family->labels != NULL && family->labels[n_labels] != NULL)
        n_labels++;
    *out = (struct promon__gathered_family){
        .kind = family->kind,
        .name = copy_string(pool, family->name),
        .help = copy_string(pool, family->help),
        .unit = copy_string(pool, family->unit),
        .label_names = copy_strings(pool, family->labels, n_labels),
        .n_labels = n_labels,
        .bounds = bounds,
        .n_bounds = family->n_buckets,
        .is_classic = family->kind == PROMON_HISTOGRAM,
    };
    if (out->name == NULL || out->help == NULL || out->unit == NULL || out->label_names == NULL ||
        bounds == NULL)
        return false;
    if (family->n_buckets > 0)
        memcpy(bounds, family->buckets, family->n_buckets * sizeof(double));
    return true;
}

static void begin(struct promon_collection *collection, const struct promon_collected *family)
{
    struct promon__gathering *gathering = collection->gathering;
    char *names = promon__pool_alloc(&gathering->pool, promon__claims_size(family->name));
    struct promon__claims claims;

    if (names == NULL || gathering->failed) {
        gathering->failed = true;
        return;
    }
    promon__claims_make(&claims, names, family->kind, family->name);
    if (is_taken(collection, &claims)) {
        misuse(collection);
        return;
    }
    promon__gathering_claim(gathering, &claims);
    if (!promon__gathering_wants(gathering, &claims))
        return;
    if (!copy_family(&gathering->pool, family, &collection->family))
        gathering->failed = true;
    collection->series = NULL;
    collection->capacity = 0;
    collection->seen = (struct promon__string_set){NULL, 0, 0};
    collection->is_begun = !gathering->failed;
}

void promon_collect_family(struct promon_collection *collection,
                           const struct promon_collected *family)
{
    struct promon_collected copy;

    promon__collection_end(collection);
    if (promon__options_copy(&copy, sizeof(copy), family, "collected", NULL) != PROMON_OK) {
        misuse(collection);
        return;
    }
    copy.help = copy.help != NULL ? copy.help : "";
    copy.unit = copy.unit != NULL ? copy.unit : "";
    if (copy.kind != PROMON_HISTOGRAM)
        copy.n_buckets = 0;
    if (is_right(collection, &copy))
        begin(collection, &copy);
    else
        misuse(collection);
}

static bool is_repeated(struct promon_collection *collection,
                        const struct promon__gathered_series *series)
{
    const struct promon__string text = {
        promon__string_hash(series->label_text, series->label_text_size), series->label_text,
        series->label_text_size};

    if (promon__string_set_has(&collection->seen, &text))
        return true;
    if (!promon__string_set_add(&collection->seen, &collection->gathering->pool, &text))
        collection->gathering->failed = true;
    return false;
}

static bool copy_labels(struct promon__pool *pool, const struct promon__gathered_family *family,
                        const char *const *values, struct promon__gathered_series *out)
{
    const size_t size = promon__label_text_size(family->label_names, values, family->n_labels);
    char *text = promon__pool_alloc(pool, size + 1);

    out->label_values = copy_strings(pool, values, family->n_labels);
    if (text == NULL || out->label_values == NULL)
        return false;
    promon__label_text_write(text, family->label_names, values, family->n_labels);
    out->label_text = text;
    out->label_text_size = size;
    return true;
}

/* The next sample of the family, whose value the caller fills in; NULL when it is left out. */
static struct promon__gathered_series *add_series(struct promon_collection *collection,
                                                  const char *const *values)
{
    struct promon__gathering *gathering = collection->gathering;
    struct promon__gathered_family *family = &collection->family;
    struct promon__gathered_series *series;

    if (!promon__has_values(values, family->n_labels) ||
        !promon__are_values_utf8(values, family->n_labels)) {
        misuse(collection);
        return NULL;
    }
    series = promon__pool_grow(&gathering->pool, collection->series, family->n_series,
                               &collection->capacity, sizeof(*series));
    if (series == NULL) {
        gathering->failed = true;
        return NULL;
    }
    collection->series = series;
    series += family->n_series;
    memset(series, 0, sizeof(*series));
    if (!copy_labels(&gathering->pool, family, values, series))
        gathering->failed = true;
    else if (is_repeated(collection, series))
        misuse(collection);
    else
        family->n_series++;
    return family->n_series > (size_t)(series - collection->series) ? series : NULL;
}

static void collect(struct promon_collection *collection, const char *const *values,
                    const struct promon__number *number)
{
    struct promon__gathered_series *series;

    if (!collection->is_begun || collection->gathering->failed)
        return;
    if (collection->family.kind == PROMON_HISTOGRAM ||
        (collection->family.kind == PROMON_COUNTER && !(number->real >= 0))) {
        misuse(collection);
        return;
    }
    series = add_series(collection, values);
    if (series != NULL)
        series->number =
            collection->family.kind == PROMON_INFO ? (struct promon__number){true, 1, 1} : *number;
}

void promon_collect_value(struct promon_collection *collection, const char *const *values,
                          double value)
{
    const struct promon__number number = {false, 0, value};

    collect(collection, values, &number);
}

void promon_collect_unsigned(struct promon_collection *collection, const char *const *values,
                             uint64_t value)
{
    const struct promon__number number = {true, value, (double)value};

    collect(collection, values, &number);
}

void promon_collect_histogram(struct promon_collection *collection, const char *const *values,
                              const uint64_t *counts, double sum)
{
    const size_t n = collection->family.n_bounds + 1;
    struct promon__gathered_histogram *histogram;
    struct promon__gathered_series *series;
    uint64_t *copies;
    size_t i;

    if (!collection->is_begun || collection->gathering->failed)
        return;
    if (collection->family.kind != PROMON_HISTOGRAM || counts == NULL) {
        misuse(collection);
        return;
    }
    histogram = promon__pool_alloc(&collection->gathering->pool, sizeof(*histogram));
    copies = promon__pool_array(&collection->gathering->pool, n, sizeof(*copies));
    if (histogram == NULL || copies == NULL) {
        collection->gathering->failed = true;
        return;
    }
    memcpy(copies, counts, n * sizeof(*copies));
    *histogram = (struct promon__gathered_histogram){.counts = copies, .sum = sum};
    for (i = 0; i < n; i++)
        histogram->count += counts[i];
    series = add_series(collection, values);
    if (series != NULL)
        series->histogram = histogram;
}
