/*
 * Limits, each at its bound and one above; every refusal names its limit.
 */
#include "test.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/wire.h"

static struct rig rig;
static struct wire_reply reply;

static int start(void **state)
{
    (void)state;
    rig_prepare(&rig);
    rig.options.workers = 1;
    rig.options.max_connections = 6;
    rig.options.max_connections_per_ip = 5;
    rig.options.max_target_bytes = 200;
    rig.options.max_header_bytes = 500;
    rig.options.max_header_count = 10;
    rig.options.max_body_bytes = 1000;
    rig.options.blocking_threads = 1;
    rig.options.blocking_queue = 2;
    rig_declare(&rig);
    rig_start(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return rig_stop(&rig, 5000) == BASEAPI_OK ? 0 : -1;
}

static void check_refused(int fd, unsigned status, const char *limit)
{
    if (wire_read(fd, false, WIRE_PATIENCE_MS, &reply) != WIRE_REPLY || reply.status != status)
        fail_msg("%u, not %u: %s", reply.status, status, reply.body);
    assert_true(reply.closes);
    if (strstr(reply.body, limit) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", reply.body, limit);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    close(fd);
    assert_true(rig_await_idle(&rig));
}

static void check_served(int fd)
{
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 200);
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
    assert_true(rig_await_idle(&rig));
}

static int get_of_size(size_t size)
{
    const int fd = wire_open(rig.port);
    char target[512] = "/hello?";

    memset(target + 7, 'x', size - 7);
    target[size] = '\0';
    assert_true(wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target));
    return fd;
}

static void target_is_limited(void **state)
{
    (void)state;
    check_served(get_of_size(200));
    check_refused(get_of_size(201), 414, "Maximum is 200.");
}

