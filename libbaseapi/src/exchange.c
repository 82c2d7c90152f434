/*
 * Exchanges: from the request line to the last byte of the answer.
 *
 * Order, driven by the server: begin, add_field…, head, body…, ready (again after each resume),
 * sending, end. In between the owner answers, or a deadline or a hang-up gives the request up.
 * Invariant: `is_answered` is set by exactly one of owner, deadline, hang-up and end; only who set
 * it decides what is sent.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "app_state.h"
#include "clock.h"
#include "linger.h"
#include "problem.h"
#include "response.h"
#include "server.h"
#include "utf8.h"
#include "worker.h"

/*
 * Freed requests that a worker keeps to use again: the connections of a busy worker, not of an
 * attack.
 */
#define MAX_SPARE 256
/* Bytes of a body over its limit that are read and thrown away before the connection is cut. */
#define MAX_DROPPED ((size_t)256 * 1024)
/* nginx's number for a client that went away before its answer; it is logged, never sent. */
#define STATUS_CLIENT_LEFT 499

static struct baseapi_request *take_request(struct baseapi_worker *worker)
{
    struct baseapi_request *request = worker->spare;

    if (request == NULL)
        return calloc(1, sizeof(*request));
    worker->spare = request->next;
    worker->spare_count--;
    memset(request, 0, offsetof(struct baseapi_request, arena));
    return request;
}

static void free_contents(struct baseapi_request *request)
{
    struct baseapi_response *response;

    for (response = request->responses; response != NULL; response = response->next)
        baseapi__response_drop_body(response);
    json_decref(request->json);
    text_free(&request->body);
}

void baseapi__request_release(struct baseapi_request *request)
{
    struct baseapi_worker *worker = request->worker;

    if (--request->holders != 0)
        return;
    if (request->next != NULL)
        request->next->previous = request->previous;
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        worker->requests = request->next;
    free_contents(request);
    if (worker->spare_count == MAX_SPARE) {
        arena_free(&request->arena);
        free(request);
        return;
    }
    arena_reset(&request->arena);
    request->next = worker->spare;
    worker->spare = request;
    worker->spare_count++;
}

/*
 * Splitmix64: every number of 64 bits once, so that no id comes twice. An id is no secret: who
 * knows one can tell the next.
 */
static void make_id(struct baseapi_worker *worker, char *id)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t x = worker->id_state += UINT64_C(0x9e3779b97f4a7c15);
    int i;

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    for (i = 0; i < REQUEST_ID_SIZE; i++, x >>= 4)
        id[i] = digits[x & 15];
    id[REQUEST_ID_SIZE] = '\0';
}

void baseapi__exchange_begin(struct connection *connection, const char *raw_target)
{
    struct baseapi_worker *worker = connection->worker;
    struct baseapi_request *request = take_request(worker);
    const size_t size = strlen(raw_target);

    if (request == NULL)
        return;
    request->worker = worker;
    request->connection = connection;
    request->holders = 1;
    request->method = "";
    request->started_us = monotonic_us();
    if (size <= worker->app->options.max_target_bytes) {
        request->raw_target = arena_copy(&request->arena, raw_target, size);
        request->has_no_memory = request->raw_target == NULL;
    }
    make_id(worker, request->id);
    memcpy(request->peer, connection->peer, sizeof(request->peer));
    request->next = worker->requests;
    if (worker->requests != NULL)
        worker->requests->previous = request;
    worker->requests = request;
    connection->request = request;
    stats_add(&worker->stats.requests, 1);
    stats_add(&worker->stats.active_requests, 1);
    if (connection->deadline.list != &worker->header)
        baseapi__deadline_set(&connection->deadline, &worker->header, worker->now_ms);
}

static enum verdict reply_at_once(struct baseapi_request *request,
                                  struct baseapi_response *response)
{
    atomic_store(&request->is_answered, true);
    request->response = response;
    if (response == NULL)
        request->substitute = &baseapi__canned_no_memory;
    request->is_ready = true;
    request->close_after = true;
    return VERDICT_REPLY;
}

