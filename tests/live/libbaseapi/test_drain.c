/*
 * Stopping: what runs is finished, what idles is closed, what does not end is cut.
 */
#include "test.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/wire.h"

static struct rig rig;
static struct wire_reply reply;

static unsigned now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* For what ends by itself: a drain that is waited for so long fails the test. */
enum { LONG_MS = 100000 };

struct stopping {
    pthread_t thread;
    unsigned drain_ms;
    enum baseapi_status status;
};

static void *stop_app(void *data)
{
    struct stopping *stopping = data;

    stopping->status = baseapi_app_stop(rig.app, stopping->drain_ms, NULL);
    return NULL;
}

/* Returns when the app takes no connections any more. */
static void begin_stop(struct stopping *stopping, unsigned drain_ms)
{
    int fd;

    stopping->drain_ms = drain_ms;
    assert_int_equal(pthread_create(&stopping->thread, NULL, stop_app, stopping), 0);
    while ((fd = wire_open(rig.port)) >= 0) {
        close(fd);
        usleep(1000);
    }
}

static enum baseapi_status end_stop(struct stopping *stopping)
{
    pthread_join(stopping->thread, NULL);
    baseapi_app_free(rig.app);
    return stopping->status;
}

static void request_under_way_is_finished_and_told_to_close(void **state)
{
    struct stopping stopping;
    int fds[3];
    int i;

    (void)state;
    rig_run(&rig);
    for (i = 0; i < 3; i++) {
        fds[i] = wire_open(rig.port);
        assert_true(wire_print(fds[i], "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
                               i == 0   ? "/later/1000"
                               : i == 1 ? "/block/1000"
                                        : "/later/10"));
    }
    assert_true(rig_await(&rig.entered, 3));
    assert_int_equal(wire_read(fds[2], false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    begin_stop(&stopping, LONG_MS);
    for (i = 0; i < 2; i++) {
        assert_int_equal(wire_read(fds[i], false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
        assert_int_equal(reply.status, 200);
        assert_true(reply.closes);
    }
    assert_int_equal(end_stop(&stopping), BASEAPI_OK);
    for (i = 0; i < 3; i++) {
        assert_true(wire_is_closed(fds[i], WIRE_PATIENCE_MS));
        close(fds[i]);
    }
}

static void idle_connections_do_not_hold_the_stop_up(void **state)
{
    struct stopping stopping;
    int fds[20];
    int i;

    (void)state;
    rig_run(&rig);
    for (i = 0; i < 20; i++) {
        fds[i] = wire_open(rig.port);
        if (i % 2 == 0)
            assert_int_equal(wire_get(fds[i], "/hello", &reply), 200);
    }
    begin_stop(&stopping, LONG_MS);
    assert_int_equal(end_stop(&stopping), BASEAPI_OK);
    for (i = 0; i < 20; i++)
        close(fds[i]);
}

static void request_that_comes_during_the_drain_is_served(void **state)
{
    struct stopping stopping;
    int busy;
    int fd;

    (void)state;
    rig_run(&rig);
    fd = wire_open(rig.port);
    busy = wire_open(rig.port);
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    assert_true(wire_print(busy, "GET /later/1000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(rig_await(&rig.entered, 2));
    begin_stop(&stopping, LONG_MS);
    assert_int_equal(wire_get(fd, "/hello", &reply), 200);
    assert_true(reply.closes);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    assert_int_equal(wire_read(busy, false, WIRE_PATIENCE_MS, &reply), WIRE_REPLY);
    assert_int_equal(end_stop(&stopping), BASEAPI_OK);
    close(fd);
    close(busy);
}

static void request_that_does_not_end_is_cut_at_the_deadline(void **state)
{
    struct stopping stopping;
    unsigned start_ms;
    int fd;

    (void)state;
    rig_run(&rig);
    fd = wire_open(rig.port);
    assert_true(wire_print(fd, "GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(rig_await(&rig.entered, 1));
    start_ms = now_ms();
    begin_stop(&stopping, 400);
    assert_int_equal(end_stop(&stopping), BASEAPI_ETIMEDOUT);
    assert_true(now_ms() - start_ms >= 390);
    assert_int_equal(atomic_load(&rig.cancelled), 1);
    assert_true(wire_is_closed(fd, WIRE_PATIENCE_MS));
    close(fd);
}

static void stop_without_drain_cuts_at_once(void **state)
{
    static const char *const targets[] = {"/never", "/forget", "/never", "/block/200", "/hello"};
    int fds[5];
    int i;

    (void)state;
    rig_run(&rig);
    for (i = 0; i < 5; i++) {
        fds[i] = wire_open(rig.port);
        assert_true(wire_print(fds[i], "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", targets[i]));
    }
    assert_true(rig_await(&rig.entered, 5));
    assert_int_equal(rig_stop(&rig, 0), BASEAPI_ETIMEDOUT);
    for (i = 0; i < 5; i++)
        close(fds[i]);
}

/* What on_cancel does while the worker cuts: another client asks for what takes long. */
static void ask_elsewhere(struct baseapi_request *request, void *data)
{
    const int *fd = data;

    assert_true(wire_print(*fd, "GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    baseapi_respond_status(request, 204);
}

static void await_cancel(struct baseapi_request *request, void *data)
{
    atomic_fetch_add(&rig.entered, 1);
    baseapi_request_on_cancel(request, ask_elsewhere, data);
}

static void request_that_comes_while_others_are_cut_is_dropped(void **state)
{
    int idle;
    int fd;

    (void)state;
    rig_prepare(&rig);
    rig.options.workers = 1;
    rig_declare(&rig);
    assert_int_equal(baseapi_app_route(rig.app, "GET", "/cut", await_cancel, &idle, NULL),
                     BASEAPI_OK);
    rig_start(&rig);
    idle = wire_open(rig.port);
    assert_int_equal(wire_get(idle, "/hello", &reply), 200);
    fd = wire_open(rig.port);
    assert_true(wire_print(fd, "GET /cut HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(rig_await(&rig.entered, 2));
    assert_int_equal(rig_stop(&rig, 0), BASEAPI_ETIMEDOUT);
    assert_int_equal(atomic_load(&rig.entered), 2);
    assert_true(wire_is_closed(idle, WIRE_PATIENCE_MS));
    close(idle);
    close(fd);
}

static void app_starts_again_after_a_stop(void **state)
{
    int i;

    (void)state;
    rig_prepare(&rig);
    rig_declare(&rig);
    for (i = 0; i < 3; i++) {
        int fd;

        rig_start(&rig);
        fd = wire_open(rig.port);
        assert_int_equal(wire_get(fd, "/hello", &reply), 200);
        close(fd);
        assert_int_equal(baseapi_app_stop(rig.app, LONG_MS, NULL), BASEAPI_OK);
        assert_int_equal(rig_stats(&rig).requests, i + 1);
    }
    baseapi_app_free(rig.app);
}

struct load {
    pthread_t thread;
    unsigned served;
    unsigned refused; /* connections, after the app stopped listening */
    unsigned failed;
};

/* Requests on connections of several requests each, until the app does not listen any more. */
static void *load_main(void *data)
{
    static const char *const targets[] = {"/hello", "/later/2", "/block/2", "/books/1"};
    struct wire_reply *own = malloc(sizeof(*own));
    struct load *load = data;

    while (own != NULL && load->refused == 0) {
        int fd = wire_open(rig.port);
        int i;

        if (fd < 0) {
            load->refused++;
            break;
        }
        for (i = 0; i < 50; i++) {
            if (wire_get(fd, targets[i % 4], own) != 200) {
                load->failed++;
                break;
            }
            load->served++;
            if (own->closes)
                break;
        }
        close(fd);
    }
    free(own);
    return NULL;
}

static void no_request_fails_in_a_drain_under_load(void **state)
{
    struct load loads[8];
    struct stopping stopping;
    unsigned served = 0;
    unsigned failed = 0;
    size_t i;

    (void)state;
    rig_run(&rig);
    memset(loads, 0, sizeof(loads));
    for (i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&loads[i].thread, NULL, load_main, &loads[i]), 0);
    assert_true(rig_await(&rig.entered, 200));
    begin_stop(&stopping, LONG_MS);
    for (i = 0; i < 8; i++) {
        pthread_join(loads[i].thread, NULL);
        served += loads[i].served;
        failed += loads[i].failed;
    }
    assert_int_equal(end_stop(&stopping), BASEAPI_OK);
    assert_true(served > 100);
    assert_int_equal(failed, 0);
}

static void *request_stop(void *data)
{
    usleep(100000);
    baseapi_app_request_stop(data);
    return NULL;
}

static void run_returns_when_a_stop_is_requested(void **state)
{
    pthread_t thread;

    (void)state;
    rig_prepare(&rig);
    rig_declare(&rig);
    assert_int_equal(pthread_create(&thread, NULL, request_stop, rig.app), 0);
    assert_int_equal(baseapi_app_run(rig.app, NULL), BASEAPI_OK);
    pthread_join(thread, NULL);
    baseapi_app_free(rig.app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_under_way_is_finished_and_told_to_close),
        cmocka_unit_test(idle_connections_do_not_hold_the_stop_up),
        cmocka_unit_test(request_that_comes_during_the_drain_is_served),
        cmocka_unit_test(request_that_does_not_end_is_cut_at_the_deadline),
        cmocka_unit_test(stop_without_drain_cuts_at_once),
        cmocka_unit_test(request_that_comes_while_others_are_cut_is_dropped),
        cmocka_unit_test(app_starts_again_after_a_stop),
        cmocka_unit_test(no_request_fails_in_a_drain_under_load),
        cmocka_unit_test(run_returns_when_a_stop_is_requested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