static int get_with_fields(size_t count)
{
    const int fd = wire_open(rig.port);
    size_t i;

    assert_true(wire_print(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n"));
    for (i = 1; i < count; i++)
        assert_true(wire_print(fd, "X-%zu: y\r\n", i));
    assert_true(wire_print(fd, "\r\n"));
    return fd;
}

static void number_of_fields_is_limited(void **state)
{
    (void)state;
    check_served(get_with_fields(10));
    check_refused(get_with_fields(11), 431, "Maximum is 10.");
    check_refused(get_with_fields(60), 431, "Maximum is 10.");
}

/* "Host: a\r\n" and "X: …\r\n" have nine and five bytes beside the value. */
static int get_with_bytes(size_t size)
{
    const int fd = wire_open(rig.port);
    char field[1024];

    memset(field, 'v', size);
    field[size - 9 - 5] = '\0';
    assert_true(wire_print(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n", field));
    return fd;
}

static void bytes_of_fields_are_limited(void **state)
{
    (void)state;
    check_served(get_with_bytes(500));
    check_refused(get_with_bytes(501), 431, "Maximum is 500.");
}

/* 64 fields of 112 bytes each are 7 KiB, and not one more goes in. */
static void answer_with_fields(struct baseapi_request *request, void *data)
{
    struct baseapi_response *response = baseapi_response_new(request, 200);
    unsigned *refused = data;
    char name[8];
    char value[108];
    int i;

    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (i = 0; i < 64; i++) {
        (void)snprintf(name, sizeof(name), "X-%03d", i);
        assert_int_equal(baseapi_response_add_header(response, name, value), BASEAPI_OK);
    }
    *refused = (unsigned)baseapi_response_add_header(response, "X", "y");
    baseapi_response_set_header(response, "X-000", NULL);
    assert_int_equal(baseapi_response_add_header(response, "X-0000", value), BASEAPI_ELIMIT);
    assert_int_equal(baseapi_response_add_header(response, "X-000", value), BASEAPI_OK);
    baseapi_request_respond(request, response);
}

/* What the default limits allow of a request leaves room for what an answer may have. */
static void largest_head_gets_the_largest_answer(void **state)
{
    static char target[8192 + 1] = "/fields?";
    static char value[187];
    unsigned refused = 0;
    struct rig own;
    int fd;
    int i;

    (void)state;
    rig_prepare(&own);
    rig_declare(&own);
    assert_int_equal(
        baseapi_app_route(own.app, "GET", "/fields", answer_with_fields, &refused, NULL),
        BASEAPI_OK);
    rig_start(&own);
    memset(target + 8, 'x', sizeof(target) - 9);
    memset(value, 'v', sizeof(value) - 1);
    fd = wire_open(own.port);
    /* 62 fields of 195 bytes, one of 189 and Host with 9 are 12288. */
    assert_true(wire_print(fd, "GET ") && wire_send(fd, target, sizeof(target) - 1) &&
                wire_print(fd, " HTTP/1.1\r\nHost: a\r\n"));
    for (i = 0; i < 63; i++)
        assert_true(wire_print(fd, "X-%03d: %s\r\n", i, i < 62 ? value : value + 6));
    assert_true(wire_print(fd, "\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 200);
    assert_int_equal(refused, BASEAPI_ELIMIT);
    close(fd);
    assert_int_equal(rig_stop(&own, 5000), BASEAPI_OK);
}

static int post(const char *path, size_t size, bool is_chunked)
{
    const int fd = wire_open(rig.port);
    static char body[300000];

    memset(body, 'b', size);
    if (is_chunked)
        assert_true(wire_print(
            fd, "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", path,
            size));
    else
        assert_true(wire_print(fd, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                               path, size));
    (void)wire_send(fd, body, size);
    if (is_chunked)
        (void)wire_send(fd, "\r\n0\r\n\r\n", 7);
    return fd;
}

static void body_is_limited(void **state)
{
    const unsigned entered = atomic_load(&rig.entered);

    (void)state;
    check_served(post("/echo", 1000, false));
    check_served(post("/echo", 1000, true));
    assert_int_equal(atomic_load(&rig.entered), entered + 4);
    check_refused(post("/echo", 1001, false), 413, "Maximum is 1000.");
    check_refused(post("/echo", 1001, true), 413, "Maximum is 1000.");
    assert_int_equal(atomic_load(&rig.entered), entered + 4);
}

static void route_may_have_its_own_limit_of_the_body(void **state)
{
    (void)state;
    check_served(post("/small", 10, false));
    check_refused(post("/small", 11, false), 413, "Maximum is 10.");
    check_refused(post("/small", 11, true), 413, "Maximum is 10.");
}

static void body_that_announces_too_much_is_refused_before_it_is_sent(void **state)
{
    int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"));
    check_refused(fd, 413, "Maximum is 1000.");
    fd = wire_open(rig.port);
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                               "Content-Length: 18446744073709551615\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_not_equal(reply.status, 100);
    close(fd);
    assert_true(rig_await_idle(&rig));
}

static void endless_chunks_are_cut(void **state)
{
    const int fd = post("/echo", 290000, true);

    (void)state;
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 413);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    close(fd);
    assert_true(rig_await_idle(&rig));
}

/* A client that sends all before it reads gets to read why it was refused, and no reset in its place. */
static void refused_client_that_goes_on_sending_reads_the_answer(void **state)
{
    const int fd = wire_open(rig.port);
    static char body[100000];
    int i;

    (void)state;
    assert_true(
        wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"));
    for (i = 0; i < 20; i++) {
        assert_true(wire_send(fd, body, sizeof(body)));
        usleep(2000);
    }
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 413);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    close(fd);
    assert_true(rig_await_idle(&rig));
}

static void connections_of_one_address_are_limited(void **state)
{
    const struct baseapi_stats before = rig_stats(&rig);
    int fds[6];
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        fds[i] = wire_open(rig.port);
        assert_int_equal(wire_get(fds[i], "/hello", &reply), 200);
    }
    fds[5] = wire_open(rig.port);
    assert_true(wire_is_closed(fds[5], 5000));
    assert_int_equal(rig_stats(&rig).refused_connection - before.refused_connection, 1);
    for (i = 0; i < 6; i++)
        close(fds[i]);
    assert_true(rig_await_idle(&rig));
    fds[0] = wire_open(rig.port);
    assert_int_equal(wire_get(fds[0], "/hello", &reply), 200);
    close(fds[0]);
    assert_true(rig_await_idle(&rig));
}

static void connections_in_all_are_limited(void **state)
{
    struct rig own;
    int fds[4];
    int i;

    (void)state;
    rig_prepare(&own);
    own.options.max_connections = 3;
    rig_declare(&own);
    rig_start(&own);
    for (i = 0; i < 3; i++) {
        fds[i] = wire_open(own.port);
        assert_int_equal(wire_get(fds[i], "/hello", &reply), 200);
    }
    fds[3] = wire_open(own.port);
    assert_true(wire_is_closed(fds[3], 5000));
    for (i = 0; i < 4; i++)
        close(fds[i]);
    assert_true(rig_await_idle(&own));
    assert_int_equal(rig_stop(&own, 5000), BASEAPI_OK);
}

/* Leaves room for `count` more descriptors; returns what the limit was. */
static struct rlimit leave_descriptors(int count)
{
    struct rlimit before;
    struct rlimit lowered;
    const int lowest = dup(0);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    lowered = before;
    lowered.rlim_cur = (rlim_t)(lowest + count);
    close(lowest);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    return before;
}

static void service_goes_on_when_descriptors_are_back(void **state)
{
    struct rlimit before;
    struct rig own;
    int fds[20];
    int count = 0;
    int fd;

    (void)state;
    rig_prepare(&own);
    own.options.workers = 1;
    rig_declare(&own);
    rig_start(&own);
    before = leave_descriptors(20);
    while (count < 20 && (fds[count] = wire_open(own.port)) >= 0) {
        (void)wire_print(fds[count++], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        usleep(1000);
    }
    assert_in_range(count, 5, 19);
    usleep(50000);
    while (count != 0)
        close(fds[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(rig_await_idle(&own));
    fd = wire_open(own.port);
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    close(fd);
    assert_true(rig_await_idle(&own));
    assert_int_equal(rig_stop(&own, 5000), BASEAPI_OK);
}

/* With one worker, 56 of 64 descriptors are for connections but for its own 8. */
static void connections_leave_descriptors_to_the_program(void **state)
{
    struct rlimit before;
    struct rlimit few = {.rlim_cur = 64};
    struct rig own;
    int fds[49];
    int i;

    (void)state;
    rig_prepare(&own);
    own.options.workers = 1;
    rig_declare(&own);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    rig_start(&own);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (i = 0; i < 48; i++) {
        fds[i] = wire_open(own.port);
        assert_int_equal(wire_get(fds[i], "/hello", &reply), 200);
    }
    fds[i] = wire_open(own.port);
    assert_true(wire_is_closed(fds[i], WIRE_PATIENCE_MS));
    assert_int_equal(rig_stats(&own).refused_connection, 1);
    for (; i >= 0; i--)
        close(fds[i]);
    assert_true(rig_await_idle(&own));
    assert_int_equal(rig_stop(&own, 5000), BASEAPI_OK);
}

static void queue_of_blocking_handlers_is_limited(void **state)
{
    const unsigned entered = atomic_load(&rig.entered);
    char value[16];
    int fds[4];
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        fds[i] = wire_open(rig.port);
    assert_true(wire_print(fds[0], "GET /block/1500 HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(rig_await(&rig.entered, entered + 1));
    assert_true(wire_print(fds[1], "GET /block/1 HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(wire_print(fds[2], "GET /block/1 HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (i = 0; i < WIRE_PATIENCE_MS && rig_stats(&rig).active_requests < 3; i++)
        usleep(1000);
    usleep(100000);
    assert_int_equal(wire_get(fds[3], "/block/1", &reply), 503);
    assert_non_null(strstr(reply.body, "\"code\":\"service_unavailable\""));
    assert_string_equal(wire_header(&reply, "Retry-After", value, sizeof(value)), "1");
    assert_int_equal(wire_get(fds[3], "/hello", &reply), 200);
    for (i = 0; i < 3; i++) {
        assert_int_equal(wire_read(fds[i], false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
        assert_int_equal(reply.status, 200);
    }
    assert_int_equal(rig_stats(&rig).refused_busy, 1);
    for (i = 0; i < 4; i++)
        close(fds[i]);
    assert_true(rig_await_idle(&rig));
}

static void blocking_handler_without_an_answer_is_answered_at_once(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/careless", &reply), 500);
    assert_string_equal(
        reply.body,
        "{\"errors\":[{\"code\":\"internal_error\",\"detail\":\"Internal server error\"}]}");
    assert_true(rig_has_logged(&rig, "returned without an answer"));
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
    assert_true(rig_await_idle(&rig));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(target_is_limited),
        cmocka_unit_test(number_of_fields_is_limited),
        cmocka_unit_test(bytes_of_fields_are_limited),
        cmocka_unit_test(largest_head_gets_the_largest_answer),
        cmocka_unit_test(body_is_limited),
        cmocka_unit_test(route_may_have_its_own_limit_of_the_body),
        cmocka_unit_test(body_that_announces_too_much_is_refused_before_it_is_sent),
        cmocka_unit_test(endless_chunks_are_cut),
        cmocka_unit_test(refused_client_that_goes_on_sending_reads_the_answer),
        cmocka_unit_test(connections_of_one_address_are_limited),
        cmocka_unit_test(connections_in_all_are_limited),
        cmocka_unit_test(service_goes_on_when_descriptors_are_back),
        cmocka_unit_test(connections_leave_descriptors_to_the_program),
        cmocka_unit_test(queue_of_blocking_handlers_is_limited),
        cmocka_unit_test(blocking_handler_without_an_answer_is_answered_at_once),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
