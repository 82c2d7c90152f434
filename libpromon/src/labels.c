/*
 * Labels: names, and label values as keys and as text of a page.
 */
#include "labels.h"

#include <stdlib.h>

#include "utf8.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(const char *name, bool is_colon_allowed)
{
    size_t i;

    for (i = 0; name[i] != '\0'; i++) {
        const bool is_digit = name[i] >= '0' && name[i] <= '9';

        if (!is_letter(name[i]) && !(is_digit && i > 0) && !(name[i] == ':' && is_colon_allowed))
            return false;
    }
    return i > 0;
}

bool promon__is_metric_name(const char *name)
{
    return is_name(name, true);
}

bool promon__is_label_name(const char *name)
{
    return is_name(name, false) && strncmp(name, "__", 2) != 0;
}

bool promon__is_reserved_name(const char *name)
{
    return strncmp(name, "promon_", 7) == 0 || strncmp(name, "process_", 8) == 0;
}

bool promon__has_values(const char *const *values, size_t n)
{
    size_t i;

    if (values == NULL)
        return n == 0;
    for (i = 0; i < n; i++) {
        if (values[i] == NULL)
            return false;
    }
    return values[n] == NULL;
}

bool promon__are_values_utf8(const char *const *values, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (!utf8_is_valid(values[i], strlen(values[i])))
            return false;
    }
    return true;
}

bool promon__key_long(struct promon__key *key, const char *const *values, size_t n, uint64_t seed)
{
    size_t limit = 0, i;
    uint64_t *words;

    for (i = 0; i < n; i++)
        limit += strlen(values[i]) / 8 + 1;
    words = malloc((limit + 1) * sizeof(*words));
    if (words == NULL)
        return false;
    return promon__key_build(key, words, limit, values, n, seed);
}

void promon__key_free(struct promon__key *key)
{
    free((uint64_t *)(uintptr_t)key->words);
}

static bool is_escaped(char c)
{
    return c == '\\' || c == '"' || c == '\n';
}

static size_t escaped_size(const char *value)
{
    size_t size = 0;

    for (; *value != '\0'; value++)
        size += is_escaped(*value) ? 2 : 1;
    return size;
}

size_t promon__label_text_size(const char *const *names, const char *const *values, size_t n)
{
    size_t size = n > 0 ? n - 1 : 0, i;

    for (i = 0; i < n; i++)
        size += strlen(names[i]) + 3 + escaped_size(values[i]);
    return size;
}

static char *write_escaped(char *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (is_escaped(*value))
            *out++ = '\\';
        *out++ = *value == '\n' ? 'n' : *value;
    }
    return out;
}

char *promon__label_text_write(char *out, const char *const *names, const char *const *values,
                               size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const size_t size = strlen(names[i]);

        if (i > 0)
            *out++ = ',';
        memcpy(out, names[i], size);
        out += size;
        *out++ = '=';
        *out++ = '"';
        out = write_escaped(out, values[i]);
        *out++ = '"';
    }
    *out = '\0';
    return out;
}
