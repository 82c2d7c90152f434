/*
 * Middlewares, data handed on, answers they change, and error documents.
 */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/wire.h"

static struct rig rig;
static struct wire_reply reply;
static char value[256];
static const char key;

/* Writes its letter into X-Way on the way in (by the request's data) and out. */
static enum baseapi_flow letter_before(struct baseapi_request *request, void *data)
{
    const char *way = baseapi_request_data(request, &key);
    char *longer = baseapi_request_alloc(request, 32);

    assert_non_null(longer);
    strcpy(longer, way != NULL ? way : "");
    strcat(longer, data);
    assert_int_equal(baseapi_request_set_data(request, &key, longer), BASEAPI_OK);
    return BASEAPI_CONTINUE;
}

static void letter_after(struct baseapi_request *request, struct baseapi_response *response,
                         void *data)
{
    const char *out = baseapi_response_header(response, "X-Out");
    char longer[32];

    strcpy(longer, out != NULL ? out : "");
    strcat(longer, data);
    assert_int_equal(baseapi_response_set_header(response, "X-Out", longer), BASEAPI_OK);
    assert_int_equal(
        baseapi_response_set_header(response, "X-In", baseapi_request_data(request, &key)),
        BASEAPI_OK);
}

static enum baseapi_flow gate_before(struct baseapi_request *request, void *data)
{
    (void)data;
    if (strcmp(baseapi_request_query(request), "forbidden") != 0)
        return BASEAPI_CONTINUE;
    baseapi_respond_problem(request, 403, NULL, NULL);
    return BASEAPI_PENDING;
}

static void *resume_from_thread(void *data)
{
    usleep(5000);
    assert_int_equal(baseapi_request_resume(data), BASEAPI_OK);
    return NULL;
}

static void resume_soon(void *data)
{
    assert_int_equal(baseapi_request_resume(data), BASEAPI_OK);
}

static enum baseapi_flow wait_before(struct baseapi_request *request, void *data)
{
    const char *query = baseapi_request_query(request);
    const struct miniorm_loop *loop = baseapi_worker_loop(baseapi_request_worker(request));
    pthread_t thread;

    (void)data;
    if (strcmp(query, "thread") == 0) {
        assert_int_equal(pthread_create(&thread, NULL, resume_from_thread, request), 0);
        pthread_detach(thread);
    } else if (strcmp(query, "inside") == 0) {
        assert_int_equal(baseapi_request_resume(request), BASEAPI_OK);
    } else if (strcmp(query, "loop") == 0) {
        assert_int_equal(loop->defer(loop->context, resume_soon, request), 0);
    } else {
        return BASEAPI_CONTINUE;
    }
    return BASEAPI_PENDING;
}

static const struct baseapi_middleware a = {"a", letter_before, letter_after, "a"};
static const struct baseapi_middleware b = {"b", letter_before, letter_after, "b"};
static const struct baseapi_middleware gate = {"gate", gate_before, NULL, NULL};
static const struct baseapi_middleware waiter = {"waiter", wait_before, NULL, NULL};
static const struct baseapi_middleware c = {"c", letter_before, letter_after, "c"};
static const struct baseapi_middleware *const own[] = {&c, NULL};

static void hello(struct baseapi_request *request, void *data)
{
    (void)data;
    baseapi_respond_json_take(request, 200, json_pack("{ss}", "hello", "world"));
}

static void full(struct baseapi_request *request, void *data)
{
    struct baseapi_response *response = baseapi_response_new(request, 201);

    (void)data;
    assert_int_equal(baseapi_response_set_header(response, "Location", "/x/1"), BASEAPI_OK);
    assert_int_equal(baseapi_response_set_header(response, "cache-control", "max-age=60"),
                     BASEAPI_OK);
    assert_int_equal(baseapi_response_add_header(response, "Set-Cookie", "a=1"), BASEAPI_OK);
    assert_int_equal(baseapi_response_add_header(response, "Set-Cookie", "b=2"), BASEAPI_OK);
    assert_int_equal(baseapi_response_set_header(response, "Bad Name", "x"), BASEAPI_EINVALID);
    assert_int_equal(baseapi_response_set_header(response, "X-Bad", "a\r\nInjected: b"),
                     BASEAPI_EINVALID);
    assert_int_equal(baseapi_response_set_header(response, "X-Empty", ""), BASEAPI_EINVALID);
    assert_int_equal(baseapi_response_set_header(response, "Content-Length", "3"),
                     BASEAPI_EINVALID);
    assert_int_equal(baseapi_response_add_header(response, "X-Gone", "1"), BASEAPI_OK);
    assert_int_equal(baseapi_response_set_header(response, "x-gone", NULL), BASEAPI_OK);
    assert_null(baseapi_response_header(response, "X-Gone"));
    assert_int_equal(baseapi_response_set_status(response, 700), BASEAPI_EINVALID);
    assert_null(baseapi_response_new(request, 100));
    baseapi_request_respond(request, response);
}

