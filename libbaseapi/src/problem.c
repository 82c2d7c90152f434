/*
 * Error documents: the only place that makes them, and that knows which code and text go with a
 * status.
 */
#include "problem.h"

#include <stdio.h>

#include "app.h"
#include "error.h"
#include "exchange.h"
#include "json_text.h"

struct known_status {
    unsigned status;
    const char *code;
    const char *detail;
};

static const struct known_status known[] = {
    {400, "bad_request", "400: Bad Request"},
    {401, "unauthorized", "401: Unauthorized"},
    {402, "payment_required", "402: Payment Required"},
    {403, "forbidden", "403: Forbidden"},
    {404, BASEAPI_CODE_NOT_FOUND, "404: Not Found"},
    {405, "method_not_allowed", "405: Method Not Allowed"},
    {406, "not_acceptable", "406: Not Acceptable"},
    {408, "request_timeout", "408: Request Timeout"},
    {409, "conflict", "409: Conflict"},
    {410, "gone", "410: Gone"},
    {411, "length_required", "411: Length Required"},
    {412, "precondition_failed", "412: Precondition Failed"},
    {413, "request_entity_too_large", "413: Request Entity Too Large"},
    {414, "uri_too_long", "414: URI Too Long"},
    {415, "unsupported_media_type", "415: Unsupported Media Type"},
    {417, "expectation_failed", "417: Expectation Failed"},
    {421, "misdirected_request", "421: Misdirected Request"},
    {422, "unprocessable_entity", "422: Unprocessable Entity"},
    {423, "locked", "423: Locked"},
    {424, "failed_dependency", "424: Failed Dependency"},
    {426, "upgrade_required", "426: Upgrade Required"},
    {428, "precondition_required", "428: Precondition Required"},
    {429, "too_many_requests", "429: Too Many Requests"},
    {431, "request_header_fields_too_large", "431: Request Header Fields Too Large"},
    {451, "unavailable_for_legal_reasons", "451: Unavailable For Legal Reasons"},
    {500, BASEAPI_CODE_INTERNAL, "Internal server error"},
    {501, "not_implemented", "501: Not Implemented"},
    {502, "bad_gateway", "502: Bad Gateway"},
    {503, "service_unavailable", "503: Service Unavailable"},
    {504, "gateway_timeout", "504: Gateway Timeout"},
    {505, "http_version_not_supported", "505: HTTP Version Not Supported"},
};

const struct canned baseapi__canned_no_memory = {
    500, "Internal Server Error",
    "{\"errors\":[{\"code\":\"internal_error\",\"detail\":\"Internal server error\"}]}"};
const struct canned baseapi__canned_late = {
    504, "Gateway Timeout",
    "{\"errors\":[{\"code\":\"gateway_timeout\",\"detail\":\"The request took too long.\"}]}"};
const struct canned baseapi__canned_timeout = {
    408, "Request Timeout",
    "{\"errors\":[{\"code\":\"request_timeout\",\"detail\":\"The request came too slowly.\"}]}"};
const struct canned baseapi__canned_too_large = {
    413, "Request Entity Too Large",
    "{\"errors\":[{\"code\":\"request_entity_too_large\",\"detail\":\"The body is too large.\"}]}"};

static const struct known_status *find(unsigned status)
{
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status)
            return &known[i];
    }
    return NULL;
}

const char *baseapi_status_code_name(unsigned http_status)
{
    const struct known_status *entry = find(http_status);

    if (entry != NULL)
        return entry->code;
    return http_status >= 400 && http_status < 500 ? "client_error" : BASEAPI_CODE_INTERNAL;
}

const char *baseapi__status_detail(unsigned http_status)
{
    const struct known_status *entry = find(http_status);

    return entry != NULL ? entry->detail : NULL;
}

static void add_member(struct text *text, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (text->data[text->size - 1] != '{')
        text_char(text, ',');
    baseapi__json_cstring(text, name);
    text_char(text, ':');
    baseapi__json_cstring(text, value);
}

static void add_problem(struct text *text, const struct baseapi_problem *problem)
{
    text_char(text, '{');
    if (text->failed)
        return;
    add_member(text, "code", problem->code);
    add_member(text, "detail", problem->detail);
    if (problem->parameter != NULL || problem->pointer != NULL) {
        text_string(text, ",\"source\":{");
        if (text->failed)
            return;
        add_member(text, "parameter", problem->parameter);
        add_member(text, "pointer", problem->pointer);
        text_char(text, '}');
    }
    text_char(text, '}');
}

