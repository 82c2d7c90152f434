/*
 * Deadlines and hang-ups, with times short enough for a test: what is too slow is cut, what is only slow is not.
 */
#include "test.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/wire.h"

static struct rig rig;
static struct wire_reply reply;

/* Answers in time, and takes longer than its deadline to return. */
static void tidy_up(struct baseapi_request *request, void *data)
{
    (void)data;
    baseapi_respond_status(request, 204);
    usleep(1500000);
}

static const struct baseapi_route slow_to_return[] = {
    {.method = "GET",
     .pattern = "/tidy",
     .handler = tidy_up,
     .flags = BASEAPI_BLOCKING,
     .handler_timeout_ms = 1000},
    {.pattern = NULL},
};

static int start(void **state)
{
    (void)state;
    rig_prepare(&rig);
    rig.options.workers = 1;
    rig.options.header_timeout_ms = 300;
    rig.options.body_timeout_ms = 600;
    rig.options.min_bytes_per_s = 20;
    rig.options.handler_timeout_ms = 600;
    rig.options.idle_timeout_ms = 1500;
    rig.options.send_timeout_ms = 1500;
    rig_declare(&rig);
    assert_int_equal(baseapi_app_routes(rig.app, "", slow_to_return, NULL), BASEAPI_OK);
    rig_start(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return rig_stop(&rig, 5000) == BASEAPI_OK ? 0 : -1;
}

static unsigned now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static void connection_that_sends_nothing_is_closed_silently(void **state)
{
    const int fd = wire_open(rig.port);
    const unsigned start_ms = now_ms();

    (void)state;
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    assert_true(now_ms() - start_ms >= 290);
    close(fd);
}

static void trickling_request_line_is_cut_on_time(void **state)
{
    const int fd = wire_open(rig.port);
    const unsigned start_ms = now_ms();
    int i;

    (void)state;
    for (i = 0; i < 200 && wire_send(fd, "G", 1); i++)
        usleep(20000);
    assert_true(i < 200);
    assert_true(now_ms() - start_ms >= 290);
    close(fd);
}

static void trickling_header_is_told_408_and_cut(void **state)
{
    const struct baseapi_stats before = rig_stats(&rig);
    const int fd = wire_open(rig.port);
    const unsigned start_ms = now_ms();
    int i;

    (void)state;
    assert_true(wire_print(fd, "GET /hello HTTP/1.1\r\n"));
    for (i = 0; i < 10; i++) {
        (void)wire_send(fd, "X: y\r\n", 6);
        usleep(40000);
    }
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 408);
    assert_true(reply.closes);
    assert_non_null(strstr(reply.body, "\"code\":\"request_timeout\""));
    assert_true(now_ms() - start_ms >= 290);
    assert_true(rig_await_idle(&rig));
    assert_int_equal(rig_stats(&rig).timeouts_header - before.timeouts_header, 1);
    close(fd);
}

static void idle_connection_is_closed_later_than_a_header(void **state)
{
    const int fd = wire_open(rig.port);
    unsigned start_ms;

    (void)state;
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    start_ms = now_ms();
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    assert_true(now_ms() - start_ms >= 1490);
    close(fd);
}

static void idle_connection_that_wakes_up_in_time_lives_on(void **state)
{
    const int fd = wire_open(rig.port);
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        assert_int_equal(wire_get(fd, "/hello", &reply), 200);
        usleep(500000);
    }
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
}

static void body_that_stands_still_is_told_408_and_cut(void **state)
{
    const struct baseapi_stats before = rig_stats(&rig);
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 408);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    assert_int_equal(rig_stats(&rig).timeouts_body - before.timeouts_body, 1);
    close(fd);
}

static void trickling_body_is_cut_though_it_moves(void **state)
{
    const int fd = wire_open(rig.port);
    int i;

    (void)state;
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
    for (i = 0; i < 200 && wire_send(fd, "b", 1); i++)
        usleep(50000);
    assert_true(i < 40);
    close(fd);
}

static void body_that_is_fast_enough_is_taken(void **state)
{
    const int fd = wire_open(rig.port);
    int i;

    (void)state;
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"));
    for (i = 0; i < 10; i++) {
        assert_true(wire_print(fd, "0123456789"));
        usleep(20000);
    }
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body_size, 100);
    close(fd);
}

static void handler_that_never_answers_is_answered_504(void **state)
{
    const unsigned before = atomic_load(&rig.cancelled);
    const int fd = wire_open(rig.port);
    const unsigned start_ms = now_ms();

    (void)state;
    assert_int_equal(wire_get(fd, "/never", &reply), 504);
    assert_true(now_ms() - start_ms >= 590);
    assert_non_null(strstr(reply.body, "\"code\":\"gateway_timeout\""));
    assert_false(reply.closes);
    assert_true(rig_await(&rig.cancelled, before + 1));
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    assert_true(rig_has_logged(&rig, "was not answered in time"));
    close(fd);
}

static void route_has_its_own_deadline(void **state)
{
    static struct rig patient;
    int fd;

    (void)state;
    rig_prepare(&patient);
    patient.options.handler_timeout_ms = 2 * WIRE_PATIENCE_MS;
    rig_declare(&patient);
    rig_start(&patient);
    fd = wire_open(patient.port);
    assert_int_equal(wire_get(fd, "/quick", &reply), 504);
    assert_true(rig_await(&patient.cancelled, 1));
    close(fd);
    assert_int_equal(rig_stop(&patient, WIRE_PATIENCE_MS), BASEAPI_OK);
}

