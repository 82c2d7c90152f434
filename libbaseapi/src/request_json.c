/*
 * The body as JSON, within limits: jansson alone would take 2048 levels.
 */
#include <string.h>

#include "error.h"
#include "exchange.h"

/*
 * Deepest nesting of the brackets outside strings. Text that is no JSON gives some number, and is
 * refused by the parser.
 */
static size_t depth_of(const char *data, size_t size)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool is_string = false;
    size_t i;

    for (i = 0; i < size; i++) {
        const char c = data[i];

        if (is_string) {
            i += c == '\\' ? 1 : 0;
            is_string = c != '"';
        } else if (c == '"') {
            is_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((c == '}' || c == ']') && depth != 0) {
            depth--;
        }
    }
    return deepest;
}

static enum baseapi_status explain(const json_error_t *reason, struct baseapi_error *error)
{
    if (json_error_code(reason) == json_error_out_of_memory)
        return baseapi__fail(error, BASEAPI_ENOMEM, "cannot read the body: out of memory");
    if (json_error_code(reason) == json_error_invalid_utf8)
        return baseapi__fail_http(error, BASEAPI_EFORMAT, 400, "The body is not UTF-8.");
    return baseapi__fail_http(error, BASEAPI_EFORMAT, 400,
                              "The body is not JSON: %s (line %d, column %d).", reason->text,
                              reason->line, reason->column);
}

enum baseapi_status baseapi_request_json(struct baseapi_request *request, json_t **out,
                                         struct baseapi_error *error)
{
    return baseapi__request_json_from(request, request->body.data, request->body.size, out, error);
}

enum baseapi_status baseapi__request_json_from(struct baseapi_request *request, const char *data,
                                               size_t size, json_t **out,
                                               struct baseapi_error *error)
{
    json_error_t reason;

    if (request->json == NULL) {
        if (size == 0)
            return baseapi__fail_http(error, BASEAPI_EFORMAT, 400,
                                      "The body is empty, JSON is expected.");
        /* The parser would skip one behind a number. */
        if (memchr(data, '\0', size) != NULL)
            return baseapi__fail_http(error, BASEAPI_EFORMAT, 400,
                                      "The body is not JSON: it has a null byte.");
        if (depth_of(data, size) > BASEAPI_MAX_JSON_DEPTH)
            return baseapi__fail_http(error, BASEAPI_EFORMAT, 400,
                                      "The body is nested more than %d levels deep.",
                                      BASEAPI_MAX_JSON_DEPTH);
        request->json = json_loadb(data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);
        if (request->json == NULL)
            return explain(&reason, error);
    }
    *out = request->json;
    return BASEAPI_OK;
}