static void problems(struct baseapi_request *request, void *data)
{
    const struct baseapi_problem first = {BASEAPI_CODE_QUERY_PARAMETER, "a \"b\"", "page[limit]",
                                          NULL};
    const struct baseapi_problem second = {BASEAPI_CODE_SCHEMA, NULL, NULL, "/data/name"};

    (void)data;
    baseapi_request_add_problem(request, &first);
    baseapi_request_add_problem(request, &second);
    assert_int_equal(baseapi_request_problem_count(request), 2);
    baseapi_respond_added_problems(request, 422);
}

static void broken(struct baseapi_request *request, void *data)
{
    const struct baseapi_error error = {.status = BASEAPI_EDATABASE, .message = "the cause"};

    (void)data;
    baseapi_respond_error(request, &error);
}

static void conflict(struct baseapi_request *request, void *data)
{
    const struct baseapi_error error = {
        .status = BASEAPI_EINVALID, .http_status = 409, .message = "Taken."};

    (void)data;
    baseapi_respond_error(request, &error);
}

static void unavailable(struct baseapi_request *request, void *data)
{
    (void)data;
    baseapi_respond_problem(request, 503, NULL, "Away.");
}

static void nothing(struct baseapi_request *request, void *data)
{
    (void)data;
    assert_int_equal(baseapi_request_respond(request, NULL), BASEAPI_ENOMEM);
}

static const struct baseapi_route table[] = {
    {.method = "GET", .pattern = "/way", .handler = hello},
    {.method = "GET", .pattern = "/own", .handler = hello, .middleware = own},
    {.method = "GET",
     .pattern = "/pool",
     .handler = hello,
     .middleware = own,
     .flags = BASEAPI_BLOCKING},
    {.method = "GET", .pattern = "/full", .handler = full},
    {.method = "GET", .pattern = "/problems", .handler = problems},
    {.method = "GET", .pattern = "/broken", .handler = broken},
    {.method = "GET", .pattern = "/conflict", .handler = conflict},
    {.method = "GET", .pattern = "/unavailable", .handler = unavailable},
    {.method = "GET", .pattern = "/nothing", .handler = nothing},
    {.pattern = NULL},
};