static void answer_in_time_of_a_handler_that_returns_late_stands(void **state)
{
    const uint64_t before = rig_stats(&rig).timeouts_handler;
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/tidy", &reply), 204);
    assert_int_equal(rig_stats(&rig).timeouts_handler, before);
    close(fd);
}

static void forgotten_request_is_answered_and_kept_for_its_owner(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/forget", &reply), 504);
    assert_int_equal(wire_get(fd, "/after", &reply), 200);
    close(fd);
}

static void late_answer_is_dropped(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/later/700", &reply), 504);
    assert_int_equal(wire_get(fd, "/patient/300", &reply), 200);
    assert_string_equal(reply.body, "{\"hello\":\"world\"}");
    close(fd);
}

static void late_answer_of_a_thread_is_dropped(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_int_equal(wire_get(fd, "/block/700", &reply), 504);
    assert_int_equal(wire_get(fd, "/patient/300", &reply), 200);
    close(fd);
}

static void hang_up_cancels_the_request(void **state)
{
    const struct baseapi_stats before = rig_stats(&rig);
    const unsigned cancelled = atomic_load(&rig.cancelled);
    const unsigned entered = atomic_load(&rig.entered);
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(rig_await(&rig.entered, entered + 1));
    close(fd);
    assert_true(rig_await(&rig.cancelled, cancelled + 1));
    assert_true(rig_await_idle(&rig));
    assert_int_equal(rig_stats(&rig).cancelled - before.cancelled, 1);
    assert_true(rig_has_accessed(&rig, "\"status\":499"));
}

static void pipelined_request_behind_a_waiting_one_is_no_hang_up(void **state)
{
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(
        fd, "GET /patient/300 HTTP/1.1\r\nHost: a\r\n\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 200);
    assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(reply.status, 200);
    close(fd);
}

static void client_that_ended_its_sending_gets_a_quick_answer(void **state)
{
    static const char *const targets[] = {"/hello", "/patient/20", "/block/20"};
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        const int fd = wire_open(rig.port);

        assert_true(wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i]));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        assert_int_equal(wire_read(fd, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
        assert_int_equal(reply.status, 200);
        assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
        close(fd);
    }
}

static void body_that_ends_early_reaches_no_handler(void **state)
{
    const unsigned entered = atomic_load(&rig.entered);
    const int fd = wire_open(rig.port);

    (void)state;
    assert_true(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    assert_int_equal(atomic_load(&rig.entered), entered);
    close(fd);
}

static void client_that_does_not_read_is_cut(void **state)
{
    const struct baseapi_stats before = rig_stats(&rig);
    const int fd = wire_open(rig.port);
    const int small = 4096;
    int i;

    (void)state;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_true(wire_print(fd, "GET /large/50000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (i = 0; i < 500 && rig_stats(&rig).timeouts_send == before.timeouts_send; i++)
        usleep(10000);
    assert_int_equal(rig_stats(&rig).timeouts_send - before.timeouts_send, 1);
    assert_true(rig_await_idle(&rig));
    close(fd);
}

static void client_that_reads_slowly_but_steadily_is_served(void **state)
{
    const int fd = wire_open(rig.port);
    static char buffer[200000];
    size_t total = 0;
    ssize_t got;

    (void)state;
    assert_true(
        wire_print(fd, "GET /large/8000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    while ((got = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
        total += (size_t)got;
        usleep(50000);
    }
    assert_true(total > 8000000);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_that_sends_nothing_is_closed_silently),
        cmocka_unit_test(trickling_request_line_is_cut_on_time),
        cmocka_unit_test(trickling_header_is_told_408_and_cut),
        cmocka_unit_test(idle_connection_is_closed_later_than_a_header),
        cmocka_unit_test(idle_connection_that_wakes_up_in_time_lives_on),
        cmocka_unit_test(body_that_stands_still_is_told_408_and_cut),
        cmocka_unit_test(trickling_body_is_cut_though_it_moves),
        cmocka_unit_test(body_that_is_fast_enough_is_taken),
        cmocka_unit_test(handler_that_never_answers_is_answered_504),
        cmocka_unit_test(route_has_its_own_deadline),
        cmocka_unit_test(answer_in_time_of_a_handler_that_returns_late_stands),
        cmocka_unit_test(forgotten_request_is_answered_and_kept_for_its_owner),
        cmocka_unit_test(late_answer_is_dropped),
        cmocka_unit_test(late_answer_of_a_thread_is_dropped),
        cmocka_unit_test(hang_up_cancels_the_request),
        cmocka_unit_test(pipelined_request_behind_a_waiting_one_is_no_hang_up),
        cmocka_unit_test(client_that_ended_its_sending_gets_a_quick_answer),
        cmocka_unit_test(body_that_ends_early_reaches_no_handler),
        cmocka_unit_test(client_that_does_not_read_is_cut),
        cmocka_unit_test(client_that_reads_slowly_but_steadily_is_served),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
