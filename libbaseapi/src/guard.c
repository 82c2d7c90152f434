/*
 * The guard. The server underneath reads leniently: it takes the first of several Content-Length
 * fields, prefers neither of Content-Length and Transfer-Encoding, ignores a field whose name ends
 * in a space, and misreads one that goes on in another line. What two readers of one message may
 * understand differently is refused here, before the body is read, and the connection is closed.
 *
 * Invariant: a head that passes has exactly one meaning: one target, one host, one length.
 */
#include "guard.h"

#include <string.h>
#include <strings.h>

#define NAME(field, literal) baseapi__field_is(field, literal, sizeof(literal) - 1)

/* What the fields say about the message as a whole. */
struct seen {
    const struct header_field *host;
    const struct header_field *length;
    const struct header_field *encoding;
    const struct header_field *expect;
    unsigned hosts, lengths, encodings, expects;
};

#define REFUSE(code, text) ((struct refusal){.status = (code), .detail = (text)})
#define ACCEPT ((struct refusal){.status = 0, .detail = NULL})

/* RFC 9110, section 5.6.2, without letters and digits. */
static const char token_marks[] = "!#$%&'*+-.^_`|~";

static bool is_token_character(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr(token_marks, c) != NULL;
}

bool baseapi__is_token(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (!is_token_character(text[i]))
            return false;
    }
    return size != 0;
}

bool baseapi__is_field_value(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text[i];

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

bool baseapi__field_is(const struct header_field *field, const char *name, size_t name_size)
{
    return field->name_size == name_size && strncasecmp(field->name, name, name_size) == 0;
}

static void look_at(const struct header_field *field, struct seen *seen)
{
    /* The lengths of the four names differ: one comparison of text at most. */
    if (NAME(field, "Host")) {
        seen->host = field;
        seen->hosts++;
    } else if (NAME(field, "Content-Length")) {
        seen->length = field;
        seen->lengths++;
    } else if (NAME(field, "Transfer-Encoding")) {
        seen->encoding = field;
        seen->encodings++;
    } else if (NAME(field, "Expect")) {
        seen->expect = field;
        seen->expects++;
    }
}

static struct refusal check_fields(const struct head *head, struct seen *seen)
{
    size_t i;

    for (i = 0; i < head->field_count; i++) {
        const struct header_field *field = &head->fields[i];

        if (field->is_continued)
            return REFUSE(400, "A header field is continued on another line.");
        if (!baseapi__is_token(field->name, field->name_size))
            return REFUSE(400, "A header field has a malformed name.");
        if (!baseapi__is_field_value(field->value, field->value_size) ||
            strlen(field->value) != field->value_size)
            return REFUSE(400, "A header field has a control character in its value.");
        look_at(field, seen);
    }
    return ACCEPT;
}

static bool is_host(const struct header_field *host)
{
    size_t i;

    for (i = 0; i < host->value_size; i++) {
        if ((unsigned char)host->value[i] >= 0x7f)
            return false;
    }
    /*
     * An empty host is allowed (RFC 9110, section 7.2); a list is not, nor what no host is made of
     * (RFC 3986, section 3.2.2).
     */
    return strpbrk(host->value, " \t,/\\?#@\"<>^`{|}") == NULL;
}

static struct refusal check_host(const struct seen *seen, bool is_1_1)
{
    if (seen->hosts > 1)
        return REFUSE(400, "The Host field occurs more than once.");
    if (seen->hosts == 0)
        return is_1_1 ? REFUSE(400, "The Host field is missing.") : ACCEPT;
    return is_host(seen->host) ? ACCEPT : REFUSE(400, "The Host field is malformed.");
}

static bool parse_length(const char *text, uint64_t *out)
{
    uint64_t value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        const uint64_t digit = (uint64_t)(unsigned char)*text - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static struct refusal check_length(const struct seen *seen, struct framing *out)
{
    if (seen->lengths == 0)
        return ACCEPT;
    if (seen->lengths > 1)
        return REFUSE(400, "The Content-Length field occurs more than once.");
    if (seen->encodings != 0)
        return REFUSE(400, "Content-Length and Transfer-Encoding exclude each other.");
    if (!parse_length(seen->length->value, &out->content_length))
        return REFUSE(400, "The Content-Length field is not a number.");
    out->has_body = out->content_length != 0;
    return ACCEPT;
}

static struct refusal check_encoding(const struct seen *seen, bool is_1_1, struct framing *out)
{
    if (seen->encodings == 0)
        return ACCEPT;
    if (!is_1_1)
        return REFUSE(400, "Transfer-Encoding needs HTTP/1.1.");
    if (seen->encodings > 1 || strcasecmp(seen->encoding->value, "chunked") != 0)
        return REFUSE(501, "The only transfer coding understood is chunked.");
    out->has_body = true;
    return ACCEPT;
}

static struct refusal check_expect(const struct seen *seen, bool is_1_1)
{
    if (seen->expects == 0 || !is_1_1)
        return ACCEPT;
    if (seen->expects > 1 || strcasecmp(seen->expect->value, "100-continue") != 0)
        return REFUSE(417, "The only expectation met is 100-continue.");
    return ACCEPT;
}

static struct refusal check_method(const char *method)
{
    if (!baseapi__is_token(method, strlen(method)))
        return REFUSE(400, "The method is malformed.");
    if (strcmp(method, "CONNECT") == 0)
        return REFUSE(501, "This server is no proxy.");
    return ACCEPT;
}

static struct refusal check_target(const struct head *head, struct framing *out)
{
    switch (baseapi__target_parse(head->target, &out->target)) {
    case TARGET_CHARACTER:
        return REFUSE(400, "The request target has a character that must be percent-encoded.");
    case TARGET_NUL: return REFUSE(400, "The request target has an encoded NUL.");
    case TARGET_ESCAPE: return REFUSE(400, "The path has a malformed percent-encoding.");
    case TARGET_FORM: return REFUSE(400, "The request target is no path.");
    case TARGET_OK: break;
    }
    if (out->target.path[0] == '*' && strcmp(head->method, "OPTIONS") != 0)
        return REFUSE(400, "The request target \"*\" is for OPTIONS only.");
    return ACCEPT;
}

/* The checks in order; the first that refuses decides. */
struct refusal baseapi__guard_check(const struct head *head, struct framing *out)
{
    struct seen seen = {.host = NULL};
    struct framing framing = {.content_length = 0};
    const bool is_1_1 = strcmp(head->version, "HTTP/1.1") == 0;
    struct refusal refusal = ACCEPT;

    if (!is_1_1 && strcmp(head->version, "HTTP/1.0") != 0)
        return REFUSE(505, "The versions understood are HTTP/1.0 and HTTP/1.1.");
    refusal = check_method(head->method);
    if (refusal.status == 0)
        refusal = check_target(head, &framing);
    if (refusal.status == 0)
        refusal = check_fields(head, &seen);
    if (refusal.status == 0)
        refusal = check_host(&seen, is_1_1);
    if (refusal.status == 0)
        refusal = check_length(&seen, &framing);
    if (refusal.status == 0)
        refusal = check_encoding(&seen, is_1_1, &framing);
    if (refusal.status == 0)
        refusal = check_expect(&seen, is_1_1);
    if (refusal.status == 0)
        *out = framing;
    return refusal;
}
