/*
 * Matching patterns. One whose parameters are plain segments or digits, each followed by '/' or the
 * end, is compared piece by piece; any other becomes one PCRE2 expression over the whole path.
 *
 * Order: compile, any number of matches from any thread, free.
 * Invariant: an expression runs under limits of steps and depth, so no path can make it run long.
 */
#include "pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "pattern_parse.h"
#include "text.h"

/*
 * Steps and depth that matching a path may take: PCRE2's own defaults (10 million) are seconds of a
 * core, this is about a millisecond, and an expression for a path of 8 kB needs far less.
 */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000

struct pattern {
    const char *text;
    const char *plain;
    struct pattern_parts parts;
    pcre2_code *code; /* NULL when the parts are compared piece by piece */
    uint32_t *groups; /* number of the group of each parameter */
};

struct pattern_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

static bool is_simple(const struct pattern_parts *parts)
{
    size_t i;

    for (i = 0; i < parts->count; i++) {
        const char *next = parts->literals[i + 1];

        if (parts->parameters[i].kind == PARAMETER_REGEX)
            return false;
        /* What follows must end the parameter, or the match would have to try lengths. */
        if (next[0] != '/' && !(next[0] == '\0' && i + 1 == parts->count))
            return false;
    }
    return true;
}

static void add_quoted(struct text *text, const char *literal)
{
    for (; *literal != '\0'; literal++) {
        if (strchr("\\^$.[]|()?*+{}-", *literal) != NULL)
            text_char(text, '\\');
        text_char(text, *literal);
    }
}

static char *expression_of(const struct pattern_parts *parts)
{
    struct text text = {.data = NULL};
    size_t i;

    for (i = 0; i < parts->count; i++) {
        const struct parameter *parameter = &parts->parameters[i];

        add_quoted(&text, parts->literals[i]);
        text_string(&text, "(?<");
        text_string(&text, parameter->name);
        text_string(&text, ">");
        text_string(&text, parameter->kind == PARAMETER_SEGMENT ? "[^/]+" : parameter->regex);
        text_string(&text, ")");
    }
    add_quoted(&text, parts->literals[parts->count]);
    return text_take(&text, NULL);
}

static enum baseapi_status find_groups(struct pattern *pattern, struct arena *arena,
                                       struct baseapi_error *error)
{
    size_t i;

    pattern->groups = arena_zeroed(arena, pattern->parts.count, sizeof(*pattern->groups));
    if (pattern->groups == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add route \"%s\": out of memory",
                             pattern->text);
    for (i = 0; i < pattern->parts.count; i++) {
        const int group = pcre2_substring_number_from_name(
            pattern->code, (PCRE2_SPTR)pattern->parts.parameters[i].name);

        if (group <= 0)
            return baseapi__fail(error, BASEAPI_EINVALID,
                                 "route \"%s\": malformed parameter \"%s\"", pattern->text,
                                 pattern->parts.parameters[i].name);
        pattern->groups[i] = (uint32_t)group;
    }
    return BASEAPI_OK;
}

static enum baseapi_status compile_expression(struct pattern *pattern, struct arena *arena,
                                              struct baseapi_error *error)
{
    char *expression = expression_of(&pattern->parts);
    PCRE2_UCHAR reason[120];
    PCRE2_SIZE place = 0;
    int failure = 0;

    if (expression == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add route \"%s\": out of memory",
                             pattern->text);
    pattern->code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
                                  PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY,
                                  &failure, &place, NULL);
    free(expression);
    if (pattern->code == NULL) {
        (void)pcre2_get_error_message(failure, reason, sizeof(reason));
        return baseapi__fail(error, BASEAPI_EINVALID, "route \"%s\": %s", pattern->text,
                             (const char *)reason);
    }
    return find_groups(pattern, arena, error);
}

static const char *plain_of(const struct pattern_parts *parts, struct arena *arena)
{
    struct text text = {.data = NULL};
    char *plain = NULL;
    size_t i;

    for (i = 0; i < parts->count; i++) {
        text_string(&text, parts->literals[i]);
        text_char(&text, '{');
        text_string(&text, parts->parameters[i].name);
        text_char(&text, '}');
    }
    text_string(&text, parts->literals[parts->count]);
    if (!text.failed)
        plain = arena_string(arena, text.data);
    text_free(&text);
    return plain;
}

enum baseapi_status baseapi__pattern_compile(const char *text, struct arena *arena,
                                             struct pattern **out, struct baseapi_error *error)
{
    struct pattern *pattern = arena_zeroed(arena, 1, sizeof(*pattern));
    enum baseapi_status status;

