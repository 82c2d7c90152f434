/*
 * The router: which route answers, what a path allows, and what cannot be declared together.
 */
#include "test.h"

#include "router.h"
#include "text.h"

static void handler(struct baseapi_request *request, void *data)
{
    (void)request;
    (void)data;
}

#define ROW(m, p)                                         \
    {                                                     \
        .method = (m), .pattern = (p), .handler = handler \
    }

static const struct baseapi_route table[] = {
    ROW("GET", "/"),
    ROW("GET", "/books"),
    ROW("POST", "/books"),
    ROW("GET", "/books/{id:\\d+}"),
    ROW("DELETE", "/books/{id:\\d+}"),
    ROW("GET", "/books/{name}"),
    ROW("PUT", "/books/{name}"),
    ROW("GET", "/authors/{id:\\d+}"),
    ROW("GET", "/{any}"),
    ROW("HEAD", "/authors"),
    ROW("GET", "/authors"),
    ROW("OPTIONS", "/options"),
    ROW("GET", "/options"),
    ROW("GET", "/deep/a/b/c/{x}"),
    {.pattern = NULL},
};

static struct router *new_router(const struct baseapi_route *rows)
{
    struct router *router = baseapi__router_new();

    assert_non_null(router);
    assert_int_equal(baseapi__router_add(router, "", rows, sizeof(*rows), NULL), BASEAPI_OK);
    assert_int_equal(baseapi__router_prepare(router, NULL), BASEAPI_OK);
    return router;
}

struct expectation {
    const char *method;
    const char *path;
    const char *route; /* "GET /x", or NULL */
    bool path_exists;
};

static const struct expectation expectations[] = {
    {"GET", "/", "GET /", true},
    {"GET", "/books", "GET /books", true},
    {"POST", "/books", "POST /books", true},
    {"GET", "/books/7", "GET /books/{id:\\d+}", true},
    {"GET", "/books/x", "GET /books/{name}", true},
    {"PUT", "/books/7", "PUT /books/{name}", true},
    {"DELETE", "/books/7", "DELETE /books/{id:\\d+}", true},
    {"DELETE", "/books/x", NULL, true},
    {"PATCH", "/books", NULL, true},
    {"GET", "/other", "GET /{any}", true},
    {"POST", "/other", NULL, true},
    {"GET", "/other/x", NULL, false},
    {"GET", "/book", "GET /{any}", true},
    {"GET", "/books/", NULL, false},
    {"HEAD", "/books", "GET /books", true},
    {"HEAD", "/books/7", "GET /books/{id:\\d+}", true},
    {"HEAD", "/authors", "HEAD /authors", true},
    {"GET", "/authors", "GET /{any}", true},
    {"OPTIONS", "/options", "OPTIONS /options", true},
    {"OPTIONS", "/books", NULL, true},
    {"get", "/books", NULL, true},
    {"GET", "/deep/a/b/c/d", "GET /deep/a/b/c/{x}", true},
    {"GET", "/deep/a/b/c", NULL, false},
    {"GET", "//books", NULL, false},
};

static void first_declared_route_that_matches_answers(void **state)
{
    struct router *router = new_router(table);
    struct pattern_scratch *scratch = baseapi__pattern_scratch_new();
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
        const struct expectation *expected = &expectations[i];
        struct routing routing;
        char found[64] = "";

        baseapi__router_find(router, expected->method, expected->path, strlen(expected->path),
                             scratch, &routing);
        if (routing.route != NULL) {
            strcat(found, routing.route->declared.method);
            strcat(found, " ");
            strcat(found, routing.route->declared.pattern);
        }
        if (strcmp(found, expected->route != NULL ? expected->route : "") != 0 ||
            routing.path_exists != expected->path_exists)
            fail_msg("%s %s led to \"%s\", path %d", expected->method, expected->path, found,
                     routing.path_exists);
    }
    baseapi__pattern_scratch_free(scratch);
    baseapi__router_free(router);
}

static void check_allow(const struct router *router, const char *path, const char *expected)
{
    struct pattern_scratch *scratch = baseapi__pattern_scratch_new();
    struct text allow = {.data = NULL};

    baseapi__router_allow(router, path, strlen(path), scratch, &allow);
    assert_string_equal(allow.data, expected);
    text_free(&allow);
    baseapi__pattern_scratch_free(scratch);
}

static void allow_lists_each_method_once(void **state)
{
    struct router *router = new_router(table);

    (void)state;
    check_allow(router, "/books", "GET, POST, HEAD, OPTIONS");
    check_allow(router, "/books/7", "GET, DELETE, PUT, HEAD, OPTIONS");
    check_allow(router, "/books/x", "GET, PUT, HEAD, OPTIONS");
    check_allow(router, "/authors", "GET, HEAD, OPTIONS");
    check_allow(router, "/options", "GET, OPTIONS, HEAD");
    baseapi__router_free(router);
}

