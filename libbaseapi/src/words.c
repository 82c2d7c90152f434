/*
 * Words of a resource's table, and the word that was meant where one is misspelt.
 *
 * Order: any; all functions are used at start-up only.
 */
#include "words.h"

#include <string.h>

#include "error.h"

/* Longest name for which a near one is looked for; PostgreSQL keeps 63 characters. */
#define NAME_MAX_SIZE 64
/* Changes of a letter after which a name is no longer taken for another's misspelling. */
#define NEAR 3

bool baseapi__words_next(const char **rest, struct miniorm_text *word)
{
    const char *start = *rest == NULL ? "" : *rest + strspn(*rest, " \t\n");
    const size_t size = strcspn(start, " \t\n");

    *word = miniorm_text_from(start, size);
    *rest = start + size;
    return size != 0;
}

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Levenshtein's distance. */
static size_t distance(struct miniorm_text a, const char *b)
{
    size_t row[NAME_MAX_SIZE + 1];
    const size_t b_size = strlen(b);

    if (a.size > NAME_MAX_SIZE || b_size > NAME_MAX_SIZE)
        return NAME_MAX_SIZE;
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const size_t changed = diagonal + (a.data[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, changed);
        }
    }
    return row[b_size];
}

const char *baseapi__words_nearest(struct miniorm_text name, const char *const *candidates,
                                   size_t count)
{
    const char *nearest = NULL;
    size_t best = NEAR + 1;

    for (size_t i = 0; i < count; i++) {
        const size_t far = distance(name, candidates[i]);

        if (far < best && far < name.size) {
            best = far;
            nearest = candidates[i];
        }
    }
    return nearest;
}

enum baseapi_status baseapi__words_column(const struct words_place *place, struct miniorm_text name,
                                          unsigned *column, struct baseapi_error *error)
{
    const char *names[MINIORM_COLUMNS_MAX];
    const char *nearest;
    const int found = miniorm_model_find_column(place->model, name.data, name.size);

    if (found >= 0) {
        *column = (unsigned)found;
        return BASEAPI_OK;
    }
    for (size_t i = 0; i < place->model->n_columns; i++)
        names[i] = place->model->columns[i].name;
    nearest = baseapi__words_nearest(name, names, place->model->n_columns);
    if (nearest == NULL)
        return baseapi__fail(error, BASEAPI_EINVALID, "%s.%s: no column '%.*s'", place->resource,
                             place->list, (int)name.size, name.data);
    return baseapi__fail(error, BASEAPI_EINVALID, "%s.%s: no column '%.*s', did you mean '%s'?",
                         place->resource, place->list, (int)name.size, name.data, nearest);
}

enum baseapi_status baseapi__words_bitmap(const struct words_place *place, const char *words,
                                          uint64_t *bitmap, struct baseapi_error *error)
{
    struct miniorm_text word;
    uint64_t bits = 0;

    while (baseapi__words_next(&words, &word)) {
        unsigned column;
        const enum baseapi_status status = baseapi__words_column(place, word, &column, error);

        if (status != BASEAPI_OK)
            return status;
        bits |= MINIORM_COLUMN(column);
    }
    *bitmap = bits;
    return BASEAPI_OK;
}