    if (pattern == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add route \"%s\": out of memory", text);
    status = baseapi__pattern_parse(text, arena, &pattern->parts, error);
    if (status != BASEAPI_OK)
        return status;
    pattern->text = arena_string(arena, text);
    pattern->plain = plain_of(&pattern->parts, arena);
    if (pattern->text == NULL || pattern->plain == NULL)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot add route \"%s\": out of memory", text);
    if (!is_simple(&pattern->parts))
        status = compile_expression(pattern, arena, error);
    if (status != BASEAPI_OK) {
        baseapi__pattern_free(pattern);
        return status;
    }
    *out = pattern;
    return BASEAPI_OK;
}

void baseapi__pattern_free(struct pattern *pattern)
{
    if (pattern != NULL)
        pcre2_code_free(pattern->code);
}

struct pattern_scratch *baseapi__pattern_scratch_new(void)
{
    struct pattern_scratch *scratch = calloc(1, sizeof(*scratch));

    if (scratch == NULL)
        return NULL;
    /*
     * Expressions may have groups of their own beside the parameters; what does not fit is not
     * asked for.
     */
    scratch->data = pcre2_match_data_create(PATTERN_MAX_SIZE / 2, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    if (scratch->data == NULL || scratch->context == NULL) {
        baseapi__pattern_scratch_free(scratch);
        return NULL;
    }
    pcre2_set_match_limit(scratch->context, MATCH_LIMIT);
    pcre2_set_depth_limit(scratch->context, DEPTH_LIMIT);
    return scratch;
}

void baseapi__pattern_scratch_free(struct pattern_scratch *scratch)
{
    if (scratch == NULL)
        return;
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
    free(scratch);
}

static size_t parameter_size(enum parameter_kind kind, const char *path, size_t size)
{
    size_t length = 0;

    if (kind == PARAMETER_DIGITS) {
        while (length < size && path[length] >= '0' && path[length] <= '9')
            length++;
        return length;
    }
    while (length < size && path[length] != '/')
        length++;
    return length;
}

static enum pattern_outcome match_parts(const struct pattern_parts *parts, const char *path,
                                        size_t size, struct capture *captures)
{
    size_t place = 0;
    size_t i;

    for (i = 0;; i++) {
        const size_t literal = parts->literal_sizes[i];

        if (literal > size - place || memcmp(path + place, parts->literals[i], literal) != 0)
            return PATTERN_DIFFERS;
        place += literal;
        if (i == parts->count)
            return place == size ? PATTERN_MATCHES : PATTERN_DIFFERS;
        captures[i].start = place;
        captures[i].size = parameter_size(parts->parameters[i].kind, path + place, size - place);
        if (captures[i].size == 0)
            return PATTERN_DIFFERS;
        place += captures[i].size;
    }
}

static enum pattern_outcome match_expression(const struct pattern *pattern, const char *path,
                                             size_t size, struct pattern_scratch *scratch,
                                             struct capture *captures)
{
    const int result =
        pcre2_match(pattern->code, (PCRE2_SPTR)path, size, 0, 0, scratch->data, scratch->context);
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(scratch->data);
    size_t i;

    if (result == PCRE2_ERROR_NOMATCH)
        return PATTERN_DIFFERS;
    if (result < 0)
        return PATTERN_LIMIT;
    for (i = 0; i < pattern->parts.count; i++) {
        const PCRE2_SIZE *offset = offsets + 2 * (size_t)pattern->groups[i];

        /* A group that took no part has an offset beyond the path. */
        captures[i].start = offset[0] <= size ? offset[0] : 0;
        captures[i].size = offset[0] <= size ? offset[1] - offset[0] : 0;
    }
    return PATTERN_MATCHES;
}

enum pattern_outcome baseapi__pattern_match(const struct pattern *pattern, const char *path,
                                            size_t size, struct pattern_scratch *scratch,
                                            struct capture *captures)
{
    if (pattern->code == NULL)
        return match_parts(&pattern->parts, path, size, captures);
    return match_expression(pattern, path, size, scratch, captures);
}

size_t baseapi__pattern_parameter_count(const struct pattern *pattern)
{
    return pattern->parts.count;
}

const char *baseapi__pattern_parameter_name(const struct pattern *pattern, size_t index)
{
    return pattern->parts.parameters[index].name;
}

const char *baseapi__pattern_text(const struct pattern *pattern)
{
    return pattern->text;
}

const char *baseapi__pattern_plain(const struct pattern *pattern)
{
    return pattern->plain;
}

const char *baseapi__pattern_literal(const struct pattern *pattern, size_t index)
{
    return pattern->parts.literals[index];
}
