/*
 * Two readers of tokens, moved on side by side.
 */
#include "json_match.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char anything[] = "…";

enum token_kind { END, PUNCTUATION, LITERAL, STRING, BROKEN };

struct token {
    enum token_kind kind;
    const char *start; /* in the text, quotes included */
    size_t size;
};

struct reader {
    const char *at;
    const char *end;
};

static struct token read_string(struct reader *reader)
{
    struct token token = {.kind = STRING, .start = reader->at};

    for (reader->at++; reader->at < reader->end; reader->at++) {
        if (*reader->at == '\\') {
            reader->at++;
        } else if (*reader->at == '"') {
            reader->at++;
            token.size = (size_t)(reader->at - token.start);
            return token;
        }
    }
    token.kind = BROKEN;
    return token;
}

static struct token read_token(struct reader *reader)
{
    struct token token = {.kind = END};

    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4) != NULL)
        reader->at++;
    token.start = reader->at;
    if (reader->at >= reader->end)
        return token;
    if (*reader->at == '"')
        return read_string(reader);
    token.kind = memchr("{}[]:,", *reader->at, 6) != NULL ? PUNCTUATION : LITERAL;
    do
        reader->at++;
    while (token.kind == LITERAL && reader->at < reader->end &&
           memchr("{}[]:,\" \t\r\n", *reader->at, 11) == NULL);
    token.size = (size_t)(reader->at - token.start);
    return token;
}

/* Goes past the value that begins with `token`. */
static bool skip_value(struct reader *reader, struct token token)
{
    unsigned depth = 0;

    for (;;) {
        if (token.kind == END || token.kind == BROKEN)
            return false;
        if (token.kind == PUNCTUATION && (*token.start == '{' || *token.start == '['))
            depth++;
        else if (token.kind == PUNCTUATION && (*token.start == '}' || *token.start == ']'))
            depth--;
        if (depth == 0)
            return token.kind != PUNCTUATION || *token.start == '}' || *token.start == ']';
        token = read_token(reader);
    }
}

static char *put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

static unsigned read_hex(const char *digits)
{
    char copy[5] = {digits[0], digits[1], digits[2], digits[3], '\0'};

    return (unsigned)strtoul(copy, NULL, 16);
}

/* Writes the character of an escape; returns what follows it. */
static const char *unescape(const char *at, const char *end, char **out)
{
    static const char names[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    const char *name = memchr(names, *at, sizeof(names) - 1);
    unsigned code;

    if (*at != 'u' || end - at < 5) {
        *(*out)++ = name == NULL ? *at : values[name - names];
        return at + 1;
    }
    code = read_hex(at + 1);
    at += 5;
    if (code >= 0xd800 && code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        code = 0x10000 + ((code - 0xd800) << 10) + (read_hex(at + 2) - 0xdc00);
        at += 6;
    }
    *out = put_utf8(*out, code);
    return at;
}

/* The characters of a string token, to be freed. */
static char *decode(struct token token)
{
    const char *end = token.start + token.size - 1;
    char *decoded = malloc(token.size + 1);
    char *out = decoded;

    if (decoded == NULL)
        return NULL;
    for (const char *at = token.start + 1; at < end;) {
        if (*at == '\\')
            at = unescape(at + 1, end, &out);
        else
            *out++ = *at++;
    }
    *out = '\0';
    return decoded;
}

bool text_match(const char *expected, const char *actual)
{
    const size_t size = sizeof(anything) - 1;

    while (*expected != '\0') {
        if (strncmp(expected, anything, size) == 0) {
            expected += size;
            do {
                if (text_match(expected, actual))
                    return true;
            } while (*actual++ != '\0');
            return false;
        }
        if (*expected++ != *actual++)
            return false;
    }
    return *actual == '\0';
}

static bool strings_match(struct token expected, struct token actual)
{
    char *expected_text = decode(expected);
    char *actual_text = decode(actual);
    const bool is_match =
        expected_text != NULL && actual_text != NULL && text_match(expected_text, actual_text);

    free(expected_text);
    free(actual_text);
    return is_match;
}

static bool tokens_match(struct token expected, struct token actual)
{
    if (expected.kind != actual.kind || expected.kind == BROKEN)
        return false;
    if (expected.kind == STRING)
        return strings_match(expected, actual);
    return expected.size == actual.size && memcmp(expected.start, actual.start, actual.size) == 0;
}

static bool is_anything(struct token token)
{
    return token.kind == STRING && token.size == sizeof(anything) + 1 &&
           memcmp(token.start + 1, anything, sizeof(anything) - 1) == 0;
}

bool json_match(const char *expected, const char *actual, size_t actual_size, size_t *offset)
{
    struct reader left = {.at = expected, .end = expected + strlen(expected)};
    struct reader right = {.at = actual, .end = actual + actual_size};

    for (;;) {
        const struct token wanted = read_token(&left);
        const struct token got = read_token(&right);

        *offset = (size_t)(got.start - actual);
        if (is_anything(wanted) ? !skip_value(&right, got) : !tokens_match(wanted, got))
            return false;
        if (wanted.kind == END)
            return true;
    }
}
