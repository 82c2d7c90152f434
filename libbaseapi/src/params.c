/*
 * Pairs of a query string: application/x-www-form-urlencoded, decoded strictly.
 *
 * Order: baseapi__params_decode once per query string; params_tree.c makes the tree of the pairs.
 * Invariant: every decoded name and value is UTF-8 without null bytes, and lies in the arena or in
 * the query string, both of which belong to the request.
 */
#include "params.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "target.h"
#include "utf8.h"

void baseapi__params_fault(struct params_report *report, struct arena *arena,
                           struct miniorm_text parameter, const char *format, ...)
{
    const char *name = arena_copy(arena, parameter.data, parameter.size);
    char *detail;
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    detail = arena_alloc(arena, (size_t)size + 1);
    report->count++;
    if (name == NULL || detail == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(detail, (size_t)size + 1, format, arguments);
    va_end(arguments);
    report->tell(report->context, name, detail);
}

bool baseapi__text_is(struct miniorm_text text, const char *string)
{
    return strlen(string) == text.size && memcmp(text.data, string, text.size) == 0;
}

bool baseapi__text_same(struct miniorm_text a, struct miniorm_text b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Decodes into `to`, which has room for `size` bytes; false at an escape that is none. */
static bool unescape(const char *from, size_t size, char *to, size_t *decoded)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        if (from[i] == '%') {
            const int value = i + 2 < size ? baseapi__target_escape_value(from + i) : -1;

            if (value < 0)
                return false;
            to[n++] = (char)value;
            i += 2;
        } else {
            to[n++] = from[i];
            if (from[i] == '+')
                to[n - 1] = ' ';
        }
    }
    *decoded = n;
    return true;
}

static enum baseapi_status decode(struct arena *arena, struct miniorm_text raw,
                                  struct miniorm_text *out, const char **fault)
{
    char *decoded;
    size_t size;

    *out = raw;
    *fault = NULL;
    if (memchr(raw.data, '%', raw.size) == NULL && memchr(raw.data, '+', raw.size) == NULL) {
        /* The server lets only printable ASCII through, but other callers may not. */
        if (!utf8_is_valid(raw.data, raw.size))
            *fault = "is not UTF-8";
        return BASEAPI_OK;
    }
    decoded = arena_alloc(arena, raw.size);
    if (decoded == NULL)
        return BASEAPI_ENOMEM;
    if (!unescape(raw.data, raw.size, decoded, &size)) {
        *fault = "has a bad escape";
        return BASEAPI_OK;
    }
    *out = miniorm_text_from(decoded, size);
    if (memchr(decoded, '\0', size) != NULL)
        *fault = "has a null byte";
    else if (!utf8_is_valid(decoded, size))
        *fault = "is not UTF-8";
    return BASEAPI_OK;
}

static bool has_pair(const struct params_pairs *pairs, struct miniorm_text name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (baseapi__text_same(pairs->items[i].name, name))
            return true;
    }
    return false;
}

static enum baseapi_status add_pair(struct arena *arena, struct miniorm_text raw,
                                    struct params_report *report, struct params_pairs *pairs)
{
    const char *equals = memchr(raw.data, '=', raw.size);
    const size_t name_size = equals == NULL ? raw.size : (size_t)(equals - raw.data);
    const struct miniorm_text raw_name = miniorm_text_from(raw.data, name_size);
    const struct miniorm_text raw_value =
        equals == NULL ? miniorm_text_from("", 0)
                       : miniorm_text_from(equals + 1, raw.size - name_size - 1);
    struct params_pair pair;
    const char *fault;
    enum baseapi_status status = decode(arena, raw_name, &pair.name, &fault);

    if (status == BASEAPI_OK && fault == NULL)
        status = decode(arena, raw_value, &pair.value, &fault);
    if (status != BASEAPI_OK)
        return status;
    if (fault != NULL)
        baseapi__params_fault(report, arena, raw_name, "Requested parameter %s.", fault);
    else if (!has_pair(pairs, pair.name))
        pairs->items[pairs->count++] = pair;
    return BASEAPI_OK;
}

static size_t count_pairs(const char *query)
{
    size_t count = 1;

    for (const char *c = query; *c != '\0'; c++)
        count += *c == '&';
    return count;
}

/* The first parameter beyond the limit is the one at fault. */
static enum baseapi_status tell_too_many(struct arena *arena, const char *query,
                                         struct params_report *report)
{
    for (unsigned i = 0; i < BASEAPI_MAX_PARAMETERS; i++)
        query += strcspn(query, "&") + 1;
    baseapi__params_fault(report, arena, miniorm_text_from(query, strcspn(query, "&=")),
                          "Requested parameters are too many. Maximum is %d",
                          BASEAPI_MAX_PARAMETERS);
    return BASEAPI_EINVALID;
}

enum baseapi_status baseapi__params_decode(struct arena *arena, const char *query,
                                           struct params_report *report, struct params_pairs *out)
{
    const size_t count = count_pairs(query);
    struct params_pairs pairs = {NULL, 0};
    const char *rest = query;

    if (count > BASEAPI_MAX_PARAMETERS)
        return tell_too_many(arena, query, report);
    pairs.items = arena_zeroed(arena, count, sizeof(*pairs.items));
    if (pairs.items == NULL)
        return BASEAPI_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const size_t size = strcspn(rest, "&");
        enum baseapi_status status = BASEAPI_OK;

        if (size != 0)
            status = add_pair(arena, miniorm_text_from(rest, size), report, &pairs);
        if (status != BASEAPI_OK)
            return status;
        rest += size + 1;
    }
    if (report->count != 0)
        return BASEAPI_EINVALID;
    *out = pairs;
    return BASEAPI_OK;
}
