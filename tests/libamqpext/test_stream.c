/*
 * Streams without TLS: bytes both ways, ends of all kinds, no signal. With TLS see test_tls.c.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#include "transport/peer.h"
#include "transport/reach.h"

static struct reach reached(const struct peer *peer)
{
    struct reach to;
    char url[64];

    snprintf(url, sizeof(url), "amqp://127.0.0.1:%u", (unsigned)peer_port(peer));
    if (!reach(&to, url, NULL, REACH_TIMEOUT_MS))
        fail_msg("%s", to.error.message);
    return to;
}

static struct peer *serving(peer_serve_fn serve, void *data)
{
    return peer_start(&(struct peer_options){.serve = serve, .data = data});
}

static void pieces_arrive_in_order(void **state)
{
    struct peer *peer = serving(NULL, NULL);
    struct reach to = reached(peer);
    struct iovec pieces[] = {{(char *)(uintptr_t) "one ", 4},
                             {NULL, 0},
                             {(char *)(uintptr_t) "two ", 4},
                             {(char *)(uintptr_t) "three", 5}};
    char answer[13];
    size_t n = 0;

    (void)state;
    assert_int_equal(amqpext__stream_write(to.stream, pieces, 4, &n, &to.error), STREAM_MOVED);
    assert_int_equal(n, 13);
    assert_int_equal(reach_read(&to, answer, 13), STREAM_MOVED);
    assert_memory_equal(answer, "one two three", 13);
    assert_false(amqpext__stream_has_unsent(to.stream));
    assert_false(amqpext__stream_has_buffered(to.stream));
    reach_end(&to);
    peer_stop(peer);
}

static void more_pieces_than_a_system_call_takes_are_written_in_part(void **state)
{
    enum { N_PIECES = 3000 };
    struct peer *peer = serving(NULL, NULL);
    struct reach to = reached(peer);
    static struct iovec pieces[N_PIECES];
    size_t n = 0, i;

    (void)state;
    for (i = 0; i < N_PIECES; i++)
        pieces[i] = (struct iovec){(char *)(uintptr_t) "x", 1};
    assert_int_equal(amqpext__stream_write(to.stream, pieces, N_PIECES, &n, &to.error),
                     STREAM_MOVED);
    assert_true(n > 0 && n <= N_PIECES);
    reach_end(&to);
    peer_stop(peer);
}

static void nothing_to_read_and_nothing_to_write_is_no_end(void **state)
{
    struct peer *peer = serving(NULL, NULL);
    struct reach to = reached(peer);
    char byte;
    size_t n;

    (void)state;
    assert_int_equal(amqpext__stream_read(to.stream, &byte, 1, &n, &to.error), STREAM_WAIT);
    assert_int_equal(amqpext__stream_write(to.stream, NULL, 0, &n, &to.error), STREAM_WAIT);
    assert_int_equal(amqpext__stream_events(to.stream, false), EPOLLIN);
    assert_int_equal(amqpext__stream_events(to.stream, true), EPOLLIN | EPOLLOUT);
    reach_end(&to);
    peer_stop(peer);
}

static void count_after_release(struct peer *peer, void *data)
{
    size_t *total = data, size;
    char buffer[16384];

    peer_wait(peer);
    while ((size = peer_read_some(peer, buffer, sizeof(buffer))) > 0) {
        *total += size;
        if (buffer[size - 1] == '.')
            peer_write(peer, "received", 8);
    }
}

static void a_slow_reader_makes_writing_wait_and_gets_everything(void **state)
{
    size_t received = 0, sent = 0, n = 0;
    struct peer *peer = serving(count_after_release, &received);
    struct reach to = reached(peer);
    static char data[100000];
    const struct iovec piece = {data, sizeof(data)};

    (void)state;
    for (;;) {
        const enum stream_result result =
            amqpext__stream_write(to.stream, &piece, 1, &n, &to.error);

        if (result == STREAM_MOVED)
            sent += n;
        else if (!reach_wait_writable(&to, 100))
            break;
        else
            assert_int_equal(result, STREAM_WAIT);
    }
    peer_release(peer);
    assert_int_equal(reach_write(&to, "the end.", 8), STREAM_MOVED);
    sent += 8;
    assert_int_equal(reach_read(&to, data, 8), STREAM_MOVED);
    reach_end(&to);
    peer_stop(peer);
    assert_int_equal(received, sent);
}

static void say_goodbye(struct peer *peer, void *data)
{
    atomic_bool *has_heard = data;
    char answer[3];

    peer_write(peer, "goodbye", 7);
    shutdown(peer_fd(peer), SHUT_WR);
    atomic_store(has_heard, peer_read(peer, answer, 3) && memcmp(answer, "bye", 3) == 0);
}

static void the_end_of_the_peer_comes_after_its_last_byte_and_leaves_writing_open(void **state)
{
    atomic_bool has_heard = false;
    struct peer *peer = serving(say_goodbye, &has_heard);
    struct reach to = reached(peer);
    size_t total;
    unsigned i;

    (void)state;
    assert_int_equal(reach_drain(&to, &total), STREAM_END);
    assert_int_equal(total, 7);
    assert_int_equal(to.error.status, AMQPEXT_OK);
    assert_int_equal(reach_write(&to, "bye", 3), STREAM_MOVED);
    for (i = 0; i < 2000 && !atomic_load(&has_heard); i++)
        usleep(10000);
    assert_true(atomic_load(&has_heard));
    reach_end(&to);
    peer_stop(peer);
}

static void reset_after_release(struct peer *peer, void *data)
{
    (void)data;
    peer_wait(peer);
    peer_reset(peer);
}

static void a_reset_is_a_failure_with_a_reason(void **state)
{
    struct peer *peer = serving(reset_after_release, NULL);
    struct reach to = reached(peer);
    size_t total;

    (void)state;
    peer_release(peer);
    assert_int_equal(reach_drain(&to, &total), STREAM_FAILED);
    assert_int_equal(to.error.status, AMQPEXT_ECONNECTION);
    assert_non_null(strstr(to.error.message, "Connection reset by peer"));
    reach_end(&to);
    peer_stop(peer);
}

static void tell_why_and_go(struct peer *peer, void *data)
{
    char buffer[4];

    (void)data;
    peer_read(peer, buffer, 4);
    peer_write(peer, "because", 7);
    /* With input that it has not read, closing resets the connection. */
    peer_wait(peer);
}

