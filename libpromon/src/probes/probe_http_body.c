/*
 * What the body of an answer to "http" must hold.
 */
#include <stdio.h>
#include <string.h>

#include "probe_http.h"

bool promon__http_wants_body(const struct promon__http *http)
{
    const char *key = NULL;

    return http->body_contains != NULL ||
           http->host->param_entry(http->params, "json_equals", 0, &key) != NULL;
}

/* "database.state": the member of a member; numbers are places in lists. */
static const json_t *member_at(const json_t *value, const char *path)
{
    while (value != NULL && path[0] != '\0') {
        const size_t size = strcspn(path, ".");
        char name[128];

        if (size >= sizeof(name))
            return NULL;
        memcpy(name, path, size);
        name[size] = '\0';
        if (json_is_array(value))
            value = name[strspn(name, "0123456789")] == '\0' && size > 0 && size < 9
                        ? json_array_get(value, strtoul(name, NULL, 10))
                        : NULL;
        else
            value = json_object_get(value, name);
        path += path[size] == '.' ? size + 1 : size;
    }
    return value;
}

/* A string is compared as it is, everything else as JSON writes it. */
static bool is_equal(const json_t *value, const char *wanted)
{
    char text[512];
    size_t size;

    if (json_is_string(value))
        return strcmp(json_string_value(value), wanted) == 0;
    size = json_dumpb(value, text, sizeof(text), JSON_ENCODE_ANY | JSON_COMPACT);
    return size <= sizeof(text) && size == strlen(wanted) && memcmp(text, wanted, size) == 0;
}

static enum promon_verdict judge_members(const struct promon__http_exchange *exchange,
                                         const json_t *answer)
{
    const struct promon__http *http = exchange->http;
    const char *path = NULL, *wanted;
    size_t i;

    for (i = 0; (wanted = http->host->param_entry(http->params, "json_equals", i, &path)) != NULL;
         i++) {
        const json_t *value = member_at(answer, path);

        if (value == NULL)
            return http->host->fail(exchange->result, PROMON_REASON_BODY,
                                    "the answer has no \"%s\"", path);
        if (!is_equal(value, wanted))
            return http->host->fail(exchange->result, PROMON_REASON_BODY,
                                    "\"%s\" is not what is expected", path);
    }
    return PROMON_UP;
}

static enum promon_verdict judge_json(const struct promon__http_exchange *exchange)
{
    const struct promon__http *http = exchange->http;
    const char *path = NULL;
    enum promon_verdict verdict;
    json_t *answer;

    if (http->host->param_entry(http->params, "json_equals", 0, &path) == NULL)
        return PROMON_UP;
    answer = exchange->size == 0
                 ? NULL
                 : json_loadb(exchange->body, exchange->size, JSON_DECODE_ANY, NULL);
    if (answer == NULL)
        return http->host->fail(exchange->result, PROMON_REASON_BODY, "the answer is no JSON");
    verdict = judge_members(exchange, answer);
    json_decref(answer);
    return verdict;
}

enum promon_verdict promon__http_judge_body(const struct promon__http_exchange *exchange)
{
    const struct promon__http *http = exchange->http;
    const char *text = http->body_contains;

    if (!promon__http_wants_body(http))
        return PROMON_UP;
    if (exchange->is_full)
        return http->host->fail(exchange->result, PROMON_REASON_BODY,
                                "the answer has more than %zu bytes", http->max_body_bytes);
    if (text != NULL && text[0] != '\0' &&
        (exchange->size == 0 || memmem(exchange->body, exchange->size, text, strlen(text)) == NULL))
        return http->host->fail(exchange->result, PROMON_REASON_BODY,
                                "the answer of %zu bytes does not hold what is expected",
                                exchange->size);
    return judge_json(exchange);
}