static void serve(struct rig *served, bool debug)
{
    rig_prepare(served);
    served->options.workers = 1;
    served->options.debug = debug;
    rig_declare(served);
    assert_int_equal(baseapi_app_routes(served->app, "", table, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_use(served->app, &a, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_use(served->app, &gate, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_use(served->app, &waiter, NULL), BASEAPI_OK);
    assert_int_equal(baseapi_app_use(served->app, &b, NULL), BASEAPI_OK);
    rig_start(served);
}

static int start(void **state)
{
    (void)state;
    serve(&rig, false);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return rig_stop(&rig, 5000) == BASEAPI_OK ? 0 : -1;
}

static const char *field(const char *name)
{
    return wire_header(&reply, name, value, sizeof(value));
}

static void check_way(const char *target, unsigned status, const char *in, const char *out)
{
    const int fd = wire_open(rig.port);

    assert_int_equal(wire_get(fd, target, &reply), status);
    assert_string_equal(field("X-In"), in);
    assert_string_equal(field("X-Out"), out);
    close(fd);
}

static void middlewares_run_in_order_and_back(void **state)
{
    (void)state;
    check_way("/way", 200, "ab", "ba");
    check_way("/own", 200, "abc", "cba");
    check_way("/pool", 200, "abc", "cba");
}

static void middlewares_see_what_no_route_matches(void **state)
{
    (void)state;
    check_way("/none", 404, "ab", "ba");
    check_way("/echo", 405, "ab", "ba");
}

static void middleware_that_answers_ends_the_way(void **state)
{
    (void)state;
    check_way("/way?forbidden", 403, "a", "a");
    assert_string_equal(reply.body,
                        "{\"errors\":[{\"code\":\"forbidden\",\"detail\":\"403: Forbidden\"}]}");
}

static void middleware_may_wait(void **state)
{
    (void)state;
    check_way("/own?thread", 200, "abc", "cba");
    check_way("/own?inside", 200, "abc", "cba");
    check_way("/own?loop", 200, "abc", "cba");
    check_way("/pool?thread", 200, "abc", "cba");
}

static void answer_carries_what_the_handler_set(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/full", &reply), 201);
    assert_string_equal(field("Location"), "/x/1");
    assert_string_equal(field("Cache-Control"), "max-age=60");
    assert_null(strstr(reply.head, "no-store"));
    assert_non_null(strstr(reply.head, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
    assert_null(field("X-Gone"));
    assert_null(field("Injected"));
    close(fd);
}

static void several_problems_are_one_document(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/problems", &reply), 422);
    assert_string_equal(
        reply.body,
        "{\"errors\":[{\"code\":\"invalid_query_parameter\",\"detail\":\"a \\\"b\\\"\","
        "\"source\":{\"parameter\":\"page[limit]\"}},"
        "{\"code\":\"data_schema_validation_error\",\"source\":{\"pointer\":\"/data/name\"}}]}");
    close(fd);
}

static void cause_of_a_500_goes_to_the_log_only(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/broken", &reply), 500);
    assert_string_equal(
        reply.body,
        "{\"errors\":[{\"code\":\"internal_error\",\"detail\":\"Internal server error\"}]}");
    assert_true(rig_has_logged(&rig, "GET /broken: the cause"));
    assert_int_equal(wire_get(fd, "/nothing", &reply), 500);
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
}

static void debug_mode_tells_the_cause(void **state)
{
    struct rig debug;
    int fd;

    (void)state;
    serve(&debug, true);
    fd = wire_open(debug.port);
    assert_int_equal(wire_get(fd, "/broken", &reply), 500);
    assert_string_equal(reply.body,
                        "{\"errors\":[{\"code\":\"internal_error\",\"detail\":\"the cause\"}]}");
    close(fd);
    assert_int_equal(rig_stop(&debug, 5000), BASEAPI_OK);
}

static void error_with_a_status_is_told_to_the_client(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/conflict", &reply), 409);
    assert_string_equal(reply.body, "{\"errors\":[{\"code\":\"conflict\",\"detail\":\"Taken.\"}]}");
    assert_int_equal(wire_get(fd, "/unavailable", &reply), 503);
    assert_string_equal(field("Retry-After"), "1");
    close(fd);
}

static void codes_of_statuses_are_those_of_the_documents(void **state)
{
    (void)state;
    assert_string_equal(baseapi_status_code_name(404), "entity_not_found");
    assert_string_equal(baseapi_status_code_name(405), "method_not_allowed");
    assert_string_equal(baseapi_status_code_name(500), "internal_error");
    assert_string_equal(baseapi_status_code_name(499), "client_error");
    assert_string_equal(baseapi_status_code_name(599), "internal_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(middlewares_run_in_order_and_back),
        cmocka_unit_test(middlewares_see_what_no_route_matches),
        cmocka_unit_test(middleware_that_answers_ends_the_way),
        cmocka_unit_test(middleware_may_wait),
        cmocka_unit_test(answer_carries_what_the_handler_set),
        cmocka_unit_test(several_problems_are_one_document),
        cmocka_unit_test(cause_of_a_500_goes_to_the_log_only),
        cmocka_unit_test(debug_mode_tells_the_cause),
        cmocka_unit_test(error_with_a_status_is_told_to_the_client),
        cmocka_unit_test(codes_of_statuses_are_those_of_the_documents),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
