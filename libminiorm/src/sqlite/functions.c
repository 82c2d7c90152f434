/*
 * Functions: pattern matching as PostgreSQL does it, and the order of decimal numbers.
 *
 * A pattern is matched in one pass over the text with a return to the last %, so that the work is
 * bounded by the product of the two lengths.
 */
#include "functions.h"

#include <stdbool.h>
#include <stddef.h>

#include "../value.h"

struct span {
    const unsigned char *at;
    const unsigned char *end;
};

static unsigned char fold(unsigned char c, bool ignores_case)
{
    return ignores_case && c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

/* Steps over one character of UTF-8. */
static const unsigned char *next_character(const struct span *text)
{
    const unsigned char *at = text->at + 1;

    while (at < text->end && (*at & 0xc0) == 0x80)
        at++;
    return at;
}

enum step { STEP_MATCH, STEP_MISMATCH, STEP_ANY };

/* Matches one element of the pattern against the text; STEP_ANY for a %. */
static enum step match_one(struct span *pattern, struct span *text, bool ignores_case)
{
    unsigned char c;

    if (pattern->at == pattern->end)
        return STEP_MISMATCH;
    c = *pattern->at;
    if (c == '%') {
        pattern->at++;
        return STEP_ANY;
    }
    if (text->at == text->end)
        return STEP_MISMATCH;
    if (c == '_') {
        pattern->at++;
        text->at = next_character(text);
        return STEP_MATCH;
    }
    if (c == '\\' && pattern->at + 1 < pattern->end)
        c = *++pattern->at;
    if (fold(c, ignores_case) != fold(*text->at, ignores_case))
        return STEP_MISMATCH;
    pattern->at++;
    text->at++;
    return STEP_MATCH;
}

static bool is_only_percent(const struct span *pattern)
{
    const unsigned char *at = pattern->at;

    while (at < pattern->end && *at == '%')
        at++;
    return at == pattern->end;
}

static bool matches(struct span pattern, struct span text, bool ignores_case)
{
    struct span retry_pattern = {NULL, NULL};
    struct span retry_text = text;

    while (text.at < text.end || pattern.at < pattern.end) {
        switch (match_one(&pattern, &text, ignores_case)) {
        case STEP_MATCH: break;
        case STEP_ANY:
            if (is_only_percent(&pattern))
                return true;
            retry_pattern = pattern;
            retry_text = text;
            break;
        case STEP_MISMATCH:
            if (retry_pattern.at == NULL || retry_text.at == retry_text.end)
                return false;
            retry_text.at = next_character(&retry_text);
            pattern = retry_pattern;
            text = retry_text;
            break;
        }
    }
    return true;
}

static struct span span_of(sqlite3_value *value)
{
    const unsigned char *data = sqlite3_value_text(value);
    struct span span = {data, data};

    if (data != NULL)
        span.end = data + sqlite3_value_bytes(value);
    return span;
}

/* A \ with nothing behind it; PostgreSQL refuses that, too. */
static bool ends_with_escape(const struct span *pattern)
{
    const unsigned char *at = pattern->end;

    while (at > pattern->at && at[-1] == '\\')
        at--;
    return (pattern->end - at) % 2 == 1;
}

static void like(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct span pattern;
    struct span text;

    (void)count;
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL ||
        sqlite3_value_type(arguments[1]) == SQLITE_NULL)
        return;
    pattern = span_of(arguments[0]);
    text = span_of(arguments[1]);
    if (pattern.at == NULL || text.at == NULL) {
        sqlite3_result_error_nomem(context);
    } else if (ends_with_escape(&pattern)) {
        sqlite3_result_error(context, "LIKE pattern must not end with escape character", -1);
        sqlite3_result_error_code(context, SQLITE_MISMATCH);
    } else {
        sqlite3_result_int(context, matches(pattern, text, sqlite3_user_data(context) != NULL));
    }
}

static int compare_numeric(void *data, int left_size, const void *left, int right_size,
                           const void *right)
{
    (void)data;
    return miniorm__numeric_compare(left, (size_t)left_size, right, (size_t)right_size);
}

int miniorm__sqlite_functions_register(sqlite3 *connection)
{
    static const char ignores_case = 1;
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = sqlite3_create_function_v2(connection, "miniorm_like", 2, flags, NULL, like, NULL,
                                          NULL, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(connection, "miniorm_ilike", 2, flags,
                                          (void *)(uintptr_t)&ignores_case, like, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_create_collation_v2(connection, "miniorm_numeric", SQLITE_UTF8, NULL,
                                           compare_numeric, NULL);
    return code;
}