void baseapi__problem_document(struct text *text, const struct baseapi_problem *problems,
                               size_t count)
{
    size_t i;

    text_string(text, "{\"errors\":[");
    for (i = 0; i < count && !text->failed; i++) {
        if (i != 0)
            text_char(text, ',');
        add_problem(text, &problems[i]);
    }
    text_string(text, "]}");
}

static enum baseapi_status respond(struct baseapi_request *request, unsigned status,
                                   struct text *document)
{
    struct baseapi_response *response = baseapi_response_new(request, status);

    if (response != NULL && status == 503)
        (void)baseapi_response_set_header(response, "Retry-After", "1");
    if (response == NULL) {
        text_free(document);
        return baseapi_request_respond(request, NULL);
    }
    if (baseapi__response_text_take(response, document) != BASEAPI_OK)
        response = NULL;
    return baseapi_request_respond(request, response);
}

enum baseapi_status baseapi_respond_problems(struct baseapi_request *request, unsigned status,
                                             const struct baseapi_problem *problems, size_t count)
{
    struct text document = {.data = NULL};

    baseapi__problem_document(&document, problems, count);
    return respond(request, status, &document);
}

enum baseapi_status baseapi_respond_problem(struct baseapi_request *request, unsigned status,
                                            const char *code, const char *detail)
{
    const struct baseapi_problem problem = {
        .code = code != NULL ? code : baseapi_status_code_name(status),
        .detail = detail != NULL ? detail : baseapi__status_detail(status),
    };

    return baseapi_respond_problems(request, status, &problem, 1);
}

static enum baseapi_status respond_internal(struct baseapi_request *request, const char *cause)
{
    const bool is_told = cause != NULL && baseapi__app_is_debug(baseapi_request_app(request));

    if (cause != NULL)
        baseapi__request_log(request, BASEAPI_LOG_ERROR, "%s %s: %s",
                             baseapi_request_method(request), baseapi_request_path(request), cause);
    return baseapi_respond_problem(request, 500, NULL, is_told ? cause : NULL);
}

enum baseapi_status baseapi_respond_error(struct baseapi_request *request,
                                          const struct baseapi_error *error)
{
    if (error == NULL)
        return respond_internal(request, NULL);
    if (error->status == BASEAPI_EFORMAT)
        return baseapi_respond_problem(request, 400, BASEAPI_CODE_FORMAT, error->message);
    if (error->http_status >= 400 && error->http_status <= 599 && error->http_status != 500)
        return baseapi_respond_problem(request, (unsigned)error->http_status, NULL, error->message);
    return respond_internal(request, error->message[0] != '\0' ? error->message : NULL);
}

static const char *copy(struct baseapi_request *request, const char *text)
{
    char *copied = arena_string(&request->arena, text);

    if (text != NULL && copied == NULL)
        request->problems_failed = true;
    return copied;
}

void baseapi_request_add_problem(struct baseapi_request *request,
                                 const struct baseapi_problem *problem)
{
    struct problem_node *node = arena_zeroed(&request->arena, 1, sizeof(*node));

    request->problem_count++;
    if (node == NULL) {
        request->problems_failed = true;
        return;
    }
    node->problem.code = copy(request, problem->code);
    node->problem.detail = copy(request, problem->detail);
    node->problem.parameter = copy(request, problem->parameter);
    node->problem.pointer = copy(request, problem->pointer);
    if (request->last_problem == NULL)
        request->problems = node;
    else
        request->last_problem->next = node;
    request->last_problem = node;
}

void baseapi__add_problem(struct baseapi_request *request, const char *code, const char *parameter,
                          const char *pointer, const char *format, ...)
{
    struct baseapi_problem problem = {.code = code, .parameter = parameter, .pointer = pointer};
    char *detail = NULL;
    va_list arguments;

    va_start(arguments, format);
    detail = baseapi__request_vformat(request, format, arguments);
    va_end(arguments);
    if (detail == NULL)
        request->problems_failed = true;
    problem.detail = detail;
    baseapi_request_add_problem(request, &problem);
}

size_t baseapi_request_problem_count(const struct baseapi_request *request)
{
    return request->problem_count;
}

enum baseapi_status baseapi_respond_added_problems(struct baseapi_request *request, unsigned status)
{
    struct text document = {.data = NULL};
    const struct problem_node *node;

    if (request->problems_failed)
        return baseapi_request_respond(request, NULL);
    text_string(&document, "{\"errors\":[");
    for (node = request->problems; node != NULL && !document.failed; node = node->next) {
        if (node != request->problems)
            text_char(&document, ',');
        add_problem(&document, &node->problem);
    }
    text_string(&document, "]}");
    return respond(request, status, &document);
}
