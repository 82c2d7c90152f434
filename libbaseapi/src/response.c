/*
 * Answers: made in the request's arena, filled, and given to baseapi_request_respond.
 *
 * Invariant: everything in the list of fields may go on the wire as it is.
 */
#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange.h"
#include "worker.h"

/*
 * A body up to this size is copied to the request's memory: a buffer that is given back at once is
 * there for the next answer, while those of all answers under way come from the heap one by one.
 */
#define COPIED_SIZE ((size_t)1024)

static bool is_status(unsigned status)
{
    return status >= 200 && status <= 599;
}

bool baseapi__response_has_body(unsigned status)
{
    return status != 204 && status != 304;
}

struct baseapi_response *baseapi_response_new(struct baseapi_request *request, unsigned status)
{
    struct baseapi_response *response = NULL;

    if (is_status(status))
        response = arena_zeroed(&request->arena, 1, sizeof(*response));
    if (response == NULL)
        return NULL;
    response->request = request;
    response->status = status;
    response->next = request->responses;
    request->responses = response;
    return response;
}

unsigned baseapi_response_status(const struct baseapi_response *response)
{
    return response->status;
}

enum baseapi_status baseapi_response_set_status(struct baseapi_response *response, unsigned status)
{
    if (!is_status(status))
        return BASEAPI_EINVALID;
    response->status = status;
    return BASEAPI_OK;
}

