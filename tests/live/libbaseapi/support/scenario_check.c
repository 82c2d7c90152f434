/*
 * Checking an answer: what every answer has to be, then what the file expects of this one.
 */
#include "scenario.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "json_match.h"

/* Words that would tell a client about the database. */
static const char *const secrets[] = {"SELECT ",    "INSERT ",  "UPDATE \"",   "DELETE FROM",
                                      "LINE 1",     "SQLSTATE", "sqlite",      "postgres",
                                      "libminiorm", "pg_",      "relation \"", "/tmp/"};

__attribute__((format(printf, 1, 2))) static char *say(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    return text;
}

static char *body_fault(const struct http_reply *reply)
{
    const char *type = http_reply_header(reply, "Content-Type");
    json_error_t error;
    json_t *json;

    if (reply->body_size == 0)
        return NULL;
    if (type == NULL || strcmp(type, "application/json; charset=utf-8") != 0)
        return say("Content-Type is %s", type == NULL ? "missing" : type);
    json =
        json_loadb(reply->body, reply->body_size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    json_decref(json);
    /* jansson has no numbers beyond 64 bits and beyond double; the answer may. */
    if (json == NULL && strstr(error.text, "too big") == NULL &&
        strstr(error.text, "overflow") == NULL)
        return say("the body is no JSON: %s at %d", error.text, error.position);
    for (size_t i = 0; reply->status >= 400 && i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (strcasestr(reply->body, secrets[i]) != NULL)
            return say("the error tells of the database: '%s'", secrets[i]);
    }
    return NULL;
}

/* What holds for every answer of the library. */
static char *common_fault(const struct http_reply *reply)
{
    static const char *const always[] = {"X-Request-Id", "Cache-Control", "Date"};

    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        if (http_reply_header(reply, always[i]) == NULL)
            return say("there is no header field %s", always[i]);
    }
    if (strcmp(http_reply_header(reply, "Cache-Control"), "no-store") != 0)
        return say("Cache-Control is %s", http_reply_header(reply, "Cache-Control"));
    if (reply->status == 204 && http_reply_header(reply, "Content-Length") != NULL)
        return say("204 has a Content-Length");
    return body_fault(reply);
}

/* Whether every word of the comma-separated `words` is one of `list`. */
static bool has_all(const char *words, const char *list)
{
    while (*words != '\0') {
        const size_t size = strcspn(words, ", ");
        const char *found = memmem(list, strlen(list), words, size);

        if (size != 0 && (found == NULL || isalpha((unsigned char)found[size]) != 0))
            return false;
        words += size;
        words += strspn(words, ", ");
    }
    return true;
}

static bool values_match(const char *name, size_t size, const char *expected, const char *actual)
{
    if (strcmp(expected, "…") == 0)
        return true;
    if (size == strlen("Allow") && strncasecmp(name, "Allow", size) == 0)
        return has_all(expected, actual) && has_all(actual, expected);
    return text_match(expected, actual);
}

static char *headers_fault(const struct exchange *exchange, const struct http_reply *reply)
{
    for (size_t i = 0; i < exchange->wanted.count; i++) {
        const char *line = exchange->wanted.items[i];
        const size_t size = strcspn(line, ":");
        const char *expected = line + size + 1 + strspn(line + size + 1, " ");
        char *name = strndup(line, size);
        const char *actual = http_reply_header(reply, name);

        free(name);
        if (actual == NULL || !values_match(line, size, expected, actual))
            return say("%.*s is %s instead of %s", (int)size, line,
                       actual == NULL ? "missing" : actual, expected);
    }
    for (size_t i = 0; i < exchange->unwanted.count; i++) {
        if (http_reply_header(reply, exchange->unwanted.items[i]) != NULL)
            return say("there is a header field %s", exchange->unwanted.items[i]);
    }
    return NULL;
}

static char *plain_fault(const struct exchange *exchange, const struct http_reply *reply)
{
    size_t offset = 0;
    char *fault;

    if (reply->status != exchange->status)
        return say("the status is %u instead of %u", reply->status, exchange->status);
    fault = common_fault(reply);
    if (fault == NULL)
        fault = headers_fault(exchange, reply);
    if (fault != NULL || exchange->expected == NULL)
        return fault;
    if (json_match(exchange->expected, reply->body, reply->body_size, &offset))
        return NULL;
    return say("the body differs from byte %zu on\nexpected: %s", offset, exchange->expected);
}

char *exchange_fault(const struct exchange *exchange, const struct http_reply *reply)
{
    char *fault = plain_fault(exchange, reply);
    char *whole;

    if (fault == NULL)
        return NULL;
    whole = say("line %u: %s %.300s\n%s\nanswer:   %u %.4000s", exchange->line, exchange->method,
                exchange->target, fault, reply->status, reply->body);
    free(fault);
    return whole;
}
