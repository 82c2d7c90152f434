/*
 * The handlers of the rig, and its start and stop.
 */
#include "rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* Longest wait for what is to happen at once. */
enum { PATIENCE_MS = 30000 };

static void respond_hello(struct baseapi_request *request)
{
    baseapi_respond_json_take(request, 200, json_pack("{ss}", "hello", "world"));
}

static void hello(struct baseapi_request *request, void *data)
{
    struct rig *rig = data;

    atomic_fetch_add(&rig->entered, 1);
    respond_hello(request);
}

static void echo(struct baseapi_request *request, void *data)
{
    struct baseapi_response *response = baseapi_response_new(request, 200);
    struct rig *rig = data;
    char number[24];
    size_t size;
    const char *body = baseapi_request_body(request, &size);

    atomic_fetch_add(&rig->entered, 1);
    (void)snprintf(number, sizeof(number), "%zu", size);
    if (response != NULL &&
        (baseapi_response_set_header(response, "X-Body-Size", number) != BASEAPI_OK ||
         baseapi_response_set_body(response, body, size) != BASEAPI_OK))
        response = NULL;
    baseapi_request_respond(request, response);
}

static void json(struct baseapi_request *request, void *data)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    json_t *body;

    (void)data;
    if (baseapi_request_json(request, &body, &error) == BASEAPI_OK)
        baseapi_respond_json(request, 200, body);
    else
        baseapi_respond_error(request, &error);
}

static void book(struct baseapi_request *request, void *data)
{
    int64_t id;

    (void)data;
    if (baseapi_request_path_integer(request, "id", &id) == BASEAPI_OK)
        baseapi_respond_json_take(request, 200, json_pack("{sI}", "id", (json_int_t)id));
    else
        baseapi_respond_problem(request, 404, NULL, NULL);
}

static void name(struct baseapi_request *request, void *data)
{
    (void)data;
    baseapi_respond_json_take(
        request, 200, json_pack("{ss}", "name", baseapi_request_path_parameter(request, "name")));
}

static void query(struct baseapi_request *request, void *data)
{
    (void)data;
    baseapi_respond_text(request, 200, NULL, baseapi_request_query(request));
}

static void large(struct baseapi_request *request, void *data)
{
    struct baseapi_response *response = baseapi_response_new(request, 200);
    int64_t size = 0;
    char *body;

    (void)data;
    (void)baseapi_request_path_integer(request, "size", &size);
    body = malloc((size_t)size + 1);
    if (response == NULL || body == NULL) {
        free(body);
        baseapi_request_respond(request, NULL);
        return;
    }
    memset(body, 'x', (size_t)size);
    (void)baseapi_response_set_body_take(response, body, (size_t)size, free);
    baseapi_request_respond(request, response);
}

/* A timer that answers, and frees itself. */
struct later {
    struct baseapi_request *request;
    const struct miniorm_loop *loop;
    void *timer;
};

static void answer_later(void *data)
{
    struct later *later = data;

    later->loop->remove_timer(later->loop->context, later->timer);
    respond_hello(later->request);
    free(later);
}

static void later(struct baseapi_request *request, void *data)
{
    struct later *later = calloc(1, sizeof(*later));
    struct rig *rig = data;
    int64_t ms = 0;

    atomic_fetch_add(&rig->entered, 1);
    (void)baseapi_request_path_integer(request, "ms", &ms);
    if (later == NULL) {
        baseapi_request_respond(request, NULL);
        return;
    }
    later->request = request;
    later->loop = baseapi_worker_loop(baseapi_request_worker(request));
    if (later->loop->add_timer(later->loop->context, (uint64_t)ms, answer_later, later,
                               &later->timer) != 0) {
        free(later);
        baseapi_request_respond(request, NULL);
    }
}

static void let_go(struct baseapi_request *request, void *data)
{
    struct rig *rig = data;

    assert_true(baseapi_request_is_cancelled(request));
    /* The head is there still, though the connection is not. */
    assert_string_equal(baseapi_request_header(request, "host"), "localhost");
    assert_int_equal(baseapi_respond_status(request, 200), BASEAPI_ECANCELLED);
    atomic_fetch_add(&rig->cancelled, 1);
}

static void never(struct baseapi_request *request, void *data)
{
    struct rig *rig = data;

    baseapi_request_on_cancel(request, let_go, rig);
    atomic_fetch_add(&rig->entered, 1);
}

static void forget(struct baseapi_request *request, void *data)
{
    struct rig *rig = data;

    (void)request;
    atomic_fetch_add(&rig->entered, 1);
}

static void block(struct baseapi_request *request, void *data)
{
    struct rig *rig = data;
    int64_t ms = 0;

    atomic_fetch_add(&rig->entered, 1);
    assert_null(baseapi_request_database(request));
    (void)baseapi_request_path_integer(request, "ms", &ms);
    (void)usleep((useconds_t)ms * 1000);
    respond_hello(request);
}

static void twice(struct baseapi_request *request, void *data)
{
    struct rig *rig = data;

    respond_hello(request);
    atomic_store(&rig->second, (unsigned)baseapi_respond_status(request, 204));
}

static void *answer_from_thread(void *data)
{
    respond_hello(data);
    return NULL;
}

static void in_thread(struct baseapi_request *request, void *data)
{
    pthread_t thread;

    (void)data;
    if (pthread_create(&thread, NULL, answer_from_thread, request) == 0)
        pthread_detach(thread);
    else
        baseapi_request_respond(request, NULL);
}