/*
 * Answers before any handler has seen the request; the connection is closed, as what follows may be
 * its body.
 */
static enum verdict refuse(struct baseapi_request *request, unsigned status, const char *detail)
{
    const struct baseapi_problem problem = {
        .code = baseapi_status_code_name(status),
        .detail = detail,
    };
    struct baseapi_response *response = baseapi_response_new(request, status);
    struct text document = {.data = NULL};
    const bool is_limit = status == 413 || status == 414 || status == 431;

    stats_add(is_limit ? &request->worker->stats.refused_limit
                       : &request->worker->stats.refused_malformed,
              1);
    baseapi__problem_document(&document, &problem, 1);
    if (response == NULL)
        text_free(&document);
    else if (baseapi__response_text_take(response, &document) != BASEAPI_OK)
        response = NULL;
    return reply_at_once(request, response);
}

static enum verdict refuse_limit(struct baseapi_request *request, unsigned status, const char *what,
                                 size_t limit)
{
    const char *detail = baseapi__request_format(request, "%s Maximum is %zu.", what, limit);

    return refuse(request, status, detail != NULL ? detail : what);
}

static bool is_request_id(const char *id)
{
    const size_t size = strlen(id);
    size_t i;

    for (i = 0; i < size; i++) {
        const char c = id[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return size >= 1 && size <= REQUEST_ID_MAX_SIZE;
}

static void accept_id(struct baseapi_request *request)
{
    const char *id = baseapi_request_header(request, "X-Request-Id");

    if (id != NULL && is_request_id(id))
        memcpy(request->id, id, strlen(id) + 1);
}

/*
 * Decodes the parameters that the route found in the path; false when memory ran out or one is not
 * UTF-8.
 */
static bool take_parameters(struct baseapi_request *request, const struct routing *routing)
{
    const struct pattern *pattern = routing->route->pattern;
    const size_t count = baseapi__pattern_parameter_count(pattern);
    size_t i;

    request->parameters = arena_alloc(&request->arena, count * sizeof(*request->parameters));
    for (i = 0; request->parameters != NULL && i < count; i++) {
        const struct capture *capture = &routing->captures[i];
        char *text = arena_copy(&request->arena, request->path + capture->start, capture->size);
        size_t size = capture->size;

        if (text == NULL) {
            request->has_no_memory = true;
            return false;
        }
        if (baseapi__target_is_encoded(text, size)) {
            size = baseapi__target_decode(text, size, text);
            text[size] = '\0';
            if (!utf8_is_valid(text, size))
                return false;
        }
        request->parameters[i].name = baseapi__pattern_parameter_name(pattern, i);
        request->parameters[i].text = text;
    }
    request->has_no_memory = request->parameters == NULL;
    return request->parameters != NULL;
}

static enum verdict find_route(struct baseapi_request *request, const struct framing *framing)
{
    const struct baseapi_app *app = request->worker->app;
    const struct target *target = &framing->target;
    struct routing routing;

    request->target = *target;
    request->path = arena_copy(&request->arena, target->path, target->path_size);
    if (request->path == NULL)
        return reply_at_once(request, NULL);
    baseapi__router_find(app->router, request->method, request->path, target->path_size,
                         request->worker->scratch, &routing);
    request->path_exists = routing.path_exists;
    request->body_limit = app->options.max_body_bytes;
    if (routing.route == NULL)
        return VERDICT_READ;
    if (routing.route->declared.max_body_bytes != 0)
        request->body_limit = routing.route->declared.max_body_bytes;
    if (!take_parameters(request, &routing))
        return request->has_no_memory ? reply_at_once(request, NULL)
                                      : refuse(request, 400, "The path is not UTF-8.");
    request->route = routing.route;
    return VERDICT_READ;
}

static enum verdict check_limits(struct baseapi_request *request)
{
    const struct baseapi_app_options *options = &request->worker->app->options;

    if (request->raw_target == NULL)
        return refuse_limit(request, 414, "The request target is too long.",
                            options->max_target_bytes);
    if (request->is_head_too_large && request->field_bytes <= options->max_header_bytes)
        return refuse_limit(request, 431, "There are too many header fields.",
                            options->max_header_count);
    if (request->is_head_too_large)
        return refuse_limit(request, 431, "The header fields are too large.",
                            options->max_header_bytes);
    return VERDICT_READ;
}

enum verdict baseapi__exchange_head(struct baseapi_request *request, const char *method,
                                    const char *version)
{
    struct connection *connection = request->connection;
    struct baseapi_worker *worker = request->worker;
    struct framing framing = {.has_body = false};
    struct refusal refusal;
    enum verdict verdict;
    struct head head;

    request->stage = STAGE_BODY;
    request->method = arena_string(&request->arena, method);
    if (request->method == NULL || request->has_no_memory)
        return reply_at_once(request, NULL);
    verdict = check_limits(request);
    if (verdict != VERDICT_READ)
        return verdict;
    head = (struct head){request->method, version, request->raw_target, request->fields,
                         request->field_count};
    refusal = baseapi__guard_check(&head, &framing);
    if (refusal.status != 0)
        return refuse(request, refusal.status, refusal.detail);
    if (worker->app->options.accept_request_id)
        accept_id(request);
    verdict = find_route(request, &framing);
    if (verdict != VERDICT_READ)
        return verdict;
    if (framing.content_length > request->body_limit)
        return refuse_limit(request, 413, "The body is too large.", request->body_limit);
    baseapi__deadline_clear(&connection->deadline);
    if (framing.has_body) {
        connection->phase_start_ms = worker->now_ms;
        connection->progress = 0;
        baseapi__deadline_set(&connection->deadline, &worker->body, worker->now_ms);
    }
    return VERDICT_READ;
}

enum verdict baseapi__exchange_body(struct baseapi_request *request, const char *data, size_t size)
{
    const size_t room = request->body_limit - request->body.size;

    if (request->body_dropped == 0 && size <= room) {
        text_bytes(&request->body, data, size);
        request->has_no_memory = request->body.failed;
        return VERDICT_READ;
    }
    request->body_dropped += size;
    if (request->body_dropped <= MAX_DROPPED)
        return VERDICT_READ;
    stats_add(&request->worker->stats.refused_limit, 1);
    request->sent_status = 413;
    baseapi__server_cut(request->connection, &baseapi__canned_too_large);
    return VERDICT_CLOSE;
}

/* The request is complete: middlewares and handler get it. */
static enum verdict run(struct baseapi_request *request)
{
    request->stage = STAGE_RUNNING;
    baseapi__deadline_clear(&request->connection->deadline);
    if (request->has_no_memory)
        return reply_at_once(request, NULL);
    if (request->body_dropped != 0)
        return refuse_limit(request, 413, "The body is too large.", request->body_limit);
    request->holders++;
    baseapi__dispatch(request);
    if (request->is_ready)
        return VERDICT_REPLY;
    return VERDICT_WAIT;
}

static void wait(struct baseapi_request *request)
{
    struct connection *connection = request->connection;
    struct baseapi_worker *worker = request->worker;
    const unsigned class = request->route != NULL ? request->route->timeout_class : 0;

    request->stage = STAGE_WAITING;
    baseapi__deadline_set(&connection->deadline, &worker->handler[class], worker->now_ms);
}

enum verdict baseapi__exchange_ready(struct baseapi_request *request)
{
    const enum verdict verdict = request->stage == STAGE_BODY ? run(request)
                                 : request->is_ready          ? VERDICT_REPLY
                                                              : VERDICT_WAIT;

    if (verdict == VERDICT_WAIT)
        wait(request);
    return verdict;
}

void baseapi__exchange_sending(struct baseapi_request *request, unsigned status,
                               uint64_t body_bytes)
{
    struct connection *connection = request->connection;

    request->stage = STAGE_REPLYING;
    request->sent_status = status;
    request->sent_bytes = body_bytes;
    connection->progress = PROGRESS_UNKNOWN;
    baseapi__deadline_set(&connection->deadline, &request->worker->send, request->worker->now_ms);
}

static void resume(struct baseapi_request *request)
{
    if (request->stage != STAGE_WAITING)
        return;
    request->stage = STAGE_RESUMED;
    baseapi__deadline_clear(&request->connection->deadline);
    baseapi__server_resume(request->connection);
}

void baseapi__exchange_answered(struct baseapi_request *request)
{
    if (request->owner_won && request->connection != NULL) {
        if (request->response == NULL)
            request->substitute = &baseapi__canned_no_memory;
        else
            baseapi__dispatch_after(request, request->response);
        request->is_ready = true;
        resume(request);
    }
    baseapi__request_release(request);
}

static void tell_owner(struct baseapi_request *request)
{
    const baseapi_cancelled_fn cancelled = request->cancelled;

    request->cancelled = NULL;
    if (cancelled != NULL)
        cancelled(request, request->cancelled_data);
}

void baseapi__exchange_give_up(struct baseapi_request *request, const struct canned *canned)
{
    if (atomic_exchange(&request->is_answered, true))
        return;
    atomic_store(&request->is_cancelled, true);
    request->substitute = canned;
    request->is_ready = canned != NULL;
    request->client_left = canned == NULL;
    request->connection->is_dead = canned == NULL;
    resume(request);
    tell_owner(request);
}

void baseapi__exchange_drop(struct baseapi_request *request)
{
    baseapi__exchange_give_up(request, NULL);
    /* An answer that is on its way to the inbox came first: it will find no connection. */
    resume(request);
}

static void log_access(struct baseapi_request *request)
{
    const struct baseapi_app_options *options = &request->worker->app->options;
    const uint64_t duration_us = monotonic_us() - request->started_us;
    const struct baseapi_access access = {
        .size = sizeof(access),
        .request_id = request->id,
        .method = request->method,
        .target = request->raw_target != NULL ? request->raw_target : "",
        .route = baseapi_request_route(request),
        .peer = request->peer,
        .status = request->sent_status,
        .body_bytes = request->sent_bytes,
        .duration_us = duration_us,
        .started_at_us = (int64_t)(clock_read_us(CLOCK_REALTIME) - duration_us),
    };

    options->access_log(&access, options->access_log_data);
}

static void count_end(struct baseapi_request *request)
{
    struct worker_stats *stats = &request->worker->stats;

    stats_add(&stats->active_requests, -1);
    if (request->client_left)
        stats_add(&stats->cancelled, 1);
    else if (request->sent_status >= 100 && request->sent_status <= 599)
        stats_add(&stats->responses[request->sent_status / 100 - 1], 1);
}

void baseapi__exchange_end(struct connection *connection, unsigned server_status)
{
    struct baseapi_request *request = connection->request;
    bool is_abandoned;

    if (request == NULL)
        return;
    baseapi__deadline_clear(&connection->deadline);
    is_abandoned = request->stage >= STAGE_RUNNING && !atomic_exchange(&request->is_answered, true);
    if (request->sent_status == 0)
        request->sent_status = server_status;
    if (request->sent_status == 0) {
        request->client_left = true;
        request->sent_status = STATUS_CLIENT_LEFT;
    }
    count_end(request);
    if (connection->worker->app->options.access_log != NULL)
        log_access(request);
    if (request->close_after && request->stage == STAGE_REPLYING)
        baseapi__linger(connection);
    connection->request = NULL;
    request->connection = NULL;
    baseapi__deadline_set(&connection->deadline, &connection->worker->idle,
                          connection->worker->now_ms);
    if (is_abandoned) {
        atomic_store(&request->is_cancelled, true);
        tell_owner(request);
    }
    baseapi__request_release(request);
}
