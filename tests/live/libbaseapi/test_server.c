/*
 * The server as a well-behaved client sees it: answers, keep-alive, pipelining, HEAD, OPTIONS, bodies, routes.
 */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/wire.h"

static struct rig rig;
static struct wire_reply reply;
static char value[256];

static int start(void **state)
{
    (void)state;
    rig_run(&rig);
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

static void answer_has_the_fields_every_answer_has(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    assert_string_equal(reply.body, "{\"hello\":\"world\"}");
    assert_string_equal(field("Content-Type"), "application/json; charset=utf-8");
    assert_string_equal(field("Cache-Control"), "no-store");
    assert_int_equal(strlen(field("X-Request-Id")), 16);
    assert_non_null(field("Date"));
    assert_null(field("Connection"));
    close(fd);
}

static void connection_serves_request_after_request(void **state)
{
    const int fd = wire_open(rig.port);
    char first[64];
    int i;

    (void)state;
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    strcpy(first, field("X-Request-Id"));
    for (i = 0; i < 50; i++) {
        assert_int_equal(wire_get(fd, i % 2 ? "/later/1" : "/books/7", &reply), 200);
        assert_string_not_equal(field("X-Request-Id"), first);
    }
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    const int fd = wire_open(rig.port);
    char text[4096] = "";
    int i;

    (void)state;
    for (i = 0; i < 20; i++) {
        char one[128];

        snprintf(one, sizeof(one), "GET /books/%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        strcat(text, one);
        if (i % 5 == 0)
            strcat(text, "GET /later/3 HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    assert_true(wire_send(fd, text, strlen(text)));
    for (i = 0; i < 20; i++) {
        char expected[32];

        snprintf(expected, sizeof(expected), "{\"id\":%d}", i);
        assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
        assert_string_equal(reply.body, expected);
        if (i % 5 == 0) {
            assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
            assert_string_equal(reply.body, "{\"hello\":\"world\"}");
        }
    }
    close(fd);
}

static void request_may_come_byte_by_byte(void **state)
{
    static const char text[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    const int fd = wire_open(rig.port);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(text) - 1; i++) {
        assert_true(wire_send(fd, text + i, 1));
        if (i % 8 == 0)
            usleep(1000);
    }
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_string_equal(reply.body, "hello");
    close(fd);
}

static void old_client_is_closed_unless_it_asks_otherwise(void **state)
{
    int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "GET /hello HTTP/1.0\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_true(reply.closes);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    close(fd);
    fd = wire_open(rig.port);
    assert_true(wire_print(fd, "GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(strcasecmp(field("Connection"), "keep-alive"), 0);
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    close(fd);
}

static void client_that_asks_to_close_is_closed(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_true(reply.closes);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    close(fd);
}

static void head_is_answered_as_get_without_the_body(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, true, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 200);
    assert_string_equal(field("Content-Length"), "17");
    assert_string_equal(field("Content-Type"), "application/json; charset=utf-8");
    assert_true(wire_print(fd, "HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, true, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 404);
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
}

static void options_and_wrong_methods_get_allow(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 204);
    assert_string_equal(field("Allow"), "GET, HEAD, OPTIONS");
    assert_null(field("Content-Type"));
    assert_null(field("Content-Length"));
    assert_true(wire_print(fd, "DELETE /echo?x HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 405);
    assert_string_equal(field("Allow"), "POST, OPTIONS");
    assert_string_equal(
        reply.body,
        "{\"errors\":[{\"code\":\"method_not_allowed\",\"detail\":\"405: Method Not Allowed\"}]}");
    assert_true(wire_print(fd, "OPTIONS /none HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 404);
    assert_true(wire_print(fd, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 204);
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
}

static void path_without_route_is_not_found(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/none", &reply), 404);
    assert_string_equal(
        reply.body, "{\"errors\":[{\"code\":\"entity_not_found\",\"detail\":\"404: Not Found\"}]}");
    assert_int_equal(wire_get(fd, "/hello/", &reply), 404);
    assert_int_equal(wire_get(fd, "//hello", &reply), 404);
    assert_int_equal(wire_get(fd, "/./hello", &reply), 404);
    assert_int_equal(wire_get(fd, "/%68ello", &reply), 404);
    assert_int_equal(wire_get(fd, "/hello?anything", &reply), 200);
    close(fd);
}

static void parameters_of_the_path_are_decoded_after_routing(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/names/a%2Fb", &reply), 200);
    assert_string_equal(reply.body, "{\"name\":\"a/b\"}");
    assert_int_equal(wire_get(fd, "/names/%C3%A4+%25", &reply), 200);
    assert_string_equal(reply.body, "{\"name\":\"\xc3\xa4+%\"}");
    assert_int_equal(wire_get(fd, "/names/a/b", &reply), 404);
    assert_int_equal(wire_get(fd, "/books/9223372036854775807", &reply), 200);
    assert_int_equal(wire_get(fd, "/books/9223372036854775808", &reply), 404);
    assert_int_equal(wire_get(fd, "/names/%ff", &reply), 400);
    assert_true(reply.closes);
    close(fd);
}

static void query_comes_as_it_was_sent(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/query?filter[name]=a%20b&x=1&&=%zz?", &reply), 200);
    assert_string_equal(reply.body, "filter[name]=a%20b&x=1&&=%zz?");
    assert_string_equal(field("Content-Type"), "text/plain; charset=utf-8");
    assert_int_equal(wire_get(fd, "/query", &reply), 200);
    assert_string_equal(reply.body, "");
    assert_int_equal(wire_get(fd, "http://elsewhere/query?b", &reply), 200);
    assert_string_equal(reply.body, "b");
    close(fd);
}

static void bodies_come_whole(void **state)
{
    const int fd = wire_open(rig.port);
    static char body[60000];

    (void)state;
    memset(body, 'b', sizeof(body));
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                           sizeof(body)));
    assert_true(wire_send(fd, body, sizeof(body)));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.body_size, sizeof(body));
    assert_memory_equal(reply.body, body, sizeof(body));
    assert_true(wire_print(fd,
                           "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nTrailer: t\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_string_equal(reply.body, "abcd");
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_string_equal(field("X-Body-Size"), "0");
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
}

static void expectation_is_met_before_the_body(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(
        fd, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 100);
    assert_true(wire_print(fd, "ok"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_string_equal(reply.body, "ok");
    close(fd);
}

static void post_json(int fd, const char *body)
{
    assert_true(wire_print(fd, "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                           strlen(body)));
    assert_true(wire_send(fd, body, strlen(body)));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
}

static void body_that_is_no_json_is_refused(void **state)
{
    static const char *const bodies[] = {
        "", "{", "{\"a\":1}x", "{'a':1}", "\"\xff\"", "{\"a\":1,\"a\":2}", "nul"};
    const int fd = wire_open(rig.port);
    size_t i;

    (void)state;
    post_json(fd, "{\"a\": [1, 2.5, null, \"\xc3\xa4\"]}");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"a\":[1,2.5,null,\"\xc3\xa4\"]}");
    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        post_json(fd, bodies[i]);
        if (reply.status != 400 || strstr(reply.body, "\"code\":\"invalid_format\"") == NULL)
            fail_msg("%s: %u %s", bodies[i], reply.status, reply.body);
    }
    close(fd);
}

static void json_may_be_nested_to_the_limit(void **state)
{
    const int fd = wire_open(rig.port);
    char body[2 * BASEAPI_MAX_JSON_DEPTH + 3];

    (void)state;
    memset(body, '[', BASEAPI_MAX_JSON_DEPTH);
    memset(body + BASEAPI_MAX_JSON_DEPTH, ']', BASEAPI_MAX_JSON_DEPTH);
    body[2 * BASEAPI_MAX_JSON_DEPTH] = '\0';
    post_json(fd, body);
    assert_int_equal(reply.status, 200);
    memset(body, '[', BASEAPI_MAX_JSON_DEPTH + 1);
    memset(body + BASEAPI_MAX_JSON_DEPTH + 1, ']', BASEAPI_MAX_JSON_DEPTH + 1);
    body[2 * BASEAPI_MAX_JSON_DEPTH + 2] = '\0';
    post_json(fd, body);
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.body, "64 levels"));
    post_json(
        fd,
        "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"");
    assert_int_equal(reply.status, 200);
    close(fd);
}

static void large_answer_arrives_whole(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/large/65000", &reply), 200);
    assert_int_equal(reply.body_size, 65000);
    assert_int_equal(wire_get(fd, "/large/0", &reply), 200);
    assert_string_equal(field("Content-Length"), "0");
    assert_null(field("Content-Type"));
    close(fd);
}

static void routes_are_listed_in_order_without_options(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/", &reply), 200);
    assert_ptr_equal(
        strstr(reply.body, "{\"available_resources\":[{\"method\":\"GET\",\"url\":\"/hello\"},"),
        reply.body);
    assert_non_null(strstr(reply.body, "{\"method\":\"GET\",\"url\":\"/books/{id}\"}"));
    assert_null(strstr(reply.body, "\"/\"}"));
    close(fd);
}

static void first_of_two_answers_stands(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/twice", &reply), 200);
    assert_int_equal(atomic_load(&rig.second), BASEAPI_EANSWERED);
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
}

static void answer_may_come_from_any_thread(void **state)
{
    const int fd = wire_open(rig.port);
    int i;

    (void)state;
    for (i = 0; i < 20; i++)
        assert_int_equal(wire_get(fd, "/thread", &reply), 200);
    close(fd);
}

static void *many_requests(void *data)
{
    static const char *const targets[] = {"/hello",  "/later/1", "/books/1",
                                          "/thread", "/block/1", "/none"};
    struct wire_reply *own = malloc(sizeof(*own));
    uintptr_t failures = 0;
    int i;

    (void)data;
    if (own == NULL)
        return (void *)(uintptr_t)1;
    for (i = 0; i < 10; i++) {
        const int fd = wire_open(rig.port);
        int j;

        for (j = 0; j < 12; j++)
            failures += wire_get(fd, targets[(i + j) % 6], own) != ((i + j) % 6 == 5 ? 404U : 200U);
        close(fd);
    }
    free(own);
    return (void *)failures;
}

static void many_clients_at_once_are_all_served(void **state)
{
    pthread_t threads[16];
    size_t i;

    (void)state;
    for (i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_requests, NULL), 0);
    for (i = 0; i < 16; i++) {
        void *failures;

        pthread_join(threads[i], &failures);
        assert_null(failures);
    }
}

static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void descriptors_do_not_grow(void **state)
{
    size_t before;
    int i;

    (void)state;
    assert_true(rig_await_idle(&rig));
    before = count_descriptors();
    for (i = 0; i < 200; i++) {
        const int fd = wire_open(rig.port);

        if (i % 3 == 0)
            assert_int_equal(wire_get(fd, "/later/1", &reply), 200);
        else if (i % 3 == 1)
            assert_true(wire_print(fd, "GET /hello HTTP/1.1\r\nHo"));
        close(fd);
    }
    assert_true(rig_await_idle(&rig));
    /* The server counts a connection out just before it closes it. */
    for (i = 0; i < 100 && count_descriptors() > before; i++)
        usleep(10000);
    assert_in_range(count_descriptors(), 1, before);
}

static void hundreds_of_idle_connections_are_kept(void **state)
{
    enum { COUNT = 400 };
    static int fds[COUNT];
    int i;

    (void)state;
    for (i = 0; i < COUNT; i++) {
        fds[i] = wire_open(rig.port);
        assert_true(fds[i] >= 0);
        assert_int_equal(wire_get(fds[i], "/hello", &reply), 200);
    }
    assert_int_equal(rig_stats(&rig).active_connections, COUNT);
    for (i = COUNT; i-- > 0;) {
        assert_int_equal(wire_get(fds[i], "/hello", &reply), 200);
        close(fds[i]);
    }
    assert_true(rig_await_idle(&rig));
}

static void counters_tell_what_happened(void **state)
{
    const struct baseapi_stats before = rig_stats(&rig);
    struct baseapi_stats after;
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    assert_int_equal(wire_get(fd, "/none", &reply), 404);
    assert_true(wire_print(fd, "GET /hello HTTP/1.1\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 400);
    close(fd);
    assert_true(rig_await_idle(&rig));
    after = rig_stats(&rig);
    assert_int_equal(after.requests - before.requests, 3);
    assert_int_equal(after.responses[1] - before.responses[1], 1);
    assert_int_equal(after.responses[3] - before.responses[3], 2);
    assert_int_equal(after.refused_malformed - before.refused_malformed, 1);
    assert_int_equal(after.connections - before.connections, 1);
    assert_int_equal(after.active_requests, 0);
}

static void check_ids(bool accept, const char *sent, bool is_kept)
{
    struct rig own;
    int fd;

    rig_prepare(&own);
    own.options.accept_request_id = accept;
    rig_declare(&own);
    rig_start(&own);
    fd = wire_open(own.port);
    assert_true(wire_print(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: %s\r\n\r\n", sent));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(strcmp(field("X-Request-Id"), sent) == 0, is_kept);
    close(fd);
    assert_int_equal(rig_stop(&own, 5000), BASEAPI_OK);
}

static void id_of_the_client_is_kept_only_when_allowed_and_sane(void **state)
{
    (void)state;
    check_ids(false, "abc-1", false);
    check_ids(true, "abc-1", true);
    check_ids(true, "a b", false);
    check_ids(true, "\"quoted\"", false);
    check_ids(true, "1234567890123456789012345678901234567890123456789012345678901234", true);
    check_ids(true, "12345678901234567890123456789012345678901234567890123456789012345", false);
}

static int open_ipv6(unsigned port)
{
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    address.sin6_addr = in6addr_loopback;
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Not every machine has IPv6. */
static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has;

    address.sin6_addr = in6addr_loopback;
    has = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

static void any_address_serves_both_protocols(void **state)
{
    struct rig own;
    int fd;

    (void)state;
    if (!has_ipv6())
        skip();
    rig_prepare(&own);
    own.options.workers = 1;
    own.options.address = "::";
    rig_declare(&own);
    rig_start(&own);
    fd = open_ipv6(own.port);
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    assert_true(rig_await(&own.accesses, 1));
    assert_true(rig_has_accessed(&own, "\"peer\":\"::1\""));
    close(fd);
    fd = wire_open(own.port);
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    assert_true(rig_await(&own.accesses, 2));
    assert_true(rig_has_accessed(&own, "\"peer\":\"127.0.0.1\""));
    close(fd);
    assert_int_equal(rig_stop(&own, 5000), BASEAPI_OK);
}

static void access_log_has_a_line_for_each_request(void **state)
{
    struct rig own;
    json_t *line;
    int fd;

    (void)state;
    rig_prepare(&own);
    own.options.workers = 1;
    rig_declare(&own);
    rig_start(&own);
    fd = wire_open(own.port);
    assert_int_equal(wire_get(fd, "/books/7?x=%22", &reply), 200);
    assert_true(rig_await(&own.accesses, 1));
    line = json_loads(own.last_access, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(line, "target")), "/books/7?x=%22");
    assert_string_equal(json_string_value(json_object_get(line, "route")), "/books/{id:\\d+}");
    assert_string_equal(json_string_value(json_object_get(line, "peer")), "127.0.0.1");
    assert_string_equal(json_string_value(json_object_get(line, "id")), field("X-Request-Id"));
    assert_int_equal(json_integer_value(json_object_get(line, "status")), 200);
    assert_int_equal(json_integer_value(json_object_get(line, "bytes")), 8);
    json_decref(line);
    assert_true(wire_print(fd, "HEAD /books/7 HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, true, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_true(rig_await(&own.accesses, 2));
    assert_true(rig_has_accessed(&own, "\"bytes\":0,"));
    assert_true(wire_print(fd, "BAD METHOD /x HTTP/1.1\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_true(rig_await(&own.accesses, 3));
    assert_true(rig_has_accessed(&own, "\"status\":400"));
    close(fd);
    assert_int_equal(rig_stop(&own, 5000), BASEAPI_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_has_the_fields_every_answer_has),
        cmocka_unit_test(connection_serves_request_after_request),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(request_may_come_byte_by_byte),
        cmocka_unit_test(old_client_is_closed_unless_it_asks_otherwise),
        cmocka_unit_test(client_that_asks_to_close_is_closed),
        cmocka_unit_test(head_is_answered_as_get_without_the_body),
        cmocka_unit_test(options_and_wrong_methods_get_allow),
        cmocka_unit_test(path_without_route_is_not_found),
        cmocka_unit_test(parameters_of_the_path_are_decoded_after_routing),
        cmocka_unit_test(query_comes_as_it_was_sent),
        cmocka_unit_test(bodies_come_whole),
        cmocka_unit_test(expectation_is_met_before_the_body),
        cmocka_unit_test(body_that_is_no_json_is_refused),
        cmocka_unit_test(json_may_be_nested_to_the_limit),
        cmocka_unit_test(large_answer_arrives_whole),
        cmocka_unit_test(routes_are_listed_in_order_without_options),
        cmocka_unit_test(first_of_two_answers_stands),
        cmocka_unit_test(answer_may_come_from_any_thread),
        cmocka_unit_test(many_clients_at_once_are_all_served),
        cmocka_unit_test(descriptors_do_not_grow),
        cmocka_unit_test(hundreds_of_idle_connections_are_kept),
        cmocka_unit_test(counters_tell_what_happened),
        cmocka_unit_test(id_of_the_client_is_kept_only_when_allowed_and_sane),
        cmocka_unit_test(any_address_serves_both_protocols),
        cmocka_unit_test(access_log_has_a_line_for_each_request),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
