/*
 * Reading the text of a pattern. Braces inside a parameter's expression must be paired, as in
 * "{code:[A-Z]{2}}", or escaped.
 */
#include "pattern_parse.h"

#include <string.h>

#include "error.h"

static bool is_name_character(char c, bool is_first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return true;
    return !is_first && c >= '0' && c <= '9';
}

static bool is_name(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (!is_name_character(text[i], i == 0))
            return false;
    }
    return size != 0;
}

/* The '}' that closes the '{' at `open`, or NULL. */
static const char *find_close(const char *open)
{
    size_t depth = 0;
    const char *p;

    for (p = open; *p != '\0'; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        else if (*p == '{')
            depth++;
        else if (*p == '}' && --depth == 0)
            return p;
    }
    return NULL;
}

static enum baseapi_status add_literal(struct pattern_parts *parts, const char *start, size_t size,
                                       struct arena *arena)
{
    char *copy = arena_copy(arena, start, size);

    if (copy == NULL)
        return BASEAPI_ENOMEM;
    parts->literals[parts->count] = copy;
    parts->literal_sizes[parts->count] = size;
    return BASEAPI_OK;
}

static enum parameter_kind kind_of(const char *regex)
{
    if (regex == NULL || strcmp(regex, "[^/]+") == 0 || strcmp(regex, "[^{}/]+") == 0)
        return PARAMETER_SEGMENT;
    return strcmp(regex, "\\d+") == 0 || strcmp(regex, "[0-9]+") == 0 ? PARAMETER_DIGITS
                                                                      : PARAMETER_REGEX;
}

static bool has_parameter(const struct pattern_parts *parts, const char *name)
{
    size_t i;

    for (i = 0; i < parts->count; i++) {
        if (strcmp(parts->parameters[i].name, name) == 0)
            return true;
    }
    return false;
}

/* `inside` is what stands between the braces. */
static enum baseapi_status add_parameter(struct pattern_parts *parts, const char *text,
                                         const char *inside, size_t size, struct arena *arena,
                                         struct baseapi_error *error)
{
    const char *colon = memchr(inside, ':', size);
    const size_t name_size = colon == NULL ? size : (size_t)(colon - inside);
    const size_t regex_size = colon == NULL ? 0 : size - name_size - 1;
    struct parameter parameter = {.name = arena_copy(arena, inside, name_size)};

    if (colon != NULL)
        parameter.regex = arena_copy(arena, colon + 1, regex_size);
    if (parameter.name == NULL || (colon != NULL && parameter.regex == NULL))
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add route \"%s\": out of memory", text);
    if (!is_name(inside, name_size) || (colon != NULL && regex_size == 0))
        return baseapi__fail(error, BASEAPI_EINVALID,
                             "route \"%s\": malformed parameter \"{%.*s}\"", text, (int)size,
                             inside);
    if (has_parameter(parts, parameter.name))
        return baseapi__fail(error, BASEAPI_EINVALID, "route \"%s\": parameter \"%s\" occurs twice",
                             text, parameter.name);
    parameter.kind = kind_of(parameter.regex);
    parts->parameters[parts->count++] = parameter;
    return BASEAPI_OK;
}

static enum baseapi_status check_text(const char *text, struct baseapi_error *error)
{
    const char *p;

    if (strlen(text) > PATTERN_MAX_SIZE)
        return baseapi__fail(error, BASEAPI_EINVALID, "route \"%.40s…\": longer than %d bytes",
                             text, PATTERN_MAX_SIZE);
    if (text[0] != '/' && text[0] != '{')
        return baseapi__fail(error, BASEAPI_EINVALID, "route \"%s\": a path starts with '/'", text);
    for (p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
            return baseapi__fail(error, BASEAPI_EINVALID,
                                 "route \"%s\": character %zu can never be in a path", text,
                                 (size_t)(p - text) + 1);
    }
    return BASEAPI_OK;
}

enum baseapi_status baseapi__pattern_parse(const char *text, struct arena *arena,
                                           struct pattern_parts *out, struct baseapi_error *error)
{
    enum baseapi_status status = check_text(text, error);
    struct pattern_parts parts = {.count = 0};
    const char *p = text;

    while (status == BASEAPI_OK) {
        const size_t literal = strcspn(p, "{}?#");
        const char *close;

        status = add_literal(&parts, p, literal, arena);
        if (status != BASEAPI_OK)
            return baseapi__fail(error, status, "cannot add route \"%s\": out of memory", text);
        p += literal;
        if (*p == '\0')
            break;
        close = *p == '{' ? find_close(p) : NULL;
        if (close == NULL || parts.count == PATTERN_MAX_PARAMETERS)
            return baseapi__fail(error, BASEAPI_EINVALID, "route \"%s\": %s at character %zu", text,
                                 close == NULL ? "misplaced character" : "too many parameters",
                                 (size_t)(p - text) + 1);
        status = add_parameter(&parts, text, p + 1, (size_t)(close - p - 1), arena, error);
        p = close + 1;
    }
    if (status == BASEAPI_OK)
        *out = parts;
    return status;
}
