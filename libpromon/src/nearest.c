/*
 * Distances between words: the optimal string alignment of Damerau and Levenshtein, three rows of
 * the table at a time. Long words are never near: rows have a fixed length.
 */
#include "nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST = 48, FAR = 1000 };

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_same(char one, char other)
{
    return lower(one) == lower(other);
}

static unsigned least(unsigned one, unsigned other)
{
    return one < other ? one : other;
}

/* Row `i` of the table from the one before it and the one before that. */
static void fill_row(const char *word, const char *known, size_t i, unsigned *rows[3])
{
    const unsigned *oldest = rows[0], *old = rows[1];
    unsigned *row = rows[2];
    size_t j;

    row[0] = (unsigned)i;
    for (j = 1; known[j - 1] != '\0'; j++) {
        row[j] = least(old[j], row[j - 1]) + 1;
        row[j] = least(row[j], old[j - 1] + (is_same(word[i - 1], known[j - 1]) ? 0 : 1));
        if (i > 1 && j > 1 && is_same(word[i - 1], known[j - 2]) &&
            is_same(word[i - 2], known[j - 1]))
            row[j] = least(row[j], oldest[j - 2] + 1);
    }
}

static unsigned distance(const char *word, const char *known)
{
    unsigned table[3][LONGEST + 1] = {{0}};
    unsigned *rows[3] = {table[0], table[1], table[2]};
    size_t i, n = strlen(word), m = strlen(known);

    if (n > LONGEST || m > LONGEST)
        return FAR;
    for (i = 0; i <= m; i++)
        rows[2][i] = (unsigned)i;
    for (i = 1; i <= n; i++) {
        unsigned *oldest = rows[0];

        rows[0] = rows[1];
        rows[1] = rows[2];
        rows[2] = oldest;
        fill_row(word, known, i, rows);
    }
    return rows[2][m];
}

/* "ssl" for "verify_ssl", "pass" for "password". */
static bool is_part(const char *word, const char *known)
{
    const size_t n = strlen(word), m = strlen(known);

    if (n < 3 || n >= m)
        return false;
    return memcmp(word, known, n) == 0 ||
           (known[m - n - 1] == '_' && memcmp(word, known + m - n, n) == 0);
}

const char *promon__nearest(const char *word, const char *const *known)
{
    /* One letter of a short word, a third of a long one. */
    const size_t n = strlen(word);
    const unsigned limit = n < 6 ? 1 + (n > 3) : (unsigned)(n / 3);
    unsigned best = FAR;
    const char *found = NULL, *part = NULL;

    for (; *known != NULL; known++) {
        const unsigned here = distance(word, *known);

        if (here < best && here <= limit) {
            best = here;
            found = *known;
        }
        if (part == NULL && is_part(word, *known))
            part = *known;
    }
    return found != NULL ? found : part;
}
