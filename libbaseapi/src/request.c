/*
 * A request as handlers see it: what was sent, parameters of the route, memory and data of its own.
 *
 * Everything returned was copied from the server when the head was complete, so it stays valid when
 * the connection has gone.
 */
#include <stdio.h>
#include <strings.h>

#include "app.h"
#include "exchange.h"
#include "worker.h"

/* Room for one line of the error log. */
#define LOG_LINE_SIZE 512

const char *baseapi_request_method(const struct baseapi_request *request)
{
    return request->method;
}

const char *baseapi_request_target(const struct baseapi_request *request)
{
    return request->raw_target;
}

const char *baseapi_request_path(const struct baseapi_request *request)
{
    return request->path;
}

const char *baseapi_request_query(const struct baseapi_request *request)
{
    return request->target.query;
}

const char *baseapi_request_header(const struct baseapi_request *request, const char *name)
{
    const size_t size = strlen(name);
    size_t i;

    for (i = 0; i < request->field_count; i++) {
        if (baseapi__field_is(&request->fields[i], name, size))
            return request->fields[i].value;
    }
    return NULL;
}

size_t baseapi_request_header_count(const struct baseapi_request *request)
{
    return request->field_count;
}

bool baseapi_request_header_at(const struct baseapi_request *request, size_t index,
                               const char **name, const char **value)
{
    if (index >= request->field_count)
        return false;
    *name = request->fields[index].name;
    *value = request->fields[index].value;
    return true;
}

const char *baseapi_request_body(const struct baseapi_request *request, size_t *size)
{
    if (size != NULL)
        *size = request->body.size;
    return request->body.data != NULL ? request->body.data : "";
}

const char *baseapi_request_route(const struct baseapi_request *request)
{
    return request->route != NULL ? request->route->declared.pattern : NULL;
}

const char *baseapi_request_path_parameter(const struct baseapi_request *request, const char *name)
{
    size_t count;
    size_t i;

    if (request->route == NULL)
        return NULL;
    count = baseapi__pattern_parameter_count(request->route->pattern);
    for (i = 0; i < count; i++) {
        if (strcmp(request->parameters[i].name, name) == 0)
            return request->parameters[i].text;
    }
    return NULL;
}

static bool parse_integer(const char *text, int64_t *out)
{
    const bool is_negative = *text == '-';
    const uint64_t largest = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;

    text += is_negative ? 1 : 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        const uint64_t digit = (uint64_t)(unsigned char)*text - '0';

        if (digit > 9 || value > (largest - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

enum baseapi_status baseapi_request_path_integer(const struct baseapi_request *request,
                                                 const char *name, int64_t *out)
{
    const char *text = baseapi_request_path_parameter(request, name);

    if (text == NULL)
        return BASEAPI_ENOTFOUND;
    return parse_integer(text, out) ? BASEAPI_OK : BASEAPI_EINVALID;
}

const char *baseapi_request_id(const struct baseapi_request *request)
{
    return request->id;
}

const char *baseapi_request_peer(struct baseapi_request *request)
{
    return request->peer;
}

uint64_t baseapi_request_started_us(const struct baseapi_request *request)
{
    return request->started_us;
}

struct baseapi_app *baseapi_request_app(const struct baseapi_request *request)
{
    return request->worker->app;
}

struct baseapi_worker *baseapi_request_worker(const struct baseapi_request *request)
{
    return request->worker;
}

struct miniorm_client *baseapi_request_database(const struct baseapi_request *request)
{
    return baseapi__worker_is_current(request->worker) ? request->worker->client : NULL;
}

struct arena *baseapi__request_arena(struct baseapi_request *request)
{
    return &request->arena;
}

void *baseapi_request_alloc(struct baseapi_request *request, size_t size)
{
    return arena_alloc(&request->arena, size);
}

char *baseapi__request_vformat(struct baseapi_request *request, const char *format,
                               va_list arguments)
{
    va_list again;
    char *text;
    int size;

    va_copy(again, arguments);
    size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = size < 0 ? NULL : arena_alloc(&request->arena, (size_t)size + 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)size + 1, format, arguments);
    return text;
}

char *baseapi__request_format(struct baseapi_request *request, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = baseapi__request_vformat(request, format, arguments);
    va_end(arguments);
    return text;
}

enum baseapi_status baseapi_request_set_data(struct baseapi_request *request, const void *key,
                                             void *value)
{
    struct data_slot *slot = request->slots;

    while (slot != NULL && slot->key != key)
        slot = slot->next;
    if (slot == NULL) {
        slot = arena_zeroed(&request->arena, 1, sizeof(*slot));
        if (slot == NULL)
            return BASEAPI_ENOMEM;
        slot->key = key;
        slot->next = request->slots;
        request->slots = slot;
    }
    slot->value = value;
    return BASEAPI_OK;
}

void *baseapi_request_data(const struct baseapi_request *request, const void *key)
{
    const struct data_slot *slot = request->slots;

    while (slot != NULL && slot->key != key)
        slot = slot->next;
    return slot != NULL ? slot->value : NULL;
}

void baseapi_request_on_cancel(struct baseapi_request *request, baseapi_cancelled_fn cancelled,
                               void *data)
{
    request->cancelled = cancelled;
    request->cancelled_data = data;
}

bool baseapi_request_is_cancelled(const struct baseapi_request *request)
{
    return atomic_load_explicit(&request->is_cancelled, memory_order_relaxed);
}

void baseapi__request_log(const struct baseapi_request *request, int level, const char *format, ...)
{
    char line[LOG_LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    baseapi__app_log(request->worker->app, (enum baseapi_log_level)level, "%s: %s", request->id,
                     line);
}