static void the_last_word_of_a_peer_is_heard_although_writing_fails(void **state)
{
    struct peer *peer = serving(tell_why_and_go, NULL);
    struct reach to = reached(peer);
    static char data[100000];
    const struct iovec piece = {data, sizeof(data)};
    size_t n = 0, total;

    (void)state;
    assert_int_equal(amqpext__stream_write(to.stream, &piece, 1, &n, &to.error), STREAM_MOVED);
    assert_true(reach_wait_readable(&to, REACH_TIMEOUT_MS));
    peer_release(peer);
    /* Sooner or later the reset is here. */
    while (amqpext__stream_events(to.stream, true) & EPOLLOUT) {
        const enum stream_result result =
            amqpext__stream_write(to.stream, &piece, 1, &n, &to.error);

        assert_true(result == STREAM_MOVED || result == STREAM_WAIT);
        usleep(1000);
    }
    assert_int_equal(to.error.status, AMQPEXT_OK);
    assert_int_equal(reach_drain(&to, &total), STREAM_FAILED);
    assert_int_equal(total, 7);
    assert_int_equal(to.error.status, AMQPEXT_ECONNECTION);
    reach_end(&to);
    peer_stop(peer);
}

static void no_signal_is_raised_by_a_peer_that_is_gone(void **state)
{
    struct sigaction before, standard = {.sa_handler = SIG_DFL};
    struct peer *peer = serving(reset_after_release, NULL);
    struct reach to = reached(peer);
    const struct iovec piece = {(char *)(uintptr_t) "x", 1};
    size_t n = 0;
    unsigned i;

    (void)state;
    sigaction(SIGPIPE, &standard, &before);
    peer_release(peer);
    assert_true(reach_wait_readable(&to, REACH_TIMEOUT_MS));
    for (i = 0; i < 3; i++)
        (void)amqpext__stream_write(to.stream, &piece, 1, &n, &to.error);
    assert_false(amqpext__stream_events(to.stream, true) & EPOLLOUT);
    sigaction(SIGPIPE, &before, NULL);
    reach_end(&to);
    peer_stop(peer);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    amqpext__stream_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_arrive_in_order),
        cmocka_unit_test(more_pieces_than_a_system_call_takes_are_written_in_part),
        cmocka_unit_test(nothing_to_read_and_nothing_to_write_is_no_end),
        cmocka_unit_test(a_slow_reader_makes_writing_wait_and_gets_everything),
        cmocka_unit_test(the_end_of_the_peer_comes_after_its_last_byte_and_leaves_writing_open),
        cmocka_unit_test(a_reset_is_a_failure_with_a_reason),
        cmocka_unit_test(the_last_word_of_a_peer_is_heard_although_writing_fails),
        cmocka_unit_test(no_signal_is_raised_by_a_peer_that_is_gone),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