static void keep(struct rig *rig, char *line, size_t size, const char *text)
{
    if (rig->options.workers != 1)
        return;
    pthread_mutex_lock(&rig->lock);
    (void)snprintf(line, size, "%s", text);
    pthread_mutex_unlock(&rig->lock);
}

static bool has(struct rig *rig, const char *line, const char *part)
{
    bool is_there;

    pthread_mutex_lock(&rig->lock);
    is_there = strstr(line, part) != NULL;
    pthread_mutex_unlock(&rig->lock);
    return is_there;
}

bool rig_has_accessed(struct rig *rig, const char *part)
{
    return has(rig, rig->last_access, part);
}

bool rig_has_logged(struct rig *rig, const char *part)
{
    return has(rig, rig->last_log, part);
}

static void on_access(const struct baseapi_access *access, void *data)
{
    struct rig *rig = data;
    char line[sizeof(rig->last_access)];

    (void)baseapi_access_log_format(access, line, sizeof(line));
    keep(rig, rig->last_access, sizeof(rig->last_access), line);
    atomic_fetch_add(&rig->accesses, 1);
}

static void on_error(enum baseapi_log_level level, const char *message, void *data)
{
    struct rig *rig = data;

    keep(rig, rig->last_log, sizeof(rig->last_log), message);
    if (level == BASEAPI_LOG_ERROR)
        atomic_fetch_add(&rig->errors, 1);
}

void rig_prepare(struct rig *rig)
{
    const struct baseapi_app_options options = BASEAPI_APP_OPTIONS_INIT;

    memset(rig, 0, sizeof(*rig));
    pthread_mutex_init(&rig->lock, NULL);
    rig->options = options;
    rig->options.port = BASEAPI_PORT_ANY;
    rig->options.workers = 2;
    rig->options.access_log = on_access;
    rig->options.access_log_data = rig;
    rig->options.error_log = on_error;
    rig->options.error_log_data = rig;
}

void rig_declare(struct rig *rig)
{
    const struct baseapi_route table[] = {
        {.method = "GET",
         .pattern = "/",
         .handler = baseapi_list_routes,
         .flags = BASEAPI_UNLISTED},
        {.method = "GET", .pattern = "/hello", .handler = hello, .data = rig},
        {.method = "GET", .pattern = "/after", .handler = hello, .data = rig},
        {.method = "POST", .pattern = "/echo", .handler = echo, .data = rig},
        {.method = "POST", .pattern = "/json", .handler = json},
        {.method = "GET", .pattern = "/books/{id:\\d+}", .handler = book},
        {.method = "GET", .pattern = "/names/{name}", .handler = name},
        {.method = "GET", .pattern = "/query", .handler = query},
        {.method = "GET", .pattern = "/large/{size:\\d+}", .handler = large},
        {.method = "GET", .pattern = "/later/{ms:\\d+}", .handler = later, .data = rig},
        {.method = "GET",
         .pattern = "/patient/{ms:\\d+}",
         .handler = later,
         .data = rig,
         .handler_timeout_ms = 2 * PATIENCE_MS},
        {.method = "GET", .pattern = "/never", .handler = never, .data = rig},
        {.method = "GET", .pattern = "/forget", .handler = forget, .data = rig},
        {.method = "GET",
         .pattern = "/block/{ms:\\d+}",
         .handler = block,
         .data = rig,
         .flags = BASEAPI_BLOCKING},
        {.method = "GET",
         .pattern = "/careless",
         .handler = forget,
         .data = rig,
         .flags = BASEAPI_BLOCKING},
        {.method = "GET", .pattern = "/twice", .handler = twice, .data = rig},
        {.method = "GET", .pattern = "/thread", .handler = in_thread},
        {.method = "GET",
         .pattern = "/quick",
         .handler = never,
         .data = rig,
         .handler_timeout_ms = 100},
        {.method = "POST", .pattern = "/small", .handler = echo, .data = rig, .max_body_bytes = 10},
        {.pattern = NULL},
    };
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    if (baseapi_app_new(&rig->options, &rig->app, &error) != BASEAPI_OK ||
        baseapi_app_routes(rig->app, "", table, &error) != BASEAPI_OK)
        fail_msg("%s", error.message);
}

void rig_start(struct rig *rig)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;

    if (baseapi_app_start(rig->app, &error) != BASEAPI_OK)
        fail_msg("%s", error.message);
    rig->port = baseapi_app_port(rig->app);
}

void rig_run(struct rig *rig)
{
    rig_prepare(rig);
    rig_declare(rig);
    rig_start(rig);
}

enum baseapi_status rig_stop(struct rig *rig, unsigned drain_ms)
{
    const enum baseapi_status status = baseapi_app_stop(rig->app, drain_ms, NULL);

    baseapi_app_free(rig->app);
    pthread_mutex_destroy(&rig->lock);
    rig->app = NULL;
    return status;
}

struct baseapi_stats rig_stats(const struct rig *rig)
{
    struct baseapi_stats stats = BASEAPI_STATS_INIT;

    baseapi_app_stats(rig->app, &stats);
    return stats;
}

bool rig_await(const atomic_uint *counter, unsigned count)
{
    int i;

    for (i = 0; i < PATIENCE_MS / 10 && atomic_load(counter) < count; i++)
        (void)usleep(10000);
    return atomic_load(counter) >= count;
}

bool rig_await_idle(const struct rig *rig)
{
    int i;

    for (i = 0; i < PATIENCE_MS / 10 && rig_stats(rig).active_connections != 0; i++)
        (void)usleep(10000);
    return rig_stats(rig).active_connections == 0;
}