static void captures_belong_to_the_route_that_answers(void **state)
{
    struct router *router = new_router(table);
    struct pattern_scratch *scratch = baseapi__pattern_scratch_new();
    struct routing routing;

    (void)state;
    baseapi__router_find(router, "GET", "/books/42", 9, scratch, &routing);
    assert_int_equal(routing.captures[0].start, 7);
    assert_int_equal(routing.captures[0].size, 2);
    baseapi__pattern_scratch_free(scratch);
    baseapi__router_free(router);
}

static void check_refused(const struct baseapi_route *rows, const char *part)
{
    struct baseapi_error error = BASEAPI_ERROR_INIT;
    struct router *router = baseapi__router_new();

    assert_int_equal(baseapi__router_add(router, "", table, sizeof(*table), NULL), BASEAPI_OK);
    assert_int_equal(baseapi__router_add(router, "", rows, sizeof(*rows), &error),
                     BASEAPI_EINVALID);
    if (strstr(error.message, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    baseapi__router_free(router);
}

static void what_cannot_be_told_apart_is_refused(void **state)
{
    static const struct baseapi_route twice[] = {ROW("GET", "/books"), {.pattern = NULL}};
    static const struct baseapi_route method[] = {ROW("GE T", "/x"), {.pattern = NULL}};
    static const struct baseapi_route empty[] = {ROW("", "/x"), {.pattern = NULL}};
    static const struct baseapi_route no_handler[] = {{.method = "GET", .pattern = "/x"},
                                                      {.pattern = NULL}};
    static const struct baseapi_route names[] = {
        {.method = "GET", .pattern = "/x", .handler = handler, .name = "n"},
        {.method = "GET", .pattern = "/y", .handler = handler, .name = "n"},
        {.pattern = NULL},
    };

    (void)state;
    check_refused(twice, "there already");
    check_refused(method, "malformed method");
    check_refused(empty, "malformed method");
    check_refused(no_handler, "no handler");
    check_refused(names, "two routes have the name");
}

static void table_with_a_mistake_adds_nothing(void **state)
{
    static const struct baseapi_route rows[] = {
        ROW("GET", "/new"), ROW("GET", "/{"), {.pattern = NULL}};
    struct router *router = baseapi__router_new();
    struct pattern_scratch *scratch = baseapi__pattern_scratch_new();
    struct routing routing;

    (void)state;
    assert_int_equal(baseapi__router_add(router, "", rows, sizeof(*rows), NULL), BASEAPI_EINVALID);
    assert_null(baseapi__router_first(router));
    assert_int_equal(baseapi__router_prepare(router, NULL), BASEAPI_OK);
    baseapi__router_find(router, "GET", "/new", 4, scratch, &routing);
    assert_null(routing.route);
    baseapi__pattern_scratch_free(scratch);
    baseapi__router_free(router);
}

static void prefix_is_put_before_every_pattern(void **state)
{
    static const struct baseapi_route rows[] = {
        ROW("GET", "/a"), ROW("GET", ""), {.pattern = NULL}};
    struct router *router = baseapi__router_new();

    (void)state;
    assert_int_equal(baseapi__router_add(router, "/shop/{id}", rows, sizeof(*rows), NULL),
                     BASEAPI_OK);
    assert_string_equal(baseapi__router_first(router)->declared.pattern, "/shop/{id}/a");
    assert_string_equal(baseapi__router_first(router)->next->declared.pattern, "/shop/{id}");
    baseapi__router_free(router);
}

struct older_route {
    const char *method;
    const char *pattern;
    baseapi_handler_fn handler;
    void *data;
};

static void shorter_rows_of_an_older_program_are_read(void **state)
{
    static const struct older_route rows[] = {
        {"GET", "/a", handler, NULL}, {"GET", "/b", handler, NULL}, {0}};
    struct router *router = baseapi__router_new();

    (void)state;
    assert_int_equal(baseapi__router_add(router, "",
                                         (const struct baseapi_route *)(const void *)rows,
                                         sizeof(rows[0]), NULL),
                     BASEAPI_OK);
    assert_string_equal(baseapi__router_first(router)->next->declared.pattern, "/b");
    assert_int_equal(baseapi__router_first(router)->declared.max_body_bytes, 0);
    baseapi__router_free(router);
}

static void declare_and_look_up(void *context)
{
    struct router *router = baseapi__router_new();

    (void)context;
    if (router != NULL &&
        baseapi__router_add(router, "/p", table, sizeof(*table), NULL) == BASEAPI_OK)
        (void)baseapi__router_prepare(router, NULL);
    baseapi__router_free(router);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(declare_and_look_up, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_declared_route_that_matches_answers),
        cmocka_unit_test(allow_lists_each_method_once),
        cmocka_unit_test(captures_belong_to_the_route_that_answers),
        cmocka_unit_test(what_cannot_be_told_apart_is_refused),
        cmocka_unit_test(table_with_a_mistake_adds_nothing),
        cmocka_unit_test(prefix_is_put_before_every_pattern),
        cmocka_unit_test(shorter_rows_of_an_older_program_are_read),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
