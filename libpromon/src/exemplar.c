/*
 * Exemplars: kept as NUL-terminated strings in one allocation each, which serves the next one too
 * when that is not longer.
 */
#include "exemplar.h"

#include <stdlib.h>

#include "clock.h"
#include "utf8.h"

struct held {
    double value, timestamp_s;
    size_t n_pairs, size, capacity; /* bytes */
    char bytes[]; /* name, value, name, value, … */
};

struct promon__exemplars {
    size_t n_native; /* ever */
    struct held *native[PROMON__NATIVE_EXEMPLARS]; /* a ring */
    size_t n;
    struct held *of[]; /* of the counter, or of each classic bucket */
};

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static bool is_repeated(const char *const *labels, size_t i)
{
    size_t j;

    for (j = 0; j < i; j += 2) {
        if (strcmp(labels[i], labels[j]) == 0)
            return true;
    }
    return false;
}

bool promon__is_exemplar(const char *const *labels)
{
    size_t n = 0, i;

    if (labels == NULL || labels[0] == NULL)
        return false;
    for (i = 0; labels[i] != NULL; i += 2) {
        if (labels[i + 1] == NULL || !promon__is_label_name(labels[i]) || is_repeated(labels, i) ||
            !utf8_is_valid(labels[i + 1], strlen(labels[i + 1])))
            return false;
        n += characters(labels[i]) + characters(labels[i + 1]);
        if (n > PROMON__EXEMPLAR_CHARACTERS)
            return false;
    }
    return true;
}

static bool hold(struct held **place, double value, const char *const *labels)
{
    struct held *held = *place;
    size_t size = 0, i;

    for (i = 0; labels[i] != NULL; i++)
        size += strlen(labels[i]) + 1;
    if (held == NULL || held->capacity < size) {
        held = realloc(held, sizeof(*held) + size);
        if (held == NULL)
            return false;
        held->capacity = size;
        *place = held;
    }
    held->value = value;
    held->timestamp_s = promon__wall_clock_s();
    held->n_pairs = i / 2;
    held->size = 0;
    for (i = 0; labels[i] != NULL; i++) {
        size = strlen(labels[i]) + 1;
        memcpy(held->bytes + held->size, labels[i], size);
        held->size += size;
    }
    return true;
}

static struct promon__exemplars *exemplars_of(struct promon__series *series)
{
    const struct promon_family *family = series->cell.family;
    const size_t n = family->kind == PROMON_COUNTER ? 1
                     : family->is_classic           ? family->n_bounds + 1
                                                    : 0;

    if (series->exemplars == NULL) {
        series->exemplars =
            calloc(1, sizeof(*series->exemplars) + n * sizeof(series->exemplars->of[0]));
        if (series->exemplars != NULL)
            series->exemplars->n = n;
    }
    return series->exemplars;
}

bool promon__exemplar_keep(struct promon__series *series, unsigned bucket, double value,
                           const char *const *labels)
{
    struct promon__exemplars *exemplars = exemplars_of(series);
    bool is_kept = exemplars != NULL;

    if (is_kept && bucket < exemplars->n)
        is_kept = hold(&exemplars->of[bucket], value, labels);
    if (is_kept && series->native != NULL) {
        is_kept =
            hold(&exemplars->native[exemplars->n_native % PROMON__NATIVE_EXEMPLARS], value, labels);
        exemplars->n_native += is_kept;
    }
    return is_kept;
}

void promon__exemplars_free(struct promon__exemplars *exemplars)
{
    size_t i;

    if (exemplars == NULL)
        return;
    for (i = 0; i < exemplars->n; i++)
        free(exemplars->of[i]);
    for (i = 0; i < PROMON__NATIVE_EXEMPLARS; i++)
        free(exemplars->native[i]);
    free(exemplars);
}

static bool copy_text(struct promon__exemplar *out, size_t n_pairs, struct promon__pool *pool)
{
    const char *names[PROMON__EXEMPLAR_CHARACTERS], *values[PROMON__EXEMPLAR_CHARACTERS];
    size_t i;
    char *text;

    for (i = 0; i < n_pairs; i++) {
        names[i] = out->labels[i * 2];
        values[i] = out->labels[i * 2 + 1];
    }
    out->label_text_size = promon__label_text_size(names, values, n_pairs);
    text = promon__pool_alloc(pool, out->label_text_size + 1);
    if (text == NULL)
        return false;
    promon__label_text_write(text, names, values, n_pairs);
    out->label_text = text;
    return true;
}

static bool copy(const struct held *held, struct promon__pool *pool, struct promon__exemplar *out)
{
    const char **labels = promon__pool_array(pool, held->n_pairs * 2 + 1, sizeof(char *));
    const char *bytes = promon__pool_copy(pool, held->bytes, held->size);
    size_t i;

    if (labels == NULL || bytes == NULL)
        return false;
    for (i = 0; i < held->n_pairs * 2; i++) {
        labels[i] = bytes;
        bytes += strlen(bytes) + 1;
    }
    labels[i] = NULL;
    out->labels = labels;
    out->value = held->value;
    out->timestamp_s = held->timestamp_s;
    return copy_text(out, held->n_pairs, pool);
}

static const struct promon__exemplar *gather_one(const struct held *held, struct promon__pool *pool,
                                                 bool *failed)
{
    struct promon__exemplar *exemplar;

    if (held == NULL)
        return NULL;
    exemplar = promon__pool_alloc(pool, sizeof(*exemplar));
    if (exemplar == NULL || !copy(held, pool, exemplar)) {
        *failed = true;
        return NULL;
    }
    return exemplar;
}

const struct promon__exemplar *promon__exemplar_gather(const struct promon__series *series,
                                                       struct promon__pool *pool, bool *failed)
{
    return series->exemplars == NULL ? NULL : gather_one(series->exemplars->of[0], pool, failed);
}

static bool gather_native(const struct promon__exemplars *exemplars, struct promon__pool *pool,
                          struct promon__gathered_histogram *out)
{
    const size_t n = exemplars->n_native < PROMON__NATIVE_EXEMPLARS ? exemplars->n_native
                                                                    : PROMON__NATIVE_EXEMPLARS;
    struct promon__exemplar *copies = promon__pool_array(pool, n, sizeof(*copies));
    size_t i;

    if (copies == NULL)
        return false;
    for (i = 0; i < n; i++) {
        const size_t turn = exemplars->n_native - n + i;

        if (!copy(exemplars->native[turn % PROMON__NATIVE_EXEMPLARS], pool, &copies[i]))
            return false;
    }
    out->native_exemplars = copies;
    out->n_native_exemplars = n;
    return true;
}

bool promon__exemplars_gather(const struct promon__series *series, struct promon__pool *pool,
                              struct promon__gathered_histogram *out)
{
    const struct promon__exemplars *exemplars = series->exemplars;
    const struct promon__exemplar **copies;
    bool failed = false;
    size_t i;

    if (exemplars == NULL)
        return true;
    if (exemplars->n > 0) {
        copies = promon__pool_array(pool, exemplars->n, sizeof(*copies));
        if (copies == NULL)
            return false;
        for (i = 0; i < exemplars->n; i++)
            copies[i] = gather_one(exemplars->of[i], pool, &failed);
        out->exemplars = copies;
    }
    return !failed && (exemplars->n_native == 0 || gather_native(exemplars, pool, out));
}