static bool is_reserved(const char *name)
{
    static const char *const names[] = {"Connection", "Content-Length", "Transfer-Encoding",
                                        "Date"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static enum baseapi_status check_field(const struct baseapi_response *response, const char *name,
                                       const char *value)
{
    const size_t name_size = name == NULL ? 0 : strlen(name);
    const size_t value_size = value == NULL ? 0 : strlen(value);

    if (!baseapi__is_token(name, name_size) || is_reserved(name))
        return BASEAPI_EINVALID;
    if (value != NULL && (value_size == 0 || !baseapi__is_field_value(value, value_size)))
        return BASEAPI_EINVALID;
    if (value != NULL &&
        (response->field_count == RESPONSE_MAX_FIELDS ||
         name_size + value_size > RESPONSE_MAX_FIELD_BYTES - response->field_bytes))
        return BASEAPI_ELIMIT;
    return BASEAPI_OK;
}

static enum baseapi_status append(struct baseapi_response *response, const char *name,
                                  const char *value)
{
    struct arena *arena = &response->request->arena;
    struct response_field *field = arena_zeroed(arena, 1, sizeof(*field));

    if (field != NULL) {
        field->name = arena_string(arena, name);
        field->value = arena_string(arena, value);
    }
    if (field == NULL || field->name == NULL || field->value == NULL)
        return BASEAPI_ENOMEM;
    if (response->last == NULL)
        response->first = field;
    else
        response->last->next = field;
    response->last = field;
    response->field_count++;
    response->field_bytes += strlen(name) + strlen(value);
    return BASEAPI_OK;
}

/* Removes fields of that name, but not `kept`. */
static void remove_fields(struct baseapi_response *response, const char *name,
                          const struct response_field *kept)
{
    struct response_field **link = &response->first;

    response->last = NULL;
    while (*link != NULL) {
        struct response_field *field = *link;

        if (field != kept && strcasecmp(field->name, name) == 0) {
            *link = field->next;
            response->field_count--;
            response->field_bytes -= strlen(field->name) + strlen(field->value);
        } else {
            response->last = field;
            link = &field->next;
        }
    }
}

enum baseapi_status baseapi_response_add_header(struct baseapi_response *response, const char *name,
                                                const char *value)
{
    const enum baseapi_status status =
        value == NULL ? BASEAPI_EINVALID : check_field(response, name, value);

    return status != BASEAPI_OK ? status : append(response, name, value);
}

enum baseapi_status baseapi_response_set_header(struct baseapi_response *response, const char *name,
                                                const char *value)
{
    enum baseapi_status status = check_field(response, name, value);

    if (status == BASEAPI_OK && value != NULL)
        status = append(response, name, value);
    if (status == BASEAPI_OK)
        remove_fields(response, name, value != NULL ? response->last : NULL);
    return status;
}

const char *baseapi_response_header(const struct baseapi_response *response, const char *name)
{
    const struct response_field *field;

    for (field = response->first; field != NULL; field = field->next) {
        if (strcasecmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

void baseapi__response_drop_body(struct baseapi_response *response)
{
    if (response->free_body != NULL)
        response->free_body(response->body);
    response->body = NULL;
    response->body_size = 0;
    response->free_body = NULL;
}

enum baseapi_status baseapi_response_set_body(struct baseapi_response *response, const void *data,
                                              size_t size)
{
    char *copy = arena_copy(&response->request->arena, data, size);

    if (copy == NULL)
        return BASEAPI_ENOMEM;
    return baseapi_response_set_body_take(response, copy, size, NULL);
}

enum baseapi_status baseapi_response_set_body_take(struct baseapi_response *response, void *data,
                                                   size_t size, void (*free_data)(void *data))
{
    baseapi__response_drop_body(response);
    response->body = data;
    response->body_size = size;
    response->free_body = free_data;
    return BASEAPI_OK;
}

const void *baseapi_response_body(const struct baseapi_response *response, size_t *size)
{
    if (size != NULL)
        *size = response->body_size;
    return response->body;
}

enum baseapi_status baseapi__response_text_take(struct baseapi_response *response,
                                                struct text *body)
{
    enum baseapi_status status;
    size_t size = 0;
    char *data;

    if (!body->failed && body->size <= COPIED_SIZE) {
        status = baseapi_response_set_body(response, body->data, body->size);
        text_free(body);
        return status;
    }
    data = text_take(body, &size);
    if (data == NULL)
        return BASEAPI_ENOMEM;
    return baseapi_response_set_body_take(response, data, size, free);
}

enum baseapi_status baseapi_request_respond(struct baseapi_request *request,
                                            struct baseapi_response *response)
{
    const bool is_first = !atomic_exchange(&request->is_answered, true);

    if (!is_first && request->owner_is_done)
        return BASEAPI_EANSWERED;
    request->owner_is_done = true;
    request->owner_won = is_first;
    if (is_first)
        request->response = response;
    /* The pool hands it over when the handler returns. */
    if (!request->is_on_pool && baseapi__worker_is_current(request->worker))
        baseapi__exchange_answered(request);
    else if (!request->is_on_pool)
        baseapi__worker_post(request->worker, request, MAIL_ANSWERED);
    if (!is_first)
        return BASEAPI_ECANCELLED;
    return response == NULL ? BASEAPI_ENOMEM : BASEAPI_OK;
}

enum baseapi_status baseapi_respond_status(struct baseapi_request *request, unsigned status)
{
    return baseapi_request_respond(request, baseapi_response_new(request, status));
}

enum baseapi_status baseapi__respond_text_take(struct baseapi_request *request, unsigned status,
                                               struct text *body)
{
    struct baseapi_response *response = baseapi_response_new(request, status);

    if (response == NULL)
        text_free(body);
    else if (baseapi__response_text_take(response, body) != BASEAPI_OK)
        response = NULL;
    return baseapi_request_respond(request, response);
}

static int append_json(const char *data, size_t size, void *context)
{
    struct text *text = context;

    text_bytes(text, data, size);
    return text->failed ? -1 : 0;
}

enum baseapi_status baseapi_respond_json(struct baseapi_request *request, unsigned status,
                                         const json_t *body)
{
    struct text text = {.data = NULL};

    if (body == NULL ||
        json_dump_callback(body, append_json, &text, JSON_COMPACT | JSON_ENCODE_ANY) != 0) {
        text_free(&text);
        return baseapi_request_respond(request, NULL);
    }
    return baseapi__respond_text_take(request, status, &text);
}

enum baseapi_status baseapi_respond_json_take(struct baseapi_request *request, unsigned status,
                                              json_t *body)
{
    const enum baseapi_status result = baseapi_respond_json(request, status, body);

    json_decref(body);
    return result;
}

enum baseapi_status baseapi_respond_text(struct baseapi_request *request, unsigned status,
                                         const char *content_type, const char *text)
{
    struct baseapi_response *response = baseapi_response_new(request, status);
    const char *type = content_type != NULL ? content_type : "text/plain; charset=utf-8";

    if (response != NULL &&
        (baseapi_response_set_header(response, "Content-Type", type) != BASEAPI_OK ||
         baseapi_response_set_body(response, text, strlen(text)) != BASEAPI_OK))
        response = NULL;
    return baseapi_request_respond(request, response);
}
